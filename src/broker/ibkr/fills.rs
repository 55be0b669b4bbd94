//! Executions, what they cost, and what is held.
//!
//! TWS tells an execution first and its commission apart, a moment later. The engine books an execution
//! once, with its commission, so that it waits for it, but not for long ([`PATIENCE`]): what is held must be
//! known. A commission that comes later still is told with its execution once more, for the engine to add.
//!
//! The id of an execution ends with the number of its version: `….01.01` was corrected where `….01.02`
//! comes. The id that the engine gets is the one without the version, so that no correction counts twice.
//! One of an execution that was booked already changes nothing that was booked: it is told, and the books
//! are read for what is held then.

use std::collections::BTreeMap;
use std::time::Duration;

use ibapi::accounts::Position as TheirPosition;
use ibapi::orders::{CommissionReport, ExecutionData, ExecutionSide, Liquidity as Theirs};
use jiff::tz::TimeZone;

use super::books::Answer;
use super::listed::Listing;
use super::number::{amount, decimal, price, quantity};
use super::times;
use crate::broker::contract::BrokerEvent;
use crate::domain::{
    AccountId, Currency, Decimal, ExecId, Fill, InstrumentId, Liquidity, Money, OrderId, Position, Side,
    Time, bounds, counted,
};
use crate::link::NoticeLevel;

/// How long an execution waits for its commission.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long what TWS holds may differ from what its executions make.
const SETTLES: Duration = Duration::from_secs(3);

type Key = (AccountId, InstrumentId);

/// An execution, told or not.
#[derive(Debug)]
struct Execution {
    fill: Fill,
    version: u32,
    commission: Option<Money>,
    came: Time,
    place: usize,
    is_told: bool,
}

/// What TWS says is held.
#[derive(Debug, Clone, Copy)]
struct Held {
    net: Decimal,
    average: Decimal,
    /// Since when it is so.
    since: Time,
    /// Whether the books were asked why.
    is_asked: bool,
}

/// All executions of a session, and all positions.
#[derive(Debug, Default)]
pub(super) struct Fills {
    executions: BTreeMap<ExecId, Execution>,
    /// How many of them were not told.
    untold: usize,
    /// Commissions that came before their execution.
    early: BTreeMap<String, CommissionReport>,
    positions: BTreeMap<Key, Position>,
    held: BTreeMap<Key, Held>,
    /// What the answer that is coming holds so far.
    coming: Option<BTreeMap<Key, Held>>,
    /// Instruments that are held and not listed, by what TWS calls them.
    unlisted: BTreeMap<String, Decimal>,
    is_open: bool,
    wants_books: bool,
}

impl Fills {
    /// What an earlier session of this run has left: the results that positions have made.
    pub fn following(earlier: BTreeMap<Key, Position>) -> Self {
        Self { positions: earlier, ..Self::default() }
    }

    /// What the next session goes on with.
    pub fn positions(&self) -> &BTreeMap<Key, Position> {
        &self.positions
    }

    /// Whether something has happened that only the books can explain; forgotten once it was asked.
    pub fn takes_books(&mut self) -> bool {
        std::mem::take(&mut self.wants_books)
    }

    /// TWS tells of an execution of `order`, live or asked for.
    pub fn execution(
        &mut self,
        data: &ExecutionData,
        order: OrderId,
        listing: &Listing,
        zone: Option<&TimeZone>,
        now: Time,
        events: &mut Vec<BrokerEvent>,
    ) {
        let theirs = &data.execution;
        let instrument = listing.find(&data.contract).and_then(|id| listing.instrument(id));
        let Some(instrument) = instrument else {
            tracing::warn!("an execution of what is not listed: {} {:?}", theirs.execution_id, data.contract);
            return;
        };
        let (Some(price), Some(quantity)) = (price(theirs.price), quantity(theirs.shares)) else {
            tracing::error!("an execution that makes no sense: {theirs:?}");
            return;
        };
        let (id, version) = versioned(&theirs.execution_id);
        let fill = Fill {
            exec_id: id.clone(),
            order,
            account: AccountId::from(&*theirs.account_number),
            instrument: instrument.id,
            side: match theirs.side {
                ExecutionSide::Bought => Side::Buy,
                ExecutionSide::Sold => Side::Sell,
            },
            quantity,
            price,
            commission: Money { amount: Decimal::ZERO, currency: instrument.currency },
            realised: Decimal::ZERO,
            liquidity: if theirs.last_liquidity == Theirs::AddedLiquidity {
                Liquidity::Maker
            } else {
                Liquidity::Taker
            },
            time: times::parse(&theirs.time, zone).unwrap_or(now),
        };
        let place = self.executions.len();
        match self.executions.get_mut(&id) {
            None => {
                let commission = self.early.remove(&theirs.execution_id).and_then(|report| cost(&report));
                let execution = Execution { fill, version, commission, came: now, place, is_told: false };
                self.executions.insert(id, execution);
                self.untold += 1;
            }
            Some(known) if version > known.version => {
                let differs = known.fill.quantity != fill.quantity
                    || known.fill.price != fill.price
                    || known.fill.side != fill.side;
                if known.is_told && differs {
                    let text = format!(
                        "IBKR has corrected an execution of order {}: {} at {} is {} at {}. What was booked stays; \
                         compare what is held",
                        fill.order, known.fill.quantity, known.fill.price, fill.quantity, fill.price
                    );
                    events.push(BrokerEvent::Note(NoticeLevel::Error, text.into()));
                    self.wants_books = true;
                }
                known.version = version;
                if !known.is_told {
                    known.fill = fill;
                }
            }
            Some(_) => {}
        }
    }

    /// TWS tells what an execution has cost.
    pub fn commission(&mut self, report: &CommissionReport, events: &mut Vec<BrokerEvent>) {
        let (id, _) = versioned(&report.execution_id);
        let Some(known) = self.executions.get_mut(&id) else {
            self.early.insert(report.execution_id.clone(), report.clone());
            return;
        };
        let Some(cost) = cost(report) else { return };
        let before = known.commission.replace(cost);
        if !known.is_told || before == Some(cost) {
            return;
        }
        let fill = Fill { commission: cost, ..known.fill.clone() };
        let key = (fill.account.clone(), fill.instrument);
        let flat = || Position::flat(fill.account.clone(), fill.instrument);
        let position = self.positions.entry(key).or_insert_with(flat);
        // An execution that was never charged costs nothing, in the currency of its instrument.
        let currency = known.fill.commission.currency;
        for (money, sign) in [(before, Decimal::NEGATIVE_ONE), (Some(cost), Decimal::ONE)] {
            let own = money.filter(|money| money.currency == currency);
            position.commissions += own.map_or(Decimal::ZERO, |money| sign * money.amount);
        }
        events.push(BrokerEvent::Charged { fill, position: position.clone() });
    }

    /// Executions that can be told now, oldest first: those whose commission is here, or has not come for
    /// too long.
    pub fn due(&mut self, now: Time, listing: &Listing) -> Vec<(Fill, Position)> {
        if !self.is_open || self.untold == 0 {
            return Vec::new();
        }
        let is_due = |execution: &Execution| {
            !execution.is_told && (execution.commission.is_some() || now.since(execution.came) >= PATIENCE)
        };
        let mut due: Vec<&mut Execution> = self.executions.values_mut().filter(|e| is_due(e)).collect();
        due.sort_by_key(|execution| execution.place);
        let mut told = Vec::new();
        self.untold -= due.len();
        for execution in due {
            execution.is_told = true;
            let mut fill = execution.fill.clone();
            fill.commission = execution.commission.unwrap_or(fill.commission);
            let key = (fill.account.clone(), fill.instrument);
            let flat = || Position::flat(fill.account.clone(), fill.instrument);
            let position = self.positions.entry(key).or_insert_with(flat);
            let multiplier = listing.instrument(fill.instrument).map_or(Decimal::ONE, |i| i.multiplier);
            fill.realised = position.apply(fill.side, fill.quantity, fill.price, multiplier);
            let currency = listing.instrument(fill.instrument).map(|i| i.currency);
            if currency == Some(fill.commission.currency) {
                position.commissions += fill.commission.amount;
            }
            told.push((fill, position.clone()));
        }
        told
    }

    /// The answer to the question for positions begins.
    pub fn begin_positions(&mut self) {
        self.coming = Some(BTreeMap::new());
    }

    /// TWS tells what is held of something.
    pub fn position(&mut self, theirs: &TheirPosition, listing: &Listing, now: Time) {
        let (Some(net), Some(cost)) = (decimal(theirs.position), decimal(theirs.average_cost)) else {
            return;
        };
        let Ok(net) = bounds::net(net) else { return };
        let instrument = listing.find(&theirs.contract).and_then(|id| listing.instrument(id));
        let Some(instrument) = instrument else {
            let name = format!("{} {}", theirs.contract.symbol, theirs.contract.security_type);
            if net.is_zero() {
                self.unlisted.remove(&name)
            } else {
                self.unlisted.insert(name, net)
            };
            return;
        };
        let average = cost.checked_div(instrument.multiplier).and_then(|cost| bounds::average(cost).ok());
        let average = average.unwrap_or_default();
        let average = if net.is_zero() { Decimal::ZERO } else { average };
        let held = Held { net, average, since: now, is_asked: false };
        let key = (AccountId::from(&*theirs.account), instrument.id);
        match &mut self.coming {
            Some(coming) => coming.insert(key, held),
            None => self.held.insert(key, held),
        };
    }

    /// That was all that is held.
    pub fn end_positions(&mut self) {
        if let Some(coming) = self.coming.take() {
            self.held = coming;
        }
    }

    /// Everything for the books, which tell it: the executions that TWS knows, oldest first, those among
    /// them that were not told before, and what is held. Without an answer on what is held, nothing of it.
    pub fn books(&mut self, held: Answer) -> (Vec<Fill>, Vec<Fill>, Vec<Position>) {
        (self.is_open, self.untold) = (true, 0);
        let mut fills = Vec::new();
        let mut fresh = Vec::new();
        for execution in self.executions.values_mut() {
            let mut fill = execution.fill.clone();
            fill.commission = execution.commission.unwrap_or(fill.commission);
            if !std::mem::replace(&mut execution.is_told, true) {
                fresh.push(fill.clone());
            }
            fills.push(fill);
        }
        fills.sort_by(|a, b| a.time.cmp(&b.time).then_with(|| a.exec_id.cmp(&b.exec_id)));
        if held == Answer::Missing {
            return (fills, fresh, Vec::new());
        }
        let before = std::mem::take(&mut self.positions);
        for (key, held) in &self.held {
            let flat = || Position::flat(key.0.clone(), key.1);
            let earlier = before.get(key).cloned().unwrap_or_else(flat);
            let position = Position { net: held.net, average_price: held.average, ..earlier };
            self.positions.insert(key.clone(), position);
        }
        // What is not held any more keeps its results.
        for (key, earlier) in before {
            let flat = Position { net: Decimal::ZERO, average_price: Decimal::ZERO, ..earlier };
            self.positions.entry(key).or_insert(flat);
        }
        (fills, fresh, self.positions.values().cloned().collect())
    }

    /// What is held and not listed, in words; `None` where there is nothing, or nothing new.
    pub fn unlisted(&mut self) -> Option<String> {
        let unlisted = std::mem::take(&mut self.unlisted);
        let (name, net) = unlisted.first_key_value()?;
        let what = counted(unlisted.len(), "position", "positions");
        Some(format!(
            "{what} at IBKR in what this program does not list, such as {net} {name}: not shown here"
        ))
    }

    /// Time has passed: where TWS holds something else than its executions make, somebody has traded
    /// elsewhere, and the books must be read.
    pub fn tick(&mut self, now: Time) {
        if !self.is_open || self.coming.is_some() || self.untold > 0 {
            return;
        }
        for (key, held) in &mut self.held {
            let ours = self.positions.get(key).map_or(Decimal::ZERO, |position| position.net);
            if held.net == ours {
                continue;
            }
            if now.since(held.since) >= SETTLES && !std::mem::replace(&mut held.is_asked, true) {
                self.wants_books = true;
            }
        }
    }
}

/// The id of an execution without its version, and the version.
fn versioned(id: &str) -> (ExecId, u32) {
    let is_versioned = id.split('.').count() == 4;
    match id.rsplit_once('.') {
        Some((base, version)) if is_versioned && version.len() == 2 => match version.parse() {
            Ok(version) => (ExecId(base.into()), version),
            Err(_no_number) => (ExecId(id.into()), 0),
        },
        _ => (ExecId(id.into()), 0),
    }
}

/// What an execution has cost; `None` where TWS does not know yet.
fn cost(report: &CommissionReport) -> Option<Money> {
    let amount = amount(report.commission)?;
    let currency = Currency::parse(&report.currency).ok()?;
    Some(Money { amount, currency })
}

#[cfg(test)]
mod tests;
