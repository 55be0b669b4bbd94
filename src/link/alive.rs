//! Signs of life of a broker's market data: what tells a quiet market from a dead line.

use crate::domain::{BrokerId, Time};

/// A broker's last word that its quotes still hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alive {
    /// Which broker.
    pub broker: BrokerId,
    /// When its session began: quotes of an earlier one are not confirmed.
    pub since: Time,
    /// When it was heard.
    pub heard: Time,
}

impl Alive {
    /// Until when a quote that came at `received` is known to have held.
    #[must_use]
    pub fn confirms(&self, received: Time) -> Time {
        if received >= self.since { received.max(self.heard) } else { received }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_quotes_of_this_session_are_confirmed() {
        let alive = Alive { broker: BrokerId(0), since: Time(100), heard: Time(150) };
        assert_eq!(alive.confirms(Time(99)), Time(99));
        assert_eq!(alive.confirms(Time(100)), Time(150));
        assert_eq!(alive.confirms(Time(160)), Time(160));
    }
}
