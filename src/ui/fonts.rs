//! The fonts of the terminal, the same in the window, in tests and in pictures.
//!
//! Proportional text is Pitdesk Sans (Inter), monospaced text Pitdesk Mono (`JetBrains` Mono); both are
//! built by `assets/fonts/build.py`. **Every digit of the sans has one width**, and so have `+` and `−`
//! (U+2212), and `.` `,` `:` among themselves: numbers that change in place do not jitter, and equal formats
//! align. No ligatures: a glyph drawn alone equals the same glyph inside a word.
//!
//! [`install`] gives a context these fonts and nothing from the machine, so that pictures are alike
//! everywhere. A real window also calls [`install_system_fallback`], for scripts that the bundled fonts
//! lack (Japanese, Korean, Chinese …), and **sets `NativeOptions::system_font_fallback` to `false`**: left at
//! `true`, eframe enumerates the system fonts a second time and picks Han shapes by the locale of the
//! system, not by that of the user interface.

mod system;

use std::sync::Arc;

use egui::{Context, FontData, FontDefinitions, FontFamily, FontId};

/// The named family of headings: Pitdesk Sans in its semi-bold weight, with the same tabular digits.
pub const BOLD: &str = "bold";

const SANS: &str = "Pitdesk Sans";
const SANS_BOLD: &str = "Pitdesk Sans SemiBold";
const MONO: &str = "Pitdesk Mono";
const MARKS: &str = "Pitdesk Marks";
const MARKS_MONO: &str = "Pitdesk Marks Mono";

const FILES: [(&str, &[u8]); 5] = [
    (SANS, include_bytes!("../../assets/fonts/PitdeskSans-Regular.otf")),
    (SANS_BOLD, include_bytes!("../../assets/fonts/PitdeskSans-SemiBold.otf")),
    (MONO, include_bytes!("../../assets/fonts/PitdeskMono-Regular.ttf")),
    (MARKS, include_bytes!("../../assets/fonts/PitdeskMarks-Regular.ttf")),
    (MARKS_MONO, include_bytes!("../../assets/fonts/PitdeskMarksMono-Regular.ttf")),
];

/// A heading font of `size` points. The context must have been through [`install`].
#[must_use]
pub fn bold(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// Gives `ctx` the bundled fonts, and only those. Repeating it changes nothing.
///
/// Takes effect at once when no text has been laid out yet, otherwise with the next pass.
pub fn install(ctx: &Context) {
    ctx.set_fonts(definitions());
}

/// Lets `ctx` look for characters that no bundled font has among the fonts of the system.
///
/// `locale` is the language of the user interface as a BCP 47 tag (`"ja"`, `"ko"`, `"zh-Hant"`): Han
/// characters are shared, and drawn differently, by three languages. `None` takes the system's locale.
/// Calling it again with another locale replaces the choice.
///
/// For the real window only; see the module's documentation for what `NativeOptions` must say. Returns at
/// once, and no frame waits for a font: a thread reads them.
pub fn install_system_fallback(ctx: &Context, locale: Option<&str>) {
    system::install(ctx, locale);
}

/// Our fonts in front of egui's own, which stay behind them for Cyrillic and for its few icons.
fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    for (name, bytes) in FILES {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
    }
    let behind = |family: &FontFamily| fonts.families.get(family).cloned().unwrap_or_default();
    let (sans_rest, mono_rest) = (behind(&FontFamily::Proportional), behind(&FontFamily::Monospace));
    let chain = |front: &[&str], rest: &[String]| -> Vec<String> {
        front.iter().map(|name| (*name).to_owned()).chain(rest.iter().cloned()).collect()
    };
    fonts.families = [
        (FontFamily::Proportional, chain(&[SANS, MARKS], &sans_rest)),
        (FontFamily::Name(BOLD.into()), chain(&[SANS_BOLD, SANS, MARKS], &sans_rest)),
        (FontFamily::Monospace, chain(&[MONO, MARKS_MONO, SANS, MARKS], &mono_rest)),
    ]
    .into();
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::epaint::text::MissingGlyphPolicy;
    use egui::{Color32, RawInput};

    /// egui rounds the size of laid-out text to 1/32 point; the narrowest digit of Inter would be off by 50 times that.
    const ROUNDING: f32 = 0.04;
    const SIZES: [f32; 4] = [11.0, 12.0, 13.0, 18.0];

    /// Runs `check` once for every family and size, in a context that has our fonts.
    fn in_each_font(mut check: impl FnMut(&mut egui::epaint::text::FontsView<'_>, &FontId)) {
        let ctx = Context::default();
        install(&ctx);
        ctx.set_missing_glyph_policy(MissingGlyphPolicy::Panic);
        let output = ctx.run_ui(RawInput::default(), |ui| {
            for size in SIZES {
                for id in [FontId::proportional(size), FontId::monospace(size), bold(size)] {
                    ui.fonts_mut(|fonts| check(fonts, &id));
                }
            }
        });
        output.drop_without_applying_deltas();
    }

    fn width(fonts: &mut egui::epaint::text::FontsView<'_>, id: &FontId, text: &str) -> f32 {
        fonts.layout_no_wrap(text.to_owned(), id.clone(), Color32::WHITE).rect.width()
    }

    #[test]
    fn numbers_of_one_format_have_one_width_whatever_the_digits() {
        in_each_font(|fonts, id| {
            let expected = width(fonts, id, "+1,234,567.80");
            for tens in '0'..='9' {
                for ones in '0'..='9' {
                    for sign in ['+', '−'] {
                        let text = format!("{sign}{ones},{tens}{ones}{tens},{ones}{tens}{tens}.{tens}{ones}");
                        let got = width(fonts, id, &text);
                        assert!(
                            (got - expected).abs() < ROUNDING,
                            "{text} is {got} wide, not {expected}, in {id:?}"
                        );
                    }
                }
            }
        });
    }

    #[test]
    fn separators_of_prices_and_times_have_one_width() {
        in_each_font(|fonts, id| {
            let expected = width(fonts, id, "12.34");
            for text in ["12,34", "12:34", "90:71"] {
                assert!((width(fonts, id, text) - expected).abs() < ROUNDING, "{text} in {id:?}");
            }
        });
    }

    #[test]
    fn a_glyph_inside_a_word_is_as_wide_as_alone_where_numbers_are_written() {
        in_each_font(|fonts, id| {
            for text in ["12x34", "1->2", ">=1.50%", "12:30:01.999", "−0.05"] {
                let together = width(fonts, id, text);
                let alone: f32 = text.chars().map(|c| fonts.glyph_width(id, c)).sum();
                assert!(
                    (together - alone).abs() < 2.0 * ROUNDING,
                    "{text}: {together} against {alone} in {id:?}"
                );
            }
        });
    }

    #[test]
    fn every_character_we_write_has_a_glyph() {
        let text = "µΔΣΘΓΩβδ¥₩€£$₿←↑→↓↗↘↔▲▼●○■□△▽▸▾◂▴◆◇★☆✓✕✗×÷±−…–—‹›«»·•≤≥≠≈∞√∑│─┌┐└┘├┤┬┴┼░▒▓█⚙☰⚠⋮⋯⟳⏎⌘⌥⇧⌃\
                    ÀÉÑÖŠŽßœĀğıŁþ№™©®°²³½′″\u{2009}\u{2007}\u{202f}ЖЯ";
        in_each_font(|fonts, id| {
            for c in text.chars() {
                assert!(fonts.has_glyph(id, c), "{c} (U+{:04X}) in {id:?}", c as u32);
            }
        });
    }

    #[test]
    fn installing_twice_keeps_the_atlas() {
        let ctx = Context::default();
        install(&ctx);
        ctx.run_ui(RawInput::default(), |ui| drop(ui.label("1.25"))).drop_without_applying_deltas();
        install(&ctx);
        let again = ctx.run_ui(RawInput::default(), |ui| drop(ui.label("1.25")));
        assert!(again.textures_delta.set.is_empty(), "the same glyphs were drawn again");
        again.drop_without_applying_deltas();
    }

    #[test]
    fn pictures_take_nothing_from_the_machine() {
        let ctx = Context::default();
        install(&ctx);
        let output = ctx.run_ui(RawInput::default(), |ui| drop(ui.label("日本語")));
        ctx.fonts(|fonts| assert!(fonts.discovered_fonts().is_empty(), "a system font was used"));
        output.drop_without_applying_deltas();
    }

    #[test]
    fn each_file_is_small() {
        for (name, bytes) in FILES {
            assert!(bytes.len() <= 150_000, "{name} has {} bytes", bytes.len());
        }
    }
}
