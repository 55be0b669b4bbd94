//! Alerts beyond the engine: kept through a SIGKILL at any moment, heard, and shown by the desktop.
//!
//! The desktop is a bus of the test's own (`dbus-daemon`) with a notification service that writes down what
//! it is asked for; the players are scripts.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/killed.rs"]
mod killed;
#[path = "common/program.rs"]
#[expect(dead_code, reason = "these tests do not trade")]
mod program;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Arc, Mutex};

use killed::{folder_of_child, kill_at_work, program, tell};
use pitdesk::app::notify::Desktop;
use pitdesk::app::sound::Sound;
use pitdesk::domain::{AlertBook, AlertId, AlertTerms, Condition, Firing, FiringId, Price, Settings, Time};
use pitdesk::link::{Command, NoticeLevel};
use pitdesk::store::alerts;
use program::PROFILE;
use tempfile::TempDir;
use tokio::sync::{broadcast, mpsc, watch};
use zbus::zvariant::OwnedValue;

/// So far away that it never fires.
fn far(number: u64) -> AlertTerms {
    let price = Price((1_000_000 + number).into());
    let condition = Condition::Above { instrument: "AAPL@NASDAQ".to_owned(), price };
    AlertTerms { condition, every_time: false, sound: true, note: format!("number {number}") }
}

/// Not a test of its own: the child, which sets alerts until it is killed.
#[test]
fn child_that_is_killed() {
    let Some(folder) = folder_of_child() else { return };
    let mut program = program(&folder);
    program.wait_until_ready();
    for number in 1.. {
        let set = program.send(Command::SetAlert { id: None, terms: far(number) });
        program.wait("an answer", |desk| desk.answer(set).is_some());
        if number > 100 {
            program.send(Command::RemoveAlert(AlertId(number - 100)));
        }
        tell(number);
    }
}

#[test]
fn alerts_outlive_a_kill_at_any_moment() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(PROFILE).join("alerts.json");
    for round in 1..=3_usize {
        let before = alerts::load(&file).0;
        // The disk has some of what it has told.
        kill_at_work(folder.path(), |_| alerts::load(&file).0.next > before.next + round as u64);

        let (kept, problem) = alerts::load(&file);
        assert_eq!(problem, None);
        assert!(kept.next > before.next);
        let ids: Vec<u64> = kept.alerts.iter().map(|alert| alert.id.0).collect();
        assert!(ids.is_sorted() && !ids.is_empty(), "{ids:?}");
        let program = program(folder.path());
        program.wait_until_ready();
        // Where they stand may have changed with the first prices.
        let terms = |book: &AlertBook| -> Vec<(AlertId, AlertTerms)> {
            book.alerts.iter().map(|alert| (alert.id, alert.terms.clone())).collect()
        };
        program.look(|desk| assert_eq!(terms(desk.alerts()), terms(&kept)));
        program.shut_down();
    }
}

fn firing(number: u64, text: &str) -> Arc<Firing> {
    Arc::new(Firing {
        id: FiringId(number),
        alert: AlertId(1),
        time: Time::default(),
        instrument: None,
        text: text.to_owned(),
        note: "a < b".to_owned(),
        sound: true,
        is_seen: false,
    })
}

/// What tells alerts, and what the trader is told of it.
struct Told {
    fired: broadcast::Sender<Arc<Firing>>,
    settings: watch::Sender<Option<Arc<Settings>>>,
    notes: mpsc::Receiver<(NoticeLevel, Arc<str>)>,
    noted: mpsc::Sender<(NoticeLevel, Arc<str>)>,
}

impl Told {
    fn new() -> Self {
        let (noted, notes) = mpsc::channel(8);
        let settings = watch::Sender::new(Some(Arc::default()));
        Self { fired: broadcast::Sender::new(8), settings, notes, noted }
    }

    fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut settings = Settings::default();
        change(&mut settings);
        self.settings.send_replace(Some(Arc::new(settings)));
    }

    fn sound(&self, file: &Path, players: &[&Path]) -> Sound {
        Sound {
            fired: self.fired.subscribe(),
            settings: self.settings.subscribe(),
            notes: self.noted.clone(),
            file: file.to_owned(),
            players: players.iter().map(|path| path.display().to_string()).collect(),
        }
    }

    fn desktop(&self, bus: String) -> Desktop {
        Desktop {
            fired: self.fired.subscribe(),
            settings: self.settings.subscribe(),
            notes: self.noted.clone(),
            bus: Some(bus),
        }
    }

    /// No more alerts come: whoever tells them tells what waits and ends.
    fn ends(self) -> mpsc::Receiver<(NoticeLevel, Arc<str>)> {
        self.notes
    }
}

/// A program that writes down the size of what it is to play, and ends with this code.
fn player(folder: &Path, name: &str, code: u8) -> std::path::PathBuf {
    let path = folder.join(name);
    let script = format!("#!/bin/sh\nwc -c < \"$1\" >> {}/played\nexit {code}\n", folder.display());
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

fn played(folder: &Path) -> Vec<usize> {
    let text = fs::read_to_string(folder.join("played")).unwrap_or_default();
    text.lines().map(|line| line.trim().parse().unwrap()).collect()
}

#[tokio::test]
async fn an_alert_is_heard_once_by_the_first_program_that_can_play() {
    let folder = TempDir::new().unwrap();
    let (broken, good) = (player(folder.path(), "broken", 1), player(folder.path(), "good", 0));
    let told = Told::new();
    let missing = folder.path().join("missing");
    let sound = told.sound(&folder.path().join("alert.wav"), &[&missing, &broken, &good, &broken]);
    told.fired.send(firing(1, "one")).unwrap();
    told.fired.send(firing(2, "at the same moment")).unwrap();
    let mut notes = told.ends();
    sound.follow().await;
    let size = fs::metadata("assets/sounds/alert.wav").unwrap().len() as usize;
    assert_eq!(played(folder.path()), [size, size], "the broken one, then the good one, and once");
    assert!(notes.try_recv().is_err());
}

#[tokio::test]
async fn what_is_muted_is_not_heard() {
    let folder = TempDir::new().unwrap();
    let good = player(folder.path(), "good", 0);
    let told = Told::new();
    told.configure(|settings| settings.alerts.sound = false);
    let sound = told.sound(&folder.path().join("alert.wav"), &[&good]);
    told.fired.send(firing(1, "one")).unwrap();
    drop(told.ends());
    sound.follow().await;
    let told = Told::new();
    let sound = told.sound(&folder.path().join("alert.wav"), &[&good]);
    told.fired.send(Arc::new(Firing { sound: false, ..Firing::clone(&firing(2, "silent")) })).unwrap();
    drop(told.ends());
    sound.follow().await;
    assert!(played(folder.path()).is_empty());
}

#[tokio::test]
async fn without_a_player_the_trader_is_told_what_to_install() {
    let folder = TempDir::new().unwrap();
    let told = Told::new();
    let sound = told.sound(&folder.path().join("alert.wav"), &[&folder.path().join("missing")]);
    told.fired.send(firing(1, "one")).unwrap();
    let mut notes = told.ends();
    sound.follow().await;
    let (level, text) = notes.try_recv().unwrap();
    assert!(level == NoticeLevel::Warning && text.contains("pulseaudio-utils"), "{text}");
}

/// A bus of our own, which ends with the value.
struct Bus {
    daemon: Child,
    address: String,
    _folder: TempDir,
}

impl Bus {
    fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let config = folder.path().join("bus.conf");
        let text = format!(
            "<busconfig><type>session</type><listen>unix:dir={}</listen><policy context=\"default\">\
             <allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/><allow own=\"*\"/></policy></busconfig>",
            folder.path().display()
        );
        fs::write(&config, text).unwrap();
        let mut daemon = Process::new("dbus-daemon")
            .args(["--nofork", "--print-address", "--config-file"])
            .arg(&config)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the package dbus is installed: it is in the list of .ci/run");
        let mut address = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut address).unwrap();
        Self { daemon, address: address.trim().to_owned(), _folder: folder }
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        self.daemon.kill().unwrap_or_default();
        self.daemon.wait().ok();
    }
}

/// What the desktop was asked to show, as its protocol has it.
#[derive(Debug, Clone)]
struct Asked {
    program: String,
    replaces: u32,
    icon: String,
    summary: String,
    body: String,
    actions: Vec<String>,
    hints: HashMap<String, OwnedValue>,
    expires: i32,
}

/// The desktop's service, which writes down all that it was asked to show.
#[derive(Clone, Default)]
struct Shown(Arc<Mutex<Vec<Asked>>>);

#[zbus::interface(name = "org.freedesktop.Notifications")]
impl Shown {
    #[expect(clippy::too_many_arguments, reason = "the desktop's")]
    fn notify(
        &self,
        program: String,
        replaces: u32,
        icon: String,
        summary: String,
        body: String,
        actions: Vec<String>,
        hints: HashMap<String, OwnedValue>,
        expires: i32,
    ) -> u32 {
        let asked = Asked { program, replaces, icon, summary, body, actions, hints, expires };
        self.0.lock().unwrap().push(asked);
        1
    }
}

async fn service(bus: &Bus) -> (zbus::Connection, Shown) {
    let shown = Shown::default();
    let connection = zbus::connection::Builder::address(bus.address.as_str())
        .unwrap()
        .name("org.freedesktop.Notifications")
        .unwrap()
        .serve_at("/org/freedesktop/Notifications", shown.clone())
        .unwrap()
        .build()
        .await
        .unwrap();
    (connection, shown)
}

#[tokio::test]
async fn the_desktop_shows_alerts_and_many_as_one() {
    let bus = Bus::start();
    let (_service, shown) = service(&bus).await;
    for (count, expected) in [(2, 2), (5, 1)] {
        shown.0.lock().unwrap().clear();
        let told = Told::new();
        let desktop = told.desktop(bus.address.clone());
        for number in 1..=count {
            told.fired.send(firing(number, &format!("AAPL {number}"))).unwrap();
        }
        let mut notes = told.ends();
        desktop.follow().await;
        let shown = shown.0.lock().unwrap().clone();
        assert_eq!(shown.len(), expected, "{shown:?}");
        let first = if count == 2 { ("AAPL 1", "a &lt; b") } else { ("5 alerts", "AAPL 5\nAAPL 4\nAAPL 3") };
        let Asked { program, replaces, icon, summary, body, actions, hints, expires } = &shown[0];
        assert_eq!((&**summary, &**body), first);
        assert_eq!((&**program, &**icon, *replaces, *expires), ("Pitdesk", "", 0, -1));
        assert!(actions.is_empty() && hints.contains_key("desktop-entry"));
        assert!(notes.try_recv().is_err());
    }
}

#[tokio::test]
async fn a_desktop_that_shows_nothing_is_told_once_and_none_is_asked_that_is_off() {
    let bus = Bus::start();
    let (service, shown) = service(&bus).await;
    let told = Told::new();
    told.configure(|settings| settings.alerts.desktop = false);
    let desktop = told.desktop(bus.address.clone());
    told.fired.send(firing(1, "one")).unwrap();
    drop(told.ends());
    desktop.follow().await;
    assert!(shown.0.lock().unwrap().is_empty());

    // A bus without the service, then no bus at all.
    drop(service);
    for address in [bus.address.clone(), "unix:path=/nonexistent/bus".to_owned()] {
        let told = Told::new();
        let desktop = told.desktop(address);
        told.fired.send(firing(1, "one")).unwrap();
        let mut notes = told.ends();
        desktop.follow().await;
        let (level, text) = notes.try_recv().unwrap();
        assert!(level == NoticeLevel::Info && text.starts_with("The desktop shows no alerts"), "{text}");
        assert!(notes.try_recv().is_err(), "once");
    }
}
