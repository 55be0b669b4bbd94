//! A CSV file that somebody exported. The first byte chooses what the user says of it.

use std::fmt::Write as _;

use pitdesk::domain::{Timeframe, bounds};
use pitdesk::store::bars::Series;
use pitdesk::store::import::{DateOrder, DecimalMark, Imported, Options, read};

use super::limits;

pub fn body(data: &[u8]) {
    let [choice, file @ ..] = data else { return };
    let one_of = |place: u8| choice >> place & 1 == 1;
    let options = Options {
        symbol: one_of(0).then(|| "AAPL".to_owned()),
        zone: one_of(1).then(|| "America/New_York".to_owned()),
        date_order: one_of(2).then(|| if one_of(3) { DateOrder::DayFirst } else { DateOrder::MonthFirst }),
        timeframe: one_of(4).then_some(if one_of(5) { Timeframe::D1 } else { Timeframe::M1 }),
        decimal_mark: one_of(6).then(|| if one_of(7) { DecimalMark::Comma } else { DecimalMark::Point }),
    };
    match read(file, &options) {
        Ok(imported) => accepted(file, &imported),
        Err(error) => {
            super::says_something(&error.to_string());
            assert_eq!(read(file, &options).err().map(|e| e.to_string()), Some(error.to_string()));
        }
    }
}

fn accepted(file: &[u8], imported: &Imported) {
    let Imported { series, report } = imported;
    assert!(report.rows > 0 && report.rows == series.len() && report.first <= report.last);
    let is_compressed = report.format.compressed;
    assert!(is_compressed || report.rows <= file.len(), "{} rows of {} bytes", report.rows, file.len());
    let mut again = String::new();
    match series {
        Series::Bars(bars, _) => {
            again.push_str("time,open,high,low,close,volume\n");
            let all: Vec<_> = bars.iter().collect();
            assert!(all.windows(2).all(|pair| pair[0].time < pair[1].time));
            for bar in all {
                assert!(bar.is_sound());
                let most = bounds::MAX_PRICE.to_string().parse::<f64>().expect("it is a number");
                assert!(bar.high.abs() <= most && bar.low.abs() <= most, "{bar:?}");
                let (o, h, l, c, v) = (bar.open, bar.high, bar.low, bar.close, bar.volume);
                writeln!(again, "{},{o:?},{h:?},{l:?},{c:?},{v:?}", bar.time).expect("a string takes it");
            }
        }
        Series::Trades(trades) => {
            again.push_str("time,price,size,side\n");
            assert!(trades.windows(2).all(|pair| pair[0].time <= pair[1].time));
            for trade in trades {
                limits::price(trade.price);
                limits::quantity(trade.quantity);
                let side = trade.aggressor.map_or("", |side| side.label());
                // As it is: a quantity is shown without its zeros.
                let (price, size) = (trade.price.0, trade.quantity.0);
                writeln!(again, "{},{price},{size},{side}", trade.time).expect("a string takes it");
            }
        }
    }
    // What was understood is understood again, in the plainest words.
    let timeframe = match series {
        Series::Bars(_, timeframe) => Some(*timeframe),
        Series::Trades(_) => None,
    };
    let options = Options { timeframe, decimal_mark: Some(DecimalMark::Point), ..Options::default() };
    let same = match read(again.as_bytes(), &options) {
        Ok(same) => same,
        // Rows that were found to be closer than their timeframe are refused where that is said.
        Err(error) if report.warnings.iter().any(|w| w.contains("closer together")) => {
            return super::says_something(&error.to_string());
        }
        Err(error) => panic!("{error}\n{again}"),
    };
    assert_eq!(same.series, *series, "{again}");
}
