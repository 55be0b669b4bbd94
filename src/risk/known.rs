//! What the gate is told of the world when it judges an order.
//!
//! Whoever asks gathers it: the engine of what it holds, the ticket of what the window has
//! seen. What was counted is counted per scope, so that a limit of an account meets the
//! account's own count.

use std::collections::BTreeMap;

use crate::domain::limits::{AllowedHours, InForce, Scope, ScopeKind};
use crate::domain::{
    AccountId, Decimal, Instrument, Money, Order, OrderId, OrderStatus, Qty, Quote, SessionKind, Side, Time,
};
use crate::market::calendar::Calendar;

/// What the gate knows when it decides.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The limits that hold for the order.
    pub limits: InForce<'a>,
    /// Whose order it is.
    pub account: &'a AccountId,
    /// The instrument of the order.
    pub instrument: &'a Instrument,
    /// Its newest quote and when that was received.
    pub quote: Option<(&'a Quote, Time)>,
    /// Signed units held now.
    pub position: Decimal,
    /// What other orders could still do to the position.
    pub pending: Pending,
    /// What exits could still do to it besides ([`Pending::of_exits`]).
    pub exits: Pending,
    /// What is used of the limits that are counted.
    pub uses: Uses,
    /// Whether the instrument trades at this hour by its calendar, whatever an old quote says.
    pub is_in_hours: bool,
    /// Whether that is a regular session.
    pub is_regular: bool,
    /// The limits' currency per unit of the instrument's currency, with its name.
    pub to_limits: Option<Money>,
    /// Whether the kill switch is on.
    pub is_killed: bool,
    /// Whether the account is one of paper, or a live one that the trader has armed.
    pub is_armed: bool,
    /// Whether the broker takes orders now.
    pub line: Line<'a>,
    /// Now.
    pub now: Time,
}

impl Known<'_> {
    pub(super) fn scope(&self, kind: ScopeKind) -> Scope {
        match kind {
            ScopeKind::Profile => Scope::Profile,
            ScopeKind::Account => Scope::Account(self.account.0.clone()),
            ScopeKind::Instrument => Scope::Instrument(self.instrument.key().into()),
        }
    }

    pub(super) fn symbol(&self) -> String {
        self.instrument.symbol.to_string()
    }
}

/// Units that live orders of the account in the instrument could still trade, this order and
/// bracket exits not counted; of an order whose change is on its way, the larger of both sizes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pending {
    /// Bought.
    pub buys: Decimal,
    /// Sold; not negative.
    pub sells: Decimal,
}

impl Pending {
    /// What one order could still trade.
    #[must_use]
    pub fn of_order(side: Side, quantity: Qty) -> Self {
        match side {
            Side::Buy => Self { buys: quantity.0, sells: Decimal::ZERO },
            Side::Sell => Self { buys: Decimal::ZERO, sells: quantity.0 },
        }
    }

    /// What exits whose entry has filled could still trade: of the exits of one entry only the
    /// targets or the stops, whichever are more, for one cancels the others, and no more than the
    /// entry has filled, as `filled` tells. (An entry so old that it was forgotten has filled.)
    ///
    /// Each comes with what it could trade itself, of an order whose change is on its way the larger
    /// of both sizes. Where this program keeps a bracket, those that have ended come too: however
    /// small a leg is now, until it is over it can grow to what the bracket has still to guard.
    pub fn of_exits<'a>(
        exits: impl IntoIterator<Item = (&'a Order, Qty)>,
        filled: impl Fn(OrderId) -> Option<Qty>,
    ) -> Self {
        let mut brackets: BTreeMap<(OrderId, Side), Exits> = BTreeMap::new();
        for (exit, most) in exits {
            let Some(entry) = exit.entry() else { continue };
            brackets.entry((entry, exit.spec.side)).or_default().add(exit, most);
        }
        let of = |side| {
            let of_side = brackets.iter().filter(|((_, s), _)| *s == side);
            of_side.map(|((entry, _), exits)| exits.most(filled(*entry))).sum()
        };
        Self { buys: of(Side::Buy), sells: of(Side::Sell) }
    }

    /// Both together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self { buys: self.buys.saturating_add(other.buys), sells: self.sells.saturating_add(other.sells) }
    }

    /// What orders of a side could do to a position, with its sign.
    #[must_use]
    pub fn signed(&self, side: Side) -> Decimal {
        match side {
            Side::Buy => self.buys,
            Side::Sell => -self.sells,
        }
    }
}

/// The exits of one entry.
#[derive(Debug, Default)]
struct Exits {
    /// Those that are targets, and the others.
    legs: [Leg; 2],
    traded: Decimal,
}

#[derive(Debug, Default)]
struct Leg {
    works: Decimal,
    /// Whether this program keeps it at the size that is needed.
    is_kept: bool,
    is_over: bool,
}

impl Leg {
    /// The most that it could trade, of an entry that has filled so much, whose exits have traded so
    /// much. No broker holds an exit that this program keeps to what its entry has filled.
    fn most(&self, filled: Qty, traded: Decimal) -> Decimal {
        match (self.is_kept, self.is_over) {
            (false, _) => self.works.min(filled.0),
            (true, false) => self.works.max(filled.0 - traded),
            (true, true) => self.works,
        }
    }
}

impl Exits {
    fn add(&mut self, exit: &Order, most: Qty) {
        let leg = &mut self.legs[usize::from(exit.is_target())];
        self.traded = self.traded.saturating_add(exit.filled.0);
        leg.is_kept |= exit.kept.is_some();
        leg.is_over |= exit.ends_its_leg();
        if exit.is_live() && exit.status != OrderStatus::Kept {
            leg.works = leg.works.saturating_add(most.0);
        }
    }

    fn most(&self, filled: Option<Qty>) -> Decimal {
        let of = |leg: &Leg| filled.map_or(leg.works, |filled| leg.most(filled, self.traded));
        self.legs.iter().map(of).max().unwrap_or_default()
    }
}

/// How the way to the broker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    /// It takes orders.
    Ready,
    /// It takes orders that make positions smaller, and no others, for this reason.
    Reducing(&'a str),
    /// It is connected, but nothing has been heard for too long, as these words say.
    Silent(&'a str),
    /// It takes none, and why.
    Down(&'a str),
}

/// Whether a regular session of the instrument runs, as far as one of the limits asks for it:
/// making its calendar takes a while.
#[must_use]
pub fn is_regular(limits: &InForce<'_>, instrument: &Instrument, now: Time) -> bool {
    let is_asked = |hours: &AllowedHours| *hours == AllowedHours::Regular;
    limits.each(|limits| limits.allowed_hours.as_ref()).any(|(hours, _)| is_asked(hours))
        && Calendar::new(&instrument.hours)
            .ok()
            .and_then(|calendar| calendar.session_at(now))
            .is_some_and(|session| session.kind == SessionKind::Regular)
}

/// What is used of counted limits, by scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Uses([Use; 3]);

impl Uses {
    /// The uses of the profile, of the order's account, of its instrument.
    #[must_use]
    pub fn new(count: impl Fn(ScopeKind) -> Use) -> Self {
        Self(ScopeKind::ALL.map(count))
    }

    /// With so many orders more, which go out together with the one in question, ahead of it.
    #[must_use]
    pub fn after(mut self, orders: usize) -> Self {
        for used in &mut self.0 {
            used.working_orders += orders;
            used.orders_last_minute += orders;
        }
        self
    }

    /// With so many orders more of the same account in other instruments: those that work, and those
    /// that were sent in the last minute.
    #[must_use]
    pub fn after_elsewhere(mut self, working: usize, sent: usize) -> Self {
        for kind in [ScopeKind::Profile, ScopeKind::Account] {
            let used = &mut self.0[kind as usize];
            used.working_orders += working;
            used.orders_last_minute += sent;
        }
        self
    }

    /// Of one scope.
    #[must_use]
    pub fn of(&self, kind: ScopeKind) -> &Use {
        &self.0[kind as usize]
    }
}

/// What is used of counted limits in one scope, the order in question not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Orders that work now, and those that are sent together with this one before it.
    pub working_orders: usize,
    /// New orders of the last minute, and those that are sent together with this one before it.
    pub orders_last_minute: usize,
    /// Worth of all other positions of the scope with their working orders filled, in the
    /// limits' currency; `None` where a price or rate is missing.
    pub exposure_elsewhere: Option<Decimal>,
    /// Result since the trading day began, in the limits' currency; `None` where a price or rate
    /// is missing.
    pub result_of_day: Option<Decimal>,
    /// Set once the loss of the day has reached its limit, until the next day.
    pub lock: Option<Lock>,
}

impl Default for Use {
    fn default() -> Self {
        Self {
            working_orders: 0,
            orders_last_minute: 0,
            exposure_elsewhere: Some(Decimal::ZERO),
            result_of_day: Some(Decimal::ZERO),
            lock: None,
        }
    }
}

/// That the loss of the day had reached its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lock {
    /// The loss at that instant; above zero.
    pub loss: Money,
    /// The limit then.
    pub limit: Money,
    /// When the next trading day begins.
    pub until: Time,
}
