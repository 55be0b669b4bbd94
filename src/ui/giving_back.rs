//! What stands above the desk takes the keyboard, and gives it back when it is closed.

use egui::{Context, Id, Memory};

/// Where the keyboard was before something opened.
#[derive(Debug, Default)]
pub(super) struct GivesBack {
    was_open: bool,
    before: Option<Id>,
}

impl GivesBack {
    /// To be told in each frame, before anything is drawn, whether it is open. What closes asks for one frame more:
    /// the keyboard can be given back only when nothing stands above the desk any more.
    pub fn follow(&mut self, ctx: &Context, is_open: bool) {
        match (self.was_open, is_open) {
            (false, true) => self.before = ctx.memory(Memory::focused),
            (true, false) => {
                if let Some(before) = self.before.take() {
                    ctx.memory_mut(|memory| memory.request_focus(before));
                }
            }
            _ => {}
        }
        self.was_open = is_open;
    }
}
