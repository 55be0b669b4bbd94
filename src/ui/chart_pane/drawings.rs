//! Drawings of the pane's instrument: what was done to them becomes commands, and stands at once.

use egui::{Button, Ui};

use super::trading::Scene;
use super::{ChartPane, PictureTo};
use crate::desk::Desk;
use crate::domain::{Drawing, DrawingChange, DrawingId, DrawingInk, InstrumentId};
use crate::link::{Command, CommandId};
use crate::ui::chart::{ChartResponse, DrawingDeed, Tool};
use crate::ui::commands::Commands;
use crate::ui::keys::{Act, keys_of, taken, with_keys};
use crate::ui::told::Told;

/// What the menu of drawings is called.
pub(super) const MENU: &str = "Draw";

/// What of the drawings is on its way to the engine, and what was deleted last.
#[derive(Debug, Default)]
pub(super) struct Drawings {
    /// Of the instrument in sight, as they will be.
    shown: Vec<Drawing>,
    asked: Vec<(CommandId, InstrumentId, DrawingChange)>,
    deleted: Option<(InstrumentId, Drawing)>,
    /// The colour that was chosen last: of what is drawn next.
    ink: DrawingInk,
}

impl Drawings {
    /// The drawings of an instrument, with what the engine has not answered yet.
    pub fn shown(&mut self, Scene { desk, instrument }: Scene<'_>) -> &[Drawing] {
        self.asked.retain(|(command, ..)| desk.answer(*command).is_none() && desk.stopped().is_none());
        self.shown.clear();
        self.shown.extend_from_slice(desk.drawings(&instrument.key()));
        for (i, (_, of, change)) in self.asked.iter().enumerate() {
            if *of != instrument.id {
                continue;
            }
            match *change {
                // No drawing has that number: it cannot be changed before it has its own.
                DrawingChange::Add(figure, ink) => {
                    self.shown.push(Drawing { id: DrawingId(u64::MAX - i as u64), figure, ink });
                }
                DrawingChange::Change(drawing) => {
                    self.shown.iter_mut().filter(|one| one.id == drawing.id).for_each(|one| *one = drawing);
                }
                DrawingChange::Remove(id) => self.shown.retain(|one| one.id != id),
            }
        }
        &self.shown
    }

    /// Carries out what was done on the chart.
    pub fn act(
        &mut self,
        ui: &Ui,
        chart: &ChartResponse,
        told: &mut Told,
        scene: Scene<'_>,
        out: &mut Commands,
    ) {
        let find =
            |id: DrawingId| scene.desk.drawings(&scene.instrument.key()).iter().find(|one| one.id == id);
        let change = match chart.drawn {
            Some(DrawingDeed::Add(figure)) => Some(DrawingChange::Add(figure, self.ink)),
            Some(DrawingDeed::Move(id, figure)) => {
                find(id).map(|one| DrawingChange::Change(Drawing { figure, ..*one }))
            }
            Some(DrawingDeed::Remove(id)) => Some(DrawingChange::Remove(id)),
            None => None,
        };
        if let Some(change) = change {
            self.ask(ui, change, told, scene, out);
        }
        if chart.has_keyboard && taken(ui, Act::RestoreDrawing) > 0 {
            self.restore(ui, told, scene, out);
        }
    }

    /// Asks the engine for a change, which stands until it has answered.
    pub fn ask(
        &mut self,
        ui: &Ui,
        change: DrawingChange,
        told: &mut Told,
        Scene { desk, instrument }: Scene<'_>,
        out: &mut Commands,
    ) {
        if desk.stopped().is_some() {
            return told.refuse("The engine has stopped: drawings stay as they are. Start again", desk.now());
        }
        match change {
            DrawingChange::Remove(id) => {
                let gone = desk.drawings(&instrument.key()).iter().find(|one| one.id == id);
                let Some(gone) = gone else { return };
                self.deleted = Some((instrument.id, *gone));
                let text = format!("{} deleted. Bring it back", gone.figure.label());
                told.say(with_keys(ui, &text, Act::RestoreDrawing), desk.now());
            }
            DrawingChange::Change(drawing) => self.ink = drawing.ink,
            DrawingChange::Add(..) => {}
        }
        let command = out.send(Command::Draw { instrument: instrument.id, change });
        told.sent(command, "Drawing".to_owned());
        self.asked.push((command, instrument.id, change));
        ui.request_repaint();
    }

    /// Brings back what was deleted last, where that was of the instrument in sight.
    fn restore(&mut self, ui: &Ui, told: &mut Told, scene: Scene<'_>, out: &mut Commands) {
        let own = self.deleted.take_if(|(of, _)| *of == scene.instrument.id);
        match own {
            Some((_, Drawing { figure, ink, .. })) => {
                told.say(format!("{} is back", figure.label()), scene.desk.now());
                self.ask(ui, DrawingChange::Add(figure, ink), told, scene, out);
            }
            None => told.refuse("Nothing was deleted on this instrument", scene.desk.now()),
        }
    }
}

impl ChartPane {
    /// Takes a tool for drawing in hand.
    pub fn draw(&mut self, tool: Tool) {
        self.view.take_tool(Some(tool));
    }

    /// The menu of tools, beside that of looks.
    pub(super) fn tools_ui(&mut self, ui: &mut Ui, desk: &Desk) {
        let menu = ui.menu_button(MENU, |ui| {
            for tool in Tool::ALL {
                let act = match tool {
                    Tool::Level => Act::DrawLevel,
                    Tool::Trend => Act::DrawTrend,
                    Tool::Measure => Act::Measure,
                };
                let is_held = self.view.tool() == Some(tool);
                let entry = Button::new(tool.label()).shortcut_text(keys_of(ui, act)).selected(is_held);
                if ui.add_enabled(desk.selected().is_some(), entry).on_hover_text(tool.hint()).clicked() {
                    self.view.take_tool((!is_held).then_some(tool));
                }
            }
            ui.separator();
            for to in [PictureTo::File, PictureTo::Clipboard] {
                let entry = Button::new(to.label()).shortcut_text(keys_of(ui, to.act()));
                if ui.add_enabled(desk.selected().is_some(), entry).clicked() {
                    self.keep_picture(to);
                }
            }
        });
        menu.response.on_hover_text(
            "Lines that stay on all charts of the instrument, measuring (Shift+drag), pictures",
        );
    }
}
