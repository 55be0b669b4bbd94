//! Reconciliation: a broker's books against ours, at the start, after every reconnect and
//! whenever asked.
//!
//! Each difference is settled by one rule, told as a [`Finding`] and written into the journal.
//! The rules stand as a table in ARCHITECTURE.md. Two hold throughout: the broker is right
//! about how an order stands, and nothing is ever sent again.

mod held;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

pub(super) use held::Before;

use super::alerts::Heard;
use super::order_state::{Life, Step};
use super::{Effect, Engine};
use crate::broker::BrokerRequest;
use crate::broker::contract::Books;
use crate::domain::money::grouped;
use crate::domain::{
    AccountId, BrokerId, Decimal, Fill, InstrumentId, Moment, Order, OrderId, OrderStatus, Origin, TakenOver,
    Time, TimeInForce, counted,
};
use crate::link::update::Refused;
use crate::link::{Finding, FindingKind, NoticeLevel, Reconciliation, Update};

/// Least time between two questions for the books that nobody asked for.
const ASK_PAUSE: Duration = Duration::from_secs(5);

/// Whether books are the first of their session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Session {
    New,
    Same,
}

impl Session {
    fn of(is_new: bool) -> Self {
        if is_new { Self::New } else { Self::Same }
    }

    /// Tells the window of a change, but where a snapshot follows.
    fn publish(self, update: Update, now: Time, out: &mut Vec<Effect>) {
        if self == Self::Same {
            out.push(Effect::publish(update, now));
        }
    }
}

/// One comparison of books, on its way through the rules.
struct Comparison<'a> {
    broker: BrokerId,
    books: &'a Books,
    /// Their orders by id.
    theirs: BTreeMap<OrderId, &'a Order>,
    session: Session,
    now: Time,
    findings: Vec<Finding>,
    /// What executions that we had not heard of did to positions.
    moved: BTreeMap<(AccountId, InstrumentId), Decimal>,
    /// The orders they are of.
    executed: BTreeSet<OrderId>,
    /// What executions do not explain.
    taken: TakenOver,
    /// Orders of other brokers that these books speak of.
    strange: Vec<OrderId>,
}

impl<'a> Comparison<'a> {
    /// Whether these books tell of an account: what they leave out of others is not gone. Books
    /// that name none tell of all.
    fn speaks_for(&self, account: &AccountId) -> bool {
        self.books.accounts.is_empty() || self.books.accounts.iter().any(|here| here.id == *account)
    }

    fn new(broker: BrokerId, books: &'a Books, session: Session, now: Time) -> Self {
        Self {
            broker,
            books,
            theirs: books.orders.iter().map(|order| (order.id, order)).collect(),
            session,
            now,
            findings: Vec::new(),
            moved: BTreeMap::new(),
            executed: BTreeSet::new(),
            taken: TakenOver::default(),
            strange: Vec::new(),
        }
    }

    fn finds(&mut self, kind: FindingKind, order: OrderId, text: String) {
        self.findings.push(Finding { kind, order: Some(order), text: text.into() });
    }
}

impl Engine {
    /// Takes over what the broker has. Where both know a thing, the broker is right.
    pub(super) fn adopt(&mut self, id: BrokerId, books: &Books, now: Time, out: &mut Vec<Effect>) {
        let line = &mut self.brokers[usize::from(id.0)];
        let is_new_session = !line.is_reconciled;
        line.is_reconciled = true;
        line.books_asked_at = None;
        line.commissions.clone_from(&books.commissions);
        if is_new_session {
            line.session += 1;
            self.market.begin_session(id, now);
        }
        let session = Session::of(is_new_session);
        // Orders go for the accounts that this session has, whatever an earlier one had.
        if is_new_session && !books.accounts.is_empty() {
            let is_here = |account: &AccountId| books.accounts.iter().any(|here| here.id == *account);
            self.accounts.retain(|(broker, account), _| *broker != id || is_here(account));
            self.disarm_others(id, is_here, now, out);
        }
        self.groups.wake_all();
        let (findings, taken) = self.settle(Comparison::new(id, books, session, now), out);
        for account in &books.accounts {
            let known = self.accounts.insert((id, account.id.clone()), Arc::clone(account));
            self.equity.told(account, None);
            if known.as_ref() != Some(account) {
                session.publish(Update::Account(Arc::clone(account)), now, out);
            }
        }
        let is_its = |listed: &InstrumentId| self.instruments[listed.index()].broker == id;
        self.unread.retain(|listed| !is_its(listed) || !books.speak_of(*listed));
        self.tell_findings(id, findings, taken, now, out);
        self.books_came(id);
        if is_new_session {
            out.push(self.snapshot(now));
            // The window has given up all charts for the snapshot. This broker's are asked for
            // when it is ready.
            let others = (0..self.brokers.len()).map(|index| BrokerId(index as u8));
            for other in others.filter(|other| *other != id) {
                self.market.ask_again(other, out);
            }
        }
        self.show_connection(id, now, out);
        self.after_end(now, out);
        self.watch(out);
    }

    /// Asks for the books, unless they were asked for a moment ago.
    pub(super) fn ask_for_books(&mut self, id: BrokerId, now: Time, out: &mut Vec<Effect>) {
        let line = &mut self.brokers[usize::from(id.0)];
        if line.books_asked_at.is_none_or(|at| now.since(at) >= ASK_PAUSE) {
            line.books_asked_at = Some(now);
            out.push(Effect::Request(id, BrokerRequest::Books));
        }
    }

    /// The trader wants the books compared now.
    pub(super) fn reconcile(&mut self, id: BrokerId, now: Time, out: &mut Vec<Effect>) -> super::Outcome {
        let Some(line) = self.brokers.get(usize::from(id.0)) else {
            return Err(Refused("There is no such broker".into()));
        };
        if !line.connection.state.takes_orders() {
            let text = format!("{} is not ready: its books are compared when it is", line.connection.name);
            return Err(Refused(text.into()));
        }
        self.ask_for_books(id, now, out);
        Ok(None)
    }

    fn settle(&mut self, mut comparison: Comparison<'_>, out: &mut Vec<Effect>) -> (Vec<Finding>, TakenOver) {
        self.settle_fills(&mut comparison, out);
        for theirs in &comparison.books.orders {
            self.settle_order(theirs, &mut comparison, out);
        }
        self.settle_missing(&mut comparison, out);
        self.settle_lost_executions(&mut comparison);
        self.settle_positions(&mut comparison, out);
        let Comparison { broker, mut findings, taken, strange, now, .. } = comparison;
        if let Some(first) = strange.first() {
            let name = &self.brokers[usize::from(broker.0)].connection.name;
            let what = counted(strange.len(), "entry", "entries");
            let text = format!(
                "{what} in the books of {name}: of orders of another broker, such as order {first}, and ignored. \
                 Compare what is held at {name}"
            );
            self.note(NoticeLevel::Error, text, now, out);
        }
        // Where nothing was known before, there is nothing to differ.
        let line = &mut self.brokers[usize::from(broker.0)];
        if !std::mem::replace(&mut line.has_memory, true) {
            let has_news = |kind: FindingKind| kind.needs_attention() || kind == FindingKind::Held;
            findings.retain(|finding| has_news(finding.kind));
        }
        (findings, taken)
    }

    /// Books executions that we had not heard of.
    fn settle_fills(&mut self, comparison: &mut Comparison<'_>, out: &mut Vec<Effect>) {
        let (id, now) = (comparison.broker, comparison.now);
        for fill in &comparison.books.fills {
            if !self.is_listed_at(id, fill.instrument) || self.is_order_of_another(id, fill.order) {
                comparison.strange.push(fill.order);
                continue;
            }
            if self.before.is_forgotten(id, fill) {
                continue;
            }
            if !self.executions.add(id, fill) {
                self.settle_cost(fill, comparison, out);
                continue;
            }
            // How much of an order has filled stands in the books; only where it is not in them
            // do its executions say so.
            let order = match comparison.theirs.get(&fill.order) {
                Some(theirs) => self.as_told(id, theirs),
                None => self.book(id, fill, now),
            };
            // Of an account that is met for the first time nobody knows how it stood before.
            if self.accounts.contains_key(&(id, fill.account.clone())) {
                self.day_fills(fill, now, out);
            } else {
                self.day_books(fill);
            }
            self.settled(order, Moment::Executed(fill.clone()), comparison.session, now, out);
            comparison.session.publish(Update::Fill(fill.clone()), now, out);
            let key = (fill.account.clone(), fill.instrument);
            *comparison.moved.entry(key).or_default() += fill.side.sign() * fill.quantity.0;
            comparison.executed.insert(fill.order);
            comparison.finds(FindingKind::Filled, fill.order, fill_text(self, fill));
        }
        // The first books of a profile tell of fills that were no news to anybody.
        if self.brokers[usize::from(id.0)].has_memory {
            let filled = comparison.executed.iter().filter_map(|order| self.orders.get(*order));
            for order in filled.cloned().collect::<Vec<_>>() {
                self.alert_of_order(&order, Heard::InBooks, now, out);
            }
        }
    }

    /// An execution that we have, whose commission may have come since.
    fn settle_cost(&mut self, told: &Fill, comparison: &Comparison<'_>, out: &mut Vec<Effect>) {
        let Some((before, fill)) = self.executions.charge(comparison.broker, told) else { return };
        self.day_charged(before, &fill);
        let orders = self.orders.get(fill.order).cloned().into_iter().collect();
        self.record(Moment::Charged(fill.clone()), orders, comparison.now, out);
        comparison.session.publish(Update::Charged(fill), comparison.now, out);
    }

    /// An order as its broker has it, with what only we know of it: this may be the last that the
    /// disk gets.
    fn as_told(&self, broker: BrokerId, theirs: &Order) -> Order {
        let theirs = Order { broker, ..theirs.clone() };
        match self.orders.get(theirs.id).cloned() {
            Some(Order { account, kept, client, origin, created, .. }) => {
                Order { account, kept, client, origin, created, ..theirs }
            }
            None => theirs,
        }
    }

    /// An order that the broker has.
    fn settle_order(&mut self, theirs: &Order, comparison: &mut Comparison<'_>, out: &mut Vec<Effect>) {
        let session = comparison.session;
        let listed = self.is_listed_at(comparison.broker, theirs.spec.instrument);
        if !listed || self.is_order_of_another(comparison.broker, theirs.id) {
            return comparison.strange.push(theirs.id);
        }
        let Some(ours) = self.orders.get(theirs.id).cloned() else {
            let origin = if theirs.origin == Origin::Foreign { "elsewhere" } else { "by an earlier run" };
            let adopted = self.orders.insert_foreign(Order { broker: comparison.broker, ..theirs.clone() });
            let text = format!("{} entered {origin}: adopted, {}", subject(self, theirs), label(theirs));
            let moment = Moment::Settled { finding: text.as_str().into() };
            self.settled(adopted, moment, session, theirs.updated, out);
            if theirs.is_live() {
                comparison.finds(FindingKind::Foreign, theirs.id, text);
            }
            return;
        };
        let is_first = self.are_first(comparison, theirs.spec.instrument);
        let Some(now_stands) = self.orders.take_over(theirs, is_first) else { return };
        let is_told = comparison.executed.contains(&theirs.id);
        let is_like = |o: &Order| o.status == now_stands.status && o.filled == now_stands.filled;
        let (kind, text) = match difference(&ours, &now_stands, is_told) {
            Some((kind, what)) => (Some(kind), format!("{}: {what}", subject(self, theirs))),
            // Its execution was written down with the order as the broker has it.
            None if is_like(&ours) && (!is_told || is_like(theirs)) => return,
            None => (None, format!("Confirmed by the broker: {}", label(&now_stands))),
        };
        let at = now_stands.updated;
        let moment = Moment::Settled { finding: text.as_str().into() };
        self.settled(now_stands, moment, session, at, out);
        if let Some(kind) = kind {
            comparison.finds(kind, theirs.id, text);
        }
    }

    /// Whether books are the first that speak of an instrument: of its session, or since it has joined.
    fn are_first(&self, comparison: &Comparison<'_>, instrument: InstrumentId) -> bool {
        comparison.session == Session::New || self.unread.contains(&instrument)
    }

    /// Orders that live for us and that the broker does not have.
    fn settle_missing(&mut self, comparison: &mut Comparison<'_>, out: &mut Vec<Effect>) {
        if comparison.books.lacks_orders {
            return;
        }
        let (session, now) = (comparison.session, comparison.now);
        // In the middle of a session, what the broker has not spoken of may still be on its way.
        let can_be_judged =
            |o: &Order| self.are_first(comparison, o.spec.instrument) || self.orders.is_acknowledged(o.id);
        let is_missing = |o: &&Order| {
            o.broker == comparison.broker
                && self.orders.life(o.id).is_some_and(|life| !life.is_ours_alone())
                && can_be_judged(o)
                && comparison.speaks_for(&o.account)
                && comparison.books.speak_of(o.spec.instrument)
                && !comparison.theirs.contains_key(&o.id)
        };
        let missing: Vec<Order> = self.orders.live().filter(is_missing).cloned().collect();
        for order in missing {
            let (kind, life, why) = self.fate_of_the_missing(&order, comparison);
            let text = format!("{}: {why}", subject(self, &order));
            if life == Life::Rejected {
                self.goes_on_later(order.id);
            }
            self.orders.step(order.id, Step::LosesBroker, None, now);
            if life != Life::Unknown {
                self.orders.step(order.id, Step::Says(life), None, now);
            }
            if let Some(stands) = self.orders.explain(order.id, why, now) {
                let moment = Moment::Settled { finding: text.as_str().into() };
                self.settled(stands, moment, session, now, out);
            }
            comparison.finds(kind, order.id, text);
        }
    }

    /// What has become of an order that the broker does not have, by the rules.
    fn fate_of_the_missing(
        &self,
        order: &Order,
        comparison: &Comparison<'_>,
    ) -> (FindingKind, Life, &'static str) {
        let was_heard_of = self.orders.is_acknowledged(order.id) || !order.filled.is_zero();
        if !was_heard_of && comparison.books.are_final {
            let why = if order.kept.is_some_and(|kept| kept.entry.is_some()) {
                "It never reached the broker: another takes its place while there is something to guard"
            } else {
                "It never reached the broker: enter it again if you still want it"
            };
            (FindingKind::NeverArrived, Life::Rejected, why)
        } else if self.is_day_over(order, comparison.now) {
            (FindingKind::Ended, Life::Expired, "Its day is over")
        } else {
            let why = "Not at the broker any more: look there, then cancel it or mark it as gone";
            (FindingKind::Gone, Life::Unknown, why)
        }
    }

    /// Whether an order was good for a day that has ended since it was entered.
    fn is_day_over(&self, order: &Order, now: Time) -> bool {
        match order.spec.tif {
            TimeInForce::Day => self.market.day_has_ended(order.spec.instrument, order.created, now),
            TimeInForce::Gtd(until) => self.market.market_time(order.spec.instrument).unwrap_or(now) > until,
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => false,
        }
    }

    /// An order was brought into line with the books.
    fn settled(&mut self, order: Order, moment: Moment, session: Session, at: Time, out: &mut Vec<Effect>) {
        session.publish(Update::Order(order.clone()), at, out);
        self.record(moment, vec![order], at, out);
    }

    fn tell_findings(
        &mut self,
        id: BrokerId,
        findings: Vec<Finding>,
        taken: TakenOver,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let report = Arc::new(Reconciliation { broker: id, at: now, findings });
        let name = Arc::clone(&self.brokers[usize::from(id.0)].connection.name);
        let summary: Arc<str> = report.to_string().into();
        let moment = Moment::Reconciled { broker: id, summary: Arc::clone(&summary), taken };
        self.record(moment, Vec::new(), now, out);
        if let Some(gravest) = report.findings.iter().map(|finding| finding.kind).max() {
            let level = match gravest {
                FindingKind::Held => NoticeLevel::Info,
                _ if report.needs_attention() => NoticeLevel::Error,
                _ => NoticeLevel::Warning,
            };
            self.note(level, format!("{name}: {summary}"), now, out);
        }
        self.reconciled.insert(id, Arc::clone(&report));
        out.push(Effect::publish(Update::Reconciled(report), now));
    }

    pub(super) fn symbol(&self, instrument: InstrumentId) -> &str {
        self.instruments.get(instrument.index()).map_or("?", |i| &*i.symbol)
    }
}

fn subject(engine: &Engine, order: &Order) -> String {
    let quantity = grouped(&order.spec.quantity.to_string());
    format!("Order {}, {} {quantity} {}", order.id, order.spec.side, engine.symbol(order.spec.instrument))
}

fn fill_text(engine: &Engine, fill: &Fill) -> String {
    let (quantity, price) = (grouped(&fill.quantity.to_string()), grouped(&fill.price.to_string()));
    format!("Order {}: {} {quantity} {} at {price}", fill.order, fill.side, engine.symbol(fill.instrument))
}

fn label(order: &Order) -> String {
    order.status.label().to_lowercase()
}

/// What the broker has otherwise than we had it; `None` where it only confirms.
fn difference(ours: &Order, theirs: &Order, fills_are_told: bool) -> Option<(FindingKind, String)> {
    let had_ended = ours.status.is_final();
    if had_ended && theirs.is_live() {
        let text = format!("it had counted as {} and is {}", label(ours), label(theirs));
        return Some((FindingKind::FoundAgain, text));
    }
    if had_ended {
        // Both have ended: which way may still differ, such as a fill that crossed a cancel.
        let differs = ours.status != theirs.status;
        return differs.then(|| (FindingKind::Ended, format!("{}, not {}", label(theirs), label(ours))));
    }
    if theirs.status.is_final() && theirs.status != OrderStatus::Filled {
        let why = theirs.reason.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
        return Some((FindingKind::Ended, format!("{}{why}", label(theirs))));
    }
    // That it filled is told by its executions, where the books go back that far.
    if theirs.filled > ours.filled && !fills_are_told {
        let text = format!("{} of it have filled; the broker lists no executions", theirs.filled);
        return Some((FindingKind::Filled, text));
    }
    (ours.spec != theirs.spec).then(|| (FindingKind::Changed, "its terms have changed".to_owned()))
}
