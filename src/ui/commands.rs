//! What panes want done, collected over a frame and carried out once, at its end.

use super::chart::Tool;
use super::chart_pane::{Look, PictureTo};
use super::keys::Act;
use super::pane::{PaneKey, PaneKind};
use super::workspace::{LayoutChange, ShelfChange};
use crate::desk::Pointed;
use crate::domain::limits::Scope;
use crate::domain::settings::TextStep;
use crate::domain::{AccountId, BrokerId, InstrumentId, OrderId, Price, Time, Timeframe};
use crate::link::{Command, CommandId, Demand, Envelope};

/// One frame's wishes.
#[derive(Debug)]
pub struct Commands {
    pub(super) engine: Vec<Envelope>,
    pub(super) window: Vec<UiCommand>,
    /// Which pane has asked for each of them, if one has.
    pub(super) asked_by: Vec<Option<PaneKey>>,
    /// The pane that is drawn.
    pub(super) pane: Option<PaneKey>,
    /// What the panes that are drawn need; computed anew each frame.
    pub demand: Demand,
    /// Where the pointer is, if it is in a chart that shows the others of its group.
    pub pointed: Option<Pointed>,
    input_at: Time,
    next_id: u64,
}

/// What concerns the window only.
#[derive(Debug, Clone, PartialEq)]
pub enum UiCommand {
    /// Turn the desk to another instrument.
    Select(InstrumentId),
    /// Enter orders of a broker for this account.
    ChooseAccount(BrokerId, AccountId),
    /// Show bars of another period.
    ShowTimeframe(Timeframe),
    /// Show the chart otherwise.
    ChartLook(Look),
    /// Take a tool for drawing on the chart in hand.
    Draw(Tool),
    /// Take a picture of a chart: of this pane, or of the one that was used last.
    Picture(Option<PaneKey>, PictureTo),
    /// Put an instrument into the watchlist.
    Watch(InstrumentId),
    /// Offer a price to the ticket.
    TakePrice(Price),
    /// Begin an alert: of an instrument at a price, or as the pane has it.
    Alert(Option<(InstrumentId, Price)>),
    /// Show the alerts and what has fired.
    Alerts,
    /// Open the search for instruments and actions.
    Search,
    /// Open the editor of keys, on an action or on all.
    Keys(Option<Act>),
    /// Open the settings, on the one at a place of their file or on the first.
    Settings(Option<&'static str>),
    /// Prepare what one of the ticket's keys stands for, which then asks.
    Prepare(Act),
    /// Open the editor of the limits.
    Limits,
    /// The same, on the limits of one scope.
    LimitsOf(Scope),
    /// Ask whether to arm a live account: this one, or one that is not armed.
    Arm(Option<(BrokerId, AccountId)>),
    /// Show an order in the blotter.
    ShowOrder(OrderId),
    /// Do something with the table that the blotter shows.
    Blotter(BlotterTool),
    /// Tell the timeline of an order.
    Timeline(OrderId),
    /// The same, to note something of it.
    Note(OrderId),
    /// Show what was found when the brokers' books were compared with ours.
    Books,
    /// Show the pane of a kind of which there is one, or put it away.
    Toggle(PaneKind),
    /// Lock new orders and cancel working ones, at once; once more while that is so.
    Kill,
    /// Show how far the kill switch has come, and what it can do.
    KillPanel,
    /// Change the arrangement.
    Layout(LayoutChange),
    /// Show what frames cost, or put that away.
    Overlay,
    /// Change what workspaces there are, or which is on the screen.
    Shelf(ShelfChange),
    /// Show all workspaces, to name, copy, delete and exchange them.
    Workspaces,
    /// Show the tour from its first step on.
    Tour,
    /// Make text larger or smaller, everywhere.
    TextSize(TextStep),
    /// Give the pane that was used last all the room, or take that back.
    Maximise,
    /// Take the pane that was used last into a window of its own, or back into the main one.
    MoveOut,
    /// From now on a click on a price sends, for the account that orders are entered for; or not any more.
    OneClick(bool),
    /// Forget the latencies up to now.
    MeasureAnew,
    /// Ask whether to close the program.
    Quit,
}

/// What can be done with the table that the blotter shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlotterTool {
    /// Search and filter it.
    Find,
    /// Show all rows again.
    Clear,
    /// Copy all rows that are shown.
    Copy,
    /// Copy the row that is selected; all that are shown where none is.
    CopyRow,
    /// Write the rows that are shown to a file.
    Export,
}

impl Commands {
    /// For a frame whose input came at `input_at`; ids count on from `next_id`.
    #[must_use]
    pub fn new(input_at: Time, next_id: u64) -> Self {
        Self {
            engine: Vec::new(),
            window: Vec::new(),
            asked_by: Vec::new(),
            pane: None,
            demand: Demand::default(),
            pointed: None,
            input_at,
            next_id,
        }
    }

    /// Sends a command to the engine; its answer will carry this id.
    pub fn send(&mut self, command: Command) -> CommandId {
        let id = CommandId(self.next_id);
        self.next_id += 1;
        self.engine.push(Envelope { id, input_at: self.input_at, command });
        id
    }

    /// Has the window do something after this frame.
    pub fn window(&mut self, command: UiCommand) {
        self.window.push(command);
        self.asked_by.push(self.pane);
    }

    /// Commands of this frame for the engine.
    #[must_use]
    pub fn sent(&self) -> &[Envelope] {
        &self.engine
    }

    /// Commands of this frame for the window.
    #[must_use]
    pub fn for_window(&self) -> &[UiCommand] {
        &self.window
    }

    pub(super) fn next_id(&self) -> u64 {
        self.next_id
    }
}
