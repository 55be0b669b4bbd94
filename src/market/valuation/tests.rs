//! Worked accounts, and the identity between equity, cash and profit.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    AccountKind, AssetClass, Balance, BrokerId, Qty, Reported, Side, TickTable, TradingHours,
};

const USD: Currency = Currency::USD;
const JPY: Currency = Currency::JPY;
const EUR: Currency = Currency::EUR;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn instrument(id: u32, symbol: &str, currency: Currency, multiplier: i64) -> Arc<Instrument> {
    Arc::new(Instrument {
        id: InstrumentId(id),
        broker: BrokerId(0),
        symbol: symbol.into(),
        name: symbol.into(),
        venue: "TEST".into(),
        class: AssetClass::Share,
        currency,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: multiplier.into(),
        hours: TradingHours::always("UTC"),
    })
}

fn catalogue() -> Vec<Arc<Instrument>> {
    vec![
        instrument(0, "AAPL", USD, 1),
        instrument(1, "7203", JPY, 1),
        instrument(2, "EUR/USD", USD, 1),
        instrument(3, "FUT", USD, 50),
    ]
}

fn account(balances: &[(Currency, i64, i64)]) -> Account {
    let balance = |&(currency, cash, realised): &(Currency, i64, i64)| Balance {
        currency,
        cash: cash.into(),
        realised: realised.into(),
        commissions: Decimal::ZERO,
        margin: Decimal::ZERO,
        buying_power: Decimal::ZERO,
    };
    Account {
        id: "PAPER".into(),
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "Paper".into(),
        base: USD,
        balances: balances.iter().map(balance).collect(),
        reported: None,
    }
}

fn position(instrument: u32, net: i64, average: &str) -> Position {
    let flat = Position::flat("PAPER".into(), InstrumentId(instrument));
    Position { net: net.into(), average_price: dec(average), ..flat }
}

fn dollar_rates() -> Rates {
    Rates::from_quotes(USD, &[(USD, JPY, dec("150"))])
}

/// Marks of the catalogue: AAPL 110, Toyota 3,000, EUR/USD 1.10, the future 20.
fn marks(id: InstrumentId) -> Option<Price> {
    ["110", "3000", "1.10", "20"].get(id.index()).map(|text| Price(dec(text)))
}

fn worth(currency: Currency, [cash, unrealised, realised, equity]: [&str; 4]) -> Worth {
    let (cash, unrealised) = (dec(cash), dec(unrealised));
    Worth { currency, cash, unrealised, realised: dec(realised), equity: dec(equity) }
}

#[test]
fn an_account_is_worth_its_cash_and_what_it_holds() {
    let account = account(&[(USD, 1_000, 40), (JPY, 30_000, -600)]);
    let positions = [
        position(0, 10, "100"),
        position(1, -100, "3030"),
        position(2, 1_000, "1.05"),
        position(3, -2, "21"),
    ];
    let valuation = value(&account, &positions, marks, &catalogue(), &dollar_rates());
    // USD: 10 × 110 + 1,000 × 1.10 − 2 × 20 × 50; profit 100 + 50 + 100.
    // JPY: −100 × 3,000; profit 100 × 30.
    let expected =
        [worth(USD, ["1000", "250", "40", "1200"]), worth(JPY, ["30000", "3000", "-600", "-270000"])];
    assert_eq!(valuation.currencies, expected);
    assert_eq!(valuation.total, worth(USD, ["1200", "270", "36", "-600"]));
    assert!(valuation.is_complete());
}

#[test]
fn the_equity_that_the_broker_reports_holds() {
    // The broker has the euros in its cash already, so that they would count twice.
    let mut account = account(&[(USD, 1_000, 0), (EUR, 1_000, 0)]);
    account.base = EUR;
    account.reported = Some(Reported { equity: dec("1950"), day: None });
    let positions = [position(2, 1_000, "1.05")];
    let rates = Rates::from_quotes(USD, &[(EUR, USD, dec("1.10"))]);
    let valuation = value(&account, &positions, marks, &catalogue(), &rates);
    assert_eq!(valuation.total, worth(USD, ["2100", "50", "0", "2145"]));
    assert!(valuation.is_complete());
    let valuation = value(&account, &[], marks, &catalogue(), &Rates::from_quotes(USD, &[]));
    assert_eq!(valuation.missing, [Missing::Rate(EUR)], "an equity in a currency that has no rate");
}

#[test]
fn what_has_no_mark_is_listed_and_left_out() {
    let account = account(&[(USD, 1_000, 0)]);
    let positions = [position(0, 10, "100"), position(3, 1, "20"), position(9, 5, "1")];
    let only_shares = |id: InstrumentId| marks(id).filter(|_| id.0 == 0);
    let valuation = value(&account, &positions, only_shares, &catalogue(), &dollar_rates());
    assert_eq!(valuation.currencies, [worth(USD, ["1000", "100", "0", "2100"])]);
    assert_eq!(valuation.missing, [Missing::Instrument(InstrumentId(9)), Missing::Mark(InstrumentId(3))]);
}

#[test]
fn what_has_no_rate_is_listed_and_not_in_the_total() {
    let account = account(&[(USD, 1_000, 0), (EUR, 500, 0), (JPY, 0, 0)]);
    let no_rates = Rates::from_quotes(USD, &[]);
    let valuation = value(&account, &[], marks, &catalogue(), &no_rates);
    assert_eq!(valuation.total, worth(USD, ["1000", "0", "0", "1000"]));
    // No yen are held, so their rate is not missed.
    assert_eq!(valuation.missing, [Missing::Rate(EUR)]);
    assert!(!valuation.is_complete());
}

#[test]
fn positions_in_a_currency_without_balance_count() {
    let valuation = value(&account(&[]), &[position(1, 100, "2900")], marks, &catalogue(), &dollar_rates());
    assert_eq!(valuation.currencies, [worth(JPY, ["0", "10000", "0", "300000"])]);
    assert_eq!(valuation.total.equity, dec("2000"));
}

#[test]
fn other_accounts_and_flat_positions_need_no_mark() {
    let other = Position { account: "OTHER".into(), ..position(0, 10, "100") };
    let none = |_| None;
    let account = account(&[(USD, 5, 0)]);
    let valuation = value(&account, &[other, position(0, 0, "0")], none, &catalogue(), &dollar_rates());
    assert_eq!(valuation.total, worth(USD, ["5", "0", "0", "5"]));
    assert!(valuation.is_complete());
}

#[test]
fn rates_are_found_directly_inverted_and_by_way_of_others() {
    let krw = Currency::KRW;
    let btc = Currency::parse("BTC").unwrap();
    let quotes = [
        (USD, JPY, dec("150")),
        (EUR, USD, dec("1.1")),
        (btc, JPY, dec("9000000")),
        (USD, krw, Decimal::ZERO),
    ];
    let check = |base, amount, currency, expected: Option<&str>| {
        let converted = Rates::from_quotes(base, &quotes).to_base(dec(amount), currency);
        assert_eq!(converted, expected.map(dec), "{amount} {currency} in {base}");
    };
    check(USD, "12.34", USD, Some("12.34"));
    check(JPY, "2", USD, Some("300"));
    check(USD, "300", JPY, Some("2"));
    check(JPY, "2", EUR, Some("330"));
    check(EUR, "330", JPY, Some("2"));
    check(EUR, "0.11", btc, Some("6000"));
    check(USD, "1000", krw, None);
}

#[test]
fn a_direct_quote_is_preferred_to_a_way_round() {
    let quotes = [(EUR, USD, dec("1.1")), (USD, JPY, dec("150")), (EUR, JPY, dec("166"))];
    assert_eq!(Rates::from_quotes(JPY, &quotes).to_base(Decimal::ONE, EUR), Some(dec("166")));
}

#[test]
fn an_equity_is_sure_only_where_every_mark_and_rate_behind_it_is_known_and_fed() {
    let mut catalogue = catalogue();
    let pair = Instrument { class: AssetClass::Fx, ..(*instrument(4, "USD/JPY", JPY, 1)).clone() };
    catalogue.push(Arc::new(pair));
    let held = [position(0, 10, "100")];
    let check = |account: &Account, rates: &Rates, marked: bool, old: Option<u32>, expected: Option<&str>| {
        let mark = |id| marks(id).filter(|_| marked);
        let is_old = |id: InstrumentId| old == Some(id.0);
        let found = sure_equity(account, &held, mark, is_old, &catalogue, rates);
        assert_eq!(found, expected.map(dec), "{account:?} {marked} {old:?}");
    };
    let (plain, none) = (dollar_rates(), Rates::from_quotes(USD, &[]));
    let dollars = account(&[(USD, 1_000, 0)]);
    check(&dollars, &plain, true, None, Some("2100"));
    check(&dollars, &plain, true, Some(4), Some("2100"));
    check(&dollars, &plain, true, Some(0), None);
    check(&dollars, &plain, false, None, None);
    let both = account(&[(USD, 1_000, 0), (JPY, 300, 0)]);
    check(&both, &plain, true, None, Some("2102"));
    check(&both, &plain, true, Some(4), None);
    check(&both, &none, true, None, None);
    // By the broker's word, what is held needs no price.
    let reported = Some(Reported { equity: dec("300"), day: None });
    let told = Account { base: JPY, reported, ..both };
    check(&told, &plain, false, Some(0), Some("2"));
    check(&told, &plain, true, Some(4), None);
    check(&told, &none, true, None, None);
}

proptest! {
    /// However an account got to its positions: what it is worth more than at the start
    /// is its profit, realised or not.
    #[test]
    fn equity_is_the_first_cash_and_the_profit(
        fills in prop::collection::vec((any::<bool>(), 1..100_i64, 1..1_000_i64), 0..40),
        mark in 1..1_000_i64,
    ) {
        let mut position = position(3, 0, "0");
        let multiplier = catalogue()[3].multiplier;
        let (mut cash, mut realised) = (Decimal::from(1_000_000), Decimal::ZERO);
        for (buy, quantity, price) in fills {
            let side = if buy { Side::Buy } else { Side::Sell };
            let (quantity, price) = (Qty(quantity.into()), Price(price.into()));
            realised += position.apply(side, quantity, price, multiplier);
            cash -= side.sign() * quantity.0 * price.0 * multiplier;
        }
        let mut account = account(&[(USD, 0, 0)]);
        account.balances[0].cash = cash;
        account.balances[0].realised = realised;
        let at_mark = |_| Some(Price(mark.into()));
        let total = value(&account, &[position], at_mark, &catalogue(), &dollar_rates()).total;
        let profit = total.unrealised + total.realised;
        let difference = (total.equity - Decimal::from(1_000_000) - profit).abs();
        // An average price is a fraction of 28 digits.
        prop_assert!(difference < dec("0.000000000001"), "{difference}");
    }
}
