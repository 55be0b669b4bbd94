//! The adapter for Interactive Brokers against a scripted TWS, over a socket of this computer.
//!
//! The TWS speaks with the codec of our own gateway, so that adapter and gateway are held to the same words.
//! Nothing here waits for time to pass: the session's clock is a number that the tests move.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/approved.rs"]
mod approved;
#[path = "ibkr/books.rs"]
mod books;
#[path = "ibkr/desk.rs"]
mod desk;
#[path = "ibkr/engine.rs"]
mod engine;
#[path = "ibkr/kept.rs"]
mod kept;
#[path = "ibkr/line.rs"]
mod line;
#[path = "ibkr/listing.rs"]
mod listing;
#[path = "ibkr/log.rs"]
mod log;
#[path = "ibkr/market.rs"]
mod market;
#[path = "ibkr/orders.rs"]
mod orders;
#[path = "ibkr/peer.rs"]
mod peer;

/// Runs a test where sessions can run.
fn run(test: impl Future<Output = ()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test);
}
