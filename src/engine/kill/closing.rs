//! The positions that the kill switch closes, when nothing works any more.

use std::sync::Arc;
use std::time::Duration;

use super::{ANSWER, Line, PATIENCE, named};
use crate::domain::{
    Decimal, InstrumentId, Order, OrderId, OrderKind, OrderSpec, Origin, Position, Price, Side, TickTable,
    Time, TimeInForce,
};
use crate::engine::{Effect, Engine};
use crate::link::update::Refused;
use crate::link::{Flatten, KillStage};
use crate::risk::{Despite, Role};

/// How often a position is tried to be closed.
const ATTEMPTS: usize = 3;

impl Engine {
    /// Orders that close positions are on their way: limits at once or not at all, so that
    /// only a market order in a closed market rests.
    pub(super) fn closing_step(&self, own: &[Order], now: Time) -> KillStage {
        let late = own.iter().find(|order| now.since(order.created.max(order.updated)) >= PATIENCE);
        match late {
            None => KillStage::Flattening(own.len() as u32),
            Some(order) => {
                let why = order.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
                KillStage::Stuck(format!("{} has not filled{why}", named(self, order)).into())
            }
        }
    }

    /// What an account holds at its broker.
    fn held_by(&self, line: &Line) -> Vec<Position> {
        let Some(account) = &line.account else { return Vec::new() };
        let is_its =
            |i: InstrumentId| self.instruments.get(i.index()).is_some_and(|i| i.broker == line.broker);
        let is_held = |p: &&Position| p.account == *account && !p.is_flat() && is_its(p.instrument);
        self.positions.values().filter(is_held).cloned().collect()
    }

    /// An earlier run was asked to close positions and has not: after a restart nobody closes
    /// them but who asks for it again.
    pub(super) fn name_what_is_held(&self, line: &Line) -> KillStage {
        let held = self.held_by(line);
        if held.is_empty() {
            return KillStage::Done;
        }
        let names: Vec<&str> = held.iter().map(|position| self.symbol(position.instrument)).collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        let why = "closing was asked for and not finished; use the switch again";
        KillStage::Stuck(format!("{} {are} held: {why}", names.join(", ")).into())
    }

    /// Nothing works: closes what is held, or is done.
    pub(super) fn flatten_step(
        &mut self,
        line: &mut Line,
        flatten: Flatten,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> KillStage {
        let held = self.held_by(line);
        line.stuck.retain(|id, _| held.iter().any(|position| position.instrument == *id));
        if held.is_empty() {
            return KillStage::Done;
        }
        let mut on_their_way = 0;
        for position in &held {
            let id = position.instrument;
            let waits = |(_, again): &(Arc<str>, Option<Time>)| again.is_none_or(|at| now < at);
            if line.stuck.get(&id).is_some_and(waits) {
                continue;
            }
            let (tried, at) = line.attempts.entry(id).or_insert((Vec::new(), Time::MIN));
            if now.since(*at) < ANSWER {
                on_their_way += 1;
                continue;
            }
            // The market has refused to close it only where it was asked to.
            tried.retain(|order| !self.was_not_sent(*order));
            if tried.len() >= ATTEMPTS {
                let why = format!("{ATTEMPTS} orders did not close it; use the switch again to try more");
                line.stuck.insert(id, (why.into(), None));
                continue;
            }
            match self.close_for_kill(position, flatten, now, out) {
                Ok(order) => {
                    on_their_way += 1;
                    line.stuck.remove(&id);
                    tried.push(order);
                    *at = now;
                    line.is_unproven();
                    line.note(now, format!("Order {order} closes {}", self.symbol(position.instrument)));
                }
                Err(why) => {
                    line.stuck.insert(id, (why.0, Some(now + ANSWER)));
                }
            }
        }
        if on_their_way > 0 {
            return KillStage::Flattening(on_their_way);
        }
        let reasons: Vec<String> =
            line.stuck.iter().map(|(id, (why, _))| format!("{} is held: {why}", self.symbol(*id))).collect();
        KillStage::Stuck(reasons.join("; ").into())
    }

    /// Whether an order has ended and its broker never had it: on a full disk, say.
    fn was_not_sent(&self, id: OrderId) -> bool {
        let is_over = |o: &Order| o.status.is_final() && !o.is_acknowledged && o.filled.is_zero();
        self.orders.get(id).is_some_and(is_over) && !self.orders.has_left(id)
    }

    fn close_for_kill(
        &mut self,
        position: &Position,
        flatten: Flatten,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Result<OrderId, Refused> {
        let instrument = self.instrument(position.instrument)?;
        let side = position.side().ok_or_else(|| Refused("nothing is held".into()))?.opposite();
        let (kind, tif) = match flatten {
            Flatten::Within(percent) => {
                let limit = Duration::from_secs(self.settings.limits.quote_age(&instrument).into());
                let known = self.market.quote(instrument.id);
                let quote = known.filter(|(_, at)| now.since(*at) <= limit).map(|(quote, _)| quote);
                let far = quote.and_then(|q| if side == Side::Buy { q.ask } else { q.bid });
                let far = far.ok_or_else(|| Refused("there is no fresh quote of it".into()))?;
                let price = within(far, side, percent, &instrument.ticks)
                    .ok_or_else(|| Refused("the band makes no price".into()))?;
                (OrderKind::Limit { price }, TimeInForce::Ioc)
            }
            Flatten::Market | Flatten::No => (OrderKind::Market, TimeInForce::Day),
        };
        let spec = OrderSpec::new(instrument.id, side, position.size(), kind, tif);
        let order = self.intend(spec, Origin::Flatten, &instrument, &position.account, now, out);
        let id = order.id;
        self.closing.insert(id);
        self.submit(vec![(order, Role::Close(Despite::default()))], None, &instrument, now, now, out)
            .map(|()| id)
    }
}

/// The worst price within a band around the far side of the book, on the grid.
fn within(far: Price, side: Side, percent: Decimal, ticks: &TickTable) -> Option<Price> {
    let band = far.0.checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)?;
    let worst = Price(far.0.checked_add(side.sign().checked_mul(band)?)?);
    let below = ticks.round_down(worst);
    let price = match side {
        Side::Sell if below < worst => ticks.step(below, 1),
        Side::Buy | Side::Sell => below,
    };
    (price.0 > Decimal::ZERO).then_some(price)
}
