//! The TWS wire in both dialects: what a client or a server says, whole streams in pieces, and the
//! handshake. The first byte chooses which, the second the size of the pieces.

use pitdesk::gateway::wire::frame::{FrameError, Frames};
use pitdesk::gateway::wire::handshake::{Announcement, Offer};
use pitdesk::gateway::wire::{Dialect, Malformed, Reply, Request};

use super::says_something;

/// Most bytes of a body here.
const MOST: usize = 2_048;

pub fn body(data: &[u8]) {
    let [choice, size, rest @ ..] = data else { return };
    let dialect = if choice & 1 == 0 { Dialect::Text } else { Dialect::Protobuf };
    match choice >> 1 & 3 {
        0 => message(dialect, rest, Request::decode, Request::encode),
        1 => message(dialect, rest, Reply::decode, Reply::encode),
        2 => stream(rest, usize::from(*size) + 1, choice & 8 != 0),
        _ => handshake(rest),
    }
}

/// Whatever is read can be written in both dialects, and what is written reads as what writes the same.
fn message<M>(
    dialect: Dialect,
    body: &[u8],
    decode: impl Fn(Dialect, &[u8]) -> Result<M, Malformed>,
    encode: impl Fn(&M, Dialect, &mut Vec<u8>),
) {
    let read = match decode(dialect, body) {
        Ok(read) => read,
        Err(error) => {
            says_something(&error.to_string());
            assert_eq!(decode(dialect, body).err(), Some(error));
            return;
        }
    };
    // A long message may be two frames; the first is what is read again.
    let first = |message: &M, dialect| {
        let (mut sent, mut frames) = (Vec::new(), Frames::of_server(usize::MAX));
        encode(message, dialect, &mut sent);
        frames.push(&sent);
        frames.next().expect("it is of frames").expect("and whole").to_vec()
    };
    for other in Dialect::ALL {
        let written = first(&read, other);
        // A number of five bytes may be written with three hundred digits, or with as many zeros.
        assert!(written.len() <= 500 * body.len() + 2_000, "{} bytes of {}", written.len(), body.len());
        assert!(other == Dialect::Protobuf || written.is_ascii());
        let again = decode(other, &written).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(first(&again, other), written, "what decodes encodes to the same");
    }
}

fn stream(bytes: &[u8], size: usize, is_binary: bool) {
    let (bodies, end) = in_pieces(bytes, size, is_binary);
    let (at_once, same_end) = in_pieces(bytes, bytes.len().max(1), is_binary);
    assert_eq!(bodies, at_once, "pieces make no difference");
    // Of what is no client, only more or less is quoted.
    assert_eq!(end.is_some(), same_end.is_some());
    for body in bodies {
        assert!(body.len() <= MOST && (!is_binary || body.len() >= 4));
        for dialect in Dialect::ALL {
            message(dialect, &body, Request::decode, Request::encode);
        }
    }
}

fn in_pieces(bytes: &[u8], size: usize, is_binary: bool) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let (mut frames, mut bodies) = (Frames::of_client(MOST), Vec::new());
    if is_binary {
        frames.require(Dialect::Protobuf.least_body());
    }
    for piece in bytes.chunks(size) {
        frames.push(piece);
        loop {
            match frames.next() {
                Ok(Some(body)) => bodies.push(body.to_vec()),
                Ok(None) => break,
                Err(error) => {
                    says_something(&error.to_string());
                    assert_eq!(frames.next(), Err(error.clone()), "it is for ever");
                    return (bodies, Some(error));
                }
            }
        }
        assert!(frames.pending() < MOST + 4, "more than a frame waits");
    }
    (bodies, None)
}

fn handshake(body: &[u8]) {
    match Offer::decode(body) {
        Ok(offer) => {
            assert!(offer.least <= offer.most);
            let chosen = offer.choice().map(Dialect::version);
            assert!(chosen.is_none_or(|version| (offer.least..=offer.most).contains(&version)));
            let (mut sent, mut frames) = (Vec::new(), Frames::of_client(usize::MAX));
            offer.encode(&mut sent);
            frames.push(&sent);
            let again = frames.next().expect("it is of frames").expect("and whole");
            assert_eq!(Offer::decode(again), Ok(offer));
        }
        Err(error) => says_something(&error.to_string()),
    }
    match Announcement::decode(body) {
        Ok(announced) => {
            let mut sent = Vec::new();
            announced.encode(&mut sent);
            assert_eq!(Announcement::decode(&sent[4..]), Ok(announced));
        }
        Err(error) => says_something(&error.to_string()),
    }
}
