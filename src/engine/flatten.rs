//! Close and reverse: first the exits that guard a position are cancelled, then the
//! position is traded as it stands by then.
//!
//! In one go would be wrong either way: an exit that stays working opens a new position the
//! day its price comes, and one that fills while the market order is on its way sells the
//! same shares twice. So the market order exists, in sight, as `Intended`, until the last
//! exit has ended; what filled meanwhile is not traded again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::order_state::Life;
use super::{Effect, Engine, Outcome};
use crate::domain::{
    AccountId, InstrumentId, Moment, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Position,
    Qty, Time, TimeInForce, counted,
};
use crate::link::NoticeLevel;
use crate::link::update::Refused;
use crate::risk::{Despite, Role};

/// How long the exits may take to be cancelled.
const PATIENCE: Duration = Duration::from_secs(10);

/// What shall become of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WayOut {
    /// Zero.
    Close,
    /// The opposite.
    Reverse,
}

impl WayOut {
    fn role(self, despite: Despite) -> Role {
        match self {
            Self::Close => Role::Close(despite),
            Self::Reverse => Role::Reverse(despite),
        }
    }

    /// The market order that does it.
    fn order(self, position: &Position) -> Option<OrderSpec> {
        let size = position.size();
        let quantity = match self {
            Self::Close => size,
            Self::Reverse => Qty(size.0.checked_add(size.0)?),
        };
        let side = position.side()?.opposite();
        Some(OrderSpec::new(position.instrument, side, quantity, OrderKind::Market, TimeInForce::Day))
    }
}

/// A market order that waits until the exits are gone.
pub(super) struct Flattening {
    order: OrderId,
    way: WayOut,
    despite: Despite,
    exits: Vec<OrderId>,
    input_at: Time,
    deadline: Time,
    /// It was given up, and cancels of its exits are on their way.
    is_given_up: bool,
}

impl Engine {
    pub(super) fn flatten(
        &mut self,
        (account, id): (AccountId, InstrumentId),
        way: WayOut,
        despite: Despite,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let position = self.position_to_flatten(&account, id)?;
        let instrument = self.instrument(id)?;
        let nothing = || Refused("There is nothing to close".into());
        let spec = way.order(&position).ok_or_else(nothing)?;
        let order = self.intend(spec, Origin::Flatten, &instrument, &position.account, now, out);
        let (id, exits) = (order.id, self.exits_of(&position));
        // What a bracket will guard whose entry has not filled is no part of it.
        let guards = self.guards_of(&position);
        let is_meant = |o: &Order| guards.contains(&o.id);
        if exits.is_empty() {
            self.submit(vec![(order, way.role(despite))], None, &instrument, input_at, now, out)?;
            self.end_legs(is_meant, now, out);
            return Ok(Some(id));
        }
        // Asked before anything is cancelled: a close that is refused must leave its guards alone.
        self.journal.check()?;
        self.would_pass(&order, way.role(despite), &instrument, now)?;
        let what = counted(exits.len(), "order of its bracket is", "orders of its bracket are");
        let waits = format!("Waits until {what} cancelled");
        let order = Order { reason: Some(waits.into()), ..order };
        self.orders.insert(order.clone());
        self.tell(order, Moment::Intended { input_at, seen: None }, now, out);
        self.end_legs(is_meant, now, out);
        self.take_away(&exits, now, out);
        let exits = exits.iter().map(|order| order.id).collect();
        let deadline = now + PATIENCE;
        let is_given_up = false;
        self.flattening.push(Flattening { order: id, way, despite, exits, input_at, deadline, is_given_up });
        Ok(Some(id))
    }

    fn take_away(&mut self, exits: &[Order], now: Time, out: &mut Vec<Effect>) {
        for exit in exits {
            if !self.give_up_unsent(exit.id, "Its position is being closed", now, out) {
                self.ask_cancel(exit, now, out);
            }
        }
    }

    /// Sends the market orders whose exits are gone, and gives up those whose exits stay.
    pub(super) fn advance_flattening(&mut self, now: Time, out: &mut Vec<Effect>) {
        for mut flattening in std::mem::take(&mut self.flattening) {
            let live = |id: &&OrderId| self.orders.get(**id).is_some_and(Order::is_live);
            let lives = flattening.exits.iter().filter(live).count();
            if flattening.is_given_up {
                let is_asked = |id: &OrderId| {
                    self.orders.get(*id).is_some_and(|o| {
                        matches!(o.status, OrderStatus::PendingCancel | OrderStatus::Unknown)
                    })
                };
                if flattening.exits.iter().any(is_asked) {
                    self.flattening.push(flattening);
                } else if lives < flattening.exits.len() {
                    self.tell_unguarded(flattening.order, now, out);
                }
                continue;
            }
            if self.orders.get(flattening.order).is_none_or(|o| o.status != OrderStatus::Intended) {
                continue;
            }
            let stays = |id: &&OrderId| {
                self.orders.get(**id).is_some_and(|o| o.is_live() && o.status != OrderStatus::PendingCancel)
            };
            let stuck = if now >= flattening.deadline {
                flattening.exits.iter().find(live)
            } else {
                flattening.exits.iter().find(stays)
            };
            if let Some(&exit) = stuck {
                let gone = flattening.exits.len() - lives;
                let lost = match gone {
                    0 => String::new(),
                    1 => " One of its exits is gone, and no other takes its place.".to_owned(),
                    _ => format!(" {gone} of its exits are gone, and no others take their place."),
                };
                let why = format!("Not sent: order {exit} was not cancelled. The position stays.{lost}");
                self.note(NoticeLevel::Error, why.clone(), now, out);
                self.end_intended(flattening.order, Life::Cancelled, &why, now, out);
                flattening.is_given_up = true;
                self.flattening.push(flattening);
            } else if lives > 0 || self.takes_more_away(&mut flattening, now, out) {
                self.flattening.push(flattening);
            } else {
                self.finish_flattening(&flattening, now, out);
            }
        }
    }

    /// Takes away what has come to guard the position since: it is closed with the rest.
    fn takes_more_away(&mut self, flattening: &mut Flattening, now: Time, out: &mut Vec<Effect>) -> bool {
        let position = self.orders.get(flattening.order).and_then(|order| {
            self.position_of(&order.account, order.spec.instrument).filter(|position| !position.is_flat())
        });
        let Some(position) = position.cloned() else { return false };
        let mut more = self.exits_of(&position);
        more.retain(|order| order.id != flattening.order);
        let guards = self.guards_of(&position);
        self.end_legs(|o: &Order| guards.contains(&o.id), now, out);
        self.take_away(&more, now, out);
        flattening.exits.extend(more.iter().map(|order| order.id));
        !more.is_empty()
    }

    /// The exits are gone: trades the position as it is now.
    fn finish_flattening(&mut self, flattening: &Flattening, now: Time, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get(flattening.order).cloned() else { return };
        let position = self.position_of(&order.account, order.spec.instrument);
        let spec = position.and_then(|position| flattening.way.order(position));
        let Some(spec) = spec.filter(|spec| spec.side == order.spec.side) else {
            let why = "Not sent: an exit had filled, nothing is left to close";
            return self.end_intended(order.id, Life::Cancelled, why, now, out);
        };
        let Ok(instrument) = self.instrument(spec.instrument) else { return };
        let id = order.id;
        let order = Order { spec, ..order };
        let role = flattening.way.role(flattening.despite);
        if let Err(refused) =
            self.submit(vec![(order, role)], None, &instrument, flattening.input_at, now, out)
        {
            let why =
                format!("{refused} The position in {} stays and its exits are gone.", instrument.symbol);
            self.note(NoticeLevel::Error, why.clone(), now, out);
            self.end_intended(id, Life::Rejected, &why, now, out);
        }
    }

    /// A market order that was to close a position is given up, and exits were cancelled for it:
    /// where no stop guards the position any more, its trader must hear of that.
    pub(super) fn tell_unguarded(&mut self, id: OrderId, now: Time, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get(id).filter(|order| order.origin == Origin::Flatten) else { return };
        if self.is_killed || self.is_flattening(&order.account, order.spec.instrument) {
            return;
        }
        let position = self.position_of(&order.account, order.spec.instrument).filter(|held| !held.is_flat());
        let is_stop = |o: &Order| o.entry().is_some() && !matches!(o.spec.kind, OrderKind::Limit { .. });
        if position.is_some_and(|position| !self.exits_of(position).iter().any(is_stop)) {
            let symbol = self.symbol(order.spec.instrument);
            let text = format!("The position in {symbol} stays and no stop guards it");
            self.note(NoticeLevel::Error, text, now, out);
        }
    }

    /// Drops a market order that still waits for exits; `false` where `id` is none. What was asked of
    /// its exits is not taken back.
    pub(super) fn give_up_flattening(
        &mut self,
        id: OrderId,
        why: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> bool {
        let waiting = self.flattening.iter_mut().find(|f| f.order == id && !f.is_given_up);
        let Some(waiting) = waiting else { return false };
        waiting.is_given_up = true;
        self.end_intended(id, Life::Cancelled, why, now, out);
        true
    }

    /// What guards a position: the exits of entries that have filled, and what is left of such
    /// an entry, which would go on to open what nothing guards any more.
    fn exits_of(&self, position: &Position) -> Vec<Order> {
        let is_here = |o: &Order| o.account == position.account && o.spec.instrument == position.instrument;
        let here = || self.orders.live().filter(|order| is_here(order));
        let is_exit = |o: &&Order| o.entry().is_some_and(|entry| self.has_filled(entry));
        let has_exits = |o: &Order| here().any(|exit| exit.entry() == Some(o.id));
        let is_entry = |o: &&Order| !o.filled.is_zero() && has_exits(o);
        // In a live account that is not armed nothing may stay that could turn the position.
        let broker = self.instruments.get(position.instrument.index()).map(|instrument| instrument.broker);
        let is_armed = broker.is_some_and(|broker| self.is_armed(broker, &position.account));
        let turns = |o: &Order| {
            !is_armed
                && position.side().is_some_and(|side| side != o.spec.side)
                && o.entry().is_none_or(|entry| self.has_filled(entry))
        };
        here().filter(|o| is_exit(o) || is_entry(o) || turns(o)).cloned().collect()
    }

    /// The exits of entries that have filled, those that have ended too: another could follow them.
    fn guards_of(&self, position: &Position) -> BTreeSet<OrderId> {
        let is_here = |o: &Order| o.account == position.account && o.spec.instrument == position.instrument;
        let is_guard = |o: &&Order| is_here(o) && o.entry().is_some_and(|entry| self.has_filled(entry));
        self.orders.all().filter(is_guard).map(|order| order.id).collect()
    }

    /// Whether an entry has filled; one so old that it was forgotten has, or its exits had ended
    /// with it.
    fn has_filled(&self, entry: OrderId) -> bool {
        self.orders.get(entry).is_none_or(|order| !order.filled.is_zero())
    }

    /// The position, unless an order that flattens it is on its way already: the
    /// second of two quick clicks must not sell what the first has sold.
    fn position_to_flatten(&self, account: &AccountId, id: InstrumentId) -> Result<Position, Refused> {
        let instrument = self.instrument(id)?;
        self.check_account(&instrument, account)?;
        if self.is_flattening(account, id) {
            let text = format!("An order that closes {} is already on its way", instrument.symbol);
            return Err(Refused(text.into()));
        }
        let held = self.position_of(account, id).filter(|position| !position.is_flat());
        let none = || format!("There is no position in {} in account {account}", instrument.symbol);
        held.cloned().ok_or_else(|| Refused(none().into()))
    }

    fn is_flattening(&self, account: &AccountId, id: InstrumentId) -> bool {
        let is_on_its_way = |o: &Order| o.origin == Origin::Flatten && o.status != OrderStatus::Unknown;
        self.orders.live().any(|o| is_on_its_way(o) && o.spec.instrument == id && o.account == *account)
    }
}
