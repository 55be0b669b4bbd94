//! How a launch stands, and the words for it.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::Time;

/// How long something must last before that is said; then again each time that has doubled. Each new
/// text is a line of the activity log.
const FIRST_SAID: Duration = Duration::from_secs(15);

/// How a launch stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LaunchState {
    /// Looks whether an earlier one is still there.
    Looking,
    /// Something answered before anything was started: it is not ours.
    Found,
    /// Its credentials are being fetched.
    Fetching,
    /// It was started, and does not answer yet.
    Starting {
        /// When.
        since: Time,
    },
    /// It answered, does not any more, and lives: it restarts itself.
    Returning {
        /// Since when it does not answer.
        since: Time,
    },
    /// It answers.
    Up {
        /// Since when.
        since: Time,
    },
    /// It has ended, and is started again then.
    Pausing {
        /// When.
        until: Time,
        /// Why it ended.
        why: Arc<str>,
        /// How long the pause is, in all.
        pause: Duration,
    },
    /// It is being stopped, to be started again.
    Replacing {
        /// Why.
        why: Arc<str>,
    },
    /// It was given up.
    GaveUp {
        /// Why, and what to do.
        why: Arc<str>,
    },
    /// It is being stopped, for the program ends.
    Stopping,
    /// Nothing of ours runs, and nothing will.
    Over,
}

impl LaunchState {
    /// Whether it is worth waiting for.
    #[must_use]
    pub fn is_coming(&self) -> bool {
        match self {
            Self::Looking
            | Self::Fetching
            | Self::Starting { .. }
            | Self::Returning { .. }
            | Self::Pausing { .. }
            | Self::Replacing { .. } => true,
            Self::Found | Self::Up { .. } | Self::GaveUp { .. } | Self::Stopping | Self::Over => false,
        }
    }

    /// What a trader reads while nothing answers; nothing where the launch has nothing to do with that.
    #[must_use]
    pub fn says(&self, now: Time) -> Option<String> {
        match self {
            Self::Looking => Some("Looking whether IB Gateway runs already".to_owned()),
            Self::Fetching => Some(
                "IB Gateway is starting: asking the keyring for its login (look for its question)".to_owned(),
            ),
            Self::Starting { since } => {
                Some(format!("IB Gateway is starting, waiting for its login{}", lasted(now.since(*since))))
            }
            Self::Returning { since } => Some(format!(
                "IB Gateway restarts itself, waiting for its login{}",
                lasted(now.since(*since))
            )),
            Self::Pausing { why, pause, .. } => {
                Some(format!("IB Gateway {why}; it is started again after {}", span(*pause)))
            }
            Self::Replacing { why } => Some(format!("IB Gateway {why}; it is being stopped, to start again")),
            Self::GaveUp { why } => Some(why.as_ref().to_owned()),
            Self::Found | Self::Up { .. } | Self::Stopping | Self::Over => None,
        }
    }
}

impl LaunchState {
    /// The same for the log, whatever the state.
    pub(super) fn logged(&self, now: Time) -> String {
        let known = || match self {
            Self::Up { .. } => "IB Gateway answers",
            Self::Found => "IB Gateway runs already",
            _ => "IB Gateway is being stopped",
        };
        self.says(now).unwrap_or_else(|| known().to_owned())
    }
}

/// How long something has lasted, where that is worth saying.
fn lasted(duration: Duration) -> String {
    let mut step = FIRST_SAID;
    if duration < step {
        return String::new();
    }
    while step * 2 <= duration {
        step *= 2;
    }
    format!(", {}", span(step))
}

/// A time as people say it.
pub(super) fn span(duration: Duration) -> String {
    match duration.as_secs() {
        0 if !duration.is_zero() => format!("{} ms", duration.as_millis()),
        seconds @ 0..60 => format!("{seconds} s"),
        seconds if seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_told_in_a_few_lines() {
        let began = Time::from_seconds(1_000);
        let state = LaunchState::Starting { since: began };
        let mut told: Vec<String> =
            (0..600).filter_map(|s| state.says(began + Duration::from_secs(s))).collect();
        told.dedup();
        let times: Vec<&str> = told.iter().map(|t| t.rsplit(',').next().unwrap().trim()).collect();
        assert_eq!(
            times,
            ["waiting for its login", "15 s", "30 s", "1 min", "2 min", "4 min", "8 min"],
            "{told:?}"
        );
    }

    #[test]
    fn spans_are_said_as_people_say_them() {
        let of = |ms| span(Duration::from_millis(ms));
        assert_eq!(
            [of(0), of(40), of(5_000), of(60_000), of(90_000)],
            ["0 s", "40 ms", "5 s", "1 min", "1 min 30 s"]
        );
    }

    #[test]
    fn what_is_not_ours_explains_nothing() {
        let now = Time::from_seconds(5);
        for state in [LaunchState::Found, LaunchState::Up { since: now }, LaunchState::Over] {
            assert_eq!((state.says(now), state.is_coming()), (None, false), "{state:?}");
        }
        let why = LaunchState::GaveUp { why: "Given up. Do this".into() };
        assert_eq!((why.says(now).as_deref(), why.is_coming()), (Some("Given up. Do this"), false));
    }
}
