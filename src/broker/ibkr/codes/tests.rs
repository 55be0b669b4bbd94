//! Each row of the table of codes in ibkr-client.md, section 6.1.

use super::*;

#[test]
fn every_code_lands_where_the_table_says() {
    let rows: &[(&[i32], &[Place])] = &[
        (&[100], &[Banner]),
        (&[101], &[Quote]),
        (&[102], &[Log]),
        (&[103, 104, 105, 106, 107, 134, 135, 136, 109, 110, 111, 387, 388, 391, 392, 161], &[Order]),
        (&[162], &[Chart]),
        (&[165, 300, 310, 365, 366], &[Log]),
        (&[200, 320, 321, 322], &[Order, Quote, Chart]),
        (&[201, 202, 203], &[Order]),
        (&[309, 316, 317, 354], &[Quote]),
        (&[326, 501, 502, 503, 504, 507], &[Banner]),
        (&[382, 383, 384, 399, 404, 434, 460], &[Order]),
        (&[1100, 1101, 1102, 1300, 2103, 2105, 2157, 2104, 2106, 2158, 2110], &[Banner]),
        (&[2100, 2101, 2107, 2108, 2119, 2148, 2150, 2161, 2168, 2174, 2176, 2188], &[Log]),
        (&[2109, 2137, 10147, 10148, 10311, 10349, 10355], &[Order]),
        (&[10089, 10090, 10091, 10167, 10168, 10186, 10187, 10189, 10190, 10197], &[Quote]),
        (&[10182, 10225, 10314], &[Chart]),
        (&[0, 42, 999, 99_999], &[]),
    ];
    for (codes, expected) in rows {
        for code in *codes {
            assert_eq!(places(*code), *expected, "{code}");
        }
    }
}

#[test]
fn no_code_stands_in_two_rows() {
    for (index, (codes, _)) in TABLE.iter().enumerate() {
        for code in codes.clone() {
            let rows = TABLE.iter().filter(|(codes, _)| codes.contains(&code)).count();
            assert_eq!(rows, 1, "{code} of row {index}");
        }
    }
}

#[test]
fn codes_that_are_no_refusals_leave_an_order_alive() {
    for (code, text) in [
        (10349, "Order TIF was set to DAY based on order preset."),
        (404, "Order held while securities are located."),
        (399, "Order Message:\nBUY 1 AAPL\nWarning: your order will not be placed until 09:30"),
        (2109, "Attribute 'Outside Regular Trading Hours' is ignored"),
        (2137, "The closing order quantity is greater than your current position"),
    ] {
        assert_eq!(of_order(code, text), OrderWord::Info, "{code}");
    }
    assert_eq!(of_order(399, "Order Message:\nwhatever"), OrderWord::Doubt, "its status decides");
    assert_eq!(of_order(31_337, "something new"), OrderWord::Doubt);
}

#[test]
fn refusals_say_what_they_refuse() {
    for code in [109, 110, 111, 200, 201, 203, 320, 321, 322, 382, 387, 388, 391, 392, 434, 460, 10311, 10355]
    {
        assert_eq!(of_order(code, ""), OrderWord::Refused, "{code}");
    }
    for code in [104, 105, 106, 107, 134] {
        assert_eq!(of_order(code, ""), OrderWord::NotChanged, "{code}");
    }
    for code in [136, 161, 10147, 10148] {
        assert_eq!(of_order(code, ""), OrderWord::NotCancelled, "{code}");
    }
    assert_eq!(of_order(135, ""), OrderWord::NotFound);
    assert_eq!(of_order(202, ""), OrderWord::Cancelled);
    assert_eq!(of_order(103, ""), OrderWord::Duplicate);
}

#[test]
fn codes_of_quotes_say_what_comes_instead() {
    for (codes, word) in [
        (&[10089, 10167][..], DataWord::Delayed),
        (&[354, 10187], DataWord::NoSubscription),
        (&[10168, 10186], DataWord::NoDelayed),
        (&[10090, 10091], DataWord::Partly),
        (&[101], DataWord::LinesFull),
        (&[309, 10190], DataWord::KindFull),
        (&[316], DataWord::Halted),
        (&[317], DataWord::Reset),
        (&[10197], DataWord::Elsewhere),
        (&[200], DataWord::NoInstrument),
        (&[300, 310, 365, 2119], DataWord::Nothing),
        (&[320, 321, 322, 10189, 77], DataWord::Failed),
    ] {
        for code in codes {
            assert_eq!(of_data(*code), word, "{code}");
        }
    }
}

#[test]
fn the_text_of_162_decides() {
    let of = |text: &str| of_chart(162, &format!("Historical Market Data Service error message:{text}"));
    assert_eq!(of("Historical data request pacing violation"), ChartWord::Pacing);
    assert_eq!(of("HMDS query returned no data: AAPL@SMART Trades"), ChartWord::NoData);
    assert_eq!(of("No market data permissions for NYSE STK"), ChartWord::NoPermission);
    assert_eq!(of("API historical data query cancelled: 1500000007"), ChartWord::Nothing);
    assert_eq!(of("Das ist in einer anderen Sprache"), ChartWord::Failed);
    assert_eq!(of_chart(10225, ""), ChartWord::Again);
    assert_eq!(of_chart(10182, ""), ChartWord::Again);
    assert_eq!(of_chart(10314, ""), ChartWord::Failed);
}

#[test]
fn a_reason_is_told_in_plain_words() {
    let text = "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED.<br>IN ORDER TO OBTAIN\nTHE POSITION";
    assert_eq!(words(text), "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE POSITION");
    assert_eq!(words("Order Canceled - reason:"), "");
}
