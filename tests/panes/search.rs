//! The search palette in the whole window: what it finds, and what Enter does.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::settings::{Convention, Density, HanShapes, Palette, ThemeChoice, ZoneDisplay};
use pitdesk::domain::{BrokerId, Currency, Settings, Weather};
use pitdesk::link::{Command, Drill, Flatten, KillState, Update};

use crate::bench::settle;
use crate::desk::decimal;
use crate::desktop::{Desktop, desktop, search, sent};

fn press(harness: &mut Harness<'_, Desktop>, key: Key) {
    harness.key_press(key);
    settle(harness);
}

/// Searches, presses Enter, and gives what was sent.
fn enter(harness: &mut Harness<'_, Desktop>, query: &str) -> Vec<Command> {
    search(harness, query);
    press(harness, Key::Enter);
    assert!(!is_open(harness), "'{query}' and Enter close the search");
    sent(harness)
}

fn is_open(harness: &Harness<'_, Desktop>) -> bool {
    harness.query_by_label("Search").is_some()
}

fn hits(harness: &Harness<'_, Desktop>) -> Vec<String> {
    let field = harness.get_by_label("Search").rect();
    let nodes = harness.query_all_by_role(egui::Role::ListBoxOption);
    let below =
        nodes.filter(|n| field.x_range().contains(n.rect().center().x) && n.rect().top() > field.top());
    below.map(|node| node.accesskit_node().label().unwrap_or_default()).collect()
}

fn selected(harness: &Harness<'_, Desktop>) -> String {
    harness.state().terminal.desk().selected().map(|instrument| instrument.key()).unwrap_or_default()
}

fn is_watched(harness: &Harness<'_, Desktop>, symbol: &str) -> bool {
    let start = format!("{symbol} ");
    harness
        .query_all_by_role(egui::Role::ListBoxOption)
        .any(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(&start)))
}

#[test]
fn enter_turns_to_an_instrument_and_watches_it() {
    let mut harness = desktop();
    assert!(!is_watched(&harness, "KO"));
    assert_eq!(enter(&mut harness, "coca"), []);
    assert_eq!(selected(&harness), "KO@NYSE");
    assert!(is_watched(&harness, "KO"));
}

#[test]
fn shift_and_enter_only_watch_and_stay_for_more() {
    let mut harness = desktop();
    let before = selected(&harness);
    search(&mut harness, "coca");
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    harness.run_steps(2);
    assert!(is_open(&harness));
    press(&mut harness, Key::Escape);
    assert!(!is_open(&harness) && is_watched(&harness, "KO"));
    assert_eq!(selected(&harness), before);
}

#[test]
fn arrows_choose_and_wrap_and_a_click_does_as_enter() {
    let mut harness = desktop();
    search(&mut harness, "bitcoin");
    assert_eq!(hits(&harness).len(), 3, "{:?}", hits(&harness));
    press(&mut harness, Key::ArrowDown);
    press(&mut harness, Key::Enter);
    assert_eq!(selected(&harness), "BTC/JPY@CRYPTO");
    search(&mut harness, "bitcoin");
    press(&mut harness, Key::ArrowUp);
    press(&mut harness, Key::Enter);
    assert_eq!(selected(&harness), "BTC/KRW@CRYPTO");
    search(&mut harness, "bitcoin");
    harness.get_by_label("BTC/USD, Bitcoin / US dollar, CRYPTO").click();
    harness.run_steps(2);
    assert_eq!(selected(&harness), "BTC/USD@CRYPTO");
}

#[test]
fn enter_acts_on_the_text_as_it_stands_when_it_comes_in_one_frame_with_it() {
    let mut harness = desktop();
    search(&mut harness, "kill");
    let events = &mut harness.input_mut().events;
    events.extend((0..4).flat_map(|_| key(Key::Backspace)));
    events.push(egui::Event::Text("toyota".into()));
    events.extend(key(Key::Enter));
    harness.run_steps(2);
    assert_eq!(sent(&mut harness), []);
    assert_eq!(selected(&harness), "7203@TSE");
}

fn key(key: Key) -> [egui::Event; 2] {
    [true, false].map(|pressed| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: Modifiers::NONE,
    })
}

#[test]
fn escape_closes_and_does_nothing_and_it_opens_empty_again() {
    let mut harness = desktop();
    search(&mut harness, "kill");
    press(&mut harness, Key::Escape);
    assert!(!is_open(&harness));
    search(&mut harness, "");
    assert_eq!(harness.get_by_label("Search").value().unwrap_or_default(), "");
    assert_eq!(sent(&mut harness), []);
}

#[test]
fn a_hasty_enter_takes_nothing_away() {
    let mut harness = desktop();
    search(&mut harness, "");
    press(&mut harness, Key::Enter);
    assert!(is_open(&harness));
    assert_eq!(sent(&mut harness), []);
    press(&mut harness, Key::Escape);
    search(&mut harness, "c");
    let first = hits(&harness).swap_remove(0);
    assert!(!first.starts_with("Cancel") && !first.starts_with("Crash"), "{first}");
}

#[test]
fn a_ladder_is_found_by_its_other_names_and_before_anything_is_armed() {
    for query in ["ladder", "dom", "depth"] {
        let mut harness = desktop();
        search(&mut harness, query);
        let hits = hits(&harness);
        assert!(hits[0].starts_with("Open Ladder"), "{query}: {hits:?}");
        press(&mut harness, Key::Enter);
        assert!(harness.state().terminal.desk().one_click().is_none());
    }
}

#[test]
fn nothing_found_says_so_and_enter_does_nothing() {
    let mut harness = desktop();
    search(&mut harness, "zzzz");
    harness.get_by_label("Nothing has this name");
    press(&mut harness, Key::Enter);
    assert!(is_open(&harness));
    assert_eq!(sent(&mut harness), []);
}

#[test]
fn orders_are_taken_away_by_name() {
    let mut harness = desktop();
    assert_eq!(enter(&mut harness, "cancel all"), [Command::CancelAll { instrument: None }]);
    let apple = harness.state().market.id("AAPL@NASDAQ");
    let of_apple = Command::CancelAll { instrument: Some(apple) };
    assert_eq!(enter(&mut harness, "cancel aapl"), [of_apple]);
    assert_eq!(enter(&mut harness, "kill switch"), [Command::Kill { flatten: Flatten::No }]);
}

#[test]
fn the_kill_switch_is_released_only_where_it_is_locked() {
    let mut harness = desktop();
    search(&mut harness, "kill");
    assert!(!hits(&harness).iter().any(|hit| hit.contains("Release")), "{:?}", hits(&harness));
    press(&mut harness, Key::Escape);
    harness.state_mut().market.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    harness.run_steps(2);
    assert_eq!(enter(&mut harness, "kill"), [Command::ReleaseKill]);
}

#[test]
fn settings_are_changed_one_at_a_time() {
    let mut harness = desktop();
    let changed = |harness: &mut Harness<'_, Desktop>, query| match enter(harness, query).as_slice() {
        [Command::Configure(settings)] => (**settings).clone(),
        other => panic!("'{query}' sent {other:?}"),
    };
    let before = (**harness.state().terminal.desk().settings()).clone();
    let light = changed(&mut harness, "light");
    assert_eq!(light, pitdesk::domain::Settings { theme: ThemeChoice::Light, ..before.clone() });
    let listed = changed(&mut harness, "practice hours of");
    assert_eq!(listed, pitdesk::domain::Settings { practice_always_open: false, ..before });
}

#[test]
fn zones_totals_and_looks_are_chosen_by_name() {
    let mut harness = desktop();
    let before = (**harness.state().terminal.desk().settings()).clone();
    let mut changed = |query: &str| match enter(&mut harness, query).as_slice() {
        [Command::Configure(settings)] => (**settings).clone(),
        other => panic!("'{query}' sent {other:?}"),
    };
    let with = |change: fn(&mut Settings)| {
        let mut settings = before.clone();
        change(&mut settings);
        settings
    };
    assert_eq!(changed("times in utc"), with(|s| s.time_zone_display = ZoneDisplay::Utc));
    assert_eq!(changed("times of this computer"), with(|s| s.time_zone_display = ZoneDisplay::Local));
    assert_eq!(changed("totals in krw"), with(|s| s.base_currency = Currency::KRW));
    assert_eq!(changed("at one click"), with(|s| s.confirm_orders = false));
    assert_eq!(changed("east asian"), with(|s| s.looks.convention = Convention::EastAsian));
    assert_eq!(changed("colour-blind"), with(|s| s.looks.palette = Palette::ColourBlind));
    assert_eq!(changed("density compact"), with(|s| s.looks.density = Density::Compact));
    assert_eq!(changed("text size 145"), with(|s| s.looks.text_percent = 145));
    assert_eq!(changed("han korean"), with(|s| s.looks.han = HanShapes::Korean));
}

#[test]
fn usual_quantities_are_typed_behind_their_names() {
    let mut harness = desktop();
    search(&mut harness, "usual quantity of coins");
    assert_eq!(hits(&harness)[0], "Usual quantity of coins: 0.1, type another number");
    press(&mut harness, Key::Escape);
    let sent = enter(&mut harness, "usual quantity of coins: 0.25");
    let [Command::Configure(settings)] = &sent[..] else { panic!("{sent:?}") };
    let mut expected = (**harness.state().terminal.desk().settings()).clone();
    expected.default_quantity.crypto.0 = decimal("0.25");
    assert_eq!(**settings, expected);
}

#[test]
fn drills_are_offered_for_the_paper_broker() {
    let mut harness = desktop();
    let drill = |drill| Command::Drill { broker: BrokerId(0), drill };
    assert_eq!(enter(&mut harness, "freeze"), [drill(Drill::Freeze(Duration::from_secs(10)))]);
    assert_eq!(enter(&mut harness, "crash"), [drill(Drill::Crash)]);
}

#[test]
fn the_weather_is_offered_while_programs_may_connect_and_sent_by_name() {
    let mut harness = desktop();
    let symbol: Arc<str> = selected(&harness).split('@').next().unwrap_or_default().into();
    let no_data = format!("TWS API weather: no live data for {symbol}, delayed ones only");
    let not_subscribed = format!("TWS API weather: no data for {symbol}, not subscribed");
    let late = Duration::from_secs(2);
    let offered = [
        ("TWS API weather: fair, everything works again", Weather::Fair),
        ("TWS API weather: nightly reset, subscriptions lost", Weather::Reset { keeps_data: false }),
        ("TWS API weather: nightly reset, subscriptions kept", Weather::Reset { keeps_data: true }),
        ("TWS API weather: cut every connection", Weather::Cut),
        ("TWS API weather: hang for 20 s", Weather::Freeze(Duration::from_secs(20))),
        ("TWS API weather: news of orders 2 s late", Weather::SlowAcknowledgements(late)),
        ("TWS API weather: commissions 2 s late", Weather::LateCommissions(late)),
        ("TWS API weather: at most 50 requests a second", Weather::Pacing),
        ("TWS API weather: refuse changes of orders", Weather::RefusedChanges),
        ("TWS API weather: silence after a partial fill", Weather::SilenceAfterPartial),
        (&*no_data, Weather::NoData(Arc::clone(&symbol))),
        (&*not_subscribed, Weather::NotSubscribed(symbol)),
    ];
    let names: BTreeSet<&str> = offered.iter().map(|(name, _)| *name).collect();
    for is_on in [false, true, false] {
        harness.state_mut().market.configure(|settings| settings.gateway.is_on = is_on);
        harness.run_steps(2);
        search(&mut harness, "tws api weather");
        let found = hits(&harness);
        let wanted = if is_on { names.clone() } else { BTreeSet::new() };
        assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), wanted, "on: {is_on}");
        press(&mut harness, Key::Escape);
        for (name, weather) in offered.iter().filter(|_| is_on) {
            assert_eq!(enter(&mut harness, name), [Command::Weather(weather.clone())]);
        }
    }
}

#[test]
fn without_a_word_the_actions_are_listed_and_none_of_them_enters_an_order() {
    let mut harness = desktop();
    search(&mut harness, "");
    let all = hits(&harness);
    assert!(all.len() >= 25, "{all:?}");
    press(&mut harness, Key::Escape);
    for action in all.into_iter().filter(|action| action != "Quit") {
        for command in enter(&mut harness, &action) {
            assert!(
                matches!(
                    command,
                    Command::Kill { .. }
                        | Command::Reconcile { .. }
                        | Command::CancelAll { .. }
                        | Command::Configure(_)
                        | Command::Drill { .. }
                        | Command::File(_)
                ),
                "{action} sent {command:?}"
            );
        }
    }
}
