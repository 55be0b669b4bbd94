//! Curves on the disk: whatever happens to a file costs no more than what was hit.

use proptest::prelude::*;

use super::*;

const MINUTE: i64 = 60;

fn account() -> AccountId {
    AccountId("DU1234567".into())
}

fn sample(minute: i64) -> Sample {
    let amount = Decimal::new(100_000_000 + minute, 2);
    let equity = Money { amount, currency: Currency::parse("USDT").unwrap() };
    Sample { time: Time::from_seconds(minute * MINUTE), equity, follows: minute > 0 }
}

fn now() -> Time {
    Time::from_seconds(1_000 * MINUTE)
}

/// A folder with a curve of so many minutes, and where its file is.
fn kept(minutes: i64) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for minute in 0..minutes {
        append(folder.path(), &[(account(), sample(minute))]).unwrap();
    }
    let file = fs::read_dir(folder.path()).unwrap().next().unwrap().unwrap().path();
    (folder, file)
}

fn curve(curves: &Curves) -> Vec<Sample> {
    curves.get(&account()).map_or_else(Vec::new, |curve| curve.samples().to_vec())
}

#[test]
fn values_come_back_as_they_were_appended_each_account_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(load(folder.path(), now()), (Curves::default(), Vec::new()));
    let other = AccountId("口座/../2".into());
    let both = [(account(), sample(0)), (other.clone(), sample(7)), (account(), sample(1))];
    append(folder.path(), &both).unwrap();
    append(folder.path(), &[(account(), sample(2))]).unwrap();
    let (curves, problems) = load(folder.path(), now());
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(curve(&curves), (0..3).map(sample).collect::<Vec<_>>());
    assert_eq!(curves.get(&other).unwrap().samples(), [Sample { follows: false, ..sample(7) }]);
    // What was written twice, because the disk failed in between, counts once.
    append(folder.path(), &[(account(), sample(1)), (account(), sample(2))]).unwrap();
    assert_eq!(curve(&load(folder.path(), now()).0).len(), 3);
}

#[test]
fn a_start_thins_what_is_old_on_the_disk_too() {
    let (folder, file) = kept(100);
    let later = Time::from_seconds(10_000 * MINUTE);
    let before = fs::metadata(&file).unwrap().len();
    let (thinned, problems) = load(folder.path(), later);
    assert_eq!((curve(&thinned).len(), problems), (20, Vec::new()));
    assert_eq!(fs::metadata(&file).unwrap().len(), before - 80 * RECORD as u64);
    assert_eq!(load(folder.path(), later).0, thinned);
}

#[test]
fn a_file_that_was_cut_anywhere_loses_what_was_cut_and_goes_on() {
    let (folder, file) = kept(4);
    let whole = fs::read(&file).unwrap();
    let head = whole.len() - 4 * RECORD;
    for end in head..whole.len() {
        fs::write(&file, &whole[..end]).unwrap();
        let left = (end - head) / RECORD;
        // Appended without a start in between, as after a disk was full in the middle of a record.
        append(folder.path(), &[(account(), sample(8))]).unwrap();
        let mut expected: Vec<Sample> = (0_i64..).take(left).chain([8]).map(sample).collect();
        expected[0].follows = false;
        let (curves, problems) = load(folder.path(), now());
        assert_eq!((curve(&curves), problems), (expected, Vec::new()), "cut after {end} bytes");

        fs::write(&file, &whole[..end]).unwrap();
        let (curves, problems) = load(folder.path(), now());
        assert_eq!(curve(&curves), (0_i64..).take(left).map(sample).collect::<Vec<_>>());
        let is_cut = !(end - head).is_multiple_of(RECORD);
        assert_eq!(problems.len(), usize::from(is_cut), "{problems:?}");
        assert!(load(folder.path(), now()).1.is_empty(), "it is said once");
    }
}

#[test]
fn a_file_without_its_first_line_is_set_aside_and_a_new_one_begins() {
    let (folder, file) = kept(4);
    let whole = fs::read(&file).unwrap();
    for torn in [&whole[..5], b"", b"{}\n"] {
        fs::write(&file, torn).unwrap();
        let (curves, problems) = load(folder.path(), now());
        assert_eq!(curves, Curves::default());
        assert!(problems[0].contains(".curve.damaged-") && problems[0].contains("new one"), "{problems:?}");
        append(folder.path(), &[(account(), sample(0))]).unwrap();
        assert_eq!(curve(&load(folder.path(), now()).0), [sample(0)]);
    }
}

#[test]
fn a_newer_file_is_copied_before_it_is_replaced() {
    let (folder, file) = kept(1);
    let text = b"{\"version\":2,\"account\":\"DU1234567\",\"more\":1}\nwhatever";
    fs::write(&file, text).unwrap();
    let (curves, problems) = load(folder.path(), now());
    assert_eq!(curves, Curves::default());
    assert!(problems[0].contains("newer Pitdesk"), "{problems:?}");
    append(folder.path(), &[(account(), sample(0))]).unwrap();
    let copy = file.with_file_name(format!("{}.newer-1", file.file_name().unwrap().display()));
    assert_eq!(fs::read(copy).unwrap(), text);
}

#[test]
fn what_claims_to_be_of_later_than_now_is_kept_beside_and_said() {
    let (folder, file) = kept(10);
    let whole = fs::read(&file).unwrap();
    let (curves, problems) = load(folder.path(), Time::from_seconds(5 * MINUTE));
    assert_eq!(curve(&curves).len(), 6);
    assert!(problems[0].contains("4 values") && problems[0].contains("check the clock"), "{problems:?}");
    let copy = file.with_file_name(format!("{}.edited-1", file.file_name().unwrap().display()));
    assert_eq!(fs::read(copy).unwrap(), whole);
}

#[test]
fn what_cannot_be_written_is_an_error_and_the_file_is_as_it_was() {
    let (folder, file) = kept(2);
    let in_the_way = folder.path().join(format!("{}.{EXTENSION}", profile::file_stem("other")));
    fs::create_dir(&in_the_way).unwrap();
    let other = AccountId("other".into());
    let error = append(folder.path(), &[(other, sample(2))]).unwrap_err();
    assert!(error.to_string().contains("in the way"), "{error}");
    assert_eq!(
        fs::metadata(&file).unwrap().len() % RECORD as u64,
        (fs::read(&file).unwrap().len() % RECORD) as u64
    );
}

proptest! {
    #[test]
    fn a_damaged_record_costs_itself_alone(at in 0_usize..6 * RECORD, flip in 1_u8..) {
        let (folder, file) = kept(6);
        let mut bytes = fs::read(&file).unwrap();
        let head = bytes.len() - 6 * RECORD;
        bytes[head + at] ^= flip;
        fs::write(&file, bytes).unwrap();
        let (curves, problems) = load(folder.path(), now());
        let hit = i64::try_from(at / RECORD).unwrap();
        let expected: Vec<Sample> = (0..6)
            .filter(|minute| *minute != hit)
            .map(|minute| Sample { follows: minute > 0 && minute != hit + 1, ..sample(minute) })
            .collect();
        prop_assert_eq!(curve(&curves), expected);
        prop_assert!(problems.len() == 1 && problems[0].contains("1 value"), "{:?}", problems);
        prop_assert_eq!(load(folder.path(), now()).1, Vec::<String>::new());
    }
}
