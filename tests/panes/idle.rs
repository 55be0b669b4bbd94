//! Where nothing moves, nothing is painted: every pane there is, and all of them at once.

use std::time::Duration;

use egui::ViewportId;
use egui_kittest::Harness;
use pitdesk::ui::pane::PaneKind;

use crate::bench::settle;
use crate::chart_pane::AAPL;
use crate::desktop::{Desktop, choose, desktop_sized};

type Window = Harness<'static, Desktop>;

/// A desk on a market that has quoted once, with these panes beside the chart.
fn desk(kinds: &[PaneKind]) -> Window {
    let mut window = desktop_sized(egui::vec2(2_560.0, 1_440.0));
    window.state_mut().market.quote(AAPL, "284.50");
    settle(&mut window);
    for (index, kind) in kinds.iter().enumerate() {
        // No more beside the chart than leave it room for its menu.
        let place = if index < 6 { "Split right" } else { "Split below" };
        choose(&mut window, "Chart", &[place, kind.title()]);
    }
    window
}

/// How long the window would sleep once nothing happens any more. `Window::run` panics where frame asks for frame.
fn sleeps(window: &mut Window) -> Duration {
    window.run();
    window.output().viewport_output[&ViewportId::ROOT].repaint_delay
}

/// The clock in the status bar counts seconds while a market is open, and nothing else may be quicker.
#[test]
fn no_pane_asks_for_a_frame_while_nothing_moves() {
    for kind in PaneKind::ALL {
        let delay = sleeps(&mut desk(&[*kind]));
        assert!(delay > Duration::from_millis(200), "{kind:?} asks for a frame after {delay:?}");
    }
}

#[test]
fn a_desk_with_every_pane_sleeps_while_nothing_moves() {
    let mut window = desk(PaneKind::ALL);
    let delay = sleeps(&mut window);
    assert!(delay > Duration::from_millis(200), "{delay:?}");
    // A quote is one frame's work, and the mark of its change one more.
    window.state_mut().market.quote(AAPL, "284.51");
    let delay = sleeps(&mut window);
    assert!(delay > Duration::from_millis(200), "{delay:?}");
}
