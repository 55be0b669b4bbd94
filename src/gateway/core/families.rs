//! Brackets: an entry and its exits, which a client sends one by one and the engine takes as one.
//!
//! All but the last are sent with transmit false. The exits must guard exactly what the entry opens:
//! what the engine would have to guess is refused.

use std::sync::Arc;

use super::entry::{Draft, Name};
use super::errors::{self, Refusal};
use super::orders::wire_order;
use super::{Core, words};
use crate::domain::{Decimal, Order, OrderId, OrderKind, OrderSpec, Origin, Price, TimeInForce};
use crate::gateway::wire::{Reply, model};
use crate::link::{Bracket, Place};
use crate::risk::Despite;

impl Core {
    /// An entry was transmitted, by itself or by one of its exits: all of them leave.
    pub(super) fn transmit(&mut self, entry: Name) {
        let mut family = self.take_family(entry);
        // The engine makes the target before the stop.
        family
            .sort_by_key(|draft| (draft.name != entry, !matches!(draft.spec.kind, OrderKind::Limit { .. })));
        match place_of(&family) {
            Ok(place) => self.send(place, family),
            Err(refusal) => self.refuse_all(family, &refusal),
        }
    }

    /// What an order would tie up and cost, without entering it.
    pub(super) fn what_if(&mut self, name: Name, contract: &model::Contract, order: &model::Order) {
        let Some(conn) = self.conn_of(name.0) else { return };
        match self.would_cost(name, contract, order) {
            Ok(told) => self.say(conn, &told),
            Err(Refusal { code, text }) => self.error(conn, Some(name.1), code, &text),
        }
    }

    fn would_cost(
        &self,
        name: Name,
        contract: &model::Contract,
        order: &model::Order,
    ) -> Result<Reply, Refusal> {
        let draft = self.draft_of(name, contract, order)?;
        let spec = draft.spec;
        let instrument = self.desk.instrument(spec.instrument);
        let instrument = instrument.ok_or_else(|| Refusal::new(errors::NO_DEFINITION, "Unknown contract"))?;
        let mark = self.desk.mark(spec.instrument);
        let price = spec.kind.limit().or(spec.kind.stop()).or(mark);
        let price =
            price.ok_or_else(|| Refusal::order("There is no price yet to reckon with: ask for quotes"))?;
        let unknown = || Refusal::order("It cannot be reckoned yet: a price or an exchange rate is missing");
        let value = instrument.checked_value(price, spec.quantity).ok_or_else(unknown)?;
        // What closes ties nothing up.
        let held = self.desk.blotter().position_of(&draft.account, spec.instrument);
        let held = held.map_or(Decimal::ZERO, |held| held.net);
        let after = held + spec.side.sign() * spec.quantity.0;
        let opens = (after.abs() - held.abs()).max(Decimal::ZERO);
        let share = opens.checked_div(spec.quantity.0).unwrap_or_default();
        let rates = self.desk.rates();
        let to_base = |amount| rates.to_base(amount, instrument.currency).ok_or_else(unknown);
        let change = to_base(value.checked_mul(share).ok_or_else(unknown)?)?;
        let charged = self.desk.commission(instrument, price, spec.quantity).ok_or_else(unknown)?;
        let commission = to_base(charged)?;
        let valued = self.desk.valuations().iter().find(|valued| valued.account == draft.account);
        let valued = valued.filter(|valued| valued.valuation.is_complete()).ok_or_else(unknown)?;
        let equity = valued.valuation.total.equity;
        let margin = valued.balances.ok_or_else(unknown)?.margin;
        let number = |amount: Decimal| Some(words::double(amount));
        let state = model::OrderState {
            status: Some("PreSubmitted".to_owned()),
            init_margin_before: number(margin),
            maint_margin_before: number(margin),
            equity_with_loan_before: number(equity),
            init_margin_change: number(change),
            maint_margin_change: number(change),
            equity_with_loan_change: number(-commission),
            init_margin_after: number(margin + change),
            maint_margin_after: number(margin + change),
            equity_with_loan_after: number(equity - commission),
            commission_and_fees: number(charged),
            min_commission_and_fees: number(charged),
            max_commission_and_fees: number(charged),
            commission_and_fees_currency: Some(instrument.currency.to_string()),
            margin_currency: Some(rates.base().to_string()),
            ..model::OrderState::default()
        };
        let told = self.as_order(&draft);
        let order = model::Order {
            order_id: Some(name.1),
            what_if: Some(true),
            ..wire_order(&told, &instrument.hours.zone)
        };
        let contract = Some(draft.contract);
        let open = model::OpenOrder {
            order_id: Some(name.1),
            contract,
            order: Some(order),
            order_state: Some(state),
        };
        Ok(Reply::OpenOrder(Box::new(open)))
    }

    /// A draft as if it were an order.
    fn as_order(&self, draft: &Draft) -> Order {
        Order {
            client: Some(Arc::new(draft.client_ref())),
            origin: Origin::Api,
            ..Order::intended(
                OrderId(0),
                self.desk.instrument(draft.spec.instrument).map(|i| i.broker).unwrap_or_default(),
                draft.account.clone(),
                draft.spec,
                self.now,
            )
        }
    }
}

/// An entry with its exits, the entry first and the target before the stop.
fn place_of(family: &[Draft]) -> Result<Place, Refusal> {
    let Some((entry, exits)) = family.split_first().filter(|(entry, _)| entry.parent == 0) else {
        return Err(Refusal::order("The entry of these exits is not here any more"));
    };
    let mut bracket: Option<Bracket> = None;
    for exit in exits {
        guards(&exit.spec, &entry.spec)?;
        if exit.account != entry.account {
            return Err(Refusal::order("An exit must be for the account of its entry"));
        }
        let tif = exit.spec.tif;
        let so_far = bracket.get_or_insert(Bracket { take_profit: None, stop_loss: None, tif });
        if so_far.tif != tif {
            return Err(Refusal::order("The exits of an order must be good for the same time"));
        }
        let (leg, price): (&mut Option<Price>, Price) = match exit.spec.kind {
            OrderKind::Limit { price } => (&mut so_far.take_profit, price),
            OrderKind::Stop { stop } => (&mut so_far.stop_loss, stop),
            _ => return Err(Refusal::order("An exit is a limit order (LMT) or a stop (STP) here")),
        };
        if leg.replace(price).is_some() {
            return Err(Refusal::order("An order has one target and one stop at most"));
        }
    }
    Ok(Place {
        account: entry.account.clone(),
        spec: entry.spec,
        bracket,
        origin: Origin::Api,
        seen: None,
        names: family.iter().map(Draft::client_ref).collect(),
        despite: Despite::default(),
    })
}

fn guards(exit: &OrderSpec, entry: &OrderSpec) -> Result<(), Refusal> {
    let wrong = if exit.instrument != entry.instrument {
        "An exit must be for the instrument of its entry"
    } else if exit.side == entry.side {
        "An exit must be on the other side than its entry"
    } else if exit.quantity != entry.quantity {
        "An exit must be as large as its entry"
    } else if !matches!(exit.tif, TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Gtd(_)) {
        "An exit must be good for the day or longer"
    } else if exit.post_only {
        "An exit cannot be post-only"
    } else {
        return Ok(());
    };
    Err(Refusal::order(wrong))
}
