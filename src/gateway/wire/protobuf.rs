//! The protobuf dialect at server version 213: a binary message number, 200 above that of the text
//! dialect, and the payload.

use prost::Message;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};

use super::error::{Problem, quote};
use super::frame;
use super::model::HistoricalDataEnd;
use super::reply::History;

/// What the numbers of protobuf messages begin above.
const ABOVE: u32 = 200;

/// What a message number carries.
pub trait Payload {
    /// Fills it with what the bytes say, as far as they can be read.
    fn merge(&mut self, payload: &[u8]) -> Result<(), Problem>;

    /// Appends it as a frame, or as two.
    fn put(&self, number: u32, out: &mut Vec<u8>);
}

impl<M: Message> Payload for M {
    fn merge(&mut self, payload: &[u8]) -> Result<(), Problem> {
        Message::merge(self, payload).map_err(|error| Problem::Protobuf(error.to_string()))
    }

    fn put(&self, number: u32, out: &mut Vec<u8>) {
        frame::write(out, |out| {
            out.extend_from_slice(&(number + ABOVE).to_be_bytes());
            self.encode(out).expect("a Vec takes every byte");
        });
    }
}

impl Payload for History {
    fn merge(&mut self, payload: &[u8]) -> Result<(), Problem> {
        Payload::merge(&mut self.data, payload)
    }

    /// The bars, then from when to when they are, in a message of its own.
    fn put(&self, number: u32, out: &mut Vec<u8>) {
        self.data.put(number, out);
        if let Some(end) = &self.end {
            HistoricalDataEnd { req_id: self.data.req_id, ..end.clone() }.put(History::END, out);
        }
    }
}

/// Message number and payload of a body. A number up to 200 is that of a text message behind a binary
/// number, which nobody sends at 213: 0 here, which no table has.
pub fn open(body: &[u8]) -> Result<(u32, &[u8]), Problem> {
    match body.split_first_chunk() {
        Some((number, payload)) => Ok((u32::from_be_bytes(*number).saturating_sub(ABOVE), payload)),
        None if body.is_empty() => Err(Problem::Empty),
        None => Err(Problem::Number(quote(body))),
    }
}

/// The request id of a message that has no structure here, where its first field is known to be that.
pub fn first_number(mut payload: &[u8]) -> Option<i32> {
    while !payload.is_empty() {
        let (tag, wire_type) = decode_key(&mut payload).ok()?;
        if tag == 1 && wire_type == WireType::Varint {
            // Negative numbers come as 64 bits.
            return decode_varint(&mut payload).ok().map(|value| value as i32);
        }
        skip_field(wire_type, tag, &mut payload, DecodeContext::default()).ok()?;
    }
    None
}
