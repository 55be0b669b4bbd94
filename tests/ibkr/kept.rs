//! Bars that TWS keeps up to date, where trades do not come tick by tick.

use pitdesk::broker::contract::{BrokerEvent, BrokerRequest, Watch};
use pitdesk::domain::{Bar, InstrumentId, Timeframe};
use pitdesk::gateway::wire::model::{
    HistoricalData, HistoricalDataBar, HistoricalDataRequest, HistoricalDataUpdate, RealTimeBarTick,
    RealTimeBarsRequest,
};
use pitdesk::gateway::wire::{History, Reply, Request};
use pitdesk::link::BarKey;

use crate::desk::{APPLE, Desk, MICROSOFT, START};
use crate::peer::{Peer, Told};
use crate::run;

const EURO: InstrumentId = InstrumentId(2);

/// All three are quoted, Apple's trades come tick by tick, and these charts are open.
fn charts(of: &[(InstrumentId, Timeframe)]) -> BrokerRequest {
    let bars =
        of.iter().map(|(instrument, timeframe)| BarKey { instrument: *instrument, timeframe: *timeframe });
    let quotes = [APPLE, MICROSOFT, EURO].into();
    BrokerRequest::Watch(Watch { quotes, bars: bars.collect(), ..Watch::default() })
}

pub async fn kept_asked(peer: &mut Peer) -> HistoricalDataRequest {
    peer.first(|request| match request {
        Request::HistoricalData(asked) if asked.keep_up_to_date == Some(true) => Some((**asked).clone()),
        _ => None,
    })
    .await
}

async fn fives_asked(peer: &mut Peer) -> RealTimeBarsRequest {
    peer.first(|request| match request {
        Request::RealTimeBars(asked) => Some((**asked).clone()),
        _ => None,
    })
    .await
}

fn bar(close: f64, volume: &str) -> HistoricalDataBar {
    HistoricalDataBar {
        date: Some(START.seconds().to_string()),
        open: Some(100.0),
        high: Some(110.0),
        low: Some(90.0),
        close: Some(close),
        volume: Some(volume.to_owned()),
        ..HistoricalDataBar::default()
    }
}

/// The first answer of a series that is kept.
fn kept_data(req_id: i32, close: f64) -> Reply {
    let data = HistoricalData { req_id: Some(req_id), historical_data_bars: vec![bar(close, "500")] };
    Reply::HistoricalData(History { data, end: None })
}

/// Five seconds of middle prices.
fn five(req_id: i32, second: i64, high: f64) -> Reply {
    Reply::RealTimeBar(Box::new(RealTimeBarTick {
        req_id: Some(req_id),
        time: Some(START.seconds() + second),
        open: Some(1.1),
        high: Some(high),
        low: Some(1.0),
        close: Some(1.1),
        volume: Some("-1".to_owned()),
        wap: Some("0".to_owned()),
        count: Some(-1),
    }))
}

async fn so_far(desk: &mut Desk) -> (BarKey, Bar) {
    desk.first(|event| match event {
        BrokerEvent::BarSoFar { key, bar, .. } => Some((*key, *bar)),
        _ => None,
    })
    .await
}

#[test]
fn a_chart_without_trades_tick_by_tick_is_kept_up_to_date() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(charts(&[(APPLE, Timeframe::M1), (MICROSOFT, Timeframe::M1)])).await;
        let asked = kept_asked(&mut peer).await;
        let contract = asked.contract.as_ref().and_then(|contract| contract.symbol.clone());
        assert_eq!(contract.as_deref(), Some("MSFT"), "trades of Apple come tick by tick");
        assert_eq!(asked.bar_size_setting.as_deref(), Some("1 min"));
        assert!(asked.end_date_time.unwrap_or_default().is_empty());

        peer.says(kept_data(asked.req_id.unwrap(), 101.0)).await;
        let key = BarKey { instrument: MICROSOFT, timeframe: Timeframe::M1 };
        let (of, told) = so_far(&mut desk).await;
        assert_eq!((of, told.time, told.close, told.volume), (key, START, 101.0, 500.0));

        let update =
            HistoricalDataUpdate { req_id: asked.req_id, historical_data_bar: Some(bar(105.0, "620")) };
        peer.says(Reply::HistoricalDataUpdate(Box::new(update))).await;
        let (_, told) = so_far(&mut desk).await;
        assert_eq!((told.close, told.volume), (105.0, 620.0));

        desk.asks(charts(&[])).await;
        let cancelled = peer.first(|request| match request {
            Request::CancelHistoricalData(cancelled) => cancelled.req_id,
            _ => None,
        });
        assert_eq!(Some(cancelled.await), asked.req_id);
    });
}

#[test]
fn bars_shorter_than_a_minute_are_added_up_of_five_seconds() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(charts(&[(EURO, Timeframe::S15)])).await;
        let asked = fives_asked(&mut peer).await;
        assert_eq!(asked.what_to_show.as_deref(), Some("MIDPOINT"), "of currencies there are no trades");
        for (second, high) in [(0, 1.2), (5, 1.3)] {
            peer.says(five(asked.req_id.unwrap(), second, high)).await;
            let (key, told) = so_far(&mut desk).await;
            assert_eq!(key, BarKey { instrument: EURO, timeframe: Timeframe::S15 });
            assert_eq!((told.time, told.high, told.volume), (START, high, 0.0));
        }
    });
}

#[test]
fn that_tws_does_not_keep_one_stops_nothing_and_tells_nobody() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(charts(&[(MICROSOFT, Timeframe::M1)])).await;
        let asked = kept_asked(&mut peer).await;
        let text = "Historical Market Data Service error message:API historical data query cancelled";
        peer.remarks(asked.req_id.unwrap_or_default(), 162, text).await;
        desk.asks(charts(&[(EURO, Timeframe::S5)])).await;
        fives_asked(&mut peer).await;
        assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::Note(..))));
    });
}

#[test]
fn a_chart_whose_updates_tws_has_ended_is_opened_again_and_says_that_bars_may_be_missing() {
    for code in [10_182, 10_225] {
        run(async move {
            let (mut desk, mut peer) = Desk::ready(Told::default()).await;
            desk.asks(charts(&[(MICROSOFT, Timeframe::M1), (EURO, Timeframe::S15)])).await;
            let kept = kept_asked(&mut peer).await.req_id.unwrap();
            let fives = fives_asked(&mut peer).await.req_id.unwrap();
            peer.says(kept_data(kept, 101.0)).await;
            peer.says(five(fives, 0, 1.2)).await;
            so_far(&mut desk).await;
            so_far(&mut desk).await;
            let mut missed: Vec<BarKey> = Vec::new();
            assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::BarsMissed(_))), "they begin");

            peer.remarks(kept, code, "The subscription is dead").await;
            peer.remarks(fives, code, "The subscription is dead").await;
            // What comes behind it shows that it was heard.
            peer.remarks(-1, 2103, "Market data farm connection is broken:usfarm").await;
            desk.note("usfarm is down").await;
            desk.at(3);
            let kept_again = kept_asked(&mut peer).await.req_id.unwrap();
            // Bars as short as those are not asked for twice within 15 s.
            for seconds in [9, 16] {
                desk.at(seconds);
                peer.first_beat().await;
            }
            let fives_again = fives_asked(&mut peer).await.req_id.unwrap();
            assert!(kept_again != kept && fives_again != fives);
            peer.says(kept_data(kept_again, 102.0)).await;
            peer.says(five(fives_again, 5, 1.3)).await;
            for _ in 0..2 {
                missed.push(
                    desk.first(|event| match event {
                        BrokerEvent::BarsMissed(key) => Some(*key),
                        _ => None,
                    })
                    .await,
                );
            }
            let key = |instrument, timeframe| BarKey { instrument, timeframe };
            assert_eq!(missed, [key(MICROSOFT, Timeframe::M1), key(EURO, Timeframe::S15)]);
        });
    }
}
