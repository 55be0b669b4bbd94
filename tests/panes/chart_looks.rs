//! How the chart looks: styles and scales, shaded hours, the countdown, the zone of its times.

use std::time::Duration;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{Bar, Timeframe};
use pitdesk::link::update::Placement;
use pitdesk::link::{BarKey, Command, History, Update};
use pitdesk::market::series::BarChunk;
use pitdesk::ui::chart::{ScaleKind, Style};
use pitdesk::ui::chart_pane::{ChartPane, Look};
use pitdesk::ui::theme::Theme;

use crate::bench::{Bench, limit, order, settle};
use crate::chart_pane::{AAPL, bars};
use crate::desktop::desktop;
use crate::picture;

type Window = Harness<'static, Bench<ChartPane>>;

fn chart_of(pane: ChartPane, bars: Vec<Bar>) -> Window {
    let mut trader = Bench::new(pane);
    trader.select(AAPL);
    trader.market.quote(AAPL, "284.50");
    let mut window = trader.show(vec2(700.0, 420.0));
    let key = BarKey { instrument: window.state().market.id(AAPL), timeframe: Timeframe::M1 };
    let chunk = Some(BarChunk::new(bars.into()).expect("sound bars"));
    let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
    window.state_mut().market.publish(Update::History(history));
    settle(&mut window);
    window
}

fn chart() -> Window {
    chart_of(ChartPane::default(), bars(1_000, 0, 284.5))
}

/// What the chart says to those who do not see it.
fn said(window: &Window) -> String {
    window.get_by_role(egui::Role::Canvas).value().expect("a chart has a value")
}

fn choose(window: &mut Window, name: &str) {
    window.get_by_label("View").click();
    settle(window);
    window.get_by_label(name).click();
    settle(window);
}

fn saved(window: &Window) -> String {
    serde_json::to_string(&window.state().pane).expect("a pane can be saved")
}

#[test]
fn every_style_and_scale_is_in_the_menu_and_kept_with_the_pane() {
    let mut window = chart();
    for style in Style::ALL {
        choose(&mut window, style.label());
        assert_eq!(window.state().pane.view().style(), style);
        let back: ChartPane = serde_json::from_str(&saved(&window)).expect("what was saved can be read");
        assert_eq!(back.view().style(), style);
    }
    for scale in ScaleKind::ALL {
        choose(&mut window, scale.label());
        assert_eq!(window.state().pane.view().scale(), scale);
        let back: ChartPane = serde_json::from_str(&saved(&window)).expect("what was saved can be read");
        assert_eq!(back.view().scale(), scale);
    }
    choose(&mut window, "Shade outside regular hours");
    let back: ChartPane = serde_json::from_str(&saved(&window)).expect("what was saved can be read");
    assert!(!back.view().shades());
}

#[test]
fn a_pane_of_before_or_of_tomorrow_is_read() {
    for text in [
        r#"{"timeframe": "M5", "view": {"spacing": 9.0}}"#,
        r#"{"view": {"style": "renko", "scale": 7, "hides_hours": "no"}}"#,
    ] {
        let pane: ChartPane = serde_json::from_str(text).expect("it can be read");
        let view = pane.view();
        assert_eq!((view.style(), view.scale(), view.shades()), (Style::Candles, ScaleKind::Linear, true));
    }
}

#[test]
fn prices_that_have_no_logarithm_are_shown_linearly_with_a_word() {
    let below = bars(200, 0, 284.5).into_iter().map(|bar| Bar {
        open: bar.open - 284.5,
        high: bar.high - 284.5,
        low: bar.low - 284.5,
        close: bar.close - 284.5,
        ..bar
    });
    let mut window = chart_of(ChartPane::default(), below.collect());
    let has_word = |window: &Window, word: &str| {
        crate::bench::painted(window).iter().any(|(text, _)| text.contains(word))
    };
    assert!(!has_word(&window, "linear scale"));
    choose(&mut window, "Logarithmic");
    assert!(has_word(&window, "Prices at or below zero: linear scale"));
    choose(&mut window, "Linear");
    assert!(!has_word(&window, "linear scale"));
}

#[test]
fn the_forming_bar_is_counted_down_while_the_market_moves() {
    let mut window = chart();
    let says = |window: &Window| {
        let after = said(window).split("bar closes in ").nth(1).map(str::to_owned)?;
        after.split(',').next().map(str::to_owned)
    };
    let left = says(&window).expect("the market has just moved");
    let seconds = |left: &str| {
        let (minutes, seconds) = left.split_once(':').expect("minutes and seconds");
        let seconds: u32 = seconds.parse().expect("seconds");
        minutes.parse::<u32>().expect("minutes") * 60 + seconds
    };
    window.state_mut().market.later(Duration::from_secs(2));
    settle(&mut window);
    let later = says(&window).expect("it still counts");
    assert_eq!((seconds(&left) + 60 - seconds(&later)) % 60, 2, "{left} and then {later}");
    // The clock of the status bar stands still as well: nothing is painted for this alone.
    window.state_mut().market.later(Duration::from_secs(2));
    settle(&mut window);
    assert_eq!(says(&window), None);
}

#[test]
fn the_zone_of_all_times_is_chosen_in_the_chart() {
    let mut window = chart();
    choose(&mut window, "Times in UTC");
    let sent = window.state_mut().take_sent();
    let [Command::Configure(settings)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(settings.time_zone_display, ZoneDisplay::Utc);
}

#[test]
fn the_search_knows_every_look_by_name() {
    let mut window = desktop();
    for (words, name, is_on) in [
        ("chart: heikin", "Heikin-Ashi", true),
        ("chart: logarithmic", "Logarithmic", true),
        ("do not shade", "Shade outside regular hours", false),
    ] {
        window.key_press_modifiers(Modifiers::COMMAND, Key::K);
        settle(&mut window);
        window.event(egui::Event::Text(words.to_owned()));
        settle(&mut window);
        window.key_press(Key::Enter);
        settle(&mut window);
        window.get_by_label("View").click();
        settle(&mut window);
        let toggled = window.get_by_label(name).accesskit_node().toggled();
        assert_eq!(toggled == Some(egui::accesskit::Toggled::True), is_on, "{words}");
        window.key_press(Key::Escape);
        settle(&mut window);
    }
}

#[test]
fn a_press_on_a_logarithmic_scale_is_on_the_price_that_is_painted_there() {
    let mut window = chart();
    choose(&mut window, "Logarithmic");
    let (instrument, now) = (window.state().market.id(AAPL), window.state().market.now());
    let working = order(1, instrument, pitdesk::domain::Side::Sell, "100", limit("284.80"), now);
    window.state_mut().order(working);
    settle(&mut window);
    let line = window.get_by(|node| node.label().is_some_and(|label| label.starts_with("Order 1: ")));
    let at = line.rect().center();
    let press = |pressed| egui::Event::PointerButton {
        pos: at,
        button: egui::PointerButton::Secondary,
        pressed,
        modifiers: Modifiers::NONE,
    };
    window.event(egui::Event::PointerMoved(at));
    window.run_steps(1);
    window.event(press(true));
    window.event(press(false));
    window.run_steps(2);
    let buttons = window.query_all_by_role(egui::Role::Button);
    let entries: Vec<String> = buttons.filter_map(|node| node.accesskit_node().label()).collect();
    assert!(entries.iter().any(|entry| entry == "Sell limit 100 @ 284.80"), "{entries:?}");
}

#[test]
fn each_style_and_scale_looks_like_this_dark_and_light() {
    let looks = [
        ("hollow", Look::Style(Style::Hollow)),
        ("bars", Look::Style(Style::Bars)),
        ("line", Look::Style(Style::Line)),
        ("heikin", Look::Style(Style::HeikinAshi)),
        ("log", Look::Scale(ScaleKind::Log)),
        ("percent", Look::Scale(ScaleKind::Percent)),
    ];
    for (theme, name) in [(Theme::dark(), "dark"), (Theme::light(), "light")] {
        for (what, look) in looks {
            let mut pane = ChartPane::default();
            pane.look(look);
            // A tenfold rise tells a logarithmic scale from another.
            let rise = |(i, bar): (usize, Bar)| {
                let by = if what == "log" { 1.0 + 0.09 * i as f64 } else { 1.0 };
                let at = |price: f64| price * by;
                Bar { open: at(bar.open), high: at(bar.high), low: at(bar.low), close: at(bar.close), ..bar }
            };
            let bars = bars(if what == "log" { 100 } else { 1_000 }, 0, 284.5);
            let mut window = chart_of(pane, bars.into_iter().enumerate().map(rise).collect());
            theme.apply(&window.ctx);
            settle(&mut window);
            picture::assert_picture(&mut window, &format!("chart_{what}_{name}"));
        }
    }
}
