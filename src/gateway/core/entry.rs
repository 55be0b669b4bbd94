//! What is known of the orders of clients, beside the orders themselves.
//!
//! A client names its orders by numbers of its own; the engine writes them down with the order
//! ([`ClientRef`]), so that they hold after either side was restarted. Everything here hangs on these
//! names and not on connections: what a client has asked for is done though it has hung up meanwhile,
//! and told to whoever has its number then.

use std::collections::{BTreeMap, BTreeSet};

use super::orders::{Terms, text};
use crate::domain::{AccountId, ClientRef, InstrumentId, Order, OrderId, OrderSpec, OrderStatus, Time};
use crate::gateway::wire::model;
use crate::link::{CommandId, Place};

/// What the engine may owe an answer for, of one client, before no more is read of it.
const MOST_UNANSWERED: usize = 16;
/// The same of all clients together: the window's commands share the engine's queue.
const MOST_ASKED: usize = 64;
/// Longest text that an order carries of its client.
const LONGEST_TEXT: usize = 128;

/// An order's name: the client, and its number of the order.
pub(super) type Name = (i32, i32);

/// What is known of orders beside the orders themselves.
#[derive(Default)]
pub(super) struct Entry {
    /// Orders that are not transmitted yet.
    pub drafts: BTreeMap<Name, Draft>,
    /// Orders that the engine has, by the names their clients gave them.
    pub known: BTreeMap<Name, OrderId>,
    /// The highest number that each client has used.
    highest: BTreeMap<i32, i32>,
    /// What the engine was asked.
    pub asked: BTreeMap<CommandId, Asked>,
    /// Those that wait for a quote.
    pub waiting: Vec<Waiting>,
    /// What was asked of orders that cannot be judged yet, in order.
    pub held: Vec<Held>,
    /// Changes that are on their way.
    pub changes: BTreeMap<OrderId, Changing>,
    /// Instruments that were traded through here: their quotes stay.
    pub traded: BTreeSet<InstrumentId>,
}

/// An order as its client has sent it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub name: Name,
    pub account: AccountId,
    pub spec: OrderSpec,
    /// The number of the order that it is an exit of, or 0.
    pub parent: i32,
    /// What the client said, which it is told again.
    pub contract: model::Contract,
    pub order: model::Order,
}

impl Draft {
    pub fn client_ref(&self) -> ClientRef {
        let shortened = |said: Option<&String>| {
            let said = text(said);
            let end = said.char_indices().nth(LONGEST_TEXT).map_or(said.len(), |(end, _)| end);
            (!said.is_empty()).then(|| said[..end].into())
        };
        ClientRef {
            client: self.name.0,
            order: self.name.1,
            reference: shortened(self.order.order_ref.as_ref()),
            group: shortened(self.order.oca_group.as_ref()),
        }
    }
}

/// An entry with its exits, which waits for a quote.
pub(super) struct Waiting {
    pub place: Box<Place>,
    pub drafts: Vec<Draft>,
    pub until: Time,
}

impl Waiting {
    pub fn has(&self, name: Name) -> bool {
        self.drafts.iter().any(|draft| draft.name == name)
    }
}

/// What a client wants of an order.
pub(super) enum Wish {
    /// That it is like this: a new order, or a change of one.
    Order(Box<(model::Contract, model::Order)>),
    Cancel,
}

/// What was asked of an order that is on its way, or is being changed: said of it now, it would be
/// said of an order that nobody knows, or that is not yet what it becomes.
pub(super) struct Held {
    pub name: Name,
    pub wish: Wish,
}

/// A change that is on its way.
pub(super) struct Changing {
    pub terms: Terms,
    /// Who wants it, and what it calls the order.
    pub name: Name,
    /// Whether the engine has taken it on: what it tells of the order from then on is after that.
    pub is_taken: bool,
}

/// What a command was for.
pub(super) enum Asked {
    Place(Vec<Draft>),
    Amend(OrderId, Name),
    Cancel(OrderId, Name),
    /// Of all orders, by this client.
    CancelAll(i32),
}

impl Asked {
    fn client(&self) -> Option<i32> {
        match self {
            Self::Place(drafts) => drafts.first().map(|draft| draft.name.0),
            Self::Amend(_, name) | Self::Cancel(_, name) => Some(name.0),
            Self::CancelAll(client) => Some(*client),
        }
    }
}

impl Entry {
    /// Takes over the names of orders, oldest first: of two of one name the newer has it.
    pub fn learn<'a>(&mut self, orders: impl Iterator<Item = &'a Order>) {
        for order in orders {
            self.learn_one(order);
        }
    }

    pub fn learn_one(&mut self, order: &Order) {
        if let Some(client) = &order.client {
            let name = (client.client, client.order);
            self.known.insert(name, order.id);
            self.uses(name);
        }
    }

    pub fn uses(&mut self, (client, number): Name) {
        let highest = self.highest.entry(client).or_default();
        *highest = number.max(*highest);
    }

    /// Whether an order has left and the engine has not answered for it yet.
    pub fn is_underway(&self, name: Name) -> bool {
        let has_left = |asked: &Asked| match asked {
            Asked::Place(drafts) => drafts.iter().any(|draft| draft.name == name),
            _ => false,
        };
        self.asked.values().any(has_left)
    }

    /// Whether an order cannot be changed yet: it is on its way, or another change is.
    pub fn is_in_motion(&self, name: Name, order: Option<&Order>) -> bool {
        let is_arriving = |order: &Order| {
            let status = order.status;
            matches!(status, OrderStatus::Intended | OrderStatus::Journaled | OrderStatus::Sent)
                || self.changes.contains_key(&order.id)
        };
        self.is_underway(name)
            || self.waiting.iter().any(|waiting| waiting.has(name))
            || order.is_some_and(is_arriving)
    }

    /// Whether so much is underway for a client that the engine must answer before more is read.
    pub fn is_busy(&self, client: i32) -> bool {
        let asked = self.asked.values().filter(|asked| asked.client() == Some(client)).count();
        let is_own = |waiting: &&Waiting| waiting.drafts.iter().any(|draft| draft.name.0 == client);
        let waiting = self.waiting.iter().filter(is_own).count();
        let held = self.held.iter().filter(|held| held.name.0 == client).count();
        asked + waiting + held >= MOST_UNANSWERED || self.asked.len() >= MOST_ASKED
    }

    /// A number that no order of the client has had.
    pub fn next_id(&self, client: i32) -> i32 {
        self.highest.get(&client).map_or(1, |highest| highest.saturating_add(1).max(1))
    }

    /// Instruments whose quotes orders need.
    pub fn instruments(&self) -> impl Iterator<Item = InstrumentId> {
        self.traded.iter().copied()
    }
}
