//! Whole files or none: crashes between the steps, full and unwritable disks.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

const STEPS: [Step; 5] = [Step::Create, Step::Fill, Step::Sync, Step::Rename, Step::SyncFolder];

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_crash_before_any_step_leaves_the_old_file_or_the_new() {
    for crash in STEPS {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        write(&path, b"old").unwrap();
        let crashed = catch_unwind(AssertUnwindSafe(|| {
            write_in_steps(
                &path,
                |file| file.write_all(b"new"),
                |step| if step == crash { panic!("power cut") } else { Ok(()) },
            )
        }));
        assert!(crashed.is_err());
        let expected = if crash == Step::SyncFolder { "new" } else { "old" };
        assert_eq!(fs::read_to_string(&path).unwrap(), expected, "{crash:?}");
        sweep(dir.path());
        assert_eq!(names(dir.path()), ["state.json"], "{crash:?}");
        write(&path, b"next").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "next");
    }
}

#[test]
fn a_failed_step_is_named_and_leaves_nothing_behind() {
    for fail in STEPS {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.json");
        write(&path, b"old").unwrap();
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let failed = write_in_steps(
            &path,
            |file| file.write_all(b"new"),
            |step| if step == fail { Err(full()) } else { Ok(()) },
        );
        let error = failed.unwrap_err();
        assert_eq!(error.step, fail);
        let text = error.to_string();
        assert!(text.contains("state.json") && text.contains("Free some space"), "{text}");
        assert_eq!(names(dir.path()), ["state.json"], "{fail:?}");
    }
}

#[test]
fn content_that_stops_half_way_never_gets_the_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    let failed = write_with(&path, |file| {
        file.write_all(b"{\"half\":")?;
        Err(io::Error::other("no more"))
    });
    assert_eq!(failed.unwrap_err().step, Step::Fill);
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

#[test]
fn a_missing_folder_is_an_error_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let error = write(&dir.path().join("gone/state.json"), b"x").unwrap_err();
    assert_eq!(error.step, Step::Create);
    assert!(error.to_string().contains("folder still exists"), "{error}");
}

#[test]
fn a_folder_in_the_way_is_an_error_with_advice() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    fs::create_dir(&path).unwrap();
    let error = write(&path, b"x").unwrap_err();
    assert_eq!(error.step, Step::Rename);
    assert!(error.to_string().contains("in the way"), "{error}");
}

/// `/dev/full` is the kernel's own full disk.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_gives_its_advice() {
    let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = full.write_all(b"x").unwrap_err();
    assert_eq!(advice(&error), "Free some space on that disk");
    let dir = tempfile::tempdir().unwrap();
    let error = write_with(&dir.path().join("state.json"), |_| full.write_all(b"x")).unwrap_err();
    assert!(error.to_string().contains("Free some space"), "{error}");
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

/// `/proc` refuses new files from everyone, the administrator included.
#[cfg(target_os = "linux")]
#[test]
fn an_unwritable_folder_is_an_error_that_names_the_file() {
    let error = write(Path::new("/proc/state.json"), b"x").unwrap_err();
    assert_eq!(error.step, Step::Create);
    assert!(error.to_string().contains("/proc/state.json"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_files_are_private() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = tempfile::tempdir().unwrap();
    let (real, link) = (dir.path().join("real"), dir.path().join("link"));
    write(&real, b"old").unwrap();
    symlink(&real, &link).unwrap();
    write(&link, b"new").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn writers_at_once_leave_one_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    std::thread::scope(|scope| {
        for n in 0..8_u8 {
            let path = &path;
            scope.spawn(move || write(path, &[n; 4096]).unwrap());
        }
    });
    let bytes = fs::read(&path).unwrap();
    assert!(bytes.len() == 4096 && bytes.iter().all(|&b| b == bytes[0]));
    assert_eq!(names(dir.path()), ["state.json"]);
}

#[test]
fn values_come_back() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    let value = BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 2)]);
    assert_eq!(load::<BTreeMap<String, i32>>(&path), Loaded::Missing);
    save(&path, &value).unwrap();
    assert_eq!(load(&path), Loaded::Value(value.clone()));
    save_versioned(&path, 3, &value).unwrap();
    assert_eq!(load_versioned(&path, 3), Loaded::Value(value.clone()));
    assert_eq!(load_versioned(&path, 4), Loaded::Value(value));
}

#[test]
fn damaged_files_are_set_aside_and_the_newest_five_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    for n in 1..=8 {
        fs::write(&path, format!("[{n}, ")).unwrap();
        let Loaded::Damaged { kept_as, why } = load::<Vec<i32>>(&path) else { panic!("read") };
        assert_eq!(kept_as, dir.path().join(format!("state.json.damaged-{n}")));
        assert!(why.contains("EOF"), "{why}");
        assert_eq!(load::<Vec<i32>>(&path), Loaded::Missing);
    }
    let kept: Vec<String> = (4..=8).map(|n| format!("state.json.damaged-{n}")).collect();
    assert_eq!(names(dir.path()), kept);
    assert_eq!(fs::read_to_string(dir.path().join("state.json.damaged-8")).unwrap(), "[8, ");
}

#[test]
fn the_tenth_file_is_newer_than_the_ninth() {
    let dir = tempfile::tempdir().unwrap();
    for n in 8..=11 {
        fs::write(dir.path().join(format!("a.damaged-{n}")), "").unwrap();
    }
    fs::write(dir.path().join("a"), "x").unwrap();
    assert_eq!(set_aside(&dir.path().join("a"), Aside::Damaged).unwrap(), dir.path().join("a.damaged-12"));
    fs::write(dir.path().join("a"), "x").unwrap();
    set_aside(&dir.path().join("a"), Aside::Damaged).unwrap();
    assert!(!dir.path().join("a.damaged-8").exists() && dir.path().join("a.damaged-9").exists());
}

#[test]
fn an_empty_file_is_damaged_not_missing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    fs::write(&path, "").unwrap();
    let Loaded::Damaged { why, .. } = load_versioned::<Vec<i32>>(&path, 1) else { panic!("read") };
    assert_eq!(why, "it is empty");
}

#[test]
fn a_newer_file_is_refused_and_stays_where_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("workspace.json");
    let text = r#"{"version":9,"panes":"a shape we do not know"}"#;
    fs::write(&path, text).unwrap();
    for _ in 0..3 {
        let Loaded::Damaged { kept_as, why } = load_versioned::<Vec<i32>>(&path, 1) else { panic!("read") };
        assert!(why.contains("format 9") && why.contains("update Pitdesk"), "{why}");
        assert_eq!(fs::read_to_string(kept_as).unwrap(), text);
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
    assert_eq!(names(dir.path()), ["workspace.json", "workspace.json.newer-1"]);
}

#[test]
fn a_file_that_cannot_be_read_does_not_stop_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("state.json");
    fs::create_dir(&path).unwrap();
    let Loaded::Damaged { kept_as, .. } = load::<Vec<i32>>(&path) else { panic!("read") };
    assert_eq!(kept_as, dir.path().join("state.json.damaged-1"));
}
