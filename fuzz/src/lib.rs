//! What the fuzzer and `tests/fuzz.rs` do with bytes: one body for each decoder that is fed from
//! outside. A body panics where the program breaks a promise, which is more than not to panic:
//!
//! - what decodes encodes to what decodes to the same;
//! - what was accepted is within the bounds of `domain::bounds`, and no larger than its bytes;
//! - an error says something, and says it again;
//! - in which pieces bytes come does not matter;
//! - what follows from accepted values neither panics nor is written so that it cannot be read.
//!
//! The first bytes of an input choose how the rest comes: which kind, how it is cut. Checksums are
//! no secret, so inputs of the wire may also be payloads, one a line, which are framed here.

pub mod framing;
mod import;
mod limits;
mod lines;
mod rows;
mod settings;
mod sides;
mod state;
mod targets;
mod tws;
mod wire;
pub mod world;

/// A body, by the name of its target.
pub type Body = fn(&[u8]);

/// Every target.
pub const TARGETS: [(&str, Body); 11] = [
    ("import", import::body),
    ("settings", settings::body),
    ("rows", rows::body),
    ("wire", wire::body),
    ("log", state::log),
    ("account", state::account),
    ("control", lines::body),
    ("client", sides::client),
    ("server", sides::server),
    ("tws", tws::body),
    ("targets", targets::body),
];

/// Runs the body of a target.
pub fn run(target: &str, data: &[u8]) {
    let (_, body) = TARGETS.iter().find(|(name, _)| *name == target).expect("there is such a target");
    body(data);
}

/// What stands behind an error must be told: neither nothing nor a book.
fn says_something(said: &str) {
    assert!(said.len() > 5 && said.len() < 20_000, "an error says: {said}");
}
