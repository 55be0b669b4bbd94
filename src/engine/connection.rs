//! How the connections to the brokers stand, as the window is told.

use std::sync::Arc;

use super::{Effect, Engine};
use crate::broker::BrokerRequest;
use crate::broker::contract::Watch;
use crate::domain::{BrokerId, Moment, Time};
use crate::link::{ConnectionState, NoticeLevel, Update};

impl Engine {
    /// Shows how a broker stands: as its session says, but that it is ready for everything only
    /// when its books were compared.
    pub(super) fn show_connection(&mut self, id: BrokerId, now: Time, out: &mut Vec<Effect>) {
        let line = &self.brokers[usize::from(id.0)];
        let (state, reason) = match line.said {
            _ if let Some(why) = &line.barred => (ConnectionState::Closed, Arc::clone(why)),
            said if said.is_up() && !line.is_reconciled => {
                (ConnectionState::Reconciling, Arc::from("Comparing its books with ours"))
            }
            said => (said, Arc::clone(&line.said_reason)),
        };
        self.set_connection(id, state, &reason, now, out);
    }

    pub(super) fn set_connection(
        &mut self,
        id: BrokerId,
        state: ConnectionState,
        reason: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let line = &mut self.brokers[usize::from(id.0)];
        let connection = &mut line.connection;
        if connection.state == state && *connection.reason == *reason {
            return;
        }
        connection.state = state;
        connection.reason = reason.into();
        connection.since = now;
        let connection = connection.clone();
        let has_news = self.outages.connection(&connection, line.market_heard);
        // A broker that stays away for a night is no news with every try.
        let is_away = matches!(state, ConnectionState::Silent | ConnectionState::Down);
        let why: Arc<str> = reason.split("; trying again").next().unwrap_or(reason).into();
        let is_news = is_away && line.told_away.replace((state, Arc::clone(&why))) != Some((state, why));
        line.told_away.take_if(|_| state.takes_orders());
        let level = if is_news { NoticeLevel::Error } else { NoticeLevel::Info };
        let text = format!("{}: {}. {reason}", connection.name, state.label());
        out.push(Effect::publish(Update::Connection(connection.clone()), now));
        if has_news {
            out.push(Effect::publish(Update::Outages(self.outages.told()), now));
        }
        self.note(level, text, now, out);
        self.alert_of_connection(&connection, now, out);
    }

    pub(super) fn session_ended(
        &mut self,
        id: BrokerId,
        reason: &str,
        unread: Vec<BrokerRequest>,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let line = &mut self.brokers[usize::from(id.0)];
        line.watch = Watch::default();
        line.is_reconciled = false;
        line.books_asked_at = None;
        self.forget_remarks(id, now, out);
        self.market.end_session(id);
        let line = &mut self.brokers[usize::from(id.0)];
        if line.connection.state != ConnectionState::Closed {
            line.said = ConnectionState::Down;
            line.said_reason = reason.into();
            self.show_connection(id, now, out);
        }
        // Our own end leaves everything as the broker has told it: the next start asks anew.
        if self.shutdown.is_none() {
            for request in unread {
                let why = "The session ended before it was read: nothing was sent";
                self.undelivered(id, &request, why, now, out);
            }
            for order in self.orders.lose_broker(id, now) {
                self.groups.begins_anew(order.id);
                self.tell(order, Moment::LostBroker, now, out);
            }
        }
        self.finish_shutdown(out);
    }
}
