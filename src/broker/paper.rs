//! The paper broker: the embedded exchange, spoken to like any other broker.
//!
//! The exchange itself ([`venue::PaperVenue`]) is synchronous and lives as long as the
//! program; a session is only a connection to it. So a session may
//! freeze or crash, on purpose or not, and the exchange still knows every order, as a
//! real broker would.
//!
//! The same exchange can run in a process of its own (`pitdesk exchange`): [`server`] and
//! [`client`] are the two ends of its [`wire`], and [`remote`] is the adapter on it.

pub mod client;
mod prices;
pub mod remote;
pub mod saved;
pub mod server;
mod session;
mod translate;
pub mod venue;
pub mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::contract::{Adapter, Capabilities, Session, SessionStart, StateCopy};
use crate::domain::Instrument;
pub use prices::Source;
pub use venue::{PaperVenue, VenueError};

/// The account that paper orders are booked to.
pub const ACCOUNT: &str = "PAPER";

/// The paper broker, as the registry offers it.
pub struct PaperBroker {
    instruments: Vec<Arc<Instrument>>,
    venue: Arc<Mutex<PaperVenue>>,
}

impl PaperBroker {
    /// A broker in front of `venue`.
    #[must_use]
    pub fn new(venue: PaperVenue) -> Self {
        Self { instruments: venue.instruments().cloned().collect(), venue: Arc::new(Mutex::new(venue)) }
    }
}

impl Adapter for PaperBroker {
    fn name(&self) -> &'static str {
        "Paper"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { native_groups: true, amend: true }
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.instruments.clone()
    }

    fn state_now(&self) -> Option<StateCopy> {
        let venue = lock(&self.venue);
        venue.is_restored().then(|| venue.save())
    }

    fn start(&self, start: SessionStart) -> Session {
        Box::pin(session::run(Arc::clone(&self.venue), start))
    }
}

/// A session that panicked while it held the lock has changed the exchange by whole
/// steps only, so the next session goes on with it.
fn lock(venue: &Mutex<PaperVenue>) -> MutexGuard<'_, PaperVenue> {
    venue.lock().unwrap_or_else(PoisonError::into_inner)
}
