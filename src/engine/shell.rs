//! The asynchronous shell around the engine: channels in, effects out.
//!
//! It owns the [`Engine`] on one task. Whatever waits is processed in one go and
//! published under one lock, so that a flood costs the window one wake. Requests to
//! brokers never wait: what cannot be handed over comes back to the engine as the
//! refusal it is.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::spawn_blocking;
use tokio::time::{Instant, MissedTickBehavior, timeout_at};

use super::supervisor::{Keep, Port, keep_alive, spawn};
use super::writer::Writer;
use super::{Effect, Engine, EngineEvent, files, results};
use crate::broker::{Adapter, BrokerEvent};
use crate::domain::settings::Settings;
use crate::domain::{BrokerId, Firing, Instrument, Record, Weather};
use crate::link::channel::Batch;
use crate::link::{
    Clock, Command, CommandId, EngineEnd, Envelope, KillReport, NoticeLevel, Timeline, Update,
};
use crate::store;
use crate::store::journal::{Full, Journal, JournalEvent, JournalSender};
use crate::store::profile::Profile;

/// Events of brokers that may wait; sessions wait when it is full.
const EVENT_CAPACITY: usize = 4_096;
/// Alerts that whoever makes them heard or seen may be behind; it is told how many it has missed.
const FIRED_CAPACITY: usize = 64;
/// Lines for the activity log that may wait.
const NOTE_CAPACITY: usize = 16;
/// How long the journal and other files may take to finish after the engine has.
const END_LIMIT: Duration = Duration::from_millis(1_500);
/// Events that are processed before what they caused is published.
const BURST: usize = 1_024;
const TICK: Duration = Duration::from_millis(250);

/// Who follows the engine besides the window, whether that one looks or hangs. Whoever holds
/// the other end sees it close when the engine is gone.
#[derive(Debug)]
pub struct Watchers {
    /// How far the kill switch has come; `None` while it is off.
    pub kill: watch::Sender<Option<Arc<KillReport>>>,
    /// The settings in force; `None` until the engine has told them.
    pub settings: watch::Sender<Option<Arc<Settings>>>,
    /// The weather for other programs that was asked for last, told once they are in it.
    pub weather: watch::Sender<Option<Weather>>,
    /// Alerts, as they fire.
    pub fired: broadcast::Sender<Arc<Firing>>,
    notes: Notes,
}

impl Default for Watchers {
    fn default() -> Self {
        Self {
            kill: watch::Sender::default(),
            settings: watch::Sender::default(),
            weather: watch::Sender::default(),
            fired: broadcast::Sender::new(FIRED_CAPACITY),
            notes: Notes::default(),
        }
    }
}

/// Takes lines for the activity log, from parts of the program that are not the engine's.
pub type NoteSender = mpsc::Sender<(NoticeLevel, Arc<str>)>;

/// Such lines, on their way.
#[derive(Debug)]
struct Notes {
    sender: NoteSender,
    waiting: mpsc::Receiver<(NoticeLevel, Arc<str>)>,
}

impl Default for Notes {
    fn default() -> Self {
        let (sender, waiting) = mpsc::channel(NOTE_CAPACITY);
        Self { sender, waiting }
    }
}

impl Watchers {
    /// Where such a part can say something. Before the engine runs it waits; when the engine is
    /// gone it finds nobody.
    #[must_use]
    pub fn notes(&self) -> NoteSender {
        self.notes.sender.clone()
    }

    fn see(&self, effect: &Effect) {
        let Effect::Publish { update, .. } = effect else { return };
        match &**update {
            Update::KillReport(report) => drop(self.kill.send_replace(report.clone())),
            Update::Settings(settings) => drop(self.settings.send_replace(Some(Arc::clone(settings)))),
            Update::Weather(weather) => drop(self.weather.send_replace(Some(weather.clone()))),
            // That nobody listens is no failure.
            Update::Fired(firing) => drop(self.fired.send(Arc::clone(firing))),
            Update::Snapshot(all) => drop(self.settings.send_replace(Some(Arc::clone(&all.settings)))),
            _ => {}
        }
    }
}

/// Runs the engine until the window asks for the end, or is gone.
///
/// What is not on the disk in the end comes back, in words for a trader.
///
/// # Errors
/// When the thread that writes to disk cannot be started.
pub async fn run(
    engine: Engine,
    brokers: Vec<Arc<dyn Adapter>>,
    link: EngineEnd,
    watchers: Watchers,
    clock: Clock,
    profile: Arc<Profile>,
    journal: Journal,
) -> std::io::Result<Option<Arc<str>>> {
    let file = journal.file().map(Path::to_owned);
    let (record_sender, records) = store::journal::channel();
    let (journal_says, written) = mpsc::unbounded_channel();
    let given_up = Arc::<OnceLock<Arc<str>>>::default();
    let of_journal = Arc::clone(&given_up);
    let journal = spawn(
        "journal",
        journal.run(records, move |event| {
            if let JournalEvent::GivenUp(what) = &event {
                of_journal.set(Arc::clone(what)).ok();
            }
            // An engine that is gone has nothing more to send.
            journal_says.send(event).unwrap_or_else(|unheard| tracing::debug!("{unheard}"));
        }),
    );
    let (event_sender, events) = mpsc::channel(EVENT_CAPACITY);
    let (internal_sender, internal) = mpsc::channel(64);
    let pictures = profile.pictures_folder();
    let writer = Writer::start(profile, internal_sender.clone())?;
    let adapters = brokers.iter().map(Arc::downgrade).collect();
    let mut ports = Vec::new();
    for (index, adapter) in brokers.into_iter().enumerate() {
        let port = Port::default();
        ports.push(port.clone());
        let keep = Keep {
            id: BrokerId(index as u8),
            adapter,
            clock: clock.clone(),
            port,
            events: event_sender.clone(),
        };
        spawn("broker session", keep_alive(keep));
    }
    let slept = clock.jumped();
    let effects = Vec::new();
    let journal_end = JournalEnd { records: record_sender, written, refused: 0 };
    let shell = Shell {
        engine,
        adapters,
        ports,
        link,
        watchers,
        clock,
        slept,
        writer,
        pictures,
        journal: journal_end,
        events,
        internal,
        answers: internal_sender,
        file,
        effects,
    };
    let writer = shell.run().await;
    // The journal's sender is gone with the shell: it writes what it has and ends. So does what writes
    // other files, where it may wait: a disk that hangs must not keep the journal's last word back.
    let end = Instant::now() + END_LIMIT;
    let saved = spawn_blocking(move || drop(writer));
    let journal_ended = timeout_at(end, journal).await.is_ok();
    let is_saved = timeout_at(end, saved).await.is_ok();
    let unwritten = given_up.get().map(ToString::to_string).or_else(|| {
        let text =
            format!("The journal did not finish within {END_LIMIT:?}: its last records may be missing");
        (!journal_ended).then_some(text)
    });
    let unsaved = (!is_saved).then(|| {
        "The disk did not answer: the newest settings and layout, and whether the kill switch is on, may not be \
         saved"
            .to_owned()
    });
    let lacks: Vec<String> = unwritten.into_iter().chain(unsaved).collect();
    for what in &lacks {
        tracing::error!("{what}");
    }
    Ok((!lacks.is_empty()).then(|| lacks.join(". ").into()))
}

/// The way to the journal and back.
struct JournalEnd {
    records: JournalSender,
    written: mpsc::UnboundedReceiver<JournalEvent>,
    /// How many records it has refused since it took some last: nobody else will say when it takes
    /// them again.
    refused: usize,
}

impl JournalEnd {
    /// Hands a record over, or says what its loss means.
    fn append(&mut self, record: Record) -> Option<EngineEvent> {
        let seq = record.seq;
        let Full = self.records.append(record).err()?;
        self.refused += 1;
        Some(EngineEvent::JournalFailed { from: seq, through: seq, why: Full.to_string().into() })
    }

    /// Asks for what there is of an instrument, or answers that nobody can say.
    fn recall(&self, instrument: Arc<Instrument>) -> Option<EngineEvent> {
        let id = instrument.id;
        let Full = self.records.recall(instrument).err()?;
        Some(EngineEvent::Recalled(id, Err("the journal has ended".into())))
    }

    /// What the journal has to say, in the engine's words.
    fn hears(&mut self, event: JournalEvent) -> [Option<EngineEvent>; 3] {
        match event {
            JournalEvent::Written(seq) => {
                let refused = std::mem::take(&mut self.refused);
                let works = (refused > 0).then_some(EngineEvent::JournalWorks);
                let lost = (refused > 0).then(|| {
                    let text = format!(
                        "{refused} events are not in the journal: it could not be written for too long. Compare the \
                         days' results and orders with the broker's"
                    );
                    EngineEvent::Note(NoticeLevel::Error, text.into())
                });
                [Some(EngineEvent::Journaled(seq)), works, lost]
            }
            JournalEvent::Failed { from, through, why } => {
                [Some(EngineEvent::JournalFailed { from, through, why }), None, None]
            }
            JournalEvent::Works => [Some(EngineEvent::JournalWorks), None, None],
            JournalEvent::Timeline { order, records, left_out } => {
                let timeline = Timeline { order, records: records.into(), left_out };
                [Some(EngineEvent::Timeline(timeline)), None, None]
            }
            JournalEvent::Recalled { instrument, outcome } => {
                [Some(EngineEvent::Recalled(instrument, outcome)), None, None]
            }
            // Told when nobody listens here any more.
            JournalEvent::GivenUp(_) => [None, None, None],
        }
    }
}

struct Shell {
    engine: Engine,
    /// Each as long as its session is kept alive: what it lets go of may wait for a disk.
    adapters: Vec<Weak<dyn Adapter>>,
    ports: Vec<Port>,
    link: EngineEnd,
    watchers: Watchers,
    clock: Clock,
    /// How long the computer slept, as far as the trader was told.
    slept: Duration,
    writer: Writer,
    /// Where pictures of charts go.
    pictures: PathBuf,
    journal: JournalEnd,
    events: mpsc::Receiver<(BrokerId, BrokerEvent)>,
    internal: mpsc::Receiver<EngineEvent>,
    /// Where what takes time elsewhere comes back.
    answers: mpsc::Sender<EngineEvent>,
    /// The journal's, where it is kept.
    file: Option<PathBuf>,
    effects: Vec<Effect>,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Flow {
    On,
    Finished,
}

impl Shell {
    /// Gives back what writes files; all else has ended then.
    async fn run(mut self) -> Writer {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut window_is_gone = false;
        self.process(EngineEvent::Started);
        while self.act() == Flow::On {
            for follower in self.link.followers.take_gone() {
                self.process(EngineEvent::Left(follower));
            }
            tokio::select! {
                // A trader's command goes before a flood of quotes.
                biased;
                command = self.link.commands.recv(), if !window_is_gone => {
                    window_is_gone = command.is_none();
                    let envelope = command.unwrap_or_else(|| self.shutdown_command());
                    self.process(EngineEvent::Command(envelope));
                },
                // Then what waits for the disk: an order has been clicked and is not sent yet.
                Some(event) = self.journal.written.recv() => {
                    for event in self.journal.hears(event).into_iter().flatten() {
                        self.process(event);
                    }
                }
                Some(event) = self.internal.recv() => self.process(event),
                Some((level, text)) = self.watchers.notes.waiting.recv() => {
                    self.process(EngineEvent::Note(level, text));
                }
                _ = ticks.tick() => self.process(EngineEvent::Tick),
                Some((id, event)) = self.events.recv() => {
                    self.process(EngineEvent::Broker(id, event));
                    self.take_burst();
                }
            }
        }
        self.writer
    }

    /// A window that is gone wants the end, whether it could say so or not.
    fn shutdown_command(&self) -> Envelope {
        Envelope { id: CommandId(0), input_at: self.clock.now(), command: Command::Shutdown }
    }

    /// What else waits already goes into the same publication.
    fn take_burst(&mut self) {
        for _ in 0..BURST {
            let Ok((id, event)) = self.events.try_recv() else { return };
            self.process(EngineEvent::Broker(id, event));
        }
    }

    fn process(&mut self, event: EngineEvent) {
        let now = self.clock.now();
        let slept = self.clock.jumped();
        if slept > self.slept {
            let note =
                EngineEvent::Note(NoticeLevel::Warning, slept_text(slept.saturating_sub(self.slept)).into());
            self.slept = slept;
            self.engine.process(note, now, &mut self.effects);
        }
        self.engine.process(event, now, &mut self.effects);
    }

    /// Carries out what has piled up, and what that causes in turn.
    fn act(&mut self) -> Flow {
        let mut flow = Flow::On;
        while !self.effects.is_empty() {
            let effects = std::mem::take(&mut self.effects);
            let mut undelivered = Vec::new();
            let Self { link, watchers, adapters, ports, writer, pictures, journal, answers, file, .. } = self;
            let tell = |follower, batch: &mut Batch<'_>| effects.iter().for_each(|e| e.tell(follower, batch));
            let mut is_behind = link.followers.tell(tell);
            is_behind |= link.publisher.batch(|window| {
                for effect in effects {
                    watchers.see(&effect);
                    match effect.publish_to(window) {
                        Some(Effect::Request(id, request)) => {
                            let Some(port) = ports.get(usize::from(id.0)) else { continue };
                            if let Err((request, why)) = port.try_send(request) {
                                undelivered.push(EngineEvent::Undelivered(id, request, why));
                            }
                        }
                        Some(Effect::Recall(instrument)) => undelivered.extend(journal.recall(instrument)),
                        Some(Effect::List(instrument)) => {
                            let adapter = adapters.get(usize::from(instrument.broker.0));
                            if let Some(adapter) = adapter.and_then(Weak::upgrade) {
                                adapter.listed(&instrument);
                            }
                        }
                        Some(Effect::Save(job)) => writer.save(job),
                        Some(Effect::Journal(record)) => undelivered.extend(journal.append(*record)),
                        Some(Effect::AskTimeline(order)) => journal.records.timeline(order),
                        Some(Effect::ReadTargets(from, listed)) => {
                            let done = answers.clone();
                            drop(spawn_blocking(move || {
                                let read = store::allocation::load(from, &listed);
                                // An engine that is gone tells nobody any more.
                                done.blocking_send(EngineEvent::Targets(Arc::new(read))).ok();
                            }));
                        }
                        Some(Effect::ReadResults(to, span)) => {
                            let (done, file) = (answers.clone(), file.clone());
                            let runtime = tokio::runtime::Handle::current();
                            drop(spawn_blocking(move || {
                                let read = runtime.block_on(results::read(file.as_deref(), to, span));
                                done.blocking_send(EngineEvent::Results(Arc::new(read))).ok();
                            }));
                        }
                        Some(Effect::File(to, task)) => {
                            let (done, pictures) = (answers.clone(), pictures.clone());
                            drop(spawn_blocking(move || {
                                let told = files::carry_out(to, task, &pictures);
                                done.blocking_send(EngineEvent::File(Arc::new(told))).ok();
                            }));
                        }
                        Some(Effect::Finish) => flow = Flow::Finished,
                        _ => {}
                    }
                }
                window.needs_snapshot()
            });
            let now = self.clock.now();
            for event in undelivered {
                self.engine.process(event, now, &mut self.effects);
            }
            if is_behind && flow == Flow::On {
                self.engine.process(EngineEvent::WindowIsBehind, now, &mut self.effects);
            }
        }
        flow
    }
}

/// What the trader is told after a jump of the clock. Prices need nothing more: they are as
/// old as their times say.
fn slept_text(slept: Duration) -> String {
    let seconds = slept.as_secs();
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60);
    let span = match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min"),
        _ => format!("{hours} h {minutes} min"),
    };
    format!(
        "The computer slept for {span}, or its clock was set: prices count as old until they are heard anew"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_makes_alerts_heard_is_told_of_each_and_of_none_twice() {
        let watchers = Watchers::default();
        let firing = |id| Firing {
            id: crate::domain::FiringId(id),
            alert: crate::domain::AlertId(1),
            time: crate::domain::Time::default(),
            instrument: None,
            text: "AAPL".to_owned(),
            note: String::new(),
            sound: true,
            is_seen: false,
        };
        let told = |id| Effect::publish(Update::Fired(Arc::new(firing(id))), crate::domain::Time::default());
        watchers.see(&told(1));
        let mut fired = watchers.fired.subscribe();
        watchers.see(&told(2));
        assert_eq!(fired.try_recv().unwrap().id, crate::domain::FiringId(2), "nobody listened to the first");
        assert!(fired.try_recv().is_err());
    }

    #[test]
    fn a_sleep_is_told_in_hours_and_minutes() {
        for (seconds, span) in [(7, "7 s"), (150, "2 min"), (50_399, "13 h 59 min")] {
            let text = slept_text(Duration::from_secs(seconds));
            assert!(text.starts_with(&format!("The computer slept for {span}, ")), "{text}");
        }
    }
}
