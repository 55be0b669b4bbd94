//! Order entry: what clients place.
//!
//! An order leaves for the engine when its instrument has a quote, which the gate asks for: one that
//! nobody has watched is demanded first, and the order waits a moment for it.

use std::time::Duration;

use prost::Message as _;

use super::entry::{Asked, Draft, Held, Name, Waiting, Wish};
use super::errors::{self, Refusal};
use super::orders::{spec_of, text, warning};
use super::{ConnId, Core, words};
use crate::desk::Freshness;
use crate::domain::OrderId;
use crate::gateway::wire::model;
use crate::link::update::Refused;
use crate::link::{Answer, Command, Place};

/// How long an order waits for the first quote of its instrument.
const QUOTE_WAIT: Duration = Duration::from_secs(2);
/// Orders that may wait to be transmitted, of all clients.
const MOST_DRAFTS: usize = 1_000;
/// Bytes of an order as it is sent: those of real clients have a tenth of it.
const LONGEST_ORDER: usize = 8 << 10;
/// The highest number that an order may have, so that others can follow.
const HIGHEST: i32 = 1 << 30;

impl Core {
    /// 3: a new order, a change of one, or the question what one would cost.
    pub(super) fn place_order(&mut self, conn: ConnId, request: model::PlaceOrderRequest) {
        let Some(client) = self.session(conn).map(|session| session.client) else { return };
        let length = request.encoded_len();
        let (Some(number), Some(contract), Some(order)) = (request.order_id, request.contract, request.order)
        else {
            let text = "An order needs its id, a contract and its terms";
            return self.error(conn, request.order_id, errors::UNREADABLE, text);
        };
        if length > LONGEST_ORDER {
            let text = format!("An order of {length} bytes is too long: shorten its texts");
            return self.error(conn, Some(number), errors::UNREADABLE, &text);
        }
        self.wish((client, number), Wish::Order(Box::new((contract, order))));
    }

    /// What a client wants of an order, now or when it can be judged.
    pub(super) fn wish(&mut self, name: Name, wish: Wish) {
        let id = self.entry.known.get(&name);
        let order = id.and_then(|id| self.desk.blotter().get(*id));
        match wish {
            Wish::Order(_) if self.entry.is_in_motion(name, order) => {
                self.entry.held.push(Held { name, wish });
            }
            Wish::Cancel if self.entry.is_underway(name) => self.entry.held.push(Held { name, wish }),
            Wish::Order(terms) => self.place_named(name, terms.0, terms.1),
            Wish::Cancel => self.cancel_named(name),
        }
    }

    /// Looks again at what could not be judged.
    pub(super) fn look_at_held(&mut self) {
        if !self.desk.is_synced() {
            return;
        }
        for Held { name, wish } in std::mem::take(&mut self.entry.held) {
            self.wish(name, wish);
        }
    }

    fn place_named(&mut self, name: Name, contract: model::Contract, order: model::Order) {
        let (client, number) = name;
        if order.what_if == Some(true) {
            return self.what_if(name, &contract, &order);
        }
        // An order of nobody is named by the negative of our number for it.
        if let Some(id) = self.entry.known.get(&name).copied().or_else(|| self.bound_order(name)) {
            return self.modify(name, id, &contract, &order);
        }
        if self.sky.is_down() {
            let refusal =
                Refusal::order("There is no connection to the servers now: try again when it is back");
            return match self.entry.drafts.get(&name).cloned() {
                Some(draft) => {
                    self.error_to(client, number, &refusal);
                    self.tell_draft(&draft, "PreSubmitted");
                }
                None => self.refuse_order(name, contract, order, &refusal),
            };
        }
        let is_draft = self.entry.drafts.contains_key(&name);
        let next = self.entry.next_id(client);
        if !is_draft && (number < next || number > HIGHEST) {
            let text = format!("Duplicate order id: {number} is not from {next} to {HIGHEST}");
            return self.error_to(client, number, &Refusal::new(errors::DUPLICATE_ID, text));
        }
        self.entry.uses(name);
        let draft = self.draft_of(name, &contract, &order).and_then(|draft| self.fits_in(draft));
        match draft {
            Ok(draft) => self.take_draft(draft),
            Err(refusal) => self.refuse_new(name, contract, order, &refusal),
        }
    }

    /// A bracket leaves whole or not at all.
    fn refuse_new(&mut self, name: Name, contract: model::Contract, order: model::Order, refusal: &Refusal) {
        let parent = order.parent_id.unwrap_or_default();
        self.entry.drafts.remove(&name);
        self.refuse_order(name, contract, order, refusal);
        let entry = if parent == 0 { name } else { (name.0, parent) };
        let family = self.take_family(entry);
        self.refuse_all(family, &Refusal::order(format!("Order {} of its bracket was refused", name.1)));
    }

    /// An order, or a change of one, that is not even looked at.
    pub(super) fn refuse_to_place(&mut self, conn: ConnId, request: model::PlaceOrderRequest, why: &str) {
        let Some(client) = self.session(conn).map(|session| session.client) else { return };
        let (Some(number), Some(contract), Some(order)) = (request.order_id, request.contract, request.order)
        else {
            return self.error(conn, request.order_id, errors::REFUSED, why);
        };
        let name = (client, number);
        let known = self.entry.known.get(&name).copied().or_else(|| self.bound_order(name));
        let working = known.and_then(|id| self.desk.blotter().get(id).cloned());
        let is_new = known.is_none() && !self.entry.is_in_motion(name, None);
        if is_new && order.what_if != Some(true) {
            self.entry.uses(name);
            return self.refuse_new(name, contract, order, &Refusal::order(why));
        }
        // Of an order that is on its way the status comes when it is there.
        self.error_to(client, number, &Refusal::order(format!("Order rejected - reason:{why}")));
        if let Some(working) = working {
            self.tell_status_to(client, &working);
        }
    }

    fn take_draft(&mut self, draft: Draft) {
        let (name, is_transmitted) = (draft.name, draft.order.transmit.unwrap_or_default());
        let entry = if draft.parent == 0 { name } else { (name.0, draft.parent) };
        if !is_transmitted {
            self.tell_draft(&draft, "PreSubmitted");
        }
        self.entry.drafts.insert(name, draft);
        if is_transmitted {
            self.transmit(entry);
        }
    }

    /// A draft that can stand beside the others.
    fn fits_in(&self, draft: Draft) -> Result<Draft, Refusal> {
        let drafts = &self.entry.drafts;
        let entry = drafts.get(&(draft.name.0, draft.parent));
        let is_entry = drafts.values().any(|exit| exit.name.0 == draft.name.0 && exit.parent == draft.name.1);
        let wrong = if draft.parent != 0 && entry.is_none() {
            "Exits are entered together with their entry: send the entry with transmit false before"
        } else if draft.parent != 0 && (is_entry || entry.is_some_and(|entry| entry.parent != 0)) {
            "An exit has no exits of its own"
        } else if drafts.len() >= MOST_DRAFTS && !drafts.contains_key(&draft.name) {
            "Too many orders wait to be transmitted"
        } else {
            return Ok(draft);
        };
        Err(Refusal::order(wrong))
    }

    /// What a client sends, judged as far as that is possible without the engine.
    pub(super) fn draft_of(
        &self,
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
        Ok(Draft { name, account, spec, parent, contract, order: order.clone() })
    }

    /// An entry leaves with its exits, or waits a moment for the quote that the gate asks for.
    pub(super) fn send(&mut self, place: Place, drafts: Vec<Draft>) {
        let instrument = place.spec.instrument;
        self.entry.traded.insert(instrument);
        for draft in &drafts {
            if let Some(text) = warning(&draft.order, &draft.spec) {
                self.error_to(draft.name.0, draft.name.1, &Refusal::new(errors::WARNING, text));
                self.tell_draft(draft, "PreSubmitted");
            }
        }
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

    /// The order of nobody that a client sees under this name, if it is bound to those.
    pub(super) fn bound_order(&self, (client, number): Name) -> Option<OrderId> {
        let session = self.session(self.conn_of(client)?).filter(|session| session.binds)?;
        let id = OrderId(u64::try_from(number.checked_neg()?).ok().filter(|id| *id > 0)?);
        let order = self.desk.blotter().get(id)?;
        self.sees(session, order).then_some(id)
    }

    /// The engine has answered.
    pub(super) fn answered(&mut self, answer: &Answer) {
        let Some(asked) = self.entry.asked.remove(&answer.to) else { return };
        match &answer.outcome {
            Ok(id) => self.taken_on(&asked, *id),
            Err(Refused(why)) => self.refused(asked, why),
        }
        self.look_at_held();
    }

    fn taken_on(&mut self, asked: &Asked, id: Option<OrderId>) {
        match asked {
            // The order itself may be told later than the answer: after a snapshot.
            Asked::Place(drafts) => {
                if let Some((entry, id)) = drafts.first().zip(id) {
                    self.entry.known.insert(entry.name, id);
                }
            }
            Asked::Amend(id, _) => {
                if let Some(change) = self.entry.changes.get_mut(id) {
                    change.is_taken = true;
                }
                if let Some(order) = self.desk.blotter().get(*id).cloned() {
                    self.settle_change(&order);
                }
            }
            Asked::Cancel(..) | Asked::CancelAll(_) => {}
        }
    }

    fn refused(&mut self, asked: Asked, why: &str) {
        match asked {
            Asked::Place(drafts) => self.refuse_all(drafts, &Refusal::order(why)),
            Asked::Amend(id, _) => self.change_refused(id, why),
            Asked::Cancel(id, name) => {
                if let Some(order) = self.desk.blotter().get(id).cloned() {
                    self.cannot_cancel(name, &order, why);
                }
            }
            Asked::CancelAll(client) => {
                tracing::info!("client {client} cancels all: {why}");
            }
        }
    }
}
