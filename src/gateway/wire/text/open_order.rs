//! openOrder and completedOrder: 128 and 97 fields for a plain order. They tell the same order in
//! two lists that differ in many small things.

use super::contract::{delta_neutral as underlying, ordered};
use super::order::{
    algorithm, benchmark, combination, conditions, delta_neutral, delta_neutral_completed, hedge, scale,
    soft_dollars, spelled,
};
use super::{Done, Fields, minus_one, size, size_or_zero};
use crate::gateway::wire::model::{CompletedOrder, OpenOrder, SoftDollarTier};

pub fn open_order(t: &mut Fields, m: &mut OpenOrder) -> Done {
    fields!(t, m => order_id, contract as ordered);
    let contract = m.contract.get_or_insert_default();
    let order = m.order.get_or_insert_default();
    let state = m.order_state.get_or_insert_default();
    fields!(t, order => action, total_quantity as size, order_type as spelled, lmt_price, aux_price, tif,
        oca_group, account, open_close, origin, order_ref, client_id, perm_id, outside_rth, hidden,
        discretionary_amt, good_after_time);
    t.constant("shares_allocation", "")?;
    fields!(t, order => fa_group, fa_method, fa_percentage);
    t.constant("fa_profile", "")?;
    fields!(t, order => model_code, good_till_date, rule80_a, percent_offset, settling_firm,
        short_sale_slot, designated_location, exempt_code as minus_one);
    t.constant("auction_strategy", "0")?;
    fields!(t, order => starting_price, stock_ref_price, delta, stock_range_lower, stock_range_upper,
        display_size, block_order, sweep_to_fill, all_or_none, min_qty, oca_type);
    t.constant("e_trade_only", "0")?;
    t.constant("firm_quote_only", "0")?;
    t.constant("nbbo_price_cap", "")?;
    fields!(t, order => parent_id, trigger_method, volatility, volatility_type);
    delta_neutral(t, order)?;
    fields!(t, order => continuous_update, reference_price_type, trail_stop_price, trailing_percent);
    t.constant("basis_points", "")?;
    t.constant("basis_points_type", "")?;
    fields!(t, contract => combo_legs_descrip);
    combination(t, contract, order)?;
    scale(t, order)?;
    hedge(t, order)?;
    fields!(t, order => opt_out_smart_routing, clearing_account, clearing_intent, not_held);
    underlying(t, &mut contract.delta_neutral_contract)?;
    algorithm(t, order)?;
    fields!(t, order => solicited, what_if);
    fields!(t, state => status, init_margin_before, maint_margin_before, equity_with_loan_before,
        init_margin_change, maint_margin_change, equity_with_loan_change, init_margin_after,
        maint_margin_after, equity_with_loan_after, commission_and_fees, min_commission_and_fees,
        max_commission_and_fees, commission_and_fees_currency, warning_text);
    fields!(t, order => randomize_size, randomize_price);
    benchmark(t, order)?;
    conditions(t, order)?;
    // The trailing stop price is there for the second time.
    fields!(t, order => adjusted_order_type, trigger_price, trail_stop_price, lmt_price_offset,
        adjusted_stop_price, adjusted_stop_limit_price, adjusted_trailing_amount, adjustable_trailing_unit,
        soft_dollar_tier as tier, cash_qty, dont_use_auto_price_for_hedge, is_oms_container,
        discretionary_up_to_limit_price, use_price_mgmt_algo, duration, post_to_ats, auto_cancel_parent,
        min_trade_qty, min_compete_size, compete_against_best_offset, mid_offset_at_whole,
        mid_offset_at_half);
    Ok(())
}

/// A tier as replies tell it, with its display name.
fn tier(t: &mut Fields, name: &'static str, slot: &mut Option<SoftDollarTier>) -> Done {
    soft_dollars(t, name, slot)?;
    let tier = slot.get_or_insert_default();
    fields!(t, tier => display_name);
    Ok(())
}

pub fn completed_order(t: &mut Fields, m: &mut CompletedOrder) -> Done {
    fields!(t, m => contract as ordered);
    let contract = m.contract.get_or_insert_default();
    let order = m.order.get_or_insert_default();
    let state = m.order_state.get_or_insert_default();
    fields!(t, order => action, total_quantity as size, order_type as spelled, lmt_price, aux_price, tif,
        oca_group, account, open_close, origin, order_ref, perm_id, outside_rth, hidden, discretionary_amt,
        good_after_time, fa_group, fa_method, fa_percentage);
    t.constant("fa_profile", "")?;
    fields!(t, order => model_code, good_till_date, rule80_a, percent_offset, settling_firm,
        short_sale_slot, designated_location, exempt_code as minus_one, starting_price, stock_ref_price,
        delta, stock_range_lower, stock_range_upper, display_size, sweep_to_fill, all_or_none, min_qty,
        oca_type, trigger_method, volatility, volatility_type);
    delta_neutral_completed(t, order)?;
    fields!(t, order => continuous_update, reference_price_type, trail_stop_price, trailing_percent);
    fields!(t, contract => combo_legs_descrip);
    combination(t, contract, order)?;
    scale(t, order)?;
    hedge(t, order)?;
    fields!(t, order => clearing_account, clearing_intent, not_held);
    underlying(t, &mut contract.delta_neutral_contract)?;
    algorithm(t, order)?;
    fields!(t, order => solicited);
    fields!(t, state => status);
    fields!(t, order => randomize_size, randomize_price);
    benchmark(t, order)?;
    conditions(t, order)?;
    fields!(t, order => trail_stop_price, lmt_price_offset, cash_qty, dont_use_auto_price_for_hedge,
        is_oms_container, auto_cancel_date, filled_quantity as size_or_zero, ref_futures_con_id,
        auto_cancel_parent, shareholder, imbalance_only, route_marketable_to_bbo, parent_perm_id);
    fields!(t, state => completed_time, completed_status);
    fields!(t, order => min_trade_qty, min_compete_size, compete_against_best_offset, mid_offset_at_whole,
        mid_offset_at_half);
    Ok(())
}
