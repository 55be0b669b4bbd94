//! Frames: a length of four bytes, most significant first, and so many bytes of body. Several may
//! come at once, and one in pieces.

/// Most bytes of a body that a client may send: its longest message, an order with hundreds of legs,
/// stays far below.
pub const MOST_INCOMING: usize = 256 * 1024;
/// Most bytes of a body that clients take from a server.
pub const MOST_OUTGOING: usize = 0x00FF_FFFF;

/// What a client says before its first frame.
pub const PREFIX: [u8; 4] = *b"API\0";

const HEADER: usize = 4;

/// A stream that is none of frames; nothing that follows can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It does not begin as a TWS API client does.
    #[error("the stream begins with {got:?}, not with \"API\" and a NUL: no TWS API client")]
    NoClient {
        /// What it begins with.
        got: String,
    },
    /// A frame that is longer than agreed.
    #[error("the frame at byte {at} has {length} bytes, more than {most}")]
    TooLong {
        /// Where in the stream the frame begins.
        at: u64,
        /// What its header says.
        length: usize,
        /// The limit.
        most: usize,
    },
    /// A frame that cannot hold a message number.
    #[error("the frame at byte {at} has {length} bytes, fewer than the {least} of a message number")]
    TooShort {
        /// Where in the stream the frame begins.
        at: u64,
        /// What its header says.
        length: usize,
        /// The least.
        least: usize,
    },
}

/// Takes bytes as they come and gives the bodies of whole frames. After an error it gives the same
/// error again.
///
/// It holds what was pushed and not yet taken, so take all bodies before the next piece is pushed:
/// then it never holds more than a frame and a piece.
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Where in `bytes` the next frame begins.
    start: usize,
    /// Where in the stream `bytes` begins.
    at: u64,
    awaits_prefix: bool,
    least: usize,
    most: usize,
}

impl Frames {
    /// What a server reads: the prefix, then frames.
    #[must_use]
    pub const fn of_client(most: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, at: 0, awaits_prefix: true, least: 0, most }
    }

    /// What a client reads: frames only.
    #[must_use]
    pub fn of_server(most: usize) -> Self {
        Self { awaits_prefix: false, ..Self::of_client(most) }
    }

    /// From now on bodies have at least so many bytes: [`Dialect::least_body`](super::Dialect::least_body).
    pub const fn require(&mut self, least: usize) {
        self.least = least;
    }

    /// Appends what came.
    pub fn push(&mut self, piece: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.at += self.start as u64;
            self.start = 0;
        }
        self.bytes.extend_from_slice(piece);
    }

    /// Bytes that came and were not yet given.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The body of the next frame, if it is all there.
    ///
    /// # Errors
    ///
    /// What comes is none of frames, or against the limits: told as soon as the header says so.
    #[expect(clippy::should_implement_trait, reason = "it lends, which an iterator cannot")]
    pub fn next(&mut self) -> Result<Option<&[u8]>, FrameError> {
        if self.awaits_prefix && !self.take_prefix()? {
            return Ok(None);
        }
        let Some((header, rest)) = self.bytes[self.start..].split_first_chunk::<HEADER>() else {
            return Ok(None);
        };
        let length = usize::try_from(u32::from_be_bytes(*header)).unwrap_or(usize::MAX);
        let (at, most, least) = (self.at + self.start as u64, self.most, self.least);
        if length > most {
            return Err(FrameError::TooLong { at, length, most });
        }
        if length < least {
            return Err(FrameError::TooShort { at, length, least });
        }
        let Some(body) = rest.get(..length) else { return Ok(None) };
        self.start += HEADER + length;
        Ok(Some(body))
    }

    fn take_prefix(&mut self) -> Result<bool, FrameError> {
        let came = &self.bytes[self.start..];
        let common = came.len().min(PREFIX.len());
        if came[..common] != PREFIX[..common] {
            return Err(FrameError::NoClient { got: super::error::quote(came) });
        }
        if common < PREFIX.len() {
            return Ok(false);
        }
        self.start += PREFIX.len();
        self.awaits_prefix = false;
        Ok(true)
    }
}

/// Appends a frame whose body is what `body` appends.
pub fn write(out: &mut Vec<u8>, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEADER]);
    body(out);
    let length = out.len() - start - HEADER;
    let length = u32::try_from(length).expect("a message is far shorter than four gigabytes");
    out[start..start + HEADER].copy_from_slice(&length.to_be_bytes());
}

#[cfg(test)]
mod tests;
