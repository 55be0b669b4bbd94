//! Where the window stands on the desktop: as it was left, as far as the monitors of today show it.

use egui::{Pos2, Rect, Vec2, ViewportBuilder, ViewportCommand, ViewportInfo, pos2, vec2};

use crate::ui::workspace::WindowPlace;

/// Smallest inside of a window in which the desk can be used.
const LEAST: Vec2 = vec2(960.0, 600.0);
/// Of a window that was never moved.
const FIRST: Vec2 = vec2(1_600.0, 900.0);
/// So much of the upper edge must be on a monitor for a hand to take the window by it.
const HANDLE: Vec2 = vec2(120.0, 24.0);

/// The window as it was left, or as it is the first time.
pub(super) fn builder(place: Option<WindowPlace>) -> ViewportBuilder {
    let size = place.map_or(FIRST, |place| Vec2::from(place.size).max(LEAST));
    let builder = ViewportBuilder::default().with_inner_size(size).with_min_inner_size(LEAST);
    let Some(place) = place else { return builder };
    let builder = builder.with_maximized(place.is_maximised);
    match place.position {
        Some(position) => builder.with_position(Pos2::from(position)),
        None => builder,
    }
}

/// Where it stands now; `None` while the desktop does not tell, or hides it. `scale` is the window's own, by
/// which egui's points are larger than those of the desktop. While it is maximised the place of before is
/// kept: that is where it goes back to.
pub(super) fn now(info: &ViewportInfo, scale: f32, before: Option<WindowPlace>) -> Option<WindowPlace> {
    if info.minimized == Some(true) || info.fullscreen == Some(true) {
        return None;
    }
    let is_maximised = info.maximized == Some(true);
    if let Some(before) = before.filter(|_| is_maximised) {
        return Some(WindowPlace { is_maximised, ..before });
    }
    let size = info.inner_rect?.size() * scale;
    let is_one = size.is_finite() && size.min_elem() > 0.0;
    let rounded = |at: Pos2| [(at.x * scale).round(), (at.y * scale).round()];
    let position = info.outer_rect.map(|outer| rounded(outer.min));
    is_one.then(|| WindowPlace { position, size: [size.x.round(), size.y.round()], is_maximised })
}

/// What brings a window back that nobody could take by its upper edge: the monitor that it stood on is gone.
/// All in the desktop's pixels; `None` where it can be taken, or nothing is known of the monitors.
pub(super) fn rescue(window: Rect, monitors: &[Rect]) -> Option<Pos2> {
    let edge = Rect::from_min_size(window.min, vec2(window.width(), HANDLE.y));
    let is_on = |monitor: &&Rect| {
        let seen = monitor.intersect(edge);
        seen.width() >= HANDLE.x.min(window.width()) && seen.height() >= HANDLE.y / 2.0
    };
    let home = monitors.first()?;
    if monitors.iter().any(|monitor| is_on(&monitor)) {
        return None;
    }
    let room = (home.size() - window.size()).max(Vec2::ZERO) / 2.0;
    Some(pos2(home.left() + room.x.round(), home.top() + room.y.round()))
}

/// The same for the real window, once it is there.
pub(super) fn rescue_command(frame: &eframe::Frame, pixels_per_point: f32) -> Option<ViewportCommand> {
    let window = frame.winit_window()?;
    // A desktop that tells no positions places its windows itself.
    let here = rect(window.outer_position().ok()?.into(), window.outer_size().into());
    let to = rescue(here, &monitors(frame))?;
    Some(ViewportCommand::OuterPosition((to.to_vec2() / pixels_per_point).to_pos2()))
}

/// The monitors of today, in pixels, the first one where new windows come up.
pub(super) fn monitors(frame: &eframe::Frame) -> Vec<Rect> {
    let Some(window) = frame.winit_window() else { return Vec::new() };
    let all = window.primary_monitor().into_iter().chain(window.available_monitors());
    all.map(|monitor| rect(monitor.position().into(), monitor.size().into())).collect()
}

fn rect((x, y): (i32, i32), (width, height): (u32, u32)) -> Rect {
    Rect::from_min_size(pos2(x as f32, y as f32), vec2(width as f32, height as f32))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window_at(x: f32, y: f32, width: f32, height: f32) -> Rect {
        Rect::from_min_size(pos2(x, y), vec2(width, height))
    }

    const LEFT: WindowPlace =
        WindowPlace { position: Some([100.0, 50.0]), size: [1_400.0, 800.0], is_maximised: false };

    #[test]
    fn a_window_on_any_monitor_stays_where_it_was() {
        let monitors = [window_at(0.0, 0.0, 1_920.0, 1_080.0), window_at(1_920.0, 0.0, 2_560.0, 1_440.0)];
        for at in [(0.0, 0.0), (2_000.0, 100.0), (1_800.0, 50.0), (-1_000.0, 10.0), (4_300.0, 1_400.0)] {
            assert_eq!(rescue(window_at(at.0, at.1, 1_600.0, 900.0), &monitors), None, "{at:?}");
        }
    }

    #[test]
    fn a_window_whose_monitor_is_gone_comes_to_the_first() {
        let monitors = [window_at(0.0, 0.0, 1_920.0, 1_080.0)];
        for at in [(2_000.0, 100.0), (-1_550.0, 10.0), (100.0, -300.0), (100.0, 1_075.0)] {
            let to = rescue(window_at(at.0, at.1, 1_600.0, 900.0), &monitors);
            assert_eq!(to, Some(pos2(160.0, 90.0)), "{at:?}");
        }
        let large = rescue(window_at(5_000.0, 0.0, 2_560.0, 1_440.0), &monitors);
        assert_eq!(large, Some(pos2(0.0, 0.0)), "its upper edge is what it is taken by");
        assert_eq!(rescue(window_at(5_000.0, 0.0, 800.0, 600.0), &[]), None);
    }

    #[test]
    fn the_place_is_told_in_points_of_the_desktop() {
        let info = ViewportInfo {
            inner_rect: Some(window_at(51.0, 40.0, 800.0, 500.0)),
            outer_rect: Some(window_at(50.0, 20.0, 802.0, 521.0)),
            ..ViewportInfo::default()
        };
        let place = now(&info, 1.5, None).unwrap();
        assert_eq!((place.position, place.size), (Some([75.0, 30.0]), [1_200.0, 750.0]));
    }

    #[test]
    fn a_maximised_window_remembers_where_it_goes_back_to() {
        let info = ViewportInfo {
            inner_rect: Some(window_at(0.0, 0.0, 1_920.0, 1_080.0)),
            maximized: Some(true),
            ..ViewportInfo::default()
        };
        assert_eq!(now(&info, 1.0, Some(LEFT)), Some(WindowPlace { is_maximised: true, ..LEFT }));
        let minimised = ViewportInfo { minimized: Some(true), ..info };
        assert_eq!(now(&minimised, 1.0, Some(LEFT)), None);
    }

    #[test]
    fn a_window_begins_as_it_was_left_and_never_too_small() {
        let begun = builder(Some(LEFT));
        assert_eq!((begun.inner_size, begun.position), (Some(vec2(1_400.0, 800.0)), Some(pos2(100.0, 50.0))));
        let tiny = builder(Some(WindowPlace { size: [1.0, f32::NAN], position: None, is_maximised: true }));
        assert_eq!((tiny.inner_size, tiny.maximized), (Some(LEAST), Some(true)));
        assert_eq!(builder(None).inner_size, Some(FIRST));
    }
}
