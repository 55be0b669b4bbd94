//! The handshake: the client offers a range of server versions, the server chooses one, and with it
//! the dialect.
//!
//! ```text
//! client → "API\0"
//! client → [length] "v157..176 +PACEAPI"
//! server → [length] "176\0" "20261121 07:03:56 US/Eastern\0"
//! ```

use super::error::quote;
use super::{Dialect, frame};

/// What a client offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The lowest server version that it accepts.
    pub least: u32,
    /// The highest.
    pub most: u32,
    /// What it wishes besides, e.g. `+PACEAPI`.
    pub options: String,
}

/// A frame that is no part of a handshake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// Not `vMIN..MAX`.
    #[error("{0:?} offers no versions: v157..176 would")]
    Offer(String),
    /// The range is upside down.
    #[error("versions {least} to {most} are none")]
    Range {
        /// The first of it.
        least: u32,
        /// The last of it.
        most: u32,
    },
    /// Not a version and a time.
    #[error("{0:?} announces no version")]
    Announcement(String),
}

impl Offer {
    /// Reads the body of a client's first frame.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn decode(body: &[u8]) -> Result<Self, HandshakeError> {
        Self::read(body).ok_or_else(|| HandshakeError::Offer(quote(body)))?.checked()
    }

    fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?;
        let text = text.trim_end_matches('\0');
        let (versions, options) = text.split_once(' ').unwrap_or((text, ""));
        let versions = versions.strip_prefix('v')?;
        // One version alone is a range, too.
        let (least, most) = versions.split_once("..").unwrap_or((versions, versions));
        Some(Self { least: number(least)?, most: number(most)?, options: options.to_owned() })
    }

    fn checked(self) -> Result<Self, HandshakeError> {
        let Self { least, most, .. } = self;
        if least > most { Err(HandshakeError::Range { least, most }) } else { Ok(self) }
    }

    /// The dialect to speak: the first whose version is offered. Without one the connection is to be
    /// closed; a version that was not offered would be misread by some clients.
    #[must_use]
    pub fn choice(&self) -> Option<Dialect> {
        Dialect::ALL.into_iter().find(|dialect| (self.least..=self.most).contains(&dialect.version()))
    }

    /// Appends what a client says first: the prefix and the frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let Self { least, most, options } = self;
        let space = if options.is_empty() { "" } else { " " };
        out.extend_from_slice(&frame::PREFIX);
        frame::write(out, |out| {
            out.extend_from_slice(format!("v{least}..{most}{space}{options}").as_bytes());
        });
    }
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|digit| digit.is_ascii_digit()).then(|| text.parse().ok())?
}

/// What a server answers, as text in both dialects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    /// The server version.
    pub version: u32,
    /// When the client connected: `YYYYMMDD HH:MM:SS <IANA zone>`. The Python libraries ignore it,
    /// `ibapi` reads it.
    pub connected: String,
}

impl Announcement {
    /// That this dialect is spoken.
    pub fn new(dialect: Dialect, connected: impl Into<String>) -> Self {
        Self { version: dialect.version(), connected: connected.into() }
    }

    /// Reads the body of a server's first frame.
    ///
    /// # Errors
    ///
    /// It is something else.
    pub fn decode(body: &[u8]) -> Result<Self, HandshakeError> {
        Self::read(body).ok_or_else(|| HandshakeError::Announcement(quote(body)))
    }

    fn read(body: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(body).ok()?.strip_suffix('\0')?;
        let (version, connected) = text.split_once('\0')?;
        let is_one_field = !connected.contains('\0');
        is_one_field.then_some(Self { version: number(version)?, connected: connected.to_owned() })
    }

    /// Appends it as a whole frame.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let Self { version, connected } = self;
        frame::write(out, |out| out.extend_from_slice(format!("{version}\0{connected}\0").as_bytes()));
    }
}

#[cfg(test)]
mod tests;
