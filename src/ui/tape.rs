//! The tape: trades as they happen, newest first, by who crossed the spread.
//!
//! Equal prints that follow one another can stand as one line, small ones can be left out, large ones stand
//! out; all of that concerns what is shown and can be changed at any time. Scrolled back, the lines stand still.

mod head;
mod paint;

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Rect, Sense, Ui};
use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::format;
use super::keys::{Act, with_keys};
use super::pane::Pane;
use super::steps::wheel_steps;
use super::theme::theme_of;
use crate::desk::Desk;
use crate::domain::{Decimal, Instrument, InstrumentId, Qty, Time};
use crate::market::tape::{Line, Tape};

/// For how long equal prints may join one line, in milliseconds; the first is not at all.
const MERGES: [u32; 5] = [0, 20, 100, 500, 1_000];

/// Trades as they happen.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TapePane {
    /// Smaller lines are left out, by instrument key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    least: BTreeMap<String, Decimal>,
    /// Lines from this size on stand out, by instrument key.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    large: BTreeMap<String, Decimal>,
    /// For how long equal prints join one line, in milliseconds.
    merge: u32,
    #[serde(skip)]
    view: View,
}

/// What is not saved.
#[derive(Debug, Default)]
struct View {
    /// What the lines are of: instrument, since when, merged how.
    of: Option<(InstrumentId, Time, u32)>,
    tape: Option<Tape>,
    /// How many trades of that are in the lines, or were missed.
    taken: u64,
    missed: u64,
    /// What is typed into the fields.
    least: String,
    large: String,
    typed_for: Option<InstrumentId>,
    /// The newest line that is shown while the trader looks back.
    held: Option<u64>,
    wheel: f32,
}

impl Pane for TapePane {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let Some(instrument) = desk.selected().cloned() else {
            ui.centered_and_justified(|ui| {
                ui.label(with_keys(ui, "Choose an instrument in the watchlist, or by a search", Act::Search))
            });
            return;
        };
        out.demand.quotes.insert(instrument.id);
        out.demand.trades.insert(instrument.id);
        self.type_for(&instrument);
        self.follow(desk, instrument.id);
        ui.spacing_mut().item_spacing.y = 2.0;
        self.head_ui(ui, desk, &instrument);
        let body = ui.available_rect_before_wrap();
        self.body_ui(ui, body, desk, &instrument);
    }
}

impl TapePane {
    /// The lines that are large enough to be shown, newest first, with their numbers.
    fn lines(&self, least: Qty) -> impl Iterator<Item = (u64, &Line)> {
        let held = self.view.held.unwrap_or(u64::MAX);
        self.view.tape.iter().flat_map(move |tape| {
            let first = tape.fallen();
            let numbered = tape.lines().enumerate().map(move |(index, line)| (first + index as u64, line));
            numbered.rev().filter(move |(number, line)| *number <= held && line.is_at_least(least))
        })
    }

    fn least(&self, instrument: &Instrument) -> Qty {
        self.least.get(&instrument.key()).copied().map_or(Qty::ZERO, Qty)
    }

    fn large(&self, instrument: &Instrument) -> Qty {
        self.large.get(&instrument.key()).copied().map_or(Qty::ZERO, Qty)
    }

    /// Puts the sizes of another instrument into the fields.
    fn type_for(&mut self, instrument: &Instrument) {
        if self.view.typed_for == Some(instrument.id) {
            return;
        }
        let text = |of: Qty| if of.is_zero() { String::new() } else { format::exact(of.0) };
        self.view.least = text(self.least(instrument));
        self.view.large = text(self.large(instrument));
        self.view.typed_for = Some(instrument.id);
        self.view.held = None;
    }

    /// Takes in what has traded since the last frame.
    fn follow(&mut self, desk: &Desk, id: InstrumentId) {
        let Some((flow, ring)) = desk.flow(id).zip(desk.tape(id)) else {
            self.view.of = None;
            self.view.tape = None;
            return;
        };
        let of = Some((id, flow.begun(), self.merge));
        let view = &mut self.view;
        if view.of != of || view.tape.is_none() {
            (view.of, view.taken, view.missed, view.held) = (of, 0, 0, None);
            view.tape = Some(Tape::new(Duration::from_millis(self.merge.into())));
        }
        let Some(tape) = &mut view.tape else { return };
        let new = usize::try_from(flow.told() - view.taken).unwrap_or(usize::MAX);
        let there = new.min(ring.len());
        // What the window keeps was overtaken while this tape was behind another tab.
        if view.taken > 0 {
            view.missed += (new - there) as u64;
        }
        ring.iter().skip(ring.len() - there).for_each(|trade| tape.add(trade));
        view.taken = flow.told();
    }

    fn body_ui(&mut self, ui: &mut Ui, body: Rect, desk: &Desk, instrument: &Instrument) {
        let least = self.least(instrument);
        let rows = ui.interact(body, ui.scope_id().with("lines"), Sense::hover());
        if rows.contains_pointer() {
            let steps = wheel_steps(ui, &mut self.view.wheel);
            self.scroll(steps * 3, least);
        }
        let height = paint::row_height(ui);
        let count = (body.height() / height).floor().max(0.0) as usize;
        if self.lines(least).next().is_none() {
            paint::empty_ui(ui, body, desk, instrument, !least.is_zero());
            return;
        }
        let look = paint::Look::of(body, desk, instrument, self.large(instrument));
        paint::lines_ui(ui, &look, self.lines(least).take(count).map(|(_, line)| line));
        if self.view.held.is_some() {
            self.back_ui(ui, body);
        }
    }

    /// Looks further back, or towards the newest.
    fn scroll(&mut self, steps: i32, least: Qty) {
        if steps == 0 {
            return;
        }
        let by = usize::try_from(steps.unsigned_abs()).unwrap_or(usize::MAX);
        if steps < 0 {
            let further = self.lines(least).nth(by).map(|(number, _)| number);
            self.view.held = further.or(self.view.held);
            return;
        }
        let Some(held) = self.view.held.take() else { return };
        let newer: Vec<u64> =
            self.lines(least).map(|(number, _)| number).take_while(|number| *number > held).collect();
        // The newest first: as far towards it as was asked, or all the way.
        self.view.held = newer.len().checked_sub(by).filter(|index| *index > 0).map(|index| newer[index]);
    }

    /// The way back to the newest line.
    fn back_ui(&mut self, ui: &mut Ui, body: Rect) {
        let theme = theme_of(ui);
        let size = egui::vec2(150.0, theme.sizes.row);
        let place = Rect::from_center_size(egui::pos2(body.center().x, body.top() + size.y), size);
        let button = egui::Button::new("To the newest").fill(theme.raised);
        if ui.put(place, button).clicked() {
            self.view.held = None;
        }
    }
}
