//! The Fills tab: executions of our orders, newest first. A double click shows the order.

use std::borrow::Cow;

use egui::Ui;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::control::empty_ui;
use super::order_row::{NOTE, zone_name};
use super::records::Records;
use super::table::{Column, Controls, Heads, Row, Sorted, Table};
use super::tools::table_keys;
use super::view::{Counts, Listed, Sieve, Value, View, noted, or_default, sort};
use super::widths::Widths;
use crate::desk::Desk;
use crate::domain::{ExecId, Fill, Liquidity};
use crate::market::valuation::Rates;
use crate::ui::commands::{BlotterTool, Commands, UiCommand};
use crate::ui::format;
use crate::ui::keys::{Act, taken};
use crate::ui::theme::Theme;

const COLUMNS: [Column; 11] = [
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
    NOTE,
];

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Fills {
    #[serde(deserialize_with = "or_default")]
    pub view: View,
    widths: Widths,
    #[serde(skip)]
    listed: Listed<usize>,
    /// The rows that the pointer holds where they are.
    #[serde(skip)]
    held: Option<Held>,
    #[serde(skip)]
    selected: Option<ExecId>,
}

/// Rows that stay where they are.
#[derive(Debug)]
struct Held {
    view: View,
    rows: Rows,
    /// How many fills there were.
    of: usize,
    /// The oldest that there was: when it is forgotten, places mean other fills.
    oldest: Option<ExecId>,
}

/// Which fills stand in which rows, by their places in the log.
#[derive(Debug, Clone)]
enum Rows {
    /// So many of the oldest, newest first.
    Newest(usize),
    These(Vec<usize>),
}

impl Rows {
    fn len(&self) -> usize {
        match self {
            Self::Newest(count) => *count,
            Self::These(places) => places.len(),
        }
    }

    /// The place of the fill in a row that exists.
    fn place(&self, row: usize) -> usize {
        match self {
            Self::Newest(count) => count - 1 - row,
            Self::These(places) => places[row],
        }
    }
}

impl Fills {
    /// Fills that came while the rows were held.
    pub fn news(&self, desk: &Desk) -> usize {
        let Some(held) = &self.held else { return 0 };
        match self.listed.rows() {
            Some(places) => places.iter().filter(|place| **place >= held.of).count(),
            None => desk.blotter().fills().len().saturating_sub(held.of),
        }
    }

    /// Finds the rows anew where it must be. Comes before anything of the tab is drawn.
    pub fn refresh(&mut self, desk: &Desk) {
        self.listed.refresh(desk, &self.view, &COLUMNS, |sieve, sorted| found(desk, sieve, sorted));
    }

    /// How many fills are shown, and of how many.
    pub fn counts(&self, desk: &Desk) -> Counts {
        let of = desk.blotter().fills().len();
        let whole = Counts { shown: of, of, hidden_working: 0 };
        if self.listed.rows().is_some() { self.listed.counts } else { whole }
    }

    /// The fill that is selected, or all that are shown.
    pub fn records(&self, desk: &Desk, is_one: bool) -> Records {
        let (fills, rows) = (desk.blotter().fills(), self.rows(desk));
        let shown = || (0..rows.len()).filter_map(|row| fills.get(rows.place(row)));
        let is_selected = |fill: &&Fill| Some(&fill.exec_id) == self.selected.as_ref();
        match shown().find(is_selected).filter(|_| is_one) {
            Some(fill) => Records::of_fills(std::iter::once(fill), desk),
            None => Records::of_fills(shown(), desk),
        }
    }

    fn rows(&self, desk: &Desk) -> Rows {
        let all = Rows::Newest(desk.blotter().fills().len());
        self.listed.rows().map_or(all, |places| Rows::These(places.to_vec()))
    }

    /// Holds the rows as they were last drawn, or lets them go.
    fn hold(&mut self, must_hold: bool, desk: &Desk) {
        let fills = desk.blotter().fills();
        let oldest = || fills.first().map(|fill| &fill.exec_id);
        self.held.take_if(|held| !must_hold || held.view != self.view || held.oldest.as_ref() != oldest());
        if must_hold && self.held.is_none() {
            let (view, rows) = (self.view.clone(), self.rows(desk));
            self.held = Some(Held { view, rows, of: fills.len(), oldest: oldest().cloned() });
        }
    }

    /// The table; what its keys ask for.
    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) -> Option<BlotterTool> {
        let fills = desk.blotter().fills();
        let mut table = Table {
            name: "Fills table",
            columns: &COLUMNS,
            heads: Heads::Sort(self.view.sorted(&COLUMNS)),
            controls: Controls::None,
            row_count: 0,
            reveal: None,
            footer: None,
            zone: Some(zone_name(desk)),
        };
        self.hold(ui.rect_contains_pointer(table.body_of(ui, theme)), desk);
        let (held, listed) = (self.held.take(), std::mem::take(&mut self.listed));
        let rows = match (&held, listed.rows()) {
            (Some(held), _) => Cow::Borrowed(&held.rows),
            (None, Some(places)) => Cow::Owned(Rows::These(places.to_vec())),
            (None, None) => Cow::Owned(Rows::Newest(fills.len())),
        };
        table.row_count = rows.len();
        let shown = table.show(ui, theme, &mut self.widths, |row| {
            let (place, fill) = (rows.place(row), &fills[rows.place(row)]);
            Row {
                is_selected: Some(&fill.exec_id) == self.selected.as_ref(),
                ..row_of(place, fill, desk, theme)
            }
        });
        for row in &shown.rows {
            let fill = &fills[rows.place(row.index)];
            if row.response.clicked() {
                self.selected = Some(fill.exec_id.clone());
                ui.memory_mut(|memory| memory.request_focus(shown.focus.id));
            }
            if row.response.double_clicked() {
                out.window(UiCommand::ShowOrder(fill.order));
            } else if row.response.clicked() {
                out.window(UiCommand::Select(fill.instrument));
            }
        }
        if rows.len() == 0 {
            let text = if fills.is_empty() {
                "No fills yet. Each execution of an order of yours stands here."
            } else {
                "The filter hides all fills. Clear it to see them."
            };
            empty_ui(ui, theme, shown.body, text);
        }
        if shown.focus.has_focus() && taken(ui.ctx(), Act::NoteOrder) > 0 {
            let is_selected = |fill: &&Fill| Some(&fill.exec_id) == self.selected.as_ref();
            if let Some(fill) = fills.iter().rev().find(is_selected) {
                out.window(UiCommand::Note(fill.order));
            }
        }
        (self.held, self.listed) = (held, listed);
        table_keys(ui, &shown, &mut self.view, &COLUMNS)
    }
}

/// The fills that a filter lets through, sorted, by their places in the log.
fn found(desk: &Desk, sieve: &Sieve<'_>, sorted: Option<Sorted>) -> (Vec<usize>, Counts) {
    let fills = desk.blotter().fills();
    let mut places: Vec<usize> = (0..fills.len()).rev().collect();
    places.retain(|place| is_let_through(&fills[*place], sieve, desk));
    if let Some(Sorted { key, is_descending }) = sorted {
        let rates = desk.rates();
        sort(&mut places, is_descending, |place| value_of(&fills[*place], key, desk, &rates));
    }
    let counts = Counts { shown: places.len(), of: fills.len(), hidden_working: 0 };
    (places, counts)
}

fn is_let_through(fill: &Fill, sieve: &Sieve<'_>, desk: &Desk) -> bool {
    sieve.takes(fill.instrument, Some(fill.side), &fill.account)
        && sieve.is_new_enough(fill.time)
        && sieve.finds(|| {
            let instrument = desk.instrument(fill.instrument);
            let symbol = instrument.map_or_else(String::new, |i| format!("{} {}", i.key(), i.name));
            let (side, liquidity) = (fill.side.label(), liquidity(fill));
            let note = noted(fill.order, desk);
            format!("{} {} {symbol} {side} {liquidity} {} {note}", fill.order, fill.exec_id, fill.account)
        })
}

/// What a fill is sorted by in a column; amounts by what they are in the base currency.
fn value_of(fill: &Fill, column: &str, desk: &Desk, rates: &Rates) -> Option<Value> {
    let instrument = desk.instrument(fill.instrument)?;
    let commission = fill.commission;
    Some(match column {
        "time" => Value::time(fill.time),
        "symbol" => Value::text(&instrument.symbol),
        "side" => Value::text(fill.side.label()),
        "quantity" => Value::Number(fill.quantity.0),
        "price" => Value::Number(fill.price.0),
        "commission" => Value::Number(rates.to_base(commission.amount, commission.currency)?),
        // Where nothing was realised nothing is shown.
        "realised" if fill.realised.is_zero() => return None,
        "realised" => Value::Number(rates.to_base(fill.realised, instrument.currency)?),
        "currency" => Value::text(&currencies(fill, instrument)),
        "liquidity" => Value::text(liquidity(fill)),
        "order" => Value::Whole(fill.order.0.into()),
        "note" => Value::text(&desk.note(fill.order)?.line()),
        _ => return None,
    })
}

fn liquidity(fill: &Fill) -> &'static str {
    match fill.liquidity {
        Liquidity::Maker => "Maker",
        Liquidity::Taker => "Taker",
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
        vec![
            Cell::time(fill.time, desk.market_time().unwrap_or(desk.now()), &zone, theme.text_weak),
            Cell::symbol(desk, instrument, &fill.account, theme.text_strong),
            Cell::side(fill.side, theme),
            Cell::figures(format::quantity(fill.quantity, instrument), theme.text),
            Cell::figures(format::price(fill.price, instrument), theme.text),
            Cell::figures(commission, theme.text).in_line(2),
            realised,
            Cell::made(currencies(fill, instrument), theme.text_weak),
            Cell::label(liquidity(fill), theme.text_weak),
            Cell::figures(fill.order.to_string(), theme.text_weak),
            Cell::note(desk, fill.order, theme),
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
