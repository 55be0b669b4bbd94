//! Positions and executions against what the journal knows of them, over restarts too.
//!
//! At the first books of a run the journal's executions say what should be held. Where the
//! broker holds something else, its word is taken over, told once, and written into the journal
//! ([`crate::domain::TakenOver`]): from then on it is what later executions are added to. The same with
//! executions that the broker has forgotten.

use std::collections::{BTreeMap, BTreeSet};

use super::{Comparison, Session, fill_text};
use crate::domain::money::grouped;
use crate::domain::{AccountId, BrokerId, Decimal, Fill, InstrumentId, Past, Position, Time};
use crate::engine::{Effect, Engine};
use crate::link::{Finding, FindingKind, Update};

/// What earlier runs have left to compare books with.
#[derive(Default)]
pub(in crate::engine) struct Before {
    /// What the journal's executions come to, until a broker says what is held.
    held: BTreeMap<(AccountId, InstrumentId), Decimal>,
    /// Per broker: executions up to here are known, though they are not in memory.
    known_until: BTreeMap<BrokerId, Time>,
    /// Per broker: executions up to here that it does not have were told of.
    told_until: BTreeMap<BrokerId, Time>,
}

impl Before {
    /// What `past` and the executions behind it, `fills`, come to.
    pub(in crate::engine) fn new(past: Past, fills: &[Fill]) -> Self {
        let mut before = Self::default();
        before.recall(past, fills);
        before
    }

    /// The same of an instrument that joins.
    pub(in crate::engine) fn recall(&mut self, past: Past, fills: &[Fill]) {
        let Past { opening, known_until, told_until } = past;
        self.held.extend(opening);
        for fill in fills {
            let net = self.held.entry((fill.account.clone(), fill.instrument)).or_default();
            *net = net.saturating_add(fill.side.sign() * fill.quantity.0);
        }
        for (ours, read) in [(&mut self.known_until, known_until), (&mut self.told_until, told_until)] {
            for (broker, until) in read {
                let known = ours.entry(broker).or_insert(until);
                *known = until.max(*known);
            }
        }
    }

    /// Whether an execution is so old that the journal has it, and nobody remembers its id.
    pub(super) fn is_forgotten(&self, broker: BrokerId, fill: &Fill) -> bool {
        self.known_until.get(&broker).is_some_and(|until| fill.time <= *until)
    }
}

impl Engine {
    /// Whether an instrument is one of that broker's.
    pub(in crate::engine) fn is_listed_at(&self, broker: BrokerId, instrument: InstrumentId) -> bool {
        self.instruments.get(instrument.index()).is_some_and(|listed| listed.broker == broker)
    }

    /// Positions as the broker has them; what it does not mention is flat.
    pub(super) fn settle_positions(&mut self, comparison: &mut Comparison<'_>, out: &mut Vec<Effect>) {
        let key_of = |p: &Position| (p.account.clone(), p.instrument);
        let told: BTreeSet<(AccountId, InstrumentId)> =
            comparison.books.positions.iter().map(key_of).collect();
        let shown = self.positions.values().filter(|p| !p.is_flat()).map(key_of);
        let is_new = |(key, net): &(&(AccountId, InstrumentId), &Decimal)| {
            !net.is_zero() && !self.positions.contains_key(*key)
        };
        let journaled = self.before.held.iter().filter(is_new).map(|(key, _)| key.clone());
        let is_silent = |(account, instrument): &(AccountId, InstrumentId)| {
            self.is_listed_at(comparison.broker, *instrument)
                && !comparison.books.lacks_positions
                && comparison.speaks_for(account)
                && comparison.books.speak_of(*instrument)
                && !told.contains(&(account.clone(), *instrument))
        };
        let silent: Vec<(AccountId, InstrumentId)> = shown.chain(journaled).filter(is_silent).collect();
        let flat = silent.into_iter().map(|(account, instrument)| Position::flat(account, instrument));
        for position in comparison.books.positions.iter().cloned().chain(flat) {
            self.settle_position(position, comparison, out);
        }
    }

    fn settle_position(
        &mut self,
        position: Position,
        comparison: &mut Comparison<'_>,
        out: &mut Vec<Effect>,
    ) {
        if !self.is_listed_at(comparison.broker, position.instrument) {
            tracing::error!("a broker holds what it does not list: {position:?}");
            return;
        }
        let key = (position.account.clone(), position.instrument);
        let is_first = !self.accounts.contains_key(&(comparison.broker, position.account.clone()));
        let journaled = self.before.held.remove(&key);
        let moved = comparison.moved.get(&key).copied().unwrap_or_default();
        let before = self.positions.insert(key.clone(), position.clone());
        if before.as_ref() != Some(&position) {
            comparison.session.publish(Update::Position(position.clone()), comparison.now, out);
        }
        let known = before.map(|before| before.net).or(journaled);
        // Of an account that is met for the first time nothing is expected but what is known.
        let is_unknown = known.is_none() && is_first;
        let expected = known.unwrap_or_default().saturating_add(moved);
        if expected == position.net {
            return;
        }
        let amount = |net: Decimal| grouped(&net.normalize().to_string());
        let (symbol, net) = (self.symbol(position.instrument), amount(position.net));
        let (kind, text) = if is_unknown {
            let text = format!("{symbol}: {net} were held before this program traded it: taken over");
            (FindingKind::Held, text)
        } else {
            let expected = amount(expected);
            let text =
                format!("{symbol}: the broker holds {net}, our executions make {expected}: taken over");
            (FindingKind::Position, text)
        };
        comparison.findings.push(Finding { kind, order: None, text: text.into() });
        comparison.taken.positions.push((position.account, position.instrument, position.net));
    }

    /// Executions of ours that final books do not have, though they go back that far.
    pub(super) fn settle_lost_executions(&mut self, comparison: &mut Comparison<'_>) {
        let (broker, books) = (comparison.broker, comparison.books);
        if comparison.session != Session::New || !books.are_final {
            return;
        }
        // Brokers remember so many of each account: the list of one may go back further than that of
        // another. Of books that list none at all, there never were any.
        let mut reach: BTreeMap<&AccountId, Time> = BTreeMap::new();
        for fill in &books.fills {
            let oldest = reach.entry(&fill.account).or_insert(fill.time);
            *oldest = fill.time.min(*oldest);
        }
        let oldest = |account: &AccountId| reach.get(account).or_else(|| reach.values().min()).copied();
        let told = self.before.told_until.get(&broker).copied();
        let theirs: BTreeSet<_> = books.fills.iter().map(|fill| (&fill.account, &fill.exec_id)).collect();
        let is_lost = |fill: &&Fill| {
            self.is_listed_at(broker, fill.instrument)
                && comparison.speaks_for(&fill.account)
                && books.speak_of(fill.instrument)
                && oldest(&fill.account).is_none_or(|oldest| fill.time > oldest)
                && told.is_none_or(|told| fill.time > told)
                && !theirs.contains(&(&fill.account, &fill.exec_id))
        };
        let lost: Vec<Fill> = self.executions.fills().filter(is_lost).cloned().collect();
        for fill in &lost {
            let text = format!("{}: not among the broker's executions any more", fill_text(self, fill));
            comparison.finds(FindingKind::FillGone, fill.order, text);
        }
        if let Some(newest) = lost.iter().map(|fill| fill.time).max() {
            self.before.told_until.insert(broker, newest);
            comparison.taken.executions_until = Some(newest);
        }
    }
}
