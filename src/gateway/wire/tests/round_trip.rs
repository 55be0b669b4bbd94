//! What is written reads as the same, in both dialects, for arbitrary messages.

use super::dice::Dice;
use super::*;
use crate::gateway::wire::frame::Frames;
use crate::gateway::wire::{Reply, Request};

const ROUNDS: u64 = 150;

/// The laws of both dialects, for every message of an enum.
macro_rules! keeps_the_laws {
    ($enum:ident, $seed:literal) => {
        for round in 0..ROUNDS {
            let mut dice = Dice::new($seed + round);
            for mut message in $enum::each() {
                message.fill(&mut dice);
                let name = message.name();

                // Protobuf carries everything.
                let sent = frame_of!(message, Dialect::Protobuf);
                let mut frames = Frames::of_server(usize::MAX);
                frames.push(&sent);
                let read = $enum::decode(Dialect::Protobuf, frames.next().unwrap().unwrap()).unwrap();
                assert_eq!(
                    frame_of!(read, Dialect::Protobuf),
                    sent[..sent.len() - frames.pending()],
                    "{name}"
                );
                if frames.pending() == 0 {
                    assert_eq!(read, message, "{name}");
                }

                // Text carries a part, but that whole, and canonically.
                let sent = frame_of!(message, Dialect::Text);
                assert!(sent[4..].is_ascii(), "{name} is ASCII");
                let part =
                    $enum::decode(Dialect::Text, body(&sent)).unwrap_or_else(|e| panic!("{e}: {message:?}"));
                let again = frame_of!(part, Dialect::Text);
                assert_eq!(fields(body(&again)), fields(body(&sent)), "{name}: {message:?}");
                assert_eq!($enum::decode(Dialect::Text, body(&again)), Ok(part.clone()), "{name}");

                // And it is the same in protobuf.
                let sent = frame_of!(part, Dialect::Protobuf);
                let mut frames = Frames::of_server(usize::MAX);
                frames.push(&sent);
                let read = $enum::decode(Dialect::Protobuf, frames.next().unwrap().unwrap()).unwrap();
                if frames.pending() == 0 {
                    assert_eq!(read, part, "{name}");
                }
            }
        }
    };
}

#[test]
fn every_request_reads_as_it_was_written() {
    keeps_the_laws!(Request, 1_000);
}

#[test]
fn every_reply_reads_as_it_was_written() {
    keeps_the_laws!(Reply, 2_000);
}

#[test]
fn no_two_messages_share_a_number() {
    let check = |mut numbers: Vec<u32>| {
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
    };
    check(Request::each().iter().map(Request::number).collect());
    check(Reply::each().iter().map(Reply::number).collect());
}

#[test]
fn a_message_without_any_value_reads_back() {
    for dialect in Dialect::ALL {
        for request in Request::each() {
            let sent = frame_of!(request, dialect);
            let read = Request::decode(dialect, body(&sent)).unwrap();
            assert_eq!(frame_of!(read, dialect), sent, "{}", request.name());
        }
        for reply in Reply::each() {
            let sent = frame_of!(reply, dialect);
            let read = Reply::decode(dialect, body(&sent)).unwrap();
            assert_eq!(frame_of!(read, dialect), sent, "{}", reply.name());
        }
    }
}
