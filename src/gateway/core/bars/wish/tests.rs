//! What is asked for of bars, and whether that is what is told.

use super::*;
use crate::domain::time::{DAY, MINUTE};
use crate::domain::{Session, SessionKind, Timeframe, TradingHours};

fn share() -> Instrument {
    use SessionKind::{Extended, Regular};
    let sessions = [(240, 570, Extended), (570, 960, Regular), (960, 1_200, Extended)];
    Instrument {
        hours: TradingHours {
            zone: "America/New_York".to_owned(),
            sessions: sessions.map(|(open, close, kind)| Session { open, close, kind }).to_vec(),
            weekdays: [true, true, true, true, true, false, false],
            holidays: Vec::new(),
        },
        ..crate::approved::share(0, "AAPL")
    }
}

fn at(text: &str) -> Time {
    words::instant(text, "America/New_York").unwrap()
}

fn asked(size: &str, duration: &str) -> model::HistoricalDataRequest {
    model::HistoricalDataRequest {
        bar_size_setting: Some(size.to_owned()),
        duration: Some(duration.to_owned()),
        use_rth: Some(true),
        format_date: Some(1),
        ..model::HistoricalDataRequest::default()
    }
}

/// A series of bars at these instants, each with the number of its place.
fn series(times: impl IntoIterator<Item = Time>) -> SeriesView {
    let mut view = SeriesView { is_loaded: true, ..SeriesView::default() };
    for (place, time) in times.into_iter().enumerate() {
        view.series.apply(Bar::from_trade(time, place as f64 + 1.0, 1.0));
    }
    view
}

/// All minutes with trading of some days, up to an instant.
fn minutes(first: &str, last: &str) -> SeriesView {
    let calendar = Calendar::new(&share().hours).unwrap();
    let (first, last) = (at(first), at(last));
    let every = (first.0..last.0).step_by(usize::try_from(MINUTE).unwrap()).map(Time);
    series(every.filter(|time| calendar.is_open(*time)))
}

fn found(request: &model::HistoricalDataRequest, view: &SeriesView, now: &str) -> Vec<String> {
    let wish = Wish::read(request, &share(), at(now)).unwrap();
    let Found::Bars { bars, .. } = wish.look(Some(view), 1, at(now)) else { panic!("no bars") };
    bars.iter().map(|bar| wish.told(bar).date.unwrap()).collect()
}

fn ends(dates: &[String]) -> (usize, &str, &str) {
    let clock = |date: &String| date.len().min(17);
    let (first, last) = (dates.first().unwrap(), dates.last().unwrap());
    (dates.len(), &first[..clock(first)], &last[..clock(last)])
}

#[test]
fn a_day_is_the_trading_day_that_has_begun_last() {
    let view = minutes("20261118 00:00:00", "20261120 12:30:00");
    let day = asked("1 min", "1 D");
    let now = "20261120 12:30:00";
    assert_eq!(ends(&found(&day, &view, now)), (180, "20261120 09:30:00", "20261120 12:29:00"));
    let early = minutes("20261118 00:00:00", "20261120 05:00:00");
    let of_thursday = found(&day, &early, "20261120 05:00:00");
    assert_eq!(ends(&of_thursday), (390, "20261119 09:30:00", "20261119 15:59:00"));
    let all_hours = model::HistoricalDataRequest { use_rth: Some(false), ..day.clone() };
    assert_eq!(
        ends(&found(&all_hours, &early, "20261120 05:00:00")),
        (60, "20261120 04:00:00", "20261120 04:59:00")
    );
    let sunday = minutes("20261118 00:00:00", "20261121 00:00:00");
    let of_friday = found(&day, &sunday, "20261122 12:00:00");
    assert_eq!(ends(&of_friday), (390, "20261120 09:30:00", "20261120 15:59:00"));
}

#[test]
fn an_end_in_the_past_is_kept_to() {
    let view = minutes("20261117 00:00:00", "20261120 12:30:00");
    let end = |text: &str| model::HistoricalDataRequest {
        end_date_time: Some(text.to_owned()),
        ..asked("5 mins", "2 D")
    };
    let now = "20261120 12:30:00";
    let up_to_noon = found(&end("20261119 12:00:00 US/Eastern"), &minutes_as_fives(&view), now);
    assert_eq!(ends(&up_to_noon), (78 + 30, "20261118 09:30:00", "20261119 11:55:00"));
    let in_utc = found(&end("20261119-17:00:00"), &minutes_as_fives(&view), now);
    assert_eq!(in_utc, up_to_noon);
    let later = found(&end("20270101 12:00:00"), &minutes_as_fives(&view), now);
    assert_eq!(ends(&later), (78 + 36, "20261119 09:30:00", "20261120 12:25:00"));
}

fn minutes_as_fives(view: &SeriesView) -> SeriesView {
    let fives = view.series.bars(0..view.series.len()).map(|bar| bar.time);
    series(fives.filter(|time| time.0 % (5 * MINUTE) == 0))
}

#[test]
fn a_recording_ends_with_its_last_bar() {
    let view = minutes("20250310 00:00:00", "20250312 11:00:00");
    let wish = Wish::read(&asked("1 min", "1 D"), &share(), at("20261120 12:00:00")).unwrap();
    let Found::Bars { bars, .. } = wish.look(Some(&view), 1, at("20261120 12:00:00")) else { panic!() };
    assert_eq!(bars.len(), 90);
    assert_eq!(bars[0].time, at("20250312 09:30:00"));
}

#[test]
fn more_is_asked_for_until_the_bars_reach_back_far_enough() {
    let now = "20261120 12:30:00";
    let wish = Wish::read(&asked("1 min", "2 D"), &share(), at(now)).unwrap();
    assert_eq!(wish.look(None, 10, at(now)), Found::Nothing);
    let mut unloaded = minutes("20261117 00:00:00", now);
    unloaded.is_loaded = false;
    assert_eq!(wish.look(Some(&unloaded), 10, at(now)), Found::Nothing);

    let short = minutes("20261120 00:00:00", now);
    let Found::TooFew(wanted) = wish.look(Some(&short), 10, at(now)) else { panic!() };
    assert!((short.series.len() + 960..short.series.len() + 980).contains(&wanted), "{wanted}");
    assert_eq!(wish.look(Some(&short), wanted, at(now)), Found::Nothing, "they are on their way");
    assert!(wish.most(at(now)) >= short.series.len() + 960, "asked for at once, not bit by bit");

    let complete = SeriesView { is_complete: true, ..short };
    let Found::Bars { bars, .. } = wish.look(Some(&complete), wanted, at(now)) else { panic!() };
    assert_eq!(bars.len(), 180, "there are no more");
    let empty = SeriesView { is_loaded: true, is_complete: true, ..SeriesView::default() };
    let Found::Bars { bars, .. } = wish.look(Some(&empty), wanted, at(now)) else { panic!() };
    assert_eq!(bars, []);
}

#[test]
fn dates_are_written_as_was_asked() {
    let view = minutes("20261120 00:00:00", "20261120 12:30:00");
    let now = "20261120 12:30:00";
    let seconds = model::HistoricalDataRequest { format_date: Some(2), ..asked("1 min", "60 S") };
    assert_eq!(found(&seconds, &view, now), [at("20261120 12:29:00").seconds().to_string()]);
    assert_eq!(found(&asked("1 min", "60 S"), &view, now), ["20261120 12:29:00 America/New_York"]);
    let days = series([at("20261119"), at("20261120")]);
    let of_days = model::HistoricalDataRequest { format_date: Some(2), ..asked("1 day", "2 D") };
    assert_eq!(found(&of_days, &days, now), ["20261119", "20261120"], "days have no time");
}

fn at_least_one(duration: &str) -> usize {
    let view = minutes("20261120 00:00:00", "20261120 12:30:00");
    let fives = minutes_as_fives(&view);
    found(&asked("5 mins", duration), &fives, "20261120 12:30:00").len()
}

#[test]
fn the_newest_bar_is_always_told() {
    assert_eq!(at_least_one("30 S"), 1);
    assert_eq!(at_least_one("300 S"), 1);
    assert_eq!(at_least_one("600 S"), 2);
    let weeks = series([at("20261109"), at("20261116")]);
    let wish = Wish::read(&asked("1 week", "1 D"), &share(), at("20261120 12:30:00")).unwrap();
    let Found::Bars { bars, .. } = wish.look(Some(&weeks), 1, at("20261120 12:30:00")) else { panic!() };
    assert_eq!(bars.len(), 1);
}

#[test]
fn hours_of_regular_trading_begin_with_the_opening() {
    let calendar = Calendar::new(&share().hours).unwrap();
    let now = "20261120 12:30:00";
    let wish = Wish::read(&asked("1 hour", "1 D"), &share(), at(now)).unwrap();
    assert_eq!(wish.key.timeframe, Timeframe::M30);
    let every = (at("20261119").0..at(now).0).step_by(usize::try_from(30 * MINUTE).unwrap()).map(Time);
    let halves = series(every.filter(|time| calendar.is_open(*time)));
    let dates = found(&asked("1 hour", "1 D"), &halves, now);
    let clocks: Vec<&str> = dates.iter().map(|date| &date[9..14]).collect();
    assert_eq!(clocks, ["09:30", "10:00", "11:00", "12:00"]);
}

#[test]
fn what_cannot_be_told_is_refused() {
    let now = at("20261120 12:30:00");
    let refusal = |request: &model::HistoricalDataRequest| Wish::read(request, &share(), now).unwrap_err();
    assert_eq!(refusal(&asked("7 mins", "1 D")).code, errors::REFUSED);
    assert_eq!(refusal(&asked("1 min", "one day")).code, errors::REFUSED);
    let to_nowhere =
        model::HistoricalDataRequest { end_date_time: Some("tomorrow".to_owned()), ..asked("1 min", "1 D") };
    assert_eq!(refusal(&to_nowhere).code, errors::REFUSED);
    let kept = model::HistoricalDataRequest {
        end_date_time: Some("20261120 12:00:00".to_owned()),
        keep_up_to_date: Some(true),
        ..asked("1 min", "1 D")
    };
    assert_eq!(refusal(&kept).code, errors::REFUSED);
    let endless = refusal(&asked("1 secs", "1 Y"));
    assert_eq!(endless.code, errors::HISTORY);
    assert!(endless.text.contains("50000 bars"), "{}", endless.text);
    let old = model::HistoricalDataRequest {
        end_date_time: Some("20200101 12:00:00".to_owned()),
        ..asked("1 min", "1 D")
    };
    let too_far = refusal(&old);
    assert!(too_far.text.contains("gone back through"), "{}", too_far.text);
    assert!(Wish::read(&asked("1 day", "20 Y"), &share(), now).is_ok());
}

#[test]
fn only_what_is_kept_can_be_shown() {
    let share = share();
    let pair = Instrument { class: AssetClass::Fx, symbol: "USD/JPY".into(), ..share.clone() };
    let shown = |what: &str, instrument: &Instrument| Shown::read(Some(&what.to_owned()), instrument);
    assert_eq!(Shown::read(None, &share), Ok(Shown::Bars));
    for what in ["TRADES", "trades", "AGGTRADES", "ADJUSTED_LAST"] {
        assert_eq!(shown(what, &share), Ok(Shown::Bars), "{what}");
    }
    assert_eq!(shown("SCHEDULE", &share), Ok(Shown::Schedule));
    for what in ["MIDPOINT", "BID", "ASK"] {
        assert_eq!(shown(what, &pair), Ok(Shown::Bars), "{what}");
        assert_eq!(shown(what, &share).unwrap_err().code, errors::HISTORY, "{what}");
    }
    assert!(shown("OPTION_IMPLIED_VOLATILITY", &pair).is_err());
}

#[test]
fn what_has_changed_since_begins_with_the_bar_that_was_told() {
    let view = minutes("20261120 00:00:00", "20261120 12:31:00");
    let now = at("20261120 12:31:00");
    let wish = Wish::read(&asked("10 mins", "1 D"), &share(), now).unwrap();
    assert_eq!(wish.key.timeframe, Timeframe::M5);
    let fives = minutes_as_fives(&view);
    let since = wish.since(&fives.series, at("20261120 12:20:00"));
    let times: Vec<Time> = since.iter().map(|bar| bar.time).collect();
    assert_eq!(times, [at("20261120 12:20:00"), at("20261120 12:30:00")]);
    assert_eq!(since[0].volume.to_bits(), 2.0_f64.to_bits());
}

#[test]
fn a_bar_is_told_with_the_middle_of_its_prices() {
    let wish = Wish::read(&asked("1 min", "1 D"), &share(), at("20261120 12:31:00")).unwrap();
    let bar = Bar { time: Time(DAY), open: 10.0, high: 12.0, low: 9.0, close: 10.5, volume: 1_500.0 };
    let told = wish.told(&bar);
    assert_eq!((told.volume(), told.wap(), told.bar_count()), ("1500", "10.5", -1));
    assert_eq!((told.open(), told.high(), told.low(), told.close()), (10.0, 12.0, 9.0, 10.5));
}
