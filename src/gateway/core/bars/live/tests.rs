//! A bar every five seconds.

use super::*;
use crate::domain::{Session, SessionKind, TradingHours};

fn calendar() -> Arc<Calendar> {
    let sessions = vec![
        Session { open: 0, close: 600, kind: SessionKind::Extended },
        Session { open: 600, close: 660, kind: SessionKind::Regular },
    ];
    Arc::new(Calendar::new(&TradingHours { sessions, ..TradingHours::always("UTC") }).unwrap())
}

fn clock(minute: i64, second: i64) -> Time {
    Time::from_seconds(20_000 * 86_400 + minute * 60 + second)
}

fn live(sessions: Sessions, now: Time) -> LiveBars {
    LiveBars::new(InstrumentId(0), calendar(), sessions, now)
}

fn view(bars: &[(Time, f64)]) -> SeriesView {
    let mut view = SeriesView { is_loaded: true, ..SeriesView::default() };
    for (time, price) in bars {
        view.series.apply(Bar::from_trade(*time, *price, 2.0));
    }
    view
}

fn told(bars: &[Bar]) -> Vec<(i64, f64, f64)> {
    bars.iter().map(|bar| (bar.time.seconds() - clock(630, 0).seconds(), bar.close, bar.volume)).collect()
}

#[test]
fn each_bar_is_told_once_it_has_closed() {
    let mut live = live(Sessions::All, clock(630, 2));
    let view = view(&[(clock(630, 0), 10.0), (clock(630, 5), 11.0), (clock(630, 10), 12.0)]);
    assert_eq!(told(&live.due(Some(&view), clock(630, 10))), [], "its last prints may be on their way");
    assert_eq!(told(&live.due(Some(&view), clock(630, 11))), [(5, 11.0, 2.0)], "the first whole one");
    assert_eq!(told(&live.due(Some(&view), clock(630, 14))), []);
    assert_eq!(
        told(&live.due(Some(&view), clock(630, 26))),
        [(10, 12.0, 2.0), (15, 12.0, 0.0), (20, 12.0, 0.0)]
    );
}

#[test]
fn bars_are_told_while_there_is_trading_that_counts() {
    let view = view(&[(clock(599, 50), 10.0)]);
    let mut regular = live(Sessions::RegularOnly, clock(599, 46));
    assert_eq!(told(&regular.due(Some(&view), clock(600, 1))), []);
    assert_eq!(told(&regular.due(Some(&view), clock(600, 6))), [(-1_800, 10.0, 0.0)]);
    let mut closed = live(Sessions::All, clock(659, 51));
    assert_eq!(told(&closed.due(Some(&view), clock(660, 21))), [(1_795, 10.0, 0.0)]);
}

#[test]
fn nothing_is_made_up_where_no_price_is_known_and_nothing_is_told_late() {
    let mut live = live(Sessions::All, clock(630, 2));
    assert_eq!(told(&live.due(Some(&view(&[])), clock(630, 11))), []);
    let known = view(&[(clock(630, 0), 10.0)]);
    assert_eq!(told(&live.due(Some(&known), clock(640, 1))), [], "the computer has slept");
    assert_eq!(told(&live.due(Some(&known), clock(640, 6))), [(600, 10.0, 0.0)]);
    assert_eq!(told(&live.due(Some(&known), clock(620, 1))), [], "the market's time has jumped");
    assert_eq!(told(&live.due(Some(&known), clock(620, 6))), []);
}

#[test]
fn bars_wait_for_their_series() {
    let mut live = live(Sessions::All, clock(630, 2));
    assert_eq!(told(&live.due(None, clock(630, 11))), []);
    let known = view(&[(clock(630, 5), 10.0)]);
    assert_eq!(told(&live.due(Some(&known), clock(630, 12))), [(5, 10.0, 2.0)]);
}
