//! Order entry: what clients place, change and cancel.
//!
//! A client names its orders by numbers of its own; the engine writes them down with the order
//! ([`ClientRef`]), so that they hold after either side was restarted. The same number again is a
//! change of that order.
//!
//! An order leaves for the engine when its instrument has a quote, which the gate asks for: one that
//! nobody has watched is demanded first, and the order waits a moment for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::errors::{self, Refusal};
use super::orders::{Terms, spec_of, text};
use super::{ConnId, Core, words};
use crate::desk::Freshness;
use crate::domain::{AccountId, ClientRef, InstrumentId, Order, OrderId, OrderSpec, OrderStatus, Time};
use crate::gateway::wire::model;
use crate::link::update::Refused;
use crate::link::{Answer, Command, CommandId, Place};
use crate::risk::Despite;

/// How long an order waits for the first quote of its instrument.
const QUOTE_WAIT: Duration = Duration::from_secs(2);
/// Orders of a client that may wait to be transmitted.
const MOST_DRAFTS: usize = 1_000;
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
    known: BTreeMap<Name, OrderId>,
    /// The highest number that each client has used.
    highest: BTreeMap<i32, i32>,
    /// What the engine was asked.
    asked: BTreeMap<CommandId, Asked>,
    /// Those that wait for a quote.
    waiting: Vec<Waiting>,
    /// What was asked of orders that the engine has not answered for yet, in order.
    held: Vec<Held>,
    /// Changes that are on their way, and from whom.
    changes: BTreeMap<OrderId, (Terms, ConnId)>,
    /// Instruments that were traded through here: their quotes stay.
    traded: BTreeSet<InstrumentId>,
}

/// An order as its client has sent it.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub conn: ConnId,
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
struct Waiting {
    place: Box<Place>,
    drafts: Vec<Draft>,
    until: Time,
}

/// What was asked of an order that is on its way to the engine: said of it now, it would be said of
/// an order that nobody knows.
enum Held {
    Change(ConnId, Box<model::PlaceOrderRequest>),
    Cancel(ConnId, i32),
}

/// What a command was for.
enum Asked {
    Place(Vec<Draft>),
    Amend(OrderId),
    Cancel(OrderId, ConnId, i32),
}

impl Entry {
    /// Takes over the names of orders.
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

    fn uses(&mut self, (client, number): Name) {
        let highest = self.highest.entry(client).or_default();
        *highest = number.max(*highest);
    }

    /// Whether an order has left and the engine has not answered for it yet.
    fn is_underway(&self, name: Name) -> bool {
        let has_left = |asked: &Asked| match asked {
            Asked::Place(drafts) => drafts.iter().any(|draft| draft.name == name),
            Asked::Amend(_) | Asked::Cancel(..) => false,
        };
        self.asked.values().any(has_left)
    }

    fn waits(&self, name: Name) -> bool {
        self.waiting.iter().any(|waiting| waiting.drafts.iter().any(|draft| draft.name == name))
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

impl Core {
    /// 3: a new order, a change of one, or the question what one would cost.
    pub(super) fn place_order(&mut self, conn: ConnId, request: model::PlaceOrderRequest) {
        let Some(client) = self.session(conn).map(|session| session.client) else { return };
        let model::PlaceOrderRequest { order_id, contract: Some(contract), order: Some(order) } = request
        else {
            let text = "An order needs its id, a contract and its terms";
            return self.error(conn, request.order_id, errors::UNREADABLE, text);
        };
        let number = order_id.unwrap_or_default();
        let name = (client, number);
        if self.sky.is_down() {
            let refusal =
                Refusal::order("There is no connection to the servers now: try again when it is back");
            return self.refuse_order(conn, name, contract, order, &refusal);
        }
        if self.entry.is_underway(name) || self.entry.waits(name) {
            let (contract, order) = (Some(contract), Some(order));
            let request = model::PlaceOrderRequest { order_id, contract, order };
            return self.entry.held.push(Held::Change(conn, Box::new(request)));
        }
        if order.what_if == Some(true) {
            return self.what_if(conn, name, &contract, &order);
        }
        // An order of nobody is named by the negative of our number for it.
        let bound = self.bound_order(conn, number);
        if let Some(id) = self.entry.known.get(&name).copied().or(bound) {
            return self.modify(conn, name, id, &contract, &order);
        }
        let is_draft = self.entry.drafts.remove(&name).is_some();
        if !is_draft && number < self.entry.next_id(client) {
            let text =
                format!("Duplicate order id: {number} is not above {}", self.entry.next_id(client) - 1);
            return self.error(conn, Some(number), errors::DUPLICATE_ID, &text);
        }
        self.entry.uses(name);
        match self.draft_of(conn, name, &contract, &order) {
            Ok(draft) => self.take_draft(draft),
            Err(refusal) => self.refuse_order(conn, name, contract, order, &refusal),
        }
    }

    fn take_draft(&mut self, draft: Draft) {
        let (conn, name, parent) = (draft.conn, draft.name, (draft.name.0, draft.parent));
        let is_transmitted = draft.order.transmit.unwrap_or_default();
        let refusal = if draft.parent != 0 && !self.entry.drafts.contains_key(&parent) {
            let text =
                "Exits are entered together with their entry: send the entry with transmit false before";
            Some(Refusal::order(text))
        } else if self.entry.drafts.range((name.0, i32::MIN)..=(name.0, i32::MAX)).count() >= MOST_DRAFTS {
            Some(Refusal::order("Too many orders wait to be transmitted"))
        } else {
            None
        };
        if let Some(refusal) = refusal {
            return self.refuse_order(conn, name, draft.contract, draft.order, &refusal);
        }
        let entry = if draft.parent == 0 { name } else { parent };
        if !is_transmitted {
            self.tell_draft(&draft, "PreSubmitted");
        }
        self.entry.drafts.insert(name, draft);
        if is_transmitted {
            self.transmit(entry);
        }
    }

    /// What a client sends, judged as far as that is possible without the engine.
    pub(super) fn draft_of(
        &self,
        conn: ConnId,
        name: Name,
        contract: &model::Contract,
        order: &model::Order,
    ) -> Result<Draft, Refusal> {
        let instrument = self.contracts.resolve(contract);
        let instrument =
            instrument.map_err(|error| Refusal::new(errors::NO_DEFINITION, error.to_string()))?;
        let asked = text(order.account.as_ref());
        let mut accounts = self.served_accounts().filter(|account| account.broker == instrument.broker);
        let account = if asked.is_empty() {
            let first = accounts.next();
            first.filter(|_| accounts.next().is_none()).ok_or("Name the account: there are several")
        } else {
            accounts.find(|account| words::account_name(&account.id) == asked).ok_or("Invalid account code")
        };
        let account = account.map_err(Refusal::order)?.id.clone();
        let spec = spec_of(order, instrument, &account)?;
        let contract = self.contracts.contract(instrument);
        let parent = order.parent_id.unwrap_or_default();
        Ok(Draft { conn, name, account, spec, parent, contract, order: order.clone() })
    }

    /// An entry leaves with its exits, or waits a moment for the quote that the gate asks for.
    pub(super) fn send(&mut self, place: Place, drafts: Vec<Draft>) {
        let instrument = place.spec.instrument;
        self.entry.traded.insert(instrument);
        let until = self.now + QUOTE_WAIT;
        self.entry.waiting.push(Waiting { place: Box::new(place), drafts, until });
        // Asked for before the order leaves.
        self.settle_demand();
        self.send_waiting();
    }

    /// Sends what has waited long enough.
    pub(super) fn send_waiting(&mut self) {
        let now = self.now;
        let is_quoted = |core: &Self, instrument| {
            core.desk.quote(instrument).is_some_and(|view| view.freshness != Freshness::Stale)
        };
        for waiting in std::mem::take(&mut self.entry.waiting) {
            let instrument = waiting.place.spec.instrument;
            if now < waiting.until && !is_quoted(self, instrument) {
                self.entry.waiting.push(waiting);
                continue;
            }
            let seen = self.desk.quote(instrument).map(|view| *view.quote);
            let id = self.command(Command::Place(Place { seen, ..*waiting.place }));
            self.entry.asked.insert(id, Asked::Place(waiting.drafts));
        }
    }

    /// The order of nobody that a client sees under this number, if it is bound to those.
    fn bound_order(&self, conn: ConnId, number: i32) -> Option<OrderId> {
        let session = self.session(conn).filter(|session| session.binds)?;
        let id = OrderId(u64::try_from(number.checked_neg()?).ok().filter(|id| *id > 0)?);
        let order = self.desk.blotter().get(id)?;
        self.sees(session, order).then_some(id)
    }

    /// The same number again: the order is to become like this.
    fn modify(
        &mut self,
        conn: ConnId,
        name: Name,
        id: OrderId,
        contract: &model::Contract,
        wanted: &model::Order,
    ) {
        let Some(working) = self.desk.blotter().get(id).cloned() else { return };
        let draft = self.draft_of(conn, name, contract, wanted);
        let terms = draft.and_then(|draft| {
            if let Some(why) = self.sky.refuses_change() {
                return Err(Refusal::order(format!("Order rejected - reason:{why}")));
            }
            if working.status.is_final() {
                let text = format!("Cannot modify order {}: it is {}", name.1, words::status(&working));
                return Err(Refusal::new(errors::CANNOT_MODIFY, text));
            }
            // Of which order it is an exit, and of which group, stays.
            let wanted = OrderSpec { parent: working.spec.parent, oco: working.spec.oco, ..draft.spec };
            let terms = Terms::between(&working.spec, &wanted);
            terms.ok_or_else(|| {
                let text =
                    "Only size and prices of a working order can be changed: cancel it and enter it anew";
                Refusal::new(errors::DOES_NOT_MATCH, text)
            })
        });
        match terms {
            Ok(terms) if terms.is_nothing() => self.tell_status(conn, &working),
            Ok(terms) => {
                let Terms { quantity, limit, stop } = terms;
                let despite = Despite::default();
                let command = self.command(Command::Amend { order: id, quantity, limit, stop, despite });
                self.entry.asked.insert(command, Asked::Amend(id));
                self.entry.changes.insert(id, (terms, conn));
            }
            Err(Refusal { code, text }) => {
                self.error(conn, Some(name.1), code, &text);
                self.tell_status(conn, &working);
            }
        }
    }

    /// 4: cancel an order.
    pub(super) fn cancel_order(&mut self, conn: ConnId, number: i32) {
        let Some(client) = self.session(conn).map(|session| session.client) else { return };
        let name = (client, number);
        if self.give_up_draft(name) || self.give_up_waiting(name) {
            return;
        }
        if self.entry.is_underway(name) {
            return self.entry.held.push(Held::Cancel(conn, number));
        }
        let bound = self.bound_order(conn, number);
        let id = self.entry.known.get(&name).copied().or(bound);
        let Some(order) = id.and_then(|id| self.desk.blotter().get(id)).cloned() else {
            let text = format!("OrderId {number} that needs to be cancelled is not found.");
            return self.error(conn, Some(number), errors::NOT_FOUND, &text);
        };
        if order.status.is_final() {
            return self.cannot_cancel(conn, number, &order, "it is over");
        }
        let command = self.command(Command::Cancel { order: order.id });
        self.entry.asked.insert(command, Asked::Cancel(order.id, conn, number));
    }

    fn cannot_cancel(&mut self, conn: ConnId, number: i32, order: &Order, why: &str) {
        let state = words::status(order);
        let text = format!(
            "OrderId {number} that needs to be cancelled cannot be cancelled, state: {state} ({why})."
        );
        self.error(conn, Some(number), errors::CANNOT_CANCEL, &text);
        self.tell_status(conn, order);
    }

    /// 58: cancel all orders, whoever has entered them, as TWS does.
    pub(super) fn cancel_all(&mut self) {
        for name in self.entry.drafts.keys().copied().collect::<Vec<_>>() {
            self.give_up_draft(name);
        }
        for waiting in std::mem::take(&mut self.entry.waiting) {
            for draft in &waiting.drafts {
                self.tell_cancelled(draft);
            }
        }
        self.command(Command::CancelAll { instrument: None });
    }

    /// Forgets an order that was not transmitted, and what depends on it.
    fn give_up_draft(&mut self, name: Name) -> bool {
        let Some(draft) = self.entry.drafts.remove(&name) else { return false };
        self.tell_cancelled(&draft);
        let is_exit =
            |(other, exit): (&Name, &Draft)| (other.0 == name.0 && exit.parent == name.1).then_some(*other);
        for exit in self.entry.drafts.iter().filter_map(is_exit).collect::<Vec<_>>() {
            self.give_up_draft(exit);
        }
        true
    }

    /// Forgets an order that waits for a quote, with all that would leave with it.
    fn give_up_waiting(&mut self, name: Name) -> bool {
        let is_meant = |waiting: &Waiting| waiting.drafts.iter().any(|draft| draft.name == name);
        let Some(place) = self.entry.waiting.iter().position(is_meant) else { return false };
        let waiting = self.entry.waiting.remove(place);
        for draft in &waiting.drafts {
            self.tell_cancelled(draft);
        }
        true
    }

    /// The engine has answered.
    pub(super) fn answered(&mut self, answer: &Answer) {
        let Some(asked) = self.entry.asked.remove(&answer.to) else { return };
        if let Err(Refused(why)) = &answer.outcome {
            self.refused(asked, why);
        }
        for held in std::mem::take(&mut self.entry.held) {
            match held {
                Held::Change(conn, request) => self.place_order(conn, *request),
                Held::Cancel(conn, number) => self.cancel_order(conn, number),
            }
        }
    }

    fn refused(&mut self, asked: Asked, why: &str) {
        match asked {
            Asked::Place(drafts) => {
                for Draft { conn, name, contract, order, .. } in drafts {
                    self.refuse_order(conn, name, contract, order, &Refusal::order(why));
                }
            }
            Asked::Amend(id) => self.change_refused(id, why),
            Asked::Cancel(id, conn, number) => {
                if let Some(order) = self.desk.blotter().get(id).cloned() {
                    self.cannot_cancel(conn, number, &order, why);
                }
            }
        }
    }

    /// An order has changed: whether what was asked of it has come about.
    pub(super) fn settle_change(&mut self, order: &Order) {
        let Some((terms, _)) = self.entry.changes.get(&order.id) else { return };
        if order.status == OrderStatus::PendingAmend {
            return;
        }
        let is_done = terms.applied_to(&order.spec) == order.spec;
        if is_done || order.status.is_final() {
            self.entry.changes.remove(&order.id);
        } else {
            let why = order.reason.clone().unwrap_or_else(|| "The change was refused".into());
            self.change_refused(order.id, &why);
        }
    }

    /// Clients take an order as cancelled that an error names: its status follows.
    fn change_refused(&mut self, id: OrderId, why: &str) {
        let Some((_, conn)) = self.entry.changes.remove(&id) else { return };
        let Some(order) = self.desk.blotter().get(id).cloned() else { return };
        let number = self.number_for(conn, &order);
        self.error(conn, Some(number), errors::REJECTED, &format!("Order rejected - reason:{why}"));
        self.tell_status(conn, &order);
    }
}
