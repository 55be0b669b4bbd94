//! What arrives at the exchange, judged by its own books and by naive sums.
//!
//! What is promised of an order that opens or enlarges a position, at the instant at which its
//! bytes arrive, with everything counted that the exchange has by then:
//!
//! - *position*: were it, every order that works on its side and every exit that could trade there
//!   to fill, no more would be held than the limit; its *value* and the *exposure* of all
//!   positions together likewise, at the prices that the program had heard when it sent it;
//! - *order quantity and value*: so much of it at most leads away from zero;
//! - *working orders*: so many at most, itself among them;
//! - *orders per minute*: so many at most were asked for in the minute before it was, itself among
//!   them;
//! - *loss, distance, age of the market*: by what had been heard when it was sent.
//!
//! Most of these sums hold at arrival because what the program has not heard of cannot make them
//! larger than it believed: what has filled unheard counts among what works, what has ended
//! unheard counts for nothing any more. One thing can: an exit that has filled unheard has moved
//! the position without the program knowing. Those executions are taken out of the position where
//! a sum would grow by them (how much an order opens, and what is exposed).
//!
//! What only makes a position smaller is never held back. A close is at most as large as the
//! position that was heard of; what rests on its side could still fill behind it, so that it is
//! the one thing by which [`Judge::after_a_step`] lets the worst case grow beyond the limit. In that
//! exits count that the program has still to send, for what their entry has filled.
//! Nothing else may: no fill, no cancel, no restart. But where the program keeps brackets, a target
//! and a stop can both fill before it hears of either: what one of them trades while the other works
//! still may add to the worst case, and what they have traded too much is held; of an order that left
//! before that was heard it is left out.

use std::collections::{BTreeMap, BTreeSet};

use pitdesk::broker::paper::wire::{NewOrder, ToExchange};
use pitdesk::domain::{Decimal, InstrumentId, Order, OrderId, OrderKind, OrderSpec, Side};

use crate::brackets::Brackets;
use crate::exchange::{Truth, instruments};
use crate::limits::{Bounds, DISTANCE, ORDER_QUANTITY};
use crate::witness::{CLOSINGS, Note, Part, Witness};

const SIDES: [Side; 2] = [Side::Buy, Side::Sell];

pub struct Judge {
    bounds: Bounds,
    /// Whether losses can be reckoned from executions: not where executions are forgotten or come
    /// from elsewhere.
    counts_losses: bool,
    /// Orders that have arrived, whatever the exchange made of them.
    arrived: BTreeSet<OrderId>,
    /// Of each instrument and side, what may be held at worst.
    worst: BTreeMap<(InstrumentId, bool), Decimal>,
    /// Likewise, what exits that the program keeps have traded, and that with what they could still.
    kept: BTreeMap<(InstrumentId, bool), BTreeMap<OrderId, (Decimal, Decimal)>>,
}

fn key(id: InstrumentId, side: Side) -> (InstrumentId, bool) {
    (id, side == Side::Buy)
}

impl Judge {
    pub fn new(bounds: Bounds, counts_losses: bool) -> Self {
        Self {
            bounds,
            counts_losses,
            arrived: BTreeSet::new(),
            worst: BTreeMap::new(),
            kept: BTreeMap::new(),
        }
    }

    /// A request arrives: the exchange has not looked at it yet.
    pub fn arrives(&mut self, request: &ToExchange, truth: &Truth, witness: &Witness) {
        match request {
            ToExchange::Place(orders) => {
                for (at, order) in orders.iter().enumerate() {
                    let is_plain = order.spec.parent.is_none() && order.spec.oco.is_none();
                    assert!(is_plain || !witness.keeps_groups, "it knows no groups: {order:?}");
                    self.order_arrives(order, &orders[..at], truth, witness);
                }
            }
            ToExchange::Amend { order, quantity, limit, stop } => {
                let Some(stands) = truth.orders.get(order).filter(|order| order.is_live()) else { return };
                // An exit trades no more than its entry has filled, whatever is asked of it.
                if stands.spec.parent.is_some() {
                    return;
                }
                let note = witness.changed(*order).expect("a change that the program has sent");
                let mut after = stands.spec;
                after.quantity = quantity.unwrap_or(after.quantity);
                after.kind = limit.map_or(after.kind, |price| after.kind.with_limit(price));
                after.kind = stop.map_or(after.kind, |stop| after.kind.with_stop(stop));
                if truth.kept.contains_key(order) {
                    return Brackets::changes(stands, &after, &note.heard);
                }
                after.quantity = after.quantity.saturating_sub(stands.filled);
                let opened = opened(&after, *order, note, truth);
                let over = unheard_over(&after, note, truth);
                self.position(&after, *order, over, truth);
                if opened > Decimal::ZERO {
                    self.opening(&after, *order, opened, over, note, truth);
                }
            }
            _ => {}
        }
    }

    fn order_arrives(&mut self, order: &NewOrder, ahead: &[NewOrder], truth: &Truth, witness: &Witness) {
        let NewOrder { id, spec, .. } = order;
        assert!(self.arrived.insert(*id), "order {id} arrives a second time");
        let stem = witness.stem(*id).unwrap_or_else(|| panic!("nobody asked for order {id}: {spec:?}"));
        let note = witness.sent(*id).unwrap_or_else(|| panic!("order {id} never left the engine"));
        let held = spec.side.sign() * note.heard.net_of(spec.instrument);
        assert!(!note.is_killed || stem.part == Part::KillClose, "order {id} left while orders were locked");
        match &stem.part {
            Part::Entry(asked) | Part::Planned(asked, _) => {
                assert_eq!(asked, spec, "order {id} is not what was asked for");
                let opened = opened(spec, *id, note, truth);
                let over = unheard_over(spec, note, truth);
                self.position(spec, *id, over, truth);
                if opened > Decimal::ZERO {
                    self.opening(spec, *id, opened, over, note, truth);
                    self.counts(order, ahead, truth, witness);
                }
            }
            Part::Exit(asked) => {
                assert_eq!(asked, spec, "order {id} is not what was asked for");
                self.counts(order, ahead, truth, witness);
            }
            Part::KeptExit => witness.brackets.arrives(order, &note.heard, truth),
            Part::Close | Part::KillClose => {
                let tries = witness.closings_of(spec.instrument);
                let tries = tries.iter().filter(|closes| self.arrived.contains(closes)).count();
                assert!(tries <= CLOSINGS, "order {id} is try {tries} of the kill switch to close");
                assert!(spec.quantity.0 <= -held, "order {id} closes {} of {held}", spec.quantity);
                assert_eq!(spec.instrument, stem.instrument);
                let worst = worst_behind(spec, truth, witness);
                let allowed = self.worst.entry(key(spec.instrument, spec.side)).or_default();
                *allowed = (*allowed).max(worst);
            }
            Part::Reverse => {
                assert_eq!(spec.instrument, stem.instrument);
                let opened = (held + spec.quantity.0).min(spec.quantity.0);
                if opened > Decimal::ZERO {
                    // Its exits are gone, or others guard what it does not turn.
                    let (id_of, side) = (spec.instrument, spec.side);
                    let over = truth.overtraded(id_of, side).min(unheard_exits(truth, note, id_of, side));
                    let guards = truth.exits(id_of, side) + over;
                    self.position(spec, *id, guards, truth);
                    self.opening(spec, *id, opened, guards, note, truth);
                    self.counts(order, ahead, truth, witness);
                }
                let worst = worst_behind(spec, truth, witness);
                let allowed = self.worst.entry(key(spec.instrument, spec.side)).or_default();
                *allowed = (*allowed).max(worst);
            }
        }
    }

    /// Whether no more is held than may be, whichever orders fill; `but` is not counted.
    fn position(&self, spec: &OrderSpec, id: OrderId, but: Decimal, truth: &Truth) {
        let reach = reach(spec, id, truth) - but;
        assert!(reach <= self.bounds.position, "with order {id} {reach} of {} may be held", spec.instrument);
    }

    /// What is promised of whatever opens a position; `but` is not counted as held.
    fn opening(
        &self,
        spec: &OrderSpec,
        id: OrderId,
        opened: Decimal,
        but: Decimal,
        note: &Note,
        truth: &Truth,
    ) {
        let Bounds { order_value, position_value, exposure, loss, quote_age, .. } = self.bounds;
        let (instrument, side) = (spec.instrument, spec.side);
        let far = note.heard.far(instrument, side).map(|price| price.0);
        let own = [spec.kind.limit(), spec.kind.stop()].into_iter().flatten().map(|price| price.0).max();
        let price = far.max(own).unwrap_or_else(|| panic!("order {id} opens and no price was heard"));
        assert!(opened <= ORDER_QUANTITY.into(), "order {id} opens {opened}");
        assert!(opened * price <= order_value, "order {id} opens {opened} at {price}");
        let reach = reach(spec, id, truth) - but;
        assert!(reach * price <= position_value, "with order {id} {reach} are held at {price}");
        let exposed = exposed(spec, id, price, note, truth);
        assert!(exposed <= exposure, "with order {id} {exposed} are exposed");
        let age = note.market_age;
        assert!(age <= quote_age, "order {id} opens, and nothing was heard of the market for {age:?}");
        if self.counts_losses {
            assert!(!note.is_loss_locked, "order {id} opens after the loss of the day was reached");
            let hair = Decimal::new(1, 6);
            assert!(note.loss.is_some_and(|lost| lost < loss + hair), "order {id} opens at {:?}", note.loss);
        }
        let Some(far) = far else { return };
        let most = far * Decimal::from(DISTANCE) / Decimal::ONE_HUNDRED;
        let beyond = match spec.kind {
            OrderKind::Limit { price } => side.sign() * (price.0 - far),
            OrderKind::Stop { stop } => -side.sign() * (stop.0 - far),
            _ => Decimal::ZERO,
        };
        assert!(beyond <= most, "order {id} is {beyond} beyond the market at {far}");
    }

    /// Whether it is not one too many.
    fn counts(&self, order: &NewOrder, ahead: &[NewOrder], truth: &Truth, witness: &Witness) {
        let NewOrder { id, spec, .. } = order;
        let live = |is_meant: &dyn Fn(InstrumentId) -> bool| {
            let works = truth.orders.values().filter(|o| o.is_live() && is_meant(o.spec.instrument)).count();
            works + ahead.iter().filter(|o| is_meant(o.spec.instrument)).count() + 1
        };
        let works = live(&|_| true);
        assert!(works <= self.bounds.working as usize, "with order {id} {works} work");
        if spec.instrument.0 == 0 {
            let works = live(&|instrument| instrument.0 == 0);
            assert!(works <= self.bounds.working_of_first as usize, "with order {id} {works} work in it");
        }
        let minute = witness.asked_in_minute_of(*id).filter(|other| self.arrived.contains(other)).count() + 1;
        assert!(minute <= self.bounds.per_minute as usize, "order {id} is number {minute} of its minute");
    }

    /// A step is over: the worst case is inside the limit, or where only a close has put it.
    pub fn after_a_step(&mut self, truth: &Truth, brackets: &Brackets) {
        for id in instruments().iter().map(|instrument| instrument.id) {
            for side in SIDES {
                let worst = truth.worst(id, side) + brackets.to_come(truth, id, side);
                let kept = truth.kept_exits(id, side);
                let before = self.kept.insert(key(id, side), kept.clone()).unwrap_or_default();
                // Where one leg has traded and the other works still, more can trade than one of them.
                let gap = |(entry, (traded, in_all)): (OrderId, (Decimal, Decimal))| {
                    let (traded_before, in_all_before) = before.get(&entry).copied().unwrap_or_default();
                    (in_all - in_all_before).min(traded - traded_before).max(Decimal::ZERO)
                };
                let gaps: Decimal = kept.into_iter().map(gap).sum();
                let allowed = self.worst.entry(key(id, side)).or_default();
                let limit = self.bounds.position.max(*allowed) + gaps;
                assert!(worst <= limit, "{worst} of {id} may be held where {limit} are the most");
                *allowed = worst;
            }
        }
    }

    /// Something came about that no program has done.
    pub fn begin_anew(&mut self, truth: &Truth) {
        for id in instruments().iter().map(|instrument| instrument.id) {
            for side in SIDES {
                let allowed = self.worst.entry(key(id, side)).or_default();
                *allowed = (*allowed).max(truth.worst(id, side));
            }
        }
    }
}

/// What could be held on a side behind a close, or a reversal: what rests there can fill, and exits
/// that the program has still to send.
fn worst_behind(spec: &OrderSpec, truth: &Truth, witness: &Witness) -> Decimal {
    let to_come = witness.brackets.to_come(truth, spec.instrument, spec.side);
    truth.worst(spec.instrument, spec.side) + spec.quantity.0 + to_come
}

/// How much of an order leads away from zero, when all that works on its side has filled.
fn opened(spec: &OrderSpec, id: OrderId, note: &Note, truth: &Truth) -> Decimal {
    let (instrument, side) = (spec.instrument, spec.side);
    let unheard = unheard_exits(truth, note, instrument, side);
    let net = side.sign() * truth.net_of(instrument) - unheard;
    let after = net + truth.working(instrument, side, id) + spec.quantity.0;
    after.min(spec.quantity.0).max(Decimal::ZERO)
}

/// What all positions could come to be worth, long and short added.
fn exposed(spec: &OrderSpec, id: OrderId, price: Decimal, note: &Note, truth: &Truth) -> Decimal {
    let one = |instrument: InstrumentId, more: [Decimal; 2]| -> Decimal {
        let unheard = SIDES.map(|side| side.sign() * unheard_exits(truth, note, instrument, side));
        let net = truth.net_of(instrument) - unheard[0] - unheard[1];
        let [bought, sold] = SIDES.map(|side| truth.working(instrument, side, id));
        [net, net + bought + more[0], net - sold - more[1]].map(|held| held.abs()).into_iter().max().unwrap()
    };
    let own = SIDES.map(|side| if side == spec.side { spec.quantity.0 } else { Decimal::ZERO });
    let here = one(spec.instrument, own) * price;
    let others =
        instruments().iter().map(|i| i.id).filter(|other| *other != spec.instrument).collect::<Vec<_>>();
    let elsewhere = others.into_iter().map(|other| {
        let most = one(other, [Decimal::ZERO; 2]);
        if most.is_zero() { most } else { most * note.heard.mark(other).expect("what is held has a price") }
    });
    here + elsewhere.sum::<Decimal>()
}

/// The most that could be held on an order's side with it.
fn reach(spec: &OrderSpec, id: OrderId, truth: &Truth) -> Decimal {
    let (instrument, side) = (spec.instrument, spec.side);
    let net = side.sign() * truth.net_of(instrument);
    net + truth.working(instrument, side, id) + truth.exits(instrument, side) + spec.quantity.0
}

/// What exits that the program keeps have traded on an order's side, unheard, or could trade beside
/// that, beyond what could be told when it left: that one leg trades and the other does not.
fn unheard_over(spec: &OrderSpec, note: &Note, truth: &Truth) -> Decimal {
    let unheard_of = |id: OrderId| -> Decimal {
        let fills = truth.fills.iter().filter(|fill| fill.order == id);
        fills.filter(|fill| !note.heard.execs.contains(&fill.exec_id)).map(|fill| fill.quantity.0).sum()
    };
    let beyond = |(entry, (_, in_all)): (OrderId, (Decimal, Decimal))| {
        let (mut heard, mut unheard) = (Decimal::ZERO, Decimal::ZERO);
        let mut legs = BTreeMap::<bool, Decimal>::new();
        for (id, leg) in truth.kept.iter().filter(|(_, leg)| leg.0 == entry) {
            let Some(exit) = truth.orders.get(id) else { continue };
            let news = unheard_of(*id);
            (heard, unheard) = (heard + exit.filled.0 - news, unheard + news);
            if exit.is_live() || !news.is_zero() {
                *legs.entry(leg.1).or_default() += exit.spec.quantity.0 - (exit.filled.0 - news);
            }
        }
        let opened = truth.orders.get(&entry).map_or(Decimal::ZERO, |order| order.filled.0);
        let could = legs.into_values().max().unwrap_or_default().min((opened - heard).max(Decimal::ZERO));
        (in_all - (heard + could)).min(unheard).max(Decimal::ZERO)
    };
    truth.kept_exits(spec.instrument, spec.side).into_iter().map(beyond).sum()
}

/// What exits of a side have filled that the program had not heard of when it sent.
fn unheard_exits(truth: &Truth, note: &Note, id: InstrumentId, side: Side) -> Decimal {
    let is_exit =
        |order: OrderId| truth.orders.get(&order).is_some_and(|o: &Order| truth.leg_of(o).is_some());
    let fills = truth.fills.iter().filter(|fill| fill.instrument == id && fill.side == side);
    let unheard = fills.filter(|fill| is_exit(fill.order) && !note.heard.execs.contains(&fill.exec_id));
    unheard.map(|fill| fill.quantity.0).sum()
}
