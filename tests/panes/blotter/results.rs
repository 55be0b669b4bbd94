//! Results of days, weeks and months.

use jiff::civil::date;
use pitdesk::domain::results::DayTotal;
use pitdesk::link::update::Refused;
use pitdesk::link::{CommandId, Results, Span};

use super::*;
use crate::picture;

/// What was asked for since the last look, with its id.
fn asked(pane: &mut Pane) -> Vec<(CommandId, Span)> {
    let sent = std::mem::take(&mut pane.state_mut().sent);
    let span = |envelope: pitdesk::link::Envelope| match envelope.command {
        Command::Results(span) => Some((envelope.id, span)),
        _ => None,
    };
    sent.into_iter().filter_map(span).collect()
}

fn total(day: i8, currency: Currency, realised: &str, commissions: &str) -> DayTotal {
    DayTotal {
        day: date(2026, 11, day),
        currency,
        realised: decimal(realised),
        commissions: decimal(commissions),
        fills: 3,
        winners: 1,
        losers: 2,
    }
}

fn tell(pane: &mut Pane, (to, span): (CommandId, Span), days: Result<Vec<DayTotal>, Refused>) {
    pane.state_mut().market.publish(Update::Results(Results { to, span, days }.into()));
    settle(pane);
}

/// On Friday the 20th of November 2026, in USD, with a rate of 150 yen.
fn on_results() -> Pane {
    let mut bench = empty();
    bench.market.configure(|settings| settings.base_currency = Currency::USD);
    bench.market.quote("USD/JPY@FX", "150.000");
    let mut pane = bench.show(LARGE);
    assert_eq!(asked(&mut pane), [], "nothing is asked for a tab that is not seen");
    click(&mut pane, "Results");
    pane
}

#[test]
fn week_and_month_are_the_sums_of_their_days_and_a_day_without_trades_is_empty() {
    let mut pane = on_results();
    let question = asked(&mut pane).remove(0);
    assert_eq!(question.1.from.to_string(), "2026-11-01T00:00:00Z", "the month began before the week");
    let days = vec![
        total(3, Currency::USD, "100", "1"),
        total(19, Currency::USD, "-20.5", "2"),
        total(20, Currency::USD, "7", "0.25"),
        total(20, Currency::JPY, "15000", "0"),
    ];
    tell(&mut pane, question, Ok(days));
    let told = rows(&pane, "");
    assert_eq!(
        told[0].split(", Fills").next(),
        Some("Total: Day This week, Realised +86.50, Commissions 2.25, Net +84.25")
    );
    assert!(told[0].ends_with("Fills 9, Winners 3, Losers 6"), "{}", told[0]);
    assert!(
        told[1].starts_with("Total: Day This month, Realised +186.50, Commissions 3.25, Net +183.25"),
        "{}",
        told[1]
    );
    assert!(told[2].starts_with("Result: Day Fri 20 Nov, Realised +107.00"), "{}", told[2]);
    assert_eq!(told[4], "Result: Day Wed 18 Nov", "empty, not zero");
    assert!(painted(&pane).iter().any(|(text, _)| text == "Day (UTC)"));
    pane.get_by_label("In USD, at the exchange rates of now");
    picture::assert_picture(&mut pane, "blotter_results");
}

#[test]
fn the_journal_is_asked_again_after_a_trade_but_not_for_each_of_them() {
    let mut pane = on_results();
    let question = asked(&mut pane).remove(0);
    tell(&mut pane, question, Ok(vec![total(20, Currency::USD, "7", "0.25")]));
    let (aapl, now) = (pane.state().market.id(AAPL), pane.state().market.now());
    for id in 1..4 {
        pane.state_mut().order(order(id, aapl, Side::Buy, "5", limit("280"), now));
        settle(&mut pane);
    }
    assert_eq!(asked(&mut pane), [], "within five seconds");
    pane.state_mut().market.later(Duration::from_secs(6));
    settle(&mut pane);
    let again = asked(&mut pane);
    assert_eq!(again.len(), 1);
    assert!(rows(&pane, "Total")[0].contains("+7.00"), "what was told stays until the answer");
    pane.state_mut().market.later(Duration::from_mins(1));
    settle(&mut pane);
    assert_eq!(asked(&mut pane), [], "nothing has been traded since");
}

#[test]
fn what_cannot_be_read_or_added_up_is_said() {
    let mut pane = on_results();
    let question = asked(&mut pane).remove(0);
    pane.get_by_label("Asking the journal …");
    tell(&mut pane, question.clone(), Err(Refused("The journal is locked".into())));
    pane.get_by_label("The journal is locked");
    assert_eq!(rows(&pane, "Total")[0], "Total: Day This week");
    let mut pane = on_results();
    let question = asked(&mut pane).remove(0);
    tell(&mut pane, question, Ok(vec![total(20, Currency::KRW, "7", "1")]));
    assert!(
        rows(&pane, "Total")[0].contains("Realised –, Commissions –, Net –, Fills 3"),
        "{:?}",
        rows(&pane, "Total")
    );
}
