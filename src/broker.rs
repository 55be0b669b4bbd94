//! The contract between the engine and a broker.
//!
//! An adapter is a task that takes [`BrokerRequest`]s and sends [`BrokerEvent`]s;
//! it knows nothing of the engine, of other adapters or of the disk. The same
//! events come from every broker, so that whatever is above has no match over
//! venues: what a broker can do is told by its [`Capabilities`], and which brokers
//! exist by the table in [`registry`].
//!
//! Adding a broker = one folder here and one line in the registry.

pub mod contract;
pub mod ibkr;
pub mod paper;
pub mod registry;

pub use contract::{
    Adapter, BrokerEvent, BrokerRequest, Capabilities, HistoryBars, HistoryRequest, MarketEvent, Report,
    ReportKind, SessionStart,
};
