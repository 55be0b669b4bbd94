//! Imports of market data: every file of the real data, every format, every error.

#[path = "common/data.rs"]
mod data;
#[path = "import/errors.rs"]
mod errors;
#[path = "import/round_trips.rs"]
mod round_trips;

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use pitdesk::domain::{Bar, Side, Timeframe, Trade};
use pitdesk::store::bars::Series;
use pitdesk::store::import::{
    DateOrder, DecimalMark, ImportError, Imported, Options, RowOrder, read, read_csv,
};

fn import(text: &str) -> Result<Imported, ImportError> {
    read(text.as_bytes(), &Options::default())
}

fn bars(imported: &Imported) -> Vec<Bar> {
    match &imported.series {
        Series::Bars(bars, _) => bars.iter().collect(),
        Series::Trades(_) => panic!("trades"),
    }
}

fn trades(imported: &Imported) -> &[Trade] {
    match &imported.series {
        Series::Trades(trades) => trades,
        Series::Bars(..) => panic!("bars"),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a Vec takes all bytes");
    encoder.finish().expect("a Vec takes all bytes")
}

/// `2024-01-02T00:00:00Z high low` of each bar, so that tables can be read.
fn shown(imported: &Imported) -> Vec<String> {
    bars(imported)
        .iter()
        .map(|b| format!("{} {} {} {} {} {}", b.time, b.open, b.high, b.low, b.close, b.volume))
        .collect()
}

mod real_data {
    use super::*;
    use crate::data::recorded;

    #[test]
    fn every_file_of_bars_has_its_rows_and_timeframe() {
        let files = [
            ("bitbank_btcjpy_1min_20180101.csv", 1_440, Timeframe::M1),
            ("lean_coinbase_btcusd_daily.csv.gz", 1_318, Timeframe::D1),
            ("lean_coinbase_btcusd_minute_20161007-09.csv.gz", 4_216, Timeframe::M1),
            ("lean_coinbase_btcusd_second_20161007-09.csv.gz", 11_520, Timeframe::S1),
            ("lean_spy_daily_raw.csv.gz", 5_849, Timeframe::D1),
            ("lean_spy_minute_20131004-11.csv.gz", 4_839, Timeframe::M1),
            ("lean_spy_second_20131007.csv.gz", 16_675, Timeframe::S1),
            ("plotly_finance-charts-apple.csv", 506, Timeframe::D1),
            ("vega_sp500-2000.csv.gz", 5_105, Timeframe::D1),
        ];
        for (name, rows, timeframe) in files {
            let Some(path) = recorded(name) else { return };
            let imported = read_csv(&path, &Options::default()).unwrap_or_else(|e| panic!("{name}: {e}"));
            assert_eq!(imported.report.rows, rows, "{name}");
            assert_eq!(bars(&imported).len(), rows, "{name}");
            assert_eq!(imported.report.format.timeframe, Some(timeframe), "{name}");
            assert_eq!(imported.report.duplicates, 0, "{name}");
            assert_eq!(
                imported.report.format.compressed,
                path.extension().is_some_and(|e| e == "gz"),
                "{name}"
            );
            assert!(bars(&imported).iter().all(Bar::is_sound), "{name}");
            assert!(bars(&imported).windows(2).all(|w| w[0].time < w[1].time), "{name}");
        }
    }

    #[test]
    fn a_day_of_bitbank_has_its_totals() {
        let Some(path) = recorded("bitbank_btcjpy_1min_20180101.csv") else { return };
        let imported = read_csv(&path, &Options::default()).unwrap();
        let day = bars(&imported).iter().skip(1).fold(bars(&imported)[0], |mut day, bar| {
            day.add_bar(bar);
            day
        });
        assert_eq!((day.high, day.low, day.close), (1_710_294.0, 1_600_000.0, 1_637_100.0));
        assert!((day.volume - 147.9714).abs() < 1e-9, "{}", day.volume);
        assert_eq!(imported.report.first.to_string(), "2018-01-01T00:00:00Z");
    }

    #[test]
    fn every_trade_of_spy_is_there() {
        let Some(path) = recorded("lean_spy_trades_20131007.csv.gz") else { return };
        let imported = read_csv(&path, &Options::default()).unwrap();
        assert_eq!(trades(&imported).len(), 250_601);
        let first = trades(&imported)[0];
        assert_eq!(
            (first.price.to_string(), first.quantity.to_string()),
            ("167.41".to_owned(), "100".to_owned())
        );
        assert_eq!(first.time.to_string(), "2013-10-07T08:00:00.464Z");
        assert_eq!(imported.report.format.ignored, ["exchange", "condition", "suspicious"]);
    }

    #[test]
    fn the_close_of_apple_is_not_the_adjusted_one() {
        let Some(path) = recorded("plotly_finance-charts-apple.csv") else { return };
        let imported = read_csv(&path, &Options::default()).unwrap();
        let first = bars(&imported)[0];
        assert_eq!(first.time.to_string(), "2015-02-17T00:00:00Z");
        assert_eq!(first.close.to_string(), "127.830002");
        let columns = &imported.report.format.columns;
        assert!(columns.contains(&("close", "AAPL.Close".to_owned())), "{columns:?}");
        assert!(imported.report.format.ignored.contains(&"AAPL.Adjusted".to_owned()));
    }

    #[test]
    fn the_close_of_the_index_is_not_the_adjusted_one() {
        let Some(path) = recorded("vega_sp500-2000.csv.gz") else { return };
        let imported = read_csv(&path, &Options::default()).unwrap();
        assert!(imported.report.format.columns.contains(&("close", "close".to_owned())));
        assert!(imported.report.format.ignored.contains(&"adjclose".to_owned()));
    }

    #[test]
    fn days_begin_at_midnight_of_the_exchange() {
        let Some(path) = recorded("lean_spy_daily_raw.csv.gz") else { return };
        let options = Options { zone: Some("America/New_York".to_owned()), ..Options::default() };
        let imported = read_csv(&path, &options).unwrap();
        assert_eq!(imported.report.first.to_string(), "1998-01-02T05:00:00Z");
        assert_eq!(imported.report.last.to_string(), "2021-03-31T04:00:00Z");
        assert_eq!(imported.report.format.timeframe, Some(Timeframe::D1));
    }
}

mod formats {
    use super::*;

    /// The same two days, however they are written.
    const DAYS: [&str; 2] = ["2024-01-15T00:00:00Z 1.5 3 1 2.25 1000", "2024-01-16T00:00:00Z 2 4 1.5 3 2000"];

    #[test]
    fn two_days_in_every_dress() {
        let table = [
            "date,open,high,low,close,volume\n2024-01-15,1.5,3,1,2.25,1000\n2024-01-16,2,4,1.5,3,2000\n",
            "Date,Open,High,Low,Close,Volume\r\n2024-01-15,1.5,3,1,2.25,1000\r\n2024-01-16,2,4,1.5,3,2000",
            "\u{feff}date,open,high,low,close,volume\n2024-01-15,1.5,3,1,2.25,1000\n2024-01-16,2,4,1.5,3,2000\n",
            "date;open;high;low;close;vol\n15.01.2024;1,5;3;1;2,25;1.000\n16.01.2024;2;4;1,5;3;2.000\n",
            "date\topen\thigh\tlow\tclose\tvol\n2024/01/15\t1,5\t3\t1\t2,25\t1000\n2024/01/16\t2\t4\t1,5\t3\t2000\n",
            "\"date\",\"open\",\"high\",\"low\",\"close\",\"volume\"\n\"2024-01-15\",\"1.5\",\"3\",\"1\",\"2.25\",\"1,000\"\n\
             \"2024-01-16\",\"2\",\"4\",\"1.5\",\"3\",\"2,000\"\n",
            "Date,Close/Last,Volume,Open,High,Low\n01/16/2024,$3.00,2000,$2.00,$4.00,$1.50\n\
             01/15/2024,$2.25,1000,$1.50,$3.00,$1.00\n",
            "20240115,1.5,3,1,2.25,1000\n20240116,2,4,1.5,3,2000\n",
            "20240115 000000;1.5;3;1;2.25;1000\n20240116 000000;2;4;1.5;3;2000\n",
            "time_ms,open,high,low,close,volume\n1705276800000,1.5,3,1,2.25,1000\n1705363200000,2,4,1.5,3,2000\n",
            "t,o,h,l,c,v\n1705276800,1.5,3,1,2.25,1e3\n1705363200,2,4,1.5,3,2E+03\n",
            "timestamp,open,high,low,close,volume\n1705276800000000,1.5,3,1,2.25,1000\n1705363200000000,2,4,1.5,3,2000\n",
            "unix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n\
             1705363200,2024-01-16 09:00:00,BTC/USD,2,4,1.5,3,2000,7\n\
             1705276800,2024-01-15 09:00:00,BTC/USD,1.5,3,1,2.25,1000,9\n",
            "https://www.example.com\ndate,open,high,low,close,volume\n2024-01-15,1.5,3,1,2.25,1000\n\n\
             # a remark\n2024-01-16,2,4,1.5,3,2000\n",
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\n\
             2024.01.15\t00:00:00\t1.5\t3\t1\t2.25\t5\t1000\n2024.01.16\t00:00:00\t2\t4\t1.5\t3\t5\t2000\n",
            "date,time,open,high,low,close,volume\n01/15/2024,12:00 AM,1.5,3,1,2.25,1000\n1/16/2024,12:00 AM,2,4,1.5,3,2000\n",
            "date,open,high,low,close,volume\n2024-01-15T09:00:00+09:00,1.5,3,1,2.25,1000\n\
             2024-01-16T09:00:00+09:00,2,4,1.5,3,2000\n",
            "date,open,high,low,close,volume,\n2024-01-15,1.5,3,1,2.25,1000,\n2024-01-16,2,4,1.5,3,2000,\n",
        ];
        for text in table {
            for bytes in [text.as_bytes().to_vec(), gzip(text.as_bytes())] {
                let imported =
                    read(bytes.as_slice(), &Options::default()).unwrap_or_else(|e| panic!("{text}\n{e}"));
                assert_eq!(shown(&imported), DAYS, "{text}");
                assert_eq!(imported.report.format.timeframe, Some(Timeframe::D1), "{text}");
                assert_eq!(imported.report.rows, 2);
            }
        }
    }

    #[test]
    fn the_report_says_how_a_file_was_understood() {
        let text = "title\nDatum;Zeit\ndate;time;ABC.open;ABC.high;ABC.low;ABC.close;note\n\
                    31/01/2024;10:01;1,5;2;1;1,5;\n31/01/2024;10:00;1,5;2;1;1,5;x\n";
        let options = Options { zone: Some("Europe/Berlin".to_owned()), ..Options::default() };
        let report = read(gzip(text.as_bytes()).as_slice(), &options).unwrap().report;
        let format = report.format;
        assert_eq!((format.delimiter, format.decimal_mark), (';', DecimalMark::Comma));
        assert_eq!(
            (format.compressed, format.header_line, format.order),
            (true, Some(3), RowOrder::NewestFirst)
        );
        assert_eq!((format.dates.as_str(), format.zone.as_str()), ("DD/MM/YYYY", "Europe/Berlin"));
        assert_eq!(format.timeframe, Some(Timeframe::M1));
        let columns: Vec<String> =
            format.columns.iter().map(|(role, name)| format!("{role}={name}")).collect();
        let expected = "time=date time=time open=ABC.open high=ABC.high low=ABC.low close=ABC.close";
        assert_eq!(columns.join(" "), expected);
        assert_eq!(format.ignored, ["note"]);
        assert_eq!(report.first.to_string(), "2024-01-31T09:00:00Z");
        assert_eq!(report.warnings.len(), 2, "{:?}", report.warnings);
        assert!(report.warnings[0].contains("no volume"));
        assert!(report.warnings[1].contains("above the header in line 3"));
    }

    #[test]
    fn trades_in_several_dresses() {
        let table = [
            "time,price,size,side\n2024-01-15T10:00:00.5Z,1.50,10,buy\n2024-01-15T10:00:00.5Z,1.50,10,buy\n\
             2024-01-15T10:00:01Z,1.49,0.25,S\n",
            "Timestamp,Aggressor,Amount,Price\n1705312801000,sell,0.25,1.49\n1705312800500,Buy,10,1.50\n\
             1705312800500,Buy,10,1.50\n",
            "id,price,qty,quote_qty,time,is_buyer_maker\n1,1.50,10,15,1705312800500,false\n\
             2,1.50,10,15,1705312800500,False\n3,1.49,0.25,0.37,1705312801000,true\n",
        ];
        for text in table {
            let imported = import(text).unwrap();
            let shown: Vec<String> = trades(&imported)
                .iter()
                .map(|t| format!("{} {} {} {:?}", t.time, t.price, t.quantity, t.aggressor))
                .collect();
            let expected = [
                "2024-01-15T10:00:00.5Z 1.50 10 Some(Buy)",
                "2024-01-15T10:00:00.5Z 1.50 10 Some(Buy)",
                "2024-01-15T10:00:01Z 1.49 0.25 Some(Sell)",
            ];
            assert_eq!(shown, expected, "{text}");
            assert_eq!(imported.report.format.timeframe, None);
        }
    }

    #[test]
    fn trades_without_a_known_aggressor() {
        let imported = import("time,price,size\n2024-01-15,1,2\n").unwrap();
        assert_eq!(trades(&imported)[0].aggressor, None);
        let imported = import("time,price,size,side\n2024-01-15,1,2,\n2024-01-15,1,2,b\n").unwrap();
        assert_eq!(
            trades(&imported).iter().map(|t| t.aggressor).collect::<Vec<_>>(),
            [None, Some(Side::Buy)]
        );
    }

    #[test]
    fn exact_duplicates_are_dropped_wherever_they_are() {
        for text in [
            "date,open,high,low,close\n2024-01-15,1,3,1,2\n2024-01-15,1,3,1,2\n2024-01-16,2,4,1,3\n2024-01-17,2,4,1,3\n",
            "date,open,high,low,close\n2024-01-15,1,3,1,2\n2024-01-16,2,4,1,3\n2024-01-15,1,3,1,2\n2024-01-17,2,4,1,3\n",
            "date,open,high,low,close\n2024-01-17,2,4,1,3\n2024-01-16,2,4,1,3\n2024-01-16,2,4,1,3\n2024-01-15,1,3,1,2\n",
        ] {
            let imported = import(text).unwrap();
            assert_eq!((imported.report.rows, imported.report.duplicates), (3, 1), "{text}");
            assert_eq!(bars(&imported).len(), 3);
        }
    }

    #[test]
    fn an_hour_that_clocks_show_twice_is_taken_in_order() {
        let rows = ["00:30", "01:00", "01:30", "01:00", "01:30", "02:00"];
        let zone = Options { zone: Some("America/New_York".to_owned()), ..Options::default() };
        let line = |time: &&str| format!("2024-11-03 {time},1,1,1,1,0\n");
        let head = "time,open,high,low,close,volume\n";
        let oldest_first = rows.iter().map(line).collect::<String>();
        let newest_first = rows.iter().rev().map(line).collect::<String>();
        for text in [head.to_owned() + &oldest_first, head.to_owned() + &newest_first] {
            let imported = read(text.as_bytes(), &zone).unwrap();
            let steps: Vec<i64> =
                bars(&imported).windows(2).map(|w| (w[1].time.0 - w[0].time.0) / 60_000_000_000).collect();
            assert_eq!(steps, [30; 5], "{text}");
            assert_eq!(imported.report.first.to_string(), "2024-11-03T04:30:00Z");
            assert!(imported.report.warnings[0].contains("4 rows"), "{:?}", imported.report.warnings);
        }
    }

    #[test]
    fn timeframes_are_those_of_the_steps() {
        let table: [(&str, &[&str]); 9] = [
            (
                "1m",
                &[
                    "2024-01-15 10:00",
                    "2024-01-15 10:01",
                    "2024-01-15 10:05",
                    "2024-01-15 10:06",
                    "2024-01-15 10:07",
                ],
            ),
            (
                "1h",
                &[
                    "2024-01-15 09:00",
                    "2024-01-15 10:00",
                    "2024-01-15 11:00",
                    "2024-01-15 12:30",
                    "2024-01-15 13:30",
                ],
            ),
            ("1D", &["2024-01-19", "2024-01-22"]),
            ("1D", &["2024-01-19"]),
            ("1W", &["2024-01-01", "2024-01-08", "2024-01-15"]),
            ("1M", &["2024-01-31", "2024-02-29", "2024-03-31"]),
            ("1D", &["2024-03-29T05:00:00Z", "2024-03-30T05:00:00Z", "2024-03-31T04:00:00Z"]),
            ("5s", &["2024-01-15 10:00:00", "2024-01-15 10:00:05"]),
            (
                "1s",
                &[
                    "2024-01-15 10:00:00",
                    "2024-01-15 10:00:30",
                    "2024-01-15 10:01:00",
                    "2024-01-15 10:01:04",
                    "2024-01-15 10:01:11",
                ],
            ),
        ];
        for (expected, times) in table {
            let rows: String = times.iter().map(|t| format!("{t},1,1,1,1,0\n")).collect::<Vec<_>>().concat();
            let imported = import(&format!("date,open,high,low,close,volume\n{rows}")).unwrap();
            let found = imported.report.format.timeframe.map(|t| t.to_string());
            assert_eq!(found.as_deref(), Some(expected), "{times:?}");
        }
    }

    #[test]
    fn one_instrument_of_several() {
        let text = "date,open,high,low,close,volume,Name\n2024-01-15,1,1,1,1,5,AAL\n2024-01-16,1,1,1,1,5,AAL\n\
                    2024-01-15,1.5,3,1,2.25,1000,AAPL\n2024-01-16,2,4,1.5,3,2000,AAPL\n2024-01-15,9,9,9,9,5,MSFT\n";
        let options = Options { symbol: Some("aapl".to_owned()), ..Options::default() };
        let imported = read(text.as_bytes(), &options).unwrap();
        assert_eq!(shown(&imported), DAYS);
        assert!(imported.report.warnings[0].starts_with("3 rows of other instruments"));
        let refused = import(text).unwrap_err().to_string();
        assert!(refused.contains("AAL, AAPL, MSFT") && refused.contains("--symbol"), "{refused}");
        let options = Options { symbol: Some("TSLA".to_owned()), ..Options::default() };
        let refused = read(text.as_bytes(), &options).unwrap_err().to_string();
        assert!(refused.contains("no rows of TSLA; it has AAL, AAPL, MSFT"), "{refused}");
    }

    #[test]
    fn dates_of_other_instruments_decide_but_are_not_turned() {
        let text = "date,open,high,low,close,symbol\n03/04/2024,1,1,1,1,AAL\n13/04/2024,1,1,1,1,AAL\n\
                    03/04/2024,2,2,2,2,AAPL\n04/04/2024,2,2,2,2,AAPL\n";
        let options = Options { symbol: Some("AAPL".to_owned()), ..Options::default() };
        let imported = read(text.as_bytes(), &options).unwrap();
        assert_eq!(shown(&imported), ["2024-04-03T00:00:00Z 2 2 2 2 0", "2024-04-04T00:00:00Z 2 2 2 2 0"]);
    }

    #[test]
    fn a_zone_in_the_name_of_the_time_counts() {
        let options = Options { zone: Some("Asia/Tokyo".to_owned()), ..Options::default() };
        for (name, hour) in [("Gmt time", "10"), ("time_utc", "10"), ("time", "01")] {
            let text =
                format!("{name},open,high,low,close\n2024-01-15 10:00,1,1,1,1\n2024-01-15 10:01,1,1,1,1\n");
            let first = read(text.as_bytes(), &options).unwrap().report.first.to_string();
            assert_eq!(first, format!("2024-01-15T{hour}:00:00Z"), "{name}");
        }
    }

    #[test]
    fn options_settle_what_a_file_leaves_open() {
        let text = "date;open;high;low;close\n03/04/2024;1.234;1.234;1.234;1.234\n";
        let options = Options {
            date_order: Some(DateOrder::DayFirst),
            decimal_mark: Some(DecimalMark::Comma),
            timeframe: Some(Timeframe::W1),
            zone: Some("Asia/Tokyo".to_owned()),
            symbol: Some("ABC".to_owned()),
        };
        let imported = read(text.as_bytes(), &options).unwrap();
        assert_eq!(shown(&imported), ["2024-04-02T15:00:00Z 1234 1234 1234 1234 0"]);
        assert_eq!(imported.report.format.timeframe, Some(Timeframe::W1));
    }
}
