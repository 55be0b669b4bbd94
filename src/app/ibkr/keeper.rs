//! The keeper: a process of ours that starts IB Gateway, and stops all of it when it is asked to or when
//! whoever started the keeper is gone.
//!
//! A program cannot see to its own end: killed, it leaves what it has started behind. So a second process
//! holds one end of a pipe whose other end is ours. When that closes, for whatever reason, the keeper asks
//! the program to stop (IBC's command server, or SIGTERM to its group), waits, and ends the group. It also
//! takes away the file with the credentials, and holds a lock until nothing is left, so that a next start
//! waits for it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use clap::Args;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::unix::pipe;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::app::parse_duration;
use crate::app::signals::Signals;

/// How often it is looked whether anything of the group is left.
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
    /// Where IBC takes commands
    #[arg(long)]
    pub command_port: Option<u16>,
    /// How long each way to stop the program may take
    #[arg(long, value_parser = parse_duration, default_value = "10s")]
    pub patience: Duration,
    /// The program, with its arguments
    #[arg(last = true, required = true)]
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

#[expect(clippy::print_stderr, reason = "it goes into the log of whoever started the keeper")]
async fn keep(arguments: &Arguments) -> ExitCode {
    // Held until the process ends.
    let lock = arguments.lock.as_deref().map(lock);
    if let Some(Err(error)) = &lock {
        eprintln!("the keeper has no lock: {error}");
    }
    let Some((program, rest)) = arguments.program.split_first() else { return ExitCode::FAILURE };
    let mut starting = Command::new(program);
    starting.args(rest).stdin(Stdio::null()).process_group(0);
    let mut signals = match Signals::take_over() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("signals cannot be watched: {error}");
            return ExitCode::FAILURE;
        }
    };
    let command_port = free(arguments.command_port).await;
    let mut child = match starting.spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            take_away(arguments.ini.as_deref());
            return ExitCode::from(NO_PROGRAM);
        }
    };
    let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    let by_itself = tokio::select! {
        status = child.wait() => Some(status),
        () = let_go() => None,
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
    take_away(arguments.ini.as_deref());
    drop(lock);
    code.map_or(ExitCode::FAILURE, exit_code)
}

/// The port for commands, unless another program listens there before ours is started: that one must not be told
/// to stop, for it may be the trader's own.
#[expect(clippy::print_stderr, reason = "it goes into the log of whoever started the keeper")]
async fn free(port: Option<u16>) -> Option<u16> {
    let asked = TcpStream::connect((Ipv4Addr::LOCALHOST, port?));
    if !matches!(timeout(COMMAND_LIMIT, asked).await, Ok(Ok(_))) {
        return port;
    }
    eprintln!("another program takes commands at port {}: IB Gateway is stopped by a signal", port?);
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

fn take_away(ini: Option<&Path>) {
    if let Some(ini) = ini {
        fs::remove_file(ini).ok();
    }
}

fn lock(path: &Path) -> io::Result<fs::File> {
    let file = fs::OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
    file.try_lock()?;
    Ok(file)
}

fn exit_code(status: ExitStatus) -> ExitCode {
    let by_signal = status.signal().map(|signal| BY_SIGNAL + signal);
    let code = status.code().or(by_signal).and_then(|code| u8::try_from(code).ok());
    code.map_or(ExitCode::FAILURE, ExitCode::from)
}
