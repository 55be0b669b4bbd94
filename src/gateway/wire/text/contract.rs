//! Contracts: the same instrument in the choice of fields that each message makes.

use super::{Done, Fields, minus_one};
use crate::gateway::wire::model::{ComboLeg, Contract, DeltaNeutralContract};

/// Of most requests, and what `tws-wire.md` calls C12.
pub fn asked(t: &mut Fields, _name: &'static str, slot: &mut Option<Contract>) -> Done {
    let contract = slot.get_or_insert_default();
    fields!(t, contract => con_id, symbol, sec_type, last_trade_date_or_contract_month, strike,
        right as right, multiplier, exchange, primary_exch, currency, local_symbol, trading_class);
    Ok(())
}

/// As [`asked`], with what follows it where expired contracts may be asked for.
pub fn asked_expired(t: &mut Fields, name: &'static str, slot: &mut Option<Contract>) -> Done {
    asked(t, name, slot)?;
    let contract = slot.get_or_insert_default();
    fields!(t, contract => include_expired);
    Ok(())
}

/// Of orders, fills and positions: without the primary exchange.
pub fn told(t: &mut Fields, _name: &'static str, slot: &mut Option<Contract>) -> Done {
    let contract = slot.get_or_insert_default();
    fields!(t, contract => con_id, symbol, sec_type, last_trade_date_or_contract_month, strike,
        right as right, multiplier, exchange, currency, local_symbol, trading_class);
    Ok(())
}

/// Of an order: as [`told`], with a question mark where there is no right.
pub fn ordered(t: &mut Fields, _name: &'static str, slot: &mut Option<Contract>) -> Done {
    let contract = slot.get_or_insert_default();
    fields!(t, contract => con_id, symbol, sec_type, last_trade_date_or_contract_month, strike,
        right as right_or_question, multiplier, exchange, currency, local_symbol, trading_class);
    Ok(())
}

/// Of a portfolio: with the primary exchange only.
pub fn held(t: &mut Fields, _name: &'static str, slot: &mut Option<Contract>) -> Done {
    let contract = slot.get_or_insert_default();
    fields!(t, contract => con_id, symbol, sec_type, last_trade_date_or_contract_month, strike,
        right as right, multiplier, primary_exch, currency, local_symbol, trading_class);
    Ok(())
}

/// The right of an option. TWS writes a question mark where there is none.
fn right(t: &mut Fields, name: &'static str, slot: &mut Option<String>) -> Done {
    optional_right(t, name, slot, "")
}

fn right_or_question(t: &mut Fields, name: &'static str, slot: &mut Option<String>) -> Done {
    optional_right(t, name, slot, "?")
}

fn optional_right(t: &mut Fields, name: &'static str, slot: &mut Option<String>, unset: &str) -> Done {
    let is_none = |right: &mut String| right == "?";
    slot.take_if(is_none);
    t.value_or(name, slot, unset)?;
    slot.take_if(is_none);
    Ok(())
}

/// Legs of a combination that is asked for.
pub fn asked_legs(t: &mut Fields, legs: &mut Vec<ComboLeg>) -> Done {
    t.list("combo_legs", legs, |t, leg| {
        fields!(t, leg => con_id, ratio, action, exchange);
        Ok(())
    })
}

/// Legs of a combination that is ordered.
pub fn ordered_legs(t: &mut Fields, legs: &mut Vec<ComboLeg>) -> Done {
    t.list("combo_legs", legs, |t, leg| {
        fields!(t, leg => con_id, ratio, action, exchange, open_close, short_sales_slot,
            designated_location, exempt_code as minus_one);
        Ok(())
    })
}

/// Whether there is an underlying that hedges, and which.
pub fn delta_neutral(t: &mut Fields, slot: &mut Option<DeltaNeutralContract>) -> Done {
    if t.flag("has_delta_neutral_contract", slot.is_some())? {
        let underlying = slot.get_or_insert_default();
        fields!(t, underlying => con_id, delta, price);
    }
    Ok(())
}
