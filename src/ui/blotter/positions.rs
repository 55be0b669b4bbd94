//! The Positions tab: what is held, what it is worth, and the way out of it.
//!
//! How it is left, at market, is [`ways_out`]'s.

mod ways_out;

use std::time::Duration;

use egui::Ui;
use serde::{Deserialize, Serialize};

use self::ways_out::WaysOut;
use super::cell::{Cell, symbol};
use super::control::empty_ui;
use super::order_row::average;
use super::records::Records;
use super::table::{Column, Controls, Heads, Row, Sorted, Table};
use super::today::Today;
use super::tools::table_keys;
use super::view::{Counts, Sieve, Value, View, midnight, or_default, sort};
use super::widths::Widths;
use crate::desk::{DayResult, Desk};
use crate::domain::{AccountId, Currency, Instrument, InstrumentId, Position, Time};
use crate::market::valuation::Rates;
use crate::ui::commands::{BlotterTool, Commands, UiCommand};
use crate::ui::format;
use crate::ui::theme::Theme;

const COLUMNS: [Column; 9] = [
    Column::words("symbol", "Symbol"),
    Column::figures("net", "Net"),
    Column::figures("average", "Average"),
    Column::figures("mark", "Mark"),
    Column::figures("unrealised", "Unrealised"),
    Column::figures("realised", "Realised today"),
    Column::figures("value", "Value"),
    Column::figures("commissions", "Commissions today"),
    Column::words("currency", "Currency"),
];

/// Rows that are sorted by what moves change places no more often.
const PACE: Duration = Duration::from_secs(2);

/// A position: whose, and in what.
pub(super) type Key = (AccountId, InstrumentId);

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Positions {
    #[serde(deserialize_with = "or_default")]
    pub view: View,
    widths: Widths,
    #[serde(skip)]
    held: Option<(View, Vec<Key>)>,
    #[serde(skip)]
    ranked: Option<Ranked>,
    #[serde(skip)]
    counts: Counts,
    #[serde(skip)]
    ways_out: WaysOut,
    #[serde(skip)]
    today: Today,
}

/// The order that rows were put into last.
#[derive(Debug)]
struct Ranked {
    at: Time,
    view: View,
    keys: Vec<Key>,
}

impl Positions {
    /// Takes the engine's answers over. Comes once a frame, whatever tab is shown.
    pub fn settle(&mut self, desk: &Desk) {
        self.ways_out.settle(desk);
    }

    /// How many positions are shown, and of how many.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Those of the selected instrument, or all that are shown.
    pub fn records(&self, desk: &Desk, is_one: bool) -> Records {
        let (mut keys, _) = self.found(desk);
        if let Some(Ranked { keys: ranked, .. }) = &self.ranked {
            put_in_order(&mut keys, ranked);
        }
        let selected = desk.selected().map(|instrument| instrument.id).filter(|_| is_one);
        if selected.is_some_and(|id| keys.iter().any(|(_, instrument)| *instrument == id)) {
            keys.retain(|(_, instrument)| Some(*instrument) == selected);
        }
        Records::of_positions(keys.into_iter().map(|key| (key.clone(), self.today.of(&key))), desk)
    }

    /// What the filter lets through; and how many positions there are.
    fn found(&self, desk: &Desk) -> (Vec<Key>, usize) {
        let mut keys = self.keys(desk);
        let of = keys.len();
        let sieve = Sieve::new(&self.view.filter, desk);
        keys.retain(|key| position_of(desk, key).is_some_and(|p| is_let_through(p, &sieve, desk)));
        (keys, of)
    }

    /// The rows of now. Prices move all the time: by them rows change places every other second.
    fn rank(&mut self, desk: &Desk) -> Vec<Key> {
        let (mut keys, of) = self.found(desk);
        self.counts = Counts { shown: keys.len(), of, hidden_working: 0 };
        let Some(Sorted { key: column, is_descending }) = self.view.sorted(&COLUMNS) else {
            self.ranked = None;
            return keys;
        };
        let now = desk.now();
        if let Some(ranked) = &self.ranked
            && ranked.view == self.view
            && now.since(ranked.at) < PACE
        {
            put_in_order(&mut keys, &ranked.keys);
            return keys;
        }
        let rates = desk.rates();
        sort(&mut keys, is_descending, |key| {
            value_of(position_of(desk, key)?, column, self.today.of(key), desk, &rates)
        });
        self.ranked = Some(Ranked { at: now, view: self.view.clone(), keys: keys.clone() });
        keys
    }

    /// The table; what its keys ask for.
    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) -> Option<BlotterTool> {
        out.demand.quotes.extend(desk.blotter().open_positions().map(|position| position.instrument));
        self.today.update(desk, midnight(desk));
        let now_shown = self.rank(desk);
        let with_day = |key| Some((position_of(desk, key)?, self.today.of(key)));
        let total = desk.position_totals(now_shown.iter().filter_map(with_day));
        let base = desk.settings().base_currency;
        let decimals = most_decimals(desk, &now_shown).max(base.decimals());
        let (word, colour) = match (total.is_complete, total.is_stale) {
            (false, _) => ("Incomplete", theme.warn),
            (true, true) => ("Stale", theme.warn),
            (true, false) => ("Total", theme.text_strong),
        };
        let footer = vec![
            Cell::made(self.of_what(word, base), colour),
            Cell::empty(),
            Cell::empty(),
            Cell::empty(),
            Cell::gain(Some(total.unrealised), base, theme).stale_if(total.is_stale, theme).in_line(decimals),
            Cell::gain(Some(total.realised), base, theme).in_line(decimals),
            Cell::figures(format::amount(total.value, base), theme.text_strong)
                .stale_if(total.is_stale, theme)
                .in_line(decimals),
            Cell::figures(format::amount(total.commissions, base), theme.text_strong).in_line(decimals),
            Cell::made(base.to_string(), theme.text_strong),
        ];
        let mut table = Table {
            name: "Positions table",
            columns: &COLUMNS,
            heads: Heads::Sort(self.view.sorted(&COLUMNS)),
            controls: Controls::Right(ways_out::WIDTH),
            row_count: 0,
            reveal: None,
            footer: (!now_shown.is_empty()).then_some(footer),
            zone: None,
        };
        if ui.rect_contains_pointer(table.body_of(ui, theme)) {
            self.held.take_if(|(view, _)| *view != self.view);
            self.held.get_or_insert_with(|| (self.view.clone(), now_shown.clone()));
        } else {
            self.held = None;
        }
        let keys = self.held.as_ref().map_or(now_shown, |(_, held)| held.clone());
        table.row_count = keys.len();
        let shown = table.show(ui, theme, &mut self.widths, |row| {
            let key = &keys[row];
            row_of(row, key, self.today.of(key), decimals, desk, theme)
        });
        if keys.is_empty() {
            let text = if self.counts.of == 0 {
                "No position. What you buy or sell stands here with its profit and loss."
            } else {
                "The filter hides all positions. Clear it to see them."
            };
            empty_ui(ui, theme, shown.body, text);
        }
        ui.set_clip_rect(ui.clip_rect().intersect(shown.body));
        for row in &shown.rows {
            let Some(position) = position_of(desk, &keys[row.index]) else { continue };
            let Some(instrument) = desk.instrument(position.instrument) else { continue };
            if !position.is_flat() {
                self.ways_out.ui(ui, theme, desk, (&shown, row), (position, instrument), out);
            }
            if row.response.clicked() {
                ui.memory_mut(|memory| memory.request_focus(shown.focus.id));
                out.window(UiCommand::Select(position.instrument));
            }
        }
        table_keys(ui, &shown, &mut self.view, &COLUMNS)
    }

    /// What the totals are of.
    fn of_what(&self, word: &str, base: Currency) -> String {
        if self.counts.shown == self.counts.of {
            format!("{word} {base}")
        } else {
            format!("{word} of shown {base}")
        }
    }

    /// Open positions, then those that were closed today.
    fn keys(&self, desk: &Desk) -> Vec<Key> {
        let key = |position: &Position| (position.account.clone(), position.instrument);
        let flat = desk.blotter().positions().filter(|position| position.is_flat()).map(key);
        let closed = flat.filter(|key| self.today.is_traded(key));
        desk.blotter().open_positions().map(key).chain(closed).collect()
    }
}

/// As they stand in `ranked`; what is not in there comes behind it.
fn put_in_order(keys: &mut [Key], ranked: &[Key]) {
    keys.sort_by_key(|key| ranked.iter().position(|known| known == key).unwrap_or(ranked.len()));
}

fn is_let_through(position: &Position, sieve: &Sieve<'_>, desk: &Desk) -> bool {
    sieve.takes(position.instrument, position.side(), &position.account)
        && sieve.finds(|| {
            let instrument = desk.instrument(position.instrument);
            let symbol = instrument.map_or_else(String::new, |i| format!("{} {}", i.key(), i.name));
            format!("{symbol} {}", position.account)
        })
}

/// What a position is sorted by in a column; amounts by what they are in the base currency.
fn value_of(position: &Position, column: &str, day: DayResult, desk: &Desk, rates: &Rates) -> Option<Value> {
    let instrument = desk.instrument(position.instrument)?;
    let is_open = !position.is_flat();
    let in_base = |amount| rates.to_base(amount, instrument.currency).map(Value::Number);
    match column {
        "symbol" => Some(Value::text(&instrument.symbol)),
        "net" => Some(Value::Number(position.net)),
        "average" => is_open.then_some(Value::Number(position.average_price)),
        "mark" if is_open => Some(Value::Number(desk.mark(position.instrument)?.0)),
        "unrealised" if is_open => in_base(desk.unrealised(position)?),
        "realised" => in_base(day.realised),
        "value" if is_open => in_base(desk.value_of(position)?),
        "commissions" => in_base(day.commissions),
        "currency" => Some(Value::text(&instrument.currency.to_string())),
        _ => None,
    }
}

fn position_of<'a>(desk: &'a Desk, (account, instrument): &Key) -> Option<&'a Position> {
    desk.blotter().position_of(account, *instrument)
}

/// The most decimals that an amount of these positions has.
fn most_decimals(desk: &Desk, keys: &[Key]) -> u32 {
    let currencies = keys.iter().filter_map(|(_, id)| desk.instrument(*id)).map(|i| i.currency);
    currencies.map(Currency::decimals).max().unwrap_or(0)
}

fn row_of(row: usize, key: &Key, day: DayResult, decimals: u32, desk: &Desk, theme: &Theme) -> Row {
    let known = position_of(desk, key).and_then(|p| Some((p, desk.instrument(p.instrument)?)));
    let Some((position, instrument)) = known else {
        return Row {
            key: row as u64,
            name: "Position".into(),
            cells: Vec::new(),
            banner: None,
            is_selected: false,
        };
    };
    Row {
        key: u64::from(position.instrument.0) << 16 | (row as u64 & 0xFFFF),
        name: format!("Position in {}", symbol(desk, instrument, &position.account)).into(),
        cells: cells_of(position, instrument, day, decimals, desk, theme),
        banner: None,
        is_selected: desk.selected().is_some_and(|selected| selected.id == position.instrument),
    }
}

fn cells_of(
    position: &Position,
    instrument: &Instrument,
    day: DayResult,
    decimals: u32,
    desk: &Desk,
    theme: &Theme,
) -> Vec<Cell> {
    let currency = instrument.currency;
    let is_flat = position.is_flat();
    let text = if is_flat { theme.text_weak } else { theme.text };
    let amount = |value| format::amount(value, currency);
    let realised = if is_flat {
        Cell::figures(format::gain(day.realised, currency), theme.text_weak)
    } else {
        Cell::gain(Some(day.realised), currency, theme)
    };
    let is_stale = desk.is_stale(position.instrument);
    let open = |cell: Cell| if is_flat { Cell::empty() } else { cell };
    let mark = desk.mark(position.instrument).map(|mark| average(mark.0, instrument));
    let commissions = (!day.lacks_commissions).then(|| amount(day.commissions));
    let net = format::signed(position.net, instrument.quantity_decimals());
    vec![
        Cell::symbol(desk, instrument, &position.account, if is_flat { text } else { theme.text_strong }),
        Cell::figures(if is_flat { "0".to_owned() } else { net }, theme.of_gain(position.net)),
        open(Cell::figures(average(position.average_price, instrument), text)),
        open(Cell::figures_or_dash(mark, theme, text).stale_if(is_stale, theme)),
        open(
            Cell::gain(desk.unrealised(position), currency, theme)
                .stale_if(is_stale, theme)
                .in_line(decimals),
        ),
        realised.in_line(decimals),
        open(
            Cell::figures_or_dash(desk.value_of(position).map(amount), theme, text)
                .stale_if(is_stale, theme)
                .in_line(decimals),
        ),
        Cell::figures_or_dash(commissions, theme, text).in_line(decimals),
        Cell::made(currency.to_string(), theme.text_weak),
    ]
}
