//! The paper exchange behind its wire: the two sides over a pipe that cuts, delays, doubles and
//! swallows what goes through it, and as processes of their own.
//!
//! To show that these can fail, each of the following was broken on purpose once:
//!
//! | broken | seen by |
//! |---|---|
//! | every third change is not written to the disk | `killed_at_any_moment_…` |
//! | an order id is taken a second time | `an_order_id_is_taken_once_for_ever` |
//! | a missing event is not missed | `a_missing_event_ends_the_connection_…` |
//! | who is taken over is not told | `a_second_client_takes_over_…`, `a_second_program_…` |
//! | any token will do | `only_who_knows_the_token_…`, `who_speaks_no_protocol_…` |
//! | a frame that comes twice is taken twice | `a_request_that_comes_twice_…`, the corpus, `whatever_the_line_does_…` |
//! | an order is on the wire nine bytes too early | `an_order_is_on_the_wire_…`, `a_connection_cut_at_any_byte_…` |
//! | a change on the disk forgets the order ids | `the_changes_add_up_to_the_state` |
//! | orders of the market itself can be cancelled | `another_account_and_the_markets_own_orders_…` |
//! | silence is suffered for twice as long | `who_says_nothing_is_gone` |

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/approved.rs"]
#[expect(dead_code, reason = "shared")]
mod approved;
#[path = "wire/client.rs"]
mod client;
#[path = "wire/corpus.rs"]
mod corpus;
#[path = "wire/door.rs"]
mod door;
#[path = "wire/faults.rs"]
mod faults;
#[path = "wire/groups.rs"]
mod groups;
#[path = "wire/kept.rs"]
mod kept;
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
