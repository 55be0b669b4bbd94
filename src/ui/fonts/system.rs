//! Fonts of the system, found without the window waiting for them.
//!
//! Reading which fonts there are takes up to hundreds of milliseconds, and mapping the first of
//! them some more. A thread does both; until it has, what no bundled font can draw is drawn as a
//! box, and is asked for again when the fonts are there.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use egui::epaint::text::{FallbackRequest, FontInsert, FontProvider};
use egui::{Context, FontFamily};
use egui_system_font_provider::SystemFontProvider;

/// One character of each script that is likely and that the bundled fonts lack.
const LIKELY: [&str; 3] = ["日", "あ", "한"];

/// See [`super::install_system_fallback`].
pub(super) fn install(ctx: &Context, locale: Option<&str>) {
    let late = Arc::new(Late::default());
    ctx.set_font_providers(vec![Arc::clone(&late) as Arc<dyn FontProvider>]);
    let (ctx, locale) = (ctx.clone(), locale.map(str::to_owned));
    let read = move || {
        let fonts = SystemFontProvider::new();
        let fonts = if locale.is_some() { fonts.with_locale(locale.as_deref()) } else { fonts };
        for cluster in LIKELY {
            for family in [FontFamily::Proportional, FontFamily::Monospace] {
                // Only to have it read and mapped here.
                drop(fonts.font_for(&FallbackRequest { cluster, family: &family }));
            }
        }
        if late.finish(fonts) == Missed::Some {
            ctx.set_font_providers(vec![late]);
        }
    };
    if let Err(error) = std::thread::Builder::new().name("pitdesk-fonts".to_owned()).spawn(read) {
        tracing::warn!("the fonts of the system are not used: {error}");
    }
}

/// A provider that finds nothing until it has one to ask. The lock is held for a moment only.
struct Late<P>(Mutex<State<P>>);

enum State<P> {
    Waits(Missed),
    Ready(Arc<P>),
}

/// Whether anything was looked for in vain; egui remembers that until its providers change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missed {
    Nothing,
    Some,
}

impl<P> Default for Late<P> {
    fn default() -> Self {
        Self(Mutex::new(State::Waits(Missed::Nothing)))
    }
}

impl<P> Late<P> {
    fn lock(&self) -> MutexGuard<'_, State<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `provider` is asked. Says whether something was missed before.
    fn finish(&self, provider: P) -> Missed {
        match std::mem::replace(&mut *self.lock(), State::Ready(Arc::new(provider))) {
            State::Waits(missed) => missed,
            State::Ready(_) => Missed::Nothing,
        }
    }
}

impl<P: FontProvider> FontProvider for Late<P> {
    fn font_for(&self, request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let ready = match &mut *self.lock() {
            State::Ready(provider) => Some(Arc::clone(provider)),
            State::Waits(missed) => {
                *missed = Missed::Some;
                None
            }
        };
        ready?.font_for(request)
    }
}

#[cfg(test)]
mod tests {
    use egui::epaint::text::{FontData, FontPriority, InsertFontFamily};

    use super::*;

    fn any(request: &FallbackRequest<'_>) -> Option<FontInsert> {
        let family = request.family.clone();
        let insert = || FontInsert {
            name: "any".to_owned(),
            data: FontData::from_static(&[]),
            families: vec![InsertFontFamily { family, priority: FontPriority::Lowest }],
        };
        (request.cluster == "日").then(insert)
    }

    type Lookup = fn(&FallbackRequest<'_>) -> Option<FontInsert>;

    #[test]
    fn nothing_waits_for_fonts_and_what_was_missed_is_known() {
        let request = FallbackRequest { cluster: "日", family: &FontFamily::Proportional };
        let late = Late::<Lookup>::default();
        assert!(late.font_for(&request).is_none());
        assert_eq!(late.finish(any), Missed::Some);
        assert!(late.font_for(&request).is_some());
    }

    #[test]
    fn where_nothing_was_missed_nothing_is_laid_out_anew() {
        assert_eq!(Late::<Lookup>::default().finish(any), Missed::Nothing);
    }
}
