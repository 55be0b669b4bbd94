//! Reads the texts of the form onto the instrument's grid.

use std::collections::BTreeMap;

use super::Problem;
use crate::domain::{Decimal, Price, Qty, Side, Time, TrailBy};
use crate::ui::format;
use crate::ui::ticket::facts::Facts;
use crate::ui::ticket::form::{Field, Form, KindChoice, TrailUnit};
use crate::ui::ticket::number;

/// How a date and time is typed.
pub(in crate::ui::ticket) const UNTIL_FORMAT: &str = "%Y-%m-%d %H:%M";

/// What was typed, on the grid; `None` where nothing was, or nothing that can be used.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub quantity: Option<Qty>,
    pub stop: Option<Price>,
    pub limit: Option<Price>,
    pub trail: Option<TrailBy>,
    pub until: Option<Time>,
    pub take_profit: Option<Price>,
    pub stop_loss: Option<Price>,
}

/// Reads the fields that are shown, with what is wrong with each.
pub(super) fn read(form: &Form, facts: &Facts<'_>) -> (Read, BTreeMap<Field, Problem>) {
    let mut read = Read::default();
    let mut problems = BTreeMap::new();
    for field in form.fields() {
        let text = form.text(field);
        let outcome = match field {
            Field::Quantity => quantity(text, facts).map(|q| read.quantity = Some(q)),
            Field::Stop => price(text, facts).and_then(required).map(|p| read.stop = Some(p)),
            Field::Limit => price(text, facts).map(|p| read.limit = p),
            Field::Trail => trail(text, form.trail_unit).map(|t| read.trail = Some(t)),
            Field::Until => until(text, facts).map(|t| read.until = Some(t)),
            Field::TakeProfit => price(text, facts).map(|p| read.take_profit = p),
            Field::StopLoss => price(text, facts).map(|p| read.stop_loss = p),
        };
        if let Err(problem) = outcome {
            problems.insert(field, problem);
        }
    }
    let is_empty = |field| form.text(field).trim().is_empty();
    if form.has_bracket && is_empty(Field::TakeProfit) && is_empty(Field::StopLoss) {
        let more =
            "the bracket has no price; enter a take profit, a stop loss or both, or switch the bracket off";
        problems.insert(Field::TakeProfit, Problem::new("Enter this or a stop loss", more));
    }
    (read, problems)
}

/// The limit price of a side while none is typed: joining the queue, or that of the stop.
pub(in crate::ui::ticket) fn default_limit(
    kind: KindChoice,
    side: Side,
    stop: Option<Price>,
    facts: &Facts<'_>,
) -> Option<Price> {
    match kind {
        KindChoice::StopLimit => stop,
        _ => facts.near_side(side),
    }
}

fn number(text: &str) -> Result<Option<Decimal>, Problem> {
    number::parse(text).map_err(|bad| {
        let line = bad.to_string();
        Problem::new(line.clone(), format!("'{}': {}", text.trim(), line.to_lowercase()))
    })
}

fn quantity(text: &str, facts: &Facts<'_>) -> Result<Qty, Problem> {
    let instrument = facts.instrument;
    let quantity = number(text)?.ok_or_else(|| Problem::new("Enter a quantity", "enter a quantity"))?;
    let quantity = Qty(quantity);
    if instrument.is_on_lot(quantity) {
        return Ok(quantity);
    }
    let below = instrument.round_to_lot(quantity);
    let above = below + instrument.lot;
    let either = if below.is_zero() {
        format::exact(above.0)
    } else {
        format!("{} or {}", format::exact(below.0), format::exact(above.0))
    };
    let lot = format::exact(instrument.lot.0);
    let more = format!("{} is not a multiple of the lot of {lot}: use {either}", format::exact(quantity.0));
    Err(Problem::new(format!("Lot {lot}: {either}"), more))
}

fn price(text: &str, facts: &Facts<'_>) -> Result<Option<Price>, Problem> {
    let Some(typed) = number(text)?.map(Price) else { return Ok(None) };
    let ticks = &facts.instrument.ticks;
    // With the grid's decimals, as every price of the instrument is written.
    let below = ticks.round_down(typed);
    if below == typed {
        return Ok(Some(below));
    }
    let shown = |price| format::price(price, facts.instrument);
    let above = ticks.step(below, 1);
    let either =
        if below.0 > Decimal::ZERO { format!("{} or {}", shown(below), shown(above)) } else { shown(above) };
    let more = format!("{} is not on the tick grid: use {either}", format::exact(typed.0));
    Err(Problem::new(format!("Tick: {either}"), more))
}

fn required(price: Option<Price>) -> Result<Price, Problem> {
    price.ok_or_else(|| Problem::new("Enter a price", "enter a price"))
}

fn trail(text: &str, unit: TrailUnit) -> Result<TrailBy, Problem> {
    let distance = number(text)?.ok_or_else(|| Problem::new("Enter a distance", "enter a distance"))?;
    match unit {
        TrailUnit::Amount => Ok(TrailBy::Amount(distance)),
        TrailUnit::Percent if distance < Decimal::ONE_HUNDRED => Ok(TrailBy::Percent(distance)),
        TrailUnit::Percent => Err(Problem::new("Below 100 %", "a distance in per cent must be below 100 %")),
    }
}

fn until(text: &str, facts: &Facts<'_>) -> Result<Time, Problem> {
    let unreadable = || {
        let more = "write date and time as YYYY-MM-DD HH:MM, such as 2026-11-30 16:00";
        Problem::new("YYYY-MM-DD HH:MM", more)
    };
    let typed = jiff::civil::DateTime::strptime(UNTIL_FORMAT, text.trim()).map_err(|_bad| unreadable())?;
    let zoned = typed.to_zoned(facts.zone.clone()).map_err(|_out_of_range| unreadable())?;
    let time = Time::from_timestamp(zoned.timestamp());
    if time <= facts.now {
        return Err(Problem::new("Already past", "this time has already passed: choose a later one"));
    }
    Ok(time)
}
