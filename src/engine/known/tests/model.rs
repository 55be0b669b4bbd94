//! A naive judge: it remembers every order, fill and price, fills what could fill unit by unit,
//! adds up cash, and looks whether anything is over a limit. It shares no formula with the gate.

use std::collections::BTreeMap;

use crate::domain::limits::{AllowedHours, LimitSet, Limits};
use crate::domain::{AccountId, Decimal, OrderId, OrderSpec, Price, Qty, Quote, Side, Time};
use crate::risk::Despite;

pub const EUR_IN_USD: Decimal = Decimal::from_parts(110, 0, 0, false, 2);
pub const FEE: Decimal = Decimal::ONE;
pub const BROKER_OF: [u8; 3] = [0, 0, 1];
pub const MULTIPLIER_OF: [Decimal; 3] = [Decimal::ONE, Decimal::TWO, Decimal::ONE];
pub const ACCOUNT_OF: [&str; 3] = ["A", "A", "B"];
const RATE_OF: [Decimal; 3] = [Decimal::ONE, Decimal::ONE, EUR_IN_USD];
const KEY_OF: [&str; 3] = ["I0@X", "I1@X", "I2@X"];

/// An order that went out.
#[derive(Debug, Clone)]
pub struct Placed {
    pub id: OrderId,
    pub broker: u8,
    pub account: AccountId,
    pub spec: OrderSpec,
    pub filled: Qty,
    pub is_live: bool,
    asked: Option<OrderSpec>,
    sent: Time,
}

impl Placed {
    pub fn new(id: OrderId, broker: u8, account: &AccountId, spec: OrderSpec, sent: Time) -> Self {
        let account = account.clone();
        Self { id, broker, account, spec, filled: Qty::ZERO, is_live: true, asked: None, sent }
    }

    fn index(&self) -> usize {
        self.spec.instrument.index()
    }

    /// Units that may still trade, whichever way a change is answered.
    fn left(&self) -> u32 {
        let most = self.asked.map_or(self.spec.quantity, |asked| asked.quantity.max(self.spec.quantity));
        u32::try_from(most.saturating_sub(self.filled).0).unwrap()
    }
}

pub struct Model {
    limits: LimitSet,
    orders: BTreeMap<OrderId, Placed>,
    pub quotes: [Option<(Quote, Time)>; 3],
    pub is_up: bool,
    now: Time,
    /// Units held, and cash that came in and went out for them.
    net: [Decimal; 3],
    cash: [Decimal; 3],
    worth_at_start: [Decimal; 3],
    day: i64,
    locked: Vec<bool>,
}

/// One of the scopes that hold: its limits, and what is in it.
struct Scope<'a> {
    limits: &'a Limits,
    holds: [bool; 3],
    lock: usize,
}

impl Model {
    pub fn new(limits: LimitSet, now: Time) -> Self {
        Self {
            limits,
            orders: BTreeMap::new(),
            quotes: [None; 3],
            is_up: true,
            now,
            net: [Decimal::ZERO; 3],
            cash: [Decimal::ZERO; 3],
            worth_at_start: [Decimal::ZERO; 3],
            day: trading_day(now),
            locked: vec![false; 4],
        }
    }

    pub fn order(&self, id: OrderId) -> &Placed {
        &self.orders[&id]
    }

    pub fn nth_live(&self, n: usize) -> Option<&Placed> {
        let live: Vec<&Placed> = self.orders.values().filter(|o| o.is_live).collect();
        if live.is_empty() { None } else { live.get(n % live.len()).copied() }
    }

    pub fn mark(&self, index: usize) -> Price {
        self.quotes[index].unwrap().0.last.unwrap()
    }

    /// By what a position is valued: the last price, within a book that makes sense.
    fn valued_at(&self, index: usize) -> Decimal {
        let (quote, _) = self.quotes[index].unwrap();
        let last = quote.last.unwrap().0;
        match (quote.bid, quote.ask) {
            (Some(bid), Some(ask)) if bid.0 <= ask.0 => last.max(bid.0).min(ask.0),
            _ => last,
        }
    }

    pub fn ends(&mut self, id: OrderId) {
        self.orders.get_mut(&id).unwrap().is_live = false;
    }

    pub fn answer(&mut self, id: OrderId, is_made: bool) {
        let order = self.orders.get_mut(&id).unwrap();
        let asked = order.asked.take();
        if is_made {
            order.spec = asked.unwrap();
        }
    }

    pub fn fills(&mut self, id: OrderId, quantity: Qty, price: Price) {
        let order = self.orders.get_mut(&id).unwrap();
        let index = order.index();
        order.filled += quantity;
        order.is_live = order.filled < order.spec.quantity;
        let signed = if order.spec.side == Side::Buy { quantity.0 } else { -quantity.0 };
        self.net[index] += signed;
        self.cash[index] -= signed * price.0 * MULTIPLIER_OF[index] + FEE;
    }

    fn worth(&self, index: usize) -> Decimal {
        if self.net[index].is_zero() {
            return self.cash[index];
        }
        self.cash[index] + self.net[index] * self.valued_at(index) * MULTIPLIER_OF[index]
    }

    fn result(&self, holds: [bool; 3]) -> Decimal {
        let own = (0..3).filter(|&i| holds[i]);
        own.map(|i| (self.worth(i) - self.worth_at_start[i]) * RATE_OF[i]).sum()
    }

    /// Time has passed or a position has changed, which is when the engine looks at the losses.
    pub fn passes(&mut self, now: Time) {
        self.now = now;
        if trading_day(now) != self.day {
            self.day = trading_day(now);
            self.locked = vec![false; 4];
            self.worth_at_start = [0, 1, 2].map(|i| self.worth(i));
        }
        let scopes = [0, 1, 2].map(|i| self.scopes(i));
        let lost: Vec<usize> = scopes
            .iter()
            .flatten()
            .filter(|s| s.limits.max_loss_per_day.is_some_and(|limit| self.result(s.holds) <= -limit))
            .map(|scope| scope.lock)
            .collect();
        for lock in lost {
            self.locked[lock] = true;
        }
    }

    fn scopes(&self, index: usize) -> Vec<Scope<'_>> {
        let of = |is_of: fn(usize, usize) -> bool| [0, 1, 2].map(|i| is_of(i, index));
        let mut scopes = vec![Scope { limits: &self.limits.profile, holds: [true; 3], lock: 0 }];
        if let Some(limits) = self.limits.accounts.get(ACCOUNT_OF[index]) {
            let lock = if ACCOUNT_OF[index] == "A" { 1 } else { 2 };
            scopes.push(Scope { limits, holds: of(|i, index| ACCOUNT_OF[i] == ACCOUNT_OF[index]), lock });
        }
        if let Some(limits) = self.limits.instruments.get(KEY_OF[index]) {
            scopes.push(Scope { limits, holds: of(|i, index| i == index), lock: 3 });
        }
        scopes
    }

    fn live_of(&self, index: usize, side: Side, but: OrderId) -> u32 {
        let own = self.orders.values().filter(|o| o.is_live && o.index() == index && o.id != but);
        own.filter(|o| o.spec.side == side).map(Placed::left).sum()
    }

    /// Whether an order, entered now, could do nothing but bring the position nearer to zero.
    pub fn only_shrinks(&self, spec: &OrderSpec) -> bool {
        let index = spec.instrument.index();
        let first = self.live_of(index, spec.side, OrderId(0));
        let quantity = u32::try_from(spec.quantity.0).unwrap();
        walk(self.net[index], spec.side, first, quantity).0 == 0 && !self.net[index].is_zero()
    }

    pub fn can_close(&self, index: usize) -> bool {
        // An order that closes is itself among the live ones, and the engine sends no second.
        let is_flattening = self.orders.values().any(|o| o.is_live && o.index() == index);
        self.is_up && !self.net[index].is_zero() && !is_flattening
    }

    /// Looks at a new order that went out.
    pub fn judge(&mut self, placed: Placed, despite: Despite, is_flattening: bool) {
        assert!(self.is_up, "sent on a dead line");
        let opens = self.opens(&placed.spec, placed.spec.quantity, placed.id, despite, is_flattening);
        if opens {
            for scope in self.scopes(placed.index()) {
                let own = || self.orders.values().filter(|o| scope.holds[o.index()]);
                let working = own().filter(|o| o.is_live).count() + 1;
                let minute = own().filter(|o| self.now.0 - o.sent.0 < 60_000_000_000).count() + 1;
                is_within(working, scope.limits.max_working_orders, "working orders");
                is_within(minute, scope.limits.max_orders_per_minute, "orders per minute");
            }
        }
        self.orders.insert(placed.id, placed);
    }

    /// Looks at a change that went out.
    pub fn judge_change(&mut self, id: OrderId, after: OrderSpec) {
        assert!(self.is_up, "sent on a dead line");
        let filled = self.orders[&id].filled;
        self.opens(&after, after.quantity.saturating_sub(filled), id, Despite::default(), false);
        self.orders.get_mut(&id).unwrap().asked = Some(after);
    }

    /// Whether an order opens anything; what it opens must be allowed.
    fn opens(
        &self,
        spec: &OrderSpec,
        quantity: Qty,
        id: OrderId,
        despite: Despite,
        is_flattening: bool,
    ) -> bool {
        let index = spec.instrument.index();
        let (net, quantity) = (self.net[index], u32::try_from(quantity.0).unwrap());
        let beside = self.live_of(index, spec.side, id);
        let (opened, held) = if is_flattening {
            // What goes out now comes before what rests.
            let (opened, _) = walk(net, spec.side, 0, quantity);
            (opened, walk(net, spec.side, 0, quantity + beside).1)
        } else {
            walk(net, spec.side, beside, quantity)
        };
        if opened == 0 {
            return false;
        }
        let (quote, received) = self.quotes[index].unwrap();
        let far = if spec.side == Side::Buy { quote.ask } else { quote.bid };
        assert!(far.is_some(), "opened on an empty book");
        let is_crossed = quote.bid.zip(quote.ask).is_some_and(|(bid, ask)| bid.0 > ask.0);
        assert!(!is_crossed || despite.crossed_book, "opened on a crossed book");
        let price = [far, spec.kind.limit()].into_iter().flatten().map(|p| p.0).max().unwrap();
        let unit = price * MULTIPLIER_OF[index] * RATE_OF[index];
        let away = self.live_of(index, spec.side.opposite(), id);
        let other_way = walk(net, spec.side.opposite(), 0, away).1;
        for scope in self.scopes(index) {
            let Limits { allowed_instruments, allowed_hours, .. } = scope.limits;
            assert!(!self.locked[scope.lock], "opened while locked");
            let is_listed = |keys: &std::collections::BTreeSet<String>| keys.contains(KEY_OF[index]);
            assert!(allowed_instruments.as_ref().is_none_or(is_listed), "opened what is not listed");
            let hour = self.now.0 / 3_600_000_000_000 % 24;
            let is_hour = |_: &AllowedHours| (8..16).contains(&hour);
            assert!(allowed_hours.as_ref().is_none_or(is_hour), "opened at hour {hour}");
            let age = (self.now.0 - received.0) / 1_000_000_000;
            let is_old = scope.limits.max_quote_age_seconds.is_some_and(|limit| age > i64::from(limit));
            assert!(!is_old || despite.stale_quote, "opened on a quote {age} s old");
            let (opened, held) = (Decimal::from(opened), Decimal::from(held));
            is_at_most(opened, scope.limits.max_order_quantity.map(|q| q.0), "order quantity");
            is_at_most(held, scope.limits.max_position_quantity.map(|q| q.0), "position quantity");
            is_at_most(opened * unit, scope.limits.max_order_value, "order value");
            is_at_most(held * unit, scope.limits.max_position_value, "position value");
            let elsewhere: Decimal =
                (0..3).filter(|&i| i != index && scope.holds[i]).map(|i| self.exposure(i)).sum();
            let here = held.max(Decimal::from(other_way)).max(net.abs()) * unit;
            is_at_most(elsewhere + here, scope.limits.max_exposure, "exposure");
            let loss = -self.result(scope.holds);
            assert!(
                scope.limits.max_loss_per_day.is_none_or(|limit| loss < limit),
                "opened at a loss of {loss}"
            );
            if let (Some(limit), Some(own), Some(far)) =
                (scope.limits.max_price_distance_percent, spec.kind.limit(), far)
            {
                let worst = match spec.side {
                    Side::Buy => far.0 + far.0 * limit / Decimal::ONE_HUNDRED - own.0,
                    Side::Sell => own.0 - (far.0 - far.0 * limit / Decimal::ONE_HUNDRED),
                };
                assert!(worst >= Decimal::ZERO, "a price of {own} at {far} with {limit} %");
            }
        }
        true
    }

    fn exposure(&self, index: usize) -> Decimal {
        let net = self.net[index];
        let long = walk(net, Side::Buy, 0, self.live_of(index, Side::Buy, OrderId(0))).1;
        let short = walk(net, Side::Sell, 0, self.live_of(index, Side::Sell, OrderId(0))).1;
        let most = Decimal::from(long.max(short)).max(net.abs());
        most * self.valued_at(index) * MULTIPLIER_OF[index] * RATE_OF[index]
    }
}

/// Fills `first` and then `quantity` units one by one: how many of the latter lead away from
/// zero, and how many units are held then.
fn walk(net: Decimal, side: Side, first: u32, quantity: u32) -> (u32, u32) {
    let mut held = i64::try_from(net).unwrap();
    let step = if side == Side::Buy { 1 } else { -1 };
    held += step * i64::from(first);
    let mut away = 0;
    for _ in 0..quantity {
        away += u32::from((held + step).abs() > held.abs());
        held += step;
    }
    (away, held.unsigned_abs() as u32)
}

fn trading_day(now: Time) -> i64 {
    // Days begin at 17:00 UTC.
    (now.0 / 1_000_000_000 - 17 * 3_600).div_euclid(86_400)
}

fn is_within(count: usize, limit: Option<u32>, what: &str) {
    assert!(limit.is_none_or(|limit| count <= limit as usize), "{what}: {count} of {limit:?}");
}

fn is_at_most(amount: Decimal, limit: Option<Decimal>, what: &str) {
    assert!(limit.is_none_or(|limit| amount <= limit), "{what}: {amount} of {limit:?}");
}
