//! The control socket: lines of a client, and lines of the program.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use pitdesk::app::control::wire::{Answer, LONGEST_REQUEST, Lines, VERSION};
use pitdesk::app::control::{Asked, read};
use pitdesk::domain::Decimal;
use pitdesk::link::Flatten;
use tokio::io::{AsyncRead, ReadBuf};

/// Bytes that come in pieces.
struct Pieces<'a> {
    rest: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        to: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let count = self.size.min(self.rest.len()).min(to.remaining());
        let (piece, rest) = self.rest.split_at(count);
        to.put_slice(piece);
        self.rest = rest;
        Poll::Ready(Ok(()))
    }
}

/// All lines, and whether they ended in order. No future here ever waits.
fn lines(rest: &[u8], size: usize) -> (Vec<Vec<u8>>, bool) {
    let mut lines = Lines::new(Pieces { rest, size }, LONGEST_REQUEST);
    let mut told = Vec::new();
    loop {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(lines.next()).poll(&mut context) {
            Poll::Ready(Ok(Some(line))) => told.push(line),
            Poll::Ready(Ok(None)) => return (told, true),
            Poll::Ready(Err(error)) => {
                super::says_something(&error.to_string());
                return (told, false);
            }
            Poll::Pending => panic!("bytes that are there were waited for"),
        }
    }
}

/// The first byte chooses the size of the pieces.
pub fn body(data: &[u8]) {
    let [size, rest @ ..] = data else { return };
    let (told, is_whole) = lines(rest, usize::from(*size) + 1);
    let mut plain = rest.split(|byte| *byte == b'\n');
    for line in &told {
        // A piece of the transport may come on top of the longest line.
        assert!(line.len() <= LONGEST_REQUEST + 256 + 64, "a line of {} bytes", line.len());
        assert_eq!(Some(&line[..]), plain.next(), "lines come whole and in order");
        asked(line);
        answered(line);
    }
    if is_whole {
        assert_eq!(plain.count(), 1, "what has no end is no line");
    }
}

fn asked(line: &[u8]) {
    match read(line, "secret") {
        Ok(Asked::Kill(Flatten::Within(percent))) => {
            assert!(percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED, "a band of {percent} %");
        }
        Ok(Asked::Kill(Flatten::No | Flatten::Market) | Asked::Weather(_)) => {}
        Err(why) => return super::says_something(why),
    }
    assert!(line.windows(8).any(|part| part == b"\"secret\"") || line.contains(&b'\\'), "{line:?}");
    let wrong = read(line, "another secret").expect_err("it does not know that secret");
    assert!(wrong.contains("token"), "{wrong}");
    assert_eq!(VERSION, 1, "the inputs speak this version");
}

fn answered(line: &[u8]) {
    if let Ok(answer) = serde_json::from_slice::<Answer>(line) {
        let written = serde_json::to_vec(&answer).expect("an answer has a JSON form");
        assert!(!written.contains(&b'\n'), "an answer is a line");
        let again: Answer = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(again, answer);
    }
}
