//! Drawings beyond the window: kept through a SIGKILL at any moment.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/killed.rs"]
mod killed;
#[path = "common/program.rs"]
#[expect(dead_code, reason = "these tests do not trade")]
mod program;

use killed::{folder_of_child, kill_at_work, program, tell};
use pitdesk::domain::{
    Drawing, DrawingChange, DrawingInk, Figure, InstrumentId, MOST_DRAWINGS, Mark, Price, Time,
};
use pitdesk::link::Command;
use pitdesk::store::drawings;
use program::{PROFILE, Program};
use tempfile::TempDir;

/// What the child draws on.
const INSTRUMENT: InstrumentId = InstrumentId(0);

fn own(program: &Program) -> Vec<Drawing> {
    program.look(|desk| desk.drawings(&desk.instrument(INSTRUMENT).unwrap().key()).to_vec())
}

/// Not a test of its own: the child, which draws and deletes until it is killed.
#[test]
fn child_that_is_killed() {
    let Some(folder) = folder_of_child() else { return };
    let mut program = program(&folder);
    program.wait_until_ready();
    for number in 1_i64.. {
        let mark = |minutes| Mark { time: Time::from_seconds(60 * minutes), price: Price(number.into()) };
        let figure = Figure::Trend { from: mark(number), to: mark(number + 7), extends: number % 2 == 0 };
        let known = own(&program);
        let change = match known.first() {
            Some(oldest) if known.len() >= MOST_DRAWINGS / 2 => DrawingChange::Remove(oldest.id),
            _ => DrawingChange::Add(figure, DrawingInk::Violet),
        };
        let asked = program.send(Command::Draw { instrument: INSTRUMENT, change });
        program.wait("an answer", |desk| desk.answer(asked).is_some());
        tell(number);
    }
}

#[test]
fn drawings_outlive_a_kill_at_any_moment() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(PROFILE).join("drawings.json");
    for _ in 0..3 {
        let before = drawings::load(&file).0;
        // The disk has some of what it has told.
        kill_at_work(folder.path(), |_| drawings::load(&file).0 != before);

        let (kept, problems) = drawings::load(&file);
        assert_eq!(problems, Vec::<String>::new());
        let program = program(folder.path());
        program.wait_until_ready();
        let key = program.look(|desk| desk.instrument(INSTRUMENT).unwrap().key());
        let shown = own(&program);
        assert_eq!(shown, kept.of(&key));
        let ids: Vec<u64> = shown.iter().map(|one| one.id.0).collect();
        assert!(ids.is_sorted() && !ids.is_empty(), "{ids:?}");
        program.shut_down();
    }
}
