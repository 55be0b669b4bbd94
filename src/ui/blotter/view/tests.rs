//! Sorting, against a naive one; what files may say of it.

use proptest::prelude::*;

use super::*;

const COLUMNS: [Column; 2] = [Column::words("symbol", "Symbol"), Column::figures("price", "Price")];

/// Puts each row behind the last one that it does not come before.
fn naive(rows: &[(Option<i64>, usize)], is_descending: bool) -> Vec<(Option<i64>, usize)> {
    let comes_before = |one: Option<i64>, other: Option<i64>| match (one, other) {
        (Some(one), Some(other)) if is_descending => one > other,
        (Some(one), Some(other)) => one < other,
        (Some(_), None) => true,
        (None, _) => false,
    };
    let mut sorted: Vec<(Option<i64>, usize)> = Vec::new();
    for row in rows {
        let at = sorted.iter().position(|other| comes_before(row.0, other.0)).unwrap_or(sorted.len());
        sorted.insert(at, *row);
    }
    sorted
}

proptest! {
    #[test]
    fn rows_are_sorted_as_one_by_one_and_equal_ones_keep_their_order(
        values in prop::collection::vec(prop::option::of(-3_i64..3), 0..40),
        is_descending: bool,
    ) {
        let rows: Vec<(Option<i64>, usize)> = values.into_iter().zip(0..).collect();
        let mut sorted = rows.clone();
        sort(&mut sorted, is_descending, |row| row.0.map(|value| Value::Number(value.into())));
        prop_assert_eq!(sorted, naive(&rows, is_descending));
    }

    #[test]
    fn any_saved_view_is_read_or_left_out(text in "\\PC{0,40}", number: i64) {
        #[derive(Deserialize)]
        struct Saved {
            #[serde(deserialize_with = "or_default")]
            view: View,
        }
        let odd = [
            serde_json::json!({"view": text}),
            serde_json::json!({"view": {"filter": {"side": text, "today": number}}}),
            serde_json::json!({"view": {"sort": number}}),
        ];
        for saved in odd {
            let Saved { view } = serde_json::from_value(saved).unwrap();
            prop_assert_eq!(view, View::default());
        }
    }
}

#[test]
fn numbers_are_sorted_by_value_and_words_whatever_their_case() {
    let mut rows = vec!["10", "9", "-1.5"];
    sort(&mut rows, false, |row| row.parse().ok().map(Value::Number));
    assert_eq!(rows, ["-1.5", "9", "10"]);
    let mut rows = vec!["beta", "Alpha", "GAMMA"];
    sort(&mut rows, false, |row| Some(Value::text(row)));
    assert_eq!(rows, ["Alpha", "beta", "GAMMA"]);
}

#[test]
fn a_third_click_on_a_head_brings_the_own_order_back() {
    let mut view = View::default();
    let mut ways = |column: &Column| {
        view.click(column);
        view.sorted(&COLUMNS).map(|sorted| (sorted.key, sorted.is_descending))
    };
    let [symbol, price] = &COLUMNS;
    assert_eq!(
        [ways(symbol), ways(symbol), ways(symbol)],
        [Some(("symbol", false)), Some(("symbol", true)), None]
    );
    assert_eq!(ways(price), Some(("price", true)), "the largest first");
    assert_eq!([ways(price), ways(price)], [Some(("price", false)), None]);
}

#[test]
fn keys_sort_by_one_column_after_the_other_and_by_none_in_the_end() {
    let mut view = View::default();
    let mut on = || {
        view.sort_on(&COLUMNS);
        view.sorted(&COLUMNS).map(|sorted| sorted.key)
    };
    assert_eq!([on(), on(), on(), on()], [Some("symbol"), Some("price"), None, Some("symbol")]);
    view.turn_round();
    assert!(view.sorted(&COLUMNS).is_some_and(|sorted| sorted.is_descending));
}

#[test]
fn a_column_that_is_not_there_sorts_nothing() {
    let view: View = serde_json::from_str(r#"{"sort":{"column":"colour","is_descending":true}}"#).unwrap();
    assert_eq!(view.sorted(&COLUMNS), None);
    assert!(view.is_plain(&COLUMNS));
}

#[test]
fn every_status_is_of_a_group_and_what_may_still_trade_is_working() {
    use OrderStatus::*;
    let all = [
        Kept,
        Intended,
        Journaled,
        Sent,
        Accepted,
        Held,
        Working,
        PartiallyFilled,
        PendingAmend,
        PendingCancel,
        Filled,
        Cancelled,
        Rejected,
        Expired,
        Unknown,
    ];
    for status in all {
        let groups = Group::ALL.iter().filter(|group| **group != Group::All && group.has(status)).count();
        assert_eq!(groups, if status == Unknown { 2 } else { 1 }, "{status:?}");
        assert_eq!(Group::Working.has(status), !status.is_final(), "{status:?}");
    }
}
