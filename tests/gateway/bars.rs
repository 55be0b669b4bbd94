//! Bars: the same that the window has, once, kept up to date, and every five seconds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pitdesk::domain::{Bar, Timeframe};
use pitdesk::gateway::ConnId;
use pitdesk::gateway::wire::model::{
    Contract, HeadTimestampRequest, HistoricalDataBar, HistoricalDataRequest, HistoricalSession,
    RealTimeBarTick, RealTimeBarsRequest, RequestId,
};
use pitdesk::gateway::wire::{Dialect, History, Reply, Request};
use pitdesk::link::{BarKey, Command, Demand};

use super::stage::{Stage, share, words};

fn asked(id: i32, size: &str, duration: &str) -> HistoricalDataRequest {
    let text = |text: &str| Some(text.to_owned());
    HistoricalDataRequest {
        req_id: Some(id),
        contract: Some(share("AAPL")),
        end_date_time: text(""),
        bar_size_setting: text(size),
        duration: text(duration),
        use_rth: Some(true),
        what_to_show: text("TRADES"),
        format_date: Some(2),
        keep_up_to_date: Some(false),
        ..HistoricalDataRequest::default()
    }
}

fn history(request: HistoricalDataRequest) -> Request {
    Request::HistoricalData(Box::new(request))
}

fn euro() -> Contract {
    let text = |text: &str| Some(text.to_owned());
    Contract {
        symbol: text("EUR"),
        sec_type: text("CASH"),
        exchange: text("IDEALPRO"),
        currency: text("USD"),
        ..Contract::default()
    }
}

/// Asks, and waits for the answer.
fn bars(stage: &mut Stage, conn: ConnId, request: HistoricalDataRequest) -> Vec<HistoricalDataBar> {
    let id = request.req_id.unwrap();
    let mut told = stage.ask(conn, history(request));
    for _ in 0..10 {
        if !told.is_empty() {
            break;
        }
        told.extend(stage.heard_in(conn, 1.0));
    }
    let bars = history_in(&told, id);
    assert!(!bars.is_empty(), "{:?}", words(&told));
    bars
}

fn history_in(told: &[Reply], id: i32) -> Vec<HistoricalDataBar> {
    told.iter()
        .find_map(|reply| match reply {
            Reply::HistoricalData(History { data, .. }) if data.req_id() == id => {
                Some(data.historical_data_bars.clone())
            }
            _ => None,
        })
        .unwrap_or_else(|| panic!("{:?}", words(told)))
}

fn seconds(bar: &HistoricalDataBar) -> i64 {
    bar.date().parse().unwrap()
}

/// What the window's chart has, by the second that a bar begins at.
fn charted(stage: &mut Stage, symbol: &str, timeframe: Timeframe, count: usize) -> BTreeMap<i64, Bar> {
    let key = BarKey { instrument: stage.instrument(symbol).id, timeframe };
    let mut demand = Demand::default();
    demand.want_bars(key, count);
    stage.command(Command::Demand(Arc::new(demand)));
    stage.run(Duration::from_secs(1));
    let view = stage.desk.series(key).unwrap();
    assert!(view.is_loaded);
    view.series.bars(0..view.series.len()).map(|bar| (bar.time.seconds(), bar)).collect()
}

fn prices(bar: &HistoricalDataBar) -> [u64; 4] {
    [bar.open(), bar.high(), bar.low(), bar.close()].map(f64::to_bits)
}

#[test]
fn bars_are_those_of_the_chart_in_both_dialects() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let chart = charted(&mut stage, "AAPL", Timeframe::M5, 1_000);
        let conn = stage.connect(dialect, 1);
        let told = bars(&mut stage, conn, asked(60, "5 mins", "2 D"));
        // A market that never closes: yesterday, and today up to now.
        assert!((288..=576).contains(&told.len()), "{}", told.len());
        assert!(told.windows(2).all(|pair| seconds(&pair[1]) - seconds(&pair[0]) == 300));
        for bar in &told[..told.len() - 1] {
            let known = &chart[&seconds(bar)];
            assert_eq!(prices(bar), [known.open, known.high, known.low, known.close].map(f64::to_bits));
            let volume: f64 = bar.volume().parse().unwrap();
            assert!((volume - known.volume).abs() < 1e-6, "{volume} {}", known.volume);
            let average: f64 = bar.wap().parse().unwrap();
            assert!(known.low <= average && average <= known.high);
            assert_eq!(bar.bar_count(), -1, "prints are not counted");
        }
        let now = stage.now().seconds();
        assert!((0..300).contains(&(now - seconds(told.last().unwrap()))), "the newest is forming");
        assert!(stage.demand.bars.is_empty(), "nothing more is asked of the engine");
    }
}

#[test]
fn the_end_of_an_answer_says_from_when_to_when() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let request = HistoricalDataRequest { format_date: Some(1), ..asked(60, "1 hour", "1 D") };
        let told = [stage.ask(conn, history(request)), stage.heard_in(conn, 2.0)].concat();
        let bars = history_in(&told, 60);
        assert!(
            bars.iter().all(|bar| bar.date().ends_with(":00:00 America/New_York")),
            "{:?}",
            bars[0].date()
        );
        let end = told.iter().find_map(|reply| match reply {
            Reply::HistoricalData(History { end: Some(end), .. }) | Reply::HistoricalDataEnd(end) => {
                Some(end.clone())
            }
            _ => None,
        });
        let end = end.unwrap();
        assert_eq!(end.start_date_str(), "20261120 00:00:00 America/New_York");
        assert!(end.end_date_str().starts_with("20261120 10:00:0"), "{}", end.end_date_str());
    }
}

#[test]
fn every_size_of_the_api_is_there() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Protobuf, 1);
    let sizes = [
        ("1 secs", 1, "60 S"),
        ("5 secs", 5, "300 S"),
        ("10 secs", 10, "300 S"),
        ("15 secs", 15, "300 S"),
        ("30 secs", 30, "600 S"),
        ("1 min", 60, "1800 S"),
        ("2 mins", 120, "3600 S"),
        ("3 mins", 180, "3600 S"),
        ("5 mins", 300, "1 D"),
        ("10 mins", 600, "1 D"),
        ("15 mins", 900, "1 D"),
        ("20 mins", 1_200, "1 D"),
        ("30 mins", 1_800, "1 D"),
        ("1 hour", 3_600, "1 W"),
        ("2 hours", 7_200, "1 W"),
        ("3 hours", 10_800, "1 W"),
        ("4 hours", 14_400, "1 W"),
        ("8 hours", 28_800, "1 W"),
    ];
    for (id, (size, length, duration)) in (100..).zip(sizes) {
        let told = bars(&mut stage, conn, asked(id, size, duration));
        assert!(told.len() > 9, "{size}: {}", told.len());
        for pair in told.windows(2) {
            let apart = seconds(&pair[1]) - seconds(&pair[0]);
            assert!(apart > 0 && apart % length == 0, "{size}: {apart}");
        }
    }
    for (id, size, duration, least) in
        [(200, "1 day", "1 Y", 365), (201, "1 week", "1 Y", 52), (202, "1 month", "1 Y", 12)]
    {
        let told = bars(&mut stage, conn, asked(id, size, duration));
        assert!((least..least + 2).contains(&told.len()), "{size}: {}", told.len());
        assert!(told.iter().all(|bar| bar.date().len() == 8), "{size}: {}", told[0].date());
        assert!(told.windows(2).all(|pair| pair[0].date() < pair[1].date()));
    }
}

#[test]
fn longer_bars_are_the_shorter_ones_together() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let minutes = bars(&mut stage, conn, asked(1, "1 min", "1 D"));
    let tens = bars(&mut stage, conn, asked(2, "10 mins", "1 D"));
    for ten in &tens[..tens.len() - 1] {
        let of_it: Vec<&HistoricalDataBar> =
            minutes.iter().filter(|bar| (seconds(ten)..seconds(ten) + 600).contains(&seconds(bar))).collect();
        assert_eq!(of_it.len(), 10);
        let high = of_it.iter().map(|bar| bar.high()).fold(f64::MIN, f64::max);
        let low = of_it.iter().map(|bar| bar.low()).fold(f64::MAX, f64::min);
        assert_eq!(prices(ten), [of_it[0].open(), high, low, of_it[9].close()].map(f64::to_bits));
    }
}

#[test]
fn bars_kept_up_to_date_are_those_that_would_be_told_anew() {
    for (dialect, size) in [(Dialect::Text, "5 secs"), (Dialect::Protobuf, "10 secs")] {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let keep = HistoricalDataRequest { keep_up_to_date: Some(true), ..asked(60, size, "300 S") };
        let mut kept: BTreeMap<i64, HistoricalDataBar> =
            bars(&mut stage, conn, keep).into_iter().map(|bar| (seconds(&bar), bar)).collect();
        let begun_with = kept.len();
        let mut newest = *kept.keys().last().unwrap();
        let mut told = stage.heard_in(conn, 20.0);
        // Who reads slowly has no gap in the end.
        stage.core.waiting(conn, 1 << 20);
        assert!(stage.heard_in(conn, 20.0).is_empty());
        stage.core.waiting(conn, 0);
        // And a chart that begins to follow the same bars takes none away.
        charted(&mut stage, "AAPL", Timeframe::S5, 50);
        told.extend(stage.heard_in(conn, 20.0));
        for reply in told {
            let Reply::HistoricalDataUpdate(update) = reply else { panic!("{reply:?}") };
            assert_eq!(update.req_id(), 60);
            let bar = update.historical_data_bar.unwrap();
            assert!(seconds(&bar) >= newest, "the clients drop what is older");
            newest = seconds(&bar);
            kept.insert(newest, bar);
        }
        assert!(kept.len() > begun_with + 4, "{} {begun_with}", kept.len());
        let anew = bars(&mut stage, conn, asked(61, size, "120 S"));
        let closed = &anew[..anew.len() - 1];
        assert!(closed.len() > 8);
        for bar in closed {
            assert_eq!(kept.get(&seconds(bar)), Some(bar));
        }
        stage.ask(conn, Request::CancelHistoricalData(RequestId { req_id: Some(60) }));
        stage.heard(conn);
        assert!(stage.heard_in(conn, 6.0).is_empty());
        assert!(stage.demand.bars.is_empty());
    }
}

#[test]
fn more_of_a_series_is_told_where_less_of_it_is_there() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let keep = HistoricalDataRequest { keep_up_to_date: Some(true), ..asked(1, "5 mins", "600 S") };
    assert!(bars(&mut stage, conn, keep).len() < 4);
    let long = bars(&mut stage, conn, asked(2, "5 mins", "5 D"));
    assert!((4 * 288..=5 * 288).contains(&long.len()), "{}", long.len());
    assert!(long.windows(2).all(|pair| seconds(&pair[1]) - seconds(&pair[0]) == 300));
    let short = bars(&mut stage, conn, asked(3, "5 mins", "1 D"));
    assert_eq!(short[..short.len() - 1], long[long.len() - short.len()..long.len() - 1]);
}

fn live_bars(told: &[Reply], id: i32) -> Vec<RealTimeBarTick> {
    let bar = |reply: &Reply| match reply {
        Reply::RealTimeBar(bar) if bar.req_id() == id => Some((**bar).clone()),
        _ => None,
    };
    told.iter().filter_map(bar).collect()
}

#[test]
fn a_bar_comes_every_five_seconds() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let request = RealTimeBarsRequest {
            req_id: Some(70),
            contract: Some(share("AAPL")),
            bar_size: Some(5),
            what_to_show: Some("TRADES".into()),
            use_rth: Some(true),
            ..RealTimeBarsRequest::default()
        };
        let mut told = stage.ask(conn, Request::RealTimeBars(Box::new(request.clone())));
        let again = stage.ask(conn, Request::RealTimeBars(Box::new(request)));
        assert_eq!(words(&again), ["70 error 322"]);
        told.extend(stage.heard_in(conn, 31.0));
        let live = live_bars(&told, 70);
        assert_eq!(live.len(), 5, "{live:?}");
        assert!(live.windows(2).all(|pair| pair[1].time() - pair[0].time() == 5));
        let past = bars(&mut stage, conn, asked(71, "5 secs", "120 S"));
        for bar in &live {
            let known = past.iter().find(|known| seconds(known) == bar.time()).unwrap();
            assert_eq!(prices(known), [bar.open(), bar.high(), bar.low(), bar.close()].map(f64::to_bits));
            assert_eq!((known.volume(), known.wap()), (bar.volume(), bar.wap()));
        }
        stage.ask(conn, Request::CancelRealTimeBars(RequestId { req_id: Some(70) }));
        assert!(live_bars(&stage.heard_in(conn, 12.0), 70).is_empty());
    }
}

#[test]
fn the_first_bar_is_known() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let mut first = |id: i32, format: i32| {
        let request = HeadTimestampRequest {
            req_id: Some(id),
            contract: Some(share("AAPL")),
            use_rth: Some(true),
            what_to_show: Some("TRADES".into()),
            format_date: Some(format),
        };
        let mut told = stage.ask(conn, Request::HeadTimestamp(Box::new(request)));
        told.extend(stage.heard_in(conn, 2.0));
        let [Reply::HeadTimestamp(head)] = &told[..] else { panic!("{:?}", words(&told)) };
        assert_eq!(head.req_id(), id);
        assert!(stage.ask(conn, Request::CancelHeadTimestamp(RequestId { req_id: Some(id) })).is_empty());
        head.head_timestamp().to_owned()
    };
    let text = first(1, 1);
    assert!(text.starts_with("2013"), "thirteen years: {text}");
    assert_eq!((text.len(), &text[8..9]), (17, "-"), "{text}");
    let seconds: i64 = first(2, 2).parse().unwrap();
    assert!((1_356_998_400..1_388_534_400).contains(&seconds), "{seconds}");
}

#[test]
fn sessions_are_told_without_bars() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let request =
            HistoricalDataRequest { what_to_show: Some("SCHEDULE".into()), ..asked(5, "1 day", "3 D") };
        let told = stage.ask(conn, history(request));
        let [Reply::HistoricalSchedule(schedule)] = &told[..] else { panic!("{:?}", words(&told)) };
        assert_eq!((schedule.req_id(), schedule.time_zone()), (5, "America/New_York"));
        let days: Vec<&str> = schedule.historical_sessions.iter().map(HistoricalSession::ref_date).collect();
        assert_eq!(days, ["20261118", "20261119", "20261120"]);
        let last = &schedule.historical_sessions[2];
        assert_eq!(
            (last.start_date_time(), last.end_date_time()),
            ("20261120-00:00:00", "20261121-00:00:00")
        );
        assert_eq!(
            (schedule.start_date_time(), schedule.end_date_time()),
            ("20261118-00:00:00", "20261121-00:00:00")
        );
    }
}

#[test]
fn what_cannot_be_told_is_refused_at_once() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let what = |id: i32, what: &str| HistoricalDataRequest {
        what_to_show: Some(what.into()),
        ..asked(id, "1 hour", "1 D")
    };
    let unknown = HistoricalDataRequest { contract: Some(share("NOSUCH")), ..asked(1, "1 hour", "1 D") };
    let refused = [
        (unknown, 200),
        (asked(2, "7 mins", "1 D"), 322),
        (asked(3, "1 hour", "soon"), 322),
        (what(4, "MIDPOINT"), 162),
        (what(5, "HISTORICAL_VOLATILITY"), 162),
        (asked(6, "1 secs", "1 M"), 162),
        (HistoricalDataRequest { end_date_time: Some("20100101".into()), ..asked(7, "1 min", "1 D") }, 162),
    ];
    for (request, code) in refused {
        let id = request.req_id.unwrap();
        assert_eq!(words(&stage.ask(conn, history(request))), [format!("{id} error {code}")]);
    }
    let of_pair = HistoricalDataRequest { contract: Some(euro()), ..what(8, "MIDPOINT") };
    assert!(!bars(&mut stage, conn, of_pair).is_empty(), "of currencies everybody asks for the middle");
}

#[test]
fn where_there_are_no_bars_that_is_said() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Protobuf, 1);
    let before =
        HistoricalDataRequest { end_date_time: Some("19950101 12:00:00".into()), ..asked(1, "1 day", "1 M") };
    let mut told = stage.ask(conn, history(HistoricalDataRequest { keep_up_to_date: Some(false), ..before }));
    told.extend(stage.heard_in(conn, 5.0));
    assert_eq!(words(&told), ["1 error 162"]);
    let Reply::Error(error) = &told[0] else { panic!() };
    assert!(error.error_msg().contains("HMDS query returned no data"), "{}", error.error_msg());
    assert!(stage.demand.bars.is_empty());
}

#[test]
fn bars_that_do_not_come_end_with_an_error() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let mut bytes = Vec::new();
    history(asked(1, "1 hour", "1 D")).encode(Dialect::Text, &mut bytes);
    history(asked(1, "1 hour", "1 D")).encode(Dialect::Text, &mut bytes);
    // Nothing of what the engine says comes through in between.
    let now = stage.now();
    stage.core.received(conn, &bytes, now);
    stage.core.tick(now + Duration::from_secs(29));
    stage.core.tick(now + Duration::from_secs(31));
    stage.settle();
    assert_eq!(words(&stage.heard(conn)), ["1 error 322", "1 error 162"], "the first: its id is in use");
    assert!(stage.heard_in(conn, 2.0).is_empty());
}

#[test]
fn what_is_taken_back_is_not_told() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let mut bytes = Vec::new();
    history(asked(1, "1 hour", "1 D")).encode(Dialect::Text, &mut bytes);
    Request::CancelHistoricalData(RequestId { req_id: Some(1) }).encode(Dialect::Text, &mut bytes);
    stage.send_bytes(conn, &bytes);
    assert!(stage.heard_in(conn, 3.0).is_empty());
}

#[test]
fn a_connection_waits_for_a_bounded_number_of_answers() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let mut bytes = Vec::new();
    for id in 1..=101 {
        history(asked(id, "1 hour", "1 D")).encode(Dialect::Text, &mut bytes);
    }
    stage.send_bytes(conn, &bytes);
    let mut told = words(&stage.heard(conn));
    told.extend(words(&stage.heard_in(conn, 3.0)));
    assert_eq!(told.iter().filter(|word| *word == "101 error 322").count(), 1, "{told:?}");
    assert_eq!(told.iter().filter(|word| *word == "HistoricalData").count(), 100);
}
