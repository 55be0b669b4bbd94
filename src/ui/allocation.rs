//! The allocation pane (Ctrl+Shift+W): target weights become orders.
//!
//! A table of weights is typed, loaded or pasted; Preview makes a plan of it (`market::allocation`) with
//! what the gate says of each order; Send, pressed twice, sends the plan that is shown, once. Then
//! each row tells what the broker has said. Whatever is changed in the table takes the preview
//! away, and so does a price, a position or an order that is not as it was.
//!
//! - `draft` is what is typed, `facts` how account and market stand, `preview` what would be sent and
//!   what became of it;
//! - `head`, `rows` and `foot` draw.

mod draft;
mod facts;
mod foot;
mod head;
mod preview;
mod rows;

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::blotter::widths::Widths;
use super::commands::Commands;
use super::confirm::Confirm;
use super::pane::Pane;
use super::theme::theme_of;
use crate::desk::Desk;
use crate::domain::PlanId;
use crate::link::{Command, TargetsFrom, TargetsRead};
use crate::market::allocation::Table;
use draft::{Draft, DraftRow, share_text};
use facts::{Facts, Listed};
use preview::{Preview, Sending, Sent, newest};

/// Bytes of a paste that are looked at: more is no table.
const MOST_PASTED: usize = 1_000_000;
/// How long the answer to a plan is waited for.
const GIVE_UP: Duration = Duration::from_secs(30);

/// The pane's state. The table, its choices and what was sent last outlive the window.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AllocationPane {
    draft: Draft,
    sent: Option<Sent>,
    widths: Widths,
    #[serde(skip)]
    view: View,
}

/// What is forgotten with the window.
#[derive(Debug, Default)]
struct View {
    preview: Option<Preview>,
    confirm: Confirm<(), PlanId>,
    listed: Listed,
    /// What is typed to find an instrument.
    query: String,
    /// The path of a file, while one is asked for.
    path: Option<String>,
    /// The file that was read last, as far as it was taken over.
    taken: Option<Arc<TargetsRead>>,
    reading: Option<TargetsFrom>,
    said: Option<Said>,
}

/// What came of the last thing that was done.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Note(String),
    Problem(String),
}

impl Pane for AllocationPane {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui.ctx());
        self.take_files(ui, desk, out);
        let Some(broker) = facts::broker(desk, &self.draft) else {
            ui.label("No broker is connected yet");
            return;
        };
        self.view.listed.update(desk, broker, &self.draft);
        out.demand.quotes.extend(self.view.listed.of_rows(desk, &self.draft).map(|i| i.id));
        let facts = facts::gather(desk, &self.draft, &self.view.listed, broker);
        self.settle(desk, facts.as_ref().ok());
        let before = self.draft.clone();
        self.head_ui(ui, desk, broker, &facts, &theme, out);
        self.view.listed.update(desk, broker, &self.draft);
        let foot = egui::Panel::bottom("allocation foot")
            .frame(egui::Frame::new().fill(theme.panel).inner_margin(egui::Margin::symmetric(8, 6)))
            .show_separator_line(false);
        foot.show(ui, |ui| self.foot_ui(ui, desk, &facts, &theme, out));
        self.table_ui(ui, desk, facts.as_ref().ok(), &theme);
        if self.draft != before {
            self.view.preview = None;
            self.view.confirm.take_back();
        }
    }
}

impl AllocationPane {
    /// Takes over what has come since the last frame, and takes back what is not so any more.
    fn settle(&mut self, desk: &Desk, facts: Option<&Facts<'_>>) {
        if let Some(why) = self.sent.as_ref().and_then(|sent| sent.refusal(desk)) {
            (self.sent, self.view.preview) = (None, None);
            self.view.said = Some(Said::Problem(why));
        }
        if let Some(sent) = &mut self.sent
            && sent.command.is_some_and(|command| desk.answer(command.0).is_some())
        {
            // From here on its orders tell.
            sent.command = None;
        }
        if let Some(sent) = &mut self.sent
            && sent.command.is_some()
            && (desk.stopped().is_some() || desk.now().since(sent.at) > GIVE_UP)
        {
            // The answer is lost: its orders tell, or there are none.
            sent.command = None;
        }
        if self.sent.as_ref().is_some_and(|sent| sent.never_left(desk)) {
            self.sent = None;
            let text = "No orders of the plan that was sent are known here. Compare the positions with the broker, \
                        and preview anew";
            self.view.said = Some(Said::Problem(text.to_owned()));
        }
        let shown = self.view.preview.as_ref().map(|preview| preview.id);
        let is_sent = self.sent.is_some();
        self.view.confirm.settle(desk.now(), |(), plan| !is_sent && shown == Some(*plan));
        if !is_sent && facts.is_none() {
            self.view.preview = None;
        }
    }

    /// Makes a plan of the table as it is.
    fn preview(&mut self, desk: &Desk, facts: &Facts<'_>) {
        self.view.said = None;
        self.view.confirm.take_back();
        match Preview::make(desk, &self.draft, facts) {
            Ok(preview) => self.view.preview = Some(preview),
            Err(why) => {
                self.view.preview = None;
                self.view.said = Some(Said::Problem(why));
            }
        }
    }

    /// Sends the plan that is shown, if it is still the one that was confirmed and nothing has changed.
    fn send(&mut self, plan: PlanId, desk: &Desk, facts: &Facts<'_>, out: &mut Commands) {
        let Some(preview) = self.view.preview.as_ref().filter(|p| p.id == plan && self.sent.is_none()) else {
            return;
        };
        if let Some(why) = preview.outdated(desk, facts) {
            self.view.preview = None;
            self.view.said = Some(Said::Problem(format!("Nothing was sent. {why}: preview anew")));
            return;
        }
        let allocation = preview.command(desk);
        let orders = allocation.orders.len();
        let (above, at) = (newest(desk), desk.now());
        let command = Some(Sending(out.send(Command::Allocate(allocation))));
        self.sent = Some(Sent { plan, orders, above, at, command });
        self.view.said = None;
    }

    /// Goes back from what was sent to the table.
    fn begin_anew(&mut self) {
        self.sent = None;
        self.view.preview = None;
        self.view.said = None;
    }

    /// Weights as they are held now.
    fn take_current(&mut self, facts: &Facts<'_>) {
        let situation = &facts.situation;
        for line in situation.lines.iter().filter(|line| !line.net.is_zero()) {
            if !self.draft.has(&line.instrument) {
                self.draft.rows.push(DraftRow { key: line.instrument.key(), weight: String::new() });
            }
        }
        for row in &mut self.draft.rows {
            let line = situation.lines.iter().find(|line| line.instrument.has_key(&row.key));
            let held = line.and_then(|line| rows::weight_now(line, situation));
            if let Some(weight) = held {
                row.weight = share_text(weight.trunc_with_scale(4));
            }
        }
    }

    fn take_table(&mut self, table: &Table) {
        self.draft.take(table);
        self.view.preview = None;
        let rows = crate::domain::counted(table.rows.len(), "row", "rows");
        let said: Vec<String> =
            [format!("{rows} taken over")].into_iter().chain(table.notes.clone()).collect();
        self.view.said = Some(Said::Note(said.join(". ")));
    }

    /// Tables that are dropped on the window, pasted, or have been read.
    fn take_files(&mut self, ui: &egui::Ui, desk: &Desk, out: &mut Commands) {
        if let Some(read) = desk.targets()
            && !self.view.taken.as_ref().is_some_and(|taken| Arc::ptr_eq(taken, read))
        {
            self.view.taken = Some(Arc::clone(read));
            // What another asked for, or an earlier window, is none of this one's.
            if self.view.reading.as_ref() == Some(&read.from) && self.sent.is_none() {
                self.view.reading = None;
                match &read.table {
                    Ok(table) => {
                        self.view.path = None;
                        self.take_table(table);
                    }
                    Err(why) => self.view.said = Some(Said::Problem(why.to_string())),
                }
            }
        }
        if self.sent.is_some() {
            return;
        }
        let dropped =
            ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().display().to_string()));
        if let Some(path) = dropped {
            self.read(TargetsFrom::File(path.into()), out);
        }
        let is_typing = ui.ctx().text_edit_focused();
        let is_here = ui.rect_contains_pointer(ui.max_rect());
        if is_here && !is_typing {
            let pasted = ui.input(|input| {
                input.events.iter().find_map(|event| match event {
                    egui::Event::Paste(text) if text.len() <= MOST_PASTED => Some(text.clone()),
                    _ => None,
                })
            });
            if let Some(text) = pasted {
                self.read(TargetsFrom::Pasted(text.into()), out);
            }
        }
    }

    fn read(&mut self, from: TargetsFrom, out: &mut Commands) {
        let what = match &from {
            TargetsFrom::File(path) => Arc::clone(path),
            TargetsFrom::Pasted(_) => "what was pasted".into(),
        };
        self.view.reading = Some(from.clone());
        out.send(Command::ReadTargets(from));
        self.view.said = Some(Said::Note(format!("Reading {what} …")));
    }
}
