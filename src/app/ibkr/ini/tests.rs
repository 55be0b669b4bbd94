//! What IBC reads, and what it does not.

use super::*;

fn login() -> Login {
    Login { name: Secret::new("me".to_owned()), password: Secret::new("pä ss\\=#".to_owned()) }
}

struct Stage {
    folder: tempfile::TempDir,
    ini: Ini,
}

fn stage(own: Option<&str>) -> Stage {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("private/ibc.ini");
    let own = own.map(|text| {
        let path = folder.path().join("config.ini");
        fs::write(&path, text).unwrap();
        path
    });
    let ini = Ini { path, own, mode: AccountKind::Paper, command_port: None };
    Stage { folder, ini }
}

/// What Java would make of the file, for keys and values as they occur here.
fn read_as_java(text: &str) -> Vec<(String, String)> {
    let entries = logical_lines(text).into_iter().filter(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with(['#', '!'])
    });
    let value = |line: &str| {
        let joined = line.trim_end_matches(['\r', '\n']).replace("\\\n", "");
        let (_, raw) = joined.split_once(is_separator).unwrap_or_default();
        let (mut out, mut chars) = (Vec::new(), raw.trim_start().chars());
        while let Some(c) = chars.next() {
            match c {
                '\\' => match chars.next() {
                    Some('u') => {
                        let digits: String = chars.by_ref().take(4).collect();
                        out.push(u16::from_str_radix(&digits, 16).unwrap());
                    }
                    Some(other) => out.extend(other.encode_utf16(&mut [0; 2]).iter()),
                    None => {}
                },
                _ => out.extend(c.encode_utf16(&mut [0; 2]).iter()),
            }
        }
        String::from_utf16(&out).unwrap()
    };
    entries.map(|line| (key_of(line).to_owned(), value(line))).collect()
}

fn all<'a>(entries: &'a [(String, String)], key: &str) -> Vec<&'a str> {
    entries.iter().filter(|(own, _)| own == key).map(|(_, value)| value.as_str()).collect()
}

fn written(ini: &Ini) -> Vec<(String, String)> {
    read_as_java(&fs::read_to_string(&ini.path).unwrap())
}

#[test]
fn ibc_reads_the_login_and_the_mode_and_what_the_trader_has_set() {
    let own = "# mine\nReadOnlyApi=no\nTradingMode=live\nIbLoginId=old\nibpassword : older\\\n  still\nAutoRestartTime=11:45 PM";
    let stage = stage(Some(own));
    stage.ini.write(Some(&login())).unwrap();
    let entries = written(&stage.ini);
    assert_eq!(all(&entries, "IbLoginId"), ["me"]);
    assert_eq!(all(&entries, "IbPassword"), ["pä ss\\=#"]);
    assert_eq!(all(&entries, "TradingMode"), ["paper"]);
    assert_eq!(all(&entries, "ReadOnlyApi"), ["no"]);
    assert_eq!(all(&entries, "AutoRestartTime"), ["11:45 PM"]);
    let text = fs::read_to_string(&stage.ini.path).unwrap();
    assert!(!text.contains("old") && !text.contains("still"), "{text}");
}

#[test]
fn passwords_of_all_kinds_come_back_as_they_were() {
    for password in [" leading", "trailing ", "a\\nb", "日本🔑", "=:#!", "back\\", "\u{e9}"] {
        let stage = stage(None);
        let login = Login { name: Secret::new("me".to_owned()), password: Secret::new(password.to_owned()) };
        stage.ini.write(Some(&login)).unwrap();
        assert_eq!(all(&written(&stage.ini), "IbPassword"), [password]);
    }
}

#[test]
fn only_the_user_can_read_it() {
    let stage = stage(None);
    stage.ini.write(Some(&login())).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&stage.ini.path), 0o600);
    assert_eq!(mode(stage.ini.path.parent().unwrap()), 0o700);
}

#[test]
fn what_is_covered_holds_no_login_and_the_rest() {
    let stage = stage(Some("IbPassword=mine\nReadOnlyApi=no\n"));
    stage.ini.write(Some(&login())).unwrap();
    stage.ini.cover().unwrap();
    let entries = written(&stage.ini);
    assert_eq!((all(&entries, "IbLoginId").len(), all(&entries, "IbPassword").len()), (0, 0));
    assert_eq!(all(&entries, "ReadOnlyApi"), ["no"]);
    assert_eq!(all(&entries, "TradingMode"), ["paper"]);
    stage.ini.remove();
    let left = fs::read_dir(stage.ini.path.parent().unwrap()).unwrap().count();
    assert_eq!(left, 0);
}

#[test]
fn what_cannot_be_covered_is_removed() {
    let stage = stage(Some("ReadOnlyApi=no\n"));
    stage.ini.write(Some(&login())).unwrap();
    fs::remove_file(stage.folder.path().join("config.ini")).unwrap();
    assert!(stage.ini.cover().unwrap_err().contains("removed"));
    assert!(!stage.ini.path.exists());
}

#[test]
fn a_traders_last_line_swallows_nothing() {
    let mut stage = stage(Some("IbDir=/tmp\\"));
    stage.ini.command_port = Some(7_462);
    stage.ini.write(Some(&login())).unwrap();
    let entries = written(&stage.ini);
    assert_eq!(all(&entries, "CommandServerPort"), ["7462"]);
    assert_eq!(all(&entries, "IbLoginId"), ["me"]);
    assert_eq!(all(&entries, "TradingMode"), ["paper"]);
}

#[test]
fn a_login_by_hand_leaves_the_traders_own_and_masks_it() {
    let stage = stage(Some("IbLoginId = mine\nIbPassword=secret words\n"));
    stage.ini.write(None).unwrap();
    assert_eq!(all(&written(&stage.ini), "IbPassword"), ["secret words"]);
    let masked = login_of(&stage.folder.path().join("config.ini"));
    let masked: Vec<&str> = masked.iter().map(Secret::reveal).collect();
    assert_eq!(masked, ["mine", "mine", "secret words", "secret words"]);
}

#[test]
fn a_login_by_hand_is_masked_as_it_is_printed() {
    for (written, meant) in [
        ("pä ss\\\\=\\#", "pä ss\\=#"),
        ("\\u65e5\\ud83d\\udd11", "日🔑"),
        ("correct-\\\n   horse", "correct-horse"),
        ("correct-\\\r\n\thorse", "correct-horse"),
        ("half\\u12", "half\u{12}"),
    ] {
        for key in ["IbPassword", "fixpassword"] {
            // Java reads a byte a character.
            let line: Vec<u8> = format!("{key}={written}\n").chars().map(|c| c as u8).collect();
            let stage = stage(Some(""));
            let path = stage.folder.path().join("config.ini");
            fs::write(&path, line).unwrap();
            assert!(login_of(&path).iter().any(|secret| secret.reveal() == meant), "{written}: {meant}");
        }
    }
}

#[test]
fn what_a_kill_has_left_half_written_is_removed_as_well() {
    let stage = stage(None);
    stage.ini.write(Some(&login())).unwrap();
    fs::copy(&stage.ini.path, begun(&stage.ini.path)).unwrap();
    stage.ini.remove();
    assert_eq!(fs::read_dir(stage.ini.path.parent().unwrap()).unwrap().count(), 0);
    // Nor does it stand in the way of the next.
    fs::write(begun(&stage.ini.path), "half").unwrap();
    stage.ini.write(Some(&login())).unwrap();
    assert_eq!(all(&written(&stage.ini), "IbLoginId"), ["me"]);
}

#[test]
fn settings_that_cannot_be_read_are_named() {
    let mut stage = stage(None);
    stage.ini.own = Some(stage.folder.path().join("none.ini"));
    let why = stage.ini.write(Some(&login())).unwrap_err();
    assert!(why.contains("none.ini") && why.contains("ibkr.launch.ini"), "{why}");
}
