//! From presses and releases of the pointer to what they mean on the ladder.
//!
//! egui tells of one click a frame, and of two quick ones as a double click; here each press is followed to
//! its own release, from the events as they came. A click is a press and a release on the same part of the
//! same price; whoever slides off takes it back.

use egui::{Context, Event, LayerId, PointerButton, Pos2};

use super::rows::{Column, Meaning, Shown};
use crate::domain::{Price, Side, Time};

/// What was done to the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deed {
    /// A click.
    Click {
        /// On which part.
        column: Column,
        /// Of which row.
        price: Price,
        /// Whether Shift was held: a stop is meant.
        is_stop: bool,
    },
    /// Our orders of a side were taken from one row to another.
    Drag { side: Side, from: Price, to: Price },
    /// Somebody went for a row that has meant something else a moment ago; which it is now.
    Refused(Price),
}

/// A press that has not ended.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Held {
    pub column: Column,
    pub price: Price,
    at: Pos2,
}

/// What the pointer holds.
#[derive(Debug, Default)]
pub(super) struct Hand {
    held: Option<Held>,
}

impl Hand {
    /// What is held, if anything.
    pub fn held(&self) -> Option<Held> {
        self.held
    }

    /// Lets go of it without a deed.
    pub fn drop(&mut self) {
        self.held = None;
    }

    /// What was done since the last frame. `layer` is where the ladder is drawn: what lies above it has the
    /// press.
    pub fn deeds(&mut self, ctx: &Context, layer: LayerId, shown: &Shown, now: Time) -> Vec<Deed> {
        let events = ctx.input(|input| {
            let is_ours = |event: &&Event| matches!(event, Event::PointerButton { .. } | Event::PointerGone);
            input.events.iter().filter(is_ours).cloned().collect::<Vec<_>>()
        });
        let mut deeds = Vec::new();
        for event in events {
            match event {
                Event::PointerButton { pos, button: PointerButton::Primary, pressed: true, .. } => {
                    self.held = None;
                    if ctx.layer_id_at(pos).is_some_and(|above| above != layer) {
                        continue;
                    }
                    match shown.meaning(pos, now) {
                        Some(Meaning::Is(column, price)) => {
                            self.held = Some(Held { column, price, at: pos });
                        }
                        Some(Meaning::HasMoved) => deeds.extend(refused(shown, pos)),
                        None => {}
                    }
                }
                Event::PointerButton { pos, button: PointerButton::Primary, pressed: false, modifiers } => {
                    let Some(held) = self.held.take() else { continue };
                    deeds.extend(released(held, pos, modifiers.shift, shown, now));
                }
                // Another button takes back what the first one holds.
                Event::PointerButton { .. } | Event::PointerGone => self.held = None,
                _ => {}
            }
        }
        deeds
    }
}

fn refused(shown: &Shown, at: Pos2) -> Option<Deed> {
    shown.last()?.price_at(at).map(Deed::Refused)
}

fn released(held: Held, at: Pos2, is_stop: bool, shown: &Shown, now: Time) -> Option<Deed> {
    let is_same = |meaning| matches!(meaning, Meaning::Is(column, price) if (column, price) == (held.column, held.price));
    let meaning = shown.meaning(at, now);
    if meaning.is_some_and(is_same) {
        return Some(Deed::Click { column: held.column, price: held.price, is_stop });
    }
    // Where it was pressed there is another price by now.
    if shown.meaning(held.at, now).is_none_or(|meaning| !is_same(meaning)) {
        return refused(shown, held.at);
    }
    match (held.column, meaning) {
        (Column::Own(side), Some(Meaning::HasMoved)) => {
            tracing::debug!("a drag of our {side} orders ended on a row that has moved");
            refused(shown, at)
        }
        (Column::Own(side), _) => {
            let to = shown.last()?.price_at(at)?;
            (to != held.price).then_some(Deed::Drag { side, from: held.price, to })
        }
        _ => None,
    }
}
