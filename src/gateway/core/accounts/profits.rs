//! Profit and loss, of an account or of a position.

use super::Followed;
use crate::domain::time::DAY;
use crate::domain::{AccountId, Decimal, Fill, InstrumentId, Position, Time};
use crate::gateway::core::{ConnId, Core, errors, words};
use crate::gateway::wire::{Reply, model};

/// What a position, or an account, has come to today.
#[derive(Debug, Clone, Copy, Default)]
struct Day {
    /// Against the close of the day before.
    daily: Decimal,
    /// Of what is held, against what it cost.
    unrealised: Decimal,
    /// Of what was closed today, commissions taken off.
    realised: Decimal,
}

impl Core {
    /// 92: profit and loss of an account.
    pub(in crate::gateway::core) fn pnl(&mut self, conn: ConnId, request: &model::PnLRequest) {
        let req_id = request.req_id.unwrap_or_default();
        let Some(account) = self.account_or_refuse(conn, Some(req_id), request.account.as_ref()) else {
            return;
        };
        self.follow_by_id(conn, req_id, Followed::Profit { account, instrument: None, told: None });
    }

    /// 94: profit and loss of a position.
    pub(in crate::gateway::core) fn pnl_single(&mut self, conn: ConnId, request: &model::PnLSingleRequest) {
        let req_id = request.req_id.unwrap_or_default();
        let Some(account) = self.account_or_refuse(conn, Some(req_id), request.account.as_ref()) else {
            return;
        };
        let wanted = model::Contract { con_id: request.con_id, ..model::Contract::default() };
        match self.contracts.resolve(&wanted).map(|instrument| instrument.id) {
            Ok(id) => {
                self.follow_by_id(
                    conn,
                    req_id,
                    Followed::Profit { account, instrument: Some(id), told: None },
                );
            }
            Err(error) => self.error(conn, Some(req_id), errors::NO_DEFINITION, &error.to_string()),
        }
    }

    pub(super) fn profit(
        &self,
        req_id: i32,
        account: &AccountId,
        instrument: Option<InstrumentId>,
        told: &mut Option<Box<Reply>>,
    ) -> Vec<Reply> {
        let now = match instrument {
            None => self.profit_of(req_id, account),
            Some(instrument) => self.profit_of_one(req_id, account, instrument),
        };
        let is_new = told.as_deref() != Some(&now);
        *told = Some(Box::new(now.clone()));
        is_new.then_some(now).into_iter().collect()
    }

    /// What a position has come to today, in its instrument's currency. The day is that of UTC, which
    /// holds the sessions of all exchanges here.
    fn day_of(&self, position: &Position) -> Option<Day> {
        let instrument = self.desk.instrument(position.instrument)?;
        let midnight = Time(self.market_now().0.div_euclid(DAY) * DAY);
        let is_own =
            |fill: &&Fill| fill.account == position.account && fill.instrument == position.instrument;
        let fills = self.desk.blotter().fills().iter().filter(|fill| fill.time >= midnight).filter(is_own);
        let (mut bought, mut paid, mut realised) = (Decimal::ZERO, Decimal::ZERO, Decimal::ZERO);
        let mut commissions = Decimal::ZERO;
        for fill in fills {
            let units = fill.side.sign() * fill.quantity.0;
            bought += units;
            paid += units * fill.price.0;
            realised += fill.realised;
            commissions += fill.commission.amount;
        }
        // Of what was held before, the day counts from the close before it.
        let before = position.net - bought;
        let close = self.desk.quote(position.instrument).and_then(|view| view.quote.prev_close);
        let begun = if before.is_zero() { Decimal::ZERO } else { before.checked_mul(close?.0)? };
        let worth = if position.is_flat() {
            Decimal::ZERO
        } else {
            position.net.checked_mul(self.desk.mark(position.instrument)?.0)?
        };
        let moved = worth.checked_sub(begun)?.checked_sub(paid)?.checked_mul(instrument.multiplier)?;
        let unrealised = if position.is_flat() { Decimal::ZERO } else { self.desk.unrealised(position)? };
        Some(Day { daily: moved - commissions, unrealised, realised: realised - commissions })
    }

    fn profit_of(&self, req_id: i32, account: &AccountId) -> Reply {
        let rates = self.desk.rates();
        let mut sum = Some(Day::default());
        for position in self.positions_of(account) {
            let day = self.day_of(&position).zip(self.desk.instrument(position.instrument));
            sum = sum.zip(day).and_then(|(sum, (day, instrument))| {
                let to_base = |amount| rates.to_base(amount, instrument.currency);
                Some(Day {
                    daily: sum.daily + to_base(day.daily)?,
                    unrealised: sum.unrealised + to_base(day.unrealised)?,
                    realised: sum.realised + to_base(day.realised)?,
                })
            });
        }
        // What is not known is not told as nothing.
        let number = |part: fn(&Day) -> Decimal| sum.as_ref().map(|day| words::double(part(day).round_dp(2)));
        Reply::PnL(model::PnL {
            req_id: Some(req_id),
            daily_pnl: number(|day| day.daily),
            unrealized_pnl: number(|day| day.unrealised),
            realized_pnl: number(|day| day.realised),
        })
    }

    fn profit_of_one(&self, req_id: i32, account: &AccountId, instrument: InstrumentId) -> Reply {
        let flat = || Position::flat(account.clone(), instrument);
        let position = self.desk.blotter().position_of(account, instrument).cloned().unwrap_or_else(flat);
        let day = self.day_of(&position);
        let number = |part: fn(&Day) -> Decimal| day.as_ref().map(|day| words::double(part(day).round_dp(2)));
        let value = if position.is_flat() { Some(Decimal::ZERO) } else { self.desk.value_of(&position) };
        Reply::PnLSingle(model::PnLSingle {
            req_id: Some(req_id),
            position: Some(words::decimal(position.net)),
            daily_pnl: number(|day| day.daily),
            unrealized_pnl: number(|day| day.unrealised),
            realized_pnl: number(|day| day.realised),
            value: value.map(|value| words::double(value.round_dp(2))),
        })
    }
}
