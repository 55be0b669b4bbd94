//! Both dialects against the document, against each other, and against anything at all.

mod counts;
pub mod dice;
mod documented;
mod hostile;
mod round_trip;
mod values;

use super::Dialect;

/// The body of what is one frame.
fn body(frame: &[u8]) -> &[u8] {
    let (length, body) = frame.split_first_chunk().unwrap();
    assert_eq!(u32::from_be_bytes(*length) as usize, body.len(), "one frame");
    body
}

/// A body of text fields.
fn text(fields: &[&str]) -> Vec<u8> {
    fields.iter().flat_map(|field| field.bytes().chain([0])).collect()
}

/// The fields of a body.
fn fields(body: &[u8]) -> Vec<&str> {
    let text = std::str::from_utf8(body).unwrap();
    text.strip_suffix('\0').unwrap().split('\0').collect()
}

/// The frame of a request or a reply.
macro_rules! frame_of {
    ($message:expr, $dialect:expr) => {{
        let mut out = Vec::new();
        $message.encode($dialect, &mut out);
        out
    }};
}
use frame_of;

/// The fields of a message, in text.
macro_rules! fields_of {
    ($message:expr) => {
        fields(body(&frame_of!($message, Dialect::Text))).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
}
use fields_of;
