//! Keys of the ladder under the pointer. None of them trades while text is typed, and none twice for being held.

use egui::{Event, Key, Modifiers, Ui};

use super::{Ladder, Scene};
use crate::domain::{Price, Side};
use crate::ui::commands::Commands;

impl Ladder {
    pub(super) fn keys(&mut self, ui: &Ui, is_over: bool, scene: &Scene<'_>, out: &mut Commands) {
        if !is_over || ui.ctx().text_edit_focused() {
            return;
        }
        for (key, modifiers) in pressed(ui) {
            let group = self.group(scene.instrument);
            match (key, modifiers) {
                (Key::C, Modifiers::NONE) => self.view.must_centre = true,
                (Key::Plus | Key::Equals, _) => self.set_group(scene.instrument, group.coarser()),
                (Key::Minus, Modifiers::NONE) => self.set_group(scene.instrument, group.finer()),
                (Key::Escape, Modifiers::NONE) => self.view.hand.drop(),
                (Key::B, Modifiers::NONE) => self.join(Side::Buy, 0, scene, out),
                (Key::S, Modifiers::NONE) => self.join(Side::Sell, 0, scene, out),
                (Key::B, Modifiers::SHIFT) => self.join(Side::Buy, 1, scene, out),
                (Key::S, Modifiers::SHIFT) => self.join(Side::Sell, 1, scene, out),
                _ => {}
            }
        }
    }

    /// Sends an order at the best price of its side, or so many ticks better.
    fn join(&mut self, side: Side, better: i32, scene: &Scene<'_>, out: &mut Commands) {
        let best = scene.quote.and_then(|quote| match side {
            Side::Buy => quote.bid,
            Side::Sell => quote.ask,
        });
        let Some(best) = best else {
            let text = format!("There is no {} to join", own_side(side));
            return self.view.told.refuse(text, scene.desk.now());
        };
        if !scene.is_armed {
            let text = "Arm one-click trading above to send with a key.";
            return self.view.told.say(text, scene.desk.now());
        }
        let price = inside(side, best, better, scene);
        match price {
            Some(price) => self.place(side, price, false, scene, out),
            None => self.view.told.refuse("There is no room inside the spread", scene.desk.now()),
        }
    }
}

fn own_side(side: Side) -> &'static str {
    match side {
        Side::Buy => "bid",
        Side::Sell => "ask",
    }
}

/// The best price, or one that is better and does not cross the spread.
fn inside(side: Side, best: Price, better: i32, scene: &Scene<'_>) -> Option<Price> {
    if better == 0 {
        return Some(best);
    }
    let quote = scene.quote?;
    let steps = match side {
        Side::Buy => better,
        Side::Sell => -better,
    };
    let price = scene.instrument.ticks.step(best, steps);
    let is_inside = match side {
        Side::Buy => quote.ask.is_none_or(|ask| price < ask),
        Side::Sell => quote.bid.is_none_or(|bid| price > bid),
    };
    is_inside.then_some(price)
}

/// Keys that went down in this frame.
fn pressed(ui: &Ui) -> Vec<(Key, Modifiers)> {
    ui.input(|input| {
        let down = |event: &Event| match *event {
            Event::Key { key, pressed: true, repeat: false, modifiers, .. } => Some((key, modifiers)),
            _ => None,
        };
        input.events.iter().filter_map(down).collect()
    })
}
