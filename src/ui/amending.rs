//! The parts of an order that can be changed, and why one cannot be.
//!
//! For whatever changes an order by hand: the field in its row, its line in the chart.

use super::format;
use super::steps;
use crate::domain::{Decimal, Instrument, Order, OrderStatus, Price, Qty};
use crate::link::Command;
use crate::risk::{Change, Despite};

/// What is to be known of a change of an order that lives in this program alone.
pub(super) const KEPT: &str =
    "It is kept here: a change holds in Pitdesk at once, and the broker does not know of it yet";

/// A part of an order that can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Quantity,
    Limit,
    Stop,
}

impl Part {
    pub(super) const ALL: [Self; 3] = [Self::Limit, Self::Stop, Self::Quantity];

    /// The part in a column.
    pub(super) fn of_column(key: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.column() == key)
    }

    /// The column it stands in.
    pub(super) fn column(self) -> &'static str {
        match self {
            Self::Quantity => "quantity",
            Self::Limit => "limit",
            Self::Stop => "stop",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Quantity => "Quantity",
            Self::Limit => "Limit",
            Self::Stop => "Stop",
        }
    }

    /// What it is now, of orders that have it.
    pub(super) fn of(self, order: &Order) -> Option<Decimal> {
        match self {
            Self::Quantity => Some(order.spec.quantity.0),
            Self::Limit => order.spec.kind.limit().map(|price| price.0),
            Self::Stop => order.spec.kind.stop().map(|price| price.0),
        }
    }

    /// As it is shown.
    pub(super) fn text(self, value: Decimal, instrument: &Instrument) -> String {
        match self {
            Self::Quantity => format::quantity(Qty(value), instrument),
            Self::Limit | Self::Stop => format::price(Price(value), instrument),
        }
    }

    /// The change of it alone.
    pub(super) fn change(self, value: Decimal) -> Change {
        match self {
            Self::Quantity => Change { quantity: Some(Qty(value)), ..Change::default() },
            Self::Limit => Change { limit: Some(Price(value)), ..Change::default() },
            Self::Stop => Change { stop: Some(Price(value)), ..Change::default() },
        }
    }

    /// The command that changes it.
    pub(super) fn amend(self, order: &Order, value: Decimal, despite: Despite) -> Command {
        let Change { quantity, limit, stop } = self.change(value);
        Command::Amend { order: order.id, quantity, limit, stop, despite }
    }

    /// The first part of an order, in the order in which one would change them.
    pub(super) fn first(order: &Order) -> Self {
        Self::ALL.into_iter().find(|part| part.of(order).is_some()).unwrap_or(Self::Quantity)
    }

    pub(super) fn next(self, order: &Order) -> Self {
        let at = Self::ALL.iter().position(|part| *part == self).unwrap_or(0);
        let from_here = Self::ALL.into_iter().cycle().skip(at + 1).take(Self::ALL.len());
        let can_change = |part: &Self| part.of(order).is_some() && why_not(order, *part).is_none();
        from_here.into_iter().find(can_change).unwrap_or(self)
    }

    pub(super) fn step(
        self,
        value: Decimal,
        steps: i32,
        order: &Order,
        instrument: &Instrument,
    ) -> Option<Decimal> {
        match self {
            Self::Quantity => {
                let least = steps::lots(order.filled.0, 1, instrument)?;
                Some(steps::lots(value, steps, instrument)?.max(least).0)
            }
            Self::Limit | Self::Stop => Some(instrument.ticks.step(Price(value), steps).0),
        }
    }
}

/// Why a part of an order cannot be changed now; `None` where it can.
pub(super) fn why_not(order: &Order, part: Part) -> Option<&'static str> {
    match order.status {
        // Nobody but this program knows of one that is kept: its price changes here, at once.
        OrderStatus::Kept
        | OrderStatus::Accepted
        | OrderStatus::Held
        | OrderStatus::Working
        | OrderStatus::PartiallyFilled => (order.kept.is_some() && part == Part::Quantity).then_some(
            "Pitdesk keeps this order as large as its group needs: change its price, or cancel it",
        ),
        OrderStatus::PendingAmend => Some("A change is on its way: wait for the broker's answer"),
        OrderStatus::PendingCancel => Some("A cancel is on its way"),
        OrderStatus::Intended | OrderStatus::Journaled | OrderStatus::Sent => {
            Some("The broker has not confirmed it yet")
        }
        OrderStatus::Unknown => Some("The broker cannot say where it stands: cancel it instead"),
        OrderStatus::Filled | OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired => {
            Some("It has ended")
        }
    }
}
