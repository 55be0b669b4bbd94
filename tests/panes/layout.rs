//! The arrangement: panes are split, linked, closed, opened again and given all the room.

use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::link::Command;
use pitdesk::ui::workspace::Shelf;

use crate::bench::settle;
use crate::desktop::{Desktop, choose, click, desktop, search_and_enter};

type Window = Harness<'static, Desktop>;

/// Names of all tabs, from left to right as the tree has them.
fn tabs(window: &Window) -> Vec<String> {
    let mut names: Vec<String> = window
        .query_all_by_role(Role::Button)
        .filter_map(|node| node.accesskit_node().label())
        .filter_map(|name| name.strip_prefix("Menu of ").map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[test]
fn a_second_chart_stands_beside_the_first_and_keeps_its_own_instrument() {
    let mut window = desktop();
    search_and_enter(&mut window, "open chart to the right");
    assert_eq!(tabs(&window), ["Blotter", "Chart", "Chart 2", "Ticket", "Watchlist"]);
    search_and_enter(&mut window, "link this pane to group B");
    search_and_enter(&mut window, "MSFT");
    let desk = window.state().terminal.desk();
    let shown = |group: &str| desk.selected_in(group.parse().unwrap()).unwrap().symbol.to_string();
    assert_eq!((shown("A"), shown("B")), ("AAPL".to_owned(), "MSFT".to_owned()));
    assert_eq!(shown("C"), "AAPL", "a group that was never turned follows the first");
    let demanded = window.state_mut().market.commands();
    assert!(demanded.iter().any(|command| matches!(command, Command::SaveWorkspace(_) | Command::Demand(_))));
}

#[test]
fn a_closed_pane_is_gone_and_comes_back() {
    let mut window = desktop();
    choose(&mut window, "Blotter", &["Close pane"]);
    assert_eq!(tabs(&window), ["Chart", "Ticket", "Watchlist"]);
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::T);
    settle(&mut window);
    assert_eq!(tabs(&window), ["Blotter", "Chart", "Ticket", "Watchlist"]);
}

#[test]
fn one_pane_alone_has_all_the_room_and_gives_it_back() {
    let mut window = desktop();
    search_and_enter(&mut window, "one pane alone");
    assert!(tabs(&window).is_empty());
    click(&mut window, "Back to all panes  Ctrl+M");
    assert_eq!(tabs(&window).len(), 4);
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    settle(&mut window);
    assert!(tabs(&window).is_empty());
    window.key_press_modifiers(Modifiers::COMMAND, Key::M);
    settle(&mut window);
    assert_eq!(tabs(&window).len(), 4);
}

#[test]
fn a_reset_of_the_layout_can_be_taken_back_and_done_again() {
    let mut window = desktop();
    choose(&mut window, "Chart", &["Split below", "Ladder"]);
    let all = tabs(&window);
    assert_eq!(all, ["Blotter", "Chart", "Ladder", "Ticket", "Watchlist"]);
    let mut press = |modifiers: Modifiers, key: Key| {
        window.key_press_modifiers(modifiers, key);
        settle(&mut window);
        tabs(&window)
    };
    let (ctrl, shift, alt) = (Modifiers::COMMAND, Modifiers::SHIFT, Modifiers::ALT);
    assert_eq!(press(ctrl | shift, Key::H).len(), 4);
    assert_eq!(press(ctrl | alt, Key::Z), all);
    assert_eq!(press(ctrl | alt | shift, Key::Z).len(), 4);
    assert_eq!(press(ctrl | alt, Key::Z), all);
    assert_eq!(press(ctrl | alt, Key::Z).len(), 4, "before the split");
}

#[test]
fn the_menu_of_a_pane_splits_its_room() {
    let mut window = desktop();
    choose(&mut window, "Chart", &["Split below", "Watchlist"]);
    assert_eq!(tabs(&window), ["Blotter", "Chart", "Ticket", "Watchlist", "Watchlist 2"]);
    window.state_mut().terminal.shut_down();
    let saved = window.state_mut().market.commands().into_iter().rev().find_map(|command| match command {
        Command::SaveWorkspace(text) => Some(text),
        _ => None,
    });
    assert_eq!(Shelf::parse(&saved.unwrap()).unwrap().1.keys().len(), 5);
}
