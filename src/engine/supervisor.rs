//! Every task of the program is started here: named, watched, its end reported.
//!
//! A broker's session that panics or loses its connection is reported to the engine and
//! started again after a back-off that doubles from half a second to thirty; the
//! rest of the program lives on. A session that was told to disconnect stays ended.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::broker::contract::{EventSender, Requests, SessionEnd, SessionStart};
use crate::broker::{Adapter, BrokerEvent, BrokerRequest};
use crate::domain::BrokerId;
use crate::link::Clock;

/// Requests that may wait for a session.
const REQUEST_CAPACITY: usize = 1_024;
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A session that lived so long has earned a fresh back-off.
const HEALTHY: Duration = Duration::from_mins(1);

/// Starts a task that must not end unnoticed: a panic is logged with the task's name.
pub fn spawn<F>(name: &'static str, task: F) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    spawn_watched(name, task, |_reason| {})
}

/// [`spawn`], and whoever must act on a panic is told of it.
#[expect(clippy::disallowed_methods, reason = "this is the supervisor")]
pub fn spawn_watched<F, P>(name: &'static str, task: F, on_panic: P) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
    P: FnOnce(&str) + Send + 'static,
{
    tokio::spawn(async move {
        if let Err(reason) = guarded(task).await {
            tracing::error!(task = name, "ended by a panic: {reason}");
            on_panic(&reason);
        }
    })
}

/// Runs a task to its end; a panic becomes an error with its message.
#[expect(clippy::disallowed_methods, reason = "this is the supervisor")]
async fn guarded<F, T>(task: F) -> Result<T, String>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    match tokio::spawn(task).await {
        Ok(end) => Ok(end),
        Err(error) if error.is_panic() => Err(panic_text(&*error.into_panic())),
        Err(_cancelled) => Err("it was cancelled".to_owned()),
    }
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|s| (*s).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

/// The engine's end towards one broker: always there, whether a session is or not.
#[derive(Clone, Default)]
pub struct Port {
    current: Arc<ArcSwapOption<mpsc::Sender<BrokerRequest>>>,
}

impl Port {
    /// Hands a request to the session, if there is one with room for it.
    ///
    /// # Errors
    /// The request, with why nothing was sent.
    pub fn try_send(&self, request: BrokerRequest) -> Result<(), (BrokerRequest, &'static str)> {
        let current = self.current.load();
        let Some(sender) = current.as_ref() else {
            return Err((request, "The broker is not connected: nothing was sent"));
        };
        sender.try_send(request).map_err(|error| match error {
            mpsc::error::TrySendError::Full(request) => {
                (request, "The broker does not keep up: nothing was sent. Try again in a moment")
            }
            mpsc::error::TrySendError::Closed(request) => {
                (request, "The broker is not connected: nothing was sent")
            }
        })
    }
}

/// What [`keep_alive`] needs.
pub struct Keep {
    /// The broker's place in the registry.
    pub id: BrokerId,
    /// The broker.
    pub adapter: Arc<dyn Adapter>,
    /// The clock.
    pub clock: Clock,
    /// Where the engine sends its requests.
    pub port: Port,
    /// The engine's channel of all brokers' events.
    pub events: mpsc::Sender<(BrokerId, BrokerEvent)>,
}

/// Keeps a broker's session alive until it ends after [`BrokerRequest::Disconnect`].
pub async fn keep_alive(keep: Keep) {
    let mut pause = FIRST_PAUSE;
    loop {
        let (sender, requests) = mpsc::channel(REQUEST_CAPACITY);
        let mut requests = Requests::new(requests);
        keep.port.current.store(Some(Arc::new(sender)));
        let started = keep.clock.now();
        let session = keep.adapter.start(SessionStart {
            id: keep.id,
            clock: keep.clock.clone(),
            requests: requests.clone(),
            events: EventSender::new(keep.id, keep.events.clone()),
        });
        let end = guarded(session).await;
        keep.port.current.store(None);
        let unread = requests.close().await;
        if keep.clock.now().since(started) > HEALTHY {
            pause = FIRST_PAUSE;
        }
        let is_asked = end == Ok(SessionEnd::Asked);
        let again = format!("trying again in {:.1} s", pause.as_secs_f32());
        let reason = match end {
            Ok(SessionEnd::Asked) => "Ended".to_owned(),
            Ok(SessionEnd::Lost(why)) => {
                tracing::warn!(broker = keep.adapter.name(), "session lost: {why}");
                format!("{why}; {again}")
            }
            Err(why) => {
                tracing::error!(broker = keep.adapter.name(), "session ended by a panic: {why}");
                format!("The session failed ({why}); {again}")
            }
        };
        let ended = (keep.id, BrokerEvent::Ended { reason: reason.into(), unread });
        if keep.events.send(ended).await.is_err() || is_asked {
            // What a broker lets go of may wait for a disk, which the tasks of others must not.
            spawn_blocking(move || drop(keep)).await.unwrap_or_else(|gone| tracing::debug!("{gone}"));
            return;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;
    use crate::broker::Capabilities;
    use crate::broker::contract::Session;
    use crate::domain::Instrument;

    /// A broker whose first session loses its connection, and whose second ends when asked.
    #[derive(Default)]
    struct Flaky {
        sessions: AtomicU32,
    }

    impl Adapter for Flaky {
        fn name(&self) -> &'static str {
            "Flaky"
        }

        fn capabilities(&self) -> Capabilities {
            Capabilities { native_groups: false, amend: false, lookup: false, what_if: false }
        }

        fn instruments(&self) -> Vec<Arc<Instrument>> {
            Vec::new()
        }

        fn start(&self, mut start: SessionStart) -> Session {
            let is_first = self.sessions.fetch_add(1, Ordering::Relaxed) == 0;
            Box::pin(async move {
                if is_first {
                    return SessionEnd::Lost("The broker closed the connection".into());
                }
                while start.requests.recv().await.is_some_and(|r| r != BrokerRequest::Disconnect) {}
                SessionEnd::Asked
            })
        }
    }

    /// A broker that lets go only when the test says so.
    struct Clinging(std::sync::Mutex<std::sync::mpsc::Receiver<()>>);

    impl Drop for Clinging {
        fn drop(&mut self) {
            self.0.get_mut().unwrap().recv_timeout(Duration::from_secs(10)).unwrap();
        }
    }

    impl Adapter for Clinging {
        fn name(&self) -> &'static str {
            "Clinging"
        }

        fn capabilities(&self) -> Capabilities {
            Capabilities { native_groups: false, amend: false, lookup: false, what_if: false }
        }

        fn instruments(&self) -> Vec<Arc<Instrument>> {
            Vec::new()
        }

        fn start(&self, mut start: SessionStart) -> Session {
            Box::pin(async move {
                while start.requests.recv().await.is_some_and(|r| r != BrokerRequest::Disconnect) {}
                SessionEnd::Asked
            })
        }
    }

    #[test]
    fn a_broker_that_takes_its_time_to_let_go_holds_up_no_other_task() {
        // One thread for all tasks: one that waits would be waited for by this test.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (sender, mut events) = mpsc::channel(8);
            let (let_go, lets_go) = std::sync::mpsc::channel();
            let port = Port::default();
            let keep = Keep {
                id: BrokerId(0),
                adapter: Arc::new(Clinging(std::sync::Mutex::new(lets_go))),
                clock: Clock::system(),
                port: port.clone(),
                events: sender,
            };
            let kept = spawn("broker session", keep_alive(keep));
            while port.try_send(BrokerRequest::Disconnect).is_err() {
                tokio::task::yield_now().await;
            }
            let ended = events.recv().await;
            assert!(matches!(ended, Some((_, BrokerEvent::Ended { .. }))), "{ended:?}");
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            let_go.send(()).unwrap();
            kept.await.unwrap();
        });
    }

    #[test]
    fn a_lost_session_is_started_again_and_one_that_was_asked_to_end_is_not() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let (sender, mut events) = mpsc::channel(8);
            let adapter = Arc::new(Flaky::default());
            let port = Port::default();
            let keep = Keep {
                id: BrokerId(0),
                adapter: Arc::clone(&adapter) as Arc<dyn Adapter>,
                clock: Clock::system(),
                port: port.clone(),
                events: sender,
            };
            let kept = spawn("broker session", keep_alive(keep));
            let lost = events.recv().await;
            let Some((_, BrokerEvent::Ended { reason: why, .. })) = lost else { panic!("{lost:?}") };
            assert_eq!(&*why, "The broker closed the connection; trying again in 0.5 s");
            let mut request = BrokerRequest::Disconnect;
            while let Err((back, _)) = port.try_send(request) {
                request = back;
                tokio::task::yield_now().await;
            }
            let ended = events.recv().await;
            assert!(
                matches!(&ended, Some((_, BrokerEvent::Ended { reason, .. })) if &**reason == "Ended"),
                "{ended:?}"
            );
            kept.await.unwrap();
            assert_eq!(adapter.sessions.load(Ordering::Relaxed), 2);
        });
    }
}
