//! Keys while text is composed, as Japanese, Korean and Chinese are: they are the input method's.
//!
//! Enter takes a candidate, arrows choose one, Escape gives up. Some systems tell the window of these presses as well
//! as of the composition, and a list below the field, or the field itself, would act on them.

use egui::{Context, Event, ImeEvent, Plugin, RawInput};

/// Takes the presses of a composition out of the input.
#[derive(Debug, Default)]
pub(super) struct Composition {
    is_on: bool,
}

impl Plugin for Composition {
    fn debug_name(&self) -> &'static str {
        "composition"
    }

    fn input_hook(&mut self, ctx: &Context, input: &mut RawInput) {
        // A field that is gone composes nothing, whatever the input method has not said of it.
        let mut is_composing = self.is_on && ctx.text_edit_focused();
        self.is_on = is_composing;
        for event in &input.events {
            if let Event::Ime(event) = event {
                is_composing = true;
                self.is_on = matches!(event, ImeEvent::Preedit { text, .. } if !text.is_empty());
            }
        }
        if is_composing {
            input.events.retain(|event| !is_of_text(event));
        }
    }
}

/// With Ctrl it is a shortcut: the kill switch is heard whatever is composed.
fn is_of_text(event: &Event) -> bool {
    matches!(event, Event::Key { pressed: true, modifiers, .. } if !(modifiers.command || modifiers.ctrl))
}
