//! What the trader notes of orders: kept is what the disk has.

use super::*;
use crate::domain::Note;
use crate::link::Noted;

fn annotate(text: &str) -> Command {
    Command::Annotate { order: OrderId(1), note: Note::typed(text, "gap") }
}

fn told(effects: &[Effect]) -> Vec<Noted> {
    let noted = |effect: &Effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Noted(noted) => Some((**noted).clone()),
            _ => None,
        },
        _ => None,
    };
    effects.iter().filter_map(noted).collect()
}

fn kept(stage: &mut Stage) -> Vec<String> {
    let effects = stage.command(Command::Snapshot);
    let snapshot = effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Snapshot(snapshot) => Some(Arc::clone(snapshot)),
            _ => None,
        },
        _ => None,
    });
    snapshot.unwrap().notes.values().map(|note| note.line()).collect()
}

fn with_order() -> Stage {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.disk = Disk::Slow;
    stage
}

#[test]
fn a_note_is_told_as_kept_when_the_disk_has_it_and_not_before() {
    let mut stage = with_order();
    assert_eq!(told(&stage.command(annotate("first"))), []);
    assert_eq!(kept(&mut stage), [""; 0]);
    let written = told(&stage.disk_has_all());
    let [Noted { order, outcome: Ok(note), .. }] = &written[..] else { panic!("{written:?}") };
    assert_eq!((*order, note.line()), (OrderId(1), "#gap first".to_owned()));
    assert_eq!(kept(&mut stage), ["#gap first"]);
    assert_eq!(told(&stage.disk_has_all()), [], "it is told once");
    stage.command(annotate("second"));
    stage.disk_has_all();
    assert_eq!(kept(&mut stage), ["#gap second"]);
    stage.command(Command::Annotate { order: OrderId(1), note: Note::default() });
    stage.disk_has_all();
    assert_eq!(kept(&mut stage), [""; 0]);
}

#[test]
fn a_note_that_the_disk_did_not_take_is_told_as_lost_and_none_is_taken_while_it_fails() {
    let mut stage = with_order();
    stage.command(annotate("first"));
    let seq = stage.journal.last().unwrap().seq;
    let failed = EngineEvent::JournalFailed { from: seq, through: seq, why: "disk full".into() };
    let lost = told(&stage.feed(failed));
    let [Noted { outcome: Err(why), .. }] = &lost[..] else { panic!("{lost:?}") };
    assert_eq!(why.to_string(), "The note is not kept. disk full");
    assert_eq!(kept(&mut stage), [""; 0]);
    let records = stage.journal.len();
    stage.command(annotate("second"));
    assert_eq!(stage.journal.len(), records, "nothing is put into a journal that fails");
    stage.feed(EngineEvent::JournalWorks);
    stage.command(annotate("third"));
    stage.disk_has_all();
    assert_eq!(kept(&mut stage), ["#gap third"]);
}

#[test]
fn a_note_of_no_order_or_one_too_long_is_refused() {
    let mut stage = with_order();
    let records = stage.journal.len();
    stage.command(Command::Annotate { order: OrderId(99), note: Note::typed("of what?", "") });
    let long = "x".repeat(crate::domain::note::LONGEST + 1);
    stage.command(annotate(&long));
    assert_eq!(stage.journal.len(), records);
}
