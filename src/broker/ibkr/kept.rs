//! Bars that TWS keeps up to date, for charts of instruments whose trades do not come tick by tick.
//!
//! Of those TWS tells fewer prints than there were, or the delayed ones, or none: a bar that is made of them
//! alone has too little volume and misses a high. Bars shorter than a minute are added up of those that TWS
//! tells every five seconds; longer ones it keeps itself. Either way the engine is told a bar as far as it has
//! come ([`BrokerEvent::BarSoFar`]). A stream that broke and comes again tells of the newest bar alone: those
//! in between are asked for as past ones ([`BrokerEvent::BarsMissed`]).

use std::collections::{BTreeMap, BTreeSet};

use ibapi::market_data::TradingHours;
use ibapi::market_data::historical::{
    Bar as TheirBar, BarSize, Duration as Span, HistoricalBarUpdate, WhatToShow,
};
use ibapi::market_data::realtime::{Bar as FiveSeconds, WhatToShow as ShownLive};

use super::history::{hours, one, shape, shown};
use super::listed::Listing;
use super::times;
use crate::broker::contract::BrokerEvent;
use crate::domain::{Bar, Instrument, Time, Timeframe};
use crate::link::BarKey;
use crate::market::calendar::Calendar;

/// As many as a screen has charts. TWS keeps fifty, together with all that waits for past bars.
pub(super) const AT_ONCE: usize = 12;

/// How TWS tells the bars of a series.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// Every five seconds, the last five.
    FiveSeconds(ShownLive),
    /// Each bar whenever it has changed.
    Kept(BarSize, Span, WhatToShow),
}

/// How a series is asked for, and in which hours; `None` where TWS has no bars so short.
pub(super) fn source(instrument: &Instrument, timeframe: Timeframe) -> Option<(Source, TradingHours)> {
    let shown = shown(instrument);
    let source = match timeframe {
        Timeframe::S1 => return None,
        Timeframe::S5 | Timeframe::S15 | Timeframe::S30 => Source::FiveSeconds(match shown {
            WhatToShow::MidPoint => ShownLive::MidPoint,
            WhatToShow::AggTrades => ShownLive::AggTrades,
            _ => ShownLive::Trades,
        }),
        _ => {
            let (size, span) = shape(timeframe, 1, instrument);
            let span = match timeframe {
                Timeframe::D1 => Span::days(1),
                Timeframe::W1 => Span::weeks(1),
                Timeframe::Mo1 => Span::months(1),
                _ => span,
            };
            Source::Kept(size, span, shown)
        }
    };
    Some((source, hours(instrument, timeframe)))
}

/// The bars that are added up.
#[derive(Debug, Default)]
pub(super) struct Kept {
    lines: BTreeMap<BarKey, Line>,
}

#[derive(Debug)]
struct Line {
    calendar: Calendar,
    /// The sum of what has come of the newest period.
    sum: Option<Bar>,
    /// Whether an earlier stream has ended, and nothing has come since.
    is_anew: bool,
}

impl Kept {
    /// A stream begins, or begins anew.
    pub fn begin(&mut self, key: BarKey, listing: &Listing) {
        let calendar = listing.instrument(key.instrument).and_then(|i| Calendar::new(&i.hours).ok());
        if let Some(calendar) = calendar {
            let is_anew = self.lines.contains_key(&key);
            self.lines.insert(key, Line { calendar, sum: None, is_anew });
        }
    }

    /// Nobody looks at it any more.
    pub fn end(&mut self, key: BarKey) {
        self.lines.remove(&key);
    }

    /// Nobody looks at any others, those among them whose stream has ended.
    pub fn keep_only(&mut self, wanted: &BTreeSet<BarKey>) {
        self.lines.retain(|key, _| wanted.contains(key));
    }

    /// All bars are asked for again anyway.
    pub fn forget(&mut self) {
        self.lines.clear();
    }

    /// The first thing comes of a stream that was opened anew: it says nothing of the bars in between.
    pub fn missed(&mut self, key: BarKey) -> Option<BrokerEvent> {
        let line = self.lines.get_mut(&key)?;
        std::mem::take(&mut line.is_anew).then_some(BrokerEvent::BarsMissed(key))
    }

    /// TWS tells of the last five seconds.
    pub fn five_seconds(&mut self, key: BarKey, theirs: &FiveSeconds, now: Time) -> Option<BrokerEvent> {
        let line = self.lines.get_mut(&key)?;
        let FiveSeconds { open, high, low, close, volume, .. } = *theirs;
        let time =
            line.calendar.period_start(times::of_seconds(theirs.date.unix_timestamp())?, key.timeframe);
        let bar = Bar { time, open, high, low, close, volume: volume.max(0.0) };
        if !bar.is_sound() || low <= 0.0 {
            return None;
        }
        match &mut line.sum {
            Some(sum) if sum.time > time => return None,
            Some(sum) if sum.time == time => sum.add_bar(&bar),
            sum => *sum = Some(bar),
        }
        Some(BrokerEvent::BarSoFar { key, bar: line.sum?, received: now })
    }

    /// TWS tells of a bar that it keeps.
    pub fn update(&self, key: BarKey, theirs: &HistoricalBarUpdate, now: Time) -> Option<BrokerEvent> {
        let line = self.lines.get(&key)?;
        let newest: &TheirBar = match theirs {
            HistoricalBarUpdate::Historical(data) => data.bars.last()?,
            HistoricalBarUpdate::Update(bar) => bar,
            HistoricalBarUpdate::End { .. } => return None,
        };
        let bar = one(newest, &line.calendar, key.timeframe)?;
        Some(BrokerEvent::BarSoFar { key, bar, received: now })
    }
}

#[cfg(test)]
mod tests {
    use ibapi::market_data::historical::BarTimestamp;
    use time::OffsetDateTime;

    use super::*;
    use crate::broker::ibkr::listed::tests::{pair, share};
    use crate::domain::InstrumentId;

    /// A Monday, 15:00:00 UTC: New York is open.
    const OPEN: i64 = 1_795_446_000;

    fn listing() -> Listing {
        Listing::new([share(0, "S0", 0), pair(1)])
    }

    fn key(instrument: u32, timeframe: Timeframe) -> BarKey {
        BarKey { instrument: InstrumentId(instrument), timeframe }
    }

    fn five(second: i64, [open, high, low, close]: [f64; 4], volume: f64) -> FiveSeconds {
        let date = OffsetDateTime::from_unix_timestamp(OPEN + second).unwrap();
        FiveSeconds { date, open, high, low, close, volume, wap: 0.0, count: 1 }
    }

    fn so_far(event: Option<BrokerEvent>) -> Option<Bar> {
        event.map(|event| match event {
            BrokerEvent::BarSoFar { bar, .. } => bar,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn five_seconds_add_up_to_the_period_and_an_older_one_changes_nothing() {
        let (key, mut kept) = (key(0, Timeframe::S15), Kept::default());
        kept.begin(key, &listing());
        let mut take =
            |second, prices, volume| so_far(kept.five_seconds(key, &five(second, prices, volume), Time::MIN));
        let at = |second| Time::from_seconds(OPEN + second);
        let bar = |second, [open, high, low, close]: [f64; 4], volume| {
            Some(Bar { time: at(second), open, high, low, close, volume })
        };
        assert_eq!(take(0, [10.0, 11.0, 9.0, 10.5], 5.0), bar(0, [10.0, 11.0, 9.0, 10.5], 5.0));
        assert_eq!(take(5, [10.5, 12.0, 10.5, 11.0], 7.0), bar(0, [10.0, 12.0, 9.0, 11.0], 12.0));
        assert_eq!(take(15, [11.0, 11.0, 11.0, 11.0], -1.0), bar(15, [11.0; 4], 0.0), "no volume is none");
        assert_eq!(take(10, [1.0, 1.0, 1.0, 1.0], 1.0), None, "of the period before");
        for bad in [[0.0; 4], [f64::NAN; 4], [10.0, 9.0, 11.0, 10.0]] {
            assert_eq!(take(20, bad, 1.0), None, "{bad:?}");
        }
    }

    #[test]
    fn a_bar_that_tws_keeps_is_told_as_it_stands() {
        let (key, mut kept) = (key(0, Timeframe::M5), Kept::default());
        let date = BarTimestamp::DateTime(OffsetDateTime::from_unix_timestamp(OPEN).unwrap());
        let bar = TheirBar {
            date,
            open: 10.0,
            high: 12.0,
            low: 9.0,
            close: 11.0,
            volume: 400.0,
            wap: 10.5,
            count: 3,
        };
        let update = HistoricalBarUpdate::Update(bar);
        assert!(kept.update(key, &update, Time::MIN).is_none(), "nobody looks at it");
        kept.begin(key, &listing());
        let told = so_far(kept.update(key, &update, Time::MIN)).unwrap();
        assert_eq!((told.time, told.volume), (Time::from_seconds(OPEN), 400.0));
        kept.end(key);
        assert!(kept.update(key, &update, Time::MIN).is_none());
    }

    #[test]
    fn a_stream_that_comes_anew_says_once_that_bars_may_have_been_missed() {
        let (list, minutes, fives) = (listing(), key(0, Timeframe::M1), key(0, Timeframe::S5));
        let mut kept = Kept::default();
        kept.begin(minutes, &list);
        kept.begin(fives, &list);
        assert!(kept.missed(minutes).is_none(), "whoever opens a chart asks for its bars");
        kept.begin(minutes, &list);
        assert!(matches!(kept.missed(minutes), Some(BrokerEvent::BarsMissed(key)) if key == minutes));
        assert!(kept.missed(minutes).is_none(), "told once");
        assert!(kept.missed(fives).is_none(), "another one");
        // Nobody looked at it meanwhile, or all bars were asked for again.
        kept.keep_only(&[fives].into());
        kept.begin(minutes, &list);
        assert!(kept.missed(minutes).is_none());
        kept.forget();
        kept.begin(fives, &list);
        assert!(kept.missed(fives).is_none());
    }

    #[test]
    fn short_bars_come_in_fives_and_longer_ones_are_kept() {
        let listing = listing();
        let of = |id, timeframe| source(listing.instrument(InstrumentId(id)).unwrap(), timeframe);
        assert!(of(0, Timeframe::S1).is_none());
        assert!(matches!(of(0, Timeframe::S30), Some((Source::FiveSeconds(ShownLive::Trades), _))));
        assert!(matches!(of(1, Timeframe::S5), Some((Source::FiveSeconds(ShownLive::MidPoint), _))));
        let kept = |timeframe| match of(0, timeframe) {
            Some((Source::Kept(size, span, WhatToShow::Trades), _)) => (size, span),
            other => panic!("{timeframe}: {other:?}"),
        };
        assert_eq!(kept(Timeframe::M1), (BarSize::Min, Span::seconds(60)));
        assert_eq!(kept(Timeframe::D1), (BarSize::Day, Span::days(1)));
    }
}
