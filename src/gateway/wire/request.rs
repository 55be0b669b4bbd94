//! Everything a client can ask.

use super::error::{Malformed, Problem};
use super::message::{id_of_unknown, numbered};
use super::model::{
    AccountDataRequest, AccountSummaryRequest, AccountUpdatesMultiRequest, AutoOpenOrdersRequest,
    CancelMarketDepth, CancelOrderRequest, CompletedOrdersRequest, ContractDataRequest, ExecutionRequest,
    GlobalCancelRequest, HeadTimestampRequest, HistogramDataRequest, HistoricalDataRequest,
    HistoricalNewsRequest, HistoricalTicksRequest, IdsRequest, MarketDataRequest, MarketDataTypeRequest,
    MarketDepthRequest, MarketRuleRequest, MatchingSymbolsRequest, NewsArticleRequest, NewsBulletinsRequest,
    PlaceOrderRequest, PnLRequest, PnLSingleRequest, PositionsMultiRequest, RealTimeBarsRequest, RequestId,
    SecDefOptParamsRequest, SetServerLogLevelRequest, SmartComponentsRequest, StartApiRequest,
    TickByTickRequest,
};
use super::protobuf::{self, Payload};
use super::text::place_order::place_order;
use super::text::{Done, Fields, requests as text};
use super::{Dialect, frame};

numbered! {
    /// A message of a client.
    Request;
    /// quotes, streaming or once.
    1 MarketData(Box<MarketDataRequest>, req_id) = text::market_data;
    /// no more quotes.
    2 CancelMarketData(RequestId, req_id) = text::by_id_2;
    /// a new order or an amendment.
    3 PlaceOrder(Box<PlaceOrderRequest>, order_id) = place_order;
    /// cancel an order.
    4 CancelOrder(CancelOrderRequest, order_id) = text::cancel_order;
    /// account values and portfolio, on or off.
    6 AccountData(AccountDataRequest) = text::account_data;
    /// fills.
    7 Executions(Box<ExecutionRequest>, req_id) = text::executions;
    /// the next order id.
    8 Ids(IdsRequest) = text::ids;
    /// details of instruments.
    9 ContractData(Box<ContractDataRequest>, req_id) = text::contract_data;
    /// the book.
    10 MarketDepth(Box<MarketDepthRequest>, req_id) = text::market_depth;
    /// no more of the book.
    11 CancelMarketDepth(CancelMarketDepth, req_id) = text::cancel_market_depth;
    /// bulletins.
    12 NewsBulletins(NewsBulletinsRequest) = text::news_bulletins;
    /// how much the server logs.
    14 SetServerLogLevel(SetServerLogLevelRequest) = text::set_server_log_level;
    /// bind client 0 to orders made by hand.
    15 AutoOpenOrders(AutoOpenOrdersRequest) = text::auto_open_orders;
    /// bars.
    20 HistoricalData(Box<HistoricalDataRequest>, req_id) = text::historical_data;
    /// no more bars.
    25 CancelHistoricalData(RequestId, req_id) = text::by_id_1;
    /// a bar every five seconds.
    50 RealTimeBars(Box<RealTimeBarsRequest>, req_id) = text::real_time_bars;
    /// no more of them.
    51 CancelRealTimeBars(RequestId, req_id) = text::by_id_1;
    /// cancel all orders.
    58 GlobalCancel(GlobalCancelRequest) = text::global_cancel;
    /// live, frozen or delayed data.
    59 MarketDataType(MarketDataTypeRequest) = text::market_data_type;
    /// chosen account values.
    62 AccountSummary(AccountSummaryRequest, req_id) = text::account_summary;
    /// no more of them.
    63 CancelAccountSummary(RequestId, req_id) = text::by_id_1;
    /// who it is.
    71 StartApi(StartApiRequest) = text::start_api;
    /// positions of an account or model.
    74 PositionsMulti(PositionsMultiRequest, req_id) = text::positions_multi;
    /// no more of them.
    75 CancelPositionsMulti(RequestId, req_id) = text::by_id_1;
    /// values of an account or model.
    76 AccountUpdatesMulti(AccountUpdatesMultiRequest, req_id) = text::account_updates_multi;
    /// no more of them.
    77 CancelAccountUpdatesMulti(RequestId, req_id) = text::by_id_1;
    /// an option chain.
    78 SecDefOptParams(SecDefOptParamsRequest, req_id) = text::sec_def_opt_params;
    /// instruments by a part of their name.
    81 MatchingSymbols(MatchingSymbolsRequest, req_id) = text::matching_symbols;
    /// the exchanges behind the letters of a quote.
    83 SmartComponents(SmartComponentsRequest, req_id) = text::smart_components;
    /// a news article.
    84 NewsArticle(NewsArticleRequest, req_id) = text::news_article;
    /// past headlines.
    86 HistoricalNews(HistoricalNewsRequest, req_id) = text::historical_news;
    /// since when there is data.
    87 HeadTimestamp(Box<HeadTimestampRequest>, req_id) = text::head_timestamp;
    /// what has traded at each price.
    88 HistogramData(Box<HistogramDataRequest>, req_id) = text::histogram_data;
    /// no more of that.
    89 CancelHistogramData(RequestId, req_id) = text::by_id;
    /// nothing more of the first date; the Python libraries send it always.
    90 CancelHeadTimestamp(RequestId, req_id) = text::by_id;
    /// price steps.
    91 MarketRule(MarketRuleRequest) = text::market_rule;
    /// profit and loss of an account.
    92 PnL(PnLRequest, req_id) = text::pnl;
    /// no more of it.
    93 CancelPnL(RequestId, req_id) = text::by_id;
    /// profit and loss of a position.
    94 PnLSingle(PnLSingleRequest, req_id) = text::pnl_single;
    /// no more of it.
    95 CancelPnLSingle(RequestId, req_id) = text::by_id;
    /// past ticks.
    96 HistoricalTicks(Box<HistoricalTicksRequest>, req_id) = text::historical_ticks;
    /// every tick.
    97 TickByTick(Box<TickByTickRequest>, req_id) = text::tick_by_tick;
    /// no more of them.
    98 CancelTickByTick(RequestId, req_id) = text::by_id;
    /// orders that are over.
    99 CompletedOrders(CompletedOrdersRequest) = text::completed_orders;
    /// whose brand it is.
    104 UserInfo(RequestId, req_id) = text::by_id;
    without body:
    /// working orders of this client.
    5 OpenOrders ["1"];
    /// no more bulletins.
    13 CancelNewsBulletins ["1"];
    /// working orders of all clients.
    16 AllOpenOrders ["1"];
    /// the accounts.
    17 ManagedAccounts ["1"];
    /// the time in seconds.
    49 CurrentTime ["1"];
    /// positions.
    61 Positions ["1"];
    /// no more of them.
    64 CancelPositions ["1"];
    /// exchanges that have a book.
    82 MarketDepthExchanges [];
    /// who sells news.
    85 NewsProviders [];
    /// the time in milliseconds.
    105 CurrentTimeInMillis [];
}
