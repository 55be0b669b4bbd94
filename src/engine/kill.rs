//! The kill switch: lock, cancel everything, see by the broker's own report that nothing
//! works, close positions if asked, see that again, and stay locked.
//!
//! Each account has its own way to the end, taken one step at a time as brokers answer. An
//! acknowledgement that is lost is asked for again; a broker that is away is named, and what
//! is left is done when it is back. The end is `Done`, or an account with a reason.
//!
//! Orders that other programs, or somebody in TWS, have entered are not ours to end where their broker
//! says so: they hold up nothing of ours, and are named at the end with where they can be ended. Nothing
//! is called done while one of them works.
//!
//! The lock outlives the program, and so does what it was asked to do with positions. At the
//! next start orders are cancelled as before, but nothing is traded by itself: hours may have
//! passed, so what is still held is named, and its trader uses the switch again.

mod closing;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::order_state::Life;
use super::{Effect, Engine, Outcome};
use crate::broker::{BrokerRequest, Report, ReportKind};
use crate::domain::{AccountId, BrokerId, InstrumentId, Moment, Order, OrderId, Origin, Seq, Time, counted};
use crate::link::update::Refused;
use crate::link::{AccountKill, Flatten, JournalState, KillReport, KillStage, NoticeLevel, Update};

/// How long a broker has to answer a cancel or a question before it is asked again.
const ANSWER: Duration = Duration::from_secs(2);
/// How long cancelling may take before it is told as not done. It goes on all the same.
const PATIENCE: Duration = Duration::from_secs(10);
/// Time until a cancel is tried again that was refused or could not be handed over; each time
/// twice as long, up to [`ANSWER`]: a broker that limits requests must not be hammered.
const RETRY: Duration = Duration::from_millis(200);
/// Lines of evidence that are kept of an account: the first, and the newest.
const EVIDENCE_KEPT: usize = 200;

/// The kill switch, while it is on.
pub(super) struct Kill {
    since: Time,
    pub(super) flatten: Flatten,
    /// Whether an earlier run has left it on: then positions are named, not closed.
    is_left: bool,
    accounts: Vec<Line>,
    /// Orders that were entered elsewhere and whose broker has refused to cancel them for us, and why.
    elsewhere: BTreeMap<OrderId, Arc<str>>,
    /// The place of the lock in the journal, until it is there: a program that dies before would
    /// begin unlocked.
    unsafe_until: Option<Seq>,
    /// Whether the journal has failed on it: it may never have taken it, so that what it writes later
    /// says nothing of the lock.
    is_doubtful: bool,
    told: Option<Arc<KillReport>>,
}

/// One account's way.
#[derive(Clone)]
struct Line {
    broker: BrokerId,
    account: Option<AccountId>,
    /// Since when orders are being cancelled.
    cancelling_since: Time,
    /// Since when the books are waited for.
    unproven_since: Option<Time>,
    /// When the cancels were asked for last.
    asked_at: Option<Time>,
    /// How often they were, since orders are being cancelled.
    asked_count: u32,
    /// When the broker's books were asked for, to see that nothing works.
    verify_asked_at: Option<Time>,
    /// Whether the books have come since nothing works, and since the last order that closes.
    is_verified: bool,
    /// The orders that were to close each position, and when the last of them was entered.
    attempts: BTreeMap<InstrumentId, (Vec<OrderId>, Time)>,
    /// Orders of unknown fate whose cancel was asked for.
    lost: BTreeSet<OrderId>,
    /// Orders of others that the evidence names.
    elsewhere: BTreeSet<OrderId>,
    /// Why a position cannot be closed, and when it is tried again, if it is.
    stuck: BTreeMap<InstrumentId, (Arc<str>, Option<Time>)>,
    stage: KillStage,
    evidence: Vec<(Time, Arc<str>)>,
}

impl Line {
    fn new(broker: BrokerId, account: Option<AccountId>, now: Time, first: &str) -> Self {
        Self {
            broker,
            account,
            cancelling_since: now,
            unproven_since: None,
            asked_at: None,
            asked_count: 0,
            verify_asked_at: None,
            is_verified: false,
            attempts: BTreeMap::new(),
            lost: BTreeSet::new(),
            elsewhere: BTreeSet::new(),
            stuck: BTreeMap::new(),
            stage: KillStage::Verifying,
            evidence: vec![(now, first.into())],
        }
    }

    fn note(&mut self, now: Time, text: impl Into<Arc<str>>) {
        let text = text.into();
        if self.evidence.last().is_none_or(|(_, last)| *last != text) {
            if self.evidence.len() >= EVIDENCE_KEPT {
                self.evidence.remove(1);
            }
            self.evidence.push((now, text));
        }
    }

    /// Something may work: what the books said before is no proof any more.
    fn is_unproven(&mut self) {
        self.is_verified = false;
        self.verify_asked_at = None;
        self.unproven_since = None;
    }
}

impl Kill {
    /// The switch as an earlier run has left it: on.
    pub fn left_on(brokers: usize, flatten: Flatten, now: Time) -> Self {
        let line = |index| Line::new(BrokerId(index as u8), None, now, "Locked since an earlier run");
        let accounts = (0..brokers).map(line).collect();
        let elsewhere = BTreeMap::new();
        let (unsafe_until, is_doubtful, told) = (None, false, None);
        Self { since: now, flatten, is_left: true, accounts, elsewhere, unsafe_until, is_doubtful, told }
    }

    /// Each account that brokers have told of gets a line of its own: the one that a broker had
    /// before it told of any becomes those of its accounts.
    fn meet(&mut self, known: impl Iterator<Item = (BrokerId, AccountId)>, now: Time) {
        let mut named = Vec::new();
        for (broker, account) in known {
            let is_its = |line: &Line| line.broker == broker && line.account.as_ref() == Some(&account);
            if self.accounts.iter().any(is_its) {
                continue;
            }
            let unnamed = self.accounts.iter().find(|line| line.broker == broker && line.account.is_none());
            let line = match unnamed {
                Some(unnamed) => Line { account: Some(account), ..unnamed.clone() },
                None => Line::new(broker, Some(account), now, "Locked; the broker has told of this account"),
            };
            named.push(line);
        }
        if named.is_empty() {
            return;
        }
        let has_name = |line: &Line| named.iter().any(|new| new.broker == line.broker);
        self.accounts.retain(|line| line.account.is_some() || !has_name(line));
        self.accounts.append(&mut named);
        self.accounts.sort_by(|a, b| (a.broker, &a.account).cmp(&(b.broker, &b.account)));
    }
}

impl Engine {
    /// Locks first, then cancels: nothing new can slip in between.
    pub(super) fn kill(&mut self, flatten: Flatten, now: Time, out: &mut Vec<Effect>) {
        self.is_killed = true;
        self.kill = Some(Kill { is_left: false, ..Kill::left_on(0, flatten, now) });
        out.push(Effect::Save(self.engine_state()));
        let lock = self.record(Moment::Kill { is_on: true, flatten }, Vec::new(), now, out);
        self.give_up_everything_unsent(now, out);
        // What an earlier use has sent is an order like any other.
        self.closing.clear();
        let count = self.orders.live().count();
        let mut accounts = Vec::new();
        for index in 0..self.brokers.len() {
            let broker = BrokerId(index as u8);
            self.cancel_everything(broker, now, out);
            let known = self.accounts.keys().filter(|(b, _)| *b == broker).map(|(_, a)| Some(a.clone()));
            let mut known: Vec<Option<AccountId>> = known.collect();
            if known.is_empty() {
                known.push(None);
            }
            accounts.extend(known.into_iter().map(|account| {
                let first = "Locked; the cancel of every order asked for";
                Line { asked_at: Some(now), ..Line::new(broker, account, now, first) }
            }));
        }
        if let Some(kill) = &mut self.kill {
            (kill.accounts, kill.unsafe_until) = (accounts, Some(lock));
        }
        self.end_legs(|_| true, now, out);
        out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        let then = match flatten {
            Flatten::No => "",
            Flatten::Market | Flatten::Within(_) => ", then positions are closed",
        };
        let cancelled = match count {
            0 => "none was working".to_owned(),
            _ => format!("{} being cancelled", counted(count, "working order is", "working orders are")),
        };
        let text = format!("Kill switch on: new orders are locked, {cancelled}{then}");
        self.note(NoticeLevel::Warning, text, now, out);
    }

    pub(super) fn release_kill(&mut self, now: Time, out: &mut Vec<Effect>) -> Outcome {
        if !self.is_killed {
            return Err(Refused("The kill switch is not on".into()));
        }
        // What it would still have sent is not wanted any more.
        self.give_up_everything_unsent(now, out);
        self.is_killed = false;
        self.kill = None;
        self.closing.clear();
        out.push(Effect::Save(self.engine_state()));
        self.record(Moment::Kill { is_on: false, flatten: Flatten::No }, Vec::new(), now, out);
        out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        out.push(Effect::publish(Update::KillReport(None), now));
        self.note(NoticeLevel::Warning, "Kill switch released: orders are taken again", now, out);
        Ok(None)
    }

    /// Cancels whatever lives at one broker.
    pub(super) fn cancel_everything(&mut self, broker: BrokerId, now: Time, out: &mut Vec<Effect>) {
        out.push(Effect::Request(broker, BrokerRequest::CancelAll));
        let live: Vec<OrderId> = self.orders.live().filter(|o| o.broker == broker).map(|o| o.id).collect();
        for id in live {
            if let Some(order) = self.orders.ask_cancel(id, now) {
                self.tell(order, Moment::AskedCancel, now, out);
            }
        }
    }

    pub(super) fn give_up_everything_unsent(&mut self, now: Time, out: &mut Vec<Effect>) {
        let live: Vec<OrderId> = self.orders.live().map(|order| order.id).collect();
        for id in live {
            self.give_up_unsent(id, "The kill switch is on", now, out);
        }
    }

    pub(super) fn kill_report(&self) -> Option<Arc<KillReport>> {
        self.kill.as_ref().and_then(|kill| kill.told.clone())
    }

    /// The journal has everything up to a record.
    pub(super) fn lock_is_safe(&mut self, up_to: Seq) {
        if let Some(kill) = &mut self.kill
            && kill.unsafe_until.is_some_and(|lock| lock <= up_to && !kill.is_doubtful)
        {
            kill.unsafe_until = None;
        }
    }

    /// The journal has failed on records; the lock may be among them.
    pub(super) fn doubt_lock(&mut self, lost: &RangeInclusive<Seq>) {
        if let Some(kill) = &mut self.kill {
            kill.is_doubtful |= kill.unsafe_until.is_some_and(|lock| lost.contains(&lock));
        }
    }

    /// The journal takes records again: a lock that it may not have comes once more.
    pub(super) fn record_doubtful_lock(&mut self, now: Time, out: &mut Vec<Effect>) {
        let Some(flatten) = self.kill.as_ref().filter(|kill| kill.is_doubtful).map(|kill| kill.flatten)
        else {
            return;
        };
        let lock = self.record(Moment::Kill { is_on: true, flatten }, Vec::new(), now, out);
        if let Some(kill) = &mut self.kill {
            (kill.unsafe_until, kill.is_doubtful) = (Some(lock), false);
        }
    }

    /// The books of a broker have come: they are the proof that was asked for.
    pub(super) fn books_came(&mut self, broker: BrokerId) {
        if let Some(kill) = &mut self.kill {
            for line in kill.accounts.iter_mut().filter(|line| line.broker == broker) {
                // Others that come while nothing works take nothing of the proof away.
                line.is_verified |= line.verify_asked_at.take().is_some();
                line.unproven_since.take_if(|_| line.is_verified);
                // What they brought to light is cancelled at once.
                line.asked_at = None;
            }
        }
    }

    /// A broker says something of an order. That it does not cancel for us what was entered elsewhere
    /// is its last word: only who entered it can end it.
    pub(super) fn heard_while_killed(&mut self, broker: BrokerId, report: &Report) {
        let ReportKind::CancelRefused(why) = &report.kind else { return };
        let is_elsewhere = |o: &Order| o.broker == broker && o.origin == Origin::Foreign;
        if self.orders.get(report.order).is_some_and(is_elsewhere)
            && let Some(kill) = &mut self.kill
        {
            kill.elsewhere.insert(report.order, Arc::clone(why));
        }
    }

    /// Takes every account the next step.
    pub(super) fn advance_kill(&mut self, now: Time, out: &mut Vec<Effect>) {
        let Some(kill) = &mut self.kill else { return };
        kill.meet(self.accounts.keys().cloned(), now);
        let (since, flatten, is_left) = (kill.since, kill.flatten, kill.is_left);
        let is_on_disk = kill.unsafe_until.is_none();
        // The lines alone: what is saved meanwhile still knows what the switch was asked to do.
        let mut lines = std::mem::take(&mut kill.accounts);
        for line in &mut lines {
            let stage = match self.step_of(line, flatten, is_left, now, out) {
                KillStage::Done if !is_on_disk => match self.journal.state() {
                    JournalState::Works => KillStage::Verifying,
                    JournalState::Broken(why) => {
                        let why = format!("the lock is not on disk ({why}): it ends with the program");
                        KillStage::Stuck(why.into())
                    }
                },
                stage => stage,
            };
            if stage != line.stage {
                line.note(now, stage.label());
                line.stage = stage;
            }
        }
        let accounts = lines.iter().map(|line| self.told_of(line)).collect();
        let report = Arc::new(KillReport { since, flatten, accounts });
        let Some(kill) = &mut self.kill else { return };
        kill.accounts = lines;
        if kill.told.as_ref() == Some(&report) {
            return;
        }
        let was_done = kill.told.replace(Arc::clone(&report)).is_some_and(|told| told.is_done());
        if report.is_done() && !was_done {
            let what = if flatten == Flatten::No { "nothing works" } else { "every position is closed" };
            self.note(NoticeLevel::Warning, format!("Kill switch done: {what}, orders are locked"), now, out);
        }
        out.push(Effect::publish(Update::KillReport(Some(report)), now));
    }

    fn told_of(&self, line: &Line) -> AccountKill {
        AccountKill {
            broker: line.broker,
            broker_name: Arc::clone(&self.brokers[usize::from(line.broker.0)].connection.name),
            account: line.account.clone(),
            stage: line.stage.clone(),
            evidence: line.evidence.clone(),
        }
    }

    /// Why nothing can be done or proved in an account now, `left` orders of which may work.
    fn why_out_of_sight(&self, line: &Line, left: usize) -> Option<String> {
        let broker = &self.brokers[usize::from(line.broker.0)];
        let name = &broker.connection.name;
        let why = if broker.connection.state.takes_orders() {
            let is_told = |account: &AccountId| self.accounts.contains_key(&(line.broker, account.clone()));
            let account =
                line.account.as_ref().filter(|account| broker.is_reconciled && !is_told(account))?;
            format!("{name} does not tell of account {account} in this session")
        } else {
            format!("{name} is {}", broker.connection.state.label().to_lowercase())
        };
        Some(match left {
            0 => format!("{why}: whether anything works there cannot be seen"),
            left => format!("{why}: {} may still work there", counted(left, "order", "orders")),
        })
    }

    fn step_of(
        &mut self,
        line: &mut Line,
        flatten: Flatten,
        is_left: bool,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> KillStage {
        let is_here = |o: &&Order| {
            o.broker == line.broker && line.account.as_ref().is_none_or(|account| o.account == *account)
        };
        let live: Vec<Order> = self.orders.live().filter(is_here).cloned().collect();
        let (own, others): (Vec<Order>, Vec<Order>) =
            live.into_iter().partition(|o| self.closing.contains(&o.id));
        if let Some(why) = self.why_out_of_sight(line, own.len() + others.len()) {
            line.is_unproven();
            return KillStage::Stuck(why.into());
        }
        // What the broker's books do not have cannot be ended there: its cancel is asked for
        // once, in case, and it is named at the end.
        let has_books = self.brokers[usize::from(line.broker.0)].is_reconciled;
        let is_lost = |o: &Order| has_books && self.orders.life(o.id) == Some(Life::Unknown);
        let (lost, others): (Vec<Order>, Vec<Order>) = others.into_iter().partition(is_lost);
        for order in &lost {
            if line.lost.insert(order.id) {
                line.note(now, format!("{} is not in the broker's books", named(self, order)));
                self.ask_cancel(order, now, out);
            }
        }
        let refused = |o: &Order| self.why_elsewhere(o.id).is_some();
        let (elsewhere, others): (Vec<Order>, Vec<Order>) = others.into_iter().partition(refused);
        for order in &elsewhere {
            if let Some(why) = self.why_elsewhere(order.id).filter(|_| line.elsewhere.insert(order.id)) {
                line.note(now, format!("{} is not ours. {why}", named(self, order)));
            }
        }
        if !others.is_empty() {
            line.is_unproven();
            return self.cancel_step(line, &others, now, out);
        }
        line.asked_at = None;
        if !own.is_empty() {
            line.is_unproven();
            return self.closing_step(&own, now);
        }
        if !line.is_verified {
            return Self::verify_step(line, now, out);
        }
        let stage = match flatten {
            Flatten::No => KillStage::Done,
            Flatten::Market | Flatten::Within(_) if is_left => self.name_what_is_held(line),
            Flatten::Market | Flatten::Within(_) => self.flatten_step(line, flatten, now, out),
        };
        match (stage, lost.first()) {
            (KillStage::Done, Some(order)) => {
                let why = format!(
                    "nothing works by the broker's books, but say what became of {}",
                    named(self, order)
                );
                KillStage::Stuck(why.into())
            }
            (KillStage::Done, None) if !elsewhere.is_empty() => {
                self.others_work(line, &elsewhere, flatten, now)
            }
            (KillStage::Done, None) if line.stage != KillStage::Done => {
                let held = if flatten == Flatten::No { "" } else { " and nothing is held" };
                line.note(now, format!("By its books nothing works{held}"));
                KillStage::Done
            }
            (stage, _) => stage,
        }
    }

    fn why_elsewhere(&self, order: OrderId) -> Option<&Arc<str>> {
        self.kill.as_ref()?.elsewhere.get(&order)
    }

    /// All of ours is done; what others have entered is left, and named with where it can be ended.
    fn others_work(&self, line: &mut Line, elsewhere: &[Order], flatten: Flatten, now: Time) -> KillStage {
        let held = if flatten == Flatten::No { "" } else { " and nothing is held" };
        let name = |order: &Order| {
            let why = self.why_elsewhere(order.id).map_or("", |why| &**why);
            format!("{} works on. {why}", named(self, order))
        };
        let first: Vec<String> = elsewhere.iter().take(5).map(name).collect();
        let more = elsewhere.len() - first.len();
        let more = if more > 0 { format!("; and {more} more") } else { String::new() };
        let text = format!("nothing of ours works{held}, but {}{more}", first.join("; "));
        let stage = KillStage::Stuck(text.into());
        if line.stage != stage {
            line.note(now, format!("By its books nothing of ours works{held}"));
        }
        stage
    }

    /// Asks the broker for its books, to see by its own word that nothing works.
    fn verify_step(line: &mut Line, now: Time, out: &mut Vec<Effect>) -> KillStage {
        if line.verify_asked_at.is_none_or(|at| now.since(at) >= ANSWER) {
            line.note(now, "The broker has ended every order of ours; its books are asked for");
            line.verify_asked_at = Some(now);
            line.unproven_since.get_or_insert(now);
            out.push(Effect::Request(line.broker, BrokerRequest::Books));
        }
        match line.unproven_since {
            Some(since) if now.since(since) >= PATIENCE => KillStage::Stuck(
                "the broker does not send its books: whether anything works is not sure".into(),
            ),
            _ => KillStage::Verifying,
        }
    }

    /// Asks for cancels, and again for those that were not answered.
    fn cancel_step(
        &mut self,
        line: &mut Line,
        live: &[Order],
        now: Time,
        out: &mut Vec<Effect>,
    ) -> KillStage {
        if line.asked_at.is_none() {
            line.cancelling_since = now;
            line.asked_count = 0;
        }
        // What was refused or could not be handed over is asked for sooner than what may still
        // be answered.
        let since = line.asked_at.map_or(ANSWER, |at| now.since(at));
        let retry = RETRY.saturating_mul(1_u32.checked_shl(line.asked_count).unwrap_or(u32::MAX));
        let is_due = |order: &&Order| since >= ANSWER || (since >= retry && self.orders.can_cancel(order.id));
        let due: Vec<OrderId> = live.iter().filter(is_due).map(|order| order.id).collect();
        if !due.is_empty() {
            line.asked_at = Some(now);
            line.asked_count = line.asked_count.saturating_add(1);
            let (one, many) = ("order works: its cancel asked for", "orders work: their cancels asked for");
            line.note(now, counted(live.len(), one, many));
        }
        for id in due {
            out.push(Effect::Request(line.broker, BrokerRequest::Cancel(id)));
            if let Some(order) = self.orders.ask_cancel(id, now) {
                self.tell(order, Moment::AskedCancel, now, out);
            }
        }
        if now.since(line.cancelling_since) < PATIENCE {
            return KillStage::Cancelling(live.len() as u32);
        }
        let first: Vec<String> = live.iter().take(5).map(|order| named(self, order)).collect();
        let more = if live.len() > 5 { format!(" and {} more", live.len() - 5) } else { String::new() };
        KillStage::Stuck(format!("the broker has not ended {}{more}", first.join(", ")).into())
    }
}

fn named(engine: &Engine, order: &Order) -> String {
    format!("order {} ({} {})", order.id, order.spec.side, engine.symbol(order.spec.instrument))
}
