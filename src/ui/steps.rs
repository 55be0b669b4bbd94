//! Steps of a number in a field: by the arrow keys, by the wheel, along lots.
//!
//! One step each, with Shift ten. The field says how many steps were asked for; what a step
//! of a price is, the instrument's tick table knows.

use egui::{Event, Key, Modifiers, MouseWheelUnit, Ui};

use crate::domain::{Decimal, Instrument, Qty};

/// Scrolled points of a touchpad that count as one notch of a wheel.
const POINTS_PER_NOTCH: f32 = 20.0;
/// Notches of one frame that are taken at most: a free-spinning wheel is no order size.
const MOST_NOTCHES: f32 = 5.0;
/// Steps that Shift makes of one.
const BIG_STEP: i32 = 10;

/// Takes the vertical arrow keys out of the frame's input; upwards is positive.
pub(super) fn key_steps(ui: &Ui) -> i32 {
    arrow_steps(ui, [Key::ArrowUp, Key::ArrowDown])
}

/// Takes the horizontal arrow keys out of the frame's input; to the right is positive.
pub(super) fn side_steps(ui: &Ui) -> i32 {
    arrow_steps(ui, [Key::ArrowRight, Key::ArrowLeft])
}

fn arrow_steps(ui: &Ui, [forth, back]: [Key; 2]) -> i32 {
    let mut steps: i32 = 0;
    ui.input_mut(|input| {
        for (modifiers, size) in [(Modifiers::SHIFT, BIG_STEP), (Modifiers::NONE, 1)] {
            for (key, sign) in [(forth, 1), (back, -1)] {
                let count = input.count_and_consume_key(modifiers, key);
                steps += i32::try_from(count).unwrap_or(0) * size * sign;
            }
        }
    });
    steps
}

/// Whole notches; what is left of a touchpad's movement waits in `rest`.
pub(super) fn wheel_steps(ui: &Ui, rest: &mut f32) -> i32 {
    let mut size = 1;
    ui.input(|input| {
        for event in &input.events {
            let Event::MouseWheel { unit, delta, modifiers, .. } = event else { continue };
            // Ctrl and the wheel zoom.
            if modifiers.command || modifiers.ctrl {
                continue;
            }
            // Shift turns the wheel sideways on some systems.
            let moved = if modifiers.shift { delta.x + delta.y } else { delta.y };
            if modifiers.shift {
                size = BIG_STEP;
            }
            *rest += match unit {
                MouseWheelUnit::Line => moved,
                MouseWheelUnit::Point => moved / POINTS_PER_NOTCH,
                MouseWheelUnit::Page => moved * MOST_NOTCHES,
            };
        }
    });
    let notches = rest.trunc();
    *rest -= notches;
    notches.clamp(-MOST_NOTCHES, MOST_NOTCHES) as i32 * size
}

/// The quantity after `steps` lots, never below one: off the grid, the first step goes to
/// the next lot. `None` where no number can hold it.
pub(super) fn lots(now: Decimal, steps: i32, instrument: &Instrument) -> Option<Qty> {
    let lot = instrument.lot.0;
    let below = now - now % lot;
    let base = if steps < 0 && below != now { below + lot } else { below };
    let stepped = base.checked_add(lot.checked_mul(steps.into())?)?;
    Some(Qty(stepped.max(lot)))
}
