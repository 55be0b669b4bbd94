//! What an alert sounds like: played by a program of the system, so that ours needs no library for it.
//!
//! One at a time, and what fires while one is heard is not heard besides: the window and the desktop tell each.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::domain::{Firing, Settings};
use crate::engine::shell::NoteSender;
use crate::link::NoticeLevel;
use crate::store::files;

/// Programs that play a file, the first that is there and can.
pub const PLAYERS: [&str; 3] = ["pw-play", "paplay", "aplay"];
/// How long one may play: the sound is shorter than a second.
const LIMIT: Duration = Duration::from_secs(5);
const SOUND: &[u8] = include_bytes!("../../assets/sounds/alert.wav");
const INSTALL: &str = "Alerts cannot be heard: none of pw-play, paplay and aplay plays a sound here. Install \
                       pipewire-bin, pulseaudio-utils or alsa-utils, or mute the alerts";

/// Makes alerts heard.
pub struct Sound {
    /// Alerts, as they fire.
    pub fired: broadcast::Receiver<Arc<Firing>>,
    /// Whether they are to be heard.
    pub settings: watch::Receiver<Option<Arc<Settings>>>,
    /// The way into the activity log.
    pub notes: NoteSender,
    /// Where the sound is laid out for the programs.
    pub file: PathBuf,
    /// The programs, in the order in which they are tried.
    pub players: Vec<String>,
}

impl Sound {
    /// Plays until the engine is gone. That nothing can play is said once, until something could.
    pub async fn follow(mut self) {
        let mut is_told = false;
        loop {
            let mut is_wanted = match self.fired.recv().await {
                Ok(firing) => firing.sound,
                Err(RecvError::Lagged(_)) => true,
                Err(RecvError::Closed) => return,
            };
            // What has fired at the same time is one sound.
            while let Ok(firing) = self.fired.try_recv() {
                is_wanted |= firing.sound;
            }
            let is_on = self.settings.borrow().as_ref().is_some_and(|settings| settings.alerts.sound);
            if !is_wanted || !is_on {
                continue;
            }
            if self.play().await {
                is_told = false;
            } else if !std::mem::replace(&mut is_told, true)
                && let Err(unheard) = self.notes.try_send((NoticeLevel::Warning, INSTALL.into()))
            {
                tracing::warn!("{unheard}");
            }
        }
    }

    async fn play(&self) -> bool {
        let file = self.file.clone();
        if !spawn_blocking(move || lay_out(&file)).await.unwrap_or(false) {
            return false;
        }
        for player in &self.players {
            if plays(player, &self.file).await {
                return true;
            }
        }
        false
    }
}

/// Puts the sound where a program can read it; whether it is there.
fn lay_out(file: &Path) -> bool {
    if std::fs::read(file).is_ok_and(|known| known == SOUND) {
        return true;
    }
    files::write(file, SOUND).inspect_err(|error| tracing::warn!("{error}")).is_ok()
}

/// Has a program play a file; whether it did. It ends with us.
async fn plays(player: &str, file: &Path) -> bool {
    let mut command = Command::new(player);
    command.arg(file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let Ok(mut child) = command.spawn() else { return false };
    match timeout(LIMIT, child.wait()).await {
        Ok(Ok(status)) => status.success(),
        // One that hangs would be heard over and over by another program.
        Ok(Err(_)) | Err(_) => false,
    }
}
