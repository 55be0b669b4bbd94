//! Each update of the engine taken over into what the desk knows.

use std::collections::VecDeque;
use std::sync::Arc;

use super::blotter::Blotter;
use super::flow::Flows;
use super::{Applied, Desk, keep};
use crate::domain::{Account, InstrumentId, Order, OrderStatus, Time};
use crate::link::{Connection, FileDone, Noted, Notice, Snapshot, Update};

/// Whoever has asked for a file looks in each frame: as many as could be asked for in one.
const FILES_KEPT: usize = 8;

impl Desk {
    /// Takes an update over that is next in order.
    pub(super) fn take(&mut self, update: Update, received: Time, applied: &mut Applied) {
        if is_of_trades(&update) {
            self.trades_revision += 1;
        }
        match update {
            Update::Snapshot(snapshot) => {
                self.replace(&snapshot);
                applied.is_fresh = true;
            }
            Update::Order(order) => {
                self.latency.on_received(received, self.now);
                self.note_cancel(&order);
                self.blotter.order(order);
            }
            Update::Fill(fill) => {
                self.filled.insert(fill.account.clone(), self.now);
                self.blotter.fill(fill);
            }
            Update::Charged(fill) => self.blotter.charged(fill),
            Update::Position(position) => self.blotter.position(position),
            Update::Account(account) => self.take_account(account),
            Update::Outages(outages) => self.outages = outages,
            Update::Connection(connection) => self.take_connection(connection),
            Update::Notice(notice) => keep(&mut self.notices, notice),
            Update::Answer(answer) => self.answers.add(answer),
            Update::Kill(kill) => {
                self.kill = kill;
                if kill.is_locked() {
                    self.one_click.disarm();
                }
            }
            Update::KillReport(report) => self.kill_report = report,
            Update::Journal(state) => self.journal = state,
            Update::SettingsUnsaved(why) => self.settings_unsaved = why,
            Update::Reconciled(report) => {
                match self.reconciled.iter_mut().find(|known| known.broker == report.broker) {
                    Some(known) => *known = report,
                    None => self.reconciled.push(report),
                }
            }
            Update::Timeline(timeline) => {
                self.timeline = Some(timeline);
                self.timelines += 1;
            }
            Update::Targets(read) => self.targets = Some(read),
            Update::File(done) => self.keep_file(done),
            Update::Results(results) => self.results = Some(results),
            Update::Noted(noted) => self.take_noted(noted),
            Update::Settings(settings) => self.settings = settings,
            Update::Uses(uses) => self.uses = uses,
            Update::Armed(armed) => self.armed = armed,
            Update::Alert(alert) => Arc::make_mut(&mut self.alerts).put(alert),
            Update::AlertGone(id) => Arc::make_mut(&mut self.alerts).remove(id),
            Update::Fired(firing) => Arc::make_mut(&mut self.alerts).keep(Arc::unwrap_or_clone(firing)),
            Update::AlertsSeen(through) => Arc::make_mut(&mut self.alerts).see(through),
            Update::Drawings(drawings) => self.drawings = drawings,
            Update::Equity(account, sample) => Arc::make_mut(&mut self.equity).add(&account, sample),
            Update::Weather(_) => {}
            Update::Remark { instrument, remark } => match remark {
                Some(remark) => drop(self.remarks.insert(instrument, remark)),
                None => drop(self.remarks.remove(&instrument)),
            },
            Update::BarsWait { key, until } => self.charts.wait(key, until),
            Update::BarsRefused(key) => self.charts.refused(key),
            Update::Impact(reckoned) => self.reckoned = Some(reckoned),
            Update::Found(found) => self.found = Some(found),
            Update::Listed(listing) => self.list(listing),
            Update::History(history) => self.charts.history(history),
            Update::Wire(way) => self.latency.on_wire(&way),
        }
    }

    fn keep_file(&mut self, done: Arc<FileDone>) {
        if self.files_done.len() >= FILES_KEPT {
            self.files_done.pop_front();
        }
        self.files_done.push_back(done);
    }

    fn take_connection(&mut self, connection: Connection) {
        let broker = connection.broker;
        let streamed = self.connection(broker).is_some_and(|known| known.state.keeps_streams());
        if streamed != connection.state.keeps_streams() {
            let instruments = Arc::clone(&self.instruments);
            let is_its = |id: InstrumentId| instruments.get(id.index()).is_some_and(|i| i.broker == broker);
            self.flows.break_off(is_its);
        }
        match self.connections.iter_mut().find(|known| known.broker == broker) {
            Some(known) => *known = connection,
            None => self.connections.push(connection),
        }
    }

    fn take_noted(&mut self, noted: Arc<Noted>) {
        if let Ok(note) = &noted.outcome {
            let notes = Arc::make_mut(&mut self.notes);
            if note.is_empty() {
                notes.remove(&noted.order);
            } else {
                notes.insert(noted.order, Arc::clone(note));
            }
        }
        self.noted = Some(noted);
    }

    fn note_cancel(&mut self, order: &Order) {
        let was = self.blotter.get(order.id).map(|known| known.status);
        if was == Some(OrderStatus::PendingCancel) && order.status == OrderStatus::Cancelled {
            self.cancelled.insert(order.id);
        }
    }

    fn replace(&mut self, snapshot: &Snapshot) {
        self.instruments = Arc::clone(&snapshot.instruments);
        self.blotter = Blotter::new(&snapshot.orders, &snapshot.fills, &snapshot.positions);
        self.accounts.clone_from(&snapshot.accounts);
        let told = |account: &Arc<Account>| ((account.broker, account.id.clone()), self.now);
        self.cash_told = snapshot.accounts.iter().map(told).collect();
        self.meet_accounts();
        self.outages = Arc::clone(&snapshot.outages);
        self.connections.clone_from(&snapshot.connections);
        self.remarks = snapshot.remarks.iter().cloned().collect();
        self.growing = Arc::clone(&snapshot.growing);
        self.reckoning = Arc::clone(&snapshot.reckoning);
        self.commissions.clone_from(&snapshot.commissions);
        self.kill = snapshot.kill;
        if self.kill.is_locked() {
            self.disarm_one_click();
        }
        self.kill_report.clone_from(&snapshot.kill_report);
        self.journal.clone_from(&snapshot.journal);
        self.settings_unsaved.clone_from(&snapshot.settings_unsaved);
        self.reconciled.clone_from(&snapshot.reconciled);
        self.settings = Arc::clone(&snapshot.settings);
        self.uses = Arc::clone(&snapshot.uses);
        self.armed = Arc::clone(&snapshot.armed);
        self.alerts = Arc::clone(&snapshot.alerts);
        self.notes = Arc::clone(&snapshot.notes);
        self.drawings = Arc::clone(&snapshot.drawings);
        self.equity = Arc::clone(&snapshot.equity);
        // What came at one instant stays in order: the engine's lines first.
        let mut notices: Vec<Notice> = snapshot.notices.iter().chain(&self.own_notices).cloned().collect();
        notices.sort_by_key(|notice| notice.time);
        self.notices = VecDeque::new();
        for notice in notices {
            keep(&mut self.notices, notice);
        }
        // Trades were lost on the way: what is counted of them begins anew with the demand.
        self.flows = Flows::default();
        // A history that was on its way is lost with the rest; the demand is sent anew.
        self.charts.expect_anew();
    }
}

/// Whether it changes orders, fills or positions, or what they are of and counted in.
fn is_of_trades(update: &Update) -> bool {
    matches!(
        update,
        Update::Snapshot(_)
            | Update::Order(_)
            | Update::Fill(_)
            | Update::Charged(_)
            | Update::Position(_)
            | Update::Noted(_)
            | Update::Listed(_)
            | Update::Settings(_)
    )
}
