//! Warnings and errors as they happen, in the upper right corner of the chart, else of the largest pane that trades
//! nothing: never over a button that sends.
//!
//! A toast is a copy of a line of the activity log, shown for a few seconds; the log in
//! the blotter keeps them all, so that nothing is lost with it. The same text again is
//! counted on the toast that stands. No repaint but the one that takes a toast away.

use std::time::Duration;

use egui::{Align, Align2, Layout, Rect, RichText, Sense, vec2};

use super::commands::{Commands, UiCommand};
use super::shell::Places;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::Time;
use crate::link::{Notice, NoticeLevel};

/// How long one stands.
const LIFE: Duration = Duration::from_secs(6);
/// How many stand at once; the newest go first.
const MOST: usize = 3;
const WIDTH: f32 = 340.0;
/// Beside what is in one.
const MARGINS: f32 = 24.0;
/// A narrower pane has no room for them.
const LEAST_WIDTH: f32 = 220.0;

/// What the trader has sent away.
#[derive(Debug, Default)]
pub(super) struct Toasts {
    dismissed: Vec<Notice>,
}

/// A notice, with how often it came lately.
struct Toast<'a> {
    notice: &'a Notice,
    count: usize,
}

impl Toasts {
    /// Draws them over one of the panes.
    pub fn ui(&mut self, ctx: &egui::Context, desk: &Desk, places: Places, out: &mut Commands) {
        let now = desk.now();
        self.dismissed.retain(|notice| is_young(notice.time, now));
        let toasts = self.standing(desk);
        if toasts.is_empty() {
            return;
        }
        let ends = toasts.iter().map(|toast| LIFE.saturating_sub(now.since(toast.notice.time)));
        ctx.request_repaint_after(ends.min().unwrap_or_default());
        let theme = theme_of(ctx);
        let room = room(places, ctx.content_rect(), &theme);
        let mut dismissed = None;
        let mut leads = false;
        egui::Area::new(egui::Id::unique("toasts"))
            .pivot(Align2::RIGHT_TOP)
            .fixed_pos(room.right_top())
            .constrain_to(ctx.content_rect())
            .order(egui::Order::Foreground)
            .show(ctx, |ui| {
                ui.set_width((room.width() - MARGINS).min(WIDTH));
                ui.spacing_mut().item_spacing.y = 6.0;
                for toast in &toasts {
                    match toast_ui(ui, &theme, toast, is_of_books(desk, &toast.notice.text)) {
                        Click::None => {}
                        Click::Dismiss => dismissed = Some(toast.notice.text.clone()),
                        Click::Show => {
                            dismissed = Some(toast.notice.text.clone());
                            leads = true;
                        }
                    }
                }
            });
        if leads {
            out.window(UiCommand::Books);
        }
        if let Some(text) = dismissed {
            let young = desk.notices().iter().filter(|n| n.text == text && is_young(n.time, now));
            self.dismissed.extend(young.cloned());
        }
    }

    /// The newest, the newest last.
    fn standing<'a>(&self, desk: &'a Desk) -> Vec<Toast<'a>> {
        let mut toasts: Vec<Toast<'_>> = Vec::new();
        let is_wanted = |notice: &&Notice| {
            // Why the engine has stopped stands over the whole window already.
            let is_news = desk.stopped() != Some(&*notice.text);
            let is_loud = notice.level >= NoticeLevel::Warning && is_news;
            is_loud && is_young(notice.time, desk.now()) && !self.dismissed.contains(notice)
        };
        for notice in desk.notices().iter().rev().filter(is_wanted) {
            if let Some(known) = toasts.iter_mut().find(|toast| toast.notice.text == notice.text) {
                known.count += 1;
            } else if toasts.len() < MOST {
                toasts.push(Toast { notice, count: 1 });
            }
        }
        toasts.reverse();
        toasts
    }
}

/// Where they stand: as wide as the pane below them, so that they reach over no other. Where only panes that trade are in
/// sight, over the top bar.
fn room(places: Places, screen: Rect, theme: &Theme) -> Rect {
    let has_room = |pane: &Rect| pane.width() >= LEAST_WIDTH;
    match places.chart.filter(has_room).or(places.quiet.filter(has_room)) {
        Some(pane) => {
            Rect { min: pane.min + vec2(10.0, theme.sizes.row + 10.0), max: pane.max - vec2(10.0, 0.0) }
        }
        None => screen.shrink(4.0),
    }
}

/// Whether a notice is the one of a comparison of books.
fn is_of_books(desk: &Desk, text: &str) -> bool {
    desk.reconciled().iter().filter(|report| !report.findings.is_empty()).any(|report| {
        let name = desk.connection(report.broker).map_or("", |connection| &connection.name);
        text.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")) == Some(&*report.to_string())
    })
}

/// What was pressed on a toast.
enum Click {
    None,
    Dismiss,
    Show,
}

fn is_young(time: Time, now: Time) -> bool {
    now.since(time) < LIFE
}

/// Draws one; with a way to the report where it is about the books.
fn toast_ui(ui: &mut egui::Ui, theme: &Theme, toast: &Toast<'_>, is_of_books: bool) -> Click {
    let (word, colour) = match toast.notice.level {
        NoticeLevel::Error => ("Error", theme.danger),
        NoticeLevel::Warning | NoticeLevel::Info => ("Warning", theme.warn),
    };
    let frame =
        egui::Frame::popup(ui.style()).inner_margin(egui::Margin { left: 14, right: 8, top: 8, bottom: 8 });
    let shown = frame.show(ui, |ui| {
        ui.set_width(ui.available_width());
        let is_dismissed = ui
            .horizontal(|ui| {
                ui.label(RichText::new(word).strong().color(colour));
                if toast.count > 1 {
                    ui.label(RichText::new(format!("{} times", toast.count)).color(theme.text_weak));
                }
                ui.with_layout(Layout::right_to_left(Align::Center), |ui| dismiss_ui(ui, &toast.notice.text))
                    .inner
            })
            .inner;
        ui.label(RichText::new(&*toast.notice.text).color(theme.text));
        // Out of the tab order like the cross: the search has the same.
        let show = egui::Button::new("Show what was found").sense(Sense::CLICK);
        match () {
            () if is_of_books && ui.add(show).clicked() => Click::Show,
            () if is_dismissed => Click::Dismiss,
            () => Click::None,
        }
    });
    let edge = shown.response.rect.shrink(1.0);
    ui.painter().rect_filled(edge.with_max_x(edge.left() + 4.0), theme.sizes.radius, colour);
    shown.inner
}

/// A cross; out of the tab order, for it comes and goes by itself.
fn dismiss_ui(ui: &mut egui::Ui, text: &str) -> bool {
    let cross = egui::Button::new("×").frame_when_inactive(false).sense(Sense::CLICK);
    let cross = ui.add(cross).on_hover_text("Dismiss; the activity log keeps it");
    cross.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, format!("Dismiss: {text}")));
    cross.clicked()
}
