//! Shares, orders and a gate that lets them through, for tests of what comes behind it.

use pitdesk::domain::{
    AccountId, AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, LimitSet, Limits, Money,
    Order, OrderId, OrderSpec, Qty, Quote, TickTable, Time, TradingHours,
};
use pitdesk::risk::{Known, Line, Pending, Uses};

/// A share in New York that trades at all hours.
pub fn share(id: u32, symbol: &str) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        broker: BrokerId(0),
        symbol: symbol.into(),
        name: symbol.into(),
        venue: "NASDAQ".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(Decimal::new(1, 2)).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("America/New_York"),
    }
}

/// An order of which nothing has been sent.
pub fn intended(id: u64, account: AccountId, spec: OrderSpec, now: Time) -> Order {
    Order::intended(OrderId(id), BrokerId(0), account, spec, now)
}

/// Limits that hold back nothing for its value.
pub fn plenty() -> Limits {
    let plenty = Some(Decimal::from(1_000_000_000_000_i64));
    Limits { max_order_value: plenty, max_position_value: plenty, ..Limits::default() }
}

/// The gate of an account that may do anything but what makes no sense.
pub fn with_known<R>(
    profile: Limits,
    account: &AccountId,
    instrument: &Instrument,
    quote: &Quote,
    now: Time,
    ask: impl FnOnce(&Known<'_>) -> R,
) -> R {
    let limits = LimitSet { profile, ..LimitSet::default() };
    ask(&Known {
        limits: limits.in_force(account, instrument),
        account,
        instrument,
        quote: Some((quote, now)),
        position: Decimal::ZERO,
        pending: Pending::default(),
        exits: Pending::default(),
        uses: Uses::default(),
        is_in_hours: true,
        is_regular: true,
        to_limits: Some(Money { amount: Decimal::ONE, currency: limits.currency }),
        is_armed: true,
        is_killed: false,
        line: Line::Ready,
        now,
    })
}
