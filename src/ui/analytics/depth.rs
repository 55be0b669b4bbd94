//! How much rests in the book of the selected instrument up to each price, on both sides.

use egui::{RichText, Ui, WidgetInfo};
use egui_plot::{AxisHints, Line, PlotBounds, Points};

use super::{empty_ui, foot_ui, plot};
use crate::desk::{Desk, Freshness};
use crate::domain::{Decimal, Depth, Instrument, Price, Qty, Side, counted};
use crate::market::cumulative::{Cumulative, Step, imbalance};
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::keys::{Act, with_keys};
use crate::ui::theme::{Theme, theme_of};

/// How far labels below are apart, at least, in points.
const LABEL: f64 = 80.0;

/// Both sides of a book that has both.
struct Book<'a> {
    instrument: &'a Instrument,
    bids: Cumulative,
    asks: Cumulative,
    bid: Price,
    ask: Price,
}

/// The curve. The book is asked for as long as it is in sight.
pub(super) fn depth_ui(ui: &mut Ui, desk: &Desk, out: &mut Commands) {
    let Some(instrument) = desk.selected().cloned() else {
        empty_ui(ui, &with_keys(ui, "Choose an instrument in the watchlist, or by a search", Act::Search));
        return;
    };
    out.demand.quotes.insert(instrument.id);
    out.demand.depth.insert(instrument.id);
    let book = desk.depth(instrument.id).and_then(|depth| Book::of(&instrument, depth));
    let Some(book) = book else {
        empty_ui(ui, &why_empty(desk, &instrument));
        return;
    };
    let theme = theme_of(ui);
    book.words_ui(ui, desk, &theme);
    book.plot_ui(ui, &theme);
}

impl<'a> Book<'a> {
    fn of(instrument: &'a Instrument, depth: &Depth) -> Option<Self> {
        let bids = Cumulative::new(Side::Buy, &depth.bids);
        let asks = Cumulative::new(Side::Sell, &depth.asks);
        let (bid, ask) = (bids.steps().first()?.price, asks.steps().first()?.price);
        Some(Self { instrument, bids, asks, bid, ask })
    }

    fn middle(&self) -> Decimal {
        (self.bid.0 + self.ask.0) / Decimal::TWO
    }

    /// The market in words.
    fn words_ui(&self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        let instrument = self.instrument;
        let price = |price| format::price(price, instrument);
        ui.horizontal_wrapped(|ui| {
            ui.label(RichText::new(&*instrument.symbol).strong().color(theme.text_strong));
            ui.label(RichText::new(price(self.bid)).color(theme.buy)).on_hover_text("The best bid");
            ui.label(RichText::new(price(self.ask)).color(theme.sell)).on_hover_text("The best offer");
            let (mid, spread) = (self.middle(), self.ask.0 - self.bid.0);
            let share = spread.checked_div(mid).filter(|_| mid > Decimal::ZERO);
            let share = share.and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
            let share = share.map_or_else(String::new, |share| format!(" ({} %)", format::decimal(share, 3)));
            let text = format!("mid {} · spread {}{share}", format::exact(mid), format::exact(spread));
            ui.label(RichText::new(text).color(theme.text));
            if let Some(of) = imbalance(&self.bids, &self.asks) {
                ui.label(RichText::new(imbalance_text(of)).color(theme.text)).on_hover_text(self.totals());
            }
            match desk.quote(instrument.id).map(|view| view.freshness) {
                Some(Freshness::Live) => {}
                Some(Freshness::Closed) => drop(ui.label(RichText::new("closed").color(theme.text_weak))),
                Some(Freshness::Stale) | None => {
                    let hint = "The book may be another by now: its connection is away or silent";
                    ui.label(RichText::new("old").color(theme.stale)).on_hover_text(hint);
                }
            }
        });
    }

    fn totals(&self) -> String {
        let side = |side: &Cumulative, what: &str| {
            let prices = counted(side.steps().len(), "price", "prices");
            format!("{} {what} at {prices}", format::quantity(side.total(), self.instrument))
        };
        format!("{}, {}", side(&self.bids, "bid"), side(&self.asks, "offered"))
    }

    fn plot_ui(&self, ui: &mut Ui, theme: &Theme) {
        let instrument = self.instrument;
        let size = plot::size_above_foot(ui, theme);
        let middle = Price(self.middle()).to_f64();
        let far = |side: &Cumulative| side.steps().last().map_or(middle, |step| step.price.to_f64());
        // Both sides on one scale, so that their slopes compare.
        let half = (middle - far(&self.bids)).max(far(&self.asks) - middle).max(f64::MIN_POSITIVE) * 1.04;
        let (from, to) = (middle - half, middle + half);
        let top = amount(self.bids.total().max(self.asks.total())) * 1.08;
        let decimals = instrument.ticks.decimals();
        let below = AxisHints::new_x().formatter(move |mark, _| format::float::fixed(mark.value, decimals));
        let of_quantity = instrument.quantity_decimals();
        let right = AxisHints::new_y()
            .formatter(move |mark, _| format::float::round_volume(mark.value.max(0.0), of_quantity));
        let tick = Price(instrument.ticks.tick_below(self.ask)).to_f64();
        let apart = 2.0 * half * LABEL / f64::from(size.x.max(1.0));
        let of_labels = top * plot::LABEL_HEIGHT / f64::from(size.y);
        let lot = amount(instrument.lot);
        let plot = plot::plot("depth", size, theme, below, right)
            .x_grid_spacer(move |grid| plot::round_marks(grid.bounds, apart, tick))
            .y_grid_spacer(move |grid| plot::round_marks(grid.bounds, of_labels, lot));
        let shown = plot.show(ui, |plot| {
            plot.set_plot_bounds(PlotBounds::from_min_max([from, 0.0], [to, top]));
            for (side, end, colour) in [(&self.bids, from, theme.buy), (&self.asks, to, theme.sell)] {
                let line = Line::new("depth", stairs(side, end)).color(colour).width(1.5);
                plot.line(line.fill(0.0).fill_alpha(0.15).allow_hover(false).allow_band(false));
            }
            let pointer = plot.pointer_coordinate()?;
            let (of, step) = self.reached(pointer.x)?;
            let colour = if of == Side::Buy { theme.buy } else { theme.sell };
            let at = vec![[step.price.to_f64(), amount(step.total)]];
            plot.vline(plot::crosshair(pointer.x, theme));
            plot.points(Points::new("reached", at).color(colour).radius(3.0).allow_hover(false));
            Some((of, *step))
        });
        let said = format!("Depth of {}: {}", instrument.symbol, self.totals());
        shown.response.widget_info(|| WidgetInfo::labeled(egui::Role::Image, true, &said));
        let foot = shown.inner.map_or_else(
            || "Point at a price: what an order up to there would get".to_owned(),
            |(of, step)| self.reach_text(of, &step),
        );
        foot_ui(ui, &foot);
    }

    /// Which side the pointer is on, and how far an order of that price reaches into it.
    fn reached(&self, pointer: f64) -> Option<(Side, &Step)> {
        let limit = Price(Decimal::from_f64_retain(pointer)?);
        if limit.0 >= self.middle() {
            self.asks.up_to(Side::Sell, limit).map(|step| (Side::Sell, step))
        } else {
            self.bids.up_to(Side::Buy, limit).map(|step| (Side::Buy, step))
        }
    }

    fn reach_text(&self, of: Side, step: &Step) -> String {
        let instrument = self.instrument;
        let verb = if of == Side::Sell { "buy" } else { "sell" };
        let (quantity, price) =
            (format::quantity(step.total, instrument), format::price(step.price, instrument));
        let decimals = instrument.ticks.decimals() + 2;
        let average = step.average().map_or_else(String::new, |average| {
            format!(", average {}", format::decimal(average.0, decimals))
        });
        format!("To {verb} {quantity} you reach {price}{average}")
    }
}

/// Which side outweighs the other.
fn imbalance_text(of: Decimal) -> String {
    let percent = format::decimal(of.abs() * Decimal::ONE_HUNDRED, 0);
    match of {
        _ if percent == "0" => "as much bid as offered".to_owned(),
        of if of > Decimal::ZERO => format!("bids outweigh by {percent} %"),
        _ => format!("offers outweigh by {percent} %"),
    }
}

/// The outline of a side, from the best price to the edge of the plot.
fn stairs(side: &Cumulative, edge: f64) -> Vec<[f64; 2]> {
    let mut points = Vec::with_capacity(side.steps().len() * 2 + 2);
    let mut height = 0.0;
    for step in side.steps() {
        let price = step.price.to_f64();
        points.push([price, height]);
        height = amount(step.total);
        points.push([price, height]);
    }
    points.push([edge, height]);
    points
}

fn amount(of: Qty) -> f64 {
    Price(of.0).to_f64()
}

fn why_empty(desk: &Desk, instrument: &Instrument) -> String {
    let symbol = &instrument.symbol;
    if let Some(remark) = desk.remark(instrument.id) {
        return format::capitalised(&remark.text);
    }
    let connection = desk.connection(instrument.broker).filter(|connection| !connection.state.is_up());
    if let Some(connection) = connection {
        let state = connection.state.label().to_lowercase();
        return format!("{} is {state}: the book of {symbol} comes when it is ready", connection.name);
    }
    let view = desk.quote(instrument.id);
    if view.is_some_and(|view| view.freshness == Freshness::Closed) {
        return format!("The market of {symbol} is closed: nothing rests on both sides of its book");
    }
    let best =
        view.and_then(|view| view.quote.bid.zip(view.quote.ask)).map_or_else(String::new, |(bid, ask)| {
            format!(", {} and {}", format::price(bid, instrument), format::price(ask, instrument))
        });
    format!(
        "No book of {symbol} has come yet. Where none comes, its broker tells no more than the best prices{best}: \
         choose another instrument, or ask the broker for its market depth"
    )
}
