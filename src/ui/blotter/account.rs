//! The Account tab: each account per currency, and all of it in the base currency.

use egui::Ui;
use serde::{Deserialize, Serialize};

use super::cell::Cell;
use super::control::empty_ui;
use super::table::{Column, Controls, Heads, Row, Table};
use super::widths::Widths;
use crate::desk::{Desk, Valued};
use crate::domain::{Account, AccountKind, Currency, Decimal, Reported};
use crate::market::valuation::{Missing, Worth};
use crate::ui::format;
use crate::ui::theme::Theme;

const COLUMNS: [Column; 8] = [
    Column { least: 72.0, ..Column::words("currency", "Currency") },
    Column::figures("cash", "Cash"),
    Column::figures("unrealised", "Unrealised"),
    Column::figures("realised", "Realised"),
    Column::figures("commissions", "Commissions"),
    Column::figures("equity", "Equity"),
    Column::figures("margin", "Margin"),
    Column::figures("buying-power", "Buying power"),
];

/// The view state of the tab.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct AccountView {
    widths: Widths,
}

/// Whether the marks behind a line are fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fed {
    Live,
    Stale,
}

impl Fed {
    fn or_stale(is_stale: bool) -> Self {
        if is_stale { Self::Stale } else { Self::Live }
    }
}

/// A line of the table.
enum Line<'a> {
    Title(&'a Account),
    Currency(&'a Account, &'a Worth, Fed),
    Total(&'a Valued),
    Reported(&'a Account, &'a Reported),
    Missing(String),
}

impl AccountView {
    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        let mut lines = Vec::new();
        for (account, valued) in desk.accounts().iter().zip(desk.valuations()) {
            lines.push(Line::Title(account));
            lines.extend(valued.valuation.currencies.iter().map(|worth| {
                Line::Currency(account, worth, Fed::or_stale(valued.stale.contains(&worth.currency)))
            }));
            lines.push(Line::Total(valued));
            lines.extend(account.reported.iter().map(|reported| Line::Reported(account, reported)));
            lines.extend(valued.valuation.missing.iter().map(|missing| Line::Missing(told(*missing, desk))));
        }
        let decimals = decimals_of(desk);
        let table = Table {
            name: "Account table",
            columns: &COLUMNS,
            heads: Heads::Still,
            controls: Controls::None,
            row_count: lines.len(),
            reveal: None,
            footer: None,
            zone: None,
        };
        let shown =
            table.show(ui, theme, &mut self.widths, |row| row_of(row, &lines[row], decimals, desk, theme));
        if lines.is_empty() {
            let text = "No account yet. It stands here as soon as a broker is connected and has reported it.";
            empty_ui(ui, theme, shown.body, text);
        }
    }
}

fn decimals_of(desk: &Desk) -> u32 {
    let worths = desk.valuations().iter().flat_map(|valued| &valued.valuation.currencies);
    let most = worths.map(|worth| worth.currency.decimals()).max().unwrap_or(0);
    most.max(desk.settings().base_currency.decimals())
}

/// An account's title, name and kind; what its title says already is not said again.
fn names_of(account: &Account) -> String {
    let title = account.title.to_lowercase();
    let more = [&*account.id.0, account.kind.label()].into_iter();
    let more = more.filter(|name| !title.contains(&name.to_lowercase()));
    std::iter::once(&*account.title).chain(more).collect::<Vec<_>>().join(" · ")
}

fn row_of(row: usize, line: &Line<'_>, decimals: u32, desk: &Desk, theme: &Theme) -> Row {
    let (name, cells, banner) = match line {
        Line::Title(account) => {
            let armed = match account.kind {
                AccountKind::Paper => "",
                AccountKind::Live if desk.is_armed(account) => ", armed",
                AccountKind::Live => ", not armed",
            };
            let text = format!("{}{armed}", names_of(account));
            ("Account".into(), Vec::new(), Some(Cell::made(text, theme.text_weak)))
        }
        Line::Currency(account, worth, fed) => {
            let name = format!("{} in {}", account.title, worth.currency).into();
            (name, currency_cells(account, worth, *fed, decimals, theme), None)
        }
        Line::Total(valued) => ("Total".into(), total_cells(valued, decimals, theme), None),
        Line::Reported(account, reported) => {
            let text = counted_by_broker(account, reported, desk);
            ("Counted by the broker".into(), Vec::new(), Some(Cell::made(text, theme.text_weak)))
        }
        Line::Missing(text) => ("Not counted".into(), Vec::new(), Some(Cell::made(text.clone(), theme.warn))),
    };
    Row { key: row as u64, name, cells, is_selected: false, banner }
}

fn currency_cells(account: &Account, worth: &Worth, fed: Fed, decimals: u32, theme: &Theme) -> Vec<Cell> {
    let currency = worth.currency;
    let balance = account.balance(currency);
    let is_stale = fed == Fed::Stale;
    let plain = |amount: Option<Decimal>| amount_cell(amount, currency, theme.text, theme).in_line(decimals);
    vec![
        Cell::made(currency.to_string(), theme.text_strong),
        plain(Some(worth.cash)),
        Cell::gain(Some(worth.unrealised), currency, theme).stale_if(is_stale, theme).in_line(decimals),
        Cell::gain(Some(worth.realised), currency, theme).in_line(decimals),
        plain(balance.map(|balance| balance.commissions)),
        plain(Some(worth.equity)).stale_if(is_stale, theme),
        plain(balance.map(|balance| balance.margin)),
        plain(balance.map(|balance| balance.buying_power)),
    ]
}

fn total_cells(valued: &Valued, decimals: u32, theme: &Theme) -> Vec<Cell> {
    let total = &valued.valuation.total;
    let currency = total.currency;
    let strong =
        |amount: Option<Decimal>| amount_cell(amount, currency, theme.text_strong, theme).in_line(decimals);
    let (word, colour) = if valued.is_stale { ("Stale", theme.warn) } else { ("Total", theme.text_strong) };
    let balances = valued.balances;
    let cells = [
        Cell::made(format!("{word} {currency}"), colour),
        strong(Some(total.cash)),
        Cell::gain(Some(total.unrealised), currency, theme)
            .stale_if(valued.is_stale, theme)
            .in_line(decimals),
        Cell::gain(Some(total.realised), currency, theme).in_line(decimals),
        strong(balances.map(|balances| balances.commissions)),
        strong(Some(total.equity)).stale_if(valued.is_stale, theme),
        strong(balances.map(|balances| balances.margin)),
        strong(balances.map(|balances| balances.buying_power)),
    ];
    cells.into()
}

/// The broker's own count, in the account's currency.
fn counted_by_broker(account: &Account, reported: &Reported, desk: &Desk) -> String {
    let base = account.base;
    let broker = desk.connection(account.broker).map_or("The broker", |connection| &connection.name);
    let equity = format!("{broker} counts: equity {} {base}", format::amount(reported.equity, base));
    let Some(day) = reported.day else { return equity };
    let gain = |amount| format::gain(amount, base);
    format!(
        "{equity} · today {} (open {}, realised {})",
        gain(day.gain),
        gain(day.unrealised),
        gain(day.realised)
    )
}

/// An amount; what is owed is a loss in colour too, and has its sign.
fn amount_cell(amount: Option<Decimal>, currency: Currency, colour: egui::Color32, theme: &Theme) -> Cell {
    let colour = match amount {
        Some(amount) if amount.is_sign_negative() && !amount.is_zero() => theme.down,
        _ => colour,
    };
    Cell::figures_or_dash(amount.map(|amount| format::amount(amount, currency)), theme, colour)
}

fn told(missing: Missing, desk: &Desk) -> String {
    match missing {
        Missing::Mark(id) => match desk.instrument(id) {
            Some(i) => {
                format!("Not counted: the position in {} ({}), which has no price yet", i.symbol, i.name)
            }
            None => format!("Not counted: the position in instrument {id}, which has no price yet"),
        },
        Missing::Instrument(id) => {
            format!("Not counted: a position in instrument {id}, which is not in the catalogue any more")
        }
        Missing::Rate(currency) => {
            let base = desk.settings().base_currency;
            format!("Not in the total: {currency}, which has no exchange rate to {base} yet")
        }
    }
}
