//! What an exchange has saved: the log of `pitdesk exchange`, and the account file of earlier programs.
//! What is accepted is traded with: an exchange opens with it, time passes, and it is saved again.

use std::time::Duration;

use pitdesk::app::exchange::log;
use pitdesk::broker::paper::saved;
use pitdesk::broker::paper::server::{Saved, ServerCore};

use super::world::{START, TOKEN, venue};
use super::{framing, limits};

/// The log: a stream of frames, of which the last may be torn.
pub fn log(data: &[u8]) {
    let Some((_, _, bytes)) = framing::stream(1, data) else { return };
    let saved = match log::read(&bytes) {
        Ok(content) => content.saved,
        Err(error) => return super::says_something(&format!("{error:#}")),
    };
    is_traded_with(saved);
}

/// An exchange opens with what was saved and goes on; what it has saved then.
fn is_traded_with(saved: Saved) -> Saved {
    limits::saved(&saved.accounts);
    let (written, _) = log::whole(&saved).expect("it is no longer than it was");
    assert_eq!(log::read(&written).expect("what was written can be read").saved, saved);
    let mut disk = saved.clone();
    let mut core = ServerCore::new(venue(), TOKEN, Some(saved), START);
    for second in 1..=3 {
        if let Some(change) = core.unsaved() {
            disk.apply(change).expect("it follows on what was read");
        }
        let mut effects = Vec::new();
        core.advance(START + Duration::from_secs(second), &mut effects);
        assert_eq!(effects, [], "nobody listens");
    }
    if let Some(change) = core.unsaved() {
        disk.apply(change).expect("it follows on what was read");
    }
    let now = core.snapshot();
    assert_eq!(now, disk);
    let (written, _) = log::whole(&now).expect("it is hardly longer than it was");
    assert_eq!(log::read(&written).expect("what was written can be read").saved, now);
    now
}

/// The account file of earlier versions, which is taken over.
pub fn account(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let state = match saved::read(text) {
        Ok(state) => state,
        Err(error) => return super::says_something(&error.to_string()),
    };
    let after = is_traded_with(Saved::from(state.clone()));
    for account in &state.accounts {
        let kept = after.accounts.accounts.iter().find(|kept| kept.account == account.account);
        assert!(kept.is_some(), "an account was lost: {account:?}");
    }
}
