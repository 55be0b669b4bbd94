//! Keys of the ladder under the pointer. None of them trades while text is typed, and none twice for being held.

use egui::Ui;

use super::{Ladder, Scene};
use crate::domain::{Price, Side};
use crate::ui::commands::Commands;
use crate::ui::dealing::{best, name_of};
use crate::ui::keys::{Act, Scope, struck};
use crate::ui::pane::PaneKind;

impl Ladder {
    pub(super) fn keys(&mut self, ui: &Ui, is_over: bool, scene: &Scene<'_>, out: &mut Commands) {
        if !is_over || ui.ctx().text_edit_focused() {
            return;
        }
        if ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            self.view.hand.drop();
        }
        for act in struck(ui.ctx(), Scope::Pane(PaneKind::Ladder)) {
            let group = self.group(scene.instrument);
            match act {
                Act::Centre => self.view.must_centre = true,
                Act::Coarser => self.set_group(scene.instrument, group.coarser()),
                Act::Finer => self.set_group(scene.instrument, group.finer()),
                Act::LadderBid => self.join(Side::Buy, 0, scene, out),
                Act::LadderAsk => self.join(Side::Sell, 0, scene, out),
                Act::ImproveBid => self.join(Side::Buy, 1, scene, out),
                Act::ImproveAsk => self.join(Side::Sell, 1, scene, out),
                _ => {}
            }
        }
    }

    /// Sends an order at the best price of its side, or so many ticks better.
    fn join(&mut self, side: Side, better: i32, scene: &Scene<'_>, out: &mut Commands) {
        let Some(best) = best(scene.quote.as_ref(), side) else {
            let text = format!("There is no {} to join", name_of(side));
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
