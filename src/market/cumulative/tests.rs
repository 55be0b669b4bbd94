//! Sums over a book against sums over each unit of it.

use proptest::prelude::*;

use super::*;

fn level(price: i64, quantity: i64) -> Level {
    Level { price: Price(price.into()), quantity: Qty(quantity.into()), orders: 0 }
}

#[test]
fn to_buy_so_many_reaches_the_price_at_which_they_are_there() {
    let asks = Cumulative::new(Side::Sell, &[level(101, 40), level(102, 80), level(105, 10)]);
    let step = asks.up_to(Side::Sell, Price(103.into())).unwrap();
    assert_eq!((step.price, step.total), (Price(102.into()), Qty(120.into())));
    let average = step.average().unwrap().0.round_dp(4);
    assert_eq!(average, Decimal::new(1_016_667, 4));
    assert_eq!(asks.up_to(Side::Sell, Price(100.into())), None);
    assert_eq!(asks.total(), Qty(130.into()));
}

#[test]
fn a_book_beyond_counting_is_added_up_as_far_as_it_goes() {
    let huge = Level { quantity: Qty(Decimal::MAX), ..level(1, 1) };
    let asks = Cumulative::new(Side::Sell, &[level(1, 5), Level { price: Price(2.into()), ..huge }]);
    assert_eq!(asks.total(), Qty(5.into()));
    let (bids, none) = (Cumulative::new(Side::Buy, &[huge]), Cumulative::default());
    assert_eq!(imbalance(&bids, &none), Some(Decimal::ONE));
    assert_eq!(imbalance(&none, &none), None);
    assert_eq!(imbalance(&bids, &bids), None);
}

proptest! {
    #[test]
    fn each_step_has_all_that_is_as_good_or_better(
        levels in prop::collection::vec((-5_i64..15, -2_i64..50), 0..20),
        limit in -6_i64..16,
        is_bid: bool,
    ) {
        let of = if is_bid { Side::Buy } else { Side::Sell };
        let book: Vec<Level> = levels.iter().map(|&(price, quantity)| level(price, quantity)).collect();
        let found = Cumulative::new(of, &book);
        let is_within = |price: i64, limit: i64| if is_bid { price >= limit } else { price <= limit };
        let within = |limit: i64| {
            levels.iter().filter(move |(price, quantity)| *quantity > 0 && is_within(*price, limit))
        };
        let mut prices: Vec<i64> = within(if is_bid { i64::MIN } else { i64::MAX }).map(|one| one.0).collect();
        prices.sort_unstable_by_key(|price| if is_bid { -price } else { *price });
        prices.dedup();
        let total = |limit| within(limit).map(|one| one.1).sum::<i64>();
        let expected: Vec<_> = prices.iter().map(|price| (Price((*price).into()), Qty(total(*price).into()))).collect();
        let steps: Vec<_> = found.steps().iter().map(|step| (step.price, step.total)).collect();
        prop_assert_eq!(steps, expected);
        let reached = found.up_to(of, Price(limit.into()));
        prop_assert_eq!(reached.map_or(Qty::ZERO, |step| step.total), Qty(total(limit).into()));
        if let Some(step) = reached {
            let cost: i64 = within(limit).map(|(price, quantity)| price * quantity).sum();
            let average = step.average().unwrap().0 - Decimal::from(cost) / Decimal::from(total(limit));
            prop_assert_eq!(average.round_dp(20), Decimal::ZERO);
        }
    }
}
