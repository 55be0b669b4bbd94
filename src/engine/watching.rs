//! Which market data the brokers are asked for: what the window looks at, what is held or
//! ordered, and what alerts wait for.

use super::{Effect, Engine};
use crate::broker::BrokerRequest;
use crate::broker::contract::Watch;
use crate::domain::{BrokerId, InstrumentId};
use crate::link::{Demand, Follower};

impl Engine {
    /// Somebody who follows wants these from now on.
    pub(super) fn wants(&mut self, follower: Follower, demand: &Demand, out: &mut Vec<Effect>) {
        self.market.set_demand(follower, demand, out);
        self.watch(out);
    }

    /// A session that has just become ready watches and has answered nothing yet.
    pub(super) fn resubscribe(&mut self, id: BrokerId, out: &mut Vec<Effect>) {
        self.brokers[usize::from(id.0)].watch = Watch::default();
        self.watch(out);
        self.market.ask_again(id, out);
    }

    /// Tells every broker which instruments are wanted, where that has changed: those
    /// of the window, those of which we hold or have ordered something, and those of alerts.
    pub(super) fn watch(&mut self, out: &mut Vec<Effect>) {
        let mut wanted = self.market.watch();
        wanted.quotes.extend(self.orders.live().map(|order| order.spec.instrument));
        wanted.quotes.extend(self.positions.values().filter(|p| !p.is_flat()).map(|p| p.instrument));
        wanted.quotes.extend(self.alerts.instruments());
        for (index, line) in self.brokers.iter_mut().enumerate() {
            let id = BrokerId(index as u8);
            let instruments = &self.instruments;
            let is_its = |i: &&InstrumentId| instruments.get(i.index()).is_some_and(|x| x.broker == id);
            let watch = Watch {
                quotes: wanted.quotes.iter().filter(is_its).copied().collect(),
                depth: wanted.depth.iter().filter(is_its).copied().collect(),
                bars: wanted.bars.iter().filter(|key| is_its(&&key.instrument)).copied().collect(),
            };
            if watch != line.watch || line.must_watch {
                line.must_watch = false;
                // A sign of life speaks of what is watched; of the rest nothing is known from now on.
                for gone in &line.watch.quotes - &watch.quotes {
                    self.market.forget_quote(gone);
                }
                line.watch = watch.clone();
                out.push(Effect::Request(id, BrokerRequest::Watch(watch)));
            }
        }
    }

    /// What a full queue has kept from a broker is asked again.
    pub(super) fn ask_for_the_missed(&mut self, id: BrokerId, out: &mut Vec<Effect>) {
        if self.brokers[usize::from(id.0)].must_watch {
            self.watch(out);
        }
        self.market.ask_missing(id, out);
    }
}
