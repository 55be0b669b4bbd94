//! Worked plans, and what holds of every plan, by a naive model of what its orders lead to.

mod cash;

use proptest::prelude::*;

use super::*;
use crate::domain::{AssetClass, BrokerId, TickTable, TradingHours};

const USD: Currency = Currency::USD;
const JPY: Currency = Currency::JPY;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn instrument(id: u32, currency: Currency, lot: &str, multiplier: &str) -> Arc<Instrument> {
    Arc::new(Instrument {
        id: InstrumentId(id),
        broker: BrokerId(0),
        symbol: format!("S{id}").into(),
        name: "".into(),
        venue: "TEST".into(),
        class: AssetClass::Share,
        currency,
        ticks: TickTable::uniform(dec("0.01")).unwrap(),
        lot: Qty(dec(lot)),
        multiplier: dec(multiplier),
        hours: TradingHours::always("UTC"),
    })
}

fn quote(bid: &str, ask: &str) -> Quote {
    Quote { bid: Some(Price(dec(bid))), ask: Some(Price(dec(ask))), is_open: true, ..Quote::default() }
}

/// A share at 99.99 / 100.01, of which so much is held.
fn line(id: u32, net: &str) -> Line {
    Line {
        instrument: instrument(id, USD, "1", "1"),
        net: dec(net),
        quote: Some((quote("99.99", "100.01"), Feed::Live)),
        has_working: false,
        commission: Some(Commission::default()),
        is_held_back: false,
    }
}

fn situation(cash: &str, lines: Vec<Line>) -> Situation {
    let rates = Rates::from_quotes(USD, &[(USD, JPY, dec("150"))]);
    let worth: Decimal = lines.iter().map(|line| line.value(&rates).unwrap_or_default()).sum();
    let cash = dec(cash);
    Situation { equity: cash + worth, cash, cash_free: cash, buying_power: cash * Decimal::TWO, rates, lines }
}

fn target(id: u32, weight: &str) -> Target {
    Target { instrument: InstrumentId(id), weight: dec(weight) }
}

/// `+10` bought, `-10` sold, or why neither, row by row.
fn orders(plan: &Plan) -> Vec<String> {
    let said = |row: &Row| match &row.order {
        Ok(trade) => format!("{:+}", trade.spec.side.sign() * trade.spec.quantity.0),
        Err(skip) => skip.to_string(),
    };
    plan.rows.iter().map(said).collect()
}

fn planned(targets: &[Target], options: Options, now: &Situation) -> Vec<String> {
    orders(&plan(targets, options, now).unwrap())
}

/// How things stand once every order has filled at its price.
fn applied(plan: &Plan, now: &Situation) -> Situation {
    let mut after = now.clone();
    for (row, trade) in plan.trades() {
        let line = after.lines.iter_mut().find(|line| line.instrument.id == row.instrument).unwrap();
        line.net += trade.spec.side.sign() * trade.spec.quantity.0;
    }
    after.cash = plan.totals.cash_after;
    after.cash_free = after.cash;
    after.equity = plan.totals.equity_after;
    after.buying_power = after.cash.max(Decimal::ZERO) * Decimal::TWO;
    after
}

#[test]
fn weights_become_orders_in_whole_lots_toward_no_trade() {
    let now = situation("10000", vec![line(0, "0"), line(1, "40"), line(2, "7")]);
    let plan = plan(&[target(0, "0.25"), target(1, "0.1"), target(2, "0.049")], Options::default(), &now);
    let plan = plan.unwrap();
    // Equity 14,700: 36.75, 14.7 and 7.2 shares less what the spread costs.
    assert_eq!(orders(&plan), ["+36", "-25", "less than a lot from its target"]);
    let totals = plan.totals;
    assert_eq!((totals.orders, totals.skipped), (2, 0));
    assert_eq!(totals.turnover, dec("36") * dec("100.01") + dec("25") * dec("99.99"));
    assert_eq!(totals.slippage, dec("0.61"));
    assert_eq!(totals.cash_after, dec("10000") - dec("3600.36") + dec("2499.75"));
    assert_eq!(totals.gross_after, dec("5800"));
    let (worst, miss) = totals.miss.unwrap();
    assert_eq!((worst, miss.round_dp(4)), (InstrumentId(0), dec("-0.0051")), "0.75 of a share");
}

#[test]
fn each_reason_to_leave_a_row_out_is_named() {
    let stale = Line { quote: Some((quote("99.99", "100.01"), Feed::Stale)), ..line(1, "0") };
    let closed = Line { quote: Some((quote("99.99", "100.01"), Feed::Closed)), ..line(2, "0") };
    let silent = Line { quote: None, ..line(3, "0") };
    let works = Line { has_working: true, ..line(4, "0") };
    let abroad = Line { instrument: instrument(5, Currency::KRW, "1", "1"), ..line(5, "0") };
    let dear = Line { instrument: instrument(6, USD, "1000", "1"), ..line(6, "0") };
    let barred = Line { is_held_back: true, ..line(7, "0") };
    let lines = vec![line(0, "0"), stale, closed, silent, works, abroad, dear, barred];
    let now = situation("100000", lines);
    let targets: Vec<Target> = (0..9).map(|id| target(id, "0.1")).collect();
    let options = Options { least_trade: dec("10001"), ..Options::default() };
    let said = [
        "below the least trade value",
        "the price is stale",
        "the market is closed",
        "no price yet",
        "an order works; cancel it first",
        "no exchange rate for KRW",
        "less than a lot from its target",
        "held back",
        "not listed at this account's broker",
    ];
    assert_eq!(planned(&targets, options, &now), said);
    assert_eq!(plan(&targets, options, &now).unwrap().totals.skipped, 8);
}

#[test]
fn a_plan_without_an_order_has_the_others_as_they_are_and_counts_them_alone() {
    let now = situation("10000", vec![line(0, "0"), line(1, "40"), line(2, "7")]);
    let targets = [target(0, "0.25"), target(1, "0.1"), target(2, "0.2")];
    let whole = plan(&targets, Options::default(), &now).unwrap();
    assert_eq!(orders(&whole), ["+36", "-25", "+22"]);
    assert_eq!(whole.without(|_| false, &now), whole);
    let without = whole.without(|id| id.0 == 0, &now);
    assert_eq!(orders(&without), ["held back", "-25", "+22"]);
    assert_eq!((without.rows[0].after, without.rows[0].weight_after), (dec("0"), Some(dec("0"))));
    let totals = without.totals;
    assert_eq!((totals.orders, totals.skipped), (2, 1));
    assert_eq!(totals.turnover, dec("25") * dec("99.99") + dec("22") * dec("100.01"));
    assert_eq!(totals.cash_after, dec("10000") + dec("2499.75") - dec("2200.22"));
    assert_eq!(totals.gross_after, dec("15") * dec("100") + dec("29") * dec("100"));
}

#[test]
fn what_nobody_named_is_left_alone_or_closed_as_chosen() {
    let now = situation("10000", vec![line(0, "0"), line(1, "40"), line(2, "-5")]);
    let closing = Options { others: Others::Closed, ..Options::default() };
    assert_eq!(planned(&[target(0, "0.1")], Options::default(), &now), ["+13"]);
    assert_eq!(planned(&[target(0, "0.1")], closing, &now), ["+13", "-40", "+5"]);
}

#[test]
fn a_negative_weight_is_sold_short_and_a_position_turned() {
    let now = situation("10000", vec![line(0, "0"), line(1, "10")]);
    assert_eq!(planned(&[target(0, "-0.2"), target(1, "-0.1")], Options::default(), &now), ["-22", "-21"]);
}

#[test]
fn what_sales_bring_is_spent_only_where_that_is_chosen() {
    let now = situation("1000", vec![line(0, "0"), line(1, "90")]);
    let targets = [target(0, "0.5"), target(1, "0.5")];
    let first = plan(&targets, Options::default(), &now).unwrap();
    assert_eq!(orders(&first), ["+9", "-40"], "900.09 of the 1,000 that are there");
    assert!(first.totals.lacking > dec("3900"), "{}", first.totals.lacking);
    assert!(first.rows[0].order.unwrap().is_cut && !first.rows[1].order.unwrap().is_cut);
    let second = applied(&first, &now);
    assert_eq!(planned(&targets, Options::default(), &second)[0], "+40", "the rest, from what was sold");
    let with_sales = Options { funds: Funds::WithSales, ..Options::default() };
    assert_eq!(planned(&targets, with_sales, &now), ["+49", "-40"]);
}

#[test]
fn the_reserve_is_not_spent_and_without_money_nothing_is_bought() {
    let now = situation("10000", vec![line(0, "0"), line(1, "0")]);
    let reserve = Options { reserve: dec("0.1"), ..Options::default() };
    let plan = plan(&[target(0, "0.5"), target(1, "0.5")], reserve, &now).unwrap();
    assert!(plan.totals.cash_after >= dec("1000"), "{}", plan.totals.cash_after);
    assert_eq!(orders(&plan), ["+44", "+44"], "all are cut alike");
    let owing = situation("-100", vec![line(0, "0"), line(1, "50")]);
    assert_eq!(planned(&[target(0, "0.5")], Options::default(), &owing), ["no cash left for it"]);
}

#[test]
fn more_than_the_equity_is_refused_unless_leverage_is_allowed() {
    let now = situation("10000", vec![line(0, "0"), line(1, "0")]);
    let targets = [target(0, "0.8"), target(1, "-0.7")];
    let refused = plan(&targets, Options::default(), &now).unwrap_err();
    assert_eq!(refused, NoPlan::Leverage(dec("1.5")));
    assert!(refused.to_string().contains("150 %"), "{refused}");
    let allowed = Options { leverage: Leverage::Allowed, ..Options::default() };
    assert_eq!(planned(&targets, allowed, &now), ["+80", "-70"]);
}

#[test]
fn tables_that_mean_nothing_are_refused_by_name() {
    let now = situation("10000", vec![line(0, "0")]);
    let default = Options::default();
    let of = |targets: &[Target], options, now: &Situation| plan(targets, options, now).unwrap_err();
    assert_eq!(of(&[target(0, "0.1"), target(0, "0.2")], default, &now), NoPlan::Twice("S0".into()));
    assert_eq!(of(&[target(0, "11")], default, &now), NoPlan::Weight("S0".into()));
    assert_eq!(of(&[], Options { reserve: Decimal::ONE, ..default }, &now), NoPlan::Reserve);
    assert_eq!(of(&[], Options { least_trade: dec("-1"), ..default }, &now), NoPlan::LeastTrade);
    assert_eq!(of(&[], Options { ticks: 1_001, ..default }, &now), NoPlan::Ticks);
    assert_eq!(of(&[], default, &situation("0", vec![])), NoPlan::NoEquity(Decimal::ZERO));
    let unknown = situation("10", vec![Line { quote: None, ..line(3, "4") }]);
    assert_eq!(of(&[], default, &unknown), NoPlan::NotValued("S3".into()));
    let many: Vec<Target> = (0..501).map(|id| target(id, "0.001")).collect();
    assert_eq!(of(&many, default, &now), NoPlan::TooMany(501));
}

#[test]
fn limits_stand_at_the_far_side_and_so_many_ticks_through_it() {
    let now = situation("10000", vec![line(0, "0"), line(1, "50")]);
    let options = Options { style: Style::Limit, ticks: 3, tif: TimeInForce::Ioc, ..Options::default() };
    let plan = plan(&[target(0, "0.1"), target(1, "0.1")], options, &now).unwrap();
    let kinds: Vec<_> = plan.trades().map(|(_, trade)| (trade.spec.kind, trade.spec.tif)).collect();
    let limit = |text| (OrderKind::Limit { price: Price(dec(text)) }, TimeInForce::Ioc);
    assert_eq!(kinds, [limit("99.96"), limit("100.04")], "the sale leaves first");
    assert_eq!(plan.trades().last().unwrap().1.value, dec("15") * dec("100.04"), "at worst");
}

#[test]
fn amounts_of_other_currencies_lots_and_multipliers_count_in_the_base_currency() {
    let yen = Line {
        instrument: instrument(0, JPY, "100", "1"),
        quote: Some((quote("1500", "1500"), Feed::Live)),
        ..line(0, "0")
    };
    let contract = Line { instrument: instrument(1, USD, "1", "50"), ..line(1, "0") };
    let now = situation("100000", vec![yen, contract]);
    let plan = plan(&[target(0, "0.5"), target(1, "0.3")], Options::default(), &now).unwrap();
    assert_eq!(orders(&plan), ["+5000", "+6"], "at 10 and 5,000 dollars a unit");
}

#[test]
fn a_trade_that_would_cost_more_than_it_corrects_is_left_out() {
    let fee = Commission { minimum: dec("200"), ..Commission::default() };
    let now = situation("5100", vec![Line { commission: Some(fee), ..line(0, "49") }]);
    assert_eq!(planned(&[target(0, "0.5")], Options::default(), &now), ["its costs would undo it"]);
}

#[test]
fn what_was_shown_is_sent_only_while_it_still_holds() {
    let now = situation("10000", vec![line(0, "0"), line(1, "50")]);
    let market = plan(&[target(0, "0.1"), target(1, "0.2")], Options::default(), &now).unwrap();
    assert_eq!(market.drift(&now), None);
    let changed = |id: usize, change: &dyn Fn(&mut Line)| {
        let mut later = now.clone();
        change(&mut later.lines[id]);
        later
    };
    let moved = |bid: &str, ask: &str| {
        let quote = quote(bid, ask);
        changed(0, &move |line| line.quote = Some((quote, Feed::Live)))
    };
    assert_eq!(market.drift(&moved("100.50", "100.51")), None, "half a per cent is what it is");
    assert_eq!(market.drift(&moved("100.50", "100.52")), Some(Drift::Price(InstrumentId(0))));
    let more = changed(1, &|line| line.net += Decimal::ONE);
    assert_eq!(market.drift(&more), Some(Drift::Position(InstrumentId(1))));
    let works = changed(0, &|line| line.has_working = true);
    assert_eq!(market.drift(&works), Some(Drift::Working(InstrumentId(0))));
    let stale = changed(0, &|line| line.quote = line.quote.map(|(quote, _)| (quote, Feed::Stale)));
    assert_eq!(market.drift(&stale), Some(Drift::NotFresh(InstrumentId(0))));
    let options = Options { style: Style::Limit, ticks: 5, ..Options::default() };
    let limits = plan(&[target(0, "0.1")], options, &now).unwrap();
    assert_eq!(limits.drift(&moved("100.04", "100.06")), None);
    assert_eq!(limits.drift(&moved("100.05", "100.07")), Some(Drift::Price(InstrumentId(0))));
}

#[test]
fn other_money_needs_another_preview() {
    let now = situation("10000", vec![line(0, "0")]);
    let shown = plan(&[target(0, "0.5")], Options::default(), &now).unwrap();
    let later = |change: &dyn Fn(&mut Situation)| {
        let mut later = now.clone();
        change(&mut later);
        shown.drift(&later)
    };
    // An order in another instrument has filled, of which the plan has no row.
    assert_eq!(later(&|now| now.cash = dec("4000")), Some(Drift::Money));
    assert_eq!(later(&|now| now.buying_power = dec("8000")), Some(Drift::Money));
    assert_eq!(later(&|now| now.equity = dec("9900")), Some(Drift::Money));
    assert_eq!(later(&|now| now.equity = dec("10100")), Some(Drift::Money));
    assert_eq!(later(&|now| now.equity = dec("10040")), None, "prices move it a little");
    assert_eq!(later(&|now| now.cash = dec("20000")), None, "more cash does no harm");
}

#[test]
fn what_working_orders_will_take_is_not_spent_again() {
    let now = Situation { cash_free: dec("4000"), ..situation("10000", vec![line(0, "0")]) };
    let shown = plan(&[target(0, "1")], Options::default(), &now).unwrap();
    assert!(shown.totals.turnover <= dec("4000") && shown.totals.orders == 1, "{:?}", shown.totals);
}

#[test]
fn futures_are_left_to_the_ticket() {
    let future = |net: &str| {
        let of = line(1, net);
        let instrument = Instrument { class: AssetClass::Future, ..(*of.instrument).clone() };
        Line { instrument: Arc::new(instrument), ..of }
    };
    let refused = |targets: &[Target], net: &str| {
        let now = situation("10000", vec![line(0, "0"), future(net)]);
        plan(targets, Options::default(), &now).err()
    };
    let is_it = |why: Option<NoPlan>| matches!(why, Some(NoPlan::NotPaidInFull(_)));
    assert!(is_it(refused(&[target(0, "0.5")], "1")), "what is held is in the equity");
    assert!(is_it(refused(&[target(1, "0.5")], "0")));
    assert!(!is_it(refused(&[target(0, "0.5")], "0")));
}

fn any_line(id: u32) -> impl Strategy<Value = Line> {
    let (price, spread) = (1_i64..2_000_000, 0_i64..50);
    let shape = (prop::sample::select(vec!["1", "100", "0.001"]), prop::sample::select(vec!["1", "10"]));
    let state = (0_u8..12, any::<bool>(), -300_i64..300, 0_i64..100, any::<bool>());
    (price, spread, shape, state).prop_map(
        move |(price, spread, (lot, multiplier), (state, is_yen, lots, fee, is_odd))| {
            let bid = Decimal::new(price, 2);
            let ask = Decimal::new(price + spread, 2);
            let quote = Quote {
                bid: (state != 1).then_some(Price(bid)),
                ask: Some(Price(ask)),
                is_open: true,
                ..Quote::default()
            };
            let feed = if state == 2 { Feed::Stale } else { Feed::Live };
            let odd = if is_odd { dec("0.4") } else { Decimal::ZERO };
            Line {
                instrument: instrument(id, if is_yen { JPY } else { USD }, lot, multiplier),
                net: if state < 3 { Decimal::ZERO } else { (Decimal::from(lots) + odd) * dec(lot) },
                quote: (state != 0).then_some((quote, feed)),
                has_working: state == 4,
                commission: (state != 5).then(|| Commission {
                    percent: Decimal::new(fee, 2),
                    per_unit: Decimal::ZERO,
                    minimum: Decimal::new(fee * i64::from(is_odd), 1),
                }),
                is_held_back: state == 6,
            }
        },
    )
}

fn any_lines() -> impl Strategy<Value = Vec<Line>> {
    (1_u32..7).prop_flat_map(|count| (0..count).map(any_line).collect::<Vec<_>>())
}

fn any_options() -> impl Strategy<Value = Options> {
    let numbers = (0_i64..40, 0_u32..20, 0_i64..5_000);
    (any::<[bool; 4]>(), numbers).prop_map(|([closes, borrows, lends, limits], (reserve, ticks, least))| {
        Options {
            others: if closes { Others::Closed } else { Others::LeftAlone },
            leverage: if borrows { Leverage::Allowed } else { Leverage::Refused },
            funds: if lends { Funds::WithSales } else { Funds::CashNow },
            reserve: Decimal::new(reserve, 2),
            least_trade: Decimal::from((least - 2_500).max(0)),
            style: if limits { Style::Limit } else { Style::Market },
            ticks,
            tif: TimeInForce::Day,
        }
    })
}

/// Weights in hundredths that add up to no more than one.
fn any_targets(lines: usize) -> impl Strategy<Value = Vec<Target>> {
    let most = 100 / i64::try_from(lines).unwrap();
    prop::collection::vec(-most..=most, 1..=lines).prop_map(|weights| {
        let target = |(id, weight)| Target { instrument: InstrumentId(id), weight: Decimal::new(weight, 2) };
        (0_u32..).zip(weights).map(target).collect()
    })
}

fn any_case() -> impl Strategy<Value = (Situation, Vec<Target>, Options)> {
    (any_lines(), 0_i64..50_000_000, any_options()).prop_flat_map(|(lines, cash, options)| {
        let count = lines.len();
        let cash = Decimal::new(cash, 0);
        let now = situation(&cash.to_string(), lines);
        (Just(now), any_targets(count), Just(options))
    })
}

/// What is left out of digits where currencies are converted.
fn dust() -> Decimal {
    Decimal::new(1, 12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_keeps_its_word((now, targets, options) in any_case()) {
        let Ok(plan) = plan(&targets, options, &now) else { return Ok(()) };
        let totals = plan.totals;
        // The naive model: book each order at its price, value everything at its mark.
        let (mut cash, mut spent) = (now.cash, Decimal::ZERO);
        for (row, trade) in plan.trades() {
            let line = now.line(row.instrument).unwrap();
            let rate = if line.instrument.currency == JPY { dec("150") } else { Decimal::ONE };
            let value = trade.price.0 * trade.spec.quantity.0 * line.instrument.multiplier;
            let due = line.commission.map_or(Decimal::ZERO, |rule| {
                rule.due(value, trade.spec.quantity, line.instrument.currency)
            });
            cash -= (trade.spec.side.sign() * value + due) / rate;
            spent += due / rate;
            if trade.spec.side == Side::Buy {
                spent += value / rate;
            }
            prop_assert!(line.instrument.is_on_lot(trade.spec.quantity));
            prop_assert!(!line.has_working && !line.is_held_back && matches!(line.quote, Some((_, Feed::Live))));
        }
        prop_assert!((cash - totals.cash_after).abs() < dust());
        let after = applied(&plan, &now);
        let worth: Decimal = after.lines.iter().map(|line| line.value(&now.rates).unwrap()).sum();
        prop_assert!((cash + worth - (now.equity - totals.cost())).abs() < dust(), "value is conserved");
        prop_assert!((worth - totals.net_after).abs() < dust());

        let reserve = now.equity * options.reserve;
        if options.funds == Funds::CashNow && plan.trades().any(|(_, trade)| trade.spec.side == Side::Buy) {
            let money = match options.leverage {
                Leverage::Refused => now.cash,
                Leverage::Allowed => now.buying_power,
            };
            prop_assert!(spent <= (money - reserve).max(Decimal::ZERO) + dust(), "{spent} of {money}");
        }
        for row in &plan.rows {
            let line = now.line(row.instrument).unwrap();
            let is_whole = match &row.order {
                Ok(trade) => !trade.is_cut,
                Err(skip) => *skip == Skip::LessThanALot,
            };
            prop_assert_eq!(row.after, after.line(row.instrument).unwrap().net);
            let unit = line.quote.and_then(|(quote, _)| line.unit(quote.mark()?, &now.rates));
            if let Some(unit) = unit.filter(|_| is_whole && totals.lacking.is_zero()) {
                let wanted = row.target * totals.equity_after / unit;
                let lot = line.instrument.lot.0;
                // What is left is less than a lot, or not worth a trade.
                let away = (wanted - row.after).abs();
                prop_assert!(away < lot || (away / lot).trunc() * lot * unit < options.least_trade, "{row:?}");
            }
        }
    }

    #[test]
    fn a_second_plan_after_the_first_has_filled_is_empty((now, targets, options) in any_case()) {
        let Ok(first) = plan(&targets, options, &now) else { return Ok(()) };
        if !first.totals.lacking.is_zero() {
            return Ok(());
        }
        let later = applied(&first, &now);
        let Ok(second) = plan(&targets, options, &later) else { return Ok(()) };
        prop_assert_eq!(second.totals.orders, 0, "{:?}\n{:?}", first, second);
    }

    #[test]
    fn nothing_that_can_be_decoded_is_beyond_a_plan(
        numbers in prop::collection::vec((any::<i64>(), 0_u32..19, any::<i64>(), 0_u32..19, 0_u8..4), 1..5),
        amounts in any::<[i64; 3]>(),
        weights in prop::collection::vec((any::<i64>(), 0_u32..28), 1..5),
        style in any::<bool>(),
    ) {
        let line = |id: u32, (price, scale, net, fine, lot): (i64, u32, i64, u32, u8)| {
            let price = Price(Decimal::new(price, scale).clamp(-bounds::MAX_PRICE, bounds::MAX_PRICE));
            let quote = Quote { bid: Some(price), ask: Some(price), is_open: true, ..Quote::default() };
            let lots = ["1", "0.000000000000000001", "1000000000000000", "0.3"];
            Line {
                instrument: instrument(id, USD, lots[usize::from(lot)], "1000000"),
                net: Decimal::new(net, fine).clamp(-bounds::MAX_QUANTITY, bounds::MAX_QUANTITY),
                quote: Some((quote, Feed::Live)),
                has_working: false,
                commission: Some(Commission {
                    percent: bounds::MAX_PRICE, per_unit: bounds::MAX_PRICE, minimum: Decimal::ZERO,
                }),
                is_held_back: false,
            }
        };
        let lines = (0_u32..).zip(numbers).map(|(id, number)| line(id, number)).collect();
        let [equity, cash, buying_power] = amounts.map(Decimal::from);
        let now = Situation { equity, cash, cash_free: cash, buying_power, rates: Rates::from_quotes(USD, &[]), lines };
        let targets: Vec<Target> = (0_u32..)
            .zip(weights)
            .map(|(id, (weight, scale))| {
                let weight = Decimal::new(weight, scale).clamp(-MAX_WEIGHT, MAX_WEIGHT);
                Target { instrument: InstrumentId(id), weight }
            })
            .collect();
        let options = Options {
            leverage: Leverage::Allowed,
            style: if style { Style::Limit } else { Style::Market },
            others: Others::Closed,
            ticks: 3,
            ..Options::default()
        };
        if let Ok(plan) = plan(&targets, options, &now) {
            prop_assert!(plan.drift(&now).is_none());
            prop_assert!(plan.cash_by_currency(&cash::account(&[]), &now).len() < 2);
            let without = plan.without(|id| id.0 == 0, &now);
            prop_assert!(without.trades().all(|(row, _)| row.instrument.0 != 0));
        }
    }
}
