//! What is drawn on charts: told, kept at once, in the next snapshot and in the next run.

use super::*;
use crate::domain::{DrawingBook, DrawingChange, DrawingInk, Figure, MOST_DRAWINGS};

fn level(price: &str) -> DrawingChange {
    DrawingChange::Add(Figure::Level { price: Price(dec(price)) }, DrawingInk::Blue)
}

impl Stage {
    fn draw(&mut self, change: DrawingChange) -> Vec<Effect> {
        self.command(Command::Draw { instrument: SHARE, change })
    }
}

fn told(effects: &[Effect]) -> Option<Arc<DrawingBook>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Drawings(book) => Some(Arc::clone(book)),
            Update::Snapshot(all) => Some(Arc::clone(&all.drawings)),
            _ => None,
        },
        _ => None,
    })
}

fn kept(effects: &[Effect]) -> Option<Arc<DrawingBook>> {
    effects.iter().find_map(|effect| match effect {
        Effect::Save(SaveJob::Drawings(book)) => Some(Arc::clone(book)),
        _ => None,
    })
}

#[test]
fn a_drawing_is_told_and_kept_at_once_and_is_there_in_the_next_run() {
    let mut stage = stage();
    let effects = stage.draw(level("284.50"));
    let book = told(&effects).expect("it is told");
    assert_eq!(kept(&effects).as_ref(), Some(&book));
    let [drawing] = book.of("AAPL@NASDAQ") else { panic!("{book:?}") };
    assert_eq!(told(&stage.command(Command::Snapshot)).as_ref(), Some(&book));

    let first = Start::first(vec![share()].into(), vec!["Paper".into()], stage.now);
    let mut stage = stage_after(Journaled::default());
    stage.engine = Engine::new(Start { drawings: DrawingBook::clone(&book), ..first });
    assert_eq!(told(&stage.feed(EngineEvent::Started)), Some(book.clone()));
    let gone = stage.draw(DrawingChange::Remove(drawing.id));
    assert_eq!(kept(&gone).map(|book| book.of("AAPL@NASDAQ").len()), Some(0));
}

#[test]
fn what_cannot_be_drawn_is_refused_and_nothing_is_written() {
    let mut stage = stage();
    for _ in 0..MOST_DRAWINGS {
        stage.draw(level("284.50"));
    }
    let elsewhere = Command::Draw { instrument: InstrumentId(77), change: level("1") };
    for (effects, why) in
        [(stage.draw(level("284.50")), "Delete one first"), (stage.command(elsewhere), "no such instrument")]
    {
        assert!(kept(&effects).is_none() && told(&effects).is_none());
        let refused = effects.iter().any(|effect| match effect {
            Effect::Publish { update, .. } => {
                matches!(&**update, Update::Answer(Answer { outcome: Err(text), .. }) if text.0.contains(why))
            }
            _ => false,
        });
        assert!(refused, "{why}: {effects:?}");
    }
}
