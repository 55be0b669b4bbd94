//! The codec: what goes in comes out, whole and once, however the bytes come; what is damaged
//! is noticed, whatever it has become.

use proptest::prelude::*;

use super::frame::{Decoder, HEADER, Inbound, LONGEST, Outbound, WireError};
use super::*;
use crate::domain::{Bar, Decimal, OrderKind, OrderSpec, Side, TimeInForce};

/// Of the highest price.
const CENTS: i64 = 100_000_000_000_000;

fn spec() -> impl Strategy<Value = OrderSpec> {
    let kind = prop_oneof![
        Just(OrderKind::Market),
        (1i64..1_000_000).prop_map(|cents| OrderKind::Limit { price: Price(Decimal::new(cents, 2)) }),
        (1i64..1_000_000).prop_map(|cents| OrderKind::Stop { stop: Price(Decimal::new(cents, 8)) }),
    ];
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let tif = prop_oneof![Just(TimeInForce::Day), any::<i64>().prop_map(|at| TimeInForce::Gtd(Time(at)))];
    (any::<u32>(), side, 0i64.., kind, tif).prop_map(|(instrument, side, quantity, kind, tif)| {
        OrderSpec::new(InstrumentId(instrument), side, Qty(Decimal::new(quantity, 4)), kind, tif)
    })
}

fn request() -> impl Strategy<Value = ToExchange> {
    let order = (any::<u64>(), ".{0,8}", spec()).prop_map(|(id, account, spec)| NewOrder {
        id: OrderId(id),
        account: account.as_str().into(),
        spec,
    });
    prop_oneof![
        proptest::collection::vec(order, 0..4).prop_map(ToExchange::Place),
        any::<u64>().prop_map(|id| ToExchange::Cancel(OrderId(id))),
        (any::<u64>(), proptest::option::of(-CENTS..=CENTS)).prop_map(|(id, cents)| ToExchange::Amend {
            order: OrderId(id),
            quantity: None,
            limit: cents.map(|cents| Price(Decimal::new(cents, 2))),
            stop: None,
        }),
        proptest::collection::btree_set(any::<u32>().prop_map(InstrumentId), 0..9)
            .prop_map(|quotes| ToExchange::Watch { quotes, depth: BTreeSet::new() }),
        Just(ToExchange::CancelAll),
        Just(ToExchange::Books),
        Just(ToExchange::Heartbeat),
    ]
}

fn frames(messages: &[ToExchange]) -> Vec<u8> {
    let (mut outbound, mut bytes) = (Outbound::new(LONGEST), Vec::new());
    for message in messages {
        outbound.frame(message, &mut bytes).unwrap();
    }
    bytes
}

/// All messages up to the first error.
fn read(inbound: &mut Inbound) -> (Vec<ToExchange>, Option<WireError>) {
    let mut messages = Vec::new();
    loop {
        match inbound.next_message() {
            Ok(Some(message)) => messages.push(message),
            Ok(None) => return (messages, None),
            Err(error) => return (messages, Some(error)),
        }
    }
}

proptest! {
    #[test]
    fn messages_arrive_however_their_bytes_are_split(
        messages in proptest::collection::vec(request(), 0..8), sizes in proptest::collection::vec(1usize..90, 1..40),
    ) {
        let bytes = frames(&messages);
        let (mut inbound, mut found, mut rest) = (Inbound::new(LONGEST), Vec::new(), &bytes[..]);
        for size in sizes.iter().cycle() {
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            inbound.push(piece);
            let (messages, error) = read(&mut inbound);
            prop_assert_eq!(error, None);
            found.extend(messages);
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        prop_assert_eq!(found, messages);
        prop_assert_eq!(inbound.waiting(), 0);
    }

    #[test]
    fn a_changed_byte_is_noticed_before_its_message_is_taken(
        messages in proptest::collection::vec(request(), 1..6), at in any::<prop::sample::Index>(), change in 1u8..,
    ) {
        let mut bytes = frames(&messages);
        let at = at.index(bytes.len());
        bytes[at] ^= change;
        let mut inbound = Inbound::new(LONGEST);
        inbound.push(&bytes);
        let (found, error) = read(&mut inbound);
        prop_assert!(error.is_some(), "byte {} of {}", at, bytes.len());
        let whole = (0..=messages.len()).rfind(|n| frames(&messages[..*n]).len() <= at).unwrap();
        prop_assert_eq!(&found[..], &messages[..whole], "what came before is good, and nothing after");
        inbound.push(&frames(&messages));
        prop_assert_eq!(read(&mut inbound), (Vec::new(), error), "damage stays damage");
    }

    #[test]
    fn garbage_is_refused_without_a_panic(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8)) {
        let (mut inbound, mut decoder, mut count) = (Inbound::new(LONGEST), Decoder::new(100), 0);
        for piece in pieces {
            count += piece.len();
            inbound.push(&piece);
            decoder.push(&piece);
            let (found, error) = read(&mut inbound);
            prop_assert_eq!(found, Vec::new());
            prop_assert_eq!(error.is_some(), count >= HEADER);
            prop_assert!(!matches!(decoder.next_frame(), Ok(Some(_))));
            prop_assert!(decoder.waiting() < HEADER + 60);
        }
    }

    #[test]
    fn frames_that_come_again_are_passed_over(
        messages in proptest::collection::vec(request(), 1..6), again in proptest::collection::vec(any::<bool>(), 6),
    ) {
        let (mut outbound, mut bytes) = (Outbound::new(LONGEST), Vec::new());
        for (at, message) in messages.iter().enumerate() {
            let start = bytes.len();
            outbound.frame(message, &mut bytes).unwrap();
            if again[at] {
                bytes.extend_from_within(start..);
            }
        }
        let mut inbound = Inbound::new(LONGEST);
        inbound.push(&bytes);
        prop_assert_eq!(read(&mut inbound), (messages, None));
    }

    #[test]
    fn a_frame_that_is_lost_is_missed(messages in proptest::collection::vec(request(), 2..6), lost in any::<prop::sample::Index>()) {
        let lost = lost.index(messages.len() - 1);
        let (mut outbound, mut bytes) = (Outbound::new(LONGEST), Vec::new());
        for (at, message) in messages.iter().enumerate() {
            let start = bytes.len();
            outbound.frame(message, &mut bytes).unwrap();
            if at == lost {
                bytes.truncate(start);
            }
        }
        let mut inbound = Inbound::new(LONGEST);
        inbound.push(&bytes);
        let expected = lost as u64 + 1;
        let missing = WireError::Missing { expected, found: expected + 1 };
        prop_assert_eq!(read(&mut inbound), (messages[..lost].to_vec(), Some(missing)));
    }
}

#[test]
fn a_frame_too_long_is_refused_by_its_header_alone() {
    let bytes =
        frames(&[ToExchange::Watch { quotes: (0..500).map(InstrumentId).collect(), depth: BTreeSet::new() }]);
    let length = bytes.len() - HEADER;
    let mut decoder = Decoder::new(length - 1);
    decoder.push(&bytes[..HEADER]);
    assert_eq!(decoder.next_frame(), Err(WireError::TooLong { length, longest: length - 1 }));
    let mut outbound = Outbound::new(10);
    let mut out = vec![7];
    let too_long = outbound.frame(&ToExchange::CancelAll, &mut out);
    assert!(matches!(too_long, Err(WireError::TooLong { length: 11, longest: 10 })), "{too_long:?}");
    assert_eq!(out, [7], "nothing is left of it");
}

#[test]
fn numbers_that_no_market_has_end_the_connection() {
    let place = |quantity: &str, price: &str| {
        let spec = format!(
            r#"{{"instrument":0,"side":"Buy","quantity":"{quantity}","kind":{{"Limit":{{"price":"{price}"}}}},"tif":"Day","post_only":false,"oco":null,"parent":null}}"#
        );
        format!(r#"{{"Place":[{{"id":1,"account":"PAPER","spec":{spec}}}]}}"#)
    };
    let read = |json: String| {
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let mut bytes = Vec::new();
        Outbound::new(LONGEST).frame(&value, &mut bytes).unwrap();
        let mut inbound = Inbound::new(LONGEST);
        inbound.push(&bytes);
        inbound.next_message::<ToExchange>()
    };
    assert!(read(place("1000000000000000", "1000000000000")).is_ok());
    for (quantity, price, why) in [
        ("1000000000000000.1", "1", "the quantity 1000000000000000.1 is out of bounds"),
        ("-1", "1", "the quantity -1 is below zero"),
        ("0.1234567890123456789", "1", "more than 18 decimals"),
        ("1", "1000000000000.1", "the price 1000000000000.1 is out of bounds"),
        ("1", "-1e13", "the price -10000000000000 is out of bounds"),
    ] {
        let error = read(place(quantity, price)).unwrap_err();
        assert!(matches!(error, WireError::NotUnderstood { number: 1, .. }), "{error:?}");
        assert!(error.to_string().contains(why), "{error}");
    }
}

#[test]
fn bars_arrive_to_the_last_bit_and_impossible_ones_do_not() {
    let bar = Bar {
        time: Time(7),
        open: 0.1 + 0.2,
        high: 1.0 / 3.0 + 1e-16 + 1.0,
        low: 1e-300,
        close: 0.7,
        volume: 5e15 + 0.5,
    };
    let line = BarLine::from(bar);
    let text = serde_json::to_string(&line).unwrap();
    assert_eq!(serde_json::from_str::<BarLine>(&text).unwrap().bar(), Some(bar));
    assert_eq!(BarLine::from(Bar { high: f64::NAN, ..bar }).bar(), None);
    assert_eq!(BarLine::from(Bar { low: 2.0, ..bar }).bar(), None);
}
