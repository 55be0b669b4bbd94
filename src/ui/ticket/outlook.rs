//! What an order would come to: its value, the buying power after it, the position after it.
//!
//! Estimates for the eye, by the prices of this frame; what counts is what the broker books.

use super::facts::Facts;
use crate::domain::{Decimal, Price, Qty, Side};
use crate::ui::format;

/// What filling an order does to a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// It opens one, or makes it larger.
    Adds,
    /// It makes it smaller.
    Reduces,
    /// It brings it to zero.
    Closes,
    /// It turns it into its opposite.
    Reverses,
}

/// What an order of `quantity` does to `net` units held.
pub(super) fn effect(net: Decimal, side: Side, quantity: Qty) -> Effect {
    let opposes = !net.is_zero() && (net > Decimal::ZERO) == (side == Side::Sell);
    if !opposes {
        return Effect::Adds;
    }
    match quantity.0.cmp(&net.abs()) {
        std::cmp::Ordering::Less => Effect::Reduces,
        std::cmp::Ordering::Equal => Effect::Closes,
        std::cmp::Ordering::Greater => Effect::Reverses,
    }
}

/// `flat`, `long 100`, `short 0.5`.
pub(super) fn held(net: Decimal) -> String {
    if net.is_zero() {
        "flat".to_owned()
    } else if net > Decimal::ZERO {
        format!("long {}", format::exact(net))
    } else {
        format!("short {}", format::exact(-net))
    }
}

/// `long 100 → short 50: reverses`.
pub(super) fn becomes(net: Decimal, side: Side, quantity: Qty) -> String {
    let after = net + side.sign() * quantity.0;
    let what = match effect(net, side, quantity) {
        Effect::Reverses => ": reverses",
        Effect::Closes => ": closes",
        Effect::Adds | Effect::Reduces => "",
    };
    format!("{} → {}{what}", held(net), held(after))
}

/// The numbers of one side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Outlook {
    /// In the instrument's currency.
    pub value: Option<Decimal>,
    /// In the base currency.
    pub in_base: Option<Decimal>,
    /// If all of it fills at that price; `None` where the broker does not tell its rules.
    pub commission: Option<Decimal>,
    /// Buying power in the instrument's currency once what opens is paid for, before
    /// commission; working orders have their claim already.
    pub power_left: Option<Decimal>,
}

impl Outlook {
    pub(super) fn of(facts: &Facts<'_>, side: Side, quantity: Option<Qty>, at: Option<Price>) -> Self {
        let (Some(quantity), Some(at)) = (quantity, at) else { return Self::default() };
        let worth = |quantity| facts.instrument.checked_value(at, quantity);
        let in_base = |value: Decimal| value.checked_mul(facts.to_base?.amount);
        let value = worth(quantity);
        // What closes a position frees power; how much of it, only the broker knows.
        let closing = match effect(facts.net(), side, quantity) {
            Effect::Adds => Qty::ZERO,
            Effect::Reduces | Effect::Closes | Effect::Reverses => Qty(facts.net().abs()),
        };
        let power = facts
            .account
            .as_ref()
            .ok()
            .and_then(|a| a.balance(facts.instrument.currency))
            .map(|b| b.buying_power);
        let cost = worth(quantity.saturating_sub(closing));
        Self {
            value,
            commission: facts.desk.commission(facts.instrument, at, quantity),
            in_base: value.and_then(in_base),
            power_left: power.zip(cost).and_then(|(power, cost)| power.checked_sub(cost)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(net: i64, side: Side, quantity: i64, expected: &str) {
        assert_eq!(becomes(net.into(), side, Qty(quantity.into())), expected);
    }

    #[test]
    fn the_position_after_an_order_is_said_with_what_happens_to_it() {
        check(0, Side::Buy, 100, "flat → long 100");
        check(0, Side::Sell, 100, "flat → short 100");
        check(100, Side::Buy, 200, "long 100 → long 300");
        check(100, Side::Sell, 40, "long 100 → long 60");
        check(100, Side::Sell, 100, "long 100 → flat: closes");
        check(100, Side::Sell, 150, "long 100 → short 50: reverses");
        check(-100, Side::Buy, 100, "short 100 → flat: closes");
        check(-100, Side::Buy, 1_600, "short 100 → long 1,500: reverses");
        check(-100, Side::Sell, 100, "short 100 → short 200");
    }

    #[test]
    fn coins_are_written_without_idle_zeros() {
        let net = Decimal::new(10_000_000, 8);
        assert_eq!(becomes(net, Side::Sell, Qty(Decimal::new(15, 2))), "long 0.1 → short 0.05: reverses");
    }
}
