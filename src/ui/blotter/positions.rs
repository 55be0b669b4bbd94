//! The Positions tab: what is held, what it is worth, and the way out of it.
//!
//! How it is left, at market, is [`ways_out`]'s.

mod ways_out;

use std::borrow::Cow;

use egui::Ui;
use serde::{Deserialize, Serialize};

use self::ways_out::WaysOut;
use super::cell::{Cell, symbol};
use super::control::empty_ui;
use super::order_row::average;
use super::table::{Column, Controls, Row, Table};
use super::today::Today;
use super::widths::Widths;
use crate::desk::{DayResult, Desk};
use crate::domain::{AccountId, Currency, Instrument, InstrumentId, Position};
use crate::ui::commands::{Commands, UiCommand};
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

/// A position: whose, and in what.
pub(super) type Key = (AccountId, InstrumentId);

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Positions {
    widths: Widths,
    #[serde(skip)]
    held: Option<Vec<Key>>,
    #[serde(skip)]
    ways_out: WaysOut,
    #[serde(skip)]
    today: Today,
}

impl Positions {
    /// Takes the engine's answers over. Comes once a frame, whatever tab is shown.
    pub fn settle(&mut self, desk: &Desk) {
        self.ways_out.settle(desk);
    }

    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        out.demand.quotes.extend(desk.blotter().open_positions().map(|position| position.instrument));
        let zone = format::zone(desk.settings().time_zone_display, None);
        let market_now = desk.market_time().unwrap_or(desk.now());
        self.today.update(desk, format::day_start(market_now, &zone));
        let now_shown = self.keys(desk);
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
            Cell::made(format!("{word} {base}"), colour),
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
            controls: Controls::Right(ways_out::WIDTH),
            row_count: 0,
            reveal: None,
            footer: (!now_shown.is_empty()).then_some(footer),
            zone: None,
        };
        if ui.rect_contains_pointer(table.body_of(ui, theme)) {
            self.held.get_or_insert_with(|| now_shown.clone());
        } else {
            self.held = None;
        }
        let keys: Cow<'_, [Key]> = self.held.clone().map_or(Cow::Owned(now_shown), Cow::Owned);
        table.row_count = keys.len();
        let shown = table.show(ui, theme, &mut self.widths, |row| {
            let key = &keys[row];
            row_of(row, key, self.today.of(key), decimals, desk, theme)
        });
        if keys.is_empty() {
            let text = "No position. What you buy or sell stands here with its profit and loss.";
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
                out.window(UiCommand::Select(position.instrument));
            }
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
