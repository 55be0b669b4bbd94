//! What charts of a group have in common.

use super::*;
use crate::domain::Bar;
use crate::ui::pane::{PaneKey, PaneKind};
use crate::ui::workspace::{LayoutChange, Place};

const HOUR: i64 = 3_600_000_000_000;

fn series(begins: &[i64]) -> BarSeries {
    let mut series = BarSeries::default();
    for begin in begins {
        let time = Time(begin * HOUR);
        series.apply(Bar { time, open: 1.0, high: 1.0, low: 1.0, close: 1.0, volume: 1.0 });
    }
    series
}

fn at(series: &BarSeries, hours: i64) -> Option<usize> {
    bar_at(series, Time(hours * HOUR), |begin| Some(Time(begin.0 + 2 * HOUR)))
}

#[test]
fn an_instant_is_in_the_bar_that_holds_it_else_at_the_next_that_came() {
    // Bars of two hours, with a night between.
    let series = series(&[10, 12, 30]);
    assert_eq!(
        [9, 10, 11, 12, 13].map(|hours| at(&series, hours)),
        [None, Some(0), Some(0), Some(1), Some(1)]
    );
    assert_eq!([14, 29, 30, 31].map(|hours| at(&series, hours)), [Some(2), Some(2), Some(2), Some(2)]);
    assert_eq!(at(&series, 32), None, "the last bar is over: no bar has come since");
    assert_eq!(at(&BarSeries::default(), 10), None);
}

/// A workspace with so many charts, which all share their period.
fn charts(count: usize) -> (Workspace, Vec<PaneKey>) {
    let mut workspace = Workspace::default();
    let first = PaneKey::first(PaneKind::Chart);
    for _ in 1..count {
        workspace.change(LayoutChange::Open { kind: PaneKind::Chart, beside: first, place: Place::Right });
    }
    workspace.panes.all_mut::<ChartPane>().for_each(|(_, chart)| chart.tie(Bond::Period, true));
    let keys = workspace.panes.all::<ChartPane>().map(|(key, _)| key).collect();
    workspace.share_periods();
    (workspace, keys)
}

fn chart(workspace: &mut Workspace, key: PaneKey) -> &mut ChartPane {
    workspace.panes.all_mut::<ChartPane>().find(|(of, _)| *of == key).unwrap().1
}

fn periods(workspace: &Workspace) -> Vec<Timeframe> {
    workspace.panes.all::<ChartPane>().map(|(_, chart)| chart.timeframe()).collect()
}

#[test]
fn charts_that_share_their_period_follow_whichever_is_turned() {
    let (mut workspace, keys) = charts(3);
    for (key, period) in [(keys[2], Timeframe::H1), (keys[0], Timeframe::D1), (keys[1], Timeframe::M5)] {
        chart(&mut workspace, key).show(period);
        assert!(workspace.share_periods());
        assert_eq!(periods(&workspace), [period; 3]);
        assert!(!workspace.share_periods(), "nothing is left to be done");
    }
}

#[test]
fn a_chart_that_does_not_share_it_keeps_its_own() {
    let (mut workspace, keys) = charts(3);
    chart(&mut workspace, keys[1]).tie(Bond::Period, false);
    chart(&mut workspace, keys[0]).show(Timeframe::H1);
    workspace.share_periods();
    assert_eq!(periods(&workspace), [Timeframe::H1, Timeframe::M1, Timeframe::H1]);
    chart(&mut workspace, keys[1]).show(Timeframe::D1);
    assert!(!workspace.share_periods());
    assert_eq!(periods(&workspace), [Timeframe::H1, Timeframe::D1, Timeframe::H1]);
    chart(&mut workspace, keys[1]).tie(Bond::Period, true);
    workspace.share_periods();
    assert_eq!(periods(&workspace), [Timeframe::H1; 3], "who comes takes what the others have");
}

#[test]
fn groups_have_periods_of_their_own_and_a_chart_takes_that_of_the_group_it_joins() {
    let (mut workspace, keys) = charts(3);
    let other = Group::ALL[1];
    workspace.change(LayoutChange::Link(keys[2], other));
    workspace.share_periods();
    chart(&mut workspace, keys[2]).show(Timeframe::W1);
    workspace.share_periods();
    assert_eq!(periods(&workspace), [Timeframe::M1, Timeframe::M1, Timeframe::W1]);
    workspace.change(LayoutChange::Link(keys[0], other));
    workspace.share_periods();
    assert_eq!(periods(&workspace), [Timeframe::W1, Timeframe::M1, Timeframe::W1]);
}
