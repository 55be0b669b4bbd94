//! From presses of a control that sends to at most one order.
//!
//! For the ticket and the blotter alike. A control asks first: one press arms it, a second
//! one sends what was armed, though the world may have moved on. Where the trader wants no
//! question, the first press sends.
//!
//! A double click of the desktop is one press: within half a second after a control began to
//! ask, it does not confirm, and within half a second after something was sent, the pointer
//! does nothing at all, whichever of the controls it meets. Never longer than that: whoever
//! hammers on Close is heard.

use std::time::Duration;

use crate::domain::Time;

/// Two presses within this are one: the longest double click that desktops allow.
pub(super) const SAME_PRESS: Duration = Duration::from_millis(500);
/// How long a control asks before it turns back.
pub(super) const ASKS_FOR: Duration = Duration::from_secs(3);

/// Whether a press is asked about before it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    AsksFirst,
    SendsAtOnce,
}

/// Where a press came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    Pointer,
    Key,
}

/// What a press has led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome<W> {
    /// It belongs to the press before it.
    Nothing,
    /// The control asks now.
    Asks,
    /// This is to be sent.
    Sends(W),
}

/// Controls `C`, of which one at a time asks whether to send `W`.
#[derive(Debug)]
pub(super) struct Confirm<C, W> {
    asked: Option<Asked<C, W>>,
    /// When something was sent last.
    sent: Option<Time>,
}

#[derive(Debug)]
struct Asked<C, W> {
    control: C,
    what: W,
    since: Time,
}

impl<C, W> Default for Confirm<C, W> {
    fn default() -> Self {
        Self { asked: None, sent: None }
    }
}

impl<C: PartialEq, W> Confirm<C, W> {
    /// A press of a control that would send `what` now.
    pub(super) fn press(&mut self, control: C, what: W, rule: Rule, hand: Hand, now: Time) -> Outcome<W> {
        // Keys ask always, so that what they do after a send is seen before it counts.
        let is_same = |at: Time| now.since(at) < SAME_PRESS;
        if hand == Hand::Pointer && self.sent.is_some_and(is_same) {
            return Outcome::Nothing;
        }
        match self.asked.take() {
            Some(asked) if asked.control == control => {
                if is_same(asked.since) {
                    self.asked = Some(asked);
                    return Outcome::Nothing;
                }
                self.sent = Some(now);
                Outcome::Sends(asked.what)
            }
            _ if rule == Rule::AsksFirst || hand == Hand::Key => {
                self.asked = Some(Asked { control, what, since: now });
                Outcome::Asks
            }
            _ => {
                self.sent = Some(now);
                Outcome::Sends(what)
            }
        }
    }

    /// Has a control ask once more, in other words, before it sends.
    pub(super) fn ask(&mut self, control: C, what: W, now: Time) {
        self.asked = Some(Asked { control, what, since: now });
    }

    /// The control that asks, and what it would send.
    pub(super) fn asked(&self) -> Option<(&C, &W)> {
        self.asked.as_ref().map(|asked| (&asked.control, &asked.what))
    }

    /// What it would send.
    pub(super) fn asked_mut(&mut self) -> Option<&mut W> {
        self.asked.as_mut().map(|asked| &mut asked.what)
    }

    /// What a control asks about, if it is this one.
    pub(super) fn asked_by(&self, control: &C) -> Option<&W> {
        self.asked().filter(|(asking, _)| *asking == control).map(|(_, what)| what)
    }

    /// How long the control that asks is deaf yet: a double click is one press.
    pub(super) fn deaf_for(&self, now: Time) -> Option<Duration> {
        let left = SAME_PRESS.checked_sub(now.since(self.asked.as_ref()?.since))?;
        (!left.is_zero()).then_some(left)
    }

    /// Takes the question back.
    pub(super) fn take_back(&mut self) {
        self.asked = None;
    }

    /// Takes the question back when its time is over, or when `is_true` says that the world
    /// is another now.
    pub(super) fn settle(&mut self, now: Time, is_true: impl FnOnce(&C, &W) -> bool) {
        let Some(asked) = &self.asked else { return };
        if self.left(now).is_none() || !is_true(&asked.control, &asked.what) {
            self.asked = None;
        }
    }

    /// How long the question still stands.
    pub(super) fn left(&self, now: Time) -> Option<Duration> {
        let left = ASKS_FOR.checked_sub(now.since(self.asked.as_ref()?.since))?;
        (!left.is_zero()).then_some(left)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Time {
        Time::from_millis(1_000_000 + millis)
    }

    /// What presses of `(control, milliseconds)` send.
    fn sent(rule: Rule, hand: Hand, presses: &[(char, i64)]) -> String {
        let mut confirm = Confirm::<char, char>::default();
        let press = |&(control, millis): &(char, i64)| {
            confirm.settle(at(millis), |_, _| true);
            match confirm.press(control, control, rule, hand, at(millis)) {
                Outcome::Sends(what) => Some(what),
                Outcome::Asks | Outcome::Nothing => None,
            }
        };
        presses.iter().filter_map(press).collect()
    }

    #[test]
    fn a_double_click_however_slow_confirms_nothing() {
        for gap in [0, 80, 210, 300, 499] {
            assert_eq!(sent(Rule::AsksFirst, Hand::Pointer, &[('b', 0), ('b', gap)]), "", "{gap} ms");
        }
        assert_eq!(sent(Rule::AsksFirst, Hand::Pointer, &[('b', 0), ('b', 500)]), "b");
        assert_eq!(sent(Rule::AsksFirst, Hand::Key, &[('b', 0), ('b', 499)]), "");
    }

    #[test]
    fn whoever_hammers_on_a_control_is_heard() {
        let run = |control: char| (0..10).map(move |click| (control, 300 + click * 100));
        // An order by mistake, and then close, close, close.
        let presses: Vec<(char, i64)> = std::iter::once(('b', 0)).chain(run('c')).collect();
        assert_eq!(sent(Rule::SendsAtOnce, Hand::Pointer, &presses), "bcc");
        assert_eq!(sent(Rule::AsksFirst, Hand::Pointer, &presses), "c");
    }

    #[test]
    fn after_a_send_no_control_hears_the_same_click() {
        assert_eq!(sent(Rule::SendsAtOnce, Hand::Pointer, &[('b', 0), ('s', 300)]), "b");
        assert_eq!(sent(Rule::SendsAtOnce, Hand::Pointer, &[('b', 0), ('s', 500)]), "bs");
        let confirmed = [('b', 0), ('b', 600), ('b', 700), ('b', 900)];
        assert_eq!(sent(Rule::AsksFirst, Hand::Pointer, &confirmed), "b");
    }

    #[test]
    fn a_control_that_asks_is_deaf_as_long_as_a_double_click_lasts() {
        let mut confirm = Confirm::<char, i32>::default();
        assert_eq!(confirm.deaf_for(at(0)), None);
        confirm.press('b', 100, Rule::AsksFirst, Hand::Pointer, at(0));
        assert_eq!(confirm.deaf_for(at(100)), Some(Duration::from_millis(400)));
        assert_eq!(confirm.deaf_for(at(500)), None, "and then it hears");
    }

    #[test]
    fn keys_ask_whatever_the_rule() {
        assert_eq!(sent(Rule::SendsAtOnce, Hand::Key, &[('b', 0)]), "");
        assert_eq!(sent(Rule::SendsAtOnce, Hand::Key, &[('b', 0), ('b', 600)]), "b");
    }

    #[test]
    fn a_question_ends_by_time_and_with_what_it_was_about() {
        assert_eq!(sent(Rule::AsksFirst, Hand::Pointer, &[('b', 0), ('b', 3_000)]), "");
        assert_eq!(sent(Rule::AsksFirst, Hand::Pointer, &[('b', 0), ('b', 2_999)]), "b");
        let mut confirm = Confirm::<char, i32>::default();
        assert_eq!(confirm.press('b', 100, Rule::AsksFirst, Hand::Pointer, at(0)), Outcome::Asks);
        confirm.settle(at(1_000), |_, &what| what == 100);
        assert_eq!(confirm.left(at(1_000)), Some(Duration::from_secs(2)));
        confirm.settle(at(1_000), |_, &what| what == 200);
        assert_eq!(confirm.asked(), None);
    }

    #[test]
    fn what_was_asked_is_sent_and_another_control_asks_anew() {
        let mut confirm = Confirm::<char, i32>::default();
        confirm.press('b', 100, Rule::AsksFirst, Hand::Pointer, at(0));
        assert_eq!(confirm.press('s', 300, Rule::AsksFirst, Hand::Pointer, at(600)), Outcome::Asks);
        assert_eq!(confirm.asked_by(&'b'), None);
        let sends = confirm.press('s', 999, Rule::AsksFirst, Hand::Pointer, at(1_200));
        assert_eq!(sends, Outcome::Sends(300));
    }
}
