//! A list of symbols that comes from the clipboard.

use std::sync::Arc;

use pitdesk::domain::InstrumentId;

use super::*;

fn paste(harness: &mut Harness<'_, Trader>, text: &str) {
    harness.event(egui::Event::Paste(text.to_owned()));
    settle(harness);
}

/// A pane whose field has the keyboard.
fn in_the_field(list: &[&str]) -> Harness<'static, Trader> {
    let mut harness = harness(list_of(list));
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    harness
}

fn field(harness: &Harness<'_, Trader>) -> String {
    harness.get_by_label("Add symbol").value().unwrap_or_default()
}

#[test]
fn symbols_and_keys_are_added_however_they_are_divided() {
    for text in [
        "AAPL, MSFT, 7203",
        "aapl msft 7203",
        "AAPL\nMSFT\n7203\n",
        "AAPL\tMSFT@NASDAQ\r\n\"7203@TSE\"",
        "AAPL;AAPL@NASDAQ;MSFT;7203;MSFT",
    ] {
        let mut harness = in_the_field(&[]);
        paste(&mut harness, text);
        assert_eq!(keys(&harness), ["AAPL@NASDAQ", "MSFT@NASDAQ", "7203@TSE"], "{text:?}");
        assert_eq!(field(&harness), "", "{text:?}");
        harness.get_by_label("Added 3 instruments");
        assert!(harness.query_by_label("Close").is_none(), "there is nothing to say");
    }
}

#[test]
fn one_name_is_left_to_the_field_and_every_word_is_a_symbol_to_the_rows() {
    let mut harness = in_the_field(&THREE);
    paste(&mut harness, "Toyota Motor");
    assert_eq!((field(&harness).as_str(), keys(&harness).len()), ("Toyota Motor", 3));
    row(&harness, "AAPL").click();
    settle(&mut harness);
    paste(&mut harness, "NVDA");
    assert_eq!(keys(&harness).last().map(String::as_str), Some("NVDA@NASDAQ"));
    assert_eq!(field(&harness), "Toyota Motor");
}

#[test]
fn what_is_there_is_passed_over_and_the_rest_can_be_taken_back() {
    let mut harness = in_the_field(&THREE);
    paste(&mut harness, "MSFT, NVDA, 7203, AAPL");
    assert_eq!(keys(&harness)[3..], ["NVDA@NASDAQ", "7203@TSE"]);
    harness.get_by_label("Added 2 instruments");
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    assert_eq!(keys(&harness), THREE, "what was there before stays");
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    paste(&mut harness, "MSFT, AAPL");
    harness.get_by_label("All of them are in the list");
    assert_eq!(keys(&harness), THREE);
}

#[test]
fn what_is_not_known_or_not_one_is_named_with_what_to_do() {
    let mut harness = in_the_field(&[]);
    let mut all = harness.state().market.instruments().to_vec();
    let twin = all.iter().find(|instrument| instrument.key() == "AAPL@NASDAQ").expect("it is listed");
    let mut twin = pitdesk::domain::Instrument::clone(twin);
    twin.id = InstrumentId(u32::try_from(all.len()).expect("a catalogue is small"));
    twin.venue = "LSE".into();
    all.push(Arc::new(twin));
    harness.state_mut().market.list(all);
    settle(&mut harness);
    paste(&mut harness, "AAPL, MSFT, ZZZA, ZZZB, ZZZC, ZZZD, ZZZE, ZZZF, ZZZG");
    assert_eq!(keys(&harness), ["MSFT@NASDAQ"]);
    harness.get_by_label(
        "Not listed: ZZZA, ZZZB, ZZZC, ZZZD, ZZZE and 2 more. Look for one in the field above · \
         On several venues: AAPL. Write AAPL@NASDAQ or AAPL@LSE",
    );
    harness.get_by_label("Close").click();
    settle(&mut harness);
    assert!(harness.query_by_label_contains("Not listed").is_none());
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    paste(&mut harness, "AAPL@LSE,AAPL@NASDAQ");
    assert_eq!(keys(&harness), ["MSFT@NASDAQ", "AAPL@LSE", "AAPL@NASDAQ"]);
}

#[test]
fn five_hundred_symbols_are_read_of_a_paste_and_no_more() {
    let mut harness = in_the_field(&[]);
    let many: Vec<String> = (0..499).map(|number| format!("Z{number}")).collect();
    paste(&mut harness, &format!("{},AAPL,MSFT", many.join(",")));
    assert_eq!(keys(&harness), ["AAPL@NASDAQ"]);
    harness.get_by_label_contains("Only the first 500 were read");
}

#[test]
fn nothing_is_pasted_where_the_keyboard_is_elsewhere() {
    let mut harness = harness(list_of(&THREE));
    paste(&mut harness, "NVDA, 7203");
    assert_eq!(keys(&harness), THREE);
}
