//! Market data.

use super::{Done, Fields, size, size_or_zero, zero};
use crate::gateway::wire::model::{
    HeadTimestamp, HistogramData, HistoricalDataBar, HistoricalDataEnd, HistoricalDataUpdate,
    HistoricalSchedule, HistoricalTick, HistoricalTickBidAsk, HistoricalTickLast, HistoricalTicks,
    HistoricalTicksBidAsk, HistoricalTicksLast, MarketDataType, MarketDepth, RealTimeBarTick, RerouteRequest,
    TickAttribBidAsk, TickAttribLast, TickByTickData, TickGeneric, TickOptionComputation, TickPrice,
    TickReqParams, TickSize, TickString,
};
use crate::gateway::wire::reply::History;

layouts! {
    tick_price(TickPrice) ver 6: req_id, tick_type, price, size as size, attr_mask as zero;
    tick_size(TickSize) ver 6: req_id, tick_type, size as size;
    tick_generic(TickGeneric) ver 6: req_id, tick_type, value;
    tick_string(TickString) ver 6: req_id, tick_type, value;
    tick_option_computation(TickOptionComputation): req_id, tick_type, tick_attrib as zero,
        implied_vol as minus_one, delta as minus_two, opt_price as minus_one, pv_dividend as minus_one,
        gamma as minus_two, vega as minus_two, theta as minus_two, und_price as minus_one;
    market_data_type(MarketDataType) ver 1: req_id, market_data_type;
    tick_req_params(TickReqParams): req_id, min_tick as size, bbo_exchange, snapshot_permissions;
    reroute(RerouteRequest): req_id, con_id, exchange;

    historical_data_end(HistoricalDataEnd): req_id, start_date_str, end_date_str;
    head_timestamp(HeadTimestamp): req_id, head_timestamp;
    real_time_bar(RealTimeBarTick) ver 3: req_id, time, open as zero, high as zero, low as zero,
        close as zero, volume as size_or_zero, wap as size_or_zero, count as zero;
}

/// Greeks that are unknown, as TWS writes them: −1 for what cannot be negative …
fn minus_one(t: &mut Fields, name: &'static str, slot: &mut Option<f64>) -> Done {
    t.value_or(name, slot, "-1")
}

/// … and −2 for what lies between −1 and 1.
fn minus_two(t: &mut Fields, name: &'static str, slot: &mut Option<f64>) -> Done {
    t.value_or(name, slot, "-2")
}

/// 12, a row of the book.
pub fn market_depth(t: &mut Fields, m: &mut MarketDepth) -> Done {
    t.constant("version", "1")?;
    fields!(t, m => req_id);
    let row = m.market_depth_data.get_or_insert_default();
    fields!(t, row => position, operation, side, price, size as size);
    Ok(())
}

/// 13, a row of the book with its market maker.
pub fn market_depth_l2(t: &mut Fields, m: &mut MarketDepth) -> Done {
    t.constant("version", "1")?;
    fields!(t, m => req_id);
    let row = m.market_depth_data.get_or_insert_default();
    fields!(t, row => position, market_maker, operation, side, price, size as size, is_smart_depth);
    Ok(())
}

/// 17, bars with the time from when to when they are, which protobuf tells in a message of its own.
pub fn historical_data(t: &mut Fields, m: &mut History) -> Done {
    fields!(t, m.data => req_id);
    let end = m.end.get_or_insert_default();
    if t.is_reading() {
        end.req_id = m.data.req_id;
    }
    fields!(t, end => start_date_str, end_date_str);
    t.list("historical_data_bars", &mut m.data.historical_data_bars, |t, bar| {
        fields!(t, bar => date, open as zero, high as zero, low as zero, close as zero,
            volume as size_or_zero, wap as size_or_zero, bar_count as zero);
        Ok(())
    })
}

/// 90, which has its own order of fields.
pub fn historical_data_update(t: &mut Fields, m: &mut HistoricalDataUpdate) -> Done {
    fields!(t, m => req_id);
    let bar: &mut HistoricalDataBar = m.historical_data_bar.get_or_insert_default();
    fields!(t, bar => bar_count, date, open, close, high, low, wap as size, volume as size);
    Ok(())
}

/// 89, what has traded at each price.
pub fn histogram_data(t: &mut Fields, m: &mut HistogramData) -> Done {
    fields!(t, m => req_id);
    t.list("histogram_data_entries", &mut m.histogram_data_entries, |t, entry| {
        fields!(t, entry => price as zero, size as size_or_zero);
        Ok(())
    })
}

pub fn historical_schedule(t: &mut Fields, m: &mut HistoricalSchedule) -> Done {
    fields!(t, m => req_id, start_date_time, end_date_time, time_zone);
    t.list("historical_sessions", &mut m.historical_sessions, |t, session| {
        fields!(t, session => start_date_time, end_date_time, ref_date);
        Ok(())
    })
}

/// 96, midpoints; they have a field for attributes, which they have none of.
pub fn historical_ticks(t: &mut Fields, m: &mut HistoricalTicks) -> Done {
    fields!(t, m => req_id);
    t.list("historical_ticks", &mut m.historical_ticks, |t, tick| {
        fields!(t, tick => time as zero);
        t.constant("attributes", "0")?;
        fields!(t, tick => price as zero, size as size_or_zero);
        Ok(())
    })?;
    fields!(t, m => is_done);
    Ok(())
}

/// 97, quotes.
pub fn historical_ticks_bid_ask(t: &mut Fields, m: &mut HistoricalTicksBidAsk) -> Done {
    fields!(t, m => req_id);
    t.list("historical_ticks_bid_ask", &mut m.historical_ticks_bid_ask, |t, tick| {
        fields!(t, tick => time as zero, tick_attrib_bid_ask as past_ask_bid, price_bid as zero,
            price_ask as zero, size_bid as size_or_zero, size_ask as size_or_zero);
        Ok(())
    })?;
    fields!(t, m => is_done);
    Ok(())
}

/// 98, trades.
pub fn historical_ticks_last(t: &mut Fields, m: &mut HistoricalTicksLast) -> Done {
    fields!(t, m => req_id);
    t.list("historical_ticks_last", &mut m.historical_ticks_last, |t, tick| {
        fields!(t, tick => time as zero, tick_attrib_last as last_attributes, price as zero,
            size as size_or_zero, exchange, special_conditions);
        Ok(())
    })?;
    fields!(t, m => is_done);
    Ok(())
}

/// 99, whose type says what follows.
pub fn tick_by_tick(t: &mut Fields, m: &mut TickByTickData) -> Done {
    if !t.is_reading() && !matches!(m.tick_type, Some(1..=4)) {
        m.tick_type = Some(match m {
            TickByTickData { historical_tick_bid_ask: Some(_), .. } => 3,
            TickByTickData { historical_tick_mid_point: Some(_), .. } => 4,
            _ => 1,
        });
    }
    fields!(t, m => req_id, tick_type);
    match m.tick_type {
        Some(1 | 2) => {
            let tick: &mut HistoricalTickLast = m.historical_tick_last.get_or_insert_default();
            fields!(t, tick => time as zero, price as zero, size as size_or_zero,
                tick_attrib_last as last_attributes, exchange, special_conditions);
        }
        Some(3) => {
            let tick: &mut HistoricalTickBidAsk = m.historical_tick_bid_ask.get_or_insert_default();
            fields!(t, tick => time as zero, price_bid as zero, price_ask as zero, size_bid as size_or_zero,
                size_ask as size_or_zero, tick_attrib_bid_ask as past_bid_ask);
        }
        Some(4) => {
            let tick: &mut HistoricalTick = m.historical_tick_mid_point.get_or_insert_default();
            fields!(t, tick => time as zero, price as zero);
        }
        other => return Err(t.refuse("tick_type", "a type from 1 to 4", other)),
    }
    Ok(())
}

/// Two flags in one number: 1 and 2.
fn flags(t: &mut Fields, name: &'static str, one: &mut Option<bool>, two: &mut Option<bool>) -> Done {
    let mut mask = Some(i32::from(*one == Some(true)) | i32::from(*two == Some(true)) << 1);
    t.value(name, &mut mask)?;
    let mask = mask.unwrap_or_default();
    (*one, *two) = (Some(mask & 1 != 0), Some(mask & 2 != 0));
    Ok(())
}

fn last_attributes(t: &mut Fields, name: &'static str, slot: &mut Option<TickAttribLast>) -> Done {
    let TickAttribLast { past_limit, unreported } = slot.get_or_insert_default();
    flags(t, name, past_limit, unreported)
}

/// Of a live quote: the bid's flag is the lower bit …
fn past_bid_ask(t: &mut Fields, name: &'static str, slot: &mut Option<TickAttribBidAsk>) -> Done {
    let TickAttribBidAsk { bid_past_low, ask_past_high } = slot.get_or_insert_default();
    flags(t, name, bid_past_low, ask_past_high)
}

/// … of a past one the ask's.
fn past_ask_bid(t: &mut Fields, name: &'static str, slot: &mut Option<TickAttribBidAsk>) -> Done {
    let TickAttribBidAsk { bid_past_low, ask_past_high } = slot.get_or_insert_default();
    flags(t, name, ask_past_high, bid_past_low)
}
