//! The real program in a real window: trading, restarts, a broker that hangs or crashes,
//! programs that are let in.
//!
//! Needs the feature `inspection`, `Xvfb` and Mesa. Every test waits for what the screen
//! says, with a deadline that a busy machine keeps; the one figure of time that is
//! asserted, the longest frame gap, is measured inside the program.

#![cfg(feature = "inspection")]

#[path = "../common/client.rs"]
mod client;
#[path = "../common/data.rs"]
mod data;
#[path = "../common/server.rs"]
#[expect(dead_code, reason = "shared")]
mod server;
#[path = "../common/window.rs"]
mod window;

mod beside;
mod drawings;
mod drills;
mod driver;
mod kill;
mod layout;
mod programs;
mod replay;
mod restart;
mod signals;
mod stall;
mod trader;
mod trading;
