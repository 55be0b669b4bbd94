//! Settings of which one of a few is chosen, or a number is typed behind the name.

use std::sync::Arc;

use super::Action;
use crate::domain::{Decimal, Settings};
use crate::link::Command;
use crate::ui::commands::UiCommand;
use crate::ui::format;
use crate::ui::settings::catalogue::{CATALOGUE, Entry};
use crate::ui::settings::control::Control;
use crate::ui::ticket::number;

/// The choices, with what is in force; quantities from the number that the query ends with.
pub(super) fn choices(now: &Settings, query: &str) -> Vec<Action> {
    let mut actions: Vec<Action> =
        CATALOGUE.iter().filter(|entry| entry.is_offered).flat_map(|entry| values(entry, now)).collect();
    let typed = query.split_whitespace().last().and_then(|word| number::parse(word).ok().flatten());
    let sizes = CATALOGUE.iter().filter(|entry| entry.path.starts_with("default_quantity."));
    actions.extend(sizes.filter_map(|entry| quantity(entry, now, typed)));
    actions
}

/// Each setting by name: it leads to its row in the settings window.
pub(super) fn single_settings() -> impl Iterator<Item = Action> {
    let has_row = |entry: &&Entry| !matches!(entry.control, Control::Window(_));
    CATALOGUE.iter().filter(has_row).map(|entry| {
        let command = UiCommand::Settings(Some(entry.path));
        let action = Action::window(format!("Settings: {}", entry.name), entry.words, command);
        Action { is_aside: true, ..action }
    })
}

fn values(entry: &Entry, now: &Settings) -> Vec<Action> {
    let action = |value: &str, choose, is_in_force| {
        Action::engine(format!("{}: {value}", entry.name), entry.words, choose).in_force(is_in_force)
    };
    match &entry.control {
        Control::Choice(choice) => (0..choice.count)
            .map(|at| {
                let choose = with(now, |settings| (choice.choose)(settings, at));
                action(&(choice.label)(at), choose, (choice.at)(now) == Some(at))
            })
            .collect(),
        Control::Switch(switch) => [true, false]
            .into_iter()
            .zip(switch.labels)
            .map(|(is_on, label)| {
                let choose = with(now, |settings| (switch.set)(settings, is_on));
                action(label, choose, (switch.is_on)(now) == is_on)
            })
            .collect(),
        Control::Text(_) | Control::Fixed(_) | Control::Window(_) => Vec::new(),
    }
}

/// What the ticket begins with: as it is, or as it would be with the number that was typed.
fn quantity(entry: &Entry, now: &Settings, typed: Option<Decimal>) -> Option<Action> {
    let Control::Text(text) = &entry.control else { return None };
    let value = typed.map_or_else(|| (text.read)(now), format::exact);
    let mut then = now.clone();
    (text.write)(&mut then, &value).ok()?;
    let hint = if typed.is_none() { ", type another number" } else { "" };
    let is_in_force = then == *now;
    let choose = Command::Configure(Arc::new(then));
    let action = Action::engine(format!("{}: {value}{hint}", entry.name), entry.words, choose);
    Some(action.in_force(is_in_force))
}

fn with(now: &Settings, change: impl FnOnce(&mut Settings)) -> Command {
    let mut settings = now.clone();
    change(&mut settings);
    Command::Configure(Arc::new(settings))
}
