//! The chart as a pane: the selected instrument's bars, orders, position and fills.

use serde::{Deserialize, Serialize};

use super::chart::{ChartData, ChartView, FillMark, LineKind, PriceLine, chart_ui};
use super::commands::{Commands, UiCommand};
use super::format;
use super::pane::Pane;
use super::theme::theme_of;
use crate::desk::Desk;
use crate::domain::{Instrument, Order, OrderStatus, Price, Side, Timeframe};
use crate::link::BarKey;

/// Bars that a chart begins with, and by which it grows to the left.
const FIRST_BARS: usize = 1_000;

/// Which period is shown, and how.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct ChartPane {
    timeframe: Timeframe,
    view: ChartView,
    /// The series that `wanted` counts for.
    #[serde(skip)]
    shown: Option<BarKey>,
    #[serde(skip)]
    wanted: usize,
}

impl Default for ChartPane {
    fn default() -> Self {
        Self { timeframe: Timeframe::M1, view: ChartView::default(), shown: None, wanted: FIRST_BARS }
    }
}

impl ChartPane {
    /// Shows bars of another period.
    pub fn show(&mut self, timeframe: Timeframe) {
        self.timeframe = timeframe;
    }

    /// The period that is shown.
    #[must_use]
    pub fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    fn timeframes_ui(&mut self, ui: &mut egui::Ui) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            for timeframe in Timeframe::ALL {
                let button = ui.selectable_label(self.timeframe == timeframe, timeframe.label());
                if button.on_hover_text(format!("Bars of {}", timeframe.label())).clicked() {
                    self.timeframe = timeframe;
                }
            }
        });
    }
}

impl Pane for ChartPane {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        self.timeframes_ui(ui);
        let Some(instrument) = desk.selected() else {
            ui.centered_and_justified(|ui| {
                ui.label("Choose an instrument in the watchlist, or search with Ctrl+K")
            });
            return;
        };
        let key = BarKey { instrument: instrument.id, timeframe: self.timeframe };
        if self.shown != Some(key) {
            self.shown = Some(key);
            self.wanted = FIRST_BARS;
        }
        out.demand.quotes.insert(instrument.id);
        out.demand.want_bars(key, self.wanted);

        let empty = crate::desk::SeriesView::default();
        let series = desk.series(key).unwrap_or(&empty);
        let labelled = price_lines(desk, instrument);
        let lines: Vec<PriceLine<'_>> = labelled.iter().map(Labelled::as_line).collect();
        let marks = fill_marks(desk, instrument);
        let zone = format::zone(desk.settings().time_zone_display, Some(instrument));
        let quote = desk.quote(instrument.id);
        let title = format!("{} · {}", instrument.symbol, instrument.venue);
        let data = ChartData {
            series: &series.series,
            title: &title,
            timeframe: self.timeframe,
            decimals: instrument.ticks.decimals(),
            quantity_decimals: instrument.quantity_decimals(),
            zone: &zone,
            last: quote.and_then(|view| view.quote.last).map(Price::to_f64),
            lines: &lines,
            marks: &marks,
            notice: (!series.is_loaded).then_some("Loading history …"),
            has_older: series.is_loaded && !series.is_complete,
        };
        let theme = theme_of(ui.ctx());
        let response = chart_ui(ui, &mut self.view, &data, &theme);
        if let Some(more) = response.wants_older
            && series.is_loaded
        {
            self.wanted = self.wanted.max(series.series.len() + more.max(FIRST_BARS));
        }
        if let Some(price) = response.clicked_price {
            let price = rust_decimal::Decimal::try_from(price).unwrap_or_default();
            out.window(UiCommand::TakePrice(instrument.ticks.round(Price(price))));
        }
    }
}

/// A price line that owns its label.
struct Labelled {
    price: f64,
    label: String,
    kind: LineKind,
    /// Waits outside the book.
    is_held: bool,
}

impl Labelled {
    fn as_line(&self) -> PriceLine<'_> {
        PriceLine { price: self.price, label: &self.label, kind: self.kind, dashed: self.is_held }
    }
}

/// Working orders and the position.
fn price_lines(desk: &Desk, instrument: &Instrument) -> Vec<Labelled> {
    let mut lines = Vec::new();
    for order in desk.blotter().working().filter(|order| order.spec.instrument == instrument.id) {
        let kind = match order.spec.side {
            Side::Buy => LineKind::Buy,
            Side::Sell => LineKind::Sell,
        };
        for (what, price) in [("", order.spec.kind.limit()), (" stop", order.spec.kind.stop())] {
            let Some(price) = price else { continue };
            let is_held = order.status == OrderStatus::Held;
            let label = order_label(order, what, instrument);
            lines.push(Labelled { price: price.to_f64(), label, kind, is_held });
        }
    }
    let Some(account) = desk.entry_account(instrument.broker) else { return lines };
    if let Some(position) = desk.blotter().position_of(&account.id, instrument.id).filter(|p| !p.is_flat()) {
        let profit = desk
            .unrealised(position)
            .map_or_else(String::new, |profit| format!("  {}", format::gain(profit, instrument.currency)));
        let label = format!("{}{profit}", format::signed(position.net, instrument.quantity_decimals()));
        let price = Price(position.average_price).to_f64();
        lines.push(Labelled { price, label, kind: LineKind::Position, is_held: false });
    }
    lines
}

fn order_label(order: &Order, what: &str, instrument: &Instrument) -> String {
    format!("{}{what} {}", order.spec.side, format::quantity(order.remaining(), instrument))
}

fn fill_marks(desk: &Desk, instrument: &Instrument) -> Vec<FillMark> {
    let own = desk.blotter().fills().iter().filter(|fill| fill.instrument == instrument.id);
    own.map(|fill| FillMark { time: fill.time, price: fill.price.to_f64(), side: fill.side }).collect()
}
