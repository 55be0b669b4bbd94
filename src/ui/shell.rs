//! The frame around the panes: top bar, status bar, the arrangement, what floats above.

mod arrangement;

pub(super) use self::arrangement::Places;
use super::commands::{Commands, UiCommand};
use super::keys::trading::Sight;
use super::keys::{Act, Scope, keys_of, with_keys};
use super::paint::figures;
use super::pane::{PaneKey, PaneKind};
use super::search::Arranged;
use super::terminal::Terminal;
use super::theme::{Theme, theme_of};
use super::tour::{self, Spot};
use super::workspace::{Shelf, WindowKey};
use super::{alerts, arming, format, quit, settings, workspaces};
use crate::desk::Desk;
use crate::domain::{Account, AccountKind};

pub(super) fn shell_ui(terminal: &mut Terminal, here: WindowKey, ui: &mut egui::Ui, out: &mut Commands) {
    let theme = theme_of(ui.ctx());
    let stake = Stake::of(&terminal.desk);
    let bar = egui::Frame::new().fill(theme.panel).inner_margin(egui::Margin::symmetric(8, 4));
    if let Some(why) = terminal.desk.stopped() {
        stopped_ui(ui, why, &theme, out);
    }
    if terminal.desk.stopped().is_none()
        && let Some(why) = terminal.desk.journal().refusal()
    {
        journal_ui(ui, &why, &theme);
    }
    let seen = terminal.windows.seen(here);
    let is_main = here == WindowKey::MAIN;
    if is_main {
        egui::Panel::top("top bar").frame(bar).show_separator_line(false).show(ui, |ui| {
            top_bar_ui(ui, &terminal.desk, &terminal.shelf, seen, out);
        });
        egui::Panel::bottom("status bar").frame(bar).show_separator_line(false).show(ui, |ui| {
            terminal.status_bar.ui(ui, &terminal.desk, &terminal.books, out);
        });
    } else if is_dangerous(&terminal.desk) {
        egui::Panel::top("warnings").frame(bar).show_separator_line(false).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                stakes_ui(ui, &terminal.desk, &theme, out);
                armed_ui(ui, &terminal.desk, seen, &theme, out);
                locked_ui(ui, &terminal.desk, &theme, out);
            });
        });
    }
    let strip = terminal.tour.strip_ui(ui, terminal.shelf.tour.filter(|_| is_main));
    let desk_frame = egui::Frame::new().fill(theme.backdrop);
    let panes = egui::CentralPanel::default().frame(desk_frame).show(ui, |ui| {
        arrangement::panes_ui((here, &mut terminal.workspace), &mut terminal.desk, ui, &theme, out)
    });
    if is_main {
        terminal.tour.ui(
            ui.ctx(),
            &mut terminal.shelf.tour,
            (panes.inner.chart, strip),
            &terminal.desk,
            &terminal.workspace,
        );
    }
    if terminal.windows.is_front(here) {
        floats_ui(terminal, ui, (panes.inner, panes.response.rect), out);
    }
    stake_ui(ui.ctx(), stake, &theme);
}

/// What is above the panes, in the window in front, whose panes stand in these places, and all of them in `room`.
fn floats_ui(
    terminal: &mut Terminal,
    ui: &egui::Ui,
    (places, room): (Places, egui::Rect),
    out: &mut Commands,
) {
    terminal.toasts.ui(ui.ctx(), &terminal.desk, places, out);
    // It stays until it was seen: over the chart, else far from the ticket; the pane says the same itself.
    let (corner, room) = match places.chart {
        Some(chart) => (egui::Align2::RIGHT_BOTTOM, chart),
        None => (egui::Align2::LEFT_BOTTOM, room),
    };
    if !terminal.workspace.is_in_sight(PaneKey::first(PaneKind::Alerts)) {
        alerts::message_ui(ui.ctx(), &terminal.desk, (corner, room), out);
    }
    let arranged = Arranged { workspace: &terminal.workspace, shelf: &terminal.shelf };
    terminal.search.ui(ui.ctx(), &terminal.desk, arranged, out);
    terminal.workspaces.ui(ui.ctx(), &terminal.desk, &mut terminal.shelf, &terminal.workspace, out);
    terminal.books.ui(ui.ctx(), &terminal.desk, out);
    terminal.timeline.ui(ui.ctx(), &terminal.desk, out);
    terminal.settings.ui(ui.ctx(), &terminal.desk, out);
    terminal.limits.ui(ui.ctx(), &terminal.desk, out);
    terminal.key_editor.ui(ui.ctx(), &terminal.desk, out);
    terminal.arming.ui(ui.ctx(), &terminal.desk, out);
    if terminal.is_asking_to_quit {
        quit::quit_ui(terminal, ui.ctx());
    }
}

/// Whether a window without the bar of the main one has to say what a hand there can do.
fn is_dangerous(desk: &Desk) -> bool {
    desk.one_click().is_some()
        || desk.kill().is_locked()
        || desk.accounts().iter().any(|account| account.kind == AccountKind::Live)
}

/// Which money is at stake.
fn stakes_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
    // That nothing is at stake is said once; of each account where something is.
    let paper = desk.accounts().iter().find(|account| account.kind == AccountKind::Paper);
    let live = desk.accounts().iter().filter(|account| account.kind == AccountKind::Live);
    for account in paper.into_iter().chain(live) {
        arming::badge_ui(ui, desk, account, theme, out);
    }
}

/// What one press sends, while it does.
fn armed_ui(ui: &mut egui::Ui, desk: &Desk, seen: Option<&Sight>, theme: &Theme, out: &mut Commands) {
    if let Some(account) = desk.one_click() {
        one_click_ui(ui, account, theme, out);
        if let Some(trades) = seen.and_then(|seen| seen.said(desk)) {
            keys_trade_ui(ui, &trades, theme);
        }
    }
}

/// That nothing new is sent, where the status bar does not say it.
fn locked_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
    if desk.kill().is_locked() {
        let text = egui::RichText::new("KILL SWITCH ON").strong().color(theme.danger);
        let badge = ui.add(egui::Button::new(text).fill(theme.danger_fill));
        if badge.on_hover_text("No new order is sent. Click: the panel in the main window.").clicked() {
            out.window(UiCommand::KillPanel);
        }
    }
}

/// Whether money is at stake in this window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stake {
    /// No account is known yet.
    Unknown,
    Paper,
    Live,
}

impl Stake {
    fn of(desk: &Desk) -> Self {
        let kinds = || desk.accounts().iter().map(|account| account.kind);
        match () {
            () if kinds().any(|kind| kind == AccountKind::Live) => Self::Live,
            () if kinds().next().is_some() => Self::Paper,
            () => Self::Unknown,
        }
    }
}

/// Over whatever floats in the window and without taking room from it: a line at the top where
/// the money is simulated, a frame around everything where it is real. The words stand in the
/// account's badge, the title bar and, for real money, on every button that trades.
fn stake_ui(ctx: &egui::Context, stake: Stake, theme: &Theme) {
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("stake"));
    let (painter, screen) = (ctx.layer_painter(layer), ctx.content_rect());
    match stake {
        Stake::Unknown => {}
        Stake::Paper => {
            let line = screen.with_max_y(screen.top() + 2.0);
            painter.rect_filled(line, 0, theme.accent_fill);
        }
        Stake::Live => {
            painter.rect_stroke(screen, 0, (3.0, theme.live_fill), egui::StrokeKind::Inside);
        }
    }
}

/// A click on a price trades: seen from everywhere, and ended with a click.
fn one_click_ui(ui: &mut egui::Ui, account: &Account, theme: &Theme, out: &mut Commands) {
    let text = egui::RichText::new("ONE CLICK ON").strong().color(theme.warn);
    let badge = ui.add(egui::Button::new(text).fill(theme.warn_fill));
    let hint = format!(
        "A click on a price of the ladder, and a trading key, sends an order for {}, without a question.\n\nClick, or \
         Escape: off.",
        account.title
    );
    if badge.on_hover_text(hint).clicked() {
        out.window(UiCommand::OneClick(false));
    }
}

/// What the trading keys trade, and which they are.
fn keys_trade_ui(ui: &mut egui::Ui, trades: &str, theme: &Theme) {
    let acts = Act::ALL.iter().filter(|act| act.scope() == Scope::Trading);
    let keys = acts.map(|act| (act.words(), keys_of(ui, *act))).filter(|(_, keys)| !keys.is_empty());
    let keys: Vec<String> = keys.map(|(words, keys)| format!("{keys}  {words}")).collect();
    let label = ui.label(egui::RichText::new(format!("Keys: {trades}")).color(theme.warn));
    label.on_hover_text(format!(
        "What a trading key trades: the instrument of the pane that was used last, in the quantity of the ladder or \
         ticket on it.\n\n{}",
        keys.join("\n")
    ));
}

/// Says over the whole width that nothing here is the present any more.
fn stopped_ui(ui: &mut egui::Ui, why: &str, theme: &Theme, out: &mut Commands) {
    let frame = egui::Frame::new().fill(theme.stop_fill).inner_margin(egui::Margin::symmetric(12, 8));
    egui::Panel::top("engine stopped").frame(frame).show_separator_line(false).show(ui, |ui| {
        let text = egui::RichText::new(why).strong().color(theme.on_fill);
        egui::Sides::new().shrink_left().wrap_mode(egui::TextWrapMode::Wrap).show(
            ui,
            |ui| ui.label(text),
            |ui| {
                if ui.button("Close Pitdesk").clicked() {
                    out.window(UiCommand::Quit);
                }
            },
        );
    });
}

/// Says over the whole width that nothing new can be sent, while that is so.
fn journal_ui(ui: &mut egui::Ui, why: &str, theme: &Theme) {
    let frame = egui::Frame::new().fill(theme.danger_fill).inner_margin(egui::Margin::symmetric(12, 6));
    egui::Panel::top("journal broken").frame(frame).show_separator_line(false).show(ui, |ui| {
        ui.add(egui::Label::new(egui::RichText::new(why).strong().color(theme.danger)).wrap());
    });
}

fn top_bar_ui(ui: &mut egui::Ui, desk: &Desk, shelf: &Shelf, seen: Option<&Sight>, out: &mut Commands) {
    let theme = theme_of(ui.ctx());
    ui.horizontal(|ui| {
        stakes_ui(ui, desk, &theme, out);
        // Before whatever comes and goes: a button that moves is clicked in vain.
        let search = format!("Search…  {}", keys_of(ui, Act::Search));
        let search = ui.button(search.trim_end()).on_hover_text("Find an instrument or an action");
        tour::mark(ui, Spot::Search, search.rect);
        if search.clicked() {
            out.window(UiCommand::Search);
        }
        workspaces::menu_ui(ui, shelf, out);
        let gear = ui.button("⚙").on_hover_text(with_keys(ui, settings::TITLE, Act::Settings));
        if gear.accessible_name(settings::TITLE).clicked() {
            out.window(UiCommand::Settings(None));
        }
        armed_ui(ui, desk, seen, &theme, out);
        if let Some(instrument) = desk.selected() {
            ui.label(egui::RichText::new(&*instrument.symbol).strong().color(theme.text_strong));
            ui.label(
                egui::RichText::new(format!("{} · {}", instrument.name, instrument.venue))
                    .color(theme.text_weak),
            );
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            let base = desk.settings().base_currency;
            for (account, valued) in desk.accounts().iter().zip(desk.valuations()) {
                // Of several there is room for the one that orders are for; the Account tab has all.
                let is_one_of = desk.has_others(account.broker, &account.id);
                if is_one_of && desk.entry_account(account.broker) != Ok(account) {
                    continue;
                }
                let total = &valued.valuation.total;
                let (gain, equity) = if valued.is_stale {
                    (theme.stale, theme.stale)
                } else {
                    (theme.of_gain(total.unrealised), theme.text_strong)
                };
                let number =
                    |text: &str, colour| figures(ui, text, &theme.text_font(), colour, f32::INFINITY);
                let open = number(&format::gain(total.unrealised, base), gain);
                let worth = number(&format!("{} {base}", format::amount(total.equity, base)), equity);
                ui.label(open);
                ui.label(egui::RichText::new("Open P&L").color(theme.text_weak));
                ui.add_space(12.0);
                ui.label(worth);
                let name = if is_one_of { format!("Equity of {}", account.id) } else { "Equity".to_owned() };
                ui.label(egui::RichText::new(name).color(theme.text_weak));
                if valued.is_stale {
                    ui.label(egui::RichText::new("stale").color(theme.warn)).on_hover_text(
                        "Prices of what is held, or exchange rates, come no more: these amounts are of the \
                         last ones",
                    );
                }
                if !valued.valuation.is_complete() {
                    ui.label(egui::RichText::new("incomplete").color(theme.warn)).on_hover_text(
                        "A price or an exchange rate is missing, so not everything is counted",
                    );
                }
            }
        });
    });
}
