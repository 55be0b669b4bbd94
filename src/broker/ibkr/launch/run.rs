//! The shell around the machine: a process, its output, a socket that is tried, and timers.
//!
//! Nothing here decides anything. Whatever may wait (a keyring, a disk, a connection) is done beside the
//! loop, so that the end of the program is heard at once.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{Notify, watch};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::lines::{Line, Masks, Pace, Splitter, Verdict};
use super::machine::{Do, Event, Machine, is_new_start, is_refusal};
use super::state::LaunchState;
use super::{EARLIER_LIVES, ENDED_EARLIER, Hands, Launch, Launched, Notes};
use crate::link::{Clock, NoticeLevel};

/// How often the machine looks at the time.
const TICK: Duration = Duration::from_millis(200);
/// How long a connection may take that is only tried.
const LOOK_LIMIT: Duration = Duration::from_secs(2);
/// How long the last words of a program may take.
const LAST_WORDS: Duration = Duration::from_millis(200);
/// How long it is waited at the end for credentials to be taken away.
const TIDY: Duration = Duration::from_secs(2);

/// Begins: the task to be spawned, and what it is followed and stopped by.
pub fn run(
    launch: Launch,
    hands: Box<dyn Hands>,
    notes: Notes,
    clock: Clock,
) -> (Launched, impl Future<Output = ()> + Send) {
    let (state_sender, state) = watch::channel(LaunchState::Looking);
    let (stop, stop_asked) = watch::channel(false);
    let look = Arc::new(Notify::new());
    let launched = Launched { state, look: Arc::clone(&look), stop };
    let now = clock.now();
    let slept = clock.jumped();
    let (machine, first) = Machine::begin(launch.rules, now);
    let shell = Shell {
        machine,
        launch,
        notes,
        clock,
        state: state_sender,
        hands: Some(hands),
        masks: Masks::default(),
        pace: Pace::new(now),
        slept,
        running: None,
        output: [Output::new(None), Output::new(None)],
        work: None,
        wanted: Vec::new(),
        looking: None,
    };
    (launched, shell.run(first, stop_asked, look))
}

/// What the hands were asked to do, and what came of it.
type Work = BoxFuture<'static, (Option<Box<dyn Hands>>, Done)>;

enum Done {
    Fetched(Result<Masks, String>),
    LaidOut(Result<(), String>),
    Tidied(Result<(), String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Task {
    Fetch,
    LayOutAndStart,
    LayOut,
    Cover,
    TakeAway,
}

impl Task {
    /// What is said of one that has failed where it cannot.
    fn failed(self) -> Done {
        let why = Err("its login cannot be handed over (a fault of Pitdesk: see its log)".to_owned());
        match self {
            Self::Fetch => Done::Fetched(why.map(|()| Masks::default())),
            Self::LayOutAndStart => Done::LaidOut(why),
            Self::LayOut | Self::Cover | Self::TakeAway => Done::Tidied(why),
        }
    }
}

struct Shell {
    machine: Machine,
    launch: Launch,
    notes: Notes,
    clock: Clock,
    state: watch::Sender<LaunchState>,
    /// Here unless they are at work.
    hands: Option<Box<dyn Hands>>,
    masks: Masks,
    pace: Pace,
    /// How long the computer has slept, as far as the machine knows.
    slept: Duration,
    running: Option<Running>,
    /// What the last that was started prints.
    output: [Output; 2],
    work: Option<Work>,
    /// What the hands are to do next, in its order.
    wanted: Vec<Task>,
    looking: Option<BoxFuture<'static, bool>>,
}

/// The keeper, with the program below it.
struct Running {
    keeper: Child,
    /// Closed, it stops everything.
    hold: Option<ChildStdin>,
    /// There is no program: it ends one that has lost its keeper.
    is_heir: bool,
}

impl Shell {
    async fn run(mut self, first: Vec<Do>, mut stop: watch::Receiver<bool>, look: Arc<Notify>) {
        self.carry_out(first);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut may_stop = true;
        loop {
            let event = tokio::select! {
                // An owner that is gone wants it stopped as well.
                () = asked(&mut stop), if may_stop => {
                    may_stop = false;
                    Event::StopAsked
                }
                line = next_line(&mut self.output) => match self.log(&line) {
                    Some(event) => event,
                    None => continue,
                },
                event = ended(&mut self.running) => {
                    // A login that was refused is not tried again, though the program ended with the word.
                    if self.last_words().await {
                        self.take(Event::LoginRefused);
                    }
                    self.running = None;
                    event
                }
                (hands, done) = next_work(&mut self.work) => match self.done(hands, done) {
                    Some(event) => event,
                    None => continue,
                },
                answers = next_look(&mut self.looking) => {
                    self.looking = None;
                    Event::Answers(answers)
                }
                () = look.notified() => Event::LetDown,
                _ = ticks.tick() => Event::Tick,
            };
            self.take(event);
            if *self.machine.state() == LaunchState::Over {
                break;
            }
        }
        self.tidy_up().await;
        self.state.send_replace(LaunchState::Over);
    }

    fn take(&mut self, event: Event) {
        let now = self.clock.now();
        let slept = self.clock.jumped().saturating_sub(self.slept);
        if !slept.is_zero() {
            self.slept += slept;
            let todo = self.machine.take(Event::Slept(slept), now);
            self.carry_out(todo);
        }
        let todo = self.machine.take(event, now);
        self.carry_out(todo);
    }

    fn carry_out(&mut self, todo: Vec<Do>) {
        let mut todo = VecDeque::from(todo);
        while let Some(what) = todo.pop_front() {
            match what {
                Do::Inherit => {
                    if let Err(error) = self.start(None) {
                        let why =
                            Event::Inherited(Err(format!("Pitdesk cannot be started to end it: {error}")));
                        todo.extend(self.machine.take(why, self.clock.now()));
                    }
                }
                Do::Fetch => self.want(Task::Fetch),
                Do::Start => self.want(Task::LayOutAndStart),
                Do::LayOut => self.want(Task::LayOut),
                Do::Cover => self.want(Task::Cover),
                Do::TakeAway => self.want(Task::TakeAway),
                Do::Look => self.looking = Some(answers(self.launch.address.clone()).boxed()),
                Do::Stop => {
                    if let Some(running) = &mut self.running {
                        tracing::info!("IB Gateway is asked to stop");
                        running.hold = None;
                    }
                }
                Do::Kill => {
                    if let Some(running) = &mut self.running {
                        tracing::error!("IB Gateway and its keeper do not stop: the keeper is ended");
                        running.keeper.start_kill().ok();
                    }
                }
                Do::Note(level, text) => self.note(level, text),
            }
        }
        // The end is told when everything is tidy.
        let state = self.machine.state();
        if *state != LaunchState::Over && *self.state.borrow() != *state {
            tracing::info!("{}", state.logged(self.clock.now()));
            self.state.send_replace(state.clone());
        }
    }

    fn note(&self, level: NoticeLevel, text: String) {
        if level == NoticeLevel::Info {
            tracing::info!("{text}");
        } else {
            tracing::warn!("{text}");
        }
        // Where nobody reads, the log has it.
        self.notes.try_send((level, text.into())).ok();
    }

    /// Has the hands do something, behind what they do already.
    fn want(&mut self, task: Task) {
        self.wanted.push(task);
        self.work_on();
    }

    fn work_on(&mut self) {
        if self.work.is_some() || self.wanted.is_empty() {
            return;
        }
        let Some(mut hands) = self.hands.take() else { return };
        let task = self.wanted.remove(0);
        let work = spawn_blocking(move || {
            let done = catch_unwind(AssertUnwindSafe(|| match task {
                Task::Fetch => Done::Fetched(hands.fetch()),
                Task::LayOutAndStart => Done::LaidOut(hands.lay_out()),
                Task::LayOut => Done::Tidied(hands.lay_out()),
                Task::Cover => Done::Tidied(hands.cover()),
                Task::TakeAway => {
                    hands.take_away();
                    Done::Tidied(Ok(()))
                }
            }));
            (hands, done.unwrap_or_else(|_message_may_hold_anything| task.failed()))
        });
        let work = async move {
            match work.await {
                Ok((hands, done)) => (Some(hands), done),
                // The runtime ends.
                Err(_cancelled) => (None, task.failed()),
            }
        };
        self.work = Some(work.boxed());
    }

    /// The hands have done something.
    fn done(&mut self, hands: Option<Box<dyn Hands>>, done: Done) -> Option<Event> {
        self.work = None;
        self.hands = hands;
        let event = match done {
            Done::Fetched(Ok(masks)) => {
                self.masks = masks;
                Some(Event::Fetched(Ok(())))
            }
            Done::Fetched(Err(why)) => Some(Event::Fetched(Err(why))),
            Done::LaidOut(Ok(())) if matches!(self.machine.state(), LaunchState::Starting { .. }) => {
                match self.start_program() {
                    Ok(()) => None,
                    Err(error) => Some(Event::NotStarted(format!("cannot be started: {error}"))),
                }
            }
            // It was stopped before it was started.
            Done::LaidOut(Ok(())) => Some(Event::NotStarted("was not started".to_owned())),
            Done::LaidOut(Err(why)) => Some(Event::NotStarted(format!("is not started: {why}"))),
            Done::Tidied(Ok(())) => None,
            Done::Tidied(Err(why)) => {
                self.note(NoticeLevel::Warning, why);
                None
            }
        };
        self.work_on();
        event
    }

    fn start_program(&mut self) -> std::io::Result<()> {
        tracing::info!("IB Gateway is started: {}", self.launch.command.to_string_lossy());
        let program = [std::slice::from_ref(&self.launch.command), &self.launch.arguments[..]].concat();
        self.start(Some(&program))
    }

    /// Starts a keeper of this program; of none, an heir.
    fn start(&mut self, of: Option<&[OsString]>) -> std::io::Result<()> {
        let (keeper, own) = self.launch.keeper.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut starting = Command::new(keeper);
        starting.args(own).envs(&self.launch.environment);
        if let Some(program) = of {
            starting.arg("--").args(program);
        }
        for name in &self.launch.hidden {
            starting.env_remove(name);
        }
        // A group of its own: Ctrl+C in our terminal is for us, and we stop it in order.
        starting.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut keeper = starting.spawn()?;
        let stdout = keeper.stdout.take().map(|stream| Box::new(stream) as Stream);
        let stderr = keeper.stderr.take().map(|stream| Box::new(stream) as Stream);
        let hold = keeper.stdin.take();
        self.output = [Output::new(stdout), Output::new(stderr)];
        self.running = Some(Running { keeper, hold, is_heir: of.is_none() });
        Ok(())
    }

    /// Puts a line into the log; what it means where it means something.
    fn log(&mut self, line: &Line) -> Option<Event> {
        match self.pace.judge(line.text.len(), self.clock.now()) {
            Verdict::Log(left_out) => {
                tell_left_out(left_out);
                tracing::info!(target: "ib_gateway", "{}", self.masks.clean(&line.text, line.is_cut));
            }
            Verdict::LeaveOutRest => tracing::warn!(
                target: "ib_gateway",
                "(it has printed too much: the rest of this day is left out; look into the logs that IB Gateway \
                 keeps itself, in its own folder)"
            ),
            Verdict::LeaveOut => {}
        }
        if is_refusal(&line.text) {
            return Some(Event::LoginRefused);
        }
        is_new_start(&line.text).then_some(Event::LetDown)
    }

    /// Reads what it had still said; whether its login was refused.
    async fn last_words(&mut self) -> bool {
        let mut is_refused = false;
        let deadline = tokio::time::Instant::now() + LAST_WORDS;
        while self.output.iter().any(Output::is_open) {
            let Ok(line) = tokio::time::timeout_at(deadline, next_line(&mut self.output)).await else {
                break;
            };
            is_refused |= matches!(self.log(&line), Some(Event::LoginRefused));
        }
        is_refused
    }

    /// Everything that the hands have still to do, and the end of the keeper if that is near.
    async fn tidy_up(&mut self) {
        tell_left_out(self.pace.left_out());
        let tidy = async {
            while self.work.is_some() {
                let (hands, done) = next_work(&mut self.work).await;
                self.done(hands, done);
            }
        };
        timeout(TIDY, tidy).await.ok();
    }
}

/// The owner wants it stopped, or is gone.
async fn asked(stop: &mut watch::Receiver<bool>) {
    stop.wait_for(|asked| *asked).await.ok();
}

/// Says how many lines the log does not have.
fn tell_left_out(lines: u64) {
    if lines > 0 {
        tracing::warn!(target: "ib_gateway", "({lines} lines were left out)");
    }
}

/// Whether something takes connections there.
async fn answers(address: String) -> bool {
    matches!(timeout(LOOK_LIMIT, TcpStream::connect(address)).await, Ok(Ok(_)))
}

async fn next_look(looking: &mut Option<BoxFuture<'static, bool>>) -> bool {
    match looking {
        Some(looking) => looking.await,
        None => pending().await,
    }
}

async fn next_work(work: &mut Option<Work>) -> (Option<Box<dyn Hands>>, Done) {
    match work {
        Some(work) => work.await,
        None => pending().await,
    }
}

async fn ended(running: &mut Option<Running>) -> Event {
    let Some(running) = running else { return pending().await };
    let status = running.keeper.wait().await;
    match (status, running.is_heir) {
        (Ok(status), true) => Event::Inherited(bequest(status)),
        (Err(error), true) => Event::Inherited(Err(error.to_string())),
        (Ok(status), false) => status.code().map_or(Event::KeeperLost, |code| Event::Ended(words(code))),
        (Err(error), false) => Event::Ended(error.to_string()),
    }
}

/// What an heir has found; or why it has not done its work.
fn bequest(status: ExitStatus) -> Result<bool, String> {
    match status.code() {
        Some(0) => Ok(false),
        Some(code) if code == i32::from(ENDED_EARLIER) => Ok(true),
        Some(code) if code == i32::from(EARLIER_LIVES) => Err("it cannot be ended".to_owned()),
        _ => Err(format!("what was to end it has failed: {status}")),
    }
}

/// How a program has ended. The keeper ends as its program did, and as a shell counts it where that was a
/// signal.
fn words(code: i32) -> String {
    match code {
        129..=159 => format!("signal {}", code - 128),
        127 => "there is no such program, or it may not be run".to_owned(),
        code if code == i32::from(EARLIER_LIVES) => "an earlier one may still be there".to_owned(),
        code => format!("exit status {code}"),
    }
}

async fn next_line([stdout, stderr]: &mut [Output; 2]) -> Line {
    tokio::select! {
        line = stdout.next() => line,
        line = stderr.next() => line,
    }
}

type Stream = Box<dyn AsyncRead + Send + Unpin>;

/// What is printed on one of its ends.
struct Output {
    stream: Option<Stream>,
    splitter: Splitter,
    chunk: Box<[u8; 4_096]>,
}

impl Output {
    fn new(stream: Option<Stream>) -> Self {
        Self { stream, splitter: Splitter::default(), chunk: Box::new([0; 4_096]) }
    }

    fn is_open(&self) -> bool {
        self.stream.is_some()
    }

    /// The next line; for ever where there will be none. Nothing is lost when this is given up halfway.
    async fn next(&mut self) -> Line {
        loop {
            if let Some(line) = self.splitter.next() {
                return line;
            }
            let Some(stream) = &mut self.stream else { return pending().await };
            match stream.read(&mut *self.chunk).await {
                Ok(0) | Err(_) => {
                    self.stream = None;
                    self.splitter.end();
                }
                Ok(length) => self.splitter.take(&self.chunk[..length]),
            }
        }
    }
}
