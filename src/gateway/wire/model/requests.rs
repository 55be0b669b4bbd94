//! What clients ask.

use super::{Contract, Order};

messages! {
    /// By request id: all cancellations that say no more, and ends of answers.
    RequestId {
        1 req_id: int32,
    }

    /// 1, quotes, streaming or once.
    MarketDataRequest [map 6 market_data_options] {
        1 req_id: int32,
        2 contract: message Contract,
        3 generic_tick_list: string,
        4 snapshot: bool,
        5 regulatory_snapshot: bool,
    }

    /// 3, a new order, or an amendment of one.
    PlaceOrderRequest {
        1 order_id: int32,
        2 contract: message Contract,
        3 order: message Order,
    }

    /// Who cancelled, for those whom a regulator asks.
    OrderCancel {
        1 manual_order_cancel_time: string,
        2 ext_operator: string,
        3 manual_order_indicator: int32,
    }

    /// 4, one order.
    CancelOrderRequest {
        1 order_id: int32,
        2 order_cancel: message OrderCancel,
    }

    /// 58, all orders.
    GlobalCancelRequest {
        1 order_cancel: message OrderCancel,
    }

    /// 6, account values and portfolio, on or off.
    AccountDataRequest {
        1 subscribe: bool,
        2 acct_code: string,
    }

    /// Which fills; what is unset (or 0, or empty) filters nothing.
    ExecutionFilter [many 9 specific_dates: int32 i32] {
        1 client_id: int32,
        2 acct_code: string,
        3 time: string,
        4 symbol: string,
        5 sec_type: string,
        6 exchange: string,
        7 side: string,
        8 last_n_days: int32,
    }

    /// 7, fills.
    ExecutionRequest {
        1 req_id: int32,
        2 execution_filter: message ExecutionFilter,
    }

    /// 8, the next order id.
    IdsRequest {
        1 num_ids: int32,
    }

    /// 9, the details of all instruments that match.
    ContractDataRequest {
        1 req_id: int32,
        2 contract: message Contract,
    }

    /// 10, the book.
    MarketDepthRequest [map 5 market_depth_options] {
        1 req_id: int32,
        2 contract: message Contract,
        3 num_rows: int32,
        4 is_smart_depth: bool,
    }

    /// 11, no more of the book.
    CancelMarketDepth {
        1 req_id: int32,
        2 is_smart_depth: bool,
    }

    /// 12, bulletins, those of today too or only new ones.
    NewsBulletinsRequest {
        1 all_messages: bool,
    }

    /// 14, how much the server writes into its log.
    SetServerLogLevelRequest {
        1 log_level: int32,
    }

    /// 15, whether client 0 is bound to orders made by hand.
    AutoOpenOrdersRequest {
        1 auto_bind: bool,
    }

    /// 20, bars. `format_date` 1 asks for text, 2 for epoch seconds.
    HistoricalDataRequest [map 10 chart_options] {
        1 req_id: int32,
        2 contract: message Contract,
        3 end_date_time: string,
        4 bar_size_setting: string,
        5 duration: string,
        6 use_rth: bool,
        7 what_to_show: string,
        8 format_date: int32,
        9 keep_up_to_date: bool,
    }

    /// 50, a bar every five seconds.
    RealTimeBarsRequest [map 6 real_time_bars_options] {
        1 req_id: int32,
        2 contract: message Contract,
        3 bar_size: int32,
        4 what_to_show: string,
        5 use_rth: bool,
    }

    /// 59, which data: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    MarketDataTypeRequest {
        1 market_data_type: int32,
    }

    /// 62, chosen values of accounts; `tags` are comma-separated.
    AccountSummaryRequest {
        1 req_id: int32,
        2 group: string,
        3 tags: string,
    }

    /// 71, the first request of a session: who it is.
    StartApiRequest {
        1 client_id: int32,
        2 optional_capabilities: string,
    }

    /// 74, positions of an account or model.
    PositionsMultiRequest {
        1 req_id: int32,
        2 account: string,
        3 model_code: string,
    }

    /// 76, values of an account or model.
    AccountUpdatesMultiRequest {
        1 req_id: int32,
        2 account: string,
        3 model_code: string,
        4 ledger_and_nlv: bool,
    }

    /// 78, the option chain of an underlying.
    SecDefOptParamsRequest {
        1 req_id: int32,
        2 underlying_symbol: string,
        3 fut_fop_exchange: string,
        4 underlying_sec_type: string,
        5 underlying_con_id: int32,
    }

    /// 81, instruments by a part of their symbol or name.
    MatchingSymbolsRequest {
        1 req_id: int32,
        2 pattern: string,
    }

    /// 83, the exchanges behind the letters of a quote.
    SmartComponentsRequest {
        1 req_id: int32,
        2 bbo_exchange: string,
    }

    /// 84, a news article.
    NewsArticleRequest [map 4 news_article_options] {
        1 req_id: int32,
        2 provider_code: string,
        3 article_id: string,
    }

    /// 86, headlines.
    HistoricalNewsRequest [map 7 historical_news_options] {
        1 req_id: int32,
        2 con_id: int32,
        3 provider_codes: string,
        4 start_date_time: string,
        5 end_date_time: string,
        6 total_results: int32,
    }

    /// 87, since when there is data.
    HeadTimestampRequest {
        1 req_id: int32,
        2 contract: message Contract,
        3 use_rth: bool,
        4 what_to_show: string,
        5 format_date: int32,
    }

    /// 91, the price steps of a market rule.
    MarketRuleRequest {
        1 market_rule_id: int32,
    }

    /// 92, profit and loss of an account.
    PnLRequest {
        1 req_id: int32,
        2 account: string,
        3 model_code: string,
    }

    /// 94, profit and loss of a position.
    PnLSingleRequest {
        1 req_id: int32,
        2 account: string,
        3 model_code: string,
        4 con_id: int32,
    }

    /// 88, what has traded at each price: `time_period` is `3 days`, say.
    HistogramDataRequest {
        1 req_id: int32,
        2 contract: message Contract,
        3 use_rth: bool,
        4 time_period: string,
    }

    /// 96, past ticks.
    HistoricalTicksRequest [map 9 misc_options] {
        1 req_id: int32,
        2 contract: message Contract,
        3 start_date_time: string,
        4 end_date_time: string,
        5 number_of_ticks: int32,
        6 what_to_show: string,
        7 use_rth: bool,
        8 ignore_size: bool,
    }

    /// 97, every tick: `Last`, `AllLast`, `BidAsk` or `MidPoint`.
    TickByTickRequest {
        1 req_id: int32,
        2 contract: message Contract,
        3 tick_type: string,
        4 number_of_ticks: int32,
        5 ignore_size: bool,
    }

    /// 99, orders that are over.
    CompletedOrdersRequest {
        1 api_only: bool,
    }
}
