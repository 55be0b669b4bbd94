//! Requests, events and capabilities: the words between engine and adapter.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::{
    Account, AccountKind, Bar, BrokerId, Candidate, CommissionRule, DataRemark, Depth, Fill, Impact,
    Instrument, InstrumentId, OrderId, OrderSpec, OrderStatus, Position, Price, Quote, Time, Timeframe,
    Trade,
};
use crate::link::{BarKey, Clock, CommandId, ConnectionState, Drill, NoticeLevel, WhatIf};
use crate::market::series::Bars;
use crate::risk::{ApprovedAmend, ApprovedOrder};

/// What the engine asks of an adapter. Not to be copied: what was approved is sent once.
#[derive(Debug, PartialEq)]
pub enum BrokerRequest {
    /// Send an order, or an entry with its exits: all of them or none.
    Place(Vec<ApprovedOrder>),
    /// Reckon with an order and send nothing to a market ([`BrokerEvent::Impact`]).
    WhatIf(CommandId, Box<WhatIf>),
    /// Change an order.
    Amend(ApprovedAmend),
    /// Cancel an order.
    Cancel(OrderId),
    /// Cancel everything this program has there.
    CancelAll,
    /// Send the books anew ([`BrokerEvent::Books`]).
    Books,
    /// From now on, send market data of these, and of no others.
    Watch(Watch),
    /// Send closed bars.
    History(HistoryRequest),
    /// Look for instruments that it has and this run does not list ([`BrokerEvent::Found`]).
    Find(Arc<str>),
    /// Describe the instrument of this name, so that it can be listed ([`BrokerEvent::Described`]).
    Describe(Arc<str>),
    /// Have a bad day.
    Drill(Drill),
    /// Say [`ConnectionState::Closed`] and end.
    Disconnect,
}

/// The instruments whose market data are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Watch {
    /// Quotes and every trade.
    pub quotes: BTreeSet<InstrumentId>,
    /// Depth too.
    pub depth: BTreeSet<InstrumentId>,
    /// Series that are looked at: a broker that tells fewer prints than there were tells the bars so far
    /// ([`BrokerEvent::BarSoFar`]).
    pub bars: BTreeSet<BarKey>,
}

/// Asks for closed bars before an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryRequest {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// In which period.
    pub timeframe: Timeframe,
    /// Only bars that begin before this.
    pub before: Time,
    /// At most so many, the newest of them.
    pub count: usize,
}

/// What an adapter tells the engine.
#[derive(Debug)]
pub enum BrokerEvent {
    /// The connection has changed.
    Connection {
        /// Where it stands.
        state: ConnectionState,
        /// Why, in words for a trader.
        reason: Arc<str>,
    },
    /// What the broker has: the first thing after every connect, and whenever asked for.
    Books(Arc<Books>),
    /// An order, amend or cancel has been handed to the wire.
    OnWire {
        /// Which order.
        order: OrderId,
        /// When its bytes left.
        at: Time,
    },
    /// An order has changed.
    Report(Report),
    /// An order was executed, and how the position stands after it.
    Fill {
        /// The execution.
        fill: Fill,
        /// After it.
        position: Position,
    },
    /// What an execution has cost has come after it was told.
    Charged {
        /// The execution, with what it has cost.
        fill: Fill,
        /// How its position stands with that.
        position: Position,
    },
    /// The account has changed.
    Account(Arc<Account>),
    /// Market data, in the order in which they came.
    Market {
        /// When they were received from the wire.
        received: Time,
        /// What came.
        events: Vec<MarketEvent>,
    },
    /// What is to be known about an instrument's market data from now on; `None`: nothing. Ends with
    /// the session.
    Remark {
        /// Of which instrument.
        instrument: InstrumentId,
        /// What.
        remark: Option<Arc<DataRemark>>,
    },
    /// Bars that were asked for come later: the broker lets nobody ask so often.
    BarsWait {
        /// What was asked.
        request: HistoryRequest,
        /// When it is asked.
        until: Time,
    },
    /// A sign of life: what this session has sent last of every watched instrument still
    /// holds. Tells a quiet market from a dead line.
    Alive {
        /// When it was received from the wire.
        received: Time,
    },
    /// The answer to [`BrokerRequest::History`].
    History(HistoryBars),
    /// What the broker itself counts of a bar as far as it has come: prints that came may not be all.
    BarSoFar {
        /// Of which series.
        key: BarKey,
        /// The bar.
        bar: Bar,
        /// When it was received from the wire.
        received: Time,
    },
    /// Bars that were sent before do not hold any more: whoever shows some asks anew.
    BarsChanged,
    /// Some bars of this series may not have been told: whoever shows it asks anew.
    BarsMissed(BarKey),
    /// A request was read and could not be sent, and why in words for a trader: nothing of it has
    /// arrived. Of orders, changes and single cancels this is told as their refusal.
    Unsent {
        /// What was asked.
        request: BrokerRequest,
        /// Why it was not sent.
        why: Arc<str>,
    },
    /// The answer to [`BrokerRequest::WhatIf`].
    Impact {
        /// The command that has asked.
        id: CommandId,
        /// What the order would come to, or why nobody knows, in words for a trader.
        outcome: Result<Impact, Arc<str>>,
    },
    /// The answer to [`BrokerRequest::Find`].
    Found {
        /// What was looked for.
        text: Arc<str>,
        /// What there is, the likeliest first; or why nobody knows, in words for a trader.
        outcome: Result<Vec<Candidate>, Arc<str>>,
    },
    /// The answer to [`BrokerRequest::Describe`].
    Described {
        /// The name that was asked for.
        name: Arc<str>,
        /// The instrument, whose id is the engine's to give; or why it cannot be listed, in words for a
        /// trader.
        outcome: Result<Box<Instrument>, Arc<str>>,
    },
    /// Something around the session is worth a line in the activity log.
    Note(NoticeLevel, Arc<str>),
    /// The session's task has ended, by itself or by a panic. Told by its supervisor, behind
    /// everything that the session itself had told.
    Ended {
        /// Why, in words for a trader.
        reason: Arc<str>,
        /// Requests that the session has never read: nothing of them was sent.
        unread: Vec<BrokerRequest>,
    },
}

/// Everything a broker knows of an account when a session begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Books {
    /// Orders of this program: working ones, and the newest past ones.
    pub orders: Vec<crate::domain::Order>,
    /// Whether an order that is not here, and has never been spoken of, has never arrived and
    /// never will: so where the broker takes nothing more from an earlier session.
    pub are_final: bool,
    /// Whether the broker did not say which orders there are: one that is not here may be there.
    pub lacks_orders: bool,
    /// Whether the broker did not say what is held: what is not here may be held.
    pub lacks_positions: bool,
    /// Executions, oldest first: of each account the newest, as many as the broker remembers.
    pub fills: Vec<Fill>,
    /// Positions.
    pub positions: Vec<Position>,
    /// Accounts.
    pub accounts: Vec<Arc<Account>>,
    /// What trading costs, where the broker tells; the first rule that fits an instrument holds.
    pub commissions: Vec<CommissionRule>,
    /// Instruments from this one on had not joined when the books were asked for: nothing of them is
    /// here, whatever is there. `None` where all have.
    pub unread_from: Option<InstrumentId>,
}

impl Books {
    /// Whether what is not here of an instrument is not at the broker either.
    #[must_use]
    pub fn speak_of(&self, instrument: InstrumentId) -> bool {
        self.unread_from.is_none_or(|first| instrument < first)
    }
}

/// A broker's word on an order.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Which order.
    pub order: OrderId,
    /// What it says.
    pub kind: ReportKind,
    /// When the broker says it happened.
    pub time: Time,
}

/// What a broker can say of an order. Only these and fills move an order.
#[derive(Debug, Clone, PartialEq)]
pub enum ReportKind {
    /// It stands so; the reason is in words for a trader.
    Status {
        /// The new status.
        status: OrderStatus,
        /// Why, where there is a why.
        reason: Option<Arc<str>>,
    },
    /// The change is in force; this is the order now.
    Amended(OrderSpec),
    /// Its trailing stop triggers here now.
    Trigger(Price),
    /// The change was refused; the order stands as before.
    AmendRefused(Arc<str>),
    /// The cancel was refused; the order stands as before.
    CancelRefused(Arc<str>),
}

/// One piece of market data.
#[derive(Debug, Clone)]
pub enum MarketEvent {
    /// The top of the book and the day's numbers.
    Quote(InstrumentId, Quote),
    /// A print.
    Trade(InstrumentId, Trade),
    /// The book.
    Depth(InstrumentId, Arc<Depth>),
}

/// Bars as the broker has them at this point of the event stream: trades that were
/// sent before are in, later ones are not.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryBars {
    /// What was asked.
    pub request: HistoryRequest,
    /// Closed bars, oldest first; fewer than asked means that nothing older exists, unless it gave up.
    pub bars: Bars,
    /// The bar that is forming now, where the request reaches up to now.
    pub forming: Option<Bar>,
    /// Whether the broker gave up before it had all of them: what it has not told may exist.
    pub is_cut: bool,
}

/// What a broker can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Whether it keeps brackets and OCO groups itself.
    pub native_groups: bool,
    /// Whether working orders can be changed in place.
    pub amend: bool,
    /// Whether it has more instruments than it lists, which can be looked for and added.
    pub lookup: bool,
    /// Whether it reckons with an order before it is sent.
    pub what_if: bool,
}

/// How the kind of an account is told: whether money is at stake is too grave to be left to a
/// port number or a setting alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccountRule {
    /// By what the broker reports.
    #[default]
    AsReported,
    /// By the id, as Interactive Brokers gives them out: those of paper accounts begin with `D`
    /// (`DU…`, and `DF…` of advisors), live ones with `U`, and of advisors with `F` or `I`.
    InteractiveBrokers,
}

impl AccountRule {
    /// The kind of an account by this rule; `None` where nobody can tell.
    #[must_use]
    pub fn kind_of(self, account: &Account) -> Option<AccountKind> {
        match self {
            Self::AsReported => Some(account.kind),
            Self::InteractiveBrokers => match account.id.0.chars().next()? {
                'D' => Some(AccountKind::Paper),
                'U' | 'F' | 'I' => Some(AccountKind::Live),
                _ => None,
            },
        }
    }
}

/// What a session is given at its start.
pub struct SessionStart {
    /// Its place in the registry.
    pub id: BrokerId,
    /// The clock.
    pub clock: Clock,
    /// From the engine; closed means end at once.
    pub requests: Requests,
    /// To the engine.
    pub events: EventSender,
}

/// What the engine asks of a session. The supervisor keeps hold of it: what a session has not
/// read when it ends was not sent, and the engine is told so.
#[derive(Debug, Clone)]
pub struct Requests(Arc<tokio::sync::Mutex<mpsc::Receiver<BrokerRequest>>>);

impl Requests {
    /// Reads from `receiver`.
    #[must_use]
    pub fn new(receiver: mpsc::Receiver<BrokerRequest>) -> Self {
        Self(Arc::new(tokio::sync::Mutex::new(receiver)))
    }

    /// The next request; `None` when the engine is gone. Nothing is lost when this is given up
    /// halfway.
    pub async fn recv(&mut self) -> Option<BrokerRequest> {
        self.0.lock().await.recv().await
    }

    /// The next request, if one waits.
    pub async fn next_waiting(&mut self) -> Option<BrokerRequest> {
        self.0.lock().await.try_recv().ok()
    }

    /// Takes no more, and hands over what was not read.
    pub async fn close(&mut self) -> Vec<BrokerRequest> {
        let mut receiver = self.0.lock().await;
        receiver.close();
        let mut unread = Vec::new();
        while let Some(request) = receiver.recv().await {
            unread.push(request);
        }
        unread
    }
}

/// A session's way to tell the engine something.
#[derive(Debug, Clone)]
pub struct EventSender {
    id: BrokerId,
    sender: mpsc::Sender<(BrokerId, BrokerEvent)>,
}

/// The engine is gone; a session that sees this ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the engine is gone")]
pub struct EngineGone;

impl EventSender {
    /// Events of broker `id` go into the engine's one channel of all brokers' events.
    #[must_use]
    pub fn new(id: BrokerId, sender: mpsc::Sender<(BrokerId, BrokerEvent)>) -> Self {
        Self { id, sender }
    }

    /// Hands an event over; waits while the engine is behind, which bounds what can pile up.
    ///
    /// # Errors
    /// When the engine is gone.
    pub async fn send(&self, event: BrokerEvent) -> Result<(), EngineGone> {
        self.sender.send((self.id, event)).await.or(Err(EngineGone))
    }
}

/// Why a session ended without a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionEnd {
    /// It was told to disconnect, or the engine is gone: it stays ended.
    Asked,
    /// The connection was lost, and why, in words for a trader: a new session follows.
    Lost(Arc<str>),
}

/// A running session.
pub type Session = Pin<Box<dyn Future<Output = SessionEnd> + Send>>;

/// A broker as the registry offers it.
pub trait Adapter: Send + Sync {
    /// Its name on the screen, such as `Paper`.
    fn name(&self) -> &'static str;

    /// What it can do.
    fn capabilities(&self) -> Capabilities;

    /// How the kind of its accounts is told.
    fn account_rule(&self) -> AccountRule {
        AccountRule::AsReported
    }

    /// Its instruments, known before it connects. Their ids and broker are those of the
    /// catalogue of this run: an adapter is made for its place in it.
    fn instruments(&self) -> Vec<Arc<Instrument>>;

    /// An instrument of its own has joined the catalogue, with this id: told before any request that
    /// names it, whether a session runs or not. Must not wait.
    fn listed(&self, _instrument: &Arc<Instrument>) {}

    /// Begins a session. Called again, with a new start, after one has failed or was lost.
    fn start(&self, start: SessionStart) -> Session;
}
