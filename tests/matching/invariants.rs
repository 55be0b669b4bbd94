//! What must hold after every call, whatever is sent: groups, money, restarts.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use pitdesk::domain::{
    AssetClass, Currency, Decimal, Fill, Liquidity, OrderId, OrderStatus, Side, TimeInForce,
};
use pitdesk::exchange::{AccountState, Commission, CommissionRule, Config, DayStats, Event, Mark, Owner};

use super::floor::{START, X, account, config, dec, paper};
use super::stream::{Driver, Step, TRADER, steps};

fn fills(events: &[Event]) -> impl Iterator<Item = &Fill> {
    events.iter().filter_map(|event| match event {
        Event::Filled { fill, .. } => Some(fill),
        _ => None,
    })
}

/// Commissions with many decimals.
fn costly(cash: i64) -> Config {
    let commission = Commission { percent: dec("0.0375"), per_unit: dec("0.0049"), minimum: dec("0.35") };
    let rule = CommissionRule { class: AssetClass::Share, currency: Some(Currency::USD), commission };
    Config { accounts: vec![account(cash, 2)], commissions: vec![rule], ..config() }
}

fn buying_power(driver: &Driver) -> Decimal {
    let account = driver.exchange.account(&paper()).unwrap();
    account.balance(Currency::USD).unwrap().buying_power
}

/// Little cash, so that orders are refused for it; or much, so that more of them trade.
fn cash() -> impl Strategy<Value = i64> {
    prop_oneof![Just(2_000), Just(200_000)]
}

/// What the trader has filled, by order.
type Filled = BTreeMap<OrderId, Decimal>;

/// Exits of a parent never sell more than it has bought.
fn check_brackets(driver: &Driver, filled: &Filled) -> Result<(), TestCaseError> {
    let mut exits: BTreeMap<OrderId, Decimal> = BTreeMap::new();
    for (id, _) in driver.sent.iter().filter(|(_, send)| send.party == TRADER) {
        let Some(order) = driver.exchange.order(*id) else { continue };
        if let Some(parent) = order.spec.parent {
            *exits.entry(parent).or_default() += filled.get(id).copied().unwrap_or_default();
        }
    }
    for (parent, sum) in exits {
        let of_parent = filled.get(&parent).copied().unwrap_or_default();
        prop_assert!(sum <= of_parent, "{} exits for {} of order {}", sum, of_parent, parent);
    }
    Ok(())
}

/// An agent's FOK trades all of its quantity or nothing. Every print has one taker, and what
/// the trader's orders took in the same call is told.
fn check_fok(step: &Step, events: &[Event]) -> Result<(), TestCaseError> {
    let Step::Send(send) = step else { return Ok(()) };
    if send.party == TRADER || send.tif != TimeInForce::Fok {
        return Ok(());
    }
    let printed: Decimal = events
        .iter()
        .filter_map(|event| if let Event::Trade(_, trade) = event { Some(trade.quantity.0) } else { None })
        .sum();
    let taken = fills(events).filter(|fill| fill.liquidity == Liquidity::Taker).map(|fill| fill.quantity.0);
    let filled = printed - taken.sum::<Decimal>();
    prop_assert!(filled.is_zero() || filled == Decimal::from(send.quantity), "{} of {:?}", filled, send);
    Ok(())
}

/// Filled, working and gone are all there is of an order.
fn check_orders(driver: &Driver, filled: &Filled) -> Result<(), TestCaseError> {
    for (id, _) in driver.sent.iter().filter(|(_, send)| send.party == TRADER) {
        let Some(order) = driver.exchange.order(*id) else { continue };
        prop_assert_eq!(order.filled.0, filled.get(id).copied().unwrap_or_default());
        prop_assert!(order.filled <= order.spec.quantity);
        let is_fok = order.spec.tif == TimeInForce::Fok;
        prop_assert!(!is_fok || order.filled.is_zero() || order.filled == order.spec.quantity);
        let resting = driver.exchange.resting(*id).unwrap_or_default();
        prop_assert!(resting <= order.remaining());
        prop_assert_eq!(order.status == OrderStatus::Filled, order.remaining().is_zero() && !order.is_live());
        prop_assert!(order.is_live() || resting.is_zero());
        prop_assert!(!order.is_live() || order.status != OrderStatus::Held || resting.is_zero());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn books_groups_and_money_hold_together(opening in cash(), steps in steps(120)) {
        let mut driver = Driver::new(costly(opening));
        let mut filled = Filled::new();
        let (mut cash, mut net) = (Decimal::from(opening), Decimal::ZERO);
        for step in steps {
            let before = buying_power(&driver);
            let events = driver.step(&step);
            for fill in fills(&events) {
                *filled.entry(fill.order).or_default() += fill.quantity.0;
                cash -= fill.side.sign() * fill.price.0 * fill.quantity.0 + fill.commission.amount;
                net += fill.side.sign() * fill.quantity.0;
            }
            let account = driver.exchange.account(&paper()).unwrap();
            let balance = account.balance(Currency::USD).unwrap();
            prop_assert_eq!(balance.cash, cash);
            let held: Decimal = driver.exchange.positions(&paper()).map(|position| position.net).sum();
            prop_assert_eq!(held, net);
            check_orders(&driver, &filled)?;
            check_brackets(&driver, &filled)?;
            check_fok(&step, &events)?;
            // A stop that an order of one's own triggers was paid for when it was sent, at the
            // prices of then; so only calls without a trigger say something of the check.
            let is_accepted = events.iter().any(|e| matches!(e, Event::Accepted { .. }));
            let is_triggered = events.iter().any(|e| matches!(e, Event::Triggered { .. }));
            let has_print = events.iter().any(|e| matches!(e, Event::Trade(..)));
            if is_accepted && !is_triggered && !has_print && before >= Decimal::ZERO {
                prop_assert!(balance.buying_power >= Decimal::ZERO, "{} after {:?}", balance.buying_power, step);
            }
            if let (Some((bid, _)), Some((ask, _))) = driver.exchange.best(X) {
                prop_assert!(bid < ask);
            }
        }
        let all: Vec<Fill> = driver.exchange.fills(&paper()).cloned().collect();
        prop_assert_eq!(all.iter().map(|fill| fill.quantity.0).sum::<Decimal>(), filled.values().sum());
    }

    #[test]
    fn an_accepted_order_of_a_flat_account_never_overdraws_it(
        book in prop::collection::vec((90..110_i64, 1..30_i64), 0..12),
        side in prop_oneof![Just(Side::Buy), Just(Side::Sell)],
        steps in steps(2),
    ) {
        let mut driver = Driver::new(costly(2_000));
        for (at, quantity) in book {
            let side = if at < 100 { Side::Buy } else { Side::Sell };
            driver.step(&Step::Send(super::stream::Send {
                party: 1,
                side,
                quantity,
                kind: super::stream::Kind::Limit(at),
                tif: pitdesk::domain::TimeInForce::Gtc,
                post_only: false,
                parent: None,
                oco: None,
            }));
        }
        for mut step in steps {
            if let Step::Send(send) = &mut step {
                (send.party, send.side) = (TRADER, side);
                send.quantity *= 3;
            }
            driver.step(&step);
            prop_assert!(buying_power(&driver) >= Decimal::ZERO);
        }
    }

    #[test]
    fn sessions_hold_back_what_may_not_trade(steps in steps(80), waits in prop::collection::vec(0..150_u64, 80)) {
        let mut driver = Driver::with(super::sessions::three_sessions(super::stream::coarse()), costly(200_000));
        let mut filled = Filled::new();
        for (step, minutes) in steps.into_iter().zip(waits) {
            // Mostly the same session goes on.
            driver.now = driver.now + Duration::from_mins(minutes.saturating_sub(100));
            let events = driver.step(&step);
            for fill in fills(&events) {
                *filled.entry(fill.order).or_default() += fill.quantity.0;
            }
            check_orders(&driver, &filled)?;
            check_brackets(&driver, &filled)?;
            match (driver.exchange.is_open(X), driver.exchange.best(X)) {
                (false, best) => prop_assert_eq!(best, (None, None)),
                (true, (Some((bid, _)), Some((ask, _)))) => prop_assert!(bid < ask),
                (true, _) => {}
            }
        }
    }

    #[test]
    fn a_restart_continues_identically(opening in cash(), before in steps(80), after in steps(80)) {
        let mut driver = Driver::new(costly(opening));
        for step in &before {
            driver.step(step);
        }
        let mut out = Vec::new();
        for agent in 1..4 {
            driver.exchange.cancel_all(&Owner::Agent(agent), None, START, &mut out);
        }
        let text = serde_json::to_string(&driver.exchange.save()).unwrap();
        let mut again = Driver::new(costly(opening));
        again.sent.clone_from(&driver.sent);
        let quote = driver.exchange.quote(X);
        let stats = DayStats { last: quote.last, volume: quote.volume, ..DayStats::default() };
        again.exchange.set_day_stats(X, stats);
        let mut written: AccountState = serde_json::from_str(&text).unwrap();
        let mut mark = Mark::of(&written);
        again.exchange.restore(written.clone(), START, &mut out);
        prop_assert_eq!(again.exchange.account(&paper()), driver.exchange.account(&paper()));
        prop_assert_eq!(again.exchange.depth(X, 50), driver.exchange.depth(X, 50));
        for step in &after {
            prop_assert_eq!(again.step(step), driver.step(step), "{:?}", step);
            let changes = again.exchange.changes_since(&mut mark);
            written.apply(again.exchange.next_exec(), changes).unwrap();
            prop_assert_eq!(&written, &again.exchange.save(), "written down step by step: {:?}", step);
        }
        prop_assert_eq!(again.exchange.save(), driver.exchange.save());
    }
}
