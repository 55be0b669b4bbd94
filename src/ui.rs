//! egui: one file or folder per pane, the shell, the theme.
//!
//! Everything here runs on the window thread and therefore never waits: panes read the
//! desk, keep only view state and push commands, which leave once, at the end of the
//! frame. [`Terminal`] is the whole window without the window: eframe, `pitdesk shot`
//! and the tests drive the same one. The only low-level painting is in [`paint`].

pub mod alerts;
pub mod allocation;
mod amending;
pub mod analytics;
mod arming;
pub mod blotter;
mod books;
pub mod chart;
pub mod chart_pane;
mod choice;
mod closing;
pub mod commands;
mod confirm;
mod dealing;
pub mod fonts;
pub mod format;
mod giving_back;
pub mod headless;
mod keys;
pub mod ladder;
mod latencies;
mod limits;
mod line;
mod lookup;
mod overlay;
pub mod paint;
pub mod pane;
pub mod panes;
mod quit;
pub mod raster;
pub mod search;
mod settings;
mod shell;
mod splitters;
mod status_bar;
mod steps;
pub mod tape;
pub mod terminal;
mod text_size;
pub mod theme;
pub mod ticket;
mod timeline;
mod toasts;
mod told;
mod tour;
pub mod watchlist;
mod windows;
pub mod workspace;
mod workspaces;

pub use commands::{BlotterTool, Commands, UiCommand};
pub use keys::{Act, Chord, Keymap, Scope, keymap_of, set_options};
pub use terminal::{Begin, Terminal};
