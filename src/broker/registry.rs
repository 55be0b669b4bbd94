//! The table of brokers: one line each.

use std::net::SocketAddr;
use std::sync::Arc;

use super::contract::Adapter;
use super::ibkr::Ibkr;
use super::paper::remote::{NotLoopback, RemotePaper};
use super::paper::{Disk, PaperBroker, PaperConfig, PaperVenue, Saved, Source, VenueError};
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

/// What an earlier run has left of the paper exchange, and where this one writes it down.
pub struct Kept {
    /// What it had confirmed.
    pub saved: Saved,
    /// Where everything is before it is confirmed.
    pub disk: Box<dyn Disk>,
}

/// Where a paper exchange listens that runs in a process of its own.
pub struct Elsewhere {
    /// On this computer.
    pub address: SocketAddr,
    /// The secret that it asks for.
    pub token: String,
    /// What it lists.
    pub instruments: Vec<Arc<Instrument>>,
    /// How the broker in front of it is made.
    pub paper: PaperConfig,
}

/// All brokers of a run, in the order of their ids. Without `kept`, accounts end with the run.
///
/// # Errors
/// When one of them cannot be set up.
pub fn brokers(setup: Setup, kept: Option<Kept>) -> Result<Vec<Arc<dyn Adapter>>, VenueError> {
    let Setup { instruments, exchange, paper, source, now } = setup;
    let venue = PaperVenue::new(BrokerId(0), instruments, exchange, source, now)?.configured(paper);
    let broker = match kept {
        Some(Kept { saved, disk }) => PaperBroker::kept(venue, saved, disk, now)?,
        None => PaperBroker::new(venue),
    };
    Ok(vec![Arc::new(broker)])
}

/// All brokers of a run whose paper exchange is another process.
///
/// # Errors
/// When its address is not of this computer.
pub fn brokers_elsewhere(exchange: Elsewhere) -> Result<Vec<Arc<dyn Adapter>>, NotLoopback> {
    let Elsewhere { address, token, instruments, paper } = exchange;
    Ok(vec![Arc::new(RemotePaper::new(address, &token, instruments)?.configured(paper))])
}

/// Interactive Brokers, through a TWS or IB Gateway. Its instruments carry the id that its place in the
/// registry gives it.
#[must_use]
pub fn ibkr(broker: Ibkr) -> Arc<dyn Adapter> {
    Arc::new(broker)
}
