//! When TWS may be asked for instruments: once a second at most, and what was typed meanwhile replaces what
//! waits.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Time;

/// TWS answers a search once a second; who asks more often is not answered.
const PAUSE: Duration = Duration::from_secs(1);

/// The searches of a session.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    waits: Option<Arc<str>>,
    open: Option<Arc<str>>,
    asked_at: Option<Time>,
}

impl Lookup {
    /// The trader looks for something.
    pub fn want(&mut self, text: Arc<str>) {
        self.waits = Some(text);
    }

    /// What is to be asked now.
    pub fn next(&mut self, now: Time) -> Option<Arc<str>> {
        let is_due = self.asked_at.is_none_or(|at| now.since(at) >= PAUSE);
        let text = self.waits.take_if(|_| is_due && self.open.is_none())?;
        (self.open, self.asked_at) = (Some(Arc::clone(&text)), Some(now));
        Some(text)
    }

    /// TWS has answered, or will not.
    pub fn came(&mut self) {
        self.open = None;
    }

    /// Nobody answers any more: what was asked, or was to be.
    pub fn gives_up(&mut self) -> impl Iterator<Item = Arc<str>> + use<> {
        self.open.take().into_iter().chain(self.waits.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::SECOND;

    fn after(tenths: i64) -> Time {
        Time(tenths * SECOND / 10)
    }

    #[test]
    fn a_search_is_asked_at_once_and_the_next_a_second_later() {
        let mut lookup = Lookup::default();
        lookup.want("a".into());
        assert_eq!(lookup.next(after(0)).as_deref(), Some("a"));
        lookup.came();
        lookup.want("ab".into());
        lookup.want("abc".into());
        assert_eq!(lookup.next(after(9)), None);
        assert_eq!(lookup.next(after(10)).as_deref(), Some("abc"), "what was typed last");
        assert_eq!(lookup.next(after(30)), None, "once");
    }

    #[test]
    fn a_search_waits_for_the_answer_to_the_one_before() {
        let mut lookup = Lookup::default();
        lookup.want("a".into());
        lookup.next(after(0));
        lookup.want("b".into());
        assert_eq!(lookup.next(after(50)), None);
        lookup.came();
        assert_eq!(lookup.next(after(50)).as_deref(), Some("b"));
    }
}
