//! Positions, of all accounts or of one.

use super::{Followed, Holdings};
use crate::domain::{AccountId, Position};
use crate::gateway::core::{ConnId, Core, words};
use crate::gateway::wire::{Reply, model};

impl Core {
    /// 61: positions of all accounts.
    pub(in crate::gateway::core) fn positions(&mut self, conn: ConnId) {
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions = Some(Holdings::new());
        }
        self.tell_positions(conn);
        self.say(conn, &Reply::PositionEnd);
    }

    pub(super) fn tell_positions(&mut self, conn: ConnId) {
        let followed = self.session_mut(conn).and_then(|session| session.ledgers.positions.take());
        let Some(mut told) = followed else { return };
        for (position, contract, avg_cost) in self.changed_positions(&self.served_ids(), &mut told) {
            let position = model::Position {
                account: Some(words::account_name(&position.account)),
                contract: Some(contract),
                position: Some(words::decimal(position.net)),
                avg_cost: Some(avg_cost),
            };
            self.say(conn, &Reply::Position(Box::new(position)));
        }
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions = Some(told);
        }
    }

    /// Those that were told otherwise, with what they are of and what a unit has cost.
    fn changed_positions(
        &self,
        accounts: &[AccountId],
        told: &mut Holdings,
    ) -> Vec<(Position, model::Contract, f64)> {
        let held = accounts.iter().flat_map(|account| self.positions_of(account));
        let changed = held.filter_map(|position| {
            let key = (position.account.clone(), position.instrument);
            let now = (position.net, position.average_price);
            // One that was never held while somebody looked is no news.
            let is_news = !position.is_flat() || told.contains_key(&key);
            if !is_news || told.insert(key, now) == Some(now) {
                return None;
            }
            let instrument = self.desk.instrument(position.instrument)?;
            let cost = words::double(position.average_price * instrument.multiplier);
            Some((position, self.contracts.contract(instrument), cost))
        });
        changed.collect()
    }

    /// 64.
    pub(in crate::gateway::core) fn forget_positions(&mut self, conn: ConnId) {
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions = None;
        }
    }

    /// 74: positions of an account.
    pub(in crate::gateway::core) fn positions_multi(
        &mut self,
        conn: ConnId,
        request: &model::PositionsMultiRequest,
    ) {
        let req_id = request.req_id.unwrap_or_default();
        let Some(account) = self.account_or_refuse(conn, Some(req_id), request.account.as_ref()) else {
            return;
        };
        if self.follow_by_id(conn, req_id, Followed::Positions { account, told: Holdings::new() }) {
            self.say(conn, &Reply::PositionMultiEnd(model::RequestId { req_id: Some(req_id) }));
        }
    }

    pub(super) fn positions_by_id(
        &self,
        req_id: i32,
        account: &AccountId,
        told: &mut Holdings,
    ) -> Vec<Reply> {
        let changed = self.changed_positions(std::slice::from_ref(account), told);
        let reply = |(position, contract, avg_cost): (Position, model::Contract, f64)| {
            Reply::PositionMulti(Box::new(model::PositionMulti {
                req_id: Some(req_id),
                account: Some(words::account_name(account)),
                contract: Some(contract),
                position: Some(words::decimal(position.net)),
                avg_cost: Some(avg_cost),
                model_code: Some(String::new()),
            }))
        };
        changed.into_iter().map(reply).collect()
    }
}
