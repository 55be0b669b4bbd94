//! Positions, of all accounts or of one.

use std::collections::BTreeMap;

use super::Holdings;
use crate::domain::{AccountId, Position};
use crate::gateway::core::{ConnId, Core, words};
use crate::gateway::wire::{Reply, model};

impl Core {
    /// 61: positions of all accounts.
    pub(in crate::gateway::core) fn positions(&mut self, conn: ConnId) {
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions = Some(BTreeMap::new());
        }
        self.tell_positions(conn);
        self.say(conn, &Reply::PositionEnd);
    }

    pub(super) fn tell_positions(&mut self, conn: ConnId) {
        let Some(mut told) = self.session_mut(conn).and_then(|s| s.ledgers.positions.take()) else { return };
        let accounts: Vec<AccountId> = self.served_accounts().map(|account| account.id.clone()).collect();
        let held: Vec<Position> = accounts.iter().flat_map(|account| self.positions_of(account)).collect();
        for position in held {
            let key = (position.account.clone(), position.instrument);
            // One that was never held while somebody looked is no news.
            if (position.is_flat() && !told.contains_key(&key)) || !is_new(&mut told, key, &position) {
                continue;
            }
            let Some(instrument) = self.desk.instrument(position.instrument) else { continue };
            let told = model::Position {
                account: Some(words::account_name(&position.account)),
                contract: Some(self.contracts.contract(instrument)),
                position: Some(words::decimal(position.net)),
                avg_cost: Some(words::double(position.average_price * instrument.multiplier)),
            };
            self.say(conn, &Reply::Position(Box::new(told)));
        }
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions = Some(told);
        }
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
        if !self.may_follow(conn, req_id) {
            return;
        }
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions_multi.insert(req_id, (account, BTreeMap::new()));
        }
        self.tell_positions_multi(conn, req_id);
        self.say(conn, &Reply::PositionMultiEnd(model::RequestId { req_id: Some(req_id) }));
    }

    pub(super) fn tell_positions_multi(&mut self, conn: ConnId, req_id: i32) {
        let Some(session) = self.session_mut(conn) else { return };
        let Some((account, mut told)) = session.ledgers.positions_multi.remove(&req_id) else { return };
        for position in self.positions_of(&account) {
            let key = position.instrument;
            if (position.is_flat() && !told.contains_key(&key)) || !is_new(&mut told, key, &position) {
                continue;
            }
            let Some(instrument) = self.desk.instrument(key) else { continue };
            let told = model::PositionMulti {
                req_id: Some(req_id),
                account: Some(words::account_name(&account)),
                contract: Some(self.contracts.contract(instrument)),
                position: Some(words::decimal(position.net)),
                avg_cost: Some(words::double(position.average_price * instrument.multiplier)),
                model_code: Some(String::new()),
            };
            self.say(conn, &Reply::PositionMulti(Box::new(told)));
        }
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions_multi.insert(req_id, (account, told));
        }
    }

    /// 75.
    pub(in crate::gateway::core) fn forget_positions_multi(
        &mut self,
        conn: ConnId,
        request: &model::RequestId,
    ) {
        if let Some(session) = self.session_mut(conn) {
            session.ledgers.positions_multi.remove(&request.req_id.unwrap_or_default());
        }
    }
}

fn is_new<K: Ord>(told: &mut Holdings<K>, key: K, position: &Position) -> bool {
    let now = (position.net, position.average_price);
    told.insert(key, now) != Some(now)
}
