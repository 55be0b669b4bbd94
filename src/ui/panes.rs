//! All panes of a workspace, each with its own state: those in sight, those behind tabs, and those that
//! were closed a moment ago.

use std::collections::BTreeMap;

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::pane::{AnyPane, IsPane, PaneKey, PaneKind};
use super::watchlist::Watchlist;
use crate::domain::Instrument;

/// Closed panes that can be opened again as they were.
const REMEMBERED: usize = 20;

/// The state of every pane. One that cannot be read begins anew, and the others with what they had.
#[derive(Debug, Default)]
pub struct Panes {
    open: BTreeMap<PaneKey, AnyPane>,
    /// The newest last.
    closed: Vec<(PaneKey, AnyPane)>,
}

impl Panes {
    /// A pane; one that is not open yet is made.
    pub fn get_mut(&mut self, key: PaneKey) -> &mut AnyPane {
        self.open.entry(key).or_insert_with(|| AnyPane::new(key.kind))
    }

    /// All panes of a type, with their keys.
    pub fn all<T: IsPane>(&self) -> impl Iterator<Item = (PaneKey, &T)> {
        self.open.iter().filter_map(|(key, any)| Some((*key, T::of(any)?)))
    }

    /// The same, to be changed.
    pub fn all_mut<T: IsPane>(&mut self) -> impl Iterator<Item = (PaneKey, &mut T)> {
        self.open.iter_mut().filter_map(|(key, any)| Some((*key, T::of_mut(any)?)))
    }

    /// The first pane of a type, if one is open.
    #[must_use]
    pub fn first<T: IsPane>(&self) -> Option<&T> {
        self.all().next().map(|(_, pane)| pane)
    }

    /// The same, to be changed.
    pub fn first_mut<T: IsPane>(&mut self) -> Option<&mut T> {
        self.all_mut().next().map(|(_, pane)| pane)
    }

    /// Whether a watchlist has an instrument.
    #[must_use]
    pub fn watch(&self, instrument: &Instrument) -> bool {
        self.all::<Watchlist>().any(|(_, list)| list.has(instrument))
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, key: PaneKey) -> bool {
        self.open.contains_key(&key)
    }

    /// Makes another pane of a kind.
    pub fn open(&mut self, kind: PaneKind) -> PaneKey {
        let is_free = |number: &u16| !self.open.contains_key(&PaneKey { kind, number: *number });
        let number = (1..=u16::MAX).find(is_free).unwrap_or(u16::MAX);
        let key = PaneKey { kind, number };
        self.get_mut(key);
        key
    }

    /// Puts a pane away; its state is kept for a while.
    pub fn close(&mut self, key: PaneKey) {
        let Some(pane) = self.open.remove(&key) else { return };
        if self.closed.len() >= REMEMBERED {
            self.closed.remove(0);
        }
        self.closed.push((key, pane));
    }

    /// Opens the pane that was closed last, as it was; under another number where its own is taken. Of a
    /// kind that there is one of, and is there, nothing is opened.
    pub fn reopen(&mut self) -> Option<PaneKey> {
        let (key, pane) = self.closed.pop()?;
        let is_taken = self.open.contains_key(&key);
        if is_taken && !key.kind.may_be_several() {
            return None;
        }
        let key = if is_taken { self.open(key.kind) } else { key };
        self.open.insert(key, pane);
        Some(key)
    }

    /// Has these panes open and no others; what was closed a moment ago comes back as it was.
    pub fn arrange(&mut self, keys: &[PaneKey]) {
        let gone: Vec<PaneKey> = self.open.keys().filter(|key| !keys.contains(key)).copied().collect();
        for key in gone {
            self.close(key);
        }
        for &key in keys {
            if self.open.contains_key(&key) {
                continue;
            }
            let closed = self.closed.iter().rposition(|(known, _)| *known == key);
            let pane = closed.map_or_else(|| AnyPane::new(key.kind), |at| self.closed.remove(at).1);
            self.open.insert(key, pane);
        }
    }

    /// Forgets panes that do not stand anywhere, and makes those that stand somewhere and are not there.
    pub fn keep_to(&mut self, shown: &[PaneKey]) {
        self.open.retain(|key, _| shown.contains(key));
        for key in shown {
            self.get_mut(*key);
        }
    }
}

impl Serialize for Panes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.open.len()))?;
        for (key, any) in &self.open {
            map.serialize_entry(key, &any.to_saved().map_err(S::Error::custom)?)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Panes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = BTreeMap::<String, Value>::deserialize(deserializer)?;
        let read = saved.into_iter().filter_map(|(name, state)| match name.parse::<PaneKey>() {
            Ok(key) => Some((key, AnyPane::read(key.kind, state))),
            Err(error) => {
                tracing::warn!("the saved state of a pane is left out: {error}");
                None
            }
        });
        Ok(Self { open: read.collect(), closed: Vec::new() })
    }
}
