//! The segments that placeOrder, openOrder and completedOrder have in common. Most are there only
//! under a condition, which is a value that stands before them.

use super::value::Value as _;
use super::{Done, Fields, tagged};
use crate::gateway::wire::model::{ComboLeg, Contract, Order, OrderCondition, SoftDollarTier};

/// The three lists of a combination: legs, their prices, how it is routed.
pub fn combination(t: &mut Fields, contract: &mut Contract, order: &mut Order) -> Done {
    super::contract::ordered_legs(t, &mut contract.combo_legs)?;
    leg_prices(t, &mut contract.combo_legs)?;
    fields!(t, order => smart_combo_routing_params as tagged);
    Ok(())
}

/// Prices of the legs: one for each, or none at all.
fn leg_prices(t: &mut Fields, legs: &mut [ComboLeg]) -> Done {
    for leg in legs.iter_mut() {
        leg.per_leg_price.tidy();
    }
    let is_priced = legs.iter().any(|leg| leg.per_leg_price.is_some());
    let count = t.count("leg_prices", if is_priced { legs.len() } else { 0 })?;
    if count > legs.len() {
        return Err(t.refuse("leg_prices", "at most one for each leg", i32::try_from(count).ok()));
    }
    for leg in legs.iter_mut().take(count) {
        fields!(t, leg => per_leg_price);
    }
    Ok(())
}

/// The hedging order of a volatility order, as placeOrder and openOrder have it.
pub fn delta_neutral(t: &mut Fields, order: &mut Order) -> Done {
    fields!(t, order => delta_neutral_order_type, delta_neutral_aux_price);
    if order.delta_neutral_order_type.is_some() {
        fields!(t, order => delta_neutral_con_id, delta_neutral_settling_firm,
            delta_neutral_clearing_account, delta_neutral_clearing_intent, delta_neutral_open_close,
            delta_neutral_short_sale, delta_neutral_short_sale_slot, delta_neutral_designated_location);
    }
    Ok(())
}

/// The same as completedOrder has it.
pub fn delta_neutral_completed(t: &mut Fields, order: &mut Order) -> Done {
    fields!(t, order => delta_neutral_order_type, delta_neutral_aux_price);
    if order.delta_neutral_order_type.is_some() {
        fields!(t, order => delta_neutral_con_id, delta_neutral_short_sale, delta_neutral_short_sale_slot,
            delta_neutral_designated_location);
    }
    Ok(())
}

/// An order that is scaled in.
pub fn scale(t: &mut Fields, order: &mut Order) -> Done {
    fields!(t, order => scale_init_level_size, scale_subs_level_size, scale_price_increment);
    if order.scale_price_increment.is_some_and(|step| step > 0.0 && step < f64::MAX) {
        fields!(t, order => scale_price_adjust_value, scale_price_adjust_interval, scale_profit_offset,
            scale_auto_reset, scale_init_position, scale_init_fill_qty, scale_random_percent);
    }
    Ok(())
}

pub fn hedge(t: &mut Fields, order: &mut Order) -> Done {
    fields!(t, order => hedge_type);
    if order.hedge_type.is_some() {
        fields!(t, order => hedge_param);
    }
    Ok(())
}

pub fn algorithm(t: &mut Fields, order: &mut Order) -> Done {
    fields!(t, order => algo_strategy);
    if order.algo_strategy.is_some() {
        fields!(t, order => algo_params as tagged);
    }
    Ok(())
}

/// The type of an order that is told. With the short spelling of a pegged type some clients expect the
/// fields that belong to it and some do not; about the long one they agree.
pub fn spelled(t: &mut Fields, name: &'static str, slot: &mut Option<String>) -> Done {
    let long = match slot.as_deref() {
        Some("PEGBENCH") => "PEG BENCH",
        Some("PEGBEST") => "PEG BEST",
        Some("PEGMID") => "PEG MID",
        _ => return t.value(name, slot),
    };
    *slot = Some(long.to_owned());
    t.value(name, slot)
}

/// An order that is pegged to a benchmark.
pub fn benchmark(t: &mut Fields, order: &mut Order) -> Done {
    if matches!(order.order_type.as_deref(), Some("PEG BENCH" | "PEGBENCH")) {
        fields!(t, order => reference_contract_id, is_pegged_change_amount_decrease, pegged_change_amount,
            reference_change_amount, reference_exchange_id);
    }
    Ok(())
}

/// Conditions, and what they mean for the whole order.
pub fn conditions(t: &mut Fields, order: &mut Order) -> Done {
    // Protobuf can carry a kind that nobody knows; no list of fields can.
    order.conditions.retain(is_known);
    t.list("conditions", &mut order.conditions, condition)?;
    if !order.conditions.is_empty() {
        fields!(t, order => conditions_ignore_rth, conditions_cancel_order);
    }
    Ok(())
}

fn is_known(condition: &OrderCondition) -> bool {
    matches!(condition.kind, Some(1 | 3..=7))
}

fn condition(t: &mut Fields, m: &mut OrderCondition) -> Done {
    fields!(t, m => kind);
    if !is_known(m) {
        return Err(t.refuse("kind", "a kind of condition: 1, 3 to 7", m.kind));
    }
    fields!(t, m => is_conjunction_connection as conjunction);
    match m.kind {
        Some(1) => fields!(t, m => is_more, price, con_id, exchange, trigger_method),
        Some(3) => fields!(t, m => is_more, time),
        Some(4) => fields!(t, m => is_more, percent),
        Some(5) => fields!(t, m => sec_type, exchange, symbol),
        Some(6) => fields!(t, m => is_more, volume, con_id, exchange),
        Some(7) => fields!(t, m => is_more, change_percent, con_id, exchange),
        _ => {}
    }
    Ok(())
}

/// `a` joins a condition to the next one with "and", `o` with "or".
fn conjunction(t: &mut Fields, name: &'static str, slot: &mut Option<bool>) -> Done {
    let write =
        |slot: &mut Option<bool>, out: &mut Vec<u8>| out.push(if *slot == Some(true) { b'a' } else { b'o' });
    t.with(name, slot, write, |text| match text {
        "a" => Ok(Some(true)),
        "o" => Ok(Some(false)),
        _ => Err("a or o"),
    })
}

/// Name and value of a tier; replies have the display name too.
pub fn soft_dollars(t: &mut Fields, _name: &'static str, slot: &mut Option<SoftDollarTier>) -> Done {
    let tier = slot.get_or_insert_default();
    fields!(t, tier => name, value);
    Ok(())
}
