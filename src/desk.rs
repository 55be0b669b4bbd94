//! The view model: what the window knows, as plain data.
//!
//! Owned by the window's thread and nobody else. [`Desk::apply`] takes over what came
//! through the link, once a frame, before anything is drawn; panes then only read.
//! It holds no price that it computed from another (P&L excepted, which is
//! `market::valuation`), asks nothing and waits for nothing.
//!
//! Invariant: the lossless class is a replica of the engine's state. A gap in its
//! numbers makes the desk ignore changes until a snapshot has come.

mod accounts;
mod answers;
mod blotter;
mod brokers;
mod flow;
pub mod latency;
mod one_click;
mod prices;
mod queues;
mod selected;
mod series;
mod take;
mod valuation;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub use accounts::NoAccount;
pub use blotter::Blotter;
pub use flow::Flow;
pub use latency::{FrameGap, Histogram, Latency};
pub use prices::QuoteView;
pub use queues::{Queues, Waited};
pub use selected::{Group, NoGroup, Pointed};
pub use series::SeriesView;
pub use valuation::{BalanceTotals, DayResult, PositionTotals, Valued};

use crate::domain::settings::Settings;
use crate::domain::{
    Account, AccountId, AlertBook, BrokerId, Commission, CommissionRule, DataRemark, Decimal, Depth, Drawing,
    DrawingBook, Instrument, InstrumentId, Note, OrderId, Price, Qty, Time, Trade,
};
use crate::link::update::Refused;
use crate::link::{
    Answer, BarKey, CommandId, Connection, ConnectionState, Demand, Drained, FileDone, Found, JournalState,
    KillReport, KillState, Ledger, Listing, Noted, Notice, NoticeLevel, Numbered, Outage, Reckoned,
    Reconciliation, Results, ScopeUse, SendError, Stream, TargetsRead, Timeline, Update,
};
use crate::market::equity::Curves;
pub use crate::market::freshness::Freshness;
use answers::Answers;
use flow::Flows;
use one_click::OneClick;
use prices::Prices;
use selected::Selected;
use series::Charts;

/// Lines of the activity log that the window keeps.
const NOTICE_CAPACITY: usize = 1_000;

/// Everything the window knows.
#[derive(Default)]
pub struct Desk {
    instruments: Arc<[Arc<Instrument>]>,
    prices: Prices,
    charts: Charts,
    blotter: Blotter,
    trades_revision: u64,
    accounts: Vec<Arc<Account>>,
    remarks: BTreeMap<InstrumentId, Arc<DataRemark>>,
    outages: Arc<[Outage]>,
    growing: Arc<[BrokerId]>,
    reckoning: Arc<[BrokerId]>,
    /// When each account was told last, and when it had a fill last.
    cash_told: BTreeMap<(BrokerId, AccountId), Time>,
    filled: BTreeMap<AccountId, Time>,
    commissions: Vec<(BrokerId, Vec<CommissionRule>)>,
    connections: Vec<Connection>,
    kill: KillState,
    kill_report: Option<Arc<KillReport>>,
    journal: JournalState,
    settings_unsaved: Option<Arc<str>>,
    reconciled: Vec<Arc<Reconciliation>>,
    /// The one that was asked for last.
    timeline: Option<Timeline>,
    /// How many have come.
    timelines: u64,
    /// The table of target weights that was read last.
    targets: Option<Arc<TargetsRead>>,
    /// What became of the files that were named last, the newest last.
    files_done: VecDeque<Arc<FileDone>>,
    notes: Arc<BTreeMap<OrderId, Arc<Note>>>,
    /// What was earned day by day, as it was read last.
    results: Option<Arc<Results>>,
    /// What became of the note that was sent last.
    noted: Option<Arc<Noted>>,
    settings: Arc<Settings>,
    uses: Arc<[ScopeUse]>,
    armed: Arc<[(BrokerId, AccountId)]>,
    alerts: Arc<AlertBook>,
    drawings: Arc<DrawingBook>,
    equity: Arc<Curves>,
    /// The accounts that the trader enters orders for, where he has said so.
    chosen_accounts: BTreeMap<BrokerId, AccountId>,
    /// The first that was a broker's only one in this run.
    sole_accounts: BTreeMap<BrokerId, AccountId>,
    notices: VecDeque<Notice>,
    /// Those of them that are the window's own, which no snapshot knows.
    own_notices: VecDeque<Notice>,
    answers: Answers,
    /// Boxed: its counts are as much as the rest of a desk, which others hold across waits.
    latency: Box<Latency>,
    ledger: Ledger,
    queues: Queues,
    valuations: Vec<Valued>,
    flows: Flows,
    selected: Selected,
    one_click: OneClick,
    /// The newest answer to a what-if.
    reckoned: Option<Arc<Reckoned>>,
    /// What brokers have said last of what was looked for.
    found: Option<Arc<Found>>,
    /// What became of instruments that were to be listed, by the name that was asked for.
    listed: BTreeMap<Arc<str>, Arc<Listing>>,
    /// Orders that ended as cancelled after we had asked for it.
    cancelled: BTreeSet<OrderId>,
    sync: Sync,
    /// Why the engine has stopped: nothing here will change any more.
    stopped: Option<Arc<str>>,
    now: Time,
}

/// How the replica stands to the engine's numbering.
#[derive(Default, PartialEq, Eq)]
enum Sync {
    /// Nothing has come yet, or something is missing.
    #[default]
    WaitsForSnapshot,
    /// Everything up to this number has come.
    UpTo(u64),
}

/// What one [`Desk::apply`] found out that the window must act on.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// A number was missing: ask for a snapshot.
    pub needs_snapshot: bool,
    /// A snapshot came: demands must be sent anew.
    pub is_fresh: bool,
}

impl Desk {
    /// Takes over what came through the link. `now` is the frame's time.
    pub fn apply(&mut self, drained: Drained, now: Time) -> Applied {
        self.now = now;
        self.latency.not_painted();
        let mut applied = Applied::default();
        self.count(&drained);
        self.queues.note(&drained);
        for item in drained.lossless {
            self.lossless(item, &mut applied);
        }
        self.prices.alive(drained.alive);
        for latched in drained.quotes {
            self.latency.on_quote(latched.id, latched.received, now);
            self.prices.quote(latched.id, latched.value, latched.received);
            self.ledger.of_mut(Stream::Quotes).applied += 1;
        }
        for latched in drained.depth {
            self.flows.depth(latched.id, &latched.value);
            self.prices.depth(latched.id, latched.value);
            self.ledger.of_mut(Stream::Depth).applied += 1;
        }
        for (key, slot) in drained.bars {
            self.latency.on_received(slot.received, now);
            // A series with a hole comes anew, with everything else.
            applied.needs_snapshot |= slot.has_gap;
            let (taken, refused) = self.charts.bars(key, &slot);
            let count = self.ledger.of_mut(Stream::Bars);
            count.applied += taken;
            count.rejected += refused;
        }
        // Of a replay, and of delayed data, the time is the market's.
        let market_now = self.market_time().unwrap_or(now);
        for (id, ring) in drained.trades {
            self.ledger.of_mut(Stream::Trades).applied += ring.trades.len() as u64;
            if ring.has_gap {
                self.flows.count_anew(id, now);
            }
            self.flows.trades(id, ring.trades.iter().map(|(trade, _)| trade), market_now);
            self.prices.trades(id, ring.trades.into_iter().map(|(trade, _)| trade));
        }
        self.flows.orders(&self.blotter.working(), |id| self.prices.depth_of(id));
        self.revalue();
        applied
    }

    /// The engine's half of the ledger is whole; ours is kept.
    fn count(&mut self, drained: &Drained) {
        for stream in Stream::ALL {
            let theirs = *drained.ledger.of(stream);
            let ours = self.ledger.of_mut(stream);
            ours.received = theirs.received;
            ours.conflated = theirs.conflated;
            ours.dropped = theirs.dropped;
            ours.late = theirs.late;
        }
    }

    fn lossless(&mut self, item: Numbered, applied: &mut Applied) {
        let Numbered { seq, received, update } = item;
        let is_next = match (&self.sync, &update) {
            // Answers survive when everything else was given up for a snapshot.
            (_, Update::Snapshot(_) | Update::Answer(_)) => true,
            (Sync::UpTo(last), _) => seq == last + 1,
            (Sync::WaitsForSnapshot, _) => false,
        };
        let count = self.ledger.of_mut(Stream::Lossless);
        if !is_next {
            count.rejected += 1;
            applied.needs_snapshot |= self.sync != Sync::WaitsForSnapshot;
            self.sync = Sync::WaitsForSnapshot;
            return;
        }
        count.applied += 1;
        match &mut self.sync {
            Sync::UpTo(last) if seq == *last + 1 => *last = seq,
            _ if matches!(update, Update::Snapshot(_)) => self.sync = Sync::UpTo(seq),
            // An answer behind a gap: the next state update will see the gap.
            _ => {}
        }
        self.take(update, received, applied);
    }

    /// The engine is gone: what is known stays, as the last that was known, and no connection
    /// takes orders.
    pub fn engine_stopped(&mut self, why: &str) {
        if self.stopped.is_some() {
            return;
        }
        self.stopped = Some(why.into());
        self.one_click.disarm();
        for connection in &mut self.connections {
            connection.state = ConnectionState::Down;
            connection.reason = "The engine has stopped".into();
            connection.since = self.now;
        }
        self.add_notice(Notice { time: self.now, level: NoticeLevel::Error, text: why.into() });
    }

    /// Why the engine has stopped, if it has.
    #[must_use]
    pub fn stopped(&self) -> Option<&str> {
        self.stopped.as_deref()
    }

    /// Whether the first snapshot has come.
    #[must_use]
    pub fn is_synced(&self) -> bool {
        self.sync != Sync::WaitsForSnapshot
    }

    /// Another number whenever orders, fills or positions have changed, or what they are of.
    #[must_use]
    pub fn trades_revision(&self) -> u64 {
        self.trades_revision
    }

    /// The time of the frame that is being drawn.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// The catalogue, by id.
    #[must_use]
    pub fn instruments(&self) -> &[Arc<Instrument>] {
        &self.instruments
    }

    /// One instrument.
    #[must_use]
    pub fn instrument(&self, id: InstrumentId) -> Option<&Arc<Instrument>> {
        self.instruments.get(id.index())
    }

    /// The instrument with this key ([`Instrument::key`]).
    #[must_use]
    pub fn instrument_by_key(&self, key: &str) -> Option<&Arc<Instrument>> {
        self.instruments.iter().find(|i| i.has_key(key))
    }

    /// An instrument's newest quote, and how far it can be trusted.
    #[must_use]
    pub fn quote(&self, id: InstrumentId) -> Option<QuoteView<'_>> {
        let instrument = self.instrument(id)?;
        let broker = instrument.broker;
        let is_ready = self.connection(broker).is_some_and(|c| c.state.takes_orders());
        self.prices.view(id, broker, self.now, is_ready, self.settings.limits.quote_age(instrument))
    }

    /// An instrument's newest book.
    #[must_use]
    pub fn depth(&self, id: InstrumentId) -> Option<&Depth> {
        self.prices.depth_of(id)
    }

    /// An instrument's newest prints, oldest first.
    #[must_use]
    pub fn tape(&self, id: InstrumentId) -> Option<&VecDeque<Trade>> {
        self.prices.tape_of(id)
    }

    /// What is counted of an instrument's trades, while somebody wants them.
    #[must_use]
    pub fn flow(&self, id: InstrumentId) -> Option<&Flow> {
        self.flows.get(id)
    }

    /// A demanded bar series, as far as it has come.
    #[must_use]
    pub fn series(&self, key: BarKey) -> Option<&SeriesView> {
        self.charts.get(key)
    }

    /// What is used of the limits that are counted, scope by scope.
    #[must_use]
    pub fn uses(&self) -> &[ScopeUse] {
        &self.uses
    }

    /// Alerts, and what they have told.
    #[must_use]
    pub fn alerts(&self) -> &AlertBook {
        &self.alerts
    }

    /// What is drawn on the charts of an instrument ([`Instrument::key`]), the oldest first.
    #[must_use]
    pub fn drawings(&self, key: &str) -> &[Drawing] {
        self.drawings.of(key)
    }

    /// What the accounts were worth over time.
    #[must_use]
    pub fn equity(&self) -> &Curves {
        &self.equity
    }

    /// Orders, fills and positions.
    #[must_use]
    pub fn blotter(&self) -> &Blotter {
        &self.blotter
    }

    /// What the accounts are worth, in the order of [`Self::accounts`].
    #[must_use]
    pub fn valuations(&self) -> &[Valued] {
        &self.valuations
    }

    /// What an order that fills completely at `price` will cost, in the instrument's
    /// currency; `None` where the broker does not tell its rules.
    #[must_use]
    pub fn commission(&self, instrument: &Instrument, price: Price, quantity: Qty) -> Option<Decimal> {
        let value = instrument.checked_value(price, quantity)?;
        self.commission_of(instrument)?.checked_due(value, quantity, instrument.currency)
    }

    /// What trading an instrument costs; `None` where its broker does not tell its rules.
    #[must_use]
    pub fn commission_of(&self, instrument: &Instrument) -> Option<Commission> {
        let (_, rules) = self.commissions.iter().find(|(broker, _)| *broker == instrument.broker)?;
        rules.iter().find(|rule| rule.fits(instrument)).map(|rule| rule.commission)
    }

    /// Connections, by broker.
    #[must_use]
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// One broker's connection.
    #[must_use]
    pub fn connection(&self, broker: BrokerId) -> Option<&Connection> {
        self.connections.iter().find(|c| c.broker == broker)
    }

    /// The kill switch.
    #[must_use]
    pub fn kill(&self) -> KillState {
        self.kill
    }

    /// How far the kill switch has come, with evidence, while it is on.
    #[must_use]
    pub fn kill_report(&self) -> Option<&Arc<KillReport>> {
        self.kill_report.as_ref()
    }

    /// Why the settings in force are not kept for the next start, while that is so.
    #[must_use]
    pub fn settings_unsaved(&self) -> Option<&str> {
        self.settings_unsaved.as_deref()
    }

    /// Whether what is asked for can be written down before it is sent.
    #[must_use]
    pub fn journal(&self) -> &JournalState {
        &self.journal
    }

    /// The newest comparison of each broker's books with ours.
    #[must_use]
    pub fn reconciled(&self) -> &[Arc<Reconciliation>] {
        &self.reconciled
    }

    /// The timeline of an order, where it was asked for last ([`crate::link::Command::Timeline`]).
    #[must_use]
    pub fn timeline(&self, order: OrderId) -> Option<&Timeline> {
        self.timeline.as_ref().filter(|timeline| timeline.order == order)
    }

    /// How many timelines have come since the window opened: whoever asks sees by it that the
    /// answer is here, though it reads as the one before.
    #[must_use]
    pub fn timelines(&self) -> u64 {
        self.timelines
    }

    /// What became of the file that this command was about, if it was one of the last.
    #[must_use]
    pub fn file_done(&self, of: CommandId) -> Option<&Arc<FileDone>> {
        self.files_done.iter().find(|done| done.to == of)
    }

    /// What is noted of an order.
    #[must_use]
    pub fn note(&self, order: OrderId) -> Option<&Arc<Note>> {
        self.notes.get(&order)
    }

    /// What was earned day by day, if this has asked last.
    #[must_use]
    pub fn results(&self, of: CommandId) -> Option<&Arc<Results>> {
        self.results.as_ref().filter(|results| results.to == of)
    }

    /// What became of a note, if it was the newest.
    #[must_use]
    pub fn noted(&self, of: CommandId) -> Option<&Arc<Noted>> {
        self.noted.as_ref().filter(|noted| noted.to == of)
    }

    /// The table of target weights that was read last ([`crate::link::Command::ReadTargets`]).
    #[must_use]
    pub fn targets(&self) -> Option<&Arc<TargetsRead>> {
        self.targets.as_ref()
    }

    /// Settings in force.
    #[must_use]
    pub fn settings(&self) -> &Arc<Settings> {
        &self.settings
    }

    /// The activity log, oldest first.
    #[must_use]
    pub fn notices(&self) -> &VecDeque<Notice> {
        &self.notices
    }

    /// Adds a line of the window's own to the activity log; it outlives snapshots.
    pub fn add_notice(&mut self, notice: Notice) {
        keep(&mut self.own_notices, notice.clone());
        keep(&mut self.notices, notice);
    }

    /// What became of a command, once it is known.
    #[must_use]
    pub fn answer(&self, to: CommandId) -> Option<&Answer> {
        self.answers.get(to)
    }

    /// The newest order whose entry was answered by this command.
    #[must_use]
    pub fn order_of(&self, to: CommandId) -> Option<OrderId> {
        self.answers.get(to)?.outcome.as_ref().ok().copied().flatten()
    }

    /// Whether an order was cancelled because we asked for it, as far as this window has seen.
    #[must_use]
    pub fn is_cancelled_as_asked(&self, id: OrderId) -> bool {
        self.cancelled.contains(&id)
    }

    /// A command that never left; its control finds the reason like any other answer.
    pub fn not_sent(&mut self, to: CommandId, why: SendError) {
        let text: Arc<str> = why.to_string().into();
        let notice = Notice { time: self.now, level: NoticeLevel::Error, text: Arc::clone(&text) };
        self.add_notice(notice);
        self.answers.add(Answer { to, outcome: Err(Refused(text)) });
    }

    /// When a quote changed last, of any instrument.
    #[must_use]
    pub fn last_change(&self) -> Option<Time> {
        self.prices.last_change()
    }

    /// The market's own time, where it is not this computer's: as in a replay of a recording.
    /// It is that of the newest quote of an open exchange.
    #[must_use]
    pub fn market_time(&self) -> Option<Time> {
        self.prices.market_time()
    }

    /// When market data or a sign of life were received last, of any instrument.
    #[must_use]
    pub fn newest_quote(&self) -> Option<Time> {
        self.prices.newest()
    }

    /// Measured latencies.
    #[must_use]
    pub fn latency(&self) -> &Latency {
        &self.latency
    }

    /// What was applied is on the screen now.
    pub fn on_painted(&mut self, now: Time) {
        self.latency.on_painted(now);
    }

    /// The same, and nobody can tell since when: it counts for no latency.
    pub fn on_painted_unmeasured(&mut self) {
        self.latency.on_painted_unmeasured();
    }

    /// A frame that was due at once began only now.
    pub fn on_frame_gap(&mut self, gap: FrameGap) {
        self.latency.on_frame_gap(gap);
    }

    /// Forgets the latencies up to now.
    pub fn measure_anew(&mut self) {
        self.latency.measure_anew();
        self.queues.measure_anew();
    }

    /// What became of every message.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// How much had waited for the window.
    #[must_use]
    pub fn queues(&self) -> &Queues {
        &self.queues
    }

    /// Completes what the panes demand by what the desk itself needs (quotes of what is
    /// held, and the exchange rates that value it), and forgets series that nobody wants.
    pub fn settle_demand(&mut self, demand: &mut Demand) {
        demand.quotes.extend(self.blotter.open_positions().map(|p| p.instrument));
        // A change of an order is judged by the market.
        demand.quotes.extend(self.blotter.working().map(|order| order.spec.instrument));
        demand.quotes.extend(self.rate_instruments().map(|i| i.id));
        self.charts.keep_only(demand);
        self.prices.keep_only(&demand.quotes);
        let instrument = |id: InstrumentId| self.instruments.get(id.index()).map(|known| &**known);
        self.flows.keep_only(&demand.trades, self.now, instrument);
        self.latency.watch(&demand.quotes, self.now);
    }
}

/// Adds a line, and forgets the oldest where there are too many.
fn keep(notices: &mut VecDeque<Notice>, notice: Notice) {
    if notices.len() >= NOTICE_CAPACITY {
        notices.pop_front();
    }
    notices.push_back(notice);
}

#[cfg(test)]
mod tests;
