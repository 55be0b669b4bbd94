//! Reads the form, says what is wrong with it beside the field where it is wrong, and
//! states the order of each side, or why there is none.
//!
//! Texts are checked against the instrument's own grid; the finished order is put to the
//! very gate that the engine will ask ([`super::gate`]). What a broker would refuse for certain
//! (a stop that the market has passed, a market order while closed) is said too: better beside the
//! field than as a rejection.
//!
//! Invariant: a side is either stated in full, or blocked with a reason.

mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::facts::Facts;
use super::form::{Field, Form, KindChoice, TifChoice};
use super::gate::{Doubt, Insistence, ask_gate, insist};
use super::outlook::{Effect, effect};
use crate::domain::money::rounded_up;
use crate::domain::{
    AccountId, Decimal, OrderId, OrderKind, OrderSpec, Origin, Price, Qty, Side, TimeInForce, TrailBy,
};
use crate::link::{Bracket, Place};
use crate::risk::{Despite, Refusal, Role};
use crate::ui::format;
use read::{Read, read};

pub(super) use read::{UNTIL_FORMAT, default_limit};

/// The value above which an order is a typing error in any currency, and below which all
/// the gate's arithmetic is exact.
const LARGEST_VALUE: Decimal = Decimal::from_parts(2_808_348_672, 232_830_643, 0, false, 0);

/// What is wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// Fits beside the field's name.
    pub line: String,
    /// For the tooltip.
    pub more: String,
    /// Whether no order can be sent; otherwise only one side is concerned.
    pub blocks: bool,
}

impl Problem {
    fn new(line: impl Into<String>, more: impl Into<String>) -> Self {
        Self { line: line.into(), more: more.into(), blocks: true }
    }
}

/// Why one side cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Block {
    why: String,
    /// Where it is to be said, in few words.
    beside: Option<(Field, String)>,
    /// Whether it is in the nature of the prices that this side does not work (a stop
    /// above the market cannot sell): no fault, and no line beside the field.
    is_natural: bool,
}

impl Block {
    fn general(why: impl Into<String>) -> Self {
        Self { why: why.into(), beside: None, is_natural: false }
    }

    fn beside(field: Field, line: impl Into<String>, why: impl Into<String>) -> Self {
        Self { why: why.into(), beside: Some((field, line.into())), is_natural: false }
    }

    fn natural(self) -> Self {
        Self { is_natural: true, ..self }
    }
}

/// One side of the ticket.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SideCheck {
    pub quantity: Option<Qty>,
    /// The type with its prices, as far as it can be stated.
    pub kind: Option<OrderKind>,
    /// The price it would go at, or about.
    pub at: Option<Price>,
    /// The order, or why there is none.
    pub order: Result<Place, String>,
    /// What is unusual about the market, which the order would be sent in spite of.
    pub doubts: Vec<Doubt>,
}

/// What the form comes to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Checked {
    pub problems: BTreeMap<Field, Problem>,
    pub quantity: Option<Qty>,
    /// Whether exits are to go with what opens a position.
    pub has_bracket: bool,
    pub buy: SideCheck,
    pub sell: SideCheck,
}

impl Checked {
    pub(super) fn side(&self, side: Side) -> &SideCheck {
        match side {
            Side::Buy => &self.buy,
            Side::Sell => &self.sell,
        }
    }
}

/// Checks the whole form.
pub(super) fn check(form: &Form, facts: &Facts<'_>) -> Checked {
    let (read, mut problems) = read(form, facts);
    let (buy, buy_block) = check_side(Side::Buy, form, facts, &read, &problems);
    let (sell, sell_block) = check_side(Side::Sell, form, facts, &read, &problems);
    let blocks = [buy_block, sell_block];
    let is_neither = blocks.iter().all(Option::is_some);
    for block in blocks.into_iter().flatten() {
        if let Some((field, line)) = block.beside
            && (is_neither || !block.is_natural)
        {
            problems.entry(field).or_insert(Problem { line, more: block.why, blocks: is_neither });
        }
    }
    Checked { problems, quantity: read.quantity, has_bracket: form.has_bracket, buy, sell }
}

fn check_side(
    side: Side,
    form: &Form,
    facts: &Facts<'_>,
    read: &Read,
    problems: &BTreeMap<Field, Problem>,
) -> (SideCheck, Option<Block>) {
    let kind = kind_of(side, form, facts, read, problems);
    let at = kind.map_or_else(
        || facts.far_side(side),
        |kind| kind.limit().or_else(|| kind.stop()).or_else(|| facts.far_side(side)),
    );
    let order = place(side, form, facts, read, problems, kind);
    let (order, doubts, block) = match order {
        Ok((place, doubts)) => (Ok(place), doubts, None),
        Err(block) => (Err(block.why.clone()), Vec::new(), Some(block)),
    };
    (SideCheck { quantity: read.quantity, kind, at, order, doubts }, block)
}

/// The type with the prices of this side: typed, or by default.
fn kind_of(
    side: Side,
    form: &Form,
    facts: &Facts<'_>,
    read: &Read,
    problems: &BTreeMap<Field, Problem>,
) -> Option<OrderKind> {
    let limit = || {
        let is_free = !problems.contains_key(&Field::Limit);
        read.limit.or_else(|| is_free.then(|| default_limit(form.kind, side, read.stop, facts)).flatten())
    };
    Some(match form.kind {
        KindChoice::Market => OrderKind::Market,
        KindChoice::Limit => OrderKind::Limit { price: limit()? },
        KindChoice::Stop => OrderKind::Stop { stop: read.stop? },
        KindChoice::StopLimit => OrderKind::StopLimit { stop: read.stop?, price: limit()? },
        KindChoice::TrailingStop => OrderKind::TrailingStop { by: read.trail? },
    })
}

fn place(
    side: Side,
    form: &Form,
    facts: &Facts<'_>,
    read: &Read,
    problems: &BTreeMap<Field, Problem>,
    kind: Option<OrderKind>,
) -> Result<(Place, Vec<Doubt>), Block> {
    if let Some(barrier) = facts.barrier() {
        return Err(Block::general(barrier));
    }
    let what = read.quantity.map(|quantity| effect(facts.net(), side, quantity));
    // What brings a position towards zero opens nothing that a bracket could guard: exits of
    // it would open a position later. It goes without, and nothing in the bracket holds it back.
    let is_way_out = matches!(what, Some(Effect::Reduces | Effect::Closes));
    let is_of_bracket = |field: &Field| matches!(field, Field::TakeProfit | Field::StopLoss);
    if let Some((field, problem)) = problems.iter().find(|(field, _)| !(is_way_out && is_of_bracket(field))) {
        return Err(Block::general(format!("{}: {}", field.label(), problem.more)));
    }
    let missing = || {
        let why = format!("{}: enter a price, there is no quote to take it from", Field::Limit.label());
        Block::beside(Field::Limit, "Enter a price", why)
    };
    let kind = kind.ok_or_else(missing)?;
    let quantity = read.quantity.ok_or_else(|| Block::general("Enter a quantity"))?;
    let tif = time_in_force(form, read)?;
    let mut spec = OrderSpec::new(facts.instrument.id, side, quantity, kind, tif);
    spec.post_only = form.post_only && form.can_be_post_only();
    check_waiting(&spec, facts)?;
    check_size(&spec, facts)?;
    let entered = Role::entered(Despite::default());
    let Insistence { despite, doubts } =
        insist(&spec, entered, facts).map_err(|refusal| explain(&refusal, &spec, facts))?;
    check_trigger(&spec, facts)?;
    check_post_only(&spec, facts)?;
    let bracket = (form.has_bracket && !is_way_out).then_some(Bracket::gtc(read.take_profit, read.stop_loss));
    if let Some(bracket) = bracket {
        if what == Some(Effect::Reverses) {
            let why = format!(
                "{side} reverses the position, and a bracket can only guard all of an order: close first, or \
                 switch the bracket off"
            );
            return Err(Block::general(why));
        }
        if despite.silent_broker {
            // Whether the exits that should guard it have arrived, nobody could say.
            let why =
                "The broker is silent: an order with a bracket is not sent, switch the bracket off or wait";
            return Err(Block::general(why));
        }
        check_bracket(&spec, bracket, facts)?;
    }
    let seen = facts.quote.map(|view| *view.quote);
    let account = account_of(facts)?;
    Ok((Place { account, spec, bracket, origin: Origin::Ticket, seen, names: Vec::new(), despite }, doubts))
}

/// The account that the ticket shows.
fn account_of(facts: &Facts<'_>) -> Result<AccountId, Block> {
    let account = facts.account.as_ref().map_err(|why| Block::general(why.to_string()))?;
    Ok(account.id.clone())
}

fn time_in_force(form: &Form, read: &Read) -> Result<TimeInForce, Block> {
    Ok(match form.tif {
        TifChoice::Day => TimeInForce::Day,
        TifChoice::Gtc => TimeInForce::Gtc,
        TifChoice::Ioc => TimeInForce::Ioc,
        TifChoice::Fok => TimeInForce::Fok,
        TifChoice::Gtd => {
            TimeInForce::Gtd(read.until.ok_or_else(|| Block::general("Good till: enter a date and time"))?)
        }
    })
}

/// What cannot wait for the open cannot be sent while closed.
pub(super) fn why_closed(kind: OrderKind, tif: TimeInForce, facts: &Facts<'_>) -> Option<String> {
    let cannot_wait = matches!(kind, OrderKind::Market) || matches!(tif, TimeInForce::Ioc | TimeInForce::Fok);
    (cannot_wait && !facts.is_open()).then(|| {
        let what = if matches!(kind, OrderKind::Market) { "a market" } else { "an IOC or FOK" };
        format!(
            "{} is closed: {what} order cannot wait for the open, a limit order can",
            facts.instrument.venue
        )
    })
}

fn check_waiting(spec: &OrderSpec, facts: &Facts<'_>) -> Result<(), Block> {
    why_closed(spec.kind, spec.tif, facts).map_or(Ok(()), |why| Err(Block::general(why)))
}

/// Keeps typing errors of many digits away from arithmetic that is exact for sane ones only.
fn check_size(spec: &OrderSpec, facts: &Facts<'_>) -> Result<(), Block> {
    let prices = [spec.kind.limit(), spec.kind.stop(), facts.far_side(spec.side)];
    let highest = prices.into_iter().flatten().max();
    let total = Qty(spec.quantity.0 + facts.net().abs());
    let worth = highest.map(|price| facts.instrument.checked_value(price, total));
    let in_base = |value: Decimal| match facts.to_base {
        Some(rate) => value.checked_mul(rate.amount),
        None => Some(value),
    };
    match worth {
        None => Ok(()),
        Some(value)
            if value.and_then(in_base).is_some_and(|v| v <= LARGEST_VALUE)
                && value <= Some(LARGEST_VALUE) =>
        {
            Ok(())
        }
        Some(_) => {
            let why = "The order is larger than can be booked: check quantity and price";
            Err(Block::beside(Field::Quantity, "Too large", why))
        }
    }
}

/// The gate's own words, and a few of them beside the field they are about.
fn explain(refusal: &Refusal, spec: &OrderSpec, facts: &Facts<'_>) -> Block {
    let why = refusal.to_string();
    match refusal {
        Refusal::PriceDistance { what, price, market, distance, .. } => {
            let field = if *what == "Stop" { Field::Stop } else { Field::Limit };
            let place = if price > market { "above" } else { "below" };
            let of = if matches!(spec.kind, OrderKind::StopLimit { .. }) { "the stop" } else { "the market" };
            let line = format!("{} is {} % {place} {of}", spec.side, rounded_up(*distance, 1));
            // A stop on the wrong side of the market is the other side's stop.
            let block = Block::beside(field, line, why);
            if matches!(spec.kind, OrderKind::Stop { .. }) { block.natural() } else { block }
        }
        Refusal::OrderValue { limit, .. } => {
            let line =
                format!("{} over the limit of {}", spec.side, whole(limit.amount, limit.currency.code()));
            Block::beside(Field::Quantity, line, why)
        }
        Refusal::PositionValue { limit, .. } => {
            let line = format!("{}: position over {}", spec.side, whole(limit.amount, limit.currency.code()));
            Block::beside(Field::Quantity, line, why)
        }
        Refusal::OrderQuantity { limit, .. } => {
            let line = format!("{} over the limit of {}", spec.side, format::exact(limit.0));
            Block::beside(Field::Quantity, line, why)
        }
        Refusal::PositionQuantity { limit, .. } => {
            let line = format!("{}: position over {}", spec.side, format::exact(limit.0));
            Block::beside(Field::Quantity, line, why)
        }
        Refusal::Exposure { limit, .. } => {
            let line = format!("{}: exposure over {}", spec.side, whole(limit.amount, limit.currency.code()));
            Block::beside(Field::Quantity, line, why)
        }
        Refusal::NothingLeft { .. } | Refusal::BadTrail => {
            Block::beside(Field::Trail, "Above zero, below 100 %", why)
        }
        Refusal::BeyondCounting(_) => Block::beside(Field::Quantity, "Beyond counting", why),
        Refusal::OffLot { .. } => Block::beside(Field::Quantity, "Off the lot", why),
        Refusal::OffTick { what, .. } => {
            let field = if *what == "Stop" { Field::Stop } else { Field::Limit };
            Block::beside(
                field,
                format!("Tick {}", facts.instrument.ticks.tick_above(Price(Decimal::ZERO))),
                why,
            )
        }
        _ => Block::general(why),
    }
}

fn whole(amount: Decimal, currency: &str) -> String {
    format!("{} {currency}", format::exact(amount))
}

/// A stop that the market has passed would trigger at once, which is seldom meant.
fn check_trigger(spec: &OrderSpec, facts: &Facts<'_>) -> Result<(), Block> {
    let Some(last) = facts.last() else { return Ok(()) };
    let shown = format::price(last, facts.instrument);
    if let Some(stop) = spec.kind.stop() {
        let (is_passed, must_be) = match spec.side {
            Side::Buy => (stop <= last, "above"),
            Side::Sell => (stop >= last, "below"),
        };
        if is_passed {
            let why = format!(
                "{}: the stop must be {must_be} the last price {shown}, or it would trigger at once",
                spec.side
            );
            return Err(Block::beside(Field::Stop, "Would trigger at once", why).natural());
        }
    }
    if let OrderKind::TrailingStop { by: TrailBy::Amount(distance) } = spec.kind
        && distance >= last.0
    {
        let why = format!("The trailing distance must be smaller than the price, the last is {shown}");
        return Err(Block::beside(Field::Trail, "Larger than the price", why));
    }
    Ok(())
}

/// A post-only order that would take liquidity is refused by the exchange.
fn check_post_only(spec: &OrderSpec, facts: &Facts<'_>) -> Result<(), Block> {
    let (Some(limit), Some(far)) = (spec.kind.limit(), facts.near_side(spec.side.opposite())) else {
        return Ok(());
    };
    let crosses = match spec.side {
        Side::Buy => limit >= far,
        Side::Sell => limit <= far,
    };
    if !(spec.post_only && crosses && facts.is_open()) {
        return Ok(());
    }
    let (name, shown) = match spec.side {
        Side::Buy => ("ask", format::price(far, facts.instrument)),
        Side::Sell => ("bid", format::price(far, facts.instrument)),
    };
    let why = format!("Post-only: at this price it would trade with the {name} of {shown}; move the price");
    Err(Block::beside(Field::Limit, format!("{} would take the {name}", spec.side), why).natural())
}

/// Exits on the right sides of the entry, and through the same gate.
fn check_bracket(entry: &OrderSpec, bracket: Bracket, facts: &Facts<'_>) -> Result<(), Block> {
    let at = entry.kind.limit().or_else(|| entry.kind.stop()).or_else(|| facts.far_side(entry.side));
    let (target_side, stop_side) = match entry.side {
        Side::Buy => ("above", "below"),
        Side::Sell => ("below", "above"),
    };
    let is_beyond = |price: Price, at: Price| match entry.side {
        Side::Buy => price > at,
        Side::Sell => price < at,
    };
    let is_short_of = |price: Price, at: Price| is_beyond(at, price);
    let wrong = |field: Field, place: &str, at: Price| {
        let at = format::price(at, facts.instrument);
        let name = field.label();
        let why = format!("{}: the {} must be {place} the entry at {at}", entry.side, name.to_lowercase());
        Block::beside(field, format!("{} needs it {place} the entry", entry.side), why).natural()
    };
    if let (Some(price), Some(at)) = (bracket.take_profit, at)
        && !is_beyond(price, at)
    {
        return Err(wrong(Field::TakeProfit, target_side, at));
    }
    if let (Some(stop), Some(at)) = (bracket.stop_loss, at)
        && !is_short_of(stop, at)
    {
        return Err(wrong(Field::StopLoss, stop_side, at));
    }
    for (before, spec) in bracket.exits(entry, OrderId(0)).enumerate() {
        let field = if spec.kind.stop().is_some() { Field::StopLoss } else { Field::TakeProfit };
        let facts = &Facts { uses: facts.uses.after(1 + before), ..facts.clone() };
        ask_gate(&spec, Role::exit_of(entry), facts).map_err(|r| of_exit(field, &r, &spec, facts))?;
    }
    Ok(())
}

/// A refusal of an exit, said at the exit's own field.
fn of_exit(field: Field, refusal: &Refusal, spec: &OrderSpec, facts: &Facts<'_>) -> Block {
    let block = explain(refusal, spec, facts);
    let why = format!("{}: {}", field.label(), block.why);
    Block { why, beside: block.beside.map(|(_, line)| (field, line)), is_natural: false }
}
