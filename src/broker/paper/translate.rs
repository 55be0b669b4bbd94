//! The exchange's events in a broker's words.

use crate::broker::contract::{BrokerEvent, Report, ReportKind};
use crate::domain::{OrderId, OrderStatus, Time};
use crate::exchange::{Event, HeldFor};

/// What an order event means for the order; `None` for events that are not about one.
pub(super) fn order_event(event: &Event) -> Option<BrokerEvent> {
    let status = |id: &OrderId, status, reason: Option<String>, time: &Time| {
        let kind = ReportKind::Status { status, reason: reason.map(Into::into) };
        BrokerEvent::Report(Report { order: *id, kind, time: *time })
    };
    Some(match event {
        Event::Triggered { id, time } | Event::Working { id, time, .. } => {
            status(id, OrderStatus::Working, None, time)
        }
        Event::Held { id, why, time } => status(id, OrderStatus::Held, Some(waits_for(why)), time),
        Event::Rejected { id, reason, time } => {
            status(id, OrderStatus::Rejected, Some(reason.to_string()), time)
        }
        Event::Cancelled { id, reason, time } => {
            status(id, OrderStatus::Cancelled, Some(reason.to_string()), time)
        }
        Event::Expired { id, time } => {
            status(id, OrderStatus::Expired, Some("Its time ran out".to_owned()), time)
        }
        Event::Amended { id, spec, time } => {
            BrokerEvent::Report(Report { order: *id, kind: ReportKind::Amended(*spec), time: *time })
        }
        Event::AmendRejected { id, reason, time } => {
            let kind = ReportKind::AmendRefused(reason.to_string().into());
            BrokerEvent::Report(Report { order: *id, kind, time: *time })
        }
        Event::CancelRejected { id, reason, time } => {
            let kind = ReportKind::CancelRefused(reason.to_string().into());
            BrokerEvent::Report(Report { order: *id, kind, time: *time })
        }
        Event::Trails { id, trigger, time } => {
            BrokerEvent::Report(Report { order: *id, kind: ReportKind::Trigger(*trigger), time: *time })
        }
        Event::Filled { fill, position, .. } => {
            BrokerEvent::Fill { fill: fill.clone(), position: position.clone() }
        }
        // Accepted is followed by what became of it: held, working, filled or cancelled.
        Event::Accepted { .. }
        | Event::Duplicate { .. }
        | Event::Trade(..)
        | Event::SessionChanged { .. }
        | Event::TopChanged(_)
        | Event::BookChanged(_)
        | Event::AccountChanged(_) => return None,
    })
}

fn waits_for(why: &HeldFor) -> String {
    match why {
        HeldFor::Open(Some(time)) => format!("Waits for the open at {time}"),
        HeldFor::Open(None) => "Waits for the exchange to open".to_owned(),
        HeldFor::Trigger(Some(price)) => format!("Waits for a trade at {price}"),
        HeldFor::Trigger(None) => "Waits for the first trade to follow".to_owned(),
        HeldFor::Parent(order) => format!("Waits for order {order} to fill"),
        HeldFor::Quote(None) => "Triggered; waits for somebody to quote".to_owned(),
        HeldFor::Quote(Some(price)) => format!("Triggered; waits for a quote at {price} or better"),
    }
}
