//! Where the controls stand that the tour speaks of: whoever draws one says so, and what was said in this frame counts.

use egui::{Context, Id, Rect, Ui, ViewportId};

use crate::ui::pane::PaneKind;

/// A control that the tour speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::ui) enum Spot {
    OrderType,
    Buy,
    Bracket,
    Close,
    KillSwitch,
    Periods,
    Indicators,
    Search,
    Workspaces,
    PaneMenu,
}

/// Whether a control can be seen now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Sight {
    /// What of it can.
    Here(Rect),
    /// It is drawn, and scrolled away.
    Scrolled,
    /// Nobody has drawn it.
    Absent,
}

/// As it was said last.
#[derive(Debug, Clone, Copy)]
struct Said {
    frame: (ViewportId, u64),
    seen: Rect,
}

impl Spot {
    /// The pane that it is a part of; none of what is always there.
    pub(super) fn pane(self) -> Option<PaneKind> {
        match self {
            Self::OrderType | Self::Buy | Self::Bracket | Self::Close => Some(PaneKind::Ticket),
            Self::Periods | Self::Indicators => Some(PaneKind::Chart),
            Self::KillSwitch | Self::Search | Self::Workspaces | Self::PaneMenu => None,
        }
    }

    fn id(self) -> Id {
        Id::unique(("tour", self))
    }

    /// Where it stands in this frame.
    pub(super) fn sight(self, ctx: &Context) -> Sight {
        let said = ctx.data(|data| data.get_temp::<Said>(self.id()));
        match said.filter(|said| said.frame == frame(ctx)) {
            Some(Said { seen, .. }) if seen.is_positive() => Sight::Here(seen),
            Some(_) => Sight::Scrolled,
            None => Sight::Absent,
        }
    }
}

/// Says where a control has been drawn.
pub(in crate::ui) fn mark(ui: &Ui, spot: Spot, rect: Rect) {
    let said = Said { frame: frame(ui.ctx()), seen: rect.intersect(ui.clip_rect()) };
    ui.data_mut(|data| data.insert_temp(spot.id(), said));
}

/// Another window of the same desk has frames of its own.
fn frame(ctx: &Context) -> (ViewportId, u64) {
    (ctx.viewport_id(), ctx.cumulative_pass_nr())
}
