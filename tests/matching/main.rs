//! The paper exchange, rule by rule and against a naive model.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod floor;
mod groups;
mod invariants;
mod model;
mod money;
mod restart;
mod rules;
mod sessions;
mod setup;
mod stops;
mod stream;
