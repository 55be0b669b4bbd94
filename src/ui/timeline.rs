//! The timeline of an order, over the desk: from the click to the broker's last word, each line
//! with its time and how long it took, and above them the quote that the trader saw.
//!
//! It asks the engine for the journal's records when it opens, and again whenever the order
//! changes while it is open; one question at a time. What can still be done about the order
//! stands below: cancel it, or, where nobody can say what became of it, take it for gone.

mod lines;
mod note;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use egui::{Align2, Key, Modifiers, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use self::lines::{Line, Tone, lines, quote_text, seen, terms};
use self::note::Draft;
use super::closing::close_button;
use super::commands::{Commands, UiCommand};
use super::confirm::{Confirm, Hand, Outcome, Rule};
use super::format;
use super::giving_back::GivesBack;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::{Order, OrderId, OrderStatus, Record, Time};
use crate::link::{Command, CommandId, Decision};

const WIDTH: f32 = 940.0;
const LIST_HEIGHT: f32 = 380.0;
/// Where what and more stand in a line.
const WHAT_WIDTH: f32 = 124.0;
/// So long an answer is waited for before the question is put again.
const PATIENCE: Duration = Duration::from_secs(5);
/// What taking an order for gone means.
pub(super) const GONE: &str = "Takes it for cancelled in this program's books. Nothing is sent to the broker: look there \
                               first, for if it still works, it can still fill.";

/// What is known of an order of which nobody can say what became of it.
pub(super) fn fate(order: &Order) -> String {
    let why = order.reason.as_deref().unwrap_or("no reason is known");
    let arrived = if order.is_acknowledged {
        "The broker had it"
    } else {
        "The broker has never spoken of it: it may not have arrived"
    };
    format!("Nobody can say what became of it: {why}. {arrived}.")
}

/// The timeline, shown or not.
#[derive(Debug, Default)]
pub(super) struct TimelineView {
    open: Option<Open>,
    /// What was typed about orders and is not kept: closing the window loses none of it.
    drafts: BTreeMap<OrderId, Draft>,
    keyboard: GivesBack,
}

#[derive(Debug)]
struct Open {
    order: OrderId,
    is_new: bool,
    question: Question,
    /// The order as it stood when the journal was asked last.
    asked_about: Option<Order>,
    shown: Option<Shown>,
    confirm: Confirm<Press, OrderId>,
    /// A cancel or a decision that the engine has not answered.
    sent: Option<CommandId>,
    refused: Option<String>,
    draft: Draft,
}

/// Whether the journal is being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Question {
    Due,
    /// Since when, by which command, and how many timelines had come before.
    Asked(Time, CommandId, u64),
    Answered,
    /// It was not told, and why.
    Refused(Arc<str>),
}

/// Lines as they were made last, and of which records.
#[derive(Debug)]
struct Shown {
    of: Arc<[Record]>,
    lines: Vec<Line>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Press {
    Gone,
}

impl TimelineView {
    /// Opens it for an order.
    pub fn open(&mut self, order: OrderId) {
        self.put_draft_aside();
        self.open = Some(Open {
            order,
            is_new: true,
            question: Question::Due,
            asked_about: None,
            shown: None,
            confirm: Confirm::default(),
            sent: None,
            refused: None,
            draft: self.drafts.remove(&order).unwrap_or_default(),
        });
    }

    /// The same, to note something of the order.
    pub fn open_note(&mut self, order: OrderId) {
        self.open(order);
        if let Some(open) = &mut self.open {
            open.is_new = false;
            open.draft.focus();
        }
    }

    fn put_draft_aside(&mut self) {
        if let Some(open) = self.open.take().filter(|open| open.draft.is_unkept()) {
            self.drafts.insert(open.order, open.draft);
        }
    }

    pub fn ui(&mut self, ctx: &egui::Context, desk: &Desk, out: &mut Commands) {
        self.keyboard.follow(ctx, self.open.is_some());
        let Some(open) = &mut self.open else { return };
        open.ask(ctx, desk, out);
        open.settle(ctx, desk);
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let screen = ctx.content_rect().size() - vec2(48.0, 250.0);
        let size = vec2(WIDTH.min(screen.x), LIST_HEIGHT.min(screen.y));
        let modal = egui::Modal::new(egui::Id::unique("timeline")).frame(frame).show(ctx, |ui| {
            ui.set_width(size.x);
            open.ui(ui, desk, size, out)
        });
        if modal.inner || modal.should_close() {
            self.put_draft_aside();
            ctx.request_repaint();
        }
    }
}

impl Open {
    /// Asks for the records where what is shown is not the newest.
    fn ask(&mut self, ctx: &egui::Context, desk: &Desk, out: &mut Commands) {
        let now = desk.now();
        if let Question::Asked(since, id, before) = self.question {
            let refused = desk.answer(id).and_then(|answer| answer.outcome.as_ref().err());
            if desk.timelines() > before {
                self.question = Question::Answered;
            } else if let Some(why) = refused {
                self.question = Question::Refused(Arc::clone(&why.0));
            } else {
                match PATIENCE.checked_sub(now.since(since)) {
                    Some(left) if !left.is_zero() => ctx.request_repaint_after(left),
                    _ => self.question = Question::Due,
                }
            }
        }
        let order = desk.blotter().get(self.order);
        let is_settled = matches!(self.question, Question::Answered | Question::Refused(_));
        let is_news = is_settled && self.asked_about.as_ref() != order;
        if (is_news || self.question == Question::Due) && desk.stopped().is_none() {
            let id = out.send(Command::Timeline { order: self.order });
            self.question = Question::Asked(now, id, desk.timelines());
            self.asked_about = order.cloned();
        }
    }

    fn settle(&mut self, ctx: &egui::Context, desk: &Desk) {
        self.draft.settle(self.order, desk);
        let is_unknown = desk.blotter().get(self.order).is_some_and(|o| o.status == OrderStatus::Unknown);
        self.confirm.settle(desk.now(), |_, _| is_unknown);
        if let Some(left) = self.confirm.left(desk.now()) {
            ctx.request_repaint_after(left);
        }
        let answer = self.sent.and_then(|id| desk.answer(id));
        if let Some(answer) = answer {
            self.refused = answer.outcome.as_ref().err().map(ToString::to_string);
            self.sent = None;
        }
    }

    /// Draws it; whether it is to be closed.
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, size: egui::Vec2, out: &mut Commands) -> bool {
        let theme = theme_of(ui);
        let timeline = desk.timeline(self.order);
        let records = timeline.map(|timeline| &timeline.records);
        let last = || records?.iter().rev().flat_map(|record| &record.orders).find(|o| o.id == self.order);
        let order = desk.blotter().get(self.order).or_else(last);
        let instrument = order.and_then(|order| desk.instrument(order.spec.instrument));
        // One child each, whatever is in it: what has the keyboard below keeps it.
        ui.vertical(|ui| {
            ui.horizontal(|ui| {
                ui.heading(format!("Order {}", self.order));
                if let Some((order, instrument)) = order.zip(instrument) {
                    let colour = super::blotter::status_colour(order.status, &theme);
                    ui.label(RichText::new(order.status.label()).color(colour));
                    let text = RichText::new(terms(order, instrument)).color(theme.text_strong);
                    ui.add(egui::Label::new(text).truncate());
                }
                let zone = format::zone(desk.settings().time_zone_display, None);
                let zone = format!("times in {}", format::zone_name(desk.now(), &zone));
                ui.label(RichText::new(zone).small().color(theme.text_weak));
            });
            if let Some((records, instrument)) = records.zip(instrument) {
                seen_ui(ui, records, instrument, &theme);
            }
            if let Some(kept) = order.filter(|order| order.is_live()).and_then(super::blotter::kept_text) {
                ui.add(egui::Label::new(RichText::new(kept).color(theme.warn)).wrap());
            }
            if let Some(order) = order.filter(|order| order.status == OrderStatus::Unknown) {
                ui.label(RichText::new(fate(order)).color(theme.danger));
            }
        });
        ui.add_space(4.0);
        ui.vertical(|ui| match (timeline, instrument) {
            (Some(timeline), Some(instrument)) if !timeline.records.is_empty() => {
                let records = &timeline.records;
                let zone = format::zone(desk.settings().time_zone_display, None);
                let is_shown = self.shown.as_ref().is_some_and(|shown| Arc::ptr_eq(&shown.of, records));
                if !is_shown {
                    let lines = lines(timeline, instrument, &zone);
                    self.shown = Some(Shown { of: Arc::clone(records), lines });
                }
                let made = self.shown.as_ref().map_or(&[][..], |shown| &shown.lines);
                list_ui(ui, made, size, &theme);
            }
            _ => {
                let is_listed = order.is_none() || instrument.is_some();
                let has_come = records.map(|_| is_listed);
                self.empty_ui(ui, desk, has_come, size, &theme);
            }
        });
        ui.add_space(6.0);
        ui.vertical(|ui| self.draft.ui(ui, self.order, desk, &theme, out));
        ui.add_space(6.0);
        self.foot_ui(ui, desk, order, &theme, out)
    }

    /// Instead of lines. `has_come` says whether there is an answer, and if so, whether the
    /// order's instrument is known.
    fn empty_ui(&self, ui: &mut Ui, desk: &Desk, has_come: Option<bool>, size: egui::Vec2, theme: &Theme) {
        let refused = match &self.question {
            Question::Refused(why) => Some(why),
            Question::Due | Question::Asked(..) | Question::Answered => None,
        };
        let text = match (desk.stopped(), refused) {
            (Some(_), _) => "The engine has stopped: the journal cannot be asked any more".to_owned(),
            (None, Some(why)) => why.to_string(),
            (None, None) if has_come == Some(true) => "The journal has no records of this order".to_owned(),
            (None, None) if has_come == Some(false) => {
                "Its instrument is not in the catalogue any more: the lines cannot be told".to_owned()
            }
            (None, None) => "Asking the journal …".to_owned(),
        };
        ui.allocate_ui_with_layout(
            vec2(size.x, 80.0),
            egui::Layout::centered_and_justified(egui::Direction::TopDown),
            |ui| ui.label(RichText::new(text).color(theme.text_weak)),
        );
    }

    /// What can be done about the order; whether the timeline is to be closed.
    fn foot_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        order: Option<&Order>,
        theme: &Theme,
        out: &mut Commands,
    ) -> bool {
        ui.horizontal(|ui| {
            let close = close_button(ui, "timeline");
            if std::mem::take(&mut self.is_new) {
                close.request_focus();
            }
            let is_free = desk.stopped().is_none() && self.sent.is_none();
            if let Some(order) = order.filter(|order| order.is_live()) {
                let can_cancel = is_free && order.status != OrderStatus::PendingCancel;
                let cancel = ui.add_enabled(can_cancel, egui::Button::new("Cancel order"));
                if cancel.on_disabled_hover_text("The cancel is on its way").clicked() {
                    self.sent = Some(out.send(Command::Cancel { order: order.id }));
                    self.refused = None;
                }
                if order.status == OrderStatus::Unknown {
                    self.gone_ui(ui, desk, order, is_free, theme, out);
                }
            }
            if ui.button("Show in the blotter").clicked() {
                out.window(UiCommand::ShowOrder(self.order));
                return true;
            }
            if let Some(refused) = &self.refused {
                ui.add(egui::Label::new(RichText::new(refused).small().color(theme.danger)).truncate());
            }
            close.clicked()
        })
        .inner
    }

    fn gone_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        order: &Order,
        is_free: bool,
        theme: &Theme,
        out: &mut Commands,
    ) {
        let is_armed = self.confirm.asked_by(&Press::Gone).is_some();
        let text = if is_armed { "Confirm: it is gone" } else { "Mark as gone …" };
        let colour = if is_armed { theme.danger } else { theme.text };
        let pressed = ui.add_enabled(is_free, egui::Button::new(RichText::new(text).color(colour)));
        if pressed.on_hover_text(GONE).clicked() {
            let was_key = ui.input(|i| i.key_pressed(Key::Enter) || i.key_pressed(Key::Space));
            let hand = if was_key { Hand::Key } else { Hand::Pointer };
            let outcome = self.confirm.press(Press::Gone, order.id, Rule::AsksFirst, hand, desk.now());
            if let Outcome::Sends(order) = outcome {
                let decide = Command::Decide { order, decision: Decision::IsGone };
                self.sent = Some(out.send(decide));
                self.refused = None;
            }
        }
    }
}

/// The quote that the trader looked at.
fn seen_ui(ui: &mut Ui, records: &[Record], instrument: &crate::domain::Instrument, theme: &Theme) {
    let text = match seen(records) {
        None => return,
        Some((None, _)) => "No quote was in sight when it was asked for".to_owned(),
        Some((Some(quote), at)) => format!("Seen when sent: {}", quote_text(&quote, at, instrument)),
    };
    ui.add(egui::Label::new(RichText::new(text).color(theme.text)).truncate());
}

/// The lines; only those in sight are drawn.
fn list_ui(ui: &mut Ui, lines: &[Line], size: egui::Vec2, theme: &Theme) {
    let width =
        |text: &str| ui.painter().layout_no_wrap(text.to_owned(), theme.text_font(), theme.text).size().x;
    let widest = |of: fn(&Line) -> &str| {
        lines.iter().map(of).max_by_key(|text| text.chars().count()).map_or(0.0, width)
    };
    let (time, gap) = (widest(|line| &line.time) + 10.0, widest(|line| &line.gap).max(44.0) + 12.0);
    let height = theme.sizes.row;
    let rows = lines.len();
    egui::Frame::new().fill(theme.surface).corner_radius(theme.sizes.radius).inner_margin(4).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        // Whole lines only.
        let needed = (rows as f32).min((size.y / height).floor()) * height;
        let area = ScrollArea::vertical().id_salt("lines").stick_to_bottom(true).auto_shrink([false, true]);
        area.max_height(needed).min_scrolled_height(needed).show_rows(ui, height, rows, |ui, range| {
            scroll_by_keys(ui, height);
            for line in &lines[range] {
                line_ui(ui, line, time, gap, theme);
            }
        });
    });
}

fn scroll_by_keys(ui: &Ui, row: f32) {
    if ui.text_edit_focused() {
        return;
    }
    let page = (ui.clip_rect().height() - row).max(row);
    let by = ui.input_mut(|input| {
        let mut pressed = |key| input.count_and_consume_key(Modifiers::NONE, key) as f32;
        let rows = pressed(Key::ArrowUp) - pressed(Key::ArrowDown);
        let pages = pressed(Key::PageUp) - pressed(Key::PageDown);
        rows * row + pages * page
    });
    if by != 0.0 {
        ui.scroll_with_delta(vec2(0.0, by));
    }
}

fn line_ui(ui: &mut Ui, line: &Line, time: f32, gap: f32, theme: &Theme) {
    let size = vec2(ui.available_width(), theme.sizes.row);
    let (rect, row) = ui.allocate_exact_size(size, Sense::hover());
    let told = [line.time.as_str(), &line.gap, line.what, &line.more];
    let told: Vec<&str> = told.into_iter().filter(|part| !part.is_empty()).collect();
    row.widget_info(|| WidgetInfo::labeled(Role::Row, true, told.join(", ")));
    if !ui.is_rect_visible(rect) {
        return;
    }
    let colour = match line.tone {
        Tone::Plain => theme.text_strong,
        Tone::Weak => theme.text_weak,
        Tone::Good => theme.ok,
        Tone::Warn => theme.warn,
        Tone::Danger => theme.danger,
    };
    let (middle, left) = (rect.center().y, rect.left() + 4.0);
    let painter = ui.painter();
    let put = |x: f32, align, text: &str, colour| {
        painter.text(pos2(x, middle), align, text, theme.text_font(), colour);
    };
    put(left, Align2::LEFT_CENTER, &line.time, theme.text);
    put(left + time + gap - 12.0, Align2::RIGHT_CENTER, &line.gap, theme.text_weak);
    let what = left + time + gap;
    put(what, Align2::LEFT_CENTER, line.what, colour);
    let more = what + WHAT_WIDTH;
    let mut job = egui::text::LayoutJob::simple_singleline(line.more.clone(), theme.text_font(), theme.text);
    job.wrap = egui::text::TextWrapping::truncate_at_width((rect.right() - more - 4.0).max(20.0));
    let galley = painter.layout_job(job);
    let is_cut = galley.elided;
    painter.galley(pos2(more, middle - galley.size().y / 2.0), galley, theme.text);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, (1.0, theme.grid));
    if is_cut {
        row.on_hover_text(&line.more);
    }
}
