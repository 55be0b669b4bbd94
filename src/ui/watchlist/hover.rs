//! What a row says when the pointer rests on it.

use egui::RichText;

use super::row::Row;
use crate::desk::{Desk, Freshness, QuoteView};
use crate::domain::{Instrument, Price};
use crate::market::calendar::Calendar;
use crate::ui::format;
use crate::ui::theme::theme_of;

/// Name, state of the quote, the day's numbers.
pub(super) fn row_hover_ui(ui: &mut egui::Ui, desk: &Desk, row: &Row) {
    let theme = theme_of(ui);
    let Some(instrument) = row.id().and_then(|id| desk.instrument(id)) else {
        ui.label(RichText::new(row.title()).strong());
        ui.label("Not listed by any connected broker. The row stays; its quote returns with its listing.");
        return;
    };
    ui.label(RichText::new(&*instrument.name).strong().color(theme.text_strong));
    ui.label(
        RichText::new(format!("{} · {} · {}", instrument.symbol, instrument.venue, instrument.currency))
            .color(theme.text_weak),
    );
    if let Some(remark) = desk.remark(instrument.id) {
        ui.label(RichText::new(&*remark.text).color(theme.warn));
    }
    let Some(view) = desk.quote(instrument.id) else {
        ui.label("No quote has come yet.");
        return;
    };
    let colour = match view.freshness {
        Freshness::Live => theme.ok,
        Freshness::Closed => theme.text_weak,
        Freshness::Stale => theme.stale,
    };
    ui.label(RichText::new(state(desk, instrument, &view)).color(colour));
    ui.add_space(4.0);
    let price = |price: Option<Price>| price.map_or_else(|| "–".to_owned(), |p| format::price(p, instrument));
    let quote = view.quote;
    let size = |size| format::quantity(size, instrument);
    egui::Grid::new("quote").num_columns(2).spacing(egui::vec2(16.0, 2.0)).show(ui, |ui| {
        for (name, value) in [
            ("Bid", format!("{} × {}", price(quote.bid), size(quote.bid_size))),
            ("Ask", format!("{} × {}", price(quote.ask), size(quote.ask_size))),
            ("Last", format!("{} × {}", price(quote.last), size(quote.last_size))),
            ("Open", price(quote.open)),
            ("High", price(quote.high)),
            ("Low", price(quote.low)),
            ("Previous close", price(quote.prev_close)),
            ("Volume", size(quote.volume)),
        ] {
            ui.label(RichText::new(name).color(theme.text_weak));
            ui.label(value);
            ui.end_row();
        }
    });
}

/// How far the quote can be trusted, in words.
fn state(desk: &Desk, instrument: &Instrument, view: &QuoteView<'_>) -> String {
    let age = format::age(view.age);
    match view.freshness {
        Freshness::Live => format!("Live, {age} old"),
        Freshness::Closed => match next_open(desk, instrument) {
            Some(open) => format!("{} is closed until {open}", instrument.venue),
            None => format!("{} is closed", instrument.venue),
        },
        Freshness::Stale => {
            let connection = desk.connection(instrument.broker).filter(|c| !c.state.takes_orders());
            connection.map_or_else(
                || format!("Stale: nothing was heard for {age}. The market may be elsewhere."),
                |c| {
                    let state = c.state.label().to_lowercase();
                    format!("Stale, {age} old: {} is {state}. {}", c.name, c.reason)
                },
            )
        }
    }
}

fn next_open(desk: &Desk, instrument: &Instrument) -> Option<String> {
    let calendar = Calendar::new(&instrument.hours).ok()?;
    // The exchange knows better than the calendar, and then the calendar knows no time.
    if calendar.is_open(desk.now()) {
        return None;
    }
    let zone = format::zone(desk.settings().time_zone_display, Some(instrument));
    let opens = calendar.next_open(desk.now())?.open;
    Some(format!("{} {}", format::date_time(opens, &zone), format::zone_name(opens, &zone)))
}
