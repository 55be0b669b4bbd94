//! Single values, as clients and TWS write them in text.

use super::*;
use crate::gateway::wire::model::*;
use crate::gateway::wire::{Malformed, Problem, Reply, Request};

/// What a price reads as.
fn price(text_of_it: &str) -> Result<Option<f64>, Malformed> {
    let body = text(&["45", "6", "1", "2", text_of_it]);
    match Reply::decode(Dialect::Text, &body)? {
        Reply::TickGeneric(tick) => Ok(tick.value),
        other => panic!("{other:?}"),
    }
}

/// What a size reads as.
fn size(text_of_it: &str) -> Result<Option<String>, Malformed> {
    let body = text(&["2", "6", "1", "2", text_of_it]);
    match Reply::decode(Dialect::Text, &body)? {
        Reply::TickSize(tick) => Ok(tick.size),
        other => panic!("{other:?}"),
    }
}

/// What a whole number reads as.
fn whole(text_of_it: &str) -> Result<Option<i32>, Malformed> {
    let request = Request::decode(Dialect::Text, &text(&["8", "1", text_of_it]))?;
    match request {
        Request::Ids(ids) => Ok(ids.num_ids),
        other => panic!("{other:?}"),
    }
}

#[test]
fn numbers_are_read_in_every_form_that_clients_write() {
    for (text, value) in [
        ("10", 10.0),
        ("10.0", 10.0),
        ("1e1", 10.0),
        ("1E+1", 10.0),
        ("-0.25", -0.25),
        (".5", 0.5),
        ("1e-05", 0.000_01),
    ] {
        assert_eq!(price(text), Ok(Some(value)), "{text}");
    }
    for (text, value) in [("10", 10), ("10.0", 10), ("1e1", 10), ("-3", -3), ("-3.00", -3), ("0.0", 0)] {
        assert_eq!(whole(text), Ok(Some(value)), "{text}");
    }
    for (text, value) in [
        ("10", "10"),
        ("10.0", "10.0"),
        ("1e3", "1000"),
        ("1.25E+1", "12.5"),
        ("1e-05", "0.00001"),
        ("125e-2", "1.25"),
        ("-1e-08", "-0.00000001"),
        ("+7", "7"),
        (".5", "0.5"),
        ("0.000000000000000001", "0.000000000000000001"),
    ] {
        assert_eq!(size(text), Ok(Some(value.to_owned())), "{text}");
    }
}

#[test]
fn unset_has_several_forms() {
    for text in ["", "1.7976931348623157E308", "1.7976931348623157e+308", "2147483647"] {
        assert_eq!(price(text), Ok(None), "{text}");
        assert_eq!(size(text), Ok(None), "{text}");
        assert_eq!(whole(text), Ok(None), "{text}");
    }
    assert_eq!(size("170141183460469231731687303715884105727"), Ok(None));
    for text in ["Infinite", "Infinity"] {
        assert_eq!(price(text), Ok(Some(f64::INFINITY)));
    }
}

#[test]
fn what_is_no_number_is_named() {
    for text in ["x", "1,5", "--1", "1e", "e5", ".", "nan", "inf", "0x10", "1 ", "1e999", "１"] {
        let error = price(text).unwrap_err();
        assert!(matches!(error.problem, Problem::Field { index: 4, name: "value", .. }), "{text}: {error}");
    }
    for text in ["1.5", "2147483648", "-2147483649", "9999999999999999999999", "1e60", "1e-1", "ten"] {
        assert!(whole(text).is_err(), "{text}");
    }
    for text in ["many", "1e99", "1e-99", "1e2147483648", "-", "Infinite"] {
        assert!(size(text).is_err(), "{text}");
    }
    let error = price("x").unwrap_err();
    assert_eq!(error.to_string(), "TickGeneric: field 4 (value) is \"x\", but should be a number");
    assert_eq!(error.id, Some(1), "what was read before it is known");
}

#[test]
fn numbers_are_written_plain() {
    let check = |value: f64, text: &str| {
        let tick = TickGeneric { value: Some(value), ..Default::default() };
        assert_eq!(fields_of!(Reply::TickGeneric(tick))[4], text, "{value}");
    };
    check(10.0, "10");
    check(0.1 + 0.2, "0.30000000000000004");
    check(1e-7, "0.0000001");
    check(1e21, "1000000000000000000000");
    check(-0.25, "-0.25");
    check(f64::INFINITY, "Infinity");
    for unset in [f64::MAX, f64::NAN, f64::NEG_INFINITY] {
        check(unset, "");
    }
    // As a whole number it would be "unset".
    check(2_147_483_647.0, "2147483647.0");
    let size = |text: &str| {
        let tick = TickSize { size: Some(text.to_owned()), ..Default::default() };
        fields_of!(Reply::TickSize(tick)).pop().unwrap()
    };
    assert_eq!(size("1e3"), "1000");
    assert_eq!(size("2147483647"), "2147483647.0");
    assert_eq!(size("many"), "", "a client would stumble over it");
}

#[test]
fn flags_are_one_or_zero() {
    let flag = |text_of_it: &str| match Request::decode(Dialect::Text, &text(&["15", "1", text_of_it]))? {
        Request::AutoOpenOrders(request) => Ok::<_, Malformed>(request.auto_bind),
        other => panic!("{other:?}"),
    };
    for (text, value) in [("1", Some(true)), ("0", Some(false)), ("", None), ("True", Some(true))] {
        assert_eq!(flag(text), Ok(value));
    }
    assert!(flag("2").is_err());
    assert!(flag("yes").is_err());
    let request = |auto_bind| Request::AutoOpenOrders(AutoOpenOrdersRequest { auto_bind });
    assert_eq!(fields_of!(request(Some(true))), ["15", "1", "1"]);
    assert_eq!(fields_of!(request(None)), ["15", "1", "0"]);
}

#[test]
fn words_are_ascii_with_escapes() {
    let check = |word: &str, written: &str| {
        let message = ErrorMessage { error_msg: Some(word.to_owned()), ..Default::default() };
        let reply = Reply::Error(message);
        assert_eq!(fields_of!(reply)[4], written);
        let frame = frame_of!(reply, Dialect::Text);
        let Ok(Reply::Error(read)) = Reply::decode(Dialect::Text, body(&frame)) else {
            panic!("it reads back")
        };
        assert_eq!(read.error_msg(), word.replace('\0', ""), "{written}");
    };
    check("plain", "plain");
    check("한국 é", "\\ud55c\\uad6d \\u00e9");
    check("📈", "\\ud83d\\udcc8");
    check("a\0b", "ab");
    check("C:\\users", "C:\\users");
    check("\\u0041", "\\u005cu0041");
    check("\\ud83d", "\\u005cud83d");
    check("\\\\u0041", "\\\\u005cu0041");
    check("\\u\x000041", "\\u005cu0041");
    check("\\", "\\");
}

#[test]
fn words_may_come_as_utf_8_or_escaped() {
    let symbol = |word: &str| match Request::decode(Dialect::Text, &text(&["81", "7", word])).unwrap() {
        Request::MatchingSymbols(request) => request.pattern,
        other => panic!("{other:?}"),
    };
    assert_eq!(symbol("삼성").as_deref(), Some("삼성"));
    assert_eq!(symbol("\\uc0bc\\uC131").as_deref(), Some("삼성"));
    assert_eq!(symbol("\\ud83dx\\u0041").as_deref(), Some("\\ud83dxA"), "half a pair stays as it is");
    assert_eq!(symbol("\\u00"), Some("\\u00".to_owned()));
    assert_eq!(symbol("\\u0000"), None);
}

#[test]
fn options_are_one_field() {
    let ask = |options: &str| {
        let fields = text(&["84", "7", "BZ", "BZ$1", options]);
        let request = Request::decode(Dialect::Text, &fields).unwrap();
        assert_eq!(fields_of!(request)[..4], ["84", "7", "BZ", "BZ$1"]);
        fields_of!(request).pop().unwrap()
    };
    assert_eq!(ask(""), "");
    assert_eq!(ask("b=2;a=1=1;"), "a=1=1;b=2;");
    assert_eq!(ask("flag"), "flag=;");
    let torn = [("a;=b".to_owned(), "1;2".to_owned())].into();
    let request = NewsArticleRequest { news_article_options: torn, ..Default::default() };
    assert_eq!(fields_of!(Request::NewsArticle(request)).pop().unwrap(), "ab=12;");
}
