//! Orders between the TWS API and ours, both ways.
//!
//! What a client asks for is taken as it is or refused: a term that the paper exchange does not
//! know would otherwise be dropped in silence, and the order be another one than was meant.

use super::errors::Refusal;
use super::words;
use crate::domain::{
    AccountId, Decimal, GroupId, Instrument, Order, OrderKind, OrderSpec, Price, Qty, Side, TimeInForce,
    TrailBy,
};
use crate::gateway::wire::model;

/// The largest number of a price or a quantity that is read: far beyond every limit, and safe to
/// count with.
const MOST: f64 = 1e12;
/// One cancels the other, what has filled taken off the rest.
const OCA_REDUCES: i32 = 2;

/// What a client asks for, as an order for `account`.
pub(super) fn spec_of(
    order: &model::Order,
    instrument: &Instrument,
    account: &AccountId,
) -> Result<OrderSpec, Refusal> {
    if let Some(term) = unknown_term(order) {
        return Err(Refusal::order(format!("{term} is not offered here: leave it out")));
    }
    let side = match text(order.action.as_ref()) {
        "BUY" => Side::Buy,
        "SELL" | "SSHORT" => Side::Sell,
        other => return Err(Refusal::order(format!("Action {other:?} is none: BUY or SELL"))),
    };
    let quantity = quantity(order)?;
    let kind = kind(order)?;
    let tif = time_in_force(order, instrument)?;
    let oco = Some(text(order.oca_group.as_ref())).filter(|group| !group.is_empty());
    Ok(OrderSpec {
        post_only: order.post_only.unwrap_or_default(),
        oco: oco.map(|group| group_of(account, group)),
        ..OrderSpec::new(instrument.id, side, quantity, kind, tif)
    })
}

/// The group of an account behind a client's name for it: the same in every run, so that an order
/// can join one that works already. FNV-1a of 64 bits.
fn group_of(account: &AccountId, name: &str) -> GroupId {
    let bytes = account.0.bytes().chain([0]).chain(name.bytes());
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    GroupId(bytes.fold(0xcbf2_9ce4_8422_2325, mix))
}

/// What of an order is understood otherwise here than a client may think, and taken all the same.
pub(super) fn warning(order: &model::Order, spec: &OrderSpec) -> Option<&'static str> {
    let is_outside = order.outside_rth == Some(true);
    (is_outside && spec.tif == TimeInForce::Day).then_some(
        "Warning: DAY orders work in regular hours only here, outsideRth or not: GTC ones work longer",
    )
}

fn quantity(order: &model::Order) -> Result<Qty, Refusal> {
    let said = text(order.total_quantity.as_ref());
    let number = said.parse().or_else(|_| Decimal::from_scientific(said));
    match number {
        Ok(number) if number > Decimal::ZERO && words::double(number) < MOST => Ok(Qty(number)),
        _ => Err(Refusal::order(format!("The size {said:?} cannot be ordered: name one above zero"))),
    }
}

fn kind(order: &model::Order) -> Result<OrderKind, Refusal> {
    let limit = || price("The limit price", order.lmt_price);
    let stop = || price("The stop price", order.aux_price);
    match text(order.order_type.as_ref()) {
        "MKT" => Ok(OrderKind::Market),
        "LMT" => Ok(OrderKind::Limit { price: limit()? }),
        "STP" => Ok(OrderKind::Stop { stop: stop()? }),
        "STP LMT" => Ok(OrderKind::StopLimit { stop: stop()?, price: limit()? }),
        "TRAIL" => Ok(OrderKind::TrailingStop { by: trail(order)? }),
        other => {
            let known = "MKT, LMT, STP, STP LMT and TRAIL are";
            Err(Refusal::order(format!("The order type {other:?} is not offered here: {known}")))
        }
    }
}

fn trail(order: &model::Order) -> Result<TrailBy, Refusal> {
    if order.trail_stop_price.is_some_and(|at| at != 0.0) {
        let text = "A first trigger (trailStopPrice) is not offered here: leave it out, the market gives it";
        return Err(Refusal::order(text));
    }
    match order.trailing_percent.filter(|percent| *percent != 0.0) {
        Some(percent) => Ok(TrailBy::Percent(price("The trailing percentage", Some(percent))?.0)),
        None => Ok(TrailBy::Amount(price("The trailing amount", order.aux_price)?.0)),
    }
}

/// A number as the client has typed it: of all decimals that are this double, the shortest.
fn price(what: &str, value: Option<f64>) -> Result<Price, Refusal> {
    let value = value.filter(|value| value.is_finite() && value.abs() < MOST && *value != 0.0);
    let number = value.and_then(|value| format!("{value}").parse::<Decimal>().ok());
    number.map(Price).ok_or_else(|| Refusal::order(format!("{what} is missing, or no price")))
}

fn time_in_force(order: &model::Order, instrument: &Instrument) -> Result<TimeInForce, Refusal> {
    match text(order.tif.as_ref()) {
        "" | "DAY" => Ok(TimeInForce::Day),
        "GTC" => Ok(TimeInForce::Gtc),
        "IOC" => Ok(TimeInForce::Ioc),
        "FOK" => Ok(TimeInForce::Fok),
        "GTD" => {
            let said = text(order.good_till_date.as_ref());
            let until = words::instant(said, &instrument.hours.zone);
            let wrong = || format!("goodTillDate {said:?} is no time: write it as 20261121-14:30:00 (UTC)");
            until.map(TimeInForce::Gtd).ok_or_else(|| Refusal::order(wrong()))
        }
        other => {
            let known = "DAY, GTC, IOC, FOK and GTD are";
            Err(Refusal::order(format!("The time in force {other:?} is not offered here: {known}")))
        }
    }
}

/// A term that changes what the order does, and that the paper exchange does not know.
fn unknown_term(order: &model::Order) -> Option<&'static str> {
    let is_set = |flag: Option<bool>| flag == Some(true);
    let is_number = |number: Option<f64>| number.is_some_and(|number| number != 0.0 && number < f64::MAX);
    let is_count = |count: Option<i32>| count.is_some_and(|count| count != 0 && count != i32::MAX);
    let is_said = |said: &Option<String>| !text(said.as_ref()).is_empty();
    let terms = [
        (is_set(order.all_or_none), "All or none (allOrNone)"),
        (is_set(order.hidden), "A hidden order"),
        (is_set(order.not_held), "A not-held order (notHeld)"),
        (is_count(order.display_size), "An iceberg's visible size (displaySize)"),
        (is_count(order.min_qty), "A least size (minQty)"),
        (is_number(order.discretionary_amt), "A discretionary amount (discretionaryAmt)"),
        (is_number(order.percent_offset), "An offset in percent (percentOffset)"),
        (is_number(order.cash_qty), "A size in cash (cashQty)"),
        (is_number(order.volatility), "A volatility order"),
        (is_number(order.scale_price_increment), "A scale order (scalePriceIncrement)"),
        (is_said(&order.good_after_time), "A later start (goodAfterTime)"),
        (is_said(&order.active_start_time), "A later start (activeStartTime)"),
        (is_said(&order.active_stop_time), "An earlier end (activeStopTime)"),
        (is_said(&order.auto_cancel_date), "A date of cancelling (autoCancelDate)"),
        (is_said(&order.good_till_date) && text(order.tif.as_ref()) != "GTD", "goodTillDate without tif GTD"),
        (is_set(order.deactivate), "An order that is not active (deactivate)"),
        (is_set(order.randomize_size), "A random size (randomizeSize)"),
        (is_set(order.randomize_price), "A random price (randomizePrice)"),
        (is_set(order.block_order), "A block order (blockOrder)"),
        (
            is_set(order.discretionary_up_to_limit_price),
            "Discretion up to the limit (discretionaryUpToLimitPrice)",
        ),
        (is_set(order.imbalance_only), "Imbalance only (imbalanceOnly)"),
        (is_count(order.min_trade_qty), "A least trade (minTradeQty)"),
        (is_said(&order.algo_strategy), "An algorithm (algoStrategy)"),
        (is_said(&order.hedge_type), "A hedge order (hedgeType)"),
        (is_said(&order.adjusted_order_type), "An adjusted order (adjustedOrderType)"),
        (is_said(&order.fa_group), "An advisor's group (faGroup)"),
        (is_said(&order.model_code), "A model portfolio (modelCode)"),
        (
            !matches!(text(order.delta_neutral_order_type.as_ref()), "" | "None"),
            "A delta-neutral order (deltaNeutralOrderType)",
        ),
        (!order.conditions.is_empty(), "A condition"),
        (is_count(order.duration), "A duration"),
        (is_set(order.sweep_to_fill), "Sweep to fill (sweepToFill)"),
    ];
    terms.into_iter().find(|(is_asked, _)| *is_asked).map(|(_, term)| term)
}

/// A text that may be missing, without what surrounds it.
pub(super) fn text(said: Option<&String>) -> &str {
    said.map_or("", |said| said.trim())
}

/// Terms that can be changed in a working order, as it is changed to become `wanted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Terms {
    pub quantity: Option<Qty>,
    pub limit: Option<Price>,
    pub stop: Option<Price>,
}

impl Terms {
    /// From one order to another of which nothing but size and prices may differ; `None` where
    /// something else does.
    pub fn between(working: &OrderSpec, wanted: &OrderSpec) -> Option<Self> {
        let changed = |from: Option<Price>, to: Option<Price>| to.filter(|_| from != to);
        let terms = Self {
            quantity: Some(wanted.quantity).filter(|quantity| *quantity != working.quantity),
            limit: changed(working.kind.limit(), wanted.kind.limit()),
            stop: changed(working.kind.stop(), wanted.kind.stop()),
        };
        (terms.applied_to(working) == *wanted).then_some(terms)
    }

    pub fn is_nothing(&self) -> bool {
        *self == Self { quantity: None, limit: None, stop: None }
    }

    pub fn applied_to(&self, spec: &OrderSpec) -> OrderSpec {
        let Self { quantity, limit, stop } = *self;
        let kind = limit.map_or(spec.kind, |limit| spec.kind.with_limit(limit));
        let kind = stop.map_or(kind, |stop| kind.with_stop(stop));
        OrderSpec { quantity: quantity.unwrap_or(spec.quantity), kind, ..*spec }
    }
}

/// An order of ours, in the words of the API. Ids are the caller's.
pub(super) fn wire_order(order: &Order, zone: &str) -> model::Order {
    let spec = &order.spec;
    let said = |text: &str| Some(text.to_owned());
    let number = |price: Price| Some(words::double(price.0));
    let (order_type, lmt_price, aux_price) = match spec.kind {
        OrderKind::Market => ("MKT", None, None),
        OrderKind::Limit { price } => ("LMT", number(price), None),
        OrderKind::Stop { stop } => ("STP", None, number(stop)),
        OrderKind::StopLimit { stop, price } => ("STP LMT", number(price), number(stop)),
        OrderKind::TrailingStop { by: TrailBy::Amount(amount) } => {
            ("TRAIL", None, Some(words::double(amount)))
        }
        OrderKind::TrailingStop { by: TrailBy::Percent(_) } => ("TRAIL", None, None),
    };
    let trailing_percent = match spec.kind {
        OrderKind::TrailingStop { by: TrailBy::Percent(percent) } => Some(words::double(percent)),
        _ => None,
    };
    let good_till_date = match spec.tif {
        TimeInForce::Gtd(until) => Some(words::zoned(until, zone)),
        _ => None,
    };
    let client = order.client.as_ref();
    model::Order {
        client_id: Some(client.map_or(0, |client| client.client)),
        perm_id: i64::try_from(order.id.0).ok(),
        action: said(words::action(spec.side)),
        total_quantity: Some(words::size(spec.quantity)),
        order_type: said(order_type),
        // The clients show 0 where there is no price, as TWS.
        lmt_price: lmt_price.or(Some(0.0)),
        aux_price: aux_price.or(Some(0.0)),
        tif: said(spec.tif.label()),
        account: Some(words::account_name(&order.account)),
        trailing_percent,
        trail_stop_price: order.trigger.and_then(number),
        good_till_date,
        oca_group: client.and_then(|client| client.group.as_deref()).map(str::to_owned),
        oca_type: spec.oco.map(|_| OCA_REDUCES),
        order_ref: client.and_then(|client| client.reference.as_deref()).map(str::to_owned),
        transmit: Some(true),
        post_only: spec.post_only.then_some(true),
        ..model::Order::default()
    }
}

#[cfg(test)]
mod tests;
