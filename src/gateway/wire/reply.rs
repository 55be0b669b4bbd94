//! Everything the server can answer.

use super::error::{Malformed, Problem};
use super::message::numbered;
use super::model::{
    AccountDataEnd, AccountSummary, AccountUpdateMulti, AccountUpdateTime, AccountValue,
    CommissionAndFeesReport, CompletedOrder, ContractData, CurrentTime, CurrentTimeInMillis, ErrorMessage,
    ExecutionDetails, FamilyCodes, HeadTimestamp, HistogramData, HistoricalData, HistoricalDataEnd,
    HistoricalDataUpdate, HistoricalNews, HistoricalNewsEnd, HistoricalSchedule, HistoricalTicks,
    HistoricalTicksBidAsk, HistoricalTicksLast, ManagedAccounts, MarketDataType, MarketDepth,
    MarketDepthExchanges, MarketRule, NewsArticle, NewsBulletin, NewsProviders, NextValidId, OpenOrder,
    OrderBound, OrderStatus, PnL, PnLSingle, PortfolioValue, Position, PositionMulti, RealTimeBarTick,
    RequestId, RerouteRequest, SecDefOptParameter, SmartComponents, SoftDollarTiers, SymbolSamples,
    TickByTickData, TickGeneric, TickNews, TickOptionComputation, TickPrice, TickReqParams, TickSize,
    TickString, UserInfo,
};
use super::protobuf::{self, Payload};
use super::text::open_order::{completed_order, open_order};
use super::text::requests::{by_id, by_id_1};
use super::text::{Done, Fields, account, market, reference};
use super::{Dialect, frame};

/// Bars, and from when to when they are. Text has both in one message; protobuf has two, and what
/// reads them gets `end` as [`Reply::HistoricalDataEnd`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The bars.
    pub data: HistoricalData,
    /// From when to when; its `req_id` is that of the bars.
    pub end: Option<HistoricalDataEnd>,
}

impl History {
    /// The number of the message that carries the end in protobuf.
    pub(super) const END: u32 = 108;
}

/// Replies that are not listed have no request id that anybody would need.
const fn id_of_unknown(_number: u32) -> Option<usize> {
    None
}

numbered! {
    /// A message of the server.
    Reply;
    /// a price, with the size beside it.
    1 TickPrice(TickPrice, req_id) = market::tick_price;
    /// a size.
    2 TickSize(TickSize, req_id) = market::tick_size;
    /// the status of an order.
    3 OrderStatus(Box<OrderStatus>, order_id) = account::order_status;
    /// an error or a notice.
    4 Error(ErrorMessage, id) = account::error_message;
    /// an order.
    5 OpenOrder(Box<OpenOrder>, order_id) = open_order;
    /// a value of an account.
    6 AccountValue(AccountValue) = account::account_value;
    /// a position and what it is worth.
    7 PortfolioValue(Box<PortfolioValue>) = account::portfolio_value;
    /// when the values were told.
    8 AccountUpdateTime(AccountUpdateTime) = account::account_update_time;
    /// the next order id.
    9 NextValidId(NextValidId) = account::next_valid_id;
    /// details of an instrument.
    10 ContractData(Box<ContractData>, req_id) = reference::contract_data;
    /// a fill.
    11 ExecutionDetails(Box<ExecutionDetails>, req_id) = account::execution_details;
    /// a row of the book.
    12 MarketDepth(MarketDepth, req_id) = market::market_depth;
    /// a row of the book with its market maker.
    13 MarketDepthL2(MarketDepth, req_id) = market::market_depth_l2;
    /// a bulletin.
    14 NewsBulletin(NewsBulletin) = reference::news_bulletin;
    /// the accounts.
    15 ManagedAccounts(ManagedAccounts) = account::managed_accounts;
    /// bars.
    17 HistoricalData(History) = market::historical_data;
    /// greeks.
    21 TickOptionComputation(TickOptionComputation, req_id) = market::tick_option_computation;
    /// a number that is no price.
    45 TickGeneric(TickGeneric, req_id) = market::tick_generic;
    /// a text.
    46 TickString(TickString, req_id) = market::tick_string;
    /// the time in seconds.
    49 CurrentTime(CurrentTime) = account::current_time;
    /// five seconds.
    50 RealTimeBar(Box<RealTimeBarTick>, req_id) = market::real_time_bar;
    /// those were all instruments.
    52 ContractDataEnd(RequestId, req_id) = by_id_1;
    /// that was all of the account.
    54 AccountDataEnd(AccountDataEnd) = account::account_data_end;
    /// those were all fills.
    55 ExecutionDetailsEnd(RequestId, req_id) = by_id_1;
    /// that was the quote.
    57 TickSnapshotEnd(RequestId, req_id) = by_id_1;
    /// live, frozen or delayed.
    58 MarketDataType(MarketDataType, req_id) = market::market_data_type;
    /// what a fill cost.
    59 CommissionReport(CommissionAndFeesReport) = account::commission_report;
    /// a position.
    61 Position(Box<Position>) = account::position;
    /// a chosen account value.
    63 AccountSummary(AccountSummary, req_id) = account::account_summary;
    /// those were all.
    64 AccountSummaryEnd(RequestId, req_id) = by_id_1;
    /// a position of an account or model.
    71 PositionMulti(Box<PositionMulti>, req_id) = account::position_multi;
    /// those were all.
    72 PositionMultiEnd(RequestId, req_id) = by_id_1;
    /// a value of an account or model.
    73 AccountUpdateMulti(AccountUpdateMulti, req_id) = account::account_update_multi;
    /// those were all.
    74 AccountUpdateMultiEnd(RequestId, req_id) = by_id_1;
    /// an option class.
    75 SecDefOptParameter(Box<SecDefOptParameter>, req_id) = reference::sec_def_opt_parameter;
    /// those were all.
    76 SecDefOptParameterEnd(RequestId, req_id) = by_id;
    /// soft dollar tiers.
    77 SoftDollarTiers(SoftDollarTiers, req_id) = reference::soft_dollar_tiers;
    /// families of accounts.
    78 FamilyCodes(FamilyCodes) = account::family_codes;
    /// instruments that match.
    79 SymbolSamples(SymbolSamples, req_id) = reference::symbol_samples;
    /// exchanges that have a book.
    80 MarketDepthExchanges(MarketDepthExchanges) = reference::market_depth_exchanges;
    /// the step of a price.
    81 TickReqParams(TickReqParams, req_id) = market::tick_req_params;
    /// the exchanges behind the letters of a quote.
    82 SmartComponents(SmartComponents, req_id) = reference::smart_components;
    /// a news article.
    83 NewsArticle(NewsArticle, req_id) = reference::news_article;
    /// a headline.
    84 TickNews(TickNews, req_id) = reference::tick_news;
    /// who sells news.
    85 NewsProviders(NewsProviders) = reference::news_providers;
    /// a past headline.
    86 HistoricalNews(HistoricalNews, req_id) = reference::historical_news;
    /// those were all.
    87 HistoricalNewsEnd(HistoricalNewsEnd, req_id) = reference::historical_news_end;
    /// since when there is data.
    88 HeadTimestamp(HeadTimestamp, req_id) = market::head_timestamp;
    /// what has traded at each price.
    89 HistogramData(HistogramData, req_id) = market::histogram_data;
    /// the last bar or the next one.
    90 HistoricalDataUpdate(Box<HistoricalDataUpdate>, req_id) = market::historical_data_update;
    /// ask for quotes of this instrument instead.
    91 RerouteMarketData(RerouteRequest, req_id) = market::reroute;
    /// ask for the book of this instrument instead.
    92 RerouteMarketDepth(RerouteRequest, req_id) = market::reroute;
    /// price steps.
    93 MarketRule(MarketRule) = reference::market_rule;
    /// profit and loss of an account.
    94 PnL(PnL, req_id) = account::pnl;
    /// profit and loss of a position.
    95 PnLSingle(PnLSingle, req_id) = account::pnl_single;
    /// past midpoints.
    96 HistoricalTicks(HistoricalTicks, req_id) = market::historical_ticks;
    /// past quotes.
    97 HistoricalTicksBidAsk(HistoricalTicksBidAsk, req_id) = market::historical_ticks_bid_ask;
    /// past trades.
    98 HistoricalTicksLast(HistoricalTicksLast, req_id) = market::historical_ticks_last;
    /// a tick.
    99 TickByTick(Box<TickByTickData>, req_id) = market::tick_by_tick;
    /// an order got an order id of this client.
    100 OrderBound(OrderBound, order_id) = account::order_bound;
    /// an order that is over.
    101 CompletedOrder(Box<CompletedOrder>) = completed_order;
    /// sessions.
    106 HistoricalSchedule(HistoricalSchedule, req_id) = market::historical_schedule;
    /// whose brand it is.
    107 UserInfo(UserInfo, req_id) = account::user_info;
    /// from when to when bars are; text has it in 17.
    108 HistoricalDataEnd(HistoricalDataEnd, req_id) = market::historical_data_end;
    /// the time in milliseconds.
    109 CurrentTimeInMillis(CurrentTimeInMillis) = account::current_time_in_millis;
    without body:
    /// those were all working orders.
    53 OpenOrderEnd ["1"];
    /// those were all positions.
    62 PositionEnd ["1"];
    /// those were all orders that are over.
    102 CompletedOrdersEnd [];
}
