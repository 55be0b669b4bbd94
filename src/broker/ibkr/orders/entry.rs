//! One order at TWS: what it is, what was asked of it, what was remarked on it.

use std::sync::Arc;

use ibapi::orders::{OrderState, OrderStatusKind};

use super::says::{Stand, stand};
use super::{GRACE, OrderWord, Report, ReportKind, words};
use crate::broker::contract::BrokerEvent;
use crate::broker::ibkr::terms::Terms;
use crate::domain::{Fill, Order, OrderSpec, OrderStatus, Qty, Time, TimeInForce};
use crate::risk::Change;

/// What a code has said of an order, until the stream says how it stands.
#[derive(Debug, Clone)]
pub(super) struct Verdict {
    word: OrderWord,
    text: Arc<str>,
    at: Time,
}

#[derive(Debug)]
pub(super) struct Entry {
    /// As we would put it into the books now.
    pub order: Order,
    /// Its number at TWS, where we may change it.
    pub number: Option<i32>,
    /// The client that has entered it, where TWS has said so; 0 is TWS itself.
    pub client: Option<i32>,
    /// Whether the engine has heard of it from us, or we from the engine.
    pub is_known: bool,
    /// The change that is on its way.
    pub amend: Option<Change>,
    /// Whether a cancel of ours is.
    pub is_cancelling: bool,
    /// What TWS calls its entry, where that is not known by our name yet.
    pub parent: Option<i32>,
    /// The last books that had it.
    pub seen: u32,
    /// The books that were being read, or had been last, when it was sent.
    pub sent_in: Option<u32>,
    verdict: Option<Verdict>,
    /// Since when TWS calls it filled without its executions.
    promised: Option<Time>,
    /// Whether it has worked at an exchange.
    has_worked: bool,
    /// Whether it ended by a remark alone: the stream may still know better.
    ended_by_remark: bool,
}

impl Entry {
    pub fn new(order: Order, number: Option<i32>, is_known: bool) -> Self {
        Self {
            order,
            number,
            client: None,
            is_known,
            amend: None,
            is_cancelling: false,
            parent: None,
            seen: 0,
            sent_in: None,
            verdict: None,
            promised: None,
            has_worked: false,
            ended_by_remark: false,
        }
    }

    fn report(&self, kind: ReportKind, now: Time, events: &mut Vec<BrokerEvent>) {
        if self.is_known {
            events.push(BrokerEvent::Report(Report { order: self.order.id, kind, time: now }));
        }
    }

    /// It stands so now, told where it is news.
    fn says(
        &mut self,
        status: OrderStatus,
        reason: Option<Arc<str>>,
        now: Time,
        events: &mut Vec<BrokerEvent>,
    ) {
        let is_news = status != self.order.status || (reason.is_some() && reason != self.order.reason);
        if !is_news {
            return;
        }
        self.order.reason.clone_from(&reason);
        self.order.status = status;
        self.order.is_acknowledged = true;
        self.order.updated = now;
        self.has_worked |= status == OrderStatus::Working;
        if status.is_final() {
            (self.amend, self.is_cancelling, self.promised) = (None, false, None);
        }
        self.report(ReportKind::Status { status, reason }, now, events);
    }

    /// The stream says how it stands. Whether the books must be asked what that means.
    pub fn stands(
        &mut self,
        kind: &OrderStatusKind,
        held: Option<&str>,
        now: Time,
        events: &mut Vec<BrokerEvent>,
    ) -> bool {
        let said = stand(kind);
        if self.order.status.is_final() {
            // Nothing follows the end, but of one that we have inferred.
            let lives = !matches!(said, Stand::Cancelled | Stand::Inactive);
            if !(std::mem::take(&mut self.ended_by_remark) && lives) {
                return false;
            }
            self.order.status = OrderStatus::Accepted;
            self.verdict = None;
            self.stands(kind, held, now, events);
            return true;
        }
        match said {
            Stand::Accepted if self.order.status == OrderStatus::Sent => {
                self.says(OrderStatus::Accepted, None, now, events);
            }
            Stand::Held => {
                let why = self.waits_for(held);
                self.says(OrderStatus::Held, Some(why), now, events);
            }
            Stand::Working => {
                let reason = held.map(Into::into);
                self.says(OrderStatus::Working, reason, now, events);
            }
            // On its way is not how it stands. Of ours the engine knows.
            Stand::Cancelling => {
                if !std::mem::replace(&mut self.is_cancelling, true) {
                    let kind = ReportKind::Status { status: OrderStatus::PendingCancel, reason: None };
                    self.report(kind, now, events);
                }
            }
            Stand::Filled => {
                if self.order.remaining().is_zero() {
                    self.says(OrderStatus::Filled, None, now, events);
                } else {
                    self.promised.get_or_insert(now);
                }
            }
            Stand::Cancelled => {
                let (status, reason) = self.end(now);
                self.says(status, reason, now, events);
            }
            Stand::Inactive if self.is_refused() => {
                let (status, reason) = self.end(now);
                self.says(status, reason, now, events);
            }
            Stand::Inactive => {
                let why = held.map_or_else(
                    || "IBKR holds it as inactive: look at it in TWS".to_owned(),
                    |why| format!("IBKR holds it as inactive: {why}"),
                );
                let is_new = self.order.status != OrderStatus::Held;
                self.says(OrderStatus::Held, Some(why.into()), now, events);
                return is_new;
            }
            Stand::Accepted | Stand::Unknown => {}
        }
        false
    }

    /// What it is, with the change that is on its way.
    pub fn wanted_spec(&self) -> OrderSpec {
        self.amend.map_or(self.order.spec, |change| change.applied_to(&self.order.spec))
    }

    fn is_refused(&self) -> bool {
        self.verdict.as_ref().is_some_and(|verdict| verdict.word == OrderWord::Refused)
    }

    /// How it ended, where the stream says no more than that.
    fn end(&mut self, now: Time) -> (OrderStatus, Option<Arc<str>>) {
        let verdict = self.verdict.take();
        let never_lived = !self.has_worked && self.order.filled.is_zero();
        match verdict {
            Some(Verdict { word: OrderWord::Refused, text, .. }) if never_lived => {
                (OrderStatus::Rejected, Some(text))
            }
            Some(Verdict { text, .. }) if !text.is_empty() => (OrderStatus::Cancelled, Some(text)),
            _ if self.is_cancelling => (OrderStatus::Cancelled, None),
            _ if matches!(self.order.spec.tif, TimeInForce::Gtd(until) if until <= now) => {
                (OrderStatus::Expired, Some("Its time ran out".into()))
            }
            _ if matches!(self.order.spec.tif, TimeInForce::Ioc | TimeInForce::Fok) => {
                (OrderStatus::Cancelled, Some("What did not fill at once was cancelled".into()))
            }
            _ => (OrderStatus::Cancelled, Some("Cancelled at IBKR".into())),
        }
    }

    fn waits_for(&self, held: Option<&str>) -> Arc<str> {
        match held {
            Some("child") => "Waits for its entry to fill".into(),
            Some("trigger") => "Waits for its trigger".into(),
            Some("locate") => "Waits until shares to borrow are found".into(),
            Some(why) => format!("Waits at IBKR: {why}").into(),
            None if self.order.spec.parent.is_some() => "Waits for its entry to fill".into(),
            None if self.order.spec.kind.stop().is_some() => "Waits for its trigger".into(),
            None => "Waits at IBKR for the exchange to take it".into(),
        }
    }

    /// The stream says what it is.
    pub fn take_terms(&mut self, terms: Terms, now: Time, events: &mut Vec<BrokerEvent>) {
        let Terms { spec, trigger, unusual, entry } = terms;
        self.parent = entry.filter(|_| spec.parent.is_none()).or(self.parent);
        if let Some(unusual) = unusual.filter(|_| !self.is_known) {
            self.order.reason = Some(unusual.into());
        }
        if trigger.is_some() && trigger != self.order.trigger {
            self.order.trigger = trigger;
            if let Some(price) = trigger {
                self.report(ReportKind::Trigger(price), now, events);
            }
        }
        // What TWS rounds or leaves out is no change; the entry of an exit may be gone from its list.
        let parent = spec.parent.or(self.order.spec.parent);
        let oco = spec.oco.or(self.order.spec.oco);
        let spec = OrderSpec { oco, parent, ..spec };
        let is_answered = self.amend.is_some_and(|asked| asked.applied_to(&spec) == spec);
        if is_answered {
            self.amend = None;
        } else if spec == self.order.spec {
            return;
        }
        self.order.spec = spec;
        self.order.updated = now;
        self.report(ReportKind::Amended(spec), now, events);
    }

    /// A code says something of it. Whether the books must be asked what that means.
    pub fn remark(
        &mut self,
        word: OrderWord,
        text: Arc<str>,
        now: Time,
        events: &mut Vec<BrokerEvent>,
    ) -> bool {
        let is_over = self.order.status.is_final();
        match word {
            OrderWord::Info if is_over => false,
            OrderWord::Info => {
                self.tells(text, now, events);
                false
            }
            OrderWord::Cancelled => {
                let why = Arc::from(text.rsplit_once(" (code").map_or("", |(why, _)| why.trim()));
                if !is_over {
                    self.verdict = Some(Verdict { word, text: why, at: now });
                } else if !why.is_empty() && !self.ended_by_remark {
                    self.says(self.order.status, Some(why), now, events);
                }
                false
            }
            // The answer to what was asked of it, whatever the code: the order stands as before.
            OrderWord::NotCancelled | OrderWord::NotFound if self.is_cancelling || is_over => {
                self.is_cancelling = false;
                self.report(ReportKind::CancelRefused(text), now, events);
                true
            }
            _ if is_over => {
                let is_explained = self.order.status == OrderStatus::Cancelled && word == OrderWord::Refused;
                if is_explained {
                    self.says(OrderStatus::Cancelled, Some(text), now, events);
                }
                false
            }
            OrderWord::Refused | OrderWord::NotChanged | OrderWord::NotFound | OrderWord::NotCancelled
                if self.amend.take().is_some() =>
            {
                self.report(ReportKind::AmendRefused(text), now, events);
                word != OrderWord::Refused
            }
            OrderWord::Refused | OrderWord::NotChanged if self.is_cancelling && self.lives() => {
                self.is_cancelling = false;
                self.report(ReportKind::CancelRefused(text), now, events);
                true
            }
            OrderWord::Refused | OrderWord::NotChanged | OrderWord::NotFound | OrderWord::Duplicate => {
                if self.lives() {
                    self.tells(Arc::clone(&text), now, events);
                }
                self.verdict = Some(Verdict { word: OrderWord::Refused, text, at: now });
                false
            }
            OrderWord::NotCancelled => {
                self.tells(text, now, events);
                true
            }
            OrderWord::Doubt => {
                if self.lives() {
                    self.tells(Arc::clone(&text), now, events);
                }
                self.verdict = Some(Verdict { word, text, at: now });
                true
            }
        }
    }

    /// Whether the stream has called it anything that lives.
    fn lives(&self) -> bool {
        matches!(self.order.status, OrderStatus::Held | OrderStatus::Working)
    }

    /// A reason for how it stands, which stays as it is.
    fn tells(&mut self, text: Arc<str>, now: Time, events: &mut Vec<BrokerEvent>) {
        let status = match self.order.status {
            OrderStatus::Sent => OrderStatus::Accepted,
            status => status,
        };
        self.says(status, Some(text), now, events);
    }

    /// An execution of it was told.
    pub fn filled(&mut self, fill: &Fill, now: Time) {
        let order = &mut self.order;
        order.average_price = fill.average_after(order.average_price, order.filled).or(order.average_price);
        order.filled = order.filled.saturating_add(fill.quantity);
        order.updated = now;
        order.is_acknowledged = true;
        if order.remaining().is_zero() {
            // The engine knows from its executions.
            order.status = OrderStatus::Filled;
            self.promised = None;
        }
    }

    /// Time has passed. Whether the books must be asked.
    pub fn tick(&mut self, now: Time, events: &mut Vec<BrokerEvent>) -> bool {
        let is_late = |since: Time| now.since(since) >= GRACE;
        if self.promised.is_some_and(is_late) {
            self.promised = None;
            self.report(ReportKind::Status { status: OrderStatus::Filled, reason: None }, now, events);
        }
        if self.order.status.is_final() || self.lives() {
            return false;
        }
        let Some(verdict) = self.verdict.take_if(|verdict| is_late(verdict.at)) else { return false };
        match verdict.word {
            OrderWord::Doubt => {
                // Asked for when it came; the books will say.
                self.verdict = Some(Verdict { at: Time::MAX, ..verdict });
                return false;
            }
            OrderWord::Cancelled => {
                let reason = Some(verdict.text).filter(|text| !text.is_empty());
                self.says(OrderStatus::Cancelled, reason, now, events);
            }
            _ => self.says(OrderStatus::Rejected, Some(verdict.text), now, events),
        }
        self.ended_by_remark = true;
        false
    }

    /// The books do not have it, though they were asked for after it was sent. Of what was only remarked on
    /// that is the answer; the rest is for the engine to judge.
    pub fn is_absent(&mut self, now: Time) {
        if self.order.status == OrderStatus::Sent
            && let Some(verdict) = self.verdict.take()
        {
            self.order.status = OrderStatus::Rejected;
            self.order.reason = Some(verdict.text);
            self.order.is_acknowledged = true;
            self.order.updated = now;
            self.ended_by_remark = true;
        }
    }

    /// The list of orders that are over has it: the books will say so.
    pub fn is_over(&mut self, state: &OrderState, filled: Qty, now: Time) {
        if self.order.status.is_final() {
            return;
        }
        let status = words(&state.completed_status);
        let is_filled = state.status == OrderStatusKind::Filled || filled >= self.order.spec.quantity;
        let reason = words(&state.reject_reason);
        let reason = [reason, status].into_iter().find(|text| !text.is_empty());
        self.order.reason = reason.filter(|_| !is_filled).map(Into::into);
        self.order.status = match state.status {
            _ if is_filled => OrderStatus::Filled,
            OrderStatusKind::Inactive => OrderStatus::Rejected,
            _ => OrderStatus::Cancelled,
        };
        self.order.is_acknowledged = true;
        self.order.updated = now;
    }
}
