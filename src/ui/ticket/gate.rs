//! Asks the gate beforehand what the engine will ask it, and what the trader would have to accept
//! for it to say yes.
//!
//! For the ticket's four buttons, and for the blotter's ways out of a position and changes of an
//! order. The gate is a pure function ([`risk::check`], [`risk::approve_amend`]); it is given what
//! the desk knows, so that window and engine disagree only where the desk is behind. The engine
//! has the last word.

mod batch;

use crate::desk::Desk;
use crate::domain::{AccountId, Instrument, Order, OrderId, OrderSpec, Side};
use crate::risk::{self, Change, Despite, Known, Line, Refusal, Role, Unusual};

use super::facts::Facts;

pub(in crate::ui) use batch::{Refused, refusals_of};

/// Something unusual that an order would be sent in spite of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Doubt {
    unusual: Unusual,
    /// `a quote 45 s old`.
    pub short: String,
    /// The gate's own words.
    pub why: String,
}

impl Doubt {
    fn of(refusal: &Refusal) -> Option<Self> {
        let short = match refusal {
            Refusal::StaleQuote { age, .. } => format!("a quote {age} s old"),
            Refusal::CrossedBook { .. } => "a crossed book".to_owned(),
            Refusal::EmptyBook { side, .. } => {
                format!("no {}", if *side == Side::Buy { "bid" } else { "ask" })
            }
            Refusal::Silent(_) => "a silent broker".to_owned(),
            _ => return None,
        };
        Some(Self { unusual: refusal.unusual()?, short, why: refusal.to_string() })
    }
}

/// What the trader would have to accept for the gate to let something through; nothing as a rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in crate::ui) struct Insistence {
    pub despite: Despite,
    pub doubts: Vec<Doubt>,
}

/// `a quote 45 s old and a silent broker`.
pub(in crate::ui) fn said_short(doubts: &[Doubt]) -> String {
    doubts.iter().map(|doubt| doubt.short.as_str()).collect::<Vec<_>>().join(" and ")
}

/// The gate's own words for all of it.
pub(in crate::ui) fn said_whole(doubts: &[Doubt]) -> String {
    doubts.iter().map(|doubt| doubt.why.as_str()).collect::<Vec<_>>().join(" ")
}

/// Whether the same is unusual now as was then, though quotes have grown older meanwhile.
pub(in crate::ui) fn is_same_market(now: &[Doubt], then: &[Doubt]) -> bool {
    now.iter().map(|doubt| doubt.unusual).eq(then.iter().map(|doubt| doubt.unusual))
}

/// How far a question has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Step {
    /// Whether to send this at all.
    Order,
    /// Whether to send it in spite of what is unusual.
    Despite,
}

/// What a new order would need for the gate to let it through; the refusal where no word of the
/// trader's helps.
pub(super) fn insist(spec: &OrderSpec, role: Role, facts: &Facts<'_>) -> Result<Insistence, Refusal> {
    insist_on(|despite| ask_gate(spec, role.insisting(despite), facts))
}

/// The same for whoever has no ticket's facts, for an order of a certain account.
pub(in crate::ui) fn insist_on_order(
    desk: &Desk,
    instrument: &Instrument,
    account: &AccountId,
    spec: &OrderSpec,
    role: Role,
) -> Result<Insistence, Refusal> {
    let account = desk.account(instrument.broker, account);
    insist(spec, role, &Facts::of_account(desk, instrument, account))
}

/// The same for a change of an order.
pub(in crate::ui) fn insist_on_change(
    desk: &Desk,
    instrument: &Instrument,
    order: &Order,
    change: Change,
) -> Result<Insistence, Refusal> {
    let facts = Facts::of_account(desk, instrument, desk.account(order.broker, &order.account));
    let role = role_of_change(desk, order, change);
    insist_on(|despite| {
        let ask = |known: &Known<'_>| risk::approve_amend(order, change, role.insisting(despite), known);
        with_known(&facts, Some(order.id), ask).map(drop)
    })
}

/// As the engine has it: an exit is judged as one as long as it guards no more than its entry opens.
fn role_of_change(desk: &Desk, order: &Order, change: Change) -> Role {
    let Some(entry) = order.entry().and_then(|entry| desk.blotter().get(entry)) else { return Role::Plain };
    let opens = if entry.is_live() { entry.spec.quantity } else { entry.filled };
    match change.quantity {
        Some(quantity) if quantity > opens => Role::Plain,
        _ if entry.filled.is_zero() => Role::exit_of(&entry.spec),
        _ => Role::Exit { entry: None, despite: Despite::default() },
    }
}

fn insist_on(ask: impl Fn(Despite) -> Result<(), Refusal>) -> Result<Insistence, Refusal> {
    let mut insistence = Insistence::default();
    loop {
        let Err(refusal) = ask(insistence.despite) else { return Ok(insistence) };
        let unusual = refusal.unusual().filter(|unusual| !insistence.despite.covers(*unusual));
        let (Some(unusual), Some(doubt)) = (unusual, Doubt::of(&refusal)) else { return Err(refusal) };
        insistence.despite = insistence.despite.and(unusual);
        insistence.doubts.push(doubt);
    }
}

/// Asks what the engine will ask about a new order.
pub(super) fn ask_gate(spec: &OrderSpec, role: Role, facts: &Facts<'_>) -> Result<(), Refusal> {
    with_known(facts, None, |known| risk::check(spec, role, known))
}

/// What the desk knows, as the gate wants it; `but` is the order in question, where there is one.
fn with_known<R>(facts: &Facts<'_>, but: Option<OrderId>, ask: impl FnOnce(&Known<'_>) -> R) -> R {
    let nobody = AccountId("".into());
    let account = facts.account.as_ref().map_or(&nobody, |account| &account.id);
    let line = match (&facts.not_ready, &facts.silent) {
        (Some(why), _) => Line::Down(why),
        (None, Some(why)) => Line::Silent(why),
        (None, None) => facts.opening_locked.map_or(Line::Ready, Line::Reducing),
    };
    let limits = facts.settings.limits.in_force(account, facts.instrument);
    let reaching = facts.reaching_but(but);
    ask(&Known {
        limits,
        account,
        instrument: facts.instrument,
        quote: facts.quote.map(|view| (view.quote, view.confirmed)),
        position: facts.net(),
        pending: reaching.pending,
        exits: reaching.exits,
        uses: facts.uses,
        // The engine asks the calendar; here an old quote that says closed is shown as old.
        is_in_hours: false,
        is_regular: risk::is_regular(&limits, facts.instrument, facts.now),
        to_limits: facts.to_limits,
        is_armed: facts.is_armed(),
        is_killed: facts.is_killed,
        line,
        now: facts.now,
    })
}
