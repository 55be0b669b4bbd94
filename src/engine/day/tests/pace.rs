//! The count of orders of the last minute, against a naive one: in a run, and over a restart, when
//! the journal tells of orders by their ids, whatever their times, and of those of others too.

use proptest::prelude::*;

use super::*;
use crate::domain::{KeptGroup, Order};
use crate::engine::Journaled;

/// An order that went out, or that the journal tells of: seconds before the start, and whose.
#[derive(Debug, Clone, Copy)]
struct Known {
    age: u32,
    instrument: u32,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Ours,
    Foreign,
    Kept,
    /// An exit that was kept, entered long before it left.
    Released,
}

fn known() -> impl Strategy<Value = Known> {
    let what = prop_oneof![5 => Just(What::Ours), 2 => Just(What::Foreign), 1 => Just(What::Kept), 1 => Just(What::Released)];
    (0_u32..130, 0_u32..2, what).prop_map(|(age, instrument, what)| Known { age, instrument, what })
}

fn order(id: usize, known: Known, left: Time) -> Order {
    let quantity = Qty(Decimal::ONE);
    let instrument = InstrumentId(known.instrument);
    let (entry, kept_for) = (Some(OrderId(1)), Duration::from_secs(100));
    let kept = KeptGroup { entry, oco: None, quantity, goes_on: false, is_over: false, passed: None };
    let was_kept = known.what == What::Released;
    Order {
        status: if known.what == What::Kept { OrderStatus::Kept } else { OrderStatus::Filled },
        is_acknowledged: true,
        kept: was_kept.then_some(kept),
        origin: if known.what == What::Foreign { Origin::Foreign } else { Origin::Ticket },
        created: if was_kept { left - kept_for } else { left },
        ..Order::intended(
            OrderId(id as u64),
            BROKER,
            "PAPER".into(),
            OrderSpec::new(instrument, Side::Buy, quantity, OrderKind::Market, TimeInForce::Day),
            left,
        )
    }
}

/// Those of the minute before `now`.
fn count(sent: &[(Time, u32)], instrument: u32, now: Time) -> usize {
    sent.iter().filter(|(at, of)| now.since(*at) < MINUTE && *of == instrument).count()
}

proptest! {
    #[test]
    fn orders_of_the_last_minute_are_as_many_as_a_naive_count_says(
        journal in prop::collection::vec(known(), 0..30),
        later in prop::collection::vec((0_u32..25, 0_u32..2), 0..30),
    ) {
        let mut now = at("2026-11-20T15:00:00Z");
        let left = |known: &Known| now - Duration::from_secs(known.age.into());
        let orders: Vec<Order> =
            journal.iter().enumerate().map(|(id, known)| order(id + 1, *known, left(known))).collect();
        let ours = journal.iter().filter(|known| matches!(known.what, What::Ours | What::Released));
        let mut sent: Vec<(Time, u32)> = ours.map(|known| (left(known), known.instrument)).collect();
        let mut engine = Engine::new(Start {
            journal: Journaled { orders, ..Journaled::default() },
            ..Start::first(vec![share(0, "AAPL"), share(1, "MSFT")].into(), vec!["Paper".into()], now)
        });
        for (id, (pause, instrument)) in later.into_iter().enumerate() {
            for of in 0..2 {
                let told = engine.day.orders_last_minute(now, OrderId(0), |_, id| id == InstrumentId(of));
                prop_assert_eq!(told, count(&sent, of, now));
            }
            now = now + Duration::from_secs(pause.into());
            let goes_out = Known { age: 0, instrument, what: What::Ours };
            engine.day_sends([&order(100 + id, goes_out, now)], now);
            sent.push((now, instrument));
        }
    }
}
