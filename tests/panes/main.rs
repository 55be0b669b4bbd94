//! The panes as a trader meets them, driven by accessible name.

#[path = "../common/bench.rs"]
mod bench;
#[path = "../common/desk.rs"]
mod desk;
#[path = "../common/desktop.rs"]
mod desktop;
#[path = "../common/picture.rs"]
mod picture;
#[path = "../common/soft_renderer.rs"]
mod soft_renderer;

mod accounts;
mod alerts;
mod allocation;
mod analytics;
mod arming;
mod beside;
mod blotter;
mod books;
mod chart_drawings;
mod chart_looks;
mod chart_pane;
mod chart_trading;
mod clipped;
mod idle;
mod journal;
mod kept;
mod keys;
mod kill;
mod ladder;
mod layout;
mod limits;
mod links;
mod looks;
mod lookup;
mod newcomer;
mod overlay;
mod safety;
mod search;
mod settings;
mod stake;
mod status_bar;
mod studies;
mod tape;
mod terminal;
mod ticket;
mod timeline;
mod tour;
mod uses;
mod watchlist;
mod window;
mod workspaces;
