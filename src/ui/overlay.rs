//! What a frame costs and why it was drawn (F12): for whoever wonders whether it is Pitdesk that is slow.
//!
//! It looks at frames that come anyway and asks for none: over a market that stands still it stands still too.
//! It takes no clicks; what is below it can be used.

use std::collections::VecDeque;
use std::time::Duration;

use egui::{Align, Align2, Color32, Grid, Layout, RichText, Shape, Ui, vec2};

use super::format;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::link::Stream;
use crate::link::channel::COMMAND_CAPACITY;

/// Frames that are remembered: four seconds of a busy market.
const FRAMES: usize = 240;
/// Reasons for a repaint that there is room for.
const REASONS: usize = 4;
const WIDTH: f32 = 430.0;

/// The overlay, shown or not, and what it has measured.
#[derive(Debug, Default)]
pub(super) struct Overlay {
    is_open: bool,
    /// The newest last.
    frames: VecDeque<FrameCost>,
    /// What the frame that is under way has spent on laying out.
    layout: Duration,
    drawn: Drawn,
}

/// What one frame has cost the window's thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FrameCost {
    /// Taking over what the engine told, and all widgets.
    layout: Duration,
    /// Triangles made of them, and handed to the graphics card.
    painting: Duration,
}

/// Some of what a frame has cost.
type Part = fn(&FrameCost) -> Duration;

/// What a frame had to be made into triangles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Drawn {
    /// Of text and of meshes, which are triangles already.
    vertices: usize,
    /// Lines, boxes and circles, whose vertices are known only to whoever makes the triangles.
    shapes: usize,
}

impl Overlay {
    pub fn toggle(&mut self) {
        self.is_open = !self.is_open;
        self.frames.clear();
    }

    /// Some of a frame was laid out, in this time.
    pub fn on_layout(&mut self, took: Duration) {
        self.layout += took;
    }

    /// A frame was on the screen, after this time of the window's thread in all.
    pub fn on_painted(&mut self, took: Duration) {
        let layout = std::mem::take(&mut self.layout).min(took);
        if !self.is_open {
            return;
        }
        if self.frames.len() >= FRAMES {
            self.frames.pop_front();
        }
        self.frames.push_back(FrameCost { layout, painting: took.saturating_sub(layout) });
    }

    /// The frame was on the screen, and nobody can tell what it took: what was laid out is not the next one's.
    pub fn on_painted_unmeasured(&mut self) {
        self.layout = Duration::ZERO;
    }

    /// Draws it over everything; `waiting` commands wait for the engine.
    pub fn ui(&mut self, ctx: &egui::Context, desk: &Desk, waiting: usize) {
        if !self.is_open {
            return;
        }
        // Before its own text is among it.
        self.drawn = drawn(ctx);
        let theme = theme_of(ctx);
        egui::Area::new(egui::Id::unique("performance"))
            .anchor(Align2::LEFT_BOTTOM, vec2(12.0, -44.0))
            .order(egui::Order::Tooltip)
            .interactable(false)
            .show(ctx, |ui| {
                let frame = egui::Frame::popup(ui.style()).fill(theme.panel).inner_margin(10);
                frame.show(ui, |ui| {
                    ui.set_width(WIDTH);
                    ui.spacing_mut().item_spacing = vec2(14.0, 3.0);
                    self.frames_ui(ui, &theme);
                    streams_ui(ui, desk, waiting, &theme);
                    reasons_ui(ui, &theme);
                });
            });
    }

    fn frames_ui(&self, ui: &mut Ui, theme: &Theme) {
        title_ui(ui, theme, "Frame time", "F12");
        Grid::new("frame time").show(ui, |ui| {
            head_ui(ui, theme, ["last", "median", "worst"]);
            let rows: [(&str, Part); 3] = [
                ("Layout", |cost| cost.layout),
                ("Tessellation and upload", |cost| cost.painting),
                ("Both", |cost| cost.layout + cost.painting),
            ];
            for (name, of) in rows {
                let mut all: Vec<Duration> = self.frames.iter().map(of).collect();
                let last = all.last().copied();
                all.sort_unstable();
                let texts = [last, all.get(all.len() / 2).copied(), all.last().copied()];
                name_ui(ui, theme, name);
                for took in texts {
                    let text = took.map_or_else(|| "–".to_owned(), format::duration);
                    value_ui(ui, text, theme.text);
                }
                ui.end_row();
            }
        });
        let Drawn { vertices, shapes } = self.drawn;
        let text = format!(
            "{} vertices of text and meshes, {} other shapes",
            format::exact(vertices.into()),
            format::exact(shapes.into())
        );
        ui.label(RichText::new(text).small().color(theme.text_weak));
        ui.add_space(4.0);
    }
}

/// What came by each stream, what became of it, and what waited for this frame.
fn streams_ui(ui: &mut Ui, desk: &Desk, waiting: usize, theme: &Theme) {
    title_ui(ui, theme, "Updates", "since the start");
    Grid::new("updates").show(ui, |ui| {
        head_ui(ui, theme, ["applied", "conflated", "dropped", "waited", "most"]);
        for stream in Stream::ALL {
            let count = desk.ledger().of(stream);
            let waited = desk.queues().of(stream);
            name_ui(ui, theme, stream.label());
            value_ui(ui, format::compact(count.applied.into()), theme.text);
            value_ui(ui, format::compact(count.conflated.into()), theme.text);
            let colour = if count.dropped > 0 { theme.warn } else { theme.text };
            value_ui(ui, format::compact(count.dropped.into()), colour);
            value_ui(ui, waited.newest.to_string(), theme.text);
            value_ui(ui, waited.most.to_string(), theme.text);
            ui.end_row();
        }
    });
    let text = format!("Commands that wait for the engine: {waiting} of {COMMAND_CAPACITY}");
    ui.label(RichText::new(text).small().color(theme.text_weak));
    ui.add_space(4.0);
}

/// Who asked for this frame.
fn reasons_ui(ui: &mut Ui, theme: &Theme) {
    title_ui(ui, theme, "Why this frame was drawn", "");
    let causes = ui.ctx().repaint_causes();
    let mut texts: Vec<String> =
        causes.iter().map(|cause| reason(&cause.reason, cause.file, cause.line)).collect();
    texts.sort();
    texts.dedup();
    let more = texts.len().saturating_sub(REASONS);
    texts.truncate(REASONS);
    if texts.is_empty() {
        texts.push("The desktop: the window was moved or uncovered, or had input".to_owned());
    }
    if more > 0 {
        texts.push(format!("and {more} more"));
    }
    for text in texts {
        ui.add(egui::Label::new(RichText::new(text).small().color(theme.text)).truncate());
    }
}

/// The place in the program, without the folders of whoever has built it, and the words that were given.
fn reason(words: &str, file: &str, line: u32) -> String {
    let file = file.rfind("src/").map_or(file, |at| &file[at..]);
    if words.is_empty() { format!("{file}:{line}") } else { format!("{words} ({file}:{line})") }
}

fn title_ui(ui: &mut Ui, theme: &Theme, title: &str, beside: &str) {
    ui.horizontal(|ui| {
        ui.label(RichText::new(title).color(theme.text_strong));
        ui.label(RichText::new(beside).small().color(theme.text_weak));
    });
}

fn head_ui<const N: usize>(ui: &mut Ui, theme: &Theme, names: [&str; N]) {
    name_ui(ui, theme, "");
    for name in names {
        right_ui(ui, RichText::new(name).small().color(theme.text_weak));
    }
    ui.end_row();
}

fn name_ui(ui: &mut Ui, theme: &Theme, name: &str) {
    ui.label(RichText::new(name).color(theme.text_weak));
}

fn value_ui(ui: &mut Ui, text: String, colour: Color32) {
    right_ui(ui, RichText::new(text).color(colour));
}

/// A cell of a column of numbers.
fn right_ui(ui: &mut Ui, text: RichText) {
    ui.with_layout(Layout::right_to_left(Align::Center), |ui| ui.label(text));
}

/// Counts what all layers have to be drawn.
fn drawn(ctx: &egui::Context) -> Drawn {
    let layers: Vec<egui::LayerId> = ctx.memory(|memory| memory.layer_ids().collect());
    let mut drawn = Drawn::default();
    ctx.graphics(|graphics| {
        let lists = layers.iter().filter_map(|layer| graphics.get(*layer));
        for clipped in lists.flat_map(egui::layers::PaintList::all_entries) {
            count(&clipped.shape, &mut drawn);
        }
    });
    drawn
}

fn count(shape: &Shape, drawn: &mut Drawn) {
    match shape {
        Shape::Noop => {}
        Shape::Vec(shapes) => shapes.iter().for_each(|shape| count(shape, drawn)),
        Shape::Mesh(mesh) => drawn.vertices += mesh.vertices.len(),
        Shape::Text(text) => drawn.vertices += text.galley.num_vertices,
        _ => drawn.shapes += 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_frame_is_split_whatever_number_of_passes_it_took() {
        let mut overlay = Overlay::default();
        overlay.toggle();
        overlay.on_layout(millis(2));
        overlay.on_layout(millis(3));
        overlay.on_painted(millis(9));
        overlay.on_layout(millis(4));
        overlay.on_painted(millis(3));
        let split: Vec<_> = overlay.frames.iter().map(|cost| (cost.layout, cost.painting)).collect();
        assert_eq!(split, [(millis(5), millis(4)), (millis(3), millis(0))], "two clocks may differ a little");
    }

    #[test]
    fn it_remembers_so_many_frames_and_none_while_it_is_closed() {
        let mut overlay = Overlay::default();
        overlay.on_painted(millis(1));
        assert!(overlay.frames.is_empty());
        overlay.toggle();
        for _ in 0..FRAMES + 5 {
            overlay.on_painted(millis(1));
        }
        assert_eq!(overlay.frames.len(), FRAMES);
    }

    #[test]
    fn all_that_is_drawn_is_counted_once() {
        let mut mesh = egui::Mesh::default();
        mesh.add_colored_rect(egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(1.0, 1.0)), Color32::RED);
        let line = Shape::line_segment([egui::Pos2::ZERO, egui::pos2(1.0, 1.0)], (1.0, Color32::RED));
        let all = Shape::Vec(vec![Shape::Noop, Shape::mesh(mesh), Shape::Vec(vec![line.clone()]), line]);
        let mut drawn = Drawn::default();
        count(&all, &mut drawn);
        assert_eq!(drawn, Drawn { vertices: 4, shapes: 2 });
    }

    #[test]
    fn a_reason_names_its_place_without_the_builders_folders() {
        assert_eq!(reason("", "/home/me/pitdesk/src/ui/toasts.rs", 50), "src/ui/toasts.rs:50");
        assert_eq!(reason("input", "x.rs", 1), "input (x.rs:1)");
    }
}
