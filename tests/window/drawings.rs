//! What is drawn on the chart, and a picture of it.

use std::fs;

use egui::vec2;

use crate::trader::{PATIENCE, Trader};
use crate::window::{Role, SOON, Widget};

fn line(widget: &Widget) -> bool {
    widget.role == Role::GraphicsObject && widget.name.starts_with("Horizontal line at ")
}

#[test]
fn a_drawing_and_a_picture_of_it_outlive_a_kill() {
    let home = tempfile::tempdir().unwrap();
    let profile = home.path().join("paper");
    let mut trader = Trader::start(home.path());
    trader.turn_to("AAPL");
    trader.search("chart: draw a horizontal line", "Chart: draw a horizontal line");
    let chart = trader
        .window
        .wait_for("the chart", SOON, |w| w.role == Role::Canvas && w.name.starts_with("Chart AAPL · NASDAQ"));
    trader.window.click_at(chart.bounds.center() - vec2(0.0, 40.0));
    let drawn = trader.window.wait_for("the line", SOON, line);

    trader.search("chart: keep a picture", "Chart: keep a picture");
    trader.wait_to_read(&["Picture kept: ", "AAPL-NASDAQ-"]);
    let kept: Vec<_> =
        fs::read_dir(profile.join("pictures")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    let picture = image::open(&kept[0]).unwrap().to_rgba8();
    // The pane: the chart's bars, its axes, and the head.
    let (wide, high) = (picture.width() as f32, picture.height() as f32);
    let size = chart.bounds.size();
    assert!((size.x..size.x + 140.0).contains(&wide), "{wide} of {size}");
    assert!((size.y..size.y + 140.0).contains(&high), "{high} of {size}");
    let colours: std::collections::BTreeSet<_> = picture.pixels().map(|pixel| pixel.0).collect();
    assert!(colours.len() > 20, "{colours:?}");

    trader.window.wait_until("the drawing to be on disk", PATIENCE, |_| {
        let text = fs::read_to_string(profile.join("drawings.json")).unwrap_or_default();
        text.contains("AAPL@NASDAQ").then_some(())
    });
    trader.kill();
    let mut trader = Trader::start(home.path());
    let again = trader.window.wait_for("the line of before", PATIENCE, line);
    assert_eq!(again.name, drawn.name);
    trader.leave();
}
