//! The two ways on which orders and cancels go to the socket.
//!
//! Orders go one after the other, in their order. A cancel need not wait behind orders that it has nothing to
//! do with, for TWS takes only so many messages a second: it has a lane of its own, unless what it cancels has
//! not left yet.

use std::collections::VecDeque;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use ibapi::{Client, Error};

use crate::broker::ibkr::core::Call;
use crate::domain::OrderId;

/// What has become of what was on its way.
pub(super) enum Sent {
    /// All of it was handed over.
    Whole(Vec<OrderId>),
    /// Some of it could not be, whatever the connection: of the rest nothing was sent.
    Refused {
        /// What had been, with its numbers.
        sent: Vec<(OrderId, i32)>,
        /// What had not.
        rest: Call,
        /// Why.
        why: String,
    },
    /// The connection broke: how far it came nobody knows.
    Broke,
}

/// Something on its way, and what it is about.
type Flight = (Vec<OrderId>, BoxFuture<'static, Sent>);

#[derive(Default)]
struct Lane {
    waiting: VecDeque<(Arc<Client>, Call)>,
    current: Option<Flight>,
}

impl Lane {
    fn has(&self, order: OrderId) -> bool {
        let in_flight = self.current.as_ref().is_some_and(|(orders, _)| orders.contains(&order));
        in_flight || self.waiting.iter().any(|(_, call)| about(call).contains(&order))
    }

    async fn next(&mut self) -> Sent {
        loop {
            if let Some((_, flight)) = &mut self.current {
                let sent = flight.await;
                self.current = None;
                return sent;
            }
            match self.waiting.pop_front() {
                Some((client, call)) => self.current = Some((about(&call), send(client, call))),
                None => return std::future::pending().await,
            }
        }
    }
}

/// Both lanes.
#[derive(Default)]
pub(super) struct Lanes {
    orders: Lane,
    cancels: Lane,
}

impl Lanes {
    /// Puts orders or a cancel on its way.
    pub fn push(&mut self, client: &Arc<Client>, call: Call) {
        let waits = match &call {
            Call::Cancel(order, _) => self.orders.has(*order),
            _ => true,
        };
        let lane = if waits { &mut self.orders } else { &mut self.cancels };
        lane.waiting.push_back((Arc::clone(client), call));
    }

    /// Whether nothing is on its way.
    pub fn is_empty(&self) -> bool {
        let is_empty = |lane: &Lane| lane.current.is_none() && lane.waiting.is_empty();
        is_empty(&self.orders) && is_empty(&self.cancels)
    }

    /// What has become of the next. Nothing is lost when this is given up halfway.
    pub async fn next(&mut self) -> Sent {
        tokio::select! {
            biased;
            sent = self.cancels.next() => sent,
            sent = self.orders.next() => sent,
        }
    }

    /// What has not left, to be told so.
    pub fn unsent(&mut self) -> Vec<Call> {
        let lanes = [&mut self.orders, &mut self.cancels];
        lanes.into_iter().flat_map(|lane| lane.waiting.drain(..)).map(|(_, call)| call).collect()
    }
}

fn about(call: &Call) -> Vec<OrderId> {
    match call {
        Call::Send(wanted) => wanted.iter().map(|wanted| wanted.order).collect(),
        Call::Cancel(order, _) => vec![*order],
        _ => Vec::new(),
    }
}

fn send(client: Arc<Client>, call: Call) -> BoxFuture<'static, Sent> {
    async move {
        match call {
            Call::Send(wanted) => {
                let mut sent = Vec::new();
                let mut rest = wanted.into_iter();
                while let Some(next) = rest.next() {
                    match client.submit_order(next.number, &next.contract, &next.terms).await {
                        Ok(()) => sent.push((next.order, next.number)),
                        Err(error) if is_ours(&error) => {
                            let rest = Call::Send([next].into_iter().chain(rest).collect());
                            return Sent::Refused { sent, rest, why: error.to_string() };
                        }
                        Err(_broken) => return Sent::Broke,
                    }
                }
                Sent::Whole(sent.into_iter().map(|(order, _)| order).collect())
            }
            // Its number is below those of orders behind it, and TWS takes them in rising order only.
            Call::WhatIf(asked) => {
                match client.submit_order(asked.number, &asked.contract, &asked.terms).await {
                    Ok(()) => Sent::Whole(Vec::new()),
                    Err(error) if is_ours(&error) => {
                        let why = error.to_string();
                        Sent::Refused { sent: Vec::new(), rest: Call::WhatIf(asked), why }
                    }
                    Err(_broken) => Sent::Broke,
                }
            }
            Call::Cancel(order, number) => match client.cancel_order(number, "").await {
                Ok(_told_by_the_stream_of_updates) => Sent::Whole(vec![order]),
                Err(error) if is_ours(&error) => {
                    let why = error.to_string();
                    Sent::Refused { sent: Vec::new(), rest: Call::Cancel(order, number), why }
                }
                Err(_broken) => Sent::Broke,
            },
            _ => Sent::Whole(Vec::new()),
        }
    }
    .boxed()
}

/// Whether the client refused before it wrote anything.
fn is_ours(error: &Error) -> bool {
    matches!(
        error,
        Error::OrderIdInRequestRange { .. }
            | Error::ServerVersion(..)
            | Error::InvalidArgument(_)
            | Error::NotImplemented
            | Error::Simple(_)
            | Error::Parse(..)
    )
}
