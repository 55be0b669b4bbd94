//! What became of the newest command, in one line below the buttons.

use super::offer::{Term, Words};
use crate::desk::Desk;
use crate::domain::{Order, OrderId, OrderStatus};
use crate::link::CommandId;
use crate::link::update::Refused;
use crate::ui::format;

/// A line, by how much it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// As it was meant, or nothing to tell yet.
    Plain(String),
    /// It is done, or on its way.
    Good(String),
    /// Not all of it was done, or nobody can say.
    Warns(String),
    /// It was refused.
    Refused(String),
}

/// A command that has left, and what is known of it.
#[derive(Debug)]
pub(super) struct Sent {
    id: CommandId,
    words: Words,
    outcome: Option<Result<Option<OrderId>, Refused>>,
}

impl Sent {
    pub(super) fn new(id: CommandId, words: Words) -> Self {
        Self { id, words, outcome: None }
    }

    /// What is known of it by now.
    pub(super) fn said(&mut self, desk: &Desk) -> Said {
        if self.outcome.is_none() {
            // Kept: the desk forgets answers after some hundreds.
            self.outcome = desk.answer(self.id).map(|answer| answer.outcome.clone());
        }
        let words = self.words.capitalised();
        // What stays working opens a position another day.
        let leaves = self.words.terms.iter().any(|term| term.short == Term::ORDERS_STAY);
        let said = match &self.outcome {
            None => Said::Plain(format!("{words}: sent, no answer yet …")),
            Some(Err(refused)) => Said::Refused(format!("{words}: refused. {refused}")),
            Some(Ok(None)) => Said::Good(format!("{words}: accepted")),
            Some(Ok(Some(id))) => match desk.blotter().get(*id) {
                None => Said::Good(format!("{words}: accepted as order {id}")),
                Some(order) => told(&words, order, desk),
            },
        };
        match said {
            Said::Good(text) if leaves => Said::Warns(text),
            said => said,
        }
    }
}

/// An accepted order goes on to live: it fills, in part or whole, or ends otherwise.
fn told(words: &str, order: &Order, desk: &Desk) -> Said {
    let id = order.id;
    let status = order.status.label().to_lowercase();
    let reason = order.reason.as_deref().map_or_else(String::new, |reason| format!(". {reason}"));
    let filled = filled(order, desk);
    match (order.status, filled) {
        (OrderStatus::Rejected, _) => Said::Refused(format!("{words}: order {id} was rejected{reason}")),
        (OrderStatus::Unknown, _) => Said::Warns(format!(
            "{words}: nobody can say where order {id} stands. Look at its row in the blotter before sending more."
        )),
        (OrderStatus::Cancelled | OrderStatus::Expired, filled) => {
            let text = match filled {
                Some(filled) => format!("{words}: order {id} filled {filled}, the rest {status}{reason}"),
                None => format!("{words}: order {id} {status}, nothing filled{reason}"),
            };
            if desk.is_cancelled_as_asked(id) { Said::Plain(text) } else { Said::Warns(text) }
        }
        (_, Some(filled)) => Said::Good(format!("{words}: accepted as order {id}, {status} {filled}")),
        (_, None) => Said::Good(format!("{words}: accepted as order {id}, {status}")),
    }
}

/// `600 @ 227.50`, of an order that has filled at all.
fn filled(order: &Order, desk: &Desk) -> Option<String> {
    if order.filled.is_zero() {
        return None;
    }
    let quantity = format::exact(order.filled.0);
    let average = order.average_price.zip(desk.instrument(order.spec.instrument));
    Some(average.map_or_else(
        || quantity.clone(),
        |(price, of)| format!("{quantity} @ {}", format::decimal(price, of.ticks.decimals())),
    ))
}
