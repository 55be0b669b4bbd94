//! What was found when the brokers' books were compared with ours: per broker when, in short,
//! and each difference with how it was settled; what the trader has to look at comes first.
//!
//! It opens from the light of a connection, from the notice of a report and from the search. A
//! report that needs attention is marked at its light until it has been looked at here.

use std::time::Duration;

use egui::{Align, Button, Label, Layout, RichText, ScrollArea, Ui, vec2};

use super::closing::close_button;
use super::commands::{Commands, UiCommand};
use super::format;
use super::giving_back::GivesBack;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::{BrokerId, Time};
use crate::link::{Command, CommandId, Connection, Finding, FindingKind, Reconciliation};

/// What it is called, wherever it is offered.
pub(super) const TITLE: &str = "What was found when the books were compared";

const WIDTH: f32 = 720.0;
const HEIGHT: f32 = 360.0;
/// How long books may take before they can be asked for once more.
const PATIENCE: Duration = Duration::from_secs(5);

/// The report, shown or not, and which reports have been looked at.
#[derive(Debug, Default)]
pub(super) struct BooksView {
    is_open: bool,
    is_new: bool,
    keyboard: GivesBack,
    seen: Vec<(BrokerId, Time)>,
    asked: Option<Asked>,
    refused: Option<Refused>,
}

/// A broker that was asked for its books.
#[derive(Debug, Clone, Copy)]
struct Asked {
    broker: BrokerId,
    command: CommandId,
    at: Time,
}

/// Why books did not come that were asked for.
#[derive(Debug)]
struct Refused {
    broker: BrokerId,
    /// When they were asked for.
    asked_at: Time,
    why: String,
}

/// A line of the list.
enum Line<'a> {
    Broker(&'a Connection, Option<&'a Reconciliation>),
    Summary(String),
    Finding(&'a Finding),
}

impl BooksView {
    pub fn open(&mut self) {
        if !self.is_open {
            (self.is_open, self.is_new, self.refused) = (true, true, None);
        }
    }

    /// How many findings of a broker's newest report wait to be looked at.
    pub fn unseen(&self, desk: &Desk, broker: BrokerId) -> usize {
        let Some(report) = report_of(desk, broker) else { return 0 };
        if self.seen.contains(&(broker, report.at)) {
            return 0;
        }
        report.findings.iter().filter(|finding| finding.kind.needs_attention()).count()
    }

    pub fn ui(&mut self, ctx: &egui::Context, desk: &Desk, out: &mut Commands) {
        self.keyboard.follow(ctx, self.is_open);
        if !self.is_open {
            return;
        }
        self.seen = desk.reconciled().iter().map(|report| (report.broker, report.at)).collect();
        self.settle(ctx, desk);
        let screen = ctx.content_rect().size() - vec2(48.0, 140.0);
        let size = vec2(WIDTH.min(screen.x), HEIGHT.min(screen.y));
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let modal = egui::Modal::new(egui::Id::unique("books")).frame(frame).show(ctx, |ui| {
            ui.set_width(size.x);
            self.inside_ui(ui, desk, size, out)
        });
        if modal.inner || modal.should_close() {
            self.is_open = false;
            ctx.request_repaint();
        }
    }

    /// Whether the books that were asked for have come, or never will.
    fn settle(&mut self, ctx: &egui::Context, desk: &Desk) {
        let Some(asked) = self.asked else { return };
        let answer = desk.answer(asked.command).map(|answer| &answer.outcome);
        if let Some(Err(why)) = answer {
            self.refuse(asked, why.to_string());
        } else if report_of(desk, asked.broker).is_some_and(|report| report.at >= asked.at) {
            self.asked = None;
        } else {
            match PATIENCE.checked_sub(desk.now().since(asked.at)) {
                Some(left) if !left.is_zero() => ctx.request_repaint_after(left),
                _ => {
                    self.refuse(asked, "No answer yet".to_owned());
                }
            }
        }
    }

    fn refuse(&mut self, Asked { broker, at, .. }: Asked, why: String) {
        self.refused = Some(Refused { broker, asked_at: at, why });
        self.asked = None;
    }

    /// Draws it; whether it is to be closed.
    fn inside_ui(&mut self, ui: &mut Ui, desk: &Desk, size: egui::Vec2, out: &mut Commands) -> bool {
        let theme = theme_of(ui);
        ui.heading(TITLE);
        ui.add_space(6.0);
        let lines = lines(desk);
        let height = theme.sizes.row + 4.0;
        let mut is_done = false;
        egui::Frame::new().fill(theme.surface).corner_radius(theme.sizes.radius).inner_margin(6).show(
            ui,
            |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                let needed = (lines.len() as f32 * height).clamp(height, size.y);
                let area = ScrollArea::vertical().auto_shrink([false, true]).max_height(needed);
                area.min_scrolled_height(needed).show_rows(ui, height, lines.len(), |ui, range| {
                    for line in &lines[range] {
                        ui.allocate_ui_with_layout(
                            vec2(ui.available_width(), height),
                            Layout::left_to_right(Align::Center),
                            |ui| is_done |= self.line_ui(ui, desk, line, &theme, out),
                        );
                    }
                });
            },
        );
        ui.add_space(6.0);
        let close = close_button(ui, "books");
        if std::mem::take(&mut self.is_new) {
            close.request_focus();
        }
        is_done || close.clicked()
    }

    fn line_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        line: &Line<'_>,
        theme: &Theme,
        out: &mut Commands,
    ) -> bool {
        ui.set_min_height(theme.sizes.row + 4.0);
        match line {
            Line::Broker(connection, report) => self.broker_ui(ui, desk, connection, *report, theme, out),
            Line::Summary(text) => {
                ui.add(Label::new(RichText::new(text).color(theme.text_strong)).truncate());
            }
            Line::Finding(finding) => return finding_ui(ui, finding, theme, out),
        }
        false
    }

    fn broker_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        connection: &Connection,
        report: Option<&Reconciliation>,
        theme: &Theme,
        out: &mut Commands,
    ) {
        let broker = connection.broker;
        ui.label(RichText::new(&*connection.name).strong().color(theme.text_strong));
        let zone = format::zone(desk.settings().time_zone_display, None);
        let when = report.map_or_else(
            || "not compared yet".to_owned(),
            |report| {
                let at = format::date_time(report.at, &zone);
                format!("compared {at} {}", format::zone_name(report.at, &zone))
            },
        );
        ui.label(RichText::new(when).color(theme.text_weak));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            let is_asked = self.asked.is_some_and(|asked| asked.broker == broker);
            let can_ask = !is_asked && connection.state.takes_orders() && desk.stopped().is_none();
            let name = format!("Compare the books of {} now", connection.name);
            let button = ui.add_enabled(can_ask, Button::new("Compare the books now"));
            button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, can_ask, &name));
            let why_not = format!("{}: {}", connection.state.label(), connection.reason);
            if button.on_disabled_hover_text(if is_asked { "Asked" } else { &why_not }).clicked() {
                let command = out.send(Command::Reconcile { broker });
                self.asked = Some(Asked { broker, command, at: desk.now() });
                self.refused = None;
            }
            // Books that came late have come.
            let has_come = |asked_at| report.is_some_and(|report| report.at >= asked_at);
            let refused = self.refused.as_ref().filter(|refused| refused.broker == broker);
            if let Some(Refused { why, .. }) = refused.filter(|refused| !has_come(refused.asked_at)) {
                ui.add(Label::new(RichText::new(why).small().color(theme.danger)).truncate());
            } else if is_asked {
                ui.label(RichText::new("Comparing …").color(theme.text_weak));
            }
        });
    }
}

fn report_of(desk: &Desk, broker: BrokerId) -> Option<&Reconciliation> {
    desk.reconciled().iter().find(|report| report.broker == broker).map(|report| &**report)
}

fn lines(desk: &Desk) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for connection in desk.connections() {
        let report = report_of(desk, connection.broker);
        lines.push(Line::Broker(connection, report));
        let Some(report) = report else { continue };
        if report.findings.is_empty() {
            lines.push(Line::Summary("Nothing differed".to_owned()));
        }
        lines.extend(report.lines().map(Line::Summary));
        let (first, rest): (Vec<&Finding>, Vec<&Finding>) =
            report.findings.iter().partition(|finding| finding.kind.needs_attention());
        lines.extend(first.into_iter().chain(rest).map(Line::Finding));
    }
    lines
}

/// One difference; a click turns to its order. Says whether it was clicked.
fn finding_ui(ui: &mut Ui, finding: &Finding, theme: &Theme, out: &mut Commands) -> bool {
    let colour = match finding.kind {
        FindingKind::Gone | FindingKind::FillGone => theme.danger,
        FindingKind::Held => theme.text_weak,
        kind if kind.needs_attention() => theme.warn,
        _ => theme.text,
    };
    ui.add_space(10.0);
    let text = RichText::new(&*finding.text).color(colour);
    let Some(order) = finding.order else {
        ui.add(Label::new(text).truncate());
        return false;
    };
    let button = ui.add(Button::new(text).frame_when_inactive(false).truncate());
    // It may be cut off.
    let hover = format!("{}\n\nShows the order in the blotter", finding.text);
    let is_clicked = button.on_hover_text(hover).clicked();
    if is_clicked {
        out.window(UiCommand::ShowOrder(order));
    }
    is_clicked
}
