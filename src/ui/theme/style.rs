//! The tokens of a theme as egui's own style, so that stock widgets and painted views agree.

use egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Visuals};

use super::{DISPLAY, Sizes, Theme};

impl Theme {
    /// The style of stock widgets.
    pub(super) fn style(&self) -> Style {
        let Sizes { text, small, title, display, row, gap, padding, line, .. } = self.sizes;
        let mut style = Style {
            text_styles: [
                (TextStyle::Body, FontId::new(text, FontFamily::Proportional)),
                (TextStyle::Button, FontId::new(text, FontFamily::Proportional)),
                (TextStyle::Monospace, FontId::new(text, FontFamily::Monospace)),
                (TextStyle::Small, FontId::new(small, FontFamily::Proportional)),
                (TextStyle::Heading, FontId::new(title, FontFamily::Proportional)),
                (TextStyle::Name(DISPLAY.into()), FontId::new(display, FontFamily::Proportional)),
            ]
            .into(),
            drag_value_text_style: TextStyle::Body,
            animation_time: 0.06,
            visuals: self.visuals(),
            ..Style::default()
        };
        let spacing = &mut style.spacing;
        spacing.item_spacing = egui::vec2(gap, line);
        spacing.window_margin = Margin::same(10);
        spacing.menu_margin = Margin::same(4);
        spacing.button_padding = egui::vec2(8.0, padding);
        spacing.interact_size = egui::vec2(32.0, row);
        spacing.indent = 14.0;
        spacing.icon_width = 13.0;
        spacing.combo_width = 72.0;
        spacing.slider_width = 120.0;
        spacing.tooltip_width = 360.0;
        spacing.scroll = ScrollStyle { bar_width: 8.0, bar_inner_margin: 2.0, ..ScrollStyle::floating() };
        style.interaction.selectable_labels = false;
        style.interaction.tooltip_delay = 0.4;
        style
    }

    fn visuals(&self) -> Visuals {
        let mut visuals = if self.dark { Visuals::dark() } else { Visuals::light() };
        let radius = CornerRadius::same(self.sizes.radius);
        let shadow = |y, blur| Shadow { offset: [0, y], blur, spread: 0, color: self.shadow };
        visuals.widgets = self.widgets();
        visuals.selection = Selection { bg_fill: self.selection, stroke: Stroke::new(1.0, self.text_strong) };
        visuals.weak_text_color = Some(self.text_weak);
        visuals.hyperlink_color = self.accent;
        visuals.faint_bg_color = self.panel;
        visuals.extreme_bg_color = self.field;
        visuals.text_edit_bg_color = Some(self.field);
        visuals.code_bg_color = self.control;
        visuals.warn_fg_color = self.warn;
        visuals.error_fg_color = self.danger;
        visuals.window_fill = self.raised;
        visuals.window_stroke = Stroke::new(1.0, self.line_strong);
        visuals.window_corner_radius = radius;
        visuals.menu_corner_radius = radius;
        visuals.window_shadow = shadow(8, 24);
        visuals.popup_shadow = shadow(4, 12);
        visuals.panel_fill = self.panel;
        visuals.text_cursor.stroke = Stroke::new(1.5, self.accent);
        // A blinking cursor keeps an idle window painting.
        visuals.text_cursor.blink = false;
        visuals.ime_composition.active_underline_stroke = Stroke::new(2.0, self.accent);
        visuals.ime_composition.inactive_underline_stroke = Stroke::new(2.0, self.line_strong);
        visuals.striped = false;
        visuals.slider_trailing_fill = true;
        visuals.indent_has_left_vline = false;
        visuals
    }

    fn widgets(&self) -> Widgets {
        let corner_radius = CornerRadius::same(self.sizes.radius);
        let state = |fill, stroke, text| WidgetVisuals {
            bg_fill: fill,
            weak_bg_fill: fill,
            bg_stroke: Stroke::new(1.0, stroke),
            fg_stroke: Stroke::new(1.0, text),
            corner_radius,
            // Controls that grow under the pointer make a dense desk restless.
            expansion: 0.0,
        };
        Widgets {
            noninteractive: state(self.panel, self.line, self.text),
            inactive: state(self.control, self.control, self.text),
            hovered: state(self.hover, self.line_strong, self.text_strong),
            active: state(self.pressed, self.accent, self.text_strong),
            open: state(self.pressed, self.line_strong, self.text_strong),
        }
    }
}
