//! What known clients offer, and what is no offer.

use super::*;
use crate::gateway::wire::Dialect::{Protobuf, Text};
use crate::gateway::wire::frame::Frames;

#[test]
fn each_known_client_gets_the_dialect_that_it_speaks() {
    let check = |offer: &str, choice| {
        assert_eq!(Offer::decode(offer.as_bytes()).unwrap().choice(), choice, "{offer}");
    };
    check("v157..176", Some(Text)); // ib_insync 0.9.86
    check("v157..178", Some(Text)); // ib_async 2.1.0
    check("v213..226", Some(Protobuf)); // ibapi 5.5.0
    check("v100..226", Some(Text)); // the official client 10.50.2
    check("v100..157", None); // the official client 9.81.1
    check("v177..212", None);
    check("v214..226", None);
    check("v176", Some(Text));
    check("v157..176 +PACEAPI", Some(Text));
}

#[test]
fn what_is_no_offer_says_so() {
    let none: [&[u8]; 10] = [
        b"",
        b"v",
        b"157..176",
        b"v157..",
        b"v..176",
        b"v-1..176",
        b"v+1..176",
        b"v99999999999..1",
        b"\xff",
        b"GET /",
    ];
    for body in none {
        assert_eq!(Offer::decode(body), Err(HandshakeError::Offer(quote(body))), "{body:?}");
    }
    assert_eq!(Offer::decode(b"v176..157"), Err(HandshakeError::Range { least: 176, most: 157 }));
}

#[test]
fn zeros_behind_an_offer_are_no_part_of_it() {
    let offer = Offer { least: 157, most: 176, options: "+PACEAPI".into() };
    assert_eq!(Offer::decode(b"v157..176 +PACEAPI\0\0"), Ok(offer));
}

#[test]
fn an_offer_is_the_prefix_and_a_frame() {
    let offer = Offer { least: 157, most: 176, options: "+PACEAPI".into() };
    let mut stream = Vec::new();
    offer.encode(&mut stream);
    assert_eq!(stream, b"API\0\0\0\0\x12v157..176 +PACEAPI");
    let mut frames = Frames::of_client(100);
    frames.push(&stream);
    assert_eq!(Offer::decode(frames.next().unwrap().unwrap()), Ok(offer));
}

#[test]
fn an_announcement_is_text_in_both_dialects() {
    for (dialect, version) in [(Text, "176"), (Protobuf, "213")] {
        let announced = Announcement::new(dialect, "20261121 07:03:56 US/Eastern");
        let mut stream = Vec::new();
        announced.encode(&mut stream);
        assert_eq!(stream[..4], [0, 0, 0, 33]);
        assert_eq!(stream[4..], *format!("{version}\0{}\0", announced.connected).as_bytes());
        assert_eq!(Announcement::decode(&stream[4..]), Ok(announced));
    }
}

#[test]
fn what_is_no_announcement_says_so() {
    for body in [&b""[..], b"176\0", b"176\0time", b"176\0time\0more\0", b"x\0time\0", b"\xff\0\xff\0"] {
        assert!(Announcement::decode(body).is_err(), "{body:?}");
    }
}
