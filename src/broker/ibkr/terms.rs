//! The terms of an order, in our words and in those of TWS.
//!
//! Every order that leaves says who it is for, how long it is good, and what we call it
//! ([`reference()`]): the account and the time in force, because TWS fills in what is missing from
//! presets of its own; the name, because it is how an order is found again that was sent just before
//! this program ended. It works in regular hours only.

use ibapi::orders::{Action, OcaType, Order, OrderData, TimeInForce as TheirTif};

use super::number::{decimal, double, price, price_if_any, quantity};
use super::times;
use crate::domain::{
    AccountId, GroupId, InstrumentId, OrderId, OrderKind, OrderSpec, Price, Qty, Side, TimeInForce, TrailBy,
};

/// Orders of others have ids from here on, by the number that IBKR gave them.
const FOREIGN: u64 = 1 << 62;
const NAME: &str = "pitdesk";

/// What we write on an order of ours.
pub(super) fn reference(client_id: i32, order: OrderId) -> String {
    format!("{NAME}/{client_id}/{order}")
}

/// The order of ours that a reference names; `None` of what other programs write there, and of what this
/// one wrote with another client id, whose counts are others.
pub(super) fn referenced(text: &str, client_id: i32) -> Option<OrderId> {
    let (client, order) = text.strip_prefix(NAME)?.strip_prefix('/')?.split_once('/')?;
    let is_ours = client.parse() == Ok(client_id);
    order.parse().ok().filter(|_| is_ours).map(OrderId)
}

/// What an order is called here that was entered elsewhere: always the same.
pub(super) fn foreign(perm_id: i64) -> OrderId {
    OrderId(FOREIGN | perm_id.unsigned_abs() & (FOREIGN - 1))
}

/// Whether it was.
pub(super) fn is_foreign(order: OrderId) -> bool {
    order.0 & FOREIGN != 0
}

fn group_name(client_id: i32, group: GroupId) -> String {
    format!("{NAME}/{client_id}/oca/{group}")
}

fn group_of(name: &str, client_id: i32) -> Option<GroupId> {
    name.strip_prefix(&format!("{NAME}/{client_id}/oca/"))?.parse().ok().map(GroupId)
}

/// What an order of ours is to TWS besides its terms.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope<'a> {
    /// Under which id we are connected.
    pub client_id: i32,
    /// For whose account.
    pub account: &'a AccountId,
    /// What we call it.
    pub order: OrderId,
    /// What TWS calls its entry.
    pub parent: Option<i32>,
    /// Whether TWS passes it on: else it waits for one that says so.
    pub transmit: bool,
}

/// An order as TWS wants it.
pub(super) fn to_theirs(spec: &OrderSpec, envelope: Envelope<'_>) -> Order {
    let Envelope { client_id, account, order, parent, transmit } = envelope;
    let number = |price: Price| Some(double(price.0));
    let mut theirs = Order {
        action: match spec.side {
            Side::Buy => Action::Buy,
            Side::Sell => Action::Sell,
        },
        total_quantity: double(spec.quantity.0),
        account: account.to_string(),
        order_ref: reference(client_id, order),
        parent_id: parent.unwrap_or_default(),
        transmit,
        outside_rth: false,
        post_only: spec.post_only,
        ..Order::default()
    };
    match spec.kind {
        OrderKind::Market => "MKT".clone_into(&mut theirs.order_type),
        OrderKind::Limit { price } => {
            "LMT".clone_into(&mut theirs.order_type);
            theirs.limit_price = number(price);
        }
        OrderKind::Stop { stop } => {
            "STP".clone_into(&mut theirs.order_type);
            theirs.aux_price = number(stop);
        }
        OrderKind::StopLimit { stop, price } => {
            "STP LMT".clone_into(&mut theirs.order_type);
            theirs.aux_price = number(stop);
            theirs.limit_price = number(price);
        }
        OrderKind::TrailingStop { by } => {
            "TRAIL".clone_into(&mut theirs.order_type);
            match by {
                TrailBy::Amount(amount) => theirs.aux_price = Some(double(amount)),
                TrailBy::Percent(percent) => theirs.trailing_percent = Some(double(percent)),
            }
        }
    }
    theirs.tif = match spec.tif {
        TimeInForce::Day => TheirTif::Day,
        TimeInForce::Gtc => TheirTif::GoodTillCanceled,
        TimeInForce::Ioc => TheirTif::ImmediateOrCancel,
        TimeInForce::Fok => TheirTif::FillOrKill,
        TimeInForce::Gtd(until) => {
            theirs.good_till_date = times::write(until);
            TheirTif::GoodTillDate
        }
    };
    if let Some(group) = spec.oco {
        theirs.oca_group = group_name(client_id, group);
        theirs.oca_type = OcaType::ReduceWithBlock;
    }
    theirs
}

/// The terms of an order as TWS tells them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Terms {
    /// What is asked for.
    pub spec: OrderSpec,
    /// Where a trailing stop triggers now.
    pub trigger: Option<Price>,
    /// What it is, where our words have none for it.
    pub unusual: Option<String>,
    /// What TWS calls its entry.
    pub entry: Option<i32>,
}

/// Reads the terms of an order; `parent` finds our name of its entry. `None` where there is no sense in
/// them.
pub(super) fn from_theirs(
    data: &OrderData,
    instrument: InstrumentId,
    client_id: i32,
    parent: impl FnOnce(i32) -> Option<OrderId>,
) -> Option<Terms> {
    let theirs = &data.order;
    let side = match theirs.action {
        Action::Buy => Side::Buy,
        Action::Sell | Action::SellShort | Action::SellLong => Side::Sell,
    };
    let limit = price_if_any(theirs.limit_price);
    let auxiliary = price_if_any(theirs.aux_price);
    let trail = || {
        let percent = theirs.trailing_percent.and_then(price).map(|percent| TrailBy::Percent(percent.0));
        percent.or(auxiliary.map(|amount| TrailBy::Amount(amount.0)))
    };
    let known = match (theirs.order_type.as_str(), limit, auxiliary) {
        ("MKT", _, _) => Some(OrderKind::Market),
        ("LMT", Some(price), _) => Some(OrderKind::Limit { price }),
        ("STP", _, Some(stop)) => Some(OrderKind::Stop { stop }),
        ("STP LMT", Some(price), Some(stop)) => Some(OrderKind::StopLimit { stop, price }),
        ("TRAIL", _, _) => trail().map(|by| OrderKind::TrailingStop { by }),
        _ => None,
    };
    let nearest = || limit.map_or(OrderKind::Market, |price| OrderKind::Limit { price });
    let tif = match &theirs.tif {
        TheirTif::GoodTillCanceled => TimeInForce::Gtc,
        TheirTif::ImmediateOrCancel => TimeInForce::Ioc,
        TheirTif::FillOrKill => TimeInForce::Fok,
        TheirTif::GoodTillDate => {
            times::parse(&theirs.good_till_date, None).map_or(TimeInForce::Gtc, TimeInForce::Gtd)
        }
        _ => TimeInForce::Day,
    };
    let entry = Some(theirs.parent_id).filter(|id| *id != 0);
    let spec = OrderSpec {
        post_only: theirs.post_only,
        oco: group_of(&theirs.oca_group, client_id),
        parent: entry.and_then(parent),
        ..OrderSpec::new(instrument, side, whole(theirs)?, known.unwrap_or_else(nearest), tif)
    };
    let trigger =
        price_if_any(theirs.trail_stop_price).filter(|_| matches!(spec.kind, OrderKind::TrailingStop { .. }));
    let unusual = known.is_none().then(|| format!("Its type is {}", theirs.order_type));
    Some(Terms { spec, trigger, unusual, entry })
}

/// All of an order: of one that is over TWS tells what was left of it.
fn whole(theirs: &Order) -> Option<Qty> {
    let total = decimal(theirs.total_quantity)?;
    let filled = quantity(theirs.filled_quantity)?;
    // Only orders that are over come with what has filled.
    quantity(double(total.checked_add(filled.0)?)).filter(|all| !all.is_zero())
}

#[cfg(test)]
mod tests;
