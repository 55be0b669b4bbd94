//! What clients ask, but placeOrder.

use super::contract::{asked, asked_expired, asked_legs, delta_neutral};
use super::{Done, Fields, options};
use crate::gateway::wire::model::{
    AccountDataRequest, AccountSummaryRequest, AccountUpdatesMultiRequest, AutoOpenOrdersRequest,
    CancelMarketDepth, CancelOrderRequest, CompletedOrdersRequest, Contract, ContractDataRequest,
    ExecutionFilter, ExecutionRequest, GlobalCancelRequest, HeadTimestampRequest, HistogramDataRequest,
    HistoricalDataRequest, HistoricalNewsRequest, HistoricalTicksRequest, IdsRequest, MarketDataRequest,
    MarketDataTypeRequest, MarketDepthRequest, MarketRuleRequest, MatchingSymbolsRequest, NewsArticleRequest,
    NewsBulletinsRequest, OrderCancel, PnLRequest, PnLSingleRequest, PositionsMultiRequest,
    RealTimeBarsRequest, RequestId, SecDefOptParamsRequest, SetServerLogLevelRequest, SmartComponentsRequest,
    StartApiRequest, TickByTickRequest,
};

layouts! {
    by_id(RequestId): req_id;
    by_id_1(RequestId) ver 1: req_id;
    by_id_2(RequestId) ver 2: req_id;

    cancel_order(CancelOrderRequest) ver 1: order_id, order_cancel as cancel;
    auto_open_orders(AutoOpenOrdersRequest) ver 1: auto_bind;
    completed_orders(CompletedOrdersRequest): api_only;
    executions(ExecutionRequest) ver 3: req_id, execution_filter as filter;

    account_data(AccountDataRequest) ver 2: subscribe, acct_code;
    account_summary(AccountSummaryRequest) ver 1: req_id, group, tags;
    account_updates_multi(AccountUpdatesMultiRequest) ver 1: req_id, account, model_code, ledger_and_nlv;
    positions_multi(PositionsMultiRequest) ver 1: req_id, account, model_code;
    pnl(PnLRequest): req_id, account, model_code;
    pnl_single(PnLSingleRequest): req_id, account, model_code, con_id;

    contract_data(ContractDataRequest) ver 8: req_id, contract as described;
    matching_symbols(MatchingSymbolsRequest): req_id, pattern;
    market_rule(MarketRuleRequest): market_rule_id;
    sec_def_opt_params(SecDefOptParamsRequest): req_id, underlying_symbol, fut_fop_exchange,
        underlying_sec_type, underlying_con_id;
    smart_components(SmartComponentsRequest): req_id, bbo_exchange;

    market_data_type(MarketDataTypeRequest) ver 1: market_data_type;
    market_depth(MarketDepthRequest) ver 5: req_id, contract as asked, num_rows, is_smart_depth,
        market_depth_options as options;
    cancel_market_depth(CancelMarketDepth) ver 1: req_id, is_smart_depth;
    real_time_bars(RealTimeBarsRequest) ver 3: req_id, contract as asked, bar_size, what_to_show, use_rth,
        real_time_bars_options as options;
    head_timestamp(HeadTimestampRequest): req_id, contract as asked_expired, use_rth, what_to_show,
        format_date;
    histogram_data(HistogramDataRequest): req_id, contract as asked_expired, use_rth, time_period;
    historical_ticks(HistoricalTicksRequest): req_id, contract as asked_expired, start_date_time,
        end_date_time, number_of_ticks, what_to_show, use_rth, ignore_size, misc_options as options;
    tick_by_tick(TickByTickRequest): req_id, contract as asked, tick_type, number_of_ticks, ignore_size;

    news_bulletins(NewsBulletinsRequest) ver 1: all_messages;
    news_article(NewsArticleRequest): req_id, provider_code, article_id, news_article_options as options;
    historical_news(HistoricalNewsRequest): req_id, con_id, provider_codes, start_date_time, end_date_time,
        total_results, historical_news_options as options;

    start_api(StartApiRequest) ver 2: client_id, optional_capabilities;
    ids(IdsRequest) ver 1: num_ids;
    set_server_log_level(SetServerLogLevelRequest) ver 1: log_level;
}

/// Who cancels has no field at 176.
pub fn global_cancel(t: &mut Fields, _m: &mut GlobalCancelRequest) -> Done {
    t.constant("version", "1")
}

pub fn market_data(t: &mut Fields, m: &mut MarketDataRequest) -> Done {
    t.constant("version", "11")?;
    fields!(t, m => req_id, contract as asked);
    let contract = m.contract.get_or_insert_default();
    if contract.is_bag() {
        asked_legs(t, &mut contract.combo_legs)?;
    }
    delta_neutral(t, &mut contract.delta_neutral_contract)?;
    fields!(t, m => generic_tick_list, snapshot, regulatory_snapshot, market_data_options as options);
    Ok(())
}

pub fn historical_data(t: &mut Fields, m: &mut HistoricalDataRequest) -> Done {
    fields!(t, m => req_id, contract as asked_expired, end_date_time, bar_size_setting, duration, use_rth,
        what_to_show, format_date);
    let contract = m.contract.get_or_insert_default();
    if contract.is_bag() {
        asked_legs(t, &mut contract.combo_legs)?;
    }
    fields!(t, m => keep_up_to_date, chart_options as options);
    Ok(())
}

fn described(t: &mut Fields, name: &'static str, slot: &mut Option<Contract>) -> Done {
    asked_expired(t, name, slot)?;
    let contract = slot.get_or_insert_default();
    fields!(t, contract => sec_id_type, sec_id, issuer_id);
    Ok(())
}

fn cancel(t: &mut Fields, _name: &'static str, slot: &mut Option<OrderCancel>) -> Done {
    let cancel = slot.get_or_insert_default();
    fields!(t, cancel => manual_order_cancel_time);
    Ok(())
}

fn filter(t: &mut Fields, _name: &'static str, slot: &mut Option<ExecutionFilter>) -> Done {
    let filter = slot.get_or_insert_default();
    fields!(t, filter => client_id, acct_code, time, symbol, sec_type, exchange, side);
    Ok(())
}
