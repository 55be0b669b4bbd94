//! What TWS itself counts of an account: its equity, and the result of its day.
//!
//! The equity comes with the account summary, every three minutes at most; the result comes every second.
//! Between two summaries the equity moves by what the result has moved since. So it is what TWS shows,
//! currencies and futures included, which the sum of cash and positions counts twice.

use ibapi::accounts::PnL;

use super::number::amount;
use crate::domain::{Decimal, Reported, ReportedDay};

/// What is finer than a cent is no news.
const CENTS: u32 = 2;

/// The worth of one account.
#[derive(Debug, Default)]
pub(super) struct Worth {
    told: Option<Told>,
    day: Option<ReportedDay>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    equity: Decimal,
    /// The result when it was told; `None` until there is one.
    at: Option<Decimal>,
}

impl Worth {
    /// The summary tells the equity.
    pub fn take_equity(&mut self, equity: Decimal) {
        self.told = Some(Told { equity, at: self.day.as_ref().map(result) });
    }

    /// TWS tells the result; whether it can be read.
    pub fn take_result(&mut self, theirs: &PnL) -> bool {
        let Some(day) = read(theirs) else { return false };
        // A new day begins with nothing realised, and nobody has lost what was.
        let is_new_day = day.realised.is_zero() && self.day.is_some_and(|before| !before.realised.is_zero());
        if is_new_day && let Some(reported) = self.reported() {
            self.told = Some(Told { equity: reported.equity, at: None });
        }
        self.day = Some(day);
        if let Some(told) = &mut self.told {
            told.at.get_or_insert_with(|| result(&day));
        }
        true
    }

    /// All of it, once the equity was told.
    pub fn reported(&self) -> Option<Reported> {
        let Told { equity, at } = self.told?;
        let moved = at.zip(self.day).map_or(Decimal::ZERO, |(at, day)| result(&day) - at);
        Some(Reported { equity: equity + moved, day: self.day })
    }
}

fn result(day: &ReportedDay) -> Decimal {
    day.unrealised + day.realised
}

/// TWS leaves out what it does not know, or says the largest number there is.
fn read(theirs: &PnL) -> Option<ReportedDay> {
    let read = |value: f64| Some(amount(value)?.round_dp(CENTS));
    let part = |value: Option<f64>| value.map_or(Some(Decimal::ZERO), read);
    Some(ReportedDay {
        gain: read(theirs.daily_pnl)?,
        unrealised: part(theirs.unrealized_pnl)?,
        realised: part(theirs.realized_pnl)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(gain: f64, unrealised: f64, realised: f64) -> PnL {
        PnL { daily_pnl: gain, unrealized_pnl: Some(unrealised), realized_pnl: Some(realised) }
    }

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn equity(worth: &Worth) -> Decimal {
        worth.reported().unwrap().equity
    }

    #[test]
    fn the_equity_moves_with_the_result_until_it_is_told_anew() {
        let mut worth = Worth::default();
        assert!(worth.take_result(&result(50.0, 30.0, 20.0)));
        assert_eq!(worth.reported(), None, "no equity yet");
        worth.take_equity(dec("1000"));
        assert_eq!(equity(&worth), dec("1000"));
        worth.take_result(&result(40.0, 20.0, 20.0));
        assert_eq!(equity(&worth), dec("990"));
        worth.take_equity(dec("991"));
        worth.take_result(&result(45.5, 20.0, 25.5));
        let reported = worth.reported().unwrap();
        assert_eq!(reported.equity, dec("996.5"));
        let day = ReportedDay { gain: dec("45.5"), unrealised: dec("20"), realised: dec("25.5") };
        assert_eq!(reported.day, Some(day));
    }

    #[test]
    fn a_result_that_comes_after_the_equity_moves_it_from_then_on() {
        let mut worth = Worth::default();
        worth.take_equity(dec("1000"));
        worth.take_result(&result(50.0, 30.0, 20.0));
        assert_eq!(equity(&worth), dec("1000"));
        worth.take_result(&result(51.0, 31.0, 20.0));
        assert_eq!(equity(&worth), dec("1001"));
    }

    #[test]
    fn a_new_day_takes_nothing_from_the_equity() {
        let mut worth = Worth::default();
        worth.take_equity(dec("1000"));
        worth.take_result(&result(300.0, 100.0, 200.0));
        worth.take_result(&result(310.0, 110.0, 200.0));
        worth.take_result(&result(0.0, 110.0, 0.0));
        assert_eq!(equity(&worth), dec("1010"));
        worth.take_result(&result(5.0, 115.0, 0.0));
        assert_eq!(equity(&worth), dec("1015"));
    }

    #[test]
    fn what_is_no_number_changes_nothing() {
        let mut worth = Worth::default();
        worth.take_equity(dec("1000"));
        worth.take_result(&result(1.0, 1.0, 0.0));
        for bad in [f64::MAX, f64::NAN, f64::INFINITY] {
            assert!(!worth.take_result(&result(bad, 1.0, 0.0)));
            assert!(!worth.take_result(&result(1.0, bad, 0.0)));
        }
        assert_eq!(equity(&worth), dec("1000"));
        let unknown = PnL { daily_pnl: 2.0, unrealized_pnl: None, realized_pnl: None };
        assert!(worth.take_result(&unknown), "where nothing is held");
    }
}
