//! What clicks and keys send: each past the same gate as the ticket's orders, and at once.

use super::{Ladder, Scene};
use crate::domain::{OrderId, Origin, Price, Side};
use crate::link::Command;
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::one_click::{self, Press};

impl Ladder {
    /// Sends an order at a row's price.
    pub(super) fn place(
        &mut self,
        side: Side,
        price: Price,
        is_stop: bool,
        scene: &Scene<'_>,
        out: &mut Commands,
    ) {
        let Scene { desk, instrument, quantity, quote: seen, .. } = *scene;
        let press = Press { side, price, is_stop, quantity, origin: Origin::Ladder, seen };
        match one_click::order(desk, instrument, &press) {
            Ok((place, words)) => {
                let command = out.send(Command::Place(place));
                self.say(format!("{words}: sent"), false, desk);
                self.view.asked.add(command, words);
            }
            Err(why) => self.refuse(price, why, desk),
        }
    }

    /// Cancels orders.
    pub(super) fn cancel(&mut self, orders: &[OrderId], scene: &Scene<'_>, out: &mut Commands) {
        let orders = one_click::to_cancel(scene.desk, orders);
        if orders.is_empty() {
            return self.say("The cancel is on its way".to_owned(), false, scene.desk);
        }
        for order in &orders {
            let command = out.send(Command::Cancel { order: *order });
            self.view.asked.add(command, format!("Cancel order {order}"));
        }
        let words = match &orders[..] {
            [one] => format!("Cancel of order {one}: sent"),
            all => format!("Cancel of {} orders: sent", all.len()),
        };
        self.say(words, false, scene.desk);
    }

    /// Moves orders to another row.
    pub(super) fn take_to(&mut self, orders: &[OrderId], to: Price, scene: &Scene<'_>, out: &mut Commands) {
        for id in orders {
            let Some(order) = scene.desk.blotter().get(*id) else { continue };
            let at = format::price(to, scene.instrument);
            match one_click::moved(scene.desk, scene.instrument, order, to) {
                Ok(command) => {
                    let command = out.send(command);
                    self.say(format!("Order {id} to {at}: sent"), false, scene.desk);
                    self.view.asked.add(command, format!("Order {id} to {at}"));
                }
                Err(why) => return self.refuse(to, format!("Order {id} stays: {why}"), scene.desk),
            }
        }
    }
}
