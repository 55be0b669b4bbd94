//! Writes to disk on a thread of its own, so that a slow or full disk delays nobody.
//!
//! Jobs of one kind supersede each other while they wait: what is pending is bounded
//! by the number of files, however slow the disk is.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::{EngineEvent, SaveJob};
use crate::store::files::{self, WriteError};
use crate::store::profile::Profile;
use crate::store::{engine_state, settings};

/// The file that a job writes.
type Target = String;

#[derive(Default)]
struct Queue {
    jobs: BTreeMap<Target, SaveJob>,
    is_finishing: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine's way to the disk. Dropping it writes what waits and ends the thread.
pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread. Failures come back as [`EngineEvent::SaveFailed`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(profile: Arc<Profile>, failures: mpsc::Sender<EngineEvent>) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let for_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("pitdesk-store".to_owned())
            .spawn(move || write_until_finished(&for_thread, &profile, &failures))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes a job; a waiting one for the same file is replaced.
    pub fn save(&self, job: SaveJob) {
        self.shared.lock().jobs.insert(target(&job), job);
        self.shared.changed.notify_one();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().is_finishing = true;
        self.shared.changed.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store thread panicked; the last changes may not be saved");
        }
    }
}

fn target(job: &SaveJob) -> Target {
    match job {
        SaveJob::Settings(_) => "settings".to_owned(),
        SaveJob::Workspace(_) => "workspace".to_owned(),
        SaveJob::EngineState { .. } => "engine".to_owned(),
        SaveJob::BrokerState { name, .. } => format!("broker {name}"),
    }
}

fn write_until_finished(shared: &Shared, profile: &Profile, failures: &mpsc::Sender<EngineEvent>) {
    loop {
        let mut queue = shared.lock();
        while queue.jobs.is_empty() && !queue.is_finishing {
            queue = shared.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        let jobs = std::mem::take(&mut queue.jobs);
        drop(queue);
        if jobs.is_empty() {
            return;
        }
        for job in jobs.into_values() {
            if let Err(error) = write(profile, &job) {
                let event = EngineEvent::SaveFailed(error.to_string().into());
                // A full channel already holds the same news.
                failures.try_send(event).ok();
            }
        }
    }
}

fn write(profile: &Profile, job: &SaveJob) -> Result<(), WriteError> {
    match job {
        SaveJob::Settings(chosen) => settings::save(&profile.settings_file(), chosen),
        SaveJob::Workspace(text) => files::write(&profile.workspace_file(), text.as_bytes()),
        SaveJob::EngineState { is_killed, next_order_id } => {
            let state = engine_state::EngineState {
                killed: *is_killed,
                next_order_id: *next_order_id,
                ..engine_state::EngineState::default()
            };
            engine_state::save(&profile.engine_file(), &state)
        }
        SaveJob::BrokerState { name, text } => files::write(&profile.account_file(name), text.as_bytes()),
    }
}
