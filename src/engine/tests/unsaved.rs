//! Settings that are in force and not on the disk.

use super::*;

/// What a window that begins anew is told.
fn told_anew(stage: &Stage) -> Option<Arc<str>> {
    let Effect::Publish { update, .. } = stage.engine.snapshot(stage.now) else { panic!() };
    let Update::Snapshot(snapshot) = *update else { panic!() };
    snapshot.settings_unsaved.clone()
}

#[test]
fn a_window_hears_why_settings_are_not_saved_whenever_it_begins() {
    let mut stage = stage();
    assert_eq!(told_anew(&stage), None);
    for why in [Some("the disk is full".into()), None] {
        let effects = stage.feed(EngineEvent::SettingsUnsaved(Option::clone(&why)));
        let is_it = |update: &Update| matches!(update, Update::SettingsUnsaved(told) if *told == why);
        assert!(effects.iter().any(|e| matches!(e, Effect::Publish { update, .. } if is_it(update))));
        assert_eq!(told_anew(&stage), why);
    }
}
