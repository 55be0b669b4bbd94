//! What is held, and the way out of it.

use super::*;

#[test]
fn a_position_tells_its_profit() {
    let pane = with_position(|_| ());
    assert_eq!(
        rows(&pane, "Position"),
        [
            "Position in AAPL: Symbol AAPL, Net +100, Average 280.00, Mark 284.50, Unrealised +450.00, Realised today 0.00, \
          Value 28,450.00, Commissions today 0.00, Currency USD"
        ]
    );
}

#[test]
fn positions_add_up_in_the_base_currency_and_say_when_something_is_missing() {
    let mut pane = with_position(|_| ());
    let bench = pane.state_mut();
    bench.market.quote("7203@TSE", "3300");
    bench.market.quote("USD/JPY@FX", "150.000");
    let toyota = position(bench.market.id("7203@TSE"), "-100", "3150");
    bench.market.publish(Update::Position(toyota));
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    let totals = "Totals: Symbol Total USD, Unrealised +350.00, Realised today 0.00, Value 26,250.00, \
                  Commissions today 0.00, Currency USD";
    assert_eq!(rows(&pane, "Totals"), [totals]);
    let bench = pane.state_mut();
    let samsung = position(bench.market.id("005930@KRX"), "10", "100000");
    bench.market.publish(Update::Position(samsung));
    pane.run_steps(2);
    assert!(rows(&pane, "Totals")[0].starts_with("Totals: Symbol Incomplete USD, Unrealised +350.00"));
}

/// Between two presses that do not belong together.
const READING: Duration = Duration::from_millis(500);

fn asking() -> Pane {
    with_position(|settings| settings.confirm_orders = true)
}

#[test]
fn close_says_what_it_asks_and_sends_at_the_second_click() {
    let mut pane = asking();
    let aapl = pane.state().market.id(AAPL);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent(), []);
    pane.state_mut().market.later(READING);
    click(&mut pane, "Confirm close: sell 100 AAPL at market");
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Close {
            account: "PAPER".into(),
            instrument: aapl,
            despite: pitdesk::risk::Despite::default()
        }]
    );
}

#[test]
fn a_double_click_confirms_nothing_and_time_disarms() {
    let mut pane = asking();
    let aapl = pane.state().market.id(AAPL);
    let question = "Confirm reverse: sell 200 AAPL at market";
    click(&mut pane, "Reverse AAPL");
    pane.state_mut().market.later(Duration::from_millis(300));
    click(&mut pane, question);
    assert_eq!(pane.state_mut().take_sent(), [], "the second click came too soon");
    pane.state_mut().market.later(Duration::from_secs(3));
    pane.step();
    assert!(pane.query_by_label(question).is_none());
    click(&mut pane, "Reverse AAPL");
    pane.state_mut().market.later(READING);
    click(&mut pane, question);
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Reverse {
            account: "PAPER".into(),
            instrument: aapl,
            despite: pitdesk::risk::Despite::default()
        }]
    );
}

#[test]
fn a_question_about_another_position_is_void() {
    let mut pane = asking();
    click(&mut pane, "Reverse AAPL");
    pane.state_mut().hold(AAPL, "-200", "284.50");
    pane.state_mut().market.later(READING);
    pane.step();
    assert!(pane.query_by_label_contains("Confirm").is_none());
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), []);
    pane.get_by_label("Confirm reverse: buy 400 AAPL at market");
}

#[test]
fn to_arm_one_way_out_does_not_arm_the_other() {
    let mut pane = asking();
    click(&mut pane, "Close AAPL");
    pane.state_mut().market.later(READING);
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), []);
}

#[test]
fn a_double_click_reverses_once_though_the_first_has_filled() {
    let mut pane = with_position(|settings| settings.confirm_orders = false);
    let aapl = pane.state().market.id(AAPL);
    click(&mut pane, "Reverse AAPL");
    let bench = pane.state_mut();
    let mut order = order(20, aapl, Side::Sell, "200", OrderKind::Market, bench.market.now());
    order.status = OrderStatus::Filled;
    bench.order(order);
    bench.hold(AAPL, "-100", "284.49");
    bench.answer(Ok(Some(20)));
    bench.market.later(Duration::from_millis(300));
    pane.step();
    click(&mut pane, "Reverse AAPL");
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Reverse {
            account: "PAPER".into(),
            instrument: aapl,
            despite: pitdesk::risk::Despite::default()
        }]
    );
}

#[test]
fn without_confirmation_a_close_is_sent_once_until_its_order_has_ended() {
    let mut pane = with_position(|settings| settings.confirm_orders = false);
    let aapl = pane.state().market.id(AAPL);
    click(&mut pane, "Close AAPL");
    click(&mut pane, "Close AAPL");
    click(&mut pane, "Reverse AAPL");
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Close {
            account: "PAPER".into(),
            instrument: aapl,
            despite: pitdesk::risk::Despite::default()
        }]
    );
    let bench = pane.state_mut();
    let closing = order(20, aapl, Side::Sell, "100", OrderKind::Market, bench.market.now());
    bench.order(closing);
    bench.answer(Ok(Some(20)));
    pane.run_steps(2);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent(), [], "its order still works");
    pane.state_mut().change(20, |order| order.status = OrderStatus::Rejected);
    pane.state_mut().market.later(READING);
    pane.run_steps(2);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent().len(), 1);
}

#[test]
fn a_refused_close_says_why_at_its_row() {
    let mut pane = with_position(|settings| settings.confirm_orders = false);
    click(&mut pane, "Close AAPL");
    pane.state_mut().answer(Err("The exchange is closed"));
    pane.run_steps(3);
    assert!(pane.query_by_label("The exchange is closed").is_some());
}

#[test]
fn what_was_closed_today_stays_below_without_a_way_out() {
    let mut pane = with_position(|_| ());
    let bench = pane.state_mut();
    let (now, day) = (bench.market.now(), Duration::from_hours(24));
    let commission = Money { amount: decimal("1"), currency: Currency::USD };
    for (key, time) in [("MSFT@NASDAQ", now), ("NVDA@NASDAQ", now - day)] {
        let id = bench.market.id(key);
        let mut flat = position(id, "0", "0");
        flat.realised = decimal("310.5");
        bench.market.publish(Update::Position(flat));
        let sold = order(5, id, Side::Sell, "10", OrderKind::Market, time);
        let mut sale = fill(5, &sold, "10", "500.00", commission);
        sale.realised = decimal("12.5");
        bench.market.publish(Update::Fill(sale));
    }
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    let shown = rows(&pane, "Position");
    assert_eq!(shown.len(), 2, "what was closed yesterday is gone: {shown:?}");
    assert_eq!(
        shown[1],
        "Position in MSFT: Symbol MSFT, Net 0, Realised today +12.50, Commissions today 1.00, Currency USD"
    );
    assert!(pane.query_by_label("Close MSFT").is_none());
}

#[test]
fn what_was_realised_and_paid_counts_from_midnight() {
    let mut pane = with_position(|_| ());
    let bench = pane.state_mut();
    let aapl = bench.market.id(AAPL);
    let commission = Money { amount: decimal("1"), currency: Currency::USD };
    // The day of the list, which is UTC's here, began 15 hours ago.
    for (exec, hours, realised) in [(1, 16, "400"), (2, 14, "30"), (3, 0, "-2.5")] {
        let time = bench.market.now() - Duration::from_hours(hours);
        let order = order(exec, aapl, Side::Sell, "10", OrderKind::Market, time);
        let mut fill = fill(exec, &order, "10", "284.50", commission);
        fill.realised = decimal(realised);
        bench.market.publish(Update::Fill(fill));
    }
    pane.step();
    let tells = |pane: &Pane, realised: &str, paid: &str| {
        for row in [&rows(pane, "Position in AAPL")[0], &rows(pane, "Totals")[0]] {
            assert!(row.contains(&format!("Realised today {realised}, ")), "{row}");
            assert!(row.contains(&format!("Commissions today {paid}, ")), "{row}");
        }
    };
    tells(&pane, "+27.50", "2.00");
    // Another day begins.
    pane.state_mut().market.later(Duration::from_hours(9));
    pane.step();
    tells(&pane, "0.00", "0.00");
}

#[test]
fn what_nobody_feeds_looks_stale_in_every_sum() {
    let mut pane = with_position(|_| ());
    let bench = pane.state_mut();
    bench.market.connection(ConnectionState::Down, "The connection was lost");
    pane.run_steps(2);
    assert!(rows(&pane, "Totals")[0].starts_with("Totals: Symbol Stale USD"), "{:?}", rows(&pane, "Totals"));
    click(&mut pane, "Account");
    assert!(rows(&pane, "Total")[0].starts_with("Total: Currency Stale USD"), "{:?}", rows(&pane, "Total"));
}

#[test]
fn a_way_out_says_which_orders_it_takes_away_and_which_it_leaves() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    bench.market.quote(AAPL, "284.50");
    bench.hold(AAPL, "100", "280.00");
    let mut entry = order(7, aapl, Side::Buy, "100", limit("280.00"), now);
    (entry.status, entry.filled) = (OrderStatus::Filled, qty("100"));
    bench.order(entry);
    let mut exit = order(8, aapl, Side::Sell, "100", limit("290.00"), now);
    exit.spec.parent = Some(OrderId(7));
    bench.order(exit);
    bench.order(order(9, aapl, Side::Sell, "50", limit("295.00"), now));
    let mut pane = bench.show(LARGE);
    click(&mut pane, "Positions");
    click(&mut pane, "Close AAPL");
    pane.get_by_label(
        "Confirm close: sell 100 AAPL at market, cancels 1 order first, leaves 1 order working",
    );
}

fn is_disabled(pane: &Pane, name: &str) -> bool {
    pane.get_by_label(name).accesskit_node().is_disabled()
}

#[test]
fn a_reverse_is_out_of_reach_with_its_reason_wherever_nothing_may_be_opened() {
    let check = |why: &str, change: &dyn Fn(&mut Bench)| {
        let mut pane = with_position(|settings| settings.confirm_orders = false);
        assert!(!is_disabled(&pane, "Reverse AAPL"), "before: {why}");
        change(pane.state_mut());
        pane.run_steps(2);
        assert!(is_disabled(&pane, "Reverse AAPL"), "{why}");
        assert!(!is_disabled(&pane, "Close AAPL"), "it makes less of what is held: {why}");
        click(&mut pane, "Reverse AAPL");
        assert_eq!(pane.state_mut().take_sent(), [], "{why}");
        let place = pane.get_by_label("Reverse AAPL").rect().center();
        pane.hover_at(place);
        pane.run_steps(6);
        assert!(pane.query_by_label_contains(why).is_some(), "{why}: {:?}", painted(&pane));
    };
    check("Not now: The kill switch is on", &|bench| {
        bench.market.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    });
    check("Not now: The broker's books are being compared with ours", &|bench| {
        bench.market.connection(ConnectionState::Reconciling, "Comparing its books with ours");
    });
    check("The loss of the day had reached 60.00 USD", &|bench| {
        let money = |text| Money { amount: decimal(text), currency: Currency::USD };
        let until = bench.market.now() + Duration::from_hours(6);
        let lock = Some(Lock { loss: money("60"), limit: money("50"), until });
        bench.market.uses(vec![ScopeUse {
            scope: Scope::Profile,
            orders_last_minute: 0,
            working_orders: 0,
            exposure: None,
            result_of_day: None,
            lock,
        }]);
    });
    check("is not armed", &|bench| {
        bench.market.bank(|account| account.kind = AccountKind::Live);
        bench.market.quote(AAPL, "284.50");
        bench.hold(AAPL, "100", "280.00");
    });
}
