//! What is used of the counted limits: in their editor, and in the status bar while it matters.

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::limits::Scope;
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{Currency, Limits, Money};
use pitdesk::link::ScopeUse;
use pitdesk::risk::Lock;
use pitdesk::ui::theme::Theme;

use crate::bench::{painted, settle};
use crate::desk::{START, decimal};
use crate::desktop::{Desktop, click, desktop, desktop_sized};
use crate::safety;

type Window = Harness<'static, Desktop>;

const AAPL: &str = "AAPL@NASDAQ";

/// Nothing used of any limit.
fn unused(scope: Scope) -> ScopeUse {
    ScopeUse {
        scope,
        orders_last_minute: 0,
        working_orders: 0,
        exposure: None,
        result_of_day: None,
        lock: None,
    }
}

/// Limits of everything that is counted, for the profile and for AAPL.
fn limited(mut window: Window) -> Window {
    let market = &mut window.state_mut().market;
    market.configure(|settings| {
        settings.time_zone_display = ZoneDisplay::Utc;
        let profile = &mut settings.limits.profile;
        profile.max_exposure = Some(decimal("1000000"));
        profile.max_loss_per_day = Some(decimal("2500"));
        profile.max_working_orders = Some(200);
        profile.max_orders_per_minute = Some(60);
        let own = Limits { max_working_orders: Some(10), ..Limits::default() };
        settings.limits.instruments.insert(AAPL.to_owned(), own);
    });
    tell(&mut window, |_| ());
    window
}

/// The engine tells of the profile what `change` makes of a quiet day.
fn tell(window: &mut Window, change: impl FnOnce(&mut ScopeUse)) {
    let mut profile = ScopeUse {
        exposure: Some(decimal("412000.5")),
        result_of_day: Some(decimal("350")),
        working_orders: 7,
        orders_last_minute: 12,
        ..unused(Scope::Profile)
    };
    change(&mut profile);
    let own = ScopeUse { working_orders: 4, ..unused(Scope::Instrument(AAPL.into())) };
    window.state_mut().market.uses(vec![profile, own]);
    settle(window);
    window.run_steps(2);
}

/// Locked since this morning, until 22:00 of the day that the tests' clock shows.
fn lock() -> Lock {
    let money = |text| Money { amount: decimal(text), currency: Currency::USD };
    let until = START + std::time::Duration::from_hours(7);
    Lock { loss: money("2512.4"), limit: money("2500"), until }
}

fn open(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::L);
    settle(window);
    window.run_steps(2);
}

#[track_caller]
fn colour_of(window: &Window, text: &str) -> egui::Color32 {
    let all = painted(window);
    all.iter().find(|(painted, _)| painted.contains(text)).unwrap_or_else(|| panic!("no {text}: {all:?}")).1
}

fn says(window: &Window, what: &str) -> bool {
    painted(window).iter().any(|(text, _)| text.contains(what))
}

/// The chips of the status bar.
fn chips(window: &Window) -> Vec<String> {
    let names = window.query_all_by_role(egui::Role::Button).filter_map(|node| node.accesskit_node().label());
    names.filter(|name| name.starts_with("Loss lock") || name.contains(" %")).collect()
}

#[test]
fn the_editor_tells_what_is_used_of_every_counted_limit() {
    let mut window = limited(desktop());
    open(&mut window);
    for used in ["7 of 200 now", "12 of 60 now", "412,000.50 of 1,000,000 now", "+350.00 of 2,500 now"] {
        assert_eq!(colour_of(&window, used), Theme::dark().text_weak, "{used}");
    }
    tell(&mut window, |told| {
        told.result_of_day = Some(decimal("-2100"));
        told.exposure = Some(decimal("1000000"));
        told.orders_last_minute = 47;
    });
    assert_eq!(colour_of(&window, "2,100.00 of 2,500 now"), Theme::dark().warn);
    assert_eq!(colour_of(&window, "1,000,000.00 of 1,000,000 now"), Theme::dark().danger);
    assert_eq!(colour_of(&window, "47 of 60 now"), Theme::dark().text_weak);
    tell(&mut window, |told| (told.result_of_day, told.exposure) = (None, None));
    let missing = painted(&window).into_iter().filter(|(text, _)| text == "not known: no price or rate");
    assert_eq!(missing.count(), 2);
    click(&mut window, AAPL);
    assert!(says(&window, "4 of 10 now"), "of the scope that is shown");
}

#[test]
fn a_lock_of_the_day_is_told_with_its_end() {
    let mut window = limited(desktop());
    open(&mut window);
    assert!(!says(&window, "Locked"));
    tell(&mut window, |told| told.lock = Some(lock()));
    let text = "Locked until 22:00 UTC: the loss of the day had reached 2,512.40 USD, the limit was 2,500.00 USD. \
                Until then nothing is opened; closing works.";
    window.get_by_label(text);
    window.get_by_label("Profile · locked");
    click(&mut window, AAPL);
    assert!(window.query_by_label(text).is_none(), "that scope is not locked");
}

#[test]
fn the_status_bar_speaks_of_limits_only_while_they_are_near() {
    let mut window = limited(desktop());
    assert_eq!(chips(&window), [""; 0]);
    tell(&mut window, |told| told.result_of_day = Some(decimal("-1999.99")));
    assert_eq!(chips(&window), [""; 0]);
    tell(&mut window, |told| told.result_of_day = Some(decimal("-2120")));
    assert_eq!(chips(&window), ["Loss of the day 84 %"]);
    tell(&mut window, |told| {
        told.result_of_day = Some(decimal("-2120"));
        told.orders_last_minute = 57;
    });
    assert_eq!(chips(&window), ["Orders per minute 95 % +1"]);
    window.get_by_label("Orders per minute 95 % +1").hover();
    window.run_steps(4);
    let told =
        "The profile. Orders per minute: 57 of 60 now.\nThe profile. Loss of the day: 2,120.00 of 2,500 now.";
    assert!(window.query_by_label_contains(told).is_some());
    tell(&mut window, |_| ());
    assert_eq!(chips(&window), [""; 0]);
}

#[test]
fn a_lock_stands_in_the_status_bar_instead_of_the_loss_that_led_to_it() {
    let mut window = limited(desktop());
    tell(&mut window, |told| {
        told.result_of_day = Some(decimal("-2512.4"));
        told.lock = Some(lock());
    });
    assert_eq!(chips(&window), ["Loss lock until 22:00 · the profile"]);
    window.get_by_label("Loss lock: closing only");
    click(&mut window, "Loss lock until 22:00 · the profile");
    window.run_steps(2);
    assert!(window.query_by_label("Order value of the profile").is_some());
}

#[test]
fn the_chip_of_an_instrument_opens_the_editor_on_its_limits() {
    let mut window = limited(desktop());
    let own = ScopeUse { working_orders: 9, ..unused(Scope::Instrument(AAPL.into())) };
    window.state_mut().market.uses(vec![unused(Scope::Profile), own]);
    settle(&mut window);
    click(&mut window, "Working orders 90 % · AAPL@NASDAQ");
    window.run_steps(2);
    window.get_by_label("Working orders of AAPL@NASDAQ");
}

/// For a person to look at: `PITDESK_PICTURES=folder cargo test --test panes`.
#[test]
fn it_fits_every_size() {
    for (size, name) in safety::SIZES {
        let mut window = limited(desktop_sized(size.into()));
        safety::theme_by(&mut window, name);
        tell(&mut window, |told| {
            told.result_of_day = Some(decimal("-2512.4"));
            told.exposure = Some(decimal("912000"));
            told.lock = Some(lock());
        });
        safety::save(&mut window, &format!("chips-{name}"));
        open(&mut window);
        safety::save(&mut window, &format!("uses-{name}"));
        let screen = egui::Rect::from_min_size(egui::Pos2::ZERO, size.into());
        for control in ["Hours of the profile", "Apply", "Close limits"] {
            assert!(screen.contains_rect(window.get_by_label(control).rect()), "{control} in {name}");
        }
    }
}
