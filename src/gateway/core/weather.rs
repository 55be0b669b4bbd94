//! Weather: what brokers do to traders, on purpose.
//!
//! Each kind can be switched on while clients are connected, for drills and for tests. It changes
//! what clients are told and when; what the engine and the exchange have stays true, so that whatever
//! a client has missed is there when it asks again.

use std::collections::BTreeSet;
use std::time::Duration;

use super::errors::{self, Refusal};
use super::{ConnId, Core, Effect};
use crate::domain::{Order, OrderId, OrderStatus, Time, Weather};
use crate::gateway::wire::Reply;

/// How long the uplink is away in a nightly reset.
const RESET: Duration = Duration::from_secs(10);
/// Messages a second that TWS takes of a client.
const PACE: usize = 50;

/// The weather now.
#[derive(Default)]
pub(super) struct Sky {
    /// Nothing is read or sent until then.
    frozen_until: Option<Time>,
    /// What is to be sent when it thaws.
    held: Vec<Effect>,
    /// The uplink comes back then, with data lost (1101) or kept (1102).
    reset: Option<(Time, bool)>,
    acknowledged_after: Option<Duration>,
    commissions_after: Option<Duration>,
    /// What is told later, in the order in which it was to be told.
    later: Vec<(Time, ConnId, Reply)>,
    no_data: BTreeSet<String>,
    paces: bool,
    refuses_changes: bool,
    hushes_partials: bool,
    /// Orders of which nothing more is told.
    hushed: BTreeSet<OrderId>,
}

impl Sky {
    /// Whether the peer hangs.
    pub fn is_frozen(&self) -> bool {
        self.frozen_until.is_some()
    }

    /// Whether the server has lost its uplink: neither data nor news of orders come.
    pub fn is_down(&self) -> bool {
        self.reset.is_some()
    }

    /// Why an instrument has no data, if that is the weather.
    pub fn withholds(&self, symbol: &str) -> Option<Refusal> {
        let text = "Requested market data requires additional subscription for API. See link in 'Market Data \
                    Connections' dialog for more details. Delayed market data is available.";
        self.no_data.contains(symbol).then(|| Refusal::new(errors::NEEDS_SUBSCRIPTION, text))
    }

    /// Why changes of orders are refused, if that is the weather.
    pub fn refuses_change(&self) -> Option<&'static str> {
        self.refuses_changes.then_some("The exchange refuses this change")
    }

    /// How long a reply is held back.
    fn delay_of(&self, reply: &Reply) -> Option<Duration> {
        match reply {
            Reply::OpenOrder(_) | Reply::OrderStatus(_) | Reply::ExecutionDetails(_) => {
                self.acknowledged_after
            }
            Reply::Error(error) if [errors::REJECTED, errors::CANCELLED].contains(&error.error_code()) => {
                self.acknowledged_after
            }
            Reply::CommissionReport(_) => self.commissions_after.max(self.acknowledged_after),
            _ => None,
        }
    }

    /// Whether nothing more is told of an order.
    pub fn is_hushed(&self, order: OrderId) -> bool {
        self.hushed.contains(&order)
    }

    /// Whether nothing is told of an order: it has filled in part, and then there was silence.
    pub fn hushes(&mut self, order: &Order) -> bool {
        if self.hushes_partials && order.status == OrderStatus::PartiallyFilled {
            // The part itself is told.
            return !self.hushed.insert(order.id);
        }
        self.hushed.contains(&order.id)
    }
}

impl Core {
    /// The weather changes.
    pub fn set_weather(&mut self, weather: &Weather, now: Time) {
        self.now = now;
        tracing::info!("weather: {weather}");
        match weather {
            Weather::Fair => self.clear_up(),
            Weather::Reset { keeps_data } => {
                self.notify_all(
                    errors::UPLINK_LOST,
                    "Connectivity between IB and Trader Workstation has been lost.",
                );
                self.sky.reset = Some((now + RESET, *keeps_data));
            }
            Weather::Cut => {
                for conn in self.connections.keys().copied().collect::<Vec<_>>() {
                    self.part(conn, "the weather cuts it");
                }
            }
            Weather::Freeze(duration) => self.sky.frozen_until = Some(now + *duration),
            Weather::SlowAcknowledgements(delay) => self.sky.acknowledged_after = Some(*delay),
            Weather::LateCommissions(delay) => self.sky.commissions_after = Some(*delay),
            Weather::NoData(symbol) => drop(self.sky.no_data.insert(symbol.to_string())),
            Weather::Pacing => self.sky.paces = true,
            Weather::RefusedChanges => self.sky.refuses_changes = true,
            Weather::SilenceAfterPartial => self.sky.hushes_partials = true,
        }
    }

    fn clear_up(&mut self) {
        self.thaw();
        self.end_reset();
        let later = std::mem::take(&mut self.sky.later);
        let hushed = std::mem::take(&mut self.sky.hushed);
        let held = std::mem::take(&mut self.sky.held);
        self.sky = Sky::default();
        self.effects.extend(held);
        for (_, conn, reply) in later {
            self.say_now(conn, &reply);
        }
        for id in hushed {
            self.tell_anew(id);
        }
    }

    /// Time has passed.
    pub(super) fn let_weather_pass(&mut self) {
        if self.sky.frozen_until.is_some_and(|until| self.now >= until) {
            self.thaw();
        }
        if self.sky.reset.is_some_and(|(until, _)| self.now >= until) {
            self.end_reset();
        }
        let (due, later) =
            std::mem::take(&mut self.sky.later).into_iter().partition(|(at, ..)| *at <= self.now);
        self.sky.later = later;
        let due: Vec<(Time, ConnId, Reply)> = due;
        for (_, conn, reply) in due {
            self.say_now(conn, &reply);
        }
    }

    fn thaw(&mut self) {
        if self.sky.frozen_until.take().is_none() {
            return;
        }
        let held = std::mem::take(&mut self.sky.held);
        self.effects.extend(held);
        for conn in self.connections.keys().copied().collect::<Vec<_>>() {
            self.read(conn);
        }
    }

    fn end_reset(&mut self) {
        let Some((_, keeps_data)) = self.sky.reset.take() else { return };
        if keeps_data {
            let text = "Connectivity between IB and Trader Workstation has been restored - data maintained.";
            self.notify_all(errors::UPLINK_KEPT_DATA, text);
        } else {
            for connection in self.connections.values_mut() {
                if let Some(session) = connection.session_mut() {
                    session.forget_data();
                }
            }
            let text = "Connectivity between IB and Trader Workstation has been restored - data lost.";
            self.notify_all(errors::UPLINK_LOST_DATA, text);
        }
        // What happened meanwhile is told now.
        self.tell_what_was_missed();
    }

    fn notify_all(&mut self, code: i32, text: &str) {
        for conn in self.sessions().map(|(conn, _)| conn).collect::<Vec<_>>() {
            self.error(conn, None, code, text);
        }
    }

    /// Says something when its time has come: behind what waits for the same client.
    pub(super) fn say(&mut self, conn: ConnId, reply: &Reply) {
        match self.sky.delay_of(reply) {
            Some(delay) => self.sky.later.push((self.now + delay, conn, reply.clone())),
            None => self.say_now(conn, reply),
        }
    }

    /// What is to be done since the last call; nothing reaches a client while the server hangs.
    pub fn effects(&mut self) -> Vec<Effect> {
        let effects = std::mem::take(&mut self.effects);
        if !self.sky.is_frozen() {
            return effects;
        }
        let (commands, held) = effects.into_iter().partition(|effect| matches!(effect, Effect::Command(_)));
        let held: Vec<Effect> = held;
        self.sky.held.extend(held);
        commands
    }

    /// Whether a client asks faster than TWS takes it; it is told so once a second.
    pub(super) fn is_too_fast(&mut self, conn: ConnId) -> bool {
        if !self.sky.paces {
            return false;
        }
        let now = self.now;
        let Some(session) = self.session_mut(conn) else { return false };
        while session.asked_at.front().is_some_and(|at| now.since(*at) >= Duration::from_secs(1)) {
            session.asked_at.pop_front();
        }
        session.asked_at.push_back(now);
        session.asked_at.len() > PACE
    }
}
