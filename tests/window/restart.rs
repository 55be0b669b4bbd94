//! What outlives the window: arrangement, history, locks; and what a start makes of damage.

use std::fs;

use egui::{Key, vec2};

use crate::trader::{PATIENCE, Trader, cell, program_time};
use crate::window::{Role, SOON, Tree, Widget, Window};

fn chart_height(tree: &Tree) -> Option<f32> {
    let chart = tree.widgets.iter().find(|w| w.role == Role::Canvas && w.name.starts_with("Chart "));
    chart.map(|chart| chart.bounds.height())
}

fn watched(tree: &Tree) -> Vec<String> {
    let rows = tree.widgets.iter().filter(|w| w.role == Role::ListBoxOption);
    rows.map(|row| row.name.split(' ').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn arrangement_and_history_are_there_after_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    let window = &mut trader.window;
    let row = window.wait_for("NVDA in the watchlist", SOON, |w| w.name.starts_with("NVDA NASDAQ"));
    window.click_at(row.bounds.center());
    window.press(Key::Delete);
    window
        .wait_until("NVDA to be gone", SOON, |tree| (!watched(tree).contains(&"NVDA".into())).then_some(()));
    let before = chart_height(&window.tree()).expect("the chart");
    let between = window.wait_for("the edge between chart and blotter", SOON, |w| {
        w.role == Role::Splitter && w.name == "Between Chart and Blotter"
    });
    window.drag(between.bounds.center(), between.bounds.center() - vec2(0.0, 80.0));
    let height = window.wait_until("a lower chart", SOON, |tree| {
        chart_height(tree).filter(|height| *height < before - 40.0)
    });
    window.click("5m");
    window
        .wait_for("the chart of 5 minutes", SOON, |w| w.name.starts_with("Chart ") && w.name.ends_with("5m"));

    trader.turn_to("MSFT");
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 MSFT at market");
    trader.wait_for_count("Positions", 1);
    trader.trade("Close", "close: sell 10 MSFT at market");
    trader.wait_for_count("Positions", 0);
    let orders = trader.rows();
    assert_eq!(orders.len(), 2, "{orders:?}");
    trader.look_at("Positions");
    let flat = trader.wait_for_row(&["Position in MSFT", "Net 0"]);
    trader.look_at("Fills");
    let fills = trader.rows();
    assert!(fills.len() >= 2, "{fills:?}");
    let list = watched(&trader.window.tree());
    trader.leave();

    let mut trader = Trader::start(home.path());
    trader.window.wait_for("the chart of the last time", PATIENCE, |w| {
        w.role == Role::Canvas && w.name == "Chart MSFT · NASDAQ 5m"
    });
    let tree = trader.window.tree();
    assert_eq!(watched(&tree), list);
    let again = chart_height(&tree).expect("the chart");
    assert!((again - height).abs() < 1.0, "the chart was {height} high and is {again}");
    assert_eq!(tree.find(Role::Tab, "Fills").and_then(|tab| tab.on), Some(true));
    trader.wait_for_count("Fills", fills.len());
    assert_eq!(trader.rows(), fills);
    trader.look_at("Orders");
    assert_eq!(trader.rows(), orders);
    trader.look_at("Positions");
    let after = trader.wait_for_row(&["Position in MSFT", "Net 0"]);
    assert_eq!(cell(&after, "Realised today"), cell(&flat, "Realised today"));
    trader.leave();
}

#[test]
fn what_was_done_is_there_when_the_program_was_killed() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    let row = trader.window.wait_for("NVDA", SOON, |w| w.name.starts_with("NVDA NASDAQ"));
    trader.window.click_at(row.bounds.center());
    trader.window.press(Key::Delete);
    trader.turn_to("AAPL");
    trader.window.click("5m");
    trader.search("theme light", "Theme: light");
    let price = trader.rest_a_buy();
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 AAPL at market");
    trader.wait_to_read(&["long 10"]);
    // Nothing is asked to save. What the window shows of the account was on disk before; the rest is
    // because time passes.
    let saved = |name: &str| fs::read_to_string(home.path().join("paper").join(name)).unwrap_or_default();
    trader.window.wait_until("everything to be on disk", PATIENCE, |_| {
        let layout = saved("workspace.json");
        let is_laid_out = !layout.is_empty() && !layout.contains("NVDA@NASDAQ") && layout.contains("\"M5\"");
        (is_laid_out && saved("settings.toml").contains("light")).then_some(())
    });
    let list = watched(&trader.window.tree());
    trader.kill();

    let mut trader = Trader::start(home.path());
    trader.window.wait_for("the chart of the last time", PATIENCE, |w| {
        w.role == Role::Canvas && w.name == "Chart AAPL · NASDAQ 5m"
    });
    assert_eq!(watched(&trader.window.tree()), list);
    assert!(saved("settings.toml").contains("light"));
    trader.look_at("Positions");
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.look_at("Orders");
    trader.wait_for_count("Orders", 1);
    trader.wait_for_row(&["Symbol AAPL", "Working", &price]);
    assert_eq!(trader.rows().len(), 2, "the order that works and the one that filled, each once");
    trader.cancel_all();
    trader.leave();
}

#[test]
fn an_account_is_saved_when_the_window_closes_right_after_a_fill() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    trader.prepare_market_order("10");
    trader.look_at("Positions");
    trader.trade("Buy", "buy 10 AAPL at market");
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    // The program gives its engine three seconds and says so when they were not enough.
    let output = trader.leave();
    assert!(!output.contains("did not finish"), "{output}");

    let mut trader = Trader::start(home.path());
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.leave();
}

#[test]
fn the_kill_switch_stays_locked_over_a_restart() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    trader.rest_a_buy();
    trader.wait_for_count("Orders", 1);
    trader.window.click("Kill switch");
    trader.wait_to_read(&["LOCKED · nothing working"]);
    trader.wait_for_count("Orders", 0);
    trader.leave();

    let mut trader = Trader::start(home.path());
    trader.wait_to_read(&["LOCKED · nothing working"]);
    let buy = trader.window.find(Role::Button, "Buy").expect("the button");
    assert!(!buy.enabled, "no order can be entered while the switch is locked");
    trader.window.click("Release…");
    trader.window.click("Release");
    trader
        .window
        .wait_for("the armed switch", PATIENCE, |w| w.role == Role::Button && w.name == "Kill switch");
    trader.prepare_market_order("5");
    trader.trade("Buy", "buy 5 AAPL at market");
    trader.wait_to_read(&["long 5"]);
    trader.leave();
}

/// Opens the menu of a pane and chooses there, menu by menu.
fn choose(trader: &mut Trader, pane: &str, path: &[&str]) {
    trader.window.click(&format!("Menu of {pane}"));
    for name in path {
        let entry =
            trader.window.wait_for(name, SOON, |w| w.role == Role::Button && w.name.starts_with(name));
        trader.window.click_at(entry.bounds.center());
    }
}

/// Names of the panes that have a menu.
fn panes(tree: &Tree) -> Vec<String> {
    let names = tree.widgets.iter().filter_map(|w| w.name.strip_prefix("Menu of "));
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names
}

#[test]
fn workspaces_that_were_built_are_there_after_a_restart_and_after_damage() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    choose(&mut trader, "Chart", &["Split below", "Ladder"]);
    trader.window.wait_for("the ladder", SOON, |w| w.name == "Menu of Ladder");
    trader.search("workspaces", "Workspaces: new, copy, rename, export, import");
    trader.window.wait_for("the field", SOON, |w| w.name == "Name of a new workspace");
    trader.window.type_text("Quiet");
    trader.window.click("Begin with standard panes");
    trader.window.press(Key::Escape);
    trader.window.wait_for("the new one", SOON, |w| w.name == "Workspace Quiet");
    assert_eq!(panes(&trader.window.tree()), ["Blotter", "Chart", "Ticket", "Watchlist"]);
    trader.leave();

    let mut trader = Trader::start(home.path());
    trader.window.wait_for("the workspace of the last time", PATIENCE, |w| w.name == "Workspace Quiet");
    assert_eq!(panes(&trader.window.tree()).len(), 4);
    trader.search("workspace main", "Workspace Main");
    trader.window.wait_for("the first one", SOON, |w| w.name == "Menu of Ladder");
    let all = panes(&trader.window.tree());
    trader.leave();

    // Whole, and wrong: what was written a start before is shown.
    let mut trader = Trader::start(home.path());
    trader.window.wait_for("the ladder", PATIENCE, |w| w.name == "Menu of Ladder");
    trader.leave();
    fs::write(home.path().join("paper/workspace.json"), "{\"version\":3}").unwrap();
    let mut trader = Trader::start(home.path());
    trader.window.wait_for("the ladder", PATIENCE, |w| w.name == "Menu of Ladder");
    assert_eq!(panes(&trader.window.tree()), all);
    trader.look_at("Activity");
    trader.wait_to_read(&["The layout of the start before is shown"]);
    trader.leave();
}

#[test]
fn damaged_files_are_told_and_do_not_keep_it_from_starting() {
    let home = tempfile::tempdir().unwrap();
    let profile = home.path().join("paper");
    fs::create_dir_all(&profile).unwrap();
    fs::write(profile.join("workspace.json"), "{\"version\":1,\"tree\":").unwrap();
    fs::write(profile.join("settings.toml"), "theme = \"dark\nconfirm_orders = ").unwrap();
    let mut trader = Trader::start(home.path());
    trader.look_at("Activity");
    trader.wait_to_read(&["The saved layout could not be read"]);
    trader.wait_to_read(&["settings.toml"]);
    trader.leave();
}

#[test]
fn a_tour_that_was_skipped_is_not_shown_at_the_next_start() {
    let home = tempfile::tempdir().unwrap();
    let start = || Window::start(&["--data-dir", home.path().to_str().unwrap(), "--at", &program_time()]);
    let is_skip = |w: &Widget| w.role == Role::Button && w.name == "Skip the tour";
    let mut window = start();
    window.wait_for("the tour on a first start", PATIENCE, is_skip);
    window.close();
    let mut window = start();
    window.wait_for("the tour, which was not skipped", PATIENCE, is_skip);
    window.click("Skip the tour");
    window.close();
    let mut window = start();
    window.wait_for("market data", PATIENCE, |w| w.role == Role::Button && w.name == "Bid");
    assert!(!window.tree().widgets.iter().any(is_skip));
    window.close();
}
