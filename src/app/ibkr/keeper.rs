//! The keeper: a process of ours that starts IB Gateway, and stops all of it when it is asked to or when
//! whoever started the keeper is gone.
//!
//! A program cannot see to its own end: killed, it leaves what it has started behind. So a second process
//! holds one end of a pipe whose other end is ours. When that closes, for whatever reason, the keeper asks
//! the program to stop (IBC's command server, or SIGTERM to its group), waits, and ends the group. It also
//! takes away the file with the credentials.
//!
//! A keeper can be killed as well. So it holds a lock until nothing is left, which the next one waits for, and
//! under that lock it first ends whatever still carries the mark of one before: there are never two programs.
//! A keeper without a program does only that.

use std::ffi::OsString;
use std::fs::{self, TryLockError};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::credentials::leave_no_core_file;
use super::ini;
use super::left::Mark;
use crate::app::parse_duration;
use crate::app::signals::Signals;
use crate::broker::ibkr::launch::{EARLIER_LIVES, ENDED_EARLIER};

/// How often it is looked whether anything of the group is left, or the lock free.
const LOOK: Duration = Duration::from_millis(50);
/// How long IBC may take to take a command.
const COMMAND_LIMIT: Duration = Duration::from_secs(1);
/// How long the system may take to end what was killed.
const KILL_LIMIT: Duration = Duration::from_secs(2);
/// The exit code of a program that cannot be run, as a shell has it.
const NO_PROGRAM: u8 = 127;
/// What a shell adds to the number of a signal.
const BY_SIGNAL: i32 = 128;

/// What the keeper is told.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Taken away at the end
    #[arg(long)]
    pub ini: Option<PathBuf>,
    /// Locked until nothing is left
    #[arg(long)]
    pub lock: Option<PathBuf>,
    /// How long another keeper may hold the lock
    #[arg(long, value_parser = parse_duration, default_value = "30s")]
    pub lock_within: Duration,
    /// Where IBC takes commands
    #[arg(long)]
    pub command_port: Option<u16>,
    /// How long each way to stop the program may take
    #[arg(long, value_parser = parse_duration, default_value = "10s")]
    pub patience: Duration,
    /// The program, with its arguments; without one, only what is left of an earlier one is ended
    #[arg(last = true)]
    pub program: Vec<OsString>,
}

/// Starts the program and stays until nothing of it is left; ends as it did.
///
/// # Errors
/// When the system gives no runtime.
pub(in crate::app) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let code = runtime.block_on(keep(arguments));
    runtime.shutdown_background();
    Ok(code)
}

async fn keep(arguments: &Arguments) -> ExitCode {
    if let Err(error) = leave_no_core_file() {
        say(&format!("a crash may leave a core file: {error}"));
    }
    let mut signals = match Signals::take_over() {
        Ok(signals) => signals,
        Err(error) => {
            say(&format!("signals cannot be watched: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let Some((program, rest)) = arguments.program.split_first() else { return inherit(arguments).await };
    let mut let_go = pin!(let_go());
    let held = tokio::select! {
        held = hold(arguments) => held,
        () = &mut let_go => Err("it is no longer wanted".to_owned()),
        _ = signals.next() => Err("it is no longer wanted".to_owned()),
    };
    // Locked until the process ends.
    let (lock, mark) = match held {
        Ok(Held { lock, mark, .. }) => (lock, mark),
        Err(why) => {
            ini::remove_at(arguments.ini.as_deref());
            say(&why);
            return ExitCode::from(EARLIER_LIVES);
        }
    };
    let mut starting = Command::new(program);
    starting.args(rest).stdin(Stdio::null()).process_group(0);
    if let Some(mark) = &mark {
        mark.put_on(&mut starting);
    }
    let command_port = free(arguments.command_port).await;
    let mut child = match starting.spawn() {
        Ok(child) => child,
        Err(error) => {
            ini::remove_at(arguments.ini.as_deref());
            say(&format!("{}: {error}", program.display()));
            return ExitCode::from(NO_PROGRAM);
        }
    };
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let by_itself = tokio::select! {
        status = child.wait() => Some(status),
        () = let_go => None,
        _ = signals.next() => None,
    };
    let code = match (by_itself, group) {
        // What it has left behind must not stand in the way of its next start.
        (Some(status), Some(group)) => {
            stop(group, None, arguments.patience, &mut child).await;
            status
        }
        (None, Some(group)) => {
            stop(group, command_port, arguments.patience, &mut child).await;
            child.wait().await
        }
        (Some(status), None) => status,
        (None, None) => child.wait().await,
    };
    ini::remove_at(arguments.ini.as_deref());
    // What has left its group belongs to it as well.
    if let Some(mark) = &mark
        && let Err(left) = mark.end_all(arguments.patience.min(KILL_LIMIT), KILL_LIMIT).await
    {
        say(&cannot_be_ended(&left));
    }
    drop(lock);
    code.map_or(ExitCode::FAILURE, exit_code)
}

/// Ends what a keeper before has left, and says by the exit code whether there was anything. Whoever has
/// asked for it may be gone: it is done all the same.
async fn inherit(arguments: &Arguments) -> ExitCode {
    ini::remove_at(arguments.ini.as_deref());
    match hold(arguments).await {
        Ok(Held { ended: 0, .. }) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(ENDED_EARLIER),
        Err(why) => {
            say(&why);
            ExitCode::from(EARLIER_LIVES)
        }
    }
}

/// The place of the only keeper.
#[derive(Default)]
struct Held {
    /// Held with it, also after a crash.
    lock: Option<fs::File>,
    mark: Option<Mark>,
    /// How many processes of one before were ended.
    ended: usize,
}

/// Takes the place of the only keeper, with nothing left of one before.
///
/// # Errors
/// When another holds it or something is left, in words for the log.
async fn hold(arguments: &Arguments) -> Result<Held, String> {
    let Some(path) = &arguments.lock else { return Ok(Held::default()) };
    let lock = match timeout(arguments.lock_within, lock(path)).await {
        Ok(Ok(lock)) => Some(lock),
        // Where the system knows no locks, the mark still keeps a second one away.
        Ok(Err(error)) => {
            say(&format!("the keeper has no lock: {error}"));
            None
        }
        Err(_elapsed) => {
            return Err(format!("an earlier IB Gateway is still being stopped: {}", path.display()));
        }
    };
    let mark = Mark::of(path);
    let ended = mark.end_all(arguments.patience, KILL_LIMIT).await.map_err(|left| cannot_be_ended(&left))?;
    if ended > 0 {
        say(&format!("processes of an earlier IB Gateway that were ended: {ended}"));
    }
    Ok(Held { lock, mark: Some(mark), ended })
}

fn cannot_be_ended(left: &[Pid]) -> String {
    let numbers: Vec<String> = left.iter().map(|process| process.as_raw_nonzero().to_string()).collect();
    format!("processes of an earlier IB Gateway that cannot be ended: {}", numbers.join(", "))
}

/// Into the log of whoever started the keeper. They may be gone, which must not keep it from its work.
fn say(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}

/// The port for commands, unless another program listens there before ours is started: that one must not be told
/// to stop, for it may be the trader's own.
async fn free(port: Option<u16>) -> Option<u16> {
    let asked = TcpStream::connect((Ipv4Addr::LOCALHOST, port?));
    if !matches!(timeout(COMMAND_LIMIT, asked).await, Ok(Ok(_))) {
        return port;
    }
    say(&format!("another program takes commands at port {}: IB Gateway is stopped by a signal", port?));
    None
}

/// The pipe from whoever started us has closed.
async fn let_go() {
    let pipe = io::stdin().as_fd().try_clone_to_owned().and_then(pipe::Receiver::from_owned_fd);
    if let Ok(mut pipe) = pipe {
        let mut bytes = [0; 64];
        while pipe.read(&mut bytes).await.is_ok_and(|length| length > 0) {}
    }
}

/// Stops whatever is in the group, politely first.
async fn stop(group: Pid, command_port: Option<u16>, patience: Duration, child: &mut Child) {
    if is_gone(group, child) {
        return;
    }
    if let Some(port) = command_port
        && timeout(COMMAND_LIMIT, say_stop(port)).await.is_ok_and(|said| said.is_ok())
        && gone_within(group, child, patience).await
    {
        return;
    }
    for (signal, limit) in [(Signal::TERM, patience), (Signal::KILL, KILL_LIMIT)] {
        // It fails where nothing is left.
        kill_process_group(group, signal).ok();
        if gone_within(group, child, limit).await {
            return;
        }
    }
}

/// What IBC's command server takes, one command a line.
async fn say_stop(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    stream.write_all(b"STOP\n").await?;
    stream.shutdown().await
}

async fn gone_within(group: Pid, child: &mut Child, limit: Duration) -> bool {
    let gone = async {
        while !is_gone(group, child) {
            sleep(LOOK).await;
        }
    };
    timeout(limit, gone).await.is_ok()
}

/// Whether nothing of the group is left. What has ended belongs to it until somebody has asked how.
fn is_gone(group: Pid, child: &mut Child) -> bool {
    child.try_wait().ok();
    test_kill_process_group(group).is_err()
}

/// Waits for the lock as long as another holds it.
async fn lock(path: &Path) -> io::Result<fs::File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(LOOK).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let by_signal = status.signal().map(|signal| BY_SIGNAL + signal);
    let code = status.code().or(by_signal).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
