//! Orders that TWS only reckons with.
//!
//! They go to TWS like orders, with a number of their own and marked as a question, and the stream of order
//! updates brings the answer. Nothing of them is ever an order here: a question that is not answered ends, and
//! what comes later is of nobody.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ibapi::orders::{OrderData, OrderState};

use super::advice::told;
use super::codes::{OrderWord, of_order, words};
use super::number::decimal;
use crate::broker::contract::BrokerEvent;
use crate::domain::{Currency, Decimal, Impact, MarginImpact, Money, Time};
use crate::link::CommandId;

/// How long TWS may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The questions that are open, by their number.
#[derive(Debug, Default)]
pub(super) struct WhatIfs {
    open: BTreeMap<i32, Asked>,
}

/// A question.
#[derive(Debug)]
struct Asked {
    id: CommandId,
    /// The currency of its account, in which margin is reckoned.
    base: Option<Currency>,
    at: Time,
}

impl WhatIfs {
    /// A question is on its way.
    pub fn asked(&mut self, number: i32, id: CommandId, base: Option<Currency>, now: Time) {
        self.open.insert(number, Asked { id, base, at: now });
    }

    /// TWS tells of an order: of one of these?
    pub fn open(&mut self, data: &OrderData) -> Option<BrokerEvent> {
        let Asked { id, base, .. } = self.open.remove(&data.order_id).filter(|_| data.order.what_if)?;
        Some(BrokerEvent::Impact { id, outcome: outcome(&data.order_state, base) })
    }

    /// TWS has a remark on a number: on one of these? Where it is no refusal the answer follows.
    pub fn notice(&mut self, number: i32, code: i32, text: &str) -> Option<BrokerEvent> {
        if matches!(of_order(code, text), OrderWord::Info | OrderWord::Doubt) {
            return None;
        }
        self.refused(number, &told(code, text))
    }

    /// It was not sent.
    pub fn refused(&mut self, number: i32, why: &str) -> Option<BrokerEvent> {
        let Asked { id, .. } = self.open.remove(&number)?;
        Some(BrokerEvent::Impact { id, outcome: Err(why.into()) })
    }

    /// Nobody answers any more.
    pub fn gives_up(&mut self, why: &Arc<str>) -> impl Iterator<Item = BrokerEvent> + use<> {
        let why = Arc::clone(why);
        let open = std::mem::take(&mut self.open).into_values();
        open.map(move |Asked { id, .. }| BrokerEvent::Impact { id, outcome: Err(Arc::clone(&why)) })
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) -> Vec<BrokerEvent> {
        let late: Vec<i32> =
            self.open.iter().filter(|(_, asked)| now.since(asked.at) >= PATIENCE).map(|(n, _)| *n).collect();
        late.into_iter().filter_map(|number| self.refused(number, "TWS has not answered")).collect()
    }
}

fn outcome(state: &OrderState, base: Option<Currency>) -> Result<Impact, Arc<str>> {
    let reason = words(&state.reject_reason);
    if !reason.is_empty() {
        return Err(reason.into());
    }
    let amount = |number: Option<f64>| number.and_then(decimal);
    let commission = amount(state.maximum_commission).or(amount(state.commission));
    let warning = words(&state.warning_text);
    Ok(Impact {
        commission: commission
            .zip(Currency::parse(&state.commission_currency).ok())
            .map(|(amount, currency)| Money { amount, currency }),
        margin: margin(state, base, amount),
        warning: (!warning.is_empty()).then(|| warning.into()),
    })
}

/// TWS reckons margin in the currency of the account, and seldom says so.
fn margin(
    state: &OrderState,
    base: Option<Currency>,
    amount: impl Fn(Option<f64>) -> Option<Decimal>,
) -> Option<MarginImpact> {
    let currency = Currency::parse(&state.margin_currency).ok().or(base)?;
    let after = amount(state.initial_margin_after)?;
    let before = amount(state.initial_margin_before);
    let change = amount(state.initial_margin_change).or(before.map(|before| after - before))?;
    Some(MarginImpact {
        currency,
        initial_change: change,
        initial_after: after,
        maintenance_after: amount(state.maintenance_margin_after),
        equity_after: amount(state.equity_with_loan_after),
    })
}

#[cfg(test)]
mod tests {
    use ibapi::contracts::Contract;
    use ibapi::orders::Order;

    use super::*;

    const NOW: Time = Time::from_seconds(1_000);

    fn answer(number: i32, state: OrderState) -> OrderData {
        OrderData {
            order_id: number,
            contract: Contract::default(),
            order: Order { what_if: true, ..Order::default() },
            order_state: state,
        }
    }

    fn state() -> OrderState {
        OrderState {
            initial_margin_before: Some(1_000.0),
            initial_margin_after: Some(3_500.0),
            maintenance_margin_after: Some(3_000.0),
            equity_with_loan_after: Some(9_000.0),
            minimum_commission: Some(1.0),
            maximum_commission: Some(1.25),
            commission_currency: "USD".to_owned(),
            ..OrderState::default()
        }
    }

    fn told(event: Option<BrokerEvent>) -> Result<Impact, Arc<str>> {
        match event {
            Some(BrokerEvent::Impact { id: CommandId(9), outcome }) => outcome,
            other => panic!("{other:?}"),
        }
    }

    fn asked() -> WhatIfs {
        let mut all = WhatIfs::default();
        all.asked(40, CommandId(9), Some(Currency::EUR), NOW);
        all
    }

    #[test]
    fn margin_and_the_most_that_it_costs_are_told() {
        let impact = told(asked().open(&answer(40, state()))).unwrap();
        let margin = impact.margin.unwrap();
        assert_eq!((margin.initial_change, margin.initial_after), (2_500.into(), 3_500.into()));
        assert_eq!(margin.currency, Currency::EUR, "of the account, whatever the commission is in");
        assert_eq!(impact.commission.unwrap().to_string(), "1.25 USD");
        assert!(!margin.is_short() && impact.warning.is_none());
        let short = OrderState { equity_with_loan_after: Some(3_499.0), ..state() };
        assert!(told(asked().open(&answer(40, short))).unwrap().margin.unwrap().is_short());
    }

    #[test]
    fn numbers_that_tws_leaves_out_are_not_made_up() {
        // It sends the largest double where it knows nothing.
        let nothing =
            OrderState { initial_margin_after: Some(f64::MAX), maximum_commission: None, ..state() };
        let impact = told(asked().open(&answer(40, nothing))).unwrap();
        assert_eq!((impact.margin, impact.commission), (None, None));
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_tws() {
        let refused = OrderState { reject_reason: "YOUR ORDER IS NOT ACCEPTED".to_owned(), ..state() };
        assert_eq!(&*told(asked().open(&answer(40, refused))).unwrap_err(), "YOUR ORDER IS NOT ACCEPTED");
        let said = told(asked().notice(40, 201, "Order rejected")).unwrap_err();
        assert!(said.contains("Order rejected") && said.contains("201"), "{said}");
        let remarks =
            [(2_109, "Outside hours is ignored"), (399, "Warning: not before 09:30"), (10_349, "TIF")];
        for (code, text) in remarks {
            let mut all = asked();
            assert!(all.notice(40, code, text).is_none(), "{code}");
            assert!(told(all.open(&answer(40, state()))).is_ok(), "its answer follows");
        }
    }

    #[test]
    fn what_is_no_question_of_ours_is_left_alone() {
        let mut all = asked();
        assert!(all.open(&answer(41, state())).is_none());
        assert!(all.notice(41, 201, "Order rejected").is_none());
        assert!(all.open(&answer(40, state())).is_some());
        assert!(all.open(&answer(40, state())).is_none(), "once");
    }

    #[test]
    fn the_end_of_the_session_answers_what_is_open() {
        let mut all = asked();
        let why: Arc<str> = "The line broke".into();
        let answers: Vec<BrokerEvent> = all.gives_up(&why).collect();
        assert_eq!(told(answers.into_iter().next()), Err(why));
        assert!(all.open(&answer(40, state())).is_none());
    }

    #[test]
    fn a_question_that_is_not_answered_ends() {
        let mut all = asked();
        assert!(all.tick(NOW + PATIENCE / 2).is_empty());
        let late = all.tick(NOW + PATIENCE);
        assert!(told(late.into_iter().next()).unwrap_err().contains("not answered"));
        assert!(all.tick(NOW + PATIENCE * 2).is_empty());
    }
}
