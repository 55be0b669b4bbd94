//! Alerts against a naive model that keeps every price and looks at all of them each time.

use proptest::prelude::*;

use super::*;

/// What happens to an alert.
#[derive(Debug, Clone)]
enum Happens {
    Price(i64),
    Later(u64),
    Lost,
    Restart,
    Armed,
}

/// A look at a price.
#[derive(Clone, Copy)]
struct Looked {
    at: Time,
    is_beyond: bool,
    has_fired: bool,
}

/// All looks since the alert was set or armed by hand.
#[derive(Default)]
struct Model {
    looks: Vec<Looked>,
    is_watched: bool,
}

impl Model {
    /// What is told of a price, by the end of its words.
    fn look(&mut self, is_beyond: bool, is_repeated: bool, at: Time) -> Option<&'static str> {
        let last_fired = self.looks.iter().rposition(|look| look.has_fired);
        let was_near = |looks: &[Looked]| looks.iter().any(|look| !look.is_beyond);
        let may_fire = match last_fired {
            None => true,
            Some(_) if !is_repeated => false,
            Some(index) => was_near(&self.looks[index..]) && at.since(self.looks[index].at).as_secs() >= 60,
        };
        let has_fired = is_beyond && may_fire;
        let how = if last_fired.is_none() && !was_near(&self.looks) {
            "since the alert was set"
        } else if self.is_watched {
            "or above"
        } else {
            "no prices came"
        };
        self.looks.push(Looked { at, is_beyond, has_fired });
        self.is_watched = true;
        has_fired.then_some(how)
    }
}

/// What the window has made of what it was told.
fn replica(book: &mut AlertBook, effects: &[Effect]) {
    for effect in effects {
        let Effect::Publish { update, .. } = effect else { continue };
        match &**update {
            Update::Alert(alert) => book.put(alert.clone()),
            Update::AlertGone(id) => book.remove(*id),
            Update::Fired(firing) => book.keep(Firing::clone(firing)),
            Update::AlertsSeen(through) => book.see(*through),
            _ => {}
        }
    }
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        8 => (95_i64..106).prop_map(Happens::Price),
        3 => (1_u64..90).prop_map(Happens::Later),
        1 => Just(Happens::Lost),
        1 => Just(Happens::Restart),
        1 => Just(Happens::Armed),
    ]
}

proptest! {
    #[test]
    fn an_alert_fires_as_the_rules_say(
        story in prop::collection::vec(happens(), 1..60),
        is_repeated in any::<bool>(),
    ) {
        let mut stage = stage();
        let mut told = AlertBook::default();
        let terms = AlertTerms { every_time: is_repeated, ..once(above("100")) };
        replica(&mut told, &stage.set(terms));
        let id = stage.alert(0).id;
        let mut model = Model::default();
        // What the broker has said last and goes on sending; none in a new session.
        let mut price: Option<i64> = None;
        for one in story {
            let (effects, expected) = match one {
                Happens::Later(seconds) => {
                    stage.later(seconds);
                    continue;
                }
                Happens::Price(now) => {
                    if stage.alert(0).state == AlertState::Over {
                        continue; // nobody has it sent any more
                    }
                    price = Some(now);
                    let expected = model.look(now >= 100, is_repeated, stage.now);
                    if expected.is_some() && !is_repeated {
                        price = None;
                    }
                    (stage.market(last(&now.to_string())), expected)
                }
                Happens::Lost => {
                    let mut effects = stage.session_ends();
                    effects.extend(stage.is_back());
                    price = None;
                    model.is_watched = false;
                    (effects, None)
                }
                Happens::Restart => {
                    stage = stage.restarted();
                    price = None;
                    model.is_watched = false;
                    (stage.is_back(), None)
                }
                Happens::Armed => {
                    model = Model::default();
                    let expected =
                        price.and_then(|now| model.look(now >= 100, is_repeated, stage.now));
                    if expected.is_some() && !is_repeated {
                        price = None;
                    }
                    (stage.command(Command::RearmAlert(id)), expected)
                }
            };
            replica(&mut told, &effects);
            let said = said(&effects);
            match expected {
                Some(how) => prop_assert!(said.len() == 1 && said[0].ends_with(how), "{said:?} {how}"),
                None => prop_assert!(said.is_empty(), "{said:?}"),
            }
            let book = stage.engine.alerts.book();
            prop_assert_eq!((&told.alerts, &told.fired), (&book.alerts, &book.fired));
        }
    }
}
