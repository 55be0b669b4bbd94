//! Design tokens: every colour and size that a view may use, by meaning.
//!
//! The values are data, `assets/themes/dark.toml` and `light.toml`, compiled in. A view
//! asks [`theme_of`] for the theme in force and never writes a colour literal: this
//! module is the only place that makes colours (`tests/tidy.rs` enforces it).
//!
//! A trader's [`Looks`] change tokens, never views: other colours for what rises and falls, the two exchanged,
//! tighter sizes. Whatever is red because it is dangerous has tokens of its own, which none of that touches.
//!
//! [`Theme::apply`] puts the same tokens into egui's own styles, so that stock widgets
//! and painted views agree. Fonts are [`super::fonts`]' affair; here are only their sizes.

mod style;

use std::sync::{Arc, LazyLock};

use egui::{Color32, FontFamily, FontId};
use serde::{Deserialize, Deserializer};

use crate::desk::Group;
use crate::domain::Decimal;
use crate::domain::settings::{Convention, Density, Looks, Palette, ThemeChoice};

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

        impl From<File> for Variants {
            fn from(file: File) -> Self {
                let File { name, dark, groups, studies, colours, colour_blind, sizes, compact } = file;
                let (groups, studies) = (groups.map(|hex| hex.0), studies.map(|hex| hex.0));
                let usual = Theme { name, dark, $($name: colours.$name.0,)* groups, studies, sizes };
                Self { usual: Arc::new(usual), colour_blind, compact }
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
    /// What stops everything, and what says that everything has stopped.
    stop_fill,
    /// A number that is no longer fed.
    stale,
}

macro_rules! opposites {
    ($($one:ident $other:ident,)*) => {
        /// What tells a rise from a fall and a buy from a sell, where it is not told as usual.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Opposites {
            /// Of the lines of studies, none of which may be taken for one of the others.
            studies: [Hex; STUDIES],
            $($one: Hex, $other: Hex,)*
        }

        impl Theme {
            fn take(&mut self, from: &Opposites) {
                self.studies = from.studies.each_ref().map(|hex| hex.0);
                $((self.$one, self.$other) = (from.$one.0, from.$other.0);)*
            }

            fn exchange_opposites(&mut self) {
                $(std::mem::swap(&mut self.$one, &mut self.$other);)*
            }
        }
    };
}

opposites! {
    up down,
    up_fill down_fill,
    volume_up volume_down,
    up_flash down_flash,
    buy sell,
    buy_fill sell_fill,
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
    /// Height of a row of the ladder and the tape.
    pub tight_row: f32,
    /// Height of a row of two lines.
    pub two_lines: f32,
    /// The middles of its lines, from its top.
    pub lines_at: [f32; 2],
    /// Corner radius.
    pub radius: u8,
    /// Distance between neighbours.
    pub gap: f32,
    /// Distance between what stands below each other.
    pub line: f32,
    /// Free above and below the text of a button.
    pub padding: f32,
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
    colour_blind: Opposites,
    sizes: Sizes,
    compact: Sizes,
}

/// A theme with what a trader may choose instead of parts of it.
struct Variants {
    usual: Arc<Theme>,
    colour_blind: Opposites,
    compact: Sizes,
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

static DARK: LazyLock<Variants> = LazyLock::new(|| built_in(include_str!("../../assets/themes/dark.toml")));
static LIGHT: LazyLock<Variants> = LazyLock::new(|| built_in(include_str!("../../assets/themes/light.toml")));

fn built_in(file: &str) -> Variants {
    Variants::parse(file).expect("the built-in themes are parsed by a test")
}

impl Variants {
    /// Reads a theme file.
    ///
    /// # Errors
    /// When it is not TOML, a token is missing, unknown or no colour; the error names it.
    fn parse(file: &str) -> Result<Self, toml::de::Error> {
        toml::from_str::<File>(file).map(Self::from)
    }

    fn with(&self, looks: Looks) -> Arc<Theme> {
        let mut theme = Theme::clone(&self.usual);
        if looks.palette == Palette::ColourBlind {
            theme.take(&self.colour_blind);
        }
        if looks.convention == Convention::EastAsian {
            theme.exchange_opposites();
        }
        if looks.density == Density::Compact {
            theme.sizes = self.compact;
        }
        Arc::new(theme)
    }
}

impl Theme {
    /// The built-in dark theme.
    #[must_use]
    pub fn dark() -> Arc<Self> {
        Arc::clone(&DARK.usual)
    }

    /// The built-in light theme.
    #[must_use]
    pub fn light() -> Arc<Self> {
        Arc::clone(&LIGHT.usual)
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

    /// The theme of a choice; `desktop` is what the desktop asks for, where it does.
    #[must_use]
    pub fn of(choice: ThemeChoice, looks: &Looks, desktop: Option<egui::Theme>) -> Arc<Self> {
        let is_light = match choice {
            ThemeChoice::Dark => false,
            ThemeChoice::Light => true,
            ThemeChoice::System => desktop == Some(egui::Theme::Light),
        };
        if is_light { LIGHT.with(*looks) } else { DARK.with(*looks) }
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
mod sight;
#[cfg(test)]
mod tests;
