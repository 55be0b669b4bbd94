//! Saving and restoring accounts.

use std::time::Duration;

use pitdesk::domain::{OrderId, OrderKind, OrderSpec, OrderStatus, Side, TimeInForce, TrailBy};
use pitdesk::exchange::{AccountState, CancelReason, Config, DayStats, Event, Mark, Owner};

use super::floor::*;

/// The state through its file form.
fn written(floor: &Floor) -> AccountState {
    let text = serde_json::to_string(&floor.exchange.save()).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn restored(state: AccountState, after: Duration) -> Floor {
    let mut floor = Floor::new();
    let last = Some(price("100.00"));
    floor.exchange.set_day_stats(X, DayStats { last, ..DayStats::default() });
    floor.now = START + after;
    floor.events.clear();
    floor.exchange.restore(state, floor.now, &mut floor.events);
    floor
}

#[test]
fn cash_positions_fills_and_past_orders_come_back() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 10)]);
    let id = floor.send(buy(4, OrderKind::Market));
    let again = restored(written(&floor), Duration::ZERO);
    assert_eq!(again.balance().cash, floor.balance().cash);
    assert_eq!(again.net(), dec("4"));
    assert_eq!(again.order(id), floor.order(id));
    assert!(again.exchange.fills(&paper()).eq(floor.exchange.fills(&paper())));
    assert_eq!(written(&again), written(&floor));
}

#[test]
fn execution_ids_stay_unique() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 10)]);
    floor.send(buy(4, OrderKind::Market));
    let mut again = restored(written(&floor), Duration::ZERO);
    again.quote(&[], &[("100.00", 10)]);
    let spec = buy(1, OrderKind::Market);
    let (id, now) = (pitdesk::domain::OrderId(50), again.now);
    again.exchange.submit(pitdesk::exchange::Owner::Account(paper()), id, spec, now, &mut again.events);
    let ids: std::collections::BTreeSet<_> =
        again.exchange.fills(&paper()).map(|fill| fill.exec_id.clone()).collect();
    assert_eq!(ids.len(), 2);
}

#[test]
fn working_orders_keep_their_priority_and_partial_fills() {
    let mut floor = Floor::new();
    let first = floor.send(buy(10, limit("99.00")));
    let second = floor.send(buy(10, limit("99.00")));
    floor.amend_quantity(first, 11);
    floor.agent(1, sell(4, limit("99.00")));
    let mut again = restored(written(&floor), Duration::ZERO);
    assert_eq!([first, second].map(|id| again.resting(id)), [11, 6]);
    assert_eq!(again.order(second).status, OrderStatus::PartiallyFilled);
    again.agent(1, sell(6, limit("99.00")));
    assert_eq!(again.order(second).status, OrderStatus::Filled, "the amended one is behind it still");
    assert_eq!(again.order(second).average_price, Some(dec("99")));
}

#[test]
fn a_day_order_whose_day_is_over_expires() {
    let mut floor = Floor::new();
    let id = floor.send(OrderSpec { tif: TimeInForce::Day, ..buy(10, limit("99.00")) });
    let gtc = floor.send(buy(10, limit("98.00")));
    let again = restored(written(&floor), Duration::from_hours(30));
    assert!(again.events.iter().any(|event| matches!(event, Event::Expired { id: of, .. } if *of == id)));
    assert_eq!((again.resting(id), again.resting(gtc)), (0, 10));
}

#[test]
fn a_trailing_stop_keeps_its_best_price() {
    let mut floor = Floor::new();
    floor.print("100.00");
    let by = TrailBy::Amount(dec("3"));
    let id = floor.send(spec(Side::Sell, 5, OrderKind::TrailingStop { by }));
    floor.print("102.00");
    let again = restored(written(&floor), Duration::ZERO);
    assert_eq!(again.exchange.trigger_price(id), Some(price("99.00")));
}

#[test]
fn brackets_continue_where_they_were() {
    let mut floor = Floor::new();
    let parent = floor.send(buy(10, limit("99.00")));
    let target = floor.send(OrderSpec { parent: Some(parent), ..sell(10, limit("105.00")) });
    let protection = floor.send(OrderSpec { parent: Some(parent), ..sell(10, stop("95.00")) });
    floor.agent(1, sell(6, limit("99.00")));
    let mut again = restored(written(&floor), Duration::ZERO);
    assert_eq!([parent, target].map(|id| again.resting(id)), [4, 6]);
    assert_eq!(again.exchange.trigger_price(protection), Some(price("95.00")));
    again.agent(1, sell(4, limit("99.00")));
    again.agent(1, buy(10, limit("105.00")));
    assert_eq!(again.net(), dec("0"));
    assert_eq!(again.cancelled(protection), Some(CancelReason::OtherFilled(target)));
}

#[test]
fn the_rest_of_a_triggered_stop_waits_on_for_quotes() {
    let mut floor = Floor::new();
    floor.quote(&[("97.00", 2), ("90.00", 9)], &[]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    floor.print("98.00");
    let mut again = restored(written(&floor), Duration::ZERO);
    assert_eq!(again.order(id).filled, qty(2));
    again.agent(1, buy(5, limit("92.14")));
    assert!(again.fills().is_empty(), "the collar's bound of 92.15 is kept");
    again.agent(1, buy(5, limit("96.00")));
    assert_eq!(again.fills(), [(id, qty(3), price("96.00"))]);
}

#[test]
fn what_is_not_listed_any_more_is_kept_and_its_orders_end() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4)]);
    floor.send(buy(4, OrderKind::Market));
    let id = floor.send(buy(10, limit("99.00")));
    let state = written(&floor);
    let mut other = instrument();
    other.symbol = "NEWCO".into();
    let mut again = Floor::with(other, config());
    let (mut by_changes, mut mark) = (state.clone(), Mark::of(&state));
    again.exchange.restore(state, START, &mut again.events);
    by_changes.apply(again.exchange.next_exec(), again.exchange.changes_since(&mut mark)).unwrap();
    assert_eq!(by_changes, again.exchange.save());
    assert_eq!(again.cancelled(id), Some(CancelReason::Delisted));
    let saved = &again.exchange.save().accounts[0];
    assert_eq!(saved.positions[0].instrument, "ACME@PIT");
    assert_eq!((saved.fills.len(), saved.past.len(), saved.working.len()), (1, 2, 0));
    let back = restored(written(&again), Duration::ZERO);
    assert_eq!(back.net(), dec("4"), "listed again, the position is there again");
    assert_eq!(back.order(id).status, OrderStatus::Cancelled);
}

#[test]
fn an_account_that_is_not_configured_is_saved_again() {
    let mut floor = Floor::new();
    floor.send(buy(10, limit("99.00")));
    let state = written(&floor);
    let mut again = Floor::with(instrument(), Config::default());
    again.exchange.restore(state.clone(), START, &mut again.events);
    assert_eq!(again.exchange.save(), state);
    let (mut by_changes, mut mark) = (state.clone(), Mark::of(&state));
    for _ in 0..2 {
        by_changes.apply(again.exchange.next_exec(), again.exchange.changes_since(&mut mark)).unwrap();
        assert_eq!(by_changes, state, "and stays when only what has changed is saved");
    }
}

#[test]
fn only_the_newest_ten_thousand_past_orders_are_kept() {
    let mut floor = Floor::new();
    let (mut written, mut mark) = (AccountState::default(), Mark::default());
    for count in 0..10_010 {
        let id = floor.send(buy(1, limit("1.00")));
        floor.cancel(id);
        if count % 1_001 == 0 || count > 10_007 {
            let changes = floor.exchange.changes_since(&mut mark);
            written.apply(floor.exchange.next_exec(), changes).unwrap();
            assert_eq!(written, floor.exchange.save(), "after {count}");
        }
    }
    let past = floor.exchange.past_orders(&paper());
    assert_eq!((past.len(), past[0].id.0), (10_000, 11));
}

/// Moves what was saved of an order to an instrument that is not listed.
fn delist(order: &mut serde_json::Value) {
    order["instrument"] = "GONE@PIT".into();
}

#[test]
fn what_is_saved_step_by_step_behind_a_delisting_is_what_is_saved_as_a_whole() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 9)]);
    for _ in 0..3 {
        floor.send(buy(1, OrderKind::Market));
        let id = floor.send(buy(1, limit("90.00")));
        floor.cancel(id);
    }
    floor.send(buy(10, limit("99.00")));
    floor.send(buy(10, limit("98.00")));
    let mut text = serde_json::to_value(floor.exchange.save()).unwrap();
    let account = &mut text["accounts"][0];
    delist(&mut account["working"][0]);
    delist(&mut account["past"][1]);
    delist(&mut account["past"][4]);
    delist(&mut account["fills"][1]);
    let mut state: AccountState = serde_json::from_value(text).unwrap();
    for run in 0..2 {
        let mut again = Floor::new();
        let mut mark = Mark::of(&state);
        let loaded = again.exchange.load(state.clone(), START, &mut again.events);
        let (had, has) = (&state.accounts[0], &again.exchange.save().accounts[0]);
        assert_eq!((&has.fills, has.past[..6].to_vec()), (&had.fills, had.past[..6].to_vec()), "run {run}");
        again.exchange.enter(loaded, START, &mut again.events);
        again.quote(&[], &[("100.00", 9)]);
        for step in 0..4 {
            state.apply(again.exchange.next_exec(), again.exchange.changes_since(&mut mark)).unwrap();
            assert_eq!(state, again.exchange.save(), "run {run}, step {step}");
            // Its id need only be new.
            let (id, owner) = (OrderId(50 + 10 * run + step), Owner::Account(paper()));
            let kind = if step % 2 == 0 { OrderKind::Market } else { limit("1.00") };
            again.exchange.submit(owner, id, buy(1, kind), START, &mut again.events);
            again.exchange.cancel(id, START, &mut again.events);
        }
        assert_eq!(state.accounts[0].past.len(), 7 + 3 * (usize::try_from(run).unwrap() + 1));
    }
}

#[test]
fn orders_that_wait_where_they_waited_are_saved_as_they_were() {
    let mut floor = Floor::new();
    floor.quote(&[("99.50", 10)], &[("100.00", 10)]);
    floor.print("100.00");
    floor.send(buy(4, limit("99.00")));
    floor.send(sell(4, stop("95.00")));
    let parent = floor.send(buy(10, limit("98.00")));
    floor.send(OrderSpec { parent: Some(parent), ..sell(10, limit("105.00")) });
    floor.agent(1, sell(12, limit("99.00")));
    let state = written(&floor);
    let again = restored(state.clone(), Duration::from_mins(1));
    assert_eq!(again.exchange.save(), state, "a minute later, and nothing has happened to them");
}
