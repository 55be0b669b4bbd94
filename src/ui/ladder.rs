//! The price ladder: the book by price, with what we have in it, and orders by one click.
//!
//! A click is about the price that was painted when the trader saw it, and is refused where that row has meant
//! another one a moment ago. Clicks trade only while one-click trading is armed; until then they hand the
//! price to the ticket. Every order goes past the same gate as the ticket's; where the market is unusual and
//! the ticket would ask, the ladder refuses.

mod deal;
mod hand;
mod head;
mod keys;
mod paint;
mod rows;

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Rect, Sense, Ui};
use serde::{Deserialize, Serialize};

use self::hand::{Deed, Hand};
use self::rows::{Asked, Centre, Column, Painted, Shown};
use super::commands::{Commands, UiCommand};
use super::dealing::{self, usual_quantity};
use super::format;
use super::keys::{Act, keys_of, with_keys};
use super::pane::Pane;
use super::steps::wheel_steps;
use super::theme::theme_of;
use super::told::Told;
use crate::desk::Desk;
use crate::domain::{
    Decimal, Depth, Instrument, InstrumentId, Level, Order, OrderId, Price, Qty, Quote, Side, Time,
};
use crate::market::ladder::levels::Levels;
use crate::market::ladder::own::OwnOrders;
use crate::market::ladder::{Grid, Group};

/// How long a row that was refused stands out.
const FLASH: Duration = Duration::from_millis(600);

/// The book by price, and orders by one click.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ladder {
    /// Ticks in a row, by instrument key, where it is not one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<String, u32>,
    /// What a click sends, by instrument key, where it is not the usual quantity.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    quantities: BTreeMap<String, Decimal>,
    #[serde(skip)]
    view: View,
}

/// What is not saved.
#[derive(Debug, Default)]
struct View {
    instrument: Option<InstrumentId>,
    /// What is typed into the field of the quantity.
    quantity: String,
    centre: Centre,
    shown: Shown,
    hand: Hand,
    wheel: f32,
    /// The market is to be brought into the middle.
    must_centre: bool,
    flash: Option<(Price, Time)>,
    told: Told,
    refused: u64,
    /// When it was drawn last, in egui's count.
    pass: u64,
}

/// What a frame is about.
struct Scene<'a> {
    desk: &'a Desk,
    instrument: &'a Instrument,
    quote: Option<Quote>,
    is_stale: bool,
    grid: Grid,
    levels: Levels,
    own: OwnOrders,
    /// What a click sends; `None` where what is typed is no quantity.
    quantity: Option<Qty>,
    /// Whether a click sends.
    is_armed: bool,
}

impl Pane for Ladder {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let Some(instrument) = desk.selected().cloned() else {
            ui.centered_and_justified(|ui| {
                ui.label(with_keys(ui, "Choose an instrument in the watchlist, or by a search", Act::Search))
            });
            return;
        };
        let id = instrument.id;
        out.demand.quotes.insert(id);
        out.demand.depth.insert(id);
        out.demand.trades.insert(id);
        self.follow(desk, &instrument);
        self.begin(ui);
        self.view.told.hear(desk);
        let group = self.group(&instrument);
        let scene = Scene::of(desk, &instrument, group, self.quantity(&instrument));
        ui.spacing_mut().item_spacing.y = 2.0;
        self.head_ui(ui, &scene, out);
        let foot = theme_of(ui).sizes.row;
        let body = ui.available_rect_before_wrap();
        let body = body.with_max_y((body.bottom() - foot).max(body.top()));
        self.body_ui(ui, body, &scene, out);
        self.foot_ui(ui, &scene, ui.available_rect_before_wrap().with_min_y(body.bottom()));
    }
}

impl Ladder {
    /// Clicks that were refused because the row had moved, in this run.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.view.refused
    }

    /// The price that was painted at a place in the last frame.
    #[must_use]
    pub fn price_at(&self, at: egui::Pos2) -> Option<Price> {
        self.view.shown.last()?.price_at(at)
    }

    fn group(&self, instrument: &Instrument) -> Group {
        self.groups.get(&instrument.key()).and_then(|ticks| Group::new(*ticks)).unwrap_or(Group::ONE)
    }

    fn set_group(&mut self, instrument: &Instrument, group: Option<Group>) {
        let Some(group) = group else { return };
        if group == Group::ONE {
            self.groups.remove(&instrument.key());
        } else {
            self.groups.insert(instrument.key(), group.ticks());
        }
        self.view.centre.forget();
        self.view.hand.drop();
    }

    /// Turns to another instrument.
    fn follow(&mut self, desk: &Desk, instrument: &Instrument) {
        if self.view.instrument == Some(instrument.id) {
            return;
        }
        let usual = || usual_quantity(desk, instrument);
        let quantity = self.quantities.get(&instrument.key()).map_or_else(usual, |known| Qty(*known));
        let View { mut told, refused, .. } = std::mem::take(&mut self.view);
        told.clear();
        let quantity = format::exact(quantity.0);
        self.view = View { instrument: Some(instrument.id), quantity, told, refused, ..View::default() };
    }

    /// What was painted and pressed before it was out of sight is not what the trader sees and holds now.
    fn begin(&mut self, ui: &Ui) {
        let pass = ui.ctx().cumulative_pass_nr();
        if pass != self.view.pass + 1 {
            self.view.hand.drop();
            self.view.shown = Shown::default();
        }
        self.view.pass = pass;
    }

    /// Refuses what was done to a row, in sight.
    fn refuse(&mut self, row: Price, why: String, desk: &Desk) {
        self.view.flash = Some((row, desk.now()));
        self.view.told.refuse(why, desk.now());
    }

    fn body_ui(&mut self, ui: &mut Ui, body: Rect, scene: &Scene<'_>, out: &mut Commands) {
        let (desk, now) = (scene.desk, scene.desk.now());
        let rows = ui.interact(body, ui.scope_id().with("rows"), Sense::click_and_drag());
        let is_over = rows.contains_pointer();
        let deeds = self.view.hand.deeds(ui.ctx(), ui.layer_id(), &self.view.shown, now);
        for deed in deeds {
            self.act(deed, scene, out);
        }
        self.keys(ui, is_over, scene, out);
        let scroll = if is_over { wheel_steps(ui, &mut self.view.wheel) * 3 } else { 0 };
        let height = paint::row_height(ui);
        let count = (body.height() / height).floor().max(0.0) as usize;
        let asked = Asked {
            middle: middle(scene.quote.as_ref()),
            rows: count,
            is_held: is_over || self.view.hand.held().is_some(),
            centre: std::mem::take(&mut self.view.must_centre),
            scroll,
        };
        let Some(centre) = self.view.centre.settle(&scene.grid, asked) else {
            paint::empty_ui(ui, body, scene);
            return;
        };
        let above = (count / 2) as u32;
        let below = (count as u32).saturating_sub(above + 1);
        let prices: Vec<Price> = scene.grid.rows(centre, above, below).collect();
        let columns = paint::columns(ui, body, scene);
        let painted = Painted { instrument: scene.instrument.id, body, height, prices, columns };
        let flash = self.view.flash.filter(|(_, at)| now.since(*at) < FLASH);
        if let Some((_, at)) = flash {
            ui.request_repaint_after(FLASH.saturating_sub(now.since(at)));
        }
        let over = ui.input(|input| input.pointer.hover_pos()).filter(|_| is_over);
        let look = paint::Look { over, held: self.view.hand.held(), flash: flash.map(|(row, _)| row) };
        paint::rows_ui(ui, scene, &painted, &look);
        self.view.shown.paints(painted, now);
        if desk.stopped().is_some() {
            self.view.hand.drop();
        }
    }

    /// Carries out what was done to a row.
    fn act(&mut self, deed: Deed, scene: &Scene<'_>, out: &mut Commands) {
        let desk = scene.desk;
        match deed {
            Deed::Refused(row) => {
                self.view.refused += 1;
                self.refuse(row, "Not sent: the row had just moved. Press again.".to_owned(), desk);
            }
            Deed::Click { column: Column::Price, price, .. } => out.window(UiCommand::TakePrice(price)),
            Deed::Click { column: Column::Book(side), price, is_stop } if scene.is_armed => {
                self.place(side, price, is_stop, scene, out);
            }
            Deed::Click { column: Column::Book(_), price, .. } => {
                out.window(UiCommand::TakePrice(price));
                let text = "The price is in the ticket. Arm one-click trading above to send with a click.";
                self.view.told.say(text, desk.now());
            }
            Deed::Click { column: Column::Own(side), price, .. } => {
                let Some(own) = scene.own.at(side, price) else { return };
                if scene.is_armed {
                    self.cancel(&own.orders, scene, out);
                } else if let Some(first) = own.orders.first() {
                    out.window(UiCommand::ShowOrder(*first));
                    self.view.told.say("Arm one-click trading above to cancel with a click.", desk.now());
                }
            }
            Deed::Drag { side, from, to } => {
                let Some(own) = scene.own.at(side, from) else { return };
                if scene.is_armed {
                    self.take_to(&own.orders, to, scene, out);
                } else {
                    self.view.told.say("Arm one-click trading above to move orders.", desk.now());
                }
            }
        }
    }

    /// One line: what was just done, else what a click would do.
    fn foot_ui(&mut self, ui: &mut Ui, scene: &Scene<'_>, rect: Rect) {
        let theme = theme_of(ui);
        let (text, colour) = match self.view.told.line(scene.desk.now()) {
            Some((line, left)) => {
                ui.request_repaint_after(left);
                (line.text.clone(), if line.is_bad { theme.danger } else { theme.text_weak })
            }
            None => (self.hint(ui, scene), theme.text_weak),
        };
        let mut line = ui.new_child(egui::UiBuilder::new().max_rect(rect.shrink2(egui::vec2(8.0, 0.0))));
        line.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
            let label = egui::Label::new(egui::RichText::new(&text).small().color(colour)).truncate();
            ui.add(label);
        });
    }

    /// What a click where the pointer is would do.
    fn hint(&self, ui: &Ui, scene: &Scene<'_>) -> String {
        let over = ui.input(|input| input.pointer.hover_pos());
        let meaning = self.view.shown.last().zip(over).and_then(|(shown, at)| shown.meaning(at));
        let quantity = scene.quantity.map_or_else(|| "?".to_owned(), |quantity| format::exact(quantity.0));
        let price = |price| format::price(price, scene.instrument);
        match meaning {
            Some((Column::Book(side), at)) if scene.is_armed => {
                format!("Click: {side} {quantity} limit {} DAY · Shift: a stop", price(at))
            }
            Some((Column::Own(side), at)) if scene.is_armed && scene.own.at(side, at).is_some() => {
                "Click: cancel · drag: move".to_owned()
            }
            Some((Column::Book(_) | Column::Price, at)) => format!("Click: {} into the ticket", price(at)),
            _ if scene.is_armed => {
                let keys = |act| keys_of(ui, act);
                let (bid, ask) = (keys(Act::LadderBid), keys(Act::LadderAsk));
                let (up, down) = (keys(Act::ImproveBid), keys(Act::ImproveAsk));
                format!("{bid} and {ask} join · {up} and {down} improve")
            }
            _ => format!("{} centres · wheel scrolls", keys_of(ui, Act::Centre)),
        }
    }
}

impl<'a> Scene<'a> {
    fn of(desk: &'a Desk, instrument: &'a Instrument, group: Group, quantity: Option<Qty>) -> Self {
        let view = desk.quote(instrument.id);
        let quote = view.map(|view| *view.quote);
        let grid = Grid::new(&instrument.ticks, group);
        let top = quote.as_ref().map(top_of_book);
        let book = desk.depth(instrument.id).or(top.as_ref());
        let levels = book.map(|book| Levels::new(book, &grid)).unwrap_or_default();
        let account = desk.entry_account(instrument.broker).ok().map(|account| account.id.clone());
        let is_ours = |order: &&Order| {
            let is_his = account.as_ref().is_none_or(|account| order.account == *account);
            order.spec.instrument == instrument.id && is_his
        };
        let own = OwnOrders::new(desk.blotter().working().filter(is_ours), &grid);
        Self {
            desk,
            instrument,
            quote,
            is_stale: view.is_none_or(|view| view.freshness == crate::desk::Freshness::Stale),
            grid,
            levels,
            own,
            quantity,
            is_armed: dealing::is_armed(desk, instrument),
        }
    }

    /// All our orders that the ladder is about, oldest first.
    fn orders(&self) -> Vec<OrderId> {
        let of = |side| self.own.rows(side).flat_map(|(_, row)| row.orders.iter().copied());
        let mut orders: Vec<_> = of(Side::Buy).chain(of(Side::Sell)).collect();
        orders.extend_from_slice(self.own.unplaced());
        orders.sort_unstable();
        orders
    }
}

/// A book of one level, where no more is told.
fn top_of_book(quote: &Quote) -> Depth {
    let level = |price: Option<Price>, quantity| {
        price.map(|price| Level { price, quantity, orders: 0 }).into_iter().collect()
    };
    Depth { bids: level(quote.bid, quote.bid_size), asks: level(quote.ask, quote.ask_size), time: quote.time }
}

/// The middle of the market.
fn middle(quote: Option<&Quote>) -> Option<Price> {
    let quote = quote?;
    match (quote.bid, quote.ask) {
        (Some(bid), Some(ask)) => Some(Price((bid.0 + ask.0) / Decimal::TWO)),
        (bid, ask) => quote.last.or(bid).or(ask),
    }
}
