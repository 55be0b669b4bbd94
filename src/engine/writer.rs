//! Writes to disk on a thread of its own, so that a slow or full disk delays nobody.
//!
//! Jobs of one kind supersede each other while they wait, but for values of equity, which pile up to a bound: what is
//! pending is bounded by the number of files, however slow the disk is. What could not be written is tried
//! again until it can, or until the program ends; the trader is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::mpsc;

use super::{EngineEvent, SaveJob};
use crate::domain::AccountId;
use crate::link::NoticeLevel;
use crate::market::equity::{MOST_SAMPLES, Sample};
use crate::store::alerts;
use crate::store::drawings;
use crate::store::engine_state::{self, EngineState};
use crate::store::equity;
use crate::store::files::{self, WriteError};
use crate::store::profile::Profile;
use crate::store::settings;

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(5);

/// The file that a job writes.
type Target = &'static str;

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
    /// Starts the thread. Failures come back as [`EngineEvent::Note`], and of the settings as
    /// [`EngineEvent::SettingsUnsaved`] too.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(profile: Arc<Profile>, notes: mpsc::Sender<EngineEvent>) -> io::Result<Self> {
        Self::start_with(profile, notes, RETRY)
    }

    fn start_with(
        profile: Arc<Profile>,
        notes: mpsc::Sender<EngineEvent>,
        pause: Duration,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared { queue: Mutex::default(), changed: Condvar::new() });
        let thread = Thread {
            shared: Arc::clone(&shared),
            profile,
            notes,
            waiting: BTreeMap::new(),
            told: BTreeSet::new(),
            other: serde_json::Map::new(),
        };
        let thread =
            std::thread::Builder::new().name("pitdesk-store".to_owned()).spawn(move || thread.run(pause))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Takes a job; a waiting one for the same file is replaced, or added to.
    pub fn save(&self, job: SaveJob) {
        put(&mut self.shared.lock().jobs, job);
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
        SaveJob::Settings(_) => "settings",
        SaveJob::Workspace(_) => "workspace",
        SaveJob::Alerts(_) => "alerts",
        SaveJob::Drawings(_) => "drawings",
        SaveJob::Equity(_) => "equity",
        SaveJob::EngineState { .. } => "engine",
    }
}

/// Adds a job to those that wait.
fn put(jobs: &mut BTreeMap<Target, SaveJob>, job: SaveJob) {
    match (jobs.get_mut(target(&job)), job) {
        (Some(SaveJob::Equity(waiting)), SaveJob::Equity(newer)) => add(waiting, newer),
        (_, job) => drop(jobs.insert(target(&job), job)),
    }
}

/// Adds values to those that wait for the disk: beyond [`MOST_SAMPLES`] the oldest are given up.
fn add(waiting: &mut Vec<(AccountId, Sample)>, newer: Vec<(AccountId, Sample)>) {
    waiting.extend(newer);
    let excess = waiting.len().saturating_sub(MOST_SAMPLES);
    if excess == 0 {
        return;
    }
    waiting.drain(..excess);
    // Where some are missing, the curve has a gap.
    let mut met = BTreeSet::new();
    for (account, sample) in waiting {
        sample.follows &= !met.insert(account.clone());
    }
}

/// The thread: what it could not write it keeps, unless something newer takes its place.
struct Thread {
    shared: Arc<Shared>,
    profile: Arc<Profile>,
    notes: mpsc::Sender<EngineEvent>,
    /// What waits for the next attempt.
    waiting: BTreeMap<Target, SaveJob>,
    /// What the trader was told could not be written.
    told: BTreeSet<Target>,
    /// Fields of the engine's file that another version of this program knows.
    other: serde_json::Map<String, serde_json::Value>,
}

impl Thread {
    fn run(mut self, pause: Duration) {
        // What is wrong with the file was said at the start of the program.
        let (state, _known) = engine_state::load(&self.profile.engine_file());
        self.other = state.other;
        loop {
            let (jobs, is_finishing) = self.take(pause);
            for job in jobs.into_values() {
                put(&mut self.waiting, job);
            }
            self.write_all();
            if is_finishing {
                for target in self.waiting.keys() {
                    tracing::error!("{target} is not saved: the program ends");
                }
                return;
            }
        }
    }

    /// Waits for something to do: at most `pause` while something must be tried again.
    fn take(&self, pause: Duration) -> (BTreeMap<Target, SaveJob>, bool) {
        let queue = self.shared.lock();
        let is_idle = |queue: &mut Queue| queue.jobs.is_empty() && !queue.is_finishing;
        let changed = &self.shared.changed;
        let mut queue = if self.waiting.is_empty() {
            changed.wait_while(queue, is_idle).unwrap_or_else(PoisonError::into_inner)
        } else {
            changed.wait_timeout_while(queue, pause, is_idle).unwrap_or_else(PoisonError::into_inner).0
        };
        (std::mem::take(&mut queue.jobs), queue.is_finishing)
    }

    fn write_all(&mut self) {
        for (target, job) in std::mem::take(&mut self.waiting) {
            match write(&self.profile, &job, &self.other) {
                Ok(()) => {
                    let was_told = self.told.remove(target);
                    if was_told && matches!(job, SaveJob::Settings(_)) {
                        self.tell(EngineEvent::SettingsUnsaved(None));
                    }
                    if was_told && self.told.is_empty() {
                        let text = "What could not be saved is saved now";
                        self.tell(EngineEvent::Note(NoticeLevel::Info, text.into()));
                    }
                }
                Err(error) => {
                    if self.told.insert(target) {
                        let text: Arc<str> = format!("{error}. It is tried again").into();
                        if matches!(job, SaveJob::Settings(_)) {
                            self.tell(EngineEvent::SettingsUnsaved(Some(Arc::clone(&text))));
                        }
                        self.tell(EngineEvent::Note(NoticeLevel::Error, text));
                    }
                    self.waiting.insert(target, job);
                }
            }
        }
    }

    fn tell(&self, event: EngineEvent) {
        // An engine so far behind, or gone, has no ear for it; the log has.
        if let Err(unheard) = self.notes.try_send(event) {
            tracing::error!("{unheard}");
        }
    }
}

fn write(
    profile: &Profile,
    job: &SaveJob,
    other: &serde_json::Map<String, serde_json::Value>,
) -> Result<(), WriteError> {
    match job {
        SaveJob::Settings(chosen) => settings::save(&profile.settings_file(), chosen),
        SaveJob::Workspace(text) => files::write(&profile.workspace_file(), text.as_bytes()),
        SaveJob::Alerts(book) => alerts::save(&profile.alerts_file(), book),
        SaveJob::Drawings(book) => drawings::save(&profile.drawings_file(), book),
        SaveJob::Equity(samples) => equity::append(&profile.equity_folder(), samples),
        SaveJob::EngineState { is_killed, flatten, next_order_id, day } => {
            let state = EngineState {
                killed: *is_killed,
                flatten: *flatten,
                next_order_id: *next_order_id,
                day: day.clone(),
                other: other.clone(),
            };
            engine_state::save(&profile.engine_file(), &state)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::limits::DayState;
    use crate::domain::{Currency, Flatten, Money, Time};

    struct Desk {
        folder: tempfile::TempDir,
        writer: Writer,
        notes: mpsc::Receiver<EngineEvent>,
    }

    fn desk(before: &[(&str, &str)]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path()), "paper").unwrap();
        for (name, text) in before {
            fs::write(folder.path().join("paper").join(name), text).unwrap();
        }
        let (sender, notes) = mpsc::channel(8);
        // Longer than any test: what is tried again here is so because of another job.
        let writer = Writer::start_with(Arc::new(profile), sender, Duration::from_hours(1)).unwrap();
        Desk { folder, writer, notes }
    }

    impl Desk {
        fn note(&mut self) -> (NoticeLevel, Arc<str>) {
            let Some(EngineEvent::Note(level, text)) = self.notes.blocking_recv() else {
                panic!("the writer has something to say")
            };
            (level, text)
        }

        fn read(&self, name: &str) -> String {
            fs::read_to_string(self.folder.path().join("paper").join(name)).unwrap()
        }
    }

    #[test]
    fn what_cannot_be_written_is_told_once_and_written_later() {
        let mut desk = desk(&[]);
        let in_the_way = desk.folder.path().join("paper/workspace.json");
        fs::create_dir_all(in_the_way.join("full")).unwrap();
        desk.writer.save(SaveJob::Workspace("first".into()));
        let (level, text) = desk.note();
        assert_eq!(level, NoticeLevel::Error);
        assert!(text.contains("workspace.json") && text.contains("tried again"), "{text}");
        desk.writer.save(SaveJob::Workspace("second".into()));
        let state = |id| SaveJob::EngineState {
            is_killed: false,
            flatten: Flatten::No,
            next_order_id: id,
            day: DayState::default(),
        };
        desk.writer.save(state(1));
        fs::remove_dir_all(&in_the_way).unwrap();
        // Another job: the failed one is tried with it.
        desk.writer.save(state(2));
        assert_eq!(desk.note().0, NoticeLevel::Info, "told once that it failed, then that it is well");
        assert_eq!(desk.read("workspace.json"), "second", "the newest state, not the first that failed");
    }

    #[test]
    fn that_settings_are_not_saved_is_told_until_they_are_whatever_else_waits() {
        let mut desk = desk(&[]);
        let of = |name: &str| desk.folder.path().join("paper").join(name);
        let (settings, workspace) = (of("settings.toml"), of("workspace.json"));
        for file in [&settings, &workspace] {
            fs::create_dir_all(file.join("full")).unwrap();
        }
        let unsaved = |desk: &mut Desk| loop {
            match desk.notes.blocking_recv() {
                Some(EngineEvent::SettingsUnsaved(why)) => return why,
                Some(EngineEvent::Note(..)) => {}
                other => panic!("{other:?}"),
            }
        };
        desk.writer.save(SaveJob::Workspace("arranged".into()));
        desk.writer.save(SaveJob::Settings(Arc::default()));
        let why = unsaved(&mut desk).expect("the disk takes nothing");
        assert!(why.contains("settings.toml") && why.contains("tried again"), "{why}");
        fs::remove_dir_all(&settings).unwrap();
        // Another job: what failed is tried with it. The workspace still has no place.
        desk.writer.save(SaveJob::Workspace("again".into()));
        assert_eq!(unsaved(&mut desk), None);
    }

    #[test]
    fn values_of_equity_wait_for_a_full_disk_in_their_order_and_are_told_once() {
        let mut desk = desk(&[]);
        let in_the_way = desk.folder.path().join("paper/equity");
        fs::write(&in_the_way, "").unwrap();
        let account = AccountId("PAPER".into());
        let sample = |minute: i64| {
            let equity = Money { amount: minute.into(), currency: Currency::USD };
            Sample { time: Time::from_seconds(60 * minute), equity, follows: minute > 0 }
        };
        desk.writer.save(SaveJob::Equity(vec![(account.clone(), sample(0))]));
        let (level, text) = desk.note();
        assert!(level == NoticeLevel::Error && text.contains("equity"), "{text}");
        desk.writer.save(SaveJob::Equity(vec![(account.clone(), sample(1))]));
        fs::remove_file(&in_the_way).unwrap();
        desk.writer.save(SaveJob::Equity(vec![(account.clone(), sample(2))]));
        let Desk { folder, writer, mut notes } = desk;
        drop(writer);
        assert!(matches!(notes.blocking_recv(), Some(EngineEvent::Note(NoticeLevel::Info, _))));
        let (curves, _) = equity::load(&folder.path().join("paper/equity"), Time::from_seconds(1_000));
        assert_eq!(curves.get(&account).unwrap().samples(), [0, 1, 2].map(sample));
    }

    #[test]
    fn of_more_values_than_may_wait_the_oldest_go_and_leave_a_gap() {
        let equity = Money { amount: 1.into(), currency: Currency::USD };
        let sample = |minute| Sample { time: Time::from_seconds(60 * minute), equity, follows: true };
        let mut jobs = BTreeMap::new();
        for minute in (0_i64..).take(MOST_SAMPLES + 7) {
            put(&mut jobs, SaveJob::Equity(vec![("PAPER".into(), sample(minute))]));
        }
        let Some(SaveJob::Equity(waiting)) = jobs.remove("equity") else { panic!("they wait") };
        assert_eq!(waiting.len(), MOST_SAMPLES);
        assert_eq!(waiting[0].1, Sample { follows: false, ..sample(7) });
        assert_eq!(waiting[1].1, sample(8));
    }

    #[test]
    fn what_waits_is_written_at_the_end() {
        let Desk { folder, writer, .. } = desk(&[]);
        writer.save(SaveJob::Workspace("arranged".into()));
        drop(writer);
        assert_eq!(fs::read_to_string(folder.path().join("paper/workspace.json")).unwrap(), "arranged");
    }

    #[test]
    fn fields_of_another_version_stay_in_the_engines_file() {
        let text = r#"{"version":1,"data":{"killed":false,"next_order_id":3,"later":[1]}}"#;
        let Desk { folder, writer, .. } = desk(&[("engine.json", text)]);
        writer.save(SaveJob::EngineState {
            is_killed: true,
            flatten: Flatten::Market,
            next_order_id: 9,
            day: DayState::default(),
        });
        drop(writer);
        let (state, _) = engine_state::load(&folder.path().join("paper/engine.json"));
        assert_eq!((state.killed, state.flatten, state.next_order_id), (true, Flatten::Market, 9));
        assert!(state.other.contains_key("later"));
    }
}
