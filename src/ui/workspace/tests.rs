//! The arrangement: as it is saved, and as it changes.

use egui_tiles::Container;

use super::*;
use proptest::prelude::*;

use crate::domain::Timeframe;
use crate::ui::chart_pane::ChartPane;
use crate::ui::watchlist::Watchlist;

fn watchlist(workspace: &mut Workspace) -> &mut Watchlist {
    workspace.panes.first_mut().unwrap()
}

#[test]
fn an_arrangement_reads_back_as_it_was() {
    let mut workspace = Workspace { selected: Some("AAPL@NASDAQ".to_owned()), ..Workspace::default() };
    workspace.tree.make_active(|_, tile| matches!(tile, Tile::Pane(key) if key.kind == PaneKind::Ticket));
    let back = Workspace::read(workspace.to_saved()).unwrap();
    assert_eq!(back.tree, workspace.tree);
    assert_eq!(back.selected, workspace.selected);
}

#[test]
fn a_number_that_is_none_costs_no_more_than_itself() {
    let mut workspace = Workspace { selected: Some("AAPL@NASDAQ".to_owned()), ..Workspace::default() };
    watchlist(&mut workspace).add("MSFT@NASDAQ".to_owned());
    let mut shares = 0;
    for tile in workspace.tree.tiles.tiles_mut() {
        if let Tile::Container(Container::Linear(linear)) = tile {
            shares += linear.children.len();
            linear.children.clone().into_iter().for_each(|id| linear.shares.set_share(id, f32::NAN));
        }
    }
    let text = workspace.to_saved().to_string();
    assert_eq!((shares, text.matches("null").count() >= 5), (5, true), "{text}");
    let text = text.replace("\"timeframe\":\"M1\"", "\"timeframe\":17");
    let back = Workspace::read(serde_json::from_str(&text).unwrap()).unwrap();
    assert_eq!(back.selected, workspace.selected);
    assert_eq!(back.panes.first::<Watchlist>().unwrap().keys().collect::<Vec<_>>(), ["MSFT@NASDAQ"]);
    let panes = back.tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(_))).count();
    assert_eq!(panes, 4);
}

#[test]
fn what_shows_no_pane_is_refused() {
    let empty = Workspace { tree: Tree::empty(egui::Id::unique("x")), ..Workspace::default() };
    assert!(matches!(Workspace::read(empty.to_saved()), Err(BadWorkspace::Empty)));
}

#[test]
fn a_pane_that_is_closed_comes_back_as_it_was() {
    let mut workspace = Workspace::default();
    let first = PaneKey::first(PaneKind::Chart);
    workspace.change(LayoutChange::Open { kind: PaneKind::Chart, beside: first, place: Place::Right });
    let second = PaneKey { number: 2, ..first };
    workspace.change(LayoutChange::Link(second, Group::ALL[1]));
    for (key, chart) in workspace.panes.all_mut::<ChartPane>() {
        chart.show(if key == second { Timeframe::D1 } else { Timeframe::M5 });
    }
    workspace.change(LayoutChange::Close(second));
    assert_eq!(workspace.panes.all::<ChartPane>().count(), 1);
    workspace.change(LayoutChange::Reopen);
    let shown: Vec<_> =
        workspace.panes.all::<ChartPane>().map(|(key, chart)| (key, chart.timeframe())).collect();
    assert_eq!(shown, [(first, Timeframe::M5), (second, Timeframe::D1)]);
    assert!(workspace.keys().contains(&second));
}

#[test]
fn changes_are_taken_back_and_done_again_with_the_panes_as_they_were() {
    let mut workspace = Workspace::default();
    let first = PaneKey::first(PaneKind::Chart);
    let second = PaneKey { number: 2, ..first };
    workspace.change(LayoutChange::Open { kind: PaneKind::Chart, beside: first, place: Place::Right });
    for (_, chart) in workspace.panes.all_mut::<ChartPane>().filter(|(key, _)| *key == second) {
        chart.show(Timeframe::D1);
    }
    workspace.change(LayoutChange::Link(second, Group::ALL[1]));
    workspace.change(LayoutChange::Reset);
    assert_eq!(workspace.keys().len(), 4);
    workspace.change(LayoutChange::Undo);
    let shown = |workspace: &Workspace| {
        let charts = workspace.panes.all::<ChartPane>();
        charts.map(|(key, chart)| (key, chart.timeframe(), workspace.group(key))).last()
    };
    assert_eq!(shown(&workspace), Some((second, Timeframe::D1, Group::ALL[1])));
    workspace.change(LayoutChange::Undo);
    assert_eq!(shown(&workspace), Some((second, Timeframe::D1, Group::default())));
    workspace.change(LayoutChange::Undo);
    assert_eq!(workspace.keys().len(), 4);
    workspace.change(LayoutChange::Undo);
    workspace.change(LayoutChange::Redo);
    assert_eq!(shown(&workspace), Some((second, Timeframe::D1, Group::default())));
    // Whatever is done anew, what was taken back is gone.
    workspace.change(LayoutChange::Close(second));
    workspace.change(LayoutChange::Redo);
    assert_eq!(workspace.keys().len(), 4);
}

#[test]
fn a_look_is_no_change_that_could_be_taken_back() {
    let mut workspace = Workspace::default();
    let chart = PaneKey::first(PaneKind::Chart);
    workspace.change(LayoutChange::Open { kind: PaneKind::Watchlist, beside: chart, place: Place::Tab });
    workspace.change(LayoutChange::Maximise(chart));
    workspace.tree.make_active(|_, tile| matches!(tile, Tile::Pane(key) if *key == chart));
    workspace.change(LayoutChange::Undo);
    assert_eq!(workspace.keys().len(), 4, "the pane that was opened");
}

#[test]
fn a_pane_of_which_there_is_one_is_brought_forward_and_not_doubled() {
    let mut workspace = Workspace::default();
    let chart = PaneKey::first(PaneKind::Chart);
    for _ in 0..2 {
        workspace.change(LayoutChange::Open { kind: PaneKind::Ticket, beside: chart, place: Place::Tab });
    }
    assert_eq!(workspace.keys().iter().filter(|key| key.kind == PaneKind::Ticket).count(), 1);
    workspace.toggle(PaneKind::Allocation);
    assert!(workspace.keys().contains(&PaneKey::first(PaneKind::Allocation)));
}

#[test]
fn two_tiles_of_one_pane_are_one() {
    let mut workspace = Workspace::default();
    let twin = workspace.tree.tiles.insert_pane(PaneKey::first(PaneKind::Chart));
    let root = workspace.tree.root().unwrap();
    let both = workspace.tree.tiles.insert_tab_tile(vec![root, twin]);
    workspace.tree.root = Some(both);
    let read = Workspace::read(workspace.to_saved()).unwrap();
    assert_eq!(read.keys().len(), 4);
}

#[test]
fn a_pane_goes_into_a_window_of_its_own_and_comes_back_to_where_it_stood() {
    let mut workspace = Workspace::default();
    let before = workspace.tree.clone();
    let chart = PaneKey::first(PaneKind::Chart);
    workspace.change(LayoutChange::Link(chart, Group::ALL[2]));
    workspace.panes.first_mut::<ChartPane>().unwrap().show(Timeframe::D1);
    workspace.change(LayoutChange::Move(chart, Destination::NewWindow));
    let [window] = workspace.beside().collect::<Vec<_>>()[..] else { panic!("one window") };
    assert_eq!(workspace.keys_in(window), [chart]);
    assert!(!workspace.keys_in(WindowKey::MAIN).contains(&chart));
    assert_eq!(workspace.last_used(), chart);

    let read = Workspace::read(workspace.to_saved()).unwrap();
    assert_eq!(read.keys_in(window), [chart], "after a restart as well");

    workspace.change(LayoutChange::PutBack(window));
    assert_eq!((workspace.beside().count(), &workspace.tree), (0, &before));
    assert_eq!(workspace.group(chart), Group::ALL[2]);
    assert_eq!(workspace.panes.first::<ChartPane>().unwrap().timeframe(), Timeframe::D1);
    workspace.change(LayoutChange::Undo);
    assert_eq!(workspace.keys_in(window), [chart], "to put it back is a change like others");
}

#[test]
fn the_main_window_keeps_a_pane_and_a_window_ends_with_its_last() {
    let mut workspace = Workspace::default();
    let panes = workspace.keys();
    for key in &panes {
        workspace.change(LayoutChange::Move(*key, Destination::NewWindow));
    }
    assert_eq!((workspace.beside().count(), workspace.keys_in(WindowKey::MAIN).len()), (3, 1));
    let left = workspace.keys_in(WindowKey::MAIN)[0];
    let windows: Vec<_> = workspace.beside().collect();
    workspace.change(LayoutChange::Move(left, Destination::Window(windows[0])));
    assert_eq!(workspace.keys_in(WindowKey::MAIN), [left]);

    let one = workspace.keys_in(windows[0])[0];
    workspace.change(LayoutChange::Move(one, Destination::Window(windows[1])));
    assert_eq!(workspace.keys_in(windows[1]).len(), 2);
    assert!(workspace.tree_in(windows[0]).is_none());
    let two = workspace.keys_in(windows[2])[0];
    workspace.change(LayoutChange::Close(two));
    assert_eq!(workspace.beside().collect::<Vec<_>>(), [windows[1]]);
    workspace.change(LayoutChange::Reset);
    assert_eq!((workspace.beside().count(), workspace.keys().len()), (0, 4));
}

#[test]
fn a_file_with_too_many_windows_opens_as_many_as_there_may_be_and_loses_no_pane() {
    let mut workspace = Workspace::default();
    let chart = PaneKey::first(PaneKind::Chart);
    for number in 2..15_u16 {
        let mut tiles = Tiles::default();
        let root = tiles.insert_pane(PaneKey { number, ..chart });
        let tree = Tree::new(egui::Id::unique(number), root, tiles);
        workspace.beside.insert(WindowKey::new(number), tree);
    }
    let read = Workspace::read(workspace.to_saved()).unwrap();
    assert_eq!(read.beside().count(), MOST_WINDOWS);
    assert_eq!(read.keys().len(), 4 + 13);
}

#[test]
fn one_pane_alone_is_alone_in_its_window() {
    let mut workspace = Workspace::default();
    let (chart, ticket) = (PaneKey::first(PaneKind::Chart), PaneKey::first(PaneKind::Ticket));
    workspace.change(LayoutChange::Move(ticket, Destination::NewWindow));
    workspace.change(LayoutChange::Maximise(chart));
    let window = workspace.window_of(ticket).unwrap();
    assert_eq!((workspace.alone_in(WindowKey::MAIN), workspace.alone_in(window)), (Some(chart), None));
}

#[test]
fn who_turns_to_a_window_works_with_its_pane_that_was_used_last() {
    let mut workspace = Workspace::default();
    let (chart, ticket) = (PaneKey::first(PaneKind::Chart), PaneKey::first(PaneKind::Ticket));
    workspace.change(LayoutChange::Move(ticket, Destination::NewWindow));
    let window = workspace.window_of(ticket).unwrap();
    workspace.uses(chart);
    workspace.turn_to_window(window);
    assert_eq!(workspace.last_used(), ticket);
    workspace.turn_to_window(WindowKey::MAIN);
    assert_eq!(workspace.last_used(), chart);
}

fn change() -> impl Strategy<Value = LayoutChange> {
    let kind = prop::sample::select(PaneKind::ALL);
    let key = (kind.clone(), 1_u16..4).prop_map(|(kind, number)| PaneKey { kind, number });
    let place = prop::sample::select(vec![Place::Tab, Place::Right, Place::Below]);
    prop_oneof![
        4 => (kind, key.clone(), place)
            .prop_map(|(kind, beside, place)| LayoutChange::Open { kind, beside, place }),
        3 => key.clone().prop_map(LayoutChange::Close),
        1 => Just(LayoutChange::Reopen),
        1 => Just(LayoutChange::Undo),
        1 => Just(LayoutChange::Redo),
        1 => Just(LayoutChange::Reset),
        1 => key.clone().prop_map(LayoutChange::Maximise),
        1 => (key.clone(), prop::sample::select(Group::ALL.to_vec()))
            .prop_map(|(key, group)| LayoutChange::Link(key, group)),
        3 => (key, prop::option::of(0_u16..4)).prop_map(|(key, window)| {
            let to = window.map_or(Destination::NewWindow, |number| Destination::Window(WindowKey::new(number)));
            LayoutChange::Move(key, to)
        }),
        1 => (0_u16..4).prop_map(|number| LayoutChange::PutBack(WindowKey::new(number))),
    ]
}

proptest! {
    #[test]
    fn whatever_is_changed_each_pane_stands_in_one_place_and_reads_back(
        changes in prop::collection::vec(change(), 0..40),
    ) {
        let mut workspace = Workspace::default();
        for change in changes {
            workspace.change(change);
            let mut keys = workspace.keys();
            keys.sort();
            let count = keys.len();
            keys.dedup();
            prop_assert_eq!((keys.len(), count > 0), (count, true));
            prop_assert!(keys.iter().all(|key| workspace.panes.is_open(*key)), "each has its state");
            // All of them hang from the root of a window, and no window is bare.
            let mut reached = Vec::new();
            for (window, tree) in workspace.trees() {
                let before = reached.len();
                let mut open: Vec<TileId> = tree.root().into_iter().collect();
                while let Some(id) = open.pop() {
                    match tree.tiles.get(id) {
                        Some(Tile::Pane(key)) => reached.push(*key),
                        Some(Tile::Container(container)) => open.extend(container.children()),
                        None => prop_assert!(false, "a child that is not there"),
                    }
                }
                prop_assert!(reached.len() > before, "the {window} is bare");
            }
            reached.sort();
            prop_assert_eq!(&reached, &keys);
            let alone = workspace.alone;
            prop_assert!(alone.is_none_or(|key| keys.contains(&key)), "{:?}", alone);
            let back = Workspace::read(workspace.to_saved()).unwrap();
            prop_assert!(back.trees().eq(workspace.trees()));
        }
    }
}
