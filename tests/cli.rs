//! The program from a terminal: pictures, imports, and what it says when it cannot do what it was asked.

#[path = "common/data.rs"]
mod data;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use data::recorded;
use pitdesk::store::profile::Profile;

/// A run of the program without a display.
fn pitdesk(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pitdesk"));
    command.args(arguments);
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

fn run(arguments: &[&str]) -> Output {
    pitdesk(arguments).output().expect("the program was built")
}

/// What it printed, when it went well.
#[track_caller]
fn printed(arguments: &[&str]) -> String {
    let output = run(arguments);
    let said = said(&output);
    assert!(output.status.success(), "{arguments:?} ended with {}: {said}", output.status);
    String::from_utf8(output.stdout).expect("text")
}

/// What it said on standard error.
fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// What it said when it went wrong, as a program that knows that it did.
#[track_caller]
fn refused(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(1), "{arguments:?}: {}", said(&output));
    assert!(output.stdout.is_empty(), "{arguments:?} printed something");
    said(&output)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of a test is text")
}

/// Files below a folder other than the lock and the logs.
fn kept(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let files = entries.flat_map(|path| if path.is_dir() { kept(&path) } else { vec![path] });
    files.filter(|path| !path.ends_with("lock")).collect()
}

#[test]
fn without_a_display_it_says_what_can_be_done_instead() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&["--data-dir", text(folder.path())]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    let said = said(&output);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.contains("no display") && said.contains("pitdesk shot desk.png"), "{said}");
    assert!(kept(folder.path()).is_empty(), "nothing was begun");
}

#[test]
fn a_display_that_does_not_answer_is_no_display() {
    let folder = tempfile::tempdir().unwrap();
    let output = pitdesk(&["--data-dir", text(folder.path())])
        .env("DISPLAY", ":54321")
        .output()
        .expect("it was built");
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.lines().any(|line| line.contains("pitdesk shot desk.png")), "{said}");
}

#[test]
fn the_same_seed_draws_the_same_picture() {
    let folder = tempfile::tempdir().unwrap();
    let draw = |name: &str, seed: &str| {
        let path = folder.path().join(name);
        printed(&["shot", text(&path), "--size", "800x500", "--after", "2s", "--seed", seed]);
        fs::read(path).unwrap()
    };
    let first = draw("first.png", "7");
    assert!(first.starts_with(b"\x89PNG"));
    assert!(first == draw("again.png", "7"), "the same seed drew another picture");
    assert!(first != draw("other.png", "8"), "another seed drew the same picture");
}

#[test]
fn a_picture_that_cannot_be_written_is_named() {
    let said = refused(&["shot", "/no/such/folder/desk.png", "--size", "320x240", "--after", "0s"]);
    assert!(said.contains("/no/such/folder/desk.png"), "{said}");
}

#[test]
fn imported_minutes_make_the_recorded_day() {
    let Some(minutes) = recorded("lean_spy_minute_20131004-11.csv.gz") else { return };
    let folder = tempfile::tempdir().unwrap();
    let home = text(folder.path());
    let report = printed(&["--data-dir", home, "import", text(&minutes), "--symbol", "SPY"]);
    assert!(report.contains("Imported 4,839") || report.contains("Imported 4839"), "{report}");
    let day = |arguments: &[&str]| {
        let bars = printed(arguments);
        let of_day = bars.lines().find(|line| line.starts_with("2013-10-07")).map(str::to_owned);
        of_day.unwrap_or_else(|| panic!("no 2013-10-07 in {bars}"))
    };
    let wanted = ["--symbol", "SPY", "--timeframe", "1D", "--regular"];
    let after = day(&[&["bars", "--data-dir", home], &wanted[..]].concat());
    assert!(after.ends_with(",167.43,168.45,167.25,167.42,81489219"), "{after}");
    let before = day(&[&["--data-dir", home, "bars"], &wanted[..]].concat());
    assert_eq!(before, after, "a global option means the same before and after the subcommand");
}

/// Minutes of two days in Tokyo, from 23:00 to 01:00, the first of each hour at another price.
fn night_in_tokyo(folder: &Path) -> PathBuf {
    let row = |minute: usize| {
        let (day, hour) = if minute < 60 { (1, 23) } else { (2, 0) };
        let price = 1_000 + minute;
        format!("2024-03-0{day} {hour:02}:{:02},{price},{price},{price},{price},1\n", minute % 60)
    };
    let rows: String = (0..120).map(row).collect();
    let file = folder.join("night.csv");
    fs::write(&file, format!("time,open,high,low,close,volume\n{rows}")).expect("a temporary folder");
    file
}

#[test]
fn the_days_of_an_import_are_those_of_its_zone_however_its_symbol_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let (home, file) = (text(folder.path()), night_in_tokyo(folder.path()));
    printed(&["--data-dir", home, "import", text(&file), "--symbol", "NIGHT", "--zone", "Asia/Tokyo"]);
    for symbol in ["NIGHT", "night"] {
        let days = printed(&["bars", "--data-dir", home, "--symbol", symbol, "--timeframe", "1D"]);
        let days: Vec<&str> = days.lines().skip(1).collect();
        assert_eq!(
            days,
            ["2024-02-29T15:00:00Z,1000,1059,1000,1059,60", "2024-03-01T15:00:00Z,1060,1119,1060,1119,60"]
        );
    }
    // Hours of a session are the zone's too.
    let regular = ["--timeframe", "1D", "--regular", "23:00-23:30"];
    let days = printed(&[&["bars", "--data-dir", home, "--symbol", "night"], &regular[..]].concat());
    assert_eq!(days.lines().nth(1), Some("2024-02-29T15:00:00Z,1000,1029,1000,1029,30"));
    let said = refused(&["bars", "--data-dir", home, "--symbol", "night", "--timeframe", "1s"]);
    assert!(said.contains("imported in 1m"), "{said}");
}

#[test]
fn a_picture_changes_nothing_in_the_folder_it_is_drawn_from() {
    let folder = tempfile::tempdir().unwrap();
    let index = folder.path().join("index.json");
    fs::write(&index, "{\"name\": \"a web page's\"}").unwrap();
    let draw = ["shot", "desk.png", "--size", "320x240", "--after", "0s", "--seed", "1"];
    let output = pitdesk(&draw).current_dir(folder.path()).output().expect("it was built");
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(fs::read_to_string(&index).unwrap(), "{\"name\": \"a web page's\"}");
    let mut files = kept(folder.path());
    files.sort();
    assert_eq!(files, [folder.path().join("desk.png"), index]);
}

#[test]
fn a_picture_of_a_replay_finds_the_imports_of_its_profile() {
    let folder = tempfile::tempdir().unwrap();
    let (home, file) = (text(folder.path()), night_in_tokyo(folder.path()));
    let mine = ["--data-dir", home, "--profile", "mine"];
    printed(&[&mine[..], &["import", text(&file), "--symbol", "NIGHT"]].concat());
    let picture = folder.path().join("desk.png");
    let shot = ["shot", text(&picture), "--size", "320x240", "--after", "0s", "--replay", "night"];
    printed(&[&mine[..], &shot[..]].concat());
    assert!(picture.exists());
    let said = refused(&[&["--data-dir", home], &shot[..]].concat());
    assert!(said.contains("cannot replay night"), "{said}");
}

#[test]
fn of_a_wrong_file_nothing_is_imported() {
    let folder = tempfile::tempdir().unwrap();
    let home = text(folder.path());
    let file = folder.path().join("wrong.csv");
    let rows = "time,open,high,low,close,volume\n\
                2024-03-01,10.0,11.0,9.0,10.5,100\n\
                2024-03-04,10.5,11.0,10.0,10.9,100\n\
                2024-03-05,10.9,ten,10.1,10.2,100\n";
    fs::write(&file, rows).unwrap();
    let said = refused(&["--data-dir", home, "import", text(&file), "--symbol", "TST"]);
    for part in ["nothing was imported", "wrong.csv", "line 4", "ten"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert_eq!(kept(folder.path()), [file], "nothing but the file itself");
    let said = refused(&["--data-dir", home, "bars", "--symbol", "TST"]);
    assert!(said.contains("nothing was imported of TST"), "{said}");
}

#[test]
fn a_second_program_on_the_same_profile_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let home = text(folder.path());
    // Recordings are kept in the profile that replays them.
    let taken = ["replay", "paper"].map(|name| Profile::open(Some(folder.path()), name).unwrap());
    // The window is refused before it looks for its display, which is none here.
    for (profile, task) in [("replay", &["bars", "--symbol", "SPY"][..]), ("paper", &[])] {
        let arguments = [&["--data-dir", home], task].concat();
        let output = pitdesk(&arguments).env("DISPLAY", ":54321").output().expect("it was built");
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        let (profile, who) = (format!("'{profile}'"), format!("(process {})", std::process::id()));
        for part in ["already running", &profile, &who, "--profile"] {
            assert!(said.contains(part), "{part} is missing in: {said}");
        }
    }
    drop(taken);
    assert!(!refused(&["--data-dir", home, "bars", "--symbol", "SPY"]).contains("already running"));
}

#[test]
fn options_that_make_no_sense_say_what_would() {
    let output = run(&["--date-order", "sideways", "shot", "x.png"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("day-first or month-first"), "{}", said(&output));
}
