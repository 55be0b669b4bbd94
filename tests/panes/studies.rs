//! Indicators in the chart: added by its menu, read in its legend, changed, removed, kept.

use std::time::Duration;

use egui::{Key, Pos2, Role, pos2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::Bar;
use pitdesk::link::update::Placement;
use pitdesk::ui::chart_pane::ChartPane;
use pitdesk::ui::theme::Theme;
use serde_json::json;

use crate::chart_pane::{Chart, aapl, bars};
use crate::picture;

const SMA: &str = "Simple moving average";
const EMA: &str = "Exponential moving average";
const BANDS: &str = "Bollinger bands";
const RSI: &str = "Relative strength index";
const MACD: &str = "Moving average convergence/divergence";

/// Adds an indicator by its name in the menu.
fn add(chart: &mut Chart, name: &str) {
    chart.get_by_label("Indicators").click();
    chart.run_steps(3);
    chart.get_by_label(name).click();
    chart.run_steps(2);
    leave(chart);
}

/// Points outside the chart: the legend is about the newest bar then.
fn leave(chart: &mut Chart) {
    chart.hover_at(pos2(1.0, 1.0));
    chart.run_steps(3);
}

/// What the legend says of a study.
fn legend(chart: &Chart, label: &str) -> String {
    chart.get_by_label(label).value().unwrap_or_default()
}

fn closes() -> Vec<f64> {
    bars(1_000, 0, 284.5).iter().map(|bar| bar.close).collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// The simple average of the last bars, `back` bars before the end.
fn sma(length: usize, back: usize) -> String {
    let closes = closes();
    let end = closes.len() - back;
    format!("{:.2}", mean(&closes[end - length..end]))
}

/// Where the bar `back` bars before the last one is, of a chart that nobody has moved.
fn middle_of(chart: &Chart, back: u16) -> Pos2 {
    let right = chart.get_by_label("Price axis of AAPL · NASDAQ").rect().left();
    pos2(right - 32.0 - 7.0 * (f32::from(back) + 0.5), 200.0)
}

fn repaint_delay(chart: &Chart) -> Duration {
    chart.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
}

#[test]
fn what_is_chosen_in_the_menu_stands_in_the_legend_with_its_newest_values() {
    let mut chart = aapl();
    for name in [SMA, EMA, BANDS] {
        add(&mut chart, name);
    }
    let closes = closes();
    let ema = closes[20..].iter().fold(mean(&closes[..20]), |ema, close| ema + (close - ema) * 2.0 / 21.0);
    let last = &closes[980..];
    let middle = mean(last);
    let square = |close: &f64| (close - middle) * (close - middle);
    let width = 2.0 * (last.iter().map(square).sum::<f64>() / 20.0).sqrt();
    assert_eq!(legend(&chart, "SMA 20"), sma(20, 0));
    assert_eq!(legend(&chart, "EMA 20"), format!("{ema:.2}"));
    let bands = [middle + width, middle, middle - width].map(|value| format!("{value:.2}")).join(" ");
    assert_eq!(legend(&chart, "BB 20 2"), bands);
}

#[test]
fn the_legend_follows_the_crosshair_and_the_market() {
    let mut chart = aapl();
    add(&mut chart, SMA);
    for back in [30_u16, 31, 7] {
        let pos = middle_of(&chart, back);
        chart.hover_at(pos);
        chart.run_steps(2);
        assert_eq!(legend(&chart, "SMA 20"), sma(20, usize::from(back)), "{back} bars back");
    }
    leave(&mut chart);
    assert_eq!(legend(&chart, "SMA 20"), sma(20, 0));

    let mut changed = bars(1_000, 0, 284.5);
    let last = changed.last_mut().expect("a bar");
    *last = Bar { close: last.close + 10.0, high: last.high + 10.0, ..*last };
    let expected = format!("{:.2}", mean(&changed[980..].iter().map(|bar| bar.close).collect::<Vec<_>>()));
    chart.state_mut().history(changed, Placement::Anew, false);
    chart.run_steps(2);
    assert_eq!(legend(&chart, "SMA 20"), expected);
}

#[test]
fn a_study_is_removed_by_its_cross_and_the_others_stay_as_they_are() {
    let mut chart = aapl();
    add(&mut chart, SMA);
    add(&mut chart, EMA);
    let ema = legend(&chart, "EMA 20");
    chart.get_by_label("Remove SMA 20").click();
    leave(&mut chart);
    assert!(chart.query_by_label("SMA 20").is_none());
    assert_eq!(legend(&chart, "EMA 20"), ema);
}

#[test]
fn a_number_that_is_typed_holds_at_once_and_stays_in_its_bounds() {
    let mut chart = aapl();
    add(&mut chart, SMA);
    chart.get_by_label("SMA 20").click();
    chart.run_steps(3);
    for (typed, length) in [("5", 5), ("0", 1), ("12", 12)] {
        chart.get_by_role_and_label(Role::SpinButton, "Length").click();
        chart.run_steps(3);
        chart.event(egui::Event::Text(typed.to_owned()));
        chart.run_steps(2);
        chart.key_press(Key::Enter);
        chart.run_steps(4);
        assert_eq!(legend(&chart, &format!("SMA {length}")), sma(length, 0), "{typed} was typed");
    }
}

#[test]
fn a_chart_takes_eight_studies_and_no_more() {
    let mut chart = aapl();
    for _ in 0..8 {
        add(&mut chart, "Volume-weighted average price");
    }
    chart.get_by_label("Indicators").click();
    chart.run_steps(3);
    assert!(chart.get_by_label(SMA).accesskit_node().is_disabled());
}

#[test]
fn studies_are_kept_with_the_pane_and_unknown_ones_cost_nothing_else() {
    let mut chart = aapl();
    add(&mut chart, SMA);
    add(&mut chart, BANDS);
    chart.get_by_label("5m").click();
    chart.run_steps(2);
    let mut saved = serde_json::to_value(&chart.state().pane).expect("a pane can be saved");
    let studies = saved["view"]["studies"].as_array_mut().expect("a list of studies");
    assert_eq!(studies.len(), 2);
    studies.insert(1, json!({ "kind": "of-tomorrow", "parameters": [1, 2, 3] }));
    let mut other = aapl();
    other.state_mut().pane = serde_json::from_value::<ChartPane>(saved).expect("a pane that can be read");
    other.run_steps(3);
    assert_eq!(other.state().pane.timeframe().label(), "5m");
    other.state_mut().pane.show(pitdesk::domain::Timeframe::M1);
    other.run_steps(2);
    other.state_mut().history(bars(1_000, 0, 284.5), Placement::Anew, false);
    other.run_steps(2);
    assert_eq!(legend(&other, "SMA 20"), sma(20, 0));
    assert!(other.query_by_label("BB 20 2").is_some());
}

#[test]
fn a_long_history_is_gone_through_over_frames_and_then_nothing_is_painted_anew() {
    let mut chart = aapl();
    add(&mut chart, SMA);
    chart.run_steps(20);
    assert_eq!(repaint_delay(&chart), Duration::MAX, "nothing changes");
    chart.state_mut().history(bars(150_000, 0, 284.5), Placement::Anew, true);
    chart.run_steps(1);
    assert_eq!(repaint_delay(&chart), Duration::ZERO, "there is more to go through");
    assert_eq!(legend(&chart, "SMA 20"), "–");
    chart.run_steps(20);
    let all = bars(150_000, 0, 284.5);
    let last: Vec<f64> = all[149_980..].iter().map(|bar| bar.close).collect();
    assert_eq!(legend(&chart, "SMA 20"), format!("{:.2}", mean(&last)));
    assert_eq!(repaint_delay(&chart), Duration::MAX);
}

#[test]
fn a_chart_with_studies_over_the_price() {
    let mut chart = aapl();
    for name in [BANDS, EMA, "Volume-weighted average price"] {
        add(&mut chart, name);
    }
    picture::assert_picture(&mut chart, "chart_studies");
    chart.state_mut().theme = Theme::light();
    chart.get_by_label("Indicators").click();
    chart.run_steps(12);
    picture::assert_picture(&mut chart, "chart_studies_light");
}

/// The exponential average of each place that has one, begun with the mean of the first `length`.
fn emas(values: &[f64], length: usize) -> Vec<f64> {
    let mut ema = mean(&values[..length]);
    let step = 2.0 / (length as f64 + 1.0);
    let rest = values[length..].iter().map(|value| {
        ema += (value - ema) * step;
        ema
    });
    std::iter::once(mean(&values[..length])).chain(rest).collect()
}

#[test]
fn studies_with_a_scale_of_their_own_say_their_values_too() {
    let mut chart = aapl();
    add(&mut chart, RSI);
    add(&mut chart, MACD);
    let closes = closes();
    let moves: Vec<f64> = closes.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let wilder = |of: fn(f64) -> f64| {
        let parts: Vec<f64> = moves.iter().map(|by| of(*by)).collect();
        parts[14..].iter().fold(mean(&parts[..14]), |average, part| (average * 13.0 + part) / 14.0)
    };
    let (gain, loss) = (wilder(|by| by.max(0.0)), wilder(|by| (-by).max(0.0)));
    assert_eq!(legend(&chart, "RSI 14"), format!("{:.2}", 100.0 * gain / (gain + loss)));

    let (fast, slow) = (emas(&closes, 12), emas(&closes, 26));
    let line: Vec<f64> = fast[14..].iter().zip(&slow).map(|(fast, slow)| fast - slow).collect();
    let (line, signal) = (*line.last().expect("a value"), *emas(&line, 9).last().expect("a value"));
    let expected = [line, signal, line - signal].map(|value| format!("{value:.4}").replace('-', "−"));
    assert_eq!(legend(&chart, "MACD 12 26 9"), expected.join(" "));
}

#[test]
fn three_studies_have_panes_of_their_own_and_others_still_fit_over_the_price() {
    let mut chart = aapl();
    for _ in 0..3 {
        add(&mut chart, RSI);
    }
    chart.get_by_label("Indicators").click();
    chart.run_steps(3);
    assert!(chart.get_by_label(MACD).accesskit_node().is_disabled());
    assert!(!chart.get_by_label(SMA).accesskit_node().is_disabled());
    let tops: Vec<f32> = chart.query_all_by_label("RSI 14").map(|name| name.rect().top()).collect();
    assert!(tops.len() == 3 && tops.windows(2).all(|pair| pair[1] - pair[0] > 30.0), "{tops:?}");
}

#[test]
fn a_chart_with_studies_below_the_price() {
    let mut chart = aapl();
    for name in [SMA, RSI, MACD] {
        add(&mut chart, name);
    }
    chart.hover_at(pos2(300.0, 360.0));
    chart.run_steps(12);
    picture::assert_picture(&mut chart, "chart_studies_below");
}
