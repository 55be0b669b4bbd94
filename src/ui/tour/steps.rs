//! What the tour says, step by step: two sentences at most, with the keys that are in force.

use egui::Context;

use super::spots::{Sight, Spot};
use crate::desk::Desk;
use crate::domain::AccountKind;
use crate::ui::keys::{Act, with_keys};
use crate::ui::pane::{PaneKey, PaneKind};
use crate::ui::workspace::{WindowKey, Workspace};

/// One thing that is shown.
pub(super) struct Step {
    pub title: &'static str,
    /// What it speaks of.
    pub spots: &'static [Spot],
    pub text: fn(&Context, &Desk) -> String,
}

/// All of them, in order.
pub(super) const STEPS: &[Step] = &[
    Step { title: "Buy and sell", spots: &[Spot::OrderType, Spot::Buy], text: buy },
    Step { title: "Guard it with a stop", spots: &[Spot::Bracket], text: stop },
    Step { title: "Get out", spots: &[Spot::Close, Spot::KillSwitch], text: get_out },
    Step { title: "Read the chart", spots: &[Spot::Periods, Spot::Indicators], text: chart },
    Step { title: "Find everything", spots: &[Spot::Search], text: find },
    Step { title: "Make it yours", spots: &[Spot::Workspaces, Spot::PaneMenu], text: arrange },
];

fn buy(ctx: &Context, desk: &Desk) -> String {
    let is_live = desk.accounts().iter().any(|account| account.kind == AccountKind::Live);
    let money = if is_live {
        "An account that is marked LIVE trades real money."
    } else {
        "The account has practice money, so nothing is at stake."
    };
    let press = with_keys(ctx, "press Buy", Act::PrepareBuy);
    let sends = if desk.settings().confirm_orders { "; a second press sends it" } else { "" };
    format!("{money} Choose Market to trade at once, then {press}{sends}.")
}

fn stop(_: &Context, _: &Desk) -> String {
    "Tick Bracket before you buy: a stop loss and a take profit leave with the order, and Close takes them away. \
     A stop that you send alone stays until you cancel it."
        .to_owned()
}

fn get_out(ctx: &Context, _: &Desk) -> String {
    let close = with_keys(ctx, "Close ends the position at market", Act::PrepareClose);
    let kill = with_keys(ctx, "The kill switch", Act::Kill);
    format!("{close}. {kill} cancels all orders and refuses new ones, at one press.")
}

fn chart(_: &Context, _: &Desk) -> String {
    "A click on 5m shows bars of five minutes. Indicators adds averages, bands and others.".to_owned()
}

fn find(ctx: &Context, _: &Desk) -> String {
    let search = with_keys(ctx, "The search", Act::Search);
    let keys = with_keys(ctx, "All keys are in one list", Act::Keys);
    format!("{search} finds every instrument, action and setting by name. {keys}.")
}

fn arrange(ctx: &Context, _: &Desk) -> String {
    let more = with_keys(ctx, "its menu has more of them", Act::Workspaces);
    format!("The menu ⋮ of a pane opens others beside it. The workspace is saved by itself; {more}.")
}

/// How to bring a control into sight that is not.
pub(super) fn way_to(ctx: &Context, spot: Spot, workspace: &Workspace) -> Option<String> {
    let kind = spot.pane()?;
    let name = kind.title();
    match spot.sight(ctx) {
        Sight::Here(_) => None,
        Sight::Scrolled => Some(format!("Scroll the {name}, or make it larger, to see it.")),
        Sight::Absent if stands_beside(kind, workspace) => {
            Some(format!("The {name} stands in a window of its own."))
        }
        Sight::Absent if workspace.alone_in(WindowKey::MAIN).is_some_and(|alone| alone.kind != kind) => {
            let back = with_keys(ctx, "Back to all panes", Act::Maximise);
            Some(format!("One pane has all the room: press {back}."))
        }
        Sight::Absent if is_there(kind, workspace) => {
            Some(format!("The {name} is not in front: click its tab, or make it larger."))
        }
        Sight::Absent => {
            let search = with_keys(ctx, "search", Act::Search);
            Some(format!("There is no {name} here: {search} for “Open {name}”."))
        }
    }
}

fn stands_beside(kind: PaneKind, workspace: &Workspace) -> bool {
    workspace.beside().flat_map(|window| workspace.keys_in(window)).any(|key| key.kind == kind)
}

fn is_there(kind: PaneKind, workspace: &Workspace) -> bool {
    workspace.keys().iter().any(|key: &PaneKey| key.kind == kind)
}
