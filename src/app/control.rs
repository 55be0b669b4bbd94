//! The control socket: a second process of the same user reaches the engine, although the
//! window hangs.
//!
//! The running program listens on a port of this computer and says in `control.json`, in the
//! profile's data folder and for its owner alone, which port and which secret. Who knows the
//! secret may use the kill switch, and follows how far it comes. Commands take the window's
//! spare way to the engine, and progress comes from the engine itself, so nothing here waits for
//! the window; and each connection is a task of its own with few bytes and little time, so
//! nothing here holds up the engine, whoever connects.

pub mod kill;
pub mod weather;
pub mod wire;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

use super::exchange::token;
use crate::broker::paper::server::is_same_secret;
use crate::domain::Weather;
use crate::engine::shell::NoteSender;
use crate::engine::supervisor;
use crate::link::{
    Clock, Command, CommandId, Envelope, Flatten, KillReport, NoticeLevel, SendError, SpareSender,
};
use crate::store::files::{self, WriteError};
use crate::store::profile::Profile;
use wire::{Answer, Ask, LONGEST_REQUEST, Lines, Request, VERSION};

/// Connections at a time; more are closed at once.
const MOST_CONNECTIONS: usize = 64;
/// How long a client may take to say what it wants, and to read a line of ours.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a client may follow the kill switch.
const LONGEST_STAY: Duration = Duration::from_hours(24);
/// How long the engine may be too busy to take the command.
const BUSY: Duration = Duration::from_secs(5);
/// Time between two tries of what fails for a moment.
const PAUSE: Duration = Duration::from_millis(20);

/// What the control file says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// [`wire::VERSION`].
    pub version: u32,
    /// Where the program listens on 127.0.0.1.
    pub port: u16,
    /// The secret of this run.
    pub token: String,
    /// The program's process.
    pub pid: u32,
}

/// What the socket is made of.
pub struct Control {
    /// Whose program this is.
    pub profile: Arc<Profile>,
    /// The way to the engine that needs no window.
    pub engine: SpareSender,
    /// How far the kill switch has come.
    pub kill: watch::Receiver<Option<Arc<KillReport>>>,
    /// The weather for other programs, once it is in force.
    pub weather: watch::Receiver<Option<Weather>>,
    /// The way into the activity log.
    pub notes: NoteSender,
    /// The engine's clock.
    pub clock: Clock,
}

/// Why there is no socket.
#[derive(Debug, thiserror::Error)]
enum NoSocket {
    #[error("no port of this computer can be listened at ({0})")]
    Listen(#[from] io::Error),
    #[error(transparent)]
    File(#[from] WriteError),
}

/// Listens until it is dropped. Where that cannot be done the trader is told, who else would
/// rely on it one day: the program trades without this too.
pub async fn serve(control: Control) {
    let file = ControlFile(Arc::clone(&control.profile));
    match file.open().await {
        Ok((listener, token)) => control.listen(listener, token).await,
        Err(error) => {
            let text = format!(
                "`pitdesk kill` from another process will not reach this program: {error}. The kill switch in \
                 the window works as ever. To have both, mend that and start Pitdesk again"
            );
            // An engine that is gone has no log; then nothing is left to be killed either.
            if let Err(unheard) = control.notes.send((NoticeLevel::Warning, text.into())).await {
                tracing::error!("{unheard}");
            }
        }
    }
}

/// The control file, which goes with this, while the profile is ours: where nobody listens nobody
/// is to be told so, by an earlier run that crashed neither.
struct ControlFile(Arc<Profile>);

impl ControlFile {
    /// Listens, and says where.
    async fn open(&self) -> Result<(TcpListener, String), NoSocket> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let (port, token) = (listener.local_addr()?.port(), token::fresh()?);
        let address = Address { version: VERSION, port, token: token.clone(), pid: std::process::id() };
        files::save(&self.0.control_file(), &address)?;
        Ok((listener, token))
    }
}

impl Drop for ControlFile {
    fn drop(&mut self) {
        let file = self.0.control_file();
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("{} stays: {error}", file.display());
            }
            _ => {}
        }
    }
}

impl Control {
    async fn listen(self, listener: TcpListener, token: String) {
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let (control, token) = (Arc::new(self), Arc::<str>::from(token));
        loop {
            match listener.accept().await {
                Ok((stream, _from)) => {
                    let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
                    let (control, token) = (Arc::clone(&control), Arc::clone(&token));
                    supervisor::spawn("control connection", async move {
                        Connection::new(stream).run(&control, &token).await.unwrap_or_else(|error| {
                            tracing::info!("a control connection broke: {error}");
                        });
                        drop(place);
                    });
                }
                // Out of file descriptors, say: it passes.
                Err(why) => {
                    tracing::error!("a control connection could not be accepted: {why}");
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Changes the weather, and waits until it is in force: whoever asked goes on in it.
    async fn change_weather(&self, weather: Weather) -> Result<(), String> {
        let mut told = self.weather.clone();
        told.mark_unchanged();
        self.ask(Command::Weather(weather)).await.map_err(|why| why.to_string())?;
        match timeout(BUSY, told.changed()).await {
            Ok(Ok(())) => Ok(()),
            _ => Err("the program has not said yet that it is another".to_owned()),
        }
    }

    /// Hands a command to the engine, which takes it in a moment even when it is flooded.
    async fn ask(&self, command: Command) -> Result<(), SendError> {
        let send = || {
            let (id, input_at) = (CommandId(0), self.clock.now());
            self.engine.try_send(Envelope { id, input_at, command: command.clone() })
        };
        let until_taken = async {
            loop {
                match send() {
                    Err(SendError::Full) => sleep(PAUSE).await,
                    sent => return sent,
                }
            }
        };
        timeout(BUSY, until_taken).await.unwrap_or(Err(SendError::Full))
    }
}

/// A client.
struct Connection {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        // Without it, answers are only slower.
        stream.set_nodelay(true).ok();
        let (reader, writer) = stream.into_split();
        Self { lines: Lines::new(reader, LONGEST_REQUEST), writer }
    }

    async fn run(mut self, control: &Control, token: &str) -> io::Result<()> {
        let Some(line) = timeout(PATIENCE, self.lines.next()).await?? else { return Ok(()) };
        match read(&line, token) {
            Ok(Asked::Kill(flatten)) => timeout(LONGEST_STAY, self.kill(control, flatten)).await?,
            Ok(Asked::Weather(weather)) => {
                let answer = match control.change_weather(weather).await {
                    Ok(()) => Answer::Taken,
                    Err(why) => Answer::Refused(why),
                };
                self.say(&answer).await
            }
            Err(why) => {
                tracing::warn!("a control connection is refused: {why}");
                self.say(&Answer::Refused(why.to_owned())).await
            }
        }
    }

    async fn kill(&mut self, control: &Control, flatten: Flatten) -> io::Result<()> {
        let mut reports = control.kill.clone();
        let asked_at = control.clock.now();
        tracing::warn!("another process uses the kill switch: {flatten:?}");
        if let Err(why) = control.ask(Command::Kill { flatten }).await {
            return self.say(&Answer::Refused(why.to_string())).await;
        }
        self.say(&Answer::Taken).await?;
        let mut has_begun = false;
        loop {
            let report = reports.borrow_and_update().clone();
            match report.filter(|report| report.since >= asked_at) {
                Some(report) if report.flatten != flatten => {
                    let why = "the kill switch was used again meanwhile, with another choice".to_owned();
                    return self.say(&Answer::Over(why)).await;
                }
                Some(report) => {
                    has_begun = true;
                    self.say(&Answer::from(&*report)).await?;
                    if report.is_done() {
                        return Ok(());
                    }
                }
                None if has_begun => {
                    return self.say(&Answer::Over("the kill switch was released".to_owned())).await;
                }
                None => {}
            }
            tokio::select! {
                changed = reports.changed() => if changed.is_err() {
                    return self.say(&Answer::Over("the engine has ended".to_owned())).await;
                },
                // It has said all that it may say: it is gone, or talks on.
                _ = self.lines.next() => return Ok(()),
            }
        }
    }

    async fn say(&mut self, answer: &Answer) -> io::Result<()> {
        let mut line = serde_json::to_vec(answer)?;
        line.push(b'\n');
        timeout(PATIENCE, self.writer.write_all(&line)).await?
    }
}

/// What a client wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The kill switch.
    Kill(Flatten),
    /// A bad day for the programs that are connected, or a better one.
    Weather(Weather),
}

/// What a client wants, by the line that it says.
///
/// # Errors
/// What it is told, where nothing is done.
pub fn read(line: &[u8], token: &str) -> Result<Asked, &'static str> {
    let request: Request<serde_json::Value> =
        serde_json::from_slice(line).or(Err("this is no request to Pitdesk"))?;
    if !is_same_secret(&request.token, token) {
        return Err("the token is not the one of this program: it is in control.json");
    }
    if request.version != VERSION {
        return Err("another version of Pitdesk runs here: use its `pitdesk kill`");
    }
    let unknown = "that cannot be asked here";
    match serde_json::from_value(request.ask).or(Err(unknown))? {
        Ask::Kill(positions) => {
            let flatten = positions.flatten().ok_or("the band must be above 0 and below 100 per cent")?;
            Ok(Asked::Kill(flatten))
        }
        Ask::Weather(name) => Weather::parse(&name).map(Asked::Weather).or(Err("there is no such weather")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    #[test]
    fn nothing_is_looked_at_before_the_token() {
        let check = |line: &str, expected: Result<Asked, &str>| {
            let got = read(line.as_bytes(), "secret");
            match (&got, expected) {
                (Ok(asked), Ok(expected)) => assert_eq!(*asked, expected, "{line}"),
                (Err(why), Err(part)) => assert!(why.contains(part), "{line}: {why}"),
                _ => panic!("{line}: {got:?}"),
            }
        };
        check(r#"{"token":"secret","version":1,"ask":{"kill":"stay"}}"#, Ok(Asked::Kill(Flatten::No)));
        check(
            r#"{"token":"secret","version":1,"ask":{"kill":{"within":"1.5"}}}"#,
            Ok(Asked::Kill(Flatten::Within(Decimal::new(15, 1)))),
        );
        check(r#"{"token":"wrong","version":1,"ask":{"kill":"stay"}}"#, Err("token"));
        check(r#"{"token":"wrong","version":9,"ask":"x"}"#, Err("token"));
        check(r#"{"token":"secret","version":9,"ask":"x"}"#, Err("another version"));
        check(r#"{"token":"secret","version":1,"ask":{"weather":"cut"}}"#, Ok(Asked::Weather(Weather::Cut)));
        check(r#"{"token":"secret","version":1,"ask":{"weather":"hail"}}"#, Err("no such weather"));
        check(r#"{"token":"secret","version":1,"ask":{"place":1}}"#, Err("cannot be asked"));
        check(r#"{"token":"secret","version":1,"ask":{"kill":{"within":"100"}}}"#, Err("band"));
        check("GET / HTTP/1.1\r", Err("no request"));
        check("", Err("no request"));
    }
}
