//! Market data and bars.

use pitdesk::broker::contract::{
    BrokerEvent, BrokerRequest, HistoryBars, HistoryRequest, MarketEvent, Watch,
};
use pitdesk::broker::ibkr::MarketData::LiveOnly;
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig};
use pitdesk::domain::{Decimal, Depth, InstrumentId, Price, Qty, Quote, Time, Timeframe, Trade};
use pitdesk::gateway::wire::model::{
    HeadTimestamp, HistoricalData, HistoricalDataBar, HistoricalDataEnd, HistoricalDataRequest,
    HistoricalTickLast, MarketDataType, MarketDepth, MarketDepthData, TickByTickData, TickPrice,
};
use pitdesk::gateway::wire::{History, Reply, Request};

use crate::desk::{APPLE, Desk, START, listed};
use crate::peer::{CLIENT, House, Peer, Told};
use crate::run;

fn price(cents: i64) -> Price {
    Price(Decimal::new(cents, 2).normalize())
}

fn watch(depth: bool) -> BrokerRequest {
    let mut watch = Watch { quotes: [APPLE].into(), ..Watch::default() };
    if depth {
        watch.depth.insert(APPLE);
    }
    BrokerRequest::Watch(watch)
}

async fn market<T>(desk: &mut Desk, pick: impl Fn(&MarketEvent) -> Option<T>) -> (Time, T) {
    desk.first(|event| match event {
        BrokerEvent::Market { received, events } => Some((*received, events.iter().find_map(&pick)?)),
        _ => None,
    })
    .await
}

fn quote(event: &MarketEvent) -> Option<Quote> {
    match event {
        MarketEvent::Quote(InstrumentId(0), quote) => Some(*quote),
        _ => None,
    }
}

async fn quotes_asked(peer: &mut Peer) -> i32 {
    peer.first(|request| match request {
        Request::MarketData(asked) => {
            assert_eq!(asked.generic_tick_list.as_deref(), Some("233"));
            asked.req_id
        }
        _ => None,
    })
    .await
}

fn tick(req_id: i32, tick_type: i32, price: f64, size: &str) -> Reply {
    Reply::TickPrice(TickPrice {
        req_id: Some(req_id),
        tick_type: Some(tick_type),
        price: Some(price),
        size: Some(size.to_owned()),
        attr_mask: None,
    })
}

#[test]
fn quotes_trades_and_books_come_as_they_are_watched() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        peer.first(|request| match request {
            Request::MarketDataType(kind) if kind.market_data_type == Some(3) => Some(()),
            _ => None,
        })
        .await;
        desk.asks(watch(true)).await;
        let quotes = quotes_asked(&mut peer).await;
        let trades = peer
            .first(|request| match request {
                Request::TickByTick(asked) => {
                    assert_eq!(asked.tick_type.as_deref(), Some("AllLast"));
                    asked.req_id
                }
                _ => None,
            })
            .await;
        let depth = peer
            .first(|request| match request {
                Request::MarketDepth(asked) => asked.req_id,
                _ => None,
            })
            .await;
        peer.says(tick(quotes, 1, 99.5, "300")).await;
        peer.says(tick(quotes, 2, 99.52, "200")).await;
        let (received, told) =
            market(&mut desk, |event| quote(event).filter(|quote| quote.ask.is_some())).await;
        assert_eq!((told.bid, told.bid_size), (Some(price(9_950)), Qty(Decimal::from(300))));
        assert_eq!((told.ask, received), (Some(price(9_952)), START));

        let last = HistoricalTickLast {
            time: Some(1_795_186_799),
            price: Some(99.51),
            size: Some("7".to_owned()),
            ..HistoricalTickLast::default()
        };
        peer.says(Reply::TickByTick(Box::new(TickByTickData {
            req_id: Some(trades),
            tick_type: Some(2),
            historical_tick_last: Some(last),
            ..TickByTickData::default()
        })))
        .await;
        let trade = |event: &MarketEvent| match event {
            MarketEvent::Trade(InstrumentId(0), trade) => Some(*trade),
            _ => None,
        };
        let Trade { time, price: at, quantity, .. } = market(&mut desk, trade).await.1;
        assert_eq!(
            (time, at, quantity),
            (Time::from_seconds(1_795_186_799), price(9_951), Qty(Decimal::from(7)))
        );

        peer.says(Reply::MarketDepth(MarketDepth {
            req_id: Some(depth),
            market_depth_data: Some(MarketDepthData {
                position: Some(0),
                operation: Some(0),
                side: Some(1),
                price: Some(99.5),
                size: Some("300".to_owned()),
                ..MarketDepthData::default()
            }),
        }))
        .await;
        let book = |event: &MarketEvent| match event {
            MarketEvent::Depth(InstrumentId(0), depth) => {
                Some(Depth::clone(depth)).filter(|d| !d.bids.is_empty())
            }
            _ => None,
        };
        let book = market(&mut desk, book).await.1;
        assert_eq!((book.bids[0].price, book.asks.len()), (price(9_950), 0));

        desk.asks(BrokerRequest::Watch(Watch::default())).await;
        let cancelled = peer
            .first(|request| match request {
                Request::CancelMarketData(cancelled) => cancelled.req_id,
                _ => None,
            })
            .await;
        assert_eq!(cancelled, quotes);
    });
}

#[test]
fn delayed_data_are_told_as_such_and_count_as_old() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(watch(false)).await;
        let quotes = quotes_asked(&mut peer).await;
        peer.remarks(
            quotes,
            10167,
            "Requested market data is not subscribed. Displaying delayed market data.",
        )
        .await;
        desk.note("AAPL: no subscription to live data").await;
        peer.says(Reply::MarketDataType(MarketDataType { req_id: Some(quotes), market_data_type: Some(3) }))
            .await;
        desk.note("AAPL: delayed data").await;
        peer.says(tick(quotes, 66, 99.5, "300")).await;
        let (received, told) = market(&mut desk, quote).await;
        assert_eq!(told.bid, Some(price(9_950)));
        assert!(received < START, "no sign of life makes it younger");
    });
}

#[test]
fn frozen_data_are_told_where_the_quote_stands_and_count_as_old() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(watch(false)).await;
        let quotes = quotes_asked(&mut peer).await;
        peer.says(Reply::MarketDataType(MarketDataType { req_id: Some(quotes), market_data_type: Some(2) }))
            .await;
        let remark = desk.first(|event| match event {
            BrokerEvent::Remark { instrument: APPLE, remark: Some(remark) } => Some(remark.short.clone()),
            _ => None,
        });
        assert_eq!(&*remark.await, "frozen");
        peer.says(tick(quotes, 1, 99.5, "300")).await;
        let (received, told) = market(&mut desk, quote).await;
        assert_eq!(told.bid, Some(price(9_950)));
        assert!(received < START, "the gate asks before it trades against them");
    });
}

#[test]
fn who_wants_live_data_alone_asks_tws_for_no_others() {
    run(async {
        let house = House::open().await;
        let config = IbkrConfig { market_data: LiveOnly, ..IbkrConfig::new(house.address(), CLIENT) };
        let _desk = Desk::begin(&Ibkr::new(config, listed()));
        let mut peer = house.guest().await;
        let kind = peer.first(|request| match request {
            Request::MarketDataType(kind) => kind.market_data_type,
            _ => None,
        });
        assert_eq!(kind.await, 1);
    });
}

#[test]
fn of_currencies_quotes_alone_are_asked_for() {
    run(async {
        let (desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(BrokerRequest::Watch(Watch { quotes: [InstrumentId(2)].into(), ..Watch::default() })).await;
        let ticks = peer.first(|request| match request {
            Request::MarketData(asked) => Some(asked.generic_tick_list.clone().unwrap_or_default()),
            _ => None,
        });
        assert_eq!(ticks.await, "", "TWS refuses the whole of a request for what there is none of");
    });
}

#[test]
fn a_missing_subscription_is_told_once() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(watch(false)).await;
        let quotes = quotes_asked(&mut peer).await;
        peer.remarks(quotes, 354, "Requested market data is not subscribed.").await;
        desk.note("AAPL: no subscription to its market data").await;
    });
}

#[test]
fn a_quote_that_tws_was_asked_too_fast_for_waits_and_is_asked_for_again_soon() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(watch(false)).await;
        let quotes = quotes_asked(&mut peer).await;
        peer.remarks(quotes, 100, "Max rate of messages per second has been exceeded").await;
        let waits = desk.first(|event| match event {
            BrokerEvent::Remark { instrument: APPLE, remark: Some(remark) } => Some(remark.short.clone()),
            _ => None,
        });
        assert_eq!(&*waits.await, "waits for TWS");
        desk.at(3);
        assert_ne!(quotes_asked(&mut peer).await, quotes);
        desk.first(|event| matches!(event, BrokerEvent::Remark { remark: None, .. }).then_some(())).await;
    });
}

pub async fn bars_asked(peer: &mut Peer) -> HistoricalDataRequest {
    peer.first(|request| match request {
        Request::HistoricalData(asked) => Some((**asked).clone()),
        _ => None,
    })
    .await
}

/// A bar so many minutes after the start.
pub fn bar(minutes: i64, price: f64) -> HistoricalDataBar {
    HistoricalDataBar {
        date: Some((START.seconds() + minutes * 60).to_string()),
        open: Some(price),
        high: Some(price + 1.0),
        low: Some(price - 1.0),
        close: Some(price),
        volume: Some("100".to_owned()),
        ..HistoricalDataBar::default()
    }
}

pub async fn tells(peer: &mut Peer, asked: &HistoricalDataRequest, bars: Vec<HistoricalDataBar>) {
    let data = HistoricalData { req_id: asked.req_id, historical_data_bars: bars };
    peer.says(Reply::HistoricalData(History { data, end: None })).await;
    peer.says(Reply::HistoricalDataEnd(HistoricalDataEnd {
        req_id: asked.req_id,
        start_date_str: Some("20261120 09:57:00 US/Eastern".to_owned()),
        end_date_str: Some("20261120 10:00:00 US/Eastern".to_owned()),
    }))
    .await;
}

async fn bars(desk: &mut Desk) -> HistoryBars {
    desk.first(|event| match event {
        BrokerEvent::History(bars) => Some(bars.clone()),
        _ => None,
    })
    .await
}

#[test]
fn bars_come_with_the_one_that_is_forming() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        let request =
            HistoryRequest { instrument: APPLE, timeframe: Timeframe::M1, before: Time::MAX, count: 2 };
        desk.asks(BrokerRequest::History(request)).await;
        let asked = bars_asked(&mut peer).await;
        assert_eq!(asked.bar_size_setting.as_deref(), Some("1 min"));
        assert_eq!(asked.what_to_show.as_deref(), Some("TRADES"));
        assert!(asked.end_date_time.as_deref().unwrap_or_default().is_empty(), "up to now");
        tells(&mut peer, &asked, vec![bar(-3, 10.0), bar(-2, 11.0), bar(-1, 12.0), bar(0, 13.0)]).await;
        let answer = bars(&mut desk).await;
        assert_eq!(answer.request, request);
        assert_eq!(answer.bars.iter().map(|bar| bar.close).collect::<Vec<_>>(), [11.0, 12.0]);
        assert_eq!(answer.forming.map(|bar| (bar.time, bar.close)), Some((START, 13.0)));
    });
}

#[test]
fn the_same_bars_asked_for_twice_are_one_request() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        let request =
            |timeframe, count| HistoryRequest { instrument: APPLE, timeframe, before: Time::MAX, count };
        desk.asks(BrokerRequest::History(request(Timeframe::M1, 2))).await;
        let asked = bars_asked(&mut peer).await;
        desk.asks(BrokerRequest::History(request(Timeframe::M1, 3))).await;
        // What is asked for behind it is the next that TWS hears.
        desk.asks(BrokerRequest::History(request(Timeframe::D1, 2))).await;
        assert_eq!(bars_asked(&mut peer).await.bar_size_setting.as_deref(), Some("1 day"));
        tells(&mut peer, &asked, vec![bar(-3, 10.0), bar(-2, 11.0), bar(-1, 12.0), bar(0, 13.0)]).await;
        let answer = bars(&mut desk).await;
        assert_eq!((answer.request, answer.bars.len()), (request(Timeframe::M1, 3), 3), "enough for both");
    });
}

#[test]
fn bars_older_than_the_first_date_are_not_asked_for() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        let before = |before, count| {
            let request = HistoryRequest { instrument: APPLE, timeframe: Timeframe::M1, before, count };
            BrokerRequest::History(request)
        };
        desk.asks(before(START, 500)).await;
        let asked = bars_asked(&mut peer).await;
        let first = peer
            .first(|request| match request {
                Request::HeadTimestamp(asked) => Some((**asked).clone()),
                _ => None,
            })
            .await;
        assert_eq!(
            (first.what_to_show.as_deref(), first.use_rth.unwrap_or_default()),
            (Some("TRADES"), false)
        );
        let begin = START.seconds() - 120;
        let head_timestamp = Some(begin.to_string());
        peer.says(Reply::HeadTimestamp(HeadTimestamp { req_id: first.req_id, head_timestamp })).await;
        // What comes behind it shows that it was heard.
        peer.remarks(-1, 2105, "HMDS data farm connection is broken:ushmds").await;
        desk.note("ushmds is down").await;
        tells(&mut peer, &asked, vec![bar(-2, 10.0), bar(-1, 11.0)]).await;
        assert_eq!(bars(&mut desk).await.bars.len(), 2, "all that there is");
        desk.asks(before(Time::from_seconds(begin), 500)).await;
        assert!(bars(&mut desk).await.bars.is_empty());
        desk.asks(BrokerRequest::Find("behind".into())).await;
        peer.first(|request| matches!(request, Request::MatchingSymbols(_)).then_some(())).await;
        assert!(
            !peer.waiting().any(|request| matches!(request, Request::HistoricalData(_))),
            "nothing older"
        );
    });
}
