//! The whole window without the window: one frame in, wishes out.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::alerts::AlertsPane;
use super::arming::Arming;
use super::blotter::Blotter;
use super::books::BooksView;
use super::chart_pane::ChartPane;
use super::commands::{Commands, UiCommand};
use super::keys::Keymap;
use super::keys::editor::KeyEditor;
use super::keys::trading::Sight;
use super::limits::LimitsEditor;
use super::overlay::Overlay;
use super::pane::{IsPane, PaneKey, PaneKind};
use super::search::Search;
use super::settings::SettingsView;
use super::status_bar::StatusBar;
use super::text_size::AskedSize;
use super::theme::Theme;
use super::ticket::Ticket;
use super::timeline::TimelineView;
use super::toasts::Toasts;
use super::tour::Tour;
use super::watchlist::Watchlist;
use super::windows::Windows;
use super::workspace::{LayoutChange, Shelf, ShelfChange, WindowKey, WindowPlace, Workspace};
use super::workspaces::WorkspacesView;
use super::{keys, shell};
use crate::desk::{Desk, FrameGap, Group};
use crate::domain::settings::{Looks, ThemeChoice};
use crate::domain::{AccountId, AccountKind, InstrumentId, Price, Time};
use crate::link::{Clock, Command, Connection, Demand, Envelope, Notice, NoticeLevel, WindowEnd};

/// How often a changed arrangement is handed over to be saved.
const SAVE_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

/// What a window begins with.
pub struct Begin {
    /// The link to the engine.
    pub link: WindowEnd,
    /// The clock.
    pub clock: Clock,
    /// The workspaces as they were saved.
    pub workspace: Option<String>,
}

/// The window's state and its frame.
pub struct Terminal {
    pub(super) desk: Desk,
    pub(super) workspace: Workspace,
    pub(super) shelf: Shelf,
    pub(super) workspaces: WorkspacesView,
    pub(super) search: Search,
    pub(super) limits: LimitsEditor,
    pub(super) arming: Arming,
    pub(super) timeline: TimelineView,
    pub(super) books: BooksView,
    pub(super) status_bar: StatusBar,
    pub(super) toasts: Toasts,
    pub(super) tour: Tour,
    pub(super) overlay: Overlay,
    pub(super) key_editor: KeyEditor,
    pub(super) settings: SettingsView,
    pub(super) windows: Windows,
    pub(super) asked_size: Option<AskedSize>,
    pub(super) is_asking_to_quit: bool,
    pub(super) has_quit: bool,
    link: WindowEnd,
    clock: Clock,
    input_at: Time,
    next_id: u64,
    sent_demand: Option<Arc<Demand>>,
    saved_text: String,
    saved_at: Time,
    /// There was input since the arrangement was last compared with what is saved.
    may_have_changed: bool,
    /// What was chosen, and what the desktop had then.
    shown_looks: Option<(ThemeChoice, Looks, Option<egui::Theme>)>,
    /// The choice that the keys in force were made of.
    shown_keys: BTreeMap<String, String>,
    /// Set until the question has found room in the queue.
    wants_snapshot: bool,
}

impl Terminal {
    /// A window that knows nothing yet.
    #[must_use]
    pub fn new(begin: Begin) -> Self {
        let now = begin.clock.now();
        let mut desk = Desk::default();
        let read = begin.workspace.as_deref().map(Shelf::parse).transpose().unwrap_or_else(|error| {
            let text: Arc<str> = format!("{error}; the standard layout is shown").into();
            desk.add_notice(Notice { time: now, level: NoticeLevel::Warning, text });
            None
        });
        let (shelf, workspace) = read.unwrap_or_default();
        Self {
            desk,
            saved_text: shelf.to_text(&workspace),
            workspace,
            shelf,
            workspaces: WorkspacesView::default(),
            search: Search::default(),
            limits: LimitsEditor::default(),
            arming: Arming::default(),
            timeline: TimelineView::default(),
            books: BooksView::default(),
            status_bar: StatusBar::default(),
            toasts: Toasts::default(),
            tour: Tour::default(),
            overlay: Overlay::default(),
            key_editor: KeyEditor::default(),
            settings: SettingsView::default(),
            windows: Windows::default(),
            asked_size: None,
            is_asking_to_quit: false,
            has_quit: false,
            link: begin.link,
            clock: begin.clock,
            input_at: now,
            next_id: 1,
            sent_demand: None,
            saved_at: now,
            may_have_changed: false,
            shown_looks: None,
            shown_keys: BTreeMap::new(),
            wants_snapshot: false,
        }
    }

    /// What the window knows.
    #[must_use]
    pub fn desk(&self) -> &Desk {
        &self.desk
    }

    /// What the title bar of the window is to say: whether money is at stake, and of which
    /// account. The frontend hands it to the desktop whenever it changes.
    #[must_use]
    pub fn title(&self) -> String {
        let accounts = self.desk.accounts();
        let live: Vec<&str> =
            accounts.iter().filter(|a| a.kind == AccountKind::Live).map(|a| &*a.id.0).collect();
        match (live.as_slice(), accounts) {
            ([], []) => "Pitdesk".to_owned(),
            ([], _) => "Pitdesk (paper)".to_owned(),
            (live, _) => format!("LIVE {} – Pitdesk", live.join(", ")),
        }
    }

    /// Whether the trader has asked to close the program (and confirmed it).
    #[must_use]
    pub fn has_quit(&self) -> bool {
        self.has_quit
    }

    /// The engine is gone, and why: the window shows the last that is known, and says so.
    pub fn engine_stopped(&mut self, why: &str) {
        self.desk.engine_stopped(why);
    }

    /// Asks the trader whether to close while orders work; closes at once otherwise, and when
    /// staying would change nothing.
    pub fn ask_to_quit(&mut self) {
        if self.desk.blotter().working().next().is_some() && self.desk.stopped().is_none() {
            self.is_asking_to_quit = true;
        } else {
            self.has_quit = true;
        }
    }

    /// Takes over what the engine has told. Comes before every frame, and alone while
    /// the window is hidden.
    pub fn logic(&mut self) {
        self.take_over();
        self.overlay.on_layout(self.clock.now().since(self.input_at));
    }

    /// Whichever window is drawn next has the news.
    pub(super) fn take_over(&mut self) {
        self.input_at = self.clock.now();
        let listed = self.desk.instruments().len();
        let applied = self.desk.apply(self.link.inbox.drain(), self.input_at);
        self.wants_snapshot |= applied.needs_snapshot;
        if self.wants_snapshot && self.send_own(Command::Snapshot) {
            self.wants_snapshot = false;
        }
        if applied.is_fresh {
            self.sent_demand = None;
            self.choose_saved_accounts();
        }
        if applied.is_fresh || self.desk.instruments().len() > listed {
            for (_, list) in self.workspace.panes.all_mut::<Watchlist>() {
                list.fill_if_new(&self.desk);
            }
            self.select_saved();
        }
    }

    /// Draws one frame of the main window and carries out what it asked for.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        let began = self.clock.now();
        self.frame(WindowKey::MAIN, ui);
        self.overlay.on_layout(self.clock.now().since(began));
        self.overlay.ui(ui.ctx(), &self.desk, self.link.commander.waiting());
    }

    pub(super) fn frame(&mut self, here: WindowKey, ui: &mut egui::Ui) {
        self.apply_looks(ui.ctx());
        self.apply_keys(ui.ctx());
        self.follow_keyboard(here, ui.ctx());
        let mut out = Commands::new(self.input_at, self.next_id);
        if self.windows.is_front(here) {
            self.key_editor.capture(ui.ctx());
        }
        self.windows.trading(here).take(ui.ctx());
        keys::handle(self, ui.ctx(), &mut out);
        shell::shell_ui(self, here, ui, &mut out);
        let sight = Sight::of(&self.desk, &self.workspace);
        if self.desk.one_click().is_some() {
            out.demand.quotes.extend(sight.map(|sight| sight.instrument));
        }
        let is_alone = out.for_window().is_empty();
        let mut concerns_others = !is_alone;
        // Charts of the same group show it in the next frame.
        if self.windows.may_point(here, out.pointed.is_some()) && self.desk.point(out.pointed) {
            ui.request_repaint();
            concerns_others = true;
        }
        self.carry_out(here, out);
        if self.workspace.share_periods() {
            ui.request_repaint();
            concerns_others = true;
        }
        self.trade(here, ui.ctx(), is_alone, sight);
        // Tabs and edges are dragged: where they were let go, the arrangement may be another.
        if self.workspace.is_unnoted() || ui.input(|input| input.pointer.any_released()) {
            self.workspace.note();
        }
        if concerns_others {
            self.tell_others(here, ui.ctx());
        }
        self.bring_called(here, ui.ctx());
        self.save_if_changed(ui.ctx());
    }

    /// The frame was on the screen at `at`.
    pub fn on_painted(&mut self, at: Time) {
        self.desk.on_painted(at);
        self.overlay.on_painted(at.since(self.input_at));
    }

    /// The frame was on the screen, and nobody can tell when.
    pub fn on_painted_unmeasured(&mut self) {
        self.desk.on_painted_unmeasured();
        self.overlay.on_painted_unmeasured();
    }

    /// A frame that was due at once began only now.
    pub fn on_frame_gap(&mut self, gap: FrameGap) {
        self.desk.on_frame_gap(gap);
    }

    /// Hands the arrangement over now, and asks the engine to end.
    pub fn shut_down(&mut self) {
        self.hand_over_workspace();
        self.send_own(Command::Shutdown);
    }

    fn carry_out(&mut self, here: WindowKey, out: Commands) {
        self.next_id = out.next_id();
        self.send_all(out.engine);
        let mut demand = self.windows.demand(here, out.demand);
        self.desk.settle_demand(&mut demand);
        if self.sent_demand.as_deref() != Some(&demand) {
            let demand = Arc::new(demand);
            if self.send_own(Command::Demand(Arc::clone(&demand))) {
                self.sent_demand = Some(demand);
            }
        }
        for (command, asked_by) in out.window.into_iter().zip(out.asked_by) {
            self.asked_by(asked_by, &command);
        }
    }

    fn send_all(&mut self, envelopes: Vec<Envelope>) {
        for envelope in envelopes {
            let id = envelope.id;
            if let Err(why) = self.link.commander.try_send(envelope) {
                self.desk.not_sent(id, why);
            }
        }
    }

    /// Arms one-click trading for the account of the instrument that is looked at, or ends it.
    fn one_click(&mut self, is_on: bool) {
        self.desk.disarm_one_click();
        if is_on && let Err(why) = self.arm_one_click() {
            self.say(NoticeLevel::Warning, format!("One-click trading is not armed. {why}"));
        }
    }

    fn arm_one_click(&mut self) -> Result<(), String> {
        let instrument = self.desk.selected().ok_or("Choose an instrument first.")?;
        let account = self.desk.entry_account(instrument.broker).cloned().map_err(|why| why.to_string())?;
        if self.desk.stopped().is_some() {
            return Err("The engine has stopped.".to_owned());
        }
        if self.desk.kill().is_locked() {
            return Err("Release the kill switch first.".to_owned());
        }
        self.desk.arm_one_click(&account);
        Ok(())
    }

    /// Carries out the trading keys that were pressed.
    fn trade(&mut self, here: WindowKey, ctx: &egui::Context, is_alone: bool, sight: Option<Sight>) {
        let mut out = Commands::new(self.input_at, self.next_id);
        let said =
            self.windows.trading(here).act(ctx, (&self.desk, &self.workspace), (is_alone, sight), &mut out);
        self.next_id = out.next_id();
        self.send_all(out.engine);
        for (level, text) in said {
            self.say(level, text);
        }
    }

    pub(super) fn say(&mut self, level: NoticeLevel, text: impl Into<Arc<str>>) {
        self.desk.add_notice(Notice { time: self.input_at, level, text: text.into() });
    }

    /// Presses the kill switch, in this frame and not in the next.
    fn kill(&mut self) {
        let mut out = Commands::new(self.input_at, self.next_id);
        self.status_bar.kill(&self.desk, &mut out);
        self.next_id = out.next_id();
        self.send_all(out.engine);
    }

    /// Carries out what a pane has asked for: of the instrument of its group. Keys and the search work on the
    /// pane that was used last.
    fn asked_by(&mut self, pane: Option<PaneKey>, command: &UiCommand) {
        let group = self.workspace.group(pane.unwrap_or_else(|| self.workspace.last_used()));
        self.desk.turn_to(group);
        self.window_command(command);
        self.desk.turn_to(Group::default());
    }

    fn window_command(&mut self, command: &UiCommand) {
        match *command {
            UiCommand::Select(id) => {
                self.desk.select(id);
                self.workspace.remember_selected(&self.desk);
            }
            UiCommand::ChooseAccount(broker, ref account) => {
                if let Some(connection) = self.desk.connection(broker) {
                    let (name, id) = (connection.name.to_string(), account.0.to_string());
                    self.shelf.accounts.insert(name, id);
                }
                self.desk.choose_account(broker, account.clone());
            }
            UiCommand::ShowTimeframe(timeframe) => self.shown::<ChartPane>().show(timeframe),
            UiCommand::ChartLook(look) => self.shown::<ChartPane>().look(look),
            UiCommand::Draw(tool) => self.shown::<ChartPane>().draw(tool),
            UiCommand::Picture(key, to) => {
                let pane = key.and_then(|key| ChartPane::of_mut(self.workspace.panes.get_mut(key)));
                match pane {
                    Some(pane) => pane.keep_picture(to),
                    None => self.shown::<ChartPane>().keep_picture(to),
                }
            }
            UiCommand::Watch(id) => {
                if let Some(instrument) = self.desk.instrument(id) {
                    let key = instrument.key();
                    self.shown::<Watchlist>().add(key);
                }
            }
            UiCommand::TakePrice(price) => self.take_price(price),
            UiCommand::Alert(at) => self.begin_alert(at),
            UiCommand::Alerts => drop(self.workspace.show(PaneKind::Alerts)),
            UiCommand::Search => self.search.open(),
            UiCommand::Keys(on) => self.key_editor.open(on),
            UiCommand::Settings(on) => self.settings.open(on),
            UiCommand::Prepare(act) => self.ticket_here().prepare(act),
            UiCommand::Limits => self.limits.open(&self.desk, None),
            UiCommand::LimitsOf(ref scope) => self.limits.open(&self.desk, Some(scope)),
            UiCommand::Arm(ref account) => self.arming.open(account.clone(), &self.desk),
            UiCommand::Books => self.books.open(),
            UiCommand::Toggle(kind) => self.workspace.toggle(kind),
            UiCommand::Kill => self.kill(),
            UiCommand::KillPanel => self.status_bar.show_kill(),
            UiCommand::Timeline(order) => self.timeline.open(order),
            UiCommand::Note(order) => self.timeline.open_note(order),
            UiCommand::Blotter(tool) => self.shown::<Blotter>().ask(tool),
            UiCommand::ShowOrder(id) => self.shown::<Blotter>().show_order(id),
            UiCommand::Layout(change) => self.workspace.change(change),
            UiCommand::Maximise => {
                let here = self.workspace.last_used();
                self.workspace.change(LayoutChange::Maximise(here));
            }
            UiCommand::MoveOut => self.move_out(),
            UiCommand::OneClick(is_on) => self.one_click(is_on),
            UiCommand::Overlay => self.overlay.toggle(),
            UiCommand::Workspaces => self.workspaces.open(),
            UiCommand::Tour => self.shelf.tour = Some(0),
            UiCommand::TextSize(step) => self.step_text(step),
            UiCommand::Shelf(ref change) => self.change_shelf(change),
            UiCommand::MeasureAnew => self.desk.measure_anew(),
            UiCommand::Quit => self.ask_to_quit(),
        }
    }

    /// Makes, shows, renames or deletes a workspace; a refusal is said in the log.
    fn change_shelf(&mut self, change: &ShelfChange) {
        match self.shelf.change(change, &mut self.workspace) {
            Ok(false) => {}
            Ok(true) => {
                // Other panes are under the hand now.
                self.desk.disarm_one_click();
                for (_, list) in self.workspace.panes.all_mut::<Watchlist>() {
                    list.fill_if_new(&self.desk);
                }
                self.turn_groups();
            }
            Err(why) => self.say(NoticeLevel::Warning, why.to_string()),
        }
    }

    /// When the input of this frame came.
    pub(super) fn input_at(&self) -> Time {
        self.input_at
    }

    /// The arrangement is compared with what is saved when it is next time for that.
    pub(super) fn may_have_changed(&mut self) {
        self.may_have_changed = true;
    }

    /// Where the main window stands; it is saved with the arrangement.
    pub fn on_window_place(&mut self, place: WindowPlace) {
        if self.shelf.window != Some(place) {
            self.shelf.window = Some(place);
            self.may_have_changed = true;
        }
    }

    /// The pane of a type that was used last; opens one where there is none.
    fn shown<T: IsPane>(&mut self) -> &mut T {
        let key = self.workspace.show(T::KIND);
        let pane = self.workspace.panes.get_mut(key);
        T::of_mut(pane).expect("a pane is of the kind that its key says")
    }

    /// Offers a price to the ticket, which turns to the instrument that it is of.
    fn take_price(&mut self, price: Price) {
        self.ticket_here().take_price(price);
    }

    /// The ticket, turned to the instrument that the desk is turned to.
    fn ticket_here(&mut self) -> &mut Ticket {
        let instrument = self.desk.selected().map(|instrument| instrument.id);
        let ticket = self.workspace.show(PaneKind::Ticket);
        self.desk.turn_to(self.workspace.group(ticket));
        if let Some(id) = instrument.filter(|id| self.desk.selected().is_none_or(|shown| shown.id != *id)) {
            self.window_command(&UiCommand::Select(id));
        }
        self.shown::<Ticket>()
    }

    fn begin_alert(&mut self, at: Option<(InstrumentId, Price)>) {
        let key = self.workspace.show(PaneKind::Alerts);
        let at = at.and_then(|(id, price)| Some((&**self.desk.instrument(id)?, price)));
        if let Some(alerts) = AlertsPane::of_mut(self.workspace.panes.get_mut(key)) {
            alerts.begin(at, &self.desk);
        }
    }

    /// Sends a command of the window's own; `false` when the queue was full.
    pub(super) fn send_own(&mut self, command: Command) -> bool {
        let mut out = Commands::new(self.input_at, self.next_id);
        out.send(command);
        self.next_id = out.next_id();
        out.engine.into_iter().all(|envelope| self.link.commander.try_send(envelope).is_ok())
    }

    fn apply_looks(&mut self, ctx: &egui::Context) {
        let settings = self.desk.settings();
        let (choice, looks, desktop) = (settings.theme, settings.looks, ctx.system_theme());
        if self.shown_looks != Some((choice, looks, desktop)) {
            self.shown_looks = Some((choice, looks, desktop));
            Theme::of(choice, &looks, desktop).apply(ctx);
            // Everything grows with the text, in the window's own pixels: digits and lines stay sharp.
            ctx.set_zoom_factor(f32::from(looks.text_percent) / 100.0);
        }
    }

    /// Takes over chosen keys, and says what of them cannot be had.
    fn apply_keys(&mut self, ctx: &egui::Context) {
        let settings = Arc::clone(self.desk.settings());
        if self.shown_keys == settings.keys {
            return;
        }
        self.shown_keys.clone_from(&settings.keys);
        let (map, troubles) = Keymap::of(&settings.keys);
        map.apply(ctx);
        for trouble in troubles {
            self.say(NoticeLevel::Warning, trouble.to_string());
        }
    }

    /// Goes back to the instrument of the last run, else to the first that is watched.
    fn select_saved(&mut self) {
        if self.desk.selected().is_none() {
            self.turn_groups();
        }
    }

    /// Turns each group to the instrument that it has in this arrangement. The first group shows what it has
    /// shown already where nothing is known, else the first that is watched.
    fn turn_groups(&mut self) {
        self.desk.turn_to(Group::default());
        let id_of = |key: &str| self.desk.instrument_by_key(key).map(|instrument| instrument.id);
        let turned = self.workspace.turned.iter().filter_map(|(group, key)| Some((*group, id_of(key)?)));
        let turned: Vec<_> = turned.collect();
        let watched = || id_of(self.workspace.panes.first::<Watchlist>()?.first()?);
        let saved = self.workspace.selected.as_deref().and_then(id_of);
        let shown = || self.desk.selected().or_else(|| self.desk.instruments().first()).map(|i| i.id);
        let first = saved.or_else(watched).or_else(shown);
        self.desk.select_all(turned.into_iter().chain(first.map(|id| (Group::default(), id))));
        self.workspace.remember_selected(&self.desk);
    }

    /// Enters orders for the accounts that were chosen in the last run, of brokers where nobody has
    /// chosen in this one.
    fn choose_saved_accounts(&mut self) {
        let saved = |connection: &Connection| {
            let id = self.shelf.accounts.get(&*connection.name)?;
            let is_new = self.desk.chosen_account(connection.broker).is_none();
            is_new.then(|| (connection.broker, AccountId(id.as_str().into())))
        };
        let saved: Vec<_> = self.desk.connections().iter().filter_map(saved).collect();
        for (broker, account) in saved {
            self.desk.choose_account(broker, account);
        }
    }

    /// Hands a changed arrangement over, at most once in [`SAVE_EVERY`]. A change that came sooner
    /// asks for the frame in which that is over: a quiet market brings none for a minute.
    fn save_if_changed(&mut self, ctx: &egui::Context) {
        self.may_have_changed |= ctx.input(|input| !input.raw.events.is_empty());
        let since = self.input_at.since(self.saved_at);
        if since >= SAVE_EVERY {
            self.saved_at = self.input_at;
            self.may_have_changed = !self.hand_over_workspace();
        }
        if self.may_have_changed {
            ctx.request_repaint_after(SAVE_EVERY.saturating_sub(self.input_at.since(self.saved_at)));
        }
    }

    /// Whether what is saved is what is shown: no when the queue was full.
    fn hand_over_workspace(&mut self) -> bool {
        let text = self.shelf.to_text(&self.workspace);
        if text != self.saved_text && self.send_own(Command::SaveWorkspace(text.as_str().into())) {
            self.saved_text.clone_from(&text);
        }
        text == self.saved_text
    }
}
