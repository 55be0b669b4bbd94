//! What the desk knows about the selected instrument, as the ticket needs it: gathered
//! once a frame, so that every line of the ticket speaks of the same instant.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::uses;
use crate::desk::{Desk, Freshness, NoAccount, QuoteView};
use crate::domain::limits::{Scope, ScopeKind};
use crate::domain::{
    Account, AccountId, AccountKind, Decimal, Instrument, InstrumentId, Money, OrderId, Position, Price,
    Settings, Side, Time,
};
use crate::link::{Connection, ConnectionState};
use crate::risk::{Pending, Refusal, Uses};
use crate::ui::format;

/// The frame's facts.
#[derive(Clone)]
pub(super) struct Facts<'a> {
    pub desk: &'a Desk,
    pub instrument: &'a Instrument,
    pub quote: Option<QuoteView<'a>>,
    /// The account that the order is entered for, or why there is none.
    pub account: Result<&'a Account, NoAccount>,
    pub position: Option<&'a Position>,
    pub settings: &'a Settings,
    /// Base currency per unit of the instrument's currency.
    pub to_base: Option<Money>,
    /// The limits' currency per unit of the instrument's currency.
    pub to_limits: Option<Money>,
    pub is_killed: bool,
    /// Why the broker takes no orders now, in the words of the engine's refusal.
    pub not_ready: Option<String>,
    /// What holds back orders that open risk, and them alone.
    pub opening_locked: Option<&'static str>,
    /// That nothing is heard of the broker, in the same words.
    pub silent: Option<String>,
    /// What is used of the counted limits, as far as the window knows.
    pub uses: Uses,
    /// Units that working orders and exits could still trade, as the gate counts them: asked for with every button.
    pub reaching: Reaching,
    /// The zone that times are typed and shown in.
    pub zone: TimeZone,
    pub now: Time,
}

/// What could still be traded of an instrument for an account.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reaching {
    /// By working orders.
    pub pending: Pending,
    /// By exits.
    pub exits: Pending,
}

impl Reaching {
    /// Of all orders `but` one.
    fn of(desk: &Desk, account: &AccountId, instrument: InstrumentId, but: Option<OrderId>) -> Self {
        let pending = uses::pending(desk, account, instrument, but);
        Self { pending, exits: uses::exits(desk, account, instrument, but) }
    }
}

/// How much a line matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Plain,
    Warn,
    Danger,
}

/// The line at the top: whether an order can be sent at all, and what that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub level: Level,
    pub line: String,
    /// The whole story, for the tooltip.
    pub more: String,
}

impl<'a> Facts<'a> {
    /// What orders `but` one could still trade.
    pub(super) fn reaching_but(&self, but: Option<OrderId>) -> Reaching {
        match (but, &self.account) {
            (Some(_), Ok(account)) => Reaching::of(self.desk, &account.id, self.instrument.id, but),
            _ => self.reaching,
        }
    }

    pub(super) fn of(desk: &'a Desk, instrument: &'a Instrument) -> Self {
        Self::of_account(desk, instrument, desk.entry_account(instrument.broker))
    }

    /// The same for orders of a certain account.
    pub(super) fn of_account(
        desk: &'a Desk,
        instrument: &'a Instrument,
        account: Result<&'a Arc<Account>, NoAccount>,
    ) -> Self {
        Self::with_uses(desk, instrument, account, |account| uses::of(desk, account, instrument))
    }

    /// The same where it is known otherwise what is used of the counted limits.
    pub(super) fn with_uses(
        desk: &'a Desk,
        instrument: &'a Instrument,
        account: Result<&'a Arc<Account>, NoAccount>,
        used: impl FnOnce(&AccountId) -> Uses,
    ) -> Self {
        let account = account.map(|account| &**account);
        let known = account.as_ref().ok().copied();
        let position = known.and_then(|a| desk.blotter().position_of(&a.id, instrument.id));
        let rates = desk.rates();
        let amount = rates.to_base(Decimal::ONE, instrument.currency);
        let words =
            |c: &Connection| format!("{} is {}: {}", c.name, c.state.label().to_lowercase(), c.reason);
        let (not_ready, silent) = match desk.connection(instrument.broker) {
            Some(c) if c.state.takes_orders() => (None, None),
            Some(c) if c.state == ConnectionState::Silent => (None, Some(words(c))),
            Some(c) => (Some(words(c)), None),
            None => (Some("The broker is not connected".to_owned()), None),
        };
        Self {
            desk,
            instrument,
            quote: desk.quote(instrument.id),
            account,
            position: position.filter(|position| !position.is_flat()),
            settings: desk.settings(),
            to_base: amount.map(|amount| Money { amount, currency: rates.base() }),
            to_limits: desk.worth(instrument.currency, desk.settings().limits.currency),
            is_killed: desk.kill().is_locked(),
            not_ready,
            opening_locked: desk.connection(instrument.broker).and_then(|c| c.state.opening_locked()),
            silent,
            uses: known.map(|account| used(&account.id)).unwrap_or_default(),
            reaching: known
                .map(|account| Reaching::of(desk, &account.id, instrument.id, None))
                .unwrap_or_default(),
            zone: format::zone(desk.settings().time_zone_display, Some(instrument)),
            now: desk.now(),
        }
    }

    /// Signed units held.
    pub(super) fn net(&self) -> Decimal {
        self.position.map_or(Decimal::ZERO, |position| position.net)
    }

    /// What is said of no position: that there is none, where it is known whose that would be.
    pub(super) fn nothing_held(&self) -> &'static str {
        if self.account.is_ok() { "flat" } else { "–" }
    }

    /// Whether real money is at stake; while it is not clear for which account, whether it may be.
    pub(super) fn is_live(&self) -> bool {
        let is_live = |account: &Account| account.kind == AccountKind::Live;
        match &self.account {
            Ok(account) => is_live(account),
            Err(_) => self.desk.accounts_of(self.instrument.broker).any(|account| is_live(account)),
        }
    }

    /// Whether what opens a position may be sent for the account, as far as its money goes.
    pub(super) fn is_armed(&self) -> bool {
        self.account.as_ref().map_or(true, |account| self.desk.is_armed(account))
    }

    /// Whether the exchange takes orders that cannot wait; unknown counts as open, the
    /// missing quote is said elsewhere.
    pub(super) fn is_open(&self) -> bool {
        self.quote.is_none_or(|view| view.quote.is_open)
    }

    pub(super) fn bid(&self) -> Option<Price> {
        self.quote.and_then(|view| view.quote.bid)
    }

    pub(super) fn ask(&self) -> Option<Price> {
        self.quote.and_then(|view| view.quote.ask)
    }

    pub(super) fn last(&self) -> Option<Price> {
        self.quote.and_then(|view| view.quote.last)
    }

    /// The best price on an order's own side, where a limit order joins the queue.
    pub(super) fn near_side(&self, side: Side) -> Option<Price> {
        match side {
            Side::Buy => self.bid(),
            Side::Sell => self.ask(),
        }
    }

    /// What a market order meets: the other side of the book, else the mark.
    pub(super) fn far_side(&self, side: Side) -> Option<Price> {
        self.near_side(side.opposite()).or_else(|| self.quote.and_then(|view| view.quote.mark()))
    }

    /// What keeps every order of this instrument from being sent.
    pub(super) fn barrier(&self) -> Option<String> {
        if self.is_killed {
            return Some(Refusal::Killed.to_string());
        }
        if let Some(why) = &self.not_ready {
            return Some(Refusal::NotReady(why.clone()).to_string());
        }
        if let Some(why) = self.desk.journal().refusal() {
            return Some(why);
        }
        self.account.as_ref().err().map(ToString::to_string)
    }

    /// The line at the top of the ticket.
    pub(super) fn standing(&self) -> Standing {
        let say = |level, line: String, more: String| Standing { level, line, more };
        if let Some(barrier) = self.barrier() {
            let line = if self.is_killed {
                "Kill switch on: no orders are sent"
            } else if self.not_ready.is_some() {
                "Not connected: no orders are sent"
            } else if self.desk.journal().refusal().is_some() {
                "The journal cannot be written: no orders are sent"
            } else {
                match &self.account {
                    Err(NoAccount::NotChosen) => "Choose an account first",
                    Err(NoAccount::Gone(_)) => "This account is not here",
                    Err(NoAccount::NotTold) | Ok(_) => "No account yet: no orders are sent",
                }
            };
            return say(Level::Danger, line.to_owned(), barrier);
        }
        if let Some(why) = &self.silent {
            let more = format!("{} An order asks twice before it is sent.", Refusal::Silent(why.clone()));
            return say(Level::Danger, "Broker silent: orders ask twice".to_owned(), more);
        }
        if let Some(account) = self.account.as_ref().ok().filter(|_| !self.is_armed()) {
            let more = Refusal::NotArmed(account.id.clone()).to_string();
            return say(Level::Warn, "Not armed: closing only".to_owned(), more);
        }
        if let Some(why) = self.opening_locked {
            let more = Refusal::OpeningLocked(why.to_owned()).to_string();
            return say(Level::Warn, "Comparing books: positions can only be made smaller".to_owned(), more);
        }
        let locked = |kind: &ScopeKind| Some((*kind, self.uses.of(*kind).lock?));
        if let Some((kind, lock)) = ScopeKind::ALL.iter().find_map(locked) {
            let scope = match (kind, &self.account) {
                (ScopeKind::Account, Ok(account)) => Scope::Account(account.id.0.clone()),
                (ScopeKind::Instrument, _) => Scope::Instrument(self.instrument.key().into()),
                _ => Scope::Profile,
            };
            let more = Refusal::Locked { lock, scope }.to_string();
            return say(Level::Warn, "Loss lock: closing only".to_owned(), more);
        }
        let remark = self.desk.remark(self.instrument.id);
        let Some(view) = self.quote else {
            if let Some(remark) = remark {
                let line = format!("No quote: {}. Orders must wait", remark.short);
                return say(Level::Warn, line, remark.text.to_string());
            }
            let more =
                format!("No price of {} has been seen yet: wait for the first quote", self.instrument.symbol);
            return say(Level::Warn, "No quote yet: orders must wait".to_owned(), more);
        };
        let title = self.account.as_ref().map_or("", |account| &account.title);
        match view.freshness {
            Freshness::Stale => {
                let age = format::duration(view.age);
                let limit = self.settings.limits.quote_age(self.instrument);
                let more = format!(
                    "The newest quote of {} is {age} old, the limit is {limit} s: until a fresh one comes, an order that opens a position asks twice",
                    self.instrument.symbol
                );
                let Some(remark) = remark else {
                    return say(Level::Warn, format!("Quote {age} old: opening asks twice"), more);
                };
                let line = format!("Quote {}: opening asks twice", remark.short);
                say(Level::Warn, line, format!("{}\n\n{more}", remark.text))
            }
            Freshness::Closed => {
                let more = format!(
                    "{} is closed: orders that can rest wait for the open; market, IOC and FOK orders cannot be sent",
                    self.instrument.venue
                );
                say(Level::Warn, format!("{} closed: orders wait for the open", self.instrument.venue), more)
            }
            Freshness::Live => {
                let more = format!("Orders are entered for {title}; {} is open", self.instrument.venue);
                say(Level::Plain, format!("{title} · {} open", self.instrument.venue), more)
            }
        }
    }
}
