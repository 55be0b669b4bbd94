//! Identities. Each is a type of its own, so that an order id can never be
//! passed where an instrument is meant.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// Position of an instrument in this run's catalogue. Dense, so hot state is
    /// a `Vec` by index; never written to disk (files use [`super::Instrument::key`]).
    InstrumentId(u32)
}
id! {
    /// An order of ours, unique in a profile for its whole life, over restarts too.
    OrderId(u64)
}
id! {
    /// Orders of one bracket or OCO group.
    GroupId(u64)
}
id! {
    /// A plan of target weights whose orders were sent, unique in a profile for its whole life.
    PlanId(u64)
}
id! {
    /// A broker connection of this run, in the order of the registry.
    BrokerId(u8)
}

impl InstrumentId {
    /// The index into per-instrument vectors.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A broker's name of an account, such as `PAPER` or `DU123456`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub Arc<str>);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for AccountId {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

/// A broker's name of one execution. A fill with an id that was seen counts once.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecId(pub Arc<str>);

impl fmt::Display for ExecId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
