//! How many fields the long messages have, with each of their segments: a single one too many or too
//! few breaks the clients, in the worst case silently.

use std::collections::BTreeMap;

use super::*;
use crate::gateway::wire::model::*;
use crate::gateway::wire::{History, Reply, Request};

type Change = fn(&mut Contract, &mut Order);

fn pairs() -> BTreeMap<String, String> {
    BTreeMap::from([("tag".to_owned(), "value".to_owned())])
}

fn delta_neutral(_: &mut Contract, order: &mut Order) {
    order.delta_neutral_order_type = Some("MKT".into());
}

fn scale(_: &mut Contract, order: &mut Order) {
    order.scale_price_increment = Some(0.25);
}

fn hedge(_: &mut Contract, order: &mut Order) {
    order.hedge_type = Some("B".into());
}

fn bag(contract: &mut Contract, order: &mut Order) {
    contract.sec_type = Some("BAG".into());
    contract.combo_legs = vec![ComboLeg { per_leg_price: Some(1.5), ..Default::default() }; 2];
    order.smart_combo_routing_params = pairs();
}

fn underlying(contract: &mut Contract, _: &mut Order) {
    contract.delta_neutral_contract = Some(DeltaNeutralContract::default());
}

fn algorithm(_: &mut Contract, order: &mut Order) {
    order.algo_strategy = Some("Adaptive".into());
    order.algo_params = pairs();
}

fn benchmark(_: &mut Contract, order: &mut Order) {
    order.order_type = Some("PEG BENCH".into());
}

fn conditions(_: &mut Contract, order: &mut Order) {
    let of = |kind| OrderCondition { kind: Some(kind), ..Default::default() };
    order.conditions = [1, 3, 4, 5, 6, 7].map(of).to_vec();
}

fn all(contract: &mut Contract, order: &mut Order) {
    for change in [delta_neutral, scale, hedge, bag, underlying, algorithm, benchmark, conditions] {
        change(contract, order);
    }
}

fn plain(_: &mut Contract, _: &mut Order) {}

fn changed(change: Change) -> (Option<Contract>, Option<Order>) {
    let mut contract = Contract { sec_type: Some("STK".into()), ..Default::default() };
    let mut order = Order { order_type: Some("LMT".into()), ..Default::default() };
    change(&mut contract, &mut order);
    (Some(contract), Some(order))
}

fn open_order(change: Change) -> usize {
    let (contract, order) = changed(change);
    let open = OpenOrder { contract, order, ..Default::default() };
    fields_of!(Reply::OpenOrder(Box::new(open))).len()
}

fn completed_order(change: Change) -> usize {
    let (contract, order) = changed(change);
    let completed = CompletedOrder { contract, order, ..Default::default() };
    fields_of!(Reply::CompletedOrder(Box::new(completed))).len()
}

fn place_order(change: Change) -> usize {
    let (contract, order) = changed(change);
    let place = PlaceOrderRequest { contract, order, ..Default::default() };
    fields_of!(Request::PlaceOrder(Box::new(place))).len()
}

#[test]
fn an_open_order_has_as_many_fields_as_clients_count() {
    assert_eq!(open_order(plain), 128);
    assert_eq!(open_order(delta_neutral), 136);
    assert_eq!(open_order(scale), 135);
    assert_eq!(open_order(hedge), 129);
    assert_eq!(open_order(bag), 148);
    assert_eq!(open_order(underlying), 131);
    assert_eq!(open_order(algorithm), 131);
    assert_eq!(open_order(benchmark), 133);
    assert_eq!(open_order(conditions), 162);
    assert_eq!(open_order(all), 209);
}

#[test]
fn a_pegged_order_is_told_in_the_one_spelling_that_all_clients_know() {
    let open = |order_type: &str| {
        let order = Some(Order { order_type: Some(order_type.into()), ..Default::default() });
        let open = OpenOrder { order, ..Default::default() };
        fields_of!(Reply::OpenOrder(Box::new(open)))
    };
    assert_eq!(open("PEGBENCH"), open("PEG BENCH"));
    assert_eq!(open("PEGBENCH").len(), 133);
    assert_eq!(open("PEGBEST")[15], "PEG BEST");
    assert_eq!(open("PEGMID")[15], "PEG MID");
}

#[test]
fn an_unlimited_offset_is_told_as_each_side_knows_it() {
    let order = Some(Order {
        order_type: Some("PEG BEST".into()),
        compete_against_best_offset: Some(f64::INFINITY),
        ..Default::default()
    });
    let open = OpenOrder { order: order.clone(), ..Default::default() };
    assert_eq!(fields_of!(Reply::OpenOrder(Box::new(open)))[125], "Infinity");
    let place = PlaceOrderRequest { order, ..Default::default() };
    assert_eq!(fields_of!(Request::PlaceOrder(Box::new(place)))[116], "Infinite");
}

#[test]
fn a_completed_order_has_as_many_fields_as_clients_count() {
    assert_eq!(completed_order(plain), 97);
    assert_eq!(completed_order(delta_neutral), 97 + 4);
    assert_eq!(completed_order(scale), 97 + 7);
    assert_eq!(completed_order(hedge), 97 + 1);
    assert_eq!(completed_order(bag), 97 + 20);
    assert_eq!(completed_order(underlying), 97 + 3);
    assert_eq!(completed_order(algorithm), 97 + 3);
    assert_eq!(completed_order(benchmark), 97 + 5);
    assert_eq!(completed_order(conditions), 97 + 34);
    assert_eq!(completed_order(all), 97 + 4 + 7 + 1 + 20 + 3 + 3 + 5 + 34);
}

#[test]
fn a_new_order_has_as_many_fields_as_clients_send() {
    assert_eq!(place_order(plain), 115);
    assert_eq!(place_order(delta_neutral), 115 + 8);
    assert_eq!(place_order(scale), 115 + 7);
    assert_eq!(place_order(hedge), 115 + 1);
    assert_eq!(place_order(bag), 115 + 3 + 20);
    assert_eq!(place_order(underlying), 115 + 3);
    assert_eq!(place_order(algorithm), 115 + 3);
    assert_eq!(place_order(benchmark), 115 + 5);
    assert_eq!(place_order(conditions), 115 + 34);
    assert_eq!(place_order(all), 115 + 8 + 7 + 1 + 23 + 3 + 3 + 5 + 34);
    assert_eq!(place_order(|contract, _| contract.exchange = Some("IBKRATS".into())), 116);
    assert_eq!(place_order(|_, order| order.order_type = Some("PEG MID".into())), 117);
    assert_eq!(place_order(|_, order| order.order_type = Some("PEGBEST".into())), 117);
    let best: Change = |_, order| {
        order.order_type = Some("PEG BEST".into());
        order.compete_against_best_offset = Some(f64::INFINITY);
    };
    assert_eq!(place_order(best), 119);
}

#[test]
fn messages_that_clients_take_apart_by_count_have_it() {
    let check = |reply: Reply, count: usize| assert_eq!(fields_of!(reply).len(), count, "{}", reply.name());
    check(Reply::TickPrice(TickPrice::default()), 7);
    check(Reply::OrderStatus(Box::default()), 12);
    check(Reply::Error(ErrorMessage::default()), 6);
    check(Reply::PortfolioValue(Box::default()), 20);
    check(Reply::NextValidId(NextValidId::default()), 3);
    check(Reply::ManagedAccounts(ManagedAccounts::default()), 3);
    check(Reply::ContractData(Box::default()), 40);
    check(Reply::ExecutionDetails(Box::default()), 31);
    check(Reply::CommissionReport(CommissionAndFeesReport::default()), 8);
    check(Reply::Position(Box::default()), 16);
    check(Reply::PositionMulti(Box::default()), 18);
    check(Reply::TickOptionComputation(TickOptionComputation::default()), 12);
    let data =
        HistoricalData { historical_data_bars: vec![HistoricalDataBar::default(); 3], ..Default::default() };
    check(Reply::HistoricalData(History { data, end: None }), 5 + 3 * 8);
}

#[test]
fn prices_of_legs_are_for_all_legs_or_none() {
    let legs = |change: Change| {
        let (contract, order) = changed(change);
        let place = PlaceOrderRequest { contract, order, ..Default::default() };
        let frame = frame_of!(Request::PlaceOrder(Box::new(place)), Dialect::Text);
        let Ok(Request::PlaceOrder(read)) = Request::decode(Dialect::Text, body(&frame)) else {
            panic!("it reads back")
        };
        read.contract.unwrap().combo_legs.iter().map(|leg| leg.per_leg_price).collect::<Vec<_>>()
    };
    assert_eq!(legs(bag), [Some(1.5), Some(1.5)]);
    let second: Change = |contract, order| {
        bag(contract, order);
        contract.combo_legs[0].per_leg_price = None;
    };
    assert_eq!(legs(second), [None, Some(1.5)]);
    let none: Change = |contract, order| {
        bag(contract, order);
        contract.combo_legs.iter_mut().for_each(|leg| leg.per_leg_price = Some(f64::MAX));
    };
    assert_eq!(legs(none), [None, None]);
}
