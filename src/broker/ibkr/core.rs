//! One session at Interactive Brokers, without a socket and without a clock.
//!
//! What the engine asks becomes [`Call`]s to TWS, and what TWS says becomes [`BrokerEvent`]s. The parts
//! each know one thing (orders, executions, accounts, books, quotes, bars, the state of the line); this
//! brings them together. Invariants:
//!
//! - Nothing is sent before the books were told, and nothing is ever sent twice.
//! - A session is one connection. What breaks it ends it; the next begins with the books.
//! - Quotes are called alive only while TWS answers and no link behind it is known to be down.

mod came;
mod requests;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ibapi::market_data::historical::WhatToShow;
use jiff::tz::TimeZone;

pub(super) use came::Came;

use super::accounts::Accounts;
use super::books::{Answer, Part, Round};
use super::connection::{Banner, Beat, Pulse};
use super::depth::Depths;
use super::fills::Fills;
use super::history::{Ask, History};
use super::kept::Kept;
use super::lines::{Feed, Lines, Turn};
use super::listed::Listing;
use super::lookup::Lookup;
use super::orders::{Orders, Seat, Wanted};
use super::quotes::Quotes;
use super::roster::Roster;
use super::what_if::WhatIfs;
use crate::broker::contract::{Books, BrokerEvent, BrokerRequest, SessionEnd};
use crate::domain::{AccountId, BrokerId, InstrumentId, Order, OrderId, Position, Time};
use crate::link::{ConnectionState, NoticeLevel};

/// Least time between two readings of the books that nobody asked for.
const BOOKS_PAUSE: Duration = Duration::from_secs(5);
/// How long a stream that TWS says it has kept may stay quiet after an outage.
const PROOF: Duration = Duration::from_secs(30);

/// Something to be done at TWS.
#[derive(Debug, PartialEq)]
pub(super) enum Call {
    /// Ask for a sign of life.
    Beat,
    /// Open the stream of order updates again.
    Orders,
    /// Ask all questions of a reading of the books, at once.
    Read(u32),
    /// Send orders, or a change of one.
    Send(Vec<Wanted>),
    /// Ask what an order would come to.
    WhatIf(Box<Wanted>),
    /// Cancel an order.
    Cancel(OrderId, i32),
    /// Open or close a stream.
    Turn(Turn),
    /// Ask for bars.
    Bars(Ask),
    /// Ask when the data of an instrument begin.
    First(InstrumentId, WhatToShow),
    /// Look for instruments.
    Find(Arc<str>),
    /// Ask for an instrument by its name.
    Describe(Arc<str>),
    /// Ask for the next order number.
    Number,
}

/// What a call has brought about.
#[derive(Debug, Default)]
pub(super) struct Out {
    /// For the engine.
    pub events: Vec<BrokerEvent>,
    /// For TWS.
    pub calls: Vec<Call>,
    /// The session is over.
    pub end: Option<SessionEnd>,
}

/// What a session begins with.
#[derive(Debug)]
pub(super) struct Login {
    /// Who we are.
    pub seat: Seat,
    /// Where TWS is.
    pub address: String,
    /// The accounts that the handshake has named.
    pub accounts: Vec<String>,
    /// The next order number.
    pub next_order: i32,
    /// The zone of times without one.
    pub zone: Option<TimeZone>,
    /// How long a question of the books may take.
    pub books_limit: Duration,
    /// How many streams of trades may be open.
    pub trades_at_once: usize,
    /// What earlier sessions of this run have left.
    pub results: BTreeMap<(AccountId, InstrumentId), Position>,
}

/// A session.
pub(super) struct Core {
    roster: Arc<Roster>,
    /// As it was when the engine asked for something last.
    listing: Arc<Listing>,
    broker: BrokerId,
    address: String,
    zone: Option<TimeZone>,
    books_limit: Duration,
    orders: Orders,
    fills: Fills,
    accounts: Accounts,
    banner: Banner,
    pulse: Pulse,
    quotes: Quotes,
    depths: Depths,
    kept: Kept,
    lines: Lines,
    history: History,
    lookup: Lookup,
    /// What the engine has asked to be described.
    asked: BTreeSet<Arc<str>>,
    what_ifs: WhatIfs,
    round: Option<Round>,
    rounds: u32,
    /// Instruments from this one on have joined since the books were asked for.
    unread_from: InstrumentId,
    /// When the books were asked for last.
    read_at: Time,
    wants_books: bool,
    /// Whether the stream of order updates has ended: a new one is let in when the old is gone.
    lacks_orders: bool,
    is_ready: bool,
    told: Option<(ConnectionState, String)>,
    /// What was asked before the books were there, and can be answered later as well.
    early: Vec<BrokerRequest>,
    /// Streams that have to show by then that they live.
    unproved: Option<(Time, BTreeSet<Feed>)>,
}

impl Core {
    /// A session that has just been let in: asks for the books.
    pub fn begin(login: Login, roster: Arc<Roster>, now: Time, out: &mut Out) -> Self {
        let Login { seat, address, accounts, next_order, zone, books_limit, trades_at_once, results } = login;
        let mut core = Self {
            listing: roster.listing(),
            roster,
            broker: seat.broker,
            address,
            zone,
            books_limit,
            orders: Orders::new(seat, next_order),
            fills: Fills::following(results),
            accounts: Accounts::new(seat.broker, &accounts),
            banner: Banner::default(),
            pulse: Pulse::new(now),
            quotes: Quotes::new(now),
            depths: Depths::default(),
            kept: Kept::default(),
            lines: Lines::new(trades_at_once),
            history: History::default(),
            lookup: Lookup::default(),
            asked: BTreeSet::new(),
            what_ifs: WhatIfs::default(),
            round: None,
            rounds: 0,
            unread_from: InstrumentId(0),
            read_at: now,
            wants_books: false,
            lacks_orders: false,
            is_ready: false,
            told: None,
            early: Vec::new(),
            unproved: None,
        };
        core.read(now, out);
        core
    }

    /// The instruments that this session can name.
    pub fn listing(&self) -> &Listing {
        &self.listing
    }

    /// The accounts of this login.
    pub fn accounts(&self) -> &[AccountId] {
        self.accounts.ids()
    }

    /// What the next session of this run goes on with.
    pub fn results(&self) -> BTreeMap<(AccountId, InstrumentId), Position> {
        self.fills.positions().clone()
    }

    /// Asks for the books.
    fn read(&mut self, now: Time, out: &mut Out) {
        self.listing = self.roster.listing();
        self.unread_from = self.listing.end();
        self.rounds += 1;
        self.read_at = now;
        self.wants_books = false;
        self.round = Some(Round::new(self.rounds, now));
        self.orders.begin_round();
        self.fills.begin_positions();
        out.calls.push(Call::Read(self.rounds));
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time, out: &mut Out) {
        match self.pulse.tick(now) {
            Beat::Wait => {}
            Beat::Ask => out.calls.push(Call::Beat),
            Beat::FellSilent => {
                let reason = "TWS does not answer: it may hang, or show a question in its window".to_owned();
                self.connection(ConnectionState::Silent, reason, out);
            }
            Beat::Lost => {
                let why = format!("TWS at {} does not answer any more", self.address);
                out.end = Some(SessionEnd::Lost(why.into()));
                return;
            }
        }
        if std::mem::take(&mut self.lacks_orders) {
            out.calls.push(Call::Orders);
        }
        self.orders.tick(now, &mut out.events);
        self.fills.tick(now);
        out.events.extend(self.what_ifs.tick(now));
        for turn in self.lines.tick(now) {
            self.turn(turn, out);
        }
        if let Some((_, quiet)) = self.unproved.take_if(|(by, _)| *by <= now) {
            for feed in quiet {
                if let Some(turn) = self.lines.lagged(feed) {
                    self.turn(turn, out);
                }
            }
        }
        self.settle(now, out);
    }

    /// Whatever can be told or asked now is: to be called behind whatever has happened.
    pub fn settle(&mut self, now: Time, out: &mut Out) {
        if let Some(outcome) = self.round.as_mut().and_then(|round| round.outcome(now, self.books_limit)) {
            self.round = None;
            self.tell_books(&outcome, now, out);
        }
        for (fill, position) in self.fills.due(now, &self.listing) {
            self.orders.filled(&fill, now);
            out.events.push(BrokerEvent::Fill { fill, position });
        }
        out.events.extend(self.accounts.changed().into_iter().map(BrokerEvent::Account));
        out.events.extend(self.lines.remarks());
        out.events.extend(self.quotes.flush(now));
        out.events.extend(self.depths.flush(now));
        let (asks, waits) = self.history.next(&self.listing, now);
        out.calls.extend(asks.into_iter().map(Call::Bars));
        let kept = self.history.next_kept(now);
        out.calls.extend(kept.into_iter().map(|key| Call::Turn(Turn::On(Feed::Kept(key)))));
        let first = self.history.first_to_ask(&self.listing, now);
        out.calls.extend(first.map(|(id, what)| Call::First(id, what)));
        out.calls.extend(self.lookup.next(now).map(Call::Find));
        out.events.extend(waits);
        self.wants_books |= self.orders.takes_books();
        self.wants_books |= self.fills.takes_books();
        if self.orders.takes_number() {
            out.calls.push(Call::Number);
        }
        if self.wants_books && self.round.is_none() && now.since(self.read_at) >= BOOKS_PAUSE {
            self.read(now, out);
        }
    }

    fn tell_books(&mut self, outcome: &super::books::Outcome, now: Time, out: &mut Out) {
        if Part::ALL.iter().all(|part| outcome.of(*part) == Answer::Missing) && !self.is_ready {
            let why = outcome.failures.first().map_or("", String::as_str);
            let why = format!("TWS at {} answers none of the questions for the books. {why}", self.address);
            out.end = Some(SessionEnd::Lost(why.into()));
            return;
        }
        let level = NoticeLevel::Error;
        out.events.extend(outcome.failures.iter().map(|why| BrokerEvent::Note(level, why.as_str().into())));
        if let Some(unlisted) = self.fills.unlisted() {
            out.events.push(BrokerEvent::Note(NoticeLevel::Warning, unlisted.into()));
        }
        let (fills, fresh, positions) = self.fills.books(outcome.of(Part::Positions));
        for fill in &fresh {
            self.orders.told_in_books(fill, now);
        }
        // Some of the answers came before an instrument joined that others name already.
        let is_read = |instrument: InstrumentId| instrument < self.unread_from;
        let is_told = |account: &AccountId, instrument| self.accounts.has(account) && is_read(instrument);
        let is_order = |order: &Order| is_told(&order.account, order.spec.instrument);
        let books = Books {
            orders: self.orders.books(outcome.of(Part::Open), is_order, now),
            are_final: false,
            lacks_orders: outcome.of(Part::Open) == Answer::Missing,
            lacks_positions: outcome.of(Part::Positions) == Answer::Missing,
            fills: fills.into_iter().filter(|fill| is_told(&fill.account, fill.instrument)).collect(),
            positions: positions.into_iter().filter(|held| is_told(&held.account, held.instrument)).collect(),
            accounts: self.accounts.books(),
            commissions: Vec::new(),
            unread_from: Some(self.unread_from),
        };
        out.events.push(BrokerEvent::Books(Arc::new(books)));
        if !std::mem::replace(&mut self.is_ready, true) {
            self.tell_state(out);
            for request in std::mem::take(&mut self.early) {
                self.request(request, now, out);
            }
            self.ask_for_the_missing(out);
        }
        self.wants_books |= outcome.is_wanted_again;
        if outcome.is_wanted_again {
            self.read_at = now - BOOKS_PAUSE;
        }
    }

    /// How the connection stands, as far as its links tell.
    fn tell_state(&mut self, out: &mut Out) {
        if !self.is_ready || self.pulse.is_silent() {
            return;
        }
        let (state, reason) = self.banner.state();
        let reason = format!("{reason}, {}. TWS is at {}", self.accounts.kind().label(), self.address);
        self.connection(state, reason, out);
    }

    fn connection(&mut self, state: ConnectionState, reason: String, out: &mut Out) {
        if self.told.as_ref().is_some_and(|(told, why)| *told == state && *why == reason) {
            return;
        }
        self.told = Some((state, reason.clone()));
        out.events.push(BrokerEvent::Connection { state, reason: reason.into() });
    }

    /// Opens or closes a stream, and forgets what it had brought.
    fn turn(&mut self, turn: Turn, out: &mut Out) {
        match turn {
            Turn::On(Feed::Quotes(id)) => self.quotes.begin(id, &self.listing),
            Turn::On(Feed::Depth(id)) => self.depths.begin(id),
            Turn::Off(Feed::Quotes(id)) => self.quotes.end(id),
            Turn::Off(Feed::Depth(id)) => self.depths.end(id),
            Turn::On(Feed::Trades(id)) | Turn::Off(Feed::Trades(id)) => {
                self.quotes.comes_tick_by_tick(id, false);
            }
            Turn::On(Feed::Kept(key)) => {
                self.kept.begin(key, &self.listing);
                if let Some(instrument) = self.listing.instrument(key.instrument) {
                    self.history.keep(key, instrument);
                }
                // It is opened as soon as TWS may be asked.
                return;
            }
            Turn::Off(Feed::Kept(key)) => {
                self.kept.end(key);
                self.history.keep_no_more(key);
            }
        }
        out.calls.push(Call::Turn(turn));
    }

    fn lose(&self, why: String, out: &mut Out) {
        tracing::warn!("{}: {why}", self.address);
        out.end = Some(SessionEnd::Lost(why.into()));
    }
}
