//! The program that trades: the real engine, its link with a desk behind it, and the session
//! that `broker::paper::remote` runs, here on a virtual clock and a faulty line.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pitdesk::broker::BrokerEvent;
use pitdesk::broker::contract::BrokerRequest;
use pitdesk::broker::paper::client::{self, ClientCore, Login, Out};
use pitdesk::broker::paper::server::ConnId;
use pitdesk::broker::paper::wire::fingerprint;
use pitdesk::desk::Desk;
use pitdesk::domain::{BrokerId, InstrumentId, LimitSet, Order, OrderId, Settings, Time};
use pitdesk::engine::{Effect, Engine, EngineEvent, Start};
use pitdesk::link::{Command, CommandId, Demand, EngineEnd, Envelope, WindowEnd, connect};

use crate::disk::{Disk, Found};
use crate::exchange::{TOKEN, instruments};
use crate::pipe::{Dice, Faults, Pipe};

const PAPER: BrokerId = BrokerId(0);
const TICK: Duration = Duration::from_millis(250);
/// Requests that may wait for the session, as in the supervisor.
const QUEUE: usize = 1_024;

/// A connection as the program has it.
struct Session {
    conn: ConnId,
    core: ClientCore,
    up: Pipe,
    down: Pipe,
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
    /// How often each order was handed to the wire, in all lives of the program.
    pub placed: BTreeMap<OrderId, u32>,
}

impl Program {
    pub fn start(disk: &mut Disk, limits: LimitSet, placed: BTreeMap<OrderId, u32>, now: Time) -> Self {
        let Found { journal, next_order_id, is_killed, day } = disk.recover(now);
        let (link, window) = connect(std::sync::Arc::new(|| {}));
        let settings = Settings { limits, ..Settings::default() };
        let engine = Engine::new(Start {
            settings: settings.into(),
            is_killed,
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
            placed,
        };
        program.engine.process(EngineEvent::Started, now, &mut program.effects);
        let mut demand = Demand::default();
        demand.quotes.extend((0..instruments().len()).map(|index| InstrumentId(index as u32)));
        program.command(Command::Demand(demand.into()), now);
        program
    }

    pub fn command(&mut self, command: Command, now: Time) {
        let envelope = Envelope { id: CommandId(self.next_command), input_at: now, command };
        self.next_command += 1;
        self.engine.process(EngineEvent::Command(envelope), now, &mut self.effects);
    }

    pub fn is_connected(&self) -> bool {
        self.session.is_some()
    }

    /// Whether a session would begin now.
    pub fn wants_session(&self, now: Time) -> bool {
        self.session.is_none() && now >= self.next_session
    }

    pub fn open_session(
        &mut self,
        conn: ConnId,
        faults: (Faults, Faults),
        is_healed: bool,
        dice: &mut Dice,
        now: Time,
        to: &mut ToExchange,
    ) {
        let login = Login {
            broker: PAPER,
            account: pitdesk::broker::paper::ACCOUNT.into(),
            token: TOKEN.to_owned(),
            catalogue: fingerprint(instruments().iter()),
            last_event: self.seen,
        };
        let takes = (!is_healed && dice.hits(4)).then(|| dice.below(6_000));
        let mut session = Session {
            conn,
            core: ClientCore::new(login),
            up: Pipe::new(faults.0, conn.0),
            down: Pipe::new(faults.1, conn.0 + 1_000_000),
            takes,
            early: VecDeque::new(),
        };
        let mut out = Out::default();
        session.core.connected(now, &mut out);
        self.session = Some(session);
        to.opened.push(conn);
        self.said(out, now, to);
    }

    /// What the exchange sends.
    pub fn hears(&mut self, conn: ConnId, bytes: &[u8], now: Time) {
        if let Some(session) = self.session.as_mut().filter(|session| session.conn == conn) {
            session.down.push(bytes, now);
        }
    }

    /// The exchange closes a connection.
    pub fn is_left(&mut self, conn: ConnId) {
        if let Some(session) = self.session.as_mut().filter(|session| session.conn == conn) {
            session.down.ends = true;
        }
    }

    /// The line is cut; this end notices.
    pub fn cut(&mut self, now: Time, to: &mut ToExchange) {
        let Some(session) = &mut self.session else { return };
        let mut out = Out::default();
        session.core.closed(now, &mut out);
        self.said(out, now, to);
    }

    /// Bytes that were sent and are still on their way when the program dies.
    pub fn dies(mut self) -> (Option<(ConnId, Pipe)>, BTreeMap<OrderId, u32>) {
        (self.session.take().map(|session| (session.conn, session.up)), self.placed)
    }

    /// Lets everything that is due happen.
    pub fn advance(&mut self, disk: &mut Disk, dice: &mut Dice, now: Time, to: &mut ToExchange) {
        if now >= self.next_tick {
            self.next_tick = now + TICK;
            self.engine.process(EngineEvent::Tick, now, &mut self.effects);
        }
        for event in disk.advance(now) {
            self.engine.process(event, now, &mut self.effects);
        }
        self.carry_out(disk, dice, now);
        self.run_session(dice, now, to);
        self.carry_out(disk, dice, now);
        self.desk.apply(self.window.inbox.drain(), now);
    }

    fn run_session(&mut self, dice: &mut Dice, now: Time, to: &mut ToExchange) {
        let arrived = match &mut self.session {
            Some(session) => session.down.arrived(now),
            None => return,
        };
        for piece in arrived {
            let Some(session) = &mut self.session else { return };
            let mut out = Out::default();
            session.core.received(&piece, now, &mut out);
            self.seen = self.seen.max(session.core.last_event());
            self.said(out, now, to);
        }
        if self.session.as_ref().is_some_and(|session| session.down.ends && session.down.is_done()) {
            self.cut(now, to);
        }
        let Some(session) = &mut self.session else { return };
        let mut out = Out::default();
        session.core.tick(now, &mut out);
        self.said(out, now, to);
        // A session reads when it comes to it.
        while self.session.is_some() && !self.queue.is_empty() && !dice.hits(4) {
            let request = self.queue.pop_front().expect("it is not empty");
            self.ask(request, now, to);
        }
        if self.session.as_ref().is_some_and(|session| session.core.is_ready()) {
            let early = self.session.as_mut().map(|s| std::mem::take(&mut s.early)).unwrap_or_default();
            for request in early {
                self.ask(request, now, to);
            }
        }
        if let Some(session) = &mut self.session {
            let arrived = session.up.arrived(now);
            to.bytes.extend(arrived.into_iter().map(|piece| (session.conn, piece)));
        }
    }

    fn ask(&mut self, request: BrokerRequest, now: Time, to: &mut ToExchange) {
        let Some(session) = &mut self.session else { return self.queue.push_front(request) };
        if let BrokerRequest::Place(orders) = &request {
            for order in orders {
                *self.placed.entry(order.id()).or_default() += 1;
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
        self.said(out, now, to);
    }

    /// Takes over what the client brings about, as `remote` does.
    fn said(&mut self, out: Out, now: Time, to: &mut ToExchange) {
        let Out { bytes, events, mut end } = out;
        for event in events {
            self.broker(event, now);
        }
        let Some(session) = &mut self.session else { return };
        let room = session.takes.map_or(bytes.len(), |takes| bytes.len().min(takes as usize));
        let is_broken = room < bytes.len();
        session.up.push_raw(&bytes, room, now);
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
            self.broker(event, now);
        }
        let Some(end) = end else { return };
        let Some(session) = self.session.take() else { return };
        // What is on its way goes on its way: this end is closed, the line is not.
        to.closed.push(session.conn);
        let mut up = session.up;
        to.bytes.extend(up.arrived(Time::MAX).into_iter().map(|piece| (session.conn, piece)));
        self.next_session = now + Duration::from_millis(500);
        // The supervisor takes no more, and hands back what was not read.
        let unread = self.queue.drain(..).collect();
        let reason = format!("{end:?}").into();
        self.broker(BrokerEvent::Ended { reason, unread }, now);
    }

    fn broker(&mut self, event: BrokerEvent, now: Time) {
        self.engine.process(EngineEvent::Broker(PAPER, event), now, &mut self.effects);
    }

    fn carry_out(&mut self, disk: &mut Disk, dice: &mut Dice, now: Time) {
        while !self.effects.is_empty() {
            let effects = std::mem::take(&mut self.effects);
            let mut back = Vec::new();
            let Self { link, queue, session, .. } = self;
            let is_behind = link.publisher.batch(|window| {
                for effect in effects {
                    match effect.publish_to(window) {
                        Some(Effect::Request(id, request)) if session.is_none() => {
                            back.push(EngineEvent::Undelivered(id, request, "The broker is not connected"));
                        }
                        Some(Effect::Request(id, request)) if queue.len() >= QUEUE => {
                            back.push(EngineEvent::Undelivered(id, request, "The broker does not keep up"));
                        }
                        Some(Effect::Request(_, request)) => queue.push_back(request),
                        Some(Effect::Journal(record)) => disk.append(*record, dice, now),
                        Some(Effect::Save(job)) => disk.save(job, dice, now),
                        _ => {}
                    }
                }
                window.needs_snapshot()
            });
            for event in back {
                self.engine.process(event, now, &mut self.effects);
            }
            if is_behind {
                self.engine.process(EngineEvent::WindowIsBehind, now, &mut self.effects);
            }
        }
    }

    /// The orders as the trader sees them.
    pub fn blotter(&self) -> BTreeMap<OrderId, &Order> {
        self.desk.blotter().orders().map(|order| (order.id, order)).collect()
    }
}
