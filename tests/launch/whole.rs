//! The whole program: settings, environment, log, and every way to end.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::Pid;

use crate::stand_in::{
    NOTE_DOUBLES, PASSWORD, SERVE, Stage, command_lines_with, eventually, kill, lives, parent_of, signal,
};

const NAME: &str = "trader-number-seven";

const LOGIN: [(&str, &str); 2] = [("PITDESK_IBKR_USER", NAME), ("PITDESK_IBKR_PASSWORD", PASSWORD)];

/// `pitdesk serve` for a profile that trades through a stand-in.
struct Whole {
    stage: Stage,
    child: Child,
    runtime: tempfile::TempDir,
}

impl Whole {
    fn start(does: &str) -> Self {
        Self::start_with(does, &LOGIN, "")
    }

    /// The same with a login in our environment, and more variables for IBC.
    fn start_with(does: &str, login: &[(&str, &str)], more: &str) -> Self {
        let stage = Stage::new(does);
        let profile = stage.path("data/ibkr");
        fs::create_dir_all(&profile).unwrap();
        fs::write(stage.path("config.ini"), "AutoRestartTime=11:45 PM\nIbPassword=old\n").unwrap();
        let lines = stage.environment().into_iter().map(|(name, value)| format!("{name} = '{value}'\n"));
        let environment = lines.collect::<Vec<_>>().concat();
        let settings = format!(
            "[ibkr]\naddress = '{}'\ninstruments = ['AAPL']\n\
             [ibkr.launch]\nis_on = true\nmode = 'paper'\ncommand = '/bin/sh'\n\
             arguments = ['{}', '--ibc-ini={{ini}}', '--mode={{mode}}']\nini = '{}'\nrestarts = 0\n\
             [ibkr.launch.environment]\n{environment}{more}",
            stage.address(),
            stage.path("ibc.sh").display(),
            stage.path("config.ini").display(),
        );
        fs::write(profile.join("settings.toml"), settings).unwrap();
        let runtime = tempfile::tempdir().unwrap();
        fs::set_permissions(runtime.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let child = spawn(&stage, &runtime, login);
        Self { stage, child, runtime }
    }

    /// Ends it in order, and starts it once more with a stand-in that does this.
    fn again(&mut self, does: &str) {
        signal(self.child.id(), "TERM");
        assert!(self.child.wait().unwrap().success());
        let script = self.stage.path("ibc.sh");
        let before = fs::read_to_string(&script).unwrap();
        let begin = before.rsplit_once("exec ").unwrap().0;
        fs::write(&script, format!("{begin}{does}")).unwrap();
        self.child = spawn(&self.stage, &self.runtime, &LOGIN);
    }

    /// Kills it together with its keeper, so that nobody can tidy up; what is left running.
    fn kill_all(&mut self) -> Pid {
        let left = self.stage.process();
        let keeper = parent_of(left);
        // Else it would send another keeper. (A keeper that is stopped goes on when we die: the system wakes a
        // group that nobody is left to wake.)
        signal(self.child.id(), "STOP");
        kill(keeper);
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        assert!(lives(left));
        left
    }

    /// Starts it once more, with its settings changed so.
    fn start_again(&mut self, change: impl Fn(String) -> String) {
        let path = self.stage.path("data/ibkr/settings.toml");
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
        self.child = spawn(&self.stage, &self.runtime, &LOGIN);
    }

    /// Tries to keep a login, where there is no keyring.
    fn log_in(&self) {
        let output = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["ibkr-login", "--profile", "ibkr", "--data-dir"])
            .arg(self.stage.path("data"))
            .env("XDG_RUNTIME_DIR", self.runtime.path())
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
    }

    /// Every file in which a run may leave something, apart from the stand-in's own, that holds the password.
    fn files_with_the_password(&self) -> Vec<PathBuf> {
        let all = [files(self.runtime.path()), files(&self.stage.path("data"))].concat();
        let holds = |path: &PathBuf| {
            fs::read(path)
                .is_ok_and(|text| text.windows(PASSWORD.len()).any(|part| part == PASSWORD.as_bytes()))
        };
        all.into_iter().filter(holds).collect()
    }

    /// Files that may hold a login.
    fn inis(&self) -> Vec<PathBuf> {
        files(&self.runtime.path().join("pitdesk"))
            .into_iter()
            .filter(|path| !path.ends_with("lock"))
            .collect()
    }

    fn log(&self) -> String {
        let logs = files(&self.stage.path("data/ibkr/logs"));
        logs.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// Waits until IBC has read its login, and that is covered.
    #[track_caller]
    fn wait_until_covered(&self) {
        eventually("the login to be covered", || {
            let inis = self.inis();
            let texts: Vec<String> =
                inis.iter().map(|path| fs::read_to_string(path).unwrap_or_default()).collect();
            self.stage.path("environment").exists()
                && texts.len() == 1
                && texts[0].contains("AutoRestartTime")
                && !texts[0].contains("IbPassword")
        });
    }
}

fn spawn(stage: &Stage, runtime: &tempfile::TempDir, login: &[(&str, &str)]) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
        .args(["serve", "--gateway", "127.0.0.1:0", "--profile", "ibkr", "--data-dir"])
        .arg(stage.path("data"))
        .envs(login.iter().copied())
        .env("XDG_RUNTIME_DIR", runtime.path())
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    BufReader::new(child.stdout.take().unwrap()).lines().next().unwrap().unwrap();
    child
}

impl Drop for Whole {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn files(folder: &std::path::Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn a_login_reaches_ibc_and_nothing_else() {
    let mut whole = Whole::start(&format!("exec {SERVE}"));
    whole.wait_until_covered();
    let read = fs::read_to_string(whole.stage.path("read")).unwrap();
    for line in [
        "AutoRestartTime=11:45 PM".to_owned(),
        "TradingMode=paper".to_owned(),
        format!("IbLoginId={NAME}"),
        format!("IbPassword={PASSWORD}"),
    ] {
        assert!(read.lines().any(|own| own == line), "{line} is missing in {read}");
    }
    assert!(!read.contains("IbPassword=old"));
    let environment = fs::read_to_string(whole.stage.path("environment")).unwrap();
    assert!(environment.contains("TRADING_MODE=paper") && environment.contains("IBC_INI="));
    assert!(!environment.contains(PASSWORD) && !environment.contains(NAME), "{environment}");
    for secret in [PASSWORD, NAME] {
        assert_eq!(command_lines_with(secret), Vec::<String>::new());
    }
    eventually("the program to be connected", || whole.log().contains("Interactive Brokers: Ready"));
    let process = whole.stage.process();
    signal(whole.child.id(), "TERM");
    assert!(whole.child.wait().unwrap().success());
    eventually("the end of IB Gateway", || !lives(process));
    eventually("the login to be gone", || whole.inis().is_empty());
    let log = whole.log();
    assert!(log.contains("IbPassword=***"), "what it prints is in the log: {log}");
    assert!(!log.contains(PASSWORD) && !log.contains(NAME), "{log}");
    let left = files(&whole.stage.path("data/ibkr"));
    for path in left {
        let bytes = fs::read(&path).unwrap();
        let has = |secret: &str| bytes.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!has(PASSWORD) && !has(NAME), "{}", path.display());
    }
}

#[test]
fn a_later_start_shows_its_desk_at_once_and_says_what_it_waits_for() {
    let mut whole = Whole::start(&format!("exec {SERVE}"));
    eventually("the program to be connected", || whole.log().contains("Interactive Brokers: Ready"));
    let waits = "Interactive Brokers: Connecting. IB Gateway is starting, waiting for its login";
    let said = whole.log().matches(waits).count();
    let first = whole.stage.process();
    whole.again("while :; do sleep 1000; done\n");
    eventually("the reason", || whole.log().matches(waits).count() > said);
    eventually("its start", || whole.stage.starts() == 2);
    // That of before was still being stopped: it was neither taken for one that stays nor overtaken.
    assert!(!lives(first));
    assert!(!whole.log().contains("nothing is started, and it is left running"));
}

#[test]
fn nothing_outlives_a_program_that_is_killed() {
    let mut whole = Whole::start("while :; do sleep 1000; done\n");
    eventually("its start", || whole.stage.path("environment").exists());
    assert!(!whole.inis().is_empty(), "the login lies there");
    let process = whole.stage.process();
    whole.child.kill().unwrap();
    whole.child.wait().unwrap();
    eventually("the end of IB Gateway", || !lives(process));
    eventually("the login to be gone", || whole.inis().is_empty());
}

#[test]
fn one_that_was_left_when_everything_was_killed_is_ended_and_never_doubled() {
    let mut whole = Whole::start(&format!("{NOTE_DOUBLES}exec {SERVE}"));
    eventually("the program to be connected", || whole.log().contains("Interactive Brokers: Ready"));
    let first = whole.kill_all();
    whole.start_again(|same| same);
    eventually("its next start", || whole.stage.noted() == 2);
    assert!(!lives(first) && !whole.stage.path("doubles").exists());
    eventually("the notice", || whole.log().contains("still ran, with nobody to stop it"));
    assert!(!whole.log().contains("nothing is started, and it is left running"));
    let second = whole.stage.process();
    signal(whole.child.id(), "TERM");
    whole.child.wait().unwrap();
    eventually("its end", || !lives(second));
}

#[test]
fn a_login_that_a_kill_has_left_is_gone_after_the_next_start_of_any_kind() {
    let mut whole = Whole::start("while :; do sleep 1000; done\n");
    let turned_off = |text: String| text.replace("is_on = true", "is_on = false");
    let turned_on = |text: String| text.replace("is_on = false", "is_on = true");
    eventually("its start", || whole.stage.path("environment").exists());
    let left = whole.kill_all();
    let inis = whole.inis();
    assert_eq!(whole.files_with_the_password(), inis, "the login lies there, and nowhere else");
    assert_eq!(inis.len(), 1);
    // One that was killed while it wrote has begun with the other file.
    let begun = inis[0].with_extension("new");
    fs::copy(&inis[0], &begun).unwrap();

    whole.start_again(turned_off);
    assert_eq!(whole.files_with_the_password(), Vec::<PathBuf>::new(), "a start that starts no IB Gateway");
    whole.child.kill().unwrap();
    whole.child.wait().unwrap();

    for path in [&inis[0], &begun] {
        fs::write(path, format!("IbPassword={PASSWORD}\n")).unwrap();
    }
    whole.log_in();
    assert_eq!(whole.files_with_the_password(), Vec::<PathBuf>::new(), "'pitdesk ibkr-login'");

    fs::write(&begun, format!("IbPassword={PASSWORD}\n")).unwrap();
    fs::write(whole.stage.path("data/ibkr/launch/ibc.new"), format!("IbPassword={PASSWORD}\n")).unwrap();
    whole.start_again(turned_on);
    eventually("its next start", || whole.stage.starts() == 2);
    assert!(!lives(left));
    assert_eq!(whole.files_with_the_password(), inis, "that of this start alone");

    // A login is not taken from one that is just being started.
    whole.log_in();
    assert_eq!(whole.files_with_the_password(), inis);
    signal(whole.child.id(), "TERM");
    whole.child.wait().unwrap();
    eventually("the login to be gone", || whole.files_with_the_password().is_empty());
}

#[test]
fn a_program_that_still_waits_for_a_login_ends_when_it_is_asked() {
    let mut whole = Whole::start("while :; do sleep 1000; done\n");
    eventually("its start", || whole.stage.path("environment").exists());
    let process = whole.stage.process();
    signal(whole.child.id(), "TERM");
    whole.child.wait().unwrap();
    eventually("the end of IB Gateway", || !lives(process));
    eventually("the login to be gone", || whole.inis().is_empty());
}

#[test]
fn without_a_login_nothing_is_started_and_it_is_said_what_to_do() {
    let whole = Whole::start_with("exec false\n", &[], "");
    eventually("the reason", || whole.log().contains("PITDESK_IBKR_PASSWORD"));
    assert_eq!(whole.stage.starts(), 0);
    assert!(whole.log().contains("IB Gateway is not started: no keyring"), "{}", whole.log());
}

#[test]
fn settings_that_hold_a_password_start_nothing_and_are_named() {
    let whole = Whole::start_with("exec false\n", &[], &format!("TWSPASSWORD = '{PASSWORD}'\n"));
    eventually("the reason", || whole.log().contains("ibkr.launch.environment.TWSPASSWORD"));
    let said = whole.log();
    assert!(said.contains("ibkr-login") && !said.contains(PASSWORD), "{said}");
    assert_eq!(whole.stage.starts(), 0);
}

#[test]
fn without_a_keyring_the_login_command_says_what_to_do_instead() {
    let folder = tempfile::tempdir().unwrap();
    for option in [&["--forget"][..], &[]] {
        let output = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["ibkr-login", "--data-dir"])
            .arg(folder.path())
            .args(option)
            .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("no keyring") && said.contains("PITDESK_IBKR_USER"), "{said}");
    }
}
