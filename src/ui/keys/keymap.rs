//! The keys in force: those of the table, but for what the trader has chosen.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::chord::{self, Chord};
use super::table::Act;

/// Which keys each action has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Keymap {
    keys: BTreeMap<Act, Keys>,
}

/// The keys of an action, and how they are shown: every frame shows some.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Keys {
    chords: Vec<Chord>,
    said: String,
}

impl From<Vec<Chord>> for Keys {
    fn from(chords: Vec<Chord>) -> Self {
        Self { said: chord::said(&chords), chords }
    }
}

/// Something about the chosen keys that the trader must know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Settings name an action that this Pitdesk does not have.
    #[error("Settings name keys for '{0}', which this Pitdesk does not have. They are kept and not used.")]
    NoSuchAction(String),
    /// They cannot be read.
    #[error("The keys for \"{}\" in settings cannot be read: {why}. {} used.", act.words(), defaults(*act))]
    Unreadable {
        /// Of which action.
        act: Act,
        /// What is wrong with them.
        why: chord::BadKeys,
    },
    /// Two actions have the same.
    #[error("{keys} stands for \"{}\" and for \"{}\". Choose others for one of them: Ctrl+K, Keyboard shortcuts.", one.words(), other.words())]
    Conflict {
        /// Which keys.
        keys: Chord,
        /// One of them.
        one: Act,
        /// The other.
        other: Act,
    },
}

fn defaults(act: Act) -> String {
    match act.default_keys() {
        [] => "None is".to_owned(),
        [one] => format!("{one} is"),
        several => format!("{} are", chord::said(several)),
    }
}

impl Default for Keymap {
    fn default() -> Self {
        Self { keys: Act::ALL.iter().map(|act| (*act, act.default_keys().to_vec().into())).collect() }
    }
}

impl Keymap {
    /// The keys in force where the trader has chosen these, by name, and what must be said about it.
    #[must_use]
    pub fn of(chosen: &BTreeMap<String, String>) -> (Self, Vec<Trouble>) {
        let mut map = Self::default();
        let mut troubles = Vec::new();
        for (name, text) in chosen {
            let Some(act) = Act::named(name) else {
                troubles.push(Trouble::NoSuchAction(name.clone()));
                continue;
            };
            match chord::read(text) {
                Ok(keys) => drop(map.keys.insert(act, keys.into())),
                Err(why) => troubles.push(Trouble::Unreadable { act, why }),
            }
        }
        troubles.extend(map.conflicts());
        (map, troubles)
    }

    /// The keys of an action.
    #[must_use]
    pub fn keys(&self, act: Act) -> &[Chord] {
        self.keys.get(&act).map_or(&[], |keys| &keys.chords)
    }

    /// The same, to be shown; empty where there are none.
    #[must_use]
    pub fn said(&self, act: Act) -> &str {
        self.keys.get(&act).map_or("", |keys| &keys.said)
    }

    /// The first of them, where one is enough.
    #[must_use]
    pub fn first(&self, act: Act) -> Option<Chord> {
        self.keys(act).first().copied()
    }

    /// What else a press of these keys could mean if this action had them.
    #[must_use]
    pub fn others(&self, act: Act, keys: Chord) -> Vec<Act> {
        let is_other = |other: &Act| {
            *other != act && other.scope().overlaps(act.scope()) && self.keys(*other).contains(&keys)
        };
        Act::ALL.iter().copied().filter(is_other).collect()
    }

    fn conflicts(&self) -> impl Iterator<Item = Trouble> {
        let of = move |one: Act| {
            let with = move |keys: &Chord| {
                let keys = *keys;
                let later = self.others(one, keys).into_iter().filter(move |other| *other > one);
                later.map(move |other| Trouble::Conflict { keys, one, other })
            };
            self.keys(one).iter().flat_map(with)
        };
        Act::ALL.iter().copied().flat_map(of)
    }
}

/// What is chosen when an action gets these keys, and others lose them; the table's own need no line.
#[must_use]
pub fn with_chosen(
    now: &BTreeMap<String, String>,
    map: &Keymap,
    act: Act,
    keys: &[Chord],
) -> BTreeMap<String, String> {
    let mut chosen = now.clone();
    let losers = keys.iter().flat_map(|chord| map.others(act, *chord));
    for other in losers {
        let left: Vec<Chord> =
            map.keys(other).iter().filter(|chord| !keys.contains(chord)).copied().collect();
        put(&mut chosen, other, &left);
    }
    put(&mut chosen, act, keys);
    chosen
}

fn put(chosen: &mut BTreeMap<String, String>, act: Act, keys: &[Chord]) {
    if keys == act.default_keys() {
        chosen.remove(act.name());
    } else {
        chosen.insert(act.name().to_owned(), chord::said(keys));
    }
}

impl Keymap {
    /// Has a window act on these keys.
    pub fn apply(self, ctx: &egui::Context) {
        ctx.data_mut(|data| data.insert_temp(id(), Arc::new(self)));
    }
}

/// The keys in force: what [`Keymap::apply`] last set, or those of the table.
#[must_use]
pub fn keymap_of(ctx: &egui::Context) -> Arc<Keymap> {
    ctx.data_mut(|data| Arc::clone(data.get_temp_mut_or_default::<Arc<Keymap>>(id())))
}

fn id() -> egui::Id {
    egui::Id::unique("pitdesk-keys")
}

#[cfg(test)]
mod tests;
