//! Accounts to and from their saved form, see [`super::AccountState`].
//!
//! A restore takes what the file says as it is, because it was checked when it happened: no
//! order is refused for buying power, no stop for being passed. Only what cannot be placed
//! (an unlisted instrument, another grid) ends, and is kept in its saved form.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::{Fill, Instrument, InstrumentId, OrderId, OrderSpec, OrderStatus, Position};

use super::changes::newest_of_both;
use super::grid::Grid;
use super::ledger::{Ledger, Stranger, Unlisted};
use super::orders::{Entry, MEMORY, Place};
use super::sessions::Timer;
use super::state::{AccountState, SavedAccount, SavedFill, SavedOrder, SavedPosition};
use super::{CancelReason, Event, Exchange};

impl Exchange {
    pub(super) fn save_accounts(&self) -> AccountState {
        let mut accounts: Vec<_> = (0..self.ledgers.len()).map(|at| self.save_account(at)).collect();
        accounts.extend(self.strangers.iter().cloned());
        AccountState { next_exec: self.next_exec, accounts }
    }

    fn save_account(&self, index: usize) -> SavedAccount {
        let ledger = &self.ledgers[index];
        SavedAccount {
            account: ledger.id.clone(),
            cash: ledger.cash.clone(),
            positions: self.save_positions(index),
            working: self.save_working(index),
            past: self.save_past(index, MEMORY),
            fills: self.save_fills(index, MEMORY),
        }
    }

    fn key(&self, id: InstrumentId) -> Option<String> {
        self.slot(id).map(|slot| self.listings[slot].instrument.key())
    }

    pub(super) fn save_positions(&self, index: usize) -> Vec<SavedPosition> {
        let ledger = &self.ledgers[index];
        let saved = |p: &Position| Some(save_position(p, self.key(p.instrument)?));
        ledger.positions.values().filter_map(saved).chain(ledger.unlisted.positions.iter().cloned()).collect()
    }

    /// Orders that have not ended, in the order of their priority.
    pub(super) fn save_working(&self, index: usize) -> Vec<SavedOrder> {
        let mut working: Vec<&Entry> = self.orders.live().filter(|e| e.account == index).collect();
        working.sort_by_key(|entry| entry.rank);
        working.into_iter().map(|entry| self.save_order(entry)).collect()
    }

    /// The last `count` orders that have ended, oldest end first.
    pub(super) fn save_past(&self, index: usize, count: usize) -> Vec<SavedOrder> {
        let own = self.orders.newest_past(index, count).map(|entry| self.save_order(entry)).collect();
        newest_of_both(own, self.orders.ended_ever(index), &self.ledgers[index].unlisted.past, count)
    }

    /// The last `count` fills, oldest first.
    pub(super) fn save_fills(&self, index: usize, count: usize) -> Vec<SavedFill> {
        let ledger = &self.ledgers[index];
        let own = ledger.fills.range(ledger.fills.len().saturating_sub(count)..);
        let own = own.filter_map(|fill| Some(save_fill(fill, self.key(fill.instrument)?)));
        newest_of_both(own.collect(), ledger.filled_ever, &ledger.unlisted.fills, count)
    }

    fn save_order(&self, entry: &Entry) -> SavedOrder {
        let listing = &self.listings[entry.slot];
        let grid = &listing.grid;
        let spec = &entry.spec;
        let followed = listing.triggers.trail(entry.id).and_then(|trail| trail.best).or(entry.best);
        SavedOrder {
            id: entry.id,
            instrument: listing.instrument.key(),
            side: spec.side,
            quantity: spec.quantity,
            kind: spec.kind,
            tif: spec.tif,
            post_only: spec.post_only,
            oco: spec.oco,
            parent: spec.parent,
            status: entry.status,
            filled: grid.quantity(entry.filled),
            traded: entry.traded,
            charged: entry.charged,
            released: entry.released.map(|units| grid.quantity(units)),
            triggered: entry.triggered,
            best: followed.map(|at| grid.price(at)),
            bound: entry.bound.map(|at| grid.price(at)),
            expires: entry.expires,
            reason: entry.reason.as_deref().map(str::to_owned),
            created: entry.created,
            updated: entry.updated,
        }
    }

    /// Takes accounts over as they were saved; their working orders, which are in no market yet, in
    /// the order of their priority.
    pub(super) fn load_accounts(&mut self, state: AccountState, out: &mut Vec<Event>) -> Vec<OrderId> {
        self.next_exec = self.next_exec.max(state.next_exec);
        let slots: BTreeMap<String, usize> =
            self.listings.iter().enumerate().map(|(slot, l)| (l.instrument.key(), slot)).collect();
        let mut working = Vec::new();
        for saved in state.accounts {
            match self.ledgers.iter().position(|ledger| ledger.id == saved.account) {
                Some(index) => working.extend(self.load_account(index, saved, &slots, out)),
                None => self.strangers.push(saved),
            }
        }
        working
    }

    fn load_account(
        &mut self,
        index: usize,
        saved: SavedAccount,
        slots: &BTreeMap<String, usize>,
        out: &mut Vec<Event>,
    ) -> Vec<OrderId> {
        let own: Vec<_> = self.orders.live().filter(|e| e.account == index).map(|e| e.id).collect();
        for id in own {
            self.withdraw(id);
        }
        self.orders.clear_account(index);
        let ledger = &mut self.ledgers[index];
        ledger.touched = true;
        ledger.positions.clear();
        ledger.fills.clear();
        ledger.filled_ever = 0;
        ledger.unlisted = Unlisted::default();
        for money in saved.cash {
            *ledger.cash_mut(money.currency) = money.amount;
        }
        let instruments = |key: &str| slots.get(key).map(|&slot| Arc::clone(&self.listings[slot].instrument));
        for position in saved.positions {
            match instruments(&position.instrument) {
                Some(listed) => load_position(ledger, &listed, &position),
                None => ledger.unlisted.positions.push(position),
            }
        }
        for fill in saved.fills {
            match instruments(&fill.instrument) {
                Some(listed) => load_fill(ledger, &listed, fill),
                None => ledger.unlisted.fills.push(Stranger { behind: ledger.filled_ever, what: fill }),
            }
        }
        for order in saved.past {
            match slots.get(&order.instrument).and_then(|&slot| self.load_order(index, slot, &order)) {
                Some(entry) => self.orders.remember(entry),
                None => self.put_aside(index, order),
            }
        }
        self.load_working(index, saved.working, slots, out)
    }

    /// Keeps an order that has ended and cannot be shown.
    fn put_aside(&mut self, index: usize, order: SavedOrder) {
        let behind = self.orders.ended_ever(index);
        self.ledgers[index].unlisted.past.push(Stranger { behind, what: order });
    }

    fn load_working(
        &mut self,
        index: usize,
        working: Vec<SavedOrder>,
        slots: &BTreeMap<String, usize>,
        out: &mut Vec<Event>,
    ) -> Vec<OrderId> {
        let mut ids = Vec::with_capacity(working.len());
        for mut order in working {
            let entry = slots.get(&order.instrument).and_then(|&slot| self.load_order(index, slot, &order));
            if let Some(entry) = entry {
                ids.push(entry.id);
                if let Some(at) = entry.expires {
                    self.timers.insert((at, Timer::Expire(entry.id)));
                }
                self.orders.insert(entry);
            } else {
                let reason = CancelReason::Delisted;
                out.push(Event::Cancelled { id: order.id, reason, time: self.now });
                order.status = OrderStatus::Cancelled;
                order.reason = Some(reason.to_string());
                order.updated = self.now;
                self.put_aside(index, order);
            }
        }
        ids
    }

    /// Has loaded orders enter the market; all are known by now, since they refer to each other.
    pub(super) fn enter_loaded(&mut self, ids: Vec<OrderId>, out: &mut Vec<Event>) {
        for id in ids {
            let Some(entry) = self.orders.get(id) else { continue };
            let before = (entry.status, entry.filled);
            let updated = entry.updated;
            self.route(id, out);
            self.work_off(out);
            // That it stands where it stood is no news: nothing is to be written down for it.
            if let Some(entry) = self.orders.get_mut(id)
                && (entry.status, entry.filled) == before
            {
                entry.updated = updated;
            }
        }
    }

    /// `None` where the numbers do not stand on the instrument's grid any more.
    fn load_order(&self, account: usize, slot: usize, saved: &SavedOrder) -> Option<Entry> {
        let listing = &self.listings[slot];
        let (grid, instrument): (&Grid, &Instrument) = (&listing.grid, &listing.instrument);
        let spec = OrderSpec {
            instrument: instrument.id,
            side: saved.side,
            quantity: saved.quantity,
            kind: saved.kind,
            tif: saved.tif,
            post_only: saved.post_only,
            oco: saved.oco,
            parent: saved.parent,
        };
        let mut entry = self.entry(account, slot, saved.id, spec).ok()?;
        let units = |quantity| i64::try_from(grid.units(quantity)).ok();
        entry.filled = units(saved.filled)?;
        entry.released = saved.released.map(units).map_or(Some(None), |units| units.map(Some))?;
        entry.best = saved.best.and_then(|price| grid.nearest(instrument, price));
        entry.bound = saved.bound.and_then(|price| grid.nearest(instrument, price));
        entry.place = Place::Entering;
        entry.triggered = saved.triggered;
        entry.expires = saved.expires;
        entry.traded = saved.traded;
        entry.charged = saved.charged;
        entry.status = saved.status;
        entry.reason = saved.reason.as_deref().map(Arc::from);
        (entry.created, entry.updated) = (saved.created, saved.updated);
        Some(entry)
    }
}

fn save_position(position: &Position, instrument: String) -> SavedPosition {
    let &Position { net, average_price, realised, commissions, .. } = position;
    SavedPosition { instrument, net, average_price, realised, commissions }
}

fn load_position(ledger: &mut Ledger, instrument: &Instrument, saved: &SavedPosition) {
    let &SavedPosition { net, average_price, realised, commissions, .. } = saved;
    let (account, instrument) = (ledger.id.clone(), instrument.id);
    let position = Position { account, instrument, net, average_price, realised, commissions };
    ledger.positions.insert(instrument, position);
}

fn save_fill(fill: &Fill, instrument: String) -> SavedFill {
    SavedFill {
        exec_id: fill.exec_id.clone(),
        order: fill.order,
        instrument,
        side: fill.side,
        quantity: fill.quantity,
        price: fill.price,
        commission: fill.commission,
        realised: fill.realised,
        liquidity: fill.liquidity,
        time: fill.time,
    }
}

fn load_fill(ledger: &mut Ledger, instrument: &Instrument, saved: SavedFill) {
    let fill = Fill {
        exec_id: saved.exec_id,
        order: saved.order,
        account: ledger.id.clone(),
        instrument: instrument.id,
        side: saved.side,
        quantity: saved.quantity,
        price: saved.price,
        commission: saved.commission,
        realised: saved.realised,
        liquidity: saved.liquidity,
        time: saved.time,
    };
    ledger.remember(fill);
}
