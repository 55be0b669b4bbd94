//! The whole order path on a virtual clock, from one seed, with everything going wrong.
//!
//! The real engine, the real client of the wire, the real server and exchange, and a journal
//! run in one thread. Between client and server is a line that is cut at any byte, goes half
//! open, delays, doubles frames and comes in pieces; the exchange dies and begins again from its
//! disk; the program is killed at any step and begins again from its journal; the disk is slow or
//! full. A trader of dice places, changes, cancels, closes and uses the kill switch.
//!
//! After every step, and when all has healed at the end, [`invariants`] are checked.
//!
//! `PITDESK_SIM_SEEDS=100000` runs more than the usual 2,000. A seed that fails prints the
//! command that replays it.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../wire/pipe.rs"]
#[expect(dead_code, reason = "the tests of the wire use more of it")]
mod pipe;

mod disk;
mod exchange;
mod invariants;
mod program;
mod real;
mod trader;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use world::{Tally, World};

/// Seeds of an ordinary run.
const SEEDS: u64 = 2_000;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not '{text}'")))
}

#[test]
fn whatever_dies_and_whenever_orders_are_never_lost_doubled_or_past_a_limit() {
    if let Some(seed) = number("PITDESK_SIM_SEED") {
        println!("seed {seed}: {:?}", World::run(seed));
        return;
    }
    let seeds = number("PITDESK_SIM_SEEDS").unwrap_or(SEEDS);
    let next = AtomicU64::new(1);
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed > seeds {
                        return;
                    }
                    let outcome = std::panic::catch_unwind(|| World::run(seed));
                    let Ok(tally) = outcome else {
                        next.store(u64::MAX / 2, Ordering::Relaxed);
                        panic!(
                            "seed {seed} failed. Replay it with: PITDESK_SIM_SEED={seed} cargo test --features \
                             inspection --test simulation"
                        );
                    };
                    total.lock().unwrap().add(&tally);
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    println!("{seeds} seeds: {total:?}");
    // A run in which nothing goes wrong proves nothing.
    let per_thousand = |count: u64| count * 1_000 / seeds;
    assert!(per_thousand(total.fills) > 1_000, "{total:?}");
    assert!(per_thousand(total.connections) > 2_000, "{total:?}");
    assert!(per_thousand(total.program_kills) > 300, "{total:?}");
    assert!(per_thousand(total.exchange_kills) > 100, "{total:?}");
    assert!(per_thousand(total.never_arrived) > 20, "{total:?}");
    assert!(per_thousand(total.flattened) > 20, "{total:?}");
}

#[test]
fn the_same_seed_is_the_same_world() {
    assert_eq!(World::run(7), World::run(7));
}
