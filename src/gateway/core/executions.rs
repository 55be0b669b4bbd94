//! Executions and what they cost, as they come and when they are asked for.

use std::collections::BTreeMap;

use super::orders::text;
use super::{ConnId, Core, errors, words};
use crate::domain::time::DAY;
use crate::domain::{Decimal, Fill, Liquidity, Order, OrderId, Qty, Side, Time};
use crate::gateway::wire::{Reply, model};
use crate::link::FILLS_KEPT;

/// Executions are told of so many days at most, as TWS.
const MOST_DAYS: i32 = 7;

impl Core {
    /// An order was executed.
    pub(super) fn executed(&mut self, fill: &Fill) {
        if self.sky.is_down()
            || self.sky.is_hushed(fill.order)
            || !self.told.fills.insert(fill.exec_id.clone())
        {
            return;
        }
        if self.told.fills.len() > 2 * FILLS_KEPT {
            self.told.fills = self.desk.blotter().fills().iter().map(|fill| fill.exec_id.clone()).collect();
        }
        self.told.last_price.insert(fill.order, fill.price);
        let Some(order) = self.desk.blotter().get(fill.order).cloned() else { return };
        let so_far = self.filled_up_to(fill);
        for conn in self.who_sees(&order) {
            self.tell_execution(conn, -1, fill, &order, so_far);
        }
    }

    /// What an execution has cost came after it was told.
    pub(super) fn charged(&mut self, fill: &Fill) {
        if self.sky.is_down() || self.sky.is_hushed(fill.order) || !self.told.fills.contains(&fill.exec_id) {
            return;
        }
        let Some(order) = self.desk.blotter().get(fill.order).cloned() else { return };
        for conn in self.who_sees(&order) {
            self.say(conn, &cost_of(fill));
        }
    }

    fn tell_execution(
        &mut self,
        conn: ConnId,
        req_id: i32,
        fill: &Fill,
        order: &Order,
        so_far: (Qty, Option<Decimal>),
    ) {
        let zone = self.desk.instrument(fill.instrument).map_or("UTC", |i| i.hours.zone.as_str());
        let contract = self.contract_of(order);
        let client = order.client.as_ref();
        let (filled, average) = so_far;
        let execution = model::Execution {
            order_id: Some(self.number_for(conn, order)),
            exec_id: Some(fill.exec_id.to_string()),
            time: Some(words::zoned(fill.time, zone)),
            acct_number: Some(words::account_name(&fill.account)),
            exchange: contract.primary_exch.clone().or(contract.exchange.clone()),
            side: Some(if fill.side == Side::Buy { "BOT" } else { "SLD" }.to_owned()),
            shares: Some(words::size(fill.quantity)),
            price: Some(words::double(fill.price.0)),
            perm_id: i64::try_from(order.id.0).ok(),
            client_id: Some(client.map_or(0, |client| client.client)),
            cum_qty: Some(words::size(filled)),
            avg_price: Some(average.map_or(0.0, words::double)),
            order_ref: Some(
                client.and_then(|client| client.reference.as_deref()).unwrap_or_default().to_owned(),
            ),
            last_liquidity: Some(match fill.liquidity {
                Liquidity::Maker => 1,
                Liquidity::Taker => 2,
            }),
            ..model::Execution::default()
        };
        let details = model::ExecutionDetails {
            req_id: Some(req_id),
            contract: Some(contract),
            execution: Some(execution),
        };
        self.say(conn, &Reply::ExecutionDetails(Box::new(details)));
        self.say(conn, &cost_of(fill));
    }

    /// How much of its order had filled with this execution, and at which average price.
    fn filled_up_to(&self, fill: &Fill) -> (Qty, Option<Decimal>) {
        let (mut filled, mut average) = (Qty::ZERO, None);
        for other in self.desk.blotter().fills().iter().filter(|other| other.order == fill.order) {
            average = other.average_after(average, filled);
            filled = filled.saturating_add(other.quantity);
            if other.exec_id == fill.exec_id {
                break;
            }
        }
        (filled, average)
    }

    /// 7: executions, of today where no time is named.
    pub(super) fn executions(&mut self, conn: ConnId, request: model::ExecutionRequest) {
        let req_id = request.req_id.unwrap_or_default();
        let filter = request.execution_filter.unwrap_or_default();
        let said = text(filter.time.as_ref());
        // Of today, or of so many days, this one among them.
        let days = i64::from(filter.last_n_days.unwrap_or(1).clamp(1, MOST_DAYS));
        let midnight = || Time((self.market_now().0.div_euclid(DAY) + 1 - days) * DAY);
        let from = if said.is_empty() { Some(midnight()) } else { words::instant(said, "UTC") };
        let Some(from) = from else {
            let text = format!("The time {said:?} is none: write it as 20261121-14:30:00 (UTC)");
            return self.error(conn, Some(req_id), errors::REFUSED, &text);
        };
        let served = self.served_ids();
        let is = |said: &Option<String>, own: Option<&str>| {
            let said = text(said.as_ref());
            said.is_empty() || own.is_some_and(|own| own.eq_ignore_ascii_case(said))
        };
        let fills: Vec<(Fill, Order)> = self
            .desk
            .blotter()
            .fills()
            .iter()
            .filter(|fill| fill.time >= from && served.contains(&fill.account))
            .filter_map(|fill| Some((fill.clone(), self.desk.blotter().get(fill.order)?.clone())))
            .filter(|(fill, order)| {
                let contract = self.contract_of(order);
                let client = order.client.as_ref().map_or(0, |client| client.client);
                let side = if fill.side == Side::Buy { ["BUY", "BOT"] } else { ["SELL", "SLD"] };
                filter.client_id.is_none_or(|id| id == 0 || id == client)
                    && is(&filter.acct_code, Some(&words::account_name(&fill.account)))
                    && is(&filter.symbol, contract.symbol.as_deref())
                    && is(&filter.sec_type, contract.sec_type.as_deref())
                    && (is(&filter.exchange, contract.exchange.as_deref())
                        || is(&filter.exchange, contract.primary_exch.as_deref()))
                    && side.iter().any(|side| is(&filter.side, Some(side)))
            })
            .collect();
        // Each order's sums once, however many executions are told.
        let mut sums: BTreeMap<OrderId, (Qty, Option<Decimal>)> = BTreeMap::new();
        for (fill, order) in &fills {
            let so_far = match sums.get(&fill.order) {
                Some((filled, average)) => {
                    (filled.saturating_add(fill.quantity), fill.average_after(*average, *filled))
                }
                None => self.filled_up_to(fill),
            };
            sums.insert(fill.order, so_far);
            self.tell_execution(conn, req_id, fill, order, so_far);
        }
        self.say(conn, &Reply::ExecutionDetailsEnd(model::RequestId { req_id: Some(req_id) }));
    }
}

fn cost_of(fill: &Fill) -> Reply {
    let closes = !fill.realised.is_zero();
    Reply::CommissionReport(model::CommissionAndFeesReport {
        exec_id: Some(fill.exec_id.to_string()),
        commission_and_fees: Some(words::double(fill.commission.amount)),
        currency: Some(fill.commission.currency.to_string()),
        realized_pnl: closes.then(|| words::double(fill.realised - fill.commission.amount)),
        ..model::CommissionAndFeesReport::default()
    })
}
