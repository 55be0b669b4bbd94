//! Whatever is written comes back equal, and nothing that is not CSV causes a panic.

use std::fmt::Write as _;

use pitdesk::domain::{Bar, Decimal, Price, Qty, Side, Time, Timeframe, Trade};
use pitdesk::market::series::Bars;
use pitdesk::store::bars::{Library, Origin, Series};
use pitdesk::store::import::{DateOrder, DecimalMark, Options, RowOrder, read};
use proptest::prelude::*;

use super::{bars, gzip, trades};

#[derive(Debug, Clone, Copy)]
enum Stamp {
    Iso,
    IsoZone,
    Compact,
    DayFirst,
    MonthFirst,
    TwoColumns,
    Seconds,
    Millis,
    Micros,
    Nanos,
}

const STAMPS: [Stamp; 10] = [
    Stamp::Iso,
    Stamp::IsoZone,
    Stamp::Compact,
    Stamp::DayFirst,
    Stamp::MonthFirst,
    Stamp::TwoColumns,
    Stamp::Seconds,
    Stamp::Millis,
    Stamp::Micros,
    Stamp::Nanos,
];

#[derive(Debug, Clone, Copy)]
struct Dress {
    stamp: Stamp,
    delimiter: char,
    mark: DecimalMark,
    quoted: bool,
    crlf: bool,
    order: RowOrder,
    compressed: bool,
}

impl Dress {
    fn number(self, x: f64) -> String {
        let text = x.to_string();
        if self.mark == DecimalMark::Comma { text.replace('.', ",") } else { text }
    }

    fn time(self, time: Time) -> Vec<String> {
        let format = |format: &str| time.to_timestamp().strftime(format).to_string();
        match self.stamp {
            Stamp::Iso => vec![format("%Y-%m-%d %H:%M:%S")],
            Stamp::IsoZone => vec![time.to_string()],
            Stamp::Compact => vec![format("%Y%m%d %H:%M:%S")],
            Stamp::DayFirst => vec![format("%d/%m/%Y %H:%M:%S")],
            Stamp::MonthFirst => vec![format("%m/%d/%Y %I:%M:%S %p")],
            Stamp::TwoColumns => vec![format("%Y-%m-%d"), format("%H:%M:%S")],
            Stamp::Seconds => vec![(time.0 / 1_000_000_000).to_string()],
            Stamp::Millis => vec![(time.0 / 1_000_000).to_string()],
            Stamp::Micros => vec![(time.0 / 1_000).to_string()],
            Stamp::Nanos => vec![time.0.to_string()],
        }
    }

    fn options(self) -> Options {
        let date_order = match self.stamp {
            Stamp::DayFirst => Some(DateOrder::DayFirst),
            Stamp::MonthFirst => Some(DateOrder::MonthFirst),
            _ => None,
        };
        // What a file of few rows cannot tell by itself.
        Options {
            date_order,
            decimal_mark: Some(self.mark),
            timeframe: Some(Timeframe::S1),
            ..Options::default()
        }
    }

    fn write(self, header: &[&str], mut rows: Vec<Vec<String>>) -> Vec<u8> {
        let mut names: Vec<String> = header.iter().map(|&n| n.to_owned()).collect();
        if matches!(self.stamp, Stamp::TwoColumns) {
            names.splice(0..1, ["date".to_owned(), "time".to_owned()]);
        }
        if self.order == RowOrder::NewestFirst {
            rows.reverse();
        }
        let end = if self.crlf { "\r\n" } else { "\n" };
        let mut text = String::new();
        for row in std::iter::once(names).chain(rows) {
            let quote = |field: &String| if self.quoted { format!("\"{field}\"") } else { field.clone() };
            let fields: Vec<String> = row.iter().map(quote).collect();
            write!(text, "{}{end}", fields.join(&self.delimiter.to_string()))
                .expect("a String takes all text");
        }
        if self.compressed { gzip(text.as_bytes()) } else { text.into_bytes() }
    }
}

fn dress() -> impl Strategy<Value = Dress> {
    let delimiter = prop::sample::select(vec![',', ';', '\t']);
    let stamp = prop::sample::select(STAMPS.to_vec());
    (stamp, delimiter, any::<[bool; 5]>()).prop_map(
        |(stamp, delimiter, [quoted, crlf, comma, newest, compressed])| {
            let comma = comma && delimiter != ',';
            Dress {
                stamp,
                delimiter,
                mark: if comma { DecimalMark::Comma } else { DecimalMark::Point },
                quoted,
                crlf,
                order: if newest { RowOrder::NewestFirst } else { RowOrder::OldestFirst },
                compressed,
            }
        },
    )
}

fn price() -> impl Strategy<Value = f64> {
    prop_oneof![
        (1_u32..2_000_000).prop_map(|n| f64::from(n) / 100.0),
        (1_u32..1_000_000_000).prop_map(|n| f64::from(n) / 1e8),
        1e-9..1e9,
        Just(0.0),
        -100.0..0.0,
    ]
}

/// Sound bars whose times rise by at least a second.
fn any_bars() -> impl Strategy<Value = Vec<Bar>> {
    let row = (1_i64..200_000, [price(), price(), price(), price()], 0.0..1e12);
    (320_000_000_i64..4_000_000_000, prop::collection::vec(row, 1..40)).prop_map(|(start, rows)| {
        let mut seconds = start;
        let bar = |(step, mut p, volume): (i64, [f64; 4], f64)| {
            seconds += step;
            p.sort_by(f64::total_cmp);
            let time = Time::from_seconds(seconds);
            Bar { time, open: p[1], high: p[3], low: p[0], close: p[2], volume }
        };
        rows.into_iter().map(bar).collect()
    })
}

fn any_trades() -> impl Strategy<Value = Vec<Trade>> {
    let side = prop::sample::select(vec![None, Some(Side::Buy), Some(Side::Sell)]);
    // Within the bounds of numbers from outside: up to 10^12, with up to 18 decimals.
    let most = 10_i64.pow(18);
    let row = (0_i64..100, -most..=most, 6_u32..=18, 0..=most, side);
    (320_000_000_i64..4_000_000_000, prop::collection::vec(row, 1..40)).prop_map(|(start, rows)| {
        let mut seconds = start;
        let trade = |(step, price, scale, quantity, aggressor): (i64, i64, u32, i64, Option<Side>)| {
            seconds += step;
            let (price, quantity) = (Price(Decimal::new(price, scale)), Qty(Decimal::new(quantity, scale)));
            Trade { time: Time::from_seconds(seconds), price, quantity, aggressor }
        };
        rows.into_iter().map(trade).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bars_come_back_equal(written in any_bars(), dress in dress()) {
        let rows = written.iter().map(|bar| {
            let numbers = [bar.open, bar.high, bar.low, bar.close, bar.volume].map(|x| dress.number(x));
            dress.time(bar.time).into_iter().chain(numbers).collect()
        });
        let bytes = dress.write(&["timestamp", "open", "high", "low", "close", "volume"], rows.collect());
        let imported = read(bytes.as_slice(), &dress.options())
            .map_err(|e| TestCaseError::fail(format!("{e}\n{}", String::from_utf8_lossy(&bytes))))?;
        prop_assert_eq!(bars(&imported), written.as_slice());
        prop_assert_eq!(imported.report.rows, written.len());
        prop_assert_eq!(imported.report.format.delimiter, dress.delimiter);
        prop_assert_eq!(imported.report.format.compressed, dress.compressed);
    }

    /// Equal times keep the order of the file, so these are written oldest first.
    #[test]
    fn trades_come_back_equal(written in any_trades(), dress in dress()) {
        let dress = Dress { order: RowOrder::OldestFirst, ..dress };
        let rows = written.iter().map(|trade| {
            let number = |x: Decimal| {
                let text = x.to_string();
                if dress.mark == DecimalMark::Comma { text.replace('.', ",") } else { text }
            };
            let side = trade.aggressor.map_or("", Side::label);
            let rest = [number(trade.price.0), number(trade.quantity.0), side.to_owned()];
            dress.time(trade.time).into_iter().chain(rest).collect()
        });
        let bytes = dress.write(&["timestamp", "price", "size", "side"], rows.collect());
        let imported = read(bytes.as_slice(), &dress.options())
            .map_err(|e| TestCaseError::fail(format!("{e}\n{}", String::from_utf8_lossy(&bytes))))?;
        prop_assert_eq!(trades(&imported), written.as_slice());
    }

    #[test]
    fn any_bytes_are_refused_or_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read(bytes.as_slice(), &Options::default()).ok();
        read(gzip(&bytes).as_slice(), &Options::default()).ok();
        let mut like_gzip = vec![0x1F, 0x8B, 8, 0];
        like_gzip.extend(&bytes);
        read(like_gzip.as_slice(), &Options::default()).ok();
    }

    #[test]
    fn any_text_that_looks_like_a_table_is_read_without_panic(
        header in prop::sample::select(vec!["date,open,high,low,close,volume\n", "time;price;size\n", ""]),
        text in "[-0-9.,;:/\"TZ +aeé\t\n]{0,200}",
    ) {
        for date_order in [None, Some(DateOrder::DayFirst)] {
            for zone in [None, Some("America/Sao_Paulo".to_owned())] {
                let options = Options { date_order, zone, ..Options::default() };
                read(format!("{header}{text}").as_bytes(), &options).ok();
                read(format!("{header}2024-01-15,1,1,1,1,1\n{text}").as_bytes(), &options).ok();
                read(format!("{header}01/02/2024,1,1,1,1,1\n{text}").as_bytes(), &options).ok();
            }
        }
    }
}

fn million() -> Vec<Bar> {
    (0..1_000_000_i32)
        .map(|n| {
            let close = f64::from(20_000 + n % 977) / 100.0;
            let time = Time::from_seconds(1_500_000_000 + 60 * i64::from(n));
            Bar {
                time,
                open: close - 0.1,
                high: close + 0.25,
                low: close - 0.25,
                close,
                volume: f64::from(n % 5_000),
            }
        })
        .collect()
}

#[test]
fn a_million_bars_are_imported_saved_and_loaded() {
    let million = million();
    let mut text = String::from("date,open,high,low,close,volume\n");
    for bar in &million {
        let Bar { time, open, high, low, close, volume } = bar;
        writeln!(text, "{time},{open:.2},{high:.2},{low:.2},{close:.2},{volume}").unwrap();
    }
    let imported = read(text.as_bytes(), &Options::default()).unwrap();
    assert_eq!(bars(&imported).len(), million.len());

    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    let origin = Origin {
        symbol: "X".to_owned(),
        venue: "Y".to_owned(),
        zone: "UTC".to_owned(),
        class: None,
        currency: None,
        source: "z.csv".to_owned(),
        imported: Time(0),
    };
    let series = Series::Bars(Bars::pack(million), Timeframe::M1);
    library.save(origin, &series).unwrap();
    let loaded = library.load("X@Y", series.kind()).unwrap();
    assert!(loaded == series);
}
