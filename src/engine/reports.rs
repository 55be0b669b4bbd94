//! What brokers say of orders, and what it changes.

use std::sync::Arc;

use super::order_state::{Life, Step};
use super::orders::Leaving;
use super::{Effect, Engine};
use crate::broker::{BrokerRequest, Report, ReportKind};
use crate::domain::money::grouped;
use crate::domain::{
    BrokerId, Fill, Moment, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Position, Side, Time,
    TimeInForce,
};
use crate::link::{NoticeLevel, Update, WayOut};

impl Engine {
    pub(super) fn report(&mut self, broker: BrokerId, report: Report, now: Time, out: &mut Vec<Effect>) {
        let Report { order: id, kind, time } = report;
        let Some(known) = self.orders.get(id) else {
            let text = format!("The broker reported on order {id}, which this program does not know");
            self.note(NoticeLevel::Warning, text, now, out);
            return self.ask_for_books(broker, now, out);
        };
        let symbol = self.instruments.get(known.spec.instrument.index()).map_or("?", |i| &*i.symbol);
        let subject = format!("{} {} {symbol}", known.spec.side, grouped(&known.spec.quantity.to_string()));
        if known.broker != broker {
            let text = format!("A broker that does not have order {id} reported on it: ignored");
            self.note(NoticeLevel::Error, text, now, out);
            return;
        }
        let (changed, moment) = match kind {
            ReportKind::Status { status, reason } => {
                // Not the broker's word, but that of our own end of the line.
                let is_unsent = !known.is_acknowledged && !self.orders.has_left(id);
                if status == OrderStatus::Rejected {
                    if is_unsent { self.goes_on_later(id) } else { self.exit_refused(id, now) }
                }
                let changed = self.orders.says(id, status, reason.clone(), time);
                if status == OrderStatus::Filled && changed.as_ref().is_some_and(Order::is_live) {
                    self.ask_for_books(broker, now, out);
                }
                if let (Some(_), Some(why)) = (&changed, &reason) {
                    let level = match status {
                        OrderStatus::Rejected => NoticeLevel::Error,
                        _ => NoticeLevel::Info,
                    };
                    let text = format!("{subject}: {}. {why}", status.label().to_lowercase());
                    self.note(level, text, now, out);
                }
                (changed, Moment::Reported { status, reason, broker_time: time })
            }
            ReportKind::Amended(spec) => {
                (self.orders.amended(id, spec, time), Moment::Amended { broker_time: time })
            }
            ReportKind::Trigger(price) => {
                let moved = self.orders.triggers_at(id, price, time);
                return moved.into_iter().for_each(|order| self.trigger_moved(order, now, out));
            }
            ReportKind::AmendRefused(why) => {
                self.note(NoticeLevel::Error, format!("{subject}: not changed. {why}"), now, out);
                (self.orders.amend_refused(id, Arc::clone(&why), time), Moment::AmendRefused { why })
            }
            // That an order which is gone could not be cancelled is no news, but that it filled.
            ReportKind::CancelRefused(_)
                if matches!(
                    known.status,
                    OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Rejected
                ) =>
            {
                return;
            }
            ReportKind::CancelRefused(why) => {
                self.note(NoticeLevel::Error, format!("{subject}: not cancelled. {why}"), now, out);
                // It may have ended long ago, and the word of it was lost.
                self.ask_for_books(broker, now, out);
                (self.orders.cancel_refused(id, Arc::clone(&why), time), Moment::CancelRefused { why })
            }
        };
        let Some(order) = changed else { return };
        let has_ended = order.status.is_final();
        self.tell(order, moment, now, out);
        if has_ended {
            self.after_end(now, out);
        }
    }

    /// What a request that was never handed over means for its order. What else the broker
    /// missed is asked again at the next tick: at once would find its queue as full.
    pub(super) fn undelivered(
        &mut self,
        broker: BrokerId,
        request: &BrokerRequest,
        why: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let refused = |order, kind| Report { order, kind, time: now };
        let reports = match request {
            BrokerRequest::Place(orders) => {
                for order in orders {
                    self.never_left(order.id(), why, now, out);
                }
                Vec::new()
            }
            BrokerRequest::Amend(amend) => {
                self.groups.was_not_asked(amend.id(), now);
                vec![refused(amend.id(), ReportKind::AmendRefused(why.into()))]
            }
            BrokerRequest::Cancel(order) => vec![refused(*order, ReportKind::CancelRefused(why.into()))],
            BrokerRequest::CancelAll => {
                let is_asked = |o: &&Order| o.broker == broker && o.status == OrderStatus::PendingCancel;
                let asked: Vec<OrderId> = self.orders.live().filter(is_asked).map(|order| order.id).collect();
                asked.into_iter().map(|id| refused(id, ReportKind::CancelRefused(why.into()))).collect()
            }
            BrokerRequest::Books => {
                self.brokers[usize::from(broker.0)].books_asked_at = None;
                Vec::new()
            }
            BrokerRequest::Watch(_) => {
                self.brokers[usize::from(broker.0)].must_watch = true;
                Vec::new()
            }
            BrokerRequest::History(request) => {
                self.market.not_asked(request);
                Vec::new()
            }
            BrokerRequest::WhatIf(id, _) => {
                super::tell_impact(*id, Err(why.into()), now, out);
                Vec::new()
            }
            BrokerRequest::Find(text) => {
                self.found(broker, Arc::clone(text), Err(why.into()), now, out);
                Vec::new()
            }
            BrokerRequest::Describe(name) => {
                self.described(broker, name, Err(why.into()), now, out);
                Vec::new()
            }
            BrokerRequest::Drill(_) | BrokerRequest::Disconnect => Vec::new(),
        };
        for report in reports {
            self.report(broker, report, now, out);
        }
    }

    /// Nothing of an order reached its broker's session: no other word of it can come.
    fn never_left(&mut self, id: OrderId, why: &str, now: Time, out: &mut Vec<Effect>) {
        let why: Arc<str> = why.into();
        self.goes_on_later(id);
        let refused = Step::Says(Life::Rejected);
        if let Some(order) = self.orders.step(id, refused, Some(Arc::clone(&why)), now) {
            self.note(NoticeLevel::Error, format!("Order {id}: rejected. {why}"), now, out);
            self.tell(order, Moment::NotSent { why }, now, out);
            self.after_end(now, out);
        }
    }

    pub(super) fn fill(
        &mut self,
        broker: BrokerId,
        fill: Fill,
        position: Position,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if !self.is_listed_at(broker, fill.instrument) || self.is_order_of_another(broker, fill.order) {
            let name = &self.brokers[usize::from(broker.0)].connection.name;
            let text = format!(
                "{name} told of an execution of order {}, which is another broker's: not booked. Compare what \
                 is held at {name}",
                fill.order
            );
            self.note(NoticeLevel::Error, text, now, out);
            return;
        }
        if !self.executions.add(broker, &fill) {
            return;
        }
        let order = self.book(broker, &fill, now);
        let has_ended = order.status.is_final();
        let symbol = self.instruments.get(fill.instrument.index()).map_or("?", |i| &*i.symbol);
        let verb = match fill.side {
            Side::Buy => "Bought",
            Side::Sell => "Sold",
        };
        let (quantity, price) = (grouped(&fill.quantity.to_string()), grouped(&fill.price.to_string()));
        let text = format!("{verb} {quantity} {symbol} at {price}");
        self.day_fills(&fill, now, out);
        self.alert_of_fill(&fill, &order, now, out);
        self.tell(order, Moment::Executed(fill.clone()), now, out);
        out.push(Effect::publish(Update::Fill(fill), now));
        self.positions.insert((position.account.clone(), position.instrument), position.clone());
        out.push(Effect::publish(Update::Position(position), now));
        self.note(NoticeLevel::Info, text, now, out);
        self.pass_day(now, out);
        if has_ended {
            self.after_end(now, out);
        }
    }

    /// What a booked execution has cost is known.
    pub(super) fn charged(
        &mut self,
        broker: BrokerId,
        told: &Fill,
        position: Position,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let Some((before, fill)) = self.executions.charge(broker, told) else { return };
        self.day_charged(before, &fill);
        let orders = self.orders.get(fill.order).cloned().into_iter().collect();
        self.record(Moment::Charged(fill.clone()), orders, now, out);
        out.push(Effect::publish(Update::Charged(fill), now));
        self.positions.insert((position.account.clone(), position.instrument), position.clone());
        out.push(Effect::publish(Update::Position(position), now));
        self.pass_day(now, out);
    }

    /// Adds an execution to its order; one that is not known here was entered elsewhere, and
    /// is made from what its executions tell.
    pub(super) fn book(&mut self, broker: BrokerId, fill: &Fill, now: Time) -> Order {
        if let Some(order) = self.orders.filled(fill, now) {
            return order;
        }
        let spec =
            OrderSpec::new(fill.instrument, fill.side, fill.quantity, OrderKind::Market, TimeInForce::Day);
        self.orders.insert_foreign(Order {
            id: fill.order,
            broker,
            account: fill.account.clone(),
            spec,
            status: OrderStatus::Filled,
            filled: fill.quantity,
            average_price: Some(fill.price.0),
            is_acknowledged: true,
            kept: None,
            client: None,
            trigger: None,
            reason: Some("Entered elsewhere; known by its executions only".into()),
            origin: Origin::Foreign,
            created: fill.time,
            updated: now,
        })
    }

    /// Whether an order is known, and not that broker's: whatever that one says of it touches
    /// nothing.
    pub(super) fn is_order_of_another(&self, broker: BrokerId, id: OrderId) -> bool {
        self.orders.get(id).is_some_and(|order| order.broker != broker)
    }

    pub(super) fn on_wire(&mut self, broker: BrokerId, order: OrderId, wire_at: Time, out: &mut Vec<Effect>) {
        if self.is_order_of_another(broker, order) {
            let text = format!("A broker that does not have order {order} says that it left: ignored");
            return self.note(NoticeLevel::Error, text, wire_at, out);
        }
        self.record(
            Moment::OnWire { at: wire_at },
            self.orders.get(order).cloned().into_iter().collect(),
            wire_at,
            out,
        );
        if let Some(Leaving { input, taken, written }) = self.orders.take_leaving(order) {
            let way = WayOut { order, input_at: input, taken_at: taken, written_at: written, wire_at };
            out.push(Effect::publish(Update::Wire(way), wire_at));
        }
    }

    /// While locked, the window counts down what still works.
    pub(super) fn after_end(&self, now: Time, out: &mut Vec<Effect>) {
        if self.is_killed {
            out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        }
    }
}
