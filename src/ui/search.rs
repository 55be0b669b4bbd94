//! Search for instruments and actions: one field over everything (Ctrl+K).
//!
//! Enter turns the desk to an instrument and puts it into the watchlist, Shift+Enter only
//! puts it there and stays; on an action, Enter does it. What Enter does is decided
//! against the text as it stands when the key arrives, never against an older list; and
//! while nothing is typed and no arrow was pressed, it does nothing at all. What cannot be
//! taken back ranks below everything found as well. No order leaves from here: it is prepared in
//! the ticket, which asks.

mod actions;
mod matching;

use egui::{Align, Align2, Key, Modifiers, Role, Sense, Vec2, WidgetInfo, vec2};

use self::actions::{Action, actions};
pub(super) use self::matching::matching_instruments;
use self::matching::{Rank, Words, behind};
use super::commands::{Commands, UiCommand};
use super::fonts;
use super::keys::keys_of;
use super::lookup::{Lookup, Then};
use super::panes::Panes;
use super::theme::{Theme, theme_of};
use super::workspace::{Shelf, Workspace};
use crate::desk::Desk;
use crate::domain::{BrokerId, Candidate, Instrument};

/// Size of the list, in points.
const WIDTH: f32 = 520.0;
const LIST_HEIGHT: f32 = 336.0;
/// Hits that are shown; who needs more types another letter.
const MOST_HITS: usize = 60;

/// The search, open or not.
#[derive(Debug, Default)]
pub struct Search {
    is_open: bool,
    is_new: bool,
    query: String,
    /// Which hit the keys are on; none before the first word or arrow.
    at: Option<usize>,
    /// What that is: hits that join must not move the keys to another.
    on: Option<String>,
    lookup: Lookup,
}

/// Something that was found.
enum Hit<'a> {
    Instrument(&'a Instrument),
    /// What a broker has, and nobody lists yet.
    Candidate(BrokerId, &'a Candidate),
    Action(Action),
}

/// The keys that were pressed for the list, taken before the field sees them.
struct ListKeys {
    down: usize,
    up: usize,
    enter: Option<Enter>,
}

/// What is on the screen, and what could be.
#[derive(Clone, Copy)]
pub(super) struct Arranged<'a> {
    pub workspace: &'a Workspace,
    pub shelf: &'a Shelf,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Enter {
    /// Do it, or turn to it.
    Open,
    /// Only put it into the watchlist.
    Add,
}

impl Search {
    /// Opens it, empty.
    pub fn open(&mut self) {
        let lookup = std::mem::take(&mut self.lookup);
        *self = Self { is_open: true, is_new: true, lookup, ..Self::default() };
    }

    pub(super) fn ui(
        &mut self,
        ctx: &egui::Context,
        desk: &Desk,
        arranged: Arranged<'_>,
        out: &mut Commands,
    ) {
        self.lookup.settle(desk, out);
        if !self.is_open {
            return;
        }
        let panes = &arranged.workspace.panes;
        let keys = ListKeys::take(ctx);
        let theme = theme_of(ctx);
        let id = egui::Id::unique("search");
        let place = egui::Modal::default_area(id).anchor(Align2::CENTER_TOP, vec2(0.0, 72.0));
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(8);
        let modal = egui::Modal::new(id).area(place).frame(frame).show(ctx, |ui| {
            ui.set_width(WIDTH);
            let is_typed = self.field_ui(ui);
            self.lookup.look(desk, &self.query, out);
            let hits = hits(desk, arranged, &self.query);
            if !is_typed {
                self.stay(&hits);
            }
            self.step(&keys, hits.len());
            ui.add_space(2.0);
            let is_looking = Lookup::is_looking(desk, &self.query);
            // Enter means what was seen: not what has come in this very frame.
            let here = self.at.and_then(|at| hits.get(at)).map(Hit::key);
            let is_meant = is_typed || keys.down != keys.up || here == self.on;
            let clicked = self.hits_ui(ui, &theme, &hits, &keys, panes, is_looking);
            self.on = self.at.and_then(|at| hits.get(at)).map(Hit::key);
            self.problem_ui(ui, desk, &theme);
            hint_ui(ui, &theme);
            let entered = self.at.zip(keys.enter).filter(|_| is_meant);
            let chosen = clicked.map(|at| (at, Enter::Open)).or(entered);
            chosen.and_then(|(at, enter)| Some((hits.into_iter().nth(at)?, enter)))
        });
        if modal.should_close() {
            self.is_open = false;
        } else if let Some((hit, enter)) = modal.inner {
            self.choose(hit, enter, desk, out);
        }
    }

    /// Whether something was typed.
    fn field_ui(&mut self, ui: &mut egui::Ui) -> bool {
        let field = egui::TextEdit::singleline(&mut self.query)
            .hint_text("Symbol, name or action")
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(8, 6));
        let field = ui.add(field).accessible_name("Search");
        if std::mem::take(&mut self.is_new) || !field.has_focus() {
            field.request_focus();
        }
        if field.changed() {
            self.at = (!self.query.trim().is_empty()).then_some(0);
        }
        field.changed()
    }

    /// Stays on the hit that the keys were on, wherever it is now.
    fn stay(&mut self, hits: &[Hit<'_>]) {
        let Some(on) = &self.on else { return };
        self.at = hits.iter().position(|hit| hit.key() == *on).or(self.at);
    }

    fn step(&mut self, keys: &ListKeys, count: usize) {
        let Some(last) = count.checked_sub(1) else { return };
        self.at = match self.at {
            None if keys.down == keys.up => None,
            // The first arrow enters the list, at the end that it comes from.
            None if keys.up > keys.down => Some(last),
            None => Some(0),
            Some(at) => Some((at.min(last) + keys.down + count - keys.up % count) % count),
        };
    }

    fn hits_ui(
        &mut self,
        ui: &mut egui::Ui,
        theme: &Theme,
        hits: &[Hit<'_>],
        keys: &ListKeys,
        panes: &Panes,
        is_looking: bool,
    ) -> Option<usize> {
        if hits.is_empty() {
            ui.allocate_ui_with_layout(
                vec2(WIDTH, LIST_HEIGHT),
                egui::Layout::centered_and_justified(egui::Direction::TopDown),
                |ui| {
                    let text = if is_looking { "Looking at the broker …" } else { "Nothing has this name" };
                    ui.label(egui::RichText::new(text).color(theme.text_weak))
                },
            );
            return None;
        }
        let has_stepped = keys.down != keys.up;
        let mut clicked = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        egui::ScrollArea::vertical().max_height(LIST_HEIGHT).min_scrolled_height(LIST_HEIGHT).show(
            ui,
            |ui| {
                ui.set_min_height(LIST_HEIGHT);
                for (index, hit) in hits.iter().enumerate() {
                    let row = hit_ui(ui, theme, hit, self.at == Some(index), panes);
                    if row.hovered() && ui.input(|input| input.pointer.is_moving()) {
                        self.at = Some(index);
                    }
                    if self.at == Some(index) && has_stepped {
                        row.scroll_to_me(None);
                    }
                    if row.clicked() {
                        clicked = Some(index);
                    }
                }
            },
        );
        clicked
    }

    /// Why a broker could not look.
    fn problem_ui(&self, ui: &mut egui::Ui, desk: &Desk, theme: &Theme) {
        let Some(found) = Lookup::found(desk, &self.query) else { return };
        let Some(why) = &found.problem else { return };
        let broker = desk.connection(found.broker).map_or("The broker", |connection| &*connection.name);
        let text = format!("{broker} has not looked for it: {why}");
        ui.add(egui::Label::new(egui::RichText::new(text).font(theme.small_font()).color(theme.warn)));
    }

    fn choose(&mut self, hit: Hit<'_>, enter: Enter, desk: &Desk, out: &mut Commands) {
        match (hit, enter) {
            (Hit::Candidate(broker, candidate), Enter::Open) => {
                self.lookup.list(desk, broker, &candidate.name, Then::Open, out);
                self.is_open = false;
            }
            (Hit::Candidate(broker, candidate), Enter::Add) => {
                self.lookup.list(desk, broker, &candidate.name, Then::Add, out);
            }
            (Hit::Instrument(instrument), Enter::Open) => {
                out.window(UiCommand::Watch(instrument.id));
                out.window(UiCommand::Select(instrument.id));
                self.is_open = false;
            }
            (Hit::Instrument(instrument), Enter::Add) => out.window(UiCommand::Watch(instrument.id)),
            (Hit::Action(action), Enter::Open) => {
                action.carry_out(out);
                self.is_open = false;
            }
            (Hit::Action(_), Enter::Add) => {}
        }
    }
}

impl ListKeys {
    fn take(ctx: &egui::Context) -> Self {
        ctx.input_mut(|input| {
            // The more special first: a plain Enter would match with Shift held too.
            let add = input.consume_key(Modifiers::SHIFT, Key::Enter);
            let open = input.consume_key(Modifiers::NONE, Key::Enter);
            Self {
                down: input.count_and_consume_key(Modifiers::NONE, Key::ArrowDown),
                up: input.count_and_consume_key(Modifiers::NONE, Key::ArrowUp),
                enter: if add { Some(Enter::Add) } else { open.then_some(Enter::Open) },
            }
        })
    }
}

/// What `query` may mean, best first; without a query the actions, so that they can be
/// learned by looking.
fn hits<'a>(desk: &'a Desk, arranged: Arranged<'_>, query: &str) -> Vec<Hit<'a>> {
    let words = Words::of(query);
    let ranked_actions = actions(desk, arranged, query).into_iter().filter_map(|action| {
        let rank = words.rank(&["", &action.text, action.synonyms])?;
        let rank = if action.is_grave { behind(rank) } else { rank };
        Some((if action.is_aside { behind(behind(rank)) } else { rank }, Hit::Action(action)))
    });
    let mut hits: Vec<(Rank, Hit<'a>)> = if query.trim().is_empty() {
        ranked_actions.collect()
    } else {
        let instruments = matching_instruments(desk.instruments(), query).into_iter();
        instruments.map(|(rank, found)| (rank, Hit::Instrument(found))).chain(ranked_actions).collect()
    };
    hits.sort_by_key(|(rank, _)| *rank);
    hits.truncate(MOST_HITS);
    let elsewhere = Lookup::candidates(desk, query).take(MOST_HITS);
    let elsewhere = elsewhere.map(|(broker, candidate)| Hit::Candidate(broker, candidate));
    hits.into_iter().map(|(_, hit)| hit).chain(elsewhere).collect()
}

fn hit_ui(
    ui: &mut egui::Ui,
    theme: &Theme,
    hit: &Hit<'_>,
    is_current: bool,
    panes: &Panes,
) -> egui::Response {
    let size = vec2(ui.available_width(), theme.sizes.row + 2.0);
    // Not in the tab order: the focus stays in the field, the arrows move in the list.
    let (rect, row) = ui.allocate_exact_size(size, Sense::CLICK);
    row.widget_info(|| WidgetInfo::selected(Role::ListBoxOption, true, is_current, hit.accessible_text()));
    if !ui.is_rect_visible(rect) {
        return row;
    }
    if is_current {
        ui.painter().rect_filled(rect, theme.sizes.radius, theme.selection);
    }
    let (left, right) = (rect.left_center() + vec2(8.0, 0.0), rect.right_center() - vec2(12.0, 0.0));
    let (note, note_colour) = hit.note(ui, theme, panes);
    let note = ui.painter().text(right, Align2::RIGHT_CENTER, note, theme.small_font(), note_colour);
    let room = note.left() - left.x - 12.0;
    let text = hit.text(theme, room);
    let text = ui.painter().layout_job(text);
    let corner = left - vec2(0.0, text.size().y / 2.0);
    ui.painter().galley(corner, text, theme.text);
    row
}

impl Hit<'_> {
    /// What it is, wherever it stands.
    fn key(&self) -> String {
        match self {
            Self::Instrument(instrument) => format!("listed {}", instrument.id),
            Self::Candidate(broker, candidate) => format!("found {broker} {}", candidate.name),
            Self::Action(action) => format!("action {}", action.text),
        }
    }

    fn text(&self, theme: &Theme, room: f32) -> egui::text::LayoutJob {
        let wrap = egui::text::TextWrapping::truncate_at_width(room);
        let mut job = egui::text::LayoutJob { wrap, ..Default::default() };
        let mut add = |text: &str, space, font, color| {
            let format =
                egui::TextFormat { font_id: font, color, valign: Align::Center, ..Default::default() };
            job.append(text, space, format);
        };
        match self {
            Self::Instrument(instrument) => {
                add(&instrument.symbol, 0.0, fonts::bold(theme.sizes.text), theme.text_strong);
                add(&instrument.name, 10.0, theme.text_font(), theme.text);
            }
            Self::Candidate(_, candidate) => {
                add(&candidate.symbol, 0.0, fonts::bold(theme.sizes.text), theme.text);
                add(&candidate.description, 10.0, theme.text_font(), theme.text_weak);
            }
            Self::Action(action) => add(&action.text, 0.0, theme.text_font(), theme.text),
        }
        job
    }

    /// What stands at the right: venue and kind, or the shortcut.
    fn note(&self, ctx: &egui::Context, theme: &Theme, panes: &Panes) -> (String, egui::Color32) {
        match self {
            Self::Instrument(instrument) => {
                let watched = if panes.watch(instrument) { "in the watchlist · " } else { "" };
                let class = instrument.class.label();
                let note = format!("{watched}{class} · {} · {}", instrument.venue, instrument.currency);
                (note, theme.text_weak)
            }
            Self::Candidate(_, candidate) => {
                let class = candidate.class.label();
                let note = format!("not listed yet · {class} · {} · {}", candidate.venue, candidate.currency);
                (note, theme.text_weak)
            }
            Self::Action(Action { is_in_force: true, .. }) => ("in force".to_owned(), theme.ok),
            Self::Action(action) => {
                let keys = action.keys.map_or_else(String::new, |act| keys_of(ctx, act));
                (keys, theme.text_weak)
            }
        }
    }

    fn accessible_text(&self) -> String {
        match self {
            Self::Instrument(i) => format!("{}, {}, {}", i.symbol, i.name, i.venue),
            Self::Candidate(_, c) => {
                format!("{}, {}, {}, {}, not listed yet", c.symbol, c.description, c.venue, c.currency)
            }
            Self::Action(action) => action.text.clone(),
        }
    }
}

fn hint_ui(ui: &mut egui::Ui, theme: &Theme) {
    ui.add_space(6.0);
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing = Vec2::new(4.0, 0.0);
        ui.add_space(8.0);
        let hints = [("Enter", "open or do"), ("Shift+Enter", "only add to the watchlist"), ("Esc", "close")];
        for (keys, effect) in hints {
            ui.label(egui::RichText::new(keys).font(theme.small_font()).color(theme.text));
            ui.label(egui::RichText::new(effect).font(theme.small_font()).color(theme.text_weak));
            ui.add_space(10.0);
        }
    });
}
