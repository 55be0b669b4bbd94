//! `pitdesk kill`: the kill switch of the running program, from a second process.
//!
//! It says what the program does and what the brokers answered, as it comes, and how it ended:
//! 0 is flat and locked (or locked and nothing works), 1 that something is left, with the account
//! and the reason, 2 that no program runs with this profile.

use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{Instant, sleep, timeout_at};

use super::Address;
use super::wire::{Answer, Ask, LONGEST_ANSWER, Lines, Progress, Request, Stage, VERSION, is_band};
use crate::app::cli::Options;
use crate::app::parse_duration;
use crate::domain::{Decimal, Time};
use crate::link::Flatten;
use crate::store::engine_state;
use crate::store::profile::{Profile, ProfileError};

/// The exit code where no program runs.
const NOBODY: u8 = 2;
/// How long everything that is left must be stuck before that is told as the end. The program
/// goes on trying.
const SETTLED: Duration = Duration::from_secs(5);
/// How long the program may take to answer at all: only where all of it hangs does it not.
const ANSWER: Duration = Duration::from_secs(10);
/// Time between two tries to reach a program whose socket is crowded.
const PAUSE: Duration = Duration::from_millis(200);

/// Options of `kill`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Close positions too: at market, or with limit orders at most so many per cent worse than
    /// the market, such as --flatten=2%
    #[arg(
        long, value_name = "HOW", value_parser = parse_flatten,
        num_args = 0..=1, require_equals = true, default_missing_value = "market"
    )]
    pub flatten: Option<Flatten>,
    /// How long to wait for the end; the program goes on trying after that
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_duration)]
    pub wait: Duration,
    /// Where no program runs with this profile, lock new orders for when it is started
    #[arg(long)]
    pub next_start: bool,
}

/// How it ended.
enum End {
    Done,
    /// The accounts that are not at their end, and why.
    Left(Vec<String>),
    /// The program did nothing, or it is not known whether it did, and why.
    Failed(String),
    /// Nobody was there to ask, and why that is known.
    Unreached(String),
}

/// Uses the kill switch and follows it.
///
/// # Errors
/// In words for a person: a bad profile, or one that cannot be used.
pub(in crate::app) fn run(arguments: &Arguments, options: &Options) -> anyhow::Result<ExitCode> {
    let flatten = arguments.flatten.unwrap_or_default();
    let name = options.profile_name();
    let file = Profile::control_file_of(options.data_dir.as_deref(), &name)?;
    let end = match address(&file) {
        Ok(address) => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(ask(&address, flatten, arguments.wait))?
        }
        Err(why) => End::Unreached(why),
    };
    let mut out = io::stdout().lock();
    match end {
        End::Done => {
            let what = if flatten == Flatten::No { "Locked, nothing works." } else { "Flat and locked." };
            writeln!(out, "{what} Release the kill switch in the window to trade again.")?;
            Ok(ExitCode::SUCCESS)
        }
        End::Left(reasons) => {
            for reason in reasons {
                writeln!(out, "Not done: {reason}")?;
            }
            writeln!(out, "New orders are locked, and Pitdesk goes on trying: look at the broker itself.")?;
            Ok(ExitCode::FAILURE)
        }
        End::Failed(why) => {
            writeln!(out, "Not done: {why}. Look at the broker itself.")?;
            Ok(ExitCode::FAILURE)
        }
        End::Unreached(why) => unreached(&why, &name, &file, arguments, options),
    }
}

/// Where the program listens, if one has said so.
pub(super) fn address(file: &Path) -> Result<Address, String> {
    let text = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_slice(&text).map_err(|error| format!("{} is damaged: {error}", file.display()))
}

/// Nobody was reached: because none runs, or because it does not answer? The profile's lock knows.
fn unreached(
    why: &str,
    name: &str,
    file: &Path,
    arguments: &Arguments,
    options: &Options,
) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let nobody = format!("No Pitdesk runs with the profile '{name}'");
    if !file.parent().is_some_and(Path::is_dir) {
        writeln!(out, "{nobody}: nothing was ever traded with it here.")?;
        return Ok(ExitCode::from(NOBODY));
    }
    match Profile::open(options.data_dir.as_deref(), name) {
        Ok(profile) if arguments.next_start => {
            let damage = lock_next_start(&profile, arguments.flatten.unwrap_or_default())?;
            writeln!(out, "{nobody}: no order was cancelled, and what works at a broker works on.")?;
            writeln!(out, "At the next start orders are locked, and those that work are cancelled.")?;
            if arguments.flatten.is_some() {
                writeln!(
                    out,
                    "Positions are not closed by themselves then: they are named, use the switch again."
                )?;
            }
            damage.map_or(Ok(()), |problem| writeln!(out, "{problem}"))?;
            Ok(ExitCode::from(NOBODY))
        }
        Ok(_profile) => {
            writeln!(out, "{nobody}: no order was cancelled, and what works at a broker works on.")?;
            writeln!(out, "To lock orders for the next start: pitdesk kill --next-start")?;
            Ok(ExitCode::from(NOBODY))
        }
        Err(ProfileError::InUse { process, .. }) => {
            let process = process.map_or_else(|| "?".to_owned(), |id| id.to_string());
            writeln!(
                out,
                "Not done: Pitdesk runs with the profile '{name}' (process {process}) and cannot be reached \
                 ({why}). Look at the broker itself."
            )?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => Err(error.into()),
    }
}

/// Leaves the lock, and what is wanted with positions, for the next start; what is to be told of the file that holds it.
fn lock_next_start(profile: &Profile, flatten: Flatten) -> anyhow::Result<Option<String>> {
    let (mut state, damage) = engine_state::load(&profile.engine_file());
    state.killed = true;
    state.flatten = flatten;
    engine_state::save(&profile.engine_file(), &state)?;
    Ok(damage)
}

async fn ask(address: &Address, flatten: Flatten, wait: Duration) -> io::Result<End> {
    let deadline = Instant::now() + wait;
    let answer_by = deadline.min(Instant::now() + ANSWER);
    loop {
        let connecting = TcpStream::connect((Ipv4Addr::LOCALHOST, address.port));
        let stream = match timeout_at(answer_by, connecting).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Ok(End::Unreached(error.to_string())),
            Err(_elapsed) => return Ok(End::Unreached("it does not answer".to_owned())),
        };
        let mut conversation = Conversation::begin(stream);
        match timeout_at(answer_by, conversation.put(address, flatten)).await {
            Ok(Some(Answer::Taken)) => return conversation.follow(deadline).await,
            Ok(Some(Answer::Refused(why))) => return Ok(End::Failed(why)),
            Ok(Some(answer)) => {
                return Ok(End::Failed(format!("it answers what makes no sense: {answer:?}")));
            }
            // Crowded: there is room in a moment.
            Ok(None) if Instant::now() + PAUSE < answer_by => sleep(PAUSE).await,
            Ok(None) => return Ok(End::Unreached("it hangs up".to_owned())),
            Err(_elapsed) => {
                let why = "the program has been asked and does not answer: it may still do so";
                return Ok(End::Failed(why.to_owned()));
            }
        }
    }
}

/// A connection to the program.
struct Conversation {
    lines: Lines<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Conversation {
    fn begin(stream: TcpStream) -> Self {
        let (reader, writer) = stream.into_split();
        Self { lines: Lines::new(reader, LONGEST_ANSWER), writer }
    }

    /// Asks; the first answer, or `None` when there is none.
    async fn put(&mut self, address: &Address, flatten: Flatten) -> Option<Answer> {
        let ask = Ask::Kill(flatten.into());
        let request = Request { token: address.token.clone(), version: VERSION, ask };
        let mut line = serde_json::to_vec(&request).ok()?;
        line.push(b'\n');
        self.writer.write_all(&line).await.ok()?;
        self.next().await
    }

    /// The next answer; `None` when no more can be had.
    async fn next(&mut self) -> Option<Answer> {
        serde_json::from_slice(&self.lines.next().await.ok()??).ok()
    }

    /// Says what comes, until the end.
    async fn follow(mut self, deadline: Instant) -> io::Result<End> {
        let mut told = Told::default();
        let mut until = deadline;
        loop {
            let progress = match timeout_at(until, self.next()).await {
                Ok(Some(Answer::Progress(progress))) => progress,
                Ok(Some(Answer::Over(why) | Answer::Refused(why))) => return Ok(End::Failed(why)),
                // The first word comes once.
                Ok(Some(Answer::Taken)) => continue,
                Ok(None) => {
                    let why = "the program has ended before it was done; at its next start it is locked";
                    return Ok(End::Failed(why.to_owned()));
                }
                Err(_elapsed) => return Ok(End::Left(left(&told.accounts))),
            };
            told.say(&progress)?;
            if progress.iter().all(|account| account.stage == Stage::Done) {
                return Ok(End::Done);
            }
            let is_settled = !progress.iter().any(|account| matches!(account.stage, Stage::Going(_)));
            let is_news = told.accounts.iter().map(|a| &a.stage).ne(progress.iter().map(|a| &a.stage));
            until = match is_settled {
                true if is_news => deadline.min(Instant::now() + SETTLED),
                true => until,
                false => deadline,
            };
            told.accounts = progress;
        }
    }
}

/// What was said so far.
#[derive(Default)]
struct Told {
    accounts: Vec<Progress>,
}

impl Told {
    /// Says what is new of each account.
    fn say(&self, progress: &[Progress]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for (index, account) in progress.iter().enumerate() {
            let before = self.accounts.get(index).map_or(&[][..], |account| &account.evidence);
            for (_, text) in news(before, &account.evidence) {
                writeln!(out, "{}: {text}", account.name)?;
            }
        }
        out.flush()
    }
}

/// What has been added at the end of `before`, from the middle of which lines may be gone.
fn news<'a>(before: &[(Time, Arc<str>)], now: &'a [(Time, Arc<str>)]) -> &'a [(Time, Arc<str>)] {
    let known = before.last().and_then(|last| now.iter().rposition(|line| line == last));
    &now[known.map_or(0, |at| at + 1)..]
}

/// The accounts that are not at their end, and why.
fn left(accounts: &[Progress]) -> Vec<String> {
    if accounts.is_empty() {
        return vec!["the program has not said how far it is".to_owned()];
    }
    let reason = |account: &Progress| match &account.stage {
        Stage::Done => None,
        Stage::Going(what) => Some(format!("{}: not in time ({what})", account.name)),
        Stage::Stuck(why) => Some(format!("{}: {why}", account.name)),
    };
    accounts.iter().filter_map(reason).collect()
}

fn parse_flatten(text: &str) -> Result<Flatten, String> {
    let wrong = || "write market, or a band such as 2%".to_owned();
    if text == "market" {
        return Ok(Flatten::Market);
    }
    let percent: Decimal = text.strip_suffix('%').and_then(|number| number.parse().ok()).ok_or_else(wrong)?;
    if is_band(percent) { Ok(Flatten::Within(percent)) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_closed_as_asked() {
        assert_eq!(parse_flatten("market"), Ok(Flatten::Market));
        assert_eq!(parse_flatten("2.5%"), Ok(Flatten::Within(Decimal::new(25, 1))));
        for wrong in ["", "2", "0%", "-1%", "100%", "all", "%"] {
            assert!(parse_flatten(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn evidence_is_said_once() {
        let line = |at: i64, text: &str| (Time(at), Arc::<str>::from(text));
        let check = |before: &str, now: &str, expected: &str| {
            let lines = |texts: &str| -> Vec<_> {
                texts.chars().map(|text| line(i64::from(text > 'a'), &text.to_string())).collect()
            };
            assert_eq!(news(&lines(before), &lines(now)), lines(expected), "{before} {now}");
        };
        check("", "ab", "ab");
        check("ab", "abc", "c");
        check("abc", "ac", "");
        // Of another use of the switch nothing is known.
        check("b", "ac", "ac");
    }

    #[test]
    fn what_is_left_has_a_name_and_a_reason() {
        let account = |name: &str, stage| Progress { name: name.to_owned(), stage, evidence: Vec::new() };
        let accounts = [
            account("A", Stage::Done),
            account("B", Stage::Stuck("it is down".to_owned())),
            account("C", Stage::Going("Closing 1 position".to_owned())),
        ];
        assert_eq!(left(&accounts), ["B: it is down", "C: not in time (Closing 1 position)"]);
        assert_eq!(left(&[]).len(), 1);
    }
}
