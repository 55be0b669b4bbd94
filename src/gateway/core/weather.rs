//! Weather: what brokers do to traders, on purpose.
//!
//! Each kind can be switched on while clients are connected, for drills and for tests. It changes
//! what clients are told and when; what the engine and the exchange have stays true, so that whatever
//! a client has missed is there when it asks again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::errors::{self, Refusal};
use super::{ConnId, Core};
use crate::domain::{Order, OrderId, OrderStatus, Time, Weather};
use crate::gateway::wire::{Reply, Request};

/// How long the uplink is away in a nightly reset.
const RESET: Duration = Duration::from_secs(10);
/// What may be held back for a client.
const MOST_LATER: usize = 10_000;
/// Messages a second that TWS takes of a client.
const PACE: usize = 50;

/// The weather now.
#[derive(Default)]
pub(super) struct Sky {
    /// Nothing is read or sent until then.
    frozen_until: Option<Time>,
    /// The uplink comes back then, with data lost (1101) or kept (1102).
    reset: Option<(Time, bool)>,
    acknowledged_after: Option<Duration>,
    commissions_after: Option<Duration>,
    /// What is told later, connection by connection in the order in which it was to be told.
    later: BTreeMap<ConnId, VecDeque<(Time, Reply)>>,
    /// The same of what executions cost, for which nothing else waits.
    costs: BTreeMap<ConnId, VecDeque<(Time, Reply)>>,
    /// Symbols without data, and the code that says so.
    no_data: BTreeMap<String, i32>,
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

    /// Whether neither data nor news of orders come: the uplink is lost, or the server hangs.
    pub fn is_down(&self) -> bool {
        self.reset.is_some() || self.is_frozen()
    }

    /// A connection has ended.
    pub fn forget(&mut self, conn: ConnId) {
        self.later.remove(&conn);
        self.costs.remove(&conn);
    }

    fn withhold(&mut self, symbol: &str, code: i32) {
        self.no_data.insert(symbol.to_owned(), code);
    }

    /// Why an instrument has no data, if that is the weather.
    pub fn withholds(&self, symbol: &str) -> Option<Refusal> {
        let code = *self.no_data.get(symbol)?;
        let text = if code == errors::NOT_SUBSCRIBED {
            "Requested market data is not subscribed. Delayed market data is not available."
        } else {
            "Requested market data requires additional subscription for API. See link in 'Market Data \
             Connections' dialog for more details. Delayed market data is available."
        };
        Some(Refusal::new(code, text))
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
            Weather::NoData(symbol) => self.sky.withhold(symbol, errors::NEEDS_SUBSCRIPTION),
            Weather::NotSubscribed(symbol) => self.sky.withhold(symbol, errors::NOT_SUBSCRIBED),
            Weather::Pacing => self.sky.paces = true,
            Weather::RefusedChanges => self.sky.refuses_changes = true,
            Weather::SilenceAfterPartial => self.sky.hushes_partials = true,
        }
    }

    fn clear_up(&mut self) {
        let later =
            std::mem::take(&mut self.sky.later).into_iter().chain(std::mem::take(&mut self.sky.costs));
        let later: Vec<_> = later.collect();
        let hushed = std::mem::take(&mut self.sky.hushed);
        let (frozen_until, reset) = (self.sky.frozen_until.take(), self.sky.reset.take());
        self.sky = Sky { frozen_until, reset, ..Sky::default() };
        for (conn, replies) in later {
            for (_, reply) in replies {
                self.say_now(conn, &reply);
            }
        }
        for id in hushed {
            self.tell_anew(id);
        }
        self.thaw();
        self.end_reset();
    }

    /// Time has passed.
    pub(super) fn let_weather_pass(&mut self) {
        if self.sky.frozen_until.is_some_and(|until| self.now >= until) {
            self.thaw();
        }
        if self.sky.reset.is_some_and(|(until, _)| self.now >= until) {
            self.end_reset();
        }
        let now = self.now;
        let mut due = Vec::new();
        for waiting in [&mut self.sky.later, &mut self.sky.costs] {
            waiting.retain(|conn, replies| {
                while let Some((_, reply)) = replies.pop_front_if(|(at, _)| *at <= now) {
                    due.push((*conn, reply));
                }
                !replies.is_empty()
            });
        }
        for (conn, reply) in due {
            self.say_now(conn, &reply);
        }
    }

    fn thaw(&mut self) {
        if self.sky.frozen_until.take().is_some() {
            self.tell_what_was_missed();
            self.read_on();
        }
    }

    fn end_reset(&mut self) {
        let Some((_, keeps_data)) = self.sky.reset.take() else { return };
        if keeps_data {
            let text = "Connectivity between IB and Trader Workstation has been restored - data maintained.";
            self.notify_all(errors::UPLINK_KEPT_DATA, text);
        } else {
            for conn in self.sessions().map(|(conn, _)| conn).collect::<Vec<_>>() {
                self.end_waits(conn);
                if let Some(session) = self.session_mut(conn) {
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

    /// Says something when its time has come: behind what waits for the same client. The market waits
    /// for no order.
    pub(super) fn say(&mut self, conn: ConnId, reply: &Reply) {
        if is_of_the_market(reply) {
            return self.say_now(conn, reply);
        }
        let delay = self.sky.delay_of(reply);
        let last = self.sky.later.get(&conn).and_then(VecDeque::back).map(|(at, _)| *at);
        let Some(at) = delay.map(|delay| self.now + delay).max(last) else {
            return self.say_now(conn, reply);
        };
        let is_cost = matches!(reply, Reply::CommissionReport(_));
        let waiting = if is_cost { &mut self.sky.costs } else { &mut self.sky.later };
        let waiting = waiting.entry(conn).or_default();
        waiting.push_back((at, reply.clone()));
        if waiting.len() > MOST_LATER {
            self.part(conn, "too much is held back for it");
        }
    }

    /// Whether a client asks faster than TWS takes it. What asks for less is always taken.
    pub(super) fn is_too_fast(&mut self, conn: ConnId, request: &Request) -> bool {
        if !self.sky.paces || asks_for_less(request) {
            return false;
        }
        let now = self.now;
        let Some(session) = self.session_mut(conn) else { return false };
        while session.asked_at.front().is_some_and(|at| now.since(*at) >= Duration::from_secs(1)) {
            session.asked_at.pop_front();
        }
        let is_full = session.asked_at.len() >= PACE;
        if !is_full {
            session.asked_at.push_back(now);
        }
        is_full
    }

    /// What comes beyond the pace is not done, and that is said of what it names: whoever waits for its
    /// answer has one.
    pub(super) fn refuse_too_fast(&mut self, conn: ConnId, request: Request) {
        let text = "Max rate of messages per second has been exceeded";
        match request {
            Request::PlaceOrder(request) => self.refuse_to_place(conn, *request, text),
            other => self.error(conn, other.id(), errors::TOO_FAST, text),
        }
    }
}

/// Whether a request only ends something.
fn asks_for_less(request: &Request) -> bool {
    matches!(
        request,
        Request::CancelOrder(_)
            | Request::GlobalCancel(_)
            | Request::CancelMarketData(_)
            | Request::CancelMarketDepth(_)
            | Request::CancelTickByTick(_)
            | Request::CancelHistoricalData(_)
            | Request::CancelHeadTimestamp(_)
            | Request::CancelHistogramData(_)
            | Request::CancelRealTimeBars(_)
            | Request::CancelAccountSummary(_)
            | Request::CancelAccountUpdatesMulti(_)
            | Request::CancelPositions
            | Request::CancelPositionsMulti(_)
            | Request::CancelPnL(_)
            | Request::CancelPnLSingle(_)
            | Request::CancelNewsBulletins
    )
}

/// Whether a reply is of market data: they come in floods, and nothing of orders depends on them.
fn is_of_the_market(reply: &Reply) -> bool {
    matches!(
        reply,
        Reply::MarketDataType(_)
            | Reply::TickReqParams(_)
            | Reply::TickPrice(_)
            | Reply::TickSize(_)
            | Reply::TickString(_)
            | Reply::TickSnapshotEnd(_)
            | Reply::TickByTick(_)
            | Reply::MarketDepth(_)
            | Reply::MarketDepthL2(_)
            | Reply::RealTimeBar(_)
            | Reply::HistoricalData(_)
            | Reply::HistoricalDataUpdate(_)
            | Reply::HistogramData(_)
            | Reply::HistoricalTicksLast(_)
    )
}
