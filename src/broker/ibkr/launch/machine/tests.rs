//! Every way that a launch can go.

use super::*;

const LIMIT: Duration = Duration::from_mins(5);

struct Stage {
    machine: Machine,
    now: Time,
}

impl Stage {
    /// With `restarts` in a row.
    fn new(restarts: u32) -> Self {
        let now = Time::from_seconds(1_000);
        let (machine, first) = Machine::begin(Rules::new(LIMIT, restarts), now);
        assert_eq!(first, [Do::Inherit]);
        Self { machine, now }
    }

    fn take(&mut self, event: Event) -> Vec<Do> {
        self.machine.take(event, self.now)
    }

    /// Lets time pass, to the tick behind it.
    fn pass(&mut self, time: Duration) -> Vec<Do> {
        self.now = self.now + time;
        self.take(Event::Tick)
    }

    /// Up to its first look, with nothing left of an earlier run.
    fn looking(restarts: u32) -> Self {
        let mut stage = Self::new(restarts);
        assert_eq!(stage.take(Event::Inherited(Ok(false))), [Do::Look]);
        stage
    }

    /// Up to its first start.
    fn started(restarts: u32) -> Self {
        let mut stage = Self::looking(restarts);
        assert_eq!(stage.take(Event::Answers(false)), [Do::Fetch]);
        assert_eq!(stage.take(Event::Fetched(Ok(()))), [Do::Start]);
        stage
    }

    /// Up to its first answer.
    fn up(restarts: u32) -> Self {
        let mut stage = Self::started(restarts);
        stage.comes_up();
        stage
    }

    #[track_caller]
    fn comes_up(&mut self) {
        assert_eq!(self.pass(LOOK), [Do::Look]);
        assert_eq!(self.take(Event::Answers(true)), [Do::Cover]);
        assert_eq!(*self.state(), LaunchState::Up { since: self.now });
    }

    fn dies(&mut self) -> Vec<Do> {
        self.take(Event::Ended("exit status 1".to_owned()))
    }

    /// Passes the pause, to its next start.
    #[track_caller]
    fn starts_again_after(&mut self, pause: Duration) {
        let LaunchState::Pausing { until, .. } = self.state() else { panic!("{:?}", self.state()) };
        assert_eq!(until.since(self.now), pause);
        assert_eq!(self.pass(pause.checked_sub(Duration::from_millis(1)).unwrap()), []);
        assert_eq!(self.pass(Duration::from_millis(1)), [Do::Look]);
        assert_eq!(self.take(Event::Answers(false)), [Do::Start], "the login is known");
    }

    fn state(&self) -> &LaunchState {
        self.machine.state()
    }

    #[track_caller]
    fn given_up(&self) -> &str {
        let LaunchState::GaveUp { why } = self.state() else { panic!("{:?}", self.state()) };
        why
    }
}

#[test]
fn it_is_started_and_waited_for() {
    let mut stage = Stage::started(3);
    assert_eq!(*stage.state(), LaunchState::Starting { since: stage.now });
    assert_eq!(stage.pass(Duration::from_millis(200)), []);
    assert_eq!(stage.pass(LOOK), [Do::Look]);
    assert_eq!(stage.pass(LOOK), [], "one look at a time");
    assert_eq!(stage.take(Event::Answers(false)), []);
    stage.comes_up();
}

#[test]
fn what_runs_already_is_neither_started_nor_stopped() {
    let mut stage = Stage::looking(3);
    let told = stage.take(Event::Answers(true));
    assert!(matches!(&told[..], [Do::Note(NoticeLevel::Info, text)] if text.contains("runs already")));
    assert_eq!(*stage.state(), LaunchState::Found);
    assert_eq!(stage.take(Event::LetDown), []);
    assert_eq!(stage.pass(LIMIT * 3), []);
    stage.take(Event::StopAsked);
    assert_eq!(*stage.state(), LaunchState::Over);
}

#[test]
fn without_a_login_nothing_is_started() {
    let mut stage = Stage::looking(3);
    stage.take(Event::Answers(false));
    let told = stage.take(Event::Fetched(Err("the keyring is locked".to_owned())));
    assert!(matches!(&told[..], [Do::Note(NoticeLevel::Error, _)]), "{told:?}");
    assert_eq!(stage.given_up(), "IB Gateway is not started: the keyring is locked");
    assert_eq!(stage.pass(LIMIT), []);
}

#[test]
fn it_is_started_again_with_pauses_that_double_up_to_a_limit() {
    let mut stage = Stage::started(20);
    for seconds in [5, 10, 20, 40, 80, 160, 300, 300] {
        assert_eq!(stage.dies(), [Do::TakeAway]);
        stage.starts_again_after(Duration::from_secs(seconds));
    }
}

#[test]
fn it_is_given_up_after_so_many_restarts_in_a_row() {
    let mut stage = Stage::started(2);
    for seconds in [5, 10] {
        stage.dies();
        stage.starts_again_after(Duration::from_secs(seconds));
    }
    let told = stage.dies();
    assert!(matches!(&told[..], [Do::TakeAway, Do::Note(NoticeLevel::Error, _)]), "{told:?}");
    let why = stage.given_up();
    assert!(
        why.contains("3 times in a row") && why.contains("exit status 1") && why.contains("log"),
        "{why}"
    );
    assert_eq!(stage.pass(LIMIT * 10), []);
}

#[test]
fn none_may_be_too_many() {
    let mut stage = Stage::up(0);
    stage.dies();
    assert!(stage.given_up().contains("started 1 time and"), "{}", stage.given_up());
}

#[test]
fn who_was_up_long_enough_begins_a_fresh_count() {
    let mut stage = Stage::started(1);
    for _ in 0..5 {
        stage.comes_up();
        stage.pass(Duration::from_mins(10));
        stage.dies();
        stage.starts_again_after(Duration::from_secs(5));
    }
    stage.comes_up();
    stage.pass(Duration::from_mins(9));
    stage.dies();
    stage.given_up();
}

#[test]
fn a_short_life_is_no_health() {
    let mut stage = Stage::up(3);
    stage.dies();
    stage.starts_again_after(Duration::from_secs(5));
    stage.comes_up();
    stage.dies();
    stage.starts_again_after(Duration::from_secs(10));
}

#[test]
fn a_socket_that_never_answers_costs_a_start() {
    let mut stage = Stage::started(1);
    let last = LIMIT.checked_sub(LOOK).unwrap();
    stage.pass(last);
    stage.take(Event::Answers(false));
    assert_eq!(stage.pass(LOOK), [Do::Stop]);
    assert!(matches!(stage.state(), LaunchState::Replacing { why } if why.contains("within 5 min")));
    assert_eq!(stage.dies(), [Do::TakeAway]);
    stage.starts_again_after(Duration::from_secs(5));
    stage.pass(LIMIT);
    stage.dies();
    assert!(stage.given_up().contains("within 5 min"), "{}", stage.given_up());
}

#[test]
fn one_that_restarts_itself_gets_its_login_again_and_as_much_time() {
    let mut stage = Stage::up(3);
    let up_for = Duration::from_mins(20);
    stage.pass(up_for);
    assert_eq!(stage.take(Event::LetDown), [Do::Look]);
    assert_eq!(stage.take(Event::LetDown), [], "one look at a time");
    assert_eq!(stage.take(Event::Answers(false)), [Do::LayOut]);
    assert_eq!(*stage.state(), LaunchState::Returning { since: stage.now });
    stage.pass(Duration::from_mins(4));
    stage.take(Event::Answers(false));
    stage.comes_up();
    stage.take(Event::LetDown);
    stage.take(Event::Answers(false));
    assert_eq!(stage.pass(LIMIT), [Do::Stop]);
}

#[test]
fn a_session_that_was_let_down_for_another_reason_changes_nothing() {
    let mut stage = Stage::up(3);
    let state = stage.state().clone();
    assert_eq!(stage.take(Event::LetDown), [Do::Look]);
    assert_eq!(stage.take(Event::Answers(true)), []);
    assert_eq!(*stage.state(), state);
}

#[test]
fn one_that_was_started_by_hand_meanwhile_is_left_alone() {
    let mut stage = Stage::started(3);
    stage.dies();
    stage.pass(Duration::from_secs(5));
    stage.take(Event::Answers(true));
    assert_eq!(*stage.state(), LaunchState::Found);
    let mut given_up = Stage::started(0);
    given_up.dies();
    assert_eq!(given_up.take(Event::LetDown), [Do::Look]);
    assert_eq!(given_up.take(Event::Answers(false)), []);
    given_up.take(Event::LetDown);
    given_up.take(Event::Answers(true));
    assert_eq!(*given_up.state(), LaunchState::Found);
}

#[test]
fn a_refused_login_is_not_tried_again() {
    let mut stage = Stage::started(5);
    let todo = stage.take(Event::LoginRefused);
    assert!(matches!(&todo[..], [Do::Stop, Do::TakeAway, Do::Note(NoticeLevel::Error, _)]), "{todo:?}");
    assert!(stage.given_up().contains("pitdesk ibkr-login"));
    assert_eq!(stage.dies(), [Do::TakeAway]);
    assert_eq!(stage.pass(LIMIT), []);
}

#[test]
fn a_login_that_was_stale_after_the_night_may_be_refused_once() {
    let mut stage = Stage::up(3);
    stage.take(Event::LetDown);
    stage.take(Event::Answers(false));
    assert_eq!(stage.take(Event::LoginRefused), []);
    stage.comes_up();
    stage.take(Event::LetDown);
    stage.take(Event::Answers(false));
    assert_eq!(stage.take(Event::LoginRefused), []);
    stage.take(Event::LoginRefused);
    stage.given_up();
    assert!(is_refusal("2026-11-22 01:00:01 IBC: Unrecognized Username or Password"));
    assert!(!is_refusal("IBC: Login attempt: 1"));
}

#[test]
fn one_dialogue_is_one_refusal() {
    let told = ["Activated", "Focused", "Opened", "Lost focus", "Closed"].map(|event| {
        format!("IBC: detected dialog entitled: Unrecognized Username or Password; event={event}")
    });
    assert_eq!(told.iter().filter(|line| is_refusal(line)).count(), 1);
}

#[test]
fn a_port_that_answers_while_the_keyring_asks_is_found() {
    let mut stage = Stage::looking(3);
    assert_eq!(stage.take(Event::Answers(false)), [Do::Fetch]);
    assert_eq!(stage.pass(Duration::from_mins(1)), [Do::Look]);
    stage.take(Event::Answers(true));
    assert!(matches!(stage.state(), LaunchState::Found));
    // What the keyring says later starts nothing.
    assert_eq!(stage.take(Event::Fetched(Ok(()))), []);
}

#[test]
fn words_of_a_refusal_mean_nothing_while_it_is_up() {
    let mut stage = Stage::up(3);
    assert_eq!(stage.take(Event::LoginRefused), []);
    assert!(matches!(stage.state(), LaunchState::Up { .. }));
}

#[test]
fn what_was_started_is_stopped_at_the_end() {
    for mut stage in [Stage::started(3), Stage::up(3)] {
        assert_eq!(stage.take(Event::StopAsked), [Do::Stop, Do::TakeAway]);
        assert_eq!(*stage.state(), LaunchState::Stopping);
        assert_eq!(stage.take(Event::StopAsked), []);
        stage.take(Event::Answers(true));
        assert_eq!(*stage.state(), LaunchState::Stopping);
        assert_eq!(stage.dies(), [Do::TakeAway]);
        assert_eq!(*stage.state(), LaunchState::Over);
    }
}

#[test]
fn an_end_in_between_starts_nothing_more() {
    let mut pausing = Stage::started(3);
    pausing.dies();
    pausing.take(Event::StopAsked);
    assert_eq!(pausing.pass(LIMIT), []);
    assert_eq!(*pausing.state(), LaunchState::Over);
    let mut replacing = Stage::started(3);
    replacing.pass(LIMIT);
    replacing.take(Event::StopAsked);
    assert_eq!(*replacing.state(), LaunchState::Stopping);
    replacing.dies();
    assert_eq!(*replacing.state(), LaunchState::Over);
    let mut fetching = Stage::looking(3);
    fetching.take(Event::Answers(false));
    fetching.take(Event::StopAsked);
    assert_eq!(fetching.take(Event::Fetched(Ok(()))), []);
    assert_eq!(*fetching.state(), LaunchState::Over);
}

#[test]
fn a_keeper_that_does_not_stop_is_ended_once() {
    let mut stage = Stage::up(3);
    stage.take(Event::StopAsked);
    assert_eq!(stage.pass(Duration::from_secs(44)), []);
    assert_eq!(stage.pass(Duration::from_secs(1)), [Do::Kill]);
    assert_eq!(stage.pass(Duration::from_mins(1)), []);
}

#[test]
fn what_cannot_be_started_counts_as_a_start() {
    let mut stage = Stage::started(1);
    stage.take(Event::NotStarted("cannot be started: no such file".to_owned()));
    stage.starts_again_after(Duration::from_secs(5));
    stage.take(Event::NotStarted("cannot be started: no such file".to_owned()));
    assert!(stage.given_up().contains("no such file"));
}

/// The one note in this, and the rest.
#[track_caller]
fn noted(todo: Vec<Do>) -> (NoticeLevel, String, Vec<Do>) {
    let (mut notes, rest): (Vec<Do>, Vec<Do>) =
        todo.into_iter().partition(|what| matches!(what, Do::Note(..)));
    let Some(Do::Note(level, text)) = notes.pop() else { panic!("no note, but {rest:?}") };
    assert!(notes.is_empty(), "{notes:?}");
    (level, text, rest)
}

#[test]
fn one_that_an_earlier_run_has_left_is_told_of_and_not_taken_for_somebody_elses() {
    let mut stage = Stage::new(3);
    assert_eq!(stage.pass(LOOK * 5), [], "its socket is not looked at before it is gone");
    let (level, text, rest) = noted(stage.take(Event::Inherited(Ok(true))));
    assert!(level == NoticeLevel::Warning && text.contains("second factor"), "{text}");
    assert_eq!(rest, [Do::Look]);
    assert_eq!(stage.take(Event::Answers(false)), [Do::Fetch]);
}

#[test]
fn beside_one_that_cannot_be_ended_nothing_is_started() {
    let mut stage = Stage::new(3);
    let (level, text, rest) = noted(stage.take(Event::Inherited(Err("it cannot be ended".to_owned()))));
    assert!(level == NoticeLevel::Error && text.contains("End it by hand"), "{text}");
    assert_eq!(rest, [Do::TakeAway]);
    stage.given_up();
    assert_eq!(stage.pass(LIMIT * 10), []);
}

#[test]
fn a_program_that_has_lost_its_keeper_is_ended_before_it_is_started_again() {
    for mut stage in [Stage::started(3), Stage::up(3)] {
        let (level, text, rest) = noted(stage.take(Event::KeeperLost));
        assert!(level == NoticeLevel::Warning && text.contains("was killed"), "{text}");
        assert_eq!(rest, [Do::Inherit]);
        assert_eq!(stage.take(Event::Answers(true)), [], "its socket is nobody's any more");
        assert_eq!(stage.take(Event::LetDown), []);
        assert_eq!(stage.pass(LOOK * 5), []);
        assert!(matches!(stage.state(), LaunchState::Replacing { .. }), "{:?}", stage.state());
        assert_eq!(stage.take(Event::Inherited(Ok(true))), [Do::TakeAway]);
        stage.starts_again_after(Duration::from_secs(5));
    }
}

#[test]
fn keepers_that_are_killed_again_and_again_are_given_up() {
    let mut stage = Stage::started(1);
    stage.take(Event::KeeperLost);
    stage.take(Event::Inherited(Ok(true)));
    stage.starts_again_after(Duration::from_secs(5));
    stage.take(Event::KeeperLost);
    stage.take(Event::Inherited(Ok(true)));
    assert!(stage.given_up().contains("has lost the process that watches it"), "{}", stage.given_up());
}

#[test]
fn a_lost_program_that_cannot_be_ended_is_never_doubled() {
    let mut stage = Stage::up(3);
    stage.take(Event::KeeperLost);
    stage.take(Event::Inherited(Err("it cannot be ended".to_owned())));
    assert!(stage.given_up().contains("still there"), "{}", stage.given_up());
    assert_eq!(stage.pass(LIMIT * 10), []);
}

#[test]
fn the_end_waits_for_a_program_that_has_lost_its_keeper() {
    let mut before = Stage::up(3);
    before.take(Event::KeeperLost);
    assert_eq!(before.take(Event::StopAsked), []);
    let mut meanwhile = Stage::up(3);
    meanwhile.take(Event::StopAsked);
    assert_eq!(meanwhile.take(Event::KeeperLost), [Do::Inherit]);
    for mut stage in [before, meanwhile] {
        assert_eq!(*stage.state(), LaunchState::Stopping);
        assert_eq!(stage.take(Event::Inherited(Ok(true))), [Do::TakeAway]);
        assert_eq!(*stage.state(), LaunchState::Over);
    }
}

#[test]
fn a_refused_program_that_has_lost_its_keeper_is_ended_and_not_tried_again() {
    let mut stage = Stage::started(5);
    stage.take(Event::LoginRefused);
    assert_eq!(stage.take(Event::KeeperLost), [Do::Inherit]);
    assert_eq!(stage.take(Event::Inherited(Ok(true))), []);
    assert!(stage.given_up().contains("pitdesk ibkr-login"));
    assert_eq!(stage.pass(LIMIT), []);
}

#[test]
fn a_keeper_that_was_ended_for_it_did_not_stop_is_followed_by_an_heir_with_a_limit() {
    let mut stage = Stage::up(3);
    stage.take(Event::StopAsked);
    assert_eq!(stage.pass(Duration::from_secs(45)), [Do::Kill]);
    assert_eq!(stage.take(Event::KeeperLost), [Do::Inherit]);
    assert_eq!(stage.pass(Duration::from_secs(44)), []);
    assert_eq!(stage.pass(Duration::from_secs(1)), [Do::Kill]);
    let (level, _, rest) = noted(stage.take(Event::Inherited(Err("it was killed".to_owned()))));
    assert_eq!((level, rest), (NoticeLevel::Error, vec![Do::TakeAway]));
    assert_eq!(*stage.state(), LaunchState::Over);
}

#[test]
fn a_first_heir_that_hangs_is_ended() {
    let mut stage = Stage::new(3);
    assert_eq!(stage.pass(Duration::from_secs(45)), [Do::Kill]);
    stage.take(Event::Inherited(Err("it was killed".to_owned())));
    stage.given_up();
}

#[test]
fn a_night_that_the_computer_sleeps_through_is_no_time_for_a_login() {
    let night = Duration::from_hours(8);
    let mut starting = Stage::started(3);
    starting.take(Event::Slept(night));
    starting.now = starting.now + night;
    assert_eq!(starting.pass(Duration::from_mins(4)), [Do::Look]);
    assert!(matches!(starting.state(), LaunchState::Starting { .. }));
    starting.take(Event::Answers(false));
    assert_eq!(starting.pass(Duration::from_mins(1)), [Do::Stop]);
    starting.take(Event::Slept(night));
    starting.now = starting.now + night;
    assert_eq!(starting.take(Event::Tick), [], "it has its time to stop as well");
    assert_eq!(starting.pass(Duration::from_secs(45)), [Do::Kill]);
}
