//! One world from one seed.

use std::collections::BTreeMap;
use std::time::Duration;

use pitdesk::broker::paper::server::{ConnId, Effect};
use pitdesk::domain::{Decimal, LimitSet, Limits, OrderStatus, Qty, Time};
use pitdesk::link::{Command, Flatten, KillState};

use crate::disk::{Disk, Health};
use crate::exchange::Exchange;
use crate::invariants::{self, MAX_ORDER, MAX_POSITION};
use crate::pipe::{Dice, Faults, Pipe};
use crate::program::{Program, ToExchange};
use crate::real::RealJournal;
use crate::trader::wish;

const START: Time = Time::from_seconds(1_795_186_800);
const STEP: Duration = Duration::from_millis(50);
/// Steps in which things go wrong, and then until all has healed.
const BAD: u32 = 300;
const GOOD: u32 = 700;
/// Steps for what is on its way then.
const LAST: u32 = 10;
/// One world in so many has the program's own journal on its disk.
const REAL_ONE_IN: u64 = 10;

/// What happened, so that a run can show that it was not idle.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    pub orders: u64,
    pub fills: u64,
    pub connections: u64,
    pub program_kills: u64,
    pub exchange_kills: u64,
    pub never_arrived: u64,
    pub kills: u64,
    pub flattened: u64,
}

impl Tally {
    pub fn add(&mut self, other: &Self) {
        self.orders += other.orders;
        self.fills += other.fills;
        self.connections += other.connections;
        self.program_kills += other.program_kills;
        self.exchange_kills += other.exchange_kills;
        self.never_arrived += other.never_arrived;
        self.kills += other.kills;
        self.flattened += other.flattened;
    }
}

pub struct World {
    dice: Dice,
    now: Time,
    exchange: Exchange,
    program: Option<Program>,
    /// When a dead program begins again.
    restart_at: Time,
    disk: Disk,
    next_conn: u64,
    /// Bytes of connections whose program is dead.
    orphans: Vec<(ConnId, Pipe)>,
    placed: BTreeMap<pitdesk::domain::OrderId, u32>,
    is_healed: bool,
    tally: Tally,
}

fn limits() -> LimitSet {
    let units = |count: i64| Some(Qty(Decimal::from(count)));
    let profile = Limits {
        max_order_quantity: units(MAX_ORDER),
        max_position_quantity: units(MAX_POSITION),
        ..Limits::default()
    };
    LimitSet { profile, ..LimitSet::default() }
}

impl World {
    pub fn run(seed: u64) -> Tally {
        let mut disk = Disk::new((seed % REAL_ONE_IN == 0).then(RealJournal::new));
        let mut world = Self {
            dice: Dice::new(seed),
            now: START,
            exchange: Exchange::new(seed % 16, START),
            program: Some(Program::start(&mut disk, limits(), BTreeMap::new(), START)),
            restart_at: START,
            disk,
            next_conn: 1,
            orphans: Vec::new(),
            placed: BTreeMap::new(),
            is_healed: false,
            tally: Tally::default(),
        };
        for _ in 0..BAD {
            world.something_goes_wrong();
            world.step();
        }
        world.heal();
        for _ in 0..GOOD {
            world.step();
        }
        // The market stands still, so that its last word arrives.
        for _ in 0..LAST {
            world.pass(STEP);
        }
        world.end()
    }

    fn something_goes_wrong(&mut self) {
        let dice = &mut self.dice;
        if dice.hits(60) {
            self.disk.health = match dice.below(4) {
                0 => Health::Slow,
                1 => Health::Full,
                _ => Health::Well,
            };
        }
        if dice.hits(120) {
            self.kill_program();
        }
        if self.dice.hits(200) {
            self.kill_exchange();
        }
        if self.dice.hits(80) {
            let mut to = ToExchange::default();
            if let Some(program) = &mut self.program {
                program.cut(self.now, &mut to);
            }
            self.deliver(to);
        }
        let Some(program) = &mut self.program else { return };
        if self.dice.hits(3)
            && let Some(command) = wish(program, &mut self.dice)
        {
            self.tally.kills += u64::from(matches!(command, Command::Kill { .. }));
            program.command(command, self.now);
        }
        if matches!(program.desk.kill(), KillState::Locked { .. }) && self.dice.hits(60) {
            program.command(Command::ReleaseKill, self.now);
        }
    }

    fn kill_program(&mut self) {
        let Some(program) = self.program.take() else { return };
        self.tally.program_kills += 1;
        self.disk.program_dies(&mut self.dice);
        let (orphan, placed) = program.dies();
        self.placed = placed;
        self.orphans.extend(orphan);
        self.restart_at = self.now + Duration::from_millis(self.dice.below(4_000));
    }

    fn kill_exchange(&mut self) {
        self.tally.exchange_kills += 1;
        self.exchange.restart(self.now);
        self.orphans.clear();
        let mut to = ToExchange::default();
        // Half the time the program learns of it by silence only.
        if self.dice.hits(2)
            && let Some(program) = &mut self.program
        {
            program.cut(self.now, &mut to);
        }
    }

    /// From now on nothing goes wrong any more.
    fn heal(&mut self) {
        self.is_healed = true;
        self.disk.health = Health::Well;
        let mut to = ToExchange::default();
        if let Some(program) = &mut self.program {
            program.cut(self.now, &mut to);
            // A third of the worlds ends with the kill switch; where it is on it is used again.
            if program.desk.kill().is_locked() || self.dice.hits(3) {
                let flatten = if self.dice.hits(2) { Flatten::Market } else { Flatten::Within(Decimal::TEN) };
                program.command(Command::Kill { flatten }, self.now);
                self.tally.kills += 1;
            }
        }
        self.deliver(to);
    }

    fn faults(&mut self) -> Faults {
        let dice = &mut self.dice;
        if self.is_healed {
            return Faults { delay: Duration::from_millis(dice.below(10)), ..Faults::default() };
        }
        Faults {
            swallows_after: dice.hits(3).then(|| dice.below(60_000)),
            doubles_one_in: dice.hits(3).then_some(4),
            delay: Duration::from_millis(dice.below(400)),
            piece: dice.hits(3).then(|| 1 + usize::try_from(dice.below(60)).unwrap()),
        }
    }

    fn step(&mut self) {
        self.pass(STEP);
        let effects = self.exchange.advance(self.now);
        self.answer(effects);
        invariants::at_any_time(&self.exchange.truth(), &self.disk, self.program.as_ref());
    }

    /// Lets time pass for the program and the lines.
    fn pass(&mut self, duration: Duration) {
        self.now = self.now + duration;
        let now = self.now;
        if self.program.is_none() && now >= self.restart_at {
            let placed = std::mem::take(&mut self.placed);
            self.program = Some(Program::start(&mut self.disk, limits(), placed, now));
        }
        let mut to = ToExchange::default();
        for (conn, pipe) in &mut self.orphans {
            to.bytes.extend(pipe.arrived(now).into_iter().map(|piece| (*conn, piece)));
        }
        self.orphans.retain(|(_, pipe)| !pipe.is_done());
        if self.program.as_ref().is_some_and(|program| program.wants_session(now)) {
            self.tally.connections += 1;
            let conn = ConnId(self.next_conn);
            self.next_conn += 1;
            let faults = (self.faults(), self.faults());
            let is_healed = self.is_healed;
            if let Some(program) = &mut self.program {
                program.open_session(conn, faults, is_healed, &mut self.dice, now, &mut to);
            }
        }
        if let Some(program) = &mut self.program {
            program.advance(&mut self.disk, &mut self.dice, now, &mut to);
        }
        self.deliver(to);
    }

    /// What the program and its lines bring to the exchange.
    fn deliver(&mut self, to: ToExchange) {
        for conn in to.opened {
            self.exchange.server.accept(conn, self.now);
        }
        for (conn, bytes) in to.bytes {
            let effects = self.exchange.received(conn, &bytes, self.now);
            self.answer(effects);
        }
        for conn in to.closed {
            // The exchange may notice, or believe for a while that it is there.
            if self.dice.hits(2) || self.is_healed {
                self.exchange.server.closed(conn);
            }
        }
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        let Some(program) = &mut self.program else { return };
        for effect in effects {
            match effect {
                Effect::Send(conn, bytes) => program.hears(conn, &bytes, self.now),
                Effect::Close(conn) => program.is_left(conn),
            }
        }
    }

    fn end(mut self) -> Tally {
        let truth = self.exchange.truth();
        let program = self.program.as_ref().expect("it has begun again");
        assert!(program.is_connected(), "all has healed");
        invariants::at_the_end(&truth, program);
        self.disk.recover(self.now);
        self.tally.orders = truth.orders.len() as u64;
        self.tally.fills = truth.fills.len() as u64;
        let never = |order: &&pitdesk::domain::Order| {
            order.status == OrderStatus::Rejected
                && order.reason.as_deref().is_some_and(|why| why.contains("never reached"))
        };
        self.tally.never_arrived = program.blotter().values().filter(|order| never(order)).count() as u64;
        let is_flat = matches!(program.desk.kill(), KillState::Locked { .. })
            && program.desk.kill_report().is_some_and(|report| report.flatten != Flatten::No);
        self.tally.flattened = u64::from(is_flat);
        self.tally
    }
}
