//! The exchange against a naive model: a plain list of orders, scanned for every question.
//!
//! The model knows price–time priority, every type but trailing stops, amends, the collar,
//! stops that wait for quotes and self-match; it knows no groups and no money. Both must print the same trades in the same order,
//! and leave the same quantity of every order.

use std::collections::VecDeque;

use proptest::prelude::*;

use pitdesk::domain::{OrderId, Side, TimeInForce};
use pitdesk::exchange::{AGENT_ORDERS, Config, Event};

use super::floor::{X, account, config};
use super::stream::{Driver, Kind, Send, Step, TRADER, steps};

/// `(price, quantity, aggressor)`
type Print = (i64, i64, Side);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Resting,
    Waiting,
    /// Triggered, and nobody to trade with.
    Parked,
    Gone,
}

#[derive(Debug, Clone)]
struct Order {
    id: OrderId,
    send: Send,
    filled: i64,
    /// Where it rests, or how far it may trade.
    worst: Option<i64>,
    arrival: usize,
    state: State,
}

impl Order {
    fn left(&self) -> i64 {
        self.send.quantity - self.filled
    }

    fn stop(&self) -> Option<i64> {
        match self.send.kind {
            Kind::Stop(stop) | Kind::StopLimit(stop, _) => Some(stop),
            _ => None,
        }
    }
}

/// What comes after the matching at hand.
enum Work {
    Trigger(usize),
    Retry(usize),
}

#[derive(Default)]
struct Model {
    orders: Vec<Order>,
    prints: Vec<Print>,
    fills: Vec<(OrderId, i64, i64)>,
    work: VecDeque<Work>,
    last: Option<i64>,
    net: i64,
    arrivals: usize,
}

impl Model {
    /// Index of the best resting order against somebody on `side`.
    fn best(&self, side: Side) -> Option<usize> {
        let resting = (0..self.orders.len()).filter(|&at| {
            let order = &self.orders[at];
            order.state == State::Resting && order.send.side != side
        });
        resting.min_by_key(|&at| {
            let order = &self.orders[at];
            let price = order.worst.unwrap();
            (if side == Side::Buy { price } else { -price }, order.arrival)
        })
    }

    fn best_price(&self, side: Side) -> Option<i64> {
        self.best(side).and_then(|at| self.orders[at].worst)
    }

    /// Best price against somebody on `side` that is not `party`'s own.
    fn best_of_others(&self, side: Side, party: u32) -> Option<i64> {
        let others = self.orders.iter().filter(|o| o.state == State::Resting && o.send.party != party);
        let prices = others.filter(|o| o.send.side != side).filter_map(|o| o.worst);
        if side == Side::Buy { prices.min() } else { prices.max() }
    }

    fn collar(&self, side: Side, party: u32) -> Option<i64> {
        let best = self.best_of_others(side, party).or(self.last)?;
        Some(if side == Side::Buy { best + best / 20 } else { best - best / 20 })
    }

    fn crosses(side: Side, price: i64, limit: i64) -> bool {
        if side == Side::Buy { price <= limit } else { price >= limit }
    }

    fn own_yields(&self, taker: &Order) -> bool {
        taker.send.party != TRADER || if taker.send.side == Side::Buy { self.net < 0 } else { self.net > 0 }
    }

    fn available(&self, taker: &Order, worst: i64) -> i64 {
        let mut rest: Vec<&Order> = self
            .orders
            .iter()
            .filter(|o| o.state == State::Resting && o.send.side != taker.send.side)
            .filter(|o| Self::crosses(taker.send.side, o.worst.unwrap(), worst))
            .collect();
        rest.sort_by_key(|o| {
            let price = o.worst.unwrap();
            (if taker.send.side == Side::Buy { price } else { -price }, o.arrival)
        });
        let mut sum = 0;
        for order in rest {
            if order.send.party != taker.send.party {
                sum += order.left();
            } else if !self.own_yields(taker) {
                break;
            }
        }
        sum
    }

    fn send(&mut self, id: OrderId, send: &Send) {
        let is_agent = send.party != TRADER;
        let can_rest = matches!(send.kind, Kind::Limit(_) | Kind::StopLimit(..))
            && !matches!(send.tif, TimeInForce::Ioc | TimeInForce::Fok);
        let crosses = match send.kind {
            Kind::Limit(limit) => {
                self.best_price(send.side).is_some_and(|best| Self::crosses(send.side, best, limit))
            }
            _ => false,
        };
        let is_stop = matches!(send.kind, Kind::Stop(_) | Kind::StopLimit(..));
        let nobody = send.kind == Kind::Market && self.best(send.side).is_none();
        if (is_agent && is_stop) || (send.post_only && (crosses || (!can_rest && !is_agent))) || nobody {
            return;
        }
        let order =
            Order { id, send: send.clone(), filled: 0, worst: None, arrival: 0, state: State::Waiting };
        if let (Some(stop), Some(last)) = (order.stop(), self.last)
            && (if send.side == Side::Buy { last >= stop } else { last <= stop })
        {
            return;
        }
        let at = self.orders.len();
        self.orders.push(order);
        if is_stop {
            self.arrive(at);
        } else {
            self.execute(at);
            self.work_off();
        }
    }

    fn arrive(&mut self, at: usize) {
        self.arrivals += 1;
        self.orders[at].arrival = self.arrivals;
    }

    fn work_off(&mut self) {
        while let Some(work) = self.work.pop_front() {
            match work {
                Work::Trigger(at) => {
                    self.arrive(at);
                    self.execute(at);
                }
                Work::Retry(at) if self.orders[at].state == State::Parked => {
                    let order = &self.orders[at];
                    let best = self.best_of_others(order.send.side, order.send.party);
                    let may =
                        |best| order.worst.is_none_or(|worst| Self::crosses(order.send.side, best, worst));
                    if best.is_some_and(may) {
                        self.execute(at);
                    }
                }
                Work::Retry(_) => {}
            }
        }
    }

    fn park(&mut self, at: usize, bound: Option<i64>) {
        self.orders[at].state = State::Parked;
        self.orders[at].worst = bound;
    }

    fn execute(&mut self, at: usize) {
        let order = self.orders[at].clone();
        let side = order.send.side;
        let limit = match order.send.kind {
            Kind::Limit(limit) | Kind::StopLimit(_, limit) => Some(limit),
            _ => order.worst,
        };
        let party = order.send.party;
        let at_once = matches!(order.send.tif, TimeInForce::Ioc | TimeInForce::Fok);
        let waits = matches!(order.send.kind, Kind::Stop(_)) && !at_once;
        if waits && self.best_of_others(side, party).is_none() {
            return self.park(at, order.worst);
        }
        let Some(worst) = limit.or_else(|| self.collar(side, party)) else {
            self.orders[at].state = State::Gone;
            return;
        };
        self.orders[at].state = State::Gone;
        let yields = self.own_yields(&order);
        let takes = self.best_price(side).is_some_and(|best| Self::crosses(side, best, worst));
        let kill = order.send.tif == TimeInForce::Fok && self.available(&order, worst) < order.left();
        if (order.send.post_only && order.send.party == TRADER && takes) || kill {
            return;
        }
        while self.orders[at].left() > 0 {
            let Some(best) = self.best(side) else { break };
            let price = self.orders[best].worst.unwrap();
            if !Self::crosses(side, price, worst) {
                break;
            }
            if self.orders[best].send.party == order.send.party {
                if !yields {
                    return;
                }
                self.orders[best].state = State::Gone;
                continue;
            }
            self.trade(best, at, price);
        }
        if self.orders[at].left() == 0 {
            return;
        }
        if waits {
            let others = self.best_of_others(side, party);
            self.park(at, others.map(|_| worst));
        } else if order.send.kind != Kind::Market && !at_once {
            self.orders[at].state = State::Resting;
            self.orders[at].worst = Some(worst);
            self.arrive(at);
            let mut parked: Vec<usize> =
                (0..self.orders.len()).filter(|&at| self.orders[at].state == State::Parked).collect();
            parked.sort_by_key(|&at| self.orders[at].arrival);
            self.work.extend(parked.into_iter().map(Work::Retry));
        }
    }

    fn trade(&mut self, maker: usize, taker: usize, price: i64) {
        let quantity = self.orders[maker].left().min(self.orders[taker].left());
        self.prints.push((price, quantity, self.orders[taker].send.side));
        self.last = Some(price);
        for at in [maker, taker] {
            let order = &mut self.orders[at];
            order.filled += quantity;
            if order.left() == 0 {
                order.state = State::Gone;
            }
            if order.send.party == TRADER {
                self.net += if order.send.side == Side::Buy { quantity } else { -quantity };
                self.fills.push((order.id, quantity, price));
            }
        }
        let mut reached: Vec<(i64, usize, usize)> = Vec::new();
        for (at, order) in self.orders.iter_mut().enumerate() {
            let Some(stop) = order.stop().filter(|_| order.state == State::Waiting) else { continue };
            if if order.send.side == Side::Buy { price >= stop } else { price <= stop } {
                order.state = State::Gone;
                reached.push((-(stop - price).abs(), order.arrival, at));
            }
        }
        reached.sort_unstable();
        self.work.extend(reached.into_iter().map(|(.., at)| Work::Trigger(at)));
    }

    fn cancel(&mut self, id: OrderId) {
        for order in self.orders.iter_mut().filter(|order| order.id == id) {
            order.state = State::Gone;
        }
    }

    fn amend(&mut self, id: OrderId, quantity: Option<i64>, limit: Option<i64>) {
        let live = |order: &Order| order.id == id && order.state != State::Gone;
        let Some(at) = self.orders.iter().position(live) else { return };
        if self.orders[at].send.party != TRADER {
            return self.amend_agent(at, quantity, limit);
        }
        let before = self.orders[at].clone();
        let mut after = before.clone();
        if let Some(quantity) = quantity {
            if quantity <= before.filled {
                return;
            }
            after.send.quantity = quantity;
        }
        if let Some(limit) = limit {
            after.send.kind = match before.send.kind {
                Kind::Limit(_) => Kind::Limit(limit),
                Kind::StopLimit(stop, _) => Kind::StopLimit(stop, limit),
                _ => return,
            };
            let takes = self
                .best_price(after.send.side)
                .is_some_and(|best| Self::crosses(after.send.side, best, limit));
            if after.send.post_only && before.state == State::Resting && takes {
                return;
            }
        }
        let keeps = after.send.kind == before.send.kind && after.send.quantity <= before.send.quantity;
        self.orders[at] = after;
        if keeps {
            return;
        }
        if before.state == State::Waiting {
            self.arrive(at);
        } else {
            self.arrive(at);
            self.execute(at);
            self.work_off();
        }
    }

    /// An agent's amend names what shall rest; all but a smaller size is a new order.
    fn amend_agent(&mut self, at: usize, quantity: Option<i64>, limit: Option<i64>) {
        let order = &mut self.orders[at];
        let price = limit.or(order.worst).unwrap();
        let quantity = quantity.unwrap_or(order.left());
        if Some(price) == order.worst && quantity <= order.left() {
            order.send.quantity = order.filled + quantity;
            return;
        }
        order.state = State::Gone;
        let (id, kind, tif) = (order.id, Kind::Limit(price), TimeInForce::Gtc);
        let send = Send { quantity, kind, tif, post_only: false, ..order.send.clone() };
        self.send(id, &send);
    }
}

/// Prints and fills of the trader, as the exchange told them.
fn heard(events: &[Event]) -> (Vec<Print>, Vec<(OrderId, i64, i64)>) {
    let n = |d: pitdesk::domain::Decimal| i64::try_from(d).unwrap();
    let mut heard = (Vec::new(), Vec::new());
    for event in events {
        match event {
            Event::Trade(_, trade) => {
                heard.0.push((n(trade.price.0), n(trade.quantity.0), trade.aggressor.unwrap()));
            }
            Event::Filled { fill, .. } => heard.1.push((fill.order, n(fill.quantity.0), n(fill.price.0))),
            _ => {}
        }
    }
    heard
}

fn rich() -> Config {
    Config { accounts: vec![account(1_000_000_000, 100)], ..config() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn trades_like_a_list_that_is_scanned(steps in steps(80)) {
        let mut driver = Driver::new(rich());
        let mut model = Model::default();
        for mut step in steps {
            if let Step::Send(send) = &mut step {
                if matches!(send.kind, Kind::Trail(_)) {
                    send.kind = Kind::Market;
                }
                (send.parent, send.oco) = (None, None);
            }
            let picked = match step {
                Step::Cancel(pick) | Step::Amend(pick, ..) => driver.pick(pick),
                Step::Send(_) => None,
            };
            let (prints, fills) = heard(&driver.step(&step));
            match (&step, picked) {
                (Step::Send(send), _) => model.send(driver.sent.last().unwrap().0, send),
                (Step::Cancel(_), Some(id)) => model.cancel(id),
                (Step::Amend(_, quantity, limit), Some(id)) => model.amend(id, *quantity, *limit),
                _ => {}
            }
            prop_assert_eq!(&prints, &model.prints, "prints after {:?}", step);
            prop_assert_eq!(&fills, &model.fills, "fills after {:?}", step);
            (model.prints, model.fills) = (Vec::new(), Vec::new());
            for &(id, _) in &driver.sent {
                let order = model.orders.iter().rfind(|order| order.id == id);
                let expected = order.filter(|o| o.state == State::Resting).map(Order::left);
                let resting = driver.exchange.resting(id).map(|q| i64::try_from(q.0).unwrap());
                prop_assert_eq!(resting, expected, "{} after {:?}", id, step);
                if let Some(order) = order.filter(|_| id.0 & AGENT_ORDERS == 0) {
                    let seen = driver.exchange.order(id).unwrap();
                    prop_assert_eq!(i64::try_from(seen.filled.0).unwrap(), order.filled);
                    prop_assert_eq!(i64::try_from(seen.spec.quantity.0).unwrap(), order.send.quantity);
                    prop_assert_eq!(seen.is_live(), order.state != State::Gone);
                }
            }
            let (bid, ask) = driver.exchange.best(X);
            if let (Some((bid, _)), Some((ask, _))) = (bid, ask) {
                prop_assert!(bid < ask, "crossed: {} {}", bid, ask);
            }
        }
    }
}
