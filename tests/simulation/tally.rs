//! What happened, so that a run can show that it was not idle.

use std::collections::BTreeMap;

use pitdesk::domain::Moment;
use pitdesk::engine::Effect;
use pitdesk::link::{FindingKind, NoticeLevel, Update};

/// Words of the gate by which its refusals are told apart, and what they are counted as.
const REFUSALS: [(&str, &str); 12] = [
    ("The order opens ", "order quantity"),
    ("The order is worth ", "order value"),
    (" units, the limit of ", "position quantity"),
    ("The position would be worth ", "position value"),
    ("the exposure would be ", "exposure"),
    ("orders are working, the limit of the profile", "working orders"),
    ("orders are working, the limit of ", "working orders of an instrument"),
    ("orders were sent in the last minute", "orders per minute"),
    ("The loss of the day ", "loss of the day"),
    ("% beyond the market", "price distance"),
    ("The newest quote of ", "quote age"),
    ("The kill switch is on", "kill switch"),
];

/// Counts by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    pub fn count(&mut self, what: &'static str, times: u64) {
        *self.0.entry(what).or_default() += times;
    }

    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or_default()
    }

    pub fn add(&mut self, other: &Self) {
        for (&what, &times) in &other.0 {
            self.count(what, times);
        }
    }

    /// Looks at what the engine wants done.
    pub fn see(&mut self, effect: &Effect) {
        match effect {
            Effect::Journal(record) => match &record.moment {
                Moment::LostBroker => self.count("orders left unknown by a session", 1),
                Moment::Decided { .. } => self.count("decisions", 1),
                _ => {}
            },
            Effect::Publish { update, .. } => match &**update {
                Update::Notice(notice) if notice.level != NoticeLevel::Info => self.refusal(&notice.text),
                Update::Reconciled(report) => {
                    for finding in &report.findings {
                        self.count(label(finding.kind), 1);
                    }
                }
                _ => {}
            },
            _ => {}
        }
    }

    fn refusal(&mut self, text: &str) {
        let Some((_, what)) = REFUSALS.iter().find(|(words, _)| text.contains(words)) else { return };
        self.count(what, 1);
        if text.starts_with("Not sent: ") {
            self.count("refused when the disk had it", 1);
        }
    }
}

/// Every kind of refusal that must have happened.
pub fn refusals() -> impl Iterator<Item = &'static str> {
    REFUSALS.iter().map(|(_, what)| *what)
}

pub fn label(kind: FindingKind) -> &'static str {
    match kind {
        FindingKind::Filled => "found: filled",
        FindingKind::Ended => "found: ended",
        FindingKind::Changed => "found: changed",
        FindingKind::Foreign => "found: foreign",
        FindingKind::NeverArrived => "found: never arrived",
        FindingKind::FoundAgain => "found: found again",
        FindingKind::Position => "found: position",
        FindingKind::Gone => "found: gone",
        FindingKind::Held => "found: held before",
        FindingKind::FillGone => "found: fill gone",
    }
}
