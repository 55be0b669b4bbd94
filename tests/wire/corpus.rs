//! Bytes that were sent once, or that a fuzzer found: each is read as its name says.
//!
//! `tests/corpus/wire/` was made by `make.py` beside it, from the description of the frame and
//! not by this program, so that the two can disagree.

use std::fs;
use std::path::Path;

use pitdesk::broker::paper::wire::frame::{Inbound, LONGEST, WireError};
use pitdesk::broker::paper::wire::{FromExchange, ToExchange};
use serde::de::DeserializeOwned;

fn outcome<T: DeserializeOwned>(bytes: &[u8]) -> (usize, &'static str) {
    let mut inbound = Inbound::new(LONGEST);
    inbound.push(bytes);
    for count in 0.. {
        match inbound.next_message::<T>() {
            Ok(Some(_)) => {}
            Ok(None) => return (count, if inbound.waiting() == 0 { "whole" } else { "partial" }),
            Err(WireError::DamagedHeader | WireError::DamagedPayload(_)) => return (count, "damaged"),
            Err(WireError::TooLong { .. }) => return (count, "long"),
            Err(WireError::Missing { .. }) => return (count, "missing"),
            Err(WireError::NotUnderstood { .. }) => return (count, "unknown"),
        }
    }
    unreachable!("the bytes end")
}

/// A file is named `<to|from>-<messages before it ends>-<how it ends>-<what it is>.bin`.
#[test]
fn every_saved_stream_is_read_as_its_name_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/wire");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "bin") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let [direction, messages, ends] = name.splitn(4, '-').take(3).collect::<Vec<_>>()[..] else {
            panic!("{name}")
        };
        let bytes = fs::read(&path).unwrap();
        let found = match direction {
            "to" => outcome::<ToExchange>(&bytes),
            _ => outcome::<FromExchange>(&bytes),
        };
        assert_eq!(found, (messages.parse().unwrap(), ends), "{name}");
        count += 1;
    }
    assert!(count >= 12, "the corpus was found: {count}");
}
