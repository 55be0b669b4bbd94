//! The Fills tab: executions of our orders, newest first. A double click shows the order.

use egui::Ui;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::control::empty_ui;
use super::order_row::zone_name;
use super::table::{Column, Controls, Row, Table};
use super::widths::Widths;
use crate::desk::Desk;
use crate::domain::{Fill, Liquidity};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::format;
use crate::ui::theme::Theme;

const COLUMNS: [Column; 10] = [
    Column::figures("time", "Time"),
    Column::words("symbol", "Symbol"),
    Column::words("side", "Side"),
    Column::figures("quantity", "Quantity"),
    Column::figures("price", "Price"),
    Column::figures("commission", "Commission"),
    Column::figures("realised", "Realised"),
    Column::words("currency", "Currency"),
    Column::words("liquidity", "Liquidity"),
    Column::figures("order", "Order"),
];

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Fills {
    widths: Widths,
    /// So many of the oldest are shown: the pointer holds the rows where they are.
    #[serde(skip)]
    held: Option<usize>,
}

impl Fills {
    /// Fills that came while the rows were held.
    pub fn news(&self, desk: &Desk) -> usize {
        self.held.map_or(0, |held| desk.blotter().fills().len().saturating_sub(held))
    }

    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let fills = desk.blotter().fills();
        let mut table = Table {
            name: "Fills table",
            columns: &COLUMNS,
            controls: Controls::None,
            row_count: 0,
            reveal: None,
            footer: None,
            zone: Some(zone_name(desk)),
        };
        if ui.rect_contains_pointer(table.body_of(ui, theme)) {
            self.held = Some(self.held.unwrap_or(fills.len()).min(fills.len()));
        } else {
            self.held = None;
        }
        let shown_fills = &fills[..self.held.unwrap_or(fills.len())];
        table.row_count = shown_fills.len();
        let fill_at = |row: usize| (shown_fills.len() - 1 - row, &shown_fills[shown_fills.len() - 1 - row]);
        let shown = table.show(ui, theme, &mut self.widths, |row| {
            let (place, fill) = fill_at(row);
            row_of(place, fill, desk, theme)
        });
        for row in &shown.rows {
            let (_, fill) = fill_at(row.index);
            if row.response.double_clicked() {
                out.window(UiCommand::ShowOrder(fill.order));
            } else if row.response.clicked() {
                out.window(UiCommand::Select(fill.instrument));
            }
        }
        if shown_fills.is_empty() {
            empty_ui(ui, theme, shown.body, "No fills yet. Each execution of an order of yours stands here.");
        }
    }
}

fn row_of(place: usize, fill: &Fill, desk: &Desk, theme: &Theme) -> Row {
    let cells = desk.instrument(fill.instrument).map(|instrument| {
        let zone = format::zone(desk.settings().time_zone_display, None);
        let commission = format::amount(fill.commission.amount, fill.commission.currency);
        // Opening a position realises nothing: a zero there would be noise.
        let realised = if fill.realised.is_zero() {
            Cell::empty()
        } else {
            Cell::gain(Some(fill.realised), instrument.currency, theme).in_line(2)
        };
        let liquidity = match fill.liquidity {
            Liquidity::Maker => "Maker",
            Liquidity::Taker => "Taker",
        };
        vec![
            Cell::time(fill.time, desk.market_time().unwrap_or(desk.now()), &zone, theme.text_weak),
            Cell::symbol(desk, instrument, &fill.account, theme.text_strong),
            Cell::side(fill.side, theme),
            Cell::figures(format::quantity(fill.quantity, instrument), theme.text),
            Cell::figures(format::price(fill.price, instrument), theme.text),
            Cell::figures(commission, theme.text).in_line(2),
            realised,
            Cell::made(currencies(fill, instrument), theme.text_weak),
            Cell::label(liquidity, theme.text_weak),
            Cell::figures(fill.order.to_string(), theme.text_weak),
        ]
    });
    Row {
        key: place as u64,
        name: format!("Fill of order {}", fill.order).into(),
        cells: cells.unwrap_or_default(),
        banner: None,
        is_selected: false,
    }
}

/// The currency of a fill's amounts; both where the commission is paid in another.
fn currencies(fill: &Fill, instrument: &crate::domain::Instrument) -> String {
    if fill.commission.currency == instrument.currency {
        instrument.currency.to_string()
    } else {
        format!("{}, fee {}", instrument.currency, fill.commission.currency)
    }
}
