//! IB Gateway started with the program and stopped with it: a stand-in that does what IBC does, below the
//! real keeper.
//!
//! The stand-in is a script that reads the file that is made for it, prints the password on purpose, and
//! becomes `pitdesk serve`, which speaks as TWS does. What dies here dies by signals.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "launch/keeper.rs"]
mod keeper;
#[path = "common/program.rs"]
#[expect(dead_code, reason = "shared")]
mod program;
#[path = "launch/session.rs"]
mod session;
#[path = "launch/shell.rs"]
mod shell;
#[path = "launch/stand_in.rs"]
mod stand_in;
#[path = "launch/whole.rs"]
mod whole;
