//! A stream of frames in one direction, in pieces of any size.

use std::fmt::Debug;

use pitdesk::broker::paper::wire::frame::{HEADER, Inbound, LONGEST, Outbound, WireError};
use pitdesk::broker::paper::wire::{FromExchange, LONGEST_REQUEST, ToExchange};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{framing, limits, says_something};

pub fn body(data: &[u8]) {
    let Some((choice, size, bytes)) = framing::stream(1, data) else { return };
    if choice & 2 == 0 {
        read::<ToExchange>(&bytes, size, LONGEST_REQUEST, limits::asked);
    } else {
        read::<FromExchange>(&bytes, size, LONGEST, limits::told);
    }
}

fn read<T>(bytes: &[u8], size: usize, longest: usize, within: impl Fn(&T))
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let (messages, end) = in_pieces::<T>(bytes, size, longest);
    let (at_once, same_end) = in_pieces::<T>(bytes, bytes.len().max(1), longest);
    assert_eq!(messages, at_once, "pieces make no difference");
    assert_eq!(end, same_end);
    assert!(messages.len() * HEADER <= bytes.len());
    let (mut outbound, mut frames) = (Outbound::new(longest), Vec::new());
    for message in &messages {
        within(message);
        outbound.frame(message, &mut frames).expect("what came fits on the way back");
    }
    let (again, end) = in_pieces::<T>(&frames, size, longest);
    assert_eq!((again, end), (messages, None), "what decodes encodes to the same");
}

fn in_pieces<T: DeserializeOwned>(bytes: &[u8], size: usize, longest: usize) -> (Vec<T>, Option<WireError>) {
    let (mut inbound, mut messages) = (Inbound::new(longest), Vec::new());
    for piece in bytes.chunks(size) {
        inbound.push(piece);
        loop {
            match inbound.next_message() {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => {
                    says_something(&error.to_string());
                    let whole = bytes.len();
                    inbound.push(bytes);
                    assert_eq!(inbound.next_message::<T>().err(), Some(error.clone()), "it is for ever");
                    assert!(inbound.waiting() <= whole, "nothing is gathered behind an error");
                    return (messages, Some(error));
                }
            }
        }
        assert!(inbound.waiting() < HEADER + longest, "more than a frame waits");
    }
    (messages, None)
}
