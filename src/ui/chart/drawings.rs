//! What the trader draws over the prices: lines that stay ([`Figure`]), and a box that measures and does not.
//!
//! [`Sketch`] is what one chart knows of it: the tool in hand, what is being drawn or moved, which one is chosen.
//! The drawings themselves are the desk's, for all charts of the instrument; what is done to them here comes out as
//! [`DrawingDeed`]s. Lines of orders come first: what they take, no drawing takes, and where they are near, no
//! drawing is. While a tool is in hand no order line can be taken.
//!
//! Cost: each drawing in sight is a line of pixels or one shape, whatever it spans; those out of sight are looked at
//! and left out.

mod arrows;
mod geometry;
mod hand;
mod measure;
mod paint;

use egui::CursorIcon;

use self::geometry::Point;
pub(super) use self::geometry::Scales;
use self::hand::Held;
use self::measure::Measured;
pub(in crate::ui) use self::paint::colour_of;
use super::ChartData;
use super::grip::Pressed;
use crate::domain::{Drawing, DrawingId, Figure, Mark};

/// How near a drawing a press takes it, in points; and how near a price an end is drawn to it.
const NEAR: f32 = 6.0;

/// What a press on the prices does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    /// Draws a horizontal line.
    Level,
    /// Draws a line between two places.
    Trend,
    /// Measures between two places.
    Measure,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Level, Self::Trend, Self::Measure];

    /// What it is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Level => "Horizontal line",
            Self::Trend => "Trend line",
            Self::Measure => "Measure",
        }
    }

    /// What to do with it, in words.
    #[must_use]
    pub fn hint(self) -> &'static str {
        match self {
            Self::Level => {
                "Click at a price · Ctrl: anywhere, not at the bar's · Shift: another one after it"
            }
            Self::Trend => {
                "Click or drag from one place to another · Ctrl: not at the bar's prices · Shift: more"
            }
            Self::Measure => "Click or drag from one place to another",
        }
    }
}

/// What was done to drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawingDeed {
    /// One more.
    Add(Figure),
    /// One was moved.
    Move(DrawingId, Figure),
    /// One is to go.
    Remove(DrawingId),
}

/// What was begun with a tool and has no end yet.
#[derive(Debug, Clone, Copy)]
struct Draft {
    from: Mark,
    to: Mark,
}

/// Where a drawing was painted.
#[derive(Debug, Clone, Copy)]
struct Placed {
    id: DrawingId,
    /// What of it is in the pane.
    line: [Point; 2],
    /// Where it can be taken by an end.
    ends: [Option<Point>; 2],
}

/// The prices that have a tag on the axis.
pub(super) fn levels(data: &ChartData<'_>) -> impl Iterator<Item = f64> {
    data.drawings.iter().filter_map(|one| match one.figure {
        Figure::Level { price } => Some(price.to_f64()),
        Figure::Trend { .. } => None,
    })
}

/// What one chart knows of drawing.
#[derive(Debug, Default)]
pub(super) struct Sketch {
    tool: Option<Tool>,
    draft: Option<Draft>,
    held: Option<Held>,
    /// Painted in this frame in place of what is known, which does not know it yet.
    left: Option<(Option<DrawingId>, Figure)>,
    measured: Option<Measured>,
    chosen: Option<DrawingId>,
    hot: Option<DrawingId>,
    /// What the newest press of the second button was on.
    pressed: Option<DrawingId>,
    scales: Option<Scales>,
    placed: Vec<Placed>,
    /// A level in hand goes to prices of bars nearby: Ctrl is not held.
    magnet: bool,
    has_keyboard: bool,
}

impl Sketch {
    /// Takes a tool in hand, or leaves it.
    pub fn take(&mut self, tool: Option<Tool>) {
        self.tool = tool;
        self.draft = None;
        self.measured = None;
    }

    /// The tool in hand.
    pub fn tool(&self) -> Option<Tool> {
        self.tool
    }

    /// Whether a press is the tool's, or the pointer holds something here: nothing else moves by it.
    pub fn has_pointer(&self) -> bool {
        self.tool.is_some() || self.draft.is_some() || self.held.is_some()
    }

    /// Whether something is being moved or measured: the scales stand still.
    pub fn is_held(&self) -> bool {
        self.held.is_some() || self.draft.is_some()
    }

    /// Whether a drawing has the keyboard.
    pub fn has_keyboard(&self) -> bool {
        self.has_keyboard
    }

    /// Another instrument or period: what was begun on the one before is over. The tool stays in hand.
    pub fn forget(&mut self) {
        let (tool, placed) = (self.tool, std::mem::take(&mut self.placed));
        *self = Self { tool, placed, ..Self::default() };
        self.placed.clear();
    }

    /// What a press for a menu means: a drawing, where there is one, and of a horizontal line its very price.
    pub fn meant(&self, pressed: Pressed, data: &ChartData<'_>) -> Pressed {
        let drawing = self.pressed.filter(|_| pressed.line.is_none());
        let own = data.drawings.iter().find(|one| Some(one.id) == drawing).map(|one| one.figure);
        let price = match own {
            Some(Figure::Level { price }) if price.0 > crate::domain::Decimal::ZERO => price,
            _ => pressed.price,
        };
        Pressed { price, drawing, ..pressed }
    }

    /// What the pointer looks like, where it is not the usual.
    pub fn cursor(&self, data: &ChartData<'_>) -> Option<CursorIcon> {
        if self.tool.is_some() || self.draft.is_some() {
            return Some(CursorIcon::Crosshair);
        }
        let id = self.held.map(|held| held.id).or(self.hot)?;
        let figure = data.drawings.iter().find(|one| one.id == id)?.figure;
        Some(match figure {
            Figure::Level { .. } => CursorIcon::ResizeVertical,
            Figure::Trend { .. } => CursorIcon::Move,
        })
    }

    /// The drawings as they are to be painted, with what is moved where it would go.
    fn shown<'a>(&'a self, data: &ChartData<'a>) -> impl Iterator<Item = Drawing> + 'a {
        let moved = self.held.and_then(|held| Some((held.id, held.now?)));
        let left = self.left.and_then(|(id, figure)| Some((id?, figure)));
        data.drawings.iter().map(move |one| {
            let other = moved.or(left).filter(|(id, _)| *id == one.id);
            other.map_or(*one, |(_, figure)| Drawing { figure, ..*one })
        })
    }

    /// What was measured, for those who do not see it.
    pub fn spoken(&self, data: &ChartData<'_>) -> Option<String> {
        Some(format!("measured {}", self.measured?.words(data)?.join(", ")))
    }
}
