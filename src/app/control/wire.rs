//! What goes over the control socket: JSON, one value a line.
//!
//! A client says one [`Request`] and is told [`Answer`]s until the connection ends. Nothing of a
//! request is looked at before its token has been found to be right.

use std::io;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::domain::{Decimal, Time};
use crate::link::{AccountKill, Flatten, KillReport, KillStage};

/// The version of everything here; another one is refused.
pub const VERSION: u32 = 1;
/// Longest line that a client may say.
pub const LONGEST_REQUEST: usize = 1_024;
/// Longest line that a client reads: two hundred lines of evidence, of every account.
pub const LONGEST_ANSWER: usize = 1 << 20;

/// The one line that a client says. The server first reads it with any JSON for `ask`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request<A = Ask> {
    /// The secret of the control file.
    pub token: String,
    /// [`VERSION`].
    pub version: u32,
    /// What is asked.
    pub ask: A,
}

/// What can be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ask {
    /// Use the kill switch.
    Kill(Positions),
    /// Give the servers for other programs this weather, as [`Weather::parse`] reads it.
    ///
    /// [`Weather::parse`]: crate::domain::Weather::parse
    Weather(String),
}

/// What becomes of positions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Positions {
    /// They stay.
    Stay,
    /// They are closed at market.
    Market,
    /// They are closed at most so many per cent worse than the market.
    Within(Decimal),
}

impl From<Flatten> for Positions {
    fn from(flatten: Flatten) -> Self {
        match flatten {
            Flatten::No => Self::Stay,
            Flatten::Market => Self::Market,
            Flatten::Within(percent) => Self::Within(percent),
        }
    }
}

impl Positions {
    /// In the engine's words; `None` for a band that is none.
    #[must_use]
    pub fn flatten(&self) -> Option<Flatten> {
        match self {
            Self::Stay => Some(Flatten::No),
            Self::Market => Some(Flatten::Market),
            Self::Within(percent) => is_band(*percent).then_some(Flatten::Within(*percent)),
        }
    }
}

/// Whether a limit price may be so many per cent away from the market: at a hundred a sale would
/// be a gift.
pub(super) fn is_band(percent: Decimal) -> bool {
    percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED
}

/// A line that the program says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing was done, and why.
    Refused(String),
    /// The engine has it.
    Taken,
    /// How far it has come, account by account.
    Progress(Vec<Progress>),
    /// Nothing more will be said, and why: it has not come to its end.
    Over(String),
}

/// How far it has come with one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The broker, and the account where it is known.
    pub name: String,
    /// Where it stands.
    pub stage: Stage,
    /// What was asked and what the broker said, oldest first.
    pub evidence: Vec<(Time, Arc<str>)>,
}

/// Where it stands with one account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// On its way: what is done now.
    Going(String),
    /// At its end.
    Done,
    /// Not at its end, and why.
    Stuck(String),
}

impl From<&AccountKill> for Progress {
    fn from(account: &AccountKill) -> Self {
        let name = match &account.account {
            Some(id) => format!("{} {id}", account.broker_name),
            None => account.broker_name.to_string(),
        };
        let stage = match &account.stage {
            KillStage::Done => Stage::Done,
            KillStage::Stuck(why) => Stage::Stuck(why.to_string()),
            going => Stage::Going(going.label()),
        };
        Self { name, stage, evidence: account.evidence.clone() }
    }
}

impl From<&KillReport> for Answer {
    fn from(report: &KillReport) -> Self {
        Self::Progress(report.accounts.iter().map(Progress::from).collect())
    }
}

/// Lines that come over a connection.
#[derive(Debug)]
pub struct Lines<R> {
    reader: R,
    longest: usize,
    waiting: Vec<u8>,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// The lines of `reader`. One that is longer than this and a piece that is read is refused.
    pub fn new(reader: R, longest: usize) -> Self {
        Self { reader, longest, waiting: Vec::new() }
    }

    /// The next line, without its end; `None` when no more will come. Nothing is lost when this
    /// is given up halfway.
    ///
    /// # Errors
    /// When the line is too long, or the connection broke.
    pub async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        loop {
            if let Some(end) = self.waiting.iter().position(|byte| *byte == b'\n') {
                let rest = self.waiting.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.waiting, rest);
                line.pop();
                return Ok(Some(line));
            }
            if self.waiting.len() > self.longest {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "a line that does not end"));
            }
            if self.reader.read_buf(&mut self.waiting).await? == 0 {
                return Ok(None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_of(bytes: &[u8], longest: usize) -> (Vec<Vec<u8>>, io::Result<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut lines = Lines::new(bytes, longest);
        runtime.block_on(async {
            let mut told = Vec::new();
            loop {
                match lines.next().await {
                    Ok(Some(line)) => told.push(line),
                    Ok(None) => return (told, Ok(())),
                    Err(error) => return (told, Err(error)),
                }
            }
        })
    }

    #[test]
    fn lines_come_whole_and_not_too_long() {
        let (told, end) = lines_of(b"one\n\ntwo\nhal", 100);
        assert_eq!(told, [&b"one"[..], b"", b"two"]);
        assert!(end.is_ok());
        let (told, end) = lines_of(&[b'x'; 5_000], 100);
        assert!(told.is_empty() && end.is_err());
    }

    #[test]
    fn a_band_is_more_than_nothing_and_less_than_everything() {
        let flatten = |percent: i64| Positions::Within(percent.into()).flatten();
        assert_eq!(flatten(2), Some(Flatten::Within(Decimal::TWO)));
        for wrong in [-1, 0, 100, 5_000] {
            assert_eq!(flatten(wrong), None, "{wrong}");
        }
        for flatten in [Flatten::No, Flatten::Market, Flatten::Within(Decimal::ONE)] {
            assert_eq!(Positions::from(flatten).flatten(), Some(flatten));
        }
    }

    #[test]
    fn the_words_of_the_wire_stay() {
        let request =
            Request { token: "t".to_owned(), version: 1, ask: Ask::Kill(Positions::Within(Decimal::TWO)) };
        let text = r#"{"token":"t","version":1,"ask":{"kill":{"within":"2"}}}"#;
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        assert_eq!(serde_json::from_str::<Request>(text).unwrap(), request);
        assert_eq!(serde_json::to_string(&Answer::Taken).unwrap(), r#""taken""#);
    }
}
