//! When nothing came from a broker, in this run: charts mark it, because what they show of that time came
//! afterwards. A window that hung meanwhile is told of it as well.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::domain::{BrokerId, Time};
use crate::link::{Connection, Outage};

/// Outages per broker that are told; the newest.
const CAPACITY: usize = 64;

/// The outages of this run.
#[derive(Debug, Default)]
pub(super) struct Outages {
    /// Oldest first; the last may last.
    of: BTreeMap<BrokerId, VecDeque<Outage>>,
    /// Brokers that were there at all: what comes before is no outage.
    begun: BTreeSet<BrokerId>,
}

impl Outages {
    /// A connection stands so; whether that is news here. `heard` is when market data came from there
    /// last, or a sign that they hold.
    pub fn connection(&mut self, connection: &Connection, heard: Option<Time>) -> bool {
        let (broker, since) = (connection.broker, connection.since);
        let outages = self.of.entry(broker).or_default();
        let lasting = outages.back_mut().filter(|outage| outage.to.is_none());
        match lasting {
            Some(outage) if connection.state.takes_orders() => outage.to = Some(since.max(outage.from)),
            None if connection.state.takes_orders() => {
                self.begun.insert(broker);
                return false;
            }
            None if self.begun.contains(&broker) => {
                // It was noticed later than it began.
                let from = heard.filter(|heard| *heard < since).unwrap_or(since);
                if outages.len() >= CAPACITY {
                    outages.pop_front();
                }
                outages.push_back(Outage { broker, from, to: None });
            }
            Some(_) | None => return false,
        }
        true
    }

    /// All of them, of each broker the oldest first.
    pub fn told(&self) -> Arc<[Outage]> {
        self.of.values().flatten().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::link::ConnectionState::{self, Connecting, Down, Ready, Silent};

    const BROKER: BrokerId = BrokerId(0);

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_000 + seconds)
    }

    fn told(states: &[(ConnectionState, i64)]) -> Vec<(i64, Option<i64>)> {
        let mut outages = Outages::default();
        for (state, since) in states {
            let (name, reason) = ("Paper".into(), "".into());
            let connection = Connection { broker: BROKER, name, state: *state, reason, since: at(*since) };
            let before = outages.told();
            let is_news = outages.connection(&connection, Some(at(*since - 5)));
            assert_eq!(is_news, before != outages.told(), "{state:?} since {since}");
        }
        let seconds = |time: Time| time.seconds() - 1_000;
        outages.told().iter().map(|outage| (seconds(outage.from), outage.to.map(seconds))).collect()
    }

    #[test]
    fn an_outage_lasts_from_the_last_word_until_the_connection_is_back() {
        let states = [(Connecting, 0), (Ready, 1), (Silent, 20), (Down, 30), (Connecting, 31), (Ready, 40)];
        assert_eq!(told(&states), [(15, Some(40))]);
    }

    #[test]
    fn one_that_lasts_has_no_end() {
        assert_eq!(told(&[(Ready, 1), (Down, 90)]), [(85, None)]);
    }

    #[test]
    fn before_the_first_connection_there_is_no_outage() {
        assert_eq!(told(&[(Connecting, 0), (Down, 5), (Connecting, 6), (Ready, 9)]), []);
    }

    #[test]
    fn the_newest_are_kept() {
        let states: Vec<_> = (0..100).flat_map(|i| [(Ready, i * 20), (Down, i * 20 + 10)]).collect();
        let told = told(&states);
        assert_eq!((told.len(), told[CAPACITY - 1]), (CAPACITY, (99 * 20 + 5, None)));
    }
}
