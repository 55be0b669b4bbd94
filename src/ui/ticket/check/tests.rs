//! What the ticket says about its fields and sides.

use std::time::Duration;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::*;
use crate::desk::{Desk, Freshness, QuoteView};
use crate::domain::{
    Account, AccountKind, AssetClass, Balance, BrokerId, Currency, Instrument, InstrumentId, Money, Position,
    Quote, Settings, TickTable, Time, TradingHours,
};
use crate::risk::{self, Uses};
use crate::ui::ticket::facts::Reaching;
use crate::ui::ticket::form::TrailUnit;

const NOW: Time = Time::from_seconds(1_795_186_800);

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    Price(dec(text))
}

/// Everything that [`Facts`] borrows.
struct World {
    instrument: Instrument,
    quote: Quote,
    account: Account,
    position: Option<Position>,
    settings: Settings,
    not_ready: Option<String>,
    silent: Option<String>,
    is_killed: bool,
    age: u64,
}

impl World {
    fn new() -> Self {
        let balance = Balance {
            currency: Currency::USD,
            cash: dec("1000000"),
            realised: Decimal::ZERO,
            commissions: Decimal::ZERO,
            margin: Decimal::ZERO,
            buying_power: dec("2000000"),
        };
        Self {
            instrument: Instrument {
                id: InstrumentId(0),
                broker: BrokerId(0),
                symbol: "AAPL".into(),
                name: "Apple".into(),
                venue: "NASDAQ".into(),
                class: AssetClass::Share,
                currency: Currency::USD,
                ticks: TickTable::uniform(dec("0.01")).unwrap(),
                lot: Qty(dec("10")),
                multiplier: Decimal::ONE,
                hours: TradingHours::always("America/New_York"),
            },
            quote: Quote {
                bid: Some(price("227.48")),
                ask: Some(price("227.52")),
                last: Some(price("227.50")),
                is_open: true,
                time: NOW,
                ..Quote::default()
            },
            account: Account {
                id: "PAPER".into(),
                broker: BrokerId(0),
                kind: AccountKind::Paper,
                title: "Paper".into(),
                base: Currency::USD,
                balances: vec![balance],
                reported: None,
            },
            position: None,
            settings: Settings::default(),
            not_ready: None,
            silent: None,
            is_killed: false,
            age: 0,
        }
    }

    fn check(&self, form: &Form) -> Checked {
        let desk = Desk::default();
        let facts = Facts {
            desk: &desk,
            instrument: &self.instrument,
            quote: Some(QuoteView {
                quote: &self.quote,
                confirmed: NOW,
                age: Duration::from_secs(self.age),
                freshness: Freshness::Live,
            }),
            account: Ok(&self.account),
            position: self.position.as_ref(),
            settings: &self.settings,
            to_base: Some(Money { amount: Decimal::ONE, currency: Currency::USD }),
            to_limits: Some(Money { amount: Decimal::ONE, currency: Currency::USD }),
            is_killed: self.is_killed,
            not_ready: self.not_ready.clone(),
            opening_locked: None,
            silent: self.silent.clone(),
            uses: Uses::default(),
            reaching: Reaching::default(),
            zone: TimeZone::get("America/New_York").unwrap(),
            now: NOW + Duration::from_secs(self.age),
        };
        check(form, &facts)
    }
}

fn form(kind: KindChoice, texts: &[(Field, &str)]) -> Form {
    let mut form = Form::default();
    form.kind = kind;
    form.begin(Qty(dec("100")));
    for (field, text) in texts {
        (*text).clone_into(form.text_mut(*field));
    }
    form
}

fn kind(checked: &Checked, side: Side) -> OrderKind {
    checked.side(side).order.as_ref().unwrap().spec.kind
}

fn why(checked: &Checked, side: Side) -> &str {
    checked.side(side).order.as_ref().unwrap_err()
}

fn line(checked: &Checked, field: Field) -> &str {
    &checked.problems[&field].line
}

#[test]
fn an_empty_limit_joins_the_queue_of_its_side() {
    let checked = World::new().check(&form(KindChoice::Limit, &[]));
    assert_eq!(kind(&checked, Side::Buy), OrderKind::Limit { price: price("227.48") });
    assert_eq!(kind(&checked, Side::Sell), OrderKind::Limit { price: price("227.52") });
}

#[test]
fn a_typed_limit_holds_for_both_sides_whatever_the_quote() {
    let mut world = World::new();
    let form = form(KindChoice::Limit, &[(Field::Limit, "228")]);
    for bid in ["227.48", "230.00"] {
        world.quote.bid = Some(price(bid));
        let checked = world.check(&form);
        assert_eq!(kind(&checked, Side::Buy), OrderKind::Limit { price: price("228.00") });
        assert_eq!(kind(&checked, Side::Sell), OrderKind::Limit { price: price("228.00") });
    }
}

#[test]
fn every_type_states_its_prices() {
    let world = World::new();
    let stop = form(KindChoice::Stop, &[(Field::Stop, "230")]);
    assert_eq!(kind(&world.check(&stop), Side::Buy), OrderKind::Stop { stop: price("230") });
    let both = form(KindChoice::StopLimit, &[(Field::Stop, "230"), (Field::Limit, "230.5")]);
    let expected = OrderKind::StopLimit { stop: price("230"), price: price("230.5") };
    assert_eq!(kind(&world.check(&both), Side::Buy), expected);
    let same = form(KindChoice::StopLimit, &[(Field::Stop, "230")]);
    let expected = OrderKind::StopLimit { stop: price("230"), price: price("230") };
    assert_eq!(kind(&world.check(&same), Side::Buy), expected);
    let mut trail = form(KindChoice::TrailingStop, &[(Field::Trail, "2.5")]);
    let by = TrailBy::Amount(dec("2.5"));
    assert_eq!(kind(&world.check(&trail), Side::Sell), OrderKind::TrailingStop { by });
    trail.trail_unit = TrailUnit::Percent;
    let by = TrailBy::Percent(dec("2.5"));
    assert_eq!(kind(&world.check(&trail), Side::Sell), OrderKind::TrailingStop { by });
    assert_eq!(kind(&world.check(&form(KindChoice::Market, &[])), Side::Sell), OrderKind::Market);
}

#[test]
fn off_the_grid_names_the_neighbours() {
    let world = World::new();
    let checked =
        world.check(&form(KindChoice::Limit, &[(Field::Quantity, "105"), (Field::Limit, "227.485")]));
    assert_eq!(line(&checked, Field::Quantity), "Lot 10: 100 or 110");
    assert_eq!(line(&checked, Field::Limit), "Tick: 227.48 or 227.49");
    assert_eq!(why(&checked, Side::Buy), "Quantity: 105 is not a multiple of the lot of 10: use 100 or 110");
    let small = world.check(&form(KindChoice::Market, &[(Field::Quantity, "5")]));
    assert_eq!(line(&small, Field::Quantity), "Lot 10: 10");
}

#[test]
fn a_mistyped_limit_is_not_replaced_by_the_default() {
    let checked = World::new().check(&form(KindChoice::Limit, &[(Field::Limit, "22x")]));
    assert_eq!(checked.buy.kind, None);
    assert_eq!(line(&checked, Field::Limit), "Not a number");
    assert!(checked.buy.order.is_err() && checked.sell.order.is_err());
}

#[test]
fn what_is_missing_is_asked_for() {
    let mut world = World::new();
    let checked = world.check(&form(KindChoice::Stop, &[(Field::Quantity, "")]));
    assert_eq!(line(&checked, Field::Quantity), "Enter a quantity");
    assert_eq!(line(&checked, Field::Stop), "Enter a price");
    let checked = world.check(&form(KindChoice::TrailingStop, &[]));
    assert_eq!(line(&checked, Field::Trail), "Enter a distance");
    (world.quote.bid, world.quote.ask) = (None, None);
    let checked = world.check(&form(KindChoice::Limit, &[]));
    assert_eq!(line(&checked, Field::Limit), "Enter a price");
}

#[test]
fn fields_that_are_not_shown_do_not_count() {
    let checked =
        World::new().check(&form(KindChoice::Market, &[(Field::Limit, "x"), (Field::StopLoss, "y")]));
    assert!(checked.problems.is_empty());
    assert_eq!(checked.buy.order.as_ref().unwrap().bracket, None);
}

#[test]
fn a_fat_finger_blocks_the_side_that_it_would_hurt() {
    let checked = World::new().check(&form(KindChoice::Limit, &[(Field::Limit, "272.50")]));
    assert_eq!(line(&checked, Field::Limit), "Buy is 19.8 % above the market");
    assert!(!checked.problems[&Field::Limit].blocks);
    assert!(
        why(&checked, Side::Buy).contains("the limit of the profile is 10 %"),
        "{}",
        why(&checked, Side::Buy)
    );
    assert!(checked.sell.order.is_ok());
}

#[test]
fn the_limits_of_the_profile_are_said_at_the_quantity() {
    let mut world = World::new();
    let large = form(KindChoice::Market, &[(Field::Quantity, "2000")]);
    let checked = world.check(&large);
    assert_eq!(line(&checked, Field::Quantity), "Buy over the limit of 250,000 USD");
    let mut position = Position::flat("PAPER".into(), InstrumentId(0));
    (position.net, position.average_price) = (dec("5000"), dec("200"));
    world.position = Some(position);
    let checked = world.check(&large);
    assert!(checked.buy.order.is_err());
    assert!(checked.sell.order.is_ok(), "what makes a position smaller is never held back");
}

#[test]
fn a_stop_works_for_the_side_that_the_market_has_not_passed() {
    let world = World::new();
    for (stop, works, blocked) in [("230", Side::Buy, Side::Sell), ("225", Side::Sell, Side::Buy)] {
        let checked = world.check(&form(KindChoice::Stop, &[(Field::Stop, stop)]));
        assert!(checked.side(works).order.is_ok());
        assert!(why(&checked, blocked).contains("would trigger at once"));
        assert!(checked.problems.is_empty(), "one side only is how stops are");
    }
    let checked = world.check(&form(KindChoice::Stop, &[(Field::Stop, "227.50")]));
    assert_eq!(line(&checked, Field::Stop), "Would trigger at once");
}

#[test]
fn post_only_never_crosses() {
    let mut form = form(KindChoice::Limit, &[(Field::Limit, "227.52")]);
    form.post_only = true;
    let checked = World::new().check(&form);
    assert!(why(&checked, Side::Buy).contains("would trade with the ask of 227.52"));
    assert!(checked.sell.order.as_ref().unwrap().spec.post_only);
    form.tif = TifChoice::Ioc;
    let checked = World::new().check(&form);
    assert!(!checked.buy.order.as_ref().unwrap().spec.post_only, "what cannot rest cannot be post-only");
}

#[test]
fn a_bracket_fits_the_side_that_it_guards() {
    let mut form = form(KindChoice::Limit, &[(Field::TakeProfit, "240"), (Field::StopLoss, "220")]);
    form.has_bracket = true;
    let checked = World::new().check(&form);
    let place = checked.buy.order.as_ref().unwrap();
    let expected = Bracket::gtc(Some(price("240")), Some(price("220")));
    assert_eq!(place.bracket, Some(expected));
    assert_eq!(why(&checked, Side::Sell), "Sell: the take profit must be below the entry at 227.52");
    assert!(checked.problems.is_empty());
}

#[test]
fn a_bracket_that_fits_neither_side_or_is_empty_is_said() {
    let mut form = form(KindChoice::Limit, &[(Field::TakeProfit, "240"), (Field::StopLoss, "250")]);
    form.has_bracket = true;
    let checked = World::new().check(&form);
    assert_eq!(line(&checked, Field::StopLoss), "Buy needs it below the entry");
    assert_eq!(line(&checked, Field::TakeProfit), "Sell needs it below the entry");
    for field in [Field::TakeProfit, Field::StopLoss] {
        form.text_mut(field).clear();
    }
    assert_eq!(line(&World::new().check(&form), Field::TakeProfit), "Enter this or a stop loss");
}

#[test]
fn good_till_is_read_in_the_shown_zone_and_not_in_the_past() {
    let mut form = form(KindChoice::Limit, &[(Field::Until, "2026-11-23 16:00")]);
    form.tif = TifChoice::Gtd;
    let checked = World::new().check(&form);
    let until = Time::from_seconds(1_795_467_600); // 21:00 UTC: New York is five hours behind
    assert_eq!(checked.buy.order.as_ref().unwrap().spec.tif, TimeInForce::Gtd(until));
    for (text, expected) in
        [("2026-11-20 10:00", "Already past"), ("tomorrow", "YYYY-MM-DD HH:MM"), ("", "YYYY-MM-DD HH:MM")]
    {
        text.clone_into(form.text_mut(Field::Until));
        assert_eq!(line(&World::new().check(&form), Field::Until), expected);
    }
}

#[test]
fn a_closed_exchange_takes_what_can_wait() {
    let mut world = World::new();
    world.quote.is_open = false;
    assert!(why(&world.check(&form(KindChoice::Market, &[])), Side::Buy).contains("NASDAQ is closed"));
    let mut limit = form(KindChoice::Limit, &[]);
    assert!(world.check(&limit).buy.order.is_ok());
    limit.tif = TifChoice::Fok;
    assert!(why(&world.check(&limit), Side::Buy).contains("cannot wait for the open"));
}

#[test]
fn an_old_quote_is_a_doubt_that_only_the_trader_can_lift() {
    let mut world = World::new();
    world.age = 31;
    let checked = world.check(&form(KindChoice::Market, &[]));
    let place = checked.sell.order.as_ref().unwrap();
    assert_eq!(place.despite, Despite { stale_quote: true, ..Despite::default() });
    let [doubt] = checked.sell.doubts.as_slice() else { panic!("{:?}", checked.sell) };
    assert_eq!(doubt.short, "a quote 31 s old");
    let large = world.check(&form(KindChoice::Market, &[(Field::Quantity, "2000")]));
    assert!(why(&large, Side::Buy).contains("The order is worth"), "a limit is a limit");
    let mut closing = World::new();
    closing.age = 31;
    closing.position = Some(Position { net: dec("200"), ..Position::flat("PAPER".into(), InstrumentId(0)) });
    let checked = closing.check(&form(KindChoice::Market, &[]));
    assert_eq!(checked.sell.doubts, [], "what makes a position smaller needs no fresh quote");
}

#[test]
fn a_silent_broker_is_a_doubt_and_takes_no_bracket() {
    let mut world = World::new();
    world.silent = Some("Paper is silent: Nothing heard for 6 s".to_owned());
    let mut form = form(KindChoice::Limit, &[(Field::TakeProfit, "240")]);
    let checked = world.check(&form);
    assert!(checked.buy.order.as_ref().unwrap().despite.silent_broker);
    form.has_bracket = true;
    assert!(why(&world.check(&form), Side::Buy).contains("a bracket is not sent"));
}

#[test]
fn nothing_goes_while_killed_or_disconnected() {
    let form = form(KindChoice::Market, &[]);
    let mut world = World::new();
    world.not_ready = Some("Paper is down: lost".to_owned());
    assert_eq!(
        why(&world.check(&form), Side::Sell),
        "Paper is down: lost. Orders can be sent once it is ready."
    );
    world.is_killed = true;
    assert!(why(&world.check(&form), Side::Buy).contains("kill switch is on"));
}

#[test]
fn an_absurd_size_is_refused_before_it_overflows() {
    let texts = [(Field::Quantity, "999,999,999,999,990"), (Field::Limit, "999999999999999")];
    let checked = World::new().check(&form(KindChoice::Limit, &texts));
    assert_eq!(line(&checked, Field::Quantity), "Too large");
}

proptest! {
    #[test]
    fn a_side_that_can_be_sent_stands_on_the_grid(
        kind in 0_usize..5,
        tif in 0_usize..5,
        has_bracket: bool,
        texts in proptest::collection::vec("[0-9]{0,3}[0-9.,]{0,4}|22[0-9]\\.[0-9]{2}|[0-9]{10,30}", 7),
    ) {
        let mut form = Form::default();
        (form.kind, form.tif, form.has_bracket) = (KindChoice::ALL[kind], TifChoice::ALL[tif], has_bracket);
        for (field, text) in Field::ALL.into_iter().zip(texts) {
            *form.text_mut(field) = text;
        }
        let world = World::new();
        let checked = world.check(&form);
        for side in [Side::Buy, Side::Sell] {
            if let Ok(place) = &checked.side(side).order {
                prop_assert_eq!(place.spec.side, side);
                prop_assert!(risk::check_grid(&place.spec, &world.instrument).is_ok());
                prop_assert_eq!(place.bracket.is_some(), has_bracket);
            }
        }
    }
}
