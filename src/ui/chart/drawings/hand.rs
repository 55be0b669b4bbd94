//! Pointer and keys on drawings: begun, taken, moved, chosen, left.

use egui::{EventFilter, Key, PointerButton, Pos2, Response, Role, Sense, Ui, WidgetInfo};

use super::geometry::{Point, distance};
use super::measure::Measured;
use super::{Draft, DrawingDeed, NEAR, Scales, Sketch, Tool};
use crate::domain::{DrawingId, Figure, Mark};
use crate::ui::chart::ChartData;
use crate::ui::chart::grip::Hold;
use crate::ui::format;
use crate::ui::keys::{Act, taken};
use crate::ui::paint::PixelGrid;

/// A drawing that the pointer has taken.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub id: DrawingId,
    part: Part,
    pressed: Point,
    before: Figure,
    /// Where it would go.
    pub now: Option<Figure>,
    /// It stays where it was: the rest of the drag means nothing.
    is_dropped: bool,
}

/// Which part of a drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Whole,
    From,
    To,
}

/// What the pointer and the keyboard say in a frame.
struct Input {
    escape: bool,
    /// Ctrl: no magnet, and without a tool a click picks a price.
    command: bool,
    shift: bool,
    other_button: bool,
    second_press: Option<Pos2>,
    origin: Option<Pos2>,
    pointer: Option<Pos2>,
}

impl Input {
    fn read(ui: &Ui, panes: &Response) -> Self {
        let pointer = panes.interact_pointer_pos().or_else(|| panes.hover_pos());
        ui.input(|input| Self {
            escape: input.key_pressed(Key::Escape),
            command: input.modifiers.command,
            shift: input.modifiers.shift,
            other_button: input.pointer.button_pressed(PointerButton::Secondary)
                || input.pointer.button_pressed(PointerButton::Middle),
            second_press: input.pointer.interact_pos().filter(|_| input.pointer.secondary_pressed()),
            origin: input.pointer.press_origin(),
            pointer,
        })
    }
}

/// One frame's view of the chart: what was painted, and what is done.
struct Scene<'a> {
    panes: &'a Response,
    data: &'a ChartData<'a>,
    hold: &'a Hold,
    input: Input,
    scales: Scales,
    grid: PixelGrid,
}

impl Scene<'_> {
    /// A place in physical pixels.
    fn at(&self, pos: Pos2) -> Point {
        [pos.x, pos.y].map(|side| f64::from(side * self.grid.per_point()))
    }

    fn near(&self) -> f64 {
        f64::from(NEAR * self.grid.per_point())
    }

    /// How far prices of bars reach, unless Ctrl is held.
    fn magnet(&self) -> Option<f64> {
        (!self.input.command).then(|| self.near())
    }

    /// Whether a place is over the prices.
    fn is_in(&self, pos: Pos2) -> bool {
        self.scales.holds(self.at(pos))
    }

    /// Whether a place is an order's.
    fn is_an_orders(&self, pos: Pos2) -> bool {
        self.hold.is_held() || self.hold.meets(pos, self.grid)
    }

    fn begins_drag(&self) -> bool {
        self.panes.drag_started_by(PointerButton::Primary)
    }

    fn is_clicked(&self) -> bool {
        self.panes.clicked_by(PointerButton::Primary)
    }
}

impl Sketch {
    /// What was done in this frame, on what the frame before has painted; comes after the lines of orders have had
    /// their say.
    pub fn act(
        &mut self,
        ui: &Ui,
        panes: &Response,
        data: &ChartData<'_>,
        hold: &Hold,
        grid: PixelGrid,
    ) -> Option<DrawingDeed> {
        self.left = None;
        let is_there = |id: &DrawingId| data.drawings.iter().any(|one| one.id == *id);
        self.chosen = self.chosen.filter(is_there);
        self.held = self.held.filter(|held| is_there(&held.id));
        let by_key = self.keys(ui, panes, data, grid);
        let Some(scales) = self.scales else { return by_key };
        let scene = Scene { panes, data, hold, input: Input::read(ui, panes), scales, grid };
        let input = &scene.input;
        if input.escape {
            self.escape();
        }
        if input.other_button {
            self.drop_held();
            self.draft = None;
        }
        self.magnet = !input.command;
        if let Some(pos) = input.second_press {
            let is_here = panes.contains_pointer() && !scene.is_an_orders(pos);
            self.pressed = self.hit(pos, &scene).filter(|_| is_here).map(|(id, _)| id);
            self.chosen = self.pressed.or(self.chosen);
        }
        // Shift and a drag measure, but not from the line of an order.
        let measures = scene.begins_drag() && input.shift && !hold.is_held();
        let deed = if self.tool.is_some() || self.draft.is_some() || measures {
            self.draw(&scene)
        } else {
            self.choose(&scene);
            self.carry(&scene)
        };
        let over = panes.hover_pos().filter(|_| panes.contains_pointer() && !self.has_pointer());
        let over = over.filter(|pos| !scene.is_an_orders(*pos));
        self.hot = over.and_then(|pos| self.hit(pos, &scene)).map(|(id, _)| id);
        by_key.or(deed)
    }

    /// Escape takes back what is held, else leaves the tool, else what was measured, else the choice.
    fn escape(&mut self) {
        if self.held.is_some() {
            self.drop_held();
        } else if self.tool.is_some() || self.draft.is_some() {
            self.take(None);
        } else if self.measured.take().is_none() {
            self.chosen = None;
        }
    }

    /// What is held stays where it was, whatever becomes of the drag.
    pub fn drop_held(&mut self) {
        if let Some(held) = &mut self.held {
            (held.now, held.is_dropped) = (None, true);
        }
    }

    /// The tool in hand at work.
    fn draw(&mut self, scene: &Scene<'_>) -> Option<DrawingDeed> {
        let tool = self.tool.unwrap_or(Tool::Measure);
        let pointer = scene.input.pointer;
        // A box ends where the pointer is: what is measured is between two prices, not two highs.
        let magnet = scene.magnet().filter(|_| tool != Tool::Measure);
        let mark = |pos: Pos2| scene.scales.mark_at(scene.at(pos), scene.data, magnet);
        if scene.begins_drag()
            && self.draft.is_none()
            && let Some(from) = scene.input.origin.filter(|origin| scene.is_in(*origin)).and_then(mark)
        {
            (self.draft, self.measured) = (Some(Draft { from, to: from }), None);
        }
        let to = pointer.and_then(mark);
        if let (Some(draft), Some(to)) = (&mut self.draft, to) {
            draft.to = to;
        }
        let is_click = scene.is_clicked();
        if !is_click && !scene.panes.drag_stopped_by(PointerButton::Primary) {
            return None;
        }
        // A line may end beyond the pane, where a drag has led.
        if (is_click || tool == Tool::Level) && !pointer.is_some_and(|pos| scene.is_in(pos)) {
            return None;
        }
        let to = to?;
        if tool == Tool::Level {
            return self.finish(Some(Figure::Level { price: to.price }), scene);
        }
        let Some(Draft { from, .. }) = self.draft else {
            (self.draft, self.measured) = (is_click.then_some(Draft { from: to, to }), None);
            return None;
        };
        if from == to {
            return None;
        }
        if tool == Tool::Measure {
            self.measured = Some(Measured { from, to });
            return self.finish(None, scene);
        }
        self.finish(Some(Figure::Trend { from, to, extends: false }), scene)
    }

    /// A tool is used once; Shift keeps it.
    fn finish(&mut self, figure: Option<Figure>, scene: &Scene<'_>) -> Option<DrawingDeed> {
        let stays = scene.input.shift && figure.is_some();
        self.tool = self.tool.filter(|_| stays);
        self.draft = None;
        let figure = figure?;
        self.left = Some((None, figure));
        Some(DrawingDeed::Add(figure))
    }

    /// A click chooses a drawing, or none, or ends what was measured; a drag takes one. With Ctrl a price is picked.
    fn choose(&mut self, scene: &Scene<'_>) {
        let input = &scene.input;
        let drawing_at = |pos: Option<Pos2>| pos.filter(|pos| !input.command && !scene.is_an_orders(*pos));
        if scene.begins_drag()
            && let Some(origin) = drawing_at(input.origin)
            && let Some((id, part)) = self.hit(origin, scene)
            && let Some(one) = scene.data.drawings.iter().find(|one| one.id == id)
        {
            let (pressed, before) = (scene.at(origin), one.figure);
            self.held = Some(Held { id, part, pressed, before, now: None, is_dropped: false });
            self.chosen = Some(id);
        }
        if scene.is_clicked() && self.measured.take().is_none() && !input.command {
            let at = drawing_at(input.pointer);
            self.chosen = at.and_then(|pos| self.hit(pos, scene)).map(|(id, _)| id);
        }
    }

    /// What is held goes where the pointer goes, and stays there when it is let go.
    fn carry(&mut self, scene: &Scene<'_>) -> Option<DrawingDeed> {
        if let (Some(held), Some(to)) = (&mut self.held, scene.input.pointer)
            && !held.is_dropped
        {
            held.now = moved(held, scene.at(to), scene);
        }
        if scene.panes.dragged_by(PointerButton::Primary) {
            return None;
        }
        let held = self.held.take()?;
        let now = held.now.filter(|now| *now != held.before && scene.panes.drag_stopped())?;
        self.left = Some((Some(held.id), now));
        Some(DrawingDeed::Move(held.id, now))
    }

    /// The drawing that a place means, and which part of it: an end before a line, the newest of equals.
    fn hit(&self, pos: Pos2, scene: &Scene<'_>) -> Option<(DrawingId, Part)> {
        let (at, near) = (scene.at(pos), scene.near());
        let end = |(point, part): (Option<Point>, Part)| {
            let point = point?;
            Some((distance(at, [point, point]), part)).filter(|(far, _)| *far <= near)
        };
        let best = |placed: &super::Placed| {
            let ends = placed.ends.into_iter().zip([Part::From, Part::To]);
            let by_end = ends.filter_map(end).min_by(|one, other| one.0.total_cmp(&other.0));
            let line = distance(at, placed.line);
            // An end is as good as a line that runs through the very place.
            by_end.map(|(_, part)| (0.0, part)).or((line <= near).then_some((line, Part::Whole)))
        };
        let all = self.placed.iter().rev().filter_map(|placed| Some((placed.id, best(placed)?)));
        all.min_by(|(_, one), (_, other)| one.0.total_cmp(&other.0)).map(|(id, (_, part))| (id, part))
    }

    /// Keys of the chart that take a tool, move or delete, and each drawing as something that the keyboard reaches.
    fn keys(
        &mut self,
        ui: &Ui,
        panes: &Response,
        data: &ChartData<'_>,
        grid: PixelGrid,
    ) -> Option<DrawingDeed> {
        self.has_keyboard = false;
        for placed in &self.placed {
            let Some(one) = data.drawings.iter().find(|one| one.id == placed.id) else { continue };
            let [from, to] = placed.line.map(|[x, y]| grid.pos(x as i32, y as i32));
            let place = egui::Rect::from_two_pos(from, to).expand(1.0);
            let node =
                ui.interact(place, panes.id.with(("drawing", one.id)), Sense::focusable_noninteractive());
            let is_chosen = self.chosen == Some(one.id);
            node.widget_info(|| {
                let mut info = WidgetInfo::labeled(Role::GraphicsObject, true, named(one.figure, data));
                info.current_text_value = is_chosen.then(|| "chosen".to_owned());
                info
            });
            if node.has_focus() {
                // Otherwise egui takes the arrows to move the focus to a neighbour.
                let horizontal_arrows = matches!(one.figure, Figure::Trend { .. });
                let keys = EventFilter { vertical_arrows: true, horizontal_arrows, ..EventFilter::default() };
                ui.memory_mut(|memory| memory.set_focus_lock_filter(node.id, keys));
                self.chosen = Some(one.id);
                self.has_keyboard = true;
            }
        }
        if !panes.has_focus() && !self.has_keyboard {
            return None;
        }
        let tools =
            [(Act::DrawLevel, Tool::Level), (Act::DrawTrend, Tool::Trend), (Act::Measure, Tool::Measure)];
        for (act, tool) in tools {
            if taken(ui, act) > 0 {
                self.take((self.tool != Some(tool)).then_some(tool));
            }
        }
        let moved = self.arrows(ui, data);
        if taken(ui, Act::DeleteDrawing) == 0 {
            return moved;
        }
        self.chosen.take().map(DrawingDeed::Remove)
    }
}

/// A drawing where the pointer has taken it.
fn moved(held: &Held, to: Point, scene: &Scene<'_>) -> Option<Figure> {
    let (scales, data, magnet) = (&scene.scales, scene.data, scene.magnet());
    let by = [to[0] - held.pressed[0], to[1] - held.pressed[1]];
    match held.before {
        Figure::Level { price } => {
            let y = scales.y_of(price.to_f64()) + by[1];
            let price = scales.mark_at([to[0], y], data, magnet).filter(|_| by[1] != 0.0)?.price;
            Some(Figure::Level { price })
        }
        Figure::Trend { from, to: end, extends } => {
            let taken_by_end = |mark: Mark| {
                let [x, y] = scales.point_of(mark, data)?;
                scales.mark_at([x + by[0], y + by[1]], data, magnet)
            };
            let (from, to) = match held.part {
                Part::From => (taken_by_end(from)?, end),
                Part::To => (from, taken_by_end(end)?),
                Part::Whole => (scales.moved(from, by, data)?, scales.moved(end, by, data)?),
            };
            Some(Figure::Trend { from, to, extends })
        }
    }
}

/// `Horizontal line at 284.50`, `Trend line from 283.10 to 285.20`.
fn named(figure: Figure, data: &ChartData<'_>) -> String {
    let price = |price: crate::domain::Price| format::decimal(price.0, data.decimals());
    match figure {
        Figure::Level { price: at } => format!("Horizontal line at {}", price(at)),
        Figure::Trend { from, to, .. } => {
            format!("Trend line from {} to {}", price(from.price), price(to.price))
        }
    }
}
