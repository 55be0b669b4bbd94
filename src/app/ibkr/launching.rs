//! The launch of IB Gateway as the settings of a profile have it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use directories::BaseDirs;

use super::credentials::{self, Place, leave_no_core_file};
use super::ini::{self, Ini, Login, login_of, to_mask};
use crate::broker::ibkr::launch::{self, Hands, Launch, Launched, Masks, Notes, Rules, Secret};
use crate::domain::AccountKind;
use crate::domain::settings::{IbkrSettings, LaunchSettings, LoginBy};
use crate::engine::supervisor;
use crate::link::Clock;
use crate::store::profile::Profile;

/// Where its settings stand.
const SETTINGS: &str = "ibkr.launch";
/// What is replaced in an argument.
const INI: &str = "{ini}";
const MODE: &str = "{mode}";
/// Credentials that the program must not find in its environment: of ours, and those that IBC's scripts
/// put on a command line.
const HIDDEN: [&str; 6] = [
    credentials::NAME_VARIABLE,
    credentials::PASSWORD_VARIABLE,
    "TWSUSERID",
    "TWSPASSWORD",
    "FIXUSERID",
    "FIXPASSWORD",
];
/// The settings of IBC for one start.
const INI_FILE: &str = "ibc.ini";
/// What a folder allows anybody but its owner.
const OTHERS: u32 = 0o077;

/// Starts IB Gateway, where the settings say so; `problems` are those that the settings had. Must be called
/// on the runtime.
///
/// # Errors
/// Why it is not started, in words for a trader.
pub(super) fn begin(
    settings: &IbkrSettings,
    address: &str,
    profile: &Profile,
    problems: &[String],
    notes: Notes,
    clock: Clock,
) -> Result<Option<Launched>, String> {
    let launch = &settings.launch;
    // What stands in for a setting that was refused is nobody's wish, least of all for this one.
    if let Some(problem) = problems.iter().find(|problem| problem.starts_with(SETTINGS)) {
        return Err(format!("IB Gateway is not started: {problem}"));
    }
    if !launch.is_on {
        return Ok(None);
    }
    let not_started = |why: String| format!("IB Gateway is not started: {why}");
    let mode = launch.complete().map_err(|bad| not_started(bad.to_string()))?;
    let keeper = std::env::current_exe()
        .map_err(|error| not_started(format!("Pitdesk does not find its own program ({error})")))?;
    let (launch, hands) = put_together(launch, mode, address, profile, keeper);
    let (launched, task) = launch::run(launch, Box::new(hands), notes, clock);
    supervisor::spawn("IB Gateway", task);
    Ok(Some(launched))
}

/// What is started, and what hands its login over.
fn put_together(
    settings: &LaunchSettings,
    mode: AccountKind,
    address: &str,
    profile: &Profile,
    keeper: PathBuf,
) -> (Launch, LoginHands) {
    // IBC may have another folder in front of it than we.
    let folder = profile.launch_folder();
    let folder = std::path::absolute(&folder).unwrap_or(folder);
    let path = private_folder(&folder).join(INI_FILE);
    let filled =
        |text: &String| text.replace(INI, &path.to_string_lossy()).replace(MODE, mode.label()).into();
    let mut of_keeper: Vec<OsString> = vec![
        keeper.into(),
        "ibkr-keeper".into(),
        "--ini".into(),
        path.clone().into(),
        "--lock".into(),
        folder.join("lock").into(),
    ];
    if let Some(port) = settings.command_port {
        of_keeper.extend(["--command-port".into(), port.to_string().into()]);
    }
    let own = settings.environment.iter();
    let mut environment: BTreeMap<OsString, OsString> =
        own.map(|(name, value)| (name.into(), value.replace(INI, &path.to_string_lossy()).into())).collect();
    environment.insert("IBC_INI".into(), path.clone().into());
    environment.insert("TRADING_MODE".into(), mode.label().into());
    let launch = Launch {
        keeper: of_keeper,
        command: at_home(&settings.command).into(),
        arguments: settings.arguments.iter().map(filled).collect(),
        environment,
        hidden: HIDDEN.map(OsString::from).to_vec(),
        address: address.to_owned(),
        rules: Rules::new(Duration::from_secs(settings.ready_within_s.into()), settings.restarts),
    };
    let own = (!settings.ini.is_empty()).then(|| at_home(&settings.ini));
    let hands = LoginHands {
        ini: Ini { path, own, mode, command_port: settings.command_port },
        by: settings.login,
        service: settings.keyring_service.clone(),
        entry: settings.entry(mode).to_owned(),
        login: None,
    };
    (launch, hands)
}

/// Below the home folder, where a path begins so.
fn at_home(path: &str) -> PathBuf {
    let below = path.strip_prefix("~/").and_then(|rest| Some(BaseDirs::new()?.home_dir().join(rest)));
    below.unwrap_or_else(|| path.into())
}

/// Where the login lies for a moment: on no disk, where the system has such a place for the user alone.
fn private_folder(of_profile: &Path) -> PathBuf {
    let is_private = |folder: &Path| {
        fs::metadata(folder).is_ok_and(|about| about.is_dir() && about.permissions().mode() & OTHERS == 0)
    };
    match runtime_folder().filter(|folder| is_private(folder)) {
        Some(runtime) => in_runtime_folder(&runtime, of_profile),
        None => of_profile.to_owned(),
    }
}

fn runtime_folder() -> Option<PathBuf> {
    BaseDirs::new().and_then(|dirs| dirs.runtime_dir().map(Path::to_owned))
}

fn in_runtime_folder(runtime: &Path, of_profile: &Path) -> PathBuf {
    // Two profiles may have the same name below different folders, and one folder two names.
    let data = of_profile.parent().and_then(|data| data.canonicalize().ok());
    let whole = data.as_deref().unwrap_or(of_profile);
    let name = crc32fast::hash(whole.as_os_str().as_encoded_bytes());
    runtime.join("pitdesk").join(format!("launch-{name:08x}"))
}

/// Removes a login that an earlier run has left because it was killed together with its keeper, wherever that
/// run may have laid it. Whoever calls this has the profile, so that nobody needs it.
pub(in crate::app) fn clear_login(profile: &Profile) {
    let of_profile = profile.launch_folder();
    let runtime = runtime_folder().map(|runtime| in_runtime_folder(&runtime, &of_profile));
    for folder in runtime.into_iter().chain([of_profile]) {
        ini::remove_at(Some(&folder.join(INI_FILE)));
    }
}

/// Hands the trader's login to IBC.
struct LoginHands {
    ini: Ini,
    by: LoginBy,
    service: String,
    entry: String,
    login: Option<Login>,
}

impl Hands for LoginHands {
    fn fetch(&mut self) -> Result<Masks, String> {
        let secrets: Vec<Secret> = match self.by {
            LoginBy::Hand => self.ini.own.as_deref().map(login_of).unwrap_or_default(),
            LoginBy::Keyring => {
                if let Err(error) = leave_no_core_file() {
                    tracing::warn!("a crash of Pitdesk may leave the login in a core file: {error}");
                }
                let login = match credentials::of_environment(|name| std::env::var_os(name))? {
                    Some(login) => login,
                    None => Place::of_system(&self.service, &self.entry)?.login()?,
                };
                let secrets = to_mask(&login);
                self.login = Some(login);
                secrets
            }
        };
        Ok(Masks::new(secrets))
    }

    fn lay_out(&mut self) -> Result<(), String> {
        self.ini.write(self.login.as_ref())
    }

    fn cover(&mut self) -> Result<(), String> {
        self.ini.cover()
    }

    fn take_away(&mut self) {
        self.ini.remove();
    }
}

/// Stops what was started, at the end of the program. What takes longer than `limit` is left to its keeper.
pub(in crate::app) async fn end(launched: Option<Launched>, limit: Duration) {
    if let Some(launched) = launched
        && !launched.stop(limit).await
    {
        tracing::info!("IB Gateway takes its time to stop: its keeper sees to it");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(settings: &LaunchSettings) -> (Launch, LoginHands) {
        let folder = tempfile::tempdir().unwrap();
        let profile = Profile::open(Some(folder.path()), "ibkr").unwrap();
        put_together(settings, AccountKind::Paper, "127.0.0.1:4002", &profile, "/bin/pitdesk".into())
    }

    #[test]
    fn ibc_is_told_of_its_settings_and_never_of_the_login() {
        let settings = LaunchSettings {
            command: "/opt/ibc/scripts/ibcstart.sh".to_owned(),
            arguments: ["1037", "--ibc-ini={ini}", "--mode={mode}"].map(str::to_owned).to_vec(),
            command_port: Some(7_462),
            ..LaunchSettings::default()
        };
        let (launch, hands) = put(&settings);
        let ini = hands.ini.path.to_string_lossy().into_owned();
        let arguments: Vec<String> =
            launch.arguments.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        assert_eq!(arguments, ["1037".to_owned(), format!("--ibc-ini={ini}"), "--mode=paper".to_owned()]);
        assert_eq!(launch.environment[&OsString::from("IBC_INI")], OsString::from(&ini));
        assert_eq!(launch.environment[&OsString::from("TRADING_MODE")], "paper");
        assert!(launch.keeper.contains(&"7462".into()), "{launch:?}");
        for name in ["PITDESK_IBKR_PASSWORD", "TWSPASSWORD"] {
            assert!(launch.hidden.contains(&name.into()), "{name}");
        }
        assert_eq!(hands.entry, "paper");
    }

    #[test]
    fn what_begins_at_home_is_found_there() {
        assert_eq!(at_home("/opt/x"), PathBuf::from("/opt/x"));
        assert!(!at_home("~/ibc/config.ini").starts_with("~"));
        assert!(at_home("~/ibc/config.ini").ends_with("ibc/config.ini"));
    }
}
