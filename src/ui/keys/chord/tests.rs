//! Chords: said and read, told apart, and which of them text needs.

use proptest::prelude::*;

use super::*;

fn chords() -> impl Strategy<Value = Chord> {
    let keys: Vec<Key> = Key::ALL.iter().copied().filter(|key| can_be_bound(*key)).collect();
    (prop::sample::select(keys), any::<[bool; 3]>()).prop_filter_map(
        "a chord",
        |(key, [ctrl, alt, shift])| {
            let modifiers = Modifiers { ctrl, command: ctrl, alt, shift, mac_cmd: false };
            Chord::pressed(key, modifiers)
        },
    )
}

proptest! {
    #[test]
    fn what_is_said_is_what_is_read(chord in chords()) {
        prop_assert_eq!(chord.to_string().parse(), Ok(chord));
    }

    #[test]
    fn several_are_read_as_they_are_said(chords in prop::collection::vec(chords(), 0..4)) {
        prop_assert_eq!(read(&said(&chords)), Ok(chords));
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,20}") {
        if let Ok(chords) = read(&text) {
            prop_assert_eq!(read(&said(&chords)), Ok(chords));
        }
    }

    #[test]
    fn a_chord_is_pressed_by_its_own_keys_and_by_no_others(one in chords(), other in chords()) {
        let (modifiers, key) = other.parts();
        let event = Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers };
        prop_assert_eq!(one.is_pressed_by(&event).is_some(), one == other);
    }
}

fn chord(text: &str) -> Chord {
    text.parse().unwrap()
}

#[test]
fn what_is_no_key_is_named() {
    assert_eq!("Ctrl+Hyper".parse::<Chord>(), Err(BadKeys::NoKey("Hyper".to_owned())));
    assert_eq!("Hyper+K".parse::<Chord>(), Err(BadKeys::NoKey("Hyper".to_owned())));
    assert_eq!("".parse::<Chord>(), Err(BadKeys::NoKey(String::new())));
    assert_eq!("Escape".parse::<Chord>(), Err(BadKeys::Taken("Escape")), "it takes back");
    assert_eq!("Ctrl+Tab".parse::<Chord>(), Err(BadKeys::Taken("Tab")));
    assert_eq!(read(""), Ok(vec![]));
}

#[test]
fn a_sign_is_the_same_whether_a_layout_needs_shift_for_it_or_not() {
    let plus = |shift| Event::Key {
        key: Key::Plus,
        physical_key: None,
        pressed: true,
        repeat: false,
        modifiers: Modifiers { shift, ..Modifiers::NONE },
    };
    assert_eq!(chord("Plus").is_pressed_by(&plus(true)), Some(false));
    assert_eq!(chord("Plus").is_pressed_by(&plus(false)), Some(false));
    assert_eq!(chord("Shift+Plus"), chord("Plus"));
    assert_ne!(chord("Shift+B"), chord("B"), "a letter with Shift is another one");
}

#[test]
fn keys_that_write_and_edit_are_for_text() {
    for text in [
        "B",
        "Shift+B",
        "7",
        "Slash",
        "Space",
        "Enter",
        "Delete",
        "Up",
        "Ctrl+C",
        "Ctrl+V",
        "Ctrl+Z",
        "Ctrl+Shift+Z",
    ] {
        assert!(chord(text).is_for_text(), "{text}");
    }
    for text in
        ["F1", "Shift+F5", "Alt+B", "Ctrl+K", "Ctrl+Shift+L", "Ctrl+Shift+Delete", "Ctrl+Alt+Z", "Ctrl+Enter"]
    {
        assert!(!chord(text).is_for_text(), "{text}");
    }
}
