//! Accounts, from the rows of the account summary.
//!
//! Which accounts there are says the handshake, and what kind they are their ids; the summary adds cash,
//! margin and buying power. An account is told without them rather than not at all: what may be traded
//! depends on its kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use ibapi::accounts::{AccountSummary, AccountSummaryTags as Tags, PnL};

use super::worth::Worth;
use crate::domain::{Account, AccountId, AccountKind, Balance, BrokerId, Currency, Decimal, bounds};

/// What is asked of every account. The last stands for the cash in each currency.
pub(super) const TAGS: [&str; 5] = [
    Tags::NET_LIQUIDATION,
    Tags::TOTAL_CASH_VALUE,
    Tags::BUYING_POWER,
    Tags::INIT_MARGIN_REQ,
    Tags::LEDGER_ALL,
];
const CASH: &str = "CashBalance";
const REALISED: &str = "RealizedPnL";
/// What the ledger calls the sum over all currencies.
const SUM: &str = "BASE";

/// All accounts of a session.
#[derive(Debug)]
pub(super) struct Accounts {
    broker: BrokerId,
    ids: Vec<AccountId>,
    rows: BTreeMap<(String, String, String), Decimal>,
    worths: BTreeMap<AccountId, Worth>,
    told: BTreeMap<AccountId, Arc<Account>>,
    /// Whether a row has come since they were compared.
    is_dirty: bool,
}

impl Accounts {
    /// Those that the handshake names.
    pub fn new(broker: BrokerId, names: &[String]) -> Self {
        let ids = names.iter().filter(|name| !name.is_empty()).map(|name| AccountId::from(&**name)).collect();
        Self {
            broker,
            ids,
            rows: BTreeMap::new(),
            worths: BTreeMap::new(),
            told: BTreeMap::new(),
            is_dirty: false,
        }
    }

    /// All of them.
    pub fn ids(&self) -> &[AccountId] {
        &self.ids
    }

    /// Whether an account is one of these.
    pub fn has(&self, account: &AccountId) -> bool {
        self.ids.contains(account)
    }

    /// The currency that an account is kept in, once TWS has told.
    pub fn base_of(&self, account: &AccountId) -> Option<Currency> {
        let mut rows = self.rows.keys().filter(|(of, ..)| *of == *account.0);
        let (.., currency) = rows.find(|(_, tag, _)| tag == Tags::NET_LIQUIDATION)?;
        Currency::parse(currency).ok()
    }

    /// Whether money is at stake: it is, unless every account is one of paper.
    pub fn kind(&self) -> AccountKind {
        let is_paper = !self.ids.is_empty() && self.ids.iter().all(|id| kind_of(id) == AccountKind::Paper);
        if is_paper { AccountKind::Paper } else { AccountKind::Live }
    }

    /// A row of the summary.
    pub fn take(&mut self, row: AccountSummary) {
        let Some(value) = row.value.parse().ok().and_then(|value| bounds::amount(value).ok()) else { return };
        if row.tag == Tags::NET_LIQUIDATION {
            self.worths.entry(AccountId::from(&*row.account)).or_default().take_equity(value);
        }
        self.rows.insert((row.account, row.tag, row.currency), value);
        self.is_dirty = true;
    }

    /// How an account has done today.
    pub fn take_result(&mut self, id: &AccountId, theirs: &PnL) {
        self.is_dirty |= self.worths.entry(id.clone()).or_default().take_result(theirs);
    }

    /// All accounts, for the books.
    pub fn books(&mut self) -> Vec<Arc<Account>> {
        let accounts: Vec<Arc<Account>> = self.ids.iter().map(|id| Arc::new(self.account(id))).collect();
        self.told = accounts.iter().map(|account| (account.id.clone(), Arc::clone(account))).collect();
        accounts
    }

    /// Accounts that have changed since they were told, and were told before.
    pub fn changed(&mut self) -> Vec<Arc<Account>> {
        let mut changed = Vec::new();
        if !std::mem::take(&mut self.is_dirty) {
            return changed;
        }
        for id in &self.ids {
            let account = self.account(id);
            if self.told.get(id).is_some_and(|told| **told != account) {
                changed.push(Arc::new(account));
            }
        }
        for account in &changed {
            self.told.insert(account.id.clone(), Arc::clone(account));
        }
        changed
    }

    /// The first account as it was told, which is said again as a sign of life.
    pub fn any(&self) -> Option<Arc<Account>> {
        self.told.values().next().cloned()
    }

    fn account(&self, id: &AccountId) -> Account {
        let value = |tag: &str, currency: &str| {
            let key = (id.to_string(), tag.to_owned(), currency.to_owned());
            self.rows.get(&key).copied()
        };
        let base = self.base_of(id).unwrap_or(Currency::USD);
        let of_base = |tag: &str| value(tag, base.code()).unwrap_or_default();
        let mut currencies: Vec<Currency> = vec![base];
        for (account, tag, currency) in self.rows.keys() {
            let Ok(parsed) = Currency::parse(currency) else { continue };
            if *account == *id.0 && tag == CASH && currency != SUM && !currencies.contains(&parsed) {
                currencies.push(parsed);
            }
        }
        let balance = |currency: Currency| {
            let is_base = currency == base;
            let total = || if is_base { of_base(Tags::TOTAL_CASH_VALUE) } else { Decimal::ZERO };
            Balance {
                currency,
                cash: value(CASH, currency.code()).unwrap_or_else(total),
                realised: value(REALISED, currency.code()).unwrap_or_default(),
                commissions: Decimal::ZERO,
                margin: if is_base { of_base(Tags::INIT_MARGIN_REQ) } else { Decimal::ZERO },
                buying_power: if is_base { of_base(Tags::BUYING_POWER) } else { Decimal::ZERO },
            }
        };
        let has_rows = self.rows.keys().any(|(account, ..)| *account == *id.0);
        let balances = if has_rows { currencies.into_iter().map(balance).collect() } else { Vec::new() };
        Account {
            id: id.clone(),
            broker: self.broker,
            kind: kind_of(id),
            title: format!("IBKR {id}").into(),
            base,
            balances,
            reported: self.worths.get(id).and_then(Worth::reported),
        }
    }
}

/// By the id, never by a port or a setting.
fn kind_of(account: &AccountId) -> AccountKind {
    if account.0.starts_with('D') { AccountKind::Paper } else { AccountKind::Live }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Reported;

    fn row(account: &str, tag: &str, value: &str, currency: &str) -> AccountSummary {
        let text = |text: &str| text.to_owned();
        AccountSummary {
            account: text(account),
            tag: text(tag),
            value: text(value),
            currency: text(currency),
        }
    }

    fn accounts(names: &[&str]) -> Accounts {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Accounts::new(BrokerId(0), &names)
    }

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_kind_follows_from_the_id_and_nothing_else() {
        let mut accounts = accounts(&["DU1", "DF2", "U3", "F4", ""]);
        let kinds: Vec<AccountKind> = accounts.books().iter().map(|account| account.kind).collect();
        let (paper, live) = (AccountKind::Paper, AccountKind::Live);
        assert_eq!(kinds, [paper, paper, live, live]);
        assert!(accounts.has(&"DU1".into()) && !accounts.has(&"DU9".into()));
        assert_eq!(accounts.kind(), live, "one of them is");
        assert_eq!(self::accounts(&["DU1", "DF2"]).kind(), paper);
        assert_eq!(self::accounts(&[]).kind(), live);
    }

    #[test]
    fn cash_is_told_in_each_currency_and_margin_in_the_accounts_own() {
        let mut accounts = accounts(&["U3"]);
        for (tag, value, currency) in [
            ("NetLiquidation", "125000.50", "EUR"),
            ("TotalCashValue", "60000", "EUR"),
            ("BuyingPower", "240000", "EUR"),
            ("InitMarginReq", "5000", "EUR"),
            ("CashBalance", "40000", "EUR"),
            ("CashBalance", "22000", "USD"),
            ("CashBalance", "60000", "BASE"),
            ("RealizedPnL", "12.5", "USD"),
            ("Currency", "USD", "USD"),
        ] {
            accounts.take(row("U3", tag, value, currency));
        }
        let told = accounts.books().remove(0);
        assert_eq!(told.base, Currency::EUR);
        assert_eq!(told.balances.len(), 2, "the sum is no currency");
        let (euros, dollars) = (told.balance(Currency::EUR).unwrap(), told.balance(Currency::USD).unwrap());
        assert_eq!(
            (euros.cash, euros.margin, euros.buying_power),
            (dec("40000"), dec("5000"), dec("240000"))
        );
        assert_eq!((dollars.cash, dollars.realised, dollars.margin), (dec("22000"), dec("12.5"), dec("0")));
    }

    #[test]
    fn the_equity_and_the_day_are_those_of_tws() {
        let mut accounts = accounts(&["U3"]);
        accounts.take(row("U3", "NetLiquidation", "125000.50", "EUR"));
        accounts.take(row("U3", "CashBalance", "40000", "EUR"));
        let told = accounts.books().remove(0);
        assert_eq!(told.reported, Some(Reported { equity: dec("125000.50"), day: None }));
        let result = |open: f64| PnL { daily_pnl: open, unrealized_pnl: Some(open), realized_pnl: Some(0.0) };
        accounts.take_result(&"U3".into(), &result(10.0));
        accounts.take_result(&"U3".into(), &result(12.5));
        let changed = accounts.changed().remove(0).reported.unwrap();
        assert_eq!((changed.equity, changed.day.unwrap().gain), (dec("125003.00"), dec("12.5")));
        accounts.take_result(&"U3".into(), &result(12.5));
        assert!(accounts.changed().is_empty(), "the same once more");
    }

    #[test]
    fn an_account_without_a_summary_is_told_by_its_id() {
        let told = accounts(&["U3"]).books().remove(0);
        assert_eq!((told.kind, told.balances.len()), (AccountKind::Live, 0));
    }

    #[test]
    fn only_what_has_changed_is_told_again() {
        let mut accounts = accounts(&["U3", "U4"]);
        accounts.take(row("U3", "TotalCashValue", "1", "USD"));
        assert!(accounts.changed().is_empty(), "before the books nothing is told");
        accounts.books();
        accounts.take(row("U3", "TotalCashValue", "1", "USD"));
        assert!(accounts.changed().is_empty());
        accounts.take(row("U4", "TotalCashValue", "2", "USD"));
        let changed = accounts.changed();
        assert_eq!((changed.len(), &*changed[0].id.0), (1, "U4"));
        assert!(accounts.changed().is_empty());
        assert_eq!(&*accounts.any().unwrap().id.0, "U3");
    }
}
