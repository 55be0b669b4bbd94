//! The fields of one scope: what each is measured in, how much of it is used, what is wrong.

use egui::{Grid, Label, RichText, Stroke, StrokeKind, TextEdit, Ui, vec2};

use super::draft::ScopeDraft;
use super::used::{Nearness, Used, nearness, used};
use crate::desk::Desk;
use crate::domain::limits::{Limit, Limits, ScopeKind, Unit};
use crate::ui::theme::Theme;

const LABEL_WIDTH: f32 = 120.0;
const FIELD_WIDTH: f32 = 150.0;
/// Over the columns of field and unit.
const WORDS_WIDTH: f32 = 196.0;
const NOTE_WIDTH: f32 = 190.0;

/// Draws the fields, with the profile's limits where a scope sets none of its own; whether something was typed. `focus` asks for the first field to be typed in.
pub(super) fn fields_ui(
    ui: &mut Ui,
    draft: &mut ScopeDraft,
    profile: &Limits,
    desk: &Desk,
    focus: bool,
    theme: &Theme,
) -> bool {
    let mut is_changed = false;
    let fields: Vec<Limit> = draft.fields().collect();
    Grid::new(("limits", draft.scope.path())).num_columns(3).spacing(vec2(10.0, 5.0)).show(ui, |ui| {
        for (index, limit) in fields.into_iter().enumerate() {
            ui.scope(|ui| {
                ui.set_min_width(LABEL_WIDTH);
                ui.label(RichText::new(limit.label()).color(theme.text)).on_hover_text(limit.about());
            });
            let problem = draft.problem(limit);
            let field = Field {
                limit,
                unit: unit(limit, desk),
                hint: hint(draft, profile, limit),
                problem: problem.as_deref(),
                must_focus: focus && index == 0,
            };
            is_changed |= field_ui(ui, draft, &field, theme);
            note_ui(ui, draft, limit, problem, desk, theme);
            ui.end_row();
        }
    });
    is_changed
}

/// One field as it is shown.
struct Field<'a> {
    limit: Limit,
    unit: String,
    hint: String,
    problem: Option<&'a str>,
    must_focus: bool,
}

fn field_ui(ui: &mut Ui, draft: &mut ScopeDraft, field: &Field<'_>, theme: &Theme) -> bool {
    let limit = field.limit;
    let name = format!("{} of {}", limit.label(), draft.scope);
    ui.horizontal(|ui| {
        let width = if limit.unit() == Unit::Words { WORDS_WIDTH } else { FIELD_WIDTH };
        let edit = TextEdit::singleline(draft.text_mut(limit))
            .hint_text(&field.hint)
            .desired_width(width)
            .min_size(vec2(0.0, theme.sizes.row))
            .return_key(None);
        let response = ui.add(edit).accessible_name(name);
        if field.must_focus {
            response.request_focus();
        }
        if let Some(problem) = field.problem {
            let stroke = Stroke::new(1.0, theme.danger);
            ui.painter().rect_stroke(response.rect, theme.sizes.radius, stroke, StrokeKind::Inside);
            ui.ctx().accesskit_node_builder(response.id, |node| node.set_description(problem));
        }
        if !field.unit.is_empty() {
            ui.label(RichText::new(&field.unit).small().color(theme.text_weak));
        }
        response.changed()
    })
    .inner
}

fn unit(limit: Limit, desk: &Desk) -> String {
    match limit.unit() {
        Unit::Money => desk.settings().limits.currency.to_string(),
        Unit::Words => String::new(),
        Unit::Units => "units".to_owned(),
        Unit::Percent => "%".to_owned(),
        Unit::Orders => "orders".to_owned(),
        Unit::Seconds => "s".to_owned(),
    }
}

/// What holds where nothing is typed.
fn hint(draft: &ScopeDraft, profile: &Limits, limit: Limit) -> String {
    let kind = draft.scope.kind();
    if limit.is_required(kind) {
        return String::new();
    }
    match profile.text(limit) {
        Some(text) if kind != ScopeKind::Profile => format!("{text} (profile)"),
        _ => match limit {
            Limit::Instruments => "all".to_owned(),
            Limit::Hours => "always".to_owned(),
            _ => "no limit".to_owned(),
        },
    }
}

/// What is wrong with a field, else how much of the limit is used.
fn note_ui(
    ui: &mut Ui,
    draft: &ScopeDraft,
    limit: Limit,
    problem: Option<String>,
    desk: &Desk,
    theme: &Theme,
) {
    let (text, colour) = match problem {
        Some(problem) => (problem, theme.danger),
        None => match used(desk, &draft.scope, limit) {
            None => (String::new(), theme.text_weak),
            Some(Used::Missing) => ("not known: no price or rate".to_owned(), theme.warn),
            Some(Used::Known(used, words)) => {
                let limits = draft.limits();
                let colour = match nearness(used, limits.number(limit)) {
                    Nearness::Far => theme.text_weak,
                    Nearness::Near => theme.warn,
                    Nearness::Reached => theme.danger,
                };
                let text = match limits.text(limit) {
                    Some(set) => format!("{words} of {set} now"),
                    None => format!("{words} now"),
                };
                (text, colour)
            }
        },
    };
    ui.scope(|ui| {
        ui.set_min_width(NOTE_WIDTH);
        ui.set_max_width(NOTE_WIDTH);
        if !text.is_empty() {
            ui.add(Label::new(RichText::new(&text).small().color(colour)).truncate()).on_hover_text(text);
        }
    });
}
