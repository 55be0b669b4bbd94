//! The listing of a run: it outlives sessions, and grows while they run.
//!
//! What TWS has described waits here until the engine gives it an id ([`Roster::join`]); then it is listed, for
//! this session and for those after it, and handed to whoever keeps it for the next start. Names that the
//! trader's settings have and nobody could describe yet wait too, for the first session that can.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;

use super::described::Described;
use super::listed::{Listed, Listing};
use crate::domain::Instrument;

/// Takes what is to be known at the next start. Must not wait.
pub type Keep = Box<dyn Fn(Described) + Send + Sync>;

/// See the module.
pub(super) struct Roster {
    current: ArcSwap<Listing>,
    /// By contract; locked for a look only.
    described: Mutex<BTreeMap<i32, (Listed, Described)>>,
    missing: Mutex<BTreeSet<String>>,
    keep: Option<Keep>,
}

impl Roster {
    pub fn new(listed: Vec<Listed>) -> Self {
        Self {
            current: ArcSwap::from_pointee(Listing::new(listed)),
            described: Mutex::default(),
            missing: Mutex::default(),
            keep: None,
        }
    }

    /// Hands on what joins.
    pub fn keeping(mut self, keep: Keep) -> Self {
        self.keep = Some(keep);
        self
    }

    /// Has sessions ask for these.
    pub fn missing(self, names: BTreeSet<String>) -> Self {
        *locked(&self.missing) = names;
        self
    }

    /// As it stands now.
    pub fn listing(&self) -> Arc<Listing> {
        self.current.load_full()
    }

    /// What nobody has described yet.
    pub fn lacks(&self) -> Vec<String> {
        locked(&self.missing).iter().cloned().collect()
    }

    /// TWS has described something, or cannot: it is not asked for by itself any more.
    pub fn answered(&self, name: &str) {
        locked(&self.missing).remove(name);
    }

    /// What TWS has described, until the engine lists it.
    pub fn describes(&self, listed: Listed, described: Described) {
        locked(&self.described).insert(listed.contract.contract_id, (listed, described));
    }

    /// The engine has given it an id.
    pub fn join(&self, instrument: &Arc<Instrument>) {
        let mut waiting = locked(&self.described);
        // Two contracts may share symbol and exchange: an order must never go to the other one.
        let is_it = |listed: &Listed| {
            let numbered = Instrument { id: instrument.id, ..Instrument::clone(&listed.instrument) };
            numbered == **instrument
        };
        let found = waiting.iter().find(|(_, (listed, _))| is_it(listed)).map(|(contract, _)| *contract);
        let Some((listed, described)) = found.and_then(|contract| waiting.remove(&contract)) else {
            tracing::error!("{} has joined, and nobody has described it", instrument.key());
            return;
        };
        drop(waiting);
        let listed = Listed { instrument: Arc::clone(instrument), ..listed };
        let mut listing = Listing::clone(&self.listing());
        listing.add(listed);
        self.current.store(Arc::new(listing));
        if let Some(keep) = &self.keep {
            keep(described);
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
