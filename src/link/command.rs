//! What the window (and later the servers) may ask of the engine.

use std::sync::Arc;
use std::time::Duration;

use super::{Decision, Demand, FileTask, Flatten, Span};
use crate::domain::settings::Settings;
use crate::domain::{
    AccountId, AlertId, AlertTerms, BrokerId, ClientRef, Decimal, DrawingChange, FiringId, InstrumentId,
    Note, OrderId, OrderKind, OrderSpec, Origin, PlanId, Price, Qty, Quote, Time, TimeInForce, Weather,
};
use crate::risk::Despite;

/// Correlates a command with its answer. Unique in one run of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub u64);

/// A command on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Comes back in the answer.
    pub id: CommandId,
    /// When the click or key that caused it reached the window.
    pub input_at: Time,
    /// What is asked.
    pub command: Command,
}

/// Everything that can be asked. Each is answered by one [`super::Answer`].
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a few commands a second, moved twice")]
pub enum Command {
    /// Enter an order.
    Place(Place),
    /// Ask a broker what an order would tie up and cost; nothing is sent to a market
    /// ([`super::Update::Impact`]).
    WhatIf(WhatIf),
    /// Enter the orders of a plan of target weights, all at once.
    Allocate(Allocation),
    /// Read a table of target weights ([`super::Update::Targets`]).
    ReadTargets(TargetsFrom),
    /// Write or read a file that the trader has named ([`super::Update::File`]).
    File(FileTask),
    /// Change a working order, or an exit that this program keeps; `None` leaves that part as it is.
    Amend {
        /// Which order.
        order: OrderId,
        /// New total quantity, filled part included.
        quantity: Option<Qty>,
        /// New limit price.
        limit: Option<Price>,
        /// New trigger price.
        stop: Option<Price>,
        /// What is unusual about the market or the line, and accepted for this change.
        despite: Despite,
    },
    /// Cancel one order.
    Cancel {
        /// Which.
        order: OrderId,
    },
    /// Cancel every working order, or every one of an instrument.
    CancelAll {
        /// Only of this one.
        instrument: Option<InstrumentId>,
    },
    /// Bring a position to zero at market.
    Close {
        /// Whose position, as the trader saw it.
        account: AccountId,
        /// Of which instrument.
        instrument: InstrumentId,
        /// What is unusual about the market or the line, and accepted for this order.
        despite: Despite,
    },
    /// Turn a position into its opposite at market.
    Reverse {
        /// Whose position, as the trader saw it.
        account: AccountId,
        /// Of which instrument.
        instrument: InstrumentId,
        /// What is unusual about the market or the line, and accepted for this order.
        despite: Despite,
    },
    /// Lock new orders, cancel working ones and, if asked, close positions; until released.
    Kill {
        /// What becomes of positions.
        flatten: Flatten,
    },
    /// Allow orders again.
    ReleaseKill,
    /// Let orders that open positions go out for a live account, until the program ends.
    Arm {
        /// Whose account.
        broker: BrokerId,
        /// Which.
        account: AccountId,
        /// What the trader has typed: the account's id, or nothing is armed.
        typed: Arc<str>,
    },
    /// Hold them back again.
    Disarm {
        /// Whose account.
        broker: BrokerId,
        /// Which.
        account: AccountId,
    },
    /// Say what an order of unknown fate is to be taken for.
    Decide {
        /// Which.
        order: OrderId,
        /// What for.
        decision: Decision,
    },
    /// Tell the timeline of an order ([`super::Update::Timeline`]).
    Timeline {
        /// Which.
        order: OrderId,
    },
    /// Ask a broker for its books and compare them with ours.
    Reconcile {
        /// Whose.
        broker: BrokerId,
    },
    /// Replace the demand set.
    Demand(Arc<Demand>),
    /// Replace the settings.
    Configure(Arc<Settings>),
    /// Look for instruments that brokers have and this run does not list ([`super::Update::Found`]).
    Find(Arc<str>),
    /// List an instrument, now and at each start ([`super::Update::Listed`]).
    List {
        /// Whose.
        broker: BrokerId,
        /// By this name ([`crate::domain::Candidate::name`]).
        name: Arc<str>,
    },
    /// Watch for something ([`super::Update::Alert`]).
    SetAlert {
        /// In place of this one; `None`: besides all others.
        id: Option<AlertId>,
        /// For what.
        terms: AlertTerms,
    },
    /// Have an alert that has fired wait again.
    RearmAlert(AlertId),
    /// Forget an alert; what it has told stays.
    RemoveAlert(AlertId),
    /// The trader has seen what alerts have told, up to this one.
    SeeAlerts(FiringId),
    /// Read what was earned day by day. The answer is `Update::Results`.
    Results(Span),
    /// Note something of an order and its fills. What became of it comes as `Update::Noted`.
    Annotate {
        /// Of which order.
        order: OrderId,
        /// What; an empty note takes away what was noted before.
        note: Note,
    },
    /// Change what is drawn on the charts of an instrument ([`super::Update::Drawings`]).
    Draw {
        /// Of which.
        instrument: InstrumentId,
        /// How.
        change: DrawingChange,
    },
    /// Keep the window's arrangement (its own format) over a restart.
    SaveWorkspace(Arc<str>),
    /// Switch a broker's bad day on.
    Drill {
        /// Whose.
        broker: BrokerId,
        /// Which.
        drill: Drill,
    },
    /// Give the servers that let other programs use this one a bad day, or a better one.
    Weather(Weather),
    /// Tell everything anew.
    Snapshot,
    /// Finish and save; the last answer of this run.
    Shutdown,
}

impl Command {
    /// For which account it enters an order, where it enters one.
    #[must_use]
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Place(place) => Some(&place.account),
            Self::WhatIf(asked) => Some(&asked.account),
            Self::Allocate(allocation) => Some(&allocation.account),
            Self::Close { account, .. } | Self::Reverse { account, .. } => Some(account),
            _ => None,
        }
    }

    /// Whether carrying it out means to ask a broker for something about orders.
    #[must_use]
    pub fn is_for_a_broker(&self) -> bool {
        matches!(
            self,
            Self::Place(_)
                | Self::Allocate(_)
                | Self::Amend { .. }
                | Self::Cancel { .. }
                | Self::CancelAll { .. }
                | Self::Close { .. }
                | Self::Reverse { .. }
                | Self::Drill { .. }
        )
    }
}

/// An order to be entered.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// For which account of the instrument's broker, as the trader saw it: it goes for this one or
    /// for none.
    pub account: AccountId,
    /// What is asked for.
    pub spec: OrderSpec,
    /// Orders that guard the position it opens.
    pub bracket: Option<Bracket>,
    /// Where it was entered.
    pub origin: Origin,
    /// The quote the trader looked at.
    pub seen: Option<Quote>,
    /// What another program calls the entry and its exits, in the order of [`Bracket::exits`]; empty
    /// for what is entered here.
    pub names: Vec<ClientRef>,
    /// What is unusual about the market, which the trader was told and accepts for this order.
    pub despite: Despite,
}

impl Place {
    /// An order by hand with nothing special about it.
    #[must_use]
    pub fn plain(account: AccountId, spec: OrderSpec) -> Self {
        Self {
            account,
            spec,
            bracket: None,
            origin: Origin::Ticket,
            seen: None,
            names: Vec::new(),
            despite: Despite::default(),
        }
    }
}

/// An order that a broker only reckons with.
#[derive(Debug, Clone, PartialEq)]
pub struct WhatIf {
    /// For which account.
    pub account: AccountId,
    /// What would be asked for.
    pub spec: OrderSpec,
}

/// Orders that together bring an account to target weights, as the trader saw and confirmed them.
#[derive(Debug, Clone, PartialEq)]
pub struct Allocation {
    /// Its orders are sent once: the same plan is refused from then on, in later runs too.
    pub plan: PlanId,
    /// For which account, as the trader saw it.
    pub account: AccountId,
    /// One for each instrument.
    pub orders: Arc<[AllocationOrder]>,
}

/// Where a table of target weights is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetsFrom {
    /// In the file of this path.
    File(Arc<str>),
    /// In this text, as it was pasted.
    Pasted(Arc<str>),
}

/// An order of an allocation, with what it was made from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AllocationOrder {
    /// A plain order.
    pub spec: OrderSpec,
    /// What was held of the instrument, as the trader saw it: of another position nothing is sent.
    pub held: Decimal,
    /// The quote that the trader saw.
    pub seen: Option<Quote>,
}

/// A profit target and a stop, one cancelling the other, both waiting for the entry to fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bracket {
    /// Limit price of the profit target.
    pub take_profit: Option<Price>,
    /// Trigger of the stop.
    pub stop_loss: Option<Price>,
    /// How long both are good for.
    pub tif: TimeInForce,
}

impl Bracket {
    /// Whose exits stay until they are cancelled.
    #[must_use]
    pub const fn gtc(take_profit: Option<Price>, stop_loss: Option<Price>) -> Self {
        Self { take_profit, stop_loss, tif: TimeInForce::Gtc }
    }

    /// The orders that guard what `entry`, which is or will be `parent`, opens.
    pub fn exits(self, entry: &OrderSpec, parent: OrderId) -> impl Iterator<Item = OrderSpec> {
        let exit = |kind| OrderSpec {
            side: entry.side.opposite(),
            kind,
            tif: self.tif,
            post_only: false,
            oco: None,
            parent: Some(parent),
            ..*entry
        };
        let target = self.take_profit.map(|price| exit(OrderKind::Limit { price }));
        let stop = self.stop_loss.map(|stop| exit(OrderKind::Stop { stop }));
        target.into_iter().chain(stop)
    }
}

/// A broker's bad day, on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drill {
    /// The session answers nothing and reads nothing for so long.
    Freeze(Duration),
    /// The session's task panics.
    Crash,
}
