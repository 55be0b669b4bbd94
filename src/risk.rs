//! The gate that every order passes on its way to a broker.
//!
//! [`ApprovedOrder`] and [`ApprovedAmend`] are the only things a broker adapter
//! accepts, and this module is the only one that can make them: their fields are
//! private, there is no other constructor, and neither can be copied, so that one
//! judgement sends one order (`tests/gate.rs` has the compiler say so). The gate is a
//! pure function of the order and what is known at that instant ([`Known`]); it keeps no
//! state, so that the same question always has the same answer.
//!
//! What makes a position smaller is never held back by a size, a loss, an hour, a stale
//! quote, a missing exchange rate or the number of orders. Cancels need no approval at all:
//! nothing may ever stand between a trader and a cancel.

mod despite;
mod holdings;
mod judge;
mod known;
mod refusal;

use crate::domain::{AccountId, Order, OrderId, OrderSpec, Price, Qty};
pub use despite::{Despite, Unusual};
pub use holdings::{Holding, Holdings};
pub use judge::check_grid;
pub use known::{Known, Line, Lock, Pending, Use, Uses, is_regular};
pub use refusal::Refusal;

/// An order that broke no limit when it was checked. It can be sent once.
#[derive(Debug, PartialEq, Eq)]
pub struct ApprovedOrder {
    id: OrderId,
    account: AccountId,
    spec: OrderSpec,
}

impl ApprovedOrder {
    /// Our id of it.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// For whose account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// What is asked for.
    #[must_use]
    pub fn spec(&self) -> &OrderSpec {
        &self.spec
    }
}

/// A change of an order that broke no limit when it was checked. It can be sent once.
#[derive(Debug, PartialEq, Eq)]
pub struct ApprovedAmend {
    id: OrderId,
    change: Change,
}

impl ApprovedAmend {
    /// Which order.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// What changes.
    #[must_use]
    pub fn change(&self) -> Change {
        self.change
    }
}

/// The parts of an order that can change; `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// New total quantity, filled part included.
    pub quantity: Option<Qty>,
    /// New limit price.
    pub limit: Option<Price>,
    /// New trigger price.
    pub stop: Option<Price>,
}

impl Change {
    /// What the order would be with this change.
    #[must_use]
    pub fn applied_to(self, spec: &OrderSpec) -> OrderSpec {
        let mut changed = *spec;
        changed.quantity = self.quantity.unwrap_or(changed.quantity);
        if let Some(limit) = self.limit {
            changed.kind = changed.kind.with_limit(limit);
        }
        if let Some(stop) = self.stop {
            changed.kind = changed.kind.with_stop(stop);
        }
        changed
    }
}

/// What an order is for, which decides what it is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Entered by itself, by a trader or a program.
    Plain,
    /// The same, by a trader who was told what is unusual and wants this order nevertheless.
    Insisted(Despite),
    /// Brings the position to zero, whatever else rests.
    Close(Despite),
    /// Turns the position into its opposite.
    Reverse(Despite),
    /// Guards what another order opens, and cannot trade more than that.
    Exit {
        /// Where that order will have filled, if it has a price of its own and has not filled.
        entry: Option<Price>,
        /// What the trader accepts.
        despite: Despite,
    },
    /// An exit that this program keeps: what it guards is held by now, and it may trade no more
    /// than that. Its price was judged when it was typed.
    Release,
    /// Such an exit gets smaller, with which nothing can be wrong.
    Less,
}

impl Role {
    /// The role of an order that is entered by itself.
    #[must_use]
    pub fn entered(despite: Despite) -> Self {
        if despite.is_nothing() { Self::Plain } else { Self::Insisted(despite) }
    }

    /// The role of the exits that are sent with `entry`.
    #[must_use]
    pub fn exit_of(entry: &OrderSpec) -> Self {
        Self::Exit { entry: entry.kind.limit().or(entry.kind.stop()), despite: Despite::default() }
    }

    /// The same role, by a trader who insists.
    #[must_use]
    pub fn insisting(self, despite: Despite) -> Self {
        match self {
            Self::Plain | Self::Insisted(_) => Self::entered(despite),
            Self::Close(_) => Self::Close(despite),
            Self::Reverse(_) => Self::Reverse(despite),
            Self::Exit { entry, .. } => Self::Exit { entry, despite },
            Self::Release | Self::Less => self,
        }
    }

    fn despite(self) -> Despite {
        match self {
            Self::Insisted(despite)
            | Self::Close(despite)
            | Self::Reverse(despite)
            | Self::Exit { despite, .. } => despite,
            Self::Plain | Self::Release | Self::Less => Despite::default(),
        }
    }
}

/// Checks a new order and makes it fit for an adapter.
///
/// # Errors
/// The first limit that it breaks.
pub fn approve(order: &Order, role: Role, known: &Known<'_>) -> Result<ApprovedOrder, Refusal> {
    check(&order.spec, role, known)?;
    Ok(ApprovedOrder { id: order.id, account: order.account.clone(), spec: order.spec })
}

/// Checks a change of a working order, as the order it would become.
///
/// # Errors
/// The first limit that it breaks.
pub fn approve_amend(
    order: &Order,
    change: Change,
    role: Role,
    known: &Known<'_>,
) -> Result<ApprovedAmend, Refusal> {
    let mut after = change.applied_to(&order.spec);
    check_grid(&after, known.instrument)?;
    after.quantity = after.quantity.saturating_sub(order.filled);
    if after.quantity.is_zero() {
        return Err(Refusal::NothingLeft { filled: order.filled });
    }
    judge::judge(&after, role, known)?;
    Ok(ApprovedAmend { id: order.id, change })
}

/// Whether a new order would be approved: the same question without making anything of it, for
/// whoever tells a trader beforehand.
///
/// # Errors
/// The first limit that it breaks.
pub fn check(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Result<(), Refusal> {
    let effect = judge::judge(spec, role, known)?;
    judge::check_counts(effect, known)
}

#[cfg(test)]
mod tests;
