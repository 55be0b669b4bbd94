//! What the engine tells the window in order and without loss.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::{
    BarKey, CommandId, FileDone, JournalState, KillReport, Reconciliation, Results, ScopeUse, TargetsFrom,
    Timeline,
};
use crate::domain::settings::Settings;
use crate::domain::{
    Account, AccountId, Alert, AlertBook, AlertId, BrokerId, Candidate, CommissionRule, DataRemark,
    DrawingBook, Fill, Firing, FiringId, Impact, Instrument, InstrumentId, Note, Order, OrderId, Position,
    Time, Weather,
};
use crate::market::allocation::Table;
use crate::market::equity::{Curves, Sample};
use crate::market::series::BarChunk;

/// A lossless update with its place in the order of all of them.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// One more than the update before it.
    pub seq: u64,
    /// When what it tells was received from the wire (or decided by the engine).
    pub received: Time,
    /// What happened.
    pub update: Update,
}

/// Everything that is told without loss.
#[derive(Debug, Clone)]
pub enum Update {
    /// The whole state; whatever was known before is void.
    Snapshot(Arc<Snapshot>),
    /// An order is new or has changed.
    Order(Order),
    /// An order of ours was executed.
    Fill(Fill),
    /// What an execution has cost came after it was told: the execution with it.
    Charged(Fill),
    /// A position is new or has changed.
    Position(Position),
    /// An account has changed.
    Account(Arc<Account>),
    /// A connection has changed.
    Connection(Connection),
    /// When nothing came from brokers, in this run: all that are remembered.
    Outages(Arc<[Outage]>),
    /// Something worth a line in the activity log.
    Notice(Notice),
    /// What became of a command.
    Answer(Answer),
    /// The kill switch has changed.
    Kill(KillState),
    /// How far the kill switch has come; `None` when it is released.
    KillReport(Option<Arc<KillReport>>),
    /// Whether the journal can be written.
    Journal(JournalState),
    /// Why the settings in force are not on the disk; `None` when they are.
    SettingsUnsaved(Option<Arc<str>>),
    /// A broker's books were compared with ours.
    Reconciled(Arc<Reconciliation>),
    /// The timeline that was asked for.
    Timeline(Timeline),
    /// A table of target weights that was asked for has been read, or could not be.
    Targets(Arc<TargetsRead>),
    /// What became of a file that the trader has named.
    File(Arc<FileDone>),
    /// What was earned day by day; for whoever has asked.
    Results(Arc<Results>),
    /// What became of a note.
    Noted(Arc<Noted>),
    /// The settings have changed.
    Settings(Arc<Settings>),
    /// What is used of the limits that are counted.
    Uses(Arc<[ScopeUse]>),
    /// The live accounts that are armed now.
    Armed(Arc<[(BrokerId, AccountId)]>),
    /// What is to be known about an instrument's market data from now on; `None`: nothing.
    Remark {
        /// Of which.
        instrument: InstrumentId,
        /// What.
        remark: Option<Arc<DataRemark>>,
    },
    /// Bars of a demanded series come later: the broker lets nobody ask so often.
    BarsWait {
        /// Of which.
        key: BarKey,
        /// When they are asked for.
        until: Time,
    },
    /// The broker gave up on bars that were asked for anew: what was told of the series before stands, and goes on,
    /// with bars missing.
    BarsRefused(BarKey),
    /// What an order would tie up and cost: for whoever has asked.
    Impact(Arc<Reckoned>),
    /// What a broker has of what was looked for.
    Found(Arc<Found>),
    /// An instrument that was to be listed is, or cannot be.
    Listed(Arc<Listing>),
    /// An alert is new, or stands otherwise.
    Alert(Alert),
    /// An alert was removed.
    AlertGone(AlertId),
    /// An alert has fired.
    Fired(Arc<Firing>),
    /// What alerts have told was seen, up to this one.
    AlertsSeen(FiringId),
    /// What is drawn on charts has changed: all of it.
    Drawings(Arc<DrawingBook>),
    /// What an account is worth now: one more value of its curve.
    Equity(AccountId, Sample),
    /// Servers of ours are to have a bad day, or a better one.
    Weather(Weather),
    /// Older bars of a demanded series.
    History(History),
    /// A command of the window has left for the broker.
    Wire(WayOut),
}

/// The way of a command from the trader's hand to the broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WayOut {
    /// Which order it was about.
    pub order: OrderId,
    /// When the trader's input reached the window.
    pub input_at: Time,
    /// When the engine had judged it and taken it on.
    pub taken_at: Time,
    /// When the engine was told that the disk has it; a cancel waits for no disk.
    pub written_at: Option<Time>,
    /// When its bytes were handed to the broker.
    pub wire_at: Time,
}

/// What became of a note of the trader's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The command that has asked.
    pub to: CommandId,
    /// Of which order.
    pub order: OrderId,
    /// The note as it is on the disk, or why not and what to do.
    pub outcome: Result<Arc<Note>, Refused>,
}

/// The answer to a what-if.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reckoned {
    /// The command that has asked.
    pub to: CommandId,
    /// What it would come to, or why nobody knows, in words for a trader.
    pub outcome: Result<Impact, Arc<str>>,
}

/// What a broker has of what was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which.
    pub broker: BrokerId,
    /// What was looked for.
    pub text: Arc<str>,
    /// What is not listed yet, the likeliest first.
    pub candidates: Vec<Candidate>,
    /// Why nobody knows, in words for a trader.
    pub problem: Option<Arc<str>>,
}

/// What became of an instrument that was to be listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The name that was asked for.
    pub name: Arc<str>,
    /// As it stands in the catalogue, at whose end it may be new; or why it cannot be listed, in words for
    /// a trader.
    pub outcome: Result<Arc<Instrument>, Arc<str>>,
}

/// The engine's whole state, as one value.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The catalogue; `InstrumentId` is the index into it.
    pub instruments: Arc<[Arc<Instrument>]>,
    /// Orders, oldest first.
    pub orders: Vec<Order>,
    /// Fills, oldest first.
    pub fills: Vec<Fill>,
    /// Positions that are or were held.
    pub positions: Vec<Position>,
    /// Accounts.
    pub accounts: Vec<Arc<Account>>,
    /// What is to be known about market data.
    pub remarks: Vec<(InstrumentId, Arc<DataRemark>)>,
    /// Brokers that have more instruments than they list, which can be looked for and added.
    pub growing: Arc<[BrokerId]>,
    /// Brokers that reckon with an order before it is sent.
    pub reckoning: Arc<[BrokerId]>,
    /// What trading costs, per broker, where it tells.
    pub commissions: Vec<(BrokerId, Vec<CommissionRule>)>,
    /// One per broker.
    pub connections: Vec<Connection>,
    /// When nothing came from them, in this run.
    pub outages: Arc<[Outage]>,
    /// Kill switch.
    pub kill: KillState,
    /// How far it has come.
    pub kill_report: Option<Arc<KillReport>>,
    /// Whether the journal can be written.
    pub journal: JournalState,
    /// The newest comparison of books of each broker.
    pub reconciled: Vec<Arc<Reconciliation>>,
    /// Settings in force.
    pub settings: Arc<Settings>,
    /// Why they are not on the disk; `None` when they are.
    pub settings_unsaved: Option<Arc<str>>,
    /// What is used of the limits that are counted.
    pub uses: Arc<[ScopeUse]>,
    /// The live accounts that are armed.
    pub armed: Arc<[(BrokerId, AccountId)]>,
    /// Alerts, and what they have told.
    pub alerts: Arc<AlertBook>,
    /// What the trader has noted of orders.
    pub notes: Arc<BTreeMap<OrderId, Arc<Note>>>,
    /// What is drawn on charts.
    pub drawings: Arc<DrawingBook>,
    /// What the accounts were worth over time.
    pub equity: Arc<Curves>,
    /// The newest lines of the activity log, oldest first.
    pub notices: Vec<Notice>,
}

/// A time in which nothing came from a broker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outage {
    /// From which.
    pub broker: BrokerId,
    /// When something came last before it.
    pub from: Time,
    /// When it was back; `None` while it is away.
    pub to: Option<Time>,
}

/// How a broker's connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Which.
    pub broker: BrokerId,
    /// Its name, such as `Paper`.
    pub name: Arc<str>,
    /// Where it stands.
    pub state: ConnectionState,
    /// Why, in words for a trader.
    pub reason: Arc<str>,
    /// Since when.
    pub since: Time,
}

/// Where a connection stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionState {
    /// Not there yet.
    Connecting,
    /// The broker's books are being compared with ours: what opens risk waits, what reduces it
    /// may be sent.
    Reconciling,
    /// Data flow and orders are taken.
    Ready,
    /// Orders are taken, and a part of the data stands still.
    Degraded,
    /// Connected, but nothing has been heard for too long.
    Silent,
    /// Lost; a new attempt follows.
    Down,
    /// Ended on purpose.
    Closed,
}

impl ConnectionState {
    /// Whether orders may be sent: while books are compared, only those that reduce risk.
    #[must_use]
    pub fn takes_orders(self) -> bool {
        self.is_up() || self == Self::Reconciling
    }

    /// Whether the session is there, and its books were told.
    #[must_use]
    pub fn is_up(self) -> bool {
        matches!(self, Self::Ready | Self::Degraded)
    }

    /// Whether nothing of the market data was broken off: a silence may end with all of it.
    #[must_use]
    pub fn keeps_streams(self) -> bool {
        matches!(self, Self::Reconciling | Self::Ready | Self::Silent)
    }

    /// What holds back orders that open risk, where others are taken.
    #[must_use]
    pub fn opening_locked(self) -> Option<&'static str> {
        (self == Self::Reconciling).then_some("The broker's books are being compared with ours")
    }

    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting",
            Self::Reconciling => "Reconciling",
            Self::Ready => "Ready",
            Self::Degraded => "Degraded",
            Self::Silent => "Silent",
            Self::Down => "Down",
            Self::Closed => "Closed",
        }
    }
}

/// Whether orders are locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KillState {
    /// Orders are taken.
    #[default]
    Armed,
    /// Locked; so many orders are still being cancelled.
    Locked {
        /// Orders whose cancel the broker has not confirmed.
        still_working: u32,
    },
}

impl KillState {
    /// Whether new orders are refused.
    #[must_use]
    pub fn is_locked(self) -> bool {
        matches!(self, Self::Locked { .. })
    }
}

/// How much a notice matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeLevel {
    /// For the record.
    Info,
    /// Handled, but not as asked.
    Warning,
    /// Something was refused or lost.
    Error,
}

/// A line of the activity log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// When.
    pub time: Time,
    /// How much it matters.
    pub level: NoticeLevel,
    /// What happened, and what to do.
    pub text: Arc<str>,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The command's id.
    pub to: CommandId,
    /// Done (with the order it made, where it made one), or refused with the reason.
    pub outcome: Result<Option<OrderId>, Refused>,
}

/// Why a command was not carried out, in words for a trader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(pub Arc<str>);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A table of target weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetsRead {
    /// Where it is.
    pub from: TargetsFrom,
    /// What is in it, or what is wrong with it and what to do.
    pub table: Result<Table, Refused>,
}

/// A run of closed bars of a demanded series.
#[derive(Debug, Clone)]
pub struct History {
    /// Which series.
    pub key: BarKey,
    /// The bars; `None` when there were no more.
    pub chunk: Option<Arc<BarChunk>>,
    /// Whether they go before what is known, or replace it.
    pub placement: Placement,
    /// Whether nothing older exists.
    pub is_complete: bool,
}

/// Where a run of bars belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// In front of everything known.
    Before,
    /// Instead of everything known.
    Anew,
}
