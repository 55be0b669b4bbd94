//! One world from one seed.

use std::time::Duration;

use pitdesk::broker::contract::Capabilities;
use pitdesk::broker::paper::server::{ConnId, Effect};
use pitdesk::domain::{Decimal, OrderStatus, Time};
use pitdesk::link::{Command, Flatten, KillState, Stream};

use crate::disk::{Disk, Health};
use crate::elsewhere::{Elsewhere, is_foreign};
use crate::exchange::{Exchange, Truth};
use crate::invariants::{self, Forgotten};
use crate::judge::Judge;
use crate::limits::Bounds;
use crate::line::{Line, Troubles};
use crate::pipe::{Dice, Faults};
use crate::plans::Plans;
use crate::program::{Around, Program, ToExchange};
use crate::tally::Tally;
use crate::trader::{Taste, wish};
use crate::witness::Witness;

const START: Time = Time::from_seconds(1_795_186_800);
const STEP: Duration = Duration::from_millis(50);
/// Steps in which things go wrong, and then until all has healed.
const BAD: u32 = 400;
const GOOD: u32 = 600;
/// Steps for what is on its way then.
const LAST: u32 = 10;

/// What is special about a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    /// Its exchange may begin again from an older disk.
    Forgetful,
    /// Its account is traded from elsewhere too.
    Shared,
    /// Its program is told that the broker keeps no groups.
    Kept,
}

impl Kind {
    fn of(seed: u64) -> Self {
        if seed % 5 == 3 {
            return Self::Kept;
        }
        match seed % 6 {
            2 => Self::Forgetful,
            4 => Self::Shared,
            _ => Self::Plain,
        }
    }

    fn taste(self) -> Taste {
        if self == Self::Kept { Taste::Brackets } else { Taste::Mixed }
    }

    /// What the program is told that its broker can do.
    fn capabilities(self, dice: &mut Dice) -> Capabilities {
        let native_groups = self != Self::Kept;
        Capabilities { native_groups, amend: native_groups || dice.hits(2), lookup: false, what_if: false }
    }
}

/// A seed of a world in which the program keeps brackets.
pub fn kept_seed(number: u64) -> u64 {
    number * 5 - 2
}

pub struct World {
    kind: Kind,
    dice: Dice,
    now: Time,
    bounds: Bounds,
    capabilities: Capabilities,
    exchange: Exchange,
    elsewhere: Elsewhere,
    program: Option<Program>,
    /// When a dead program begins again.
    restart_at: Time,
    disk: Disk,
    next_conn: u64,
    /// Bytes of connections whose program is dead.
    orphans: Vec<(ConnId, Line)>,
    plans: Plans,
    witness: Witness,
    judge: Judge,
    forgotten: Forgotten,
    /// Connections from this one on are to the exchange that has forgotten.
    forgotten_at: u64,
    is_healed: bool,
}

impl World {
    pub fn run(seed: u64) -> Tally {
        let kind = Kind::of(seed);
        let mut dice = Dice::new(seed);
        let bounds = Bounds::draw(&mut dice);
        let capabilities = kind.capabilities(&mut dice);
        let mut disk = Disk::new();
        let mut witness = Witness::new(kind == Kind::Kept);
        let mut world = Self {
            kind,
            now: START,
            exchange: Exchange::new(seed % 16, kind == Kind::Forgetful, START),
            elsewhere: Elsewhere::default(),
            program: Some(Program::start(&mut disk, &bounds, capabilities, &mut witness, START)),
            restart_at: START,
            disk,
            next_conn: 1,
            orphans: Vec::new(),
            plans: Plans::default(),
            witness,
            judge: Judge::new(bounds, matches!(kind, Kind::Plain | Kind::Kept)),
            forgotten: Forgotten::default(),
            forgotten_at: 0,
            is_healed: false,
            dice,
            bounds,
            capabilities,
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
        if dice.hits(200) {
            self.kill_program();
        }
        if self.dice.hits(200)
            && let Some(program) = &mut self.program
        {
            // In the middle of what it does next.
            program.live_for(1 + self.dice.below(40));
        }
        if self.dice.hits(if self.kind == Kind::Forgetful { 60 } else { 200 }) {
            self.kill_exchange();
        }
        if self.dice.hits(100) {
            self.with_program(Program::cut);
        }
        if self.kind == Kind::Shared && self.dice.hits(60) {
            let (conn, says) = self.elsewhere.visit(&self.exchange, &mut self.dice);
            self.exchange.accept(conn, self.now);
            let effects = self.exchange.received(conn, &says, self.now, |_, _| {});
            self.answer(effects);
            self.judge.begin_anew(&self.exchange.truth());
            self.witness.tally.count("visits from elsewhere", 1);
        }
        let Some(program) = &mut self.program else { return };
        if self.dice.hits(200) {
            program.hang(self.now + Duration::from_millis(self.dice.below(6_000)));
        }
        if self.dice.hits(2)
            && let Some(command) = wish(program, self.kind.taste(), &mut self.dice)
        {
            self.witness.tally.count("kills", u64::from(matches!(command, Command::Kill { .. })));
            program.command(&command, &mut self.witness, self.now);
        }
        self.plans.send(program, &mut self.witness, self.now, &mut self.dice);
        if matches!(program.desk.kill(), KillState::Locked { .. }) && self.dice.hits(40) {
            program.command(&Command::ReleaseKill, &mut self.witness, self.now);
        }
    }

    /// Lets something happen to the program, if it is alive, and brings what it sends.
    fn with_program(&mut self, happens: impl FnOnce(&mut Program, &mut Around<'_>)) {
        let Some(program) = &mut self.program else { return };
        let mut to = ToExchange::default();
        let mut around = Around {
            disk: &mut self.disk,
            dice: &mut self.dice,
            witness: &mut self.witness,
            to: &mut to,
            now: self.now,
        };
        happens(program, &mut around);
        self.deliver(to);
    }

    fn kill_program(&mut self) {
        let Some(program) = self.program.take() else { return };
        self.witness.tally.count("program kills", 1);
        self.disk.program_dies(&mut self.dice);
        self.orphans.extend(program.dies());
        self.restart_at = self.now + Duration::from_millis(self.dice.below(2_000));
    }

    fn kill_exchange(&mut self) {
        self.witness.tally.count("exchange kills", 1);
        // Nothing of it happens within the millisecond in which the one before died.
        let now = self.now + Duration::from_millis(1);
        if self.kind == Kind::Forgetful && !self.dice.hits(3) {
            let before = self.exchange.truth();
            self.exchange.restart_forgetting(usize::try_from(1 + self.dice.below(50)).unwrap(), now);
            let after = self.exchange.truth();
            self.forgotten.add(&before, &after);
            self.forgotten_at = self.next_conn;
            self.judge.begin_anew(&after);
            self.witness.tally.count("executions forgotten", self.forgotten.fills.len() as u64);
        } else {
            self.exchange.restart(now);
        }
        self.orphans.clear();
        // Half the time the program learns of it by silence only.
        if self.dice.hits(2) {
            self.with_program(Program::cut);
        }
    }

    /// From now on nothing goes wrong any more.
    fn heal(&mut self) {
        self.is_healed = true;
        self.disk.health = Health::Well;
        self.with_program(Program::cut);
        let Some(program) = &mut self.program else { return };
        program.hang(self.now);
        // A third of the worlds ends with the kill switch; where it is on it is used again.
        if program.desk.kill().is_locked() || self.dice.hits(3) {
            let flatten = if self.dice.hits(2) { Flatten::Market } else { Flatten::Within(Decimal::TEN) };
            program.command(&Command::Kill { flatten }, &mut self.witness, self.now);
            self.witness.tally.count("kills", 1);
        }
    }

    fn troubles(&mut self) -> Troubles {
        let dice = &mut self.dice;
        if self.is_healed {
            let faults = Faults { delay: Duration::from_millis(dice.below(10)), ..Faults::default() };
            return Troubles { faults, ..Troubles::default() };
        }
        let delay = if dice.hits(3) { 400 } else { 60 };
        let faults = Faults {
            swallows_after: dice.hits(5).then(|| dice.below(200_000)),
            doubles_one_in: dice.hits(3).then_some(4),
            delay: Duration::from_millis(dice.below(delay)),
            piece: dice.hits(3).then(|| 1 + usize::try_from(dice.below(60)).unwrap()),
        };
        let swaps_one_in = dice.hits(8).then_some(60);
        let loses_one_in = dice.hits(8).then_some(60);
        Troubles { faults, swaps_one_in, loses_one_in }
    }

    fn step(&mut self) {
        self.pass(STEP);
        let effects = self.exchange.advance(self.now);
        self.answer(effects);
        // Of one that died within this step the trader has seen half.
        let program = self.program.as_ref().filter(|program| !program.is_dead());
        let conn = program.and_then(|program| program.ready_conn(self.now));
        if conn.is_some_and(|conn| conn.0 >= self.forgotten_at) {
            self.forgotten.is_news = false;
        }
        let truth = self.truth();
        self.judge.after_a_step(&truth, &self.witness.brackets);
        if self.is_healed && conn.is_some() {
            self.witness.brackets.settle(&truth, self.now);
        }
        invariants::at_any_time(&truth, &self.disk, &self.witness);
        if let Some(program) = program.filter(|program| program.is_seen(self.now)) {
            invariants::seen(&truth, &self.disk, &self.witness, &self.forgotten, program, self.now);
            if self.kind != Kind::Shared {
                invariants::kill_is_done(&truth, &self.forgotten, program);
            }
        }
    }

    /// Lets time pass for the program and the lines.
    fn pass(&mut self, duration: Duration) {
        self.now = self.now + duration;
        let now = self.now;
        if self.program.as_ref().is_some_and(|program| program.is_dead() || program.is_taken_over) {
            self.kill_program();
        }
        if self.program.is_none() && now >= self.restart_at {
            self.program = {
                let Self { disk, bounds, capabilities, witness, .. } = self;
                Some(Program::start(disk, bounds, *capabilities, witness, now))
            };
            // What the one before had learned of it may not be in the journal.
            self.forgotten.is_news = !self.forgotten.orders.is_empty();
            self.forgotten_at = self.next_conn;
        }
        let mut to = ToExchange::default();
        for (conn, pipe) in &mut self.orphans {
            to.bytes.extend(pipe.arrived(now).into_iter().map(|piece| (*conn, piece)));
        }
        self.orphans.retain(|(_, pipe)| !pipe.is_done());
        self.deliver(to);
        if self.program.as_ref().is_some_and(|program| program.wants_session(now)) {
            self.witness.tally.count("connections", 1);
            let conn = ConnId(self.next_conn);
            self.next_conn += 1;
            let troubles = (self.troubles(), self.troubles());
            let is_healed = self.is_healed;
            self.with_program(|program, around| program.open_session(conn, troubles, is_healed, around));
        }
        self.with_program(Program::advance);
    }

    /// What the program and its lines bring to the exchange.
    fn deliver(&mut self, to: ToExchange) {
        for conn in to.opened {
            self.exchange.accept(conn, self.now);
        }
        for (conn, bytes) in to.bytes {
            let Self { exchange, judge, witness, now, .. } = self;
            let effects = exchange.received(conn, &bytes, *now, |truth, request| {
                let truth = Truth { kept: witness.brackets.exits(), ..truth };
                witness.counts(request);
                judge.arrives(request, &truth, witness);
            });
            self.answer(effects);
        }
        for conn in to.closed {
            // The exchange may notice, or believe for a while that it is there.
            if self.dice.hits(2) || self.is_healed {
                self.exchange.closed(conn);
            }
        }
    }

    fn truth(&self) -> Truth {
        Truth { kept: self.witness.brackets.exits(), ..self.exchange.truth() }
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
        let truth = self.truth();
        let program = self.program.as_ref().expect("it has begun again");
        assert!(program.ready_conn(self.now).is_some(), "all has healed");
        invariants::at_the_end(&truth, &self.disk, &self.forgotten, program);
        let tally = &mut self.witness.tally;
        let ledger = program.desk.ledger();
        tally.count("updates dropped", ledger.of(Stream::Lossless).dropped);
        tally.count("orders", truth.orders.len() as u64);
        tally.count("fills", truth.fills.len() as u64);
        let never = |order: &&pitdesk::domain::Order| {
            order.status == OrderStatus::Rejected
                && order.reason.as_deref().is_some_and(|why| why.contains("never reached"))
        };
        tally.count("never arrived", program.blotter().values().filter(|order| never(order)).count() as u64);
        let foreign = truth.orders.keys().filter(|id| is_foreign(**id)).count();
        tally.count("orders from elsewhere", foreign as u64);
        let is_flat = matches!(program.desk.kill(), KillState::Locked { .. })
            && program.desk.kill_report().is_some_and(|report| report.flatten != Flatten::No)
            && truth.net.values().all(pitdesk::domain::Decimal::is_zero);
        tally.count("flattened", u64::from(is_flat));
        // And the journal, once more.
        self.disk.recover(self.now);
        self.witness.tally
    }
}
