//! Results of days are read when the journal has what they are made of.

use jiff::tz::TimeZone;

use super::*;
use crate::link::Span;

fn ask(stage: &mut Stage) -> Vec<Effect> {
    stage.command(Command::Results(Span { from: Time::MIN, zone: TimeZone::UTC }))
}

fn reads(effects: &[Effect]) -> usize {
    effects.iter().filter(|effect| matches!(effect, Effect::ReadResults(..))).count()
}

#[test]
fn the_file_is_read_when_it_has_what_was_told_before_the_question() {
    let mut stage = stage();
    assert_eq!(reads(&ask(&mut stage)), 1, "nothing waits for the disk");
    stage.disk = Disk::Slow;
    stage.buy("10", "99.00");
    assert_eq!(reads(&ask(&mut stage)), 0);
    assert_eq!(reads(&ask(&mut stage)), 0);
    assert_eq!(reads(&stage.disk_has_all()), 1, "the newest question alone");
    assert_eq!(reads(&stage.disk_has_all()), 0);
}

#[test]
fn a_disk_that_fails_is_not_waited_for() {
    let mut stage = stage();
    stage.disk = Disk::Slow;
    stage.buy("10", "99.00");
    ask(&mut stage);
    let from = stage.journal.last().unwrap().seq;
    let failed = EngineEvent::JournalFailed { from, through: from, why: "no space left".into() };
    assert_eq!(reads(&stage.feed(failed)), 1);
    assert_eq!(reads(&ask(&mut stage)), 1);
}
