//! Servers that let other programs use the engine, with the same commands as the window: no
//! private door into trading.
//!
//! So far only [`wire`], the TWS API as bytes: what unmodified TWS API programs send and expect.

pub mod wire;
