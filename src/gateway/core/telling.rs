//! What clients are told of orders and executions, asked or not.
//!
//! A client sees its own orders; the master client those of all; client 0, once it has asked for
//! them, those that no client has entered. Of each state of an order a client is told once, by
//! openOrder and orderStatus together, in the order in which the engine told it.

use std::collections::{BTreeMap, BTreeSet};

use super::connection::Session;
use super::entry::{Draft, Name};
use super::errors::{self, Refusal};
use super::orders::{text, wire_order};
use super::{ConnId, Core, words};
use crate::domain::{ExecId, Fill, Order, OrderId, OrderKind, OrderStatus, Price, Qty, Time};
use crate::gateway::wire::{Reply, model};

/// What was told last.
#[derive(Default)]
pub(super) struct Told {
    orders: BTreeMap<OrderId, State>,
    pub fills: BTreeSet<ExecId>,
    pub last_price: BTreeMap<OrderId, Price>,
    /// Whether an account or a position has changed that clients were not told of.
    is_account_new: bool,
    /// When what changes with the market was told last.
    pub accounts_at: Time,
}

/// Of an order, whatever makes a difference to a client.
#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    status: &'static str,
    filled: Qty,
    quantity: Qty,
    kind: OrderKind,
}

impl State {
    fn of(order: &Order) -> Self {
        let Order { spec, filled, .. } = order;
        Self { status: words::status(order), filled: *filled, quantity: spec.quantity, kind: spec.kind }
    }
}

impl Told {
    pub fn account_changed(&mut self) {
        self.is_account_new = true;
    }

    pub fn take_account_news(&mut self) -> bool {
        std::mem::take(&mut self.is_account_new)
    }
}

impl Core {
    /// Whether a client sees an order.
    pub(super) fn sees(&self, session: &Session, order: &Order) -> bool {
        let is_served = self.served_accounts().any(|account| account.id == order.account);
        let is_own = match &order.client {
            Some(client) => client.client == session.client,
            None => session.binds,
        };
        is_served && (is_own || self.rules.master == Some(session.client))
    }

    pub(super) fn who_sees(&self, order: &Order) -> Vec<ConnId> {
        self.sessions().filter(|(_, session)| self.sees(session, order)).map(|(conn, _)| conn).collect()
    }

    /// The number of an order for a client: its own, or of an order of nobody the negative of ours.
    pub(super) fn number_for(&self, conn: ConnId, order: &Order) -> i32 {
        let is_bound = self.session(conn).is_some_and(|session| session.binds);
        match &order.client {
            Some(client) => client.order,
            None if is_bound => i32::try_from(order.id.0).map_or(0, |id| -id),
            None => 0,
        }
    }

    /// The engine tells of an order.
    pub(super) fn order_changed(&mut self, order: &Order) {
        self.entry.learn_one(order);
        let is_on_its_way = matches!(
            order.status,
            OrderStatus::Intended | OrderStatus::Journaled | OrderStatus::Sent | OrderStatus::PendingAmend
        );
        let state = State::of(order);
        if self.sky.is_down() || self.sky.hushes(order) {
            return;
        }
        if !is_on_its_way && self.told.orders.insert(order.id, state) != Some(state) {
            for conn in self.who_sees(order) {
                self.tell_end_or_state(conn, order);
            }
        }
        self.settle_change(order);
        if !self.entry.held.is_empty() {
            self.look_at_held();
        }
    }

    fn tell_end_or_state(&mut self, conn: ConnId, order: &Order) {
        let number = Some(self.number_for(conn, order));
        let reason = order.reason.as_deref().unwrap_or_default();
        // Another's order has a number that is one of its own to whoever sees it besides.
        let client = self.session(conn).map(|session| session.client);
        let is_own = order.client.as_ref().is_none_or(|of| Some(of.client) == client);
        if order.status == OrderStatus::Rejected && is_own {
            self.error(conn, number, errors::REJECTED, &format!("Order rejected - reason:{reason}"));
        }
        self.tell_status(conn, order);
        if is_own && matches!(order.status, OrderStatus::Cancelled | OrderStatus::Expired) {
            self.error(conn, number, errors::CANCELLED, &format!("Order Canceled - reason:{reason}"));
        }
    }

    /// The connection that has a client number now.
    pub(super) fn conn_of(&self, client: i32) -> Option<ConnId> {
        self.sessions().find(|(_, session)| session.client == client).map(|(conn, _)| conn)
    }

    /// An error about an order, to whoever has its client's number now.
    pub(super) fn error_to(&mut self, client: i32, number: i32, refusal: &Refusal) {
        if let Some(conn) = self.conn_of(client) {
            self.error(conn, Some(number), refusal.code, &refusal.text);
        }
    }

    /// An order as it stands, likewise.
    pub(super) fn tell_status_to(&mut self, client: i32, order: &Order) {
        if let Some(conn) = self.conn_of(client) {
            self.tell_status(conn, order);
        }
    }

    /// An order as it stands: openOrder and orderStatus.
    fn tell_status(&mut self, conn: ConnId, order: &Order) {
        let open = self.open_order(conn, order);
        self.say(conn, &open);
        self.say(conn, &self.order_status(conn, order));
    }

    fn open_order(&self, conn: ConnId, order: &Order) -> Reply {
        let state = model::OrderState {
            status: Some(words::status(order).to_owned()),
            reject_reason: order
                .reason
                .as_deref()
                .map(words::ascii)
                .filter(|_| order.status == OrderStatus::Rejected),
            ..model::OrderState::default()
        };
        let told = model::OpenOrder {
            order_id: Some(self.number_for(conn, order)),
            contract: Some(self.contract_of(order)),
            order: Some(self.terms_of(conn, order)),
            order_state: Some(state),
        };
        Reply::OpenOrder(Box::new(told))
    }

    pub(super) fn contract_of(&self, order: &Order) -> model::Contract {
        let instrument = self.desk.instrument(order.spec.instrument);
        instrument.map(|instrument| self.contracts.contract(instrument)).unwrap_or_default()
    }

    fn terms_of(&self, conn: ConnId, order: &Order) -> model::Order {
        let zone = self.desk.instrument(order.spec.instrument).map_or("UTC", |i| i.hours.zone.as_str());
        model::Order {
            order_id: Some(self.number_for(conn, order)),
            parent_id: Some(self.parent_for(conn, order)),
            ..wire_order(order, zone)
        }
    }

    /// The number of the entry that an order is an exit of, or 0.
    fn parent_for(&self, conn: ConnId, order: &Order) -> i32 {
        let entry = order.entry().and_then(|entry| self.desk.blotter().get(entry));
        entry.map_or(0, |entry| self.number_for(conn, entry))
    }

    fn order_status(&self, conn: ConnId, order: &Order) -> Reply {
        let held = match order.status {
            OrderStatus::Held | OrderStatus::Kept if order.entry().is_some() => "child",
            OrderStatus::Held => "trigger",
            _ => "",
        };
        let last = self.told.last_price.get(&order.id).copied();
        let status = model::OrderStatus {
            order_id: Some(self.number_for(conn, order)),
            status: Some(words::status(order).to_owned()),
            filled: Some(words::size(order.filled)),
            remaining: Some(words::size(order.remaining())),
            avg_fill_price: Some(order.average_price.map_or(0.0, words::double)),
            perm_id: i64::try_from(order.id.0).ok(),
            parent_id: Some(self.parent_for(conn, order)),
            last_fill_price: Some(last.map_or(0.0, |price| words::double(price.0))),
            client_id: Some(order.client.as_ref().map_or(0, |client| client.client)),
            why_held: Some(held.to_owned()),
            mkt_cap_price: Some(0.0),
        };
        Reply::OrderStatus(Box::new(status))
    }

    /// An order that is not the engine's yet, or never was.
    pub(super) fn tell_draft(&mut self, draft: &Draft, status: &str) {
        if let Some(conn) = self.conn_of(draft.name.0) {
            self.tell_draft_to(conn, draft, status);
        }
    }

    fn tell_draft_to(&mut self, conn: ConnId, draft: &Draft, status: &str) {
        let Draft { name, contract, order, account, .. } = draft;
        let order = model::Order { account: Some(words::account_name(account)), ..order.clone() };
        self.tell_echo(conn, *name, contract.clone(), order, status);
    }

    fn tell_echo(
        &mut self,
        conn: ConnId,
        name: Name,
        contract: model::Contract,
        order: model::Order,
        status: &str,
    ) {
        let order =
            model::Order { order_id: Some(name.1), client_id: Some(name.0), perm_id: Some(0), ..order };
        let parent_id = order.parent_id;
        let remaining = Some(text(order.total_quantity.as_ref()).to_owned()).filter(|size| !size.is_empty());
        let state = model::OrderState { status: Some(status.to_owned()), ..model::OrderState::default() };
        let open = model::OpenOrder {
            order_id: Some(name.1),
            contract: Some(contract),
            order: Some(order),
            order_state: Some(state),
        };
        self.say(conn, &Reply::OpenOrder(Box::new(open)));
        let status = model::OrderStatus {
            order_id: Some(name.1),
            status: Some(status.to_owned()),
            filled: Some("0".to_owned()),
            remaining: remaining.or(Some("0".to_owned())),
            avg_fill_price: Some(0.0),
            perm_id: Some(0),
            parent_id: parent_id.or(Some(0)),
            last_fill_price: Some(0.0),
            client_id: Some(name.0),
            why_held: Some(String::new()),
            mkt_cap_price: Some(0.0),
        };
        self.say(conn, &Reply::OrderStatus(Box::new(status)));
    }

    /// An order that was never sent: the error first, then that it is over, which ends it for every
    /// client.
    pub(super) fn refuse_order(
        &mut self,
        name: Name,
        contract: model::Contract,
        order: model::Order,
        refusal: &Refusal,
    ) {
        let text = match refusal.code {
            errors::REJECTED => format!("Order rejected - reason:{}", refusal.text),
            _ => refusal.text.clone(),
        };
        self.error_to(name.0, name.1, &Refusal::new(refusal.code, text));
        if let Some(conn) = self.conn_of(name.0) {
            self.tell_echo(conn, name, contract, order, "Cancelled");
        }
    }

    /// An order that was given up before the engine had it.
    pub(super) fn tell_cancelled(&mut self, draft: &Draft) {
        self.tell_draft(draft, "Cancelled");
        self.error_to(
            draft.name.0,
            draft.name.1,
            &Refusal::new(errors::CANCELLED, "Order Canceled - reason:"),
        );
    }

    /// Tells of an order what was not told of it while there was silence.
    pub(super) fn tell_anew(&mut self, id: OrderId) {
        let fills: Vec<Fill> =
            self.desk.blotter().fills().iter().filter(|fill| fill.order == id).cloned().collect();
        for fill in &fills {
            self.executed(fill);
        }
        if let Some(order) = self.desk.blotter().get(id).cloned() {
            self.order_changed(&order);
        }
    }

    /// After a snapshot: whatever has changed behind it.
    pub(super) fn tell_what_was_missed(&mut self) {
        let orders: Vec<Order> = self.desk.blotter().orders().rev().cloned().collect();
        self.told.orders.retain(|id, _| self.desk.blotter().get(*id).is_some());
        self.told.last_price.retain(|id, _| self.desk.blotter().get(*id).is_some());
        let fills: Vec<Fill> = self.desk.blotter().fills().to_vec();
        for fill in &fills {
            self.executed(fill);
        }
        for order in &orders {
            self.order_changed(order);
        }
        self.told.account_changed();
    }

    /// 5: the working orders of this client.
    pub(super) fn open_orders(&mut self, conn: ConnId) {
        let Some(client) = self.session(conn).map(|session| session.client) else { return };
        let drafts = self.entry.drafts.values().filter(|draft| draft.name.0 == client).cloned().collect();
        self.tell_orders(conn, drafts, |core, order| {
            core.session(conn).is_some_and(|session| core.sees(session, order))
        });
        self.say(conn, &Reply::OpenOrderEnd);
    }

    /// 16: the working orders of all.
    pub(super) fn all_open_orders(&mut self, conn: ConnId) {
        let drafts = self.entry.drafts.values().cloned().collect();
        self.tell_orders(conn, drafts, |_, _| true);
        self.say(conn, &Reply::OpenOrderEnd);
    }

    fn tell_orders(&mut self, conn: ConnId, drafts: Vec<Draft>, is_meant: impl Fn(&Self, &Order) -> bool) {
        let served = self.served_ids();
        let is_told = |order: &&Order| served.contains(&order.account) && is_meant(self, order);
        let orders: Vec<Order> = self.desk.blotter().working().filter(is_told).cloned().collect();
        for order in orders.iter().rev() {
            self.tell_status(conn, order);
        }
        for draft in drafts {
            self.tell_draft_to(conn, &draft, "PreSubmitted");
        }
    }

    /// 15: client 0 sees orders that no client has entered, and can cancel them.
    pub(super) fn bind_orders(&mut self, conn: ConnId, binds: bool) {
        let Some(session) = self.session_mut(conn).filter(|session| session.client == 0) else {
            let text = "Only client 0 can be bound to orders that no client has entered";
            return self.error(conn, None, errors::REFUSED, text);
        };
        session.binds = binds;
        if binds {
            self.tell_orders(conn, Vec::new(), |_, order| order.client.is_none());
        }
    }

    /// 99: orders that are over.
    pub(super) fn completed_orders(&mut self, conn: ConnId, of_clients_only: bool) {
        let served = self.served_ids();
        let is_meant = |order: &&Order| {
            let is_over = order.status.is_final() && served.contains(&order.account);
            is_over && (order.client.is_some() || !of_clients_only)
        };
        let ended: Vec<Order> = self.desk.blotter().orders().filter(is_meant).cloned().collect();
        for order in ended.iter().rev() {
            let zone = self.desk.instrument(order.spec.instrument).map_or("UTC", |i| i.hours.zone.as_str());
            let how = match order.status {
                OrderStatus::Filled => format!("Filled Size: {}", words::size(order.filled)),
                _ => words::ascii(order.reason.as_deref().unwrap_or("Cancelled")),
            };
            let state = model::OrderState {
                status: Some(words::status(order).to_owned()),
                completed_time: Some(words::zoned(order.updated, zone)),
                completed_status: Some(how),
                ..model::OrderState::default()
            };
            let terms = model::Order {
                total_quantity: Some(words::size(order.remaining())),
                filled_quantity: Some(words::size(order.filled)),
                ..self.terms_of(conn, order)
            };
            let told = model::CompletedOrder {
                contract: Some(self.contract_of(order)),
                order: Some(terms),
                order_state: Some(state),
            };
            self.say(conn, &Reply::CompletedOrder(Box::new(told)));
        }
        self.say(conn, &Reply::CompletedOrdersEnd);
    }
}
