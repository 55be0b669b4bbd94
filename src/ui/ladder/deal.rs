//! What clicks and keys send: each past the same gate as the ticket's orders, and at once.

use super::{Ladder, Scene};
use crate::domain::{Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Price, Side, TimeInForce};
use crate::link::{Command, Place};
use crate::risk::{Change, Despite, Role};
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::ticket::gate::{insist_on_change, insist_on_order, said_whole};

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
        match order_at(side, price, is_stop, scene) {
            Ok((place, words)) => {
                let command = out.send(Command::Place(place));
                self.say(format!("{words}: sent"), false, scene.desk);
                self.view.asked.push((command, words));
            }
            Err(why) => self.refuse(price, why, scene.desk),
        }
    }

    /// Cancels orders.
    pub(super) fn cancel(&mut self, orders: &[OrderId], scene: &Scene<'_>, out: &mut Commands) {
        let order = |id: &OrderId| scene.desk.blotter().get(*id);
        let is_new =
            |id: &&OrderId| order(id).is_some_and(|order| order.status != OrderStatus::PendingCancel);
        let orders: Vec<OrderId> = orders.iter().filter(is_new).copied().collect();
        if orders.is_empty() {
            return self.say("The cancel is on its way".to_owned(), false, scene.desk);
        }
        for order in &orders {
            let command = out.send(Command::Cancel { order: *order });
            self.view.asked.push((command, format!("Cancel order {order}")));
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
            match moved(order, to, scene) {
                Ok(command) => {
                    let command = out.send(command);
                    self.say(format!("Order {id} to {at}: sent"), false, scene.desk);
                    self.view.asked.push((command, format!("Order {id} to {at}")));
                }
                Err(why) => return self.refuse(to, format!("Order {id} stays: {why}"), scene.desk),
            }
        }
    }
}

/// The order that a click stands for, and its words; or why it is not sent.
fn order_at(side: Side, price: Price, is_stop: bool, scene: &Scene<'_>) -> Result<(Place, String), String> {
    let Scene { desk, instrument, .. } = *scene;
    let quantity = scene.quantity.ok_or("Enter a quantity above first")?;
    let account = desk.entry_account(instrument.broker).map_err(|why| why.to_string())?.id.clone();
    let kind = if is_stop { OrderKind::Stop { stop: price } } else { OrderKind::Limit { price } };
    let spec = OrderSpec::new(instrument.id, side, quantity, kind, TimeInForce::Day);
    let what = kind.label().to_lowercase();
    let (size, at) = (format::exact(quantity.0), format::price(price, instrument));
    let words = format!("{side} {size} {} {what} {at}", instrument.symbol);
    let role = Role::entered(Despite::default());
    let asked = insist_on_order(desk, instrument, &account, &spec, role).map_err(|why| why.to_string())?;
    if !asked.doubts.is_empty() {
        return Err(format!("{} Send it from the ticket, which asks.", said_whole(&asked.doubts)));
    }
    let place = Place {
        account,
        spec,
        bracket: None,
        origin: Origin::Ladder,
        seen: scene.quote,
        names: Vec::new(),
        despite: Despite::default(),
    };
    Ok((place, words))
}

/// The change that takes an order to another price; or why it cannot be had.
fn moved(order: &Order, to: Price, scene: &Scene<'_>) -> Result<Command, String> {
    let mut change = Change { quantity: None, limit: None, stop: None };
    // It stands in the ladder where it waits to be triggered, else at its limit.
    match (order.waits_for(), order.spec.kind.limit()) {
        (Some(_), _) if matches!(order.spec.kind, OrderKind::TrailingStop { .. }) => {
            return Err("a trailing stop moves by itself".to_owned());
        }
        (Some(_), _) => change.stop = Some(to),
        (None, Some(_)) => change.limit = Some(to),
        (None, None) => return Err("it has no price".to_owned()),
    }
    let asked =
        insist_on_change(scene.desk, scene.instrument, order, change).map_err(|why| why.to_string())?;
    if !asked.doubts.is_empty() {
        return Err(format!("{} Change it in the blotter, which asks.", said_whole(&asked.doubts)));
    }
    let Change { quantity, limit, stop } = change;
    Ok(Command::Amend { order: order.id, quantity, limit, stop, despite: Despite::default() })
}
