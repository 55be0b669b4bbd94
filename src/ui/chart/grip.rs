//! Taking hold of a line: which one a place means, where it is taken to, and when it is let go.
//!
//! All is about what was painted last, which is what the trader saw: a press takes the line that was painted
//! nearest, and a price is that of the last frame's scale, which stands still while a line is held. Pointer events
//! are read as they came; whether the chart was what they hit, egui says.

use egui::{Event, EventFilter, Key, Modifiers, PointerButton, Pos2, Response, Role, Sense, Ui, WidgetInfo};

use super::crosshair::on_grid;
use super::price_scale::PriceScale;
use super::{ChartData, PriceLine, pixel};
use crate::domain::{DrawingId, OrderId, Price};
use crate::ui::format::float;
use crate::ui::paint::{PixelGrid, PxRect};
use crate::ui::steps::key_steps;

/// How near a line a press takes it, in points.
const NEAR: f32 = 6.0;
/// How far the pointer has gone when a press is a drag, in points.
const DRAG: f32 = 4.0;

/// Which price of which order a line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Handle {
    /// The order.
    pub order: OrderId,
    /// Where it waits to be triggered, not its limit.
    pub is_trigger: bool,
}

/// What was done to a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineDeed {
    /// It was taken to another price.
    Taken {
        /// The line.
        line: Handle,
        /// Above zero and on the tick grid.
        to: Price,
        /// With the keyboard.
        by_key: bool,
    },
    /// Its order is to be cancelled.
    Cancel(Handle),
    /// It moved, or went away, while it was held.
    Lost(Handle),
}

/// Where the chart was pressed for a menu.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pressed {
    /// The price there, on the tick grid.
    pub price: Price,
    /// The line there.
    pub line: Option<Handle>,
    /// The drawing there, where no line is.
    pub drawing: Option<DrawingId>,
}

/// A line that is being taken somewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moving {
    /// The line.
    pub line: Handle,
    /// Where it would go.
    pub to: Price,
    /// The left end of that, in points.
    pub at: Pos2,
}

/// A line as it was painted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Painted {
    pub line: Handle,
    pub price: f64,
    pub row: i32,
    /// The box of its name; empty where it has none.
    pub name: PxRect,
}

/// What of the lines is held, and where they were painted.
#[derive(Debug, Default)]
pub(super) struct Hold {
    painted: Vec<Painted>,
    held: Option<Held>,
    /// The pointer held a line that was taken back: until it is let go, it does nothing.
    is_spent: bool,
    /// What the newest press of the second button was on.
    pressed: Option<Pressed>,
    /// The line under the pointer, or with the keyboard.
    hot: Option<Handle>,
    has_keyboard: bool,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    line: Handle,
    from: f64,
    to: Option<Price>,
    by: By,
}

#[derive(Debug, Clone, Copy)]
enum By {
    Pointer { pressed: Pos2, row: i32, is_drag: bool, is_ours: bool },
    Key,
}

impl Hold {
    /// Whether the pointer holds a line: nothing else moves by it.
    pub fn is_held(&self) -> bool {
        self.held.is_some_and(|held| matches!(held.by, By::Pointer { .. }))
    }

    /// Whether the pointer holds a line, or did before that was taken back, and is still down.
    pub fn has_pointer(&self) -> bool {
        self.is_held() || self.is_spent
    }

    /// The line that is held and where it would go.
    pub fn moving(&self) -> Option<(Handle, Price)> {
        self.held.and_then(|held| Some((held.line, held.to?)))
    }

    /// Leaves every line where it is.
    pub fn let_go(&mut self) {
        self.is_spent |= self.is_held();
        self.held = None;
    }

    /// The line that stands out.
    pub fn hot(&self) -> Option<Handle> {
        self.held.map(|held| held.line).or(self.hot)
    }

    /// Whether a line has the keyboard.
    pub fn has_keyboard(&self) -> bool {
        self.has_keyboard
    }

    /// The place of the newest press of the second button.
    pub fn pressed(&self) -> Option<Pressed> {
        self.pressed
    }

    /// These lines are painted now.
    pub fn paints(&mut self, painted: Vec<Painted>) {
        self.painted = painted;
    }

    /// The line that a place means: the nearest, its name counting as itself.
    fn nearest(&self, (x, y): (i32, i32), near: i32) -> Option<&Painted> {
        let far = |line: &Painted| {
            let name = line.name;
            let is_on = (name.left..name.right).contains(&x) && (name.top..name.bottom).contains(&y);
            if is_on { -1 } else { (line.row - y).abs() }
        };
        self.painted.iter().filter(|line| far(line) <= near).min_by_key(|line| far(line))
    }

    /// Whether a place means a line.
    pub fn meets(&self, pos: Pos2, grid: PixelGrid) -> bool {
        self.nearest((pixel(grid, pos.x), pixel(grid, pos.y)), grid.length(NEAR)).is_some()
    }

    /// What the pointer and the keys have done since the last frame; `prices` is the scale that was painted, in the
    /// area that was painted.
    pub fn deeds(
        &mut self,
        ui: &Ui,
        panes: &Response,
        data: &ChartData<'_>,
        (prices, area): (PriceScale, PxRect),
        grid: PixelGrid,
    ) -> Vec<LineDeed> {
        let mut deeds: Vec<LineDeed> = self.lost(data.lines).into_iter().collect();
        let place = |pos: Pos2| (pixel(grid, pos.x), pixel(grid, pos.y));
        let is_in = |(x, y)| (area.left..area.right).contains(&x) && (area.top..area.bottom).contains(&y);
        let near = grid.length(NEAR);
        let events = ui.input(|input| {
            let is_ours = |event: &&Event| {
                matches!(
                    event,
                    Event::PointerButton { .. }
                        | Event::PointerMoved(_)
                        | Event::PointerGone
                        | Event::Key { key: Key::Escape, pressed: true, .. }
                )
            };
            input.events.iter().filter(is_ours).cloned().collect::<Vec<_>>()
        });
        for event in events {
            match event {
                Event::PointerMoved(pos) => self.takes(pos, &prices, data, grid),
                Event::PointerButton { pos, button: PointerButton::Primary, pressed: true, modifiers } => {
                    let line = self.nearest(place(pos), near).filter(|_| is_in(place(pos)));
                    // With Ctrl a price is picked.
                    self.held = line.filter(|_| !modifiers.command).map(|line| Held {
                        line: line.line,
                        from: line.price,
                        to: None,
                        by: By::Pointer { pressed: pos, row: line.row, is_drag: false, is_ours: false },
                    });
                }
                Event::PointerButton { pos, button: PointerButton::Primary, pressed: false, .. } => {
                    self.takes(pos, &prices, data, grid);
                    let Some(held) = self.held.take_if(|held| matches!(held.by, By::Pointer { .. })) else {
                        continue;
                    };
                    let is_ours = matches!(held.by, By::Pointer { is_ours: true, .. });
                    let to = held.to.filter(|_| is_ours);
                    deeds.extend(to.map(|to| LineDeed::Taken { line: held.line, to, by_key: false }));
                }
                Event::PointerButton { pos, button: PointerButton::Secondary, pressed: true, .. } => {
                    // Another button takes back what the first one holds.
                    self.let_go();
                    let price = on_grid(data, prices.price_at(f64::from(place(pos).1) + 0.5));
                    let line = self.nearest(place(pos), near).map(|line| line.line);
                    self.pressed = price.filter(|_| is_in(place(pos))).map(|price| Pressed {
                        price,
                        line,
                        drawing: None,
                    });
                }
                Event::PointerButton { pressed: true, .. } | Event::PointerGone | Event::Key { .. } => {
                    self.let_go();
                }
                _ => {}
            }
        }
        let is_down = ui.input(|input| input.pointer.any_down());
        self.is_spent &= is_down;
        if let Some(Held { by: By::Pointer { is_ours, .. }, .. }) = &mut self.held {
            *is_ours |= panes.is_pointer_button_down_on();
            if !*is_ours || !is_down {
                self.held = None;
            }
        }
        let over = panes.hover_pos().filter(|_| panes.contains_pointer()).map(place);
        self.hot = over.filter(|at| is_in(*at)).and_then(|at| self.nearest(at, near)).map(|line| line.line);
        deeds
    }

    /// A line that moved by itself or went away is held no longer.
    fn lost(&mut self, lines: &[PriceLine<'_>]) -> Option<LineDeed> {
        let held = self.held?;
        let is_it = |line: &&PriceLine<'_>| {
            line.handle == Some(held.line) && line.price.to_bits() == held.from.to_bits()
        };
        if lines.iter().any(|line| is_it(&line)) {
            return None;
        }
        self.let_go();
        held.to.map(|_| LineDeed::Lost(held.line))
    }

    /// The pointer is elsewhere.
    fn takes(&mut self, pos: Pos2, prices: &PriceScale, data: &ChartData<'_>, grid: PixelGrid) {
        let Some(Held { from, to, by: By::Pointer { pressed, row, is_drag, .. }, .. }) = &mut self.held
        else {
            return;
        };
        *is_drag |= (pos.y - pressed.y).abs() > DRAG;
        if !*is_drag {
            return;
        }
        let moved = pixel(grid, pos.y) - pixel(grid, pressed.y);
        let price = on_grid(data, prices.price_at(f64::from(*row + moved) + 0.5));
        *to = price.filter(|_| moved != 0).or_else(|| on_grid(data, *from));
    }

    /// Each line as something that the keyboard can reach: ↑ ↓ take it to another price, Enter leaves it there,
    /// Escape takes it back, Delete cancels.
    pub fn keys_ui(
        &mut self,
        ui: &Ui,
        id: egui::Id,
        data: &ChartData<'_>,
        area: PxRect,
        grid: PixelGrid,
    ) -> Vec<LineDeed> {
        let mut deeds = Vec::new();
        let mut focused = None;
        for painted in self.painted.clone() {
            let Some(line) = data.lines.iter().find(|line| line.handle == Some(painted.line)) else {
                continue;
            };
            let strip = PxRect { top: painted.row, bottom: painted.row + 1, ..area };
            let place = if painted.name.is_empty() { strip } else { painted.name };
            let node =
                ui.interact(place.to_points(grid), id.with(painted.line), Sense::focusable_noninteractive());
            node.widget_info(|| {
                let name = format!("Order {}: {}", painted.line.order, line.label);
                let mut info = WidgetInfo::labeled(Role::Slider, true, name);
                info.current_text_value = Some(float::fixed(line.price, data.decimals()));
                info
            });
            if node.has_focus() {
                // Escape takes the line back first, and leaves it then.
                let escape = self.held.is_some();
                let keys = EventFilter { vertical_arrows: true, escape, ..EventFilter::default() };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(node.id, keys));
                focused = Some(painted.line);
                deeds.extend(self.keyed(ui, line, painted, data));
            }
        }
        let is_left = |held: &mut Held| matches!(held.by, By::Key) && focused != Some(held.line);
        self.held.take_if(is_left);
        self.hot = focused.or(self.hot);
        self.has_keyboard = focused.is_some();
        deeds
    }

    fn keyed(
        &mut self,
        ui: &Ui,
        line: &PriceLine<'_>,
        painted: Painted,
        data: &ChartData<'_>,
    ) -> Option<LineDeed> {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        let steps = key_steps(ui);
        if steps != 0 && !self.is_held() {
            let now = self.moving().map(|(_, to)| to).or_else(|| on_grid(data, line.price));
            let to = now.map(|now| data.ticks.step(now, steps)).filter(|to| !to.0.is_zero());
            let Painted { line, price: from, .. } = painted;
            self.held = to.map(|_| Held { line, from, to, by: By::Key });
        }
        if pressed(Key::Delete) {
            self.held = None;
            return Some(LineDeed::Cancel(painted.line));
        }
        let is_by_key = |held: &mut Held| matches!(held.by, By::Key) && held.line == painted.line;
        let held = self.held.as_mut().is_some_and(is_by_key);
        if !held || !pressed(Key::Enter) {
            return None;
        }
        let to = self.held.take()?.to?;
        Some(LineDeed::Taken { line: painted.line, to, by_key: true })
    }
}
