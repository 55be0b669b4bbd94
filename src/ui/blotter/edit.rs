//! Amending in place: a cell of an order as a field.
//!
//! Enter sends, Escape or a click elsewhere leaves, arrows and the wheel step by tick or
//! lot (with Shift by ten), F2 goes on to the order's next part. What is not on the grid of
//! its instrument is not sent.

use egui::text::CCursorRange;
use egui::{EventFilter, Key, Modifiers, Rect, TextEdit, Ui};

use crate::domain::{Decimal, Instrument, Order, OrderStatus, Price, Qty};
use crate::ui::amending::Part;
use crate::ui::format;
use crate::ui::keys::{Act, taken};
use crate::ui::steps::{key_steps, wheel_steps};
use crate::ui::theme::Theme;
use crate::ui::ticket::number::{self, BadNumber};

/// Width of a field over a narrower cell, in points.
const LEAST_WIDTH: f32 = 84.0;

/// Frames within which a table has scrolled to a row.
const FRAMES_TO_SCROLL: u8 = 4;

/// What is to be known of a kept order, with the keys of the field.
const KEPT_KEYS: &str = "It is kept here: Enter changes it in Pitdesk at once, and the broker does not know of it yet. \
    Escape leaves; arrows and the wheel step, with Shift by ten";

/// Why what was typed cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadEntry {
    #[error("'{0}' is no number: type digits, such as 182.50")]
    NoNumber(String),
    #[error("Off the price grid: {below} or {above}")]
    OffGrid { below: String, above: String },
    #[error("A price is above zero")]
    NoPrice,
    #[error("Not a multiple of the lot, which is {}", format::exact(.0.0))]
    OffLot(Qty),
    #[error("{} have filled already: the new total must be more", format::exact(.0.0))]
    BelowFilled(Qty),
}

/// Reads what was typed.
pub(super) fn read(
    text: &str,
    part: Part,
    order: &Order,
    instrument: &Instrument,
) -> Result<Decimal, BadEntry> {
    let no_number = || BadEntry::NoNumber(text.trim().to_owned());
    let value = match number::parse(text) {
        Ok(Some(value)) => value,
        Err(BadNumber::NotPositive) if part != Part::Quantity => return Err(BadEntry::NoPrice),
        Err(BadNumber::NotPositive) => return Err(BadEntry::OffLot(instrument.lot)),
        Ok(None) | Err(_) => return Err(no_number()),
    };
    match part {
        Part::Quantity if value <= order.filled.0 && !order.filled.is_zero() => {
            Err(BadEntry::BelowFilled(order.filled))
        }
        Part::Quantity if !instrument.is_on_lot(Qty(value)) => Err(BadEntry::OffLot(instrument.lot)),
        Part::Limit | Part::Stop if value <= Decimal::ZERO => Err(BadEntry::NoPrice),
        Part::Limit | Part::Stop if !instrument.ticks.is_on_grid(Price(value)) => {
            let shown = |price| format::price(price, instrument);
            let (below, above) =
                (instrument.ticks.round_down(Price(value)), instrument.ticks.round_up(Price(value)));
            Err(BadEntry::OffGrid { below: shown(below), above: shown(above) })
        }
        _ => Ok(value),
    }
}

/// A field over a cell.
#[derive(Debug, Clone)]
pub(super) struct Edit {
    /// The order that is being changed.
    pub order: crate::domain::OrderId,
    /// Which part of it.
    pub part: Part,
    text: String,
    is_new: bool,
    wheel: f32,
    /// Frames that it has waited for its row to come into sight.
    waited: u8,
    /// Where it was drawn last.
    rect: Option<Rect>,
}

/// What came of a frame of editing.
#[derive(Debug, PartialEq)]
pub(super) enum Outcome {
    /// It goes on.
    Stays,
    /// The trader left it; the keyboard goes back to the table where Escape or Enter did it.
    Leaves { to_table: bool },
    /// On to another part of the order.
    Turns(Part),
    /// A new value was entered.
    Sends(Decimal),
    /// What was entered cannot be sent.
    Refuses(BadEntry),
}

impl Edit {
    pub fn new(order: &Order, part: Part, instrument: &Instrument) -> Option<Self> {
        let text = part.text(part.of(order)?, instrument);
        Some(Self { order: order.id, part, text, is_new: true, wheel: 0.0, waited: 0, rect: None })
    }

    /// What is typed, where it can be sent.
    pub fn value(&self, order: &Order, instrument: &Instrument) -> Option<Decimal> {
        read(&self.text, self.part, order, instrument).ok()
    }

    /// Whether its row may still come into sight. Comes once for each frame in which it is not.
    pub fn is_on_its_way(&mut self) -> bool {
        self.waited = self.waited.saturating_add(1);
        self.rect.is_none() && self.waited <= FRAMES_TO_SCROLL
    }

    /// Takes the wheel over the field away from the table. Comes before the table is drawn.
    pub fn take_wheel(&mut self, ui: &Ui, order: &Order, instrument: &Instrument) {
        if !self.rect.is_some_and(|rect| ui.rect_contains_pointer(rect)) {
            return;
        }
        let steps = wheel_steps(ui, &mut self.wheel);
        ui.input_mut(|input| input.smooth_scroll_delta = egui::Vec2::ZERO);
        self.step(steps, order, instrument);
    }

    fn step(&mut self, steps: i32, order: &Order, instrument: &Instrument) {
        if steps == 0 {
            return;
        }
        // From what was typed, on the grid or not; never from another price than is in sight.
        let typed = number::parse(&self.text).ok().flatten();
        let stepped = typed.and_then(|from| self.part.step(from, steps, order, instrument));
        if let Some(stepped) = stepped {
            self.text = self.part.text(stepped, instrument);
        }
    }

    /// Draws the field over its cell.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        theme: &Theme,
        rect: Rect,
        order: &Order,
        instrument: &Instrument,
    ) -> Outcome {
        let id = ui.make_persistent_id("amended cell");
        // A narrow column still has room for a price.
        let rect = rect.with_min_x(rect.left().min(rect.right() - LEAST_WIDTH));
        self.rect = Some(rect);
        let has_focus = ui.memory(|memory| memory.has_focus(id));
        let mut leaves = None;
        if has_focus {
            leaves = self.keys(ui, order, instrument);
        }
        let is_good = read(&self.text, self.part, order, instrument).is_ok();
        let name = format!("{} of order {}", self.part.title(), order.id);
        let response = ui
            .name_inputs(name, |ui| {
                let field = TextEdit::singleline(&mut self.text)
                    .id(id)
                    .frame(egui::Frame::NONE.inner_margin(egui::Margin::symmetric(5, 0)))
                    .background_color(theme.field)
                    .desired_width(rect.width() - 12.0)
                    .align(egui::Align2::RIGHT_CENTER)
                    .text_color(if is_good { theme.text_strong } else { theme.danger })
                    // Left to egui, Escape would drop the keyboard instead of giving it back.
                    .event_filter(EventFilter {
                        horizontal_arrows: true,
                        vertical_arrows: true,
                        escape: true,
                        tab: false,
                    })
                    .clip_text(true);
                ui.painter().rect_filled(rect, theme.sizes.radius, theme.field);
                ui.put(rect.shrink(1.0), field)
            })
            .on_hover_text(match order.status {
                OrderStatus::Kept => KEPT_KEYS,
                _ => "Enter sends, Escape leaves; arrows and the wheel step, with Shift by ten",
            });
        let edge = if is_good { theme.accent } else { theme.danger };
        ui.painter().rect_stroke(rect, theme.sizes.radius, (1.0, edge), egui::StrokeKind::Inside);
        if std::mem::take(&mut self.is_new) {
            response.request_focus();
            let mut state = TextEdit::load_state(ui.ctx(), id).unwrap_or_default();
            state.cursor.set_char_range(Some(CCursorRange::select_all_str(&self.text)));
            TextEdit::store_state(ui.ctx(), id, state);
            return Outcome::Stays;
        }
        match leaves {
            Some(outcome) => outcome,
            None if !response.has_focus() => Outcome::Leaves { to_table: false },
            None => Outcome::Stays,
        }
    }

    /// Keys that the text must not see.
    fn keys(&mut self, ui: &Ui, order: &Order, instrument: &Instrument) -> Option<Outcome> {
        self.step(key_steps(ui), order, instrument);
        let [enter, escape] = [Key::Enter, Key::Escape]
            .map(|key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)));
        let next = taken(ui, Act::ChangeOrder) > 0;
        if escape {
            return Some(Outcome::Leaves { to_table: true });
        }
        if next {
            let part = self.part.next(order);
            // Where there is no other, what was typed stays.
            return (part != self.part).then_some(Outcome::Turns(part));
        }
        if !enter {
            return None;
        }
        Some(match read(&self.text, self.part, order, instrument) {
            Ok(value) if Some(value) == self.part.of(order) => Outcome::Leaves { to_table: true },
            Ok(value) => Outcome::Sends(value),
            Err(bad) => Outcome::Refuses(bad),
        })
    }
}

#[cfg(test)]
mod tests;
