//! The paper broker: the embedded exchange, spoken to like any other broker.
//!
//! The exchange itself ([`venue::PaperVenue`]) is synchronous and lives as long as the
//! program; a session is only a connection to it. So a session may
//! freeze or crash, on purpose or not, and the exchange still knows every order, as a
//! real broker would. What it confirms is on the disk first ([`Disk`]).
//!
//! The same exchange can run in a process of its own (`pitdesk exchange`): [`server`] and
//! [`client`] are the two ends of its [`wire`], and [`remote`] is the adapter on it.

pub mod client;
mod house;
mod ids;
mod keeper;
mod prices;
pub mod record;
pub mod remote;
pub mod saved;
pub mod server;
mod session;
mod translate;
pub mod venue;
pub mod wire;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contract::{Adapter, Capabilities, Session, SessionStart};
use crate::domain::{Instrument, OrderSpec, Time};
use house::House;
pub use keeper::Disk;
use keeper::Keeper;
pub use prices::Source;
pub use record::{Change, Saved};
pub use venue::{PaperVenue, VenueError};

/// The account that paper orders are booked to.
pub const ACCOUNT: &str = "PAPER";

/// What the paper broker calls itself, wherever its exchange runs.
pub const NAME: &str = "Paper";

/// How the paper broker is made where real brokers differ from each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaperConfig {
    /// Whether it keeps brackets and OCO groups itself; without, it refuses them.
    pub native_groups: bool,
}

impl Default for PaperConfig {
    /// All that it can.
    fn default() -> Self {
        Self { native_groups: true }
    }
}

impl PaperConfig {
    /// What a broker made so can do.
    #[must_use]
    pub fn capabilities(self) -> Capabilities {
        Capabilities { native_groups: self.native_groups, amend: true, lookup: false, what_if: false }
    }

    /// Why this cannot be placed with a broker made so.
    fn objection<'a>(self, mut specs: impl Iterator<Item = &'a OrderSpec>) -> Option<&'static str> {
        let is_grouped = |spec: &OrderSpec| spec.parent.is_some() || spec.oco.is_some();
        (!self.native_groups && specs.any(is_grouped)).then_some(NO_GROUPS)
    }
}

const NO_GROUPS: &str = "Brackets and OCO groups are not supported by this broker: send each order by itself";

/// The paper broker, as the registry offers it.
pub struct PaperBroker {
    instruments: Vec<Arc<Instrument>>,
    config: PaperConfig,
    house: Arc<Mutex<House>>,
}

impl PaperBroker {
    /// A broker in front of `venue`, whose accounts end with the program.
    #[must_use]
    pub fn new(venue: PaperVenue) -> Self {
        Self::before(venue, None)
    }

    /// A broker in front of `venue`, which takes over what was `saved`. What becomes of it is on
    /// `disk` before anybody is told.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn kept(mut venue: PaperVenue, saved: Saved, disk: Box<dyn Disk>, now: Time) -> io::Result<Self> {
        let keeper = Keeper::begin(&mut venue, saved, disk, now)?;
        Ok(Self::before(venue, Some(keeper)))
    }

    fn before(venue: PaperVenue, keeper: Option<Keeper>) -> Self {
        let (instruments, config) = (venue.instruments().cloned().collect(), venue.paper_config());
        Self { instruments, config, house: Arc::new(Mutex::new(House::new(venue, keeper))) }
    }
}

impl Adapter for PaperBroker {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.instruments.clone()
    }

    fn start(&self, start: SessionStart) -> Session {
        Box::pin(session::run(Arc::clone(&self.house), start))
    }
}

/// A session that panicked while it held the lock has changed the exchange by whole
/// steps only, so the next session goes on with it.
fn lock(house: &Mutex<House>) -> MutexGuard<'_, House> {
    house.lock().unwrap_or_else(PoisonError::into_inner)
}
