//! How the way to Interactive Brokers stands: socket, TWS, its link to IBKR, its data farms.
//!
//! There are three links behind each other, and each breaks by itself. That the socket is open says
//! nothing: a TWS that hangs keeps it open for ever ([`Pulse`]), and one that has lost IBKR says so with
//! a code and keeps answering ([`Banner`]). A farm that is down concerns its quotes or bars alone; the
//! connection is never torn down for it. Pure: time comes in, words come out.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::time::Duration;

use ibapi::Error;

use super::codes::words;
use crate::domain::Time;
use crate::link::{ConnectionState, NoticeLevel};

/// How often TWS is asked for its time.
const BEAT: Duration = Duration::from_secs(2);
/// Silence after which the trader is told.
const SILENT: Duration = Duration::from_secs(8);
/// Silence after which the connection counts as lost.
const LOST: Duration = Duration::from_secs(20);

/// What there is to do about the pulse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing.
    Wait,
    /// TWS is to be asked for a sign of life.
    Ask,
    /// It has just fallen silent.
    FellSilent,
    /// It has been silent for too long.
    Lost,
}

/// Whether TWS still says anything.
#[derive(Debug)]
pub(super) struct Pulse {
    heard: Time,
    asked: Time,
    is_silent: bool,
}

impl Pulse {
    /// TWS has just said something.
    pub fn new(now: Time) -> Self {
        Self { heard: now, asked: now, is_silent: false }
    }

    /// TWS said something; whether it had been silent.
    pub fn heard(&mut self, now: Time) -> bool {
        self.heard = now;
        std::mem::take(&mut self.is_silent)
    }

    /// Whether it is silent.
    pub fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// What there is to do at `now`.
    pub fn tick(&mut self, now: Time) -> Beat {
        let quiet = now.since(self.heard);
        if quiet > LOST {
            return Beat::Lost;
        }
        if quiet > SILENT && !self.is_silent {
            self.is_silent = true;
            return Beat::FellSilent;
        }
        if now.since(self.asked) >= BEAT {
            self.asked = now;
            return Beat::Ask;
        }
        Beat::Wait
    }
}

/// What stands between us and the data of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Farm {
    /// Quotes.
    Market,
    /// Bars.
    History,
    /// Instruments.
    Definitions,
}

impl Farm {
    fn label(self) -> &'static str {
        match self {
            Self::Market => "market data farm",
            Self::History => "farm of past bars",
            Self::Definitions => "farm of instruments",
        }
    }

    fn is_down(self, name: &str) -> String {
        format!("the {} {name} is down: {}", self.label(), self.loses())
    }

    fn loses(self) -> &'static str {
        match self {
            Self::Market => "its quotes stand still",
            Self::History => "charts have to wait",
            Self::Definitions => "instruments cannot be looked up",
        }
    }
}

/// What a code of the connection has changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing.
    Nothing,
    /// How the connection stands ([`Banner::state`]).
    State,
    /// IBKR is back, and TWS has forgotten what was subscribed.
    BackEmpty,
    /// IBKR is back, and what was subscribed goes on.
    BackWhole,
    /// Worth a line, and may have changed how the connection stands.
    Note(NoticeLevel, String),
    /// TWS is about to end the connection, and why.
    Ends(String),
}

/// What TWS says about its own links.
#[derive(Debug, Default)]
pub(super) struct Banner {
    has_no_uplink: bool,
    broken: BTreeSet<(Farm, String)>,
}

impl Banner {
    /// TWS said something about a link.
    pub fn take(&mut self, code: i32, text: &str) -> Change {
        match code {
            1100 | 2110 => {
                if std::mem::replace(&mut self.has_no_uplink, true) {
                    Change::Nothing
                } else {
                    Change::State
                }
            }
            1101 => {
                self.is_back();
                Change::BackEmpty
            }
            1102 => {
                self.is_back();
                Change::BackWhole
            }
            1300 => Change::Ends(
                "TWS has changed its API port: set the new one here, and connect again".to_owned(),
            ),
            2103 => self.broke(Farm::Market, text),
            2105 => self.broke(Farm::History, text),
            2157 => self.broke(Farm::Definitions, text),
            // Works, or sleeps until somebody needs it.
            2104 | 2108 => self.works(Farm::Market, text),
            2106 | 2107 => self.works(Farm::History, text),
            2158 => self.works(Farm::Definitions, text),
            100 => Change::Note(
                NoticeLevel::Error,
                "Too many requests to TWS: past bars wait, and it ends the connection if that goes on"
                    .to_owned(),
            ),
            326 => Change::Ends(words(text)),
            _ => Change::Nothing,
        }
    }

    fn is_back(&mut self) {
        self.has_no_uplink = false;
    }

    fn broke(&mut self, farm: Farm, text: &str) -> Change {
        let name = name_of(text);
        let text = format!("IBKR says that {}", farm.is_down(&name));
        let is_new = self.broken.insert((farm, name));
        if is_new { Change::Note(NoticeLevel::Warning, text) } else { Change::Nothing }
    }

    fn works(&mut self, farm: Farm, text: &str) -> Change {
        let name = name_of(text);
        let text = format!("The {} {name} works again", farm.label());
        if self.broken.remove(&(farm, name)) {
            Change::Note(NoticeLevel::Info, text)
        } else {
            Change::Nothing
        }
    }

    /// How the connection stands as far as TWS tells.
    pub fn state(&self) -> (ConnectionState, String) {
        if self.has_no_uplink {
            let why = "TWS has lost its link to IBKR, and quotes stand still until it is back";
            return (ConnectionState::Silent, why.to_owned());
        }
        if self.broken.is_empty() {
            return (ConnectionState::Ready, "Connected to IBKR".to_owned());
        }
        let down = self.broken.iter().map(|(farm, name)| farm.is_down(name)).collect::<Vec<_>>().join("; ");
        (ConnectionState::Degraded, format!("Connected to IBKR, but {down}"))
    }

    /// Whether a farm of past bars is down.
    pub fn lacks_history(&self) -> bool {
        self.broken.iter().any(|(farm, _)| *farm == Farm::History)
    }

    /// Whether what was quoted last can be said to hold: only while IBKR and every market data farm
    /// could say otherwise.
    pub fn quotes_hold(&self) -> bool {
        !self.has_no_uplink && !self.broken.iter().any(|(farm, _)| *farm == Farm::Market)
    }
}

/// The farm that a notice names behind its last colon.
fn name_of(text: &str) -> String {
    text.rsplit_once(':').map_or("", |(_, name)| name.trim()).to_owned()
}

/// Why a connection could not be made, or ended, in words that say what to do.
pub(super) fn why_not(error: &Error, address: &str, client_id: i32) -> String {
    let port = address.rsplit_once(':').map_or(address, |(_, port)| port);
    match error {
        Error::Io(io) if io.kind() == ErrorKind::ConnectionRefused => format!(
            "Nothing listens at {address}. Start TWS or IB Gateway, log in, and enable the API socket on port \
             {port} (Settings, API). On Sundays it waits for a full login"
        ),
        Error::Io(io) => format!("TWS at {address} cannot be reached ({io})"),
        Error::ServerVersion(_, got, _) => format!(
            "TWS at {address} is too old (API version {got}). Upgrade TWS or IB Gateway to 10.40 or newer"
        ),
        Error::ConnectionRejected(_) => format!(
            "TWS at {address} closed the connection at once. Allow this computer among its trusted addresses \
             (Settings, API), and look for a question in its window"
        ),
        Error::ClientIdInUse { .. } => format!(
            "Another program uses client id {client_id} at {address}. End it, or choose another id; after a cut TWS \
             may hold on to the old connection for a minute"
        ),
        Error::ConnectionReset | Error::ConnectionFailed | Error::Shutdown | Error::EndOfStream => {
            format!("The connection to TWS at {address} was lost")
        }
        Error::InvalidFrame(what) => {
            format!("The connection to TWS at {address} is not to be trusted any more ({what})")
        }
        other => format!("TWS at {address}: {other}"),
    }
}

/// What is said of a question whose answer will not come.
pub(super) const UNANSWERED: &str = "The connection was lost before TWS answered";

/// Why a question was not answered.
pub(super) fn unanswered(error: &Error) -> String {
    if is_of_the_line(error) { UNANSWERED.to_owned() } else { error.to_string() }
}

/// Whether an error says no more than that the connection is gone, which is told by another way.
pub(super) fn is_of_the_line(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectionReset | Error::ConnectionFailed | Error::Shutdown | Error::Cancelled | Error::Io(_)
    )
}

/// What is said of a TWS that takes the connection and nothing more.
pub(super) fn does_not_answer(address: &str, limit: Duration) -> String {
    format!(
        "TWS at {address} took the connection and has not answered for {} s. Look for a question in its window, \
         or start it again",
        limit.as_secs()
    )
}

#[cfg(test)]
mod tests;
