//! What is malformed, cut, too large or simply nothing: an error that says where, never a panic.

use proptest::prelude::*;

use super::dice::Dice;
use super::*;
use crate::gateway::wire::frame::Frames;
use crate::gateway::wire::{Malformed, Problem, Reply, Request};

fn wrong(fields: &[&str]) -> Malformed {
    Request::decode(Dialect::Text, &text(fields)).expect_err("it is malformed")
}

#[test]
fn an_empty_body_is_no_message() {
    for dialect in Dialect::ALL {
        assert_eq!(Request::decode(dialect, b"").unwrap_err().problem, Problem::Empty);
        assert_eq!(Reply::decode(dialect, b"").unwrap_err().problem, Problem::Empty);
    }
}

#[test]
fn what_is_no_message_number_is_told() {
    let problem = |body: &[u8]| Request::decode(Dialect::Text, body).unwrap_err().problem;
    assert_eq!(problem(b"x\0"), Problem::Number("x".into()));
    assert_eq!(problem(b"\0"), Problem::Number(String::new()));
    assert_eq!(problem(b"-1\0"), Problem::Number("-1".into()));
    assert_eq!(problem(b"99999999999\0"), Problem::Number("99999999999".into()));
    assert_eq!(problem(b"\xff\xfe\0"), Problem::Number("\u{fffd}\u{fffd}".into()));
    assert_eq!(problem(b"71"), Problem::Unterminated { index: 0, name: "message number" });
    let binary = Request::decode(Dialect::Protobuf, b"\0\0\x01").unwrap_err().problem;
    assert_eq!(binary, Problem::Number("\0\0\u{1}".into()));
}

#[test]
fn a_field_too_few_is_named() {
    let error = wrong(&["71", "2", "7"]);
    assert_eq!(error.problem, Problem::Missing { index: 3, name: "optional_capabilities" });
    assert_eq!(
        error.to_string(),
        "StartApi: field 3 (optional_capabilities) is missing: the body ends before it"
    );
    let error = Request::decode(Dialect::Text, b"71\x002\x007\0caps").unwrap_err();
    assert_eq!(error.problem, Problem::Unterminated { index: 3, name: "optional_capabilities" });
}

#[test]
fn a_field_too_many_is_told_with_its_message() {
    let error = wrong(&["71", "2", "7", "", "more", ""]);
    assert_eq!(error.problem, Problem::LeftOver { index: 4, bytes: 6 });
    assert_eq!(error.to_string(), "StartApi: 6 bytes are left over from field 4 on");
    assert_eq!(wrong(&["82", "1"]).problem, Problem::LeftOver { index: 1, bytes: 2 });
}

#[test]
fn a_malformed_order_can_be_refused_by_its_id() {
    let mut fields = vec!["3", "42", "0", "AAPL", "STK"];
    fields.resize(115, "");
    fields[17] = "ten";
    let error = wrong(&fields);
    assert_eq!((error.message, error.number, error.id), ("PlaceOrder", Some(3), Some(42)));
    let Problem::Field { index: 17, name: "total_quantity", wants, got } = error.problem else {
        panic!("{error}")
    };
    assert_eq!((wants, &*got), ("a decimal number", "ten"));
    // In protobuf too: whatever stands before what is torn.
    let torn = [&203u32.to_be_bytes()[..], b"\x08\x2a\x12\x7f"].concat();
    let error = Request::decode(Dialect::Protobuf, &torn).unwrap_err();
    assert_eq!((error.message, error.id), ("PlaceOrder", Some(42)));
}

#[test]
fn a_count_beyond_the_body_is_refused_before_anything_is_made() {
    let with_legs = |count: &str| {
        let mut fields = vec!["1", "11", "7"];
        fields.resize(15, "");
        fields[5] = "BAG";
        fields.push(count);
        fields.resize(40, "");
        wrong(&fields).problem
    };
    for count in ["1000000000", "1e9", "-1", "-2147483648", "100"] {
        let problem = with_legs(count);
        assert!(
            matches!(problem, Problem::Field { index: 15, name: "combo_legs", .. }),
            "{count}: {problem}"
        );
    }
    assert!(matches!(with_legs("20"), Problem::Missing { .. }), "and otherwise the fields end");
}

#[test]
fn more_prices_than_legs_are_refused() {
    let mut fields = vec!["3", "42"];
    fields.resize(35, "");
    fields[4] = "BAG";
    fields.extend(["0", "1", "1.5", "0"]);
    fields.resize(130, "");
    let problem = wrong(&fields).problem;
    assert!(matches!(problem, Problem::Field { name: "leg_prices", .. }), "{problem}");
}

#[test]
fn a_condition_of_an_unknown_kind_is_refused_in_text_and_left_out_of_it() {
    use crate::gateway::wire::model::{Order, OrderCondition, PlaceOrderRequest};
    let of = |kind| OrderCondition { kind: Some(kind), ..Default::default() };
    let order = Some(Order { conditions: vec![of(2), of(3)], ..Default::default() });
    let place = Request::PlaceOrder(Box::new(PlaceOrderRequest { order, ..Default::default() }));
    let sent = fields_of!(place);
    assert_eq!(sent.len(), 115 + 4 + 2);
    let at = sent
        .iter()
        .position(|field| field == "3")
        .map_or(0, |first| sent.iter().skip(first + 1).position(|field| field == "3").unwrap() + first + 1);
    let mut fields: Vec<&str> = sent.iter().map(String::as_str).collect();
    fields[at] = "2";
    let problem = wrong(&fields).problem;
    assert!(matches!(problem, Problem::Field { name: "kind", .. }), "{problem}");
}

#[test]
fn text_that_is_no_utf_8_is_told() {
    let error = Request::decode(Dialect::Text, b"81\x007\0\xff\xfe\0").unwrap_err();
    assert!(matches!(error.problem, Problem::Field { index: 2, wants: "UTF-8", .. }), "{error}");
    let proto = [&281u32.to_be_bytes()[..], b"\x08\x07\x12\x02\xff\xfe"].concat();
    let error = Request::decode(Dialect::Protobuf, &proto).unwrap_err();
    assert!(matches!(error.problem, Problem::Protobuf(_)), "{error}");
    assert_eq!(error.id, Some(7));
}

#[test]
fn a_long_wrong_field_is_shortened() {
    let long = "x".repeat(100_000);
    assert!(wrong(&["8", "1", &long]).to_string().len() < 200);
}

#[test]
fn unknown_fields_of_protobuf_are_skipped_however_deep() {
    // Groups in groups in groups: with tag 1 where an id might be, and with tag 3.
    let nested = |number: u32, open, close| {
        [number.to_be_bytes().to_vec(), vec![open; 100_000], vec![close; 100_000]].concat()
    };
    let decode = |body: &[u8]| Request::decode(Dialect::Protobuf, body);
    let unknown = |number| Ok(Request::Unknown { number, req_id: None });
    assert_eq!(decode(&nested(308, 0x0b, 0x0c)), unknown(108));
    assert_eq!(decode(&nested(300, 0x0b, 0x0c)), unknown(100));
    assert_eq!(decode(&nested(300, 0x1b, 0x1c)), unknown(100));
    let problem = decode(&nested(271, 0x1b, 0x1c)).unwrap_err().problem;
    assert!(matches!(problem, Problem::Protobuf(_)), "{problem}");
    // A field that is newer than this table.
    let newer = [&271u32.to_be_bytes()[..], b"\x08\x07\xfa\x01\x03abc"].concat();
    assert_eq!(Request::decode(Dialect::Protobuf, &newer).unwrap(), {
        let start =
            crate::gateway::wire::model::StartApiRequest { client_id: Some(7), optional_capabilities: None };
        Request::StartApi(start)
    });
    // A text message behind a binary number: nobody sends it at 213.
    let old = [&71u32.to_be_bytes()[..], b"2\x007\0\0"].concat();
    assert_eq!(Request::decode(Dialect::Protobuf, &old), Ok(Request::Unknown { number: 0, req_id: None }));
}

/// The body of the first of one or two frames.
fn first(sent: &[u8]) -> Vec<u8> {
    let mut frames = Frames::of_server(usize::MAX);
    frames.push(sent);
    frames.next().unwrap().unwrap().to_vec()
}

/// Decodes it as everything; what decodes is written and read again.
fn decode_as_anything(bytes: &[u8]) {
    for dialect in Dialect::ALL {
        if let Ok(request) = Request::decode(dialect, bytes) {
            for other in Dialect::ALL {
                assert!(Request::decode(other, &first(&frame_of!(request, other))).is_ok(), "{request:?}");
            }
        }
        if let Ok(reply) = Reply::decode(dialect, bytes) {
            for other in Dialect::ALL {
                assert!(Reply::decode(other, &first(&frame_of!(reply, other))).is_ok(), "{reply:?}");
            }
        }
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_are_a_message_or_an_error(
        number in 0u32..110,
        rest in prop::collection::vec(prop_oneof![Just(0u8), Just(b'1'), any::<u8>()], 0..300),
    ) {
        decode_as_anything(&rest);
        decode_as_anything(&[number.to_string().as_bytes(), &[0], &rest].concat());
        decode_as_anything(&[&(number + 200).to_be_bytes()[..], &rest].concat());
    }
}

#[test]
fn mutated_messages_are_a_message_or_an_error() {
    let mut dice = Dice::new(77);
    for _ in 0..40 {
        for dialect in Dialect::ALL {
            let mut bodies = Vec::new();
            for mut request in Request::each() {
                request.fill(&mut dice);
                bodies.push(frame_of!(request, dialect).split_off(4));
            }
            for mut reply in Reply::each() {
                reply.fill(&mut dice);
                bodies.push(frame_of!(reply, dialect).split_off(4));
            }
            for body in &mut bodies {
                for _ in 0..=dice.below(3) {
                    let at = dice.below(body.len() + 1);
                    match dice.below(4) {
                        0 => body.truncate(at),
                        1 => body.insert(at, dice.one(b"\0-19.eE;=a\xff")),
                        2 if at < body.len() => body[at] ^= 1 << dice.below(8),
                        _ if at < body.len() => drop(body.remove(at)),
                        _ => {}
                    }
                }
                decode_as_anything(body);
            }
        }
    }
}
