//! Design tokens: every colour and size that a view may use, by meaning.
//!
//! The values are data, `assets/themes/dark.toml` and `light.toml`, compiled in. A view
//! asks [`theme_of`] for the theme in force and never writes a colour literal: this
//! module is the only place that makes colours (`tests/tidy.rs` enforces it).
//!
//! [`Theme::apply`] puts the same tokens into egui's own styles, so that stock widgets
//! and painted views agree. Fonts are [`super::fonts`]' affair; here are only their sizes.

use std::sync::{Arc, LazyLock};

use egui::style::{ScrollStyle, Selection, WidgetVisuals, Widgets};
use egui::{Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Stroke, Style, TextStyle, Visuals};
use serde::{Deserialize, Deserializer};

use crate::desk::Group;
use crate::domain::Decimal;
use crate::domain::settings::ThemeChoice;

/// The text style of the few large figures (a ticket's price, an account's total).
pub const DISPLAY: &str = "display";
/// How many colours there are for the lines of studies.
pub const STUDIES: usize = 6;

macro_rules! theme {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// One set of design tokens. Colours are named by what they mean, not by hue.
        #[derive(Debug, Clone, PartialEq)]
        pub struct Theme {
            /// What the settings call it.
            pub name: String,
            /// Whether light text stands on dark surfaces.
            pub dark: bool,
            $($(#[$doc])* pub $name: Color32,)*
            /// Of the groups that panes are linked in; each group has its letter beside it.
            pub groups: [Color32; Group::COUNT],
            /// Of the lines of studies in a chart: none is that of a rise, a fall or an order.
            pub studies: [Color32; STUDIES],
            /// Text sizes and distances, in points.
            pub sizes: Sizes,
        }

        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Colours { $($name: Hex,)* }

        impl From<File> for Theme {
            fn from(File { name, dark, groups, studies, colours, sizes }: File) -> Self {
                let (groups, studies) = (groups.map(|hex| hex.0), studies.map(|hex| hex.0));
                Self { name, dark, $($name: colours.$name.0,)* groups, studies, sizes }
            }
        }
    };
}

theme! {
    /// Between panes and behind everything.
    backdrop,
    /// Behind numbers: charts, ladders, tables, the tape.
    surface,
    /// Bars, tabs, forms.
    panel,
    /// What floats: menus, dialogs, tooltips, toasts.
    raised,
    /// A button at rest.
    control,
    /// A button or menu entry under the pointer.
    hover,
    /// A button held down, a tab or menu that is open.
    pressed,
    /// Where text is typed.
    field,
    /// A table row under the pointer.
    row_hover,
    /// What is selected: rows, text, tabs.
    selection,
    /// Below what floats; translucent.
    shadow,
    /// Separates panes, columns, groups.
    line,
    /// Outlines fields, separates more than `line`.
    line_strong,
    /// A chart's grid.
    grid,
    /// Where a chart's day or session begins.
    grid_strong,
    /// The crosshair's lines.
    crosshair,
    /// Behind the crosshair's labels on the axes.
    tag,
    /// Text and numbers.
    text,
    /// What the eye should find first.
    text_strong,
    /// Captions, units, axis labels.
    text_weak,
    /// Disabled; never the only carrier of a fact.
    text_faint,
    /// Text on any of the `_fill` colours of accent, live, up, down, buy and sell.
    on_fill,
    /// Text on `tag`.
    on_tag,
    /// Focus, links, the active thing.
    accent,
    /// A filled accent.
    accent_fill,
    /// Real money: badges, edges of what trades it. Nothing else has this hue.
    live_fill,
    /// Price rose; profit.
    up,
    /// Price fell; loss.
    down,
    /// Price did not move.
    unchanged,
    /// Behind a label about a rise.
    up_fill,
    /// Behind a label about a fall.
    down_fill,
    /// Volume of a rising bar.
    volume_up,
    /// Volume of a falling bar.
    volume_down,
    /// Behind a number that just rose.
    up_flash,
    /// Behind a number that just fell.
    down_flash,
    /// A buy: its text, its order's line.
    buy,
    /// A sell.
    sell,
    /// The buy button.
    buy_fill,
    /// The sell button.
    sell_fill,
    /// The line and label of a position.
    position,
    /// Connected, accepted, healthy.
    ok,
    /// Worth a look.
    warn,
    /// Behind a warning; `warn` is its text.
    warn_fill,
    /// Refused, lost, dangerous.
    danger,
    /// Behind an error; `danger` is its text.
    danger_fill,
    /// A number that is no longer fed.
    stale,
}

/// Text sizes (four, and no more: each one costs font atlas) and distances, in points.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sizes {
    /// Body text, buttons, numbers.
    pub text: f32,
    /// Axis labels, captions.
    pub small: f32,
    /// Titles of dialogs and sections.
    pub title: f32,
    /// The few large figures.
    pub display: f32,
    /// Height of a table row or a control.
    pub row: f32,
    /// Corner radius.
    pub radius: u8,
    /// Distance between neighbours.
    pub gap: f32,
}

/// A theme file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    dark: bool,
    groups: [Hex; Group::COUNT],
    studies: [Hex; STUDIES],
    colours: Colours,
    sizes: Sizes,
}

/// `#rrggbb` or `#rrggbbaa` (alpha not premultiplied).
struct Hex(Color32);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Color32::from_hex(&text).map(Self).map_err(|error| {
            serde::de::Error::custom(format!("{text} is no colour such as #1c222b: {error:?}"))
        })
    }
}

static DARK: LazyLock<Arc<Theme>> = LazyLock::new(|| built_in(include_str!("../../assets/themes/dark.toml")));
static LIGHT: LazyLock<Arc<Theme>> =
    LazyLock::new(|| built_in(include_str!("../../assets/themes/light.toml")));

fn built_in(file: &str) -> Arc<Theme> {
    Arc::new(Theme::parse(file).expect("the built-in themes are parsed by a test"))
}

impl Theme {
    /// The built-in dark theme.
    #[must_use]
    pub fn dark() -> Arc<Self> {
        Arc::clone(&DARK)
    }

    /// The built-in light theme.
    #[must_use]
    pub fn light() -> Arc<Self> {
        Arc::clone(&LIGHT)
    }

    /// Reads a theme file.
    ///
    /// # Errors
    /// When it is not TOML, a token is missing, unknown or no colour; the error names it.
    pub fn parse(file: &str) -> Result<Self, toml::de::Error> {
        toml::from_str::<File>(file).map(Self::from)
    }

    /// Puts this theme in force from the next frame on: egui's style for both of its
    /// own themes, the choice between them, and what [`theme_of`] returns.
    pub fn apply(self: &Arc<Self>, ctx: &egui::Context) {
        let style = Arc::new(self.style());
        ctx.set_style_of(egui::Theme::Dark, Arc::clone(&style));
        ctx.set_style_of(egui::Theme::Light, style);
        ctx.set_theme(if self.dark { egui::Theme::Dark } else { egui::Theme::Light });
        ctx.data_mut(|data| data.insert_temp(key(), Arc::clone(self)));
    }

    /// The theme of a setting; `desktop` is what the desktop asks for, where it does.
    #[must_use]
    pub fn of_choice(choice: ThemeChoice, desktop: Option<egui::Theme>) -> Arc<Self> {
        match choice {
            ThemeChoice::Dark => Self::dark(),
            ThemeChoice::Light => Self::light(),
            ThemeChoice::System => match desktop {
                Some(egui::Theme::Light) => Self::light(),
                Some(egui::Theme::Dark) | None => Self::dark(),
            },
        }
    }

    /// The colour of a profit or loss.
    #[must_use]
    pub fn of_gain(&self, amount: Decimal) -> Color32 {
        match amount.cmp(&Decimal::ZERO) {
            std::cmp::Ordering::Greater => self.up,
            std::cmp::Ordering::Less => self.down,
            std::cmp::Ordering::Equal => self.unchanged,
        }
    }

    /// The font of captions and axis labels.
    #[must_use]
    pub fn small_font(&self) -> FontId {
        FontId::new(self.sizes.small, FontFamily::Proportional)
    }

    /// The font of body text and numbers.
    #[must_use]
    pub fn text_font(&self) -> FontId {
        FontId::new(self.sizes.text, FontFamily::Proportional)
    }

    fn style(&self) -> Style {
        let Sizes { text, small, title, display, row, gap, .. } = self.sizes;
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
        spacing.item_spacing = egui::vec2(gap, 4.0);
        spacing.window_margin = Margin::same(10);
        spacing.menu_margin = Margin::same(4);
        spacing.button_padding = egui::vec2(8.0, 2.0);
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

/// The theme in force: what [`Theme::apply`] last set, or the dark one.
#[must_use]
pub fn theme_of(ctx: &egui::Context) -> Arc<Theme> {
    ctx.data(|data| data.get_temp(key())).unwrap_or_else(Theme::dark)
}

fn key() -> egui::Id {
    egui::Id::unique("pitdesk-theme")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2 relative luminance.
    fn luminance(colour: Color32) -> f64 {
        let channel = |byte: u8| {
            let x = f64::from(byte) / 255.0;
            if x <= 0.04045 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(colour.r()) + 0.7152 * channel(colour.g()) + 0.0722 * channel(colour.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    fn check(theme: &Theme, what: &str, fore: Color32, back: Color32, least: f64) {
        let found = contrast(fore, back);
        assert!(found >= least, "{}: {what} has contrast {found:.2}, needs {least}", theme.name);
    }

    #[test]
    fn every_text_reads_on_every_surface_it_stands_on() {
        for t in [Theme::dark(), Theme::light()] {
            for (name, back) in [("surface", t.surface), ("panel", t.panel), ("raised", t.raised)] {
                for (what, fore, least) in [
                    ("text", t.text, 7.0),
                    ("text_strong", t.text_strong, 10.0),
                    ("text_weak", t.text_weak, 4.5),
                    ("up", t.up, 4.5),
                    ("down", t.down, 4.5),
                    ("accent", t.accent, 4.5),
                    ("position", t.position, 4.5),
                    ("warn", t.warn, 4.5),
                    ("danger", t.danger, 4.5),
                    ("stale", t.stale, 4.5),
                ] {
                    check(&t, &format!("{what} on {name}"), fore, back, least);
                }
                for (group, fore) in Group::ALL.into_iter().zip(t.groups) {
                    check(&t, &format!("group {group} on {name}"), fore, back, 4.5);
                }
                for (index, fore) in t.studies.into_iter().enumerate() {
                    check(&t, &format!("study {index} on {name}"), fore, back, 4.5);
                }
            }
            for (what, fore, back) in [
                ("on_fill on accent_fill", t.on_fill, t.accent_fill),
                ("on_fill on up_fill", t.on_fill, t.up_fill),
                ("on_fill on down_fill", t.on_fill, t.down_fill),
                ("on_fill on buy_fill", t.on_fill, t.buy_fill),
                ("on_fill on sell_fill", t.on_fill, t.sell_fill),
                ("on_tag on tag", t.on_tag, t.tag),
                ("text on control", t.text, t.control),
                ("text on hover", t.text_strong, t.hover),
                ("text on selection", t.text_strong, t.selection),
                ("text on up_flash", t.text, t.up_flash),
                ("text on down_flash", t.text, t.down_flash),
                ("buy on surface", t.buy, t.surface),
                ("sell on surface", t.sell, t.surface),
                ("surface on position", t.surface, t.position),
                ("warn on warn_fill", t.warn, t.warn_fill),
                ("danger on danger_fill", t.danger, t.danger_fill),
            ] {
                check(&t, what, fore, back, 4.5);
            }
        }
    }

    #[test]
    fn the_grid_stays_behind_the_data() {
        for t in [Theme::dark(), Theme::light()] {
            assert!(contrast(t.grid, t.surface) < 1.25, "{}", t.name);
            assert!(contrast(t.volume_up, t.surface) < contrast(t.up, t.surface), "{}", t.name);
        }
    }

    #[test]
    fn what_was_applied_is_in_force() {
        let ctx = egui::Context::default();
        assert_eq!(theme_of(&ctx).name, "Dark");
        Theme::light().apply(&ctx);
        assert_eq!(theme_of(&ctx).name, "Light");
        assert_eq!(ctx.theme(), egui::Theme::Light);
        assert_eq!(ctx.global_style().visuals.panel_fill, Theme::light().panel);
    }

    #[test]
    fn a_style_uses_four_text_sizes_at_most() {
        let sizes: std::collections::BTreeSet<u32> =
            Theme::dark().style().text_styles.values().map(|font| font.size.to_bits()).collect();
        assert!(sizes.len() <= 4, "{sizes:?}");
    }

    #[test]
    fn a_broken_file_is_refused_by_the_name_of_what_is_wrong() {
        let dark = include_str!("../../assets/themes/dark.toml");
        let bad = Theme::parse(&dark.replace("\"#07090c\"", "\"black\"")).unwrap_err().to_string();
        assert!(bad.contains("black is no colour"), "{bad}");
        let missing = Theme::parse(&dark.replace("backdrop =", "back =")).unwrap_err().to_string();
        assert!(missing.contains("back"), "{missing}");
    }
}
