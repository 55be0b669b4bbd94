//! How account and market stand, gathered once a frame from the desk.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::draft::Draft;
use crate::desk::{Desk, Freshness};
use crate::domain::{Account, BrokerId, Currency, Decimal, Instrument, InstrumentId, Order, Position, Side};
use crate::market::allocation::{Feed, Line, Situation};
use crate::market::valuation::Missing;

/// The frame's facts.
pub(super) struct Facts<'a> {
    pub account: &'a Account,
    pub base: Currency,
    pub situation: Situation,
    /// Whether prices behind the equity come no more.
    pub is_stale: bool,
}

/// The broker whose instruments the table has: of its first row that is listed, else of what is
/// selected.
pub(super) fn broker(desk: &Desk, draft: &Draft) -> Option<BrokerId> {
    let of_row = draft.rows.iter().find_map(|row| desk.instrument_by_key(&row.key));
    of_row.or_else(|| desk.selected()).map(|i| i.broker).or_else(|| Some(desk.connections().first()?.broker))
}

/// Which instruments the keys of rows mean: looked up once, for there may be thousands.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// The catalogue that it is of, and the broker.
    of: Option<(usize, usize, BrokerId)>,
    ids: BTreeMap<String, Option<InstrumentId>>,
}

impl Listed {
    /// Looks up what is new.
    pub fn update(&mut self, desk: &Desk, broker: BrokerId, draft: &Draft) {
        let of = Some((desk.instruments().as_ptr().addr(), desk.instruments().len(), broker));
        if self.of != of {
            *self = Self { of, ids: BTreeMap::new() };
        }
        for row in &draft.rows {
            if !self.ids.contains_key(&row.key) {
                let found = find(desk, broker, &row.key).map(|instrument| instrument.id);
                self.ids.insert(row.key.clone(), found);
            }
        }
    }

    /// The instrument of a row's key.
    pub fn find<'a>(&self, desk: &'a Desk, key: &str) -> Option<&'a Arc<Instrument>> {
        desk.instrument((*self.ids.get(key)?)?)
    }

    /// The instruments of all rows.
    pub fn of_rows<'a>(
        &'a self,
        desk: &'a Desk,
        draft: &'a Draft,
    ) -> impl Iterator<Item = &'a Arc<Instrument>> {
        draft.rows.iter().filter_map(|row| self.find(desk, &row.key))
    }
}

/// The instrument of a key at a broker.
pub(super) fn find<'a>(desk: &'a Desk, broker: BrokerId, key: &str) -> Option<&'a Arc<Instrument>> {
    desk.instruments().iter().find(|i| i.broker == broker && i.has_key(key))
}

/// Everything a plan is made from.
///
/// # Errors
/// In words for a trader, where there is no account or its worth is not known.
pub(super) fn gather<'a>(
    desk: &'a Desk,
    draft: &Draft,
    listed: &Listed,
    broker: BrokerId,
) -> Result<Facts<'a>, String> {
    let account = desk.entry_account(broker).map_err(|none| none.to_string())?;
    // Accounts and valuations stand in the same order.
    let place = desk.accounts().iter().position(|known| Arc::ptr_eq(known, account));
    let valued = place.and_then(|place| desk.valuations().get(place));
    let valued = valued.ok_or("The account is not valued yet: wait a moment")?;
    if let Some(missing) = valued.valuation.missing.first() {
        let what = match missing {
            Missing::Rate(currency) => format!("no exchange rate for {currency}"),
            Missing::Mark(id) | Missing::Instrument(id) => {
                let symbol = desk.instrument(*id).map_or("something held", |i| &i.symbol);
                format!("no price of {symbol}")
            }
        };
        return Err(format!("The equity is not known: {what} yet"));
    }
    let balances = valued.balances.ok_or("The buying power is not known: an exchange rate is missing")?;
    let positions: Vec<&Position> =
        desk.blotter().open_positions().filter(|p| p.account == account.id).collect();
    let working: BTreeSet<InstrumentId> = desk
        .blotter()
        .working()
        .filter(|order| order.account == account.id)
        .map(|order| order.spec.instrument)
        .collect();
    let mut met = BTreeSet::new();
    let held = positions.iter().filter_map(|position| desk.instrument(position.instrument));
    let lines = listed
        .of_rows(desk, draft)
        .chain(held.filter(|instrument| instrument.broker == broker))
        .filter(|instrument| met.insert(instrument.id))
        .map(|instrument| {
            let net = positions.iter().find(|position| position.instrument == instrument.id);
            Line {
                net: net.map_or(Decimal::ZERO, |position| position.net),
                quote: desk.quote(instrument.id).map(|view| (*view.quote, feed(view.freshness))),
                has_working: working.contains(&instrument.id),
                commission: desk.commission_of(instrument),
                is_held_back: false,
                instrument: Arc::clone(instrument),
            }
        })
        .collect();
    if !desk.is_cash_current(account) {
        return Err("The cash is of before the last fill: wait until the broker has told it anew".to_owned());
    }
    let tied = tied_up(desk, account).ok_or(
        "What working orders will take is not known: wait for the quotes of their instruments, or cancel them",
    )?;
    let total = &valued.valuation.total;
    let situation = Situation {
        equity: total.equity,
        cash: total.cash,
        cash_free: total.cash.saturating_sub(tied),
        buying_power: balances.buying_power,
        rates: desk.rates(),
        lines,
    };
    Ok(Facts { account, base: desk.settings().base_currency, situation, is_stale: valued.is_stale })
}

/// What the account's working buys will take from its cash, in the base currency, without its exits.
fn tied_up(desk: &Desk, account: &Account) -> Option<Decimal> {
    let rates = desk.rates();
    let is_buy = |order: &&Order| {
        order.account == account.id && order.spec.side == Side::Buy && order.spec.parent.is_none()
    };
    desk.blotter().working().filter(is_buy).try_fold(Decimal::ZERO, |sum, order| {
        let instrument = desk.instrument(order.spec.instrument)?;
        let mark = || desk.quote(instrument.id)?.quote.mark();
        let price = order.spec.kind.limit().or_else(mark)?;
        let value = instrument.checked_value(price, order.remaining())?;
        sum.checked_add(rates.to_base(value, instrument.currency)?)
    })
}

fn feed(freshness: Freshness) -> Feed {
    match freshness {
        Freshness::Live => Feed::Live,
        Freshness::Closed => Feed::Closed,
        Freshness::Stale => Feed::Stale,
    }
}
