//! Accounts: values, positions, profit and loss, asked for or followed.
//!
//! Who follows is told what has changed since it was told last: at once after a trade, and in turns
//! where only the market has moved.

mod positions;
mod profits;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::errors;
use super::orders::text;
use super::{ConnId, Core, words};
use crate::domain::{Account, AccountId, AccountKind, Decimal, InstrumentId, Position};
use crate::gateway::wire::{Reply, model};

/// How often what follows the market is told anew.
const TURN: Duration = Duration::from_secs(1);
/// How often account values are told anew that only the market has moved. (TWS: three minutes.)
const VALUES_EVERY: u32 = 10;
/// Subscriptions of a connection to accounts, by request id.
const MOST_FOLLOWED: usize = 100;
/// Longest list of tags of a summary.
const LONGEST_TAGS: usize = 4 << 10;

/// What a session follows of accounts.
#[derive(Default)]
pub(super) struct Ledgers {
    /// Positions of all accounts that were told, where they are followed.
    positions: Option<Holdings>,
    /// The account whose values and portfolio are followed.
    updates: Option<(AccountId, Values)>,
    /// What is followed by a request's id.
    by_id: BTreeMap<i32, Followed>,
    turns: u32,
}

/// What is followed by a request's id, and what was told of it.
enum Followed {
    /// Chosen values of all accounts.
    Summary { tags: Vec<String>, told: Values },
    /// All values of an account.
    Values { account: AccountId, told: Values },
    /// Positions of an account.
    Positions { account: AccountId, told: Holdings },
    /// Profit and loss of an account, or of one of its positions.
    Profit { account: AccountId, instrument: Option<InstrumentId>, told: Option<Box<Reply>> },
}

/// Size and average price of positions that were told.
type Holdings = BTreeMap<(AccountId, InstrumentId), (Decimal, Decimal)>;

/// Values that were told, by account, name and currency.
type Values = BTreeMap<(AccountId, String, String), String>;

/// A value of an account.
struct Value {
    key: &'static str,
    said: String,
    currency: String,
}

impl Core {
    /// The accounts that clients may use: never those with money at stake.
    pub(super) fn served_accounts(&self) -> impl Iterator<Item = &Arc<Account>> {
        self.desk.accounts().iter().filter(|account| account.kind == AccountKind::Paper)
    }

    pub(super) fn served_ids(&self) -> Vec<AccountId> {
        self.served_accounts().map(|account| account.id.clone()).collect()
    }

    /// From now on something is followed, and told for the first time; `false` where it is one too many,
    /// which is said.
    fn follow_by_id(&mut self, conn: ConnId, req_id: i32, followed: Followed) -> bool {
        let Some(session) = self.session_mut(conn) else { return false };
        if session.ledgers.by_id.len() >= MOST_FOLLOWED {
            let text = format!("{MOST_FOLLOWED} subscriptions to accounts are the most: cancel one");
            self.error(conn, Some(req_id), errors::REFUSED, &text);
            return false;
        }
        session.ledgers.by_id.insert(req_id, followed);
        self.tell_by_id(conn, req_id);
        true
    }

    /// Tells what has changed of something that is followed.
    fn tell_by_id(&mut self, conn: ConnId, req_id: i32) {
        let followed = self.session_mut(conn).and_then(|session| session.ledgers.by_id.remove(&req_id));
        let Some(mut followed) = followed else { return };
        let replies = match &mut followed {
            Followed::Summary { tags, told } => self.summary(req_id, tags, told),
            Followed::Values { account, told } => self.all_values(req_id, account, told),
            Followed::Positions { account, told } => self.positions_by_id(req_id, account, told),
            Followed::Profit { account, instrument, told } => self.profit(req_id, account, *instrument, told),
        };
        for reply in replies {
            self.say(conn, &reply);
        }
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.by_id.insert(req_id, followed);
        }
    }

    /// 63, 75, 77, 93 and 95: no more of it.
    pub(super) fn forget_by_id(&mut self, conn: ConnId, request: &model::RequestId) {
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.by_id.remove(&request.req_id.unwrap_or_default());
        }
    }

    fn account_named(&self, name: Option<&String>) -> Option<AccountId> {
        let name = text(name);
        let mut served = self.served_accounts();
        let found = if name.is_empty() {
            served.next()
        } else {
            served.find(|account| words::account_name(&account.id) == name)
        };
        found.map(|account| account.id.clone())
    }

    /// The account that a request names, or the refusal of that request.
    fn account_or_refuse(
        &mut self,
        conn: ConnId,
        req_id: Option<i32>,
        name: Option<&String>,
    ) -> Option<AccountId> {
        let found = self.account_named(name);
        if found.is_none() {
            let text = format!("Invalid account code {:?}", super::orders::text(name));
            self.error(conn, req_id, errors::REFUSED, &text);
        }
        found
    }

    /// 6: values and portfolio of an account, on or off.
    pub(super) fn account_data(&mut self, conn: ConnId, request: &model::AccountDataRequest) {
        if request.subscribe != Some(true) {
            if let Some(session) = self.session_mut(conn) {
                session.ledgers.updates = None;
            }
            return;
        }
        let Some(account) = self.account_or_refuse(conn, None, request.acct_code.as_ref()) else { return };
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.updates = Some((account.clone(), Values::new()));
        }
        self.tell_updates(conn);
        let account_name = Some(words::account_name(&account));
        self.say(conn, &Reply::AccountDataEnd(model::AccountDataEnd { account_name }));
    }

    fn tell_updates(&mut self, conn: ConnId) {
        let Some((account, mut told)) = self.session_mut(conn).and_then(|s| s.ledgers.updates.take()) else {
            return;
        };
        let account_name = Some(words::account_name(&account));
        let changed = news(&mut told, &account, self.values_of(&account), |_| true);
        for Value { key, said, currency } in changed {
            let (key, value, currency) = (Some(key.to_owned()), Some(said), Some(currency));
            let account_name = account_name.clone();
            self.say(conn, &Reply::AccountValue(model::AccountValue { key, value, currency, account_name }));
        }
        for position in self.positions_of(&account) {
            let Some(portfolio) = self.portfolio_value(&position) else { continue };
            let key = (account.clone(), "portfolio".to_owned(), position.instrument.to_string());
            if position.is_flat() && !told.contains_key(&key) {
                continue;
            }
            let said = format!("{portfolio:?}");
            if told.insert(key, said.clone()) != Some(said) {
                self.say(conn, &Reply::PortfolioValue(Box::new(portfolio)));
            }
        }
        let time_stamp = Some(self.now.to_timestamp().strftime("%H:%M").to_string());
        self.say(conn, &Reply::AccountUpdateTime(model::AccountUpdateTime { time_stamp }));
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.updates = Some((account, told));
        }
    }

    /// Positions of an account, those too that were closed: a client that has seen one must see that.
    fn positions_of(&self, account: &AccountId) -> Vec<Position> {
        self.desk.blotter().positions().filter(|position| position.account == *account).cloned().collect()
    }

    fn portfolio_value(&self, position: &Position) -> Option<model::PortfolioValue> {
        let instrument = self.desk.instrument(position.instrument)?;
        let mark = self.desk.mark(position.instrument);
        let number = |amount: Decimal| Some(words::double(amount));
        Some(model::PortfolioValue {
            contract: Some(self.contracts.contract(instrument)),
            position: Some(words::decimal(position.net)),
            market_price: Some(mark.map_or(0.0, |mark| words::double(mark.0))),
            market_value: number(self.desk.value_of(position).unwrap_or_default()),
            average_cost: number(position.average_price * instrument.multiplier),
            unrealized_pnl: number(self.desk.unrealised(position).unwrap_or_default()),
            realized_pnl: number(position.realised),
            account_name: Some(words::account_name(&position.account)),
        })
    }

    /// What an account is worth, in the words of the API: in the base currency, then by currency.
    fn values_of(&self, id: &AccountId) -> Vec<Value> {
        let Some(valued) = self.desk.valuations().iter().find(|valued| valued.account == *id) else {
            return Vec::new();
        };
        // What lacks a mark or a rate is left out of the sums: they would be told as less than it is.
        let Some(balances) = valued.balances.filter(|_| valued.valuation.is_complete()) else {
            return Vec::new();
        };
        let total = &valued.valuation.total;
        let base = total.currency;
        let rates = self.desk.rates();
        let gross: Decimal = self
            .positions_of(id)
            .iter()
            .filter_map(|position| {
                let currency = self.desk.instrument(position.instrument)?.currency;
                rates.to_base(self.desk.value_of(position)?.abs(), currency)
            })
            .sum();
        let available = total.equity - balances.margin;
        let amount = |key, amount: Decimal| Value {
            key,
            said: words::decimal(amount.round_dp(base.decimals().max(2))),
            currency: base.to_string(),
        };
        let plain = |key, said: String| Value { key, said, currency: String::new() };
        let cushion = available.checked_div(total.equity).unwrap_or_default().round_dp(6);
        let mut values = vec![
            plain("AccountCode", words::account_name(id)),
            plain("AccountType", "INDIVIDUAL".to_owned()),
            plain("AccountReady", "true".to_owned()),
            plain("Cushion", words::decimal(cushion)),
            plain("DayTradesRemaining", "-1".to_owned()),
            plain(
                "Leverage",
                words::decimal(gross.checked_div(total.equity).unwrap_or_default().round_dp(2)),
            ),
            amount("NetLiquidation", total.equity),
            amount("TotalCashValue", total.cash),
            amount("SettledCash", total.cash),
            amount("AccruedCash", Decimal::ZERO),
            amount("BuyingPower", balances.buying_power),
            amount("EquityWithLoanValue", total.equity),
            amount("GrossPositionValue", gross),
            amount("InitMarginReq", balances.margin),
            amount("MaintMarginReq", balances.margin),
            amount("FullInitMarginReq", balances.margin),
            amount("FullMaintMarginReq", balances.margin),
            amount("AvailableFunds", available),
            amount("ExcessLiquidity", available),
            amount("FullAvailableFunds", available),
            amount("FullExcessLiquidity", available),
            amount("UnrealizedPnL", total.unrealised),
            amount("RealizedPnL", total.realised),
        ];
        for worth in &valued.valuation.currencies {
            let currency = worth.currency.to_string();
            let own = |key, amount: Decimal| Value {
                key,
                said: words::decimal(amount.round_dp(worth.currency.decimals().max(2))),
                currency: currency.clone(),
            };
            let rate = rates.to_base(Decimal::ONE, worth.currency).unwrap_or_default().round_dp(7);
            values.extend([
                own("CashBalance", worth.cash),
                own("TotalCashBalance", worth.cash),
                own("NetLiquidationByCurrency", worth.equity),
                Value { key: "ExchangeRate", said: words::decimal(rate), currency: currency.clone() },
                Value { key: "Currency", said: currency.clone(), currency: currency.clone() },
            ]);
            if worth.currency != base {
                values.extend([own("UnrealizedPnL", worth.unrealised), own("RealizedPnL", worth.realised)]);
            }
        }
        values
    }

    /// 62: chosen values, of all accounts.
    pub(super) fn account_summary(&mut self, conn: ConnId, request: &model::AccountSummaryRequest) {
        let req_id = request.req_id.unwrap_or_default();
        if text(request.tags.as_ref()).len() > LONGEST_TAGS {
            return self.error(conn, Some(req_id), errors::REFUSED, "The list of tags is too long");
        }
        let split = |text: &str| -> Vec<String> {
            text.split(',').map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
        };
        let mut tags = split(text(request.tags.as_ref()));
        // The ledger is the list by currency.
        if tags.iter().any(|tag| tag.starts_with("$LEDGER")) {
            let ledger = "CashBalance,TotalCashBalance,NetLiquidationByCurrency,ExchangeRate,Currency,UnrealizedPnL,RealizedPnL";
            tags.extend(split(ledger));
        }
        if self.follow_by_id(conn, req_id, Followed::Summary { tags, told: Values::new() }) {
            self.say(conn, &Reply::AccountSummaryEnd(model::RequestId { req_id: Some(req_id) }));
        }
    }

    fn summary(&self, req_id: i32, tags: &[String], told: &mut Values) -> Vec<Reply> {
        let is_asked = |key: &str| tags.iter().any(|tag| tag == key);
        let mut replies = Vec::new();
        for account in self.served_ids() {
            let changed = news(told, &account, self.values_of(&account), is_asked);
            replies.extend(changed.into_iter().map(|Value { key, said, currency }| {
                Reply::AccountSummary(model::AccountSummary {
                    req_id: Some(req_id),
                    account: Some(words::account_name(&account)),
                    tag: Some(key.to_owned()),
                    value: Some(said),
                    currency: Some(currency),
                })
            }));
        }
        replies
    }

    /// 76: values of an account.
    pub(super) fn account_updates_multi(
        &mut self,
        conn: ConnId,
        request: &model::AccountUpdatesMultiRequest,
    ) {
        let req_id = request.req_id.unwrap_or_default();
        let Some(account) = self.account_or_refuse(conn, Some(req_id), request.account.as_ref()) else {
            return;
        };
        if self.follow_by_id(conn, req_id, Followed::Values { account, told: Values::new() }) {
            self.say(conn, &Reply::AccountUpdateMultiEnd(model::RequestId { req_id: Some(req_id) }));
        }
    }

    fn all_values(&self, req_id: i32, account: &AccountId, told: &mut Values) -> Vec<Reply> {
        let changed = news(told, account, self.values_of(account), |_| true);
        let update = |Value { key, said, currency }| {
            Reply::AccountUpdateMulti(model::AccountUpdateMulti {
                req_id: Some(req_id),
                account: Some(words::account_name(account)),
                model_code: Some(String::new()),
                key: Some(key.to_owned()),
                value: Some(said),
                currency: Some(currency),
            })
        };
        changed.into_iter().map(update).collect()
    }

    /// After a trade: everything that follows from it.
    pub(super) fn tell_accounts(&mut self) {
        if !self.told.take_account_news() {
            return;
        }
        for conn in self.sessions().map(|(conn, _)| conn).collect::<Vec<_>>() {
            self.tell_positions(conn);
            self.tell_updates(conn);
            self.tell_all_by_id(conn, |_| true);
        }
    }

    /// In turns: what the market has moved.
    pub(super) fn tell_accounts_in_time(&mut self) {
        if self.now.since(self.told.accounts_at) < TURN {
            return;
        }
        self.told.accounts_at = self.now;
        for conn in self.sessions().map(|(conn, _)| conn).collect::<Vec<_>>() {
            if self.connections.get(&conn).is_some_and(|connection| connection.is_slow) {
                continue;
            }
            let turns = self.session_mut(conn).map_or(0, |session| {
                session.ledgers.turns = session.ledgers.turns.wrapping_add(1);
                session.ledgers.turns
            });
            if turns.is_multiple_of(VALUES_EVERY) {
                self.tell_updates(conn);
                self.tell_all_by_id(conn, |_| true);
            } else {
                self.tell_all_by_id(conn, |followed| matches!(followed, Followed::Profit { .. }));
            }
        }
    }

    fn tell_all_by_id(&mut self, conn: ConnId, is_due: impl Fn(&Followed) -> bool) {
        let Some(session) = self.session(conn) else { return };
        let due = session.ledgers.by_id.iter().filter(|(_, followed)| is_due(followed));
        for req_id in due.map(|(req_id, _)| *req_id).collect::<Vec<_>>() {
            self.tell_by_id(conn, req_id);
        }
    }
}

/// Of the values that are asked for, those that were not told like this.
fn news(
    told: &mut Values,
    account: &AccountId,
    values: Vec<Value>,
    is_asked: impl Fn(&str) -> bool,
) -> Vec<Value> {
    let mut is_new = |value: &Value| {
        let key = (account.clone(), value.key.to_owned(), value.currency.clone());
        told.insert(key, value.said.clone()).as_ref() != Some(&value.said)
    };
    values.into_iter().filter(|value| is_asked(value.key) && is_new(value)).collect()
}
