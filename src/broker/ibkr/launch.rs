//! IB Gateway, started with this program and stopped with it.
//!
//! What is to be done is decided by a pure machine (`machine`): what happened goes in with its time, what
//! to do comes out. [`run()`] is the thin shell around it. The program itself is started below a keeper (a
//! process of ours that the application provides): the keeper holds the other end of a pipe, and when that
//! closes, because we ask it to or because we are gone, it stops everything that it has started. So
//! nothing outlives us, however we end. A keeper that is killed is followed by an heir, a keeper without a
//! program, which ends what was left; the first thing that a launch does is to have one look. So there are
//! never two.
//!
//! Where credentials come from and how they are handed over is not known here: that is [`Hands`].

mod lines;
mod machine;
mod run;
mod state;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

pub use lines::{Masks, Secret};
pub use run::run;
pub use state::LaunchState;

use crate::domain::Time;
use crate::link::NoticeLevel;

/// How long a launch may take to find a socket closed that a session has just found closed.
const SECOND_LOOK: Duration = Duration::from_millis(500);

/// The exit code of a keeper that has not started its program, or of an heir that has not done its work: an
/// earlier program is still there.
pub const EARLIER_LIVES: u8 = 75;
/// The exit code of an heir that has ended something.
pub const ENDED_EARLIER: u8 = 76;

/// What is started, and how it is watched.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The keeper, with its arguments; those of the program follow. Without, it is an heir.
    pub keeper: Vec<OsString>,
    /// The program.
    pub command: OsString,
    /// What it is given.
    pub arguments: Vec<OsString>,
    /// Variables for it, besides ours.
    pub environment: BTreeMap<OsString, OsString>,
    /// Variables of ours that it must not see.
    pub hidden: Vec<OsString>,
    /// Where its API socket will be.
    pub address: String,
    /// Limits.
    pub rules: Rules,
}

/// How patient a launch is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// How long the socket may take to answer.
    pub ready_within: Duration,
    /// How often in a row it is started again.
    pub restarts: u32,
    /// The pause before the first of those; it doubles.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// Whoever was up for so long has earned a fresh count.
    pub healthy: Duration,
    /// How long the keeper may take to stop everything before it is ended itself.
    pub stop_limit: Duration,
}

impl Rules {
    /// With the usual pauses.
    #[must_use]
    pub fn new(ready_within: Duration, restarts: u32) -> Self {
        Self {
            ready_within,
            restarts,
            first_pause: Duration::from_secs(5),
            longest_pause: Duration::from_mins(5),
            healthy: Duration::from_mins(10),
            stop_limit: Duration::from_secs(45),
        }
    }
}

/// What hands the credentials over, and takes them away again. Its calls may take as long as a person or
/// a disk does: they are made where nobody waits for them.
pub trait Hands: Send {
    /// Gets the credentials, and says what must not be seen in a log.
    ///
    /// # Errors
    /// In words for a trader, with what to do.
    fn fetch(&mut self) -> Result<Masks, String>;

    /// Lays them where the program reads them.
    ///
    /// # Errors
    /// In words for a trader.
    fn lay_out(&mut self) -> Result<(), String>;

    /// The program has read them: leaves the rest.
    ///
    /// # Errors
    /// In words for a trader.
    fn cover(&mut self) -> Result<(), String>;

    /// Takes everything away.
    fn take_away(&mut self);
}

/// Where a launch tells the activity log what a trader should know.
pub type Notes = mpsc::Sender<(NoticeLevel, Arc<str>)>;

/// A launch that runs: whoever holds this can see how it stands and stop it. Dropped, it is stopped too.
#[derive(Debug)]
pub struct Launched {
    state: watch::Receiver<LaunchState>,
    look: Arc<Notify>,
    stop: watch::Sender<bool>,
}

impl Launched {
    /// For a session, which has to know why nothing answers.
    #[must_use]
    pub fn follow(&self) -> Follower {
        Follower { state: self.state.clone(), look: Arc::clone(&self.look) }
    }

    /// Stops what was started, and waits for its end, at most so long. What takes longer is left to the
    /// keeper, which ends it also when we are gone. Whether it has ended.
    pub async fn stop(self, limit: Duration) -> bool {
        let Self { mut state, stop, .. } = self;
        stop.send_replace(true);
        let over = state.wait_for(|state| matches!(state, LaunchState::Over));
        timeout(limit, over).await.is_ok()
    }
}

/// How a launch stands, for a session.
#[derive(Debug, Clone)]
pub struct Follower {
    state: watch::Receiver<LaunchState>,
    look: Arc<Notify>,
}

impl Follower {
    /// How it stands.
    #[must_use]
    pub fn state(&self) -> LaunchState {
        self.state.borrow().clone()
    }

    /// Waits until there is nothing more to wait for: it answers, or it was given up.
    pub async fn settled(&mut self) -> LaunchState {
        let settled = self.state.wait_for(|state| !state.is_coming()).await.map(|state| state.clone());
        settled.unwrap_or(LaunchState::Over)
    }

    /// Waits for the next change; for ever where there will be none.
    pub async fn changed(&mut self) {
        if self.state.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Why nothing answers, as far as the launch knows more than whoever has just tried in vain.
    pub async fn explain(&mut self, why: String, now: Time) -> String {
        self.look.notify_one();
        let is_news = |state: &LaunchState| !matches!(state, LaunchState::Up { .. });
        timeout(SECOND_LOOK, self.state.wait_for(is_news)).await.ok();
        let state = self.state();
        match state.says(now) {
            Some(says) if state.is_coming() => says,
            Some(says) => format!("{says}. {why}"),
            None => why,
        }
    }
}

impl PartialEq for Follower {
    fn eq(&self, other: &Self) -> bool {
        self.state.same_channel(&other.state)
    }
}

impl Eq for Follower {}
