//! The windows beside the main one, which panes were taken out into.
//!
//! Each paints by itself, for what happens in it or for new data, and never because the main window paints; all
//! share the one terminal, which whoever paints holds for the length of a frame. It is one thread that paints:
//! the lock is there because egui keeps what draws a window, and nobody ever waits for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::{Rect, Vec2, ViewportBuilder, ViewportCommand, vec2};

use super::place;
use super::wake::Wake;
use crate::link::Clock;
use crate::ui::Terminal;
use crate::ui::workspace::{WindowKey, WindowPlace};

/// Smallest inside of a window in which a pane can be used.
const LEAST: Vec2 = vec2(280.0, 200.0);
/// Of a window that was never moved.
const FIRST: Vec2 = vec2(900.0, 600.0);
/// Room for the largest of what asks something. A window that is smaller grows for as long as it is asked.
const ASKING: Vec2 = vec2(860.0, 490.0);

/// The terminal that all windows draw.
pub(super) type Shared = Arc<Mutex<Terminal>>;

/// The terminal, for as long as a frame takes. A frame that panicked leaves what it had: the window that is left
/// shows the last that is known.
pub(super) fn of(terminal: &Shared) -> MutexGuard<'_, Terminal> {
    terminal.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The windows that are open.
#[derive(Default)]
pub(super) struct Beside {
    /// As they were opened: a window is not moved again because it has been moved.
    opened: BTreeMap<WindowKey, ViewportBuilder>,
}

impl Beside {
    /// Opens what the arrangement has, and keeps open what it still has; egui closes the rest.
    pub fn show(
        &mut self,
        ctx: &egui::Context,
        frame: &eframe::Frame,
        (terminal, wake, clock): (&Shared, &Wake, &Clock),
    ) {
        let windows: Vec<(WindowKey, Option<WindowPlace>, String)> = {
            let terminal = of(terminal);
            terminal.beside().map(|(window, place)| (window, place, terminal.title_of(window))).collect()
        };
        self.opened.retain(|window, _| windows.iter().any(|(there, ..)| there == window));
        wake.keep_beside(|id| self.opened.keys().any(|window| window.viewport() == id));
        for (window, place, title) in windows {
            let open = || builder(place, ctx.zoom_factor(), &place::monitors(frame), ctx.pixels_per_point());
            let opened = self.opened.entry(window).or_insert_with(open);
            let (terminal, wake, clock) = (Arc::clone(terminal), wake.clone(), clock.clone());
            ctx.show_viewport_deferred(window.viewport(), opened.clone().with_title(title), move |ui, _| {
                wake.on_frame_beside(window.viewport(), clock.now());
                frame_ui(window, ui, &mut of(&terminal));
            });
        }
    }
}

/// A frame of one of them.
fn frame_ui(window: WindowKey, ui: &mut egui::Ui, terminal: &mut Terminal) {
    let ctx = ui.ctx().clone();
    if ctx.input(|input| input.viewport().close_requested()) {
        terminal.close_beside(window);
        // The main window shows the panes, and this one no more.
        ctx.request_repaint_of(WindowKey::MAIN.viewport());
        return;
    }
    terminal.beside_ui(window, ui);
    if make_room(&ctx, window) {
        return;
    }
    let before = terminal.beside().find(|(of, _)| *of == window).and_then(|(_, place)| place);
    let scale = ctx.zoom_factor();
    let now = ctx.input(|input| place::now(input.viewport(), scale, before));
    if let Some(place) = now {
        terminal.on_beside_place(window, place);
    }
}

/// Has a window that is small grow while something is asked in it, and go back after that. Whether it has
/// another size than the trader gave it.
fn make_room(ctx: &egui::Context, window: WindowKey) -> bool {
    let id = egui::Id::unique(("room of a window", window));
    let small = ctx.data(|data| data.get_temp::<Vec2>(id));
    let here = ctx.content_rect().size();
    let is_asking = ctx.memory(|memory| memory.top_modal_layer().is_some());
    match (small, is_asking) {
        (None, true) if here.x < ASKING.x || here.y < ASKING.y => {
            ctx.data_mut(|data| data.insert_temp(id, here));
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(here.max(ASKING)));
        }
        (Some(small), false) => {
            ctx.data_mut(|data| data.remove::<Vec2>(id));
            ctx.send_viewport_cmd(ViewportCommand::InnerSize(small));
        }
        (small, _) => return small.is_some(),
    }
    true
}

/// A window as it was left, where a monitor shows it. `scale` is egui's own, by which its points are larger than
/// those of the desktop, in which places are.
fn builder(
    place: Option<WindowPlace>,
    scale: f32,
    monitors: &[Rect],
    pixels_per_point: f32,
) -> ViewportBuilder {
    let builder = ViewportBuilder::default().with_app_id("pitdesk").with_min_inner_size(LEAST);
    let Some(place) = place else { return builder.with_inner_size(FIRST) };
    let size = Vec2::from(place.size).max(LEAST * scale);
    let builder = builder.with_inner_size(size / scale).with_maximized(place.is_maximised);
    let Some(position) = place.position else { return builder };
    // Monitors are in pixels, and there are no decorations of a window that is not there yet.
    let pixels = pixels_per_point / scale;
    let window = Rect::from_min_size(egui::Pos2::from(position) * pixels, size * pixels);
    let position = place::rescue(window, monitors).unwrap_or(window.min) / pixels;
    builder.with_position(position / scale)
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    /// Two frames of a window of this size: one opens or closes what asks, the next knows of it. The sizes
    /// that they ask of the desktop, and whether the window has another size than its own.
    fn frames(ctx: &egui::Context, size: Vec2, is_asking: bool) -> (Vec<Vec2>, bool) {
        let (mut sizes, mut is_grown) = (Vec::new(), false);
        for _ in 0..2 {
            let screen_rect = Some(Rect::from_min_size(egui::Pos2::ZERO, size));
            let input = egui::RawInput { screen_rect, ..egui::RawInput::default() };
            let mut output = ctx.run_ui(input, |ui| {
                if is_asking {
                    egui::Modal::new(egui::Id::unique("question")).show(ui.ctx(), |ui| ui.label("Sure?"));
                }
                is_grown = make_room(ui.ctx(), WindowKey::MAIN);
            });
            output.textures_delta.clear();
            let own = output.viewport_output.remove(&egui::ViewportId::ROOT);
            sizes.extend(own.into_iter().flat_map(|own| own.commands).filter_map(|command| match command {
                ViewportCommand::InnerSize(size) => Some(size),
                _ => None,
            }));
        }
        (sizes, is_grown)
    }

    #[test]
    fn a_small_window_grows_while_something_is_asked_in_it_and_goes_back() {
        for (small, large) in [([400.0, 300.0], [860.0, 490.0]), ([1_000.0, 300.0], [1_000.0, 490.0])] {
            let ctx = egui::Context::default();
            let [small, large] = [small, large].map(Vec2::from);
            assert_eq!(frames(&ctx, small, false), (vec![], false));
            assert_eq!(frames(&ctx, small, true), (vec![large], true));
            for size in [small, large] {
                assert_eq!(frames(&ctx, size, true), (vec![], true), "the desktop takes its time");
            }
            assert_eq!(frames(&ctx, large, false).0, vec![small]);
            assert_eq!(frames(&ctx, small, false), (vec![], false), "this size is the trader's");
        }
    }

    #[test]
    fn a_window_with_room_for_a_question_stays_as_it_is() {
        let ctx = egui::Context::default();
        for is_asking in [true, false] {
            assert_eq!(frames(&ctx, ASKING, is_asking), (vec![], false));
        }
    }

    const LEFT: WindowPlace =
        WindowPlace { position: Some([2_000.0, 100.0]), size: [600.0, 450.0], is_maximised: false };

    #[test]
    fn a_window_is_opened_where_it_was_left() {
        let monitors = [
            Rect::from_min_size(pos2(0.0, 0.0), vec2(1_920.0, 1_080.0)),
            Rect::from_min_size(pos2(1_920.0, 0.0), vec2(1_920.0, 1_080.0)),
        ];
        let opened = builder(Some(LEFT), 1.0, &monitors, 1.0);
        assert_eq!(
            (opened.position, opened.inner_size),
            (Some(pos2(2_000.0, 100.0)), Some(vec2(600.0, 450.0)))
        );
        let with_large_text = builder(Some(LEFT), 1.5, &monitors, 1.5);
        assert_eq!(with_large_text.inner_size, Some(vec2(400.0, 300.0)), "as large on the desktop");
    }

    #[test]
    fn a_window_whose_monitor_is_gone_is_opened_on_the_first() {
        let monitors = [Rect::from_min_size(pos2(0.0, 0.0), vec2(1_920.0, 1_080.0))];
        let opened = builder(Some(LEFT), 1.0, &monitors, 1.0);
        assert_eq!(opened.position, Some(pos2(660.0, 315.0)));
        // A desktop that tells of no monitor places its windows itself.
        assert_eq!(builder(Some(LEFT), 1.0, &[], 1.0).position, Some(pos2(2_000.0, 100.0)));
        assert_eq!(builder(None, 1.0, &monitors, 1.0).position, None);
    }
}
