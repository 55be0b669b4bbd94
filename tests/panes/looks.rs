//! How the window looks: colours that change sides, tight rows, large text, names in Han and Hangul.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::epaint::text::{FallbackRequest, FontData, FontInsert, FontPriority, InsertFontFamily};
use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::settings::{Convention, Density, Looks, Palette, Settings, TEXT_STEPS, ThemeChoice};
use pitdesk::domain::{Depth, Instrument, Level, Price};
use pitdesk::link::Command;
use pitdesk::ui::ladder::Ladder;
use pitdesk::ui::theme::{Theme, theme_of};
use pitdesk::ui::watchlist::Watchlist;

use crate::bench::{Bench, painted, settle};
use crate::desk::{decimal, qty};
use crate::desktop::{Desktop, desktop, desktop_sized, sent};
use crate::picture;

const EASTERN: Looks = Looks { convention: Convention::EastAsian, ..USUAL };
const COLOUR_BLIND: Looks = Looks { palette: Palette::ColourBlind, density: Density::Compact, ..USUAL };
const USUAL: Looks = Looks {
    palette: Palette::Usual,
    convention: Convention::Western,
    density: Density::Comfortable,
    text_percent: 100,
    han: pitdesk::domain::settings::HanShapes::System,
};

const NOTHING: [u16; 0] = [];

/// A window in which these are in force.
fn window_with(change: impl FnOnce(&mut Settings)) -> Harness<'static, Desktop> {
    let mut window = desktop();
    window.state_mut().market.configure(change);
    window.run_steps(3);
    window
}

/// Presses keys, and has the engine do what was asked for.
fn press(window: &mut Harness<'_, Desktop>, key: Key) -> Vec<u16> {
    window.key_press_modifiers(Modifiers::COMMAND, key);
    settle(window);
    let asked = sent(window).into_iter().map(|command| match command {
        Command::Configure(settings) => {
            window.state_mut().market.configure(|now| now.clone_from(&settings));
            settings.looks.text_percent
        }
        other => panic!("{other:?}"),
    });
    let asked = asked.collect();
    window.run_steps(3);
    asked
}

#[test]
fn looks_are_in_force_with_the_next_frame() {
    let mut window = desktop();
    assert_eq!(*theme_of(&window.ctx), *Theme::dark());
    window.state_mut().market.configure(|settings| {
        settings.looks = EASTERN;
        settings.theme = ThemeChoice::Light;
    });
    window.run_steps(1);
    let (eastern, western) = (theme_of(&window.ctx), Theme::light());
    assert_eq!((eastern.up, eastern.buy_fill), (western.down, western.sell_fill));
    window.state_mut().market.configure(|settings| settings.looks.density = Density::Compact);
    window.run_steps(1);
    assert!(theme_of(&window.ctx).sizes.row < western.sizes.row);
}

#[test]
fn keys_change_the_size_of_text_which_is_a_setting() {
    let mut window = desktop();
    assert_eq!(press(&mut window, Key::Plus), [110]);
    assert!((window.ctx.zoom_factor() - 1.1).abs() < 1e-6, "and egui has not zoomed besides");
    assert_eq!(press(&mut window, Key::Equals), [120], "the same key where it needs Shift");
    assert_eq!(press(&mut window, Key::Minus), [110]);
    assert_eq!(press(&mut window, Key::Num0), [100]);
    assert!((window.ctx.zoom_factor() - 1.0).abs() < 1e-6);
    assert_eq!(press(&mut window, Key::Num0), NOTHING, "it is of the usual size");
    for (end, key) in [(200, Key::Plus), (80, Key::Minus)] {
        window.state_mut().market.configure(|settings| settings.looks.text_percent = end);
        window.run_steps(3);
        assert_eq!(press(&mut window, key), NOTHING, "{end} is the end");
    }
}

#[test]
fn two_presses_are_two_steps_before_the_engine_has_answered() {
    let mut window = desktop();
    sent(&mut window);
    for key in [Key::Plus, Key::Plus, Key::Minus, Key::Minus, Key::Plus] {
        window.key_press_modifiers(Modifiers::COMMAND, key);
        settle(&mut window);
    }
    let percent = |command: &Command| match command {
        Command::Configure(settings) => settings.looks.text_percent,
        other => panic!("{other:?}"),
    };
    assert_eq!(sent(&mut window).iter().map(percent).collect::<Vec<_>>(), [110, 120, 110, 100, 110]);
    // What nobody has answered for so long was refused.
    window.state_mut().market.later(std::time::Duration::from_secs(3));
    window.key_press_modifiers(Modifiers::COMMAND, Key::Plus);
    settle(&mut window);
    assert_eq!(sent(&mut window).iter().map(percent).collect::<Vec<_>>(), [110]);
}

#[test]
fn what_the_engine_takes_no_change_of_is_said() {
    let mut window = crate::desktop::busy_desktop();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Plus);
    settle(&mut window);
    let desk = window.state().terminal.desk();
    assert!(desk.notices().iter().any(|notice| notice.text.contains("size of text stays as it is")));
    assert_eq!(desk.settings().looks.text_percent, 100);
}

#[test]
fn everything_has_whole_pixels_and_a_name_at_each_size_of_text() {
    for percent in TEXT_STEPS {
        let scale = f32::from(percent) / 100.0;
        let mut window = desktop_sized(vec2(1600.0, 900.0));
        window.state_mut().market.configure(|settings| settings.looks.text_percent = percent);
        window.state_mut().market.quote("AAPL@NASDAQ", "284.55");
        settle(&mut window);
        settle(&mut window);
        assert!((window.ctx.pixels_per_point() - scale).abs() < 1e-6, "{percent}");
        let screen = window.ctx.content_rect();
        for name in ["Quantity", "Add symbol"] {
            let field = window.get_by_label(name).rect();
            assert!(screen.contains_rect(field), "{name} at {percent} %: {field} in {screen}");
        }
    }
}

#[test]
fn the_ways_out_are_in_sight_with_large_text_on_a_small_screen() {
    let mut window = desktop_sized(vec2(1280.0, 720.0));
    window.state_mut().market.configure(|settings| settings.looks.text_percent = 150);
    window.state_mut().market.quote("AAPL@NASDAQ", "284.55");
    settle(&mut window);
    settle(&mut window);
    let status_bar = window.get_by_label("Kill switch").rect();
    for name in ["Close", "Reverse"] {
        let button = window.get_by_label(name).rect();
        assert!(button.bottom() <= status_bar.top(), "{name}: {button} above {status_bar}");
    }
}

/// Texts of a window that lie on another, or are cut off above or below by what they stand in.
fn collisions(window: &Harness<'_, Desktop>) -> Vec<String> {
    let mut found = Vec::new();
    let mut texts: Vec<(String, egui::Rect)> = Vec::new();
    for clipped in &window.output().shapes {
        let egui::Shape::Text(text) = &clipped.shape else { continue };
        let ink = text.galley.mesh_bounds.translate(text.pos.to_vec2());
        let seen = ink.intersect(clipped.clip_rect);
        if !seen.is_positive() {
            continue;
        }
        let said = text.galley.text();
        // What digits are drawn from is laid out once, and nowhere in sight.
        if said.contains("\n0\n1\n") {
            continue;
        }
        if ink.height() - seen.height() > 1.0 {
            found.push(format!("{said} is cut off"));
        }
        let on = texts.iter().filter(|(_, other)| {
            let both = other.intersect(seen);
            both.width() > 1.0 && both.height() > 1.0
        });
        found.extend(on.map(|(other, _)| format!("{said} lies on {other}")));
        texts.push((said.to_owned(), seen));
    }
    found
}

#[test]
fn nothing_lies_on_anything_else_or_is_cut_off_on_a_compact_desk() {
    for density in [Density::Comfortable, Density::Compact] {
        let mut window = window_with(|settings| settings.looks.density = density);
        for (key, last) in [("AAPL@NASDAQ", "284.55"), ("MSFT@NASDAQ", "538.20"), ("SPY@ARCA", "652.10")] {
            window.state_mut().market.quote(key, last);
        }
        settle(&mut window);
        assert_eq!(collisions(&window), Vec::<String>::new(), "{density:?}");
    }
}

/// What is read in rows of a list, with some of them rising and some falling.
fn list(choice: ThemeChoice, looks: Looks) -> Harness<'static, Bench<Watchlist>> {
    let mut list = Watchlist::default();
    for key in ["AAPL@NASDAQ", "MSFT@NASDAQ", "7203@TSE"] {
        list.add(key.to_owned());
    }
    let mut bench = Bench::new(list);
    bench.market.quote("AAPL@NASDAQ", "284.50");
    bench.market.quote("7203@TSE", "3312");
    let mut falling = bench.market.quote_at("MSFT@NASDAQ", "538.20");
    falling.prev_close = Some(Price(decimal("551.07")));
    bench.market.publish_quote("MSFT@NASDAQ", falling);
    let mut harness = bench.show(vec2(348.0, 200.0));
    Theme::of(choice, &looks, None).apply(&harness.ctx);
    settle(&mut harness);
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.55");
    harness.step();
    harness
}

#[test]
fn a_list_looks_so() {
    for (choice, looks, name) in [
        (ThemeChoice::Dark, EASTERN, "looks_eastern"),
        (ThemeChoice::Light, EASTERN, "looks_eastern_light"),
        (ThemeChoice::Dark, COLOUR_BLIND, "looks_colour_blind"),
        (ThemeChoice::Light, COLOUR_BLIND, "looks_colour_blind_light"),
    ] {
        picture::assert_picture(&mut list(choice, looks), name);
    }
}

#[test]
fn a_compact_ladder_looks_so() {
    let mut bench = Bench::new(Ladder::default());
    bench.select("AAPL@NASDAQ");
    bench.market.quote("AAPL@NASDAQ", "284.50");
    let (id, now) = (bench.market.id("AAPL@NASDAQ"), bench.market.now());
    let ticks = bench.market.instruments()[id.index()].ticks.clone();
    let level = |steps: i32| Level {
        price: ticks.step(Price(decimal("284.50")), steps),
        quantity: qty(&(i64::from(steps.abs()) * 100 + 100).to_string()),
        orders: 1,
    };
    let depth =
        Depth { bids: (1..=6).map(|n| level(-n)).collect(), asks: (0..6).map(level).collect(), time: now };
    bench.market.batch(|batch| batch.depth(id, Arc::new(depth), now));
    let mut harness = bench.show(vec2(320.0, 300.0));
    let looks = Looks { convention: Convention::EastAsian, ..COLOUR_BLIND };
    Theme::of(ThemeChoice::Dark, &looks, None).apply(&harness.ctx);
    harness.run_steps(3);
    picture::assert_picture(&mut harness, "looks_ladder");
}

/// A font that has these characters and nothing else: ours, with another table of characters. Which shapes they
/// have is of no importance here.
fn stand_in(characters: &str) -> Vec<u8> {
    let font = include_bytes!("../../assets/fonts/PitdeskMarks-Regular.ttf");
    let u16_at = |at: usize| u16::from_be_bytes([font[at], font[at + 1]]);
    let u32_at = |at: usize| u32::from_be_bytes([font[at], font[at + 1], font[at + 2], font[at + 3]]);
    // Format 12 of the OpenType specification: groups of characters and the first glyph of each.
    let groups: BTreeMap<u32, u32> = characters.chars().map(u32::from).zip(1..).collect();
    let mut cmap: Vec<u8> = [0, 1, 3, 10].into_iter().flat_map(u16::to_be_bytes).collect();
    cmap.extend(12_u32.to_be_bytes());
    cmap.extend([12_u16, 0].into_iter().flat_map(u16::to_be_bytes));
    let count = u32::try_from(groups.len()).expect("a few");
    cmap.extend([16 + 12 * count, 0, count].into_iter().flat_map(u32::to_be_bytes));
    for (character, glyph) in groups {
        cmap.extend([character, character, glyph].into_iter().flat_map(u32::to_be_bytes));
    }
    let tables = usize::from(u16_at(4));
    let mut head = font[..12 + 16 * tables].to_vec();
    let mut body = Vec::new();
    for entry in (0..tables).map(|index| 12 + 16 * index) {
        let old = u32_at(entry + 8) as usize;
        let table: &[u8] = match &font[entry..entry + 4] {
            b"cmap" => &cmap,
            _ => &font[old..old + u32_at(entry + 12) as usize],
        };
        let at = u32::try_from(head.len() + body.len()).expect("a small file");
        let length = u32::try_from(table.len()).expect("a small file");
        head[entry + 8..entry + 12].copy_from_slice(&at.to_be_bytes());
        head[entry + 12..entry + 16].copy_from_slice(&length.to_be_bytes());
        body.extend_from_slice(table);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    head.extend(body);
    head
}

/// Has a window find characters in such a font, as the program has it find them in fonts of the system.
fn provide(ctx: &egui::Context, name: &'static str, characters: &'static str) {
    let data = Arc::new(stand_in(characters));
    let find = move |request: &FallbackRequest<'_>| {
        let is_there = request.cluster.chars().next().is_some_and(|first| characters.contains(first));
        let family = request.family.clone();
        is_there.then(|| FontInsert {
            name: name.to_owned(),
            data: FontData::from_owned(data.to_vec()),
            families: vec![InsertFontFamily { family, priority: FontPriority::Lowest }],
        })
    };
    ctx.set_font_providers(vec![Arc::new(find)]);
}

const NAMES: [(&str, &str); 3] =
    [("AAPL@NASDAQ", "三菱商事"), ("MSFT@NASDAQ", "삼성전자"), ("SPY@ARCA", "腾讯控股有限公司")];
const LETTERS: &str = "三菱商事삼성전자腾讯控股有限公司";

#[test]
fn japanese_korean_and_chinese_names_show_in_rows_and_labels() {
    let mut window = desktop_sized(vec2(1600.0, 720.0));
    // A character that no font has makes a harness panic: what is drawn below was found.
    provide(&window.ctx, "east", LETTERS);
    let name = |instrument: &Arc<Instrument>| {
        let known = NAMES.iter().find(|(key, _)| *key == instrument.key());
        match known {
            Some((_, name)) => Arc::new(Instrument { name: (*name).into(), ..Instrument::clone(instrument) }),
            None => Arc::clone(instrument),
        }
    };
    let listed = window.state().market.instruments().iter().map(name).collect();
    window.state_mut().market.list(listed);
    for (key, _) in NAMES {
        window.state_mut().market.quote(key, "284.50");
    }
    settle(&mut window);
    let drawn = painted(&window);
    for (_, name) in NAMES {
        assert!(drawn.iter().any(|(text, _)| text.contains(name)), "{name} in a row: {drawn:?}");
    }
    assert!(drawn.iter().any(|(text, _)| text.starts_with("三菱商事 · ")), "and in the top bar: {drawn:?}");
    window.ctx.fonts(|fonts| assert!(fonts.discovered_fonts().iter().all(|font| font.name == "east")));
}

#[test]
fn other_shapes_of_han_are_taken_at_once() {
    let mut window = desktop();
    let found = |window: &Harness<'_, Desktop>| -> Vec<String> {
        window.ctx.fonts(|fonts| fonts.discovered_fonts().iter().map(|font| font.name.clone()).collect())
    };
    let listed = window.state().market.instruments().iter().map(|instrument| {
        Arc::new(Instrument { name: "三菱商事".into(), ..Instrument::clone(instrument) })
    });
    let listed = listed.collect();
    provide(&window.ctx, "as in Japan", LETTERS);
    window.state_mut().market.list(listed);
    settle(&mut window);
    assert!(found(&window).iter().all(|name| name == "as in Japan") && !found(&window).is_empty());
    provide(&window.ctx, "as in Korea", LETTERS);
    settle(&mut window);
    assert!(found(&window).iter().all(|name| name == "as in Korea") && !found(&window).is_empty());
}
