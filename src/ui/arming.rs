//! Arming a live account: its badge in the top bar, and the dialog in which its id is typed.
//!
//! A live account begins each run unarmed: what makes positions smaller works, what opens them
//! waits. To arm it (the badge, Ctrl+Shift+A, the search) the trader types its id, letter by
//! letter: a paste proves nothing, and is not taken. To hold back again asks nothing.

use egui::{Button, Event, Key, Label, RichText, TextEdit, Ui, vec2};

use super::closing::close_button;
use super::commands::{Commands, UiCommand};
use super::giving_back::GivesBack;
use super::keys::{Act, with_keys};
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::{Account, AccountId, AccountKind, BrokerId};
use crate::link::{Command, CommandId};

const WIDTH: f32 = 400.0;
/// Longer than any broker's ids.
const MOST_LETTERS: usize = 64;

/// Which account: its broker, and its id there.
pub(super) type Place = (BrokerId, AccountId);

/// The place of an account.
pub(super) fn place_of(account: &Account) -> Place {
    (account.broker, account.id.clone())
}

/// The command that holds an account back again.
pub(super) fn disarm(account: &Account) -> Command {
    Command::Disarm { broker: account.broker, account: account.id.clone() }
}

/// The accounts that can be armed.
pub(super) fn live(desk: &Desk) -> impl Iterator<Item = &Account> {
    desk.accounts().iter().map(|account| &**account).filter(|account| account.kind == AccountKind::Live)
}

/// Paper and live never look alike. The badge of a live account arms and disarms it.
pub(super) fn badge_ui(ui: &mut Ui, desk: &Desk, account: &Account, theme: &Theme, out: &mut Commands) {
    if account.kind == AccountKind::Paper {
        let margin = egui::Margin::symmetric(6, 1);
        let frame = egui::Frame::new().fill(theme.accent_fill).corner_radius(theme.sizes.radius);
        frame.inner_margin(margin).show(ui, |ui| {
            ui.label(RichText::new("PAPER").strong().color(theme.on_fill)).on_hover_text(&*account.title);
        });
        return;
    }
    let is_armed = desk.is_armed(account);
    let whose = if live(desk).nth(1).is_some() { format!(" · {}", account.id) } else { String::new() };
    let state = if is_armed { "armed" } else { "not armed" };
    let text = format!("LIVE · real money · {state}{whose}");
    let button = Button::new(RichText::new(&text).strong().color(theme.on_fill)).fill(theme.live_fill);
    let is_free = desk.stopped().is_none();
    let badge = ui.add_enabled(is_free, button);
    let verb = if is_armed { "disarm" } else { "arm" };
    let name = format!("{text}: {verb} account {}", account.id);
    badge.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_free, &name));
    let hover = if is_armed {
        format!(
            "{}, account {}. Orders for it trade real money until Pitdesk is closed.\n\nClick to disarm it, \
             unasked: positions can be closed then, none can be opened.",
            account.title, account.id
        )
    } else {
        let click = with_keys(ui, "Click to arm it", Act::Arm);
        format!(
            "{}, account {}. Positions can be closed, none can be opened.\n\n{click}.",
            account.title, account.id
        )
    };
    if badge.on_hover_text(hover).clicked() {
        if is_armed {
            out.send(disarm(account));
        } else {
            out.window(UiCommand::Arm(Some(place_of(account))));
        }
    }
}

/// The dialog, open or not.
#[derive(Debug, Default)]
pub(super) struct Arming {
    open: Option<Open>,
    keyboard: GivesBack,
}

#[derive(Debug)]
struct Open {
    /// `None` where there is no live account.
    account: Option<Place>,
    typed: String,
    /// Whether somebody has tried to paste.
    has_pasted: bool,
    sent: Option<CommandId>,
    /// Why the engine did not do it.
    refused: Option<String>,
    must_focus: bool,
}

impl Open {
    fn of(account: Option<Place>) -> Self {
        Self { account, typed: String::new(), has_pasted: false, sent: None, refused: None, must_focus: true }
    }
}

impl Arming {
    /// Opens it for an account, else for the first live one that is not armed.
    pub fn open(&mut self, account: Option<Place>, desk: &Desk) {
        if self.open.is_some() {
            return;
        }
        let unarmed = || live(desk).find(|account| !desk.is_armed(account));
        let first = || unarmed().or_else(|| live(desk).next()).map(place_of);
        self.open = Some(Open::of(account.or_else(first)));
    }

    pub fn ui(&mut self, ctx: &egui::Context, desk: &Desk, out: &mut Commands) {
        self.keyboard.follow(ctx, self.open.is_some());
        let Some(open) = &mut self.open else { return };
        let is_done = open.is_answered(desk);
        let theme = theme_of(ctx);
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let modal = egui::Modal::new(egui::Id::unique("arming")).frame(frame).show(ctx, |ui| {
            ui.set_width(WIDTH);
            open.ui(ui, desk, &theme, out)
        });
        if is_done || modal.inner || modal.should_close() {
            self.open = None;
            ctx.request_repaint();
        }
    }
}

impl Open {
    /// Whether the engine has done what was sent.
    fn is_answered(&mut self, desk: &Desk) -> bool {
        let Some(answer) = self.sent.and_then(|id| desk.answer(id)) else { return false };
        self.sent = None;
        self.refused = answer.outcome.as_ref().err().map(ToString::to_string);
        self.must_focus = self.refused.is_some();
        self.refused.is_none()
    }

    /// Draws it; whether it is to be closed.
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) -> bool {
        self.choice_ui(ui, desk);
        let account = self.account.as_ref().and_then(|place| live(desk).find(|a| place_of(a) == *place));
        match account {
            None => self.nothing_ui(ui, theme),
            Some(account) if desk.is_armed(account) => self.armed_ui(ui, desk, account, theme, out),
            Some(account) => self.unarmed_ui(ui, desk, account, theme, out),
        }
    }

    /// Which of several accounts.
    fn choice_ui(&mut self, ui: &mut Ui, desk: &Desk) {
        if live(desk).nth(1).is_none() {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            for account in live(desk) {
                let place = Some(place_of(account));
                let state = if desk.is_armed(account) { "armed" } else { "not armed" };
                let text = format!("{} · {state}", account.id);
                if ui.selectable_label(self.account == place, text).clicked() && self.account != place {
                    *self = Self::of(place);
                }
            }
        });
        ui.add_space(6.0);
    }

    fn nothing_ui(&mut self, ui: &mut Ui, theme: &Theme) -> bool {
        ui.heading("No live account");
        ui.label(
            RichText::new("No broker has reported one. Paper accounts need no arming.").color(theme.text),
        );
        ui.add_space(10.0);
        self.close_ui(ui)
    }

    fn armed_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        account: &Account,
        theme: &Theme,
        out: &mut Commands,
    ) -> bool {
        ui.heading(format!("Account {} is armed", account.id));
        let text = format!("{}: orders for it trade real money until Pitdesk is closed.", account.title);
        ui.label(RichText::new(text).color(theme.text));
        ui.add_space(10.0);
        let is_done = ui.horizontal(|ui| {
            let is_done = self.close_ui(ui);
            let is_free = desk.stopped().is_none() && self.sent.is_none();
            let button = ui.add_enabled(is_free, Button::new("Disarm"));
            if button.on_hover_text("Positions can be closed then, none can be opened").clicked() {
                self.sent = Some(out.send(disarm(account)));
            }
            is_done
        });
        self.said_ui(ui, desk, theme);
        is_done.inner
    }

    fn unarmed_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        account: &Account,
        theme: &Theme,
        out: &mut Commands,
    ) -> bool {
        ui.heading(format!("Arm account {}?", account.id));
        let text = format!(
            "{} is a live account. Once it is armed, orders for it trade real money until Pitdesk is closed.",
            account.title
        );
        ui.add(Label::new(RichText::new(text).color(theme.text)).wrap());
        ui.add_space(6.0);
        let text = format!("Type {} to arm it. Pasting is ignored.", account.id);
        ui.label(RichText::new(text).color(if self.has_pasted { theme.warn } else { theme.text_weak }));
        let is_entered = self.field_ui(ui, theme);
        ui.add_space(10.0);
        let is_match = self.typed == *account.id.0;
        let is_free = desk.stopped().is_none() && self.sent.is_none();
        let is_done = ui.horizontal(|ui| {
            let can_arm = is_match && is_free;
            let colour = if can_arm { theme.on_fill } else { theme.text_faint };
            let fill = if can_arm { theme.live_fill } else { theme.control };
            let button = Button::new(RichText::new("Arm").strong().color(colour)).fill(fill);
            let arm = ui.add_enabled(can_arm, button.min_size(vec2(72.0, 0.0)));
            let arm = arm.on_disabled_hover_text("Type the account's id, exactly as it stands above");
            if can_arm && (arm.clicked() || is_entered) {
                let typed = self.typed.as_str().into();
                let command = Command::Arm { broker: account.broker, account: account.id.clone(), typed };
                self.sent = Some(out.send(command));
                self.refused = None;
            }
            ui.button("Cancel").on_hover_text("Escape").clicked()
        });
        self.said_ui(ui, desk, theme);
        is_done.inner
    }

    /// Where the id is typed; whether Enter was pressed in it.
    fn field_ui(&mut self, ui: &mut Ui, theme: &Theme) -> bool {
        let is_paste = |event: &Event| matches!(event, Event::Paste(_));
        self.has_pasted |= ui.input_mut(|input| {
            let before = input.events.len();
            input.events.retain(|event| !is_paste(event));
            input.events.len() < before
        });
        let field = TextEdit::singleline(&mut self.typed)
            .char_limit(MOST_LETTERS)
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, theme.sizes.row));
        let field = ui.add(field).accessible_name("Id of the account");
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        if std::mem::take(&mut self.must_focus) || is_entered {
            field.request_focus();
        }
        if field.changed() {
            (self.has_pasted, self.refused) = (false, None);
        }
        is_entered
    }

    fn close_ui(&mut self, ui: &mut Ui) -> bool {
        let close = close_button(ui, "arming");
        if std::mem::take(&mut self.must_focus) {
            close.request_focus();
        }
        close.clicked()
    }

    /// What became of it.
    fn said_ui(&self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        let (text, colour) = match (&self.refused, desk.stopped(), self.sent) {
            (Some(refused), ..) => (refused.as_str(), theme.danger),
            (None, Some(_), _) => ("The engine has stopped: nothing can be changed", theme.danger),
            (None, None, Some(_)) => ("Sent, no answer yet …", theme.text_weak),
            (None, None, None) => return,
        };
        ui.add_space(6.0);
        ui.add(Label::new(RichText::new(text).color(colour)).wrap());
    }
}
