//! Profiles: where everything lives, and that only one program uses it.
//!
//! A profile is a name (`paper` unless said otherwise) with its own settings, workspace,
//! account state, imported data and logs. They live in the folders that the desktop
//! provides for configuration, data and state, or all of them below one `--data-dir`.
//! Whoever has a [`Profile`] holds its lock: two programs on one account state would
//! each overwrite what the other knows about the money.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::files;

/// The profile of a first start.
pub const DEFAULT_PROFILE: &str = "paper";
const JOURNAL: &str = "journal.sqlite";
const CONTROL: &str = "control.json";
const SETTINGS: &str = "settings.toml";
/// The profile that trades at Interactive Brokers, unless settings say otherwise.
pub const IBKR_PROFILE: &str = "ibkr";
/// The profile of programs that trade with an exchange in a process of its own.
pub const EXCHANGE_PROFILE: &str = "exchange";
const EXCHANGE_TOKEN: &str = "exchange-token";

/// An open profile. Its lock is released when it is dropped.
#[derive(Debug)]
pub struct Profile {
    name: String,
    config: PathBuf,
    data: PathBuf,
    state: PathBuf,
    /// Held, never read: the system releases the lock with it, after a crash too.
    _lock: File,
}

/// A profile that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// The name would not make a folder on every system.
    #[error("'{0}' is no profile name: use 1 to 40 letters, digits, '-' or '_'")]
    BadName(String),
    /// No home folder.
    #[error("no home folder was found to keep data in: say where with --data-dir")]
    NoHome,
    /// A folder could not be made or written to.
    #[error("cannot use the folder {}: {source}. {}", path.display(), files::advice(source))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another program has it.
    #[error(
        "Pitdesk is already running with the profile '{name}'{}: use that window, close it, or choose another \
         --profile",
        process.map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    InUse {
        /// The profile.
        name: String,
        /// Who has it, where that could be read.
        process: Option<u32>,
    },
}

impl Profile {
    /// Opens the profile `name`, making its folders where they are missing.
    ///
    /// With `data_dir`, everything is below `data_dir/name`; without, in the folders of
    /// the desktop.
    ///
    /// # Errors
    /// When the name is unfit, a folder cannot be made or written, or another program
    /// has the profile open.
    pub fn open(data_dir: Option<&Path>, name: &str) -> Result<Self, ProfileError> {
        let (config, data, state) = folders(data_dir, name)?;
        for folder in [&config, &data, &state, &data.join("bars"), &state.join("logs")] {
            make_private(folder).map_err(|source| ProfileError::Folder { path: folder.clone(), source })?;
        }
        let lock = lock(&data, name)?;
        for folder in [&config, &data, &state, &data.join("bars")] {
            files::sweep(folder);
        }
        Ok(Self { name: name.to_owned(), config, data, state, _lock: lock })
    }

    /// The name it was opened by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The trader's choices, see [`super::settings`].
    #[must_use]
    pub fn settings_file(&self) -> PathBuf {
        self.config.join(SETTINGS)
    }

    /// The same of a profile that may be in use, to look at.
    ///
    /// # Errors
    /// When the name is unfit, or there is no home folder.
    pub fn settings_file_of(data_dir: Option<&Path>, name: &str) -> Result<PathBuf, ProfileError> {
        let (config, _, _) = folders(data_dir, name)?;
        Ok(config.join(SETTINGS))
    }

    /// The arrangement of panes.
    #[must_use]
    pub fn workspace_file(&self) -> PathBuf {
        self.config.join("workspace.json")
    }

    /// What the broker of that key has confirmed, step by step; only the broker can read it.
    #[must_use]
    pub fn account_log(&self, broker: &str) -> PathBuf {
        self.data.join(format!("account-{}.log", file_stem(broker)))
    }

    /// Where earlier versions kept the same, as a whole.
    #[must_use]
    pub fn account_file(&self, broker: &str) -> PathBuf {
        self.data.join(format!("account-{}.json", file_stem(broker)))
    }

    /// The engine's own state, see [`super::engine_state`].
    #[must_use]
    pub fn engine_file(&self) -> PathBuf {
        self.data.join("engine.json")
    }

    /// Alerts and what they have told, see [`super::alerts`].
    #[must_use]
    pub fn alerts_file(&self) -> PathBuf {
        self.data.join("alerts.json")
    }

    /// What is drawn on charts, see [`super::drawings`].
    #[must_use]
    pub fn drawings_file(&self) -> PathBuf {
        self.data.join("drawings.json")
    }

    /// What accounts were worth over time, see [`super::equity`].
    #[must_use]
    pub fn equity_folder(&self) -> PathBuf {
        self.data.join("equity")
    }

    /// Pictures of charts, see [`super::pictures`].
    #[must_use]
    pub fn pictures_folder(&self) -> PathBuf {
        self.data.join("pictures")
    }

    /// Where what alerts sound like is laid out for the programs that play it.
    #[must_use]
    pub fn sound_file(&self) -> PathBuf {
        self.state.join("alert.wav")
    }

    /// What a broker has told of the instruments that are listed.
    #[must_use]
    pub fn contracts_file(&self) -> PathBuf {
        self.data.join("contracts.json")
    }

    /// What belongs to a program of the broker's that this one has started.
    #[must_use]
    pub fn launch_folder(&self) -> PathBuf {
        self.data.join("launch")
    }

    /// The record of all orders, see [`super::journal`].
    #[must_use]
    pub fn journal_file(&self) -> PathBuf {
        self.data.join(JOURNAL)
    }

    /// The journal of a profile that may be in use, to look at.
    ///
    /// # Errors
    /// When the name is unfit, or there is no home folder.
    pub fn journal_of(data_dir: Option<&Path>, name: &str) -> Result<PathBuf, ProfileError> {
        let (_, data, _) = folders(data_dir, name)?;
        Ok(data.join(JOURNAL))
    }

    /// Where a second process finds the running program and the secret that it asks for.
    #[must_use]
    pub fn control_file(&self) -> PathBuf {
        self.data.join(CONTROL)
    }

    /// The same of a profile that may be in use, or of none.
    ///
    /// # Errors
    /// When the name is unfit, or there is no home folder.
    pub fn control_file_of(data_dir: Option<&Path>, name: &str) -> Result<PathBuf, ProfileError> {
        let (_, data, _) = folders(data_dir, name)?;
        Ok(data.join(CONTROL))
    }

    /// Imported market data, see [`super::bars`].
    #[must_use]
    pub fn bars_folder(&self) -> PathBuf {
        self.data.join("bars")
    }

    /// Logs.
    #[must_use]
    pub fn logs_folder(&self) -> PathBuf {
        self.state.join("logs")
    }
}

/// Where an exchange of its own process keeps its secret and programs find it, unless told
/// otherwise. The folder is made where it is missing.
///
/// # Errors
/// When there is no home folder, or the folder cannot be made.
pub fn exchange_token_file(data_dir: Option<&Path>) -> Result<PathBuf, ProfileError> {
    let (_, data, _) = folders(data_dir, EXCHANGE_PROFILE)?;
    make_private(&data).map_err(|source| ProfileError::Folder { path: data.clone(), source })?;
    Ok(data.join(EXCHANGE_TOKEN))
}

fn check_name(name: &str) -> Result<(), ProfileError> {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if (1..=40).contains(&name.len()) && name.bytes().all(fits) {
        Ok(())
    } else {
        Err(ProfileError::BadName(name.to_owned()))
    }
}

/// The folders of configuration, data and state.
fn folders(data_dir: Option<&Path>, name: &str) -> Result<(PathBuf, PathBuf, PathBuf), ProfileError> {
    check_name(name)?;
    match data_dir {
        Some(dir) => {
            let all = dir.join(name);
            Ok((all.clone(), all.clone(), all))
        }
        None => desktop_folders(name),
    }
}

fn desktop_folders(name: &str) -> Result<(PathBuf, PathBuf, PathBuf), ProfileError> {
    let dirs = directories::ProjectDirs::from("", "", "pitdesk").ok_or(ProfileError::NoHome)?;
    let state = dirs.state_dir().unwrap_or_else(|| dirs.data_local_dir());
    Ok((dirs.config_dir().join(name), dirs.data_dir().join(name), state.join(name)))
}

pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The system's advisory lock, not the file's existence: it cannot outlive its holder.
fn lock(data: &Path, name: &str) -> Result<File, ProfileError> {
    let path = data.join("lock");
    let failed = |source| ProfileError::Folder { path: data.to_owned(), source };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Some systems do not let others read a locked file; then the id stays unknown.
            file.read_to_string(&mut text).ok();
            return Err(ProfileError::InUse { name: name.to_owned(), process: text.trim().parse().ok() });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    let mut note = || -> io::Result<()> {
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())
    };
    // It only names us to others: a full disk is no reason not to begin.
    if let Err(error) = note() {
        tracing::warn!("{} does not say who has the profile: {error}", path.display());
    }
    Ok(file)
}

/// A file name for any text: what may not be portable becomes `_`, and a checksum keeps
/// apart what would then, or on a file system that ignores case, be the same.
pub(super) fn file_stem(text: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=40).contains(&text.len()) && text.chars().all(plain) {
        return text.to_owned();
    }
    let kept = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    let readable: String = text.chars().take(40).map(kept).collect();
    format!("{readable}-{:08x}", crc32fast::hash(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_below_the_data_dir() {
        let dir = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(dir.path()), DEFAULT_PROFILE).unwrap();
        let home = dir.path().join("paper");
        let files = [
            (profile.settings_file(), "settings.toml"),
            (profile.workspace_file(), "workspace.json"),
            (profile.account_log("ibkr"), "account-ibkr.log"),
            (profile.account_file("ibkr"), "account-ibkr.json"),
            (exchange_token_file(Some(&home.join(".."))).unwrap(), "../exchange/exchange-token"),
            (profile.engine_file(), "engine.json"),
            (profile.bars_folder(), "bars"),
            (profile.logs_folder(), "logs"),
        ];
        for (path, name) in files {
            assert_eq!(path, home.join(name));
        }
        assert!(profile.bars_folder().is_dir() && profile.logs_folder().is_dir());
    }

    #[test]
    fn a_second_program_is_told_who_has_the_profile() {
        let dir = tempfile::tempdir().unwrap();
        let first = Profile::open(Some(dir.path()), "paper").unwrap();
        let refused = Profile::open(Some(dir.path()), "paper").unwrap_err();
        let own = std::process::id();
        assert!(matches!(&refused, ProfileError::InUse { process: Some(id), .. } if *id == own));
        assert!(refused.to_string().contains(&format!("profile 'paper' (process {own})")));
        Profile::open(Some(dir.path()), "other").unwrap();
        drop(first);
        Profile::open(Some(dir.path()), "paper").unwrap();
    }

    #[test]
    fn names_that_leave_the_folder_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["", "..", "a/b", "a\\b", "ä", "c:", "a b", &"x".repeat(41)] {
            let refused = Profile::open(Some(dir.path()), name);
            assert!(matches!(refused, Err(ProfileError::BadName(_))), "{name}");
        }
    }

    #[test]
    fn opening_sweeps_what_a_crash_left() {
        let dir = tempfile::tempdir().unwrap();
        drop(Profile::open(Some(dir.path()), "paper").unwrap());
        let left = dir.path().join("paper/.engine.json.77-0.tmp");
        fs::write(&left, "half").unwrap();
        let profile = Profile::open(Some(dir.path()), "paper").unwrap();
        assert!(!left.exists());
        drop(profile);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let text = Profile::open(Some(&file), "paper").unwrap_err().to_string();
        assert!(text.contains("file/paper") && text.contains("is in the way"), "{text}");
    }

    #[test]
    fn file_names_of_different_keys_differ() {
        let keys =
            ["AAPL@NASDAQ", "aapl@nasdaq", "AAPL_NASDAQ", "BTC/JPY", "BTC_JPY", "..", "", "con.", "삼성"];
        let mut stems: Vec<String> = keys.iter().map(|k| file_stem(k).to_lowercase()).collect();
        assert!(stems.iter().all(|s| s.is_ascii() && !s.contains(['/', '\\', '.', ':'])), "{stems:?}");
        stems.sort();
        stems.dedup();
        assert_eq!(stems.len(), keys.len());
    }
}
