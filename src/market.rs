//! Mathematics on market data: pure functions and plain structures, for the
//! engine and the window alike.
//!
//! Nothing here reads a clock, does I/O or waits; time comes in as
//! [`crate::domain::Time`], and equal input gives equal output. Bars are `f64`
//! and serve charts only; whatever counts money is decimal.

pub mod aggregate;
pub mod allocation;
pub mod book;
pub mod calendar;
pub mod cumulative;
pub mod equity;
pub mod freshness;
pub mod heikin;
pub mod indicators;
pub mod ladder;
pub mod profile;
pub mod queue;
pub mod series;
pub mod tape;
pub mod valuation;
