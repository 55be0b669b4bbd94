//! One listed instrument: its grid, book, stops, session and the day's numbers.
//!
//! Everything of one instrument that does not depend on whose order it is. The engine finds
//! a listing by its slot, the position in the exchange's list; only the public functions
//! speak of [`crate::domain::InstrumentId`].

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;

use crate::domain::{
    Depth, Instrument, Level, OrderId, OrderKind, OrderSpec, Price, Qty, Quote, Session, SessionKind, Side,
    Time, TimeInForce, TradingHours,
};
use crate::market::calendar::Calendar;

use super::book::Book;
use super::grid::{Grid, Points, Units};
use super::triggers::Triggers;
use super::{BadExchange, Commission, DayStats};

/// How far ahead a session is looked for in which an order may trade.
const LONGEST_BREAK: Duration = Duration::from_hours(24 * 31);

/// Best bid and ask with their quantities.
pub(super) type Top = (Option<(Points, Units)>, Option<(Points, Units)>);

/// An instrument and everything that happens in it.
pub(super) struct Listing {
    pub(super) instrument: Arc<Instrument>,
    pub(super) grid: Grid,
    pub(super) commission: Commission,
    pub(super) calendar: Calendar,
    pub(super) book: Book,
    pub(super) triggers: Triggers,
    /// Whether it has regular sessions; where all are extended, they count as regular.
    has_regular: bool,
    /// Orders of accounts that wait for a session or for its first quotes, by rank.
    pub(super) waiting: BTreeSet<(u64, OrderId)>,
    /// Triggered stops that found nobody to trade with, by rank.
    pub(super) parked: BTreeSet<(u64, OrderId)>,
    /// The running session; `None` while closed.
    pub(super) session: Option<SessionKind>,
    pub(super) day: Day,
    /// Whether it is on the list of what changed in this call.
    pub(super) touched: bool,
    /// The top as last reported.
    pub(super) top: Top,
    /// When book or day last changed.
    pub(super) changed: Time,
}

/// The numbers of the trading day.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) date: Option<Date>,
    pub(super) open: Option<Points>,
    pub(super) high: Option<Points>,
    pub(super) low: Option<Points>,
    pub(super) last: Option<Points>,
    pub(super) last_units: Units,
    /// Last price of a regular session, which becomes the previous close.
    pub(super) close: Option<Points>,
    pub(super) prev_close: Option<Points>,
    pub(super) volume: i128,
}

impl Day {
    /// Counts a print. Open, high, low and close are the regular session's.
    pub(super) fn print(&mut self, at: Points, units: Units, session: Option<SessionKind>) {
        self.last = Some(at);
        self.last_units = units;
        self.volume += i128::from(units);
        if session == Some(SessionKind::Regular) {
            self.close = Some(at);
            self.open.get_or_insert(at);
            self.high = Some(self.high.map_or(at, |high| high.max(at)));
            self.low = Some(self.low.map_or(at, |low| low.min(at)));
        }
    }

    /// Begins `date`, unless it has begun.
    pub(super) fn begin(&mut self, date: Date) {
        if self.date == Some(date) {
            return;
        }
        let prev_close = self.close.or(self.last).or(self.prev_close);
        *self = Self {
            date: Some(date),
            last: self.last,
            last_units: self.last_units,
            prev_close,
            ..Self::default()
        };
    }
}

impl Listing {
    pub(super) fn new(
        instrument: Arc<Instrument>,
        commission: Commission,
        always_open: bool,
    ) -> Result<Self, BadExchange> {
        let grid = Grid::new(&instrument)?;
        let always;
        let hours = if always_open {
            always = TradingHours::always(&instrument.hours.zone);
            &always
        } else {
            &instrument.hours
        };
        let is_regular = |session: &Session| session.kind == SessionKind::Regular;
        let has_regular = hours.is_always() || hours.sessions.iter().any(is_regular);
        let calendar = Calendar::new(hours).map_err(|error| BadExchange::Instrument {
            symbol: instrument.symbol.clone(),
            field: "trading hours",
            value: error.to_string(),
        })?;
        Ok(Self {
            instrument,
            grid,
            commission,
            calendar,
            has_regular,
            book: Book::new(),
            triggers: Triggers::default(),
            waiting: BTreeSet::new(),
            parked: BTreeSet::new(),
            session: None,
            day: Day::default(),
            touched: false,
            top: (None, None),
            changed: Time::default(),
        })
    }

    /// Whether it is in its main trading: stops trigger and follow only then.
    pub(super) fn is_regular(&self) -> bool {
        self.session.is_some_and(|kind| self.is_main(kind))
    }

    fn is_main(&self, session: SessionKind) -> bool {
        session == SessionKind::Regular || !self.has_regular
    }

    /// Whether an order may trade in a session of this kind: a DAY order in regular ones only,
    /// unless it cannot wait.
    fn admits(&self, spec: &OrderSpec, session: SessionKind) -> bool {
        let can_wait = !matches!(spec.kind, OrderKind::Market);
        self.is_main(session) || spec.tif != TimeInForce::Day || !can_wait
    }

    /// Whether an order may trade now.
    pub(super) fn admits_now(&self, spec: &OrderSpec) -> bool {
        self.session.is_some_and(|kind| self.admits(spec, kind))
    }

    /// When the next session opens in which an order may trade.
    pub(super) fn next_entry(&self, spec: &OrderSpec, now: Time) -> Option<Time> {
        let first = self.calendar.next_open(now);
        let spans = std::iter::successors(first, |span| self.calendar.next_open(span.open));
        let mut near = spans.take_while(|span| span.open < now + LONGEST_BREAK);
        near.find(|span| self.admits(spec, span.kind)).map(|span| span.open)
    }

    pub(super) fn best(&self) -> Top {
        (self.book.best(Side::Buy), self.book.best(Side::Sell))
    }

    pub(super) fn level(&self, best: Option<(Points, Units)>) -> Option<(Price, Qty)> {
        best.map(|(at, units)| (self.grid.price(at), self.grid.quantity(units)))
    }

    /// The price at which positions are valued: last trade, else previous close. Never the
    /// middle of the book, which an account could move with an order of its own.
    pub(super) fn mark(&self) -> Option<Price> {
        self.day.last.or(self.day.prev_close).map(|at| self.grid.price(at))
    }

    pub(super) fn quote(&self) -> Quote {
        let (bid, ask) = self.best();
        let (bid, ask) = (self.level(bid), self.level(ask));
        let price = |at: Option<Points>| at.map(|at| self.grid.price(at));
        let day = &self.day;
        Quote {
            bid: bid.map(|(price, _)| price),
            bid_size: bid.map_or(Qty::ZERO, |(_, size)| size),
            ask: ask.map(|(price, _)| price),
            ask_size: ask.map_or(Qty::ZERO, |(_, size)| size),
            last: price(day.last),
            last_size: self.grid.quantity(day.last_units),
            volume: self.grid.total(day.volume),
            prev_close: price(day.prev_close),
            open: price(day.open),
            high: price(day.high),
            low: price(day.low),
            is_open: self.session.is_some(),
            time: self.changed,
        }
    }

    pub(super) fn depth(&self, levels: usize) -> Depth {
        let side = |side| {
            let views = self.book.levels(side).take(levels);
            let level = |view: super::book::LevelView| Level {
                price: self.grid.price(view.at),
                quantity: self.grid.quantity(view.units),
                orders: view.orders,
            };
            views.map(level).collect()
        };
        Depth { bids: side(Side::Buy), asks: side(Side::Sell), time: self.changed }
    }

    pub(super) fn set_stats(&mut self, stats: &DayStats) {
        let points = |price: Option<Price>| price.and_then(|p| self.grid.nearest(&self.instrument, p));
        let (open, high, low, last) =
            (points(stats.open), points(stats.high), points(stats.low), points(stats.last));
        let day = &mut self.day;
        (day.open, day.high, day.low, day.last) = (open, high, low, last);
        day.close = last;
        day.volume = self.grid.units(stats.volume);
    }
}
