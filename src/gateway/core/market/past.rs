//! Past prints, from the tape that is kept of what somebody follows.
//!
//! The engine tells prints only while they are followed, and the tape is of a bounded length: it is a
//! window behind now, and says so by where it begins. Past quotes are not kept.

use std::collections::VecDeque;

use super::ticks;
use crate::domain::{Instrument, SessionKind, Time, Trade};
use crate::gateway::core::errors::{self, Refusal};
use crate::gateway::core::orders::text;
use crate::gateway::core::{ConnId, Core, words};
use crate::gateway::wire::{Reply, model};
use crate::market::calendar::Calendar;

/// Prints that are told in one answer, as in TWS; those of the last second all come.
const MOST: usize = 1_000;

/// Which prints are asked for.
struct Wanted {
    /// From here on, the oldest first.
    start: Option<Time>,
    /// Up to here, which is not in it; without a start the newest.
    end: Option<Time>,
    count: usize,
    /// Where only those of regular trading are.
    regular: Option<Calendar>,
}

impl Core {
    /// 96: past prints.
    pub(in crate::gateway::core) fn historical_ticks(
        &mut self,
        conn: ConnId,
        request: &model::HistoricalTicksRequest,
    ) {
        match self.past_prints(request) {
            Ok(historical_ticks_last) => {
                let (req_id, is_done) = (request.req_id, Some(true));
                let told = model::HistoricalTicksLast { req_id, is_done, historical_ticks_last };
                self.say(conn, &Reply::HistoricalTicksLast(told));
            }
            Err(Refusal { code, text }) => self.error(conn, request.req_id, code, &text),
        }
    }

    fn past_prints(
        &self,
        request: &model::HistoricalTicksRequest,
    ) -> Result<Vec<model::HistoricalTickLast>, Refusal> {
        let instrument = self.meant(request.contract.as_ref())?;
        let wanted = Wanted::read(request, &instrument)?;
        let tape = self.desk.tape(instrument.id).filter(|tape| !tape.is_empty()).ok_or_else(|| {
            let text = "Past ticks are kept only of what is followed: ask for ticks from now on \
                        (reqTickByTickData), and for past ones later, or for bars (reqHistoricalData)";
            Refusal::new(errors::HISTORY, text)
        })?;
        let exchange = self.listing(&instrument);
        Ok(wanted.of(tape).into_iter().map(|trade| ticks::print(trade, &exchange)).collect())
    }
}

impl Wanted {
    fn read(request: &model::HistoricalTicksRequest, instrument: &Instrument) -> Result<Self, Refusal> {
        let what = text(request.what_to_show.as_ref()).to_ascii_uppercase();
        if !matches!(what.as_str(), "" | "TRADES") {
            let text =
                format!("There are no past ticks of type {what} here, quotes are not kept: ask for TRADES");
            return Err(Refusal::new(errors::HISTORY, text));
        }
        let time = |said: Option<&String>| match text(said) {
            "" => Ok(None),
            said => words::instant(said, &instrument.hours.zone).map(Some).ok_or_else(|| {
                Refusal::request(format!("Invalid time '{said}': for example '20261120-16:00:00' (UTC)"))
            }),
        };
        let (start, end) = (time(request.start_date_time.as_ref())?, time(request.end_date_time.as_ref())?);
        if start.is_none() && end.is_none() {
            return Err(Refusal::request("Past ticks begin or end somewhere: name one of the two"));
        }
        let count = usize::try_from(request.number_of_ticks.unwrap_or_default()).ok();
        let count = count.filter(|count| (1..=MOST).contains(count));
        let count = count.ok_or_else(|| Refusal::request(format!("Ask for 1 to {MOST} ticks")))?;
        let regular =
            if request.use_rth == Some(true) { Calendar::new(&instrument.hours).ok() } else { None };
        Ok(Self { start, end, count, regular })
    }

    /// Those of a tape, oldest first. A second comes whole, so that whoever asks on from the next one
    /// misses none.
    fn of<'a>(&self, tape: &'a VecDeque<Trade>) -> Vec<&'a Trade> {
        let is_meant = |trade: &&Trade| {
            self.start.is_none_or(|start| trade.time >= start)
                && self.end.is_none_or(|end| trade.time < end)
                && self.regular.as_ref().is_none_or(|calendar| {
                    calendar
                        .session_at(trade.time)
                        .is_some_and(|session| session.kind == SessionKind::Regular)
                })
        };
        let mut all: Vec<&Trade> = tape.iter().filter(is_meant).collect();
        if self.start.is_some() {
            if let Some(last) = all.get(self.count - 1).map(|trade| trade.time.seconds()) {
                all.truncate(all.partition_point(|trade| trade.time.seconds() <= last));
            }
        } else if let Some(skipped) = all.len().checked_sub(self.count) {
            let first = all[skipped].time.seconds();
            all.drain(..all.partition_point(|trade| trade.time.seconds() < first));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Decimal, Price, Qty};

    /// A print at each of these tenths of a second.
    fn tape(tenths: &[i64]) -> VecDeque<Trade> {
        let print = |tenth: &i64| Trade {
            time: Time::from_millis(tenth * 100),
            price: Price(Decimal::from(*tenth)),
            quantity: Qty(Decimal::ONE),
            aggressor: None,
        };
        tenths.iter().map(print).collect()
    }

    fn told(start: Option<i64>, end: Option<i64>, count: usize) -> Vec<i64> {
        let time = |tenth: Option<i64>| tenth.map(|tenth| Time::from_millis(tenth * 100));
        let wanted = Wanted { start: time(start), end: time(end), count, regular: None };
        let tape = tape(&[1, 12, 13, 14, 25, 36, 37]);
        wanted.of(&tape).into_iter().map(|trade| trade.time.0 / 100_000_000).collect()
    }

    #[test]
    fn a_second_of_prints_comes_whole() {
        assert_eq!(told(Some(0), None, 2), [1, 12, 13, 14]);
        assert_eq!(told(Some(13), None, 1), [13, 14]);
        assert_eq!(told(None, Some(37), 1), [36]);
        assert_eq!(told(None, Some(30), 2), [12, 13, 14, 25]);
        assert_eq!(told(Some(12), Some(25), 100), [12, 13, 14]);
        assert_eq!(told(None, Some(1), 5), [0_i64; 0]);
        assert_eq!(told(None, Some(100), 100).len(), 7);
    }
}
