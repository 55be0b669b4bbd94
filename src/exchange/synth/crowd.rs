//! Everyone who trades one instrument: makers who keep a book around the path, takers
//! who trade with it, in bursts.
//!
//! A crowd acts at instants of its own choosing, drawn from its own stream of
//! randomness, and changes state at no other time; so nothing depends on how the driver
//! cuts time into pieces. It learns of the trader only through the book: an order of
//! the trader's is filled when the makers quote through it or the takers choose it,
//! and a sweep through several levels moves the makers' idea of the price, which
//! then decays back to the path.

use std::sync::Arc;

use super::history::Track;
use super::ladder::{Floor, Ladder, Style, round_to_habit};
use super::live::{Fair, Live};
use super::rng::{Rng, hash};
use crate::domain::time::SECOND;
use crate::domain::{InstrumentId, OrderKind, OrderSpec, Side, Time, TimeInForce};
use crate::exchange::catalogue::Listing;
use crate::exchange::{Event, Exchange, Owner};
use crate::market::calendar::{Calendar, SessionSpan};

/// Share of trades that earlier trades provoke.
const BRANCHING: f64 = 0.55;
/// How fast that provocation fades, per second at activity 1.
const FADING: f64 = 1.4;
/// Seconds in which a displaced price comes back by a factor of e.
const RECOVERY: f64 = 12.0;
/// The makers follow a sweep no farther than this, in logarithm.
const FARTHEST: f64 = 0.04;
/// Missing levels that makers replace at one instant.
const REPAIR: usize = 4;

/// The participants of one instrument.
#[derive(Debug, Clone)]
pub struct Crowd {
    instrument: InstrumentId,
    track: Track,
    calendar: Arc<Calendar>,
    live: Live,
    rng: Rng,
    bids: Ladder,
    asks: Ladder,
    /// Trades a second in an average regular minute.
    trades: f64,
    /// How much faster than usual everything happens.
    activity: f64,
    /// Lots of a usual trade.
    usual_lots: f64,
    /// How far the makers' price is from the path, and since when, in logarithm.
    displaced: f64,
    displaced_at: Time,
    /// Best prices quoted last.
    quoted: Option<(i64, i64)>,
    /// How wide the makers feel like quoting, 1 on average.
    width: f64,
    /// Trades a second that earlier trades provoke, and since when.
    excited: f64,
    excited_at: Time,
    last_side: Side,
    session: Option<SessionSpan>,
    /// What happens next of each kind.
    next: Agenda,
}

/// When the crowd acts next.
#[derive(Debug, Clone, Copy)]
struct Agenda {
    /// The market opens, or a new day begins.
    open: Time,
    /// The makers look at their quotes.
    quote: Time,
    /// A taker may come.
    take: Time,
    taker: Taker,
}

/// Whether a taker comes at the time that is planned.
#[derive(Debug, Clone, Copy)]
enum Taker {
    /// Surely.
    Certain,
    /// As likely as the rate then is compared to this one.
    AtRate(f64),
    /// No; the rate is looked at again.
    Nobody,
}

impl Crowd {
    /// The crowd of `listing`, from `start` on.
    pub fn new(listing: &Listing, track: Track, seed: u64, start: Time, activity: f64) -> Self {
        let instrument = listing.instrument.id;
        let calendar = Arc::clone(track.path.timeline().calendar());
        let usual_lots = track.volume.per_minute() / (60.0 * listing.trades);
        let first = if calendar.is_open(start) {
            start
        } else {
            calendar.next_open(start).map_or(Time::MAX, |span| span.open)
        };
        let (makers, _) = agents(instrument);
        Self {
            live: Live::new(Arc::clone(&track.path)),
            rng: Rng::new(hash(seed, start.0 as u64)),
            bids: Ladder::new(instrument, makers, Side::Buy, seed),
            asks: Ladder::new(instrument, makers, Side::Sell, seed),
            trades: listing.trades,
            activity: activity.max(1e-3),
            usual_lots,
            displaced: 0.0,
            displaced_at: start,
            quoted: None,
            width: 1.0,
            excited: 0.0,
            excited_at: start,
            last_side: Side::Buy,
            session: None,
            next: Agenda { open: first, quote: Time::MAX, take: Time::MAX, taker: Taker::Nobody },
            instrument,
            track,
            calendar,
        }
    }

    /// When it acts next.
    pub fn next_time(&self) -> Time {
        self.next.open.min(self.next.quote).min(self.next.take)
    }

    /// Does what is due at [`Self::next_time`].
    pub fn act(&mut self, exchange: &mut Exchange, next_order: &mut u64, out: &mut Vec<Event>) {
        let now = self.next_time();
        let mut floor = Floor { exchange, out, next_order, now };
        if now == self.next.open {
            self.open(&mut floor);
        } else if now == self.next.quote {
            self.quote(&mut floor);
        } else {
            self.consider_taking(&mut floor);
        }
    }

    /// Cancels everything: the crowd is about to be replaced.
    pub fn leave(&mut self, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) {
        let (makers, _) = agents(self.instrument);
        exchange.cancel_all(&Owner::Agent(makers), Some(self.instrument), now, out);
        self.bids.forget();
        self.asks.forget();
    }

    fn open(&mut self, floor: &mut Floor<'_>) {
        let now = floor.now;
        let goes_on = self.session.is_some_and(|session| session.close == now);
        self.session = self.calendar.session_at(now);
        let after = self.calendar.next_open(now).map_or(Time::MAX, |span| span.open);
        if goes_on && self.session.is_some() {
            // Another kind of session, or another day of a market that never closes.
            self.next.open = after;
            return;
        }
        self.leave(floor.exchange, now, floor.out);
        self.next = Agenda { open: after, quote: Time::MAX, take: Time::MAX, taker: Taker::Nobody };
        if self.session.is_none() {
            return;
        }
        let fair = self.live.at(now);
        self.requote(fair, usize::MAX, floor);
        self.next.quote = self.next_quote(now, fair);
        self.plan_taking(now, fair);
        if self.trades * fair.flow >= 0.5 {
            // A liquid name prints within the first second.
            let soon = Time(now.0 + (self.rng.unit() * 0.8 * SECOND as f64) as i64);
            self.next.take = self.next.take.min(soon);
            self.next.taker = Taker::Certain;
        }
    }

    fn is_over(&self, now: Time) -> bool {
        self.session.is_none_or(|session| now >= session.close)
    }

    fn close(&mut self) {
        self.session = None;
        self.bids.forget();
        self.asks.forget();
        self.next.quote = Time::MAX;
        self.next.take = Time::MAX;
    }

    fn quote(&mut self, floor: &mut Floor<'_>) {
        if self.is_over(floor.now) {
            return self.close();
        }
        let fair = self.live.at(floor.now);
        self.requote(fair, REPAIR, floor);
        let style = self.style(fair);
        let Self { bids, asks, rng, track, .. } = self;
        let side = if rng.chance(0.5) { bids } else { asks };
        if rng.chance(0.004) {
            side.thin_out(0.4, rng, floor);
        } else if rng.chance(0.7) {
            side.resize_one(style, &track.grid, rng, floor);
        }
        self.next.quote = self.next_quote(floor.now, fair);
    }

    fn next_quote(&mut self, now: Time, fair: Fair) -> Time {
        let rate = (0.6 + 0.55 * self.trades * fair.flow) * self.activity;
        later(now, self.rng.exponential() / rate)
    }

    fn style(&self, fair: Fair) -> Style {
        let density = (1.1 / (1.0 + 0.35 * self.deviation_in_ticks(fair))).clamp(0.15, 0.88);
        Style { density, usual_lots: 2.5 * self.usual_lots }
    }

    fn deviation_in_ticks(&self, fair: Fair) -> f64 {
        let price = libm::exp(fair.log);
        let units = self.track.grid.nearest(price);
        fair.deviation * price / self.track.grid.price_f64(self.track.grid.tick(units))
    }

    /// Moves the book to where the makers want it.
    fn requote(&mut self, fair: Fair, most: usize, floor: &mut Floor<'_>) {
        self.follow_sweeps(floor);
        let (bid, ask) = self.targets(fair);
        let most_bids = most.saturating_add(self.bids.retreat(bid, floor));
        let most_asks = most.saturating_add(self.asks.retreat(ask, floor));
        let style = self.style(fair);
        let Self { bids, asks, rng, track, .. } = self;
        bids.build(bid, style, most_bids, &track.grid, rng, floor);
        asks.build(ask, style, most_asks, &track.grid, rng, floor);
        self.quoted = Some((bid, ask));
    }

    /// Where several levels were taken at once, somebody knows something: half of it is believed.
    fn follow_sweeps(&mut self, floor: &Floor<'_>) {
        let age = (floor.now.0 - self.displaced_at.0) as f64 / SECOND as f64;
        self.displaced *= libm::exp(-age / RECOVERY);
        self.displaced_at = floor.now;
        let grid = &self.track.grid;
        let (bought, sold) =
            (self.asks.observe(floor.exchange, grid), self.bids.observe(floor.exchange, grid));
        let Some((bid, ask)) = self.quoted else { return };
        let beyond = |swept: Option<i64>, best: i64| {
            swept.map_or(0.0, |units| libm::log(grid.price_f64(units) / grid.price_f64(best)))
        };
        let push = beyond(bought, ask).max(0.0) + beyond(sold, bid).min(0.0);
        self.displaced = (self.displaced + 0.5 * push).clamp(-FARTHEST, FARTHEST);
    }

    /// Best bid and ask that the makers want, in units.
    fn targets(&mut self, fair: Fair) -> (i64, i64) {
        let grid = &self.track.grid;
        let price = libm::exp(fair.log + self.displaced);
        let tick = grid.price_f64(grid.tick(grid.nearest(price)));
        self.width = (self.width + 0.15 * (1.0 - self.width) + 0.12 * self.rng.normal()).clamp(0.4, 2.2);
        let restless = (fair.deviation + 0.3 * self.displaced.abs()) * price / tick;
        let half = (0.25 + 0.25 * restless.sqrt() + 0.09 * restless) * self.width.min(1.0 + restless);
        let bid = grid.at_or_below(price - half * tick);
        let mut ask = grid.at_or_below(price + half * tick);
        if grid.price_f64(ask) < price + half * tick {
            ask = grid.step(ask, 1);
        }
        (bid, if ask > bid { ask } else { grid.step(bid, 1) })
    }

    /// Base rate of trades a second at this time of day.
    fn base_rate(&self, fair: Fair) -> f64 {
        self.trades * fair.flow * self.activity
    }

    /// A self-exciting process (Hawkes, 1971) by thinning (Ogata, 1981): the next candidate
    /// comes at the present rate, which can only fall until then.
    fn plan_taking(&mut self, now: Time, fair: Fair) {
        let rate = self.base_rate(fair) * (1.0 - BRANCHING) + self.excited;
        let wait = self.rng.exponential() / rate.max(1e-6);
        // The time of day changes the rate too: look again after a second at the latest.
        let patience = 1.0 / self.activity.min(1.0);
        self.next.take = later(now, wait.min(patience));
        self.next.taker = if wait > patience { Taker::Nobody } else { Taker::AtRate(rate) };
    }

    fn consider_taking(&mut self, floor: &mut Floor<'_>) {
        let now = floor.now;
        if self.is_over(now) {
            return self.close();
        }
        let fair = self.live.at(now);
        let fading = FADING * self.activity;
        self.excited *= libm::exp(-(now.0 - self.excited_at.0) as f64 / SECOND as f64 * fading);
        self.excited_at = now;
        let rate = self.base_rate(fair) * (1.0 - BRANCHING) + self.excited;
        let comes = match self.next.taker {
            Taker::Certain => true,
            Taker::AtRate(planned) => self.rng.unit() * planned < rate,
            Taker::Nobody => false,
        };
        if comes {
            self.take(fair, floor);
            self.excited += BRANCHING * fading;
        }
        self.plan_taking(now, fair);
    }

    /// One taker trades: towards the path when the book is off it, else mostly as the last one did.
    fn take(&mut self, fair: Fair, floor: &mut Floor<'_>) {
        let (Some((bid, _)), Some((ask, _))) = floor.exchange.best(self.instrument) else { return };
        let grid = &self.track.grid;
        let (bid, ask) = (grid.units(bid), grid.units(ask));
        let fair_units = libm::exp(fair.log) / grid.price_f64(1);
        let off = (fair_units - (bid + ask) as f64 * 0.5) / (ask - bid).max(1) as f64;
        let habit = if self.last_side == Side::Buy { 0.10 } else { -0.10 };
        let buys = (0.5 + habit + 0.35 * off).clamp(0.06, 0.94);
        let side = if self.rng.chance(buys) { Side::Buy } else { Side::Sell };
        self.last_side = side;
        let (size, reach) = match self.rng.unit() {
            u if u < 0.70 => (0.40, 1),
            u if u < 0.95 => (1.5, 2),
            u if u < 0.996 => (6.0, 4),
            _ => (25.0, 10),
        };
        let lots = round_to_habit(self.usual_lots * size * self.rng.exponential(), &mut self.rng);
        let worst = match side {
            Side::Buy => grid.step(ask, reach),
            Side::Sell => grid.step(bid, -reach),
        };
        let kind = OrderKind::Limit { price: grid.price(worst) };
        let spec = OrderSpec::new(self.instrument, side, grid.quantity(lots), kind, TimeInForce::Ioc);
        let (_, takers) = agents(self.instrument);
        floor.send(takers, spec);
    }
}

/// The agents of an instrument: its makers and its takers.
fn agents(instrument: InstrumentId) -> (u32, u32) {
    (2 * instrument.0, 2 * instrument.0 + 1)
}

/// `seconds` after `now`, at least a nanosecond.
fn later(now: Time, seconds: f64) -> Time {
    Time(now.0.saturating_add(((seconds * SECOND as f64) as i64).max(1)))
}
