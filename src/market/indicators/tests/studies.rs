//! The table, and studies as they are made and stored.

use std::collections::BTreeSet;

use super::{all, series_of, study, utc, walk};
use crate::market::indicators::{BadStudy, INDICATORS, Indicator, LINES, Pane, Study};

#[test]
fn every_entry_is_computed_with_its_usual_smallest_and_largest_numbers() {
    let series = series_of(&walk(11, 3_100));
    for indicator in &INDICATORS {
        let of = |number: fn(&crate::market::indicators::Parameter) -> f64| {
            indicator.parameters.iter().map(number).collect::<Vec<_>>()
        };
        for numbers in [of(|p| p.default), of(|p| p.least), of(|p| p.most)] {
            let study = Study::new(indicator, numbers).unwrap();
            let label = study.label();
            let values = all(study, utc(), &series);
            let last = values.last().unwrap();
            let outputs = indicator.outputs.len();
            assert!(last[..outputs].iter().all(|value| value.is_finite()), "{label}: {last:?}");
            assert!(last[outputs..].iter().all(|value| value.is_nan()), "{label}: {last:?}");
        }
    }
}

#[test]
fn every_entry_says_what_the_window_needs() {
    let keys: BTreeSet<&str> = INDICATORS.iter().map(|indicator| indicator.key).collect();
    assert_eq!(keys.len(), INDICATORS.len());
    for indicator in &INDICATORS {
        assert_eq!(Indicator::of_key(indicator.key), Some(indicator));
        assert!((1..=LINES).contains(&indicator.outputs.len()));
        assert_eq!(
            Study::new(indicator, Study::usual(indicator).parameters().to_vec()),
            Ok(Study::usual(indicator))
        );
    }
    let pane = |key| Indicator::of_key(key).unwrap().pane;
    assert_eq!(pane("rsi"), Pane::Own { range: Some((0.0, 100.0)), guides: &[30.0, 70.0] });
    assert_eq!(pane("macd"), Pane::Own { range: None, guides: &[0.0] });
    assert_eq!(pane("vwap"), Pane::Price);
}

#[test]
fn a_label_has_the_numbers() {
    assert_eq!(study("ema", &[20.0]).label(), "EMA 20");
    assert_eq!(study("bollinger", &[20.0, 2.5]).label(), "BB 20 2.5");
    assert_eq!(study("macd", &[12.0, 26.0, 9.0]).label(), "MACD 12 26 9");
    assert_eq!(study("vwap", &[]).label(), "VWAP");
}

#[test]
fn numbers_that_make_no_study_are_refused() {
    let refused = |key: &str, numbers: &[f64]| {
        Study::new(Indicator::of_key(key).unwrap(), numbers.to_vec()).unwrap_err().to_string()
    };
    assert_eq!(refused("ema", &[]), "EMA takes 1 numbers, not 0");
    assert_eq!(refused("ema", &[0.0]), "Length must be between 1 and 1000");
    assert_eq!(refused("ema", &[f64::NAN]), "Length must be between 1 and 1000");
    assert_eq!(refused("ema", &[2.5]), "Length must be a whole number of bars");
    assert_eq!(refused("bollinger", &[1.0, 2.0]), "Length must be between 2 and 1000");
    assert_eq!(refused("bollinger", &[20.0, 11.0]), "Deviations must be between 0.1 and 10");
}

#[test]
fn a_study_comes_back_from_a_file_and_a_bad_one_does_not() {
    for indicator in &INDICATORS {
        let study = Study::usual(indicator);
        let json = serde_json::to_string(&study).unwrap();
        assert_eq!(serde_json::from_str::<Study>(&json).unwrap(), study);
        let text = toml::to_string(&study).unwrap();
        assert_eq!(toml::from_str::<Study>(&text).unwrap(), study);
    }
    let bad = |json| serde_json::from_str::<Study>(json).unwrap_err().to_string();
    let unknown = BadStudy::Unknown { key: "astrology".to_owned() };
    assert_eq!(bad(r#"{"kind":"astrology"}"#), unknown.to_string());
    assert!(bad(r#"{"kind":"ema","parameters":[0]}"#).starts_with("Length must be between"));
}
