//! Streams in pieces, and streams that are none.

use proptest::prelude::*;

use super::*;

/// All bodies of a stream that comes in pieces of these sizes, over and over.
fn bodies(stream: &[u8], sizes: &[usize]) -> Vec<Vec<u8>> {
    let mut frames = Frames::of_client(1_000);
    let (mut found, mut rest, mut sizes) = (Vec::new(), stream, sizes.iter().cycle());
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((*sizes.next().unwrap()).clamp(1, rest.len()));
        frames.push(piece);
        rest = later;
        while let Some(body) = frames.next().unwrap() {
            found.push(body.to_vec());
        }
        assert!(frames.pending() <= 1_004, "only the beginning of a frame is kept");
    }
    assert_eq!(frames.pending(), 0);
    found
}

proptest! {
    #[test]
    fn in_which_pieces_a_stream_comes_does_not_matter(
        sent in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..12),
        sizes in prop::collection::vec(1usize..700, 1..8),
    ) {
        let mut stream = PREFIX.to_vec();
        for body in &sent {
            write(&mut stream, |out| out.extend(body));
        }
        prop_assert_eq!(bodies(&stream, &sizes), sent.clone());
        prop_assert_eq!(bodies(&stream, &[1]), sent.clone());
        prop_assert_eq!(bodies(&stream, &[stream.len()]), sent);
    }
}

#[test]
fn a_frame_is_its_length_and_its_body() {
    let mut out = Vec::new();
    write(&mut out, |out| out.extend(b"9\x001\x0053\x00"));
    assert_eq!(out, b"\x00\x00\x00\x079\x001\x0053\x00");
}

#[test]
fn a_frame_that_is_too_long_is_told_by_its_header() {
    let mut frames = Frames::of_client(MOST_INCOMING);
    frames.push(b"API\0\0\0\0\x02ab\x00\x04\x00\x01");
    assert_eq!(frames.next(), Ok(Some(&b"ab"[..])));
    let error = FrameError::TooLong { at: 10, length: MOST_INCOMING + 1, most: MOST_INCOMING };
    assert_eq!(frames.next(), Err(error.clone()));
    frames.push(b"more");
    assert_eq!(frames.next(), Err(error), "and it stays an error");
}

#[test]
fn the_longest_frame_that_is_allowed_is_taken() {
    let mut frames = Frames::of_server(MOST_INCOMING);
    let mut stream = Vec::new();
    write(&mut stream, |out| out.resize(out.len() + MOST_INCOMING, b'x'));
    frames.push(&stream);
    assert_eq!(frames.next().unwrap().map(<[u8]>::len), Some(MOST_INCOMING));
}

#[test]
fn a_frame_without_a_number_is_refused_once_numbers_are_binary() {
    let mut frames = Frames::of_server(100);
    frames.push(b"\0\0\0\0");
    assert_eq!(frames.next(), Ok(Some(&b""[..])), "text has no least length");
    frames.require(4);
    frames.push(b"\0\0\0\x03abc");
    assert_eq!(frames.next(), Err(FrameError::TooShort { at: 4, length: 3, least: 4 }));
}

#[test]
fn what_is_no_client_is_told_by_its_first_wrong_byte() {
    let check = |came: &[u8], is_client: bool| {
        let mut frames = Frames::of_client(100);
        frames.push(came);
        assert_eq!(frames.next().is_ok(), is_client, "{came:?}");
    };
    check(b"", true);
    check(b"AP", true);
    check(b"API\0", true);
    check(b"GET / HTTP/1.1", false);
    check(b"AX", false);
    check(b"API ", false);
    check(b"\x16\x03\x01", false);
}
