//! Brackets that the program keeps for a broker that keeps none, by what it was seen to do.
//!
//! A leg is what guards the fills of one entry in one way, its targets or its stops. What is
//! promised of each:
//!
//! - its orders have the terms that the trader gave it last, or none but a market order for a stop
//!   that the market had passed, by what is dealt or, where the exchange has refused a stop, by
//!   either side of the book;
//! - at the instant at which a new order of it is intended, everything of it that can still trade,
//!   that order included, is no more than the position that was heard of, and no more than what
//!   the entry was heard to have filled less what the exits were heard to have traded. When it
//!   leaves, it is no more than the position that is known of by then. Later it may be too large
//!   until that is heard of: another exit may fill, or the trader may sell;
//! - a change never makes more of an order than the position that was heard of when it left;
//! - once the trader has taken a leg away, by a cancel of one of its orders, a close or reversal of
//!   what its entry had opened, Cancel all or the kill switch, nothing of it is intended, and
//!   nothing that waited for the disk leaves any more. A program that dies before it has written
//!   that down may not know of it: of such a leg nothing is promised;
//! - a leg whose orders the exchange has refused or ended, and that is too small, is told of;
//! - where all is well, a leg that nobody has ended is soon no larger than what its bracket still
//!   guards, and no smaller than that or what is left of the position beside such legs of other
//!   brackets, whichever is less. (A position that is less than that has been sold otherwise. What
//!   works then is left as it is, as a broker would.) Of one that is over nothing works once nothing is
//!   left to guard.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use pitdesk::broker::contract::BrokerRequest;
use pitdesk::broker::paper::wire::NewOrder;
use pitdesk::broker::{BrokerEvent, Report, ReportKind};
use pitdesk::domain::{
    Decimal, InstrumentId, Moment, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Side, Time,
};
use pitdesk::engine::Effect;
use pitdesk::link::{Command, Update};
use pitdesk::risk::ApprovedOrder;

use crate::exchange::Truth;
use crate::heard::Heard;
use crate::tally::Tally;

/// How long a leg may be of another size than it should where nothing goes wrong.
const PATIENCE: Duration = Duration::from_secs(10);

/// The entry, and whether it is the leg of its targets.
pub type LegKey = (OrderId, bool);

/// Whether a leg is minded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Goes,
    Ended,
    /// It was ended, and the program may have died before that was written down.
    Unsure,
}

#[derive(Debug, Clone)]
struct Leg {
    instrument: InstrumentId,
    side: Side,
    /// Prices that the trader has given it.
    prices: BTreeSet<Price>,
    fate: Fate,
    /// Since when it is not as large as it should be.
    wrong_since: Option<Time>,
}

/// One order of a leg.
#[derive(Debug, Clone)]
struct Exit {
    leg: LegKey,
    /// What had been heard when it was to be sent; `None` while it is kept.
    asked: Option<Rc<Heard>>,
}

#[derive(Debug, Default)]
pub struct Brackets {
    legs: BTreeMap<LegKey, Leg>,
    exits: BTreeMap<OrderId, Exit>,
    /// Orders that the program has asked the exchange to cancel.
    cancelled: BTreeSet<OrderId>,
    /// Orders that have left.
    on_wire: BTreeSet<OrderId>,
    /// Those of them that were refused: a stop that the market passed on the way, say.
    refused: BTreeSet<OrderId>,
    /// When a position was to be closed or reversed last: what comes to guard it while that waits
    /// goes with it.
    closed_at: BTreeMap<InstrumentId, Time>,
    /// Legs of which the trader was told that they guard nothing any more.
    told: BTreeSet<LegKey>,
}

fn key_price(kind: OrderKind) -> Option<Price> {
    kind.limit().or(kind.stop())
}

impl Brackets {
    /// The program begins a life with what the disk has.
    pub fn begins(&mut self, next_id: u64, journal: &[Order], is_killed: bool) {
        self.exits.retain(|id, exit| id.0 < next_id && exit.leg.0.0 < next_id);
        self.legs.retain(|key, _| key.0.0 < next_id);
        // That it was to be sent was not written down: it was not.
        for order in journal.iter().filter(|order| order.status == OrderStatus::Kept) {
            if let Some(exit) = self.exits.get_mut(&order.id) {
                exit.asked = None;
            }
        }
        for (key, leg) in &mut self.legs {
            leg.wrong_since = None;
            let is_of_it = |order: &&Order| self.exits.get(&order.id).is_some_and(|exit| exit.leg == *key);
            let is_over = |order: &Order| order.kept.is_some_and(|kept| kept.is_over);
            if leg.fate == Fate::Ended && !is_killed && !journal.iter().filter(is_of_it).any(is_over) {
                leg.fate = Fate::Unsure;
            }
        }
    }

    /// By entry, for sums over what the exchange has.
    pub fn exits(&self) -> BTreeMap<OrderId, LegKey> {
        self.exits.iter().map(|(id, exit)| (*id, exit.leg)).collect()
    }

    /// An exit is entered with its entry, and waits.
    pub fn keeps(&mut self, order: &Order, entry: OrderId) {
        assert_eq!(order.status, OrderStatus::Kept, "{order:?} leaves before its entry has filled");
        let key = (entry, order.spec.kind.limit().is_some());
        let prices = key_price(order.spec.kind).into_iter().collect();
        let (instrument, side) = (order.spec.instrument, order.spec.side);
        let leg = Leg { instrument, side, prices, fate: Fate::Goes, wrong_since: None };
        assert!(self.legs.insert(key, leg).is_none(), "a second {order:?}");
        self.exits.insert(order.id, Exit { leg: key, asked: None });
    }

    /// An exit is to be sent: one that was kept, or one more.
    pub fn intends(&mut self, order: &Order, heard: &Rc<Heard>, tally: &mut Tally) {
        let entry = order.kept.and_then(|kept| kept.entry).expect("it is one");
        assert_eq!(order.status, OrderStatus::Intended, "nobody asked for {order:?}");
        let known = self.exits.get(&order.id).map(|exit| (exit.leg, exit.asked.is_some()));
        let key = match known {
            Some((key, was_asked)) => {
                assert!(!was_asked, "{order:?} is intended a second time");
                key
            }
            // A stop that goes out at market is told by where it comes from.
            None => (entry, order.spec.kind.limit().is_some()),
        };
        tally.count(if known.is_some() { "exits released" } else { "exits added" }, 1);
        let leg = self.legs.get(&key).unwrap_or_else(|| panic!("nobody asked for {order:?}"));
        assert_eq!(key.0, entry, "{order:?} guards another entry");
        assert_ne!(leg.fate, Fate::Ended, "{order:?} is intended after its leg was taken away");
        assert_eq!((leg.instrument, leg.side), (order.spec.instrument, order.spec.side), "{order:?}");
        if let Some(price) = key_price(order.spec.kind) {
            assert!(leg.prices.contains(&price), "nobody asked for {order:?}: {leg:?}");
        } else {
            tally.count("stops sent at market", 1);
            assert!(!key.1 && order.spec.kind == OrderKind::Market, "nobody asked for {order:?}");
            let is_refused = self.exits.iter().any(|(id, e)| e.leg == key && self.refused.contains(id));
            let mark = heard.mark(leg.instrument);
            let is_dealt = |stop| mark.is_some_and(|mark| leg.side.sign() * (mark - stop) >= Decimal::ZERO);
            let is_passed = |stop: &Price| {
                is_dealt(stop.0) || (is_refused && heard.has_touched(leg.instrument, leg.side, *stop))
            };
            tally.count("refused stops followed at market", u64::from(is_refused));
            assert!(leg.prices.iter().any(is_passed), "{order:?} at {mark:?}: {leg:?}");
        }
        self.exits.insert(order.id, Exit { leg: key, asked: Some(Rc::clone(heard)) });
    }

    /// The trader has given a command, and it was carried out.
    pub fn commanded(&mut self, command: &Command, heard: &Heard, now: Time) {
        if let Command::Close { instrument, .. } | Command::Reverse { instrument, .. } = command {
            self.closed_at.insert(*instrument, now);
        }
        let leg_of = |order: &OrderId| self.exits.get(order).map(|exit| exit.leg);
        if let Command::Amend { order, limit, stop, .. } = command {
            if let Some(leg) = leg_of(order).and_then(|key| self.legs.get_mut(&key)) {
                leg.prices.extend(limit.iter().chain(stop));
            }
            return;
        }
        for (key, leg) in &mut self.legs {
            let is_meant = match command {
                Command::Cancel { order } | Command::Decide { order, .. } => leg_of(order) == Some(*key),
                Command::CancelAll { instrument } => instrument.is_none_or(|meant| meant == leg.instrument),
                Command::Close { instrument, .. } | Command::Reverse { instrument, .. } => {
                    leg.instrument == *instrument && !heard.filled_of(key.0).is_zero()
                }
                Command::Kill { .. } => true,
                _ => false,
            };
            if is_meant {
                leg.fate = Fate::Ended;
            }
        }
    }

    /// The program says that nothing is left for a leg to guard.
    pub fn looks_at(&mut self, effect: &Effect, heard: &Heard, tally: &mut Tally) {
        if let Effect::Publish { update, .. } = effect
            && let Update::Notice(notice) = &**update
            && let Some((order, _)) = notice.text.split_once(" is ")
            && notice.text.contains(" are not guarded by a ")
        {
            let of = |exit: &Exit, id: &OrderId| format!("Order {id}") == order && exit.asked.is_some();
            self.told.extend(self.exits.iter().find(|(id, exit)| of(exit, id)).map(|(_, exit)| exit.leg));
            tally.count("legs told as over", 1);
        }
        let Effect::Journal(record) = effect else { return };
        let is_end = match &record.moment {
            Moment::LegEnded => true,
            Moment::NotSent { why } => why.contains("is not held any more"),
            _ => false,
        };
        for order in record.orders.iter().filter(|_| is_end) {
            let Some(exit) = self.exits.get(&order.id) else { continue };
            let leg = self.legs.get_mut(&exit.leg).expect("it has a leg");
            let there = -leg.side.sign() * heard.net_of(leg.instrument);
            let closed_at = self.closed_at.get(&leg.instrument);
            let is_closed = closed_at.is_some_and(|at| record.at.since(*at) <= PATIENCE);
            let is_minded = leg.fate == Fate::Goes && !is_closed;
            assert!(!is_minded || there <= Decimal::ZERO, "{order:?} is dropped with {there} to guard");
            leg.fate = Fate::Ended;
        }
    }

    /// What the session tells.
    pub fn hears(&mut self, event: &BrokerEvent) {
        match event {
            BrokerEvent::OnWire { order, .. } => {
                self.on_wire.insert(*order);
            }
            BrokerEvent::Report(Report { order, kind: ReportKind::Status { status, .. }, .. })
                if *status == OrderStatus::Rejected && self.on_wire.contains(order) =>
            {
                self.refused.insert(*order);
            }
            _ => {}
        }
    }

    /// A request leaves the engine.
    pub fn leaves(&mut self, request: &BrokerRequest) {
        match request {
            BrokerRequest::Place(orders) => {
                for id in orders.iter().map(ApprovedOrder::id) {
                    let Some(exit) = self.exits.get(&id) else { continue };
                    assert_ne!(
                        self.legs[&exit.leg].fate,
                        Fate::Ended,
                        "exit {id} leaves after its leg has ended"
                    );
                }
            }
            BrokerRequest::Cancel(id) => {
                self.cancelled.insert(*id);
            }
            _ => {}
        }
    }

    /// An exit arrives at the exchange; `sent` is what had been heard when it left.
    pub fn arrives(&self, order: &NewOrder, sent: &Heard, truth: &Truth) {
        let NewOrder { id, spec, .. } = order;
        let exit = &self.exits[id];
        let asked = exit.asked.as_deref().unwrap_or_else(|| panic!("exit {id} is kept and arrives"));
        Self::fits_position(*id, spec, spec.quantity.0, sent);
        let there = -spec.side.sign() * asked.net_of(spec.instrument);
        let members = || self.exits.iter().filter(|(_, other)| other.leg.0 == exit.leg.0);
        let traded: Decimal = members().map(|(id, _)| asked.filled_of(*id)).sum();
        let guards = asked.filled_of(exit.leg.0) - traded;
        let own = members().filter(|(other, member)| member.leg == exit.leg && *other != id);
        let works: Decimal = own.filter_map(|(id, _)| truth.orders.get(id)).map(can_trade).sum();
        let leg = works + spec.quantity.0;
        assert!(leg <= there.min(guards), "exit {id} makes {leg} of {there} held and {guards} to guard");
    }

    /// A change of an exit arrives.
    pub fn changes(stands: &Order, after: &OrderSpec, sent: &Heard) {
        let remaining = after.quantity.0 - stands.filled.0;
        if remaining > stands.remaining().0 {
            Self::fits_position(stands.id, after, remaining, sent);
        }
    }

    fn fits_position(id: OrderId, spec: &OrderSpec, quantity: Decimal, sent: &Heard) {
        let there = -spec.side.sign() * sent.net_of(spec.instrument);
        assert!(quantity <= there, "exit {id} of {quantity} leaves where {there} are held");
    }

    /// How much of an instrument all legs of a side and kind could close.
    fn guarded(&self, truth: &Truth) -> BTreeMap<(InstrumentId, Side, bool), Decimal> {
        let mut guarded: BTreeMap<_, Decimal> =
            self.legs.iter().map(|(key, leg)| ((leg.instrument, leg.side, key.1), Decimal::ZERO)).collect();
        for (id, exit) in &self.exits {
            let (Some(order), leg) = (truth.orders.get(id), &self.legs[&exit.leg]) else { continue };
            *guarded.entry((leg.instrument, leg.side, exit.leg.1)).or_default() += can_trade(order);
        }
        guarded
    }

    /// What exits of a side could still be sent for, that do not work yet.
    pub fn to_come(&self, truth: &Truth, instrument: InstrumentId, side: Side) -> Decimal {
        let works = truth.kept_exits(instrument, side);
        let ended_there =
            |id: &OrderId| truth.orders.get(id).is_some_and(|o| has_ended_there(o, &self.cancelled));
        let is_over = |key: &LegKey| {
            self.exits.iter().any(|(id, e)| e.leg == *key && (self.refused.contains(id) || ended_there(id)))
        };
        let is_meant = |(key, leg): &(&LegKey, &Leg)| {
            leg.instrument == instrument && leg.side == side && leg.fate == Fate::Goes && !is_over(key)
        };
        let entries: BTreeSet<OrderId> = self.legs.iter().filter(is_meant).map(|(key, _)| key.0).collect();
        let one = |entry: OrderId| {
            let filled = truth.orders.get(&entry).map_or(Decimal::ZERO, |order| order.filled.0);
            let (_, in_all) = works.get(&entry).copied().unwrap_or_default();
            (filled - in_all).max(Decimal::ZERO)
        };
        entries.into_iter().map(one).sum()
    }

    /// All is well: whether each leg is, or soon was, as large as it should be.
    pub fn settle(&mut self, truth: &Truth, now: Time) {
        let guarded = self.guarded(truth);
        for (key, leg) in &mut self.legs {
            let members = |is_own: bool| {
                let of = move |exit: &Exit| exit.leg.0 == key.0 && (!is_own || exit.leg == *key);
                let ids = self.exits.iter().filter(move |(_, exit)| of(exit)).map(|(id, _)| id);
                ids.filter_map(|id| truth.orders.get(id))
            };
            let Some(entry) = truth.orders.get(&key.0) else { continue };
            let works: Decimal = members(true).map(can_trade).sum();
            let guards = entry.filled.0 - members(false).map(|order| order.filled.0).sum::<Decimal>();
            let guards = guards.max(Decimal::ZERO);
            let by_all = guarded[&(leg.instrument, leg.side, key.1)];
            let there = -leg.side.sign() * truth.net_of(leg.instrument) - (by_all - works);
            let there = there.max(Decimal::ZERO);
            let was_refused = self.exits.iter().any(|(id, e)| e.leg == *key && self.refused.contains(id));
            let is_over = was_refused || members(true).any(|order| has_ended_there(order, &self.cancelled));
            let is_minded = leg.fate == Fate::Goes && !(is_over && self.told.contains(key));
            // Once an exit has traded nothing may stay that guards nothing.
            let has_traded = members(false).any(|order| !order.filled.is_zero());
            let most = if has_traded && is_minded { guards.min(there) } else { guards };
            // One that is over is not given up for another size, which could not follow.
            let is_too_large = works > most && (is_minded || guards.is_zero());
            let is_right = !is_too_large && (!is_minded || works >= guards.min(there));
            if is_right || leg.fate == Fate::Unsure {
                leg.wrong_since = None;
                continue;
            }
            let since = *leg.wrong_since.get_or_insert(now);
            assert!(
                now.since(since) < PATIENCE,
                "{works} of {key:?} work for {guards} to guard and {there} free, minded: {is_minded}: {:#?}",
                members(false).collect::<Vec<_>>()
            );
        }
    }
}

/// Whether the exchange has ended an exit, or somebody else there than the program, which has asked for
/// the end of those that it has `cancelled`.
fn has_ended_there(order: &Order, cancelled: &BTreeSet<OrderId>) -> bool {
    match order.status {
        OrderStatus::Rejected | OrderStatus::Expired => true,
        OrderStatus::Cancelled => !cancelled.contains(&order.id),
        _ => false,
    }
}

fn can_trade(order: &Order) -> Decimal {
    if order.is_live() { order.remaining().0 } else { Decimal::ZERO }
}

/// Whether the engine has carried out the command that it answers with these effects.
pub fn is_done(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| match effect {
        Effect::Publish { update, .. } => {
            matches!(&**update, Update::Answer(answer) if answer.outcome.is_ok())
        }
        _ => false,
    })
}
