//! No text is cut off, and none lies on another: every pane and every window, at the usual sizes of screens.

use std::collections::BTreeSet;

use egui::{Key, Modifiers, Rect, Role, Shape, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::Side;
use pitdesk::link::Update;
use pitdesk::ui::pane::PaneKind;

use crate::bench::{limit, order, position, settle};
use crate::chart_pane::AAPL;
use crate::desktop::{Desktop, choose, desktop_sized, search, search_and_enter};

type Window = Harness<'static, Desktop>;

/// A text on the screen.
#[derive(Clone, PartialEq)]
struct Text {
    said: String,
    /// Where its letters are.
    ink: Rect,
    /// What of the screen it may use.
    clip: Rect,
}

impl Text {
    fn of(clip: Rect, shape: &Shape) -> Vec<Self> {
        match shape {
            Shape::Vec(shapes) => shapes.iter().flat_map(|shape| Self::of(clip, shape)).collect(),
            // Digits are rows of one text that stand anywhere: each of their letters counts.
            Shape::Text(text) if text.galley.text().contains("\n#\n") => {
                let quads = text.galley.rows.iter().flat_map(|row| {
                    let at = row.pos.to_vec2() + text.pos.to_vec2();
                    let corners: Vec<_> = row.visuals.mesh.vertices.iter().map(|v| v.pos + at).collect();
                    corners.chunks_exact(4).map(Rect::from_points).collect::<Vec<_>>()
                });
                quads.map(|ink| Self { said: "a figure".to_owned(), ink, clip }).collect()
            }
            Shape::Text(text) => {
                let rows = text.galley.rows.iter().filter(|row| !row.text().trim().is_empty());
                let at = text.pos.to_vec2();
                rows.map(|row| Self {
                    said: row.text(),
                    ink: row.visuals.mesh_bounds.translate(row.pos.to_vec2() + at),
                    clip,
                })
                .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether some of it can be seen: what is scrolled away is not cut off.
    fn is_in_sight(&self) -> bool {
        self.clip.intersect(self.ink).is_positive()
    }

    /// Whether letters are cut through from above to below. A row that is half scrolled away is none of these.
    fn is_cut(&self) -> bool {
        self.ink.left() < self.clip.left() - 1.0 || self.ink.right() > self.clip.right() + 1.0
    }

    fn lies_on(&self, other: &Self) -> bool {
        let both = self.ink.intersect(self.clip).intersect(other.ink).intersect(other.clip);
        both.width() > 1.0 && both.height() > 2.0
    }
}

fn texts(window: &Window) -> Vec<Text> {
    let texts = window.output().shapes.iter().flat_map(|clipped| Text::of(clipped.clip_rect, &clipped.shape));
    texts.filter(Text::is_in_sight).collect()
}

/// What is wrong with a screen, in words, besides what was there before. A table is scrolled sideways: its cells go on
/// beyond its edge.
fn faults(window: &Window, below: &[Text]) -> Vec<String> {
    let mut texts = texts(window);
    texts.retain(|text| !below.contains(text));
    // With its head and its totals.
    let whole = |rect: Rect| rect.expand2(vec2(0.0, 26.0));
    let tables: Vec<Rect> = window.query_all_by_role(Role::Table).map(|table| whole(table.rect())).collect();
    let mut faults = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let is_in_table = tables.iter().any(|table| table.contains_rect(text.clip.intersect(text.ink)));
        if text.is_cut() && !is_in_table {
            faults.push(format!("cut off: {:?} {:?} in {:?}", text.said, text.ink, text.clip));
        }
        for other in &texts[..index] {
            if text.lies_on(other) {
                faults.push(format!("{:?} lies on {:?} at {:?}", text.said, other.said, text.ink));
            }
        }
    }
    faults
}

/// A desk with something in every list.
fn desk(size: Vec2) -> Window {
    let mut window = desktop_sized(size);
    let market = &mut window.state_mut().market;
    let id = market.id(AAPL);
    market.quote(AAPL, "284.50");
    for number in 1..5 {
        let order = order(number, id, Side::Buy, "1200", limit("280.25"), market.now());
        market.publish(Update::Order(order));
    }
    market.publish(Update::Position(position(id, "1250", "283.17")));
    settle(&mut window);
    window
}

/// Sizes of screens, in pixels, and how much larger than usual text is.
const SCREENS: [(Vec2, f32); 4] = [
    (vec2(1280.0, 720.0), 1.0),
    (vec2(1280.0, 720.0), 1.5),
    (vec2(1920.0, 1080.0), 1.0),
    (vec2(2560.0, 1440.0), 1.5),
];

/// What opens each of the windows that stand above the panes.
const WINDOWS: [&str; 7] = [
    "keyboard shortcuts",
    "limits of the profile",
    "workspaces",
    "books",
    "emergency panel",
    "timeline of order 1",
    // It stays until it is put away by name.
    "performance",
];

/// Every screen with everything that is wrong on it, which should be nothing.
fn check(mut look: impl FnMut(Window, &mut dyn FnMut(String, Vec<String>))) {
    let mut all = BTreeSet::new();
    for (size, scale) in SCREENS {
        let mut tell = |what: String, faults: Vec<String>| {
            all.extend(faults.into_iter().map(|fault| format!("{size:?}, text {scale}, {what}: {fault}")));
        };
        look(desk(size / scale), &mut tell);
    }
    let all: Vec<String> = all.into_iter().take(40).collect();
    assert!(all.is_empty(), "{}", all.join("\n"));
}

fn press(window: &mut Window, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    settle(window);
}

#[test]
fn in_no_pane_is_a_text_cut_off_or_below_another() {
    check(|mut window, tell| {
        tell("the usual desk".to_owned(), faults(&window, &[]));
        for kind in PaneKind::ALL {
            choose(&mut window, "Chart", &["Split right", kind.title()]);
            tell(format!("beside it {kind:?}"), faults(&window, &[]));
            press(&mut window, Modifiers::COMMAND, Key::M);
            tell(format!("{kind:?} alone"), faults(&window, &[]));
            press(&mut window, Modifiers::COMMAND, Key::M);
            press(&mut window, Modifiers::COMMAND | Modifiers::SHIFT, Key::H);
        }
    });
}

#[test]
fn in_no_window_above_the_panes_is_a_text_cut_off_or_below_another() {
    check(|mut window, tell| {
        let below = texts(&window);
        search(&mut window, "a");
        tell("the search".to_owned(), faults(&window, &below));
        press(&mut window, Modifiers::NONE, Key::Escape);
        for opens in WINDOWS {
            search_and_enter(&mut window, opens);
            tell(opens.to_owned(), faults(&window, &below));
            press(&mut window, Modifiers::NONE, Key::Escape);
        }
    });
}
