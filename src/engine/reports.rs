//! What brokers say of orders, and what it changes.

use super::order_state::Step;
use super::{Effect, Engine};
use crate::broker::{BrokerRequest, Report, ReportKind};
use crate::domain::money::grouped;
use crate::domain::{BrokerId, Fill, Order, OrderId, OrderStatus, Position, Time};
use crate::link::{NoticeLevel, Update};

impl Engine {
    pub(super) fn report(&mut self, broker: BrokerId, report: Report, now: Time, out: &mut Vec<Effect>) {
        let Report { order: id, kind, time } = report;
        let Some(known) = self.orders.get(id) else {
            let text = format!("The broker reported on order {id}, which this program does not know");
            self.note(NoticeLevel::Warning, text, now, out);
            return;
        };
        let symbol = self.instruments.get(known.spec.instrument.index()).map_or("?", |i| &*i.symbol);
        let subject = format!("{} {} {symbol}", known.spec.side, grouped(&known.spec.quantity.to_string()));
        if known.broker != broker {
            let text = format!("A broker that does not have order {id} reported on it: ignored");
            self.note(NoticeLevel::Error, text, now, out);
            return;
        }
        let changed = match kind {
            ReportKind::Status { status, reason } => {
                let changed = self.orders.step(id, Step::Says(status), reason.clone(), time);
                if let (Some(_), Some(why)) = (&changed, reason) {
                    let level = match status {
                        OrderStatus::Rejected => NoticeLevel::Error,
                        _ => NoticeLevel::Info,
                    };
                    let text = format!("{subject}: {}. {why}", status.label().to_lowercase());
                    self.note(level, text, now, out);
                }
                changed
            }
            ReportKind::Amended(spec) => self.orders.amended(id, spec, time),
            ReportKind::Trigger(price) => self.orders.triggers_at(id, price, time),
            ReportKind::AmendRefused(why) => {
                self.note(NoticeLevel::Error, format!("{subject}: not changed. {why}"), now, out);
                self.orders.amend_refused(id, why, time)
            }
            // That an order which is gone could not be cancelled is no news, but that it filled.
            ReportKind::CancelRefused(_)
                if matches!(
                    known.status,
                    OrderStatus::Cancelled | OrderStatus::Expired | OrderStatus::Rejected
                ) =>
            {
                None
            }
            ReportKind::CancelRefused(why) => {
                self.note(NoticeLevel::Error, format!("{subject}: not cancelled. {why}"), now, out);
                self.orders.stands(id, Some(why), time)
            }
        };
        let Some(order) = changed else { return };
        let has_ended = order.status.is_final();
        out.push(Effect::publish(Update::Order(order), now));
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
        why: &'static str,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let refused = |order, kind| Report { order, kind, time: now };
        let reports = match request {
            BrokerRequest::Place(orders) => {
                let kind = ReportKind::Status { status: OrderStatus::Rejected, reason: Some(why.into()) };
                orders.iter().map(|order| refused(order.id(), kind.clone())).collect()
            }
            BrokerRequest::Amend(amend) => vec![refused(amend.id(), ReportKind::AmendRefused(why.into()))],
            BrokerRequest::Cancel(order) => vec![refused(*order, ReportKind::CancelRefused(why.into()))],
            BrokerRequest::CancelAll => {
                let is_asked = |o: &&Order| o.broker == broker && o.status == OrderStatus::PendingCancel;
                let asked: Vec<OrderId> = self.orders.live().filter(is_asked).map(|order| order.id).collect();
                asked.into_iter().map(|id| refused(id, ReportKind::CancelRefused(why.into()))).collect()
            }
            BrokerRequest::Watch(_) => {
                self.brokers[usize::from(broker.0)].must_watch = true;
                Vec::new()
            }
            BrokerRequest::History(request) => {
                self.market.not_asked(request);
                Vec::new()
            }
            BrokerRequest::Drill(_) | BrokerRequest::Save | BrokerRequest::Disconnect => Vec::new(),
        };
        for report in reports {
            self.report(broker, report, now, out);
        }
    }

    pub(super) fn fill(&mut self, fill: Fill, position: Position, now: Time, out: &mut Vec<Effect>) {
        if !self.executions.add(&fill) {
            return;
        }
        let order = self.orders.filled(&fill, now);
        let has_ended = order.as_ref().is_some_and(|order| order.status.is_final());
        if let Some(order) = order {
            out.push(Effect::publish(Update::Order(order), now));
        }
        let symbol = self.instruments.get(fill.instrument.index()).map_or("?", |i| &*i.symbol);
        let verb = match fill.side {
            crate::domain::Side::Buy => "Bought",
            crate::domain::Side::Sell => "Sold",
        };
        let (quantity, price) = (grouped(&fill.quantity.to_string()), grouped(&fill.price.to_string()));
        let text = format!("{verb} {quantity} {symbol} at {price}");
        out.push(Effect::publish(Update::Fill(fill), now));
        self.positions.insert((position.account.clone(), position.instrument), position.clone());
        out.push(Effect::publish(Update::Position(position), now));
        self.note(NoticeLevel::Info, text, now, out);
        if has_ended {
            self.after_end(now, out);
        }
    }

    pub(super) fn on_wire(&mut self, order: OrderId, wire_at: Time, out: &mut Vec<Effect>) {
        if let Some(input_at) = self.orders.take_input(order) {
            out.push(Effect::publish(Update::Wire { order, input_at, wire_at }, wire_at));
        }
    }

    /// While locked, the window counts down what still works.
    fn after_end(&self, now: Time, out: &mut Vec<Effect>) {
        if self.is_killed {
            out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        }
    }
}
