//! Servers that let other programs use the engine, with the same commands as the window: no
//! private door into trading.
//!
//! [`Core`] is the server of the TWS API without its sockets: it follows the engine as the window
//! does ([`crate::link::followers`]) and keeps the same replica ([`crate::desk`]). It is told which
//! bytes came when, and says which bytes go where and what is asked of the engine.
//!
//! - [`wire`]: messages as bytes, in both dialects;
//! - [`contracts`]: names for our instruments;
//! - [`core`]: connections, and what is answered.

pub mod contracts;
pub mod core;
pub mod wire;

pub use core::{ConnId, Core, Effect, Rules};
