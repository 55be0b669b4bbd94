//! The journal from outside: what survives kills and damage, and that nothing else comes back
//! than what was written.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "journal/archive.rs"]
mod archive;
#[path = "journal/damage.rs"]
mod damage;
#[path = "journal/desk.rs"]
mod desk;
#[path = "journal/fold.rs"]
mod fold;
#[path = "journal/format.rs"]
mod format;
#[path = "journal/kill.rs"]
mod kill;
#[path = "journal/sample.rs"]
mod sample;

use pitdesk::domain;
use pitdesk::store::journal;
