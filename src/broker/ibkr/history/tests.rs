//! Series from the answers of TWS.

use ibapi::Notice;
use time::{Date, Month, OffsetDateTime};

use super::*;
use crate::broker::ibkr::listed::tests::share;
use crate::domain::InstrumentId;
use crate::domain::time::{MINUTE, SECOND};

/// A Friday, 15:00:30 in New York.
const NOW: Time = Time((1_795_204_800 + 30) * SECOND);
const ID: InstrumentId = InstrumentId(0);

fn listing() -> Listing {
    Listing::new([share(0, "AAPL", 265_598), share(1, "MSFT", 272_093)])
}

fn request(timeframe: Timeframe, before: Time, count: usize) -> HistoryRequest {
    HistoryRequest { instrument: ID, timeframe, before, count }
}

fn bar(date: BarTimestamp, price: f64, volume: f64) -> TheirBar {
    TheirBar {
        date,
        open: price,
        high: price + 1.0,
        low: price - 1.0,
        close: price,
        volume,
        wap: price,
        count: 1,
    }
}

fn at(time: Time, price: f64) -> TheirBar {
    let date = OffsetDateTime::from_unix_timestamp(time.seconds()).unwrap();
    bar(BarTimestamp::DateTime(date), price, 10.0)
}

/// `count` minutes that end before `before`.
fn minutes(before: Time, count: i64) -> HistoricalData {
    let bars = (1..=count).rev().map(|n| at(Time(before.0 - n * MINUTE), 100.0 + n as f64)).collect();
    HistoricalData { start: OffsetDateTime::UNIX_EPOCH, end: OffsetDateTime::UNIX_EPOCH, bars }
}

fn notice(code: i32, message: &str) -> Error {
    Error::Notice(Notice {
        request_id: Some(1_500_000_000),
        code,
        message: message.to_owned(),
        error_time: None,
        advanced_order_reject_json: String::new(),
    })
}

fn failure(code: i32, message: &str) -> Result<HistoricalData, Error> {
    Err(notice(code, message))
}

impl History {
    fn asks(&mut self, now: Time) -> Vec<Ask> {
        self.next(&listing(), now).0
    }

    fn answered(&mut self, job: u64, outcome: Result<HistoricalData, Error>, now: Time) -> Vec<BrokerEvent> {
        self.came(job, outcome, &listing(), now)
    }
}

fn answer_of(events: Vec<BrokerEvent>) -> HistoryBars {
    let answer = events.into_iter().find_map(|event| match event {
        BrokerEvent::History(bars) => Some(bars),
        _ => None,
    });
    answer.expect("an answer")
}

fn minute_of(time: Time) -> Time {
    Time(time.0 - time.0 % MINUTE)
}

#[test]
fn the_bar_of_now_is_forming_and_not_closed() {
    let mut history = History::default();
    assert!(history.ask(request(Timeframe::M1, Time::MAX, 5), &listing()).is_none());
    let ask = history.asks(NOW)[0];
    assert_eq!((ask.key.size, ask.key.ending, ask.what), (BarSize::Min, None, WhatToShow::Trades));
    let events = history.answered(ask.job, Ok(minutes(minute_of(NOW + Duration::from_mins(1)), 8)), NOW);
    let answer = answer_of(events);
    assert_eq!(answer.bars.len(), 5, "the newest of those that have closed");
    assert_eq!(answer.forming.unwrap().time, minute_of(NOW));
    assert_eq!(answer.bars.last().unwrap().time, Time(minute_of(NOW).0 - MINUTE));
    assert!(history.asks(NOW).is_empty());
}

#[test]
fn what_one_answer_lacks_is_asked_for_further_back() {
    let mut history = History::default();
    let before = minute_of(NOW);
    history.ask(request(Timeframe::M1, before, 10), &listing());
    let ask = history.asks(NOW)[0];
    assert_eq!(ask.key.ending, Some(before));
    assert!(history.answered(ask.job, Ok(minutes(before, 6)), NOW).is_empty());
    let next = history.asks(NOW)[0];
    assert_eq!(next.key.ending, Some(Time(before.0 - 6 * MINUTE)));
    let answer = answer_of(history.answered(next.job, Ok(minutes(Time(before.0 - 6 * MINUTE), 6)), NOW));
    assert_eq!((answer.bars.len(), answer.forming), (10, None));
    let times: Vec<i64> = answer.bars.times().map(|time| time.0).collect();
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
    assert_eq!(times[9], before.0 - MINUTE);
}

#[test]
fn a_weekend_without_bars_is_looked_behind() {
    let mut history = History::default();
    let before = minute_of(NOW);
    history.ask(request(Timeframe::M1, before, 3), &listing());
    let nothing = || failure(162, "Historical Market Data Service error message:HMDS query returned no data");
    for days in [0, 1] {
        let ask = history.asks(NOW)[0];
        assert_eq!(ask.key.ending, Some(before - DAY * days));
        assert!(history.answered(ask.job, nothing(), NOW).is_empty());
    }
    let ask = history.asks(NOW)[0];
    assert_eq!(ask.key.ending, Some(before - DAY * 3));
    let answer = answer_of(history.answered(ask.job, Ok(minutes(before - DAY * 3, 3)), NOW));
    assert_eq!(answer.bars.len(), 3);
}

#[test]
fn where_there_is_nothing_older_the_answer_says_so() {
    let mut history = History::default();
    history.ask(request(Timeframe::D1, Time::MAX, 500), &listing());
    let ask = history.asks(NOW)[0];
    assert_eq!(ask.span, Span::years(2));
    let day = |day| {
        bar(BarTimestamp::Date(Date::from_calendar_date(2026, Month::November, day).unwrap()), 50.0, 1.0)
    };
    let data = HistoricalData {
        start: OffsetDateTime::UNIX_EPOCH,
        end: OffsetDateTime::UNIX_EPOCH,
        bars: vec![day(17), day(18), day(19), day(20)],
    };
    assert!(history.answered(ask.job, Ok(data), NOW).is_empty());
    let ask = history.asks(NOW)[0];
    let answer = answer_of(history.answered(ask.job, failure(162, "HMDS query returned no data"), NOW));
    assert_eq!(answer.bars.len(), 3, "fewer than asked: there is no more");
    assert!(answer.forming.is_some(), "today");
}

#[test]
fn the_same_request_twice_is_one() {
    let mut history = History::default();
    history.ask(request(Timeframe::S5, Time::MAX, 10), &listing());
    history.ask(request(Timeframe::S5, Time::MAX, 20), &listing());
    let asks = history.asks(NOW);
    assert_eq!(asks.len(), 1);
    assert_eq!(asks[0].span, Span::seconds(100), "enough for the larger");
}

#[test]
fn a_pacing_violation_waits_and_is_tried_again_in_silence() {
    let mut history = History::default();
    history.ask(request(Timeframe::S1, Time::MAX, 10), &listing());
    let ask = history.asks(NOW)[0];
    let refused = failure(162, "Historical data request pacing violation");
    assert!(history.answered(ask.job, refused, NOW).is_empty());
    let (asks, told) = history.next(&listing(), NOW);
    let [BrokerEvent::BarsWait { request, until }, BrokerEvent::Note(NoticeLevel::Info, text)] = &told[..]
    else {
        panic!("{told:?}")
    };
    assert_eq!((request.timeframe, *until), (Timeframe::S1, NOW + Duration::from_secs(15)));
    assert_eq!((asks.len(), &**text), (0, "Waiting for IBKR pacing: bars of AAPL 1s in 16 s"));
    let (asks, told) = history.next(&listing(), NOW + Duration::from_secs(1));
    assert!(asks.is_empty() && told.is_empty(), "said once");
    assert_eq!(history.asks(NOW + Duration::from_secs(15)).len(), 1);
}

#[test]
fn what_fails_for_good_is_told_and_answered_with_nothing() {
    let mut history = History::default();
    history.ask(request(Timeframe::M1, Time::MAX, 10), &listing());
    let ask = history.asks(NOW)[0];
    let events = history.answered(ask.job, failure(162, "No market data permissions for ISLAND STK"), NOW);
    let [BrokerEvent::Note(NoticeLevel::Warning, text), BrokerEvent::History(answer)] = &*events else {
        panic!("{events:?}")
    };
    assert!(text.starts_with("AAPL 1m: no subscription to past bars"), "{text}");
    assert!(answer.bars.is_empty() && answer.is_cut);
}

#[test]
fn while_the_farm_is_down_bars_wait_and_then_come_at_once() {
    let mut history = History::default();
    history.ask(request(Timeframe::M1, Time::MAX, 5), &listing());
    assert!(!history.farm(true), "it went down");
    let mut now = NOW;
    for _ in 0..10 {
        let ask = history.asks(now)[0];
        assert!(history.answered(ask.job, failure(162, "HMDS connection is broken"), now).is_empty());
        assert!(history.asks(now + Duration::from_secs(9)).is_empty());
        now = now + Duration::from_secs(10);
    }
    let ask = history.asks(now)[0];
    history.answered(ask.job, Err(Error::Timeout), now);
    assert!(history.farm(false), "it is back");
    let ask = history.asks(now)[0];
    let answer = answer_of(history.answered(ask.job, Ok(minutes(minute_of(now), 6)), now));
    assert!(answer.bars.len() == 5 && !answer.is_cut);
}

#[test]
fn what_fails_for_no_known_reason_is_tried_three_times() {
    let mut history = History::default();
    history.ask(request(Timeframe::M1, Time::MAX, 10), &listing());
    let mut now = NOW;
    for attempt in 1..=3 {
        let ask = history.asks(now)[0];
        let events = history.answered(ask.job, Err(Error::Timeout), now);
        assert_eq!(events.is_empty(), attempt < 3, "{attempt}");
        now = now + Duration::from_secs(1);
    }
    assert!(history.asks(now).is_empty());
}

#[test]
fn hours_of_an_exchange_that_opens_at_half_past_are_put_into_ours() {
    let calendar = Calendar::new(&share(0, "AAPL", 1).instrument.hours).unwrap();
    // 14:30, 15:00 and 16:00 UTC: TWS begins at the open, and then on the hour.
    let open = Time::from_timestamp("2026-11-20T14:30:00Z".parse().unwrap());
    let later = |minutes: i64| Time(open.0 + minutes * MINUTE);
    let theirs = [at(later(30), 12.0), at(open, 10.0), at(later(90), 14.0)];
    let bars = bars(&theirs, &calendar, Timeframe::H1);
    assert_eq!(bars.len(), 3);
    assert_eq!(bars[0].time, later(-30));
    let half = bars_of_four_hours(&theirs, &calendar);
    assert_eq!(half.len(), 1);
    assert_eq!((half[0].open, half[0].close, half[0].volume), (10.0, 14.0, 30.0));
}

fn bars_of_four_hours(theirs: &[TheirBar], calendar: &Calendar) -> Vec<Bar> {
    bars(theirs, calendar, Timeframe::H4)
}

#[test]
fn bars_that_make_no_sense_are_left_out() {
    let calendar = Calendar::new(&share(0, "AAPL", 1).instrument.hours).unwrap();
    let good = at(NOW, 10.0);
    let upside_down = TheirBar { high: 5.0, ..good };
    let nothing = TheirBar { open: 0.0, high: 0.0, low: 0.0, close: 0.0, ..good };
    let nan = TheirBar { close: f64::NAN, ..good };
    let middle = TheirBar { volume: -1.0, ..at(NOW + Duration::from_mins(1), 10.0) };
    let found = bars(&[upside_down, nothing, nan, good, middle], &calendar, Timeframe::M1);
    assert_eq!(found.iter().map(|bar| bar.volume).collect::<Vec<_>>(), [10.0, 0.0]);
}

#[test]
fn every_timeframe_asks_for_no_more_than_tws_gives_at_once() {
    let listed = share(0, "AAPL", 1);
    for timeframe in Timeframe::ALL {
        for count in [1, 300, 100_000] {
            let (size, span) = shape(timeframe, count, &listed.instrument);
            let text = span.to_string();
            let (value, unit) = text.split_once(' ').unwrap();
            let value: i32 = value.parse().unwrap();
            let most = match unit {
                "S" => 86_400,
                "D" => 365,
                "Y" => 5,
                other => panic!("{other}"),
            };
            assert!((1..=most).contains(&value), "{timeframe} {count}: {text}");
            assert!(unit != "S" || value >= 30);
            if size == BarSize::Sec {
                assert!(unit == "S" && value <= 1_800);
            }
        }
    }
}

#[test]
fn nothing_is_looked_for_before_the_data_begin() {
    let mut history = History::default();
    history.ask(request(Timeframe::M1, NOW, 1_000), &listing());
    let ask = history.asks(NOW)[0];
    let apple = InstrumentId(0);
    assert_eq!(history.first_to_ask(&listing(), NOW), Some((apple, WhatToShow::Trades)));
    assert_eq!(history.first_to_ask(&listing(), NOW), None, "once");
    history.first(apple, Ok(Some(NOW - Duration::from_mins(5))), NOW);
    // The part goes back to the begin, and is short of what was asked for.
    let events = history.answered(ask.job, Ok(minutes(NOW, 5)), NOW);
    let [BrokerEvent::History(answer)] = &*events else { panic!("{events:?}") };
    assert_eq!(answer.bars.len(), 5, "all that there is");
    let older = request(Timeframe::M1, NOW - Duration::from_mins(5), 1_000);
    let Some(BrokerEvent::History(answer)) = history.ask(older, &listing()) else { panic!("it is answered") };
    assert!(answer.bars.is_empty());
    assert!(history.asks(NOW).is_empty());
}

#[test]
fn the_question_when_data_begin_waits_like_all_others() {
    let mut history = History::default();
    history.ask(request(Timeframe::M1, NOW, 10), &listing());
    let ask = history.asks(NOW)[0];
    let all = (1..=4).map(|id| BarKey { instrument: InstrumentId(id), timeframe: Timeframe::M1 });
    let all: Vec<BarKey> = all.collect();
    let list = listing();
    for key in &all {
        history.keep(*key, list.instrument(ID).unwrap());
    }
    assert_eq!(history.next_kept(NOW).len(), 4);
    assert_eq!(history.first_to_ask(&list, NOW), None, "five are open");
    history.keeps(all[0]);
    assert_eq!(history.first_to_ask(&list, NOW), Some((ID, WhatToShow::Trades)));
    history.keep(all[0], list.instrument(ID).unwrap());
    assert_eq!(history.next_kept(NOW), [], "it is open itself");
    history.first(ID, Err(notice(162, "Historical data request pacing violation")), NOW);
    assert_eq!(history.first_to_ask(&list, NOW), None, "TWS was asked too often");
    let later = NOW + Duration::from_secs(15);
    assert_eq!(history.first_to_ask(&list, later), Some((ID, WhatToShow::Trades)));
    history.first(ID, Err(Error::Timeout), later);
    assert_eq!(history.first_to_ask(&list, later), None, "nobody knows");
    assert!(history.answered(ask.job, Ok(minutes(NOW, 10)), later).len() == 1);
}

#[test]
fn the_newest_bars_need_no_first_date() {
    let mut history = History::default();
    history.ask(request(Timeframe::M1, Time::MAX, 10), &listing());
    assert_eq!(history.first_to_ask(&listing(), NOW), None);
}

#[test]
fn series_to_be_kept_wait_for_room_like_all_others() {
    let mut history = History::default();
    let series = |id, timeframe| BarKey { instrument: InstrumentId(id), timeframe };
    let listing = listing();
    let share = listing.instrument(ID).unwrap();
    let all: Vec<BarKey> = (0..7).map(|id| series(id, Timeframe::M1)).collect();
    for key in &all {
        history.keep(*key, share);
    }
    assert_eq!(history.next_kept(NOW), all[..5]);
    assert_eq!(history.next_kept(NOW), [], "none has been answered");
    history.keeps(all[0]);
    history.keeps(all[0]);
    assert_eq!(history.next_kept(NOW), [all[5]], "one answer makes room for one");
    history.keep_no_more(all[1]);
    history.keep_no_more(all[6]);
    assert_eq!(history.next_kept(NOW), [], "nobody wants the last any more");
    history.violated(NOW);
    history.keep(all[6], share);
    assert_eq!(history.next_kept(NOW), [], "TWS was asked too often");
    assert_eq!(history.next_kept(NOW + Duration::from_secs(15)), [all[6]]);
}
