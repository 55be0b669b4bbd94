//! Rows of the journal. The first byte chooses which kind the text is read as.

use pitdesk::domain::Moment;
use pitdesk::store::journal::row::{
    self, BadRow, EventRow, FillRow, MomentRow, OrderRow, Row, checksum, decode, decode_checked, encode,
};

use super::limits;

pub fn body(data: &[u8]) {
    let [kind, text @ ..] = data else { return };
    match kind % 3 {
        0 => read::<OrderRow>(text, order),
        1 => read::<FillRow>(text, fill),
        _ => read::<EventRow>(text, event),
    }
}

fn read<R: Row + PartialEq + std::fmt::Debug>(text: &[u8], within: impl Fn(&R)) {
    let numbers = [i64::from(text.first().copied().unwrap_or_default()), -1];
    let sum = checksum(numbers, text);
    let wrong = decode_checked::<R>(numbers, text, sum ^ 1);
    assert!(matches!(wrong, Err(BadRow::Checksum)), "a damaged row was read: {wrong:?}");
    assert!(matches!(decode_checked::<R>([numbers[0], 0], text, sum), Err(BadRow::Checksum)));
    match (decode::<R>(text), decode_checked::<R>(numbers, text, sum)) {
        (Ok(row), Ok(checked)) => {
            assert_eq!(row, checked);
            within(&row);
            let written = encode(&row).expect("a row has a JSON form");
            let again: R = decode(written.as_bytes()).expect("what was written can be read");
            assert_eq!(again, row);
            assert_eq!(encode(&again).expect("a row has a JSON form"), written);
        }
        (Err(error), Err(checked)) => {
            super::says_something(&error.to_string());
            assert_eq!(error.to_string(), checked.to_string());
        }
        (one, other) => panic!("{one:?} but {other:?}"),
    }
}

fn order(row: &OrderRow) {
    limits::quantity(row.quantity);
    limits::quantity(row.filled);
    limits::kind(row.kind);
    limits::average(row.average_price);
    row.trigger.into_iter().for_each(limits::price);
}

fn fill(row: &FillRow) {
    limits::quantity(row.quantity);
    limits::price(row.price);
    limits::amount(row.commission.amount);
    limits::amount(row.realised);
}

fn event(row: &EventRow) {
    assert!(!row.moment.kind().is_empty());
    row.orders.iter().for_each(order);
    match &row.moment {
        MomentRow::Executed(executed) => fill(executed),
        MomentRow::Plain(Moment::Intended { seen, .. }) => seen.iter().for_each(limits::quote),
        MomentRow::Plain(Moment::AskedAmend { quantity, limit, stop }) => {
            quantity.iter().copied().for_each(limits::quantity);
            [*limit, *stop].into_iter().flatten().for_each(limits::price);
        }
        MomentRow::Plain(Moment::TriggerMoved { price, .. }) => limits::price(*price),
        MomentRow::Plain(Moment::Executed(_) | Moment::Reconciled { .. }) => {
            panic!("numbers of another run: {row:?}")
        }
        _ => {}
    }
    assert_ne!(row::column(u64::MAX), row::column(0), "ids stay apart");
}
