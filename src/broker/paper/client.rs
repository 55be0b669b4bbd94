//! The program's end of the wire: what the engine asks becomes bytes, and bytes become what the
//! engine is told.
//!
//! [`ClientCore`] is one connection, without a clock and without a socket. It is the only code
//! that makes bytes of an [`crate::risk::ApprovedOrder`]. Invariants:
//!
//! - Nothing is sent before the books have come, and nothing is ever sent twice.
//! - [`BrokerEvent::OnWire`] is told when the last byte of a request was handed over. What was
//!   not handed over when the connection ended cannot have arrived, and is told as refused; what
//!   was may have, and only the next books can say.
//! - A missing event or a damaged byte ends the connection: better no news than wrong ones.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::venue::amend_of;
use super::wire::frame::{Inbound, LONGEST, Outbound};
use super::wire::{
    BarLine, BarsPart, BooksPart, Farewell, FromExchange, Hello, LONGEST_REQUEST, NewOrder, ToExchange,
    VERSION,
};
use crate::broker::contract::{
    Books, BrokerEvent, BrokerRequest, HistoryBars, MarketEvent, Report, ReportKind, Watch,
};
use crate::domain::{Account, AccountId, Bar, BrokerId, OrderId, OrderStatus, Time};
use crate::exchange::Amend;
use crate::link::ConnectionState;
use crate::market::series::Bars;
use crate::risk::ApprovedOrder;

/// How often it says something.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long nothing may be heard of the exchange, which says something every second.
pub const SILENCE: Duration = Duration::from_secs(5);
/// More than any exchange remembers of an account.
const MOST_IN_BOOKS: usize = 1_000_000;

/// Who logs in, and to which place in the engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The broker's place in the registry, which everything that comes is marked with.
    pub broker: BrokerId,
    /// The account.
    pub account: AccountId,
    /// The exchange's secret.
    pub token: String,
    /// [`super::wire::fingerprint`] of the catalogue.
    pub catalogue: u32,
    /// The last event that an earlier connection has seen; zero for none.
    pub last_event: u64,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// As asked.
    Asked,
    /// Another program has the account now, and why that is known: trying again would take it
    /// back, and so on for ever.
    TakenOver(Arc<str>),
    /// Lost, and why, in words for a trader.
    Lost(Arc<str>),
}

/// What a call has brought about.
#[derive(Debug, Default)]
pub struct Out {
    /// To be sent, behind what was to be sent before.
    pub bytes: Vec<u8>,
    /// For the engine.
    pub events: Vec<BrokerEvent>,
    /// The connection is over: to be closed once the bytes were sent.
    pub end: Option<Ending>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Not connected yet.
    Begins,
    /// It has said who it is.
    Greets,
    /// It was let in; the books are coming.
    Reads,
    /// Orders are taken.
    Ready,
    Over,
}

/// What a request was about, until its bytes were handed over.
#[derive(Debug)]
enum About {
    Orders(Vec<OrderId>),
    Amend(OrderId),
    Cancel(OrderId),
    /// What the engine waits for, and asks again when it hears that it was not sent.
    Again(BrokerRequest),
    Other,
}

impl From<&BrokerRequest> for About {
    fn from(request: &BrokerRequest) -> Self {
        match request {
            BrokerRequest::Place(orders) => Self::Orders(orders.iter().map(ApprovedOrder::id).collect()),
            BrokerRequest::Amend(amend) => Self::Amend(amend.id()),
            BrokerRequest::Cancel(order) => Self::Cancel(*order),
            BrokerRequest::CancelAll => Self::Again(BrokerRequest::CancelAll),
            BrokerRequest::Books => Self::Again(BrokerRequest::Books),
            // The next session is told anew what is watched and which bars are wanted.
            _ => Self::Other,
        }
    }
}

/// One connection to an exchange.
#[derive(Debug)]
pub struct ClientCore {
    login: Login,
    phase: Phase,
    inbound: Inbound,
    outbound: Outbound,
    /// Bytes made so far, and how many of them were handed over.
    made: u64,
    handed: u64,
    /// Where the bytes of requests end that were not handed over, oldest first.
    waiting: VecDeque<(u64, About)>,
    heard: Time,
    spoke: Time,
    event: u64,
    books: BooksPart,
    bars: Vec<Bar>,
}

impl ClientCore {
    /// A connection that is about to be made.
    #[must_use]
    pub fn new(login: Login) -> Self {
        Self {
            event: login.last_event,
            login,
            phase: Phase::Begins,
            inbound: Inbound::new(LONGEST),
            outbound: Outbound::new(LONGEST_REQUEST),
            made: 0,
            handed: 0,
            waiting: VecDeque::new(),
            heard: Time::MIN,
            spoke: Time::MIN,
            books: BooksPart::default(),
            bars: Vec::new(),
        }
    }

    /// The connection was made: says who it is.
    pub fn connected(&mut self, now: Time, out: &mut Out) {
        self.phase = Phase::Greets;
        self.heard = now;
        let Login { account, token, catalogue, last_event, .. } = self.login.clone();
        let hello = Hello { version: VERSION, token, account, catalogue, last_event };
        self.say(&ToExchange::Hello(hello), About::Other, now, out);
    }

    /// Whether requests are taken.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// The last event that was seen, for the next [`Login`].
    #[must_use]
    pub fn last_event(&self) -> u64 {
        self.event
    }

    /// When [`Self::tick`] has something to do next.
    #[must_use]
    pub fn next_time(&self) -> Time {
        (self.spoke + HEARTBEAT).min(self.heard + SILENCE)
    }

    /// Sends what the engine asks. (Drills are not the exchange's business.) To
    /// disconnect is possible at any time.
    ///
    /// # Errors
    /// The request, while none are taken: nothing of it was sent.
    pub fn request(&mut self, request: BrokerRequest, now: Time, out: &mut Out) -> Result<(), BrokerRequest> {
        if matches!(request, BrokerRequest::Disconnect) {
            self.disconnect(now, out);
            return Ok(());
        }
        if !self.is_ready() {
            return Err(request);
        }
        let about = About::from(&request);
        let message = match request {
            BrokerRequest::Place(orders) => ToExchange::Place(orders.iter().map(NewOrder::from).collect()),
            BrokerRequest::Amend(amend) => {
                let (order, Amend { quantity, limit, stop }) = (amend.id(), amend_of(&amend));
                ToExchange::Amend { order, quantity, limit, stop }
            }
            BrokerRequest::Cancel(order) => ToExchange::Cancel(order),
            BrokerRequest::CancelAll => ToExchange::CancelAll,
            BrokerRequest::Books => ToExchange::Books,
            BrokerRequest::Watch(Watch { quotes, depth, .. }) => ToExchange::Watch { quotes, depth },
            BrokerRequest::History(request) => ToExchange::History(request.into()),
            BrokerRequest::Find(_)
            | BrokerRequest::WhatIf(..)
            | BrokerRequest::Describe(_)
            | BrokerRequest::Drill(_)
            | BrokerRequest::Disconnect => return Ok(()),
        };
        self.say(&message, about, now, out);
        Ok(())
    }

    fn disconnect(&mut self, now: Time, out: &mut Out) {
        if !matches!(self.phase, Phase::Begins | Phase::Over) {
            self.say(&ToExchange::Goodbye, About::Other, now, out);
        }
        self.phase = Phase::Over;
        let reason = Farewell::Asked.to_string().into();
        out.events.push(BrokerEvent::Connection { state: ConnectionState::Closed, reason });
        out.end = Some(Ending::Asked);
    }

    /// The transport has taken `count` more of the bytes.
    pub fn handed_over(&mut self, count: usize, now: Time, out: &mut Out) {
        self.handed = self.handed.saturating_add(count as u64).min(self.made);
        while let Some((_, about)) = self.waiting.pop_front_if(|(end, _)| *end <= self.handed) {
            let ids = match about {
                About::Orders(ids) => ids,
                About::Amend(id) | About::Cancel(id) => vec![id],
                About::Again(_) | About::Other => Vec::new(),
            };
            out.events.extend(ids.into_iter().map(|order| BrokerEvent::OnWire { order, at: now }));
        }
    }

    /// Bytes came.
    pub fn received(&mut self, bytes: &[u8], now: Time, out: &mut Out) {
        if matches!(self.phase, Phase::Begins | Phase::Over) {
            return;
        }
        self.heard = now;
        self.inbound.push(bytes);
        while self.phase != Phase::Over {
            match self.inbound.next_message() {
                Ok(Some(message)) => self.take(message, now, out),
                Ok(None) => return,
                Err(error) => self.lose(&format!("The connection is not to be trusted: {error}"), now, out),
            }
        }
    }

    /// Time has passed: gives a sign of life, and notices that none comes.
    pub fn tick(&mut self, now: Time, out: &mut Out) {
        if matches!(self.phase, Phase::Begins | Phase::Over) {
            return;
        }
        if now.since(self.heard) > SILENCE {
            let silence = format!("Nothing was heard of the exchange for {} s", SILENCE.as_secs());
            self.lose(&silence, now, out);
        } else if now.since(self.spoke) >= HEARTBEAT && self.phase != Phase::Greets {
            self.say(&ToExchange::Heartbeat, About::Other, now, out);
        }
    }

    /// The connection was closed by the other side, or broke.
    pub fn closed(&mut self, now: Time, out: &mut Out) {
        if self.phase != Phase::Over {
            self.lose("The connection to the exchange was lost", now, out);
        }
    }

    fn take(&mut self, message: FromExchange, now: Time, out: &mut Out) {
        match (self.phase, message) {
            (_, FromExchange::Refused(refusal)) => self.lose(&refusal.to_string(), now, out),
            (_, FromExchange::Goodbye(Farewell::TakenOver)) => {
                let why = Arc::from(Farewell::TakenOver.to_string());
                self.end(Ending::TakenOver(why), now, out);
            }
            (_, FromExchange::Goodbye(why)) => self.lose(&why.to_string(), now, out),
            (Phase::Greets, FromExchange::Welcome { session, event, .. }) => {
                tracing::info!("session {session}: {event} events so far, {} seen", self.event);
                self.event = event;
                self.phase = Phase::Reads;
            }
            (Phase::Reads | Phase::Ready, FromExchange::Books(part)) => self.add_books(part, now, out),
            // Of the first books `Ready` is the word.
            (Phase::Reads, FromExchange::BooksEnd) => {}
            (Phase::Ready, FromExchange::BooksEnd) => self.tell_books(out),
            (Phase::Reads, FromExchange::Ready { market }) => self.begin(market, out),
            (Phase::Ready, FromExchange::Report { event, report }) => {
                if self.is_next(event, now, out) {
                    out.events.push(BrokerEvent::Report(report.into()));
                }
            }
            (Phase::Ready, FromExchange::Fill { event, fill, position }) => {
                if self.is_next(event, now, out) {
                    out.events.push(BrokerEvent::Fill { fill, position });
                }
            }
            (Phase::Ready, FromExchange::Account(account)) => {
                out.events.push(BrokerEvent::Account(self.own(account)));
            }
            (Phase::Ready, FromExchange::Market(lines)) => {
                let events = lines.into_iter().map(MarketEvent::from).collect();
                out.events.push(BrokerEvent::Market { received: now, events });
            }
            (Phase::Ready, FromExchange::Alive) => out.events.push(BrokerEvent::Alive { received: now }),
            (Phase::Ready, FromExchange::History(part)) => self.add_bars(part, now, out),
            (Phase::Ready, FromExchange::BarsChanged) => out.events.push(BrokerEvent::BarsChanged),
            (phase, message) => {
                tracing::error!("in {phase:?} came {message:?}");
                self.lose("The exchange does not keep to the protocol", now, out);
            }
        }
    }

    /// Whether this is the account's next event; one that was seen before is passed over.
    fn is_next(&mut self, event: u64, now: Time, out: &mut Out) -> bool {
        let expected = self.event.saturating_add(1);
        if event > expected {
            let missing = format!("Event {expected} of the account is missing, {event} came instead");
            self.lose(&missing, now, out);
        }
        let is_next = event == expected;
        if is_next {
            self.event = event;
        }
        is_next
    }

    fn add_books(&mut self, part: BooksPart, now: Time, out: &mut Out) {
        let BooksPart { orders, fills, positions, accounts, commissions } = part;
        self.books.orders.extend(orders);
        self.books.fills.extend(fills);
        self.books.positions.extend(positions);
        self.books.accounts.extend(accounts);
        self.books.commissions.extend(commissions);
        let BooksPart { orders, fills, positions, accounts, commissions } = &self.books;
        let count = orders.len() + fills.len() + positions.len() + accounts.len() + commissions.len();
        if count > MOST_IN_BOOKS {
            self.lose("The exchange's books do not end", now, out);
        }
    }

    fn begin(&mut self, market: Arc<str>, out: &mut Out) {
        self.phase = Phase::Ready;
        self.tell_books(out);
        let is_poorer = self.event < self.login.last_event;
        let reason = if is_poorer {
            let (knows, seen) = (self.event, self.login.last_event);
            tracing::error!("the exchange knows {knows} events and had told {seen}");
            format!("{market}. The exchange has forgotten what it had confirmed: compare your positions")
                .into()
        } else {
            market
        };
        out.events.push(BrokerEvent::Connection { state: ConnectionState::Ready, reason });
    }

    fn tell_books(&mut self, out: &mut Out) {
        let BooksPart { mut orders, fills, positions, accounts, commissions } =
            std::mem::take(&mut self.books);
        for order in &mut orders {
            order.broker = self.login.broker;
        }
        let accounts = accounts.into_iter().map(|account| self.own(account)).collect();
        // The exchange takes nothing more from an earlier session once it has begun this one.
        let books =
            Books { orders, are_final: true, fills, positions, accounts, commissions, ..Books::default() };
        out.events.push(BrokerEvent::Books(Arc::new(books)));
    }

    fn add_bars(&mut self, part: BarsPart, now: Time, out: &mut Out) {
        let BarsPart { wanted, bars, forming, more } = part;
        let count = self.bars.len() + bars.len();
        self.bars.extend(bars.into_iter().map_while(BarLine::bar));
        let forming = forming.map(BarLine::bar);
        if self.bars.len() < count || forming == Some(None) || count > wanted.count {
            return self.lose("The exchange's bars make no sense", now, out);
        }
        if !more {
            let (bars, forming) = (Bars::pack(std::mem::take(&mut self.bars)), forming.flatten());
            out.events.push(BrokerEvent::History(HistoryBars {
                request: wanted.into(),
                bars,
                forming,
                is_cut: false,
            }));
        }
    }

    fn own(&self, account: Account) -> Arc<Account> {
        Arc::new(Account { broker: self.login.broker, ..account })
    }

    fn say(&mut self, message: &ToExchange, about: About, now: Time, out: &mut Out) {
        let before = out.bytes.len();
        match self.outbound.frame(message, &mut out.bytes) {
            Ok(()) => {
                self.spoke = now;
                self.made += (out.bytes.len() - before) as u64;
                self.waiting.push_back((self.made, about));
            }
            Err(error) => {
                let why = format!("Too much at once ({error}): nothing was sent");
                refuse_about(about, &why, now, out);
            }
        }
    }

    fn lose(&mut self, why: &str, now: Time, out: &mut Out) {
        self.end(Ending::Lost(why.into()), now, out);
    }

    fn end(&mut self, ending: Ending, now: Time, out: &mut Out) {
        self.phase = Phase::Over;
        out.end = Some(ending);
        // Half a frame is none: the exchange cannot have got these.
        for (_, about) in std::mem::take(&mut self.waiting) {
            refuse_about(about, "The connection was lost before it was sent", now, out);
        }
        out.bytes.clear();
    }
}

/// Tells the engine that a request was not sent, and why.
pub fn refuse(request: &BrokerRequest, why: &str, now: Time, out: &mut Out) {
    refuse_about(request.into(), why, now, out);
}

/// Tells of what the exchange cannot have got.
fn refuse_about(about: About, why: &str, now: Time, out: &mut Out) {
    let why: Arc<str> = why.into();
    let mut report = |order, kind| out.events.push(BrokerEvent::Report(Report { order, kind, time: now }));
    match about {
        About::Orders(ids) => {
            for id in ids {
                let reason = Some(Arc::clone(&why));
                report(id, ReportKind::Status { status: OrderStatus::Rejected, reason });
            }
        }
        About::Amend(id) => report(id, ReportKind::AmendRefused(why)),
        About::Cancel(id) => report(id, ReportKind::CancelRefused(why)),
        About::Again(request) => out.events.push(BrokerEvent::Unsent { request, why }),
        About::Other => {}
    }
}
