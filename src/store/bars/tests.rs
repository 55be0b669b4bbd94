//! Series on disk: round trips, and every kind of damage.

use proptest::prelude::*;

use super::*;
use crate::domain::{AssetClass, Bar, Decimal, Price, Qty, Side};

fn origin(symbol: &str) -> Origin {
    Origin {
        symbol: symbol.to_owned(),
        venue: "NASDAQ".to_owned(),
        zone: "America/New_York".to_owned(),
        class: Some(AssetClass::Share),
        currency: None,
        source: "/home/me/aapl.csv".to_owned(),
        imported: Time(42),
    }
}

fn some_bars(count: usize) -> Bars {
    (0..i32::try_from(count).unwrap())
        .map(|i| {
            let close = 100.0 + (f64::from(i) * 0.37).sin();
            let open = 100.0 + (f64::from(i) * 0.36).sin();
            let (high, low) = (open.max(close) + 0.1, open.min(close) - 0.1);
            Bar { time: Time::from_seconds(60 * i64::from(i)), open, high, low, close, volume: f64::from(i) }
        })
        .collect()
}

fn trade(seconds: i64, price: &str, aggressor: Option<Side>) -> Trade {
    Trade {
        time: Time::from_seconds(seconds),
        price: Price(price.parse().unwrap()),
        quantity: Qty(Decimal::ONE),
        aggressor,
    }
}

#[test]
fn series_come_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let minutes = Series::Bars(some_bars(40_000), Timeframe::M1);
    let months = Series::Bars(some_bars(3), Timeframe::Mo1);
    let trades = Series::Trades(vec![
        trade(1, "0.00000001", None),
        trade(1, "1000000000000", Some(Side::Buy)),
        trade(2, "-37.630", Some(Side::Sell)),
    ]);
    let (mut library, problems) = Library::open(dir.path());
    assert!(problems.is_empty() && library.entries().is_empty());
    for series in [&minutes, &months, &trades] {
        library.save(origin("AAPL"), series).unwrap();
    }
    let (library, problems) = Library::open(dir.path());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(library.entries().len(), 3);
    for series in [minutes, months, trades] {
        let entry = library.entry("AAPL@NASDAQ", series.kind()).unwrap();
        assert_eq!(entry.rows, series.len() as u64);
        assert_eq!((entry.first, entry.last), series.span());
        assert_eq!(entry.origin, origin("AAPL"));
        assert_eq!(library.load("AAPL@NASDAQ", series.kind()).unwrap(), series);
    }
}

#[test]
fn a_price_that_no_market_has_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    let series = Series::Trades(vec![trade(1, "1000000000000.01", None)]);
    library.save(origin("AAPL"), &series).unwrap();
    let said = library.load("AAPL@NASDAQ", series.kind()).unwrap_err().to_string();
    assert!(said.contains("the price 1000000000000.01 is out of bounds"), "{said}");
}

#[test]
fn an_empty_series_and_a_strange_symbol() {
    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    let empty = Series::Bars(Bars::default(), Timeframe::D1);
    library.save(origin("../../etc/ПАР:삼성"), &empty).unwrap();
    assert_eq!(library.load("../../etc/ПАР:삼성@NASDAQ", empty.kind()).unwrap(), empty);
}

#[test]
fn importing_again_replaces() {
    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    library.save(origin("AAPL"), &Series::Bars(some_bars(10), Timeframe::M1)).unwrap();
    let newer = Series::Bars(some_bars(20), Timeframe::M1);
    assert_eq!(library.save(origin("AAPL"), &newer).unwrap().rows, 20);
    let (library, _) = Library::open(dir.path());
    assert_eq!(library.entries().len(), 1);
    assert_eq!(library.load("AAPL@NASDAQ", newer.kind()).unwrap(), newer);
}

#[test]
fn a_lost_index_is_made_anew() {
    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    library.save(origin("AAPL"), &Series::Bars(some_bars(10), Timeframe::M1)).unwrap();
    library.save(origin("MSFT"), &Series::Trades(vec![])).unwrap();
    let entries = library.entries().to_vec();
    fs::remove_file(library.index_file()).unwrap();
    let (library, problems) = Library::open(dir.path());
    assert!(problems.is_empty());
    assert_eq!(library.entries(), entries);
    fs::write(library.index_file(), "{").unwrap();
    let (library, problems) = Library::open(dir.path());
    assert!(problems[0].contains("made anew"), "{problems:?}");
    assert_eq!(library.entries(), entries);
}

#[test]
fn a_removed_series_is_gone_and_a_stolen_one_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    let kind = library.save(origin("AAPL"), &Series::Trades(vec![])).unwrap().kind;
    let stolen = library.save(origin("MSFT"), &Series::Trades(vec![])).unwrap().file_name();
    library.remove("AAPL@NASDAQ", kind).unwrap();
    library.remove("AAPL@NASDAQ", kind).unwrap();
    let missing = library.load("AAPL@NASDAQ", kind).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "no trades of AAPL@NASDAQ have been imported: import a file of them first"
    );
    fs::remove_file(dir.path().join(stolen)).unwrap();
    let (library, problems) = Library::open(dir.path());
    assert!(library.entries().is_empty());
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("trades of MSFT@NASDAQ are gone"), "{problems:?}");
}

#[test]
fn every_flipped_byte_is_noticed() {
    let entry = Entry {
        origin: origin("AAPL"),
        kind: Kind::Bars(Timeframe::M1),
        rows: 3,
        first: Time(0),
        last: Time::from_seconds(120),
    };
    let mut whole = Vec::new();
    format::write(&mut whole, &entry, &Series::Bars(some_bars(3), Timeframe::M1)).unwrap();
    assert!(format::read(&mut whole.as_slice(), whole.len() as u64).is_ok());
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x10;
        assert!(format::read(&mut bytes.as_slice(), bytes.len() as u64).is_err(), "byte {at}");
        assert!(format::read(&mut &whole[..at], at as u64).is_err(), "cut at {at}");
        assert!(format::read(&mut &whole[..at], whole.len() as u64).is_err(), "cut while read at {at}");
    }
}

#[test]
fn damage_is_told_with_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let (mut library, _) = Library::open(dir.path());
    let kind = Kind::Bars(Timeframe::M1);
    let name = library.save(origin("AAPL"), &Series::Bars(some_bars(10), Timeframe::M1)).unwrap().file_name();
    let path = dir.path().join(name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() - 100;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let error = library.load("AAPL@NASDAQ", kind).unwrap_err().to_string();
    assert!(error.contains("checksum is wrong") && error.contains("import the data again"), "{error}");
    bytes[8] = 9;
    fs::write(&path, &bytes).unwrap();
    let error = library.load("AAPL@NASDAQ", kind).unwrap_err().to_string();
    assert!(error.contains("newer Pitdesk (format 9)"), "{error}");
    fs::write(&path, "something else").unwrap();
    fs::remove_file(library.index_file()).unwrap();
    let (library, problems) = Library::open(dir.path());
    assert!(library.entries().is_empty() && problems.len() == 1, "{problems:?}");
}

proptest! {
    #[test]
    fn any_bytes_are_refused_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut with_head = b"PITDSERS\x01\0\0\0".to_vec();
        with_head.extend(&bytes);
        prop_assert!(format::read(&mut bytes.as_slice(), bytes.len() as u64).is_err());
        prop_assert!(format::read(&mut with_head.as_slice(), with_head.len() as u64).is_err());
    }
}
