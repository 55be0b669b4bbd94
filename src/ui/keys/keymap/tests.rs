//! The keys in force: chosen ones, what is told about them, conflicts.

use super::*;
use crate::ui::keys::table::Scope;

fn settings(lines: &[(&str, &str)]) -> BTreeMap<String, String> {
    lines.iter().map(|(name, keys)| ((*name).to_owned(), (*keys).to_owned())).collect()
}

fn chord(text: &str) -> Chord {
    text.parse().unwrap()
}

#[test]
fn the_table_has_no_conflict_in_itself() {
    assert_eq!(Keymap::of(&BTreeMap::new()), (Keymap::default(), vec![]));
}

#[test]
fn chosen_keys_take_the_place_of_the_tables_and_none_is_a_choice() {
    let (map, troubles) = Keymap::of(&settings(&[("search", "F3, Ctrl+P"), ("limits", "")]));
    assert_eq!(troubles, vec![]);
    assert_eq!(map.keys(Act::Search), [chord("F3"), chord("Ctrl+P")]);
    assert_eq!(map.said(Act::Search), "F3, Ctrl+P");
    assert_eq!((map.keys(Act::Limits), map.first(Act::Limits)), (&[][..], None));
    assert_eq!(map.keys(Act::Quit), Act::Quit.default_keys());
}

#[test]
fn what_cannot_be_read_is_told_and_the_tables_keys_stay() {
    let (map, troubles) = Keymap::of(&settings(&[("search", "Hyper+K"), ("fly", "F9"), ("quit", "Escape")]));
    assert_eq!(map, Keymap::default());
    let told: Vec<String> = troubles.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "Settings name keys for 'fly', which this Pitdesk does not have. They are kept and not used.",
            "The keys for \"Quit; asks while orders work\" in settings cannot be read: Escape cannot be a shortcut. \
             Ctrl+Q is used.",
            "The keys for \"Search instruments and actions\" in settings cannot be read: 'Hyper' is no key. Ctrl+K \
             is used.",
        ]
    );
}

#[test]
fn the_same_keys_are_a_conflict_where_one_press_could_mean_both() {
    let conflicts = |lines: &[(&str, &str)]| {
        let pair = |trouble: Trouble| match trouble {
            Trouble::Conflict { one, other, .. } => Some((one, other)),
            _ => None,
        };
        Keymap::of(&settings(lines)).1.into_iter().filter_map(pair).collect::<Vec<_>>()
    };
    assert_eq!(conflicts(&[("search", "Ctrl+L"), ("limits", "Ctrl+L")]), [(Act::Search, Act::Limits)]);
    // A key of a pane is one of the window's too, and one of trading.
    assert_eq!(conflicts(&[("buy-at-ask", "B")]), [(Act::BuyAtAsk, Act::LadderBid)]);
    assert_eq!(conflicts(&[("maximise", "F2")]), [(Act::Maximise, Act::ChangeOrder)]);
    // Two panes never have the keyboard together.
    assert_eq!(conflicts(&[("blotter-timeline", "C")]), []);
    assert!(!Scope::Pane(crate::ui::pane::PaneKind::Chart).overlaps(Act::Centre.scope()));
}

#[test]
fn keys_that_are_taken_over_are_lost_by_who_had_them() {
    let now = settings(&[("fly", "F9")]);
    let (map, _) = Keymap::of(&now);
    let after = with_chosen(&now, &map, Act::Maximise, &[chord("T")]);
    assert_eq!(after, settings(&[("fly", "F9"), ("maximise", "T"), ("blotter-timeline", "Enter")]));
    let (map, _) = Keymap::of(&after);
    let back = with_chosen(&after, &map, Act::Maximise, Act::Maximise.default_keys());
    assert_eq!(back, settings(&[("fly", "F9"), ("blotter-timeline", "Enter")]), "its own need no line");
}
