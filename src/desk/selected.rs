//! What the desk is turned to: one instrument for each group of panes that are linked, and the place in a group's
//! charts that the pointer is at.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Desk;
use crate::domain::{Instrument, InstrumentId, Price, Time};

/// Panes of one group show the same instrument. Groups are called by a letter, and have a colour of the
/// theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group(u8);

impl Group {
    /// How many there are.
    pub const COUNT: usize = 8;
    /// All of them. Panes that nobody has linked otherwise are of the first.
    pub const ALL: [Self; Self::COUNT] =
        [Self(0), Self(1), Self(2), Self(3), Self(4), Self(5), Self(6), Self(7)];

    /// Its place in [`Self::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", char::from(b'A' + self.0))
    }
}

/// A letter that no group has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no group '{0}'")]
pub struct NoGroup(String);

impl FromStr for Group {
    type Err = NoGroup;

    fn from_str(text: &str) -> Result<Self, NoGroup> {
        let known = Self::ALL.into_iter().find(|group| group.to_string() == text);
        known.ok_or_else(|| NoGroup(text.to_owned()))
    }
}

impl TryFrom<String> for Group {
    type Error = NoGroup;

    fn try_from(text: String) -> Result<Self, NoGroup> {
        text.parse()
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.to_string()
    }
}

/// Where the pointer is in a chart, for the others of its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pointed {
    /// Of which group that chart is.
    pub group: Group,
    /// What it shows.
    pub instrument: InstrumentId,
    /// When the bar begins that the pointer is over.
    pub time: Time,
    /// The price at the pointer, where it is over the prices.
    pub price: Option<Price>,
}

#[derive(Default)]
pub(super) struct Selected {
    of: BTreeMap<Group, InstrumentId>,
    group: Group,
    pointed: Option<Pointed>,
}

impl Desk {
    /// The instrument that the desk works on: that of the group of the pane that is drawn, or of the first
    /// group.
    #[must_use]
    pub fn selected(&self) -> Option<&Arc<Instrument>> {
        self.selected_in(self.selected.group)
    }

    /// The instrument of a group; one that was never turned to anything follows the first.
    #[must_use]
    pub fn selected_in(&self, group: Group) -> Option<&Arc<Instrument>> {
        let of = &self.selected.of;
        self.instrument(*of.get(&group).or_else(|| of.get(&Group::default()))?)
    }

    /// Turns the group that is drawn to another instrument.
    pub fn select(&mut self, id: InstrumentId) {
        self.selected.of.insert(self.selected.group, id);
    }

    /// Turns every group to what it shows in another arrangement; one that is not named follows the first.
    pub fn select_all(&mut self, groups: impl IntoIterator<Item = (Group, InstrumentId)>) {
        self.selected.of = groups.into_iter().collect();
    }

    /// Where the pointer is in a chart of the group that the desk speaks of, as of the frame before.
    #[must_use]
    pub fn pointed(&self) -> Option<&Pointed> {
        self.selected.pointed.as_ref().filter(|pointed| pointed.group == self.selected.group)
    }

    /// Where the pointer is now; whether that is another place.
    pub fn point(&mut self, pointed: Option<Pointed>) -> bool {
        std::mem::replace(&mut self.selected.pointed, pointed) != pointed
    }

    /// From now on the desk speaks of this group.
    pub fn turn_to(&mut self, group: Group) {
        self.selected.group = group;
    }

    /// The group that the desk speaks of.
    #[must_use]
    pub fn group(&self) -> Group {
        self.selected.group
    }
}
