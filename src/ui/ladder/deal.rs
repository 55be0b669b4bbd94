//! What clicks and keys send: each past the same gate as the ticket's orders, and at once.

use super::{Ladder, Scene};
use crate::domain::{Order, OrderId, OrderKind, Origin, Price, Side};
use crate::link::Command;
use crate::ui::amending::Part;
use crate::ui::commands::Commands;
use crate::ui::dealing::{self, Deal, Entry};

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
        match order_at(side, price, is_stop, scene).and_then(dealing::at_once) {
            Ok(deal) => self.send(deal, scene, out),
            Err(why) => self.refuse(price, why, scene.desk),
        }
    }

    /// Cancels orders.
    pub(super) fn cancel(&mut self, orders: &[OrderId], scene: &Scene<'_>, out: &mut Commands) {
        let orders = dealing::to_cancel(scene.desk, orders);
        if orders.is_empty() {
            return self.view.told.say("The cancel is on its way", scene.desk.now());
        }
        for order in &orders {
            let command = out.send(Command::Cancel { order: *order });
            self.view.told.sent(command, format!("Cancel order {order}"));
        }
        let words = match &orders[..] {
            [one] => format!("Cancel of order {one}: sent"),
            all => format!("Cancel of {} orders: sent", all.len()),
        };
        self.view.told.say(words, scene.desk.now());
    }

    /// Moves orders to another row.
    pub(super) fn take_to(&mut self, orders: &[OrderId], to: Price, scene: &Scene<'_>, out: &mut Commands) {
        for id in orders {
            let Some(order) = scene.desk.blotter().get(*id) else { continue };
            match moved(order, to, scene).and_then(dealing::change_at_once) {
                Ok(deal) => self.send(deal, scene, out),
                Err(why) => return self.refuse(to, format!("Order {id} stays: {why}"), scene.desk),
            }
        }
    }

    fn send(&mut self, deal: Deal, scene: &Scene<'_>, out: &mut Commands) {
        let command = out.send(deal.command);
        self.view.told.say(format!("{}: sent", deal.words), scene.desk.now());
        self.view.told.sent(command, deal.words);
    }
}

/// The order that a click stands for; or why it is not sent.
fn order_at(side: Side, price: Price, is_stop: bool, scene: &Scene<'_>) -> Result<Deal, String> {
    let quantity = scene.quantity.ok_or("Enter a quantity above first")?;
    let kind = if is_stop { OrderKind::Stop { stop: price } } else { OrderKind::Limit { price } };
    let entry = Entry { side, kind, quantity, origin: Origin::Ladder, seen: scene.quote };
    dealing::order(scene.desk, scene.instrument, entry)
}

/// The change that takes an order to another price; or why it cannot be had.
fn moved(order: &Order, to: Price, scene: &Scene<'_>) -> Result<Deal, String> {
    // It stands in the ladder where it waits to be triggered, else at its limit.
    let part = match (order.waits_for(), order.spec.kind.limit()) {
        (Some(_), _) => Part::Stop,
        (None, Some(_)) => Part::Limit,
        (None, None) => return Err("It has no price".to_owned()),
    };
    dealing::change(scene.desk, scene.instrument, order, (part, to))
}
