//! Whatever an exchange says that is within its bounds: engine, link and desk add it up without a
//! panic, and the journal can read again what it was given. The numbers here are as large, as small
//! and as fine as any that are accepted, and the times are at both ends of time.

use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::bodies::framing::frame;
use super::bodies::world::{Disk, Program};
use pitdesk::broker::paper::wire::{BooksPart, FromExchange, MarketLine, ReportLine, Says};
use pitdesk::domain::{
    Account, AccountKind, AssetClass, Balance, BrokerId, Commission, CommissionRule, Currency, Decimal,
    ExecId, Fill, GroupId, InstrumentId, Liquidity, Money, Order, OrderId, OrderKind, OrderSpec, OrderStatus,
    Origin, Position, Price, Qty, Quote, Reported, ReportedDay, Side, Time, TimeInForce, Trade, TrailBy,
    bounds,
};
use pitdesk::link::{Command, Flatten};
use pitdesk::risk::Despite;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn choice<T: Clone + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> + Clone {
    proptest::sample::select(all)
}

fn number(most: Decimal, least: &'static str, usual: &'static str) -> impl Strategy<Value = Decimal> + Clone {
    prop_oneof![
        1 => Just(most),
        1 => Just(most - Decimal::ONE),
        1 => Just(dec(least)),
        1 => Just(Decimal::ZERO),
        3 => Just(dec(usual)),
    ]
}

fn signed(number: impl Strategy<Value = Decimal>) -> impl Strategy<Value = Decimal> {
    (number, any::<bool>()).prop_map(|(number, negative)| if negative { -number } else { number })
}

fn price() -> impl Strategy<Value = Price> {
    signed(number(bounds::MAX_PRICE, "0.000000000000000001", "100.01")).prop_map(Price)
}

fn units() -> impl Strategy<Value = Qty> + Clone {
    number(bounds::MAX_QUANTITY, "0.000000000000000001", "10").prop_map(Qty)
}

fn amount() -> impl Strategy<Value = Decimal> {
    signed(number(bounds::MAX_AMOUNT, "0.0000000000000000000000000001", "1.25"))
}

fn time() -> impl Strategy<Value = Time> {
    let now = super::bodies::world::START;
    choice(&[i64::MIN, i64::MIN + 1, -1, 0, i64::MAX - 1, i64::MAX])
        .prop_map(Time)
        .boxed()
        .prop_union(Just(now).boxed())
}

fn instrument() -> impl Strategy<Value = InstrumentId> {
    choice(&[0, 0, 1, 2, 3, u32::MAX]).prop_map(InstrumentId)
}

fn id() -> impl Strategy<Value = OrderId> {
    choice(&[1, 2, 3, 1_000, u64::MAX / 2]).prop_map(OrderId)
}

fn side() -> impl Strategy<Value = Side> {
    choice(&[Side::Buy, Side::Sell])
}

fn kind() -> impl Strategy<Value = OrderKind> {
    prop_oneof![
        Just(OrderKind::Market),
        price().prop_map(|price| OrderKind::Limit { price }),
        (price(), price()).prop_map(|(stop, price)| OrderKind::StopLimit { stop, price }),
        price().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Percent(by.0) }),
    ]
}

fn spec() -> impl Strategy<Value = OrderSpec> {
    let tif = prop_oneof![Just(TimeInForce::Day), Just(TimeInForce::Gtc), time().prop_map(TimeInForce::Gtd)];
    let family = (proptest::option::of(Just(GroupId(u64::MAX))), proptest::option::of(id()));
    (instrument(), side(), units(), kind(), tif, family).prop_map(|(of, side, units, kind, tif, family)| {
        let (oco, parent) = family;
        OrderSpec { oco, parent, ..OrderSpec::new(of, side, units, kind, tif) }
    })
}

const STATUSES: [OrderStatus; 12] = [
    OrderStatus::Sent,
    OrderStatus::Accepted,
    OrderStatus::Held,
    OrderStatus::Working,
    OrderStatus::PartiallyFilled,
    OrderStatus::PendingAmend,
    OrderStatus::PendingCancel,
    OrderStatus::Filled,
    OrderStatus::Cancelled,
    OrderStatus::Rejected,
    OrderStatus::Expired,
    OrderStatus::Unknown,
];

fn order() -> impl Strategy<Value = Order> {
    let numbers = (units(), proptest::option::of(price()), proptest::option::of(price()));
    (id(), spec(), choice(&STATUSES), numbers, time(), time()).prop_map(
        |(id, spec, status, (filled, average, trigger), created, updated)| Order {
            id,
            broker: BrokerId(u8::MAX),
            account: "PAPER".into(),
            spec,
            status,
            is_acknowledged: true,
            kept: None,
            client: None,
            filled,
            average_price: average.map(|price| price.0),
            trigger,
            reason: None,
            origin: Origin::Foreign,
            created,
            updated,
        },
    )
}

fn fill() -> impl Strategy<Value = Fill> {
    (any::<u8>(), id(), instrument(), side(), units(), price(), amount(), amount(), time()).prop_map(
        |(exec, order, instrument, side, quantity, price, cost, realised, time)| Fill {
            exec_id: ExecId(exec.to_string().into()),
            order,
            account: "PAPER".into(),
            instrument,
            side,
            quantity,
            price,
            commission: Money { amount: cost, currency: Currency::USD },
            realised,
            liquidity: Liquidity::Taker,
            time,
        },
    )
}

fn position() -> impl Strategy<Value = Position> {
    let net = signed(units().prop_map(|units| units.0));
    (instrument(), net, price(), amount(), amount()).prop_map(|(of, net, average, realised, commissions)| {
        let average_price = average.0;
        Position { net, average_price, realised, commissions, ..Position::flat("PAPER".into(), of) }
    })
}

fn account() -> impl Strategy<Value = Account> {
    let balance = (
        choice(&[Currency::USD, Currency::KRW, Currency::EUR]),
        [amount(), amount(), amount()].prop_map(|a| a),
    );
    let reported =
        proptest::option::of([amount(), amount(), amount()].prop_map(|[equity, unrealised, realised]| {
            let day = Some(ReportedDay { gain: equity, unrealised, realised });
            Reported { equity, day }
        }));
    (vec(balance, 0..4), reported).prop_map(|(balances, reported)| Account {
        id: "PAPER".into(),
        broker: BrokerId(9),
        kind: AccountKind::Paper,
        title: "Paper".into(),
        base: Currency::USD,
        balances: balances
            .into_iter()
            .map(|(currency, [cash, realised, margin])| Balance {
                currency,
                cash,
                realised,
                commissions: realised,
                margin,
                buying_power: cash,
            })
            .collect(),
        reported,
    })
}

fn quote() -> impl Strategy<Value = Quote> {
    let some = || proptest::option::weighted(0.8, price());
    (some(), some(), some(), some(), units(), time()).prop_map(|(bid, ask, last, close, size, time)| Quote {
        bid,
        bid_size: size,
        ask,
        ask_size: size,
        last,
        last_size: size,
        volume: size,
        prev_close: close,
        open: last,
        high: ask,
        low: bid,
        is_open: true,
        time,
    })
}

fn market() -> impl Strategy<Value = MarketLine> {
    let trade = (time(), price(), units()).prop_map(|(time, price, quantity)| Trade {
        time,
        price,
        quantity,
        aggressor: None,
    });
    let level = || vec((price(), units(), any::<u32>()), 0..4);
    prop_oneof![
        3 => (instrument(), quote()).prop_map(|(id, quote)| MarketLine::Quote(id, quote)),
        1 => (instrument(), trade).prop_map(|(id, trade)| MarketLine::Trade(id, trade)),
        1 => (instrument(), level(), level(), time()).prop_map(|(id, b, a, t)| MarketLine::Depth(id, b, a, t)),
    ]
}

fn books() -> impl Strategy<Value = BooksPart> {
    let commission = (price(), price(), price()).prop_map(|(percent, per_unit, minimum)| CommissionRule {
        class: AssetClass::Share,
        currency: None,
        commission: Commission { percent: percent.0, per_unit: per_unit.0, minimum: minimum.0 },
    });
    (vec(order(), 0..4), vec(fill(), 0..4), vec(position(), 0..3), account(), vec(commission, 0..2)).prop_map(
        |(orders, fills, positions, account, commissions)| BooksPart {
            orders,
            fills,
            positions,
            accounts: vec![account],
            commissions,
        },
    )
}

/// Something that happens: an exchange says it (with the number of an event, where it has one), or
/// a trader does.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "a test's steps, a few at a time")]
enum Step {
    Says(FromExchange),
    Asks(Command),
    Passes(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let says = prop_oneof![
        spec().prop_map(Says::Amended),
        price().prop_map(Says::Trigger),
        choice(&STATUSES).prop_map(|status| Says::Status(status, Some("so".into()))),
        Just(Says::CancelRefused("no".into())),
    ];
    let report = (id(), says, time()).prop_map(|(order, says, time)| ReportLine { order, says, time });
    let asks = prop_oneof![
        instrument().prop_map(|instrument| Command::Close {
            account: "PAPER".into(),
            instrument,
            despite: Despite::default()
        }),
        instrument().prop_map(|instrument| Command::Reverse {
            account: "PAPER".into(),
            instrument,
            despite: Despite::default()
        }),
        Just(Command::Kill { flatten: Flatten::Market }),
        Just(Command::Kill { flatten: Flatten::Within(dec("99.9")) }),
        Just(Command::ReleaseKill),
        id().prop_map(|order| Command::Cancel { order }),
        (id(), units(), price()).prop_map(|(order, units, limit)| Command::Amend {
            order,
            quantity: Some(units),
            limit: Some(limit),
            stop: None,
            despite: Despite::default(),
        }),
    ];
    prop_oneof![
        4 => vec(market(), 1..4).prop_map(|lines| Step::Says(FromExchange::Market(lines))),
        3 => (fill(), position()).prop_map(|(fill, position)| Step::Says(FromExchange::Fill { event: 0, fill, position })),
        3 => report.prop_map(|report| Step::Says(FromExchange::Report { event: 0, report })),
        3 => books().prop_map(|part| Step::Says(FromExchange::Books(part))),
        2 => Just(Step::Says(FromExchange::BooksEnd)),
        1 => account().prop_map(|account| Step::Says(FromExchange::Account(account))),
        2 => asks.prop_map(Step::Asks),
        1 => (0u64..3_000).prop_map(Step::Passes),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn accepted_numbers_of_any_size_add_up_without_a_panic(
        first in books(), steps in vec(step(), 0..30), hangs in any::<bool>(),
    ) {
        let mut program = Program::new(if hangs { Disk::Hangs } else { Disk::Quick });
        let (mut number, mut event) = (0, 0);
        let mut say = |program: &mut Program, mut message: FromExchange| {
            number += 1;
            if let FromExchange::Report { event: at, .. } | FromExchange::Fill { event: at, .. } = &mut message {
                event += 1;
                *at = event;
            }
            let mut bytes = Vec::new();
            frame(number, &serde_json::to_vec(&message).unwrap(), &mut bytes);
            program.hear(&bytes);
        };
        say(&mut program, FromExchange::Welcome { version: 1, session: 1, event: 0 });
        say(&mut program, FromExchange::Books(first));
        say(&mut program, FromExchange::BooksEnd);
        say(&mut program, FromExchange::Ready { market: "Extremes".into() });
        prop_assert!(program.client.is_ready());
        program.look();
        for step in steps {
            match step {
                Step::Says(message) => say(&mut program, message),
                Step::Asks(command) => program.command(command),
                Step::Passes(millis) => {
                    program.pass(Duration::from_millis(millis));
                    say(&mut program, FromExchange::Alive);
                }
            }
            program.look();
            prop_assert!(program.client.is_ready(), "everything here is within its bounds");
        }
    }
}
