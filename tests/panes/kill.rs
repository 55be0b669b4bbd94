//! The kill switch's key and its panel.

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{AccountId, BrokerId, Decimal};
use pitdesk::link::{AccountKill, Command, Flatten, KillReport, KillStage, KillState, Update};
use pitdesk::ui::theme::Theme;

use crate::bench::{painted, settle};
use crate::desk::{START, decimal};
use crate::desktop::{Desktop, click, desktop, desktop_sized, sent};
use crate::safety;

type Window = Harness<'static, Desktop>;

fn kill(flatten: Flatten) -> Command {
    Command::Kill { flatten }
}

fn press_key(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Delete);
    settle(window);
}

/// The switch is on, and this far.
fn report(window: &mut Window, flatten: Flatten, stage: KillStage) {
    let at = |millis: u64| START + Duration::from_millis(millis);
    let account = AccountKill {
        broker: BrokerId(0),
        broker_name: "Paper".into(),
        account: Some(AccountId("PAPER".into())),
        stage,
        evidence: vec![
            (at(3), "Locked; the cancel of every order asked for".into()),
            (at(41), "The broker has ended every order; its books are asked for".into()),
        ],
    };
    let report = KillReport { since: START, flatten, accounts: vec![account] };
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    market.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    market.publish(Update::KillReport(Some(Arc::new(report))));
    settle(window);
    window.run_steps(2);
}

/// The colour in which a text is painted.
#[track_caller]
fn colour_of(window: &Window, text: &str) -> egui::Color32 {
    let all = painted(window);
    all.iter().find(|(painted, _)| painted.contains(text)).unwrap_or_else(|| panic!("no {text}")).1
}

#[test]
fn the_key_locks_and_cancels_at_once_and_again_tries_again() {
    let mut window = desktop();
    press_key(&mut window);
    assert_eq!(sent(&mut window), [kill(Flatten::No)]);
    report(&mut window, Flatten::Market, KillStage::Cancelling(2));
    press_key(&mut window);
    assert_eq!(sent(&mut window), [kill(Flatten::Market)], "with what was asked for positions");
}

#[test]
fn the_key_is_heard_whatever_else_is_open() {
    let mut window = desktop();
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(&mut window);
    press_key(&mut window);
    assert_eq!(sent(&mut window), [kill(Flatten::No)]);
}

#[test]
fn escape_hides_the_panel_and_changes_nothing() {
    let mut window = desktop();
    click(&mut window, "Kill switch panel");
    assert!(window.query_by_label("Hide").is_some());
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(window.query_by_label("Hide").is_none());
    assert_eq!(sent(&mut window), []);
}

#[test]
fn positions_are_closed_as_well_at_market_or_within_a_band() {
    let mut window = desktop();
    click(&mut window, "Kill switch panel");
    click(&mut window, "Lock, cancel, close positions");
    assert_eq!(sent(&mut window), [kill(Flatten::Market)]);

    let mut window = desktop();
    click(&mut window, "Kill switch panel");
    click(&mut window, "Within");
    click(&mut window, "Lock, cancel, close positions");
    assert_eq!(sent(&mut window), [kill(Flatten::Within(Decimal::ONE))], "one per cent unless typed");

    let mut window = desktop();
    click(&mut window, "Kill switch panel");
    for (typed, expected) in [("x", None), ("0", None), ("100", None), ("2.5", Some("2.5"))] {
        window.get_by_label("Band in per cent").focus();
        window.run_steps(2);
        window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        window.get_by_label("Band in per cent").type_text(typed);
        settle(&mut window);
        let button = window.get_by_label("Lock, cancel, close positions");
        assert_eq!(button.accesskit_node().is_disabled(), expected.is_none(), "{typed}");
        if let Some(band) = expected {
            click(&mut window, "Lock, cancel, close positions");
            assert_eq!(sent(&mut window), [kill(Flatten::Within(decimal(band)))]);
        }
    }
}

#[test]
fn the_control_itself_never_closes_positions() {
    let mut window = desktop();
    click(&mut window, "Kill switch panel");
    click(&mut window, "Within");
    click(&mut window, "Kill switch");
    assert_eq!(sent(&mut window), [kill(Flatten::No)]);
}

#[test]
fn it_opens_by_itself_and_shows_how_far_every_account_has_come() {
    let mut window = desktop();
    report(&mut window, Flatten::No, KillStage::Cancelling(3));
    let theme = Theme::dark();
    assert_eq!(colour_of(&window, "Cancelling 3 orders …"), theme.warn);
    window.get_by_label("Paper PAPER");
    window.get_by_label("Since 15:00:00 UTC · positions stay");
    window.get_by_label("15:00:00.041");
    window.get_by_label("The broker has ended every order; its books are asked for");
    report(&mut window, Flatten::No, KillStage::Stuck("Paper is down: 2 orders may still work there".into()));
    assert_eq!(colour_of(&window, "Not done: Paper is down"), theme.danger);
    report(&mut window, Flatten::No, KillStage::Done);
    assert_eq!(colour_of(&window, "Done: nothing works, locked"), theme.ok);
    report(&mut window, Flatten::Within(Decimal::ONE), KillStage::Done);
    assert_eq!(colour_of(&window, "Done: flat and locked"), theme.ok);
    window.get_by_label("Since 15:00:00 UTC · positions are closed within 1 %");

    click(&mut window, "Hide");
    assert!(window.query_by_label("Orders are locked").is_none());
    click(&mut window, "Kill switch panel");
    click(&mut window, "Try again");
    assert_eq!(sent(&mut window), [kill(Flatten::Within(Decimal::ONE))]);
    window.state_mut().market.publish(Update::Kill(KillState::Armed));
    window.state_mut().market.publish(Update::KillReport(None));
    settle(&mut window);
    assert!(window.query_by_label("Hide").is_none(), "released: the panel goes");
}

#[test]
fn the_search_has_all_of_it_last() {
    let mut window = desktop();
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(&mut window);
    window.get_by_role_and_label(egui::Role::TextInput, "Search").type_text("close positions");
    settle(&mut window);
    window.get_by_label("Lock, cancel all, close positions within 1 % (kill switch)");
    window.key_press(Key::Enter);
    settle(&mut window);
    assert_eq!(sent(&mut window), [kill(Flatten::Market)]);
}

#[test]
fn it_fits_every_size() {
    for (size, name) in safety::SIZES {
        let mut window = desktop_sized(size.into());
        safety::theme_by(&mut window, name);
        click(&mut window, "Kill switch panel");
        window.run_steps(2);
        safety::save(&mut window, &format!("kill-armed-{name}"));
        click(&mut window, "Hide kill switch panel");
        let why = "the broker has not ended order 12 (AAPL), order 13 (MSFT), order 14 (BTC/KRW) and 25 more";
        report(&mut window, Flatten::Market, KillStage::Stuck(why.into()));
        let hide = window.get_by_label("Hide").rect();
        assert!(hide.top() > 0.0 && hide.right() < size[0], "{hide:?}");
        safety::save(&mut window, &format!("kill-{name}"));
    }
}
