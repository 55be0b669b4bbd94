//! The status bar and the toasts in the whole window.

use std::collections::BTreeSet;
use std::time::Duration;

use egui::{Key, Pos2, Rect, Role, ViewportId, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{AccessKitNode, By, Queryable as _};
use pitdesk::desk::FrameGap;
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{Quote, Time};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, ConnectionState, Flatten, KillState, NoticeLevel, Update};
use pitdesk::ui::theme::Theme;

use crate::bench::{focused, painted};
use crate::desk::START;
use crate::desktop::{Desktop, choose, click, desktop, desktop_of, sent};

fn lock(harness: &mut Harness<'_, Desktop>, still_working: u32) {
    harness.state_mut().market.publish(Update::Kill(KillState::Locked { still_working }));
    harness.run_steps(2);
}

#[test]
fn one_click_locks_and_the_bar_says_so_until_it_is_so() {
    let mut harness = desktop();
    click(&mut harness, "Kill switch");
    assert_eq!(sent(&mut harness), [Command::Kill { flatten: Flatten::No }]);
    harness.get_by_label("Locking…");
    lock(&mut harness, 3);
    harness.get_by_label("LOCKED · 3 still working");
    lock(&mut harness, 0);
    harness.get_by_label("LOCKED · nothing working");
    assert!(harness.query_by_label("Kill switch").is_none());
}

#[test]
fn a_lock_that_was_refused_can_be_tried_again() {
    let mut harness = desktop();
    click(&mut harness, "Kill switch");
    let market = &mut harness.state_mut().market;
    let sent_now = market.envelopes();
    let asked = sent_now
        .iter()
        .find(|envelope| envelope.command == Command::Kill { flatten: Flatten::No })
        .expect("the lock was sent");
    market.publish(Update::Answer(Answer { to: asked.id, outcome: Err(Refused("busy".into())) }));
    harness.run_steps(2);
    click(&mut harness, "Kill switch");
    assert_eq!(sent(&mut harness), [Command::Kill { flatten: Flatten::No }]);
    harness.get_by_label("Locking…");
}

#[test]
fn release_asks_first_and_a_second_click_in_place_releases_nothing() {
    let mut harness = desktop();
    lock(&mut harness, 0);
    let place = harness.get_by_label("Release…").rect().center();
    click(&mut harness, "Release…");
    harness.get_by_label("Allow orders again?");
    assert!(harness.get_by_label("Keep locked").rect().contains(place), "the harmless one is in its place");
    click(&mut harness, "Keep locked");
    assert_eq!(sent(&mut harness), []);
    click(&mut harness, "Release…");
    click(&mut harness, "Release");
    assert_eq!(sent(&mut harness), [Command::ReleaseKill]);
    harness.state_mut().market.publish(Update::Kill(KillState::Armed));
    harness.run_steps(2);
    harness.get_by_label("Kill switch");
}

#[test]
fn no_walk_with_tab_and_space_locks_or_releases() {
    let mut harness = desktop();
    for is_locked in [false, true] {
        if is_locked {
            lock(&mut harness, 0);
            click(&mut harness, "Release…");
        }
        let mut reached = BTreeSet::new();
        for _ in 0..150 {
            harness.key_press(Key::Tab);
            harness.step();
            let names = focused(&harness);
            for name in ["Kill switch", "Release…", "Release", "Keep locked"] {
                assert!(!names.iter().any(|focused| focused == name), "Tab reaches {name}");
            }
            // The search and the settings would take the keyboard; the kill switch is found in the search on purpose;
            // Enter leaves a text field, and the walk would begin anew.
            let is_button = |node: &AccessKitNode<'_>| node.is_focused() && node.role() == Role::Button;
            if !names.iter().any(|name| name.starts_with("Search") || name == "Settings") {
                let on_button = harness.query(By::new().predicate(is_button)).is_some();
                for key in [Key::Space].into_iter().chain(on_button.then_some(Key::Enter)) {
                    harness.key_press(key);
                    harness.step();
                }
            }
            reached.extend(names);
        }
        for name in ["Search…  Ctrl+K", "Quantity", "Latencies and data integrity"] {
            assert!(reached.contains(name), "Tab has not come to {name}: {reached:?}");
        }
        let commands = sent(&mut harness);
        assert!(
            !commands.iter().any(|c| matches!(c, Command::Kill { .. } | Command::ReleaseKill)),
            "{commands:?}"
        );
    }
}

#[test]
fn a_connection_says_its_state_in_a_word_and_its_reason_on_hover() {
    let mut harness = desktop();
    harness.get_by_label("Ready");
    harness.state_mut().market.connection(ConnectionState::Silent, "Nothing was heard for 12 s");
    harness.run_steps(2);
    harness.get_by_label("Silent").hover();
    harness.run_steps(4);
    harness.get_by_label("Nothing was heard for 12 s");
}

#[test]
fn a_connection_whose_data_stand_still_in_part_is_amber() {
    let mut harness = desktop();
    let colour = |harness: &Harness<'_, Desktop>, word: &str| {
        painted(harness).into_iter().find(|(text, _)| text == word).map(|(_, colour)| colour)
    };
    assert_eq!(colour(&harness, "Ready"), Some(Theme::dark().ok));
    harness.state_mut().market.connection(ConnectionState::Degraded, "The farm usfarm is down");
    harness.run_steps(2);
    assert_eq!(colour(&harness, "Degraded"), Some(Theme::dark().warn));
}

#[test]
fn old_data_are_worth_a_look_only_while_an_exchange_is_open() {
    let mut harness = desktop();
    harness.get_by_label("No market data yet");
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.run_steps(2);
    harness.get_by_label("Data 0.0 s");
    harness.state_mut().market.later(Duration::from_secs(7));
    harness.run_steps(2);
    harness.get_by_label("Data 7 s old");

    let market = &mut harness.state_mut().market;
    let (id, now) = (market.id("AAPL@NASDAQ"), market.now());
    let mut closed = market.quote_at("AAPL@NASDAQ", "284.52");
    closed.is_open = false;
    market.batch(|batch| batch.quote(id, closed, now));
    market.later(Duration::from_hours(1));
    harness.run_steps(2);
    harness.get_by_label("Exchanges closed");
}

#[test]
fn the_clock_is_in_the_zone_of_the_settings_and_counts_seconds_while_the_market_moves() {
    let mut harness = desktop();
    harness.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    harness.state_mut().market.later(Duration::from_millis(5_250));
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.run_steps(4);
    harness.get_by_label("15:00:05 UTC");
    assert_eq!(next_frame(&harness), Duration::from_millis(750), "the next frame is that of the next second");
}

#[test]
fn the_clock_of_a_quiet_market_wakes_the_window_once_a_minute() {
    let mut harness = desktop();
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.state_mut().market.later(Duration::from_millis(3_250));
    harness.run_steps(4);
    harness.get_by_label("10:00 EST");
    assert_eq!(
        next_frame(&harness),
        Duration::from_millis(56_750),
        "the next frame is that of the next minute"
    );
}

#[test]
fn the_clock_takes_the_same_room_with_seconds_and_without() {
    let mut harness = desktop();
    let quiet = harness.get_by_label("10:00 EST").rect();
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.run_steps(2);
    assert_eq!(harness.get_by_label("10:00:00 EST").rect(), quiet);
}

#[test]
fn the_age_of_data_counts_on_while_nothing_comes() {
    let mut harness = desktop();
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.state_mut().market.later(Duration::from_secs(5));
    let market = &mut harness.state_mut().market;
    market.connection(ConnectionState::Silent, "Nothing was heard for 5 s");
    harness.run_steps(4);
    assert_eq!(next_frame(&harness), Duration::from_secs(1));
    harness.state_mut().market.later(Duration::from_millis(7_300));
    harness.run_steps(4);
    harness.get_by_label("Data 12 s old");
    assert_eq!(next_frame(&harness), Duration::from_millis(700));
}

#[test]
fn a_market_of_another_time_says_its_own() {
    let mut harness = desktop();
    let market = &mut harness.state_mut().market;
    let recorded = Quote { time: at("2013-10-07T13:31:05Z"), ..market.quote_at("AAPL@NASDAQ", "284.52") };
    market.publish_quote("AAPL@NASDAQ", recorded);
    harness.run_steps(2);
    harness.get_by_label("Market 07 Oct 2013 09:31:05 EDT").hover();
    harness.run_steps(4);
    assert!(harness.query_by_label_contains("This computer says 20 Nov 2026 10:00:00 EST").is_some());
    // The last word of an exchange that is closed for the weekend is no recording.
    let mut harness = desktop();
    let market = &mut harness.state_mut().market;
    let mut friday = Quote { time: START, ..market.quote_at("AAPL@NASDAQ", "284.52") };
    friday.is_open = false;
    market.later(Duration::from_hours(60));
    market.publish_quote("AAPL@NASDAQ", friday);
    harness.run_steps(2);
    assert!(harness.query_by_label_contains("Market ").is_none());
}

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().expect("a literal of a test is a time"))
}

/// In how long the window paints again if nothing else happens.
fn next_frame(harness: &Harness<'_, Desktop>) -> Duration {
    harness.output().viewport_output[&ViewportId::ROOT].repaint_delay
}

#[test]
fn latencies_and_the_ledger_open_with_a_click() {
    let mut harness = desktop();
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.53");
    harness.run_steps(2);
    click(&mut harness, "Latencies and data integrity");
    harness.get_by_label("Messages from the engine");
    harness.get_by_label("conflated");
    for stage in ["to the window", "drawn"] {
        harness.get_by_label(stage);
    }
    assert_eq!(harness.query_all_by_label("yes").count(), 5, "every stream adds up");
    assert!(harness.query_by_label("no").is_none());
}

#[test]
fn the_latencies_open_in_their_place() {
    for is_measured in [false, true] {
        let mut harness = desktop();
        if is_measured {
            harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
            harness.run_steps(2);
        }
        harness.get_by_label("Latencies and data integrity").click();
        let mut seen = Vec::new();
        for _ in 0..8 {
            harness.step();
            seen.extend(harness.query_by_label("Messages from the engine").map(|node| node.rect()));
        }
        assert!(seen.len() > 4 && seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    }
}

#[test]
fn the_longest_frame_gap_stands_until_it_is_measured_anew() {
    let mut harness = desktop();
    let gap = |millis| FrameGap { lasted: Duration::from_millis(millis), ended: Time::from_seconds(0) };
    for millis in [17, 250, 16] {
        harness.state_mut().terminal.on_frame_gap(gap(millis));
    }
    click(&mut harness, "Latencies and data integrity");
    assert!(harness.query_by_label_contains("Longest gap 250 ms").is_some());
    click(&mut harness, "Measure anew");
    assert!(harness.query_by_label_contains("Longest gap").is_none());
    harness.state_mut().terminal.on_frame_gap(gap(18));
    harness.run_steps(1);
    assert!(harness.query_by_label_contains("Longest gap 18.0 ms").is_some());
}

#[test]
fn the_kill_switch_and_the_clock_are_in_sight_in_a_small_window() {
    let check = |harness: &Harness<'_, Desktop>, width: f32, names: &[&str]| {
        let screen = Rect::from_min_size(Pos2::ZERO, vec2(width, 720.0));
        let rects: Vec<Rect> = names.iter().map(|name| harness.get_by_label(name).rect()).collect();
        for (index, rect) in rects.iter().enumerate() {
            assert!(screen.contains_rect(*rect), "{} at {rect:?} in {width}", names[index]);
            let others = rects[index + 1..].iter();
            assert!(others.clone().all(|other| !other.intersects(*rect)), "{names:?}: {rects:?}");
        }
    };
    for width in [1280.0, 800.0, 560.0] {
        let mut harness = desktop_of(width);
        check(&harness, width, &["10:00 EST", "Kill switch"]);
        lock(&mut harness, 200);
        check(&harness, width, &["10:00 EST", "LOCKED · 200 still working", "Release…"]);
        click(&mut harness, "Release…");
        let asked = ["LOCKED · 200 still working", "Allow orders again?", "Release", "Keep locked"];
        check(&harness, width, &asked);
    }
}

#[test]
fn a_warning_stands_for_six_seconds_and_an_info_not_at_all() {
    let mut harness = desktop();
    harness.state_mut().market.notice(NoticeLevel::Info, "Settings saved");
    harness.state_mut().market.notice(NoticeLevel::Warning, "The broker was silent");
    harness.run_steps(2);
    harness.get_by_label("Warning");
    harness.get_by_label("The broker was silent");
    assert!(harness.query_by_label("Settings saved").is_none());
    harness.state_mut().market.later(Duration::from_millis(6_001));
    harness.run_steps(2);
    assert!(harness.query_by_label("The broker was silent").is_none());
}

#[test]
fn three_toasts_stand_at_most_the_newest_at_the_bottom() {
    let mut harness = desktop();
    for number in 1..=5 {
        harness.state_mut().market.notice(NoticeLevel::Error, &format!("Refused {number}"));
        harness.state_mut().market.later(Duration::from_millis(10));
    }
    harness.run_steps(2);
    let tops: Vec<Option<f32>> = (1..=5)
        .map(|number| harness.query_by_label(&format!("Refused {number}")).map(|node| node.rect().top()))
        .collect();
    let [None, None, Some(a), Some(b), Some(c)] = tops[..] else { panic!("{tops:?}") };
    assert!(a < b && b < c, "{tops:?}");
}

#[test]
fn the_same_text_is_counted_and_sent_away_as_one() {
    let mut harness = desktop();
    for _ in 0..4 {
        harness.state_mut().market.notice(NoticeLevel::Error, "Refused");
        harness.state_mut().market.later(Duration::from_millis(10));
    }
    harness.run_steps(2);
    harness.get_by_label("4 times");
    click(&mut harness, "Dismiss: Refused");
    assert!(harness.query_by_label("Refused").is_none());
    assert_eq!(harness.state().terminal.desk().notices().len(), 4, "the log keeps them");
    harness.state_mut().market.notice(NoticeLevel::Error, "Refused");
    harness.run_steps(2);
    harness.get_by_label("Refused");
}

#[test]
fn without_a_chart_in_sight_toasts_stand_over_a_pane_that_trades_nothing() {
    let mut harness = desktop();
    choose(&mut harness, "Chart", &["New tab", "Ladder"]);
    for number in 1..=3 {
        harness.state_mut().market.notice(NoticeLevel::Error, &format!("Refused {number}"));
    }
    harness.run_steps(3);
    let toast = |number: u32| {
        let text = harness.get_by_label(&format!("Refused {number}")).rect();
        text.union(harness.get_by_label(&format!("Dismiss: Refused {number}")).rect())
    };
    let ladder = harness.get_by_label_contains("and Blotter").rect();
    let ticket = harness.get_by_label_contains("and Ticket").rect();
    let toasts: Vec<_> = (1..=3).map(toast).collect();
    for toast in &toasts {
        assert!(toast.right() < ticket.left(), "{toasts:?} beside {ticket:?}");
        assert!(
            toast.top() > ladder.bottom() || toast.right() < ladder.left(),
            "{toasts:?} below {ladder:?}"
        );
    }
}

#[test]
fn toasts_over_a_narrow_chart_reach_over_no_pane_beside_it() {
    let mut harness = desktop_of(1100.0);
    choose(&mut harness, "Watchlist", &["Split right", "Ladder"]);
    choose(&mut harness, "Chart", &["Split right", "Tape"]);
    let text = "The broker was silent for so long that nobody knows";
    harness.state_mut().market.notice(NoticeLevel::Error, text);
    harness.run_steps(3);
    let ladder = harness.get_by_label_contains("Between Ladder and").rect();
    let toast = harness.get_by_value(text).rect();
    assert!(toast.left() > ladder.right(), "{toast:?}, {ladder:?}");
}

#[test]
fn toasts_stand_over_the_chart_and_nothing_that_trades() {
    for width in [1600.0, 1280.0] {
        let mut harness = desktop_of(width);
        for number in 1..=3 {
            harness.state_mut().market.notice(NoticeLevel::Error, &format!("Refused {number}"));
        }
        harness.run_steps(3);
        let chart = harness.get_by_label("Between Chart and Blotter").rect();
        let ticket = harness.get_by_label_contains("and Ticket").rect();
        for number in 1..=3 {
            let toast = harness.get_by_label(&format!("Refused {number}")).rect();
            let cross = harness.get_by_label(&format!("Dismiss: Refused {number}")).rect();
            assert!(toast.bottom() < chart.top() && cross.right() < ticket.left(), "{toast:?} in {width}");
        }
    }
}
