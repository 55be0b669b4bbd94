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

mod day;
pub mod event;
mod flatten;
mod known;
mod log;
mod market_data;
mod notices;
mod order_book;
pub mod order_state;
mod publish;
mod reports;
pub mod shell;
pub mod supervisor;
mod trading;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use event::{Effect, EngineEvent, SaveJob, Start};

use crate::broker::contract::{Books, Watch};
use crate::broker::{BrokerEvent, BrokerRequest};
use crate::domain::settings::Settings;
use crate::domain::{
    Account, AccountId, BrokerId, CommissionRule, Fill, Instrument, InstrumentId, Order, OrderStatus,
    Position, Time,
};
use crate::link::update::Refused;
use crate::link::{
    Answer, Command, Connection, ConnectionState, Envelope, KillState, NoticeLevel, Snapshot, Update,
};
use day::Day;
pub use day::DayState;
use flatten::{Flattening, WayOut};
use log::ExecutionLog;
use market_data::MarketData;
use notices::Notices;
use order_book::OrderBook;

/// How long a ready broker may say nothing before it counts as silent.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(5);
/// How long changed broker state may wait before it is saved.
const SAVE_DELAY: std::time::Duration = std::time::Duration::from_secs(1);
/// How long a shutdown may take: a second less than the program has, for a tick and the disk.
const SHUTDOWN_LIMIT: std::time::Duration = std::time::Duration::from_secs(2);

/// The outcome of a command: done, with the order it made, or refused.
type Outcome = Result<Option<crate::domain::OrderId>, Refused>;

/// All trading state, and the rules by which it changes.
pub struct Engine {
    instruments: Arc<[Arc<Instrument>]>,
    settings: Arc<Settings>,
    is_killed: bool,
    brokers: Vec<BrokerLine>,
    orders: OrderBook,
    executions: ExecutionLog,
    positions: BTreeMap<(AccountId, InstrumentId), Position>,
    accounts: BTreeMap<(BrokerId, AccountId), Arc<Account>>,
    market: MarketData,
    /// Closes and reversals that wait for exits to go.
    flattening: Vec<Flattening>,
    /// What is used of the limits that count over time.
    day: Day,
    notices: Notices,
    shutdown: Option<Shutdown>,
}

/// What is known of one broker's session.
struct BrokerLine {
    connection: Connection,
    last_heard: Time,
    commissions: Vec<CommissionRule>,
    /// When its state must be saved at the latest.
    save_at: Option<Time>,
    watch: Watch,
    /// Set when the last word on what to watch was not handed over.
    must_watch: bool,
    /// What it said when it became ready, for when it is heard again after a silence.
    ready_reason: Arc<str>,
}

struct Shutdown {
    deadline: Time,
    is_done: bool,
}

impl Engine {
    /// An engine with nothing known yet but what was saved.
    #[must_use]
    pub fn new(start: Start) -> Self {
        let line = |(index, name): (usize, &Arc<str>)| BrokerLine {
            connection: Connection {
                broker: BrokerId(index as u8),
                name: Arc::clone(name),
                state: ConnectionState::Connecting,
                reason: "Connecting".into(),
                since: start.now,
            },
            last_heard: start.now,
            commissions: Vec::new(),
            save_at: None,
            watch: Watch::default(),
            must_watch: false,
            ready_reason: "".into(),
        };
        Self {
            market: MarketData::new(&start.instruments),
            brokers: start.broker_names.iter().enumerate().map(line).collect(),
            instruments: start.instruments,
            settings: start.settings,
            is_killed: start.is_killed,
            orders: OrderBook::new(start.next_order_id),
            executions: ExecutionLog::default(),
            positions: BTreeMap::new(),
            accounts: BTreeMap::new(),
            flattening: Vec::new(),
            day: Day::default(),
            notices: Notices::new(start.notices),
            shutdown: None,
        }
    }

    /// Lets one event happen at `now`. What must be done about it is appended to `out`.
    pub fn process(&mut self, event: EngineEvent, now: Time, out: &mut Vec<Effect>) {
        match event {
            EngineEvent::Started => {
                self.orders.reserve();
                out.push(Effect::Save(self.engine_state()));
                out.push(self.snapshot(now));
                self.watch(out);
            }
            EngineEvent::Command(envelope) => self.command(envelope, now, out),
            EngineEvent::Broker(id, event) => self.broker_event(id, event, now, out),
            EngineEvent::Undelivered(id, request, why) => self.undelivered(id, &request, why, now, out),
            EngineEvent::Note(level, text) => self.note(level, text, now, out),
            EngineEvent::WindowIsBehind => self.tell_everything(now, out),
            EngineEvent::Tick => self.tick(now, out),
        }
        if !self.flattening.is_empty() {
            self.advance_flattening(now, out);
        }
    }

    fn command(&mut self, envelope: Envelope, now: Time, out: &mut Vec<Effect>) {
        let Envelope { id, input_at, command } = envelope;
        let outcome = self.carry_out(command, input_at, now, out);
        if let Err(refused) = &outcome {
            self.note(NoticeLevel::Warning, Arc::clone(&refused.0), now, out);
        }
        out.push(Effect::publish(Update::Answer(Answer { to: id, outcome }), now));
    }

    fn carry_out(&mut self, command: Command, input_at: Time, now: Time, out: &mut Vec<Effect>) -> Outcome {
        // Brokers read nothing behind their goodbye.
        if self.shutdown.is_some() && command.is_for_a_broker() {
            return Err(Refused("Pitdesk is closing: nothing was sent".into()));
        }
        match command {
            Command::Place(place) => self.place(&place, input_at, now, out),
            Command::Amend { order, quantity, limit, stop } => {
                self.amend(order, crate::risk::Change { quantity, limit, stop }, input_at, now, out)
            }
            Command::Cancel { order } => self.cancel(order, input_at, now, out),
            Command::CancelAll { instrument } => self.cancel_all(instrument, now, out),
            Command::Close { instrument } => self.flatten(instrument, WayOut::Close, input_at, now, out),
            Command::Reverse { instrument } => self.flatten(instrument, WayOut::Reverse, input_at, now, out),
            Command::Kill => {
                self.kill(now, out);
                Ok(None)
            }
            Command::ReleaseKill => self.release_kill(now, out),
            Command::Demand(demand) => {
                self.market.set_demand(&demand, out);
                self.watch(out);
                Ok(None)
            }
            Command::Configure(settings) => {
                settings.check().map_err(|bad| Refused(format!("Settings not changed: {bad}").into()))?;
                if settings.practice_always_open != self.settings.practice_always_open {
                    self.note(
                        NoticeLevel::Info,
                        "The practice market's hours change at the next start",
                        now,
                        out,
                    );
                }
                self.settings = settings;
                out.push(Effect::Save(SaveJob::Settings(Arc::clone(&self.settings))));
                out.push(Effect::publish(Update::Settings(Arc::clone(&self.settings)), now));
                Ok(None)
            }
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
        if let BrokerEvent::Ended(reason) = event {
            return self.session_ended(id, &reason, now, out);
        }
        line.last_heard = now;
        if line.connection.state == ConnectionState::Silent {
            let reason = Arc::clone(&line.ready_reason);
            self.set_connection(id, ConnectionState::Ready, &reason, now, out);
        }
        match event {
            BrokerEvent::Connection { state, reason } => {
                let is_fresh = state == ConnectionState::Ready;
                self.set_connection(id, state, &reason, now, out);
                if is_fresh {
                    self.brokers[usize::from(id.0)].ready_reason = reason;
                    self.resubscribe(id, out);
                }
                self.finish_shutdown(out);
            }
            BrokerEvent::Books(books) => self.adopt(id, &books, now, out),
            BrokerEvent::OnWire { order, at } => self.on_wire(order, at, out),
            BrokerEvent::Report(report) => {
                self.report(id, report, now, out);
                self.save_soon(id, now);
            }
            BrokerEvent::Fill { fill, position } => {
                self.fill(fill, position, now, out);
                self.save_soon(id, now);
                self.watch(out);
            }
            BrokerEvent::Account(account) => {
                let known = self.accounts.insert((id, account.id.clone()), Arc::clone(&account));
                // Brokers repeat it as a sign of life; the window does not wake for that.
                if known.as_ref() != Some(&account) {
                    out.push(Effect::publish(Update::Account(account), now));
                }
            }
            BrokerEvent::Market { received, events } => self.market.apply(received, events, out),
            BrokerEvent::Alive { received } => self.market.alive(id, received, out),
            BrokerEvent::History(bars) => self.market.history(bars, now, out),
            BrokerEvent::BarsChanged => self.market.ask_again(id, out),
            BrokerEvent::State(text) => {
                let name = Arc::clone(&self.brokers[usize::from(id.0)].connection.name);
                out.push(Effect::Save(SaveJob::BrokerState { name, text }));
            }
            BrokerEvent::Ended(_) => {}
        }
    }

    /// Takes over what the broker has. Where both know a thing, the broker is right.
    fn adopt(&mut self, id: BrokerId, books: &Books, now: Time, out: &mut Vec<Effect>) {
        let unknown = self.orders.adopt(id, &books.orders, now);
        if unknown > 0 {
            let text =
                format!("{unknown} working order(s) are not at the broker any more; their fate is unknown");
            self.note(NoticeLevel::Error, text, now, out);
        }
        self.market.begin_session(id, now);
        self.executions.adopt(&books.fills);
        self.brokers[usize::from(id.0)].commissions.clone_from(&books.commissions);
        for position in &books.positions {
            self.positions.insert((position.account.clone(), position.instrument), position.clone());
        }
        for account in &books.accounts {
            self.accounts.insert((id, account.id.clone()), Arc::clone(account));
        }
        if self.is_killed {
            self.cancel_everything(id, now, out);
        }
        out.push(self.snapshot(now));
        // The window has given up all charts for the snapshot. This broker's are asked for when
        // it is ready.
        for other in (0..self.brokers.len()).map(|index| BrokerId(index as u8)).filter(|other| *other != id) {
            self.market.ask_again(other, out);
        }
        self.watch(out);
    }

    fn set_connection(
        &mut self,
        id: BrokerId,
        state: ConnectionState,
        reason: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let connection = &mut self.brokers[usize::from(id.0)].connection;
        if connection.state == state && *connection.reason == *reason {
            return;
        }
        connection.state = state;
        connection.reason = reason.into();
        connection.since = now;
        let connection = connection.clone();
        let level = match state {
            ConnectionState::Silent | ConnectionState::Down => NoticeLevel::Error,
            _ => NoticeLevel::Info,
        };
        let text = format!("{}: {}. {reason}", connection.name, state.label());
        out.push(Effect::publish(Update::Connection(connection), now));
        self.note(level, text, now, out);
    }

    fn session_ended(&mut self, id: BrokerId, reason: &str, now: Time, out: &mut Vec<Effect>) {
        let Some(line) = self.brokers.get_mut(usize::from(id.0)) else { return };
        line.watch = Watch::default();
        let is_closed = line.connection.state == ConnectionState::Closed;
        if !is_closed {
            self.set_connection(id, ConnectionState::Down, reason, now, out);
            for order in self.orders.lose_broker(id, now) {
                out.push(Effect::publish(Update::Order(order), now));
            }
        }
        self.finish_shutdown(out);
    }

    /// The whole state anew, and with it the charts, whose bars the window no longer trusts.
    fn tell_everything(&mut self, now: Time, out: &mut Vec<Effect>) {
        out.push(self.snapshot(now));
        for index in 0..self.brokers.len() {
            self.market.ask_again(BrokerId(index as u8), out);
        }
    }

    /// A session that has just become ready watches and has answered nothing yet.
    fn resubscribe(&mut self, id: BrokerId, out: &mut Vec<Effect>) {
        self.brokers[usize::from(id.0)].watch = Watch::default();
        self.watch(out);
        self.market.ask_again(id, out);
    }

    /// Tells every broker which instruments are wanted, where that has changed: those
    /// of the window, and those of which we hold or have ordered something.
    fn watch(&mut self, out: &mut Vec<Effect>) {
        let mut wanted = self.market.watch();
        wanted.quotes.extend(self.orders.live().map(|order| order.spec.instrument));
        wanted.quotes.extend(self.positions.values().filter(|p| !p.is_flat()).map(|p| p.instrument));
        for (index, line) in self.brokers.iter_mut().enumerate() {
            let id = BrokerId(index as u8);
            let instruments = &self.instruments;
            let is_its = |i: &&InstrumentId| instruments.get(i.index()).is_some_and(|x| x.broker == id);
            let watch = Watch {
                quotes: wanted.quotes.iter().filter(is_its).copied().collect(),
                depth: wanted.depth.iter().filter(is_its).copied().collect(),
            };
            if watch != line.watch || line.must_watch {
                line.must_watch = false;
                // A sign of life speaks of what is watched; of the rest nothing is known from now on.
                for gone in &line.watch.quotes - &watch.quotes {
                    self.market.forget_quote(gone);
                }
                line.watch = watch.clone();
                out.push(Effect::Request(id, BrokerRequest::Watch(watch)));
            }
        }
    }

    fn tick(&mut self, now: Time, out: &mut Vec<Effect>) {
        for index in 0..self.brokers.len() {
            let id = BrokerId(index as u8);
            let line = &mut self.brokers[index];
            let is_ready = line.connection.state == ConnectionState::Ready;
            if is_ready && line.save_at.is_some_and(|at| now >= at) {
                line.save_at = None;
                out.push(Effect::Request(id, BrokerRequest::Save));
            }
            if is_ready {
                self.ask_for_the_missed(id, now, out);
            }
            let quiet = now.since(self.brokers[index].last_heard);
            if is_ready && quiet > SILENCE {
                let reason = format!("Nothing heard for {} s", quiet.as_secs());
                self.set_connection(id, ConnectionState::Silent, &reason, now, out);
            }
        }
        if self.shutdown.as_ref().is_some_and(|s| !s.is_done && now >= s.deadline) {
            self.end(out);
        }
    }

    /// What a full queue has kept from a broker is asked again.
    fn ask_for_the_missed(&mut self, id: BrokerId, now: Time, out: &mut Vec<Effect>) {
        if self.brokers[usize::from(id.0)].must_watch {
            self.watch(out);
        }
        self.market.ask_missing(id, out);
        let stands = |o: &Order| o.broker == id && o.status != OrderStatus::PendingCancel;
        if self.is_killed && self.orders.live().any(stands) {
            self.cancel_everything(id, now, out);
        }
    }

    fn save_soon(&mut self, id: BrokerId, now: Time) {
        self.brokers[usize::from(id.0)].save_at.get_or_insert(now + SAVE_DELAY);
    }

    fn begin_shutdown(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.shutdown.is_some() {
            return;
        }
        self.shutdown = Some(Shutdown { deadline: now + SHUTDOWN_LIMIT, is_done: false });
        for index in 0..self.brokers.len() {
            out.push(Effect::Request(BrokerId(index as u8), BrokerRequest::Disconnect));
        }
        self.finish_shutdown(out);
    }

    /// Ends once every broker has closed or is gone.
    fn finish_shutdown(&mut self, out: &mut Vec<Effect>) {
        let is_over = |line: &BrokerLine| {
            matches!(line.connection.state, ConnectionState::Closed | ConnectionState::Down)
        };
        if self.shutdown.as_ref().is_some_and(|s| !s.is_done) && self.brokers.iter().all(is_over) {
            self.end(out);
        }
    }

    fn end(&mut self, out: &mut Vec<Effect>) {
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.is_done = true;
        }
        out.push(Effect::Save(self.engine_state()));
        out.push(Effect::Finish);
    }

    fn engine_state(&self) -> SaveJob {
        SaveJob::EngineState { is_killed: self.is_killed, next_order_id: self.orders.reserved_up_to() }
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
            commissions: self.brokers.iter().map(|l| (l.connection.broker, l.commissions.clone())).collect(),
            connections: self.brokers.iter().map(|line| line.connection.clone()).collect(),
            kill: self.kill_state(),
            settings: Arc::clone(&self.settings),
            notices: self.notices.all().cloned().collect(),
        };
        Effect::publish(Update::Snapshot(Arc::new(snapshot)), now)
    }

    /// The account that orders of this broker are entered for.
    fn entry_account(&self, broker: BrokerId) -> Option<&Arc<Account>> {
        self.accounts
            .range((broker, AccountId("".into()))..)
            .next()
            .and_then(|((b, _), account)| (*b == broker).then_some(account))
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
