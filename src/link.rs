//! The link between the two worlds: what the window may ask, what it is told, and
//! the channel in between.
//!
//! ```text
//!   window ── Command (bounded, try_send) ──► engine
//!   window ◄── Update  (two classes)      ─── engine
//! ```
//!
//! Both directions are bounded in memory however long the other side stalls:
//!
//! - *lossless* updates are numbered; when the window lets more than
//!   [`channel::LOSSLESS_CAPACITY`] pile up, they are replaced by one snapshot;
//! - *latest-wins* updates have a slot per key; what a newer value replaced, or a
//!   full ring pushed out, is counted in the [`ledger::Ledger`].
//!
//! Invariant: per stream, once the window has drained the link,
//! received = applied + conflated + rejected + dropped + late.

pub mod alive;
pub mod channel;
pub mod clock;
pub mod command;
pub mod demand;
pub mod file;
pub mod followers;
pub mod ledger;
pub mod results;
pub mod safety;
mod slots;
pub mod update;
mod uses;

/// Ended orders that both sides keep; live ones always are.
pub const ENDED_ORDERS_KEPT: usize = 10_000;
/// Executions that both sides keep.
pub const FILLS_KEPT: usize = 10_000;

pub use alive::Alive;
pub use channel::{
    CommandSender, Drained, EngineEnd, Inbox, Publisher, SendError, SpareSender, WindowEnd, connect,
};
pub use clock::Clock;
pub use command::{
    Allocation, AllocationOrder, Bracket, Command, CommandId, Drill, Envelope, Place, TargetsFrom, WhatIf,
};
pub use demand::{BarKey, Demand};
pub use file::{FileDone, FileTask, Picture};
pub use followers::{Follower, FollowerEnd, Followers, Hub};
pub use ledger::{Ledger, Stream, StreamCount};
pub use results::{Results, Span};
pub use safety::{
    AccountKill, Decision, Finding, FindingKind, Flatten, JournalState, KillReport, KillStage,
    Reconciliation, Timeline,
};
pub use update::{
    Answer, Connection, ConnectionState, Found, History, KillState, Listing, Noted, Notice, NoticeLevel,
    Numbered, Outage, Reckoned, Snapshot, TargetsRead, Update, WayOut,
};
pub use uses::ScopeUse;
