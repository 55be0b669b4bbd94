//! Ticks as TWS sends them, and what is told of them.

use ibapi::market_data::realtime::{
    TickAttribute, TickGeneric, TickPrice, TickPriceSize, TickSize, TickString, TradeAttribute,
};

use super::*;
use crate::broker::ibkr::listed::tests::{pair, share};
use crate::domain::time::SECOND;
use crate::domain::{Decimal, Price};

const NOW: Time = Time(1_795_186_800 * SECOND);
const ID: InstrumentId = InstrumentId(0);

fn listing() -> Listing {
    Listing::new([share(0, "AAPL", 265_598), share(1, "MSFT", 272_093)])
}

fn quotes() -> Quotes {
    let mut quotes = Quotes::new(NOW);
    quotes.begin(ID, &listing());
    quotes
}

fn px(text: &str) -> Option<Price> {
    text.parse().ok().map(Price)
}

fn qty(number: i64) -> Qty {
    Qty(Decimal::from(number))
}

fn at(kind: TickType, price: f64, size: f64) -> TickTypes {
    TickTypes::PriceSize(TickPriceSize {
        price_tick_type: kind,
        price,
        size,
        attributes: TickAttribute::default(),
        size_tick_type: TickType::Unknown,
    })
}

fn number(kind: TickType, price: f64) -> TickTypes {
    TickTypes::Price(TickPrice { tick_type: kind, price, attributes: TickAttribute::default() })
}

fn size(kind: TickType, size: f64) -> TickTypes {
    TickTypes::Size(TickSize { tick_type: kind, size })
}

fn text(kind: TickType, value: &str) -> TickTypes {
    TickTypes::String(TickString { tick_type: kind, value: value.to_owned() })
}

impl Quotes {
    fn takes(&mut self, ticks: impl IntoIterator<Item = TickTypes>) -> Vec<BrokerEvent> {
        ticks.into_iter().filter_map(|tick| self.tick(ID, &tick, &listing(), NOW)).collect()
    }

    /// What is told now: when it counts as received, the quote, the prints.
    fn told(&mut self) -> (Option<Time>, Option<Quote>, Vec<Trade>) {
        let (mut at, mut quote, mut trades) = (None, None, Vec::new());
        for event in self.flush(NOW) {
            let BrokerEvent::Market { received, events } = event else { panic!("{event:?}") };
            at = Some(received);
            for event in events {
                match event {
                    MarketEvent::Quote(_, told) => quote = Some(told),
                    MarketEvent::Trade(_, trade) => trades.push(trade),
                    MarketEvent::Depth(..) => panic!("no book"),
                }
            }
        }
        (at, quote, trades)
    }
}

#[test]
fn a_burst_of_ticks_is_one_quote() {
    let mut quotes = quotes();
    quotes.takes([
        at(TickType::Bid, 99.5, 300.0),
        at(TickType::Ask, 99.52, 200.0),
        number(TickType::High, 101.0),
        number(TickType::Low, 98.0),
        number(TickType::Open, 98.5),
        number(TickType::Close, 98.25),
        size(TickType::Volume, 1_000_000.0),
    ]);
    let (received, quote, trades) = quotes.told();
    let quote = quote.unwrap();
    assert_eq!((received, trades.len()), (Some(NOW), 0));
    assert_eq!((quote.bid, quote.bid_size), (px("99.5"), qty(300)));
    assert_eq!((quote.ask, quote.ask_size), (px("99.52"), qty(200)));
    assert_eq!(
        (quote.high, quote.low, quote.open, quote.prev_close),
        (px("101"), px("98"), px("98.5"), px("98.25"))
    );
    assert_eq!(quote.volume, qty(1_000_000));
    assert!(quote.is_open);
    assert_eq!(quotes.told(), (None, None, Vec::new()), "nothing has changed since");
}

#[test]
fn a_side_that_nobody_quotes_is_none() {
    let mut quotes = quotes();
    quotes.takes([at(TickType::Bid, 99.5, 300.0), at(TickType::Bid, -1.0, 0.0)]);
    let quote = quotes.told().1.unwrap();
    assert_eq!((quote.bid, quote.bid_size), (None, Qty::ZERO));
}

#[test]
fn the_last_price_is_a_print_where_nothing_better_comes() {
    let mut quotes = quotes();
    quotes.takes([at(TickType::Last, 99.5, 100.0), size(TickType::LastSize, 100.0)]);
    let (_, quote, trades) = quotes.told();
    assert_eq!((quote.unwrap().last, trades.len(), trades[0].quantity), (px("99.5"), 1, qty(100)));
}

#[test]
fn better_prints_take_the_place_of_worse_ones() {
    let mut quotes = quotes();
    quotes.takes([
        text(TickType::RtVolume, "99.51;7;1795186799250;1000;99.4;true"),
        at(TickType::Last, 99.51, 7.0),
    ]);
    let trades = quotes.told().2;
    assert_eq!((trades.len(), trades[0].quantity), (1, qty(7)));
    assert_eq!(trades[0].time, Time::from_millis(1_795_186_799_250));
    quotes.comes_tick_by_tick(ID, true);
    quotes.takes([
        text(TickType::RtVolume, "99.52;8;1795186799300;1000;99.4;true"),
        at(TickType::Last, 99.52, 8.0),
    ]);
    assert!(quotes.told().2.is_empty());
    let trade = |unreported| TheirTrade {
        time: time::OffsetDateTime::from_unix_timestamp(1_795_186_799).unwrap(),
        price: 99.52,
        size: 8.0,
        trade_attribute: TradeAttribute { past_limit: false, unreported },
        exchange: "ARCA".to_owned(),
        special_conditions: String::new(),
    };
    quotes.trade(ID, &trade(false));
    quotes.trade(ID, &trade(true));
    let trades = quotes.told().2;
    assert_eq!((trades.len(), trades[0].time), (1, Time::from_seconds(1_795_186_799)));
    quotes.comes_tick_by_tick(ID, false);
    quotes.takes([at(TickType::Last, 99.53, 9.0)]);
    assert_eq!(quotes.told().2.len(), 1);
}

#[test]
fn a_middle_that_moves_is_a_print_of_nothing_where_there_are_no_trades() {
    let list = Listing::new([pair(0)]);
    let mut quotes = Quotes::new(NOW);
    quotes.begin(ID, &list);
    let mut moves = |bid: f64, ask: f64| {
        for tick in [at(TickType::Bid, bid, 1.0), at(TickType::Ask, ask, 1.0)] {
            quotes.tick(ID, &tick, &list, NOW);
        }
        quotes.told().2.into_iter().map(|trade| (trade.price, trade.quantity)).collect::<Vec<_>>()
    };
    let middle = Price("1.1001".parse().unwrap());
    assert_eq!(moves(1.1, 1.1002), [(middle, Qty::ZERO)]);
    assert_eq!(moves(1.0999, 1.1003), [], "the same middle");
    assert_eq!(moves(1.0999, 1.1005).len(), 1);
}

#[test]
fn prints_that_make_no_sense_are_none() {
    let mut quotes = quotes();
    for bad in ["", ";;;", "x;1;2", "99;0;1;", "-1;5;1", "99", "99;abc"] {
        quotes.takes([text(TickType::RtVolume, bad)]);
    }
    assert!(quotes.told().2.is_empty());
}

#[test]
fn delayed_data_are_named_and_never_become_young() {
    let mut quotes = quotes();
    let told = quotes.takes([TickTypes::MarketDataType(MarketDataType::Delayed)]);
    let [BrokerEvent::Note(NoticeLevel::Warning, words)] = &*told else { panic!("{told:?}") };
    assert_eq!(&**words, "AAPL: delayed data, some 15 minutes old");
    assert!(quotes.takes([TickTypes::MarketDataType(MarketDataType::Delayed)]).is_empty(), "once");
    quotes.takes([at(TickType::DelayedBid, 99.5, 300.0), at(TickType::DelayedLast, 99.5, 1.0)]);
    let (received, quote, trades) = quotes.told();
    assert_eq!(received, Some(Time(NOW.0 - 1)), "before the session, which confirms nothing older");
    assert_eq!((quote.unwrap().bid, trades.len()), (px("99.5"), 1));
    quotes.takes([TickTypes::MarketDataType(MarketDataType::Realtime), at(TickType::Bid, 99.6, 1.0)]);
    assert_eq!(quotes.told().0, Some(NOW));
}

#[test]
fn frozen_data_are_as_old_as_delayed_ones() {
    for (kind, words) in [
        (MarketDataType::Frozen, "AAPL: frozen data, the last of a closed market"),
        (MarketDataType::DelayedFrozen, "AAPL: delayed and frozen data, the last of a closed market"),
    ] {
        let mut quotes = quotes();
        let told = quotes.takes([TickTypes::MarketDataType(kind)]);
        let [BrokerEvent::Note(NoticeLevel::Warning, said)] = &*told else { panic!("{told:?}") };
        assert_eq!(&**said, words);
        quotes.takes([at(TickType::Bid, 99.5, 300.0)]);
        let (received, quote, _) = quotes.told();
        assert_eq!((received, quote.unwrap().bid), (Some(Time(NOW.0 - 1)), px("99.5")), "{kind:?}");
        quotes.takes([TickTypes::MarketDataType(MarketDataType::Realtime), at(TickType::Bid, 99.6, 1.0)]);
        assert_eq!(quotes.told().0, Some(NOW));
    }
}

#[test]
fn a_delayed_quote_is_never_one_of_another_day() {
    let mut quotes = Quotes::new(NOW);
    quotes.begin(ID, &listing());
    let later = NOW + Duration::from_hours(40);
    let list = listing();
    quotes.tick(ID, &TickTypes::MarketDataType(MarketDataType::Delayed), &list, later);
    quotes.tick(ID, &text(TickType::DelayedLastTimestamp, &later.seconds().to_string()), &list, later);
    quotes.tick(ID, &at(TickType::DelayedBid, 99.5, 300.0), &list, later);
    let [BrokerEvent::Market { received, events }] = &*quotes.flush(later) else { panic!() };
    let [MarketEvent::Quote(_, quote)] = &**events else { panic!() };
    assert_eq!(quote.market_time(*received), None);
}

#[test]
fn a_halt_closes_the_market() {
    let mut quotes = quotes();
    quotes.takes([at(TickType::Bid, 99.5, 300.0)]);
    quotes.takes([TickTypes::Generic(TickGeneric { tick_type: TickType::Halted, value: 1.0 })]);
    assert!(!quotes.told().1.unwrap().is_open);
    quotes.takes([TickTypes::Generic(TickGeneric { tick_type: TickType::Halted, value: 0.0 })]);
    assert!(quotes.told().1.unwrap().is_open);
}

#[test]
fn a_line_that_begins_anew_has_forgotten_what_it_said() {
    let mut quotes = quotes();
    quotes.takes([at(TickType::Bid, 99.5, 300.0)]);
    quotes.told();
    quotes.begin(ID, &listing());
    quotes.takes([at(TickType::Ask, 99.6, 100.0)]);
    assert_eq!(quotes.told().1.unwrap().bid, None);
    quotes.end(ID);
    quotes.takes([at(TickType::Ask, 99.7, 100.0)]);
    assert_eq!(quotes.told(), (None, None, Vec::new()));
}
