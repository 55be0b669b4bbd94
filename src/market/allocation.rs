//! Target weights become orders: a pure plan that says of every row what is done, or why nothing is.
//!
//! Weights are shares of the account's equity, in its base currency, as it is left after what the
//! orders cost. Each order is rounded toward no trade at all, to whole lots: so that what is held
//! afterwards is less than one lot away from its target, and a second plan at the same prices is empty.
//!
//! One rule about money: orders leave all at once, so what sales will bring is not there yet. Buys,
//! and what is sold short, may cost no more than the cash of now less the reserve and all
//! commissions ([`Funds::CashNow`]); where that is not enough all of them are cut alike, and a second
//! plan after the sales have filled buys the rest. Who has a broker that lends the difference says so
//! ([`Funds::WithSales`]). Prices are the worst that the orders may trade at: the far side of the
//! book, or the limit.
//!
//! Cash of all currencies counts as one. Where a broker would have to lend one of them for it, nothing
//! is held back, but it can be told ([`Plan::cash_by_currency`]).

mod cash;
mod drift;
mod sizing;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::valuation::Rates;
use crate::domain::{
    AssetClass, Commission, Currency, Decimal, Instrument, InstrumentId, OrderKind, OrderSpec, Price, Qty,
    Quote, Side, TimeInForce, bounds,
};

pub use cash::CashOf;
pub use drift::{Drift, MARKET_TOLERANCE_PERCENT};

/// The largest weight, long or short: ten times the equity in one instrument.
pub const MAX_WEIGHT: Decimal = Decimal::TEN;
/// Rows of one plan.
pub const MOST_ROWS: usize = 500;
/// Ticks that a limit may be behind the touch.
pub const MOST_TICKS: u32 = 1_000;

/// How weights become orders: the choices of the trader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// What becomes of positions that no row names.
    pub others: Others,
    /// Whether weights may add up to more than the equity.
    pub leverage: Leverage,
    /// What buys are paid with.
    pub funds: Funds,
    /// Share of the equity that stays cash: 0.02 is 2 %.
    #[serde(deserialize_with = "bounds::read::average")]
    pub reserve: Decimal,
    /// Orders worth less, in the base currency, are left out.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub least_trade: Decimal,
    /// The type of the orders.
    pub style: Style,
    /// Ticks that a limit order may pay more than the touch.
    pub ticks: u32,
    /// How long the orders are good for.
    pub tif: TimeInForce,
}

impl Default for Options {
    /// Market orders for the day from the cash of now; nothing else is touched.
    fn default() -> Self {
        Self {
            others: Others::LeftAlone,
            leverage: Leverage::Refused,
            funds: Funds::CashNow,
            reserve: Decimal::ZERO,
            least_trade: Decimal::ZERO,
            style: Style::Market,
            ticks: 10,
            tif: TimeInForce::Day,
        }
    }
}

/// What becomes of positions that no row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Others {
    /// They stay as they are.
    LeftAlone,
    /// They are closed, as if their weight were zero.
    Closed,
}

/// Whether weights, their signs left out, may add up to more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leverage {
    /// Such a table is refused, and no more is bought than there is cash for.
    Refused,
    /// The account's buying power is the bound.
    Allowed,
}

/// What buys are paid with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Funds {
    /// The cash that there is before anything is sold.
    CashNow,
    /// What the same orders sell, too: for accounts whose broker lends it until then.
    WithSales,
}

/// The type of the orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// At whatever price the book gives.
    Market,
    /// Limit orders at the far side of the book, and so many ticks through it.
    Limit,
}

/// How far a quote can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Feed {
    /// It is the market.
    Live,
    /// The exchange is closed.
    Closed,
    /// Too old, or its connection is not ready.
    Stale,
}

/// An instrument that the account trades, with what there is of it.
#[derive(Debug, Clone)]
pub struct Line {
    /// Which.
    pub instrument: Arc<Instrument>,
    /// Units held; negative is short.
    pub net: Decimal,
    /// Its newest quote, and how far that can be trusted.
    pub quote: Option<(Quote, Feed)>,
    /// Whether an order of the account works in it.
    pub has_working: bool,
    /// What trading it costs, where the broker tells.
    pub commission: Option<Commission>,
    /// Whether the gate would refuse an order in it.
    pub is_held_back: bool,
}

/// How account and market stand.
#[derive(Debug, Clone)]
pub struct Situation {
    /// What everything is worth, in the base currency.
    pub equity: Decimal,
    /// Cash in all currencies, in the base currency.
    pub cash: Decimal,
    /// What of it no working order will take, in the base currency.
    pub cash_free: Decimal,
    /// What new positions may cost, in the base currency.
    pub buying_power: Decimal,
    /// Into the base currency.
    pub rates: Rates,
    /// What is held and what is named, each instrument once.
    pub lines: Vec<Line>,
}

impl Situation {
    /// The line of an instrument.
    #[must_use]
    pub fn line(&self, id: InstrumentId) -> Option<&Line> {
        self.lines.iter().find(|line| line.instrument.id == id)
    }
}

/// The weight that an instrument shall have: 0.25 is a quarter of the equity, negative is short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Target {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Its share of the equity.
    pub weight: Decimal,
}

/// One choice that a table names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// [`Options::others`].
    Others(Others),
    /// [`Options::leverage`].
    Leverage(Leverage),
    /// [`Options::funds`].
    Funds(Funds),
    /// [`Options::reserve`].
    Reserve(Decimal),
    /// [`Options::least_trade`].
    LeastTrade(Decimal),
    /// [`Options::style`].
    Style(Style),
    /// [`Options::ticks`].
    Ticks(u32),
    /// [`Options::tif`].
    Tif(TimeInForce),
}

/// A table of weights with its choices, as a file or a paste has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Table {
    /// Keys of instruments ([`Instrument::key`]) with their weights, in the order of the file.
    pub rows: Vec<(Arc<str>, Decimal)>,
    /// The choices that it names.
    pub choices: Vec<Choice>,
    /// What a trader should know of it although it can be used.
    pub notes: Vec<String>,
}

/// Why there is no plan at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoPlan {
    /// The account is worth nothing, or less.
    #[error("The account is worth {0}: weights need an equity above zero")]
    NoEquity(Decimal),
    /// Amounts of money that nobody has.
    #[error("The account's amounts are beyond counting")]
    BeyondCounting,
    /// Something that is held has no price or rate, so that the equity is not known.
    #[error("{0} is held and has no price or exchange rate: the equity is not known. Wait for its quote")]
    NotValued(Arc<str>),
    /// A future binds margin and is not paid for: what it is worth is no part of the equity.
    #[error(
        "{0} is a future: it is not paid for in full, and weights are of what is. Leave it to the ticket"
    )]
    NotPaidInFull(Arc<str>),
    /// Weights add up to more than one.
    #[error(
        "The weights add up to {} %: more than the equity. Lower them, or allow leverage",
        percent(*.0)
    )]
    Leverage(Decimal),
    /// A weight that nobody means.
    #[error("The weight of {symbol} is beyond ±{most} %", most = percent(MAX_WEIGHT), symbol = .0)]
    Weight(Arc<str>),
    /// The same instrument in two rows.
    #[error("{0} stands in two rows: keep one of them")]
    Twice(Arc<str>),
    /// A reserve that leaves nothing, or less than nothing.
    #[error("The cash reserve must be 0 % or more and below 100 %")]
    Reserve,
    /// A least trade value below zero.
    #[error("The least trade value must be 0 or more")]
    LeastTrade,
    /// Limits too far from the market.
    #[error("A limit may be at most {MOST_TICKS} ticks through the market")]
    Ticks,
    /// More rows than are sent at once.
    #[error("{0} rows: at most {MOST_ROWS} orders are sent at once")]
    TooMany(usize),
}

/// A share as a percentage, without zeros at its end.
fn percent(share: Decimal) -> Decimal {
    share.checked_mul(Decimal::ONE_HUNDRED).map_or(share, |percent| percent.round_dp(2).normalize())
}

/// Why a row has no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Skip {
    /// The account's broker does not list it.
    #[error("not listed at this account's broker")]
    Unknown,
    /// An order of the account works in it: together they might trade twice.
    #[error("an order works; cancel it first")]
    Working,
    /// The gate would refuse its order.
    #[error("held back")]
    HeldBack,
    /// There is no price, or none above zero.
    #[error("no price yet")]
    NoPrice,
    /// The price is too old.
    #[error("the price is stale")]
    Stale,
    /// The exchange does not trade now.
    #[error("the market is closed")]
    Closed,
    /// Its currency cannot be converted.
    #[error("no exchange rate for {0}")]
    NoRate(Currency),
    /// It is less than a lot away from its target.
    #[error("less than a lot from its target")]
    LessThanALot,
    /// It is worth less than the least trade.
    #[error("below the least trade value")]
    TooSmall,
    /// It would cost more than it would correct.
    #[error("its costs would undo it")]
    NotWorthIt,
    /// The money does not reach for a lot.
    #[error("no cash left for it")]
    NoMoney,
    /// A number that no market has.
    #[error("beyond counting")]
    BeyondCounting,
}

/// What is sent for a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trade {
    /// The order.
    pub spec: OrderSpec,
    /// The worst price that it is reckoned with.
    pub price: Price,
    /// The price of now that the row is valued at.
    pub mark: Price,
    /// Its value at `price`, in the base currency.
    pub value: Decimal,
    /// Commission in the base currency; `None` where the broker does not tell its rules.
    pub commission: Option<Decimal>,
    /// What is lost between mark and `price`, in the base currency.
    pub slippage: Decimal,
    /// Whether the money does not reach for all of it.
    pub is_cut: bool,
}

/// A row of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Which instrument.
    pub instrument: InstrumentId,
    /// Units held now.
    pub held: Decimal,
    /// What they are worth now, in the base currency.
    pub value: Option<Decimal>,
    /// Their share of the equity of now.
    pub weight: Option<Decimal>,
    /// The weight that is wanted.
    pub target: Decimal,
    /// What that comes to, in the base currency.
    pub target_value: Option<Decimal>,
    /// Units held once the order has filled.
    pub after: Decimal,
    /// Their share of the equity then.
    pub weight_after: Option<Decimal>,
    /// The order, or why there is none.
    pub order: Result<Trade, Skip>,
}

/// What the plan comes to, in the base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Orders.
    pub orders: usize,
    /// Rows without one although they are away from their target, or cannot be judged.
    pub skipped: usize,
    /// What new positions may cost before the orders.
    pub buying_power: Decimal,
    /// What is bought and sold, added up.
    pub turnover: Decimal,
    /// The commissions that are known.
    pub commission: Decimal,
    /// Whether all of them are.
    pub is_commission_known: bool,
    /// What is lost between marks and prices.
    pub slippage: Decimal,
    /// Equity before.
    pub equity: Decimal,
    /// Equity after, at the same marks.
    pub equity_after: Decimal,
    /// Cash before.
    pub cash: Decimal,
    /// Cash after.
    pub cash_after: Decimal,
    /// What is held then, long and short added.
    pub gross_after: Decimal,
    /// What is held then, short taken from long.
    pub net_after: Decimal,
    /// The largest distance between a weight then and its target, of rows with an order or less than
    /// a lot from it.
    pub miss: Option<(InstrumentId, Decimal)>,
    /// What the buys would need beyond the money there is; zero where it reaches.
    pub lacking: Decimal,
}

impl Totals {
    /// Commissions and what is lost between marks and prices.
    #[must_use]
    pub fn cost(&self) -> Decimal {
        self.commission.saturating_add(self.slippage)
    }

    /// An amount as a share of the equity of now.
    #[must_use]
    pub fn share(&self, amount: Decimal) -> Option<Decimal> {
        amount.checked_div(self.equity)
    }
}

/// Weights, and what must be traded for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The choices that it was made with.
    pub options: Options,
    /// The currency of its amounts.
    pub base: Currency,
    /// A row per target in the order of the targets, then the positions that are to be closed.
    pub rows: Vec<Row>,
    /// All of them together.
    pub totals: Totals,
}

impl Plan {
    /// The orders as they leave: sales first, which tie up no money, then buys, both in the order of
    /// the rows.
    pub fn trades(&self) -> impl Iterator<Item = (&Row, &Trade)> {
        let of = |side: Side| {
            let trades = self.rows.iter().filter_map(|row| Some((row, row.order.as_ref().ok()?)));
            trades.filter(move |(_, trade)| trade.spec.side == side)
        };
        of(Side::Sell).chain(of(Side::Buy))
    }

    /// The same plan without the orders in some instruments, made from the same situation: they are
    /// held back, and the others stay as they are.
    #[must_use]
    pub fn without(&self, is_held_back: impl Fn(InstrumentId) -> bool, now: &Situation) -> Self {
        let order = |row: &Row| {
            let order = row
                .order
                .and_then(|trade| if is_held_back(row.instrument) { Err(Skip::HeldBack) } else { Ok(trade) });
            (Target { instrument: row.instrument, weight: row.target }, order)
        };
        sizing::finished(self.rows.iter().map(order).collect(), self.options, self.totals.lacking, now)
    }
}

/// What must be traded so that `targets` hold.
///
/// # Errors
/// When the targets, the choices or the account allow no plan; what concerns one row is in the row.
pub fn plan(targets: &[Target], options: Options, now: &Situation) -> Result<Plan, NoPlan> {
    check(targets, options, now)?;
    let mut wanted = targets.to_vec();
    if options.others == Others::Closed {
        let is_named = |line: &&Line| targets.iter().any(|target| target.instrument == line.instrument.id);
        let others = now.lines.iter().filter(|line| !line.net.is_zero() && !is_named(line));
        wanted.extend(others.map(|line| Target { instrument: line.instrument.id, weight: Decimal::ZERO }));
    }
    if wanted.len() > MOST_ROWS {
        return Err(NoPlan::TooMany(wanted.len()));
    }
    Ok(sizing::size(&wanted, options, now))
}

fn check(targets: &[Target], options: Options, now: &Situation) -> Result<(), NoPlan> {
    let symbol = |id: InstrumentId| {
        now.line(id).map_or_else(|| format!("#{id}").into(), |line| Arc::clone(&line.instrument.symbol))
    };
    if options.reserve < Decimal::ZERO || options.reserve >= Decimal::ONE {
        return Err(NoPlan::Reserve);
    }
    if options.least_trade < Decimal::ZERO {
        return Err(NoPlan::LeastTrade);
    }
    if options.ticks > MOST_TICKS {
        return Err(NoPlan::Ticks);
    }
    let mut seen = BTreeSet::new();
    let mut sum = Decimal::ZERO;
    for target in targets {
        if target.weight.abs() > MAX_WEIGHT {
            return Err(NoPlan::Weight(symbol(target.instrument)));
        }
        if !seen.insert(target.instrument) {
            return Err(NoPlan::Twice(symbol(target.instrument)));
        }
        sum = sum.saturating_add(target.weight.abs());
    }
    if sum > Decimal::ONE && options.leverage == Leverage::Refused {
        return Err(NoPlan::Leverage(sum));
    }
    if now.equity <= Decimal::ZERO {
        return Err(NoPlan::NoEquity(now.equity));
    }
    let amounts = [now.equity, now.cash, now.buying_power];
    if amounts.into_iter().any(|amount| bounds::amount(amount).is_err()) {
        return Err(NoPlan::BeyondCounting);
    }
    let is_future = |line: &&Line| line.instrument.class == AssetClass::Future;
    let is_in_it = |line: &&Line| {
        !line.net.is_zero() || targets.iter().any(|target| target.instrument == line.instrument.id)
    };
    if let Some(line) = now.lines.iter().filter(is_future).find(is_in_it) {
        return Err(NoPlan::NotPaidInFull(Arc::clone(&line.instrument.symbol)));
    }
    let unvalued = now.lines.iter().find(|line| !line.net.is_zero() && line.value(&now.rates).is_none());
    unvalued.map_or(Ok(()), |line| Err(NoPlan::NotValued(Arc::clone(&line.instrument.symbol))))
}

impl Line {
    /// What a unit is worth at a price, in the base currency.
    fn unit(&self, price: Price, rates: &Rates) -> Option<Decimal> {
        let worth = bounds::product([price.0, self.instrument.multiplier])?;
        rates.to_base(worth, self.instrument.currency)
    }

    /// What is held is worth, in the base currency.
    fn value(&self, rates: &Rates) -> Option<Decimal> {
        if self.net.is_zero() {
            return Some(Decimal::ZERO);
        }
        let mark = self.quote.as_ref()?.0.mark()?;
        bounds::product([self.unit(mark, rates)?, self.net])
    }

    /// The worst price that an order of a side is reckoned with, and its type.
    fn price(&self, side: Side, options: &Options) -> Option<(Price, OrderKind)> {
        let quote = &self.quote.as_ref()?.0;
        let far = match side {
            Side::Buy => quote.ask,
            Side::Sell => quote.bid,
        };
        let far = far.or_else(|| quote.mark()).filter(|price| price.0 > Decimal::ZERO)?;
        match options.style {
            Style::Market => Some((far, OrderKind::Market)),
            Style::Limit => {
                let ticks = i32::try_from(options.ticks).unwrap_or(0);
                let grid = &self.instrument.ticks;
                let price = match side {
                    Side::Buy => grid.step(grid.round_up(far), ticks),
                    Side::Sell => grid.step(grid.round_down(far), -ticks),
                };
                Some((price, OrderKind::Limit { price }))
            }
        }
    }

    /// An order in it.
    fn order(&self, side: Side, quantity: Qty, kind: OrderKind, tif: TimeInForce) -> OrderSpec {
        OrderSpec::new(self.instrument.id, side, quantity, kind, tif)
    }
}
