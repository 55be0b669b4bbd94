//! Alerts on the desktop: `org.freedesktop.Notifications` on the session's bus, where there is one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::timeout;
use zbus::connection::Builder;
use zbus::zvariant::Value;

use crate::domain::{Firing, Settings};
use crate::engine::shell::NoteSender;
use crate::link::NoticeLevel;

const NAME: &str = "org.freedesktop.Notifications";
const PATH: &str = "/org/freedesktop/Notifications";
/// How long the desktop may take for one: what hangs there must not pile up here.
const LIMIT: Duration = Duration::from_secs(3);
/// Alerts of one moment that are shown each for itself.
const EACH: usize = 3;

/// Shows alerts on the desktop.
pub struct Desktop {
    /// Alerts, as they fire.
    pub fired: broadcast::Receiver<Arc<Firing>>,
    /// Whether they are to be shown.
    pub settings: watch::Receiver<Option<Arc<Settings>>>,
    /// The way into the activity log.
    pub notes: NoteSender,
    /// Another bus than the session's.
    pub bus: Option<String>,
}

/// Why the desktop shows nothing.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("it does not answer")]
    Silent,
    #[error("{0}")]
    Bus(#[from] zbus::Error),
}

impl Desktop {
    /// Shows them until the engine is gone. That the desktop cannot is said once, until it could.
    pub async fn follow(mut self) {
        let mut is_told = false;
        loop {
            let (mut fired, mut missed) = match self.fired.recv().await {
                Ok(firing) => (vec![firing], 0),
                Err(RecvError::Lagged(missed)) => (Vec::new(), missed),
                Err(RecvError::Closed) => return,
            };
            loop {
                match self.fired.try_recv() {
                    Ok(firing) => fired.push(firing),
                    Err(broadcast::error::TryRecvError::Lagged(more)) => missed += more,
                    Err(_) => break,
                }
            }
            let is_on = self.settings.borrow().as_ref().is_some_and(|settings| settings.alerts.desktop);
            if !is_on {
                continue;
            }
            match self.show(&fired, missed).await {
                Ok(()) => is_told = false,
                Err(why) if !std::mem::replace(&mut is_told, true) => {
                    let text = format!(
                        "The desktop shows no alerts ({why}): they are in this window alone. It takes a \
                         notification service, which most desktops have"
                    );
                    if let Err(unheard) = self.notes.try_send((NoticeLevel::Info, text.into())) {
                        tracing::info!("{unheard}");
                    }
                }
                Err(why) => tracing::info!("the desktop shows no alerts: {why}"),
            }
        }
    }

    async fn show(&self, fired: &[Arc<Firing>], missed: u64) -> Result<(), Failure> {
        let showing = async {
            let builder = match &self.bus {
                Some(address) => Builder::address(address.as_str())?,
                None => Builder::session()?,
            };
            let bus = builder.build().await?;
            for (summary, body) in texts(fired, missed) {
                let hints = HashMap::from([("desktop-entry", Value::from("pitdesk"))]);
                let no_actions: [&str; 0] = [];
                // None replaced, no picture, gone when the desktop thinks so.
                let body = ("Pitdesk", 0_u32, "", summary, escaped(&body), &no_actions[..], hints, -1_i32);
                bus.call_method(Some(NAME), PATH, Some(NAME), "Notify", &body).await?;
            }
            Ok(())
        };
        timeout(LIMIT, showing).await.unwrap_or(Err(Failure::Silent))
    }
}

/// Headings and what stands below them: a few each for itself, many in one.
fn texts(fired: &[Arc<Firing>], missed: u64) -> Vec<(String, String)> {
    if fired.len() <= EACH && missed == 0 {
        return fired.iter().map(|one| (one.text.clone(), one.note.clone())).collect();
    }
    let newest: Vec<&str> = fired.iter().rev().take(EACH).map(|one| &*one.text).collect();
    vec![(format!("{} alerts", fired.len() as u64 + missed), newest.join("\n"))]
}

/// The body of a notification is markup.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
