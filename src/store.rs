//! Durability: what the terminal keeps on disk, and how it gets there whole.
//!
//! Everything here but the journal is synchronous, and the engine's shell calls it on a
//! blocking thread; nothing here knows what an order means. Two rules hold throughout:
//!
//! - a file is either the old one or the new one, never half of each ([`files`]);
//! - a file that cannot be used is set aside and reported, never deleted and never
//!   a reason not to start. Only data that a person asked for by name fails aloud.
//!
//! [`profile`] says where things live, [`settings`], [`engine_state`], [`alerts`] and [`drawings`] are
//! the small files of a profile, [`equity`] what accounts were worth, [`journal`] the record of all orders, [`bars`] the imported
//! market data, [`import`] reads CSV, [`allocation`] tables of target weights.

pub mod alerts;
pub mod allocation;
pub mod bars;
pub mod drawings;
pub mod engine_state;
pub mod equity;
pub mod files;
pub mod import;
pub mod journal;
pub mod own_files;
pub mod pictures;
pub mod profile;
pub mod settings;
