//! Quotes and prints: whoever follows the ticks ends with what the exchange says.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pitdesk::domain::{Price, Qty, Quote, Trade, Weather};
use pitdesk::gateway::ConnId;
use pitdesk::gateway::wire::model::{
    MarketDataRequest, MarketDataTypeRequest, RequestId, TickByTickData, TickByTickRequest,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use pitdesk::link::{Command, Demand};

use super::stage::{Stage, share, words};

fn quotes(id: i32, symbol: &str) -> MarketDataRequest {
    MarketDataRequest {
        req_id: Some(id),
        contract: Some(share(symbol)),
        generic_tick_list: Some(String::new()),
        snapshot: Some(false),
        regulatory_snapshot: Some(false),
        ..MarketDataRequest::default()
    }
}

fn follow(request: MarketDataRequest) -> Request {
    Request::MarketData(Box::new(request))
}

fn once(id: i32, symbol: &str) -> Request {
    follow(MarketDataRequest { snapshot: Some(true), ..quotes(id, symbol) })
}

fn forget(id: i32) -> Request {
    Request::CancelMarketData(RequestId { req_id: Some(id) })
}

fn ticks(id: i32, symbol: &str, kind: &str) -> TickByTickRequest {
    TickByTickRequest {
        req_id: Some(id),
        contract: Some(share(symbol)),
        tick_type: Some(kind.to_owned()),
        number_of_ticks: Some(0),
        ignore_size: Some(false),
    }
}

fn tape(request: TickByTickRequest) -> Request {
    Request::TickByTick(Box::new(request))
}

fn price(price: Option<Price>) -> f64 {
    price.map_or(f64::NAN, |price| price.0.try_into().unwrap())
}

fn size(size: Qty) -> String {
    size.0.normalize().to_string()
}

/// What a client makes of ticks: price and size by the number of the price, of live data.
#[derive(Default)]
struct Ticker {
    prices: BTreeMap<i32, (f64, String)>,
    volume: String,
}

impl Ticker {
    fn hear(&mut self, replies: &[Reply]) {
        for reply in replies {
            match reply {
                Reply::TickPrice(tick) => {
                    let told = (tick.price(), tick.size().to_owned());
                    assert!(told.0 > 0.0 && (told.1 != "0" || tick.tick_type() > 5), "{tick:?}");
                    self.prices.insert(tick.tick_type(), told);
                }
                Reply::TickSize(tick) if tick.tick_type() == 8 => tick.size().clone_into(&mut self.volume),
                Reply::TickSize(tick) => {
                    let of = [(0, 1), (3, 2), (5, 4)]
                        .iter()
                        .find(|(size, _)| *size == tick.tick_type())
                        .unwrap()
                        .1;
                    tick.size().clone_into(&mut self.prices.get_mut(&of).unwrap().1);
                }
                _ => {}
            }
        }
    }

    fn assert_is(&self, quote: &Quote) {
        let of = |kind: i32| self.prices[&kind].clone();
        assert_eq!(of(1), (price(quote.bid), size(quote.bid_size)));
        assert_eq!(of(2), (price(quote.ask), size(quote.ask_size)));
        assert_eq!(of(4), (price(quote.last), size(quote.last_size)));
        let of_day = [(6, quote.high), (7, quote.low), (9, quote.prev_close), (14, quote.open)];
        for (kind, expected) in of_day {
            assert_eq!(of(kind).0.to_bits(), price(expected).to_bits(), "{kind}");
        }
        assert_eq!(self.volume, size(quote.volume));
    }
}

/// What the window knows.
fn newest(stage: &Stage, symbol: &str) -> Quote {
    *stage.desk.quote(stage.instrument(symbol).id).unwrap().quote
}

fn watch_prints(stage: &mut Stage, symbol: &str) {
    let id = stage.instrument(symbol).id;
    let demand = Demand { quotes: [id].into(), trades: [id].into(), ..Demand::default() };
    stage.command(Command::Demand(Arc::new(demand)));
}

/// The prints that the window has had since there were so many of them.
fn prints(stage: &Stage, symbol: &str, since: usize) -> Vec<Trade> {
    stage
        .desk
        .tape(stage.instrument(symbol).id)
        .map_or_else(Vec::new, |tape| tape.iter().skip(since).copied().collect())
}

#[test]
fn who_follows_the_ticks_has_the_quote_in_both_dialects() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        stage.quote("AAPL");
        let conn = stage.connect(dialect, 1);
        let first = stage.ask(conn, follow(quotes(50, "AAPL")));
        assert_eq!(words(&first)[..2], ["MarketDataType", "TickReqParams"]);
        let Reply::MarketDataType(kind) = &first[0] else { panic!() };
        assert_eq!((kind.req_id(), kind.market_data_type()), (50, 1));
        let Reply::TickReqParams(params) = &first[1] else { panic!() };
        assert_eq!((params.min_tick(), params.bbo_exchange()), ("0.01", "NASDAQ"));
        let mut ticker = Ticker::default();
        ticker.hear(&first);
        ticker.assert_is(&newest(&stage, "AAPL"));
        for _ in 0..10 {
            stage.run(Duration::from_secs(1));
            // What the last look has brought is on its way.
            stage.settle();
            ticker.hear(&stage.heard(conn));
            ticker.assert_is(&newest(&stage, "AAPL"));
        }
        assert!(stage.ask(conn, forget(50)).is_empty());
        assert!(stage.heard_in(conn, 3.0).is_empty());
    }
}

#[test]
fn only_what_has_changed_is_told() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let mut last: BTreeMap<i32, String> = BTreeMap::new();
    stage.ask(conn, follow(quotes(50, "AAPL")));
    for reply in stage.heard_in(conn, 20.0) {
        let (kind, told) = match reply {
            Reply::TickPrice(tick) if tick.tick_type() != 4 => {
                (tick.tick_type(), format!("{} {}", tick.price(), tick.size()))
            }
            Reply::TickSize(tick) if tick.tick_type() == 8 => (8, tick.size().to_owned()),
            _ => continue,
        };
        assert_ne!(last.insert(kind, told.clone()), Some(told), "tick {kind}");
    }
}

#[test]
fn a_quote_asked_for_once_ends() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let mut told = stage.ask(conn, once(60, "MSFT"));
        stage.quote("MSFT");
        told.extend(stage.ask(conn, once(61, "MSFT")));
        let ends: Vec<i32> = told
            .iter()
            .filter_map(|reply| match reply {
                Reply::TickSnapshotEnd(end) => Some(end.req_id()),
                _ => None,
            })
            .collect();
        assert_eq!(ends, [60, 61]);
        let mut ticker = Ticker::default();
        ticker.hear(&told[told.len() / 2..]);
        assert!(stage.heard_in(conn, 3.0).is_empty(), "that was all");
        let id = stage.instrument("MSFT").id;
        assert!(!stage.demand.quotes.contains(&id), "and nothing more is asked of the engine");
        assert!(stage.ask(conn, forget(60)).is_empty(), "the libraries take it back all the same");
    }
}

#[test]
fn a_quote_that_does_not_come_ends_too() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let mut bytes = Vec::new();
    once(60, "MSFT").encode(Dialect::Text, &mut bytes);
    // Nothing of what the engine says comes through in between.
    let now = stage.now();
    stage.core.received(conn, &bytes, now);
    stage.core.tick(now + Duration::from_millis(10_900));
    stage.core.tick(now + Duration::from_millis(11_100));
    stage.settle();
    assert_eq!(words(&stage.heard(conn)), ["MarketDataType", "TickReqParams", "TickSnapshotEnd"]);
}

#[test]
fn delayed_quotes_have_ticks_of_their_own() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let kind = |number| Request::MarketDataType(MarketDataTypeRequest { market_data_type: Some(number) });
    assert!(stage.ask(conn, kind(3)).is_empty());
    let live = stage.ask(conn, follow(quotes(49, "MSFT")));
    let Reply::MarketDataType(first) = &live[0] else { panic!("{live:?}") };
    assert_eq!(first.market_data_type(), 1, "there are live ones");
    stage.tell(conn, Request::CancelMarketData(RequestId { req_id: Some(49) }));
    stage.command(Command::Weather(Weather::NoData("AAPL".into())));
    stage.heard(conn);
    let told = stage.ask(conn, follow(quotes(50, "AAPL")));
    let told = [told, stage.heard_in(conn, 5.0)].concat();
    assert_eq!(words(&told)[0], "50 error 10167");
    let Reply::MarketDataType(first) = &told[1] else { panic!("{told:?}") };
    assert_eq!(first.market_data_type(), 3);
    let mut seen = 0;
    for reply in &told {
        let kind = match reply {
            Reply::TickPrice(tick) => tick.tick_type(),
            Reply::TickSize(tick) => tick.tick_type(),
            Reply::TickString(tick) => tick.tick_type(),
            _ => continue,
        };
        assert!((66..=76).contains(&kind) || kind == 88, "{kind}");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
    assert!(words(&stage.ask(conn, kind(7))).contains(&"-1 error 322".to_owned()));
    stage.ask(conn, kind(1));
    let live = stage.ask(conn, follow(quotes(51, "MSFT")));
    let Reply::MarketDataType(first) = &live[0] else { panic!("{live:?}") };
    assert_eq!(first.market_data_type(), 1);
}

#[test]
fn what_cannot_be_followed_is_refused() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Protobuf, 1);
    assert_eq!(words(&stage.ask(conn, follow(quotes(1, "NOSUCH")))), ["1 error 200"]);
    assert_eq!(words(&stage.ask(conn, tape(ticks(2, "NOSUCH", "Last")))), ["2 error 200"]);
    assert_eq!(words(&stage.ask(conn, tape(ticks(2, "AAPL", "Sometimes")))), ["2 error 322"]);
    stage.ask(conn, follow(quotes(1, "AAPL")));
    assert!(words(&stage.ask(conn, follow(quotes(1, "MSFT")))).contains(&"1 error 322".to_owned()));
    stage.ask(conn, tape(ticks(1, "AAPL", "Last")));
    assert!(words(&stage.ask(conn, tape(ticks(1, "AAPL", "Last")))).contains(&"1 error 322".to_owned()));
    let no_contract = MarketDataRequest { contract: None, ..quotes(9, "AAPL") };
    assert!(words(&stage.ask(conn, follow(no_contract))).contains(&"9 error 200".to_owned()));
}

#[test]
fn a_connection_follows_a_bounded_number_of_quotes() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Protobuf, 1);
    let mut bytes = Vec::new();
    for id in 1..=1_001 {
        follow(quotes(id, "AAPL")).encode(Dialect::Protobuf, &mut bytes);
    }
    stage.send_bytes(conn, &bytes);
    let refused =
        words(&stage.heard(conn)).into_iter().filter(|word| word.contains("error")).collect::<Vec<_>>();
    assert_eq!(refused, ["1001 error 322"]);
}

/// Prints, as `Last` ticks tell them.
fn told_prints(replies: &[Reply], id: i32) -> Vec<(i64, f64, String)> {
    let print = |reply: &Reply| match reply {
        Reply::TickByTick(tick) if tick.req_id() == id => {
            let last = tick.historical_tick_last.as_ref()?;
            assert_eq!(last.exchange(), "NASDAQ");
            Some((last.time(), last.price(), last.size().to_owned()))
        }
        _ => None,
    };
    replies.iter().filter_map(print).collect()
}

fn as_told(trades: &[Trade]) -> Vec<(i64, f64, String)> {
    trades
        .iter()
        .map(|trade| (trade.time.seconds(), price(Some(trade.price)), size(trade.quantity)))
        .collect()
}

#[test]
fn every_print_is_told_also_to_who_reads_slowly() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        watch_prints(&mut stage, "AAPL");
        let conn = stage.connect(dialect, 1);
        let before = prints(&stage, "AAPL", 0).len();
        stage.ask(conn, tape(ticks(5, "AAPL", "Last")));
        stage.ask(conn, tape(ticks(6, "AAPL", "AllLast")));
        let mut told = stage.heard_in(conn, 5.0);
        stage.core.waiting(conn, 1 << 20);
        told.extend(stage.heard_in(conn, 5.0));
        stage.core.waiting(conn, 0);
        told.extend(stage.heard_in(conn, 5.0));
        let expected = as_told(&prints(&stage, "AAPL", before));
        assert!(expected.len() > 20, "{}", expected.len());
        assert_eq!(told_prints(&told, 5), expected);
        assert_eq!(told_prints(&told, 6), expected);
        let forget = |id| Request::CancelTickByTick(RequestId { req_id: Some(id) });
        stage.ask(conn, forget(5));
        stage.ask(conn, forget(6));
        assert!(stage.heard_in(conn, 3.0).is_empty());
    }
}

#[test]
fn quotes_and_middles_are_told_as_they_change() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        stage.quote("AAPL");
        let conn = stage.connect(dialect, 1);
        let mut told = stage.ask(conn, tape(ticks(5, "AAPL", "BidAsk")));
        told.extend(stage.ask(conn, tape(ticks(6, "AAPL", "MidPoint"))));
        told.extend(
            stage
                .ask(conn, tape(TickByTickRequest { ignore_size: Some(true), ..ticks(7, "AAPL", "BidAsk") })),
        );
        told.extend(stage.heard_in(conn, 10.0));
        let of = |id: i32| -> Vec<TickByTickData> {
            let of_id = told.iter().filter_map(|reply| match reply {
                Reply::TickByTick(tick) if tick.req_id() == id => Some((**tick).clone()),
                _ => None,
            });
            of_id.collect()
        };
        let quote = newest(&stage, "AAPL");
        let (all, mids, prices) = (of(5), of(6), of(7));
        let last = all.last().unwrap().historical_tick_bid_ask.clone().unwrap();
        assert_eq!((last.price_bid(), last.size_bid()), (price(quote.bid), &*size(quote.bid_size)));
        assert_eq!((last.price_ask(), last.size_ask()), (price(quote.ask), &*size(quote.ask_size)));
        let mid = mids.last().unwrap().historical_tick_mid_point.as_ref().unwrap().price();
        assert_eq!(mid.to_bits(), price(quote.mid()).to_bits());
        assert!(all.len() > prices.len() && prices.len() > 2, "{} {}", all.len(), prices.len());
        assert!(
            all.windows(2).all(|pair| pair[0] != pair[1]) && mids.windows(2).all(|pair| pair[0] != pair[1])
        );
    }
}

#[test]
fn who_reads_slowly_is_told_less_and_has_the_newest_in_the_end() {
    let mut stage = Stage::new();
    stage.quote("AAPL");
    let conn = stage.connect(Dialect::Text, 1);
    let mut ticker = Ticker::default();
    ticker.hear(&stage.ask(conn, follow(quotes(50, "AAPL"))));
    stage.core.waiting(conn, 1 << 20);
    assert!(stage.heard_in(conn, 5.0).is_empty());
    stage.core.waiting(conn, 0);
    // No new quote need come for that.
    let now = stage.now();
    stage.core.tick(now);
    stage.settle();
    ticker.hear(&stage.heard(conn));
    ticker.assert_is(&newest(&stage, "AAPL"));
}

#[test]
fn while_the_uplink_is_away_quotes_wait_and_then_go_on_from_the_newest() {
    let mut stage = Stage::new();
    stage.quote("AAPL");
    let conn = stage.connect(Dialect::Text, 1);
    let mut ticker = Ticker::default();
    ticker.hear(&stage.ask(conn, follow(quotes(50, "AAPL"))));
    stage.command(Command::Weather(Weather::Reset { keeps_data: true }));
    assert_eq!(words(&stage.heard(conn)), ["-1 error 1100"]);
    let asked =
        [stage.ask(conn, once(51, "AAPL")), stage.ask(conn, tape(ticks(52, "AAPL", "BidAsk")))].concat();
    assert_eq!(words(&asked), ["MarketDataType", "TickReqParams"]);
    assert!(stage.heard_in(conn, 9.0).is_empty());
    stage.run(Duration::from_secs(2));
    stage.settle();
    let told = stage.heard(conn);
    let said = words(&told);
    assert!(said.contains(&"-1 error 1102".to_owned()), "{said:?}");
    assert!(
        said.contains(&"TickSnapshotEnd".to_owned()) && said.contains(&"TickByTick".to_owned()),
        "{said:?}"
    );
    ticker.hear(&told);
    ticker.assert_is(&newest(&stage, "AAPL"));
}

fn with_volume(replies: &[Reply]) -> Vec<String> {
    let print = |reply: &Reply| match reply {
        Reply::TickString(tick) if tick.tick_type() == 48 => Some(tick.value().to_owned()),
        _ => None,
    };
    replies.iter().filter_map(print).collect()
}

#[test]
fn prints_come_with_the_volume_of_the_day_where_that_is_asked_for() {
    let mut stage = Stage::new();
    watch_prints(&mut stage, "AAPL");
    stage.run(Duration::from_secs(1));
    let conn: ConnId = stage.connect(Dialect::Text, 1);
    let before = prints(&stage, "AAPL", 0).len();
    stage.ask(
        conn,
        follow(MarketDataRequest { generic_tick_list: Some("100,233".into()), ..quotes(50, "AAPL") }),
    );
    let told = with_volume(&stage.heard_in(conn, 5.0));
    let expected = prints(&stage, "AAPL", before);
    assert!(expected.len() > 5);
    assert_eq!(told.len(), expected.len());
    for (told, trade) in told.iter().zip(&expected) {
        let fields: Vec<&str> = told.split(';').collect();
        let millis = (trade.time.0 / 1_000_000).to_string();
        assert_eq!(
            fields[..3],
            [&trade.price.0.normalize().to_string(), &size(trade.quantity), &millis],
            "{told}"
        );
        assert_eq!(fields[4..], ["", "true"]);
    }
    let volumes: Vec<f64> =
        told.iter().map(|told| told.split(';').nth(3).unwrap().parse().unwrap()).collect();
    assert!(volumes.windows(2).all(|pair| pair[0] < pair[1]), "{volumes:?}");
}
