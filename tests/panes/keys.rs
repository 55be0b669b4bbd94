//! Keys: each of the table does what the table says, where it says so, with the keys that the trader has chosen.

mod composition;
mod editor;
mod trading;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use egui::{Event, Key, Modifiers, Role, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{AccountKind, Settings, Side};
use pitdesk::link::{Command, Flatten, Update};
use pitdesk::ui::blotter::Blotter;
use pitdesk::ui::chart_pane::ChartPane;
use pitdesk::ui::ladder::Ladder;
use pitdesk::ui::pane::{Pane, PaneKind};
use pitdesk::ui::ticket::Ticket;
use pitdesk::ui::watchlist::Watchlist;
use pitdesk::ui::{Act, Chord, Keymap, Scope, keymap_of};

use crate::bench::{Bench, limit, order, painted, settle};
use crate::desk::START;
use crate::desktop::{Desktop, click, desktop, sent};

const AAPL: &str = "AAPL@NASDAQ";
/// Keys that no action has by itself.
const OTHERS: &str = "Ctrl+Alt+Shift+F12";

fn chord(text: &str) -> Chord {
    text.parse().expect("keys")
}

/// A press that comes with whatever else the next frame has.
fn push<State>(harness: &mut Harness<'_, State>, keys: Chord, repeat: bool) {
    let (modifiers, key) = keys.parts();
    for pressed in [true, false] {
        if pressed || !repeat {
            let event = Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
            harness.input_mut().events.push(event);
        }
    }
}

fn press<State>(harness: &mut Harness<'_, State>, keys: Chord) {
    let (modifiers, key) = keys.parts();
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
}

/// Whether somebody acts on these keys where the focus and the pointer are now.
fn is_taken<State>(harness: &mut Harness<'_, State>, keys: Chord) -> bool {
    push(harness, keys, false);
    harness.step();
    let (modifiers, key) = keys.parts();
    let is_press = |event: &Event| matches!(event, Event::Key { key: of, pressed: true, modifiers: with, .. } if (*of, *with) == (key, modifiers));
    let is_left = harness.ctx.input(|input| input.events.iter().any(is_press));
    harness.run_steps(1);
    !is_left
}

/// Gives an action keys, and all others the usual ones.
fn choose(ctx: &egui::Context, act: Act, keys: &str) {
    let (map, troubles) = Keymap::of(&[(act.name().to_owned(), keys.to_owned())].into());
    assert_eq!(troubles, [], "{act:?}");
    map.apply(ctx);
}

fn acts(scope: Scope) -> impl Iterator<Item = Act> {
    Act::ALL.iter().copied().filter(move |act| act.scope() == scope)
}

/// Each key of a pane is taken as the table has it; once another is chosen that one is, and the old one no longer.
fn check_pane<P: Pane + 'static>(
    kind: PaneKind,
    mut ready: impl FnMut(Act) -> Harness<'static, Bench<P>>,
    mut prepare: impl FnMut(&mut Harness<'static, Bench<P>>),
) {
    for act in acts(Scope::Pane(kind)) {
        let mut harness = ready(act);
        for keys in act.default_keys() {
            prepare(&mut harness);
            assert!(is_taken(&mut harness, *keys), "{act:?}: {keys} is not taken");
        }
        choose(&harness.ctx.clone(), act, OTHERS);
        prepare(&mut harness);
        assert!(is_taken(&mut harness, chord(OTHERS)), "{act:?}: chosen keys are not taken");
        for keys in act.default_keys() {
            prepare(&mut harness);
            assert!(!is_taken(&mut harness, *keys), "{act:?}: {keys} is taken still");
        }
    }
}

fn bench<P: Pane + 'static>(pane: P) -> Bench<P> {
    let mut bench = Bench::new(pane);
    bench.select(AAPL);
    bench.market.quote(AAPL, "284.50");
    bench
}

#[test]
fn keys_of_the_ticket_are_those_of_the_table() {
    let ready = |_| bench(Ticket::default()).show(vec2(340.0, 620.0));
    check_pane(PaneKind::Ticket, ready, |harness| {
        harness.get_by_label("Quantity").focus();
        harness.run_steps(1);
    });
}

#[test]
fn keys_of_the_ladder_are_those_of_the_table() {
    let ready = |_| bench(Ladder::default()).show(vec2(320.0, 460.0));
    check_pane(PaneKind::Ladder, ready, |harness| {
        harness.input_mut().events.push(Event::PointerMoved(pos2(160.0, 300.0)));
        harness.run_steps(2);
    });
}

#[test]
fn keys_of_the_blotter_are_those_of_the_table() {
    let ready = |_| {
        let mut bench = bench(Blotter::default());
        let aapl = bench.market.id(AAPL);
        bench.order(order(12, aapl, Side::Buy, "100", limit("282.50"), START));
        bench.show(vec2(1050.0, 350.0))
    };
    check_pane(PaneKind::Blotter, ready, |harness| {
        // What the last key has opened is closed.
        harness.key_press(Key::Escape);
        settle(harness);
        harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("Order 12:"))).click();
        settle(harness);
    });
}

#[test]
fn keys_of_the_watchlist_are_those_of_the_table() {
    let ready = |_| {
        let mut list = Watchlist::default();
        for key in [AAPL, "MSFT@NASDAQ", "SPY@ARCA"] {
            list.add(key.to_owned());
        }
        let mut harness = bench(list).show(vec2(340.0, 420.0));
        row(&harness, "AAPL").click_secondary();
        settle(&mut harness);
        harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("New group above"))).click();
        settle(&mut harness);
        harness.get_by_label("Name of the group").type_text("Mine");
        settle(&mut harness);
        harness.key_press(Key::Enter);
        settle(&mut harness);
        harness
    };
    check_pane(PaneKind::Watchlist, ready, |harness| {
        let is_there = |begin: &&str| {
            let begin = (*begin).to_owned();
            let found = harness.query_all_by(move |node| {
                node.role() == Role::ListBoxOption
                    && node.label().is_some_and(|label| label.starts_with(&begin))
            });
            found.count() > 0
        };
        // What was removed before is not there any more.
        let begin = ["Group", "AAPL", "MSFT"].into_iter().find(is_there).expect("a row");
        row(harness, begin).click();
        settle(harness);
    });
}

fn row<'h>(harness: &'h Harness<'_, Bench<Watchlist>>, begin: &str) -> egui_kittest::Node<'h> {
    let begin = begin.to_owned();
    harness.get_by(move |node| {
        node.role() == Role::ListBoxOption && node.label().is_some_and(|label| label.starts_with(&begin))
    })
}

#[test]
fn keys_of_the_chart_are_those_of_the_table() {
    use pitdesk::domain::Bar;
    use pitdesk::link::History;
    use pitdesk::link::update::Placement;
    use pitdesk::market::series::BarChunk;
    let bar = |index: i64| {
        let price = 284.5;
        Bar {
            time: START - Duration::from_mins(1) * u32::try_from(200 - index).expect("small"),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 100.0,
        }
    };
    let ready = |_| {
        let mut harness = bench(ChartPane::default()).show(vec2(700.0, 420.0));
        let key = harness.state().demand.bars.keys().next().copied().expect("a chart asks for bars");
        let chunk = Some(BarChunk::new((0..200).map(bar).collect::<Vec<_>>().into()).expect("sound bars"));
        let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
        harness.state_mut().market.publish(Update::History(history));
        settle(&mut harness);
        harness
    };
    check_pane(PaneKind::Chart, ready, |harness: &mut Harness<'static, Bench<ChartPane>>| {
        harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("Chart AAPL"))).focus();
        harness.run_steps(1);
    });
}

/// Everything that can be told from outside: what is shown, what was sent, what would be saved.
fn told(harness: &mut Harness<'_, Desktop>) -> (Vec<String>, Vec<Command>, bool) {
    let words = harness.root().children_recursive().filter_map(|node| {
        let node = node.accesskit_node();
        node.label().or_else(|| node.value())
    });
    let words = words.collect();
    let has_quit = harness.state().terminal.has_quit();
    // Which keys are chosen is what a test changes, not what it looks for.
    let without_keys = |command| match command {
        Command::Configure(settings) => {
            Command::Configure(Arc::new(Settings { keys: BTreeMap::new(), ..(*settings).clone() }))
        }
        other => other,
    };
    (words, sent(harness).into_iter().map(without_keys).collect(), has_quit)
}

/// A window in which an action of the window has something to do.
fn window_for(act: Act) -> Harness<'static, Desktop> {
    let mut harness = desktop();
    match act {
        Act::Arm => {
            harness.state_mut().market.bank(|account| account.kind = AccountKind::Live);
            settle(&mut harness);
        }
        Act::NextWorkspace => {
            press(&mut harness, Act::Workspaces.default_keys()[0]);
            harness.get_by_label("Name of a new workspace").focus();
            settle(&mut harness);
            harness.event(Event::Text("Other".to_owned()));
            settle(&mut harness);
            click(&mut harness, "Copy this one");
            click(&mut harness, "Close workspaces");
        }
        // What is reset, taken back, done again or opened again was done first.
        Act::ResetLayout | Act::Undo | Act::Redo | Act::Reopen => {
            harness.get_by_label("Menu of Chart").click();
            settle(&mut harness);
            click(&mut harness, "Close pane");
            if act == Act::Redo {
                press(&mut harness, Act::Undo.default_keys()[0]);
            }
        }
        Act::TextUsual => {
            harness.state_mut().market.configure(|settings| settings.looks.text_percent = 120);
            settle(&mut harness);
        }
        _ => {}
    }
    told(&mut harness);
    harness
}

#[test]
fn keys_of_the_window_are_those_of_the_table() {
    for act in acts(Scope::Window) {
        let usual = act.default_keys()[0];
        let mut harness = window_for(act);
        let before = told(&mut harness);
        press(&mut harness, usual);
        let done = told(&mut harness);
        assert_ne!(done, before, "{act:?}: {usual} does nothing");

        let mut harness = window_for(act);
        harness
            .state_mut()
            .market
            .configure(|settings| drop(settings.keys.insert(act.name().to_owned(), OTHERS.to_owned())));
        harness.run_steps(2);
        let before = told(&mut harness);
        press(&mut harness, usual);
        let (words, sent, has_quit) = told(&mut harness);
        assert_eq!(
            (&words, &sent[..], has_quit),
            (&before.0, &[][..], false),
            "{act:?}: {usual} does something still"
        );
        press(&mut harness, chord(OTHERS));
        let (words, sent, has_quit) = told(&mut harness);
        assert_eq!((&sent, has_quit), (&done.1, done.2), "{act:?}");
        assert!(words != before.0 || !sent.is_empty() || has_quit, "{act:?}: chosen keys do nothing");
    }
}

#[test]
fn each_window_above_the_desk_closes_by_the_same_word() {
    let windows = [
        (Act::Keys, "Close shortcuts"),
        (Act::Settings, "Close settings"),
        (Act::Limits, "Close limits"),
        (Act::Workspaces, "Close workspaces"),
        (Act::Arm, "Close arming"),
    ];
    for (act, name) in windows {
        let mut harness = desktop();
        let words = |harness: &Harness<'_, Desktop>| {
            painted(harness).iter().filter(|(text, _)| text == "Close").count()
        };
        let before = words(&harness);
        press(&mut harness, act.default_keys()[0]);
        settle(&mut harness);
        assert_eq!(words(&harness), before + 1, "{name}");
        click(&mut harness, name);
        assert!(harness.query_by_label(name).is_none(), "{name}");
        assert_eq!(words(&harness), before);
    }
}

#[test]
fn the_kill_switch_locks_whatever_its_keys_are() {
    let mut harness = desktop();
    harness.state_mut().market.configure(|s| drop(s.keys.insert("kill-switch".to_owned(), "F9".to_owned())));
    harness.run_steps(2);
    press(&mut harness, chord("Ctrl+Shift+Delete"));
    assert_eq!(sent(&mut harness), []);
    press(&mut harness, chord("F9"));
    assert_eq!(sent(&mut harness), [Command::Kill { flatten: Flatten::No }]);
}

#[test]
fn a_key_that_text_needs_is_texts_while_it_is_typed() {
    let mut harness = desktop();
    harness.state_mut().market.configure(|s| drop(s.keys.insert("limits".to_owned(), "G".to_owned())));
    harness.run_steps(2);
    harness.get_by_label("Quantity").focus();
    harness.run_steps(1);
    assert!(!is_taken(&mut harness, chord("G")));
    let is_open =
        |harness: &Harness<'_, Desktop>| harness.ctx.memory(|memory| memory.top_modal_layer().is_some());
    assert!(!is_open(&harness));
    harness.key_press(Key::Escape);
    harness.run_steps(1);
    press(&mut harness, chord("G"));
    assert!(is_open(&harness), "the limits");
}

#[test]
fn controls_and_menus_show_the_keys_in_force() {
    let mut harness = desktop();
    harness.state_mut().market.configure(|settings| {
        settings.keys = [("search", "F3"), ("maximise", ""), ("reopen-pane", "F8")]
            .map(|(name, keys)| (name.to_owned(), keys.to_owned()))
            .into();
    });
    settle(&mut harness);
    assert_eq!(keymap_of(&harness.ctx).said(Act::Search), "F3");
    harness.get_by_label("Search…  F3");
    harness.get_by_label("Menu of Chart").click();
    settle(&mut harness);
    let menu: Vec<String> = harness
        .query_all_by_role(Role::Button)
        .filter_map(|node| node.accesskit_node().label())
        .filter(|label| label.starts_with("Reopen") || label.starts_with("Maximise"))
        .collect();
    assert!(menu.iter().any(|label| label.contains("F8")), "{menu:?}");
    assert!(menu.iter().all(|label| !label.contains("Ctrl+")), "{menu:?}");
}

#[test]
fn what_settings_say_in_vain_about_keys_is_told_once() {
    let mut harness = desktop();
    harness.state_mut().market.configure(|settings| {
        settings.keys =
            [("search", "Hyper+K"), ("fly", "F9")].map(|(n, k)| (n.to_owned(), k.to_owned())).into();
    });
    harness.run_steps(4);
    let notices = harness.state().terminal.desk().notices();
    let told: Vec<&str> = notices.iter().map(|notice| &*notice.text).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told.iter().any(|text| text.contains("'fly'")) && told.iter().any(|text| text.contains("'Hyper'"))
    );
    let (modifiers, key) = (Modifiers::COMMAND, Key::K);
    harness.key_press_modifiers(modifiers, key);
    harness.run_steps(2);
    harness.get_by_label("Search");
}
