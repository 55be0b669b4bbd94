//! The panes where the arrangement has them, with their tabs and the menu of each.

use egui_tiles::{Behavior, SimplificationOptions, TabState, Tabs, TileId, Tiles, Tree, UiResponse};

use crate::desk::{Desk, Group};
use crate::ui::chart_pane::{Bond, ChartPane, PictureTo};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::keys::{Act, keys_of};
use crate::ui::pane::{IsPane as _, PaneKey, PaneKind};
use crate::ui::splitters;
use crate::ui::theme::Theme;
use crate::ui::tour::{self, Spot};
use crate::ui::workspace::{Destination, LayoutChange, Place, WindowKey, Workspace, simplification};

/// Where panes have been drawn.
#[derive(Debug, Default, Clone, Copy)]
pub(in crate::ui) struct Places {
    /// The first chart.
    pub chart: Option<egui::Rect>,
    /// The largest pane besides that trades nothing.
    pub quiet: Option<egui::Rect>,
}

impl Places {
    fn add(&mut self, kind: PaneKind, rect: egui::Rect) {
        match kind {
            PaneKind::Chart if self.chart.is_none() => self.chart = Some(rect),
            PaneKind::Ticket | PaneKind::Ladder | PaneKind::Allocation => {}
            _ if self.quiet.is_none_or(|quiet| quiet.area() < rect.area()) => self.quiet = Some(rect),
            _ => {}
        }
    }
}

/// Draws all panes that are in sight in a window; where they stand.
pub(super) fn panes_ui(
    (here, workspace): (WindowKey, &mut Workspace),
    desk: &mut Desk,
    ui: &mut egui::Ui,
    theme: &Theme,
    out: &mut Commands,
) -> Places {
    let moves = Moves::of(workspace, here);
    let alone = workspace.alone_in(here);
    // The tree is drawn while the workspace around it is asked.
    let Some(place) = workspace.tree_in_mut(here) else { return Places::default() };
    let mut tree = std::mem::replace(place, Tree::empty(egui::Id::NULL));
    let mut arrangement = Arrangement { desk, workspace, out, theme, moves, places: Places::default() };
    if let Some(key) = alone {
        arrangement.alone_ui(key, ui);
    } else {
        tree.ui(&mut arrangement, ui);
        splitters::name_edges(&tree, ui);
    }
    let places = arrangement.places;
    if let Some(place) = workspace.tree_in_mut(here) {
        *place = tree;
    }
    places
}

/// Where a pane of this window can be taken: all panes of a window have the same choice.
struct Moves(Vec<Destination>);

impl Moves {
    fn of(workspace: &Workspace, here: WindowKey) -> Self {
        let Some(any) = workspace.keys_in(here).first().copied() else { return Self(Vec::new()) };
        let windows = std::iter::once(WindowKey::MAIN).chain(workspace.beside()).map(Destination::Window);
        let all = std::iter::once(Destination::NewWindow).chain(windows);
        Self(all.filter(|to| workspace.may_move(any, *to)).collect())
    }
}

struct Arrangement<'a> {
    desk: &'a mut Desk,
    /// Without its tree.
    workspace: &'a mut Workspace,
    out: &'a mut Commands,
    theme: &'a Theme,
    moves: Moves,
    places: Places,
}

impl Arrangement<'_> {
    /// One pane with all the room, and the way back.
    fn alone_ui(&mut self, key: PaneKey, ui: &mut egui::Ui) {
        let bar = egui::Frame::new().fill(self.theme.panel).inner_margin(egui::Margin::symmetric(8, 2));
        bar.show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.label(egui::RichText::new(key.title()).color(self.theme.text));
                ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                    let back =
                        ui.button(format!("Back to all panes  {}", keys_of(ui, Act::Maximise)).trim_end());
                    if back.clicked() {
                        self.out.window(UiCommand::Layout(LayoutChange::Maximise(key)));
                    }
                });
            });
        });
        self.draw(key, ui);
    }

    fn draw(&mut self, key: PaneKey, ui: &mut egui::Ui) {
        let fill = match key.kind {
            PaneKind::Ticket => self.theme.panel,
            _ => self.theme.surface,
        };
        self.places.add(key.kind, ui.max_rect());
        let pressed = ui.input(|input| input.pointer.any_pressed().then(|| input.pointer.interact_pos()));
        // What floats above a pane is pressed without it.
        let is_own = |at| ui.max_rect().contains(at) && ui.ctx().layer_id_at(at) == Some(ui.layer_id());
        if pressed.flatten().is_some_and(is_own) {
            self.workspace.uses(key);
        }
        let (group, first) = (self.workspace.group(key), self.desk.group());
        self.desk.turn_to(group);
        self.out.pane = Some(key);
        egui::Frame::new().fill(fill).show(ui, |ui| {
            ui.set_min_size(ui.available_size());
            if self.desk.stopped().is_some()
                && matches!(key.kind, PaneKind::Ticket | PaneKind::Allocation | PaneKind::Ladder)
            {
                ui.disable();
            }
            // Two panes of a kind have widgets of the same names.
            ui.push_id(("pane", key), |ui| {
                self.workspace.panes.get_mut(key).as_pane().ui(ui, self.desk, self.out);
            });
        });
        self.out.pane = None;
        self.desk.turn_to(first);
    }

    fn menu_ui(&mut self, key: PaneKey, ui: &mut egui::Ui) {
        for (text, place) in
            [("New tab", Place::Tab), ("Split right", Place::Right), ("Split below", Place::Below)]
        {
            ui.menu_button(text, |ui| {
                for &kind in PaneKind::ALL {
                    if ui.button(kind.title()).clicked() {
                        self.asks(LayoutChange::Open { kind, beside: key, place });
                    }
                }
            });
        }
        ui.separator();
        ui.menu_button(format!("Linked to group {}", self.workspace.group(key)), |ui| {
            for group in Group::ALL {
                let shows = self.desk.selected_in(group).map(|instrument| instrument.symbol.to_string());
                let text = format!("{group}  {}", shows.unwrap_or_default());
                let text = egui::RichText::new(text).color(self.theme.groups[group.index()]);
                if ui.selectable_label(self.workspace.group(key) == group, text).clicked() {
                    self.asks(LayoutChange::Link(key, group));
                }
            }
            if let Some(chart) = ChartPane::of_mut(self.workspace.panes.get_mut(key)) {
                ui.separator();
                for bond in Bond::ALL {
                    let mut is_tied = chart.is_tied(bond);
                    if ui.checkbox(&mut is_tied, bond.label()).changed() {
                        chart.tie(bond, is_tied);
                    }
                }
            }
        });
        if key.kind == PaneKind::Chart {
            ui.separator();
            for to in [PictureTo::File, PictureTo::Clipboard] {
                if ui.add(egui::Button::new(to.label()).shortcut_text(keys_of(ui, to.act()))).clicked() {
                    self.out.window(UiCommand::Picture(Some(key), to));
                }
            }
        }
        ui.separator();
        for to in &self.moves.0 {
            let keys = if *to == Destination::NewWindow { keys_of(ui, Act::MoveOut) } else { String::new() };
            if ui.add(egui::Button::new(to.label()).shortcut_text(keys)).clicked() {
                self.out.window(UiCommand::Layout(LayoutChange::Move(key, *to)));
            }
        }
        if ui.add(egui::Button::new("Maximise").shortcut_text(keys_of(ui, Act::Maximise))).clicked() {
            self.asks(LayoutChange::Maximise(key));
        }
        if ui.button("Close pane").clicked() {
            self.asks(LayoutChange::Close(key));
        }
        if ui.add(egui::Button::new("Reopen closed").shortcut_text(keys_of(ui, Act::Reopen))).clicked() {
            self.asks(LayoutChange::Reopen);
        }
        if ui.add(egui::Button::new("Undo change of layout").shortcut_text(keys_of(ui, Act::Undo))).clicked()
        {
            self.asks(LayoutChange::Undo);
        }
    }

    fn asks(&mut self, change: LayoutChange) {
        self.out.window(UiCommand::Layout(change));
    }
}

impl Behavior<PaneKey> for Arrangement<'_> {
    fn pane_ui(&mut self, ui: &mut egui::Ui, _id: TileId, key: &mut PaneKey) -> UiResponse {
        self.draw(*key, ui);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, key: &PaneKey) -> egui::WidgetText {
        let group = self.workspace.group(*key);
        // The first group needs no word: most desks have no other.
        if group == Group::default() {
            return key.title().into();
        }
        let font = self.theme.text_font();
        let mut text = egui::text::LayoutJob::default();
        let colour = self.theme.groups[group.index()];
        text.append(&format!("{group} "), 0.0, egui::TextFormat::simple(font.clone(), colour));
        text.append(&key.title(), 0.0, egui::TextFormat::simple(font, egui::Color32::PLACEHOLDER));
        text.into()
    }

    /// By the menu: a cross beside the name would take the ticket away with one wrong click.
    fn is_tab_closable(&self, _tiles: &Tiles<PaneKey>, _id: TileId) -> bool {
        false
    }

    fn on_tab_button(
        &mut self,
        tiles: &mut Tiles<PaneKey>,
        id: TileId,
        tab: egui::Response,
    ) -> egui::Response {
        let Some(egui_tiles::Tile::Pane(key)) = tiles.get(id) else { return tab };
        let key = *key;
        if tab.clicked() {
            self.workspace.uses(key);
        }
        if tab.double_clicked() {
            self.asks(LayoutChange::Maximise(key));
        }
        tab.context_menu(|ui| self.menu_ui(key, ui));
        tab
    }

    fn top_bar_right_ui(
        &mut self,
        tiles: &Tiles<PaneKey>,
        ui: &mut egui::Ui,
        _id: TileId,
        tabs: &Tabs,
        _scroll: &mut f32,
    ) {
        let Some(egui_tiles::Tile::Pane(key)) = tabs.active.and_then(|active| tiles.get(active)) else {
            return;
        };
        let key = *key;
        let still = &mut ui.visuals_mut().widgets.inactive;
        still.weak_bg_fill = egui::Color32::TRANSPARENT;
        still.bg_stroke = egui::Stroke::NONE;
        // The bars of tabs have one id for all.
        let menu = ui.push_id(key, |ui| ui.menu_button("⋮", |ui| self.menu_ui(key, ui)).response).inner;
        tour::mark(ui, Spot::PaneMenu, menu.rect);
        let name = format!("Menu of {}", key.title());
        menu.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &name));
        menu.on_hover_text("New tab, split, link, maximise, close");
    }

    fn gap_width(&self, _style: &egui::Style) -> f32 {
        2.0
    }

    fn tab_bar_height(&self, _style: &egui::Style) -> f32 {
        self.theme.sizes.row
    }

    fn tab_bar_color(&self, _visuals: &egui::Visuals) -> egui::Color32 {
        self.theme.panel
    }

    fn tab_bg_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<PaneKey>,
        _id: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active { self.theme.surface } else { self.theme.panel }
    }

    fn tab_text_color(
        &self,
        _visuals: &egui::Visuals,
        _tiles: &Tiles<PaneKey>,
        _id: TileId,
        state: &TabState,
    ) -> egui::Color32 {
        if state.active { self.theme.text } else { self.theme.text_weak }
    }

    fn simplification_options(&self) -> SimplificationOptions {
        simplification()
    }

    /// Ctrl+Tab belongs to the desktop and to text, not to the arrangement.
    fn cycle_tabs_with_keyboard(&self) -> bool {
        false
    }
}
