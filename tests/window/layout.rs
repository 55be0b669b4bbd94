//! What must be in sight, in a window of a usual size.

use egui::{Rect, pos2};

use crate::trader::Trader;
use crate::window::{Role, SOON};

#[test]
fn the_way_out_is_in_sight_in_a_small_window() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    for (width, height) in [(1_280, 720), (1_600, 900)] {
        trader.window.resize(width, height);
        let screen = Rect::from_min_max(pos2(0.0, 0.0), pos2(width as f32, height as f32));
        trader.window.wait_until("everything to be inside the window", SOON, |tree| {
            let buttons = ["Buy", "Sell", "Close", "Reverse", "Kill switch"];
            let is_inside =
                |name| tree.find(Role::Button, name).is_some_and(|w| screen.contains_rect(w.bounds));
            // Near the edge, but for the control of its panel, or it is still the size before.
            let kill = tree.find(Role::Button, "Kill switch")?.bounds;
            let is_settled = kill.right() > screen.right() - 60.0 && kill.bottom() > screen.bottom() - 30.0;
            (is_settled && buttons.into_iter().all(is_inside)).then_some(())
        });
        trader.keep_picture(&format!("desk-{width}x{height}.png"));
    }
    trader.leave();
}
