//! Alerts in the engine: what the trader asks, what is told and what is kept.

use std::sync::Arc;

use super::{News, Seen};
use crate::broker::MarketEvent;
use crate::domain::alert::price_in_words;
use crate::domain::money::grouped;
use crate::domain::{
    AlertId, AlertTerms, BrokerId, Fill, FiringId, Instrument, Order, OrderStatus, Price, Qty, Time,
};
use crate::engine::{Effect, Engine, Outcome, SaveJob};
use crate::link::update::Refused;
use crate::link::{Connection, NoticeLevel, Update};

/// How an execution became known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Heard {
    /// The broker told of it.
    AsItHappened,
    /// The broker's books have it, and nobody had told.
    InBooks,
}

impl Engine {
    /// Sets an alert, or another in place of one that is there.
    pub(in crate::engine) fn set_alert(
        &mut self,
        id: Option<AlertId>,
        terms: AlertTerms,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        terms.check().map_err(|bad| Refused(format!("The alert is not set: {bad}").into()))?;
        if let Some(key) = terms.condition.instrument()
            && !self.instruments.iter().any(|instrument| instrument.has_key(key))
        {
            let text = format!("The alert is not set: {key} is not listed. Add it to a watchlist first");
            return Err(Refused(text.into()));
        }
        let set = self.alerts.set(id, terms, now).ok_or_else(|| {
            let why =
                if id.is_some() { "it was removed meanwhile" } else { "there are 200 already: remove some" };
            Refused(format!("The alert is not set: {why}").into())
        })?;
        self.alert_begins(set, now, out);
        Ok(None)
    }

    /// Arms an alert that has fired, or that waits.
    pub(in crate::engine) fn rearm_alert(
        &mut self,
        id: AlertId,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        if !self.alerts.rearm(id, now) {
            return Err(Refused("The alert is not armed: it was removed meanwhile".into()));
        }
        self.alert_begins(id, now, out);
        Ok(None)
    }

    pub(in crate::engine) fn remove_alert(&mut self, id: AlertId, now: Time, out: &mut Vec<Effect>) {
        self.alerts.remove(id);
        self.alerts.list(&self.instruments);
        out.push(Effect::publish(Update::AlertGone(id), now));
        out.push(self.kept_alerts());
        self.watch(out);
    }

    pub(in crate::engine) fn see_alerts(&mut self, through: FiringId, now: Time, out: &mut Vec<Effect>) {
        self.alerts.see(through);
        out.push(Effect::publish(Update::AlertsSeen(through), now));
        out.push(self.kept_alerts());
    }

    /// Watches for an alert from now on; a price that is known need not come once more.
    fn alert_begins(&mut self, id: AlertId, now: Time, out: &mut Vec<Effect>) {
        self.alerts.list(&self.instruments);
        self.watch(out);
        let mut news = vec![News::Changed(id)];
        let key = self.alerts.book().get(id).and_then(|alert| alert.terms.condition.priced());
        let known = key.and_then(|key| self.instruments.iter().find(|instrument| instrument.has_key(key)));
        let is_up = |broker: BrokerId| self.brokers[usize::from(broker.0)].connection.state.takes_orders();
        if let Some(instrument) = known.filter(|instrument| is_up(instrument.broker))
            && let Some(quote) = self.market.quote_of_session(instrument.id)
        {
            let remark = self.remarks.get(&instrument.id).map(|remark| &**remark);
            news.extend(self.alerts.look(id, &Seen { instrument, quote, remark }, now));
        }
        self.tell_alerts(news, now, out);
    }

    /// What alerts make of quotes that have come.
    pub(in crate::engine) fn alerts_look(&mut self, events: &[MarketEvent], now: Time) -> Vec<News> {
        let mut news = Vec::new();
        if self.alerts.is_idle() {
            return news;
        }
        for event in events {
            if let MarketEvent::Quote(id, quote) = event
                && let Some(instrument) = self.instruments.get(id.index())
            {
                let remark = self.remarks.get(id).map(|remark| &**remark);
                news.extend(self.alerts.quote(&Seen { instrument, quote, remark }, now));
            }
        }
        news
    }

    /// An execution was booked.
    pub(in crate::engine) fn alert_of_fill(
        &mut self,
        fill: &Fill,
        order: &Order,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if super::is_worth_telling(order, fill.quantity) {
            self.alert_of_order(order, Heard::AsItHappened, now, out);
        }
    }

    /// An order was filled.
    pub(in crate::engine) fn alert_of_order(
        &mut self,
        order: &Order,
        heard: Heard,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let Some(instrument) = self.instruments.get(order.spec.instrument.index()) else { return };
        let news = self.alerts.filled(instrument, order, heard, now);
        self.tell_alerts(news, now, out);
    }

    pub(in crate::engine) fn alert_of_connection(
        &mut self,
        connection: &Connection,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if !connection.state.takes_orders() {
            self.alerts.lose(connection.broker, &self.instruments);
        }
        // Our own end is no loss.
        if self.shutdown.is_none() {
            let news = self.alerts.connection(connection, now);
            self.tell_alerts(news, now, out);
        }
    }

    /// Tells what has happened, keeps it, and asks for no prices that nobody waits for any more.
    pub(in crate::engine) fn tell_alerts(&mut self, news: Vec<News>, now: Time, out: &mut Vec<Effect>) {
        if news.is_empty() {
            return;
        }
        let mut has_fired = false;
        for one in news {
            let id = match &one {
                News::Changed(id) => *id,
                News::Fired(firing) => firing.alert,
            };
            if let Some(alert) = self.alerts.book().get(id) {
                out.push(Effect::publish(Update::Alert(alert.clone()), now));
            }
            if let News::Fired(firing) = one {
                has_fired = true;
                self.note(NoticeLevel::Info, format!("Alert: {}", firing.text), now, out);
                out.push(Effect::publish(Update::Fired(Arc::new(firing)), now));
            }
        }
        out.push(self.kept_alerts());
        if has_fired {
            self.alerts.list(&self.instruments);
            self.watch(out);
        }
    }

    fn kept_alerts(&self) -> Effect {
        Effect::Save(SaveJob::Alerts(Arc::clone(self.alerts.book())))
    }
}

/// How far an order has filled.
pub(super) fn fill_in_words(instrument: &Instrument, order: &Order, heard: Heard) -> String {
    let quantity = |quantity: Qty| grouped(&quantity.0.normalize().to_string());
    let (filled, all) = (quantity(order.filled), quantity(order.spec.quantity));
    let is_whole = order.status == OrderStatus::Filled;
    let how_much = if is_whole { "filled".to_owned() } else { format!("{filled} of {all} filled") };
    let decimals = instrument.ticks.decimals();
    // An average has more decimals than its prices.
    let average = order.average_price.map(|average| Price(average.round_dp(decimals.saturating_add(2))));
    let at = average.map_or_else(String::new, |price| format!(" at {}", price_in_words(price, decimals)));
    let found = match heard {
        Heard::AsItHappened => "",
        Heard::InBooks => ". Found in the broker's books",
    };
    format!("{} {all} {}: {how_much}{at}{found}", order.spec.side, instrument.symbol)
}
