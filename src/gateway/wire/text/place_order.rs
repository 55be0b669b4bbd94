//! placeOrder, the longest request: 115 fields for a plain order.

use super::contract::{asked, delta_neutral as underlying};
use super::order::{
    algorithm, benchmark, combination, conditions, delta_neutral, hedge, scale, soft_dollars,
};
use super::{Done, Fields, infinite, minus_one, options, size};
use crate::gateway::wire::model::{Order, PlaceOrderRequest};

pub fn place_order(t: &mut Fields, m: &mut PlaceOrderRequest) -> Done {
    fields!(t, m => order_id, contract as asked);
    let contract = m.contract.get_or_insert_default();
    let order = m.order.get_or_insert_default();
    fields!(t, contract => sec_id_type, sec_id);
    fields!(t, order => action, total_quantity as size, order_type, lmt_price, aux_price, tif, oca_group,
        account, open_close, origin, order_ref, transmit, parent_id, block_order, sweep_to_fill,
        display_size, trigger_method, outside_rth, hidden);
    if contract.is_bag() {
        combination(t, contract, order)?;
    }
    t.constant("shares_allocation", "")?;
    fields!(t, order => discretionary_amt, good_after_time, good_till_date, fa_group, fa_method,
        fa_percentage);
    t.constant("fa_profile", "")?;
    fields!(t, order => model_code, short_sale_slot, designated_location, exempt_code as minus_one,
        oca_type, rule80_a, settling_firm, all_or_none, min_qty, percent_offset);
    t.constant("e_trade_only", "0")?;
    t.constant("firm_quote_only", "0")?;
    t.constant("nbbo_price_cap", "")?;
    t.constant("auction_strategy", "0")?;
    fields!(t, order => starting_price, stock_ref_price, delta, stock_range_lower, stock_range_upper,
        override_percentage_constraints, volatility, volatility_type);
    delta_neutral(t, order)?;
    fields!(t, order => continuous_update, reference_price_type, trail_stop_price, trailing_percent);
    scale(t, order)?;
    fields!(t, order => scale_table, active_start_time, active_stop_time);
    hedge(t, order)?;
    fields!(t, order => opt_out_smart_routing, clearing_account, clearing_intent, not_held);
    underlying(t, &mut contract.delta_neutral_contract)?;
    algorithm(t, order)?;
    fields!(t, order => algo_id, what_if, order_misc_options as options, solicited, randomize_size,
        randomize_price);
    benchmark(t, order)?;
    conditions(t, order)?;
    fields!(t, order => adjusted_order_type, trigger_price, lmt_price_offset, adjusted_stop_price,
        adjusted_stop_limit_price, adjusted_trailing_amount, adjustable_trailing_unit, ext_operator,
        soft_dollar_tier as soft_dollars, cash_qty, mifid2_decision_maker, mifid2_decision_algo,
        mifid2_execution_trader, mifid2_execution_algo, dont_use_auto_price_for_hedge, is_oms_container,
        discretionary_up_to_limit_price, use_price_mgmt_algo, duration, post_to_ats, auto_cancel_parent,
        advanced_error_override, manual_order_time);
    if contract.exchange.as_deref() == Some("IBKRATS") {
        fields!(t, order => min_trade_qty);
    }
    pegged(t, order)
}

/// What an order has that is pegged to the best price or to the middle.
fn pegged(t: &mut Fields, order: &mut Order) -> Done {
    let has_offsets = match order.order_type.as_deref() {
        Some("PEG BEST" | "PEGBEST") => {
            fields!(t, order => min_compete_size, compete_against_best_offset as infinite);
            order.compete_against_best_offset == Some(f64::INFINITY)
        }
        Some("PEG MID" | "PEGMID") => true,
        _ => false,
    };
    if has_offsets {
        fields!(t, order => mid_offset_at_whole, mid_offset_at_half);
    }
    Ok(())
}
