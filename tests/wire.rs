//! The paper exchange behind its wire: the two sides over a pipe that cuts, delays, doubles and
//! swallows what goes through it, and as processes of their own.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "wire/client.rs"]
mod client;
#[path = "wire/corpus.rs"]
mod corpus;
#[path = "wire/door.rs"]
mod door;
#[path = "wire/faults.rs"]
mod faults;
#[path = "wire/memory.rs"]
mod memory;
#[path = "wire/pipe.rs"]
mod pipe;
#[path = "wire/processes.rs"]
mod processes;
#[path = "wire/same.rs"]
mod same;
#[path = "wire/world.rs"]
mod world;
