//! An order as a row.

use super::asked::Asked;
use super::cell::Cell;
use super::orders::{Wish, reason_cell};
use super::table::{Column, Give, Row};
use crate::desk::Desk;
use crate::domain::{
    ClientRef, Instrument, Order, OrderId, OrderKind, OrderStatus, Origin, TimeInForce, TrailBy,
};
use crate::ui::amending::Part;
use crate::ui::format;
use crate::ui::theme::Theme;

pub(super) const COLUMNS: [Column; 14] = [
    Column::figures("order", "Order"),
    Column::figures("time", "Time"),
    Column::words("symbol", "Symbol"),
    Column::words("side", "Side"),
    Column { least: 70.0, give: Give::Shrinks, ..Column::words("type", "Type") },
    Column::figures("quantity", "Quantity"),
    Column::figures("filled", "Filled"),
    Column::figures("limit", "Limit"),
    Column::figures("stop", "Stop"),
    Column::words("status", "Status"),
    Column::words("tif", "TIF"),
    Column::figures("average", "Average"),
    Column::rest("reason", "Reason"),
    NOTE,
];

/// What the trader has noted; it gives way where there is little room.
pub(super) const NOTE: Column = Column { give: Give::Shrinks, ..Column::words("note", "Note") };

/// The zone that the times of a list are in: one for all rows, whatever their exchanges.
pub(super) fn zone_name(desk: &Desk) -> String {
    let zone = format::zone(desk.settings().time_zone_display, None);
    format::zone_name(desk.now(), &zone)
}

/// What rows are made of.
pub(super) struct RowContext<'a> {
    pub desk: &'a Desk,
    pub theme: &'a Theme,
    pub asked: &'a Asked<OrderId, Wish>,
    pub selected: Option<OrderId>,
}

/// The row of an order; of one that is not known, its number only.
pub(super) fn row_of(id: OrderId, context: &RowContext<'_>) -> Row {
    let order = context.desk.blotter().get(id);
    let cells = order
        .and_then(|order| Some(cells_of(order, context.desk.instrument(order.spec.instrument)?, context)))
        .unwrap_or_default();
    Row {
        key: id.0,
        name: format!("Order {id}").into(),
        cells,
        banner: None,
        is_selected: context.selected == Some(id),
    }
}

fn cells_of(order: &Order, instrument: &Instrument, context: &RowContext<'_>) -> Vec<Cell> {
    let (desk, theme) = (context.desk, context.theme);
    let zone = format::zone(desk.settings().time_zone_display, None);
    let spec = &order.spec;
    let text = if order.is_live() { theme.text } else { theme.text_weak };
    let part = |part: Part| part_cell(part, order, instrument, context, text);
    let filled = if order.filled.is_zero() { theme.text_faint } else { text };
    let average = order.average_price.map(|price| average(price, instrument));
    // Seen at every width, though the status and the reason may stand out of sight.
    let number = order.id.to_string();
    let number = match order.status {
        OrderStatus::Unknown => Cell::figures(number, theme.danger).on(theme.danger_fill),
        _ => Cell::figures(number, theme.text_weak),
    };
    vec![
        number,
        Cell::time(order.created, desk.now(), &zone, theme.text_weak),
        Cell::symbol(
            desk,
            instrument,
            &order.account,
            if order.is_live() { theme.text_strong } else { text },
        ),
        Cell::side(spec.side, theme),
        kind_cell(order, instrument, context, text),
        part(Part::Quantity),
        Cell::figures(format::quantity(order.filled, instrument), filled),
        part(Part::Limit),
        match spec.kind {
            OrderKind::TrailingStop { .. } => order
                .trigger
                .map_or_else(Cell::empty, |trigger| Cell::figures(format::price(trigger, instrument), text)),
            _ => part(Part::Stop),
        },
        Cell::label(order.status.label(), status_colour(order.status, theme)).explained(kept_text(order)),
        match spec.tif {
            TimeInForce::Gtd(time) if format::is_same_day(time, desk.now(), &zone) => {
                Cell::made(format!("GTD {}", format::clock_minute(time, &zone)), text)
            }
            TimeInForce::Gtd(time) => Cell::made(format!("GTD {}", format::date_minute(time, &zone)), text),
            tif => Cell::label(tif.label(), text),
        },
        average.map_or_else(Cell::empty, |average| Cell::figures(average, text)),
        reason_cell(order, context.asked, theme),
        Cell::note(desk, order.id, theme),
    ]
}

/// A part that can be changed; while a change is on its way, the new value on a coloured ground.
fn part_cell(
    part: Part,
    order: &Order,
    instrument: &Instrument,
    context: &RowContext<'_>,
    colour: egui::Color32,
) -> Cell {
    if let Some(Wish::Amend(changed, value)) = context.asked.underway(&order.id)
        && *changed == part
    {
        let theme = context.theme;
        return Cell::figures(part.text(*value, instrument), theme.warn).on(theme.warn_fill);
    }
    part.of(order).map_or_else(Cell::empty, |value| Cell::figures(part.text(value, instrument), colour))
}

/// The type, what the order hangs together with, and whether it was entered elsewhere.
fn kind_cell(
    order: &Order,
    instrument: &Instrument,
    context: &RowContext<'_>,
    colour: egui::Color32,
) -> Cell {
    let spec = &order.spec;
    let by = match spec.kind {
        OrderKind::TrailingStop { by } => format!(" {}", trail(by, instrument)),
        _ => String::new(),
    };
    let post = if spec.post_only { ", post" } else { "" };
    let oco = spec.oco.or_else(|| order.kept?.oco);
    let ties = match (order.entry(), oco) {
        (Some(entry), _) => format!(" · exit of {entry}"),
        (None, Some(_)) => " · OCO".to_owned(),
        (None, None) => String::new(),
    };
    // The broker knows nothing of the group: it is minded only while this program runs.
    let ties = if order.kept.is_some() { format!("{ties}, kept here") } else { ties };
    let kept = kept_text(order);
    // In front: what is cut off is the end.
    if order.origin == Origin::Foreign {
        let text = format!("Foreign · {}{by}{post}{ties}", spec.kind.label());
        return Cell::made(text, context.theme.accent).explained(kept);
    }
    let (by_whom, whose) = match &order.client {
        Some(client) => (format!("Client {} · ", client.client), Some(client_text(client))),
        None => (String::new(), None),
    };
    let explained: Vec<String> = whose.into_iter().chain(kept).collect();
    let explained = (!explained.is_empty()).then(|| explained.join(". "));
    Cell::made(format!("{by_whom}{}{by}{post}{ties}", spec.kind.label()), colour).explained(explained)
}

/// Which other program has entered an order, and what it calls it.
#[must_use]
pub fn client_text(client: &ClientRef) -> String {
    let ClientRef { client, order, reference, group } = client;
    let reference = reference.as_ref().map_or_else(String::new, |text| format!(", “{text}”"));
    let group = group.as_ref().map_or_else(String::new, |text| format!(", of its group “{text}”"));
    format!("Entered by the program that connects as client {client}, as its order {order}{reference}{group}")
}

/// Where the bracket or OCO group of an order lives that its broker does not keep, and what that
/// means; `None` of every other order.
#[must_use]
pub fn kept_text(order: &Order) -> Option<String> {
    const ALONE: &str =
        "this program alone, since the broker keeps none, and is not minded while Pitdesk is closed.";
    if order.status == OrderStatus::Kept {
        let why = order.reason.as_deref().unwrap_or("Kept here: the broker does not know of it yet");
        return Some(format!("{why}. Its bracket lives in {ALONE}"));
    }
    let what = if order.kept?.entry.is_some() { "bracket" } else { "OCO group" };
    Some(format!("Its {what} lives in {ALONE}"))
}

/// How a trailing stop follows.
fn trail(by: TrailBy, instrument: &Instrument) -> String {
    match by {
        TrailBy::Amount(amount) => format!("by {}", format::decimal(amount, instrument.ticks.decimals())),
        TrailBy::Percent(percent) => format!("by {}%", format::exact(percent)),
    }
}

/// An average price: on the grid where it is on it, else with two decimals more.
pub(super) fn average(price: crate::domain::Decimal, instrument: &Instrument) -> String {
    let decimals = instrument.ticks.decimals();
    let more = if price == price.trunc_with_scale(decimals) { 0 } else { 2 };
    format::decimal(price, decimals + more)
}

/// The colour of a status, wherever it is named.
#[must_use]
pub fn status_colour(status: OrderStatus, theme: &Theme) -> egui::Color32 {
    match status {
        OrderStatus::Working | OrderStatus::PartiallyFilled => theme.accent,
        OrderStatus::Held | OrderStatus::Cancelled | OrderStatus::Expired => theme.text_weak,
        OrderStatus::Kept
        | OrderStatus::Intended
        | OrderStatus::Journaled
        | OrderStatus::Sent
        | OrderStatus::Accepted
        | OrderStatus::PendingAmend
        | OrderStatus::PendingCancel => theme.warn,
        OrderStatus::Filled => theme.ok,
        OrderStatus::Rejected | OrderStatus::Unknown => theme.danger,
    }
}
