//! Order states, fills, accounts, positions, and what a session is told.

use super::contract::{held, told};
use super::{Done, Fields, minus_one, size_or_zero, unset_max, zero};
use crate::gateway::wire::model::{
    AccountDataEnd, AccountSummary, AccountUpdateMulti, AccountUpdateTime, AccountValue,
    CommissionAndFeesReport, CurrentTime, CurrentTimeInMillis, ErrorMessage, ExecutionDetails, FamilyCodes,
    ManagedAccounts, NextValidId, OrderBound, OrderStatus, PnL, PnLSingle, PortfolioValue, Position,
    PositionMulti, UserInfo,
};

layouts! {
    order_status(OrderStatus): order_id, status, filled as size_or_zero, remaining as size_or_zero,
        avg_fill_price as zero, perm_id as zero, parent_id as zero, last_fill_price as zero,
        client_id as zero, why_held, mkt_cap_price as zero;
    order_bound(OrderBound): perm_id, client_id, order_id;
    commission_report(CommissionAndFeesReport) ver 1: exec_id, commission_and_fees as zero, currency,
        realized_pnl as unset_max, bond_yield as unset_max, yield_redemption_date;

    error_message(ErrorMessage) ver 2: id as minus_one, error_code, error_msg, advanced_order_reject_json;
    next_valid_id(NextValidId) ver 1: order_id;
    managed_accounts(ManagedAccounts) ver 1: accounts_list;
    current_time(CurrentTime) ver 1: current_time;
    current_time_in_millis(CurrentTimeInMillis): current_time_in_millis;
    user_info(UserInfo): req_id, white_branding_id;

    account_value(AccountValue) ver 2: key, value, currency, account_name;
    portfolio_value(PortfolioValue) ver 8: contract as held, position as size_or_zero, market_price as zero,
        market_value as zero, average_cost as zero, unrealized_pnl as zero, realized_pnl as zero,
        account_name;
    account_update_time(AccountUpdateTime) ver 1: time_stamp;
    account_data_end(AccountDataEnd) ver 1: account_name;
    position(Position) ver 3: account, contract as told, position as size_or_zero, avg_cost as zero;
    position_multi(PositionMulti) ver 1: req_id, account, contract as told, position as size_or_zero,
        avg_cost as zero, model_code;
    account_summary(AccountSummary) ver 1: req_id, account, tag, value, currency;
    account_update_multi(AccountUpdateMulti) ver 1: req_id, account, model_code, key, value, currency;
    pnl(PnL): req_id, daily_pnl as unset_max, unrealized_pnl as unset_max, realized_pnl as unset_max;
    pnl_single(PnLSingle): req_id, position as size_or_zero, daily_pnl as unset_max,
        unrealized_pnl as unset_max, realized_pnl as unset_max, value as unset_max;
}

pub fn execution_details(t: &mut Fields, m: &mut ExecutionDetails) -> Done {
    let execution = m.execution.get_or_insert_default();
    fields!(t, m => req_id as minus_one);
    fields!(t, execution => order_id);
    fields!(t, m => contract as told);
    fields!(t, execution => exec_id, time, acct_number, exchange, side, shares as size_or_zero,
        price as zero, perm_id as zero, client_id as zero, is_liquidation, cum_qty as size_or_zero,
        avg_price as zero, order_ref, ev_rule, ev_multiplier, model_code, last_liquidity);
    Ok(())
}

pub fn family_codes(t: &mut Fields, m: &mut FamilyCodes) -> Done {
    t.list("family_codes", &mut m.family_codes, |t, code| {
        fields!(t, code => account_id, family_code);
        Ok(())
    })
}
