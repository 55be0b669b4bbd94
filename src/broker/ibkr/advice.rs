//! Codes of TWS in words for a trader: what TWS says, and what can be done about it.
//!
//! TWS says what it refuses, seldom what to do then. [`advice`] has the next step of each code of which there is
//! one; who knows more than the code, such as an instrument's price steps, says it in place of that.

use serde_json::Value;

use super::codes::words;
use crate::domain::{Decimal, Instrument, OrderSpec};

/// What else TWS gives as reasons of a refusal, that its words do not have: as many.
const MOST_REASONS: usize = 3;

/// The next step, where a code has one.
pub(super) fn advice(code: i32, text: &str) -> Option<&'static str> {
    let step = match code {
        100 => "TWS was asked too fast: wait a moment and try again",
        101 => "Close other quotes",
        103 => "Nothing of it was sent on: enter it again",
        109 => "Change the price, or the price precautions in TWS (Settings, API, Precautions)",
        200 => "Search for it anew",
        309 => "Close another book",
        321 if text.to_lowercase().contains("read-only") => "Clear Read-Only API in TWS (Settings, API)",
        326 => "Choose another client id, or end the other program",
        382..=384 => "Make it smaller, or change the size precautions in TWS (Settings, API, Precautions)",
        354 | 10089 | 10187 => "Subscribe to the data in the Client Portal of IBKR",
        460 => "Ask for the permission in the Client Portal of IBKR",
        10168 | 10186 => "Set delayed_data = true under [ibkr] in settings.toml, or subscribe to live data",
        10197 => "Log the same user out elsewhere",
        10311 => "Send it to SMART, or allow direct routing in TWS (Settings, API, Precautions)",
        10355 => "Set up the preset that it names in TWS (Settings, Presets)",
        _ => return None,
    };
    Some(step)
}

/// A code in words, with the next step if it has one.
pub(super) fn told(code: i32, text: &str) -> String {
    told_with(code, text, advice(code, text))
}

/// The same with a next step of an order: of a price that does not step so, the step.
pub(super) fn told_of_order(
    code: i32,
    text: &str,
    spec: &OrderSpec,
    instrument: Option<&Instrument>,
) -> String {
    match instrument.and_then(|instrument| step_of(spec, instrument)).filter(|_| code == 110) {
        Some(step) => told_with(code, text, Some(&format!("Its price must be a multiple of {step}"))),
        None => told(code, text),
    }
}

fn told_with(code: i32, text: &str, step: Option<&str>) -> String {
    let words = words(text);
    match step {
        Some(step) if words.is_empty() => format!("{step} (code {code})"),
        Some(step) => format!("{}. {step} (code {code})", words.trim_end_matches('.')),
        None => format!("{words} (code {code})"),
    }
}

fn step_of(spec: &OrderSpec, instrument: &Instrument) -> Option<Decimal> {
    let price = spec.kind.limit().or(spec.kind.stop())?;
    Some(instrument.ticks.tick_above(price).normalize())
}

/// What TWS says of a refused order, with the reasons that it gives beside its words: the sentences of
/// `reject_json`, whose form nobody documents.
pub(super) fn with_reasons(text: &str, reject_json: &str) -> String {
    let mut reasons = Vec::new();
    if let Ok(json) = serde_json::from_str::<Value>(reject_json) {
        sentences(&json, &mut reasons);
    }
    let plain = words(text);
    reasons.retain(|reason| !plain.contains(reason.as_str()));
    reasons.truncate(MOST_REASONS);
    if reasons.is_empty() {
        return text.to_owned();
    }
    format!("{}: {}", text.trim_end().trim_end_matches('.'), reasons.join("; "))
}

/// Everything in it that is more than one word; ids are not.
fn sentences(json: &Value, found: &mut Vec<String>) {
    match json {
        Value::String(text) => {
            let text = words(text);
            if text.contains(' ') && !found.contains(&text) {
                found.push(text);
            }
        }
        Value::Array(all) => all.iter().for_each(|json| sentences(json, found)),
        Value::Object(fields) => fields.values().for_each(|json| sentences(json, found)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::broker::ibkr::listed::tests::share;
    use crate::domain::{InstrumentId, OrderKind, Price, Qty, Side, TimeInForce};

    #[test]
    fn what_can_be_done_about_a_code_stands_behind_the_words_of_tws() {
        for (code, text, step) in [
            (100, "Max rate of messages per second has been exceeded", "asked too fast"),
            (101, "Max number of tickers has been reached", "Close other quotes"),
            (103, "Duplicate order id", "enter it again"),
            (109, "Price is too far away from the market", "price precautions in TWS"),
            (200, "No security definition has been found for the request", "Search for it anew"),
            (309, "Max number (3) of market depth requests has been reached", "Close another book"),
            (321, "The API interface is currently in Read-Only mode.", "Clear Read-Only API"),
            (326, "Unable to connect as the client id is already in use", "another client id"),
            (354, "Requested market data is not subscribed", "Client Portal"),
            (382, "This order violates your Size Limit setting", "size precautions in TWS"),
            (383, "This order violates your Size Limit setting", "size precautions in TWS"),
            (384, "This order violates your Total Value Limit setting", "size precautions in TWS"),
            (460, "No trading permissions", "Ask for the permission"),
            (10_089, "Requires additional subscription for API", "Client Portal"),
            (10_168, "Delayed market data is not enabled", "delayed_data = true"),
            (10_186, "Delayed market data is not enabled", "delayed_data = true"),
            (10_187, "Failed to request historical ticks", "Client Portal"),
            (10_197, "No market data during competing live session", "out elsewhere"),
            (10_311, "This order will be directly routed to NYSE", "Send it to SMART"),
            (10_355, "The preset is missing", "Set up the preset"),
        ] {
            let told = told(code, text);
            assert!(told.starts_with(text.trim_end_matches('.')) && told.contains(step), "{told}");
            assert!(told.ends_with(&format!("(code {code})")), "{told}");
        }
        assert_eq!(told(201, "Not enough cash."), "Not enough cash. (code 201)", "TWS has said it all");
        assert_eq!(told(321, "Invalid account code"), "Invalid account code (code 321)");
    }

    #[test]
    fn a_price_that_does_not_step_so_is_told_the_step() {
        let listed = share(0, "AAPL", 265_598);
        let of = |kind| OrderSpec::new(InstrumentId(0), Side::Buy, Qty(1.into()), kind, TimeInForce::Day);
        let price = Price("99.005".parse().unwrap());
        let told =
            |kind| told_of_order(110, "The price does not conform", &of(kind), Some(&listed.instrument));
        let step = "The price does not conform. Its price must be a multiple of 0.01 (code 110)";
        assert_eq!(told(OrderKind::Limit { price }), step);
        assert_eq!(told(OrderKind::Stop { stop: price }), step);
        assert_eq!(told(OrderKind::Market), "The price does not conform (code 110)");
    }

    #[test]
    fn reasons_that_tws_gives_apart_are_told_with_its_words() {
        let json = r#"{"rejects":[{"id":"IBDBUYTX","title":"Short sale","messages":["Shares cannot be <br>borrowed now.",
            "Not enough cash"]},{"reason":"Shares cannot be borrowed now.","status":201}]}"#;
        let said = words(&with_reasons("Order rejected - reason:Not enough cash.", json));
        let [first, second] = ["Shares cannot be borrowed now.", "Short sale"];
        assert!(
            said.starts_with("Not enough cash: ") && said.contains(first) && said.contains(second),
            "{said}"
        );
        assert_eq!(said.matches(first).count(), 1, "{said}");
        assert_eq!(said.matches("Not enough cash").count(), 1, "{said}");
        for nothing in ["", "{", "[]", r#"{"8229":"IBDBUYTX"}"#, "null"] {
            assert_eq!(with_reasons("Not enough cash.", nothing), "Not enough cash.", "{nothing}");
        }
        let many = serde_json::to_string(&(0..9).map(|n| format!("reason {n}")).collect::<Vec<_>>()).unwrap();
        assert_eq!(with_reasons("No", &many), "No: reason 0; reason 1; reason 2");
        let lines = with_reasons("Order Message:\nWarning: later", r#"["because of this"]"#);
        assert!(
            lines.lines().any(|line| line.starts_with("Warning:")),
            "it means the same as before: {lines}"
        );
    }
}
