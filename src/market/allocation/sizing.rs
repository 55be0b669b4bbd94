//! How much of each: to targets that the costs of the orders move, within the money there is.
//!
//! Costs lower the equity that the weights are of, so quantities are found in rounds: each row goes
//! whole lots nearer to its target at the equity that the orders so far would leave, until none is a
//! lot away. What a second plan would find is exactly the last round: nothing to do.

use super::{Decimal, Feed, Line, Options, Plan, Row, Situation, Skip, Target, Totals, Trade};
use super::{Funds, Leverage};
use crate::domain::{OrderKind, Price, Qty, Side, bounds};
use crate::market::valuation::Rates;

/// Each round is nearer by the share that trading costs; two or three are the rule.
const MOST_ROUNDS: usize = 64;
/// Decimals of the part that is left where the money does not reach: rounded down, so that it does.
const CUT_DECIMALS: u32 = 18;

/// A row that can be traded.
struct Priced<'a> {
    line: &'a Line,
    weight: Decimal,
    /// A unit at its mark, in the base currency.
    unit: Decimal,
    mark: Price,
    buy: Way,
    sell: Way,
    /// Units that are bought (negative: sold).
    quantity: Decimal,
    why_none: Skip,
    is_settled: bool,
    /// Whether it was looked at again after it had settled.
    is_retried: bool,
    is_cut: bool,
}

/// What trading on one side is reckoned with.
#[derive(Clone, Copy)]
struct Way {
    price: Price,
    kind: OrderKind,
    /// A unit at that price, in the base currency.
    unit: Decimal,
}

/// What a quantity costs, in the base currency.
#[derive(Clone, Copy, Default)]
struct Cost {
    commission: Option<Decimal>,
    slippage: Decimal,
}

impl Cost {
    fn sum(self) -> Option<Decimal> {
        self.commission.unwrap_or_default().checked_add(self.slippage)
    }
}

pub(super) fn size(wanted: &[Target], options: Options, now: &Situation) -> Plan {
    let mut rows: Vec<Result<Priced<'_>, Skip>> =
        wanted.iter().map(|target| priced(*target, &options, now)).collect();
    approach(&mut rows, &options, now);
    let lacking = cut(&mut rows, &options, now).unwrap_or_default();
    let order = |row: &Result<Priced<'_>, Skip>| match row {
        Ok(priced) => priced.trade(&options, &now.rates),
        Err(skip) => Err(*skip),
    };
    let orders = wanted.iter().copied().zip(rows.iter().map(order));
    finished(orders.collect(), options, lacking, now)
}

fn priced<'a>(target: Target, options: &Options, now: &'a Situation) -> Result<Priced<'a>, Skip> {
    let line = now.line(target.instrument).ok_or(Skip::Unknown)?;
    if line.has_working {
        return Err(Skip::Working);
    }
    if line.is_held_back {
        return Err(Skip::HeldBack);
    }
    let (quote, feed) = line.quote.as_ref().ok_or(Skip::NoPrice)?;
    let mark = quote.mark().filter(|mark| mark.0 > Decimal::ZERO).ok_or(Skip::NoPrice)?;
    match feed {
        Feed::Live => {}
        Feed::Closed => return Err(Skip::Closed),
        Feed::Stale => return Err(Skip::Stale),
    }
    let currency = line.instrument.currency;
    now.rates.to_base(Decimal::ONE, currency).ok_or(Skip::NoRate(currency))?;
    let unit = positive(line.unit(mark, &now.rates)).ok_or(Skip::BeyondCounting)?;
    let side = |side| {
        let (price, kind) = line.price(side, options).ok_or(Skip::NoPrice)?;
        let unit = positive(line.unit(price, &now.rates)).ok_or(Skip::BeyondCounting)?;
        Ok(Way { price, kind, unit })
    };
    let (buy, sell) = (side(Side::Buy)?, side(Side::Sell)?);
    if line.instrument.lot.0 <= Decimal::ZERO || bounds::net(line.net).is_err() {
        return Err(Skip::BeyondCounting);
    }
    Ok(Priced {
        line,
        weight: target.weight,
        unit,
        mark,
        buy,
        sell,
        quantity: Decimal::ZERO,
        why_none: Skip::LessThanALot,
        is_settled: false,
        is_retried: false,
        is_cut: false,
    })
}

fn positive(value: Option<Decimal>) -> Option<Decimal> {
    value.filter(|value| *value > Decimal::ZERO)
}

/// Goes nearer to the targets, round by round.
fn approach(rows: &mut [Result<Priced<'_>, Skip>], options: &Options, now: &Situation) {
    for _ in 0..MOST_ROUNDS {
        let cost = rows
            .iter()
            .flatten()
            .try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.cost(&now.rates)?.sum()?));
        let Some(equity) = cost.and_then(|cost| now.equity.checked_sub(cost)) else { return };
        let mut is_changed = false;
        for row in rows.iter_mut() {
            let Ok(priced) = row else { continue };
            match priced.step(equity, options) {
                Some(changed) => is_changed |= changed,
                None => *row = Err(Skip::BeyondCounting),
            }
        }
        // What was not worth it when the costs of all others were not known may be by now, once.
        if !is_changed && rows.iter_mut().flatten().map(Priced::retry).filter(|again| *again).count() == 0 {
            return;
        }
    }
}

impl Priced<'_> {
    fn side(&self) -> (Side, &Way) {
        if self.quantity < Decimal::ZERO { (Side::Sell, &self.sell) } else { (Side::Buy, &self.buy) }
    }

    /// Whole lots toward the target; whether it has moved. `None` where that is beyond counting.
    fn step(&mut self, equity: Decimal, options: &Options) -> Option<bool> {
        if self.is_settled {
            return Some(false);
        }
        let target = self.weight.checked_mul(equity)?.checked_div(self.unit)?;
        let away = target.checked_sub(self.line.net)?.checked_sub(self.quantity)?;
        let lots = to_lots(away, self.line.instrument.lot)?;
        if lots.is_zero() {
            return Some(false);
        }
        if lots.abs().checked_mul(self.unit)? < options.least_trade {
            if self.quantity.is_zero() {
                self.why_none = Skip::TooSmall;
            }
            return Some(false);
        }
        let next = self.quantity.checked_add(lots)?;
        bounds::net(next).ok()?;
        bounds::net(self.line.net.checked_add(next)?).ok()?;
        let turns_back = !self.quantity.is_zero()
            && (next.is_zero() || next.is_sign_negative() != self.quantity.is_sign_negative());
        if turns_back {
            (self.quantity, self.is_settled, self.why_none) = (Decimal::ZERO, true, Skip::NotWorthIt);
        } else {
            self.quantity = next;
        }
        Some(true)
    }

    fn retry(&mut self) -> bool {
        let is_again = self.is_settled && !self.is_retried;
        if is_again {
            (self.is_settled, self.is_retried) = (false, true);
        }
        is_again
    }

    /// What the order costs.
    fn cost(&self, rates: &Rates) -> Option<Cost> {
        if self.quantity.is_zero() {
            return Some(Cost::default());
        }
        let (_, side) = self.side();
        let instrument = &self.line.instrument;
        let quantity = Qty(self.quantity.abs());
        let commission = match &self.line.commission {
            Some(rule) => {
                let value = instrument.checked_value(side.price, quantity)?;
                let due = rule.checked_due(value, quantity, instrument.currency)?;
                Some(rates.to_base(due, instrument.currency)?)
            }
            None => None,
        };
        let slippage = bounds::product([side.unit.checked_sub(self.unit)?, self.quantity])?;
        Some(Cost { commission, slippage })
    }

    /// Units of the order that money must be there for: all that is bought, and what is sold short.
    fn needing(&self) -> Option<Decimal> {
        if self.quantity > Decimal::ZERO {
            return Some(self.quantity);
        }
        let long = self.line.net.max(Decimal::ZERO);
        Some(self.quantity.abs().checked_sub(long)?.max(Decimal::ZERO))
    }

    /// What that costs, without commission.
    fn need(&self) -> Option<Decimal> {
        let unit = self.side().1.unit.max(self.unit);
        bounds::product([self.needing()?, unit])
    }

    /// What closing what is held brings.
    fn proceeds(&self) -> Option<Decimal> {
        if self.quantity >= Decimal::ZERO {
            return Some(Decimal::ZERO);
        }
        bounds::product([self.quantity.abs().checked_sub(self.needing()?)?, self.sell.unit])
    }

    /// Leaves a part of what money must be there for.
    fn cut_to(&mut self, part: Decimal, options: &Options) -> Option<()> {
        let needing = self.needing()?;
        if needing.is_zero() {
            return Some(());
        }
        let kept = self.quantity.abs().checked_sub(needing)?;
        let size = to_lots(kept.checked_add(needing.checked_mul(part)?)?, self.line.instrument.lot)?;
        let is_enough = !size.is_zero() && size.checked_mul(self.unit)? >= options.least_trade;
        self.is_cut = size != self.quantity.abs();
        self.quantity = match (is_enough, self.quantity.is_sign_negative()) {
            (false, _) => {
                self.why_none = Skip::NoMoney;
                Decimal::ZERO
            }
            (true, true) => -size,
            (true, false) => size,
        };
        Some(())
    }

    fn trade(&self, options: &Options, rates: &Rates) -> Result<Trade, Skip> {
        if self.quantity.is_zero() {
            return Err(self.why_none);
        }
        let (side, way) = self.side();
        let quantity = Qty(self.quantity.abs());
        let (cost, value) =
            self.cost(rates).zip(bounds::product([way.unit, quantity.0])).ok_or(Skip::BeyondCounting)?;
        Ok(Trade {
            spec: self.line.order(side, quantity, way.kind, options.tif),
            price: way.price,
            mark: self.mark,
            value,
            commission: cost.commission,
            slippage: cost.slippage,
            is_cut: self.is_cut,
        })
    }
}

/// Whole lots of a quantity, toward zero.
fn to_lots(quantity: Decimal, lot: Qty) -> Option<Decimal> {
    Some(quantity.checked_div(lot.0)?.trunc().checked_mul(lot.0)?.normalize())
}

/// Cuts what must be paid for to the money there is; what is lacking.
fn cut(rows: &mut [Result<Priced<'_>, Skip>], options: &Options, now: &Situation) -> Option<Decimal> {
    let sum = |of: &dyn Fn(&Priced<'_>) -> Option<Decimal>| {
        rows.iter().flatten().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(of(row)?))
    };
    let need = sum(&|row| row.need());
    let commissions = sum(&|row| Some(row.cost(&now.rates)?.commission.unwrap_or_default()));
    let sales = match options.funds {
        Funds::CashNow => Some(Decimal::ZERO),
        Funds::WithSales => sum(&|row| row.proceeds()),
    };
    let money = match options.leverage {
        Leverage::Refused => now.cash_free.min(now.buying_power),
        Leverage::Allowed => now.buying_power,
    };
    let room = || {
        let reserve = now.equity.checked_mul(options.reserve)?;
        let room = money.checked_add(sales?)?.checked_sub(reserve)?.checked_sub(commissions?)?;
        Some(room.max(Decimal::ZERO))
    };
    let (room, need) = (room().unwrap_or_default(), need.unwrap_or(bounds::MAX_AMOUNT));
    if need <= room {
        return None;
    }
    let part = room.checked_div(need).unwrap_or_default();
    let part = part.trunc_with_scale(CUT_DECIMALS);
    for row in rows.iter_mut() {
        let Ok(priced) = row else { continue };
        if priced.cut_to(part, options).is_none() {
            *row = Err(Skip::BeyondCounting);
        }
    }
    need.checked_sub(room)
}

/// The plan that these orders make.
pub(super) fn finished(
    orders: Vec<(Target, Result<Trade, Skip>)>,
    options: Options,
    lacking: Decimal,
    now: &Situation,
) -> Plan {
    let mut totals = Totals {
        orders: 0,
        skipped: 0,
        buying_power: now.buying_power,
        turnover: Decimal::ZERO,
        commission: Decimal::ZERO,
        is_commission_known: true,
        slippage: Decimal::ZERO,
        equity: now.equity,
        equity_after: now.equity,
        cash: now.cash,
        cash_after: now.cash,
        gross_after: Decimal::ZERO,
        net_after: Decimal::ZERO,
        miss: None,
        lacking,
    };
    // Each is within `bounds`, of which so many can be added.
    for trade in orders.iter().filter_map(|(_, order)| order.as_ref().ok()) {
        totals.orders += 1;
        totals.turnover += trade.value;
        totals.commission += trade.commission.unwrap_or_default();
        totals.is_commission_known &= trade.commission.is_some();
        totals.slippage += trade.slippage;
        totals.cash_after -= trade.spec.side.sign() * trade.value + trade.commission.unwrap_or_default();
    }
    totals.equity_after = totals.equity - totals.commission - totals.slippage;
    let rows: Vec<Row> = orders.into_iter().map(|(target, order)| row(target, order, &totals, now)).collect();
    for line in &now.lines {
        let row = rows.iter().find(|row| row.instrument == line.instrument.id);
        let net = row.map_or(line.net, |row| row.after);
        let value = Line { net, ..line.clone() }.value(&now.rates).unwrap_or_default();
        totals.gross_after += value.abs();
        totals.net_after += value;
    }
    totals.skipped =
        rows.iter().filter(|row| matches!(row.order, Err(skip) if skip != Skip::LessThanALot)).count();
    let misses = rows.iter().filter(|row| matches!(row.order, Ok(_) | Err(Skip::LessThanALot)));
    totals.miss = misses
        .filter_map(|row| Some((row.instrument, row.weight_after?.checked_sub(row.target)?)))
        .max_by_key(|(id, miss)| (miss.abs(), std::cmp::Reverse(*id)));
    Plan { options, base: now.rates.base(), rows, totals }
}

fn row(target: Target, order: Result<Trade, Skip>, totals: &Totals, now: &Situation) -> Row {
    let line = now.line(target.instrument);
    let held = line.map_or(Decimal::ZERO, |line| line.net);
    let traded = order.as_ref().map_or(Decimal::ZERO, |trade| trade.spec.side.sign() * trade.spec.quantity.0);
    let after = held + traded;
    let value = line.and_then(|line| line.value(&now.rates));
    let value_after = match &order {
        Ok(trade) => line
            .and_then(|line| line.unit(trade.mark, &now.rates))
            .and_then(|unit| bounds::product([unit, after])),
        Err(_) => value,
    };
    Row {
        instrument: target.instrument,
        held,
        value,
        weight: value.and_then(|value| value.checked_div(totals.equity)),
        target: target.weight,
        target_value: target.weight.checked_mul(totals.equity_after),
        after,
        weight_after: value_after.and_then(|value| value.checked_div(totals.equity_after)),
        order,
    }
}
