//! What is counted of the trades of an instrument while somebody wants them: the volume at each price, how
//! fast they come, and where our orders stand in their queues.
//!
//! It begins when the trades are first asked for and ends when nobody wants them any more. It begins anew after
//! each hole in what came, so that a number never stands on trades with one in between.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::domain::{Depth, Instrument, InstrumentId, Order, OrderId, Qty, Time, Timeframe, Trade};
use crate::market::calendar::Calendar;
use crate::market::profile::Profile;
use crate::market::queue::Place;
use crate::market::tape::pace::{Pace, Speed, Window};

/// What has been counted of one instrument.
#[derive(Debug)]
pub struct Flow {
    begun: Time,
    told: u64,
    since: Time,
    profile: Profile,
    speed: Speed,
    places: BTreeMap<OrderId, Place>,
    calendar: Option<Calendar>,
    /// The day of the newest trade: the calendar is asked once a day, not with every trade.
    day: Range<Time>,
}

impl Flow {
    fn new(instrument: &Instrument, now: Time) -> Self {
        Self {
            begun: now,
            told: 0,
            since: now,
            profile: Profile::new(instrument.ticks.clone(), Time::MIN),
            speed: Speed::default(),
            places: BTreeMap::new(),
            calendar: Calendar::new(&instrument.hours).ok(),
            day: Time::MIN..Time::MIN,
        }
    }

    /// When the trades were first asked for, or came again after their connection had failed.
    #[must_use]
    pub fn begun(&self) -> Time {
        self.begun
    }

    /// How many trades have come since then: so many of the tape's newest are of this flow.
    #[must_use]
    pub fn told(&self) -> u64 {
        self.told
    }

    /// Since when every trade is counted.
    #[must_use]
    pub fn since(&self) -> Time {
        self.since
    }

    /// Volume at price, of this session.
    #[must_use]
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// How fast trades come.
    #[must_use]
    pub fn pace(&self, window: Window, now: Time) -> Pace {
        self.speed.pace(window, now)
    }

    /// About how much is ahead of an order of ours in the queue of its price, where that can be said.
    #[must_use]
    pub fn ahead(&self, order: OrderId) -> Option<Qty> {
        self.places.get(&order)?.ahead()
    }

    fn trade(&mut self, trade: &Trade, now: Time) {
        self.told += 1;
        if let Some(calendar) = self.calendar.as_ref().filter(|_| !self.day.contains(&trade.time)) {
            let day = Timeframe::D1;
            self.day = calendar.period_start(trade.time, day)..calendar.period_end(trade.time, day);
            self.profile.begin(self.day.start);
        }
        self.profile.add(trade);
        self.speed.add(trade, now);
        self.places.values_mut().for_each(|place| place.trade(trade));
    }

    fn orders<'a>(&mut self, orders: impl Iterator<Item = &'a Order>, depth: Option<&Depth>) {
        let Some(depth) = depth else { return };
        let mut here = BTreeSet::new();
        // Before the exchange works it, it is not in the book.
        for order in orders.filter(|order| order.is_working()) {
            here.insert(order.id);
            match self.places.get_mut(&order.id) {
                Some(place) => place.order(order, depth),
                None => {
                    self.places.extend(Place::join(order, depth).map(|place| (order.id, place)));
                }
            }
        }
        self.places.retain(|id, _| here.contains(id));
    }
}

/// Those of all instruments whose trades are wanted.
#[derive(Default)]
pub(super) struct Flows {
    by_id: BTreeMap<InstrumentId, Flow>,
}

impl Flows {
    pub fn get(&self, id: InstrumentId) -> Option<&Flow> {
        self.by_id.get(&id)
    }

    /// Begins with what is wanted newly, and ends with what nobody wants any more.
    pub fn keep_only<'a>(
        &mut self,
        wanted: &BTreeSet<InstrumentId>,
        now: Time,
        instrument: impl Fn(InstrumentId) -> Option<&'a Instrument>,
    ) {
        self.by_id.retain(|id, _| wanted.contains(id));
        for id in wanted {
            if let (false, Some(instrument)) = (self.by_id.contains_key(id), instrument(*id)) {
                self.by_id.insert(*id, Flow::new(instrument, now));
            }
        }
    }

    /// Trades have come, oldest first.
    pub fn trades<'a>(&mut self, id: InstrumentId, trades: impl Iterator<Item = &'a Trade>, now: Time) {
        if let Some(flow) = self.by_id.get_mut(&id) {
            trades.for_each(|trade| flow.trade(trade, now));
        }
    }

    /// Trades of this instrument were lost in the window's own queue: what is counted begins anew.
    pub fn count_anew(&mut self, id: InstrumentId, now: Time) {
        if let Some(flow) = self.by_id.get_mut(&id) {
            flow.since = now;
            flow.profile.clear();
            flow.speed = Speed::default();
            flow.places.clear();
        }
    }

    /// What came of these instruments was broken off: they begin anew with the demand.
    pub fn break_off(&mut self, is_one: impl Fn(InstrumentId) -> bool) {
        self.by_id.retain(|id, _| !is_one(*id));
    }

    /// A book has come.
    pub fn depth(&mut self, id: InstrumentId, depth: &Depth) {
        if let Some(flow) = self.by_id.get_mut(&id) {
            flow.places.values_mut().for_each(|place| place.depth(depth));
        }
    }

    /// How our working orders stand now.
    pub fn orders<'a>(
        &mut self,
        working: &(impl Iterator<Item = &'a Order> + Clone),
        depth: impl Fn(InstrumentId) -> Option<&'a Depth>,
    ) {
        for (id, flow) in &mut self.by_id {
            let here = working.clone().filter(|order| order.spec.instrument == *id);
            flow.orders(here, depth(*id));
        }
    }
}
