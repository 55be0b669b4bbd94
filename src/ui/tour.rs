//! A short tour of the desk, for whoever opens it for the first time: a card, and an outline around what it speaks of.
//!
//! It never stands in the way of trading. The card floats over the first chart, above the line where that says what
//! became of orders, and only where it covers nothing that the step speaks of; else it takes a strip of its own above
//! the status bar. It asks for no frame, takes no key and leaves the keyboard where it was.
//!
//! Which step is shown is the [`Shelf`]'s: it outlives the window without the engine's help, goes to no other trader
//! with exported settings, and a shelf that was saved before there was a tour has none. So it stands until it was
//! skipped or finished, over a restart too, and never comes back by itself.
//!
//! [`Shelf`]: super::workspace::Shelf

mod spots;
mod steps;

use egui::{
    Align, Align2, Area, Button, Context, Frame, Id, Label, LayerId, Layout, Memory, Order, Panel, Rect,
    RichText, StrokeKind, Ui, Vec2, vec2,
};

use self::spots::Sight;
pub(super) use self::spots::{Spot, mark};
use self::steps::{STEPS, Step, way_to};
use super::theme::{Theme, theme_of};
use super::workspace::Workspace;
use crate::desk::Desk;

/// What it is called, wherever it is offered.
pub(super) const TITLE: &str = "Take the tour";

const WIDTH: f32 = 320.0;
/// Between the card and the edge of what it floats over.
const MARGIN: f32 = 10.0;
/// What stays free below it: the time axis, and the line that the chart says something in.
const BELOW: f32 = 52.0;

/// Where the card is, and was.
#[derive(Debug, Default)]
pub(super) struct Tour {
    /// The step that was drawn last.
    drawn: Option<usize>,
    /// How large that is while it floats; nothing until it has.
    floating: Vec2,
    /// How high it was as a strip.
    strip: f32,
    is_strip: bool,
    /// What had the keyboard before the pointer went down.
    keyboard: Option<Id>,
}

/// What was pressed on the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Press {
    Go(usize),
    End,
}

impl Tour {
    /// Takes the strip at the bottom of what is left of the window, where the card needs one.
    pub fn strip_ui(&self, ui: &mut Ui, step: Option<usize>) -> Option<Rect> {
        (self.is_strip && step.is_some()).then(|| {
            let strip = Panel::bottom("tour").frame(Frame::NONE).show_separator_line(false);
            strip.exact_size(self.strip).show(ui, |_| ()).response.rect
        })
    }

    /// Draws the card over the first chart or in its strip. Comes after all that it speaks of.
    pub fn ui(
        &mut self,
        ctx: &Context,
        step: &mut Option<usize>,
        (chart, strip): (Option<Rect>, Option<Rect>),
        desk: &Desk,
        workspace: &Workspace,
    ) {
        let Some((at, shown)) = step.and_then(|at| Some((at, STEPS.get(at)?))) else {
            *step = None;
            return;
        };
        let theme = theme_of(ctx);
        let outlines: Vec<Rect> = shown.spots.iter().filter_map(|spot| outline(ctx, *spot)).collect();
        let painter = ctx.layer_painter(LayerId::new(Order::Middle, Id::unique("tour outline")));
        for outline in &outlines {
            painter.rect_stroke(*outline, theme.sizes.radius, (1.5, theme.accent), StrokeKind::Inside);
        }
        if self.drawn.replace(at) != Some(at) {
            self.floating = Vec2::ZERO;
        }
        self.place(ctx, chart, &outlines);
        let (corner, width) = match (strip, chart) {
            (Some(strip), _) => (strip.left_bottom(), strip.width()),
            (None, Some(chart)) => (chart.left_bottom() + vec2(MARGIN, -BELOW), WIDTH),
            (None, None) => return,
        };
        let area = Area::new(Id::unique("tour")).order(Order::Middle).movable(false).fade_in(false);
        let card = area.pivot(Align2::LEFT_BOTTOM).fixed_pos(corner).show(ctx, |ui| {
            let frame = Frame::popup(ui.style()).inner_margin(10);
            let around = frame.total_margin().sum().x;
            let inside = |ui: &mut Ui| {
                ui.set_width(width - around);
                card_ui(ui, at, shown, desk, workspace, &theme)
            };
            frame.show(ui, inside).inner
        });
        self.measure(ctx, card.response.rect.size(), strip.is_some());
        if let Some(press) = card.inner {
            *step = match press {
                Press::Go(to) => Some(to),
                Press::End => None,
            };
            ctx.request_repaint();
        }
        self.leave_keyboard(ctx, card.inner.is_some());
    }

    /// Whether it floats in the next frame: where it has room over the chart and covers nothing that it speaks of.
    fn place(&mut self, ctx: &Context, chart: Option<Rect>, outlines: &[Rect]) {
        let fits = chart.is_some_and(|chart| {
            let corner = chart.left_bottom() + vec2(MARGIN, -BELOW);
            let size = self.floating.max(vec2(WIDTH, 0.0));
            let card = Rect::from_min_max(corner - vec2(0.0, size.y), corner + vec2(size.x, 0.0));
            chart.contains_rect(card) && !outlines.iter().any(|outline| outline.intersects(card))
        });
        if self.is_strip == fits {
            self.is_strip = !fits;
            ctx.request_repaint();
        }
    }

    fn measure(&mut self, ctx: &Context, size: Vec2, is_strip: bool) {
        let known = if is_strip {
            std::mem::replace(&mut self.strip, size.y)
        } else {
            std::mem::replace(&mut self.floating, size).y
        };
        if (known - size.y).abs() > 0.5 {
            // It hangs by its lower edge: where it was laid out with the height of before is not where it belongs.
            ctx.request_discard("the card of the tour has another height");
        }
    }

    /// A press on the card takes the keyboard from nothing, as any other press would.
    fn leave_keyboard(&mut self, ctx: &Context, is_pressed: bool) {
        if let Some(before) = self.keyboard.filter(|_| is_pressed) {
            ctx.memory_mut(|memory| memory.request_focus(before));
        }
        let is_at_rest = ctx.input(|input| !input.pointer.any_down() && !input.pointer.any_released());
        if is_at_rest {
            self.keyboard = ctx.memory(Memory::focused);
        }
    }
}

/// Around a control, where that can be seen.
fn outline(ctx: &Context, spot: Spot) -> Option<Rect> {
    match spot.sight(ctx) {
        Sight::Here(rect) => Some(rect.expand(2.0).intersect(ctx.content_rect())),
        Sight::Scrolled | Sight::Absent => None,
    }
}

fn card_ui(
    ui: &mut Ui,
    at: usize,
    step: &Step,
    desk: &Desk,
    workspace: &Workspace,
    theme: &Theme,
) -> Option<Press> {
    ui.spacing_mut().item_spacing.y = theme.sizes.line;
    ui.horizontal(|ui| {
        ui.label(RichText::new(step.title).strong().color(theme.text_strong));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let count = format!("{} of {}", at + 1, STEPS.len());
            ui.label(RichText::new(count).small().color(theme.text_weak));
        });
    });
    let text = (step.text)(ui.ctx(), desk);
    ui.add(Label::new(RichText::new(text).color(theme.text)).wrap());
    if let Some(way) = step.spots.iter().find_map(|spot| way_to(ui.ctx(), *spot, workspace)) {
        ui.add(Label::new(RichText::new(way).color(theme.warn)).wrap());
    }
    ui.add_space(theme.sizes.gap);
    buttons_ui(ui, at)
}

fn buttons_ui(ui: &mut Ui, at: usize) -> Option<Press> {
    let mut press = None;
    ui.horizontal(|ui| {
        let back = ui.add_enabled(at > 0, Button::new("Back"));
        if back.accessible_name("Back: the step of the tour before").clicked() {
            press = Some(Press::Go(at - 1));
        }
        let is_last = at + 1 == STEPS.len();
        let (word, name) =
            if is_last { ("Done", "Done: end the tour") } else { ("Next", "Next step of the tour") };
        if ui.button(word).accessible_name(name).clicked() {
            press = Some(if is_last { Press::End } else { Press::Go(at + 1) });
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let skip = Button::new("Skip").frame_when_inactive(false);
            let skip = ui.add(skip).on_hover_text("It can be taken at any time: search for “tour”");
            if skip.accessible_name("Skip the tour").clicked() {
                press = Some(Press::End);
            }
        });
    });
    press
}
