//! A line of the watchlist: which instrument, its texts, and what just moved.
//!
//! The texts are made when the quote has changed, not once a frame. What is saved of a
//! row is its key alone. A row may be a heading instead: a name over the rows below it.

use std::cmp::Ordering;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::desk::{Desk, QuoteView};
use crate::domain::{Instrument, InstrumentId, Quote, Time};
use crate::ui::format;

/// How long a price that moved is marked.
const FLASH: Duration = Duration::from_millis(350);

/// One instrument of the list, or a heading.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(from = "Saved", into = "Saved")]
pub(super) struct Row {
    /// Of a heading, its name.
    key: String,
    is_heading: bool,
    /// Whether the rows below this heading are hidden.
    pub is_folded: bool,
    /// Where the catalogue had it last; checked before it is used.
    id: Option<InstrumentId>,
    quote: Option<Quote>,
    /// What the columns show.
    pub cells: Cells,
    flash: Option<Flash>,
    drawn_in: u64,
}

/// A row in a file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Saved {
    Key(String),
    Heading {
        heading: String,
        #[serde(default)]
        is_folded: bool,
    },
}

/// A mark behind a price that moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Flash {
    way: Ordering,
    since: Time,
}

/// The numbers of a row as texts; empty where there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cells {
    pub last: String,
    pub change: String,
    pub percent: String,
    pub bid: String,
    pub bid_size: String,
    pub ask: String,
    pub ask_size: String,
    pub volume: String,
    pub low: String,
    pub high: String,
    /// Where the last price stands between the low and the high of the day, in thousandths.
    pub place: Option<u16>,
    /// Which way the day's change goes.
    pub trend: Option<Ordering>,
}

impl From<String> for Row {
    fn from(key: String) -> Self {
        let cells = Cells::default();
        Self {
            key,
            is_heading: false,
            is_folded: false,
            id: None,
            quote: None,
            cells,
            flash: None,
            drawn_in: 0,
        }
    }
}

impl From<Saved> for Row {
    fn from(saved: Saved) -> Self {
        match saved {
            Saved::Key(key) => Self::from(key),
            Saved::Heading { heading, is_folded } => Self { is_folded, ..Self::heading(heading) },
        }
    }
}

impl From<Row> for Saved {
    fn from(row: Row) -> Self {
        match row {
            Row { is_heading: true, key, is_folded, .. } => Self::Heading { heading: key, is_folded },
            Row { key, .. } => Self::Key(key),
        }
    }
}

impl Row {
    /// A heading of this name.
    pub fn heading(name: String) -> Self {
        Self { is_heading: true, ..Self::from(name) }
    }

    pub fn is_heading(&self) -> bool {
        self.is_heading
    }

    /// Gives a heading another name.
    pub fn rename(&mut self, name: String) {
        debug_assert!(self.is_heading, "instruments have the name that they have");
        self.key = name;
    }

    /// The key of its instrument; a heading has none.
    pub fn key(&self) -> Option<&str> {
        (!self.is_heading).then_some(&*self.key)
    }

    /// What tells it to a reader: its key, or the name of a heading.
    pub fn title(&self) -> &str {
        &self.key
    }

    /// The symbol, from the key: there for instruments that are not listed too. Of a heading, its name.
    pub fn symbol(&self) -> &str {
        if self.is_heading {
            return &self.key;
        }
        self.key.rsplit_once('@').map_or(&*self.key, |(symbol, _)| symbol)
    }

    /// The venue, from the key.
    pub fn venue(&self) -> &str {
        self.key.rsplit_once('@').map_or("", |(_, venue)| venue)
    }

    /// Its instrument, where the catalogue has it.
    pub fn instrument<'d>(&mut self, desk: &'d Desk) -> Option<&'d Arc<Instrument>> {
        let key = self.key()?;
        let known = self.id.and_then(|id| desk.instrument(id)).filter(|i| i.has_key(key));
        let found = known.or_else(|| desk.instrument_by_key(key));
        self.id = found.map(|instrument| instrument.id);
        found
    }

    /// The id that [`Self::instrument`] found last.
    pub fn id(&self) -> Option<InstrumentId> {
        self.id
    }

    /// Takes over the newest quote. `pass` counts the drawings of the list: only a price
    /// that moved before the trader's eyes is marked.
    pub fn update(&mut self, instrument: &Instrument, view: Option<QuoteView<'_>>, now: Time, pass: u64) {
        let was_in_sight = std::mem::replace(&mut self.drawn_in, pass) + 1 >= pass;
        let quote = view.map(|view| *view.quote);
        if quote == self.quote {
            return;
        }
        let moved = |old: &Quote, new: &Quote| Some(new.last?.cmp(&old.last?));
        let way = self.quote.as_ref().zip(quote.as_ref()).and_then(|(old, new)| moved(old, new));
        let is_news = was_in_sight && view.is_some_and(|view| view.age <= FLASH);
        if let Some(way) = way.filter(|way| *way != Ordering::Equal && is_news) {
            self.flash = Some(Flash { way, since: now });
        }
        self.cells = quote.map_or_else(Cells::default, |quote| Cells::of(&quote, instrument));
        self.quote = quote;
    }

    /// Which way the last price just moved, and for how long that is still to be marked.
    pub fn flash(&mut self, now: Time) -> Option<(Ordering, Duration)> {
        let left = self.flash.and_then(|flash| FLASH.checked_sub(now.since(flash.since)));
        if left.is_none_or(|left| left.is_zero()) {
            self.flash = None;
        }
        Some((self.flash?.way, left?))
    }
}

impl Cells {
    fn of(quote: &Quote, instrument: &Instrument) -> Self {
        let decimals = instrument.ticks.decimals();
        let price = |price: Option<_>| price.map(|p| format::price(p, instrument)).unwrap_or_default();
        let change = quote.change();
        Self {
            last: price(quote.last),
            change: change.map(|change| format::signed(change, decimals)).unwrap_or_default(),
            percent: quote
                .change_percent()
                .map(|percent| format!("{}%", format::signed(percent, 2)))
                .unwrap_or_default(),
            bid: price(quote.bid),
            bid_size: quote.bid.map(|_| format::size(quote.bid_size)).unwrap_or_default(),
            ask: price(quote.ask),
            ask_size: quote.ask.map(|_| format::size(quote.ask_size)).unwrap_or_default(),
            volume: format::size(quote.volume),
            low: price(quote.low),
            high: price(quote.high),
            place: place(quote),
            trend: change.map(|change| change.cmp(&crate::domain::Decimal::ZERO)),
        }
    }

    /// As one sentence, for those who hear the screen; with the day's range where that is shown.
    pub fn spoken(&self, has_range: bool) -> String {
        let part = |name: &str, value: &str, more: &str| match value {
            "" => String::new(),
            value => format!(", {name} {value}{more}"),
        };
        let size = |size: &str| if size.is_empty() { String::new() } else { format!(" × {size}") };
        [
            part("last", &self.last, ""),
            part("change", &self.change, &format!(" {}", self.percent)),
            part("bid", &self.bid, &size(&self.bid_size)),
            part("ask", &self.ask, &size(&self.ask_size)),
            part("volume", &self.volume, ""),
            if has_range { part("low", &self.low, &format!(", high {}", self.high)) } else { String::new() },
        ]
        .concat()
    }
}

/// Where the last price stands between low and high, in thousandths; none where they do not agree.
fn place(quote: &Quote) -> Option<u16> {
    let (low, last, high) = (quote.low?.to_f64(), quote.last?.to_f64(), quote.high?.to_f64());
    let is_sound = low < high && (low..=high).contains(&last);
    is_sound.then(|| ((last - low) / (high - low) * 1_000.0).round() as u16)
}
