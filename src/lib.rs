//! Pitdesk: a desktop trading terminal.
//!
//! One window thread (egui) and one background runtime (tokio), which only exchange
//! messages. Modules from bottom to top; an import only ever points down this list
//! (`tests/tidy.rs` enforces it):
//!
//! | module | holds |
//! |---|---|
//! | [`domain`] | the vocabulary: instrument, price, order, fill, bar … |
//! | [`market`] | mathematics on market data: bars, level of detail, book, calendar, ladder, tape, indicators |
//! | [`risk`] | the gate: limits, and the only maker of what a broker accepts |
//! | [`link`] | `Command` and `Update`, and the two ends of the channel between the worlds |
//! | [`exchange`] | the paper exchange: matching engine, synthetic market, replay |
//! | [`store`] | bars, settings, workspace and account on disk; CSV import |
//! | [`broker`] | the contract of a broker, and one adapter per broker |
//! | [`engine`] | the actor that owns all trading state |
//! | [`desk`] | the view model: what the window, or a server, knows |
//! | [`gateway`] | servers for other programs: the TWS API |
//! | [`ui`] | egui: panes, chart, shell, theme |
//! | [`app`] | wiring: arguments, profile, start-up, shutdown |

pub mod app;
pub mod broker;
pub mod desk;
pub mod domain;
pub mod engine;
pub mod exchange;
pub mod gateway;
pub mod link;
pub mod market;
pub mod risk;
pub mod store;
pub mod ui;

// What tests here and in `tests/` share names this crate as they do.
#[cfg(test)]
extern crate self as pitdesk;

#[cfg(test)]
#[path = "../tests/common/approved.rs"]
mod approved;
#[cfg(test)]
#[path = "../tests/common/data.rs"]
mod data;
#[cfg(test)]
#[path = "../tests/common/tick_tables.rs"]
mod tick_tables;
