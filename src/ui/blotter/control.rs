//! Small controls of rows, and what hangs over or stands in a table.
//!
//! A control of a row sends an order-changing command, so it never takes the keyboard: a
//! stray Space must not cancel or close. Orders have keys of their table for it, positions the
//! keys of the ticket, which ask first.

use egui::{
    Align2, Area, Color32, CursorIcon, Frame, Id, Margin, Order, Rect, Role, Sense, Ui, WidgetInfo, pos2,
};

use crate::ui::theme::Theme;

/// Of what hangs over a table, in points.
const CALLOUT_WIDTH: f32 = 340.0;

/// What a control's looks say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Tone {
    /// One of several.
    Plain,
    /// It ends something.
    Danger,
    /// It was clicked once; the next click does it.
    Armed,
}

/// A control of a row: `(is enabled, text, tone)`. Says whether it was clicked.
pub(in crate::ui) fn control_ui(
    ui: &Ui,
    theme: &Theme,
    id: Id,
    rect: Rect,
    (is_enabled, text, tone): (bool, &str, Tone),
    name: &str,
    hint: &str,
) -> bool {
    let sense = if is_enabled { Sense::CLICK } else { Sense::empty() };
    let response = ui.interact(rect, id, sense);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, is_enabled, name));
    let is_hovered = is_enabled && response.hovered();
    let is_down = response.is_pointer_button_down_on();
    let (fill, colour) = match tone {
        _ if !is_enabled => (None, theme.text_faint),
        Tone::Armed => (Some(theme.danger_fill), theme.danger),
        Tone::Danger if is_hovered => (Some(theme.danger_fill), theme.danger),
        _ if is_down => (Some(theme.pressed), theme.text_strong),
        _ if is_hovered => (Some(theme.hover), theme.text_strong),
        // A mark alone is quiet until it is pointed at; a word looks like a button.
        _ if text.chars().count() == 1 => (None, theme.text_weak),
        _ => (Some(theme.control), theme.text),
    };
    if let Some(fill) = fill {
        ui.painter().rect_filled(rect, theme.sizes.radius, fill);
    }
    let font = if text.chars().count() == 1 { theme.text_font() } else { theme.small_font() };
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, font, colour);
    let clicked = response.clicked();
    let response = if is_enabled { response.on_hover_cursor(CursorIcon::PointingHand) } else { response };
    response.on_hover_text(hint);
    clicked
}

/// A refusal, hanging from what asked. It lets clicks through.
pub(super) fn callout_ui(ui: &Ui, theme: &Theme, id: Id, under: Rect, why: &str) {
    callout_in(ui, theme, id, under, why, theme.danger);
}

/// The same in another colour, for what is no refusal.
pub(super) fn callout_in(ui: &Ui, theme: &Theme, id: Id, under: Rect, why: &str, colour: Color32) {
    let screen = ui.content_rect();
    // Clicks go through it: it must not hide what stands beside the table, and trades.
    let pane = ui.clip_rect().x_range();
    let room = if pane.span() > CALLOUT_WIDTH + 24.0 {
        Rect::from_x_y_ranges(pane, screen.y_range())
    } else {
        screen
    };
    let galley = ui.painter().layout(why.to_owned(), theme.text_font(), colour, CALLOUT_WIDTH);
    // Never over what asked, wherever there is room for it.
    let is_low = under.bottom() + galley.size().y + 14.0 > screen.bottom();
    let (corner, pivot) = if is_low {
        (pos2(under.left(), under.top() - 2.0), Align2::LEFT_BOTTOM)
    } else {
        (pos2(under.left(), under.bottom() + 2.0), Align2::LEFT_TOP)
    };
    Area::new(id)
        .order(Order::Foreground)
        .interactable(false)
        .fixed_pos(corner)
        .pivot(pivot)
        .constrain_to(room)
        .show(ui.ctx(), |ui| {
            Frame::new()
                .fill(theme.raised)
                .stroke((1.0, colour))
                .corner_radius(theme.sizes.radius)
                .inner_margin(Margin::symmetric(8, 4))
                .show(ui, |ui| {
                    ui.set_max_width(CALLOUT_WIDTH);
                    ui.label(egui::RichText::new(why).color(colour));
                });
        });
}

/// Says what would stand in an empty table, and how it gets there.
pub(in crate::ui) fn empty_ui(ui: &mut Ui, theme: &Theme, body: Rect, text: &str) {
    let width = (body.width() - 48.0).max(80.0);
    let font = egui::TextStyle::Body.resolve(ui.style());
    let height = ui.painter().layout(text.to_owned(), font, theme.text_weak, width).size().y;
    // What has no room begins at its beginning, and ends where the table does.
    let rect = Rect::from_center_size(body.center(), egui::vec2(width, height.min(body.height())));
    let mut centred = ui
        .new_child(egui::UiBuilder::new().max_rect(rect).layout(egui::Layout::top_down(egui::Align::Center)));
    centred.shrink_clip_rect(body);
    centred.label(egui::RichText::new(text).color(theme.text_weak));
}
