//! Keys that are pressed together: how they are read, said, and told apart.
//!
//! A chord is what it says and nothing besides: with Shift held it is another one. Only where a layout may need
//! Shift to reach a sign at all (`+` on most of them) does Shift not count.

use std::fmt;
use std::str::FromStr;

use egui::{Event, Key, Modifiers};

/// Keys that are pressed together, such as `Ctrl+Shift+L`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    ctrl: bool,
    alt: bool,
    shift: bool,
    key: Key,
}

impl Chord {
    /// A key alone.
    #[must_use]
    pub const fn of(key: Key) -> Self {
        Self { ctrl: false, alt: false, shift: false, key }
    }

    /// With Ctrl (Cmd on a Mac).
    #[must_use]
    pub const fn ctrl(self) -> Self {
        Self { ctrl: true, ..self }
    }

    /// With Alt.
    #[must_use]
    pub const fn alt(self) -> Self {
        Self { alt: true, ..self }
    }

    /// With Shift.
    #[must_use]
    pub const fn shift(self) -> Self {
        Self { shift: true, ..self }
    }

    /// What was pressed; nothing where that can be no shortcut: a modifier alone, Escape, which takes back
    /// everywhere, and Tab, which goes on to the next control.
    #[must_use]
    pub fn pressed(key: Key, modifiers: Modifiers) -> Option<Self> {
        let (ctrl, alt) = (modifiers.command || modifiers.ctrl, modifiers.alt);
        can_be_bound(key).then_some(Self { ctrl, alt, shift: modifiers.shift && !is_sign(key), key })
    }

    /// The modifiers and the key, as a test or another program would press them.
    #[must_use]
    pub fn parts(self) -> (Modifiers, Key) {
        let with = |is: bool, modifier| if is { modifier } else { Modifiers::NONE };
        let modifiers = with(self.ctrl, Modifiers::COMMAND)
            | with(self.alt, Modifiers::ALT)
            | with(self.shift, Modifiers::SHIFT);
        (modifiers, self.key)
    }

    /// Whether an event is a press of it; `Some(true)` where it is only held.
    pub(super) fn is_pressed_by(self, event: &Event) -> Option<bool> {
        let Event::Key { key, pressed: true, repeat, modifiers, .. } = event else { return None };
        (Self::pressed(*key, *modifiers) == Some(self)).then_some(*repeat)
    }

    /// Whether text cannot be typed or edited without it.
    #[must_use]
    pub fn is_for_text(self) -> bool {
        let Self { ctrl, alt, shift, key } = self;
        let moves = matches!(
            key,
            Key::ArrowLeft
                | Key::ArrowRight
                | Key::ArrowUp
                | Key::ArrowDown
                | Key::Home
                | Key::End
                | Key::Backspace
                | Key::Space
        );
        match (ctrl, alt) {
            (false, false) => !is_function(key),
            (false, true) => moves,
            (true, false) if shift => moves || matches!(key, Key::Z | Key::V),
            (true, false) => {
                moves || matches!(key, Key::A | Key::C | Key::V | Key::X | Key::Y | Key::Z | Key::Delete)
            }
            (true, true) => false,
        }
    }
}

/// Signs that some layouts have with Shift only.
fn is_sign(key: Key) -> bool {
    matches!(
        key,
        Key::Colon
            | Key::Comma
            | Key::Minus
            | Key::Period
            | Key::Plus
            | Key::Equals
            | Key::Semicolon
            | Key::Backslash
            | Key::Slash
            | Key::Pipe
            | Key::Questionmark
            | Key::Exclamationmark
            | Key::OpenBracket
            | Key::CloseBracket
            | Key::OpenCurlyBracket
            | Key::CloseCurlyBracket
            | Key::Backtick
            | Key::Quote
    )
}

fn is_function(key: Key) -> bool {
    key.name().strip_prefix('F').is_some_and(|number| number.parse::<u8>().is_ok())
}

fn can_be_bound(key: Key) -> bool {
    !matches!(
        key,
        Key::Escape
            | Key::Tab
            | Key::Copy
            | Key::Cut
            | Key::Paste
            | Key::ShiftLeft
            | Key::ShiftRight
            | Key::ControlLeft
            | Key::ControlRight
            | Key::AltLeft
            | Key::AltRight
            | Key::SuperLeft
            | Key::SuperRight
            | Key::CapsLock
            | Key::NumLock
            | Key::ScrollLock
            | Key::Fn
    )
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (is_held, name) in [(self.ctrl, "Ctrl+"), (self.alt, "Alt+"), (self.shift, "Shift+")] {
            if is_held {
                f.write_str(name)?;
            }
        }
        f.write_str(self.key.name())
    }
}

/// Why a text names no keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadKeys {
    /// A part of it is nothing on a keyboard.
    #[error("'{0}' is no key")]
    NoKey(String),
    /// It cannot be used.
    #[error("{0} cannot be a shortcut")]
    Taken(&'static str),
}

impl FromStr for Chord {
    type Err = BadKeys;

    fn from_str(text: &str) -> Result<Self, BadKeys> {
        let mut parts: Vec<&str> = text.split('+').map(str::trim).collect();
        let name = parts.pop().unwrap_or_default();
        let key = Key::from_name(name).ok_or_else(|| BadKeys::NoKey(name.to_owned()))?;
        if !can_be_bound(key) {
            return Err(BadKeys::Taken(key.name()));
        }
        let mut chord = Self::of(key);
        for part in parts {
            chord = match part.to_ascii_lowercase().as_str() {
                "ctrl" | "cmd" | "control" => chord.ctrl(),
                "alt" | "option" => chord.alt(),
                "shift" => chord.shift(),
                _ => return Err(BadKeys::NoKey(part.to_owned())),
            };
        }
        Ok(if is_sign(key) { Self { shift: false, ..chord } } else { chord })
    }
}

/// Reads keys that stand for the same, separated by commas; an empty text has none.
///
/// # Errors
/// Names what is no key.
pub fn read(text: &str) -> Result<Vec<Chord>, BadKeys> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(str::parse).collect()
}

/// What [`read`] reads.
#[must_use]
pub fn said(chords: &[Chord]) -> String {
    chords.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
