//! The table of brokers: one line each.

use std::sync::Arc;

use super::contract::Adapter;
use super::paper::{PaperBroker, PaperConfig, PaperVenue, Source, VenueError};
use crate::domain::{BrokerId, Instrument, Time};
use crate::exchange::Config;

/// What the brokers of a run are made from.
pub struct Setup {
    /// What the paper exchange lists.
    pub instruments: Vec<Arc<Instrument>>,
    /// Its accounts and rules.
    pub exchange: Config,
    /// How the broker in front of it is made.
    pub paper: PaperConfig,
    /// What moves its market.
    pub source: Source,
    /// Now.
    pub now: Time,
}

/// All brokers of a run, in the order of their ids.
///
/// # Errors
/// When one of them cannot be set up.
pub fn brokers(setup: Setup) -> Result<Vec<Arc<dyn Adapter>>, VenueError> {
    let Setup { instruments, exchange, paper, source, now } = setup;
    let venue = PaperVenue::new(BrokerId(0), instruments, exchange, source, now)?.configured(paper);
    Ok(vec![Arc::new(PaperBroker::new(venue))])
}
