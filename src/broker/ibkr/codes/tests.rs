//! What codes mean for orders, streams and bars. Where each lands: `core/tests/codes.rs`.

use super::*;

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
        (&[100], DataWord::TooFast),
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
    assert_eq!(of_chart(200, ""), ChartWord::NoInstrument);
}

#[test]
fn a_reason_is_told_in_plain_words() {
    let text = "Order rejected - reason:YOUR ORDER IS NOT ACCEPTED.<br>IN ORDER TO OBTAIN\nTHE POSITION";
    assert_eq!(words(text), "YOUR ORDER IS NOT ACCEPTED. IN ORDER TO OBTAIN THE POSITION");
    assert_eq!(words("Order Canceled - reason:"), "");
}
