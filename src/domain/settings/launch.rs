//! How IB Gateway is started, if this program is to do it: through IBC, which fills in its login.
//!
//! No password stands here, nor in anything that is handed to another program from here: a settings
//! file is copied into bug reports, and a command line is read by every user of the computer. Text that
//! looks like one is refused by name.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::BadSetting;
use crate::domain::AccountKind;

/// How long the API socket may take to answer: seconds.
const READY_WITHIN: std::ops::RangeInclusive<u32> = 5..=3_600;
/// More starts in a row than this are a loop, and lock a login out.
const MOST_RESTARTS: u32 = 20;
/// Scripts of IBC that set everything themselves and leave a window behind: what is given to them here
/// would count for nothing.
const TAKES_NOTHING: [&str; 2] = ["gatewaystart.sh", "twsstart.sh"];
/// Arguments of IBC's scripts that are credentials.
const CREDENTIALS: [&str; 4] = ["--user=", "--pw=", "--fix-user=", "--fix-pw="];
/// Variables of IBC's scripts that end on a command line, and are part of a login.
const OF_A_LOGIN: [&str; 4] = ["TWSUSERID", "FIXUSERID", "IBLOGINID", "FIXLOGINID"];

/// Starting IB Gateway with this program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LaunchSettings {
    /// Whether this program starts it, and stops what it has started.
    pub is_on: bool,
    /// The program to run: of IBC its `scripts/ibcstart.sh`.
    pub command: String,
    /// What it is given. `{ini}` and `{mode}` stand for the file that is made for it, and for `paper` or
    /// `live`.
    pub arguments: Vec<String>,
    /// The trader's own settings of IBC, which the file that is made for it begins with; `~/` is the
    /// home folder. Empty for none.
    pub ini: String,
    /// Which accounts it logs in to. Must be said, and be those of the profile.
    pub mode: Option<AccountKind>,
    /// How long its API socket may take to answer: a login with a second factor takes minutes.
    pub ready_within_s: u32,
    /// How often in a row it is started again when it dies.
    pub restarts: u32,
    /// Where IBC takes commands (its `CommandServerPort`): it is asked there to stop.
    pub command_port: Option<u16>,
    /// Who fills in the login.
    pub login: LoginBy,
    /// The name under which the login is kept in the system's keyring.
    pub keyring_service: String,
    /// Whose login it is there; empty for that of the mode.
    pub keyring_entry: String,
    /// Variables for it, besides those of this program.
    pub environment: BTreeMap<String, String>,
}

/// Who fills in the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LoginBy {
    /// IBC, with what the environment of this program says, or else the system's keyring.
    #[default]
    Keyring,
    /// The trader in its window, or IBC with what stands in the trader's own file.
    Hand,
}

impl Default for LaunchSettings {
    /// Off.
    fn default() -> Self {
        Self {
            is_on: false,
            command: String::new(),
            arguments: Vec::new(),
            ini: String::new(),
            mode: None,
            ready_within_s: 300,
            restarts: 3,
            command_port: None,
            login: LoginBy::default(),
            keyring_service: "pitdesk-ibkr".to_owned(),
            keyring_entry: String::new(),
            environment: BTreeMap::new(),
        }
    }
}

impl LaunchSettings {
    /// Whose login is looked for in the keyring.
    #[must_use]
    pub fn entry(&self, profile: AccountKind) -> &str {
        match &*self.keyring_entry {
            "" => self.mode.unwrap_or(profile).label(),
            named => named,
        }
    }

    /// What is missing before anything can be started; which accounts it is for.
    ///
    /// # Errors
    /// Names the setting.
    pub fn complete(&self) -> Result<AccountKind, BadSetting> {
        if self.command.is_empty() {
            return bad("command", "is missing: name IBC's scripts/ibcstart.sh");
        }
        match self.mode {
            Some(mode) => Ok(mode),
            None => bad("mode", "is missing: say whether it logs in to 'paper' or 'live' accounts"),
        }
    }

    /// Looks for what would start something else than the trader means, or show a password.
    pub(super) fn check(&self, profile: AccountKind) -> Result<(), BadSetting> {
        if self.mode.is_some_and(|mode| mode != profile) {
            return bad("mode", "contradicts 'account_kind', which says what accounts this profile is for");
        }
        let name = self.command.rsplit('/').next().unwrap_or_default();
        if TAKES_NOTHING.contains(&name) {
            return bad(
                "command",
                "is a script that takes nothing from outside and does not stay: name IBC's scripts/ibcstart.sh",
            );
        }
        let texts = self.arguments.iter().chain([&self.command, &self.ini]).chain(self.environment.values());
        if texts.into_iter().any(|text| text.contains('\0')) {
            return bad("arguments", "and the others cannot hold a character with the number zero");
        }
        let is_credential = |text: &String| {
            let text = text.to_lowercase();
            text.contains("password") || CREDENTIALS.iter().any(|flag| text.starts_with(flag))
        };
        if is_credential(&self.command) {
            return bad("command", NO_CREDENTIALS);
        }
        if self.arguments.iter().any(is_credential) {
            return bad("arguments", NO_CREDENTIALS);
        }
        let modes = self.arguments.iter().filter_map(|text| text.trim().strip_prefix("--mode="));
        if modes.into_iter().any(|mode| mode != "{mode}" && !mode.eq_ignore_ascii_case(profile.label())) {
            return bad("arguments", "log in to other accounts than the profile's: write --mode={mode}");
        }
        for name in self.environment.keys() {
            let upper = name.to_uppercase();
            let of_entry = || format!("environment.{name}");
            if upper.contains("PASSWORD") || OF_A_LOGIN.contains(&&*upper) {
                return bad(of_entry(), NO_CREDENTIALS);
            }
            if name.is_empty() || name.contains(['=', '\0']) {
                return bad(of_entry(), "is no name of a variable");
            }
        }
        if !READY_WITHIN.contains(&self.ready_within_s) {
            return bad("ready_within_s", "must be 5 to 3600 seconds");
        }
        if self.restarts > MOST_RESTARTS {
            return bad("restarts", "must be 20 or fewer");
        }
        if self.keyring_service.is_empty() {
            return bad("keyring_service", "must name what the login is kept under");
        }
        Ok(())
    }
}

const NO_CREDENTIALS: &str = "must hold no credentials, which other users of this computer could read there: keep \
                              them in the keyring, with 'pitdesk ibkr-login'";

fn bad<T>(name: impl AsRef<str>, why: &'static str) -> Result<T, BadSetting> {
    Err(BadSetting { name: format!("ibkr.launch.{}", name.as_ref()), why })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn launch() -> LaunchSettings {
        LaunchSettings {
            is_on: true,
            command: "/opt/ibc/scripts/ibcstart.sh".to_owned(),
            arguments: ["1037", "--gateway", "--ibc-ini={ini}"].map(str::to_owned).to_vec(),
            mode: Some(AccountKind::Paper),
            ..LaunchSettings::default()
        }
    }

    #[track_caller]
    fn refused(launch: &LaunchSettings, name: &str, says: &str) {
        let bad = launch.check(AccountKind::Paper).unwrap_err();
        assert_eq!(bad.name, format!("ibkr.launch.{name}"));
        assert!(bad.why.contains(says), "{bad}");
    }

    #[test]
    fn what_the_manual_shows_is_in_order() {
        assert_eq!(launch().check(AccountKind::Paper), Ok(()));
        assert_eq!(launch().complete(), Ok(AccountKind::Paper));
        assert_eq!(LaunchSettings::default().check(AccountKind::Live), Ok(()));
    }

    #[test]
    fn a_login_to_other_accounts_than_the_profiles_is_refused_by_name() {
        let bad = launch().check(AccountKind::Live).unwrap_err();
        assert_eq!(bad.name, "ibkr.launch.mode");
        refused(&LaunchSettings { mode: Some(AccountKind::Live), ..launch() }, "mode", "account_kind");
    }

    #[test]
    fn an_argument_does_not_turn_a_paper_profile_live() {
        for argument in ["--mode=live", "--mode=Live", "--mode=other"] {
            let arguments = vec![argument.to_owned()];
            refused(&LaunchSettings { arguments, ..launch() }, "arguments", "--mode={mode}");
        }
        let arguments = vec!["--mode={mode}".to_owned(), "--mode=paper".to_owned()];
        assert_eq!(LaunchSettings { arguments, ..launch() }.check(AccountKind::Paper), Ok(()));
    }

    #[test]
    fn nothing_is_started_by_guess() {
        let missing = |launch: LaunchSettings| launch.complete().unwrap_err().name;
        assert_eq!(missing(LaunchSettings { mode: None, ..launch() }), "ibkr.launch.mode");
        assert_eq!(missing(LaunchSettings { command: String::new(), ..launch() }), "ibkr.launch.command");
    }

    #[test]
    fn credentials_are_refused_wherever_they_stand() {
        for argument in ["--pw=x", "--PW=x", "--user=me", "--fix-pw=x", "-DIbPassword=x"] {
            let arguments = vec![argument.to_owned()];
            refused(&LaunchSettings { arguments, ..launch() }, "arguments", "ibkr-login");
        }
        for name in ["TWSPASSWORD", "twsuserid", "FIXPASSWORD", "IbPassword", "PITDESK_IBKR_PASSWORD"] {
            let environment = [(name.to_owned(), "x".to_owned())].into();
            refused(
                &LaunchSettings { environment, ..launch() },
                &format!("environment.{name}"),
                "ibkr-login",
            );
        }
        let environment = [("LANG".to_owned(), "C.UTF-8".to_owned())].into();
        assert_eq!(LaunchSettings { environment, ..launch() }.check(AccountKind::Paper), Ok(()));
    }

    #[test]
    fn scripts_that_go_their_own_way_are_refused() {
        let command = "/opt/ibc/gatewaystart.sh".to_owned();
        refused(&LaunchSettings { command, ..launch() }, "command", "ibcstart.sh");
    }

    #[test]
    fn numbers_out_of_reason_are_refused() {
        refused(&LaunchSettings { ready_within_s: 0, ..launch() }, "ready_within_s", "3600");
        refused(&LaunchSettings { restarts: 21, ..launch() }, "restarts", "20");
        let environment = [("A=B".to_owned(), String::new())].into();
        refused(&LaunchSettings { environment, ..launch() }, "environment.A=B", "variable");
    }

    #[test]
    fn the_login_is_looked_for_by_its_mode_unless_it_is_named() {
        assert_eq!(launch().entry(AccountKind::Paper), "paper");
        assert_eq!(LaunchSettings::default().entry(AccountKind::Live), "live");
        let named = LaunchSettings { keyring_entry: "second".to_owned(), ..launch() };
        assert_eq!(named.entry(AccountKind::Paper), "second");
    }
}
