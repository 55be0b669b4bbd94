//! The launch by itself: starts, restarts, ends.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use pitdesk::broker::ibkr::launch::LaunchState;
use pitdesk::domain::Time;

use crate::stand_in::{
    NOTE_DOUBLES, PASSWORD, Running, SERVE, Stage, eventually, kill, lives, parent_of, read_id,
};

#[test]
fn it_is_started_waited_for_and_stopped_and_its_login_lies_there_only_until_it_is_read() {
    let stage = Stage::serving();
    let running = Running::begin(stage.launch(3));
    running.wait_until_up();
    assert_eq!(stage.starts(), 1);
    assert!(fs::read_to_string(stage.path("read")).unwrap().contains(PASSWORD), "it has read its login");
    eventually("the login to be covered", || {
        fs::read_to_string(stage.path("ini")).is_ok_and(|text| text == "covered\n")
    });
    let process = stage.process();
    assert!(lives(process));
    let calls = running.stop();
    assert!(!lives(process), "nothing of it is left");
    assert_eq!(calls, ["fetch", "lay out", "cover", "take away", "take away"]);
    assert!(!stage.path("ini").exists());
}

#[test]
fn what_it_must_not_see_of_our_environment_it_does_not_see() {
    let stage = Stage::serving();
    let running = Running::begin(stage.launch(3));
    running.wait_until_up();
    let environment = fs::read_to_string(stage.path("environment")).unwrap();
    let has = |name: &str| environment.lines().any(|line| line.starts_with(&format!("{name}=")));
    assert!(has("PORT") && !has("HOME"), "{environment}");
    running.stop();
}

#[test]
fn it_is_given_up_after_so_many_starts_in_a_row() {
    let stage = Stage::new("exit 3\n");
    let running = Running::begin(stage.launch(2));
    let state = running.wait("the end", |state| matches!(state, LaunchState::GaveUp { .. }));
    let why = state.says(Time::MIN).unwrap();
    assert!(why.contains("exit status 3") && why.contains("3 times in a row"), "{why}");
    assert_eq!(stage.starts(), 3);
    eventually("the login to be taken away", || !stage.path("ini").exists());
    running.stop();
}

#[test]
fn a_program_that_is_not_there_is_named() {
    let stage = Stage::serving();
    let mut launch = stage.launch(0);
    launch.command = stage.path("nothing-here").into();
    let running = Running::begin(launch);
    let state = running.wait("the end", |state| matches!(state, LaunchState::GaveUp { .. }));
    let why = state.says(Time::MIN).unwrap();
    assert!(why.contains("there is no such program"), "{why}");
    running.stop();
}

#[test]
fn one_that_dies_comes_up_again() {
    let stage = Stage::serving();
    let running = Running::begin(stage.launch(3));
    running.wait_until_up();
    let first = stage.process();
    kill(first);
    running.wait("its death", |state| !matches!(state, LaunchState::Up { .. }));
    running.wait_until_up();
    assert_eq!(stage.starts(), 2);
    assert_ne!(stage.process(), first);
    assert_eq!(running.stop()[..5], ["fetch", "lay out", "cover", "take away", "lay out"]);
}

#[test]
fn one_that_restarts_itself_is_not_started_again_and_finds_its_login() {
    // As IBC does it: its script stays, and starts what opens the socket once more.
    let serve = SERVE.trim_end();
    let stage = Stage::new(&format!(
        "{serve} & echo $! > \"$STAGE/inner\"; wait\n\
         until grep -q {PASSWORD} \"$IBC_INI\"; do :; done; cp \"$IBC_INI\" \"$STAGE/read-again\"\n{serve}\n"
    ));
    let running = Running::begin(stage.launch(3));
    running.wait_until_up();
    kill(read_id(&stage.path("inner")));
    // As a session does that finds the socket closed.
    let mut launch = running.launched.follow();
    let mut ask = || running.runtime.block_on(launch.explain("Nothing listens".to_owned(), Time::MIN));
    let is_seen = (0..20).any(|_| ask().contains("IB Gateway restarts itself"));
    assert!(is_seen, "{:?}", running.launched.follow().state());
    running.wait_until_up();
    assert_eq!(stage.starts(), 1);
    assert!(stage.path("read-again").exists());
    let calls = running.stop();
    assert_eq!(calls[..5], ["fetch", "lay out", "cover", "lay out", "cover"]);
}

#[test]
fn a_socket_that_answers_before_is_somebody_elses() {
    let stage = Stage::serving();
    let _other = TcpListener::bind((Ipv4Addr::LOCALHOST, stage.port)).unwrap();
    let running = Running::begin(stage.launch(3));
    running.wait("its discovery", |state| *state == LaunchState::Found);
    assert_eq!(running.stop(), ["take away"]);
    assert_eq!(stage.starts(), 0);
}

#[test]
fn a_login_that_is_refused_is_tried_once() {
    let stage = Stage::new("echo 'IBC: Unrecognized Username or Password'\nwhile :; do wait; done\n");
    let running = Running::begin(stage.launch(5));
    let state = running.wait("the end", |state| matches!(state, LaunchState::GaveUp { .. }));
    let why = state.says(Time::MIN).unwrap();
    assert!(why.contains("pitdesk ibkr-login"), "{why}");
    let process = stage.process();
    eventually("its end", || !lives(process));
    assert_eq!(stage.starts(), 1);
    running.stop();
}

#[test]
fn a_login_that_is_refused_with_the_last_word_is_not_tried_again() {
    let line = "IBC: detected dialog entitled: Unrecognized Username or Password; event=Opened";
    let stage = Stage::new(&format!("echo '{line}'\nexit 1\n"));
    let running = Running::begin(stage.launch(5));
    let state = running.wait("the end", |state| matches!(state, LaunchState::GaveUp { .. }));
    assert!(state.says(Time::MIN).unwrap().contains("pitdesk ibkr-login"));
    assert_eq!(stage.starts(), 1);
    running.stop();
}

#[test]
fn what_prints_without_end_is_heard_and_can_be_stopped() {
    let stage = Stage::new("while :; do echo nothing new; printf %2000s x >&2; done\n");
    let running = Running::begin(stage.launch(3));
    running.wait("its start", |state| matches!(state, LaunchState::Starting { .. }));
    eventually("its start", || stage.path("environment").exists());
    running.stop();
    assert!(!lives(stage.process()));
}

#[test]
fn a_program_whose_keeper_was_killed_is_replaced_and_never_doubled() {
    let stage = Stage::new(&format!("{NOTE_DOUBLES}exec {SERVE}"));
    let running = Running::begin(stage.launch(3));
    running.wait_until_up();
    let first = stage.process();
    kill(parent_of(first));
    running.wait("its loss", |state| !matches!(state, LaunchState::Up { .. }));
    running.wait_until_up();
    assert!(!lives(first));
    assert_eq!(stage.starts(), 2);
    let second = stage.process();
    running.stop();
    assert!(!lives(second) && !stage.path("doubles").exists());
}

#[test]
fn a_keeper_that_is_killed_during_a_login_that_ignores_signals_leaves_nothing() {
    let stage = Stage::new(&format!("trap '' TERM\n{NOTE_DOUBLES}while :; do sleep 1000; done\n"));
    let running = Running::begin(stage.launch(3));
    eventually("its start", || stage.noted() == 1);
    let first = stage.process();
    kill(parent_of(first));
    eventually("its next start", || stage.noted() == 2);
    assert!(!lives(first));
    let second = stage.process();
    kill(parent_of(second));
    running.stop();
    assert!(!lives(second) && !lives(stage.process()) && !stage.path("doubles").exists());
}

#[test]
fn without_its_own_program_pitdesk_starts_nothing_and_says_why() {
    let stage = Stage::serving();
    let mut launch = stage.launch(3);
    launch.keeper[0] = stage.path("nothing-here").into();
    let running = Running::begin(launch);
    let state = running.wait("the end", |state| matches!(state, LaunchState::GaveUp { .. }));
    assert!(state.says(Time::MIN).unwrap().contains("cannot be started"));
    assert_eq!(running.stop(), ["take away", "take away"]);
}
