//! The program that trades: the real engine, its link with a desk behind it, and the session
//! that `broker::paper::remote` runs, here on a virtual clock and a faulty line.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use pitdesk::broker::BrokerEvent;
use pitdesk::broker::contract::{BrokerRequest, Capabilities};
use pitdesk::broker::paper::client::{self, ClientCore, Ending, Login, Out};
use pitdesk::broker::paper::server::ConnId;
use pitdesk::broker::paper::wire::fingerprint;
use pitdesk::desk::Desk;
use pitdesk::domain::{BrokerId, InstrumentId, LimitSet, Order, OrderId, Settings, Time};
use pitdesk::engine::{BrokerFacts, Effect, Engine, EngineEvent, Start};
use pitdesk::link::channel::connect_with;
use pitdesk::link::{Command, CommandId, ConnectionState, Demand, EngineEnd, Envelope, WindowEnd};

use crate::disk::{Disk, Found};
use crate::exchange::{TOKEN, instruments};
use crate::heard::Heard;
use crate::limits::Bounds;
use crate::line::{Line, Troubles};
use crate::pipe::Dice;
use crate::witness::Witness;

const PAPER: BrokerId = BrokerId(0);
const TICK: Duration = Duration::from_millis(250);
/// Requests that may wait for the session, as in the supervisor.
const QUEUE: usize = 1_024;

/// Updates that may wait for a window that hangs, few enough that some are dropped.
const UPDATES: usize = 48;

/// A connection as the program has it.
struct Session {
    conn: ConnId,
    core: ClientCore,
    up: Line,
    down: Line,
    /// How many bytes the line takes before it breaks at this end.
    takes: Option<u64>,
    early: VecDeque<BrokerRequest>,
}

/// Bytes for the exchange, and connections that are gone.
#[derive(Default)]
pub struct ToExchange {
    pub bytes: Vec<(ConnId, Vec<u8>)>,
    pub opened: Vec<ConnId>,
    pub closed: Vec<ConnId>,
}

/// What is around the program while something happens to it.
pub struct Around<'a> {
    pub disk: &'a mut Disk,
    pub dice: &'a mut Dice,
    pub witness: &'a mut Witness,
    pub to: &'a mut ToExchange,
    pub now: Time,
}

pub struct Program {
    pub engine: Engine,
    link: EngineEnd,
    window: WindowEnd,
    pub desk: Desk,
    effects: Vec<Effect>,
    /// Requests that the session has not read.
    queue: VecDeque<BrokerRequest>,
    session: Option<Session>,
    /// When the next session begins.
    next_session: Time,
    next_tick: Time,
    next_command: u64,
    seen: u64,
    most_lost: rust_decimal::Decimal,
    /// Until when the window hangs.
    hangs_until: Time,
    /// Effects that are still carried out before it is killed.
    lives_for: Option<u64>,
    /// Another program has the account: only a person starts this one again.
    pub is_taken_over: bool,
}

impl Program {
    pub fn start(
        disk: &mut Disk,
        bounds: &Bounds,
        capabilities: Capabilities,
        witness: &mut Witness,
        now: Time,
    ) -> Self {
        let Found { journal, next_order_id, is_killed, flatten, day } = disk.recover(now);
        let is_saved = |id: InstrumentId| {
            let key = instruments()[id.index()].key();
            day.places.iter().any(|saved| saved.instrument == key)
        };
        witness.day.begin_again(is_saved, !day.locks.is_empty());
        witness.begins(Heard::before(&journal.fills), is_killed, next_order_id, &journal.orders);
        let (link, window) = connect_with(std::sync::Arc::new(|| {}), UPDATES);
        let limits: LimitSet = bounds.limits();
        let settings = Settings { limits, ..Settings::default() };
        let facts = BrokerFacts { capabilities, ..BrokerFacts::named("Paper".into()) };
        let engine = Engine::new(Start {
            brokers: vec![facts],
            settings: settings.into(),
            is_killed,
            flatten,
            next_order_id,
            journal,
            day,
            ..Start::first(instruments(), vec!["Paper".into()], now)
        });
        let mut program = Self {
            engine,
            link,
            window,
            desk: Desk::default(),
            effects: Vec::new(),
            queue: VecDeque::new(),
            session: None,
            next_session: now,
            next_tick: now,
            next_command: 1,
            seen: 0,
            most_lost: bounds.loss,
            hangs_until: now,
            lives_for: None,
            is_taken_over: false,
        };
        program.process(EngineEvent::Started, witness, now);
        let mut demand = Demand::default();
        demand.quotes.extend((0..instruments().len()).map(|index| InstrumentId(index as u32)));
        demand.trades.insert(InstrumentId(0));
        program.command(&Command::Demand(demand.into()), witness, now);
        program
    }

    pub fn command(&mut self, command: &Command, witness: &mut Witness, now: Time) {
        let envelope = Envelope { id: CommandId(self.next_command), input_at: now, command: command.clone() };
        self.next_command += 1;
        let before = self.effects.len();
        self.engine.process(EngineEvent::Command(envelope), now, &mut self.effects);
        witness.commanded(command, &self.effects[before..], now);
    }

    fn process(&mut self, event: EngineEvent, witness: &mut Witness, now: Time) {
        let before = self.effects.len();
        self.engine.process(event, now, &mut self.effects);
        witness.happens(&self.effects[before..], now);
    }

    /// The connection over which the program and its exchange understand each other, if they do.
    pub fn ready_conn(&self, now: Time) -> Option<ConnId> {
        let is_ready =
            self.is_seen(now) && self.desk.connections().iter().all(|c| c.state == ConnectionState::Ready);
        self.session
            .as_ref()
            .filter(|session| is_ready && session.core.is_ready())
            .map(|session| session.conn)
    }

    /// Whether a session would begin now.
    pub fn wants_session(&self, now: Time) -> bool {
        self.session.is_none() && !self.is_taken_over && now >= self.next_session
    }

    /// It is killed when so many effects more were carried out.
    pub fn live_for(&mut self, effects: u64) {
        self.lives_for = Some(effects);
    }

    pub fn is_dead(&self) -> bool {
        self.lives_for == Some(0)
    }

    pub fn open_session(
        &mut self,
        conn: ConnId,
        troubles: (Troubles, Troubles),
        is_healed: bool,
        around: &mut Around<'_>,
    ) {
        let login = Login {
            broker: PAPER,
            account: pitdesk::broker::paper::ACCOUNT.into(),
            token: TOKEN.to_owned(),
            catalogue: fingerprint(instruments().iter()),
            last_event: self.seen,
        };
        let takes = (!is_healed && around.dice.hits(6)).then(|| around.dice.below(10_000));
        let mut session = Session {
            conn,
            core: ClientCore::new(login),
            up: Line::new(troubles.0, conn.0),
            down: Line::new(troubles.1, conn.0 + 1_000_000),
            takes,
            early: VecDeque::new(),
        };
        let mut out = Out::default();
        session.core.connected(around.now, &mut out);
        self.session = Some(session);
        around.to.opened.push(conn);
        self.said(out, around);
    }

    /// What the exchange sends.
    pub fn hears(&mut self, conn: ConnId, bytes: &[u8], now: Time) {
        if let Some(session) = self.session.as_mut().filter(|session| session.conn == conn) {
            session.down.push(bytes, bytes.len(), now);
        }
    }

    /// The exchange closes a connection.
    pub fn is_left(&mut self, conn: ConnId) {
        if let Some(session) = self.session.as_mut().filter(|session| session.conn == conn) {
            session.down.ends();
        }
    }

    /// The line is cut; this end notices.
    pub fn cut(&mut self, around: &mut Around<'_>) {
        let Some(session) = &mut self.session else { return };
        let mut out = Out::default();
        session.core.closed(around.now, &mut out);
        self.said(out, around);
    }

    /// Bytes that were sent and are still on their way when the program dies.
    pub fn dies(mut self) -> Option<(ConnId, Line)> {
        self.session.take().map(|session| (session.conn, session.up))
    }

    /// Lets everything that is due happen.
    pub fn advance(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.process(EngineEvent::Tick, around.witness, now);
            self.looks_at_losses(around.witness);
        }
        for event in around.disk.advance(now) {
            self.process(event, around.witness, now);
        }
        self.carry_out(around);
        if !self.is_dead() {
            self.run_session(around);
            self.carry_out(around);
        }
        if now >= self.hangs_until {
            let applied = self.desk.apply(self.window.inbox.drain(), now);
            if applied.needs_snapshot {
                self.command(&Command::Snapshot, around.witness, now);
            }
        }
    }

    /// The window hangs for a while: the trader sees what was.
    pub fn hang(&mut self, until: Time) {
        self.hangs_until = until;
    }

    /// Whether the trader sees how things stand.
    pub fn is_seen(&self, now: Time) -> bool {
        now >= self.hangs_until
    }

    fn looks_at_losses(&self, witness: &mut Witness) {
        let heard = Rc::clone(&witness.heard);
        witness.day.looks(&heard, self.most_lost);
    }

    fn run_session(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        let arrived = match &mut self.session {
            Some(session) => session.down.arrived(now),
            None => return,
        };
        for piece in arrived {
            let Some(session) = &mut self.session else { return };
            let mut out = Out::default();
            session.core.received(&piece, now, &mut out);
            self.seen = self.seen.max(session.core.last_event());
            self.said(out, around);
        }
        if self.session.as_ref().is_some_and(|session| session.down.has_ended()) {
            self.cut(around);
        }
        let Some(session) = &mut self.session else { return };
        let mut out = Out::default();
        session.core.tick(now, &mut out);
        self.said(out, around);
        // A session reads when it comes to it.
        while self.session.is_some() && !self.queue.is_empty() && !around.dice.hits(4) {
            let request = self.queue.pop_front().expect("it is not empty");
            self.ask(request, around);
        }
        if self.session.as_ref().is_some_and(|session| session.core.is_ready()) {
            let early = self.session.as_mut().map(|s| std::mem::take(&mut s.early)).unwrap_or_default();
            for request in early {
                self.ask(request, around);
            }
        }
        if let Some(session) = &mut self.session {
            let arrived = session.up.arrived(now);
            around.to.bytes.extend(arrived.into_iter().map(|piece| (session.conn, piece)));
        }
    }

    fn ask(&mut self, request: BrokerRequest, around: &mut Around<'_>) {
        let now = around.now;
        let Some(session) = &mut self.session else { return self.queue.push_front(request) };
        if let BrokerRequest::Place(orders) = &request {
            for order in orders {
                *around.witness.placed.entry(order.id()).or_default() += 1;
            }
        }
        let mut out = Out::default();
        match session.core.request(request, now, &mut out) {
            Ok(()) => {}
            Err(request @ (BrokerRequest::Watch(_) | BrokerRequest::History(_))) => {
                session.early.push_back(request);
            }
            Err(request) => {
                client::refuse(&request, "The exchange is not ready: nothing was sent", now, &mut out);
            }
        }
        self.said(out, around);
    }

    /// Takes over what the client brings about, as `remote` does.
    fn said(&mut self, out: Out, around: &mut Around<'_>) {
        let now = around.now;
        let Out { bytes, events, mut end } = out;
        for event in events {
            self.broker(event, around.witness, now);
        }
        let Some(session) = &mut self.session else { return };
        let room = session.takes.map_or(bytes.len(), |takes| bytes.len().min(takes as usize));
        let is_broken = room < bytes.len();
        session.up.push(&bytes, room, now);
        session.takes = session.takes.map(|takes| takes - room as u64);
        let mut next = Out::default();
        if room > 0 {
            session.core.handed_over(room, now, &mut next);
        }
        if is_broken {
            session.core.closed(now, &mut next);
        }
        end = end.or(next.end.take());
        for event in next.events {
            self.broker(event, around.witness, now);
        }
        let Some(end) = end else { return };
        let Some(session) = self.session.take() else { return };
        // What is on its way goes on its way: this end is closed, the line is not.
        around.to.closed.push(session.conn);
        let mut up = session.up;
        around.to.bytes.extend(up.arrived(Time::MAX).into_iter().map(|piece| (session.conn, piece)));
        self.next_session = now + Duration::from_millis(500);
        let reason: std::sync::Arc<str> = format!("{end:?}").into();
        if matches!(end, Ending::TakenOver(_)) {
            self.is_taken_over = true;
            let state = ConnectionState::Closed;
            let closed = BrokerEvent::Connection { state, reason: std::sync::Arc::clone(&reason) };
            self.broker(closed, around.witness, now);
        }
        // The supervisor takes no more, and hands back what was not read.
        let unread = self.queue.drain(..).collect();
        self.broker(BrokerEvent::Ended { reason, unread }, around.witness, now);
    }

    fn broker(&mut self, event: BrokerEvent, witness: &mut Witness, now: Time) {
        let mut is_new_fill = false;
        if let BrokerEvent::Fill { fill, .. } = &event
            && !witness.heard.execs.contains(&fill.exec_id)
        {
            is_new_fill = true;
            let heard = Rc::clone(&witness.heard);
            witness.day.before_fill(fill, &heard);
        }
        if let BrokerEvent::Books(books) = &event {
            let heard = Rc::clone(&witness.heard);
            witness.day.before_books(&books.fills, &heard);
        }
        Rc::make_mut(&mut witness.heard).hear(&event, now);
        witness.brackets.hears(&event);
        self.process(EngineEvent::Broker(PAPER, event), witness, now);
        if is_new_fill {
            self.looks_at_losses(witness);
        }
    }

    fn carry_out(&mut self, around: &mut Around<'_>) {
        let now = around.now;
        while !self.effects.is_empty() {
            let effects = std::mem::take(&mut self.effects);
            let mut back = Vec::new();
            let Self { link, queue, session, lives_for, .. } = self;
            let Around { disk, dice, witness, .. } = around;
            let is_behind = link.publisher.batch(|window| {
                for effect in effects {
                    match lives_for {
                        Some(0) => break,
                        Some(left) => *left -= 1,
                        None => {}
                    }
                    witness.tally.see(&effect);
                    match effect.publish_to(window) {
                        Some(Effect::Request(id, request)) => {
                            witness.leaves(&request, now);
                            match session {
                                None => {
                                    let why = "The broker is not connected";
                                    back.push(EngineEvent::Undelivered(id, request, why));
                                }
                                Some(_) if queue.len() >= QUEUE => {
                                    let why = "The broker does not keep up";
                                    back.push(EngineEvent::Undelivered(id, request, why));
                                }
                                Some(_) => queue.push_back(request),
                            }
                        }
                        Some(Effect::Journal(record)) => disk.append(*record, dice, now),
                        Some(Effect::Save(job)) => disk.save(job, dice, now),
                        _ => {}
                    }
                }
                window.needs_snapshot()
            });
            if self.is_dead() {
                return;
            }
            for event in back {
                self.process(event, around.witness, now);
            }
            if is_behind {
                self.process(EngineEvent::WindowIsBehind, around.witness, now);
            }
        }
    }

    /// The orders as the trader sees them.
    pub fn blotter(&self) -> BTreeMap<OrderId, &Order> {
        self.desk.blotter().orders().map(|order| (order.id, order)).collect()
    }
}
