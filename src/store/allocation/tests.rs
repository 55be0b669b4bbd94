//! Tables that people write, and what is said of those that cannot be used.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    AssetClass, BrokerId, Currency, InstrumentId, Qty, TickTable, TimeInForce, TradingHours,
};
use crate::market::allocation::{Choice, Funds, Leverage, Others, Style};

fn listed() -> Vec<Arc<Instrument>> {
    let listed = [
        ("AAPL", "NASDAQ", "Apple"),
        ("MSFT", "NASDAQ", "Microsoft"),
        ("7203", "TSE", "Toyota"),
        ("BTC/JPY", "COIN", "Bitcoin"),
        ("DUAL", "TSE", "Dual"),
        ("DUAL", "NYSE", "Dual"),
    ];
    let make = |(id, (symbol, venue, name)): (u32, (&str, &str, &str))| {
        Arc::new(Instrument {
            id: InstrumentId(id),
            broker: BrokerId(0),
            symbol: symbol.into(),
            name: name.into(),
            venue: venue.into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            ticks: TickTable::uniform(Decimal::ONE).unwrap(),
            lot: Qty(Decimal::ONE),
            multiplier: Decimal::ONE,
            hours: TradingHours::always("UTC"),
        })
    };
    (0..).zip(listed).map(make).collect()
}

fn rows(text: &str) -> Vec<(String, String)> {
    let table = read(text.as_bytes(), "weights.csv", &listed()).unwrap_or_else(|bad| panic!("{bad}"));
    table.rows.iter().map(|(key, weight)| (key.to_string(), weight.to_string())).collect()
}

fn says(name: &str, text: &str) -> String {
    read(text.as_bytes(), name, &listed()).unwrap_err().to_string()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(key, weight)| ((*key).to_owned(), (*weight).to_owned())).collect()
}

#[test]
fn tables_are_read_as_people_write_them() {
    let expected = pairs(&[("AAPL@NASDAQ", "0.25"), ("7203@TSE", "-0.1")]);
    for text in [
        "AAPL,0.25\n7203,-0.1\n",
        "symbol,weight\naapl,25%\n7203,-10 %",
        "\u{FEFF}Symbol;Weight\r\nAAPL;25%\r\n# short\r\n\r\n7203;-0,1\r\n",
        "\"AAPL\",\"25%\"\n\"7203@TSE\",\"-10%\"\n",
        "name\tweight\tsymbol\nApple\t.25\taapl@nasdaq\nToyota\t−10%\t7203\n",
        "[targets]\nAAPL = 0.25\n7203 = -0.1\n",
        "[targets] # of the month\n\"AAPL@NASDAQ\" = \"25%\"\n\"7203\" = \"-10%\"",
    ] {
        assert_eq!(rows(text), expected, "{text}");
    }
    assert_eq!(rows("\"BTC/JPY\",\"12,5%\""), pairs(&[("BTC/JPY@COIN", "0.125")]));
}

#[test]
fn a_toml_file_has_choices_beside_its_weights() {
    let text = "reserve = '2%'\nothers = 'close'\nleverage = true\nspend_sales = true\nleast_trade = 500\n\
                order = 'limit'\nticks = 5\ntif = 'ioc'\n[targets]\nMSFT = 1.2";
    let table = read(text.as_bytes(), "weights.toml", &listed()).unwrap();
    let choices = [
        Choice::Reserve(Decimal::new(2, 2)),
        Choice::Others(Others::Closed),
        Choice::Leverage(Leverage::Allowed),
        Choice::Funds(Funds::WithSales),
        Choice::LeastTrade(Decimal::from(500)),
        Choice::Style(Style::Limit),
        Choice::Ticks(5),
        Choice::Tif(TimeInForce::Ioc),
    ];
    assert_eq!(table.choices, choices, "in the order of the file");
    assert_eq!(table.notes, ["The weights add up to 120 %: more than the equity"]);
    assert!(read(b"[targets]\nMSFT = 1", "x", &listed()).unwrap().choices.is_empty());
}

#[test]
fn what_cannot_be_used_is_said_by_line_with_what_to_do() {
    let csv = |text: &str| says("weights.csv", text);
    assert_eq!(
        csv("AAPL,10%\nMSFR,5%"),
        "weights.csv, line 2: MSFR is not listed. Did you mean MSFT@NASDAQ?"
    );
    assert_eq!(csv("toyo,5%"), "weights.csv, line 1: toyo is not listed. Did you mean 7203@TSE?");
    assert!(csv("XQZ9,5%").ends_with("XQZ9 is not listed: look it up in the search"));
    assert_eq!(
        csv("DUAL,5%"),
        "weights.csv, line 1: DUAL could be DUAL@NYSE or DUAL@TSE: write one of these"
    );
    assert_eq!(
        csv("AAPL,5%\n\nAAPL@NASDAQ,6%"),
        "weights.csv, line 3: AAPL@NASDAQ has a row already, in line 1: keep one of them"
    );
    assert!(csv("AAPL,a lot").contains("line 1: “a lot” is no weight: write 0.25 or 25%"));
    assert!(csv("AAPL,1.000,5").contains("“AAPL 1.000 5” where a symbol and a weight are expected"));
    assert!(csv("AAPL,25").contains("a weight of 25 is beyond ±10: write 25% or 0.25"));
    assert!(csv("AAPL").contains("where a symbol and a weight are expected"));
    assert!(csv("symbol,amount\nAAPL,5").contains("the header names no column “weight”"));
    assert!(csv("# nothing\n\n").contains("there are no weights in it"));
    let toml = |text: &str| says("weights.toml", text);
    assert!(
        toml("[targets]\nAAPL = 0.1\nAAPL = 0.2").starts_with("weights.toml, line 3: this is no TOML: dup")
    );
    assert!(toml("[targets]\nAAPL = 0.1\n\"aapl\" = 0.2").contains("line 3: AAPL@NASDAQ has a row already"));
    assert!(toml("colour = 'red'\n[targets]\nAAPL = 1").contains("line 1: there is no choice “colour”"));
    assert!(toml("reserve = 1\n[targets]\nAAPL = 1").contains("reserve must be a share from 0%"));
    assert!(toml("targets = 5").contains("targets must be a table"));
    assert!(toml("[targets]\nAAPL = true").contains("line 2: “this” is no weight"));
    let bad = read(b"AAPL,5%\nMSFT,\xFF", "weights.csv", &listed()).unwrap_err();
    assert_eq!(bad.to_string(), "weights.csv, line 2: this is not UTF-8 text: save it as CSV in UTF-8");
}

#[test]
fn a_file_that_is_none_is_said_and_never_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = |path: &Path| load(TargetsFrom::File(path.display().to_string().into()), &listed()).table;
    let said = |path: &Path| file(path).unwrap_err().to_string();
    assert!(said(&folder.path().join("none.csv")).contains("it cannot be read"));
    assert!(said(folder.path()).contains("it is no file"));
    let path = folder.path().join("weights.csv");
    std::fs::write(&path, "AAPL,5%").unwrap();
    assert_eq!(file(&path).unwrap().rows, [("AAPL@NASDAQ".into(), Decimal::new(5, 2))]);
    std::fs::write(&path, vec![b'\n'; 1_000_001]).unwrap();
    assert!(said(&path).contains("longer than 1 MB"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_table_or_an_error_that_says_something(
        bytes in prop::collection::vec(any::<u8>(), 0..200),
        pieces in prop::collection::vec(prop::sample::select(vec![
            "AAPL", "7203", "\"", ";", ",", "\t", "\n", "%", "0.5", "99999999999999999999999999999999",
            "-", "[targets]", "=", "symbol", "weight", "#", "reserve", "ticks", "'", "−", "[", "]", " ",
        ]), 0..40),
        is_toml in any::<bool>(),
    ) {
        let name = if is_toml { "x.toml" } else { "x.csv" };
        for bytes in [bytes, pieces.concat().into_bytes()] {
            match read(&bytes, name, &listed()) {
                Ok(table) => {
                    prop_assert!(!table.rows.is_empty() && table.rows.len() <= MOST_ROWS);
                    prop_assert!(table.rows.iter().all(|(_, weight)| weight.abs() <= MAX_WEIGHT));
                }
                Err(bad) => prop_assert!(bad.to_string().len() > 20),
            }
        }
    }
}

#[test]
fn a_decimal_comma_that_makes_a_column_more_is_refused() {
    let said = says("weights.csv", "symbol,name,weight\nAAPL,Apple,0,25\n");
    assert!(said.contains("AAPL Apple 0 25"), "{said}");
    assert_eq!(rows("symbol,name,weight\nAAPL,Apple,0.25,\n"), pairs(&[("AAPL@NASDAQ", "0.25")]));
}

#[cfg(unix)]
#[test]
fn a_pipe_is_not_even_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.csv");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    let bad = bytes_of(path.to_str().unwrap()).unwrap_err();
    assert!(matches!(bad.problem, Problem::NoFile), "{bad}");
}
