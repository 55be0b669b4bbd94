//! The synthetic market: a price path that is history and present at once, and agents
//! that trade around it.
//!
//! [`History`] answers for the past: bars of any timeframe, computed on demand from the
//! path. The market drives an exchange from now on: its agents keep a book around the
//! same path and trade in it, with each other and with the trader.
//!
//! All of it is a pure function of seed, start and what the trader does: no clock, no
//! I/O, no threads, and no floating point that differs between machines (`libm` in
//! software instead of the platform's). The same run gives the same trades bit for bit.

mod crowd;
pub(super) mod grid;
mod history;
pub(super) mod ladder;
mod live;
mod market;
mod path;
pub(super) mod rng;
mod shape;
mod timeline;
mod volume;

pub use history::History;
pub use market::{Market, MarketConfig};
pub(super) use volume::share;
