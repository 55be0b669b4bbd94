//! Quotes and prints as ticks of the TWS API.
//!
//! What clients make of them decides the details (`tws-wire.md`, section 6): `ib_async` takes a side of
//! size 0 for one without a price, and stops at a tick of a type that it does not know; a last price
//! comes before its size.

use crate::domain::{Decimal, Price, Qty, Quote, Time, Trade};
use crate::gateway::core::words;
use crate::gateway::wire::{Reply, model};

/// The price of a side where nobody is.
const NOBODY: f64 = -1.0;

/// The numbers of the ticks that tell a quote.
pub struct Kinds {
    bid: i32,
    ask: i32,
    last: i32,
    bid_size: i32,
    ask_size: i32,
    last_size: i32,
    high: i32,
    low: i32,
    open: i32,
    close: i32,
    volume: i32,
    last_time: i32,
}

/// Of live and frozen data.
pub const LIVE: Kinds = Kinds {
    bid: 1,
    ask: 2,
    last: 4,
    bid_size: 0,
    ask_size: 3,
    last_size: 5,
    high: 6,
    low: 7,
    open: 14,
    close: 9,
    volume: 8,
    last_time: 45,
};

/// Of delayed data.
pub const DELAYED: Kinds = Kinds {
    bid: 66,
    ask: 67,
    last: 68,
    bid_size: 69,
    ask_size: 70,
    last_size: 71,
    high: 72,
    low: 73,
    open: 76,
    close: 75,
    volume: 74,
    last_time: 88,
};

/// The tick that tells a print with the volume of the day.
const PRINT_WITH_VOLUME: i32 = 48;

/// What has changed of a quote since it was told.
///
/// The time of the last trade is told with trades that are seen to happen: of an older one nobody knows.
pub fn changes(req_id: i32, kinds: &Kinds, lot: Qty, told: Option<&Quote>, quote: &Quote) -> Vec<Reply> {
    let was = told.copied().unwrap_or_default();
    let mut ticks = Ticks { req_id, told: Vec::new() };
    let of_bid = |quote: &Quote| side(quote.bid, quote.bid_size, lot);
    let of_ask = |quote: &Quote| side(quote.ask, quote.ask_size, lot);
    ticks.side((kinds.bid, kinds.bid_size), of_bid(&was), of_bid(quote));
    ticks.side((kinds.ask, kinds.ask_size), of_ask(&was), of_ask(quote));

    let has_traded = (was.last, was.last_size) != (quote.last, quote.last_size) || quote.volume > was.volume;
    if let Some(last) = quote.last.filter(|_| has_traded) {
        if was.last == Some(last) {
            ticks.size(kinds.last_size, quote.last_size);
        } else {
            ticks.price(kinds.last, words::double(last.0), quote.last_size);
        }
        if told.is_some() {
            ticks.text(kinds.last_time, quote.time.seconds().to_string());
        }
    }
    if was.volume != quote.volume {
        ticks.size(kinds.volume, quote.volume);
    }
    let of_day = [
        (kinds.open, was.open, quote.open),
        (kinds.high, was.high, quote.high),
        (kinds.low, was.low, quote.low),
        (kinds.close, was.prev_close, quote.prev_close),
    ];
    for (kind, was, price) in of_day {
        if let Some(price) = price.filter(|price| was != Some(*price)) {
            ticks.price(kind, words::double(price.0), Qty::ZERO);
        }
    }
    ticks.told
}

/// A side's price and size: where somebody is there, that is a lot at least.
fn side(price: Option<Price>, size: Qty, lot: Qty) -> Option<(Price, Qty)> {
    price.map(|price| (price, if size.is_zero() { lot } else { size }))
}

struct Ticks {
    req_id: i32,
    told: Vec<Reply>,
}

impl Ticks {
    fn side(
        &mut self,
        (price_kind, size_kind): (i32, i32),
        was: Option<(Price, Qty)>,
        is: Option<(Price, Qty)>,
    ) {
        match (was, is) {
            (was, is) if was == is => {}
            (Some((was, _)), Some((price, size))) if was == price => self.size(size_kind, size),
            (_, Some((price, size))) => self.price(price_kind, words::double(price.0), size),
            (_, None) => self.price(price_kind, NOBODY, Qty::ZERO),
        }
    }

    fn price(&mut self, kind: i32, price: f64, size: Qty) {
        self.told.push(Reply::TickPrice(model::TickPrice {
            req_id: Some(self.req_id),
            tick_type: Some(kind),
            price: Some(price),
            size: Some(words::size(size)),
            attr_mask: Some(0),
        }));
    }

    fn size(&mut self, kind: i32, size: Qty) {
        self.told.push(Reply::TickSize(model::TickSize {
            req_id: Some(self.req_id),
            tick_type: Some(kind),
            size: Some(words::size(size)),
        }));
    }

    fn text(&mut self, kind: i32, value: String) {
        self.told.push(text(self.req_id, kind, value));
    }
}

fn text(req_id: i32, kind: i32, value: String) -> Reply {
    Reply::TickString(model::TickString { req_id: Some(req_id), tick_type: Some(kind), value: Some(value) })
}

/// A print as `price;size;milliseconds;volume;average;single`. What nobody knows is left empty: the
/// volume of the day where there is no quote, its average price always.
pub fn print_with_volume(req_id: i32, trade: &Trade, volume: Option<Decimal>) -> Reply {
    let price = words::decimal(trade.price.0);
    let size = words::size(trade.quantity);
    let millis = trade.time.0.div_euclid(1_000_000);
    let known = volume.filter(|volume| !volume.is_sign_negative());
    let volume = known.map(words::decimal).unwrap_or_default();
    text(req_id, PRINT_WITH_VOLUME, format!("{price};{size};{millis};{volume};;true"))
}

/// A print: type 1, or 2 where all of them were asked for. Here both are the same.
pub fn last(req_id: i32, tick_type: i32, trade: &Trade, exchange: &str) -> Reply {
    let last = print(trade, exchange);
    tick(req_id, tick_type, |tick| tick.historical_tick_last = Some(last))
}

/// A print, as live and past ones are told.
pub fn print(trade: &Trade, exchange: &str) -> model::HistoricalTickLast {
    model::HistoricalTickLast {
        time: Some(trade.time.seconds()),
        tick_attrib_last: Some(model::TickAttribLast::default()),
        price: Some(words::double(trade.price.0)),
        size: Some(words::size(trade.quantity)),
        exchange: Some(exchange.to_owned()),
        special_conditions: Some(String::new()),
    }
}

/// A quote, with -1 and 0 on a side where nobody is.
pub fn bid_ask(req_id: i32, quote: &Quote) -> Reply {
    let of_side = |price: Option<Price>, size: Qty| match price {
        Some(price) => (Some(words::double(price.0)), Some(words::size(size))),
        None => (Some(NOBODY), Some(words::size(Qty::ZERO))),
    };
    let (price_bid, size_bid) = of_side(quote.bid, quote.bid_size);
    let (price_ask, size_ask) = of_side(quote.ask, quote.ask_size);
    let bid_ask = model::HistoricalTickBidAsk {
        time: Some(quote.time.seconds()),
        tick_attrib_bid_ask: Some(model::TickAttribBidAsk::default()),
        price_bid,
        price_ask,
        size_bid,
        size_ask,
    };
    tick(req_id, 3, |tick| tick.historical_tick_bid_ask = Some(bid_ask))
}

/// The middle of a quote.
pub fn mid_point(req_id: i32, time: Time, mid: Price) -> Reply {
    let mid = model::HistoricalTick {
        time: Some(time.seconds()),
        price: Some(words::double(mid.0)),
        size: Some(words::size(Qty::ZERO)),
    };
    tick(req_id, 4, |tick| tick.historical_tick_mid_point = Some(mid))
}

fn tick(req_id: i32, tick_type: i32, fill: impl FnOnce(&mut model::TickByTickData)) -> Reply {
    let mut tick = model::TickByTickData {
        req_id: Some(req_id),
        tick_type: Some(tick_type),
        ..model::TickByTickData::default()
    };
    fill(&mut tick);
    Reply::TickByTick(Box::new(tick))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "a quote may lack it")]
    fn price(cents: i64) -> Option<Price> {
        Some(Price(Decimal::new(cents, 2)))
    }

    fn qty(quantity: i64) -> Qty {
        Qty(Decimal::from(quantity))
    }

    fn quote() -> Quote {
        Quote {
            bid: price(18_999),
            bid_size: qty(300),
            ask: price(19_001),
            ask_size: qty(200),
            last: price(19_000),
            last_size: qty(10),
            volume: qty(5_000),
            prev_close: price(18_800),
            open: price(18_850),
            high: price(19_050),
            low: price(18_700),
            is_open: true,
            time: Time::from_seconds(1_000),
        }
    }

    /// Type, and what it says.
    fn told(was: Option<&Quote>, is: &Quote) -> Vec<String> {
        let said = |reply: Reply| match reply {
            Reply::TickPrice(tick) => {
                format!("{} {} x {}", tick.tick_type(), tick.price(), tick.size())
            }
            Reply::TickSize(tick) => format!("{} x {}", tick.tick_type(), tick.size()),
            Reply::TickString(tick) => format!("{} {}", tick.tick_type(), tick.value()),
            other => format!("{other:?}"),
        };
        changes(1, &LIVE, qty(1), was, is).into_iter().map(said).collect()
    }

    #[test]
    fn the_first_telling_is_the_whole_quote() {
        let whole = [
            "1 189.99 x 300",
            "2 190.01 x 200",
            "4 190 x 10",
            "8 x 5000",
            "14 188.5 x 0",
            "6 190.5 x 0",
            "7 187 x 0",
            "9 188 x 0",
        ];
        assert_eq!(told(None, &quote()), whole);
        assert_eq!(told(Some(&quote()), &quote()), [""; 0]);
        assert_eq!(told(None, &Quote::default()), [""; 0]);
    }

    #[test]
    fn only_what_has_changed_is_told_again() {
        let was = quote();
        assert_eq!(told(Some(&was), &Quote { bid_size: qty(100), ..was }), ["0 x 100"]);
        assert_eq!(told(Some(&was), &Quote { ask: price(19_002), ..was }), ["2 190.02 x 200"]);
        let traded = Quote { volume: qty(5_010), time: Time::from_seconds(1_001), ..was };
        assert_eq!(told(Some(&was), &traded), ["5 x 10", "45 1001", "8 x 5010"]);
        let traded = Quote { last: price(19_001), last_size: qty(3), ..traded };
        assert_eq!(told(Some(&was), &traded), ["4 190.01 x 3", "45 1001", "8 x 5010"]);
        let next_day = Quote { volume: Qty::ZERO, prev_close: price(19_000), ..was };
        assert_eq!(told(Some(&was), &next_day), ["8 x 0", "9 190 x 0"], "nothing has traded");
    }

    #[test]
    fn a_side_that_goes_away_has_no_price_and_one_that_is_there_a_size() {
        let was = quote();
        assert_eq!(told(Some(&was), &Quote { bid: None, bid_size: Qty::ZERO, ..was }), ["1 -1 x 0"]);
        assert_eq!(told(Some(&was), &Quote { bid_size: Qty::ZERO, ..was }), ["0 x 1"]);
    }

    #[test]
    fn delayed_ticks_have_numbers_of_their_own() {
        let number = |reply: Reply| match reply {
            Reply::TickPrice(tick) => tick.tick_type(),
            Reply::TickSize(tick) => tick.tick_type(),
            Reply::TickString(tick) => tick.tick_type(),
            other => panic!("{other:?}"),
        };
        let was = Quote { last: None, ..quote() };
        let first: Vec<i32> = changes(1, &DELAYED, qty(1), None, &was).into_iter().map(number).collect();
        assert_eq!(first, [66, 67, 74, 76, 72, 73, 75]);
        let then: Vec<i32> =
            changes(1, &DELAYED, qty(1), Some(&was), &quote()).into_iter().map(number).collect();
        assert_eq!(then, [68, 88]);
        let sizes = Quote { bid_size: qty(1), ask_size: qty(2), volume: qty(6_000), ..quote() };
        let then: Vec<i32> =
            changes(1, &DELAYED, qty(1), Some(&quote()), &sizes).into_iter().map(number).collect();
        assert_eq!(then, [69, 70, 71, 88, 74]);
    }

    #[test]
    fn a_print_with_the_volume_of_the_day_says_what_is_known() {
        let trade = Trade {
            time: Time::from_millis(1_348_075_471_534),
            price: Price(Decimal::new(70_128, 2)),
            quantity: qty(1),
            aggressor: None,
        };
        let told = |volume| match print_with_volume(7, &trade, volume) {
            Reply::TickString(tick) => tick.value().to_owned(),
            other => panic!("{other:?}"),
        };
        assert_eq!(told(Some(Decimal::from(67_854))), "701.28;1;1348075471534;67854;;true");
        assert_eq!(told(None), "701.28;1;1348075471534;;;true");
        assert_eq!(told(Some(Decimal::from(-5))), "701.28;1;1348075471534;;;true");
    }
}
