//! The sum over everything that is held or ordered, against one place and one order at a time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::domain::KeptGroup;

/// An order, what it could trade at most, and whether its bracket may still need something.
#[derive(Debug, Clone)]
struct Given {
    order: Order,
    most: Qty,
    is_awake: bool,
}

fn account(second: bool) -> AccountId {
    if second { "B".into() } else { "A".into() }
}

/// Any order; an exit of `parent` where there is one, which this program keeps or its broker.
fn given(parent: Option<(u64, bool)>) -> impl Strategy<Value = Given> {
    let status = prop::sample::select(vec![
        OrderStatus::Working,
        OrderStatus::Kept,
        OrderStatus::PendingAmend,
        OrderStatus::Cancelled,
        OrderStatus::Filled,
    ]);
    let size = (1_u32..50, 0_u32..50, 0_u32..20);
    let place = (any::<bool>(), 0_u32..3, any::<bool>());
    let ends = (any::<bool>(), any::<bool>(), any::<bool>());
    (status, size, place, any::<bool>(), ends).prop_map(
        move |(
            status,
            (quantity, filled, more),
            (second, id, is_buy),
            is_target,
            (goes_on, is_over, is_awake),
        )| {
            let side = if is_buy { Side::Buy } else { Side::Sell };
            let kind = if is_target { limit("110") } else { OrderKind::Stop { stop: price("90") } };
            let mut order = Order {
                account: account(second),
                status,
                filled: Qty(filled.min(quantity).into()),
                ..order(side, &quantity.to_string(), kind)
            };
            order.spec.instrument = InstrumentId(id);
            if let Some((entry, is_kept)) = parent {
                let entry = Some(OrderId(entry));
                let quantity = order.spec.quantity;
                let group = KeptGroup { entry, oco: None, quantity, goes_on, is_over, passed: None };
                if is_kept { order.kept = Some(group) } else { order.spec.parent = entry }
            }
            let most = order.remaining() + Qty(more.into());
            Given { order, most, is_awake }
        },
    )
}

fn orders() -> impl Strategy<Value = Vec<Given>> {
    let any_order = prop::option::of((1_u64..8, any::<bool>())).prop_flat_map(given);
    prop::collection::vec(any_order, 0..16).prop_map(|all| {
        let numbered = (1_u64..).zip(all);
        numbered
            .map(|(id, given)| Given { order: Order { id: OrderId(id), ..given.order }, ..given })
            .collect()
    })
}

type Place = (AccountId, InstrumentId);

/// As the gate's question was before: for each place all orders are looked through.
fn one_by_one(
    held: &BTreeMap<Place, Decimal>,
    orders: &[Given],
    units: &[Option<Decimal>],
    is_of: &dyn Fn(&AccountId, InstrumentId) -> bool,
) -> Option<Decimal> {
    let live = || orders.iter().filter(|given| given.order.is_live());
    let ordered = live().map(|given| (given.order.account.clone(), given.order.spec.instrument));
    let places: BTreeSet<Place> = held.keys().cloned().chain(ordered).collect();
    let mut sum = Decimal::ZERO;
    for (account, id) in places.iter().filter(|(account, id)| is_of(account, *id)) {
        let is_here = |order: &Order| order.account == *account && order.spec.instrument == *id;
        let plain = |side: Side| -> Decimal {
            let own = live().filter(|g| is_here(&g.order) && g.order.entry().is_none());
            own.filter(|g| g.order.spec.side == side).map(|g| g.most.0).sum()
        };
        let counts = |given: &&Given| given.order.is_live() || (given.order.kept.is_some() && given.is_awake);
        let here = orders.iter().filter(counts).filter(|given| is_here(&given.order));
        let exits = Pending::of_exits(here.map(|given| (&given.order, given.most)), |id| filled(orders, id));
        let holding = Holding {
            net: held.get(&(account.clone(), *id)).copied().unwrap_or_default(),
            pending: Pending { buys: plain(Side::Buy), sells: plain(Side::Sell) }.with(exits),
            unit: units[id.index()],
        };
        sum += holding.exposure()?;
    }
    Some(sum)
}

fn live(orders: &[Given]) -> impl Iterator<Item = (&Order, Qty)> {
    orders.iter().filter(|given| given.order.is_live()).map(|given| (&given.order, given.most))
}

fn filled(orders: &[Given], id: OrderId) -> Option<Qty> {
    orders.iter().find(|given| given.order.id == id).map(|given| given.order.filled)
}

/// A scope.
type Picks<'a> = &'a dyn Fn(&AccountId, InstrumentId) -> bool;

proptest! {
    #[test]
    fn one_pass_over_the_orders_finds_what_one_place_at_a_time_finds(
        orders in orders(),
        nets in prop::collection::vec((any::<bool>(), 0_u32..3, -60_i64..60), 0..5),
        units in prop::collection::vec(prop::option::weighted(0.9, 1_i64..300), 3),
    ) {
        let held: BTreeMap<Place, Decimal> =
            nets.into_iter().map(|(second, id, net)| ((account(second), InstrumentId(id)), net.into())).collect();
        let units: Vec<Option<Decimal>> = units.into_iter().map(|unit| Some(Decimal::from(unit?))).collect();
        let holdings = Holdings::new(
            held.iter().map(|((account, id), net)| (account.clone(), *id, *net)),
            live(&orders),
            orders.iter().filter(|g| g.order.kept.is_some() && g.is_awake).map(|g| (&g.order, g.most)),
            |id| filled(&orders, id),
            |id| units[id.index()],
        );
        let scopes: [Picks<'_>; 4] = [
            &|_, _| true,
            &|account, _| account.0.as_ref() == "A",
            &|_, id| id.0 == 1,
            &|account, id| (account.0.as_ref(), id.0) != ("B", 2),
        ];
        for is_of in scopes {
            prop_assert_eq!(holdings.exposure(is_of), one_by_one(&held, &orders, &units, is_of));
        }
    }

    #[test]
    fn an_order_that_is_added_counts_like_one_that_works_until_it_is_taken_back(
        orders in orders(),
        size in 1_i64..90,
        is_buy in any::<bool>(),
    ) {
        let unit = |_: InstrumentId| Some(Decimal::TWO);
        let of = |more: Option<&Order>| {
            let more = more.into_iter().map(|order| (order, order.spec.quantity));
            Holdings::new([], live(&orders).chain(more), [], |id| filled(&orders, id), unit)
        };
        let side = if is_buy { Side::Buy } else { Side::Sell };
        let added = Order { account: account(true), ..order(side, &size.to_string(), OrderKind::Market) };
        let mut holdings = of(None);
        let spec = added.spec;
        holdings.add(&added.account, spec.instrument, spec.side, spec.quantity, Some(Decimal::TWO));
        prop_assert_eq!(holdings.exposure(|_, _| true), of(Some(&added)).exposure(|_, _| true));
        holdings.take_back(&added.account, spec.instrument, spec.side, spec.quantity);
        prop_assert_eq!(holdings.exposure(|_, _| true), of(None).exposure(|_, _| true));
    }
}
