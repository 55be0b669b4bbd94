//! Which lines are open after what has happened.

use super::*;
use crate::broker::ibkr::listed::tests::{pair, share};
use crate::domain::Timeframe;
use crate::domain::time::SECOND;

const NOW: Time = Time(1_000 * SECOND);

fn listing() -> Listing {
    Listing::new((0..8).map(|id| share(id, &format!("S{id}"), 0)))
}

fn ids(ids: &[u32]) -> BTreeSet<InstrumentId> {
    ids.iter().map(|id| InstrumentId(*id)).collect()
}

fn watch(quotes: &[u32], depth: &[u32]) -> Watch {
    Watch { quotes: ids(quotes), depth: ids(depth), ..Watch::default() }
}

fn on(feeds: &[Feed]) -> Vec<Turn> {
    feeds.iter().map(|feed| Turn::On(*feed)).collect()
}

fn quotes(id: u32) -> Feed {
    Feed::Quotes(InstrumentId(id))
}

fn trades(id: u32) -> Feed {
    Feed::Trades(InstrumentId(id))
}

fn depth(id: u32) -> Feed {
    Feed::Depth(InstrumentId(id))
}

/// Whatever is remarked, without the words.
fn remarked(lines: &mut Lines, feed: Feed, code: i32, ended: bool) -> Vec<Turn> {
    lines.remark(feed, code, "text", ended, &listing(), NOW).0
}

#[test]
fn only_what_changes_is_opened_and_closed() {
    let mut lines = Lines::new(0);
    assert_eq!(lines.watch(watch(&[0, 1], &[1]), &listing(), NOW), on(&[quotes(0), quotes(1), depth(1)]));
    assert_eq!(lines.watch(watch(&[0, 1], &[1]), &listing(), NOW), []);
    let turns = lines.watch(watch(&[1, 2], &[]), &listing(), NOW);
    assert_eq!(turns, [Turn::Off(quotes(0)), Turn::Off(depth(1)), Turn::On(quotes(2))]);
    assert_eq!(lines.watch(watch(&[1, 2, 77], &[77]), &listing(), NOW), [], "what is not listed is no line");
}

#[test]
fn trades_go_to_open_books_first_and_to_no_more_than_there_is_room_for() {
    let mut lines = Lines::new(2);
    let turns = lines.watch(watch(&[0, 1, 2, 3], &[3]), &listing(), NOW);
    let opened: Vec<Feed> = turns
        .iter()
        .filter_map(|turn| match turn {
            Turn::On(feed @ Feed::Trades(_)) => Some(*feed),
            _ => None,
        })
        .collect();
    assert_eq!(opened, [trades(0), trades(3)]);
    let turns = lines.watch(watch(&[0, 1, 2, 3], &[1]), &listing(), NOW);
    assert!(!turns.contains(&Turn::Off(trades(3))), "what is open stays: TWS takes a new one only so often");
    let turns = lines.watch(watch(&[1, 2, 3], &[1]), &listing(), NOW);
    assert!(turns.contains(&Turn::Off(trades(0))) && turns.contains(&Turn::On(trades(1))));
}

#[test]
fn of_currencies_no_trades_are_asked_for() {
    let mut lines = Lines::new(3);
    let listing = Listing::new([share(0, "S0", 0), pair(1)]);
    assert_eq!(lines.watch(watch(&[0, 1], &[]), &listing, NOW), on(&[quotes(0), quotes(1), trades(0)]));
}

#[test]
fn where_tws_has_less_room_for_trades_the_rest_does_without_until_there_is_more() {
    let mut lines = Lines::new(3);
    lines.watch(watch(&[0, 1, 2], &[]), &listing(), NOW);
    assert_eq!(remarked(&mut lines, trades(2), 10190, true), []);
    assert_eq!(lines.watch(watch(&[0, 1, 2, 3], &[]), &listing(), NOW), on(&[quotes(3)]));
    let later = NOW + TRADES_WITHIN;
    let turns = lines.watch(watch(&[1, 2, 3], &[]), &listing(), later);
    assert!(turns.contains(&Turn::On(trades(2))), "a place is free again: {turns:?}");
    assert_eq!(lines.tick(NOW + ROOM_AGAIN - Duration::from_millis(1)), []);
    assert_eq!(lines.tick(NOW + ROOM_AGAIN), on(&[trades(3)]), "TWS may have room by now");
}

#[test]
fn trades_that_are_refused_for_lack_of_room_come_back_even_where_there_was_none_at_all() {
    let mut lines = Lines::new(1);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    assert_eq!(remarked(&mut lines, trades(0), 10190, true), []);
    lines.tick(NOW + TRADES_WITHIN);
    assert!(!lines.has(trades(0)), "there is no room");
    assert_eq!(lines.tick(NOW + ROOM_AGAIN), on(&[trades(0)]));
}

#[test]
fn trades_of_an_instrument_are_not_opened_twice_within_fifteen_seconds() {
    let mut lines = Lines::new(1);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    assert_eq!(lines.lagged(trades(0)), None, "what was lost does not come again");
    let later = NOW + Duration::from_secs(5);
    lines.watch(watch(&[], &[]), &listing(), later);
    assert_eq!(lines.watch(watch(&[0], &[]), &listing(), later), on(&[quotes(0)]));
    lines.watch(watch(&[1], &[]), &listing(), later);
    assert!(lines.has(trades(1)), "of another one they may be asked for");
    lines.watch(watch(&[0], &[]), &listing(), later);
    assert_eq!(lines.tick(NOW + TRADES_WITHIN - Duration::from_millis(1)), []);
    assert_eq!(lines.tick(NOW + TRADES_WITHIN), on(&[trades(0)]));
    // Nor are those that only broke.
    let broke = NOW + TRADES_WITHIN + Duration::from_secs(1);
    lines.broke(trades(0), broke);
    assert_eq!(lines.tick(broke + SOON), []);
    assert_eq!(lines.tick(NOW + TRADES_WITHIN * 2), on(&[trades(0)]));
}

#[test]
fn after_a_gap_everything_is_opened_anew() {
    let mut lines = Lines::new(1);
    lines.watch(watch(&[0, 1], &[1]), &listing(), NOW);
    remarked(&mut lines, quotes(0), 354, true);
    assert_eq!(lines.open_again(NOW), on(&[quotes(0), quotes(1), depth(1)]));
    assert_eq!(lines.tick(NOW + TRADES_WITHIN), on(&[trades(1)]), "those TWS takes again by then");
    let turns = lines.open_again(NOW + TRADES_WITHIN * 2);
    assert_eq!(turns, on(&[quotes(0), quotes(1), trades(1), depth(1)]));
}

#[test]
fn a_missing_subscription_is_told_once_and_not_asked_for_again() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    let (turns, note) =
        lines.remark(quotes(0), 354, "Requested market data is not subscribed.", true, &listing(), NOW);
    assert_eq!(turns, []);
    let Some(BrokerEvent::Note(NoticeLevel::Error, text)) = note else { panic!("{note:?}") };
    assert!(text.starts_with("S0: no subscription"), "{text}");
    assert_eq!(lines.tick(NOW + Duration::from_hours(9)), []);
    lines.open_again(NOW);
    assert!(lines.remark(quotes(0), 354, "", true, &listing(), NOW).1.is_none(), "said before");
}

#[test]
fn delayed_data_are_said_and_go_on() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    for code in [10089, 10167] {
        let (turns, note) = lines.remark(quotes(0), code, "delayed", false, &listing(), NOW);
        assert_eq!((turns, note.is_some()), (Vec::new(), code == 10089), "{code}");
    }
    assert!(lines.has(quotes(0)));
}

#[test]
fn what_may_pass_is_tried_again() {
    for (code, pause) in [(101, PAUSE), (10197, ELSEWHERE), (10189, PAUSE), (322, PAUSE)] {
        let mut lines = Lines::new(0);
        lines.watch(watch(&[0], &[]), &listing(), NOW);
        remarked(&mut lines, quotes(0), code, true);
        assert_eq!(lines.tick(NOW + pause - Duration::from_millis(1)), [], "{code}");
        assert_eq!(lines.watch(watch(&[0, 1], &[]), &listing(), NOW), on(&[quotes(1)]), "{code}: it waits");
        assert_eq!(lines.tick(NOW + pause), on(&[quotes(0)]), "{code}");
    }
}

#[test]
fn lines_that_tws_was_asked_too_fast_for_come_again_one_after_the_other() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0, 1, 2], &[]), &listing(), NOW);
    for id in 0..3 {
        let (turns, note) = lines.remark(quotes(id), 100, "Max rate", true, &listing(), NOW);
        assert!(turns.is_empty() && note.is_none(), "the rows say it");
    }
    let waits = |id| (id, Some("waits for TWS".to_owned()));
    assert_eq!(remarks(&mut lines), [waits(0), waits(1), waits(2)]);
    let first = NOW + Duration::from_secs(2);
    assert_eq!(lines.tick(first - Duration::from_millis(1)), []);
    assert_eq!(lines.tick(first), on(&[quotes(0)]));
    assert_eq!(remarks(&mut lines), [(0, None)], "it waits no more");
    assert_eq!(lines.tick(first + Duration::from_millis(99)), []);
    assert_eq!(lines.tick(first + Duration::from_millis(100)), on(&[quotes(1)]));
    assert_eq!(lines.tick(first + Duration::from_millis(200)), on(&[quotes(2)]));
}

#[test]
fn a_line_that_only_broke_is_back_soon() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    lines.broke(quotes(0), NOW);
    assert!(!lines.has(quotes(0)));
    assert_eq!(lines.tick(NOW + SOON), on(&[quotes(0)]));
    lines.broke(quotes(5), NOW);
    assert_eq!(lines.tick(NOW + PAUSE), [], "nobody wants it");
}

#[test]
fn a_book_that_was_halted_is_opened_again() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0], &[0]), &listing(), NOW);
    assert_eq!(remarked(&mut lines, depth(0), 317, false), [], "empty, and open");
    assert_eq!(remarked(&mut lines, depth(0), 316, true), []);
    assert_eq!(lines.tick(NOW + SOON), on(&[depth(0)]));
}

#[test]
fn a_line_that_lost_some_begins_anew() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    assert_eq!(lines.lagged(quotes(0)), Some(Turn::On(quotes(0))));
    assert_eq!(lines.lagged(quotes(1)), None);
}

#[test]
fn too_many_books_are_said() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0], &[0]), &listing(), NOW);
    let (_, note) =
        lines.remark(depth(0), 309, "Max number (3) of market depth requests", true, &listing(), NOW);
    let Some(BrokerEvent::Note(_, text)) = note else { panic!() };
    assert!(text.contains("no book"), "{text}");
    assert!(lines.has(quotes(0)));
}

fn remarks(lines: &mut Lines) -> Vec<(u32, Option<String>)> {
    let short = |event| match event {
        BrokerEvent::Remark { instrument, remark } => {
            (instrument.0, remark.map(|remark| remark.short.to_string()))
        }
        other => panic!("{other:?}"),
    };
    lines.remarks().into_iter().map(short).collect()
}

#[test]
fn why_there_are_no_live_data_is_known_as_long_as_it_is_so() {
    let mut lines = Lines::new(0);
    lines.watch(watch(&[0, 1], &[]), &listing(), NOW);
    assert!(remarks(&mut lines).is_empty());
    remarked(&mut lines, quotes(0), 101, true);
    remarked(&mut lines, quotes(1), 354, true);
    let known = |id, short: &str| (id, Some(short.to_owned()));
    assert_eq!(remarks(&mut lines), [known(0, "all lines taken"), known(1, "no subscription")]);
    assert!(remarks(&mut lines).is_empty(), "told once");
    // There is room again.
    lines.tick(NOW + PAUSE);
    assert_eq!(remarks(&mut lines), [(0, None)]);
    // And it is full again: whoever looks must not think that the quote comes.
    remarked(&mut lines, quotes(0), 101, true);
    assert_eq!(remarks(&mut lines), [known(0, "all lines taken")]);
    lines.watch(watch(&[], &[]), &listing(), NOW);
    lines.watch(watch(&[0], &[]), &listing(), NOW);
    assert_eq!(remarks(&mut lines).last(), Some(&(0, None)));
}

#[test]
fn delayed_and_frozen_data_are_marked_until_live_ones_come() {
    for (kind, short) in [
        (MarketDataType::Delayed, "delayed"),
        (MarketDataType::Frozen, "frozen"),
        (MarketDataType::DelayedFrozen, "delayed, frozen"),
    ] {
        let mut lines = Lines::new(0);
        lines.watch(watch(&[0], &[]), &listing(), NOW);
        lines.comes(InstrumentId(0), kind);
        assert_eq!(remarks(&mut lines), [(0, Some(short.to_owned()))]);
        lines.comes(InstrumentId(0), MarketDataType::Realtime);
        assert_eq!(remarks(&mut lines), [(0, None)]);
    }
}

#[test]
fn that_a_part_is_not_subscribed_stays_said_when_live_data_come() {
    for code in [10_090, 10_091] {
        let mut lines = Lines::new(0);
        lines.watch(watch(&[0], &[]), &listing(), NOW);
        remarked(&mut lines, quotes(0), code, false);
        let partly = [(0, Some("partly subscribed".to_owned()))];
        assert_eq!(remarks(&mut lines), partly);
        lines.comes(InstrumentId(0), MarketDataType::Realtime);
        assert!(remarks(&mut lines).is_empty(), "{code}: it is so as before");
        lines.comes(InstrumentId(0), MarketDataType::Delayed);
        lines.comes(InstrumentId(0), MarketDataType::Realtime);
        assert_eq!(remarks(&mut lines), partly, "{code}: it is so again");
        lines.open_again(NOW);
        lines.comes(InstrumentId(0), MarketDataType::Realtime);
        assert_eq!(remarks(&mut lines), [(0, None)], "{code}: a new line has not said it");
    }
}

#[test]
fn what_is_said_of_a_book_or_of_trades_is_no_remark_on_the_quote() {
    let mut lines = Lines::new(1);
    lines.watch(watch(&[0], &[0]), &listing(), NOW);
    remarked(&mut lines, depth(0), 309, true);
    remarked(&mut lines, trades(0), 10190, true);
    assert!(remarks(&mut lines).is_empty());
}

fn minutes(id: u32) -> BarKey {
    BarKey { instrument: InstrumentId(id), timeframe: Timeframe::M1 }
}

fn kept(turns: &[Turn]) -> Vec<(bool, u32)> {
    let kept = |turn: &Turn| match turn {
        Turn::On(Feed::Kept(key)) => Some((true, key.instrument.0)),
        Turn::Off(Feed::Kept(key)) => Some((false, key.instrument.0)),
        _ => None,
    };
    turns.iter().filter_map(kept).collect()
}

#[test]
fn charts_without_trades_tick_by_tick_are_kept_until_trades_come() {
    let mut lines = Lines::new(1);
    let charts = Watch { bars: [minutes(0), minutes(1)].into(), ..watch(&[0, 1], &[]) };
    assert_eq!(kept(&lines.watch(charts.clone(), &listing(), NOW)), [(true, 1)]);
    let only_second = Watch { bars: charts.bars.clone(), ..watch(&[1], &[]) };
    assert_eq!(kept(&lines.watch(only_second, &listing(), NOW)), [(false, 1), (true, 0)], "the room is free");
}

#[test]
fn a_chart_whose_trades_are_refused_is_kept_at_once() {
    let mut lines = Lines::new(1);
    lines.watch(Watch { bars: [minutes(0)].into(), ..watch(&[0], &[]) }, &listing(), NOW);
    assert_eq!(kept(&remarked(&mut lines, trades(0), 10_189, true)), [(true, 0)]);
}

#[test]
fn no_more_charts_are_kept_than_there_is_room_for() {
    let mut lines = Lines::new(0);
    let timeframes = Timeframe::ALL.into_iter();
    let bars = (0..8).flat_map(|id| timeframes.clone().map(move |timeframe| (id, timeframe)));
    let bars = bars.map(|(id, timeframe)| BarKey { instrument: InstrumentId(id), timeframe }).collect();
    let turns = lines.watch(Watch { bars, ..Watch::default() }, &listing(), NOW);
    assert_eq!(kept(&turns).len(), kept::AT_ONCE);
    let seconds = |turn: &Turn| matches!(turn, Turn::On(Feed::Kept(key)) if key.timeframe == Timeframe::S1);
    assert!(!turns.iter().any(seconds), "TWS has none so short");
}

#[test]
fn a_chart_that_tws_has_ended_is_kept_again_when_that_can_help() {
    let soon = Some(SOON);
    for (code, text, pause) in [
        (10_182, "Failed to request live updates (disconnected).", soon),
        (10_225, "Bust event occurred, current subscription is deactivated.", soon),
        (162, "Historical data request pacing violation", soon),
        (162, "HMDS query returned no data", Some(PAUSE)),
        (322, "Error processing request", Some(PAUSE)),
        (200, "No security definition has been found", None),
        (162, "No market data permissions for NYSE STK", None),
        (354, "Requested market data is not subscribed.", None),
    ] {
        let mut lines = Lines::new(0);
        lines.watch(Watch { bars: [minutes(0)].into(), ..watch(&[0], &[]) }, &listing(), NOW);
        let (_, note) = lines.remark(Feed::Kept(minutes(0)), code, text, true, &listing(), NOW);
        assert!(note.is_none(), "{code}: the chart has other prints");
        match pause {
            Some(pause) => {
                assert_eq!(lines.tick(NOW + pause - Duration::from_millis(1)), [], "{code} {text}");
                assert_eq!(kept(&lines.tick(NOW + pause)), [(true, 0)], "{code} {text}");
            }
            None => assert_eq!(lines.tick(NOW + Duration::from_hours(9)), [], "{code} {text}"),
        }
    }
}
