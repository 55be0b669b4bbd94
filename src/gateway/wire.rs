//! The TWS API as bytes, in both of its dialects: types, codecs, framing and handshake, for a server
//! that unmodified clients (`ib_insync`, `ib_async`, the Rust crate `ibapi`) take for TWS.
//!
//! There is one model, the protobuf messages of [`model`], and two ways to write it: as protobuf,
//! and as the older lists of text fields ([`Dialect`]). Whoever serves clients matches on [`Request`]
//! and answers with [`Reply`]; which dialect a connection speaks, it never needs to know.
//!
//! Invariants:
//! - Everything here is pure: bytes in, values out. No sockets, no clock, nothing of ours imported.
//! - A text message has one table, which reads and writes: the directions cannot disagree.
//! - Whatever bytes come, decoding neither panics nor allocates more than in proportion to them.
//! - What is not known decodes to [`Request::Unknown`]: it can be refused, and costs no connection.
//! - Absent is not zero: an unset field is `None`. Numbers are as they came (a double may be NaN in
//!   protobuf); what they are worth is for the reader to judge.

mod error;
pub mod frame;
pub mod handshake;
mod message;
pub mod model;
mod protobuf;
mod reply;
mod request;
mod text;

pub use error::{Malformed, Problem};
pub use reply::{History, Reply};
pub use request::Request;

/// How a connection's messages are written, which follows from the announced server version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// Lists of text fields, as of server version 176: the highest that `ib_insync` knows.
    Text,
    /// Protobuf, as of server version 213: the lowest that the crate `ibapi` accepts.
    Protobuf,
}

impl Dialect {
    /// Every dialect, in the order in which a client is offered them.
    pub const ALL: [Self; 2] = [Self::Text, Self::Protobuf];

    /// The server version that announces it.
    #[must_use]
    pub const fn version(self) -> u32 {
        match self {
            Self::Text => 176,
            Self::Protobuf => 213,
        }
    }

    /// Fewest bytes of a body: at 213 each begins with a binary number.
    #[must_use]
    pub const fn least_body(self) -> usize {
        match self {
            Self::Text => 0,
            Self::Protobuf => 4,
        }
    }
}

#[cfg(test)]
mod tests;
