//! The actor that owns all trading state.
//!
//! Everything that can happen is one [`EngineEvent`]; [`Engine::process`] turns it
//! into [`Effect`]s, synchronously, without I/O and without a clock: the time comes
//! in. So the same engine runs under the window, in a simulation and in a test, and
//! [`shell`] is the only part that knows tasks, timers and sockets.
//!
//! Invariants:
//! - an order leaves only as [`crate::risk::ApprovedOrder`];
//! - an order moves only along [`order_state::next`];
//! - what the window is told in the lossless class is told after the state changed,
//!   so a snapshot taken at any instant equals the sum of what was told before it.

mod alerts;
mod allocation;
mod arming;
mod connection;
mod day;
mod drawings;
mod equity;
pub mod event;
pub mod files;
mod flatten;
mod groups;
mod journal;
mod kill;
mod known;
mod listing;
mod log;
mod market_data;
mod notes;
mod notices;
pub mod order_state;
mod orders;
mod outages;
mod publish;
mod reconcile;
mod remarks;
mod reports;
mod results;
pub mod shell;
mod shutdown;
pub mod supervisor;
mod trading;
mod uses;
mod watching;
mod what_if;
mod writer;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub use event::{BrokerFacts, Effect, EngineEvent, Journaled, SaveJob, Start};

use crate::broker::contract::Watch;
use crate::broker::{BrokerEvent, BrokerRequest};
use crate::domain::settings::Settings;
use crate::domain::{
    Account, AccountId, BrokerId, CommissionRule, DrawingBook, Fill, Flatten, Instrument, InstrumentId,
    OrderId, PlanId, Position, Seq, Time,
};
use crate::link::update::Refused;
use crate::link::{
    Answer, Command, CommandId, Connection, ConnectionState, Demand, Envelope, KillState, NoticeLevel,
    Reconciliation, ScopeUse, Snapshot, Update,
};
use alerts::Alerts;
use day::Day;
use equity::Equity;
use flatten::{Flattening, WayOut};
use groups::Groups;
use journal::Journal;
use kill::Kill;
use listing::Joining;
use log::ExecutionLog;
use market_data::MarketData;
use notes::Notes;
use notices::Notices;
use orders::Orders;
use outages::Outages;
use reconcile::Before;
use remarks::Remarks;
use shutdown::Shutdown;
use what_if::tell_impact;

/// How long a ready broker may say nothing before it counts as silent.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// How long a shutdown may take: a second less than the program has, for a tick and the disk.
const SHUTDOWN_LIMIT: std::time::Duration = std::time::Duration::from_secs(2);

/// The outcome of a command: done, with the order it made, or refused.
type Outcome = Result<Option<OrderId>, Refused>;

/// All trading state, and the rules by which it changes.
pub struct Engine {
    instruments: Arc<[Arc<Instrument>]>,
    settings: Arc<Settings>,
    is_killed: bool,
    /// How far the kill switch has come, while it is on.
    kill: Option<Kill>,
    /// Orders by which the kill switch closes positions: the only ones that leave while it is on.
    closing: BTreeSet<OrderId>,
    brokers: Vec<BrokerLine>,
    journal: Journal,
    orders: Orders,
    executions: ExecutionLog,
    /// What earlier runs have left to compare books with.
    before: Before,
    positions: BTreeMap<(AccountId, InstrumentId), Position>,
    accounts: BTreeMap<(BrokerId, AccountId), Arc<Account>>,
    market: MarketData,
    remarks: Remarks,
    outages: Outages,
    /// Instruments that were described and wait for what the journal has of them; by id.
    joining: VecDeque<Joining>,
    /// Instruments that have joined, and no books have spoken of yet.
    unread: BTreeSet<InstrumentId>,
    /// Closes and reversals that wait for exits to go.
    flattening: Vec<Flattening>,
    /// Brackets and OCO groups that this program keeps.
    groups: Groups,
    /// The newest comparison of books of each broker.
    reconciled: BTreeMap<BrokerId, Arc<Reconciliation>>,
    /// What is used of the limits that count over time.
    day: Day,
    /// What the window was told of that last.
    uses_told: Arc<[ScopeUse]>,
    /// Live accounts whose orders may open positions, in this run.
    armed: BTreeSet<(BrokerId, AccountId)>,
    /// Plans whose orders were sent, and are not sent again.
    allocated: BTreeSet<PlanId>,
    alerts: Alerts,
    notes: Notes,
    results_asked: results::Asked,
    /// What the trader has drawn on charts.
    drawings: Arc<DrawingBook>,
    equity: Equity,
    notices: Notices,
    shutdown: Option<Shutdown>,
}

/// What is known of one broker's session.
struct BrokerLine {
    connection: Connection,
    last_heard: Time,
    /// When market data came last, or a sign that they hold.
    market_heard: Option<Time>,
    commissions: Vec<CommissionRule>,
    watch: Watch,
    /// Set when the last word on what to watch was not handed over.
    must_watch: bool,
    /// How its session says that it stands; `Silent` and `Reconciling` are found out here.
    said: ConnectionState,
    /// How the trader was told last that it is away, until it is back.
    told_away: Option<(ConnectionState, Arc<str>)>,
    /// What it said with that.
    said_reason: Arc<str>,
    /// Sessions that have begun in this run.
    session: u64,
    /// Whether the books of this session have come and were compared.
    is_reconciled: bool,
    /// Whether there was ever something to compare its books with.
    has_memory: bool,
    /// When the books were asked for in the middle of a session.
    books_asked_at: Option<Time>,
    /// What the engine knows of it beforehand.
    facts: BrokerFacts,
    /// Why nothing is ever sent to it in this run: its accounts are not of the profile's kind.
    barred: Option<Arc<str>>,
}

impl Engine {
    /// An engine with nothing known yet but what was saved.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let day = start.day.clone();
        let line = |(index, facts): (usize, &BrokerFacts)| BrokerLine {
            connection: Connection {
                broker: BrokerId(index as u8),
                name: Arc::clone(&facts.name),
                state: ConnectionState::Connecting,
                reason: "Connecting".into(),
                since: start.now,
            },
            last_heard: start.now,
            market_heard: None,
            commissions: Vec::new(),
            watch: Watch::default(),
            must_watch: false,
            said: ConnectionState::Connecting,
            told_away: None,
            said_reason: "Connecting".into(),
            session: 0,
            is_reconciled: false,
            has_memory: start.journal.next_seq > Seq::default().next(),
            books_asked_at: None,
            facts: facts.clone(),
            barred: None,
        };
        let catalogue = Arc::clone(&start.instruments);
        let with_broker = move |fill: Fill| Some((catalogue.get(fill.instrument.index())?.broker, fill));
        let now = start.now;
        let mut engine = Self {
            market: MarketData::new(&start.instruments),
            alerts: Alerts::new(start.alerts, &start.instruments),
            drawings: Arc::new(start.drawings),
            equity: Equity::new(start.equity),
            brokers: start.brokers.iter().enumerate().map(line).collect(),
            instruments: start.instruments,
            settings: start.settings,
            is_killed: start.is_killed,
            kill: start.is_killed.then(|| Kill::left_on(start.brokers.len(), start.flatten, start.now)),
            closing: BTreeSet::new(),
            journal: Journal::new(start.journal.next_seq, start.journal.broken),
            orders: Orders::new(start.next_order_id, start.journal.orders),
            before: Before::new(start.journal.past, &start.journal.fills),
            executions: ExecutionLog::new(start.journal.fills.iter().cloned().filter_map(with_broker)),
            reconciled: BTreeMap::new(),
            positions: BTreeMap::new(),
            accounts: BTreeMap::new(),
            remarks: Remarks::new(),
            outages: Outages::default(),
            joining: VecDeque::new(),
            unread: BTreeSet::new(),
            flattening: Vec::new(),
            groups: Groups::default(),
            day: Day::default(),
            uses_told: Arc::default(),
            armed: BTreeSet::new(),
            allocated: BTreeSet::new(),
            notes: Notes::new(start.journal.notes),
            results_asked: None,
            notices: Notices::new(start.notices),
            shutdown: None,
        };
        engine.groups = Groups::new(engine.orders.all());
        engine.allocated = allocation::sent_before(engine.orders.all());
        engine.restore_day(&day, start.journal.booked.into_iter().zip(&start.journal.fills));
        engine.recount_orders(|_| true, now);
        engine
    }

    /// Lets one event happen at `now`. What must be done about it is appended to `out`.
    pub fn process(&mut self, event: EngineEvent, now: Time, out: &mut Vec<Effect>) {
        let moves_orders = event.moves_orders();
        match event {
            EngineEvent::Started => {
                self.orders.reserve();
                self.uses_told = self.uses(now);
                // What the last run could not write down any more.
                if self.is_killed {
                    self.end_legs(|_| true, now, out);
                    self.give_up_everything_unsent(now, out);
                }
                out.push(Effect::Save(self.engine_state()));
                out.push(self.snapshot(now));
                self.watch(out);
            }
            EngineEvent::Command(envelope) => self.command(envelope, now, out),
            EngineEvent::Broker(id, event) => self.broker_event(id, event, now, out),
            EngineEvent::Undelivered(id, request, why) => self.undelivered(id, &request, why, now, out),
            EngineEvent::Journaled(seq) => self.journaled(seq, now, out),
            EngineEvent::JournalFailed { from, through, why } => {
                self.journal_failed(&(from..=through), &why, now, out);
            }
            EngineEvent::JournalWorks => self.journal_works(now, out),
            EngineEvent::Timeline(timeline) => out.push(Effect::publish(Update::Timeline(timeline), now)),
            EngineEvent::Recalled(id, outcome) => self.recalled(id, outcome, now, out),
            EngineEvent::Targets(read) => out.push(Effect::publish(Update::Targets(read), now)),
            EngineEvent::Results(read) => out.push(Effect::publish(Update::Results(read), now)),
            EngineEvent::File(done) => out.push(Effect::publish(Update::File(done), now)),
            EngineEvent::Note(level, text) => self.note(level, text, now, out),
            EngineEvent::SettingsUnsaved(why) => {
                self.notices.settings_unsaved.clone_from(&why);
                out.push(Effect::publish(Update::SettingsUnsaved(why), now));
            }
            EngineEvent::WindowIsBehind => self.tell_everything(now, out),
            EngineEvent::Left(follower) => self.wants(follower, &Demand::default(), out),
            EngineEvent::Tick => self.tick(now, out),
        }
        if !self.flattening.is_empty() {
            self.advance_flattening(now, out);
        }
        if moves_orders {
            self.advance_groups(now, out);
        }
        if self.kill.is_some() && moves_orders {
            self.advance_kill(now, out);
        }
    }

    fn command(&mut self, envelope: Envelope, now: Time, out: &mut Vec<Effect>) {
        let Envelope { id, input_at, command } = envelope;
        let outcome = self.carry_out(command, id, input_at, now, out);
        if let Err(refused) = &outcome {
            self.note(NoticeLevel::Warning, Arc::clone(&refused.0), now, out);
        }
        out.push(Effect::publish(Update::Answer(Answer { to: id, outcome }), now));
    }

    fn carry_out(
        &mut self,
        command: Command,
        id: CommandId,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        // Brokers read nothing behind their goodbye.
        if self.shutdown.is_some() && command.is_for_a_broker() {
            return Err(Refused("Pitdesk is closing: nothing was sent".into()));
        }
        match command {
            Command::Place(place) => self.place(&place, input_at, now, out),
            Command::WhatIf(asked) => self.what_if(id, asked, out),
            Command::Allocate(allocation) => self.allocate(&allocation, input_at, now, out),
            Command::ReadTargets(from) => {
                out.push(Effect::ReadTargets(from, Arc::clone(&self.instruments)));
                Ok(None)
            }
            Command::File(task) => {
                out.push(Effect::File(id, task));
                Ok(None)
            }
            Command::Amend { order, quantity, limit, stop, despite } => {
                let change = crate::risk::Change { quantity, limit, stop };
                self.amend(order, change, despite, input_at, now, out)
            }
            Command::Cancel { order } => self.cancel(order, input_at, now, out),
            Command::CancelAll { instrument } => self.cancel_all(instrument, now, out),
            Command::Close { account, instrument, despite } => {
                self.flatten((account, instrument), WayOut::Close, despite, input_at, now, out)
            }
            Command::Reverse { account, instrument, despite } => {
                self.flatten((account, instrument), WayOut::Reverse, despite, input_at, now, out)
            }
            Command::Kill { flatten } => {
                self.kill(flatten, now, out);
                Ok(None)
            }
            Command::ReleaseKill => self.release_kill(now, out),
            Command::Arm { broker, account, typed } => self.arm(broker, &account, &typed, now, out),
            Command::Disarm { broker, account } => self.disarm(broker, &account, now, out),
            Command::Decide { order, decision } => self.decide(order, decision, now, out),
            Command::Timeline { order } => {
                self.tell_moves(order, now, out);
                out.push(Effect::AskTimeline(order));
                Ok(None)
            }
            Command::Reconcile { broker } => self.reconcile(broker, now, out),
            Command::Demand(demand) => {
                self.wants(id.follower(), &demand, out);
                Ok(None)
            }
            Command::Configure(settings) => {
                settings.check().map_err(|bad| Refused(format!("Settings not changed: {bad}").into()))?;
                if settings.account_kind != self.settings.account_kind {
                    let text = "Settings not changed: the kind of accounts of a profile is not changed while it \
                                runs. Close Pitdesk, change account_kind in settings.toml, and start again";
                    return Err(Refused(text.into()));
                }
                if settings.practice_always_open != self.settings.practice_always_open {
                    self.note(
                        NoticeLevel::Info,
                        "The practice market's hours change at the next start",
                        now,
                        out,
                    );
                }
                self.settings = self.with_the_listed(settings);
                out.push(Effect::Save(SaveJob::Settings(Arc::clone(&self.settings))));
                out.push(Effect::publish(Update::Settings(Arc::clone(&self.settings)), now));
                Ok(None)
            }
            Command::Find(text) => self.find(&text, out),
            Command::List { broker, name } => self.list(broker, &name, out),
            Command::SetAlert { id, terms } => self.set_alert(id, terms, now, out),
            Command::RearmAlert(id) => self.rearm_alert(id, now, out),
            Command::RemoveAlert(id) => {
                self.remove_alert(id, now, out);
                Ok(None)
            }
            Command::SeeAlerts(through) => {
                self.see_alerts(through, now, out);
                Ok(None)
            }
            Command::Results(span) => {
                self.ask_results(id, span, out);
                Ok(None)
            }
            Command::Annotate { order, note } => self.annotate(id, order, note, now, out),
            Command::Draw { instrument, change } => self.draw(instrument, change, now, out),
            Command::SaveWorkspace(text) => {
                out.push(Effect::Save(SaveJob::Workspace(text)));
                Ok(None)
            }
            Command::Drill { broker, drill } => {
                if usize::from(broker.0) >= self.brokers.len() {
                    return Err(Refused("There is no such broker".into()));
                }
                out.push(Effect::Request(broker, BrokerRequest::Drill(drill)));
                self.note(NoticeLevel::Warning, "Drill: the broker has a bad day on purpose", now, out);
                Ok(None)
            }
            Command::Weather(weather) => {
                let text = format!("Drill: the weather for programs that are connected is now {weather}");
                self.note(NoticeLevel::Warning, text, now, out);
                out.push(Effect::publish(Update::Weather(weather), now));
                Ok(None)
            }
            Command::Snapshot => {
                self.tell_everything(now, out);
                Ok(None)
            }
            Command::Shutdown => {
                self.begin_shutdown(now, out);
                Ok(None)
            }
        }
    }

    fn broker_event(&mut self, id: BrokerId, event: BrokerEvent, now: Time, out: &mut Vec<Effect>) {
        let Some(line) = self.brokers.get_mut(usize::from(id.0)) else { return };
        // Nothing is taken over of a broker that was left.
        let is_of_the_line = matches!(event, BrokerEvent::Ended { .. } | BrokerEvent::Connection { .. });
        if line.barred.is_some() && !is_of_the_line {
            return;
        }
        line.last_heard = now;
        if let BrokerEvent::Market { received, .. } | BrokerEvent::Alive { received } = &event {
            line.market_heard = Some(*received);
        }
        match event {
            BrokerEvent::Ended { reason, unread } => {
                return self.session_ended(id, &reason, unread, now, out);
            }
            BrokerEvent::Connection { state, reason } => {
                line.said = state;
                line.said_reason = reason;
                self.show_connection(id, now, out);
                if state.is_up() {
                    self.resubscribe(id, out);
                }
                self.finish_shutdown(out);
            }
            BrokerEvent::Books(books) => {
                if self.are_of_the_profile(id, books.accounts.iter(), now, out) {
                    self.adopt(id, &books, now, out);
                }
            }
            BrokerEvent::OnWire { order, at } => self.on_wire(id, order, at, out),
            BrokerEvent::Report(report) => {
                self.heard_while_killed(id, &report);
                self.report(id, report, now, out);
            }
            BrokerEvent::Fill { fill, position } => {
                self.equity.filled(&fill.account);
                self.fill(id, fill, position, now, out);
                self.watch(out);
            }
            BrokerEvent::Charged { fill, position } => self.charged(id, &fill, position, now, out),
            BrokerEvent::Account(account) => {
                if !self.are_of_the_profile(id, [&account], now, out) {
                    return;
                }
                let known = self.accounts.insert((id, account.id.clone()), Arc::clone(&account));
                self.equity.told(&account, known.as_deref());
                // Brokers repeat it as a sign of life; the window does not wake for that.
                if known.as_ref() != Some(&account) {
                    out.push(Effect::publish(Update::Account(account), now));
                }
            }
            BrokerEvent::Market { received, events } => {
                let news = self.alerts_look(&events, now);
                self.market.apply(received, events, out);
                self.tell_alerts(news, now, out);
            }
            BrokerEvent::Alive { received } => self.market.alive(id, received, out),
            BrokerEvent::History(bars) => self.market.history(bars, now, out),
            BrokerEvent::BarsChanged => self.market.ask_again(id, out),
            BrokerEvent::BarsMissed(key) => self.market.ask_anew(id, key, out),
            BrokerEvent::Unsent { request, why } => self.undelivered(id, &request, &why, now, out),
            BrokerEvent::Remark { instrument, remark } => self.remark(id, instrument, remark, now, out),
            BrokerEvent::BarSoFar { key, bar, received } => {
                self.market.bar_so_far(key, &bar, received, out);
            }
            BrokerEvent::BarsWait { request, until } => self.market.bars_wait(request, until, now, out),
            BrokerEvent::Impact { id, outcome } => tell_impact(id, outcome, now, out),
            BrokerEvent::Found { text, outcome } => self.found(id, text, outcome, now, out),
            BrokerEvent::Described { name, outcome } => self.described(id, &name, outcome, now, out),
            BrokerEvent::Note(level, text) => {
                let name = Arc::clone(&self.brokers[usize::from(id.0)].connection.name);
                self.note(level, format!("{name}: {text}"), now, out);
            }
        }
        if self.brokers[usize::from(id.0)].connection.state == ConnectionState::Silent {
            self.show_connection(id, now, out);
        }
    }

    /// The whole state anew, and with it the charts, whose bars the window no longer trusts.
    fn tell_everything(&mut self, now: Time, out: &mut Vec<Effect>) {
        out.push(self.snapshot(now));
        for index in 0..self.brokers.len() {
            self.market.ask_again(BrokerId(index as u8), out);
        }
    }

    fn tick(&mut self, now: Time, out: &mut Vec<Effect>) {
        for index in 0..self.brokers.len() {
            let id = BrokerId(index as u8);
            let is_ready = self.brokers[index].connection.state.takes_orders();
            if is_ready {
                self.ask_for_the_missed(id, out);
            }
            let quiet = now.since(self.brokers[index].last_heard);
            if is_ready && quiet > SILENCE {
                let reason = format!("Nothing heard for {} s", quiet.as_secs());
                self.set_connection(id, ConnectionState::Silent, &reason, now, out);
            }
        }
        self.abandon_the_late(now, out);
        self.tell_late_moves(now, out);
        self.pass_day(now, out);
        self.tell_uses(now, out);
        self.sample_equity(now, out);
        let old = self.orders.forget_old(self.groups.exits_awake());
        self.groups.forget(&old);
        if self.shutdown.as_ref().is_some_and(|s| !s.is_done && now >= s.deadline) {
            self.end(out);
        }
    }

    fn engine_state(&self) -> SaveJob {
        SaveJob::EngineState {
            is_killed: self.is_killed,
            flatten: self.kill.as_ref().map_or(Flatten::No, |kill| kill.flatten),
            next_order_id: self.orders.reserved_up_to(),
            day: self.day_state(),
        }
    }

    fn kill_state(&self) -> KillState {
        if self.is_killed {
            KillState::Locked { still_working: self.orders.live().count() as u32 }
        } else {
            KillState::Armed
        }
    }

    fn note(&mut self, level: NoticeLevel, text: impl Into<Arc<str>>, now: Time, out: &mut Vec<Effect>) {
        out.push(Effect::publish(Update::Notice(self.notices.add(level, text.into(), now)), now));
    }

    fn snapshot(&self, now: Time) -> Effect {
        let snapshot = Snapshot {
            instruments: Arc::clone(&self.instruments),
            orders: self.orders.all().cloned().collect(),
            fills: self.executions.fills().cloned().collect(),
            positions: self.positions.values().cloned().collect(),
            accounts: self.accounts.values().cloned().collect(),
            remarks: self.remarks.iter().map(|(id, remark)| (*id, Arc::clone(remark))).collect(),
            growing: self.able(|broker| broker.lookup),
            reckoning: self.able(|broker| broker.what_if),
            commissions: self.brokers.iter().map(|l| (l.connection.broker, l.commissions.clone())).collect(),
            connections: self.brokers.iter().map(|line| line.connection.clone()).collect(),
            outages: self.outages.told(),
            kill: self.kill_state(),
            kill_report: self.kill_report(),
            journal: self.journal.state(),
            reconciled: self.reconciled.values().cloned().collect(),
            settings: Arc::clone(&self.settings),
            settings_unsaved: self.notices.settings_unsaved.clone(),
            uses: Arc::clone(&self.uses_told),
            armed: self.armed_accounts(),
            alerts: Arc::clone(self.alerts.book()),
            notes: Arc::clone(self.notes.kept()),
            drawings: Arc::clone(&self.drawings),
            equity: Arc::clone(self.equity.curves()),
            notices: self.notices.all().cloned().collect(),
        };
        Effect::publish(Update::Snapshot(Arc::new(snapshot)), now)
    }

    fn position_of(&self, account: &AccountId, instrument: InstrumentId) -> Option<&Position> {
        self.positions.get(&(account.clone(), instrument))
    }

    /// Executions of this profile, oldest first.
    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.executions.fills()
    }
}

#[cfg(test)]
mod tests;
