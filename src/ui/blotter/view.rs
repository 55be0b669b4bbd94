//! Which rows of a list are shown, and in which order: what the trader chose, and how it is carried out.
//!
//! The choice is kept with the pane. Rows are found anew when trades or the choice have changed ([`Listed`]), never
//! for a frame's sake. What a filter hides is said beside it, working orders first of all.

use std::cmp::Ordering;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value as Json;

use super::table::{Column, Lean, Sorted};
use crate::desk::Desk;
use crate::domain::{AccountId, Decimal, InstrumentId, OrderId, OrderStatus, Side, Time, counted};
use crate::ui::format;

/// The longest text that is searched for, in characters.
pub(super) const LONGEST: usize = 64;

/// What the trader chose for a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct View {
    sort: Option<Sort>,
    pub filter: Filter,
}

/// A column to sort by, and which way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sort {
    column: String,
    is_descending: bool,
}

/// What is shown of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Filter {
    /// Of the selected instrument alone.
    pub selected_only: bool,
    /// Bought or sold; of positions, long or short.
    pub side: Option<Side>,
    /// Orders alone have one.
    pub status: Group,
    pub account: Option<AccountId>,
    /// Since midnight alone, and what is still alive.
    pub today: bool,
    /// Words that a row has to have, each of them.
    pub search: String,
}

/// Orders by where they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Group {
    #[default]
    All,
    Working,
    Filled,
    Over,
    Troubled,
}

impl Group {
    pub const ALL: [Self; 5] = [Self::All, Self::Working, Self::Filled, Self::Over, Self::Troubled];

    pub fn title(self) -> &'static str {
        match self {
            Self::All => "Every status",
            Self::Working => "Working",
            Self::Filled => "Filled",
            Self::Over => "Cancelled, expired",
            Self::Troubled => "Rejected, unknown",
        }
    }

    /// An order of unknown fate may still work: it is of two groups.
    pub fn has(self, status: OrderStatus) -> bool {
        match self {
            Self::All => true,
            Self::Working => !status.is_final(),
            Self::Filled => status == OrderStatus::Filled,
            Self::Over => matches!(status, OrderStatus::Cancelled | OrderStatus::Expired),
            Self::Troubled => matches!(status, OrderStatus::Rejected | OrderStatus::Unknown),
        }
    }
}

impl Filter {
    /// Whether it hides anything but orders that have ended, which has a control of its own.
    pub fn hides(&self) -> bool {
        let Self { selected_only, side, status, account, today, search } = self;
        let is_wide = matches!(status, Group::All | Group::Working);
        !is_wide
            || *selected_only
            || *today
            || side.is_some()
            || account.is_some()
            || !search.trim().is_empty()
    }

    /// How many choices of the menu hide something.
    pub fn choices(&self) -> usize {
        usize::from(self.selected_only)
            + usize::from(self.side.is_some())
            + usize::from(self.status != Group::All)
            + usize::from(self.account.is_some())
            + usize::from(self.today)
    }
}

impl View {
    /// By which of these columns rows are sorted.
    pub fn sorted(&self, columns: &[Column]) -> Option<Sorted> {
        let Sort { column, is_descending } = self.sort.as_ref()?;
        let known = columns.iter().find(|known| known.key == *column)?;
        Some(Sorted { key: known.key, is_descending: *is_descending })
    }

    /// What a click on a head makes of the order: words from A on and numbers from the largest on, then the other
    /// way round, then the list's own order again.
    pub fn click(&mut self, column: &Column) {
        let is_first = column.lean == Lean::Right;
        let now = self.sort.as_ref().filter(|sort| sort.column == column.key);
        let is_descending = match now.map(|sort| sort.is_descending) {
            None => Some(is_first),
            Some(way) if way == is_first => Some(!is_first),
            Some(_) => None,
        };
        self.sort = is_descending.map(|is_descending| Sort { column: column.key.to_owned(), is_descending });
    }

    /// Sorts by the column after the one that it is sorted by, and by none after the last.
    pub fn sort_on(&mut self, columns: &[Column]) {
        let at = self.sorted(columns).and_then(|sorted| columns.iter().position(|c| c.key == sorted.key));
        self.sort = None;
        if let Some(next) = columns.get(at.map_or(0, |at| at + 1)) {
            self.click(next);
        }
    }

    /// The other way round.
    pub fn turn_round(&mut self) {
        if let Some(sort) = &mut self.sort {
            sort.is_descending = !sort.is_descending;
        }
    }

    /// Whether rows stand as the list has them, all of them but for orders that have ended.
    fn is_plain(&self, columns: &[Column]) -> bool {
        self.sorted(columns).is_none() && !self.filter.hides()
    }
}

/// For what a file may have otherwise than it was written: the default then.
pub(super) fn or_default<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let saved = Json::deserialize(from)?;
    Ok(serde_json::from_value(saved).unwrap_or_else(|error| {
        tracing::warn!("how a list was sorted and filtered could not be read: {error}");
        T::default()
    }))
}

/// What a row is sorted by; all of a column are of one kind.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Value {
    Whole(i128),
    Number(Decimal),
    /// In small letters.
    Text(String),
}

impl Value {
    pub fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase())
    }

    pub fn time(time: Time) -> Self {
        Self::Whole(time.0.into())
    }
}

/// Sorts rows by a value. Equal ones stay as they are, those without one come last, whichever way.
pub(super) fn sort<K>(rows: &mut Vec<K>, is_descending: bool, value: impl Fn(&K) -> Option<Value>) {
    let mut keyed: Vec<(Option<Value>, K)> = rows.drain(..).map(|row| (value(&row), row)).collect();
    keyed.sort_by(|(one, _), (other, _)| compare(one.as_ref(), other.as_ref(), is_descending));
    rows.extend(keyed.into_iter().map(|(_, row)| row));
}

fn compare(one: Option<&Value>, other: Option<&Value>, is_descending: bool) -> Ordering {
    match (one, other) {
        (Some(one), Some(other)) if is_descending => other.cmp(one),
        (Some(one), Some(other)) => one.cmp(other),
        (one, other) => other.is_some().cmp(&one.is_some()),
    }
}

/// A filter, ready to be asked row by row.
pub(super) struct Sieve<'a> {
    filter: &'a Filter,
    instrument: Option<InstrumentId>,
    since: Time,
    words: Vec<String>,
}

impl<'a> Sieve<'a> {
    pub fn new(filter: &'a Filter, desk: &Desk) -> Self {
        let instrument = desk.selected().map(|instrument| instrument.id).filter(|_| filter.selected_only);
        let words = filter.search.split_whitespace().map(str::to_lowercase).collect();
        Self { filter, instrument, since: midnight(desk), words }
    }

    /// Whether it lets through what was traded, on this side, for this account.
    pub fn takes(&self, instrument: InstrumentId, side: Option<Side>, account: &AccountId) -> bool {
        self.instrument.is_none_or(|wanted| wanted == instrument)
            && self.filter.side.is_none_or(|wanted| side == Some(wanted))
            && self.filter.account.as_ref().is_none_or(|wanted| wanted == account)
    }

    /// Whether it lets orders through that stand so.
    pub fn has_status(&self, status: OrderStatus) -> bool {
        self.filter.status.has(status)
    }

    /// Whether it lets through what happened then.
    pub fn is_new_enough(&self, time: Time) -> bool {
        !self.filter.today || time >= self.since
    }

    /// Whether all words stand in a row; `text` makes what is searched in it.
    pub fn finds(&self, text: impl FnOnce() -> String) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let text = text().to_lowercase();
        self.words.iter().all(|word| text.contains(word))
    }
}

/// What is noted of an order, to be searched in.
pub(super) fn noted(order: OrderId, desk: &Desk) -> String {
    desk.note(order).map(|note| note.line()).unwrap_or_default()
}

/// When the day began, by the market's time.
pub(super) fn midnight(desk: &Desk) -> Time {
    let zone = format::zone(desk.settings().time_zone_display, None);
    format::day_start(desk.market_time().unwrap_or(desk.now()), &zone)
}

/// How much of a list is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub shown: usize,
    pub of: usize,
    /// Of what is not shown, how many orders can still trade.
    pub hidden_working: usize,
}

impl Counts {
    /// In words.
    pub fn said(self) -> String {
        let Self { shown, of, hidden_working } = self;
        match hidden_working {
            0 => format!("{shown} of {of}"),
            working => format!("{shown} of {of}, {working} working hidden"),
        }
    }

    /// The same with what one row is called, and what several are.
    pub fn named(self, [one, many]: [&str; 2]) -> String {
        if self.shown == self.of { counted(self.of, one, many) } else { format!("{} {many}", self.said()) }
    }
}

/// The rows of a list as they were found last; none where they stand as the list has them.
#[derive(Debug)]
pub(super) struct Listed<K> {
    /// What they were found from.
    basis: Option<Basis>,
    rows: Option<Vec<K>>,
    pub counts: Counts,
}

#[derive(Debug, PartialEq)]
struct Basis {
    trades: u64,
    view: View,
    selected: Option<InstrumentId>,
    since: Time,
}

impl<K> Default for Listed<K> {
    fn default() -> Self {
        Self { basis: None, rows: None, counts: Counts::default() }
    }
}

impl<K> Listed<K> {
    /// Finds the rows anew where something has changed that they depend on.
    pub fn refresh(
        &mut self,
        desk: &Desk,
        view: &View,
        columns: &[Column],
        find: impl FnOnce(&Sieve<'_>, Option<Sorted>) -> (Vec<K>, Counts),
    ) {
        if view.is_plain(columns) {
            *self = Self::default();
            return;
        }
        let (trades, since) = (desk.trades_revision(), midnight(desk));
        let selected = desk.selected().map(|instrument| instrument.id);
        let is_known = self.basis.as_ref().is_some_and(|basis| {
            (basis.trades, basis.selected, basis.since) == (trades, selected, since) && basis.view == *view
        });
        if !is_known {
            let (rows, counts) = find(&Sieve::new(&view.filter, desk), view.sorted(columns));
            let basis = Basis { trades, view: view.clone(), selected, since };
            *self = Self { basis: Some(basis), rows: Some(rows), counts };
        }
    }

    pub fn rows(&self) -> Option<&[K]> {
        self.rows.as_deref()
    }
}

#[cfg(test)]
mod tests;
