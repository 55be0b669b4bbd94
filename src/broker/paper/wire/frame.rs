//! Frames: how messages are told apart in a stream of bytes, and damage from messages.
//!
//! ```text
//! 0       4           12            16            20
//! │ length │  number   │ crc payload │ crc 0..16   │ payload …
//! ```
//!
//! All numbers are little-endian. The header has a checksum of its own, so that a length is
//! believed only when it arrived as it was sent: a damaged one would else wait for bytes that
//! never come. Frames of one direction are numbered from one. So a frame that comes twice is
//! passed over, and one that is missing ends the connection instead of going unnoticed.

use std::ops::Range;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of a header.
pub const HEADER: usize = 20;
/// Longest payload on a connection: whoever has more to say says it in parts.
pub const LONGEST: usize = 4 << 20;

/// Why bytes are not what the other side sent, or not what it may send. The connection they
/// came from cannot be used any further.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The header does not fit its checksum.
    #[error("a frame's header arrived damaged")]
    DamagedHeader,
    /// The payload does not fit its checksum.
    #[error("frame {0} arrived damaged")]
    DamagedPayload(u64),
    /// Longer than anybody may send.
    #[error("a frame of {length} bytes is longer than the {longest} that may be sent")]
    TooLong {
        /// Its length.
        length: usize,
        /// The longest that is allowed.
        longest: usize,
    },
    /// Frames were lost on the way.
    #[error("frame {expected} is missing, {found} came instead")]
    Missing {
        /// What should have come.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// Undamaged, but no message of this protocol.
    #[error("frame {number} cannot be understood: {why}")]
    NotUnderstood {
        /// Its number.
        number: u64,
        /// Why.
        why: String,
    },
}

/// Makes frames of messages.
#[derive(Debug)]
pub struct Outbound {
    last: u64,
    longest: usize,
}

impl Outbound {
    /// For one direction of one connection, with payloads of at most `longest` bytes.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { last: 0, longest }
    }

    /// Appends the frame of `message`. After an error nothing was appended.
    ///
    /// # Errors
    /// When it is too long.
    pub fn frame<T: Serialize>(&mut self, message: &T, out: &mut Vec<u8>) -> Result<(), WireError> {
        let start = out.len();
        out.resize(start + HEADER, 0);
        let written = serde_json::to_writer(&mut *out, message);
        written.expect("messages have string keys only, and a vector takes all bytes");
        let payload = start + HEADER..out.len();
        let size = payload.len();
        let Some(length) = u32::try_from(size).ok().filter(|_| size <= self.longest) else {
            out.truncate(start);
            return Err(WireError::TooLong { length: size, longest: self.longest });
        };
        self.last += 1;
        let crc = crc32fast::hash(&out[payload]);
        let header = &mut out[start..start + HEADER];
        header[0..4].copy_from_slice(&length.to_le_bytes());
        header[4..12].copy_from_slice(&self.last.to_le_bytes());
        header[12..16].copy_from_slice(&crc.to_le_bytes());
        let crc = crc32fast::hash(&header[..16]);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        Ok(())
    }
}

/// Finds frames in bytes that come in pieces of any size. Never holds more than one frame and
/// one piece, and makes no room before a header has proved to be one.
#[derive(Debug)]
pub struct Decoder {
    held: Vec<u8>,
    /// Where the next frame begins in `held`.
    next: usize,
    longest: usize,
    failed: Option<WireError>,
}

impl Decoder {
    /// A decoder that refuses payloads longer than `longest`.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { held: Vec::new(), next: 0, longest, failed: None }
    }

    /// Takes bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.held.drain(..self.next);
            self.next = 0;
            self.held.extend_from_slice(bytes);
        }
    }

    /// Number and payload of the next whole frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes are damaged: this time and every time after.
    pub fn next_frame(&mut self) -> Result<Option<(u64, &[u8])>, WireError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        match find(&self.held[self.next..], self.longest) {
            Ok(None) => Ok(None),
            Ok(Some((number, payload))) => {
                let range = self.next + payload.start..self.next + payload.end;
                self.next = range.end;
                Ok(Some((number, &self.held[range])))
            }
            Err(error) => {
                self.held = Vec::new();
                self.next = 0;
                self.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.held.len() - self.next
    }
}

/// What a header says of its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Its number.
    pub number: u64,
    /// Bytes of its payload.
    pub length: usize,
    /// Checksum of its payload.
    crc: u32,
}

impl Header {
    /// The header that `bytes` begin with; `None` where they do not fit their checksum.
    #[must_use]
    pub fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let u32_at = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let number = u64::from(u32_at(4)) | u64::from(u32_at(8)) << 32;
        let header = Self { number, length: u32_at(0) as usize, crc: u32_at(12) };
        (crc32fast::hash(&bytes[..16]) == u32_at(16)).then_some(header)
    }
}

fn find(bytes: &[u8], longest: usize) -> Result<Option<(u64, Range<usize>)>, WireError> {
    let Some(header) = bytes.first_chunk::<HEADER>() else { return Ok(None) };
    let Some(Header { number, length, crc }) = Header::read(header) else {
        return Err(WireError::DamagedHeader);
    };
    if length > longest {
        return Err(WireError::TooLong { length, longest });
    }
    let Some(payload) = bytes.get(HEADER..HEADER + length) else { return Ok(None) };
    if crc32fast::hash(payload) != crc {
        return Err(WireError::DamagedPayload(number));
    }
    Ok(Some((number, HEADER..HEADER + length)))
}

/// Makes messages of frames, each once and none left out.
#[derive(Debug)]
pub struct Inbound {
    decoder: Decoder,
    last: u64,
}

impl Inbound {
    /// For one direction of one connection.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self { decoder: Decoder::new(longest), last: 0 }
    }

    /// From now on, payloads may be as long as this.
    pub fn allow(&mut self, longest: usize) {
        self.decoder.longest = longest;
    }

    /// Takes bytes in.
    pub fn push(&mut self, bytes: &[u8]) {
        self.decoder.push(bytes);
    }

    /// The number of the last message; zero for none.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// Bytes that wait for the rest of their frame.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.decoder.waiting()
    }

    /// The next message; `None` when more bytes are needed. Frames that came before are
    /// passed over.
    ///
    /// # Errors
    /// When the bytes are damaged, a frame is missing or cannot be understood.
    pub fn next_message<T: DeserializeOwned>(&mut self) -> Result<Option<T>, WireError> {
        while let Some((number, payload)) = self.decoder.next_frame()? {
            let expected = self.last.saturating_add(1);
            if number < expected {
                continue;
            }
            if number > expected {
                return Err(self.fail(WireError::Missing { expected, found: number }));
            }
            self.last = number;
            match serde_json::from_slice(payload) {
                Ok(message) => return Ok(Some(message)),
                Err(why) => {
                    let why = why.to_string();
                    return Err(self.fail(WireError::NotUnderstood { number, why }));
                }
            }
        }
        Ok(None)
    }

    /// Nothing that follows can be trusted.
    fn fail(&mut self, error: WireError) -> WireError {
        self.decoder.failed = Some(error.clone());
        error
    }
}
