//! What would be sent, as it is shown; and what became of it.
//!
//! The plan that was shown is sent, or none: before that everything it was made from is looked at
//! once more. What became of it is what became of its orders, which carry its id: so a window that
//! was closed meanwhile shows the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::facts::Facts;
use crate::desk::Desk;
use crate::domain::{
    AccountId, Instrument, InstrumentId, Order, OrderId, OrderSpec, OrderStatus, Origin, PlanId, Time,
    counted,
};
use crate::link::{Allocation, AllocationOrder, CommandId};
use crate::market::allocation::{CashOf, Plan, Row, Trade, plan};
use crate::ui::format;
use crate::ui::ticket::gate::{Refused, refusals_of};

/// Plans that are made until the gate has nothing more against one: each is the plan without what
/// it has refused so far. Of the last of them what it refuses is taken out, and the rest stays.
const MOST_PASSES: usize = 5;

/// A plan as it is shown.
#[derive(Debug, Clone)]
pub(super) struct Preview {
    pub id: PlanId,
    pub account: AccountId,
    pub plan: Plan,
    /// What it leaves of each currency, where there is more than one.
    pub cash: Vec<CashOf>,
    /// Why the gate holds orders back.
    pub held_back: BTreeMap<InstrumentId, String>,
    pub at: Time,
}

impl Preview {
    /// The plan of now.
    ///
    /// # Errors
    /// In words for a trader.
    pub fn make(desk: &Desk, draft: &Draft, facts: &Facts<'_>) -> Result<Self, String> {
        let options = draft.options().map_err(|unready| unready.to_string())?;
        let targets = draft.targets(desk.instruments(), facts.account.broker).map_err(|u| u.to_string())?;
        let mut situation = facts.situation.clone();
        let mut held_back = BTreeMap::new();
        let mut passes = 0;
        loop {
            let plan = plan(&targets, options, &situation).map_err(|no_plan| no_plan.to_string())?;
            let refused = refused(desk, &plan, facts);
            passes += 1;
            if refused.is_empty() || passes == MOST_PASSES {
                let plan = plan.without(|id| refused.contains_key(&id), &situation);
                held_back.extend(refused);
                // Unique in the profile: no two previews are made at the same instant.
                let id = PlanId(desk.now().0.unsigned_abs());
                let cash = plan.cash_by_currency(facts.account, &situation);
                let account = facts.account.id.clone();
                return Ok(Self { id, account, plan, cash, held_back, at: desk.now() });
            }
            for line in &mut situation.lines {
                line.is_held_back |= refused.contains_key(&line.instrument.id);
            }
            held_back.extend(refused);
        }
    }

    /// The command that sends it.
    pub fn command(&self, desk: &Desk) -> Allocation {
        let order = |(row, trade): (&Row, &Trade)| {
            let seen = desk.quote(row.instrument).map(|view| *view.quote);
            AllocationOrder { spec: trade.spec, held: row.held, seen }
        };
        Allocation {
            plan: self.id,
            account: self.account.clone(),
            orders: self.plan.trades().map(order).collect(),
        }
    }

    /// Why it is not sent as it is shown: what has changed since.
    pub fn outdated(&self, desk: &Desk, facts: &Facts<'_>) -> Option<String> {
        if facts.account.id != self.account {
            return Some("Another account is chosen".to_owned());
        }
        let drift = self.plan.drift(&facts.situation)?;
        let Some(id) = drift.instrument() else { return Some(format::capitalised(&drift.to_string())) };
        let symbol = desk.instrument(id).map_or("?", |instrument| &instrument.symbol);
        Some(format!("{symbol}: {drift}"))
    }
}

/// What the gate says against orders of a plan, which leave one after the other.
fn refused(desk: &Desk, plan: &Plan, facts: &Facts<'_>) -> BTreeMap<InstrumentId, String> {
    let order = |(row, trade): (&Row, &Trade)| Some((&**desk.instrument(row.instrument)?, trade.spec));
    let orders: Vec<(&Instrument, OrderSpec)> = plan.trades().filter_map(order).collect();
    let judged = refusals_of(desk, &facts.account.id, &orders);
    let refused = orders.iter().zip(judged).filter_map(|((instrument, _), said)| {
        let Refused { refusal, beside } = said?;
        let why = beside.map_or_else(
            || refusal.to_string(),
            |others| format!("beside {} of this plan: {refusal}", counted(others, "order", "orders")),
        );
        Some((instrument.id, why))
    });
    refused.collect()
}

/// A plan that was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub plan: PlanId,
    /// How many orders it has.
    pub orders: usize,
    /// The newest order before them.
    pub above: OrderId,
    /// When.
    pub at: Time,
    /// The command, until the engine has answered.
    #[serde(skip)]
    pub command: Option<Sending>,
}

/// The command that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sending(pub CommandId);

impl Sent {
    /// Its orders, the oldest first.
    pub fn orders<'a>(&self, desk: &'a Desk) -> Vec<&'a Order> {
        let (plan, above) = (self.plan, self.above);
        let newer = desk.blotter().orders().take_while(|order| order.id > above);
        let mut own: Vec<&Order> = newer.filter(|order| order.origin == Origin::Allocation(plan)).collect();
        own.reverse();
        own
    }

    /// Whether it is one of an earlier run that has no orders: it never left.
    pub fn never_left(&self, desk: &Desk) -> bool {
        self.command.is_none() && desk.is_synced() && self.orders(desk).is_empty()
    }

    /// Whether the engine has yet to say what it has done with it.
    pub fn is_underway(&self) -> bool {
        self.command.is_some()
    }

    /// Why the engine has taken none of it.
    pub fn refusal(&self, desk: &Desk) -> Option<String> {
        let answer = desk.answer(self.command?.0)?;
        Some(answer.outcome.as_ref().err()?.to_string())
    }
}

/// The newest order that there is.
pub(super) fn newest(desk: &Desk) -> OrderId {
    let own = desk.blotter().orders().map(|order| order.id).find(|id| id.0 < 1 << 62);
    own.unwrap_or_default()
}

/// What the broker has said of an order of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Verdict {
    /// Nothing yet.
    Waiting,
    /// It has taken it.
    Accepted,
    /// It, or the gate, has not.
    Refused,
    /// Nobody can say.
    Unknown,
}

impl Verdict {
    pub fn of(order: &Order) -> Self {
        match order.status {
            OrderStatus::Kept | OrderStatus::Intended | OrderStatus::Journaled | OrderStatus::Sent => {
                Self::Waiting
            }
            OrderStatus::Unknown => Self::Unknown,
            OrderStatus::Rejected => Self::Refused,
            // Given up here before it had left, by a cancel or the kill switch.
            OrderStatus::Cancelled if !order.is_acknowledged && order.filled.is_zero() => Self::Refused,
            OrderStatus::PendingCancel | OrderStatus::PendingAmend if !order.is_acknowledged => Self::Waiting,
            _ => Self::Accepted,
        }
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// `12 accepted, 1 refused, 2 waiting`.
pub(super) fn summary(sent: &Sent, desk: &Desk) -> String {
    let orders = sent.orders(desk);
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for order in &orders {
        *counts.entry(Verdict::of(order)).or_default() += 1;
    }
    // Those that the engine has not told of yet, or not any more: they are too old.
    let missing = sent.orders.saturating_sub(orders.len());
    if missing > 0 {
        let verdict = if sent.is_underway() { Verdict::Waiting } else { Verdict::Unknown };
        *counts.entry(verdict).or_default() += missing;
    }
    let order = [Verdict::Accepted, Verdict::Refused, Verdict::Unknown, Verdict::Waiting];
    let said =
        order.iter().filter_map(|verdict| Some(format!("{} {}", counts.get(verdict)?, verdict.label())));
    said.collect::<Vec<_>>().join(", ")
}

/// A row of the table: a row of the draft, or what the plan trades besides.
pub(super) struct Shown<'a> {
    /// Its place in the draft.
    pub draft: Option<usize>,
    pub key: String,
    pub instrument: Option<&'a Arc<Instrument>>,
    pub order: Option<&'a Order>,
}
