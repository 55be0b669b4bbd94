//! The real program in a real window: trading, restarts, a broker that hangs or crashes.

#![cfg(feature = "inspection")]

#[path = "../common/window.rs"]
mod window;

mod probe;
