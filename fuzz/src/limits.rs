//! The bounds of accepted numbers, stated once more and independently of the decoders.

use pitdesk::broker::paper::wire::{FromExchange, MarketLine, NewOrder, Says, ToExchange};
use pitdesk::domain::{
    Account, Decimal, Fill, Order, OrderKind, OrderSpec, Position, Price, Qty, Quote, TrailBy,
};
use pitdesk::exchange::AccountState;

pub fn price(price: Price) {
    assert!(price.0.abs() <= Decimal::from(1_000_000_000_000_i64), "price {price}");
    assert!(price.0.normalize().scale() <= 18, "price {price}");
}

pub fn quantity(quantity: Qty) {
    assert!(quantity.0 >= Decimal::ZERO, "quantity {quantity}");
    net(quantity.0);
}

fn net(net: Decimal) {
    assert!(net.abs() <= Decimal::from(1_000_000_000_000_000_i64), "quantity {net}");
    assert!(net.normalize().scale() <= 18, "quantity {net}");
}

pub fn amount(amount: Decimal) {
    assert!(amount.abs() <= Decimal::from(10_000_000_000_000_000_000_000_i128), "amount {amount}");
}

pub fn average(average: Option<Decimal>) {
    assert!(average.unwrap_or_default().abs() <= Decimal::from(1_000_000_000_000_i64), "average {average:?}");
}

pub fn kind(kind: OrderKind) {
    kind.limit().into_iter().chain(kind.stop()).for_each(price);
    if let OrderKind::TrailingStop { by: TrailBy::Amount(by) | TrailBy::Percent(by) } = kind {
        price(Price(by));
    }
}

fn spec(spec: &OrderSpec) {
    quantity(spec.quantity);
    kind(spec.kind);
}

fn order(order: &Order) {
    spec(&order.spec);
    quantity(order.filled);
    average(order.average_price);
    order.trigger.into_iter().for_each(price);
}

fn fill(fill: &Fill) {
    quantity(fill.quantity);
    price(fill.price);
    [fill.commission.amount, fill.realised].into_iter().for_each(amount);
}

fn position(position: &Position) {
    net(position.net);
    average(Some(position.average_price));
    [position.realised, position.commissions].into_iter().for_each(amount);
}

fn account(account: &Account) {
    for balance in &account.balances {
        let all = [balance.cash, balance.realised, balance.commissions, balance.margin, balance.buying_power];
        all.into_iter().for_each(amount);
    }
}

pub fn quote(quote: &Quote) {
    let prices = [quote.bid, quote.ask, quote.last, quote.prev_close, quote.open, quote.high, quote.low];
    prices.into_iter().flatten().for_each(price);
    [quote.bid_size, quote.ask_size, quote.last_size, quote.volume].into_iter().for_each(quantity);
}

/// Of a message to the exchange.
pub fn asked(message: &ToExchange) {
    match message {
        ToExchange::Place(orders) => orders.iter().for_each(|NewOrder { spec: asked, .. }| spec(asked)),
        ToExchange::Amend { quantity: units, limit, stop, .. } => {
            units.iter().copied().for_each(quantity);
            [*limit, *stop].into_iter().flatten().for_each(price);
        }
        _ => {}
    }
}

/// Of a message of the exchange.
pub fn told(message: &FromExchange) {
    match message {
        FromExchange::Books(books) => {
            books.orders.iter().for_each(order);
            books.fills.iter().for_each(fill);
            books.positions.iter().for_each(position);
            books.accounts.iter().for_each(account);
            for rule in &books.commissions {
                let rule = rule.commission;
                [rule.percent, rule.per_unit, rule.minimum].map(Some).into_iter().for_each(average);
            }
        }
        FromExchange::Report { report, .. } => match &report.says {
            Says::Amended(amended) => spec(amended),
            Says::Trigger(at) => price(*at),
            _ => {}
        },
        FromExchange::Fill { fill: executed, position: after, .. } => {
            fill(executed);
            position(after);
        }
        FromExchange::Account(of) => account(of),
        FromExchange::Market(lines) => lines.iter().for_each(|line| match line {
            MarketLine::Quote(_, of) => quote(of),
            MarketLine::Trade(_, trade) => {
                price(trade.price);
                quantity(trade.quantity);
            }
            MarketLine::Depth(_, bids, asks, _) => bids.iter().chain(asks).for_each(|(at, units, _)| {
                price(*at);
                quantity(*units);
            }),
        }),
        _ => {}
    }
}

/// Of saved accounts.
pub fn saved(state: &AccountState) {
    for account in &state.accounts {
        account.cash.iter().for_each(|money| amount(money.amount));
        for held in &account.positions {
            net(held.net);
            average(Some(held.average_price));
            [held.realised, held.commissions].into_iter().for_each(amount);
        }
        for order in account.working.iter().chain(&account.past) {
            [order.quantity, order.filled].into_iter().chain(order.released).for_each(quantity);
            kind(order.kind);
            [order.traded, order.charged].into_iter().for_each(amount);
            [order.best, order.bound].into_iter().flatten().for_each(price);
        }
        for executed in &account.fills {
            quantity(executed.quantity);
            price(executed.price);
            [executed.commission.amount, executed.realised].into_iter().for_each(amount);
        }
    }
}
