//! Peers that are late, rude, broken or too many cost one connection: their own.

use std::time::Duration;

use pitdesk::gateway::Rules;
use pitdesk::gateway::wire::frame::{MOST_INCOMING, PREFIX};
use pitdesk::gateway::wire::handshake::Offer;
use pitdesk::gateway::wire::{Dialect, Reply, Request};

use super::stage::{Stage, order, place, share, start_api, words};

fn works(stage: &mut Stage, client: i32) {
    let conn = stage.connect(Dialect::Text, client);
    assert_eq!(words(&stage.ask(conn, Request::Positions)), ["PositionEnd"]);
}

#[test]
fn a_session_begins_as_the_libraries_expect() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.dial(dialect);
        stage.greet(conn);
        let told = words(&stage.ask(conn, start_api(5)));
        assert_eq!(
            told,
            ["ManagedAccounts", "NextValidId", "-1 error 2104", "-1 error 2106", "-1 error 2158"]
        );
    }
}

#[test]
fn who_does_not_speak_the_protocol_is_let_go_and_nobody_else() {
    let endless = [&PREFIX[..], &u32::try_from(MOST_INCOMING + 1).unwrap().to_be_bytes()].concat();
    let rude: [&[u8]; 3] = [b"GET / HTTP/1.1\r\n\r\n", b"API\0\0\0\0\x05hello", &endless];
    let mut stage = Stage::new();
    for bytes in rude {
        let conn = stage.dial(Dialect::Text);
        stage.send_bytes(conn, bytes);
        assert!(stage.is_closed(conn), "{bytes:?}");
    }
    works(&mut stage, 1);
}

#[test]
fn versions_that_are_not_spoken_are_not_answered_with_others() {
    for (least, most) in [(100, 157), (179, 212), (214, 300)] {
        let mut stage = Stage::new();
        let conn = stage.dial(Dialect::Text);
        let mut bytes = Vec::new();
        Offer { least, most, options: String::new() }.encode(&mut bytes);
        stage.send_bytes(conn, &bytes);
        assert!(stage.is_closed(conn), "{least}..{most}");
        assert!(stage.heard(conn).is_empty());
    }
}

#[test]
fn who_does_not_say_who_it_is_is_let_go() {
    let mut stage = Stage::new();
    let (silent, nameless) = (stage.dial(Dialect::Text), stage.dial(Dialect::Text));
    stage.greet(nameless);
    stage.run(Duration::from_secs(11));
    assert!(stage.is_closed(silent) && stage.is_closed(nameless));
    let hasty = stage.dial(Dialect::Text);
    stage.greet(hasty);
    stage.tell(hasty, Request::Positions);
    assert!(stage.is_closed(hasty), "it asked before it said who it is");
}

#[test]
fn a_client_id_is_used_by_one_at_a_time() {
    let mut stage = Stage::new();
    let first = stage.connect(Dialect::Text, 4);
    let second = stage.dial(Dialect::Protobuf);
    stage.greet(second);
    assert_eq!(words(&stage.ask(second, start_api(4))), ["-1 error 326"]);
    assert!(stage.is_closed(second) && !stage.is_closed(first));
    stage.hang_up(first);
    works(&mut stage, 4);
}

#[test]
fn only_so_many_are_let_in() {
    let mut stage = Stage::with(Rules { most_connections: 2, ..Rules::default() });
    stage.connect(Dialect::Text, 1);
    let second = stage.connect(Dialect::Text, 2);
    let third = stage.dial(Dialect::Text);
    stage.settle();
    assert!(stage.is_closed(third));
    stage.hang_up(second);
    works(&mut stage, 3);
}

#[test]
fn a_message_that_cannot_be_read_is_refused_by_its_id_and_the_next_is_answered() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let body = b"3\x0017\0rubbish\0";
    let framed = [&u32::try_from(body.len()).unwrap().to_be_bytes()[..], body].concat();
    stage.send_bytes(conn, &framed);
    assert_eq!(words(&stage.heard(conn)), ["17 error 320"]);
    assert_eq!(words(&stage.ask(conn, Request::Positions)), ["PositionEnd"]);
}

#[test]
fn bytes_may_come_in_any_pieces() {
    let mut stage = Stage::new();
    let conn = stage.dial(Dialect::Text);
    let mut bytes = Vec::new();
    Offer { least: 157, most: 178, options: String::new() }.encode(&mut bytes);
    start_api(1).encode(Dialect::Text, &mut bytes);
    place(1, share("AAPL"), order("BUY", "1", "MKT")).encode(Dialect::Text, &mut bytes);
    for byte in bytes {
        stage.send_bytes(conn, &[byte]);
    }
    let told = words(&stage.heard_in(conn, 2.0));
    assert!(told.contains(&"1 Filled 1/0".to_owned()), "{told:?}");
}

#[test]
fn a_reader_that_stops_reading_is_let_go() {
    let mut stage = Stage::new();
    let (slow, other) = (stage.connect(Dialect::Text, 1), stage.connect(Dialect::Text, 2));
    stage.core.waiting(slow, 1 << 20);
    stage.settle();
    assert!(!stage.is_closed(slow), "it may catch up");
    stage.core.waiting(slow, pitdesk::gateway::core::MOST_WAITING + 1);
    stage.settle();
    assert!(stage.is_closed(slow));
    assert!(!stage.ask(other, Request::Positions).is_empty());
    assert!(
        stage
            .ask(other, Request::ManagedAccounts)
            .iter()
            .any(|reply| matches!(reply, Reply::ManagedAccounts(_)))
    );
}

#[test]
fn its_orders_live_on_when_a_client_leaves() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    stage.hang_up(conn);
    stage.run(Duration::from_secs(2));
    assert_eq!(stage.desk.blotter().fills().len(), 1);
}
