//! Limits as settings hold them: what is read, what is refused, what is looser.

use super::*;
use crate::domain::{AssetClass, BrokerId, InstrumentId, TickTable, Time, TradingHours};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn share() -> Instrument {
    Instrument {
        id: InstrumentId(0),
        broker: BrokerId(0),
        symbol: "AAPL".into(),
        name: "Apple".into(),
        venue: "NASDAQ".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    }
}

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

#[test]
fn every_limit_is_read_written_taken_away_and_compared_alike() {
    for limit in Limit::ALL {
        let (tight, loose) = match limit {
            Limit::Instruments => ("AAPL@NASDAQ", "AAPL@NASDAQ, MSFT@NASDAQ"),
            Limit::Hours => ("regular", "09:30-16:00 America/New_York"),
            _ => ("1,000", "2,000"),
        };
        let mut limits = Limits::default();
        assert_eq!(limits.text(limit), None, "{limit:?}");
        limits.set_text(limit, tight).unwrap();
        assert_eq!(limits.text(limit).as_deref(), Some(tight));
        assert!(limits.is_set(limit));
        let before = limits.clone();
        limits.set_text(limit, loose).unwrap();
        assert!(limits.is_looser(&before, limit), "{limit:?}");
        assert!(!before.is_looser(&before, limit));
        if limit != Limit::Hours {
            assert!(!before.is_looser(&limits, limit), "{limit:?}");
        }
        limits.set_text(limit, " ").unwrap();
        assert_eq!(limits, Limits::default());
        assert!(limits.is_looser(&before, limit) && !before.is_looser(&limits, limit));
    }
}

#[test]
fn what_makes_no_limit_is_told_and_changes_nothing() {
    let check = |limit, text: &str, expected| {
        let mut limits = Limits::default();
        assert_eq!(limits.set_text(limit, text), Err(expected), "{text}");
        assert_eq!(limits, Limits::default());
    };
    check(Limit::OrderValue, "lots", BadLimit::NoNumber);
    check(Limit::OrderValue, "1,5", BadLimit::Grouping);
    check(Limit::OrderValue, "12,34,567", BadLimit::Grouping);
    check(Limit::OrderValue, "0", BadLimit::NotAboveZero);
    check(Limit::OrderValue, "-5", BadLimit::NotAboveZero);
    check(Limit::Exposure, "70000000000000000000000000000", BadLimit::TooLarge);
    check(Limit::WorkingOrders, "2.5", BadLimit::NotWhole);
    check(Limit::QuoteAge, "5000000000", BadLimit::TooLarge);
    check(Limit::Hours, "nine to five", BadLimit::Hours(BadHours::NoHours));
    check(Limit::Hours, "09:30-09:30 UTC", BadLimit::Hours(BadHours::Empty));
    check(Limit::Hours, "09:30-16:00 Mars/Base", BadLimit::Hours(BadHours::UnknownZone("Mars/Base".into())));
}

#[test]
fn a_limit_where_it_does_not_belong_is_named() {
    let check = |set: LimitSet, name: &str| assert_eq!(set.check().unwrap_err().name, name);
    let mut set = LimitSet::default();
    set.profile.max_position_value = None;
    check(set, "limits.profile.max_position_value");
    let mut set = LimitSet::default();
    set.profile.max_order_quantity = Some(Qty(dec("5")));
    check(set, "limits.profile.max_order_quantity");
    let mut set = LimitSet::default();
    let own = Limits { max_exposure: Some(dec("5")), ..Limits::default() };
    set.instruments.insert("AAPL@NASDAQ".into(), own);
    check(set, "limits.instruments.AAPL@NASDAQ.max_exposure");
    let mut set = LimitSet::default();
    let own = Limits { allowed_instruments: Some(BTreeSet::new()), ..Limits::default() };
    set.accounts.insert("PAPER".into(), own);
    check(set, "limits.accounts.PAPER.allowed_instruments");
}

#[test]
fn the_tightest_of_what_applies_holds_and_tells_whose_it_is() {
    let mut set = LimitSet::default();
    let own = |value: &str| Limits { max_order_value: Some(dec(value)), ..Limits::default() };
    set.accounts.insert("A".into(), own("500"));
    set.accounts.insert("B".into(), own("900000"));
    let instrument = share();
    let tightest =
        |account: &str| set.in_force(&account.into(), &instrument).tightest(|limits| limits.max_order_value);
    assert_eq!(tightest("A"), Some((dec("500"), ScopeKind::Account)));
    assert_eq!(tightest("B"), Some((dec("250000"), ScopeKind::Profile)), "an account cannot loosen");
    assert_eq!(tightest("C"), Some((dec("250000"), ScopeKind::Profile)));
}

#[test]
fn what_gets_looser_is_named_and_what_gets_tighter_is_not() {
    let before = LimitSet::default();
    let mut after = before.clone();
    after.profile.max_order_value = Some(dec("1000"));
    after.profile.max_loss_per_day = Some(dec("1000"));
    assert_eq!(after.looser_than(&before), Vec::<String>::new());
    assert_eq!(
        before.looser_than(&after),
        ["order value of the profile: 1,000 → 250,000", "loss per day of the profile: 1,000 → no limit"]
    );
    let mut own = before.clone();
    let limits = Limits { max_working_orders: Some(5), ..Limits::default() };
    own.accounts.insert("PAPER".into(), limits);
    assert_eq!(before.looser_than(&own), ["working orders of account PAPER: 5 → no limit"]);
}

#[test]
fn hours_hold_in_their_zone_and_over_midnight() {
    let hours: AllowedHours = "09:30-16:00 America/New_York".parse().unwrap();
    assert!(!hours.allow(at("2026-11-20T14:29:59Z"), true));
    assert!(hours.allow(at("2026-11-20T14:30:00Z"), false), "New York is five hours behind");
    assert!(!hours.allow(at("2026-11-20T21:00:00Z"), true));
    assert!(hours.allow(at("2026-07-01T13:30:00Z"), true), "and four in summer");
    let night: AllowedHours = "22:00-02:00 UTC".parse().unwrap();
    assert!(night.allow(at("2026-11-20T23:00:00Z"), false) && night.allow(at("2026-11-20T01:59:00Z"), false));
    assert!(!night.allow(at("2026-11-20T02:00:00Z"), false));
    let regular: AllowedHours = "Regular".parse().unwrap();
    assert!(regular.allow(Time(0), true) && !regular.allow(Time(0), false));
}

#[test]
fn a_trading_day_begins_at_its_time_of_day_whatever_the_season() {
    let start = DayStart::default();
    assert_eq!(start.to_string(), "17:00 America/New_York");
    let check = |now: &str, begin: &str, next: &str| {
        assert_eq!(start.begin(at(now)), at(begin), "{now}");
        assert_eq!(start.next(at(now)), at(next), "{now}");
    };
    check("2026-11-20T21:59:59Z", "2026-11-19T22:00:00Z", "2026-11-20T22:00:00Z");
    check("2026-11-20T22:00:00Z", "2026-11-20T22:00:00Z", "2026-11-21T22:00:00Z");
    check("2026-07-01T12:00:00Z", "2026-06-30T21:00:00Z", "2026-07-01T21:00:00Z");
    let skipped: DayStart = "02:30 America/New_York".parse().unwrap();
    assert_eq!(skipped.begin(at("2026-03-08T12:00:00Z")), at("2026-03-08T07:30:00Z"), "no 02:30 that day");
}
