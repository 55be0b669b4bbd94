//! The bodies of the fuzz targets (`fuzz/`) on the saved corpus and on seeded mutations of it, as
//! an ordinary test: what a fuzzer has found once is found by everybody from then on.
//!
//! `fuzz/README.md` tells how to fuzz for real.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../fuzz/src/lib.rs"]
mod bodies;
#[path = "fuzz/corpus.rs"]
mod corpus;
#[path = "fuzz/extremes.rs"]
mod extremes;
