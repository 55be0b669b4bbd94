//! Wiring: arguments, profile, start-up, window, shutdown. No logic of trading.
//!
//! [`run`] is the whole program; `main.rs` only gives it the arguments. Start reading
//! here: `window` shows how the two worlds are put together, [`rehearsal`] how the
//! same parts run in one thread on a virtual clock.

pub mod cli;
pub mod control;
pub mod exchange;
mod export;
mod gateway;
pub mod ibkr;
mod import;
pub mod journal;
pub mod logging;
pub mod market;
pub mod notify;
mod recording;
pub mod rehearsal;
mod running;
mod serve;
mod shot;
mod signals;
mod socket;
pub mod sound;
mod window;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use cli::{Arguments, JournalTask, Task};

use crate::domain::settings::Settings;
use crate::domain::{AlertBook, DrawingBook};
use crate::store::files::{self, Loaded, Refusal};
use crate::store::profile::Profile;
use crate::store::{alerts, drawings, engine_state, settings};
use crate::ui::workspace::{BadWorkspace, Shelf};

/// Runs what the arguments ask for.
///
/// # Errors
/// In words for a person, with what to do.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { task, options } = arguments;
    match task {
        None => window::run(&options),
        Some(Task::Shot(shot)) => shot::run(&shot, &options).map(|()| ExitCode::SUCCESS),
        Some(Task::Import(import)) => import::run(&import, &options).map(|()| ExitCode::SUCCESS),
        Some(Task::Exchange(exchange)) => exchange::run(&exchange, &options).map(|()| ExitCode::SUCCESS),
        Some(Task::Serve(serve)) => serve::run(&serve, &options).map(|()| ExitCode::SUCCESS),
        Some(Task::Kill(kill)) => control::kill::run(&kill, &options),
        Some(Task::Weather(weather)) => control::weather::run(&weather, &options),
        Some(Task::IbkrLogin(login)) => ibkr::login::run(&login, &options).map(|()| ExitCode::SUCCESS),
        Some(Task::IbkrKeeper(keeper)) => ibkr::keeper::run(&keeper),
        Some(Task::Bars(bars)) => import::print_bars(&bars, &options).map(|()| ExitCode::SUCCESS),
        Some(Task::Journal(JournalTask::Export(task))) => {
            export::run(&task, &options).map(|()| ExitCode::SUCCESS)
        }
    }
}

/// What a profile says at the start, and what is worth telling about it.
struct Opened {
    profile: Arc<Profile>,
    settings: Settings,
    engine: engine_state::EngineState,
    alerts: AlertBook,
    drawings: DrawingBook,
    workspace: Option<String>,
    problems: Vec<String>,
}

fn open_profile(options: &cli::Options) -> anyhow::Result<Opened> {
    let profile = Profile::open(options.data_dir.as_deref(), &options.profile_name())?;
    ibkr::clear_login(&profile);
    let (settings, wrong) = settings::load(&profile.settings_file());
    let mut problems: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let (engine, damage) = engine_state::load(&profile.engine_file());
    problems.extend(damage);
    let (alerts, damage) = alerts::load(&profile.alerts_file());
    problems.extend(damage);
    let (drawings, damage) = drawings::load(&profile.drawings_file());
    problems.extend(damage);
    let known = problems.len();
    let workspace = read_workspaces(&profile.workspace_file(), &mut problems);
    // Whoever has lost a layout knows the desk.
    let is_new = workspace.is_none() && problems.len() == known;
    let workspace = workspace.or_else(|| is_new.then(Shelf::of_new_profile));
    Ok(Opened { profile: Arc::new(profile), settings, engine, alerts, drawings, workspace, problems })
}

/// The workspaces of the last run. Those that can be used are copied beside the file, and shown where it cannot
/// be used at a later start.
fn read_workspaces(path: &Path, problems: &mut Vec<String>) -> Option<String> {
    let check = |text: &str| match Shelf::parse(text) {
        Ok(_) => Ok(()),
        Err(BadWorkspace::Newer { found, newest }) => Err(Refusal::Newer { found, newest }),
        Err(error) => Err(Refusal::Damaged(error.to_string())),
    };
    let before = path.with_extension("json.before");
    let known = problems.len();
    if let Some(text) = read_whole(path, "layout", problems, check) {
        if fs::read(&before).ok().as_deref() != Some(text.as_bytes())
            && let Err(error) = files::write(&before, text.as_bytes())
        {
            problems.push(format!("No copy of the layout could be made: {error}"));
        }
        return Some(text);
    }
    // On the first start there is none; and one that was there and is gone was taken away on purpose.
    if problems.len() == known {
        return None;
    }
    // It is kept aside as well where it cannot be used: the next good start would write over it.
    let text = read_whole(&before, "layout of the start before", problems, check)?;
    problems.push("The layout of the start before is shown instead of a new one".to_owned());
    Some(text)
}

/// A file's text, if `check` accepts it. What cannot be used is kept aside, never written
/// over, and said in `problems`.
fn read_whole(
    path: &Path,
    what: &str,
    problems: &mut Vec<String>,
    check: impl FnOnce(&str) -> Result<(), Refusal>,
) -> Option<String> {
    let loaded = files::load_with(path, |bytes| {
        let text = std::str::from_utf8(bytes).map_err(|error| Refusal::Damaged(error.to_string()))?;
        check(text).map(|()| text.to_owned())
    });
    match loaded {
        Loaded::Value(text) => Some(text),
        Loaded::Missing => None,
        Loaded::Damaged { kept_as, why } => {
            problems.push(format!(
                "The saved {what} cannot be used ({why}); a new one begins, the old is kept as {}",
                kept_as.display()
            ));
            None
        }
    }
}

/// A duration as people write it: `10s`, `500ms`, `2m`, or plain seconds.
fn parse_duration(text: &str) -> anyhow::Result<std::time::Duration> {
    let number_ends = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(number_ends);
    let number: f64 =
        number.parse().with_context(|| format!("'{text}' is no duration: write 10s or 500ms"))?;
    let seconds = match unit.trim() {
        "ms" => number / 1_000.0,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        other => anyhow::bail!("'{other}' is no unit of time: use ms, s or m"),
    };
    anyhow::ensure!(seconds <= 86_400.0, "{text} is too long: at most a day");
    Ok(std::time::Duration::from_secs_f64(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn where_no_layout_can_be_read_a_new_one_begins_and_nothing_is_thrown_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("workspace.json");
        fs::write(&path, "{\"version\":3,").unwrap();
        fs::write(path.with_extension("json.before"), [0xff, 0]).unwrap();
        let mut problems = Vec::new();
        assert_eq!(read_workspaces(&path, &mut problems), None);
        assert!(problems.iter().all(|problem| problem.contains("kept as")), "{problems:?}");
        let kept = fs::read_dir(&folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        let mut kept: Vec<Vec<u8>> = kept.collect();
        kept.sort();
        assert_eq!(kept, [b"{\"version\":3,".to_vec(), vec![0xff, 0]], "both, aside");
        assert!(!path.exists());
    }

    #[test]
    fn durations_read_as_people_write_them() {
        assert_eq!(parse_duration("10s").unwrap(), Duration::from_secs(10));
        assert_eq!(parse_duration("500ms").unwrap(), Duration::from_millis(500));
        assert_eq!(parse_duration("2.5").unwrap(), Duration::from_millis(2_500));
        assert!(parse_duration("soon").is_err());
        assert!(parse_duration("5 h").is_err());
    }
}
