//! `pitdesk ibkr-login`: keeps the login to Interactive Brokers in the system's keyring.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;

use anyhow::{Context as _, bail};
use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use super::credentials::{Place, check, leave_no_core_file};
use super::ini::Login;
use super::launching::clear_login;
use crate::app::cli::Options;
use crate::broker::ibkr::launch::Secret;
use crate::domain::Settings;
use crate::store::profile::{IBKR_PROFILE, Profile};
use crate::store::settings;

/// Options of `ibkr-login`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Forget the login instead
    #[arg(long)]
    pub forget: bool,
}

/// Asks for a login and keeps it, or forgets the one that is kept.
///
/// # Errors
/// In words for a person, with what to do.
pub(in crate::app) fn run(arguments: &Arguments, options: &Options) -> anyhow::Result<()> {
    let profile = options.profile.as_deref().unwrap_or(IBKR_PROFILE);
    leave_no_core_file().context("a crash would leave the password on a disk")?;
    // Where it is in use, its own login may lie there.
    if let Ok(unused) = Profile::open(options.data_dir.as_deref(), profile) {
        clear_login(&unused);
    }
    let Settings { account_kind, ibkr, .. } = settings_of(profile, options)?;
    let entry = ibkr.launch.entry(account_kind);
    let mut out = io::stdout();
    if arguments.forget {
        let place = Place::of_system(&ibkr.launch.keyring_service, entry).map_err(anyhow::Error::msg)?;
        let had = place.forget().map_err(anyhow::Error::msg)?;
        let what = if had { "Forgotten" } else { "There was none" };
        writeln!(out, "{what}: the login {} of the keyring, for the profile '{profile}'.", place.name)?;
        return Ok(());
    }
    // Asked first: where there is no keyring, nobody types a password for nothing.
    let place = Place::of_system(&ibkr.launch.keyring_service, entry).map_err(anyhow::Error::msg)?;
    let login = ask(entry)?;
    check(&login).map_err(|why| anyhow::anyhow!("{why}: nothing was kept"))?;
    place.keep(&login).map_err(anyhow::Error::msg)?;
    writeln!(out, "Kept in the keyring as {}, for the profile '{profile}'.", place.name)?;
    Ok(())
}

/// The settings of a profile that may be in use.
fn settings_of(profile: &str, options: &Options) -> anyhow::Result<Settings> {
    let path = Profile::settings_file_of(options.data_dir.as_deref(), profile)?;
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Settings::default()),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", path.display())),
    };
    match settings::parse(&bytes) {
        Ok((settings, _problems)) => Ok(settings),
        Err(_) => bail!("{} cannot be read: start Pitdesk with that profile, it says why", path.display()),
    }
}

/// Asks in the terminal; without one, the first two lines are the name and the password.
fn ask(entry: &str) -> anyhow::Result<Login> {
    let stdin = io::stdin();
    if !stdin.is_terminal() {
        let (name, password) = (line()?, line()?);
        return Ok(Login { name, password });
    }
    let mut out = io::stdout();
    write!(out, "Name at Interactive Brokers ({entry}): ")?;
    out.flush()?;
    let name = line()?;
    write!(out, "Password (not shown): ")?;
    out.flush()?;
    let password = {
        let _quiet = Quiet::begin()?;
        line()
    };
    writeln!(out)?;
    Ok(Login { name, password: password? })
}

fn line() -> anyhow::Result<Secret> {
    let mut text = String::new();
    let length = io::stdin().lock().read_line(&mut text)?;
    anyhow::ensure!(
        length > 0,
        "the input ended before the name and the password, a line each: nothing was kept"
    );
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(Secret::new(text))
}

/// A terminal that shows nothing of what is typed, until this is dropped.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> anyhow::Result<Self> {
        let stdin = io::stdin();
        let before = tcgetattr(stdin.as_fd()).context("the terminal cannot be told to hide the password")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin.as_fd(), OptionalActions::Flush, &quiet)
            .context("the terminal cannot be told to hide the password")?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.0).ok();
    }
}
