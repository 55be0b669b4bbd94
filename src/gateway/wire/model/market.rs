//! Market data.

messages! {
    /// 1, a price, with the size beside it.
    TickPrice {
        1 req_id: int32,
        2 tick_type: int32,
        3 price: double,
        4 size: string,
        5 attr_mask: int32,
    }

    /// 2, a size.
    TickSize {
        1 req_id: int32,
        2 tick_type: int32,
        3 size: string,
    }

    /// 21, greeks.
    TickOptionComputation {
        1 req_id: int32,
        2 tick_type: int32,
        3 tick_attrib: int32,
        4 implied_vol: double,
        5 delta: double,
        6 opt_price: double,
        7 pv_dividend: double,
        8 gamma: double,
        9 vega: double,
        10 theta: double,
        11 und_price: double,
    }

    /// 45, a number that is no price, e.g. 49, halted.
    TickGeneric {
        1 req_id: int32,
        2 tick_type: int32,
        3 value: double,
    }

    /// 46, a text, e.g. 45, time of the last trade in epoch seconds.
    TickString {
        1 req_id: int32,
        2 tick_type: int32,
        3 value: string,
    }

    /// 58, which data now comes: 1 live, 2 frozen, 3 delayed, 4 delayed and frozen.
    MarketDataType {
        1 req_id: int32,
        2 market_data_type: int32,
    }

    /// 81, the step of a price, and where the quote comes from.
    TickReqParams {
        1 req_id: int32,
        2 min_tick: string,
        3 bbo_exchange: string,
        4 snapshot_permissions: int32,
    }

    /// A row of the book: `operation` 0 inserts, 1 updates, 2 deletes; `side` 0 is ask, 1 bid.
    MarketDepthData {
        1 position: int32,
        2 operation: int32,
        3 side: int32,
        4 price: double,
        5 size: string,
        6 market_maker: string,
        7 is_smart_depth: bool,
    }

    /// 12 and 13, a row of the book; 13 has the market maker.
    MarketDepth {
        1 req_id: int32,
        2 market_depth_data: message MarketDepthData,
    }

    /// A bar. `date` is `YYYYMMDD` for daily bars, else epoch seconds or `YYYYMMDD HH:MM:SS <zone>`.
    HistoricalDataBar {
        1 date: string,
        2 open: double,
        3 high: double,
        4 low: double,
        5 close: double,
        6 volume: string,
        7 wap: string,
        8 bar_count: int32,
    }

    /// 17, bars.
    HistoricalData [many 2 historical_data_bars: message HistoricalDataBar] {
        1 req_id: int32,
    }

    /// 108, the bars were all, from when to when: `YYYYMMDD HH:MM:SS <IANA zone>`.
    HistoricalDataEnd {
        1 req_id: int32,
        2 start_date_str: string,
        3 end_date_str: string,
    }

    /// 90, the last bar, as it now is, or the next one.
    HistoricalDataUpdate {
        1 req_id: int32,
        2 historical_data_bar: message HistoricalDataBar,
    }

    /// A session of a schedule.
    HistoricalSession {
        1 start_date_time: string,
        2 end_date_time: string,
        3 ref_date: string,
    }

    /// 106, sessions.
    HistoricalSchedule [many 5 historical_sessions: message HistoricalSession] {
        1 req_id: int32,
        2 start_date_time: string,
        3 end_date_time: string,
        4 time_zone: string,
    }

    /// 88, since when there is data.
    HeadTimestamp {
        1 req_id: int32,
        2 head_timestamp: string,
    }

    /// What has traded at a price.
    HistogramDataEntry {
        1 price: double,
        2 size: string,
    }

    /// 89, what has traded at each price.
    HistogramData [many 2 histogram_data_entries: message HistogramDataEntry] {
        1 req_id: int32,
    }

    /// 50, five seconds.
    RealTimeBarTick {
        1 req_id: int32,
        2 time: int64,
        3 open: double,
        4 high: double,
        5 low: double,
        6 close: double,
        7 volume: string,
        8 wap: string,
        9 count: int32,
    }

    /// What is special about a trade.
    TickAttribLast {
        1 past_limit: bool,
        2 unreported: bool,
    }

    /// What is special about a quote.
    TickAttribBidAsk {
        1 bid_past_low: bool,
        2 ask_past_high: bool,
    }

    /// A midpoint; `time` is in epoch seconds.
    HistoricalTick {
        1 time: int64,
        2 price: double,
        3 size: string,
    }

    /// A quote.
    HistoricalTickBidAsk {
        1 time: int64,
        2 tick_attrib_bid_ask: message TickAttribBidAsk,
        3 price_bid: double,
        4 price_ask: double,
        5 size_bid: string,
        6 size_ask: string,
    }

    /// A trade.
    HistoricalTickLast {
        1 time: int64,
        2 tick_attrib_last: message TickAttribLast,
        3 price: double,
        4 size: string,
        5 exchange: string,
        6 special_conditions: string,
    }

    /// 96, past midpoints.
    HistoricalTicks [many 2 historical_ticks: message HistoricalTick] {
        1 req_id: int32,
        3 is_done: bool,
    }

    /// 97, past quotes.
    HistoricalTicksBidAsk [many 2 historical_ticks_bid_ask: message HistoricalTickBidAsk] {
        1 req_id: int32,
        3 is_done: bool,
    }

    /// 98, past trades.
    HistoricalTicksLast [many 2 historical_ticks_last: message HistoricalTickLast] {
        1 req_id: int32,
        3 is_done: bool,
    }

    /// 99, a tick: one of the three, by `tick_type` (1 last, 2 all last, 3 bid and ask, 4 midpoint).
    TickByTickData {
        1 req_id: int32,
        2 tick_type: int32,
        3 historical_tick_last: message HistoricalTickLast,
        4 historical_tick_bid_ask: message HistoricalTickBidAsk,
        5 historical_tick_mid_point: message HistoricalTick,
    }

    /// 91 and 92, ask for this instrument instead.
    RerouteRequest {
        1 req_id: int32,
        2 con_id: int32,
        3 exchange: string,
    }
}
