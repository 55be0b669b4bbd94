//! Durability: what the terminal keeps on disk, and how it gets there whole.
//!
//! Everything here is synchronous and knows nothing of what an order means; the
//! engine's shell calls it on a blocking thread. Two rules hold throughout:
//!
//! - a file is either the old one or the new one, never half of each ([`files`]);
//! - a file that cannot be used is set aside and reported, never deleted and never
//!   a reason not to start. Only data that a person asked for by name fails aloud.
//!
//! [`profile`] says where things live, [`settings`] and [`engine_state`] are the two
//! small files of a profile, [`bars`] the imported market data, [`import`] reads CSV.

pub mod bars;
pub mod engine_state;
pub mod files;
pub mod import;
pub mod profile;
pub mod settings;
