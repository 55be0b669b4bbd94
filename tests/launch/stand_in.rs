//! The stand-in for IBC, what hands a login to it, and looks at the processes of the system.

use std::ffi::OsString;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use pitdesk::broker::ibkr::launch::{self, Hands, Launch, LaunchState, Launched, Masks, Rules, Secret};
use pitdesk::engine::supervisor;
use pitdesk::link::Clock;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::runtime::{Builder, Runtime};

use crate::program::SOON;

/// The password that must be seen nowhere.
pub const PASSWORD: &str = "correct-horse-battery";

/// What every stand-in begins with: it says that it was started, as which process and with what.
const BEGIN: &str = "echo started >> \"$STAGE/starts\"; echo $$ > \"$STAGE/pid\"\n\
                     cat \"$IBC_INI\"; cp \"$IBC_INI\" \"$STAGE/read\"\n\
                     env > \"$STAGE/begun\"; mv \"$STAGE/begun\" \"$STAGE/environment\"\n";
/// What writes down that two of them have run at a time.
pub const NOTE_DOUBLES: &str = "touch \"$STAGE/all\"; for id in $(cat \"$STAGE/all\"); do\n\
                                if [ -n \"$(cat \"/proc/$id/cmdline\" 2>&1)\" ] && [ -e \"/proc/$id\" ]\n\
                                then echo \"$id\" >> \"$STAGE/doubles\"; fi; done; echo $$ >> \"$STAGE/all\"\n";
/// What opens the socket.
pub const SERVE: &str =
    "\"$PITDESK\" serve --gateway 127.0.0.1:$PORT --seed 7 --data-dir \"$STAGE/exchange\"\n";

/// A folder with a stand-in in it, and a port for its socket.
pub struct Stage {
    pub folder: tempfile::TempDir,
    pub port: u16,
}

impl Stage {
    /// A stand-in that does this.
    pub fn new(does: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ibc.sh"), format!("{BEGIN}{does}")).unwrap();
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        Self { port: free.local_addr().unwrap().port(), folder }
    }

    /// One that becomes the server.
    pub fn serving() -> Self {
        Self::new(&format!("exec {SERVE}"))
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn environment(&self) -> Vec<(String, String)> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        vec![
            ("STAGE".to_owned(), text(self.folder.path())),
            ("PITDESK".to_owned(), env!("CARGO_BIN_EXE_pitdesk").to_owned()),
            ("PORT".to_owned(), self.port.to_string()),
        ]
    }

    /// How often the stand-in was started.
    pub fn starts(&self) -> usize {
        fs::read_to_string(self.path("starts")).unwrap_or_default().lines().count()
    }

    /// How many have written themselves down with [`NOTE_DOUBLES`]: they can be told from each other.
    pub fn noted(&self) -> usize {
        fs::read_to_string(self.path("all")).unwrap_or_default().lines().count()
    }

    /// The process of the one that was started last.
    pub fn process(&self) -> Pid {
        read_id(&self.path("pid"))
    }

    pub fn launch(&self, restarts: u32) -> Launch {
        let mut environment: std::collections::BTreeMap<OsString, OsString> =
            self.environment().into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        environment.insert("IBC_INI".into(), self.path("ini").into());
        let keeper = [env!("CARGO_BIN_EXE_pitdesk"), "ibkr-keeper", "--patience", "300ms", "--lock"];
        let mut keeper = keeper.map(OsString::from).to_vec();
        keeper.push(self.path("lock").into());
        let rules = Rules { first_pause: Duration::from_millis(50), ..Rules::new(SOON, restarts) };
        Launch {
            keeper,
            command: "/bin/sh".into(),
            arguments: vec![self.path("ibc.sh").into()],
            environment,
            hidden: vec!["HOME".into()],
            address: self.address(),
            rules,
        }
    }
}

/// A launch on a runtime of its own.
pub struct Running {
    pub runtime: Runtime,
    pub launched: Launched,
    /// What the hands were asked for, in its order.
    pub calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Running {
    pub fn begin(launch: Launch) -> Self {
        let ini = launch.environment[&OsString::from("IBC_INI")].clone();
        let calls = Arc::<Mutex<Vec<&'static str>>>::default();
        let hands = Box::new(Recorded { ini: ini.into(), calls: Arc::clone(&calls) });
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let inside = runtime.enter();
        let (notes, _nobody_reads) = tokio::sync::mpsc::channel(16);
        let (launched, task) = launch::run(launch, hands, notes, Clock::system());
        supervisor::spawn("IB Gateway", task);
        drop(inside);
        Self { runtime, launched, calls }
    }

    /// Waits until it stands so.
    #[track_caller]
    pub fn wait(&self, what: &str, is_so: impl Fn(&LaunchState) -> bool) -> LaunchState {
        let mut follower = self.launched.follow();
        let so = async {
            loop {
                let state = follower.state();
                if is_so(&state) {
                    return state;
                }
                follower.changed().await;
            }
        };
        let waited = self.runtime.block_on(async { tokio::time::timeout(SOON, so).await });
        waited.unwrap_or_else(|_| panic!("waited in vain for {what}: {:?}", self.launched.follow().state()))
    }

    pub fn wait_until_up(&self) {
        self.wait("its socket", |state| matches!(state, LaunchState::Up { .. }));
    }

    /// Stops it, and says what the hands were asked for.
    pub fn stop(self) -> Vec<&'static str> {
        let ended = self.runtime.block_on(self.launched.stop(SOON));
        assert!(ended, "everything is stopped in time");
        self.calls.lock().unwrap().clone()
    }
}

/// Hands a login over as the program does, and writes down what it was asked for.
struct Recorded {
    ini: PathBuf,
    calls: Arc<Mutex<Vec<&'static str>>>,
}

impl Recorded {
    fn was_asked(&self, what: &'static str) {
        self.calls.lock().unwrap().push(what);
    }
}

impl Hands for Recorded {
    fn fetch(&mut self) -> Result<Masks, String> {
        self.was_asked("fetch");
        Ok(Masks::new([Secret::new(PASSWORD.to_owned())]))
    }

    fn lay_out(&mut self) -> Result<(), String> {
        self.was_asked("lay out");
        fs::write(&self.ini, format!("IbPassword={PASSWORD}\n")).map_err(|error| error.to_string())
    }

    fn cover(&mut self) -> Result<(), String> {
        self.was_asked("cover");
        fs::write(&self.ini, "covered\n").map_err(|error| error.to_string())
    }

    fn take_away(&mut self) {
        self.was_asked("take away");
        fs::remove_file(&self.ini).ok();
    }
}

/// Looks again and again, until it is so.
#[track_caller]
pub fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let (_never_sends, pause) = mpsc::channel::<()>();
    for _ in 0..SOON.as_millis() / 20 {
        if is_so() {
            return;
        }
        pause.recv_timeout(Duration::from_millis(20)).unwrap_err();
    }
    panic!("waited in vain for {what}");
}

/// The number of a process in a file.
pub fn read_id(path: &Path) -> Pid {
    Pid::from_raw(fs::read_to_string(path).unwrap().trim().parse().unwrap()).unwrap()
}

pub fn kill(process: Pid) {
    kill_process(process, Signal::KILL).unwrap();
}

/// Whether a process is there and not only waits to be asked how it ended.
pub fn lives(process: Pid) -> bool {
    let about = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
    test_kill_process(process).is_ok()
        && !about.rsplit(')').next().is_some_and(|rest| rest.trim().starts_with('Z'))
}

/// Who has started a process.
pub fn parent_of(process: Pid) -> Pid {
    let about = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap();
    let fields = about.rsplit(") ").next().unwrap();
    Pid::from_raw(fields.split(' ').nth(1).unwrap().parse().unwrap()).unwrap()
}

/// The command lines of all processes that show something.
pub fn command_lines_with(text: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(text))
        .collect()
}

/// A signal to a child of ours, by name.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &process.to_string()]).status().unwrap();
    assert!(sent.success(), "{sent:?}");
}
