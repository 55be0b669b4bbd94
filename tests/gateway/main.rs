//! The server of the TWS API before the real engine and the real paper exchange, on a virtual clock:
//! clients speak its bytes in both dialects, and are told what TWS would tell them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod accounts;
mod bars;
mod bracket;
mod depth;
mod hardships;
mod market;
mod orders;
mod past;
mod peers;
mod reference;
mod stage;
mod weather;
