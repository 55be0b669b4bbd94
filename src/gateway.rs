//! Servers that let other programs use the engine, with the same commands as the window: no
//! private door into trading.
//!
//! So far there are the parts of a server for TWS API programs that need no socket: [`wire`], their
//! messages as bytes, and [`contracts`], their names for our instruments.

pub mod contracts;
pub mod wire;
