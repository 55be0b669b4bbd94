//! Workspaces by their names: as they are saved, exchanged and changed.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::domain::Timeframe;
use crate::ui::chart_pane::ChartPane;
use crate::ui::pane::{PaneKey, PaneKind};
use crate::ui::workspace::{LayoutChange, Place};

/// Shows bars of this period: what tells one workspace from another here.
fn mark(workspace: &mut Workspace, timeframe: Timeframe) {
    workspace.panes.first_mut::<ChartPane>().unwrap().show(timeframe);
}

fn marked(workspace: &Workspace) -> Timeframe {
    workspace.panes.first::<ChartPane>().unwrap().timeframe()
}

fn names(shelf: &Shelf) -> Vec<&str> {
    shelf.names().collect()
}

/// Main with hours, and Day with days on the screen.
fn two() -> (Shelf, Workspace) {
    let (mut shelf, mut shown) = (Shelf::default(), Workspace::default());
    mark(&mut shown, Timeframe::H1);
    assert!(shelf.change(&ShelfChange::Copy("Day".to_owned()), &mut shown).unwrap());
    mark(&mut shown, Timeframe::D1);
    (shelf, shown)
}

#[test]
fn all_workspaces_read_back_as_they_were() {
    let (mut shelf, shown) = two();
    shelf.accounts.insert("Paper".to_owned(), "PAPER-1".to_owned());
    shelf.window =
        Some(WindowPlace { position: Some([1.0, 2.0]), size: [1_000.0, 700.0], is_maximised: true });
    let (mut back, mut on_screen) = Shelf::parse(&shelf.to_text(&shown)).unwrap();
    assert_eq!((names(&back), back.shown()), (vec!["Main", "Day"], "Day"));
    assert_eq!((back.accounts.clone(), back.window), (shelf.accounts, shelf.window));
    assert_eq!(marked(&on_screen), Timeframe::D1);
    assert!(back.change(&ShelfChange::Next, &mut on_screen).unwrap());
    assert_eq!((marked(&on_screen), back.shown()), (Timeframe::H1, "Main"));
}

#[test]
fn files_of_older_programs_are_one_workspace() {
    // As version 1 wrote it: panes by their kind, one instrument for all.
    let mut old = Workspace::default().to_saved();
    old["version"] = 1.into();
    old["selected"] = "MSFT@NASDAQ".into();
    old["accounts"] = json!({"Paper": "PAPER-1"});
    old["panes"]["chart"]["timeframe"] = "H1".into();
    old["panes"].as_object_mut().unwrap().insert("allocation".to_owned(), json!({}));
    for version in [1, 2] {
        old["version"] = version.into();
        let (shelf, shown) = Shelf::parse(&old.to_string()).unwrap();
        assert_eq!((names(&shelf), shelf.accounts["Paper"].as_str()), (vec!["Main"], "PAPER-1"));
        assert_eq!(shown.selected.as_deref(), Some("MSFT@NASDAQ"));
        assert_eq!((marked(&shown), shown.keys().len()), (Timeframe::H1, 4));
        let text = shelf.to_text(&shown);
        assert!(text.contains("\"version\":3"), "an older program is told that it is newer");
    }
}

#[test]
fn damaged_newer_and_empty_files_are_told_apart() {
    let parse = |text: &str| Shelf::parse(text).map(drop);
    assert!(matches!(parse("{\"version\":1,"), Err(BadWorkspace::Unreadable(_))));
    assert!(matches!(parse("{\"version\":99}"), Err(BadWorkspace::Newer { found: 99, newest: VERSION })));
    let empty = json!({"version": VERSION, "shown": "x", "workspaces": []});
    assert!(matches!(parse(&empty.to_string()), Err(BadWorkspace::Empty)));
}

#[test]
fn a_workspace_that_cannot_be_read_costs_no_other_and_is_kept() {
    let (shelf, shown) = two();
    let mut saved: Value = serde_json::from_str(&shelf.to_text(&shown)).unwrap();
    let damage = json!({"tree": "of another program", "note": 7});
    saved["workspaces"][1]["layout"] = damage.clone();
    let (mut shelf, mut shown) = Shelf::parse(&saved.to_string()).unwrap();
    assert_eq!((shelf.shown(), marked(&shown)), ("Main", Timeframe::H1));
    let refused = shelf.change(&ShelfChange::Show("Day".to_owned()), &mut shown).unwrap_err();
    assert!(refused.to_string().starts_with("The workspace Day cannot be shown, and is kept as it is"));
    assert_eq!((shelf.shown(), marked(&shown)), ("Main", Timeframe::H1));
    assert!(
        shelf.change(&ShelfChange::Delete("Main".to_owned()), &mut shown).is_err(),
        "none to show instead"
    );
    let again: Value = serde_json::from_str(&shelf.to_text(&shown)).unwrap();
    assert_eq!(again["workspaces"][1]["layout"], damage);
}

#[test]
fn a_workspace_is_as_it_was_left_when_it_is_shown_again() {
    let (mut shelf, mut shown) = two();
    let chart = PaneKey::first(PaneKind::Chart);
    shown.change(LayoutChange::Open { kind: PaneKind::Chart, beside: chart, place: Place::Right });
    shelf.change(&ShelfChange::Show("Main".to_owned()), &mut shown).unwrap();
    assert_eq!(shown.keys().len(), 4);
    shelf.change(&ShelfChange::Show("Day".to_owned()), &mut shown).unwrap();
    assert_eq!(shown.keys().len(), 5);
    shown.change(LayoutChange::Undo);
    assert_eq!(shown.keys().len(), 4, "what can be taken back is its own");
}

#[test]
fn names_are_given_once_and_fit_on_a_button() {
    let (mut shelf, mut shown) = two();
    let mut refuse =
        |name: &str| shelf.change(&ShelfChange::New(name.to_owned()), &mut shown).unwrap_err().to_string();
    assert!(refuse(" day ").contains("There is a workspace day already"));
    assert!(refuse("  ").contains("type one"));
    assert!(refuse(&"x".repeat(LONGEST + 1)).contains("too long"));
    let rename = |from: &str, to: &str| ShelfChange::Rename { from: from.to_owned(), to: to.to_owned() };
    assert!(shelf.change(&rename("Main", "DAY"), &mut shown).is_err());
    assert!(shelf.change(&rename("Gone", "Other"), &mut shown).is_err());
    shelf.change(&rename("Main", "main"), &mut shown).unwrap();
    shelf.change(&rename("Day", "デイトレ 用"), &mut shown).unwrap();
    assert_eq!((names(&shelf), shelf.shown()), (vec!["main", "デイトレ 用"], "デイトレ 用"));
}

#[test]
fn what_was_deleted_comes_back_where_it_was() {
    let (mut shelf, mut shown) = two();
    assert!(shelf.change(&ShelfChange::Delete("Day".to_owned()), &mut shown).unwrap());
    assert_eq!((names(&shelf), marked(&shown)), (vec!["Main"], Timeframe::H1));
    assert!(matches!(
        shelf.change(&ShelfChange::Delete("Main".to_owned()), &mut shown),
        Err(BadChange::Only)
    ));
    assert_eq!(shelf.deleted(), Some("Day"));
    shelf.change(&ShelfChange::New("day".to_owned()), &mut shown).unwrap();
    shelf.change(&ShelfChange::Restore, &mut shown).unwrap();
    assert_eq!((names(&shelf), shelf.shown()), (vec!["Main", "Day 2", "day"], "day"));
    shelf.change(&ShelfChange::Show("Day 2".to_owned()), &mut shown).unwrap();
    assert_eq!(marked(&shown), Timeframe::D1);
}

#[test]
fn an_exported_workspace_is_taken_in_under_a_name_of_its_own_and_brings_no_account() {
    let (mut shelf, shown) = two();
    shelf.accounts.insert("IBKR".to_owned(), "U1234567".to_owned());
    let text = shelf.export("Day", &shown).unwrap();
    assert!(!text.contains("U1234567"), "whom orders are for is nobody else's business");
    assert!(shelf.export("Gone", &shown).is_err());
    assert_eq!(shelf.import(&text).unwrap(), ["Day 2"]);
    let (mut other, mut seen) = (Shelf::default(), Workspace::default());
    assert_eq!(other.import(&text).unwrap(), ["Day"]);
    other.change(&ShelfChange::Show("Day".to_owned()), &mut seen).unwrap();
    assert_eq!(marked(&seen), Timeframe::D1);
}

#[test]
fn of_a_file_that_is_none_nothing_is_taken() {
    let mut shelf = Shelf::default();
    let good = shelf.export("Main", &Workspace::default()).unwrap();
    let mut half: Value = serde_json::from_str(&good).unwrap();
    half["workspaces"].as_array_mut().unwrap().push(json!({"name": "Bad", "layout": {}}));
    for text in ["", "{}", "[1, 2]", "{\"version\":99}", &half.to_string()] {
        let refused = shelf.import(text).unwrap_err().to_string();
        assert!(refused.starts_with("It holds no workspace that this Pitdesk can show"), "{refused}");
    }
    for _ in 1..MOST {
        shelf.import(&good).unwrap();
    }
    assert!(shelf.import(&good).unwrap_err().to_string().contains("delete one first"));
    assert_eq!(shelf.names().len(), MOST);
}

fn change() -> impl Strategy<Value = ShelfChange> {
    let name = prop::sample::select(vec!["Main", "A", "B", "C"]).prop_map(str::to_owned);
    prop_oneof![
        name.clone().prop_map(ShelfChange::Show),
        Just(ShelfChange::Next),
        name.clone().prop_map(ShelfChange::New),
        name.clone().prop_map(ShelfChange::Copy),
        (name.clone(), name.clone()).prop_map(|(from, to)| ShelfChange::Rename { from, to }),
        name.prop_map(ShelfChange::Delete),
        Just(ShelfChange::Restore),
    ]
}

proptest! {
    /// Against the plainest model: names, and which of them is shown.
    #[test]
    fn whatever_is_changed_one_is_on_the_screen_and_no_two_have_one_name(
        changes in prop::collection::vec(change(), 0..30),
    ) {
        let (mut shelf, mut shown) = (Shelf::default(), Workspace::default());
        for change in changes {
            let before = names(&shelf).join(" ");
            let was = shelf.shown().to_owned();
            match shelf.change(&change, &mut shown) {
                Ok(is_other) if matches!(change, ShelfChange::Rename { .. }) => prop_assert!(!is_other),
                Ok(is_other) => prop_assert_eq!(is_other, shelf.shown() != was, "{:?}", change),
                Err(_) => prop_assert_eq!(names(&shelf).join(" "), before),
            }
            let mut all: Vec<String> = shelf.names().map(str::to_lowercase).collect();
            let count = all.len();
            all.sort();
            all.dedup();
            prop_assert_eq!(all.len(), count);
            prop_assert!(shelf.names().any(|name| name == shelf.shown()));
            let on_screen = shelf.entries.iter().filter(|entry| matches!(entry.kept, Kept::OnScreen)).count();
            prop_assert_eq!(on_screen, 1);
            let (back, _) = Shelf::parse(&shelf.to_text(&shown)).unwrap();
            prop_assert_eq!((names(&back), back.shown()), (names(&shelf), shelf.shown()));
        }
    }
}
