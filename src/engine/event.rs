//! What can wake the engine, and what it can want done: both closed lists.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::broker::contract::{AccountRule, Adapter, Capabilities};
use crate::broker::{BrokerEvent, BrokerRequest};
use crate::domain::limits::DayState;
use crate::domain::settings::Settings;
use crate::domain::{
    AccountId, AlertBook, Bar, BrokerId, Depth, DrawingBook, Fill, Flatten, Instrument, InstrumentId, Note,
    Order, OrderId, Past, Quote, Recalled, Record, Seq, Time, Trade,
};
use crate::link::{
    Alive, BarKey, CommandId, Envelope, FileDone, FileTask, Follower, NoticeLevel, Results, Span,
    TargetsFrom, TargetsRead, Timeline, Update,
};
use crate::market::equity::{Curves, Sample};

/// What the engine begins with.
pub struct Start {
    /// The catalogue of all brokers; ids are indices.
    pub instruments: Arc<[Arc<Instrument>]>,
    /// The brokers, in the order of their ids.
    pub brokers: Vec<BrokerFacts>,
    /// Settings in force.
    pub settings: Arc<Settings>,
    /// Whether the kill switch was on when the last run ended.
    pub is_killed: bool,
    /// What it was asked to do with positions then.
    pub flatten: Flatten,
    /// First order id that no earlier run can have used.
    pub next_order_id: u64,
    /// What the last run has left of its trading day.
    pub day: DayState,
    /// What the journal has of earlier runs.
    pub journal: Journaled,
    /// Alerts that the trader has set, and what they have told.
    pub alerts: AlertBook,
    /// What the trader has drawn on charts.
    pub drawings: DrawingBook,
    /// What the accounts were worth over time; `None` where that is not kept, as in a replay.
    pub equity: Option<Curves>,
    /// What the start-up has to tell the trader.
    pub notices: Vec<crate::link::Notice>,
    /// Now.
    pub now: Time,
}

impl Start {
    /// The first start of a profile, with the usual settings.
    #[must_use]
    pub fn first(instruments: Arc<[Arc<Instrument>]>, broker_names: Vec<Arc<str>>, now: Time) -> Self {
        Self {
            instruments,
            brokers: broker_names.into_iter().map(BrokerFacts::named).collect(),
            settings: Arc::default(),
            is_killed: false,
            flatten: Flatten::No,
            next_order_id: 1,
            day: DayState::default(),
            journal: Journaled::default(),
            alerts: AlertBook::default(),
            drawings: DrawingBook::default(),
            equity: Some(Curves::default()),
            notices: Vec::new(),
            now,
        }
    }
}

/// What is known of a broker before it has said anything.
#[derive(Debug, Clone)]
pub struct BrokerFacts {
    /// Its name.
    pub name: Arc<str>,
    /// What it can do.
    pub capabilities: Capabilities,
    /// How the kind of its accounts is told.
    pub accounts: AccountRule,
}

impl BrokerFacts {
    /// A broker that can do everything and whose word on its accounts is taken.
    #[must_use]
    pub fn named(name: Arc<str>) -> Self {
        let capabilities = Capabilities { native_groups: true, amend: true, lookup: false, what_if: false };
        Self { name, capabilities, accounts: AccountRule::AsReported }
    }

    /// What an adapter says of itself.
    #[must_use]
    pub fn of(adapter: &dyn Adapter) -> Self {
        Self {
            name: adapter.name().into(),
            capabilities: adapter.capabilities(),
            accounts: adapter.account_rule(),
        }
    }
}

/// What the journal has of earlier runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Journaled {
    /// Place of the first record of this run.
    pub next_seq: Seq,
    /// Orders as their newest records have them: live ones, and the newest ended.
    pub orders: Vec<Order>,
    /// The newest executions, oldest first.
    pub fills: Vec<Fill>,
    /// The places of their records, in their order.
    pub booked: Vec<Seq>,
    /// What the trader has noted of orders.
    pub notes: BTreeMap<OrderId, Arc<Note>>,
    /// What went before them.
    pub past: Past,
    /// Why it cannot be written in this run: orders are refused, cancels work.
    pub broken: Option<Arc<str>>,
}

impl Default for Journaled {
    /// Of a first run: nothing.
    fn default() -> Self {
        Self {
            next_seq: Seq::default().next(),
            orders: Vec::new(),
            fills: Vec::new(),
            booked: Vec::new(),
            notes: BTreeMap::new(),
            past: Past::default(),
            broken: None,
        }
    }
}

/// Everything that can happen to the engine.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "moved once, from the queue into the engine")]
pub enum EngineEvent {
    /// The first event.
    Started,
    /// The window (or a server of ours) asks for something.
    Command(Envelope),
    /// An adapter has something to tell.
    Broker(BrokerId, BrokerEvent),
    /// A request could not be handed to its adapter, and why: nothing was sent.
    Undelivered(BrokerId, BrokerRequest, &'static str),
    /// The journal has everything up to this record safely on disk.
    Journaled(Seq),
    /// Records could not be written; intents among them never will be.
    JournalFailed {
        /// The first of them.
        from: Seq,
        /// The last.
        through: Seq,
        /// Why, in words for a trader.
        why: Arc<str>,
    },
    /// What could not be written has been written.
    JournalWorks,
    /// Target weights, as [`Effect::ReadTargets`] asked for them.
    Targets(Arc<TargetsRead>),
    /// A file of the trader's was written or read, or not, as [`Effect::File`] asked for it.
    File(Arc<FileDone>),
    /// What was earned day by day, as [`Effect::ReadResults`] asked for it.
    Results(Arc<Results>),
    /// The timeline of an order, as [`Effect::AskTimeline`] asked for it.
    Timeline(Timeline),
    /// What the journal has of an instrument that joins, as [`Effect::Recall`] asked for it; or why it
    /// could not be read, in words for a trader.
    Recalled(InstrumentId, Result<Recalled, Arc<str>>),
    /// Something around the engine is worth a line in the activity log: the disk, the clock.
    Note(NoticeLevel, Arc<str>),
    /// Why the settings in force are not on the disk; `None` when they are there again.
    SettingsUnsaved(Option<Arc<str>>),
    /// Somebody who follows let too much pile up and needs everything anew.
    WindowIsBehind,
    /// Somebody follows no more.
    Left(Follower),
    /// Time has passed; comes a few times a second.
    Tick,
}

impl EngineEvent {
    /// Whether it can change how orders, positions or connections stand: market data cannot.
    #[must_use]
    pub fn moves_orders(&self) -> bool {
        !matches!(
            self,
            Self::Broker(
                _,
                BrokerEvent::Market { .. }
                    | BrokerEvent::Alive { .. }
                    | BrokerEvent::Remark { .. }
                    | BrokerEvent::BarsWait { .. }
                    | BrokerEvent::BarSoFar { .. }
                    | BrokerEvent::History(_)
                    | BrokerEvent::BarsChanged
                    | BrokerEvent::BarsMissed(_)
            )
        )
    }
}

/// Everything the engine can want done.
#[derive(Debug)]
pub enum Effect {
    /// Hand a request to an adapter.
    Request(BrokerId, BrokerRequest),
    /// Tell the window, in order and without loss.
    Publish {
        /// What.
        update: Box<Update>,
        /// When it was received.
        received: Time,
    },
    /// Replace a quote.
    Quote(InstrumentId, Quote, Time),
    /// Replace a book.
    Depth(InstrumentId, Arc<Depth>, Time),
    /// Replace or follow a series' last bar.
    Bar(BarKey, Bar, Time),
    /// A print came when its bar of this series had closed: it is in no bar.
    LateTrade(BarKey),
    /// Add a print.
    Trade(InstrumentId, Trade, Time),
    /// Quotes of a broker still hold.
    Alive(Alive),
    /// Forget what waits of a series.
    ForgetBars(BarKey),
    /// Ask the journal for what it has of an instrument that joins.
    Recall(Arc<Instrument>),
    /// An instrument has joined the catalogue: for its broker.
    List(Arc<Instrument>),
    /// Append a record to the journal, in order.
    Journal(Box<Record>),
    /// Ask the journal for the timeline of an order.
    AskTimeline(OrderId),
    /// Read a table of target weights, of instruments that are listed.
    ReadTargets(TargetsFrom, Arc<[Arc<Instrument>]>),
    /// Read what was earned day by day.
    ReadResults(CommandId, Span),
    /// Write or read a file that the trader has named.
    File(CommandId, FileTask),
    /// Write something to disk.
    Save(SaveJob),
    /// Everything is done; end.
    Finish,
}

impl Effect {
    /// A lossless update.
    #[must_use]
    pub fn publish(update: Update, received: Time) -> Self {
        Self::Publish { update: Box::new(update), received }
    }
}

/// Something to be written to disk. Jobs of one kind supersede each other, but for those that add to a file.
#[derive(Debug, Clone, PartialEq)]
pub enum SaveJob {
    /// The settings.
    Settings(Arc<Settings>),
    /// The window's arrangement.
    Workspace(Arc<str>),
    /// Alerts, and what they have told.
    Alerts(Arc<AlertBook>),
    /// What is drawn on charts.
    Drawings(Arc<DrawingBook>),
    /// What accounts are worth now: added to what waits, in order.
    Equity(Vec<(AccountId, Sample)>),
    /// What the engine itself must not forget.
    EngineState {
        /// Whether orders are locked.
        is_killed: bool,
        /// What the kill switch was asked to do with positions.
        flatten: Flatten,
        /// First order id that this run cannot have used.
        next_order_id: u64,
        /// What must be known of the trading day.
        day: DayState,
    },
}
