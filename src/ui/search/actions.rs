//! The actions that the search offers, as they make sense at the moment.
//!
//! None of them sends an order that opens anything: what would be one is prepared in the ticket, which asks, and
//! what is done in a pane is shown with its keys. Those that touch orders only take them away.

mod blotter;
mod chart;
mod choices;
mod layout;
mod of_panes;

use std::time::Duration;

use super::Arranged;
use crate::desk::Desk;
use crate::domain::{AccountKind, BrokerId, Timeframe, Weather};
use crate::link::{Command, Drill, Flatten};
use crate::ui::arming;
use crate::ui::blotter::Blotter;
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::keys::{Act, window_actions};
use crate::ui::tour;
use blotter::blotter;
use chart::chart;
use choices::{choices, single_settings};
use layout::{layout, workspaces};
use of_panes::{prepared, with_keys_of_panes};

/// How long the drill holds the paper broker up.
const FREEZE: Duration = Duration::from_secs(10);
/// How long the server for other programs hangs in a drill.
const HANG: Duration = Duration::from_secs(20);
/// How late it tells what it tells late.
const LATE: Duration = Duration::from_secs(2);

/// Something to be done, by name.
pub(super) struct Action {
    /// In words.
    pub text: String,
    /// What else it may be called; searched, not shown.
    pub synonyms: &'static str,
    /// What keys do the same, where any do.
    pub keys: Option<Act>,
    /// Whether it is how things are already.
    pub is_in_force: bool,
    /// Whether it cannot be taken back, or lets a click send: never what a hasty Enter meets first.
    pub is_grave: bool,
    /// Whether it only leads to what it names: behind all that does it.
    pub is_aside: bool,
    does: Does,
}

enum Does {
    Window(UiCommand),
    Engine(Box<Command>),
}

impl Action {
    /// Asks for it.
    pub fn carry_out(self, out: &mut Commands) {
        match self.does {
            Does::Window(command) => out.window(command),
            Does::Engine(command) => {
                out.send(*command);
            }
        }
    }

    fn new(text: impl Into<String>, synonyms: &'static str, does: Does) -> Self {
        let text = text.into();
        Self { text, synonyms, keys: None, is_in_force: false, is_grave: false, is_aside: false, does }
    }

    fn window(text: impl Into<String>, synonyms: &'static str, command: UiCommand) -> Self {
        Self::new(text, synonyms, Does::Window(command))
    }

    fn engine(text: impl Into<String>, synonyms: &'static str, command: Command) -> Self {
        Self::new(text, synonyms, Does::Engine(Box::new(command)))
    }

    fn grave(text: impl Into<String>, synonyms: &'static str, command: Command) -> Self {
        Self { is_grave: true, ..Self::engine(text, synonyms, command) }
    }

    fn in_force(self, is_in_force: bool) -> Self {
        Self { is_in_force, ..self }
    }
}

/// All actions that make sense now, those that cannot be taken back last.
pub(super) fn actions(desk: &Desk, Arranged { workspace, shelf }: Arranged<'_>, query: &str) -> Vec<Action> {
    let order = workspace.panes.first::<Blotter>().and_then(Blotter::selected_order);
    let mut actions: Vec<Action> = shortcuts().collect();
    actions.extend(order.map(|id| {
        let note =
            Action::window(format!("Note and tags of order {id}"), "comment diary", UiCommand::Note(id));
        Action { keys: Some(Act::NoteOrder), ..note }
    }));
    actions.extend(order.map(|id| {
        let synonyms = "history journal what happened when";
        Action::window(format!("Timeline of order {id}"), synonyms, UiCommand::Timeline(id))
    }));
    let synonyms = "reconciliation report differences broker compare";
    actions.push(Action::window(crate::ui::books::TITLE, synonyms, UiCommand::Books));
    actions.push(Action::window(
        tour::TITLE,
        "help start first steps introduction learn how",
        UiCommand::Tour,
    ));
    actions.extend(desk.connections().iter().map(|connection| {
        let text = format!("Compare the books of {} now", connection.name);
        Action::engine(text, "reconcile", Command::Reconcile { broker: connection.broker })
    }));
    actions.extend(arm(desk));
    actions.extend(one_click(desk));
    actions.extend(desk.selected().into_iter().flat_map(|instrument| accounts(desk, instrument.broker)));
    actions.extend(Timeframe::ALL.into_iter().map(show_timeframe));
    actions.extend(blotter());
    actions.extend(chart(workspace));
    actions.extend(layout(workspace));
    actions.extend(workspaces(shelf));
    actions.extend(choices(desk.settings(), query));
    actions.extend(prepared(desk, workspace));
    // By name only: they would bury the others. Without an engine nothing is changed.
    if !query.trim().is_empty() && desk.stopped().is_none() {
        actions.extend(with_keys_of_panes());
        actions.extend(single_settings());
    }
    actions.extend(paper_broker(desk).into_iter().flat_map(drills));
    if desk.settings().gateway.is_on {
        actions.extend(weather(desk.selected().map(|instrument| &*instrument.symbol)));
    }
    let all = Command::CancelAll { instrument: None };
    actions.push(Action::grave("Cancel all orders", "working flat panic", all));
    actions.extend(desk.selected().map(|instrument| {
        let command = Command::CancelAll { instrument: Some(instrument.id) };
        Action::grave(format!("Cancel all orders of {}", instrument.symbol), "working", command)
    }));
    actions.extend(kill_switch(desk));
    if desk.stopped().is_some() {
        actions.retain(|action| matches!(action.does, Does::Window(_)));
    }
    actions
}

/// Whether a click on a price sends.
fn one_click(desk: &Desk) -> Option<Action> {
    let is_on = desk.one_click().is_some();
    let can = desk.selected().is_some_and(|instrument| desk.entry_account(instrument.broker).is_ok());
    let text = if is_on { "Switch one-click trading off" } else { "Arm one-click trading" };
    (is_on || can).then(|| {
        let switch = Action::window(text, "click price order keys", UiCommand::OneClick(!is_on));
        // Whoever looks for a pane must not arm the mouse by a hasty Enter.
        Action { keys: Some(Act::OneClick), is_grave: !is_on, ..switch }
    })
}

fn kill_switch(desk: &Desk) -> Vec<Action> {
    let kill =
        |text, flatten| Action::grave(text, "stop halt emergency panic flat", Command::Kill { flatten });
    let panel = Action::window("Emergency panel", "progress evidence stop halt", UiCommand::KillPanel);
    let at_market = kill("Lock, cancel all, close positions at market (kill switch)", Flatten::Market);
    let within = Flatten::Within(crate::domain::Decimal::ONE);
    let within = kill("Lock, cancel all, close positions within 1 % (kill switch)", within);
    let first = if let Some(report) = desk.kill_report().filter(|_| desk.kill().is_locked()) {
        let again = kill("Try the kill switch again", report.flatten);
        vec![Action::grave("Release the kill switch", "unlock allow orders", Command::ReleaseKill), again]
    } else if desk.kill().is_locked() {
        vec![Action::grave("Release the kill switch", "unlock allow orders", Command::ReleaseKill)]
    } else {
        let first = kill("Kill switch: cancel all orders and lock new ones", Flatten::No);
        vec![Action { keys: Some(Act::Kill), ..first }]
    };
    first.into_iter().chain([at_market, within, panel]).collect()
}

/// To arm a live account asks for its id; to disarm it asks nothing.
fn arm(desk: &Desk) -> impl Iterator<Item = Action> {
    arming::live(desk).map(move |account| {
        let synonyms = "real money live trading allow hold";
        if desk.is_armed(account) {
            Action::engine(format!("Disarm account {}", account.id), synonyms, arming::disarm(account))
        } else {
            let command = UiCommand::Arm(Some(arming::place_of(account)));
            let arm = Action::window(format!("Arm account {} …", account.id), synonyms, command);
            Action { keys: Some(Act::Arm), ..arm }
        }
    })
}

/// For which account orders of a broker are entered, where it has several.
fn accounts(desk: &Desk, broker: BrokerId) -> impl Iterator<Item = Action> {
    let chosen = desk.entry_account(broker).ok().map(|account| &account.id);
    desk.accounts_of(broker).filter(move |account| desk.has_others(broker, &account.id)).map(move |account| {
        let command = UiCommand::ChooseAccount(broker, account.id.clone());
        Action::window(format!("Enter orders for account {}", account.id), "choose switch", command)
            .in_force(chosen == Some(&account.id))
    })
}

/// Every shortcut but those that open the search, that of the kill switch, which is grave, and
/// that of live accounts, which are named.
fn shortcuts() -> impl Iterator<Item = Action> {
    let is_here = |(act, _): &(Act, UiCommand)| !matches!(act, Act::Search | Act::Kill | Act::Arm);
    window_actions().filter(is_here).map(|(act, command)| {
        let synonyms = match act {
            Act::Settings => "preferences options configure setup",
            Act::TextLarger | Act::TextSmaller | Act::TextUsual => "zoom font scale bigger",
            Act::Limits => "risk settings loss exposure fat finger",
            Act::Allocation => "rebalance portfolio percent basket",
            Act::NewAlert => "notify price level bell tell me",
            Act::Workspaces => "save layout arrangement duplicate delete file",
            Act::NextWorkspace => "layout switch",
            Act::Performance => "frame time slow overlay vertices queue repaint",
            _ => "",
        };
        Action { keys: Some(act), ..Action::window(act.words(), synonyms, command) }
    })
}

fn show_timeframe(timeframe: Timeframe) -> Action {
    let text = format!("Chart of {timeframe} bars");
    Action::window(text, "timeframe period", UiCommand::ShowTimeframe(timeframe))
}

/// Drills are for simulated money only.
fn paper_broker(desk: &Desk) -> Option<BrokerId> {
    desk.accounts().iter().find(|account| account.kind == AccountKind::Paper).map(|account| account.broker)
}

fn drills(broker: BrokerId) -> [Action; 2] {
    let drill = |drill| Command::Drill { broker, drill };
    [
        Action::grave("Freeze the paper broker for 10 s", "drill hang test", drill(Drill::Freeze(FREEZE))),
        Action::grave("Crash the paper session", "drill panic test", drill(Drill::Crash)),
    ]
}

/// Bad days of the server that other programs are connected to.
fn weather(selected: Option<&str>) -> Vec<Action> {
    let action = |text: &str, weather| {
        Action::grave(text, "weather drill tws api gateway bad day test", Command::Weather(weather))
    };
    let mut all = vec![
        action("TWS API weather: fair, everything works again", Weather::Fair),
        action("TWS API weather: nightly reset, subscriptions lost", Weather::Reset { keeps_data: false }),
        action("TWS API weather: nightly reset, subscriptions kept", Weather::Reset { keeps_data: true }),
        action("TWS API weather: cut every connection", Weather::Cut),
        action("TWS API weather: hang for 20 s", Weather::Freeze(HANG)),
        action("TWS API weather: news of orders 2 s late", Weather::SlowAcknowledgements(LATE)),
        action("TWS API weather: commissions 2 s late", Weather::LateCommissions(LATE)),
        action("TWS API weather: at most 50 requests a second", Weather::Pacing),
        action("TWS API weather: refuse changes of orders", Weather::RefusedChanges),
        action("TWS API weather: silence after a partial fill", Weather::SilenceAfterPartial),
    ];
    if let Some(symbol) = selected {
        let text = format!("TWS API weather: no live data for {symbol}, delayed ones only");
        all.push(action(&text, Weather::NoData(symbol.into())));
        let text = format!("TWS API weather: no data for {symbol}, not subscribed");
        all.push(action(&text, Weather::NotSubscribed(symbol.into())));
    }
    all
}
