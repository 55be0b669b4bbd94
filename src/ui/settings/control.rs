//! How a setting is chosen: one of a few, on or off, or typed.

use crate::domain::Settings;

/// How a value gets into settings, and out of them as a person reads it.
pub(in crate::ui) enum Control {
    /// One of a few.
    Choice(Choice),
    /// On or off.
    Switch(Switch),
    /// Typed.
    Text(Text),
    /// Not changed here; its line says where.
    Fixed(fn(&Settings) -> String),
    /// Has a window of its own.
    Window(Window),
}

/// One of a few values.
pub(in crate::ui) struct Choice {
    /// How many there are.
    pub count: usize,
    /// What one of them is called.
    pub label: fn(usize) -> String,
    /// Which is in force; none where a file has one that is not offered.
    pub at: fn(&Settings) -> Option<usize>,
    /// Takes one.
    pub choose: fn(&mut Settings, usize),
    /// How the one is called that is not offered.
    pub other: fn(&Settings) -> String,
}

/// On or off.
pub(in crate::ui) struct Switch {
    /// What either is called: on, off.
    pub labels: [&'static str; 2],
    pub is_on: fn(&Settings) -> bool,
    pub set: fn(&mut Settings, bool),
}

/// What is typed.
pub(in crate::ui) struct Text {
    /// Whether each line of it is a value.
    pub has_lines: bool,
    pub read: fn(&Settings) -> String,
    /// Takes what was typed; says what it should have been where it cannot.
    pub write: fn(&mut Settings, &str) -> Result<(), &'static str>,
}

/// A window that settings are changed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Window {
    Keys,
    Limits,
    Arming,
}

impl Control {
    /// The value as a person reads it.
    pub fn value(&self, settings: &Settings) -> String {
        match self {
            Self::Choice(choice) => {
                (choice.at)(settings).map_or_else(|| (choice.other)(settings), choice.label)
            }
            Self::Switch(switch) => {
                let [on, off] = switch.labels;
                if (switch.is_on)(settings) { on } else { off }.to_owned()
            }
            Self::Text(text) => (text.read)(settings),
            Self::Fixed(read) => read(settings),
            Self::Window(_) => String::new(),
        }
    }

    /// Puts the value that other settings have into these.
    pub fn copy(&self, from: &Settings, to: &mut Settings) {
        match self {
            Self::Choice(choice) => {
                if let Some(at) = (choice.at)(from) {
                    (choice.choose)(to, at);
                }
            }
            Self::Switch(switch) => (switch.set)(to, (switch.is_on)(from)),
            // What can be read was typed once, or could have been.
            Self::Text(text) => drop((text.write)(to, &(text.read)(from))),
            Self::Fixed(_) | Self::Window(_) => {}
        }
    }
}
