//! The exchange's end of the wire: a [`PaperVenue`] behind connections.
//!
//! [`ServerCore`] reads no clock and opens no socket: it is told which bytes came when, and says
//! which bytes go where. `pitdesk exchange` runs it on sockets, the simulation on a faulty wire.
//!
//! - One client at a time has the account. Another one that knows the token takes over, and the
//!   first is told so before its connection is closed.
//! - Of whom nothing was heard for [`SILENCE`] is gone, whatever his socket says.
//! - What the client may know must be safe first: [`ServerCore::unsaved`] is to be put on the
//!   disk before the [`Effect`]s of the same call are carried out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub use super::ids::IdSet;
use super::record::Record;
pub use super::record::{Change, Saved};
use super::venue::{Ask, PaperVenue};
use super::wire::frame::{Inbound, LONGEST, Outbound};
use super::wire::{
    BarLine, BarsPart, BooksPart, Farewell, FromExchange, Hello, LONGEST_REQUEST, PART, Refusal, ToExchange,
    VERSION, fingerprint,
};
use crate::broker::contract::{Books, BrokerEvent, HistoryBars, HistoryRequest, Watch};
use crate::domain::Time;
use crate::exchange::Amend;

/// How long a client may say nothing; it says something every second.
pub const SILENCE: Duration = Duration::from_secs(5);
/// Longest frame of somebody who is not let in yet.
const LONGEST_HELLO: usize = 4_096;
/// Most bars that are told at once.
pub const MOST_BARS: usize = 1_000_000;
/// Between these instants bars are told: what is beyond cannot be reckoned with by a calendar.
const BARS_BETWEEN: (Time, Time) = (Time::from_seconds(0), Time::from_seconds(7_000_000_000));

/// A connection, as whoever holds the sockets names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What is to be done to a connection, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send these bytes.
    Send(ConnId, Vec<u8>),
    /// Close it, once everything was sent. It is not told as closed again.
    Close(ConnId),
}

#[derive(Debug)]
struct Connection {
    inbound: Inbound,
    outbound: Outbound,
    heard: Time,
}

/// The exchange and its connections.
pub struct ServerCore {
    venue: PaperVenue,
    token: String,
    catalogue: u32,
    connections: BTreeMap<ConnId, Connection>,
    /// Who has the account.
    client: Option<ConnId>,
    record: Record,
    events: Vec<BrokerEvent>,
}

impl ServerCore {
    /// Opens `venue`, with what an earlier exchange has saved, for whoever knows `token`.
    #[must_use]
    pub fn new(mut venue: PaperVenue, token: &str, saved: Option<Saved>, now: Time) -> Self {
        let (record, _as_saved) = Record::begin(&mut venue, &saved.unwrap_or_default(), now);
        let catalogue = fingerprint(venue.instruments());
        let mut core = Self {
            venue,
            token: token.to_owned(),
            catalogue,
            connections: BTreeMap::new(),
            client: None,
            record,
            events: Vec::new(),
        };
        // What the restore itself has brought about (an order whose time ran out) is news.
        core.advance(now, &mut Vec::new());
        core
    }

    /// A connection was made.
    pub fn accept(&mut self, conn: ConnId, now: Time) {
        let inbound = Inbound::new(LONGEST_HELLO);
        let connection = Connection { inbound, outbound: Outbound::new(LONGEST), heard: now };
        self.connections.insert(conn, connection);
    }

    /// Bytes came.
    pub fn received(&mut self, conn: ConnId, bytes: &[u8], now: Time, out: &mut Vec<Effect>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.heard = now;
        connection.inbound.push(bytes);
        // It may be closed by what it says.
        while let Some(connection) = self.connections.get_mut(&conn) {
            match connection.inbound.next_message() {
                Ok(Some(message)) => self.take(conn, message, now, out),
                Ok(None) => return,
                Err(error) => self.part(conn, Farewell::Unreadable(error.to_string()), out),
            }
        }
    }

    /// A connection was closed by the other side, or is broken.
    pub fn closed(&mut self, conn: ConnId) {
        self.connections.remove(&conn);
        if self.client == Some(conn) {
            self.client = None;
            self.venue.disconnect();
        }
    }

    /// Lets time pass until `now`.
    pub fn advance(&mut self, now: Time, out: &mut Vec<Effect>) {
        let silent = self.connections.iter().filter(|(_, c)| now.since(c.heard) > SILENCE);
        for conn in silent.map(|(conn, _)| *conn).collect::<Vec<_>>() {
            self.part(conn, Farewell::Silent, out);
        }
        self.venue.advance(now, &mut self.events);
        self.tell(out);
    }

    /// When there is something to do next, if nothing comes before.
    #[must_use]
    pub fn next_time(&self, now: Time) -> Time {
        let market = self.venue.next_time(now);
        self.connections.values().map(|c| c.heard + SILENCE).fold(market, Time::min)
    }

    /// Says goodbye to everybody.
    pub fn shut_down(&mut self, out: &mut Vec<Effect>) {
        for conn in self.connections.keys().copied().collect::<Vec<_>>() {
            self.part(conn, Farewell::ShuttingDown, out);
        }
    }

    /// What has changed since the last call, to be on the disk before any [`Effect`] that came
    /// since is carried out; `None` where nothing has.
    pub fn unsaved(&mut self) -> Option<Change> {
        self.record.unsaved(&self.venue)
    }

    /// All that must outlive this exchange, for [`Self::new`] of the next.
    #[must_use]
    pub fn snapshot(&self) -> Saved {
        self.record.snapshot(&self.venue)
    }

    /// The exchange itself.
    #[must_use]
    pub fn venue(&self) -> &PaperVenue {
        &self.venue
    }

    fn take(&mut self, conn: ConnId, message: ToExchange, now: Time, out: &mut Vec<Effect>) {
        match message {
            ToExchange::Hello(hello) if self.client != Some(conn) => self.greet(conn, &hello, now, out),
            ToExchange::Goodbye => self.part(conn, Farewell::Asked, out),
            _ if self.client != Some(conn) => self.part(conn, unexpected("it has not said who it is"), out),
            ToExchange::Hello(_) => self.part(conn, unexpected("it has said who it is before"), out),
            ToExchange::Heartbeat => {}
            ToExchange::Place(orders) => self.ask(Ask::Place(orders), now, out),
            ToExchange::Amend { order, quantity, limit, stop } => {
                self.ask(Ask::Amend(order, Amend { quantity, limit, stop }), now, out);
            }
            ToExchange::Cancel(order) => self.ask(Ask::Cancel(order), now, out),
            ToExchange::Books => self.ask(Ask::Books, now, out),
            ToExchange::CancelAll => self.ask(Ask::CancelAll, now, out),
            ToExchange::Watch { quotes, depth } => {
                self.ask(Ask::Watch(Watch { quotes, depth, ..Watch::default() }), now, out);
            }
            ToExchange::History(wanted) => {
                let asked = HistoryRequest::from(wanted);
                let before = asked.before.clamp(BARS_BETWEEN.0, BARS_BETWEEN.1);
                let within = HistoryRequest { before, count: asked.count.min(MOST_BARS), ..asked };
                self.venue.ask(Ask::History(within), now, &mut self.events);
                // The answer is to what was asked, whatever could be made of it.
                for event in &mut self.events {
                    if let BrokerEvent::History(bars) = event {
                        bars.request = asked;
                    }
                }
                self.tell(out);
            }
        }
    }

    fn greet(&mut self, conn: ConnId, hello: &Hello, now: Time, out: &mut Vec<Effect>) {
        if let Err(refusal) = self.check(hello) {
            tracing::warn!("a client is not let in: {refusal}");
            self.say(conn, &FromExchange::Refused(refusal), out);
            return self.close(conn, out);
        }
        if let Some(before) = self.client {
            self.part(before, Farewell::TakenOver, out);
        }
        // What happened until now is in the books.
        self.advance(now, out);
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.inbound.allow(LONGEST_REQUEST);
        self.client = Some(conn);
        self.record.session += 1;
        self.record.touch();
        let (session, event) = (self.record.session, self.record.event);
        tracing::info!("session {session} begins; its client has seen event {} of {event}", hello.last_event);
        self.say(conn, &FromExchange::Welcome { version: VERSION, session, event }, out);
        self.venue.connect(&mut self.events);
        self.tell(out);
    }

    fn check(&self, hello: &Hello) -> Result<(), Refusal> {
        if hello.version != VERSION {
            return Err(Refusal::Version(VERSION));
        }
        if !is_same_secret(&hello.token, &self.token) {
            return Err(Refusal::Token);
        }
        if hello.account != *self.venue.account_id() {
            return Err(Refusal::Account(self.venue.account_id().clone()));
        }
        if hello.catalogue != self.catalogue {
            return Err(Refusal::Catalogue);
        }
        Ok(())
    }

    fn ask(&mut self, ask: Ask, now: Time, out: &mut Vec<Effect>) {
        if !matches!(ask, Ask::Books | Ask::Watch(_) | Ask::History(_)) {
            self.record.touch();
        }
        self.venue.ask(ask, now, &mut self.events);
        self.tell(out);
    }

    /// Says what has happened to whoever has the account. What nobody hears counts as well.
    fn tell(&mut self, out: &mut Vec<Effect>) {
        for event in std::mem::take(&mut self.events) {
            let messages = match event {
                BrokerEvent::Report(report) => {
                    vec![FromExchange::Report { event: self.count(), report: report.into() }]
                }
                BrokerEvent::Fill { fill, position } => {
                    vec![FromExchange::Fill { event: self.count(), fill, position }]
                }
                BrokerEvent::Account(account) => vec![FromExchange::Account(Arc::unwrap_or_clone(account))],
                BrokerEvent::Market { events, .. } if self.client.is_some() => {
                    let parts = in_parts(events).into_iter();
                    parts
                        .map(|part| FromExchange::Market(part.into_iter().map(Into::into).collect()))
                        .collect()
                }
                BrokerEvent::Alive { .. } => vec![FromExchange::Alive],
                BrokerEvent::History(bars) => bars_in_parts(&bars),
                BrokerEvent::BarsChanged => vec![FromExchange::BarsChanged],
                BrokerEvent::Books(books) => books_in_parts(Arc::unwrap_or_clone(books)),
                BrokerEvent::Connection { reason, .. } => vec![FromExchange::Ready { market: reason }],
                BrokerEvent::Market { .. }
                | BrokerEvent::OnWire { .. }
                | BrokerEvent::Unsent { .. }
                | BrokerEvent::Charged { .. }
                | BrokerEvent::Found { .. }
                | BrokerEvent::Remark { .. }
                | BrokerEvent::BarsWait { .. }
                | BrokerEvent::BarSoFar { .. }
                | BrokerEvent::BarsMissed(_)
                | BrokerEvent::Impact { .. }
                | BrokerEvent::Described { .. }
                | BrokerEvent::Note(..)
                | BrokerEvent::Ended { .. } => Vec::new(),
            };
            for message in messages {
                if let Some(client) = self.client {
                    self.say(client, &message, out);
                }
            }
        }
    }

    /// The number of one more event of the account.
    fn count(&mut self) -> u64 {
        self.record.touch();
        self.record.event += 1;
        self.record.event
    }

    fn say(&mut self, conn: ConnId, message: &FromExchange, out: &mut Vec<Effect>) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let framed = match out.last_mut() {
            Some(Effect::Send(to, bytes)) if *to == conn => connection.outbound.frame(message, bytes),
            _ => {
                let mut bytes = Vec::new();
                let framed = connection.outbound.frame(message, &mut bytes);
                out.push(Effect::Send(conn, bytes));
                framed
            }
        };
        if let Err(error) = framed {
            // Parts are far below the limit; but a client must not miss anything unknowingly.
            tracing::error!("a message cannot be sent: {error}");
            self.close(conn, out);
        }
    }

    fn part(&mut self, conn: ConnId, why: Farewell, out: &mut Vec<Effect>) {
        tracing::info!("connection {} ends: {why}", conn.0);
        self.say(conn, &FromExchange::Goodbye(why), out);
        self.close(conn, out);
    }

    fn close(&mut self, conn: ConnId, out: &mut Vec<Effect>) {
        self.closed(conn);
        out.push(Effect::Close(conn));
    }
}

fn unexpected(what: &str) -> Farewell {
    Farewell::Unreadable(what.to_owned())
}

/// Whether two texts are the same secret. Takes the same time wherever the first difference is.
#[must_use]
pub fn is_same_secret(one: &str, other: &str) -> bool {
    let differences = one.bytes().zip(other.bytes()).fold(0, |all, (a, b)| all | (a ^ b));
    !other.is_empty() && one.len() == other.len() && differences == 0
}

fn in_parts<T>(mut items: Vec<T>) -> Vec<Vec<T>> {
    let mut parts = Vec::with_capacity(items.len() / PART + 1);
    while items.len() > PART {
        let rest = items.split_off(PART);
        parts.push(std::mem::replace(&mut items, rest));
    }
    parts.push(items);
    parts
}

fn books_in_parts(books: Books) -> Vec<FromExchange> {
    // Their end is for a session that takes nothing from an earlier one: they are final.
    let Books { orders, fills, positions, accounts, commissions, .. } = books;
    let accounts = accounts.into_iter().map(Arc::unwrap_or_clone).collect();
    let first = BooksPart { positions, accounts, commissions, ..BooksPart::default() };
    let orders = in_parts(orders).into_iter().map(|orders| BooksPart { orders, ..BooksPart::default() });
    let fills = in_parts(fills).into_iter().map(|fills| BooksPart { fills, ..BooksPart::default() });
    let parts = std::iter::once(first).chain(orders).chain(fills).map(FromExchange::Books);
    parts.chain([FromExchange::BooksEnd]).collect()
}

fn bars_in_parts(bars: &HistoryBars) -> Vec<FromExchange> {
    let parts = in_parts(bars.bars.iter().map(BarLine::from).collect());
    let last = parts.len() - 1;
    let part = |(at, lines)| BarsPart {
        wanted: bars.request.into(),
        bars: lines,
        forming: bars.forming.filter(|_| at == last).map(BarLine::from),
        more: at < last,
    };
    parts.into_iter().enumerate().map(part).map(FromExchange::History).collect()
}
