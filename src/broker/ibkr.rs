//! Interactive Brokers, through the trader's own TWS or IB Gateway.
//!
//! What is known of TWS is pure: `core` takes what it says and what the engine asks, and gives events and
//! calls. `session` is the thin shell around it that owns the client of the crate `ibapi`, its streams and
//! the timers. That crate appears in this folder only.
//!
//! A session is one connection. `ibapi` would reconnect by itself, without its subscriptions and with a hole in
//! the order updates of which it says nothing; instead a connection that breaks ends the session, the
//! supervisor begins the next, and that one begins with the books, so that what happened meanwhile is found.

mod accounts;
mod advice;
mod books;
mod codes;
mod connection;
mod core;
mod depth;
pub mod described;
mod fills;
mod history;
pub mod instrument;
mod kept;
pub mod launch;
mod lines;
mod listed;
mod lookup;
mod named;
mod number;
mod orders;
mod pacing;
mod quotes;
mod remarks;
mod roster;
mod session;
mod terms;
mod times;
mod what_if;
mod worth;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::contract::{AccountRule, Adapter, Capabilities, Session, SessionStart};
use crate::domain::{AccountId, Instrument, InstrumentId, Position};
pub use listed::Listed;
pub use roster::Keep;
use roster::Roster;

/// What this broker calls itself.
pub const NAME: &str = "Interactive Brokers";

/// Whether delayed market data are welcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MarketData {
    /// Live data, or none.
    LiveOnly,
    /// Delayed data where there is no subscription to live ones.
    #[default]
    DelayedWhenNeeded,
}

/// How TWS is reached, and what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IbkrConfig {
    /// Where its API socket is, such as `127.0.0.1:7497`.
    pub address: String,
    /// Our client id. Orders belong to it: another one can neither change nor cancel them.
    pub client_id: i32,
    /// Which market data.
    pub market_data: MarketData,
    /// How long it may take to be let in.
    pub connect_limit: Duration,
    /// How long a question of the books may take.
    pub books_limit: Duration,
    /// How many streams of single trades it may have open: few, unless the login has booster packs.
    pub trades_at_once: usize,
    /// The IB Gateway that is started for it, if one is.
    pub launch: Option<launch::Follower>,
}

impl IbkrConfig {
    /// With the usual limits.
    #[must_use]
    pub fn new(address: impl Into<String>, client_id: i32) -> Self {
        Self {
            address: address.into(),
            client_id,
            market_data: MarketData::default(),
            connect_limit: Duration::from_secs(10),
            books_limit: Duration::from_secs(30),
            trades_at_once: 3,
            launch: None,
        }
    }
}

/// What outlives a session: the results that positions have made, which TWS does not tell again.
type Results = Arc<Mutex<BTreeMap<(AccountId, InstrumentId), Position>>>;

/// Interactive Brokers, as the registry offers it.
pub struct Ibkr {
    config: IbkrConfig,
    instruments: Vec<Arc<Instrument>>,
    roster: Arc<Roster>,
    results: Results,
}

impl Ibkr {
    /// A broker that lists these.
    #[must_use]
    pub fn new(config: IbkrConfig, listed: Vec<Listed>) -> Self {
        let instruments = listed.iter().map(|listed| Arc::clone(&listed.instrument)).collect();
        let roster = Arc::new(Roster::new(listed));
        Self { config, instruments, roster, results: Results::default() }
    }

    /// Has sessions ask for what could not be described yet, and hands on what joins, for the next start.
    #[must_use]
    pub fn growing(self, missing: BTreeSet<String>, keep: Keep) -> Self {
        let listed = self.roster.listing().all();
        Self { roster: Arc::new(Roster::new(listed).missing(missing).keeping(keep)), ..self }
    }
}

impl Adapter for Ibkr {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { native_groups: true, amend: true, lookup: true, what_if: true }
    }

    fn account_rule(&self) -> AccountRule {
        AccountRule::InteractiveBrokers
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.instruments.clone()
    }

    fn listed(&self, instrument: &Arc<Instrument>) {
        self.roster.join(instrument);
    }

    fn start(&self, start: SessionStart) -> Session {
        let (config, roster) = (self.config.clone(), Arc::clone(&self.roster));
        Box::pin(session::run(config, roster, Arc::clone(&self.results), start))
    }
}
