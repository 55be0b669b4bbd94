//! The menu of a place in the chart: orders at its price, and what can be done with the order there.

use egui::{Button, Popup, Response, RichText, Ui};

use crate::desk::Desk;
use crate::domain::{
    Drawing, DrawingChange, DrawingId, DrawingInk, Figure, Instrument, InstrumentId, OrderId, OrderKind,
    OrderStatus, Price, Qty, Quote, Side,
};
use crate::ui::chart::{Pressed, colour_of};
use crate::ui::dealing::usual_quantity;
use crate::ui::format;
use crate::ui::keys::{Act, keys_of};
use crate::ui::theme::theme_of;

/// What a menu says: fixed when it opens, whatever the market does meanwhile.
#[derive(Debug, Clone)]
pub(super) struct Menu {
    instrument: InstrumentId,
    price: Price,
    orders: Vec<(Side, OrderKind)>,
    quantity: Qty,
    line: Option<OrderId>,
    drawing: Option<DrawingId>,
}

/// What was chosen in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Chosen {
    Order(Side, OrderKind, Qty),
    TakePrice(Price),
    Alert(Price),
    Cancel(OrderId),
    Show(OrderId),
    Timeline(OrderId),
    Drawing(DrawingChange),
}

impl Menu {
    pub fn of(pressed: Pressed, desk: &Desk, instrument: &Instrument) -> Self {
        let quote = desk.quote(instrument.id).map(|view| *view.quote);
        Self {
            instrument: instrument.id,
            price: pressed.price,
            orders: orders_at(pressed.price, quote.as_ref()),
            quantity: usual_quantity(desk, instrument),
            line: pressed.line.map(|line| line.order),
            drawing: pressed.drawing,
        }
    }

    /// What can be done with the drawing there.
    fn drawing_ui(&self, ui: &mut Ui, desk: &Desk, instrument: &Instrument) -> Option<DrawingChange> {
        let drawing = *desk.drawings(&instrument.key()).iter().find(|one| Some(one.id) == self.drawing)?;
        let mut change = None;
        let what = drawing.figure.label().to_lowercase();
        let delete = Button::new(format!("Delete {what}")).shortcut_text(keys_of(ui, Act::DeleteDrawing));
        if ui.add(delete).clicked() {
            change = Some(DrawingChange::Remove(drawing.id));
        }
        if let Figure::Trend { from, to, extends } = drawing.figure {
            let text = if extends { "End it at its second end" } else { "Extend it to the right" };
            if ui.button(text).clicked() {
                let figure = Figure::Trend { from, to, extends: !extends };
                change = Some(DrawingChange::Change(Drawing { figure, ..drawing }));
            }
        }
        let theme = theme_of(ui);
        ui.menu_button("Colour", |ui| {
            for ink in DrawingInk::ALL {
                let name = RichText::new(ink.label()).color(colour_of(ink, &theme));
                if ui.selectable_label(drawing.ink == ink, name).clicked() {
                    change = Some(DrawingChange::Change(Drawing { ink, ..drawing }));
                }
            }
        });
        ui.separator();
        change
    }

    /// Whether it is about this instrument.
    pub fn is_of(&self, instrument: &Instrument) -> bool {
        self.instrument == instrument.id
    }

    /// Shows it where the chart was pressed with the second button, while it is open.
    pub fn ui(&self, chart: &Response, desk: &Desk, instrument: &Instrument) -> Option<Chosen> {
        let shown = Popup::context_menu(chart).show(|ui| self.entries_ui(ui, desk, instrument));
        shown.and_then(|shown| shown.inner)
    }

    fn entries_ui(&self, ui: &mut Ui, desk: &Desk, instrument: &Instrument) -> Option<Chosen> {
        let mut chosen = self.drawing_ui(ui, desk, instrument).map(Chosen::Drawing);
        let mut entry = |ui: &mut Ui, text: String, is_enabled: bool, what: Chosen| {
            if ui.add_enabled(is_enabled, Button::new(text)).clicked() {
                chosen = Some(what);
            }
        };
        let is_on = desk.stopped().is_none();
        let at = format::price(self.price, instrument);
        if let Some(order) = self.line.and_then(|id| desk.blotter().get(id)) {
            let (id, side) = (order.id, order.spec.side);
            let (size, kind) = (format::quantity(order.remaining(), instrument), order.spec.kind.label());
            let can = is_on && order.is_live() && order.status != OrderStatus::PendingCancel;
            let text = format!("Cancel order {id}: {side} {size} {}", kind.to_lowercase());
            entry(ui, text, can, Chosen::Cancel(id));
            entry(ui, format!("Show order {id} in the blotter"), true, Chosen::Show(id));
            entry(ui, format!("Timeline of order {id}"), true, Chosen::Timeline(id));
            ui.separator();
        }
        let size = format::quantity(self.quantity, instrument);
        for (side, kind) in &self.orders {
            let text = format!("{side} {} {size} @ {at}", kind.label().to_lowercase());
            entry(ui, text, is_on, Chosen::Order(*side, *kind, self.quantity));
        }
        entry(ui, format!("Set price in ticket: {at}"), true, Chosen::TakePrice(self.price));
        entry(ui, format!("Alert at {at}…"), is_on, Chosen::Alert(self.price));
        chosen
    }
}

/// The orders that wait at a price, as the market stands: limits on their own side of it, stops beyond it. Without
/// a market only limits.
fn orders_at(price: Price, quote: Option<&Quote>) -> Vec<(Side, OrderKind)> {
    let bid = quote.and_then(|quote| quote.bid.or(quote.last));
    let ask = quote.and_then(|quote| quote.ask.or(quote.last));
    let limit = OrderKind::Limit { price };
    let stop = OrderKind::Stop { stop: price };
    let all = [
        (ask.is_none_or(|ask| price < ask), (Side::Buy, limit)),
        (bid.is_none_or(|bid| price > bid), (Side::Sell, limit)),
        (ask.is_some_and(|ask| price > ask), (Side::Buy, stop)),
        (bid.is_some_and(|bid| price < bid), (Side::Sell, stop)),
    ];
    all.into_iter().filter_map(|(makes_sense, order)| makes_sense.then_some(order)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    fn price(text: &str) -> Price {
        Price(text.parse::<Decimal>().unwrap())
    }

    #[test]
    fn only_orders_that_wait_are_offered() {
        let quote = |bid: Option<&str>, ask: Option<&str>| Quote {
            bid: bid.map(price),
            ask: ask.map(price),
            ..Quote::default()
        };
        let offered = |at: &str, quote: Option<&Quote>| {
            let name = |(side, kind): (Side, OrderKind)| format!("{side} {}", kind.label());
            orders_at(price(at), quote).into_iter().map(name).collect::<Vec<_>>()
        };
        let market = quote(Some("99.98"), Some("100.02"));
        assert_eq!(offered("99", Some(&market)), ["Buy Limit", "Sell Stop"]);
        assert_eq!(offered("101", Some(&market)), ["Sell Limit", "Buy Stop"]);
        assert_eq!(offered("100", Some(&market)), ["Buy Limit", "Sell Limit"]);
        assert_eq!(offered("99.98", Some(&market)), ["Buy Limit"]);
        assert_eq!(offered("100.02", Some(&market)), ["Sell Limit"]);
        let one_sided = quote(None, Some("100.02"));
        assert_eq!(offered("101", Some(&one_sided)), ["Sell Limit", "Buy Stop"]);
        assert_eq!(offered("99", Some(&one_sided)), ["Buy Limit", "Sell Limit"]);
        assert_eq!(offered("99", None), ["Buy Limit", "Sell Limit"]);
    }
}
