//! Whatever comes in whatever order.

use proptest::prelude::*;

use super::*;

/// Something that can happen to an order.
#[derive(Debug, Clone)]
enum Step {
    Status(OrderStatusKind, f64),
    Code(i32),
    Open(OrderStatusKind),
    Cancel,
    Amend,
    Wait,
    Books,
}

fn kinds() -> impl Strategy<Value = OrderStatusKind> {
    let all = [PendingSubmit, PreSubmitted, Submitted, PendingCancel, Cancelled, Filled, Inactive];
    proptest::sample::select(all.to_vec())
}

fn steps() -> impl Strategy<Value = Step> {
    let codes = [104, 110, 161, 201, 202, 321, 399, 404, 2109, 10147, 10148, 10349, 31_337];
    prop_oneof![
        4 => (kinds(), 0.0..=10.0).prop_map(|(kind, filled)| Step::Status(kind, filled)),
        3 => proptest::sample::select(codes.to_vec()).prop_map(Step::Code),
        2 => kinds().prop_map(Step::Open),
        1 => Just(Step::Cancel),
        1 => Just(Step::Amend),
        2 => Just(Step::Wait),
        1 => Just(Step::Books),
    ]
}

proptest! {
    #[test]
    fn an_end_is_the_end_unless_the_books_are_asked(walk in proptest::collection::vec(steps(), 1..40)) {
        let (mut orders, wanted) = sent(limit(Side::Buy, 99));
        let (mut now, mut ended, mut asked) = (0, None, false);
        for step in walk {
            let refuses = matches!(step, Step::Code(code) if codes::of_order(code, "") == OrderWord::Refused);
            let waits = matches!(step, Step::Wait);
            let told = match step {
                Step::Status(kind, filled) => orders.says(&status(100, kind, filled, 10.0 - filled), after(now)),
                Step::Code(code) => orders.remarks(code, "Warning: text", after(now)),
                Step::Open(kind) => orders.opens(&super::told(&wanted, kind), after(now)),
                Step::Cancel => { orders.cancel(OrderId(1)).ok(); Vec::new() }
                Step::Amend => {
                    let change = Change { limit: Some(Price(Decimal::from(98))), ..Change::default() };
                    orders.amend(&approved_amend(1, limit(Side::Buy, 99), change), &listing()).ok();
                    Vec::new()
                }
                Step::Wait => { now += 700; orders.passes(after(now)) }
                Step::Books => {
                    orders.begin_round();
                    orders.seen(OrderId(1));
                    let books = orders.all(Answer::Whole, after(now));
                    prop_assert!(books.iter().all(|order| order.status != OrderStatus::Sent));
                    Vec::new()
                }
            };
            asked |= orders.takes_books();
            for kind in told {
                let ReportKind::Status { status, .. } = kind else { continue };
                if let Some(end) = ended && status != end && !status.is_final() {
                    prop_assert!(asked, "{end:?}, then {status:?}, and nobody looks");
                    ended = None;
                }
                if status.is_final() && status != OrderStatus::Filled {
                    // A remark alone ends nothing at once.
                    prop_assert!(!refuses || ended.is_some() || waits, "{status:?} by a code alone");
                    (ended, asked) = (Some(status), false);
                }
            }
        }
    }
}
