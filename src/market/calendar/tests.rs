//! Explicit days around the jumps of 2026, and the arithmetic against a walk in minutes.

use std::sync::Arc;

use jiff::civil::date;
use proptest::prelude::*;

use super::*;
use crate::domain::time::{HOUR, MINUTE, SECOND};

const REGULAR: SessionKind = SessionKind::Regular;
const EXTENDED: SessionKind = SessionKind::Extended;
const MONDAY_TO_FRIDAY: [bool; 7] = [true, true, true, true, true, false, false];

/// An instant, written with its offset.
fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

fn session(open: (i16, i16), close: (i16, i16), kind: SessionKind) -> Session {
    Session { open: open.0 * 60 + open.1, close: close.0 * 60 + close.1, kind }
}

fn hours(zone: &str, sessions: Vec<Session>, holidays: Vec<Date>) -> TradingHours {
    TradingHours { zone: zone.to_owned(), sessions, weekdays: MONDAY_TO_FRIDAY, holidays }
}

fn new_york() -> Calendar {
    let sessions = vec![
        session((4, 0), (9, 30), EXTENDED),
        session((9, 30), (16, 0), REGULAR),
        session((16, 0), (20, 0), EXTENDED),
    ];
    // Out of order on purpose: files may list them so.
    let holidays = vec![date(2026, 12, 25), date(2026, 7, 3), date(2026, 11, 26)];
    Calendar::new(&hours("America/New_York", sessions, holidays)).unwrap()
}

fn tokyo() -> Calendar {
    let sessions = vec![session((9, 0), (11, 30), REGULAR), session((12, 30), (15, 30), REGULAR)];
    Calendar::new(&hours("Asia/Tokyo", sessions, vec![])).unwrap()
}

fn foreign_exchange() -> Calendar {
    let sessions = vec![session((-7, 0), (17, 0), REGULAR)];
    Calendar::new(&hours("America/New_York", sessions, vec![date(2026, 12, 25)])).unwrap()
}

fn always(zone: &str) -> Calendar {
    Calendar::new(&TradingHours::always(zone)).unwrap()
}

fn check_spans(calendar: &Calendar, day: Date, expected: &[(&str, &str, SessionKind)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|&(open, close, kind)| SessionSpan { open: at(open), close: at(close), kind, day })
        .collect();
    assert_eq!(calendar.sessions_of(day), expected);
}

#[test]
fn sessions_follow_summer_time() {
    let calendar = new_york();
    let check_regular = |day, open, close| {
        let regular: Vec<_> = calendar.sessions_of(day).into_iter().filter(|s| s.kind == REGULAR).collect();
        assert_eq!(regular, [SessionSpan { open: at(open), close: at(close), kind: REGULAR, day }]);
    };
    check_regular(date(2026, 3, 6), "2026-03-06T14:30Z", "2026-03-06T21:00Z");
    check_regular(date(2026, 3, 9), "2026-03-09T13:30Z", "2026-03-09T20:00Z");
    check_regular(date(2026, 10, 30), "2026-10-30T13:30Z", "2026-10-30T20:00Z");
    check_regular(date(2026, 11, 2), "2026-11-02T14:30Z", "2026-11-02T21:00Z");
}

#[test]
fn a_session_includes_its_opening_and_not_its_close() {
    let calendar = new_york();
    let kind = |time| calendar.session_at(time).map(|span| span.kind);
    let open = at("2026-03-09T09:30-04:00");
    let close = at("2026-03-09T16:00-04:00");
    assert_eq!(kind(Time(open.0 - 1)), Some(EXTENDED));
    assert_eq!(kind(open), Some(REGULAR));
    assert_eq!(kind(Time(close.0 - 1)), Some(REGULAR));
    assert_eq!(kind(close), Some(EXTENDED));
    assert_eq!(kind(at("2026-03-09T20:00-04:00")), None);
    assert_eq!(kind(at("2026-03-09T03:59-04:00")), None);
}

#[test]
fn weekends_and_holidays_have_no_sessions() {
    let calendar = new_york();
    check_spans(&calendar, date(2026, 3, 8), &[]);
    check_spans(&calendar, date(2026, 7, 3), &[]);
    assert!(!calendar.is_open(at("2026-07-03T12:00-04:00")));
    assert_eq!(calendar.next_trading_day(date(2026, 7, 2)), Some(date(2026, 7, 6)));
    assert_eq!(calendar.previous_trading_day(date(2026, 7, 6)), Some(date(2026, 7, 2)));
    assert_eq!(calendar.next_open(at("2026-07-02T20:00-04:00")).unwrap().open, at("2026-07-06T04:00-04:00"));
}

#[test]
fn the_next_open_is_after_the_instant_asked_for() {
    let calendar = new_york();
    let open = at("2026-03-09T09:30-04:00");
    assert_eq!(calendar.next_open(Time(open.0 - 1)).unwrap().open, open);
    assert_eq!(calendar.next_open(open).unwrap().open, at("2026-03-09T16:00-04:00"));
    // Over the weekend on which summer time begins.
    assert_eq!(calendar.next_open(at("2026-03-06T20:00-05:00")).unwrap().open, at("2026-03-09T08:00Z"));
}

#[test]
fn tokyo_takes_a_break_for_lunch() {
    let calendar = tokyo();
    check_spans(
        &calendar,
        date(2026, 5, 7),
        &[
            ("2026-05-07T09:00+09:00", "2026-05-07T11:30+09:00", REGULAR),
            ("2026-05-07T12:30+09:00", "2026-05-07T15:30+09:00", REGULAR),
        ],
    );
    let lunch = at("2026-05-07T12:00+09:00");
    assert!(!calendar.is_open(lunch));
    assert_eq!(calendar.next_open(lunch).unwrap().open, at("2026-05-07T12:30+09:00"));
    assert_eq!(calendar.day_end(lunch), at("2026-05-07T15:30+09:00"));
    // A Tokyo morning is the evening before in UTC.
    assert_eq!(calendar.trading_day(at("2026-05-06T23:00Z")), date(2026, 5, 7));
}

#[test]
fn foreign_exchange_trades_from_sunday_to_friday_evening() {
    let calendar = foreign_exchange();
    // The week that summer time begins in: Sunday 17:00 is after the jump.
    let sunday = at("2026-03-08T17:00-04:00");
    let friday = at("2026-03-13T17:00-04:00");
    assert_eq!(sunday, at("2026-03-08T21:00Z"));
    assert!(!calendar.is_open(Time(sunday.0 - 1)));
    assert!(!calendar.is_open(friday));
    let mut time = sunday;
    while time < friday {
        assert!(calendar.is_open(time), "closed at {time}");
        time = Time(time.0 + 30 * MINUTE);
    }
    assert_eq!(calendar.next_open(at("2026-03-06T18:00-05:00")).unwrap().open, sunday);
    // The evening belongs to the next day, and so do its orders and bars.
    assert_eq!(calendar.trading_day(sunday), date(2026, 3, 9));
    assert_eq!(calendar.day_end(sunday), at("2026-03-09T17:00-04:00"));
    assert_eq!(calendar.period_start(at("2026-03-09T12:00-04:00"), Timeframe::D1), sunday);
    assert_eq!(calendar.period_start(at("2026-03-11T12:00-04:00"), Timeframe::W1), sunday);
    assert_eq!(
        calendar.period_start(at("2026-03-11T20:59-04:00"), Timeframe::H4),
        at("2026-03-11T17:00-04:00")
    );
    // The holiday is the trading day: closed from the evening before to its own.
    assert!(!calendar.is_open(at("2026-12-24T17:00-05:00")));
    assert!(calendar.is_open(at("2026-12-24T16:59-05:00")));
    assert!(!calendar.is_open(at("2026-12-25T18:00-05:00")));
}

#[test]
fn a_market_that_never_closes_has_local_days() {
    let calendar = always("America/New_York");
    check_spans(
        &calendar,
        date(2026, 3, 8),
        &[("2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00", REGULAR)],
    );
    check_spans(
        &calendar,
        date(2026, 11, 1),
        &[("2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00", REGULAR)],
    );
    assert_eq!(calendar.day_end(at("2026-11-01T12:00-05:00")), at("2026-11-02T00:00-05:00"));
    assert_eq!(calendar.next_open(at("2026-11-01T00:00-04:00")).unwrap().day, date(2026, 11, 2));
    assert_eq!(calendar.previous_trading_day(date(2026, 3, 9)), Some(date(2026, 3, 8)));
}

#[test]
fn day_orders_end_at_the_next_regular_close() {
    let calendar = new_york();
    let check = |time, end| assert_eq!(calendar.day_end(at(time)), at(end), "{time}");
    check("2026-03-06T05:00-05:00", "2026-03-06T16:00-05:00");
    check("2026-03-06T15:59:59-05:00", "2026-03-06T16:00-05:00");
    check("2026-03-06T16:00-05:00", "2026-03-09T16:00-04:00");
    check("2026-03-07T12:00-05:00", "2026-03-09T16:00-04:00");
    check("2026-07-03T12:00-04:00", "2026-07-06T16:00-04:00");
}

#[test]
fn bars_follow_the_wall_where_summer_time_begins() {
    use Timeframe::{D1, H1, H4, M30, Mo1, W1};

    // 2026-03-08, New York: 02:00 is skipped.
    let calendar = always("America/New_York");
    let check = |time, timeframe, start, end| {
        let time = at(time);
        let got = (calendar.period_start(time, timeframe), calendar.period_end(time, timeframe));
        assert_eq!(got, (at(start), at(end)), "{timeframe} of {time}");
    };
    check("2026-03-08T01:59-05:00", H1, "2026-03-08T01:00-05:00", "2026-03-08T03:00-04:00");
    check("2026-03-08T03:01-04:00", H1, "2026-03-08T03:00-04:00", "2026-03-08T04:00-04:00");
    check("2026-03-08T01:45-05:00", M30, "2026-03-08T01:30-05:00", "2026-03-08T03:00-04:00");
    check("2026-03-08T00:30-05:00", H4, "2026-03-08T00:00-05:00", "2026-03-08T04:00-04:00");
    check("2026-03-08T03:30-04:00", H4, "2026-03-08T00:00-05:00", "2026-03-08T04:00-04:00");
    check("2026-03-08T04:00-04:00", H4, "2026-03-08T04:00-04:00", "2026-03-08T08:00-04:00");
    check("2026-03-08T12:00-04:00", D1, "2026-03-08T00:00-05:00", "2026-03-09T00:00-04:00");
    check("2026-03-08T12:00-04:00", W1, "2026-03-02T00:00-05:00", "2026-03-09T00:00-04:00");
    check("2026-03-09T00:00-04:00", W1, "2026-03-09T00:00-04:00", "2026-03-16T00:00-04:00");
    check("2026-03-31T23:59-04:00", Mo1, "2026-03-01T00:00-05:00", "2026-04-01T00:00-04:00");
}

#[test]
fn bars_follow_the_wall_where_summer_time_ends() {
    use Timeframe::{D1, H1, H4, M15, Mo1};

    // 2026-11-01, New York: 01:00 to 02:00 is shown twice.
    let calendar = always("America/New_York");
    let check = |time, timeframe, start, end| {
        let time = at(time);
        let got = (calendar.period_start(time, timeframe), calendar.period_end(time, timeframe));
        assert_eq!(got, (at(start), at(end)), "{timeframe} of {time}");
    };
    check("2026-11-01T01:30-04:00", H1, "2026-11-01T01:00-04:00", "2026-11-01T01:00-05:00");
    check("2026-11-01T01:30-05:00", H1, "2026-11-01T01:00-05:00", "2026-11-01T02:00-05:00");
    check("2026-11-01T01:50-04:00", M15, "2026-11-01T01:45-04:00", "2026-11-01T01:00-05:00");
    check("2026-11-01T01:30-04:00", H4, "2026-11-01T00:00-04:00", "2026-11-01T04:00-05:00");
    check("2026-11-01T03:59-05:00", H4, "2026-11-01T00:00-04:00", "2026-11-01T04:00-05:00");
    check("2026-11-01T20:00-05:00", D1, "2026-11-01T00:00-04:00", "2026-11-02T00:00-05:00");
    check("2026-11-01T20:00-05:00", Mo1, "2026-11-01T00:00-04:00", "2026-12-01T00:00-05:00");
}

#[test]
fn half_hour_zones_have_local_hours() {
    let check = |zone, time, timeframe, start| {
        let start_of = always(zone).period_start(at(time), timeframe);
        assert_eq!(start_of, at(start), "{zone} {timeframe} of {time}");
    };
    check("Asia/Kolkata", "2026-05-07T04:10Z", Timeframe::H1, "2026-05-07T09:00+05:30");
    check("Asia/Kathmandu", "2026-05-07T04:10Z", Timeframe::H4, "2026-05-07T08:00+05:45");
    // Lord Howe jumps by half an hour: 2026-04-05 from 02:00 back to 01:30.
    check("Australia/Lord_Howe", "2026-04-05T01:45+11:00", Timeframe::H1, "2026-04-05T01:00+11:00");
    check("Australia/Lord_Howe", "2026-04-05T01:45+10:30", Timeframe::H1, "2026-04-05T01:00+11:00");
    check("Australia/Lord_Howe", "2026-04-05T01:45+10:30", Timeframe::M30, "2026-04-05T01:30+10:30");
    // 2026-10-04 from 02:00 on to 02:30.
    check("Australia/Lord_Howe", "2026-10-04T02:40+11:00", Timeframe::H1, "2026-10-04T02:30+11:00");
}

#[test]
fn a_day_without_midnight_begins_at_its_first_instant() {
    // Beirut goes from 00:00 straight to 01:00.
    let calendar = always("Asia/Beirut");
    assert_eq!(calendar.day_start(date(2026, 3, 29)), at("2026-03-29T01:00+03:00"));
    // Saint John's showed Sunday for a minute, then 59 minutes of Saturday again.
    let calendar = always("America/St_Johns");
    assert_eq!(calendar.trading_day(at("2010-11-07T00:00:30-02:30")), date(2010, 11, 7));
    assert_eq!(calendar.trading_day(at("2010-11-06T23:30-03:30")), date(2010, 11, 7));
}

#[test]
fn hours_that_cannot_be_kept_are_refused() {
    let check = |sessions: Vec<Session>, expected: &str| {
        let refused = Calendar::new(&hours("Asia/Seoul", sessions, vec![])).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    };
    let morning = session((9, 0), (12, 0), REGULAR);
    check(vec![session((12, 0), (9, 0), REGULAR)], "session 0 runs");
    check(vec![session((9, 0), (25, 0), REGULAR)], "at most 1440");
    check(vec![session((-25, 0), (9, 0), REGULAR)], "open from -1440");
    check(vec![morning, session((11, 0), (13, 0), REGULAR)], "session 1 opens before");
    check(vec![session((13, 0), (14, 0), REGULAR), morning], "session 1 opens before");
    check(vec![session((-7, 0), (1, 0), REGULAR), session((9, 0), (18, 0), REGULAR)], "longer than 24");

    let unknown = Calendar::new(&TradingHours::always("Mars/Olympus")).unwrap_err();
    assert!(unknown.to_string().contains("'Mars/Olympus'"), "{unknown}");
    let never = TradingHours { weekdays: [false; 7], ..hours("Asia/Seoul", vec![morning], vec![]) };
    assert!(matches!(Calendar::new(&never), Err(BadHours::NoWeekday)));
}

#[test]
fn the_ends_of_time_have_an_answer() {
    let day = 24 * HOUR;
    for calendar in calendars() {
        for time in [i64::MIN, i64::MIN + 2 * day, i64::MAX - 40 * day, i64::MAX].map(Time) {
            assert_eq!(calendar.is_open(time), calendar.session_at(time).is_some());
            assert!(calendar.next_open(time).is_none_or(|span| span.open > time));
            for timeframe in Timeframe::ALL {
                let mut cursor = PeriodCursor::new(calendar.clone(), timeframe);
                let period = (calendar.period_start(time, timeframe), calendar.period_end(time, timeframe));
                assert_eq!((cursor.start(time), cursor.end(time)), period);
            }
        }
    }
}

/// All calendars of these tests, and zones with unusual jumps.
fn calendars() -> Vec<Arc<Calendar>> {
    let zones = ["UTC", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Beirut", "Europe/London"];
    let mut all = vec![new_york(), tokyo(), foreign_exchange(), always("America/New_York")];
    all.extend(zones.map(always));
    all.into_iter().map(Arc::new).collect()
}

/// Minutes of 2026, often close to New York's and Lord Howe's jumps.
fn minutes_of_2026() -> impl Strategy<Value = Time> {
    let year =
        (at("2026-01-01T00:00Z").seconds()..at("2027-01-01T00:00Z").seconds()).prop_map(Time::from_seconds);
    let jumps = ["2026-03-08T07:00Z", "2026-11-01T06:00Z", "2026-04-04T15:00Z", "2026-10-03T15:30Z"];
    let near = (prop::sample::select(jumps.to_vec()), -90_000..90_000_i64)
        .prop_map(|(jump, seconds)| Time(at(jump).0 + seconds * SECOND));
    prop_oneof![year, near]
}

/// The start of the period, found by walking back in minutes to where the wall shows a
/// multiple of the timeframe or has jumped over one.
fn walked_back(calendar: &Calendar, t: Time, timeframe: Timeframe) -> Time {
    let zone = calendar.clock.zone();
    let evening_before = calendar.sessions.first().is_some_and(|session| session.open < 0);
    let shift = if evening_before { 7 * HOUR } else { 0 };
    let shown = |t: Time| {
        let offset = i64::from(zone.to_offset(t.to_timestamp()).seconds()) * SECOND;
        t.0 + offset + shift
    };
    let step = timeframe.nanos();
    let mut time = Time(t.0 - t.0.rem_euclid(MINUTE));
    loop {
        let (here, before) = (shown(time), shown(Time(time.0 - MINUTE)));
        if here.rem_euclid(step) == 0 || here.div_euclid(step) != before.div_euclid(step) {
            return time;
        }
        time = Time(time.0 - MINUTE);
    }
}

proptest! {
    #[test]
    fn periods_are_those_of_a_walk_in_minutes(t in minutes_of_2026()) {
        for calendar in calendars() {
            for timeframe in [Timeframe::M1, Timeframe::M5, Timeframe::M30, Timeframe::H1, Timeframe::H4] {
                let start = calendar.period_start(t, timeframe);
                prop_assert_eq!(start, walked_back(&calendar, t, timeframe), "{} of {}", timeframe, t);
            }
        }
    }

    #[test]
    fn periods_cover_time_without_gap_or_overlap(t in minutes_of_2026()) {
        for calendar in calendars() {
            for timeframe in Timeframe::ALL {
                let (start, end) = (calendar.period_start(t, timeframe), calendar.period_end(t, timeframe));
                prop_assert!(start <= t && t < end);
                for inside in [start, Time(end.0 - 1)] {
                    prop_assert_eq!(calendar.period_start(inside, timeframe), start);
                    prop_assert_eq!(calendar.period_end(inside, timeframe), end);
                }
                prop_assert_eq!(calendar.period_start(end, timeframe), end);
            }
        }
    }

    #[test]
    fn cursors_answer_as_the_calendar_does(
        from in minutes_of_2026(),
        steps in prop::collection::vec(prop_oneof![
            0..5 * SECOND, -HOUR..3 * HOUR, -10 * 24 * HOUR..10 * 24 * HOUR
        ], 1..20),
    ) {
        for calendar in calendars() {
            let mut sessions = SessionCursor::new(calendar.clone());
            let mut periods = Timeframe::ALL.map(|timeframe| PeriodCursor::new(calendar.clone(), timeframe));
            let mut t = from;
            for step in &steps {
                t = Time(t.0 + step);
                prop_assert_eq!(sessions.at(t), calendar.session_at(t));
                for cursor in &mut periods {
                    let timeframe = cursor.timeframe();
                    prop_assert_eq!(cursor.start(t), calendar.period_start(t, timeframe));
                    prop_assert_eq!(cursor.end(t), calendar.period_end(t, timeframe));
                }
            }
        }
    }

    #[test]
    fn sessions_lie_in_their_day_in_order(t in minutes_of_2026()) {
        for calendar in calendars() {
            let day = calendar.trading_day(t);
            prop_assert!(calendar.day_start(day) <= t);
            prop_assert!(t < calendar.day_start(day.tomorrow().unwrap()));
            let spans = calendar.sessions_of(day);
            prop_assert!(spans.is_sorted_by(|a, b| a.close <= b.open));
            for span in &spans {
                prop_assert_eq!(calendar.session_at(span.open), Some(*span));
                prop_assert_eq!(calendar.session_at(Time(span.close.0 - 1)), Some(*span));
            }
            prop_assert!(calendar.day_end(t) > t);
            let next = calendar.next_open(t).unwrap();
            prop_assert!(next.open > t);
            if let Some(now) = calendar.session_at(t) {
                prop_assert!(now.close <= next.open);
            }
        }
    }
}
