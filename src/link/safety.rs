//! What the window is told about the safety of orders: the journal, reconciliation, the kill
//! switch.

use std::fmt;
use std::sync::Arc;

pub use crate::domain::Flatten;
use crate::domain::{AccountId, BrokerId, OrderId, Record, Time, counted};

/// Whether what is asked for can be written down before it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum JournalState {
    /// It can.
    #[default]
    Works,
    /// It cannot, and why: new orders and changes are refused, cancels work.
    Broken(Arc<str>),
}

impl JournalState {
    /// Why new orders and changes are refused; `None` when they are not.
    #[must_use]
    pub fn refusal(&self) -> Option<String> {
        match self {
            Self::Works => None,
            Self::Broken(why) => Some(format!(
                "The journal cannot be written ({why}): new orders and changes are refused, cancels work"
            )),
        }
    }
}

/// What happened to one order, oldest first: all of it, or how it began and its newest part.
#[derive(Debug, Clone, PartialEq)]
pub struct Timeline {
    /// Which order.
    pub order: OrderId,
    /// From the journal.
    pub records: Arc<[Record]>,
    /// How many are left out between the first ones and the newest: an order that lives for
    /// weeks may have more than anybody reads.
    pub left_out: usize,
}

/// What was found when a broker's books were compared with ours. The rules are a table in
/// ARCHITECTURE.md.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation {
    /// Whose books.
    pub broker: BrokerId,
    /// When.
    pub at: Time,
    /// Differences, each settled; none where both agree.
    pub findings: Vec<Finding>,
}

impl Reconciliation {
    /// A line for each kind of difference, such as `2 fills happened while offline`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let of = |kind: FindingKind| self.findings.iter().filter(|finding| finding.kind == kind).count();
        FindingKind::ALL.into_iter().map(move |kind| (kind, of(kind))).filter(|(_, count)| *count > 0).map(
            |(kind, count)| {
                let (one, many) = kind.words();
                counted(count, one, many)
            },
        )
    }

    /// Whether something is left for the trader to decide or to look at.
    #[must_use]
    pub fn needs_attention(&self) -> bool {
        self.findings.iter().any(|finding| finding.kind.needs_attention())
    }
}

impl fmt::Display for Reconciliation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return f.write_str("nothing differs");
        }
        let lines: Vec<String> = self.lines().collect();
        f.write_str(&lines.join("; "))
    }
}

/// One difference between a broker's books and ours, and how it was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which rule settled it.
    pub kind: FindingKind,
    /// The order it is about.
    pub order: Option<OrderId>,
    /// What was found, in words for a trader.
    pub text: Arc<str>,
}

/// The kinds of differences, the gravest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FindingKind {
    /// A position from before anything was traded here: taken over, for information.
    Held,
    /// An execution that we had not heard of: booked.
    Filled,
    /// An order that ended while we were away: marked so.
    Ended,
    /// An order whose terms are others now: taken over.
    Changed,
    /// An order or execution that was entered elsewhere: adopted as foreign.
    Foreign,
    /// An order that the broker has never had: marked as rejected.
    NeverArrived,
    /// An order that counted as ended and works: taken over.
    FoundAgain,
    /// A position that our executions do not explain: taken over.
    Position,
    /// An execution that the broker does not have any more: it stays in the journal.
    FillGone,
    /// An order that the broker does not have any more, and nobody can say why: unknown.
    Gone,
}

impl FindingKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 10] = [
        Self::Held,
        Self::Filled,
        Self::Ended,
        Self::Changed,
        Self::Foreign,
        Self::NeverArrived,
        Self::FoundAgain,
        Self::Position,
        Self::FillGone,
        Self::Gone,
    ];

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Held => ("position was held before", "positions were held before"),
            Self::Filled => ("fill happened while offline", "fills happened while offline"),
            Self::Ended => ("order ended while offline", "orders ended while offline"),
            Self::Changed => ("order was changed while offline", "orders were changed while offline"),
            Self::Foreign => ("order was entered elsewhere", "orders were entered elsewhere"),
            Self::NeverArrived => ("order never reached the broker", "orders never reached the broker"),
            Self::FoundAgain => {
                ("order that had counted as ended works", "orders that had counted as ended work")
            }
            Self::Position => ("position differs from its fills", "positions differ from their fills"),
            Self::FillGone => ("fill is not at the broker any more", "fills are not at the broker any more"),
            Self::Gone => ("order is not at the broker any more", "orders are not at the broker any more"),
        }
    }

    /// Whether the trader must decide something or look at it.
    #[must_use]
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::FoundAgain | Self::Position | Self::FillGone | Self::Gone)
    }
}

/// What the trader takes an order of unknown fate for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The broker does not have it any more and will not fill it.
    IsGone,
}

/// How far the kill switch has come, with evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KillReport {
    /// When it was used.
    pub since: Time,
    /// What becomes of positions.
    pub flatten: Flatten,
    /// Account by account.
    pub accounts: Vec<AccountKill>,
}

impl KillReport {
    /// Whether every account has come to its end: flat (if that was asked) and locked.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.accounts.iter().all(|account| account.stage == KillStage::Done)
    }

    /// Whether nothing more can be done for now: every account is at its end or stuck.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.accounts.iter().all(|a| matches!(a.stage, KillStage::Done | KillStage::Stuck(_)))
    }
}

/// How far the kill switch has come with one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountKill {
    /// The broker.
    pub broker: BrokerId,
    /// Its name.
    pub broker_name: Arc<str>,
    /// The account; `None` where the broker has not told of one.
    pub account: Option<AccountId>,
    /// Where it stands.
    pub stage: KillStage,
    /// What was asked and what the broker said, oldest first.
    pub evidence: Vec<(Time, Arc<str>)>,
}

/// Where the kill switch stands with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KillStage {
    /// So many orders are being cancelled.
    Cancelling(u32),
    /// The broker is asked for its books, to see that nothing works.
    Verifying,
    /// So many positions are being closed.
    Flattening(u32),
    /// Nothing works by the broker's own report, and nothing is held if that was asked.
    Done,
    /// Not at its end, and why. It is tried again as soon as that changes.
    Stuck(Arc<str>),
}

impl KillStage {
    /// In words.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Cancelling(count) => format!("Cancelling {}", counted(*count as usize, "order", "orders")),
            Self::Verifying => "Asking the broker whether nothing works".to_owned(),
            Self::Flattening(count) => {
                format!("Closing {}", counted(*count as usize, "position", "positions"))
            }
            Self::Done => "Done".to_owned(),
            Self::Stuck(why) => format!("Not done: {why}"),
        }
    }
}
