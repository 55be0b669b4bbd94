//! Settings of which one of a few is chosen, or a number is typed behind the name.

use std::sync::Arc;

use super::Action;
use crate::domain::settings::{Settings, ZoneDisplay};
use crate::domain::{AssetClass, Currency, Decimal, Qty};
use crate::link::Command;
use crate::ui::format;
use crate::ui::ticket::number;

/// What totals can be shown in.
const CURRENCIES: [Currency; 4] = [Currency::USD, Currency::EUR, Currency::JPY, Currency::KRW];

/// The choices, with what is in force; quantities from the number that the query ends with.
pub(super) fn choices(now: &Settings, query: &str) -> Vec<Action> {
    let mut actions = Vec::new();
    for (zone, text) in [
        (ZoneDisplay::Exchange, "Times: in the zone of the exchange"),
        (ZoneDisplay::Local, "Times: in the zone of this computer"),
        (ZoneDisplay::Utc, "Times: in UTC"),
    ] {
        let choose = with(now, |settings| settings.time_zone_display = zone);
        let action = Action::engine(text, "time zone clock hours", choose);
        actions.push(action.in_force(now.time_zone_display == zone));
    }
    for (asks, text) in
        [(true, "Orders: the ticket asks before it sends"), (false, "Orders: the ticket sends at one click")]
    {
        let choose = with(now, |settings| settings.confirm_orders = asks);
        actions
            .push(Action::engine(text, "confirm confirmation", choose).in_force(now.confirm_orders == asks));
    }
    for currency in CURRENCIES {
        let choose = with(now, |settings| settings.base_currency = currency);
        let action = Action::engine(format!("Totals in {currency}"), "base currency account equity", choose);
        actions.push(action.in_force(now.base_currency == currency));
    }
    let typed = query.split_whitespace().last().and_then(|word| number::parse(word).ok().flatten());
    actions.extend(quantities(now, typed));
    actions
}

/// What the ticket begins with: as it is, or as it would be with the number that was typed.
fn quantities(now: &Settings, typed: Option<Decimal>) -> impl Iterator<Item = Action> {
    let classes = [
        (AssetClass::Share, "shares"),
        (AssetClass::Fx, "currencies"),
        (AssetClass::Crypto, "coins"),
        (AssetClass::Future, "futures"),
        (AssetClass::Option, "options"),
    ];
    classes
        .map(|(class, name)| {
            let is = now.default_quantity.of(class);
            let quantity = typed.map_or(is, Qty);
            let hint = if typed.is_none() { ", type another number" } else { "" };
            let text = format!("Usual quantity of {name}: {}{hint}", format::exact(quantity.0));
            let choose = with(now, |settings| *settings.default_quantity.of_mut(class) = quantity);
            Action::engine(text, "default size order lot", choose).in_force(quantity == is)
        })
        .into_iter()
}

fn with(now: &Settings, change: impl FnOnce(&mut Settings)) -> Command {
    let mut settings = now.clone();
    change(&mut settings);
    Command::Configure(Arc::new(settings))
}
