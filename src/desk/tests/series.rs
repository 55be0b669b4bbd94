//! Bars that come late, anew, behind a gap, or not at all.

use super::*;

#[test]
fn older_bars_go_in_front_and_newer_ones_behind() {
    let (mut engine, window, mut desk) = stage();
    send_history(&mut engine, Some(chunk(10..20)), Placement::Anew, false);
    send_bar(&mut engine, 20);
    send_history(&mut engine, Some(chunk(0..10)), Placement::Before, false);
    desk.apply(window.inbox.drain(), Time(1));
    assert_eq!(shown_times(&desk), (0..=20).collect::<Vec<_>>());
}

/// Bars of these minutes, as a history.
fn chunk(times: std::ops::Range<i64>) -> Arc<BarChunk> {
    let bars: Vec<Bar> = times.map(|t| Bar::from_trade(Time(t), 1.0, 1.0)).collect();
    BarChunk::new(bars.into()).unwrap()
}

fn send_history(engine: &mut Engine, chunk: Option<Arc<BarChunk>>, placement: Placement, is_complete: bool) {
    let history = History { key: KEY, chunk, placement, is_complete };
    engine.end.publisher.batch(|b| b.lossless(Update::History(history), Time(0)));
}

fn send_bar(engine: &mut Engine, time: i64) {
    engine.end.publisher.batch(|b| b.bar(KEY, Bar::from_trade(Time(time), 1.0, 1.0), Time(0)));
}

fn shown_times(desk: &Desk) -> Vec<i64> {
    let series = &desk.series(KEY).unwrap().series;
    (0..series.len()).map(|i| series.get(i).unwrap().time.0).collect()
}

#[test]
fn a_snapshot_leaves_the_bars_in_sight_but_trusts_none_of_them() {
    let (mut engine, window, mut desk) = stage();
    send_history(&mut engine, Some(chunk(10..20)), Placement::Anew, true);
    desk.apply(window.inbox.drain(), Time(1));
    engine.snapshot();
    send_bar(&mut engine, 25);
    send_history(&mut engine, Some(chunk(0..10)), Placement::Before, true);
    desk.apply(window.inbox.drain(), Time(1));
    let view = desk.series(KEY).unwrap();
    assert!(!view.is_loaded && !view.is_complete, "an answer from before the snapshot is no load");
    assert_eq!(shown_times(&desk), (10..20).collect::<Vec<_>>(), "nothing is added behind a hole");

    send_history(&mut engine, Some(chunk(15..30)), Placement::Anew, false);
    send_bar(&mut engine, 30);
    desk.apply(window.inbox.drain(), Time(2));
    let view = desk.series(KEY).unwrap();
    assert!(view.is_loaded && !view.is_complete);
    assert_eq!(shown_times(&desk), (15..=30).collect::<Vec<_>>());
    assert!(desk.ledger().adds_up(), "{:?}", desk.ledger());
}

#[test]
fn bars_that_are_refused_leave_those_in_sight_and_it_goes_on() {
    let (mut engine, window, mut desk) = stage();
    send_history(&mut engine, Some(chunk(10..20)), Placement::Anew, true);
    desk.apply(window.inbox.drain(), Time(1));
    engine.snapshot();
    engine.end.publisher.batch(|b| b.lossless(Update::BarsRefused(KEY), Time(1)));
    send_bar(&mut engine, 25);
    desk.apply(window.inbox.drain(), Time(1));
    assert!(desk.series(KEY).is_some_and(|view| view.is_loaded && view.lacks_bars));
    assert_eq!(shown_times(&desk), (10..20).chain([25]).collect::<Vec<_>>());
    send_history(&mut engine, Some(chunk(10..25)), Placement::Anew, true);
    desk.apply(window.inbox.drain(), Time(2));
    assert!(desk.series(KEY).is_some_and(|view| !view.lacks_bars));
}

#[test]
fn a_series_that_comes_anew_without_bars_has_none() {
    let (mut engine, window, mut desk) = stage();
    send_history(&mut engine, Some(chunk(10..20)), Placement::Anew, false);
    send_history(&mut engine, None, Placement::Anew, true);
    desk.apply(window.inbox.drain(), Time(1));
    assert!(desk.series(KEY).unwrap().series.is_empty());
    assert!(desk.series(KEY).unwrap().is_loaded);
}

#[test]
fn bars_behind_a_gap_are_not_drawn_beside_those_before_it() {
    let (mut engine, window, mut desk) = stage();
    send_history(&mut engine, Some(chunk(0..10)), Placement::Anew, true);
    desk.apply(window.inbox.drain(), Time(1));
    let many = i64::try_from(BARS_PER_SLOT).unwrap() + 20;
    (10..many).for_each(|time| send_bar(&mut engine, time));
    assert!(desk.apply(window.inbox.drain(), Time(2)).needs_snapshot);
    assert_eq!(shown_times(&desk), (0..10).collect::<Vec<_>>());
    assert!(desk.ledger().adds_up(), "{:?}", desk.ledger());
}

#[test]
fn a_bar_that_cannot_be_one_counts_as_rejected() {
    let (mut engine, window, mut desk) = stage();
    send_history(&mut engine, Some(chunk(0..10)), Placement::Anew, true);
    let broken = Bar { high: 0.5, ..Bar::from_trade(Time(11), 1.0, 1.0) };
    engine.end.publisher.batch(|b| b.bar(KEY, broken, Time(0)));
    desk.apply(window.inbox.drain(), Time(1));
    let count = *desk.ledger().of(Stream::Bars);
    assert_eq!((count.applied, count.rejected), (0, 1));
}
