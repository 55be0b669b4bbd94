//! Settings as a file: taken out, and brought in after a look at what would change.
//!
//! What keeps money and logins safe belongs to one profile on one computer: the kind of its accounts, its limits, and how
//! IB Gateway is started and logged in. None of it leaves, and none of it comes in, whatever a file says. What is listed
//! stays too, for it is found and not set.

use egui::{Button, Label, RichText, ScrollArea, TextEdit, Ui, Vec2, vec2};
use toml::{Table, Value};

use super::catalogue::{CATALOGUE, Entry};
use super::control::Control;
use crate::desk::Desk;
use crate::domain::Settings;
use crate::domain::settings::FILE_VERSION;
use crate::link::{Command, CommandId, FileTask};
use crate::ui::commands::Commands;
use crate::ui::theme::Theme;

/// What stays where it is.
const STAYS: [&[&str]; 4] = [&["account_kind"], &["limits"], &["ibkr", "launch"], &["ibkr", "instruments"]];
const STAYS_SAID: &str =
    "The kind of accounts, limits, listed instruments and how IB Gateway is started stay as they are.";

const HEADING: &str = "\
# Settings of a Pitdesk profile, to be imported in its settings window. Without the kind of accounts, the limits,
# what is listed and how IB Gateway is started: those belong to the profile.
";

/// Taking settings out and bringing them in.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    path: String,
    asked: Option<CommandId>,
    /// A file that was read, while the trader looks at what it would change.
    read: Option<Read>,
    is_new: bool,
    said: Option<(String, bool)>,
}

/// A file of settings.
#[derive(Debug)]
struct Read {
    path: String,
    values: Table,
}

/// What was decided about a file.
pub(super) enum Step {
    TakeOver(Box<Settings>),
    Leave,
}

/// Takes away what stays; whether there was any of it.
fn keep_back(values: &mut Table) -> bool {
    let mut was_there = false;
    for place in STAYS {
        let Some((last, tables)) = place.split_last() else { continue };
        let table = tables.iter().try_fold(&mut *values, |at, key| at.get_mut(*key)?.as_table_mut());
        was_there |= table.is_some_and(|table| table.remove(*last).is_some());
    }
    was_there
}

/// The text of a file.
fn export(settings: &Settings) -> Result<String, String> {
    let table = Table::try_from(settings).and_then(|mut table| {
        keep_back(&mut table);
        toml::to_string(&table)
    });
    let text = table.map_err(|error| format!("The settings could not be written down: {error}"))?;
    Ok(format!("{HEADING}version = {FILE_VERSION}\n{text}"))
}

/// The values of a file.
fn values(text: &str) -> Result<Table, String> {
    let mut values: Table = text.parse().map_err(|error: toml::de::Error| {
        format!("It is no file of settings ({}): choose another one", error.message())
    })?;
    if let Some(Value::Integer(found)) = values.remove("version")
        && found > i64::from(FILE_VERSION)
    {
        return Err(
            "It was made by a newer Pitdesk: export it there for this version, or update this one".to_owned()
        );
    }
    Ok(values)
}

/// What settings would be with the values of a file, and what of it is not taken over.
fn merged(values: &Table, now: &Settings) -> (Settings, Vec<String>) {
    let mut values = values.clone();
    let mut left = Vec::new();
    if keep_back(&mut values) {
        left.push(STAYS_SAID.to_owned());
    }
    let mut base = now.clone();
    // A list of keys stands for all of them: what it does not name has its usual keys.
    if values.contains_key("keys") {
        base.keys.clear();
    }
    let (settings, problems) = base.with(&values);
    left.extend(problems.iter().map(ToString::to_string));
    (settings, left)
}

/// Each setting that would be another, in words.
fn changes(now: &Settings, then: &Settings) -> Vec<String> {
    let is_own = |entry: &&Entry| !matches!(entry.control, Control::Window(_));
    let is_other = |entry: &&Entry| entry.control.value(now) != entry.control.value(then);
    let changed = CATALOGUE.iter().filter(is_own).filter(is_other);
    let mut said: Vec<String> =
        changed.map(|entry| format!("{}: {} → {}", entry.name, entry.said(now), entry.said(then))).collect();
    let of = |settings: &Settings, name: &String| {
        settings.keys.get(name).map_or_else(|| "usual".to_owned(), |keys| format!("'{keys}'"))
    };
    let names: std::collections::BTreeSet<&String> = now.keys.keys().chain(then.keys.keys()).collect();
    let other = names.into_iter().filter(|name| now.keys.get(*name) != then.keys.get(*name));
    said.extend(other.map(|name| format!("Keys of {name}: {} → {}", of(now, name), of(then, name))));
    said
}

impl Exchange {
    /// Whether a file waits for a decision.
    pub fn asks(&self) -> bool {
        self.read.is_some()
    }

    /// Leaves all settings as they are.
    pub fn leave(&mut self) {
        self.read = None;
        self.said = None;
    }

    pub fn say_bad(&mut self, text: String) {
        self.said = Some((text, true));
    }

    /// Takes in what became of a file.
    pub fn hear(&mut self, desk: &Desk) {
        let Some(asked) = self.asked else { return };
        if let Some(Err(why)) = desk.answer(asked).map(|answer| &answer.outcome) {
            self.asked = None;
            self.say_bad(why.to_string());
        }
        let Some(done) = desk.file_done(asked) else { return };
        self.asked = None;
        match (&done.task, &done.outcome) {
            (_, Err(why)) => self.said = Some((why.to_string(), true)),
            (FileTask::Write { path, .. }, Ok(_)) => self.said = Some((format!("Written to {path}"), false)),
            (FileTask::Picture { .. }, Ok(_)) => {}
            (FileTask::Read { path }, Ok(text)) => match values(text) {
                Ok(values) => {
                    (self.is_new, self.said) = (true, None);
                    self.read = Some(Read { path: path.to_string(), values });
                }
                Err(why) => self.said = Some((why, true)),
            },
        }
    }

    /// The line below the list: a file, and what can be done with it.
    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, now: &Settings, theme: &Theme, out: &mut Commands) {
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut self.path)
                .hint_text("A file to import settings from, or to export them to")
                .desired_width(380.0)
                .min_size(vec2(0.0, theme.sizes.row));
            ui.add(field).accessible_name("File of settings");
            let is_free = self.asked.is_none() && desk.stopped().is_none();
            let export = ui.add_enabled(is_free, Button::new("Export settings"));
            if export
                .on_hover_text("Writes all but what belongs to this profile alone to a new file")
                .clicked()
            {
                self.export(now, out);
            }
            let can_read = is_free && !self.path.trim().is_empty();
            let import = ui.add_enabled(can_read, Button::new("Import settings …"));
            if import.on_hover_text("Shows what this file would change, and asks").clicked() {
                let path = self.path.trim().into();
                self.asked = Some(out.send(Command::File(FileTask::Read { path })));
                self.said = None;
            }
        });
        if let Some((text, is_bad)) = &self.said {
            let colour = if *is_bad { theme.danger } else { theme.text_weak };
            ui.add(Label::new(RichText::new(text).color(colour)).wrap());
        }
    }

    fn export(&mut self, now: &Settings, out: &mut Commands) {
        let text = match export(now) {
            Ok(text) => text,
            Err(why) => return self.say_bad(why),
        };
        if self.path.trim().is_empty() {
            "~/pitdesk-settings.toml".clone_into(&mut self.path);
        }
        let path = self.path.trim().into();
        self.asked = Some(out.send(Command::File(FileTask::Write { path, text: text.into() })));
        self.said = None;
    }

    /// What a file would change, and whether it is to.
    pub fn question_ui(&mut self, ui: &mut Ui, size: Vec2, now: &Settings, theme: &Theme) -> Option<Step> {
        let read = self.read.as_ref()?;
        let (settings, left) = merged(&read.values, now);
        let changes = changes(now, &settings);
        let about = match changes.len() {
            0 => format!("Nothing would change with {}", read.path),
            1 => format!("One setting would change with {}", read.path),
            count => format!("{count} settings would change with {}", read.path),
        };
        ui.add(Label::new(RichText::new(about).color(theme.text_strong)).wrap());
        ui.add_space(6.0);
        ScrollArea::vertical().auto_shrink([false, true]).max_height(size.y).show(ui, |ui| {
            for change in &changes {
                ui.add(Label::new(RichText::new(change).color(theme.text)).wrap());
            }
            if !left.is_empty() {
                ui.add_space(6.0);
                ui.label(RichText::new("Not taken over").strong().color(theme.text_strong));
            }
            for line in &left {
                ui.add(Label::new(RichText::new(line).color(theme.warn)).wrap());
            }
        });
        ui.add_space(8.0);
        let step = ui.horizontal(|ui| {
            // The safe one first: it is what a hasty Enter or Space meets.
            let back = ui.button("Leave all as it is");
            if std::mem::take(&mut self.is_new) {
                back.request_focus();
            }
            let take = ui.add_enabled(!changes.is_empty(), Button::new("Take these over"));
            match () {
                () if back.clicked() => Some(Step::Leave),
                () if take.clicked() => Some(Step::TakeOver(Box::new(settings))),
                () => None,
            }
        });
        if step.inner.is_some() {
            self.leave();
        }
        step.inner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::settings::{Density, ThemeChoice};
    use crate::domain::{AccountKind, Currency};

    /// Settings in which each place has another value than usual.
    fn own() -> Settings {
        let mut settings = Settings {
            theme: ThemeChoice::Light,
            base_currency: Currency::JPY,
            confirm_orders: false,
            account_kind: AccountKind::Live,
            keys: [("search".to_owned(), "Ctrl+P".to_owned())].into(),
            ..Settings::default()
        };
        settings.looks.density = Density::Compact;
        settings.gateway.master_client = Some(3);
        settings.ibkr.client_id = 21;
        settings.ibkr.instruments.push("7203:JPY".to_owned());
        settings.ibkr.launch.command = "/opt/own/start.sh".to_owned();
        settings.limits.profile.max_working_orders = Some(3);
        settings
    }

    #[test]
    fn what_was_taken_out_comes_in_again_but_for_what_belongs_to_a_profile() {
        let (own, fresh) = (own(), Settings::default());
        let text = export(&own).unwrap();
        for secret in ["account_kind", "limits", "launch", "start.sh", "7203:JPY"] {
            assert!(
                !text.lines().filter(|line| !line.starts_with('#')).any(|line| line.contains(secret)),
                "{secret}"
            );
        }
        let (then, left) = merged(&values(&text).unwrap(), &fresh);
        assert_eq!(left, Vec::<String>::new());
        let expected = Settings {
            account_kind: fresh.account_kind,
            limits: fresh.limits.clone(),
            ibkr: crate::domain::settings::IbkrSettings { client_id: 21, ..fresh.ibkr.clone() },
            ..own.clone()
        };
        assert_eq!(then, expected);
        let back = merged(&values(&export(&fresh).unwrap()).unwrap(), &own).0;
        assert_eq!(back.keys, fresh.keys, "the usual keys are taken over too");
        assert_eq!((back.limits, back.account_kind), (own.limits, own.account_kind));
    }

    #[test]
    fn a_file_never_touches_limits_accounts_or_the_start_of_ib_gateway() {
        let file = "theme = 'light'\naccount_kind = 'live'\n[limits.profile]\nmax_order_value = '9999999999'\n\
                    [ibkr]\ninstruments = []\n[ibkr.launch]\nis_on = true\ncommand = '/tmp/evil'\n";
        let now = Settings::default();
        let (then, left) = merged(&values(file).unwrap(), &now);
        assert_eq!(then, Settings { theme: ThemeChoice::Light, ..now.clone() });
        assert_eq!(left, [STAYS_SAID]);
        assert_eq!(changes(&now, &then), ["Theme: dark → light"]);
    }

    #[test]
    fn what_a_file_does_not_name_stays_and_what_it_names_wrongly_is_told() {
        let own = own();
        let (then, left) =
            merged(&values("colour = 1\nbase_currency = 'EUR'\ntheme = 'pink'").unwrap(), &own);
        assert_eq!(then, Settings { base_currency: Currency::EUR, ..own });
        assert_eq!(left.len(), 2, "{left:?}");
        assert!(left.iter().any(|line| line.starts_with("theme:") && line.ends_with("\"light\" is used")));
    }

    #[test]
    fn keys_that_change_are_named() {
        let (own, fresh) = (own(), Settings::default());
        assert!(changes(&fresh, &own).contains(&"Keys of search: usual → 'Ctrl+P'".to_owned()));
        assert!(changes(&own, &own).is_empty());
    }

    #[test]
    fn what_is_no_file_of_settings_is_refused() {
        assert!(values("[theme").unwrap_err().contains("no file of settings"));
        assert!(values("version = 99\ntheme = 'light'").unwrap_err().contains("newer Pitdesk"));
    }
}
