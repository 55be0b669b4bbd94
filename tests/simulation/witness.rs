//! Who asked for what: every order is traced back to one wish of the trader, over all lives of
//! the program, and what the program knew when it sent it is kept.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use pitdesk::broker::contract::BrokerRequest;
use pitdesk::broker::paper::wire::ToExchange;
use pitdesk::domain::{
    Decimal, InstrumentId, Moment, Order, OrderId, OrderKind, OrderSpec, Origin, PlanId, Time,
};
use pitdesk::engine::Effect;
use pitdesk::link::{Command, Flatten};

use crate::brackets::{Brackets, is_done};
use crate::heard::{Day, Heard};
use crate::tally::Tally;

/// Orders by which the kill switch may try to close a position, each time it is used.
pub const CLOSINGS: usize = 3;

/// What the trader, who asked for it, takes an order for.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Entered, with these terms.
    Entry(OrderSpec),
    /// The same, as one of a plan of target weights.
    Planned(OrderSpec, PlanId),
    /// Guards what that order opens, with these terms.
    Exit(OrderSpec),
    /// The same, kept by the program ([`Brackets`]).
    KeptExit,
    /// Brings a position to zero.
    Close,
    /// Turns a position.
    Reverse,
    /// Brings a position to zero because the kill switch says so.
    KillClose,
}

/// Where an order comes from.
#[derive(Debug, Clone)]
pub struct Stem {
    pub part: Part,
    pub instrument: InstrumentId,
    /// When it was asked for.
    pub asked: Time,
}

/// What the program knew when it let an order or a change go.
#[derive(Debug, Clone)]
pub struct Note {
    pub heard: Rc<Heard>,
    pub loss: Option<Decimal>,
    pub is_loss_locked: bool,
    pub is_killed: bool,
    pub market_age: Duration,
}

#[derive(Default)]
pub struct Witness {
    /// How often each order was handed to the wire.
    pub placed: BTreeMap<OrderId, u32>,
    stems: BTreeMap<OrderId, Stem>,
    /// Of which plans an order has left, and in what.
    planned: BTreeSet<(PlanId, InstrumentId)>,
    sent: BTreeMap<OrderId, Note>,
    changed: BTreeMap<OrderId, Note>,
    /// Of this life of the program.
    pub heard: Rc<Heard>,
    pub day: Day,
    is_killed: bool,
    /// While the kill switch may close positions: how often it has tried.
    closings: Option<BTreeMap<InstrumentId, Vec<OrderId>>>,
    /// Whether the program keeps brackets.
    pub keeps_groups: bool,
    pub brackets: Brackets,
    pub tally: Tally,
}

impl Witness {
    pub fn new(keeps_groups: bool) -> Self {
        Self { keeps_groups, ..Self::default() }
    }

    /// The program begins a life, and gives out ids from `next_id` on: of those that an earlier life
    /// gave out nothing was on the disk, so that nothing of them can have left.
    pub fn begins(&mut self, heard: Heard, is_killed: bool, next_id: u64, journal: &[Order]) {
        self.brackets.begins(next_id, journal, is_killed);
        self.stems.retain(|id, _| id.0 < next_id);
        self.heard = Rc::new(heard);
        self.is_killed = is_killed;
        self.closings = None;
    }

    pub fn stem(&self, id: OrderId) -> Option<&Stem> {
        self.stems.get(&id)
    }

    pub fn sent(&self, id: OrderId) -> Option<&Note> {
        self.sent.get(&id)
    }

    pub fn changed(&self, id: OrderId) -> Option<&Note> {
        self.changed.get(&id)
    }

    /// Orders that were asked for in the minute up to an order, itself left out.
    pub fn asked_in_minute_of(&self, id: OrderId) -> impl Iterator<Item = &OrderId> {
        let until = self.stems[&id].asked;
        let is_in =
            move |stem: &Stem| stem.asked <= until && until.since(stem.asked) < Duration::from_mins(1);
        self.stems.iter().filter(move |(other, stem)| **other != id && is_in(stem)).map(|(other, _)| other)
    }

    /// A request has arrived: what never gets there breaks nothing, and is no use either.
    pub fn counts(&mut self, request: &ToExchange) {
        let ToExchange::Place(orders) = request else {
            let is_change = matches!(request, ToExchange::Amend { .. });
            return self.tally.count("changes arrived", u64::from(is_change));
        };
        for order in orders {
            let what = match self.stems.get(&order.id).map(|stem| &stem.part) {
                Some(Part::Close) => "closes arrived",
                Some(Part::Reverse) => "reversals arrived",
                Some(Part::Planned(..)) => "orders of plans arrived",
                Some(Part::KillClose) => "closes of the kill switch arrived",
                _ => continue,
            };
            self.tally.count(what, 1);
        }
    }

    /// The trader gives a command, and this is what the engine does about it at once.
    pub fn commanded(&mut self, command: &Command, effects: &[Effect], now: Time) {
        let was_killed = self.is_killed;
        match command {
            Command::Kill { flatten } => {
                self.is_killed = true;
                self.closings = (*flatten != Flatten::No).then(BTreeMap::new);
            }
            Command::ReleaseKill => (self.is_killed, self.closings) = (false, None),
            _ => {}
        }
        // That nothing works is an answer to this one, and ends what would work again.
        if is_done(effects) || matches!(command, Command::CancelAll { .. }) {
            self.brackets.commanded(command, &self.heard, now);
        }
        let mut wish = Wish::of(command).filter(|_| !was_killed);
        self.look(effects, &mut wish, now);
        let is_whole = wish.is_none_or(|wish| wish.is_untouched() || wish.is_used_up());
        assert!(is_whole, "half of what was asked for is intended: {command:?}");
    }

    /// What the engine does of itself.
    pub fn happens(&mut self, effects: &[Effect], now: Time) {
        self.look(effects, &mut None, now);
    }

    fn look(&mut self, effects: &[Effect], wish: &mut Option<Wish>, now: Time) {
        for effect in effects {
            for order in intended(effect) {
                self.intends(order, wish, now);
            }
            self.brackets.looks_at(effect, &self.heard, &mut self.tally);
        }
    }

    fn intends(&mut self, order: &Order, wish: &mut Option<Wish>, now: Time) {
        let instrument = order.spec.instrument;
        let kept = order.kept.and_then(|kept| kept.entry);
        if let Some(entry) = kept {
            assert!(self.keeps_groups, "its broker keeps brackets: {order:?}");
            let is_new = !self.stems.contains_key(&order.id);
            match wish.as_mut().filter(|_| is_new).and_then(|wish| wish.part_for(order)) {
                Some(_) => self.brackets.keeps(order, entry),
                None => self.brackets.intends(order, &self.heard, &mut self.tally),
            }
            self.stems.insert(order.id, Stem { part: Part::KeptExit, instrument, asked: now });
            return;
        }
        if let Some(stem) = self.stems.get(&order.id) {
            // A close that waited for exits is intended twice: when it is asked for, and when it
            // can go.
            let waited = matches!(stem.part, Part::Close | Part::Reverse) && stem.instrument == instrument;
            assert!(waited && order.origin == Origin::Flatten, "{order:?} is intended a second time");
            return;
        }
        let part = wish.as_mut().and_then(|wish| wish.part_for(order));
        let part = part.unwrap_or_else(|| {
            let Some(closings) = &mut self.closings else { panic!("nobody asked for {order:?}") };
            assert_eq!(order.origin, Origin::Flatten, "nobody asked for {order:?}");
            closings.entry(instrument).or_default().push(order.id);
            Part::KillClose
        });
        self.stems.insert(order.id, Stem { part, instrument, asked: now });
    }

    /// The orders by which the kill switch wants an instrument closed, since it was used last.
    pub fn closings_of(&self, instrument: InstrumentId) -> &[OrderId] {
        self.closings.as_ref().and_then(|all| all.get(&instrument)).map_or(&[], Vec::as_slice)
    }

    /// A request leaves the engine.
    pub fn leaves(&mut self, request: &BrokerRequest, now: Time) {
        let note = || Note {
            heard: Rc::clone(&self.heard),
            loss: self.day.loss(&self.heard),
            is_loss_locked: self.day.is_locked,
            is_killed: self.is_killed,
            market_age: self.heard.market_age(now),
        };
        self.brackets.leaves(request);
        match request {
            BrokerRequest::Place(orders) => {
                for order in orders {
                    let before = self.sent.insert(order.id(), note());
                    assert!(before.is_none(), "order {} leaves a second time", order.id());
                    if let Some(Stem { part: Part::Planned(spec, plan), .. }) = self.stems.get(&order.id()) {
                        let is_first = self.planned.insert((*plan, spec.instrument));
                        assert!(is_first, "plan {} leaves a second time: {spec:?}", plan.0);
                    }
                }
            }
            BrokerRequest::Amend(amend) => {
                self.changed.insert(amend.id(), note());
            }
            _ => {}
        }
    }
}

fn intended(effect: &Effect) -> &[Order] {
    match effect {
        Effect::Journal(record) if matches!(record.moment, Moment::Intended { .. }) => &record.orders,
        _ => &[],
    }
}

/// What one command may become orders of.
#[derive(Debug, Clone, PartialEq)]
enum Wish {
    Place {
        spec: OrderSpec,
        entry: Option<OrderId>,
        exits: Vec<OrderKind>,
        used: usize,
    },
    /// Those of its orders that are not intended yet.
    Plan {
        plan: PlanId,
        left: Vec<OrderSpec>,
    },
    Close {
        instrument: InstrumentId,
        is_used: bool,
    },
    Reverse {
        instrument: InstrumentId,
        is_used: bool,
    },
}

impl Wish {
    fn of(command: &Command) -> Option<Self> {
        match *command {
            Command::Place(ref place) => {
                let bracket = place.bracket;
                let target = bracket.and_then(|b| b.take_profit).map(|price| OrderKind::Limit { price });
                let stop = bracket.and_then(|b| b.stop_loss).map(|stop| OrderKind::Stop { stop });
                let exits = target.into_iter().chain(stop).collect();
                Some(Self::Place { spec: place.spec, entry: None, exits, used: 0 })
            }
            Command::Allocate(ref allocation) => {
                let left = allocation.orders.iter().map(|order| order.spec).collect();
                Some(Self::Plan { plan: allocation.plan, left })
            }
            Command::Close { instrument, .. } => Some(Self::Close { instrument, is_used: false }),
            Command::Reverse { instrument, .. } => Some(Self::Reverse { instrument, is_used: false }),
            _ => None,
        }
    }

    /// What an order is of this wish; `None` where it asks for no such order any more.
    fn part_for(&mut self, order: &Order) -> Option<Part> {
        let spec = order.spec;
        match self {
            Self::Place { spec: asked, entry: entry @ None, .. } => (spec == *asked).then(|| {
                *entry = Some(order.id);
                Part::Entry(spec)
            }),
            Self::Place { spec: asked, entry, exits, used } => {
                let is_guard = spec.instrument == asked.instrument
                    && spec.quantity == asked.quantity
                    && spec.side == asked.side.opposite()
                    && order.entry() == *entry
                    && exits.get(*used) == Some(&spec.kind);
                *used += usize::from(is_guard);
                is_guard.then_some(Part::Exit(spec))
            }
            Self::Plan { plan, left } => {
                let at = left.iter().position(|asked| *asked == spec)?;
                left.swap_remove(at);
                (order.origin == Origin::Allocation(*plan)).then_some(Part::Planned(spec, *plan))
            }
            Self::Close { instrument, is_used } => {
                let fits = !*is_used && spec.instrument == *instrument && spec.kind == OrderKind::Market;
                *is_used |= fits;
                fits.then_some(Part::Close)
            }
            Self::Reverse { instrument, is_used } => {
                let fits = !*is_used && spec.instrument == *instrument && spec.kind == OrderKind::Market;
                *is_used |= fits;
                fits.then_some(Part::Reverse)
            }
        }
    }

    fn is_untouched(&self) -> bool {
        match self {
            Self::Place { entry, .. } => entry.is_none(),
            // The gate refuses each for itself.
            Self::Plan { .. } => true,
            Self::Close { is_used, .. } | Self::Reverse { is_used, .. } => !is_used,
        }
    }

    fn is_used_up(&self) -> bool {
        match self {
            Self::Place { exits, used, .. } => exits.len() == *used,
            Self::Plan { .. } | Self::Close { .. } | Self::Reverse { .. } => true,
        }
    }
}
