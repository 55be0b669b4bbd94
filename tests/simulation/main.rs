//! The whole order path on a virtual clock, from one seed, with everything going wrong.
//!
//! The real engine, the real client of the wire, the real server and exchange, and the real journal
//! run in one thread. Between client and server is a line that is cut at any byte, goes half open,
//! delays, doubles, swaps and loses frames and comes in pieces; the exchange dies and begins again
//! from its disk; the program is killed at any step, in the middle of what it was about to do too,
//! and begins again from its journal; the disk is slow or full; the window hangs. A trader of dice
//! places, changes, cancels, closes, reverses, sends plans of target weights ([`plans`]), uses the kill
//! switch, and decides about orders of unknown fate. Each world draws its own limits. In every sixth world the exchange now and then
//! begins again from an *older* disk, in another sixth the account is traded from elsewhere, and in every
//! fifth the program keeps the brackets ([`brackets`]).
//!
//! # What is real and what is not
//!
//! - When a record reaches the disk is dice on the virtual clock ([`disk`]). At every start of the
//!   program and at the end of every world those that have reached it are written by
//!   `store::journal` into a file in memory and recovered from there ([`real`]); the world goes on
//!   with that, and the model of the journal must say the same.
//! - Intents that a full disk gives up are the model's alone: how the real writer fails is shown by
//!   its own tests (`store/journal/tests/faults.rs`) and by real kills (`tests/kills.rs`).
//! - The engine's own file is written within 60 ms and may be lost with the program. It alone has
//!   the loss of the day, which is promised as far as it was saved.
//!
//! # What must hold
//!
//! After every step ([`invariants`], [`judge`], [`witness`]):
//!
//! - An order at the exchange is one that a start would find in the journal, has filled no more than
//!   it is, and left the engine and reached the wire once, over all lives of the program.
//! - The journal says that it was entered here.
//! - It stems from one wish of the trader, and has the terms that he asked for: a Place makes one
//!   order and its exits, all or none, Close and Reverse one, a plan of target weights at most one in
//!   each instrument, however often it is sent, of the kill switch at most three closes of an
//!   instrument arrive each time it is used. So an order sent again under another id is one
//!   that nobody asked for.
//! - It broke no limit when it arrived, by the exchange's own books (see [`judge`] for what exactly
//!   is promised where the program cannot have heard of everything), and nothing new left while
//!   orders were locked.
//! - What is shown as ended does not work and shows no more fills than there were; what is shown as
//!   working the exchange has or had; what an exchange has lost only the trader may call ended.
//! - Where the kill switch is shown as done, nothing works, nothing is held if that was asked, and
//!   the lock is on the disk.
//! - The exchange's positions are the sums of its fills, and the integrity ledger adds up.
//!
//! At the end, when all has healed: orders, executions and positions of exchange, blotter, engine
//! and journal are the same; where the exchange had fallen back, executions are neither dropped nor
//! doubled, and what it does not have is ended by a word of its own or the trader's, or unknown.
//!
//! # Running it
//!
//! `PITDESK_SIM_SEEDS=100000` runs more than the usual 2,000, and `PITDESK_SIM_KEPT=1000` so many
//! worlds in which the program keeps brackets for its broker, and no others; `PITDESK_SIM_FROM=5000` goes on
//! from there. A seed that fails prints the command that replays it.
//!
//! # What was broken on purpose
//!
//! One at a time, to see that the checks can fail: what was broken, which check saw it first, and
//! the seed that was told. (Two seeds run at once, so that it is not always the lowest.)
//!
//! | broken | seen by | seed |
//! |---|---|---|
//! | `engine::trading`: an order leaves before its record is on the disk | a start would know of it | 3 |
//! | `engine::reconcile`: what never arrived is sent again under its id | an order leaves once | 1 |
//! | the same under a new id | each order has one wish | 1 |
//! | `engine`: what a session has not read goes to the next one | an order leaves once | 65 |
//! | `engine::orders`: a start gives out ids anew | an order is intended once | 2 |
//! | `engine::reconcile`: an order of unknown fate is sent again | an order leaves once | 20 |
//! | the same under a new id | each order has one wish | 32 |
//! | `engine::reconcile`: what the exchange has lost counts as cancelled | only the trader calls it ended | 14 |
//! | `engine::reconcile`: what the exchange has lost is left as the session left it | it is settled | 8 |
//! | `engine::log`: an execution counts twice | each execution once | 1 |
//! | `engine::reports`: one fill in seven is dropped | a close is no larger than the position | 6 |
//! | `engine::reconcile`: books are taken over without their fills | the executions | 1 |
//! | `engine`: a start forgets the executions of its journal | executions in the journal | 2 |
//! | `engine::reports`: a fill does not move the position | a close is no larger than the position | 1 |
//! | `engine::orders`: books are taken over without how much has filled | orders are the same | 1 |
//! | `engine::reports`: a report counts for another order | what is shown as ended | 1 |
//! | `engine::orders`: a cancel that was refused counts as done | what is shown as ended | 4 |
//! | `engine::order_state`: what loses its broker counts as cancelled | what is shown as ended | 1 |
//! | `broker::paper::client`: what was handed over counts as never sent | what is shown as ended | 1 |
//! | `engine::journal`: what is cancelled before the disk has it leaves all the same | what is shown as ended | 2 |
//! | `engine::kill`: cancels that were asked for count as done | the switch is done and something works | 7 |
//! | `engine::kill`: positions are not closed | the switch is done and something is held | 3 |
//! | `engine::kill`: the lock is not saved | a start would begin unlocked | 7 |
//! | `engine::kill`: done before the lock is on the disk | a start would begin unlocked | 75 |
//! | `engine::known`: orders leave while locked | each order has one wish | 3 |
//! | `risk`: the second judgement lets everything through | a close is no larger than the position | 147 |
//! | `engine::known`: what works is not counted | orders per minute | 5 |
//! | `engine::orders`: of a change the larger size is not counted | order quantity | 19 |
//! | `risk::judge`: exits are not counted | position value | (299) |
//! | `engine::known`: what is not acknowledged is not counted as working | working orders | 6 |
//! | `engine`: a start forgets the orders of the last minute | orders per minute | 1 |
//! | `engine::known`: other instruments are not exposed | exposure | 9 |
//! | `risk::judge`: the loss of the day is not judged | loss of the day | 15 |
//! | `engine`: a start forgets the trading day | loss of the day | 15 |
//! | `store::journal::recover`: an execution is left out | the model of the journal | 1 |
//! | `store::journal::batch`: reports do not change the order's row | the model of the journal | 1 |
//! | `link::slots`: dropped updates are not counted | the ledger | 1 |
//! | `engine::reconcile`: the record of an execution takes its order over as the broker has it | a start takes it for foreign | 8 |
//! | `engine::groups`: legs that are over are not told | legs are told as over | all |
//! | `engine::flatten`: a close is of twice the position | closes arrive (the gate refuses them) | all |
//!
//! The figure in brackets is of an earlier throwaway patch that had a second defect in it (it took a
//! waiting change out too early); that run was not repeated.
//!
//! A first form of the resends was itself broken: it sent before reconciliation had ended, and 150
//! worlds saw nothing. Two checks came of mutations that went unseen: a tight limit of the position
//! in some worlds (the larger size of a change), and that what the books do not have is settled.
//!
//! What is not reached: an order whose intent a full disk gave up and that is intended again, as a
//! close behind its exits may be. 1,200 worlds without the line of [`disk`] for it saw nothing.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "../wire/pipe.rs"]
#[expect(dead_code, reason = "the tests of the wire use more of it")]
mod pipe;

mod brackets;
mod disk;
mod elsewhere;
mod exchange;
mod heard;
mod invariants;
mod judge;
mod limits;
mod line;
mod plans;
mod program;
mod real;
mod tally;
mod trader;
mod witness;
mod world;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use tally::{Tally, refusals};
use world::{World, kept_seed};

/// Seeds of an ordinary run.
const SEEDS: u64 = 2_000;

/// What a thousand worlds see at least: a run in which nothing goes wrong proves nothing.
const USUAL: [(&str, u64); 22] = [
    ("orders", 8_000),
    ("fills", 3_000),
    ("connections", 5_000),
    ("program kills", 1_000),
    ("exchange kills", 800),
    ("kills", 300),
    ("flattened", 50),
    ("closes arrived", 500),
    ("reversals arrived", 100),
    ("closes of the kill switch arrived", 100),
    ("changes arrived", 400),
    ("plans", 8_000),
    ("plans sent again", 3_000),
    ("orders of plans arrived", 600),
    ("exits released", 300),
    ("updates dropped", 500),
    ("never arrived", 500),
    ("orders left unknown by a session", 2_000),
    ("orders from elsewhere", 400),
    ("found: filled", 500),
    ("found: foreign", 100),
    ("executions forgotten", 100),
];
/// What some worlds see.
const RARE: [&str; 12] = [
    "found: ended",
    "found: changed",
    "found: never arrived",
    "found: found again",
    "found: position",
    "found: gone",
    "decisions",
    "refused when the disk had it",
    "exits added",
    "stops sent at market",
    "legs told as over",
    "plans while locked",
];

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
    let kept_only = number("PITDESK_SIM_KEPT");
    let seeds = kept_only.or_else(|| number("PITDESK_SIM_SEEDS")).unwrap_or(SEEDS);
    let first = number("PITDESK_SIM_FROM").unwrap_or(1);
    let next = AtomicU64::new(first);
    let total = Mutex::new(Tally::default());
    std::thread::scope(|scope| {
        // A world waits for its journal half of the time.
        for _ in 0..2 * std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number > seeds {
                        return;
                    }
                    let seed = if kept_only.is_some() { kept_seed(number) } else { number };
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
    let worlds = (seeds + 1).saturating_sub(first);
    println!("{worlds} worlds, from seed {first}: {total:?}");
    if kept_only.is_some() {
        return;
    }
    let at_least = |what: &str, per_thousand: u64| {
        let enough = total.of(what) * 1_000 >= per_thousand * worlds;
        assert!(enough, "'{what}' happened {} times: {total:?}", total.of(what));
    };
    for (what, per_thousand) in USUAL {
        at_least(what, per_thousand);
    }
    // With a handful of seeds not everything need happen.
    if worlds >= SEEDS {
        for what in RARE.into_iter().chain(refusals()) {
            assert!(total.of(what) > 0, "'{what}' never happened: {total:?}");
        }
    }
}

#[test]
fn the_same_seed_is_the_same_world() {
    assert_eq!(World::run(7), World::run(7));
}
