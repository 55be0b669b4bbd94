//! The log on files that died in the middle of something.

use proptest::prelude::*;

use super::*;

/// What makes `after` of a state whose accounts are the same.
fn change_to(after: &Saved) -> Change {
    let ids = serde_json::to_value(&after.ids).unwrap();
    let text = serde_json::json!({
        "event": after.event, "session": after.session, "ids": ids, "next_exec": 0, "accounts": []
    });
    serde_json::from_value(text).unwrap()
}

/// A file with three changes, and the state after each of its frames.
fn written(path: &Path) -> Vec<(u64, Saved)> {
    let (mut log, mut saved) = Log::open(path).unwrap();
    let length = || fs::metadata(path).unwrap().len();
    let mut states = vec![(length(), saved.clone())];
    for event in 1..=3 {
        let mut after = saved.clone();
        after.event = event;
        after.ids.insert(crate::domain::OrderId(10 * event));
        log.append(&change_to(&after), || after.clone()).unwrap();
        saved = after;
        states.push((length(), saved.clone()));
    }
    states
}

#[test]
fn a_file_cut_at_any_byte_says_what_was_whole_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let states = written(&path);
    let bytes = fs::read(&path).unwrap();
    let first = usize::try_from(states[0].0).unwrap();
    for cut in first..=bytes.len() {
        let (_, whole) = states.iter().rfind(|(end, _)| *end <= cut as u64).unwrap();
        assert_eq!(read(&bytes[..cut]).unwrap().saved, *whole, "cut at {cut}");
        let mut longer = bytes[..cut].to_vec();
        longer.extend([0; 100]);
        assert_eq!(read(&longer).unwrap().saved, *whole, "cut at {cut} and filled up with zeros");
    }
    assert!(read(&bytes[..first - 1]).is_err());
}

#[test]
fn what_is_opened_again_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let last = written(&path).pop().unwrap().1;
    let (mut log, saved) = Log::open(&path).unwrap();
    assert_eq!(saved, last);
    let after = Saved { event: 9, ..saved.clone() };
    log.append(&change_to(&after), Saved::default).unwrap();
    drop(log);
    assert_eq!(Log::open(&path).unwrap().1, after);
}

#[test]
fn a_log_that_has_grown_long_begins_anew_with_the_whole_state() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let (mut log, saved) = Log::open(&path).unwrap();
    let before = fs::metadata(&path).unwrap().len();
    let after = Saved { event: 1, ..saved.clone() };
    log.end.as_mut().unwrap().grown = LONG + 1;
    log.append(&change_to(&after), || after.clone()).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().len(), before, "one whole state and nothing behind it");
    let last = Saved { event: 2, ..saved };
    log.append(&change_to(&last), Saved::default).unwrap();
    drop(log);
    assert_eq!(Log::open(&path).unwrap().1, last);
}

#[test]
fn a_damaged_file_is_neither_used_nor_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    written(&path);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let said = format!("{:#}", Log::open(&path).unwrap_err());
    assert!(said.contains("cannot be used: move it away"), "{said}");
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[test]
fn a_file_of_the_first_format_is_read_and_one_of_a_newer_is_not_taken_for_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let saved = Saved { event: 7, ..Saved::default() };
    let mut bytes = Vec::new();
    Outbound::new(LONGEST).frame(&Written::Whole(&saved), &mut bytes).unwrap();
    assert_eq!(read(&bytes).unwrap(), Content { saved, torn: 0 });
    let (mut bytes, mut frames) = (Vec::new(), Outbound::new(LONGEST));
    frames.frame(&Written::Format(FORMAT + 1), &mut bytes).unwrap();
    frames.frame(&"what only it knows", &mut bytes).unwrap();
    fs::write(&path, &bytes).unwrap();
    let said = format!("{:#}", Log::open(&path).unwrap_err());
    assert!(said.contains("a newer Pitdesk wrote it"), "{said}");
    let (_log, loaded) = Log::take(&path).unwrap();
    let Loaded::Damaged { kept_as, why } = loaded else { panic!("{loaded:?}") };
    assert!(why.contains("a newer Pitdesk") && kept_as.ends_with("state.newer-1"), "{why}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "the newer program finds it in its place");
}

#[test]
fn after_a_failure_only_a_whole_state_can_follow() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let (mut log, saved) = Log::open(&path).unwrap();
    // A file that is open for reading alone takes nothing.
    log.end.as_mut().unwrap().file = File::open(&path).unwrap();
    let after = Saved { event: 1, ..saved };
    assert!(log.append_all(&[change_to(&after)]).is_err());
    assert!(log.is_long() && log.append_all(&[change_to(&after)]).is_err());
    log.append(&change_to(&after), || after.clone()).unwrap();
    drop(log);
    assert_eq!(Log::open(&path).unwrap().1, after);
}

#[test]
fn one_exchange_at_a_time_has_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let first = Log::open(&path).unwrap();
    let said = Log::open(&path).unwrap_err().to_string();
    assert!(said.contains("another exchange uses"), "{said}");
    drop(first);
    Log::open(&path).unwrap();
}

/// A file after some appends of so many changes each, and the states before and after the last;
/// where that begins.
fn appended(appends: &[usize], ids: u64) -> (Vec<u8>, [Saved; 2], usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    let (mut log, mut saved) = Log::open(&path).unwrap();
    let (mut before, mut begins) = (saved.clone(), 0);
    for count in appends {
        (before, begins) = (saved.clone(), usize::try_from(fs::metadata(&path).unwrap().len()).unwrap());
        let change = |_: usize| {
            saved.event += 1;
            // Ranges that do not touch: each takes room.
            for id in 0..ids {
                saved.ids.insert(crate::domain::OrderId(2 * (saved.event * ids + id)));
            }
            change_to(&saved)
        };
        let changes: Vec<Change> = (0..*count).map(change).collect();
        log.append_all(&changes).unwrap();
    }
    (fs::read(&path).unwrap(), [before, saved], begins)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_power_cut_in_the_last_append_costs_that_append_at_most(
        appends in proptest::collection::vec(1_usize..5, 1..4),
        ids in 1_u64..400,
        page in prop_oneof![Just(SECTOR), Just(4_096)],
        missing in proptest::collection::vec(any::<bool>(), 400),
        cut in proptest::option::of(any::<proptest::sample::Index>()),
    ) {
        let (mut bytes, [before, after], begins) = appended(&appends, ids);
        let whole = bytes.clone();
        let pages = (begins / page..bytes.len().div_ceil(page)).zip(missing);
        for (number, _) in pages.filter(|(_, is_missing)| *is_missing) {
            let (from, to) = (begins.max(number * page), bytes.len().min((number + 1) * page));
            bytes[from..to].fill(0);
        }
        if let Some(cut) = cut {
            bytes.truncate(begins + cut.index(bytes.len() - begins + 1));
        }
        let found = read(&bytes).unwrap();
        let is_whole = bytes == whole;
        prop_assert_eq!(&found.saved, if is_whole { &after } else { &before });
        prop_assert!(!is_whole || found.torn == 0);
        prop_assert!(found.torn <= bytes.len() - begins);
    }

    #[test]
    fn damage_that_no_power_cut_makes_is_not_taken_for_one(
        appends in proptest::collection::vec(1_usize..4, 2..4),
        at in any::<proptest::sample::Index>(),
        flip in 1_u8..=255,
    ) {
        let (bytes, _, begins) = appended(&appends, 200);
        let mut flipped = bytes.clone();
        let last = bytes.len() - 1;
        flipped[at.index(last)] ^= flip;
        prop_assert!(read(&flipped).is_err(), "one byte");
        // What had been synced before the last append cannot be missing.
        let mut older = bytes;
        let sector = at.index(begins / SECTOR) * SECTOR;
        older[sector..sector + SECTOR].fill(0);
        prop_assert!(read(&older).is_err(), "a sector of what was confirmed");
    }
}
