//! What is to be done about IB Gateway: pure. What happened goes in with its time, what to do comes out.
//!
//! Starting → up → ended → a pause that doubles → started again, at most so often in a row → given up.
//! A socket that closes while the program lives is not the end: IBC restarts IB Gateway every night, and
//! on Sundays with a full login. It has as long to come back as it had for its first start.
//!
//! IBKR throws one of two logins out. So nothing is looked for or started before an heir has said that no
//! earlier program is left, and again after each keeper that was killed.

use std::sync::Arc;
use std::time::Duration;

use super::Rules;
use super::state::{LaunchState, span};
use crate::domain::{Time, counted};
use crate::link::NoticeLevel;

/// How often the socket is tried while it is waited for.
const LOOK: Duration = Duration::from_secs(1);
/// What IBC says when IBKR does not take the login. IBC then tries again for ever, until IBKR locks it.
const REFUSED: &str = "Unrecognized Username or Password";

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Event {
    /// No earlier program is left; whether there was one. Or why it is still there.
    Inherited(Result<bool, String>),
    /// Whether the socket takes connections.
    Answers(bool),
    /// The credentials were fetched, or why not.
    Fetched(Result<(), String>),
    /// It could not be started, and why.
    NotStarted(String),
    /// The program has said that its login was refused.
    LoginRefused,
    /// The program has ended, and how.
    Ended(String),
    /// The keeper was killed; the program may live.
    KeeperLost,
    /// A session was let down by the socket.
    LetDown,
    /// The program of ours ends.
    StopAsked,
    /// The computer slept, for so long.
    Slept(Duration),
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Do {
    /// Have an heir end the program of a keeper that is gone, if there is one, and take its credentials away.
    Inherit,
    /// Try the socket.
    Look,
    /// Fetch the credentials.
    Fetch,
    /// Lay the credentials out, and start the program.
    Start,
    /// Lay the credentials out again.
    LayOut,
    /// Cover them.
    Cover,
    /// Take them away.
    TakeAway,
    /// Ask the keeper to stop everything.
    Stop,
    /// End the keeper.
    Kill,
    /// Tell the trader.
    Note(NoticeLevel, String),
}

/// Whether a line of the program says that its login was refused. IBC tells of each event of the dialogue, when
/// it is activated, focused, opened, closed: one dialogue is one refusal.
pub(super) fn is_refusal(line: &str) -> bool {
    line.contains(REFUSED) && (!line.contains("event=") || line.contains("event=Opened"))
}

/// Whether a line says that the script around the program starts it anew: it reads its login in a moment.
pub(super) fn is_new_start(line: &str) -> bool {
    line.contains("IBC returned exit status")
}

/// What a trader is told of a program that was still running when this one began.
const WAS_LEFT: &str = "An IB Gateway that Pitdesk had started earlier still ran, with nobody to stop it. It was ended, \
                        and is started anew: confirm its second factor when it asks";
/// And when a keeper was killed.
const LOST: &str = "The process that watches IB Gateway for Pitdesk was killed. So that IB Gateway never runs twice, \
                    it is ended first. When it is started again, confirm its second factor";

/// What is said of one that nothing can end.
fn still_there(why: &str) -> String {
    format!(
        "IB Gateway is not started: an earlier one is still there ({why}). End it by hand (the log says which \
         processes, in lines of 'ib_gateway'), and start Pitdesk again"
    )
}

/// What is said of a socket that does not answer in time.
fn too_slow(limit: Duration) -> String {
    format!(
        "has not opened its API socket within {} (was its second factor confirmed? is it the port of its \
         settings?)",
        span(limit)
    )
}

/// Follows one launch.
#[derive(Debug)]
pub(super) struct Machine {
    rules: Rules,
    state: LaunchState,
    is_fetched: bool,
    /// An heir is at work.
    is_inheriting: bool,
    /// A connection is being tried.
    is_looking: bool,
    looked: Time,
    /// Starts that came to nothing, in a row.
    failures: u32,
    /// How often IBKR has refused the login since it was last up, and how often it may.
    refusals: u32,
    refusals_allowed: u32,
    /// When the stop or the heir was asked for that is under way.
    stop_asked: Time,
    is_killed: bool,
}

impl Machine {
    /// Begins; the first thing to do.
    pub fn begin(rules: Rules, now: Time) -> (Self, Vec<Do>) {
        let machine = Self {
            rules,
            state: LaunchState::Looking,
            is_fetched: false,
            is_inheriting: true,
            is_looking: false,
            looked: now,
            failures: 0,
            refusals: 0,
            refusals_allowed: 0,
            stop_asked: now,
            is_killed: false,
        };
        (machine, vec![Do::Inherit])
    }

    /// How it stands.
    pub fn state(&self) -> &LaunchState {
        &self.state
    }

    /// Takes what has happened.
    pub fn take(&mut self, event: Event, now: Time) -> Vec<Do> {
        let mut out = Vec::new();
        match event {
            Event::Inherited(result) => self.inherited(result, now, &mut out),
            Event::Answers(answers) => {
                self.is_looking = false;
                self.answers(answers, now, &mut out);
            }
            Event::Fetched(result) => self.fetched(result, now, &mut out),
            Event::NotStarted(why) => self.ended(&why, now, &mut out),
            Event::LoginRefused => self.login_refused(now, &mut out),
            Event::Ended(how) => self.ended(&format!("ended ({how})"), now, &mut out),
            Event::KeeperLost => self.keeper_lost(now, &mut out),
            Event::LetDown => match self.state {
                LaunchState::Up { .. } | LaunchState::GaveUp { .. } => self.look(now, &mut out),
                _ => {}
            },
            Event::StopAsked => self.stop_asked(now, &mut out),
            Event::Slept(time) => self.slept(time),
            Event::Tick => self.tick(now, &mut out),
        }
        out
    }

    /// Nobody could log in or stop while the computer slept: that time does not count.
    fn slept(&mut self, time: Duration) {
        self.stop_asked = self.stop_asked + time;
        if let LaunchState::Starting { since } | LaunchState::Returning { since } = &mut self.state {
            *since = *since + time;
        }
    }

    fn inherit(&mut self, now: Time, out: &mut Vec<Do>) {
        self.is_inheriting = true;
        self.is_killed = false;
        self.stop_asked = now;
        out.push(Do::Inherit);
    }

    fn inherited(&mut self, result: Result<bool, String>, now: Time, out: &mut Vec<Do>) {
        self.is_inheriting = false;
        match (&self.state, result) {
            (LaunchState::Looking, Ok(was_left)) => {
                if was_left {
                    out.push(Do::Note(NoticeLevel::Warning, WAS_LEFT.to_owned()));
                }
                self.look(now, out);
            }
            (LaunchState::Replacing { .. } | LaunchState::Stopping, Ok(_)) => self.ended("", now, out),
            (LaunchState::Looking | LaunchState::Replacing { .. }, Err(why)) => {
                out.push(Do::TakeAway);
                self.give_up(still_there(&why), out);
            }
            (_, Err(why)) => {
                out.push(Do::Note(NoticeLevel::Error, still_there(&why)));
                self.ended("", now, out);
            }
            (_, Ok(_)) => {}
        }
    }

    /// Whatever was to become of the program, it is ended first: nobody else would.
    fn keeper_lost(&mut self, now: Time, out: &mut Vec<Do>) {
        if let LaunchState::Up { since } = self.state {
            self.forgive(since, now);
        }
        if matches!(
            self.state,
            LaunchState::Starting { .. } | LaunchState::Returning { .. } | LaunchState::Up { .. }
        ) {
            out.push(Do::Note(NoticeLevel::Warning, LOST.to_owned()));
            self.state = LaunchState::Replacing { why: "has lost the process that watches it".into() };
        }
        self.inherit(now, out);
    }

    fn look(&mut self, now: Time, out: &mut Vec<Do>) {
        if !self.is_looking {
            self.is_looking = true;
            self.looked = now;
            out.push(Do::Look);
        }
    }

    fn answers(&mut self, answers: bool, now: Time, out: &mut Vec<Do>) {
        match (&self.state, answers) {
            (LaunchState::Looking | LaunchState::Fetching | LaunchState::GaveUp { .. }, true) => {
                let text = "IB Gateway runs already: nothing is started, and it is left running at the end";
                out.push(Do::Note(NoticeLevel::Info, text.to_owned()));
                self.state = LaunchState::Found;
            }
            (LaunchState::Looking, false) if self.is_fetched => self.start(now, out),
            (LaunchState::Looking, false) => {
                self.state = LaunchState::Fetching;
                out.push(Do::Fetch);
            }
            (LaunchState::Starting { .. } | LaunchState::Returning { .. }, true) => {
                self.state = LaunchState::Up { since: now };
                self.refusals = 0;
                // After a night its login may be stale: IBC is refused once, and logs in anew.
                self.refusals_allowed = 1;
                out.push(Do::Cover);
            }
            (LaunchState::Up { since }, false) => {
                self.forgive(*since, now);
                self.state = LaunchState::Returning { since: now };
                out.push(Do::LayOut);
            }
            _ => {}
        }
    }

    fn fetched(&mut self, result: Result<(), String>, now: Time, out: &mut Vec<Do>) {
        if self.state != LaunchState::Fetching {
            return;
        }
        match result {
            Ok(()) => {
                self.is_fetched = true;
                self.start(now, out);
            }
            Err(why) => self.give_up(format!("IB Gateway is not started: {why}"), out),
        }
    }

    fn start(&mut self, now: Time, out: &mut Vec<Do>) {
        self.state = LaunchState::Starting { since: now };
        self.refusals = 0;
        self.refusals_allowed = 0;
        self.is_killed = false;
        self.looked = now;
        out.push(Do::Start);
    }

    fn login_refused(&mut self, now: Time, out: &mut Vec<Do>) {
        if !matches!(self.state, LaunchState::Starting { .. } | LaunchState::Returning { .. }) {
            return;
        }
        self.refusals += 1;
        if self.refusals > self.refusals_allowed {
            self.stop_asked = now;
            out.extend([Do::Stop, Do::TakeAway]);
            let why = "IBKR does not take the name or the password of IB Gateway. It is not tried again, so that \
                       the login is not locked: keep the right ones with 'pitdesk ibkr-login', and start Pitdesk \
                       again";
            self.give_up(why.to_owned(), out);
        }
    }

    /// It was up from `since` on.
    fn forgive(&mut self, since: Time, now: Time) {
        if now.since(since) >= self.rules.healthy {
            self.failures = 0;
        }
    }

    /// What was started is gone, or could not be started.
    fn ended(&mut self, how: &str, now: Time, out: &mut Vec<Do>) {
        let why: Arc<str> = match &self.state {
            LaunchState::Up { since } => {
                self.forgive(*since, now);
                how.into()
            }
            LaunchState::Starting { .. } | LaunchState::Returning { .. } => how.into(),
            LaunchState::Replacing { why } => Arc::clone(why),
            LaunchState::Stopping => {
                self.state = LaunchState::Over;
                out.push(Do::TakeAway);
                return;
            }
            _ => {
                out.push(Do::TakeAway);
                return;
            }
        };
        out.push(Do::TakeAway);
        self.failures += 1;
        if self.failures > self.rules.restarts {
            let often = counted(self.failures as usize, "time", "times in a row");
            self.give_up(
                format!(
                    "IB Gateway {why}. It was started {often} and is not started again: look for the reason in \
                     the log (lines of 'ib_gateway'), and start Pitdesk again or IB Gateway by hand"
                ),
                out,
            );
            return;
        }
        let doublings = (self.failures - 1).min(16);
        let pause = (self.rules.first_pause * 2_u32.pow(doublings)).min(self.rules.longest_pause);
        self.state = LaunchState::Pausing { until: now + pause, why, pause };
    }

    fn give_up(&mut self, why: String, out: &mut Vec<Do>) {
        out.push(Do::Note(NoticeLevel::Error, why.clone()));
        self.state = LaunchState::GaveUp { why: why.into() };
    }

    fn stop_asked(&mut self, now: Time, out: &mut Vec<Do>) {
        match self.state {
            LaunchState::Looking
            | LaunchState::Found
            | LaunchState::Fetching
            | LaunchState::Pausing { .. }
            | LaunchState::GaveUp { .. } => {
                self.state = LaunchState::Over;
                out.extend([Do::Stop, Do::TakeAway]);
            }
            LaunchState::Starting { .. } | LaunchState::Returning { .. } | LaunchState::Up { .. } => {
                self.state = LaunchState::Stopping;
                self.stop_asked = now;
                out.extend([Do::Stop, Do::TakeAway]);
            }
            LaunchState::Replacing { .. } => self.state = LaunchState::Stopping,
            LaunchState::Stopping | LaunchState::Over => {}
        }
    }

    fn tick(&mut self, now: Time, out: &mut Vec<Do>) {
        let is_late = |since: Time| now.since(since) >= self.rules.ready_within;
        match &self.state {
            LaunchState::Starting { since } | LaunchState::Returning { since } if is_late(*since) => {
                let why = too_slow(self.rules.ready_within).into();
                self.state = LaunchState::Replacing { why };
                self.stop_asked = now;
                out.push(Do::Stop);
            }
            // A keyring may ask a person who is not there, and the port answer meanwhile.
            LaunchState::Starting { .. } | LaunchState::Returning { .. } | LaunchState::Fetching
                if now.since(self.looked) >= LOOK =>
            {
                self.look(now, out);
            }
            // Somebody may have started it by hand meanwhile.
            LaunchState::Pausing { until, .. } if now >= *until => {
                self.state = LaunchState::Looking;
                self.look(now, out);
            }
            _ => {}
        }
        let is_stopping = matches!(self.state, LaunchState::Replacing { .. } | LaunchState::Stopping);
        if (is_stopping || self.is_inheriting)
            && !self.is_killed
            && now.since(self.stop_asked) >= self.rules.stop_limit
        {
            self.is_killed = true;
            out.push(Do::Kill);
        }
    }
}

#[cfg(test)]
mod tests;
