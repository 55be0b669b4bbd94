//! The questions that make the books, asked all at once.
//!
//! They are told as one, with the last answer: orders without their executions, or positions without both,
//! would be compared with the journal as differences that are none. One that fails is not waited for, and one
//! that is late is waited for as long as the limit; then the others are told, and the books say what they lack
//! and why, so that nobody takes silence for "none".

use std::time::Duration;

use crate::domain::Time;

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Part {
    /// Orders that work, of all programs.
    Open,
    /// Orders that are over.
    Completed,
    /// Executions with their commissions.
    Executions,
    /// What is held.
    Positions,
    /// Cash and margin.
    Summary,
}

impl Part {
    pub const ALL: [Self; 5] =
        [Self::Open, Self::Completed, Self::Executions, Self::Positions, Self::Summary];

    fn label(self) -> &'static str {
        match self {
            Self::Open => "working orders",
            Self::Completed => "orders that are over",
            Self::Executions => "executions",
            Self::Positions => "positions",
            Self::Summary => "cash and margin",
        }
    }
}

/// Whether there was an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// All of it came.
    Whole,
    /// It failed, or did not come in time.
    Missing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Asked,
    Came,
    Failed(String),
}

/// One reading of the books.
#[derive(Debug)]
pub(super) struct Round {
    number: u32,
    began: Time,
    parts: [State; Part::ALL.len()],
    /// Whether they were asked for again meanwhile.
    is_wanted_again: bool,
}

/// What a reading has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    answers: [Answer; Part::ALL.len()],
    /// What failed, and why, in words for a trader.
    pub failures: Vec<String>,
    /// Whether the books were asked for again while they were being read.
    pub is_wanted_again: bool,
}

impl Outcome {
    /// Whether a question was answered.
    pub fn of(&self, part: Part) -> Answer {
        self.answers[part as usize]
    }
}

impl Round {
    /// All questions are asked at `now`.
    pub fn new(number: u32, now: Time) -> Self {
        Self { number, began: now, parts: std::array::from_fn(|_| State::Asked), is_wanted_again: false }
    }

    /// Whether something belongs to this reading.
    pub fn is(&self, number: u32) -> bool {
        self.number == number
    }

    /// Somebody wants the books who has asked later: what was answered by then may have changed.
    pub fn is_wanted_again(&mut self) {
        self.is_wanted_again = true;
    }

    /// An answer is complete, or failed.
    pub fn ends(&mut self, part: Part, outcome: Result<(), String>) {
        let state = &mut self.parts[part as usize];
        if *state == State::Asked {
            *state = outcome.map_or_else(State::Failed, |()| State::Came);
        }
    }

    /// What the reading has come to, once every question was answered or its time is over.
    pub fn outcome(&mut self, now: Time, limit: Duration) -> Option<Outcome> {
        if now.since(self.began) >= limit {
            let why = format!("no answer within {} s", limit.as_secs());
            for part in Part::ALL {
                self.ends(part, Err(why.clone()));
            }
        }
        if self.parts.contains(&State::Asked) {
            return None;
        }
        let mut failures = Vec::new();
        for (part, state) in Part::ALL.into_iter().zip(&self.parts) {
            if let State::Failed(why) = state {
                failures.push(format!("The books lack {}: {why}", part.label()));
            }
        }
        let answers = std::array::from_fn(|index| match self.parts[index] {
            State::Came => Answer::Whole,
            _ => Answer::Missing,
        });
        Some(Outcome { answers, failures, is_wanted_again: self.is_wanted_again })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::SECOND;

    const LIMIT: Duration = Duration::from_secs(30);
    const START: Time = Time(1_000 * SECOND);

    #[test]
    fn the_books_are_there_with_the_last_answer() {
        let mut round = Round::new(1, START);
        for (index, part) in Part::ALL.into_iter().enumerate() {
            assert_eq!(round.outcome(START, LIMIT), None, "{index}");
            round.ends(part, Ok(()));
        }
        let outcome = round.outcome(START, LIMIT).unwrap();
        assert!(outcome.failures.is_empty());
        assert!(Part::ALL.iter().all(|part| outcome.of(*part) == Answer::Whole));
    }

    #[test]
    fn what_fails_says_which_it_is_and_holds_up_nothing() {
        let mut round = Round::new(1, START);
        for part in Part::ALL {
            let outcome = if part == Part::Summary { Err("too many requests".to_owned()) } else { Ok(()) };
            round.ends(part, outcome);
        }
        let outcome = round.outcome(START, LIMIT).unwrap();
        assert_eq!(outcome.failures, ["The books lack cash and margin: too many requests"]);
        assert_eq!(outcome.of(Part::Summary), Answer::Missing);
        assert_eq!(outcome.of(Part::Open), Answer::Whole);
    }

    #[test]
    fn what_does_not_come_is_given_up_in_time() {
        let mut round = Round::new(1, START);
        round.ends(Part::Open, Ok(()));
        round.ends(Part::Completed, Ok(()));
        round.ends(Part::Executions, Ok(()));
        round.ends(Part::Summary, Ok(()));
        assert_eq!(round.outcome(START + Duration::from_secs(29), LIMIT), None);
        let outcome = round.outcome(START + LIMIT, LIMIT).unwrap();
        assert_eq!(outcome.failures, ["The books lack positions: no answer within 30 s"]);
        assert_eq!(outcome.of(Part::Positions), Answer::Missing);
    }

    #[test]
    fn an_end_counts_once() {
        let mut round = Round::new(1, START);
        round.ends(Part::Open, Err("it broke".into()));
        round.ends(Part::Open, Ok(()));
        for part in Part::ALL {
            round.ends(part, Ok(()));
        }
        assert_eq!(round.outcome(START, LIMIT).unwrap().of(Part::Open), Answer::Missing);
    }
}
