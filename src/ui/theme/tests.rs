//! Contrast, colours told apart by all kinds of eyes, rows that text fits in.

use super::sight::{EYES, difference};
use super::*;

const LOOKS: [(Palette, Convention, Density); 8] = {
    use {Convention as C, Density as D, Palette as P};
    [
        (P::Usual, C::Western, D::Comfortable),
        (P::Usual, C::Western, D::Compact),
        (P::Usual, C::EastAsian, D::Comfortable),
        (P::Usual, C::EastAsian, D::Compact),
        (P::ColourBlind, C::Western, D::Comfortable),
        (P::ColourBlind, C::Western, D::Compact),
        (P::ColourBlind, C::EastAsian, D::Comfortable),
        (P::ColourBlind, C::EastAsian, D::Compact),
    ]
};

/// Every theme that can be chosen, with the palette that it is of.
fn all() -> impl Iterator<Item = (Arc<Theme>, Palette)> {
    let of = |choice| {
        LOOKS.map(|(palette, convention, density)| {
            let looks = Looks { palette, convention, density, ..Looks::default() };
            (Theme::of(choice, &looks, None), palette)
        })
    };
    [ThemeChoice::Dark, ThemeChoice::Light].into_iter().flat_map(of)
}

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
    for (t, _) in all() {
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
            ("on_fill on stop_fill", t.on_fill, t.stop_fill),
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
    for (t, _) in all() {
        assert!(contrast(t.grid, t.surface) < 1.25, "{}", t.name);
        assert!(contrast(t.volume_up, t.surface) < contrast(t.up, t.surface), "{}", t.name);
        assert!(contrast(t.volume_down, t.surface) < contrast(t.down, t.surface), "{}", t.name);
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
    let refused = |file: &str| Variants::parse(file).err().map(|error| error.to_string()).unwrap_or_default();
    let dark = include_str!("../../../assets/themes/dark.toml");
    let bad = refused(&dark.replace("\"#07090c\"", "\"black\""));
    assert!(bad.contains("black is no colour"), "{bad}");
    let missing = refused(&dark.replace("backdrop =", "back ="));
    assert!(missing.contains("back"), "{missing}");
}

type Pair = fn(&Theme) -> (Color32, Color32);

/// How far apart two colours must look: CIE76 in CIELAB, where 2.3 is what a trained eye just sees side by side. Text
/// and buttons are small and apart from each other; what lies behind numbers has to be faint.
const APART: [(&str, Pair, f64); 6] = [
    ("up and down", |t| (t.up, t.down), 40.0),
    ("buy and sell", |t| (t.buy, t.sell), 40.0),
    ("up_fill and down_fill", |t| (t.up_fill, t.down_fill), 40.0),
    ("buy_fill and sell_fill", |t| (t.buy_fill, t.sell_fill), 40.0),
    ("volume_up and volume_down", |t| (t.volume_up, t.volume_down), 30.0),
    ("up_flash and down_flash", |t| (t.up_flash, t.down_flash), 20.0),
];

#[test]
fn colour_blind_eyes_tell_a_rise_from_a_fall_and_a_buy_from_a_sell() {
    for (t, _) in all().filter(|(_, palette)| *palette == Palette::ColourBlind) {
        for (what, pair, least) in APART {
            let (one, other) = pair(&t);
            for (eyes, sight) in EYES {
                let found = difference(sight, one, other);
                assert!(found >= least, "{}: {what} are {found:.1} apart to {eyes}, needs {least}", t.name);
            }
        }
    }
}

#[test]
fn the_usual_colours_are_not_for_all_eyes() {
    let t = Theme::dark();
    let worst = EYES.iter().map(|(_, sight)| difference(sight, t.up, t.down));
    assert!(worst.fold(f64::INFINITY, f64::min) < 25.0, "else one palette would do");
}

#[test]
fn no_line_of_a_study_is_taken_for_a_rise_or_a_fall() {
    for (t, _) in all() {
        for (index, study) in t.studies.into_iter().enumerate() {
            for other in [t.up, t.down, t.buy, t.sell] {
                let found = difference(&sight::FULL, study, other);
                assert!(found >= 30.0, "{}: study {index} is {found:.1} from {other:?}", t.name);
            }
        }
    }
}

#[test]
fn the_convention_exchanges_what_rises_with_what_falls_and_nothing_else() {
    for choice in [ThemeChoice::Dark, ThemeChoice::Light] {
        for palette in [Palette::Usual, Palette::ColourBlind] {
            let of = |convention| {
                let looks = Looks { palette, convention, ..Looks::default() };
                Theme::clone(&Theme::of(choice, &looks, None))
            };
            let (western, eastern) = (of(Convention::Western), of(Convention::EastAsian));
            for (what, pair, _) in APART {
                let (one, other) = pair(&western);
                assert_eq!(pair(&eastern), (other, one), "{what}");
            }
            let mut back = eastern;
            back.exchange_opposites();
            assert_eq!(back, western);
        }
    }
}

#[test]
fn what_stops_everything_is_red_whatever_is_chosen() {
    let red = |t: &Theme| (t.stop_fill, t.danger, t.danger_fill, t.live_fill);
    for (t, _) in all() {
        let usual = if t.dark { Theme::dark() } else { Theme::light() };
        assert_eq!(red(&t), red(&usual), "{}", t.name);
    }
}

#[test]
fn a_compact_desk_is_tighter_and_its_text_fits_its_rows() {
    let (loose, tight) = (Theme::dark().sizes, DARK.compact);
    assert!(tight.row < loose.row && tight.tight_row < loose.tight_row && tight.two_lines < loose.two_lines);
    assert_eq!((tight.text, tight.small), (loose.text, loose.small), "what is read is as large");
    let ctx = egui::Context::default();
    crate::ui::fonts::install(&ctx);
    let output = ctx.run_ui(egui::RawInput::default(), |ui| {
        for Sizes { text, small, row, tight_row, two_lines, lines_at: [first, second], .. } in [loose, tight]
        {
            // From the top of capitals with marks to the foot of letters that go below the line.
            let ink = |size: f32| {
                let galley = ui.painter().layout_no_wrap(
                    "ÄÅgjp".to_owned(),
                    FontId::proportional(size),
                    Color32::PLACEHOLDER,
                );
                galley.mesh_bounds.height()
            };
            assert!(ink(text) <= row && ink(text) <= tight_row + 1.0, "{} in {tight_row}", ink(text));
            assert!(first - ink(text) / 2.0 >= 0.0 && second + ink(small) / 2.0 <= two_lines);
            assert!(first + ink(text) / 2.0 <= second - ink(small) / 2.0 + 1.0, "two lines do not touch");
        }
    });
    output.drop_without_applying_deltas();
}
