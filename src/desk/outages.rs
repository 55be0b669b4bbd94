//! When nothing came from a broker: charts mark it, because what they show of that time came afterwards.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::domain::{BrokerId, Time};
use crate::link::Connection;

/// What is shorter is a moment that nobody could have traded in.
const LEAST: Duration = Duration::from_secs(1);
/// Outages per broker that the window keeps.
const CAPACITY: usize = 64;

/// The outages of this run.
#[derive(Debug, Default)]
pub(super) struct Outages {
    over: BTreeMap<BrokerId, VecDeque<(Time, Time)>>,
    /// Since when, of those that last.
    open: BTreeMap<BrokerId, Time>,
    /// Brokers that were there at all: what comes before is no outage.
    begun: BTreeSet<BrokerId>,
}

impl Outages {
    /// A connection stands so. `heard` is when anything came from there last.
    pub fn connection(&mut self, connection: &Connection, heard: Option<Time>) {
        let broker = connection.broker;
        if connection.state.takes_orders() {
            self.begun.insert(broker);
            if let Some(from) = self.open.remove(&broker) {
                let over = self.over.entry(broker).or_default();
                if over.len() >= CAPACITY {
                    over.pop_front();
                }
                over.push_back((from, connection.since.max(from)));
            }
        } else if self.begun.contains(&broker) {
            // It was noticed later than it began.
            let from = heard.filter(|heard| *heard < connection.since).unwrap_or(connection.since);
            self.open.entry(broker).or_insert(from);
        }
    }

    /// Of one broker, oldest first; one that lasts ends `now`.
    pub fn of(&self, broker: BrokerId, now: Time) -> impl Iterator<Item = (Time, Time)> {
        let over = self.over.get(&broker).into_iter().flatten().copied();
        let all = over.chain(self.open.get(&broker).map(|from| (*from, now.max(*from))));
        all.filter(|(from, to)| to.since(*from) >= LEAST)
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

    fn lived(states: &[(ConnectionState, i64)]) -> Outages {
        let mut outages = Outages::default();
        for (state, since) in states {
            let (name, reason) = ("Paper".into(), "".into());
            let connection = Connection { broker: BROKER, name, state: *state, reason, since: at(*since) };
            outages.connection(&connection, Some(at(*since - 5)));
        }
        outages
    }

    fn told(states: &[(ConnectionState, i64)]) -> Vec<(i64, i64)> {
        let seconds = |time: Time| time.seconds() - 1_000;
        lived(states).of(BROKER, at(100)).map(|(from, to)| (seconds(from), seconds(to))).collect()
    }

    #[test]
    fn an_outage_lasts_from_the_last_word_until_the_connection_is_back() {
        let states = [(Connecting, 0), (Ready, 1), (Silent, 20), (Down, 30), (Connecting, 31), (Ready, 40)];
        assert_eq!(told(&states), [(15, 40)]);
    }

    #[test]
    fn one_that_lasts_ends_now() {
        assert_eq!(told(&[(Ready, 1), (Down, 90)]), [(85, 100)]);
    }

    #[test]
    fn before_the_first_connection_there_is_no_outage() {
        assert_eq!(told(&[(Connecting, 0), (Down, 5), (Connecting, 6), (Ready, 9)]), []);
    }

    #[test]
    fn the_newest_are_kept() {
        let states: Vec<_> = (0..100).flat_map(|i| [(Ready, i * 20), (Down, i * 20 + 10)]).collect();
        let told = lived(&states).of(BROKER, at(3_000)).count();
        assert_eq!(told, CAPACITY + 1);
    }
}
