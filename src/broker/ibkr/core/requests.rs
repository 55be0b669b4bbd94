//! What the engine asks.

use std::sync::Arc;

use super::{Call, Core, Out};
use crate::broker::contract::{BrokerEvent, BrokerRequest, Report, ReportKind, SessionEnd};
use crate::domain::{OrderId, OrderStatus, Time, counted};
use crate::link::{ConnectionState, NoticeLevel};
use crate::risk::ApprovedOrder;

impl Core {
    /// The engine asks for something. (Drills are not for TWS.)
    pub fn request(&mut self, request: BrokerRequest, now: Time, out: &mut Out) {
        // What has joined is told of before anything that names it.
        self.listing = self.roster.listing();
        match request {
            BrokerRequest::Disconnect => {
                let (state, reason) = (ConnectionState::Closed, "Disconnected".into());
                out.events.push(BrokerEvent::Connection { state, reason });
                out.end = Some(SessionEnd::Asked);
            }
            request @ (BrokerRequest::Watch(_) | BrokerRequest::History(_)) if !self.is_ready => {
                self.early.push(request);
            }
            request if !self.is_ready => {
                refuse(&request, "The books of IBKR are being read: nothing was sent", now, out);
            }
            BrokerRequest::Place(orders) => match self.orders.place(&orders, &self.listing, now) {
                Ok(wanted) => out.calls.push(Call::Send(wanted)),
                Err(why) => refuse(&BrokerRequest::Place(orders), &why, now, out),
            },
            BrokerRequest::WhatIf(id, asked) => match self.orders.what_if(&asked, &self.listing) {
                Ok(wanted) => {
                    self.what_ifs.asked(wanted.number, id, self.accounts.base_of(&asked.account), now);
                    out.calls.push(Call::WhatIf(Box::new(wanted)));
                }
                Err(why) => refuse(&BrokerRequest::WhatIf(id, asked), &why, now, out),
            },
            BrokerRequest::Amend(amend) => match self.orders.amend(&amend, &self.listing) {
                Ok(wanted) => out.calls.push(Call::Send(vec![wanted])),
                Err(why) => refuse(&BrokerRequest::Amend(amend), &why, now, out),
            },
            BrokerRequest::Cancel(order) => match self.orders.cancel(order) {
                Ok(number) => out.calls.push(Call::Cancel(order, number)),
                Err(why) => refuse(&BrokerRequest::Cancel(order), &why, now, out),
            },
            BrokerRequest::CancelAll => self.cancel_all(out),
            BrokerRequest::Books => match &mut self.round {
                Some(round) => round.is_wanted_again(),
                None => self.read(now, out),
            },
            BrokerRequest::Watch(watch) => {
                self.kept.keep_only(&watch.bars);
                for turn in self.lines.watch(watch, &Arc::clone(&self.listing), now) {
                    self.turn(turn, out);
                }
            }
            BrokerRequest::History(request) => {
                out.events.extend(self.history.ask(request, &self.listing));
            }
            BrokerRequest::Find(text) => self.lookup.want(text),
            BrokerRequest::Describe(name) => {
                self.asked.insert(Arc::clone(&name));
                out.calls.push(Call::Describe(name));
            }
            BrokerRequest::Drill(_) => {}
        }
    }

    /// Each by its number: TWS's own "cancel all" would end the orders of other programs and those that
    /// somebody has typed into TWS.
    fn cancel_all(&mut self, out: &mut Out) {
        let (ours, others) = self.orders.cancel_all();
        out.calls.extend(ours.into_iter().map(|(order, number)| Call::Cancel(order, number)));
        if others > 0 {
            let text = format!(
                "{} at IBKR: entered elsewhere, and only there to be cancelled, in TWS or in the program that \
                 sent it",
                counted(others, "order more works", "orders more work")
            );
            out.events.push(BrokerEvent::Note(NoticeLevel::Warning, text.into()));
        }
    }

    /// An order or a cancel has been handed to the wire.
    pub fn on_wire(order: OrderId, now: Time, out: &mut Out) {
        out.events.push(BrokerEvent::OnWire { order, at: now });
    }

    /// Orders, a change or a cancel were not sent, and never will be.
    pub fn unsent(&mut self, call: &Call, why: &str, now: Time, out: &mut Out) {
        let why: Arc<str> = why.into();
        let mut report = |order, kind| {
            out.events.push(BrokerEvent::Report(Report { order, kind, time: now }));
        };
        match call {
            Call::Send(wanted) => {
                for order in wanted.iter().map(|wanted| wanted.order) {
                    if self.orders.gives_up_change(order) {
                        report(order, ReportKind::AmendRefused(Arc::clone(&why)));
                    } else {
                        self.orders.never_left(order);
                        report(order, rejected(&why));
                    }
                }
            }
            Call::WhatIf(wanted) => out.events.extend(self.what_ifs.refused(wanted.number, &why)),
            Call::Cancel(order, _) => {
                self.orders.gives_up_cancel(*order);
                report(*order, ReportKind::CancelRefused(why));
            }
            _ => {}
        }
    }
}

fn rejected(why: &Arc<str>) -> ReportKind {
    ReportKind::Status { status: OrderStatus::Rejected, reason: Some(Arc::clone(why)) }
}

/// Tells the engine that a request was not sent, and why.
pub(super) fn refuse(request: &BrokerRequest, why: &str, now: Time, out: &mut Out) {
    let why: Arc<str> = why.into();
    let mut report = |order, kind| {
        out.events.push(BrokerEvent::Report(Report { order, kind, time: now }));
    };
    match request {
        BrokerRequest::Place(orders) => {
            orders.iter().map(ApprovedOrder::id).for_each(|id| report(id, rejected(&why)));
        }
        BrokerRequest::Amend(amend) => report(amend.id(), ReportKind::AmendRefused(why)),
        BrokerRequest::Cancel(order) => report(*order, ReportKind::CancelRefused(why)),
        BrokerRequest::CancelAll => {
            out.events.push(BrokerEvent::Unsent { request: BrokerRequest::CancelAll, why });
        }
        BrokerRequest::Books => {
            out.events.push(BrokerEvent::Unsent { request: BrokerRequest::Books, why });
        }
        BrokerRequest::WhatIf(id, _) => {
            out.events.push(BrokerEvent::Impact { id: *id, outcome: Err(why) });
        }
        BrokerRequest::Find(text) => {
            out.events.push(BrokerEvent::Found { text: Arc::clone(text), outcome: Err(why) });
        }
        BrokerRequest::Describe(name) => {
            out.events.push(BrokerEvent::Described { name: Arc::clone(name), outcome: Err(why) });
        }
        _ => {}
    }
}
