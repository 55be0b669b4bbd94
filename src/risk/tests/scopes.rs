//! Limits of accounts and instruments, what is counted, what is unusual.

use super::*;
use crate::domain::limits::Limit;
use crate::domain::limits::Limit::{
    Exposure, Hours, Instruments, LossPerDay, OrdersPerMinute, WorkingOrders,
};

fn own(set: impl FnOnce(&mut Limits)) -> Limits {
    let mut limits = Limits::default();
    set(&mut limits);
    limits
}

impl Scene {
    fn of_account(mut self, set: impl FnOnce(&mut Limits)) -> Self {
        self.limits.accounts.insert("PAPER".into(), own(set));
        self
    }

    fn of_instrument(mut self, set: impl FnOnce(&mut Limits)) -> Self {
        self.limits.instruments.insert("AAPL@NASDAQ".into(), own(set));
        self
    }

    fn used(mut self, kind: ScopeKind, set: impl FnOnce(&mut Use)) -> Self {
        set(&mut self.uses[kind as usize]);
        self
    }

    /// What refuses a market order for one share, by name of its limit and scope.
    fn refuses(&self, side: Side) -> Option<(Limit, Scope)> {
        let refusal = self.ask(side, "1", OrderKind::Market).err()?;
        refusal.limit().map(|(limit, scope)| (limit, scope.clone()))
    }
}

const ACCOUNT: fn() -> Scope = || Scope::Account("PAPER".into());
const SHARE: fn() -> Scope = || Scope::Instrument("AAPL@NASDAQ".into());

#[test]
fn the_narrower_limit_is_the_one_that_refuses_and_is_named() {
    let scene = scene().of_account(|l| l.max_order_value = Some(dec("500")));
    assert!(scene.ask(Side::Buy, "4", OrderKind::Market).is_ok());
    let refusal = scene.ask(Side::Buy, "5", OrderKind::Market).unwrap_err();
    assert!(refusal.to_string().contains("the limit of account PAPER is 500.00 USD"), "{refusal}");
    let wider = super::scene().of_account(|l| l.max_order_value = Some(dec("99999")));
    let refusal = wider.ask(Side::Buy, "100", OrderKind::Market).unwrap_err();
    assert!(refusal.to_string().contains("the limit of the profile is 10,000.00 USD"), "{refusal}");
}

#[test]
fn limits_of_another_account_or_instrument_do_not_hold() {
    let mut scene = scene();
    scene.limits.accounts.insert("OTHER".into(), own(|l| l.max_order_value = Some(dec("1"))));
    scene.limits.instruments.insert("AAPL@LSE".into(), own(|l| l.max_order_quantity = Some(Qty(dec("1")))));
    assert!(scene.ask(Side::Buy, "10", OrderKind::Market).is_ok());
}

#[test]
fn quantities_are_limited_per_order_and_per_position() {
    let mut scene = scene().of_instrument(|l| {
        l.max_order_quantity = Some(Qty(dec("10")));
        l.max_position_quantity = Some(Qty(dec("25")));
    });
    assert!(scene.ask(Side::Buy, "10", OrderKind::Market).is_ok());
    let refusal = scene.ask(Side::Buy, "11", OrderKind::Market).unwrap_err();
    assert!(matches!(refusal, Refusal::OrderQuantity { .. }), "{refusal}");
    scene.position = "16";
    let refusal = scene.ask(Side::Buy, "10", OrderKind::Market).unwrap_err();
    assert!(
        refusal.to_string().starts_with("The position would be 26 units, the limit of AAPL@NASDAQ is 25")
    );
    assert!(scene.ask(Side::Sell, "15", OrderKind::Market).is_ok(), "it makes the position smaller");
}

#[test]
fn exposure_adds_what_is_elsewhere_and_the_worst_that_can_become_of_this_position() {
    let elsewhere = |scene: Scene, amount: &str| {
        scene.used(ScopeKind::Account, |used| used.exposure_elsewhere = Some(dec(amount)))
    };
    let limited = || scene().of_account(|l| l.max_exposure = Some(dec("5000")));
    let scene = elsewhere(limited(), "4000");
    assert!(scene.ask(Side::Buy, "9", OrderKind::Market).is_ok());
    assert!(matches!(scene.ask(Side::Buy, "10", OrderKind::Market), Err(Refusal::Exposure { .. })));
    let mut scene = elsewhere(limited(), "0");
    scene.against = "50";
    let refusal = scene.ask(Side::Buy, "1", OrderKind::Market).unwrap_err();
    let Refusal::Exposure { value, .. } = refusal else { panic!("{refusal}") };
    assert_eq!(value.amount, dec("5000.50"), "the 50 that could be sold short are worth more than it all");
    let unknown = limited().used(ScopeKind::Account, |used| used.exposure_elsewhere = None);
    assert_eq!(unknown.refuses(Side::Buy), Some((Exposure, ACCOUNT())));
}

#[test]
fn orders_are_counted_within_the_scope_whose_limit_it_is() {
    let busy = |kind| {
        scene()
            .of_account(|l| l.max_working_orders = Some(2))
            .of_instrument(|l| l.max_orders_per_minute = Some(5))
            .used(kind, |used| (used.working_orders, used.orders_last_minute) = (2, 5))
    };
    assert_eq!(busy(ScopeKind::Profile).refuses(Side::Buy), None);
    assert_eq!(busy(ScopeKind::Account).refuses(Side::Buy), Some((WorkingOrders, ACCOUNT())));
    assert_eq!(busy(ScopeKind::Instrument).refuses(Side::Buy), Some((OrdersPerMinute, SHARE())));
    let mut holding = busy(ScopeKind::Instrument);
    holding.position = "2";
    assert_eq!(holding.refuses(Side::Sell), None, "what reduces is never held back by a count");
}

#[test]
fn the_loss_of_the_day_stops_what_opens_and_nothing_else() {
    let lost = |amount: &str| {
        scene()
            .of_account(|l| l.max_loss_per_day = Some(dec("100")))
            .used(ScopeKind::Account, |used| used.result_of_day = Some(dec(amount)))
    };
    assert_eq!(lost("-99.99").refuses(Side::Buy), None);
    assert_eq!(lost("500").refuses(Side::Buy), None);
    assert_eq!(lost("-100").refuses(Side::Buy), Some((LossPerDay, ACCOUNT())));
    let mut holding = lost("-100");
    holding.position = "2";
    assert_eq!(holding.refuses(Side::Sell), None);
    assert_eq!(holding.refuses(Side::Buy), Some((LossPerDay, ACCOUNT())));
    let unknown = lost("0").used(ScopeKind::Account, |used| used.result_of_day = None);
    assert_eq!(unknown.refuses(Side::Buy), Some((LossPerDay, ACCOUNT())), "what is not known is no zero");
}

#[test]
fn a_lock_holds_though_the_loss_is_made_good_or_the_limit_taken_away() {
    let money = |text| Money { amount: dec(text), currency: Currency::USD };
    let lock = Lock { loss: money("120"), limit: money("100"), until: Time::from_seconds(90_000) };
    let mut scene = scene().used(ScopeKind::Profile, |used| used.lock = Some(lock));
    let refusal = scene.ask(Side::Buy, "1", OrderKind::Market).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "The loss of the day had reached 120.00 USD, the limit of the profile was 100.00 USD: nothing is opened \
         before 1970-01-02 01:00 UTC. Closing works."
    );
    scene.position = "2";
    assert!(scene.ask(Side::Sell, "2", OrderKind::Market).is_ok());
    assert!(scene.ask_as(Role::Close(Despite::default()), Side::Sell, "2", OrderKind::Market).is_ok());
}

#[test]
fn only_listed_instruments_are_opened_and_only_in_their_hours() {
    let listed = |key: &str| scene().of_account(|l| l.allowed_instruments = Some([key.to_owned()].into()));
    assert_eq!(listed("AAPL@NASDAQ").refuses(Side::Buy), None);
    assert_eq!(listed("MSFT@NASDAQ").refuses(Side::Buy), Some((Instruments, ACCOUNT())));
    // The scene plays at 00:16:40 UTC.
    let at = |hours: &str| scene().of_instrument(|l| l.allowed_hours = Some(hours.parse().unwrap()));
    assert_eq!(at("00:00-00:17 UTC").refuses(Side::Buy), None);
    assert_eq!(at("00:17-00:00 UTC").refuses(Side::Buy), Some((Hours, SHARE())));
    let mut regular = at("regular");
    assert_eq!(regular.refuses(Side::Buy), Some((Hours, SHARE())));
    regular.is_regular = true;
    assert_eq!(regular.refuses(Side::Buy), None);
    let mut holding = listed("MSFT@NASDAQ");
    holding.position = "2";
    assert_eq!(holding.refuses(Side::Sell), None);
}

#[test]
fn what_is_unusual_passes_only_for_the_order_that_the_trader_insists_on() {
    let stale = || Scene { age_seconds: 11, ..scene() };
    let crossed = || {
        let mut scene = scene();
        scene.quote.as_mut().unwrap().bid = Some(price("100.50"));
        scene
    };
    let empty = || {
        let mut scene = scene();
        scene.quote.as_mut().unwrap().ask = None;
        scene.quote.as_mut().unwrap().last = Some(price("100.00"));
        scene
    };
    let silent = || Scene { line: Line::Silent("Paper is silent"), ..scene() };
    let cases: [(&dyn Fn() -> Scene, Unusual); 4] = [
        (&stale, Unusual::StaleQuote),
        (&crossed, Unusual::CrossedBook),
        (&empty, Unusual::EmptyBook),
        (&silent, Unusual::SilentBroker),
    ];
    for (scene, unusual) in cases {
        let scene = scene();
        let refusal = scene.ask(Side::Buy, "1", OrderKind::Market).unwrap_err();
        assert_eq!(refusal.unusual(), Some(unusual), "{refusal}");
        let buy =
            |despite, quantity| scene.ask_as(Role::entered(despite), Side::Buy, quantity, OrderKind::Market);
        let despite = Despite::default().and(unusual);
        assert!(buy(despite, "1").is_ok(), "{unusual:?}");
        let others = cases.iter().filter(|(_, other)| *other != unusual);
        let other = others.fold(Despite::default(), |despite, (_, other)| despite.and(*other));
        assert_eq!(buy(other, "1"), Err(refusal), "something else was accepted");
        assert!(matches!(buy(despite, "150"), Err(Refusal::OrderValue { .. })), "a limit is a limit");
    }
}

#[test]
fn no_insisting_lifts_the_kill_switch_a_dead_line_or_the_loss_of_the_day() {
    let all = Despite { stale_quote: true, crossed_book: true, empty_book: true, silent_broker: true };
    let insist = |scene: &Scene| scene.ask_as(Role::Insisted(all), Side::Buy, "1", OrderKind::Market);
    assert!(insist(&scene()).is_ok());
    assert_eq!(insist(&Scene { is_killed: true, ..scene() }), Err(Refusal::Killed));
    let down = Scene { line: Line::Down("Paper is down"), ..scene() };
    assert!(matches!(insist(&down), Err(Refusal::NotReady(_))));
    let lost = scene()
        .of_account(|l| l.max_loss_per_day = Some(dec("100")))
        .used(ScopeKind::Account, |used| used.result_of_day = Some(dec("-100")));
    assert!(matches!(insist(&lost), Err(Refusal::LossPerDay { .. })));
    assert!(matches!(insist(&Scene { quote: None, ..scene() }), Err(Refusal::NoPrice(_))));
}

#[test]
fn a_crossed_book_is_worth_its_higher_side() {
    let mut scene = scene();
    scene.quote.as_mut().unwrap().bid = Some(price("150.00"));
    let despite = Despite::default().and(Unusual::CrossedBook);
    let buy = |quantity| scene.ask_as(Role::Insisted(despite), Side::Buy, quantity, OrderKind::Market);
    assert!(buy("66").is_ok());
    assert!(matches!(buy("67"), Err(Refusal::OrderValue { .. })), "67 at 150 are above 10,000");
}

#[test]
fn a_refusal_names_the_limit_whose_it_is_and_where_to_change_it() {
    let unlimited = || scene().of_account(|l| *l = Limits::default());
    let cases: [(Scene, &str, &str, &str); 8] = [
        (
            scene().of_instrument(|l| l.max_order_quantity = Some(Qty(dec("5")))),
            "10",
            "The order opens 10 units, the limit of AAPL@NASDAQ is 5: lower the quantity, or change it in ",
            "",
        ),
        (
            scene().of_account(|l| l.max_position_value = Some(dec("500"))),
            "10",
            "The position would be worth 1,000.10 USD, the limit of account PAPER is 500.00 USD: lower the ",
            "quantity, or change it in ",
        ),
        (
            scene().of_account(|l| l.max_exposure = Some(dec("500"))),
            "10",
            "With this order the exposure would be 1,000.10 USD, the limit of account PAPER is 500.00 USD: ",
            "lower the quantity, close or cancel something, or change it in ",
        ),
        (
            unlimited().used(ScopeKind::Profile, |used| used.working_orders = 3),
            "1",
            "3 orders are working, the limit of the profile is 3: cancel some, or change it in ",
            "",
        ),
        (
            scene()
                .of_account(|l| l.max_orders_per_minute = Some(5))
                .used(ScopeKind::Account, |used| used.orders_last_minute = 7),
            "1",
            "7 orders were sent in the last minute, the limit of account PAPER is 5: wait a moment, or change it in ",
            "",
        ),
        (
            scene().of_account(|l| l.allowed_instruments = Some(["MSFT@NASDAQ".to_owned()].into())),
            "1",
            "AAPL@NASDAQ is not among the instruments that account PAPER may open: add it in ",
            "",
        ),
        (
            scene().of_account(|l| l.allowed_hours = Some("09:30-16:00 UTC".parse().unwrap())),
            "1",
            "Positions of account PAPER are opened within 09:30-16:00 UTC only: wait, or change it in ",
            "",
        ),
        (
            scene().of_account(|l| l.allowed_hours = Some("regular".parse().unwrap())),
            "1",
            "Positions of account PAPER are opened in regular sessions only: wait for one, or change it in ",
            "",
        ),
    ];
    for (scene, quantity, begin, end) in cases {
        let refusal = scene.ask(Side::Buy, quantity, OrderKind::Market).unwrap_err();
        assert_eq!(refusal.to_string(), format!("{begin}{end}Limits (type it into the search)."));
        assert!(refusal.limit().is_some() && refusal.unusual().is_none());
    }
    let far = scene().ask(Side::Buy, "1", limit("106.00")).unwrap_err().to_string();
    assert_eq!(
        far,
        "Price 106.00 is 6.0 % beyond the market at 100.01, the limit of the profile is 5 %: check the price, or \
         change it in Limits (type it into the search)."
    );
}

/// Whether a type has a trait is for the compiler to say: if it had, these would not compile,
/// because two implementations would fit.
#[test]
fn what_was_approved_can_neither_be_copied_nor_read_from_anywhere() {
    macro_rules! has_none_of {
        ($type:ty: $($trait:path),+) => {$({
            trait Ambiguous<A> {
                fn item() {}
            }
            impl<T: ?Sized> Ambiguous<()> for T {}
            struct Has;
            impl<T: ?Sized + $trait> Ambiguous<Has> for T {}
            <$type as Ambiguous<_>>::item();
        })+};
    }
    has_none_of!(ApprovedOrder: Clone, Copy, Default, serde::Serialize, serde::de::DeserializeOwned);
    has_none_of!(ApprovedAmend: Clone, Copy, Default, serde::Serialize, serde::de::DeserializeOwned);
    has_none_of!(crate::broker::BrokerRequest: Clone, Copy);
}
