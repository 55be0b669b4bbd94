//! What becomes of orders that are there: changes and cancels.

use super::entry::{Asked, Changing, Draft, Name, Wish};
use super::errors::{self, Refusal};
use super::orders::Terms;
use super::{ConnId, Core, words};
use crate::domain::{Order, OrderId, OrderSpec, OrderStatus};
use crate::gateway::wire::model;
use crate::link::Command;
use crate::risk::Despite;

impl Core {
    /// The same number again: the order is to become like this.
    pub(super) fn modify(
        &mut self,
        name: Name,
        id: OrderId,
        contract: &model::Contract,
        wanted: &model::Order,
    ) {
        let Some(working) = self.desk.blotter().get(id).cloned() else {
            let text = format!("Cannot modify order {}: it is over", name.1);
            return self.error_to(name.0, name.1, &Refusal::new(errors::CANNOT_MODIFY, text));
        };
        match self.change_of(name, &working, contract, wanted) {
            Ok(terms) if terms.is_nothing() => self.tell_status_to(name.0, &working),
            Ok(terms) => {
                let Terms { quantity, limit, stop } = terms;
                let despite = Despite::default();
                let command = self.command(Command::Amend { order: id, quantity, limit, stop, despite });
                self.entry.asked.insert(command, Asked::Amend(id, name));
                self.entry.changes.insert(id, Changing { terms, name, is_taken: false });
            }
            Err(refusal) => {
                self.error_to(name.0, name.1, &refusal);
                self.tell_status_to(name.0, &working);
            }
        }
    }

    fn change_of(
        &self,
        name: Name,
        working: &Order,
        contract: &model::Contract,
        wanted: &model::Order,
    ) -> Result<Terms, Refusal> {
        let rejected = |why: &str| Refusal::order(format!("Order rejected - reason:{why}"));
        if self.sky.is_down() {
            return Err(rejected("There is no connection to the servers now: try again when it is back"));
        }
        if let Some(why) = self.sky.refuses_change() {
            return Err(rejected(why));
        }
        if working.status.is_final() {
            let text = format!("Cannot modify order {}: it is {}", name.1, words::status(working));
            return Err(Refusal::new(errors::CANNOT_MODIFY, text));
        }
        // Where a trailing stop triggers now is told with it, and comes back.
        let wanted = model::Order { trail_stop_price: None, ..wanted.clone() };
        let draft = self.draft_of(name, contract, &wanted)?;
        // Of which order it is an exit, and of which group, stays.
        let wanted = OrderSpec { parent: working.spec.parent, oco: working.spec.oco, ..draft.spec };
        let terms = Terms::between(&working.spec, &wanted).filter(|_| draft.account == working.account);
        terms.ok_or_else(|| {
            let text = "Only size and prices of a working order can be changed: cancel it and enter it anew";
            Refusal::new(errors::DOES_NOT_MATCH, text)
        })
    }

    /// An order has changed: whether what was asked of it has come about.
    pub(super) fn settle_change(&mut self, order: &Order) {
        let Some(Changing { terms, is_taken, .. }) = self.entry.changes.get(&order.id) else { return };
        let is_over = order.status.is_final();
        if !is_over && (!is_taken || order.status == OrderStatus::PendingAmend) {
            return;
        }
        if is_over || terms.applied_to(&order.spec) == order.spec {
            self.entry.changes.remove(&order.id);
        } else {
            let why = order.reason.clone().unwrap_or_else(|| "The change was refused".into());
            self.change_refused(order.id, &why);
        }
    }

    /// Clients take an order as cancelled that an error names: its status follows.
    pub(super) fn change_refused(&mut self, id: OrderId, why: &str) {
        let Some(Changing { name, .. }) = self.entry.changes.remove(&id) else { return };
        let Some(order) = self.desk.blotter().get(id).cloned() else { return };
        let text = format!("Order rejected - reason:{why}");
        self.error_to(name.0, name.1, &Refusal::order(text));
        self.tell_status_to(name.0, &order);
    }

    /// 4: cancel an order.
    pub(super) fn cancel_order(&mut self, conn: ConnId, number: i32) {
        if let Some(client) = self.session(conn).map(|session| session.client) {
            self.wish((client, number), Wish::Cancel);
        }
    }

    pub(super) fn cancel_named(&mut self, name: Name) {
        if self.give_up_draft(name) || self.give_up_waiting(name) {
            return;
        }
        let id = self.entry.known.get(&name).copied().or_else(|| self.bound_order(name));
        let Some(id) = id else {
            let text = format!("OrderId {} that needs to be cancelled is not found.", name.1);
            return self.error_to(name.0, name.1, &Refusal::new(errors::NOT_FOUND, text));
        };
        match self.desk.blotter().get(id).cloned() {
            Some(order) if order.status.is_final() => self.cannot_cancel(name, &order, "it is over"),
            // The engine knows, where the replica does not.
            _ => {
                let command = self.command(Command::Cancel { order: id });
                self.entry.asked.insert(command, Asked::Cancel(id, name));
            }
        }
    }

    pub(super) fn cannot_cancel(&mut self, name: Name, order: &Order, why: &str) {
        let (number, state) = (name.1, words::status(order));
        let text = format!(
            "OrderId {number} that needs to be cancelled cannot be cancelled, state: {state} ({why})."
        );
        self.error_to(name.0, number, &Refusal::new(errors::CANNOT_CANCEL, text));
        self.tell_status_to(name.0, order);
    }

    /// 58: cancel all orders, whoever has entered them, as TWS does.
    pub(super) fn cancel_all(&mut self, conn: ConnId) {
        let Some(client) = self.session(conn).map(|session| session.client) else { return };
        for name in self.entry.drafts.keys().copied().collect::<Vec<_>>() {
            self.give_up_draft(name);
        }
        for waiting in std::mem::take(&mut self.entry.waiting) {
            for draft in &waiting.drafts {
                self.tell_cancelled(draft);
            }
        }
        let command = self.command(Command::CancelAll { instrument: None });
        self.entry.asked.insert(command, Asked::CancelAll(client));
        self.look_at_held();
    }

    /// Forgets an order that was not transmitted, and its exits.
    fn give_up_draft(&mut self, name: Name) -> bool {
        let is_draft = self.entry.drafts.contains_key(&name);
        if is_draft {
            for draft in self.take_family(name) {
                self.tell_cancelled(&draft);
            }
        }
        is_draft
    }

    /// Takes an order out that waits to be transmitted, with its exits behind it.
    pub(super) fn take_family(&mut self, entry: Name) -> Vec<Draft> {
        let drafts = &mut self.entry.drafts;
        let first = drafts.remove(&entry);
        let is_exit = |name: &Name, draft: &mut Draft| name.0 == entry.0 && draft.parent == entry.1;
        first.into_iter().chain(drafts.extract_if(.., is_exit).map(|(_, exit)| exit)).collect()
    }

    /// Refuses orders that never left.
    pub(super) fn refuse_all(&mut self, drafts: Vec<Draft>, refusal: &Refusal) {
        for Draft { name, contract, order, .. } in drafts {
            self.refuse_order(name, contract, order, refusal);
        }
    }

    /// Forgets an order that waits for a quote, with all that would leave with it.
    fn give_up_waiting(&mut self, name: Name) -> bool {
        let Some(place) = self.entry.waiting.iter().position(|waiting| waiting.has(name)) else {
            return false;
        };
        let waiting = self.entry.waiting.remove(place);
        for draft in &waiting.drafts {
            self.tell_cancelled(draft);
        }
        self.look_at_held();
        true
    }
}
