//! A labelled field with room for a problem beside its name, and steps by wheel and keys.
//!
//! The line of the name is always there, so that a problem that comes and goes with the
//! quotes moves nothing. Up and Down step by one, with Shift by ten; so does the wheel
//! over the field, focused or not. The field says how many steps were asked for; what a
//! step is, the owner knows.

use egui::text::CCursorRange;
use egui::{EventFilter, Id, TextEdit, Ui, vec2};

use crate::ui::line::{Cut, End, line_ui};
use crate::ui::paint::figures;
use crate::ui::steps::{key_steps, wheel_steps};
use crate::ui::theme::Theme;

/// The line beside a field's name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caption<'a> {
    pub line: &'a str,
    /// For the tooltip; empty for none.
    pub more: &'a str,
    pub colour: egui::Color32,
}

/// What a field is shown with.
pub(super) struct Look<'a> {
    pub label: &'static str,
    pub caption: Caption<'a>,
    /// In weak letters while nothing is typed.
    pub hint: &'a str,
    /// Whether something is wrong with what stands in it.
    pub is_wrong: bool,
    pub steps: Steps,
    /// Whether Escape is the owner's for now, rather than a way to leave the field.
    pub keeps_escape: bool,
}

/// Whether wheel and arrow keys step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Steps {
    OnGrid,
    None,
}

/// What was done to a field in this frame.
pub(super) struct Touched {
    pub id: Id,
    pub is_hovered: bool,
    /// Steps asked for, upwards positive.
    pub steps: i32,
}

/// Draws a field over the width that is there.
pub(super) fn field_ui(
    ui: &mut Ui,
    text: &mut String,
    look: &Look<'_>,
    wheel: &mut f32,
    theme: &Theme,
) -> Touched {
    let id = ui.make_persistent_id(look.label);
    let had_focus = ui.memory(|memory| memory.has_focus(id));
    let mut steps = if had_focus && look.steps == Steps::OnGrid { key_steps(ui) } else { 0 };

    let label = caption_ui(ui, look.label, look.caption, theme);
    // Prices that change with every quote.
    let weak = ui.visuals().weak_text_color();
    let hint = figures(ui, look.hint, &theme.text_font(), weak, f32::INFINITY);
    let edit = TextEdit::singleline(text)
        .id(id)
        .desired_width(f32::INFINITY)
        .min_size(vec2(0.0, theme.sizes.row))
        .align(egui::Align2::LEFT_CENTER)
        .hint_text(hint)
        // Enter neither sends nor leaves.
        .return_key(None)
        .event_filter(EventFilter {
            horizontal_arrows: true,
            vertical_arrows: true,
            escape: look.keeps_escape,
            tab: false,
        });
    let mut output = edit.show(ui);
    let response = output.response.response.labelled_by(label);
    if response.gained_focus() {
        response.scroll_to_me(None);
    }
    if response.gained_focus()
        && !ui.input(|input| input.pointer.any_pressed() || input.pointer.any_released())
    {
        // Reached by keyboard: typing replaces.
        output.state.cursor.set_char_range(Some(CCursorRange::select_all_str(text)));
        output.state.store(ui.ctx(), id);
    }
    if look.is_wrong {
        let stroke = egui::Stroke::new(1.0, look.caption.colour);
        ui.painter().rect_stroke(response.rect, theme.sizes.radius, stroke, egui::StrokeKind::Inside);
    }
    if !look.caption.line.is_empty() {
        let said = if look.caption.more.is_empty() { look.caption.line } else { look.caption.more };
        ui.ctx().accesskit_node_builder(id, |node| node.set_description(said));
    }
    let is_hovered = look.steps == Steps::OnGrid && response.contains_pointer();
    if is_hovered {
        steps += wheel_steps(ui, wheel);
    }
    Touched { id, is_hovered, steps }
}

/// A name on the left and a line on the right, small; returns the name's id.
pub(super) fn caption_ui(ui: &mut Ui, label: &str, caption: Caption<'_>, theme: &Theme) -> Id {
    let name = End { text: label, font: theme.small_font(), colour: theme.text_weak };
    let line = End { text: caption.line, font: theme.small_font(), colour: caption.colour };
    let ends = line_ui(ui, theme.sizes.small + 4.0, &name, &line, Cut::Right);
    if let Some(line) = ends.right
        && !caption.more.is_empty()
    {
        line.on_hover_text(caption.more);
    }
    ends.left.map_or(Id::NULL, |name| name.id)
}
