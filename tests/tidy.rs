//! Rules of the house that outlive reviews: the shape of the source tree.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from bottom to top: an import only ever points down this list. Modules of one
/// row must not know each other.
const ORDER: [&[&str]; 11] = [
    &["domain"],
    &["market"],
    &["risk"],
    &["link"],
    &["exchange", "store"],
    &["broker"],
    &["engine"],
    &["desk"],
    &["gateway"],
    &["ui"],
    &["app"],
];
/// What a module must not import although it stands higher.
const FORBIDDEN: [(&str, &[&str]); 7] = [
    ("broker", &["store"]),
    ("desk", &["engine", "broker", "exchange", "store", "risk"]),
    ("gateway", &["engine", "broker", "exchange", "store"]),
    ("ui", &["gateway", "engine", "broker", "exchange", "store"]),
    ("store", &["exchange", "risk", "link"]),
    ("engine", &["exchange"]),
    ("exchange", &["link", "risk"]),
];
/// Crates that only these modules may use.
const CRATES: [(&str, &[&str]); 11] = [
    ("tokio", &["link", "store", "broker", "engine", "app"]),
    ("sqlx", &["store"]),
    ("egui", &["ui", "app"]),
    ("eframe", &["ui", "app"]),
    ("std::fs", &["store", "app"]),
    ("prost", &["gateway"]),
    ("ibapi", &["broker"]),
    ("keyring", &["app"]),
    ("rustix", &["app"]),
    ("yata", &["market"]),
    ("zbus", &["app"]),
];
/// Crates that only one folder of a module may use.
const CRATE_FOLDERS: [(&str, &str); 2] = [("ibapi", "broker/ibkr"), ("yata", "market/indicators")];
const LONGEST_FILE: usize = 600;
/// Tests of one pane stand in one file, one after the other.
const LONGEST_TEST: usize = 800;

struct Source {
    path: PathBuf,
    module: String,
    /// Without test modules at the end of a file.
    code: String,
    text: String,
}

/// Of the brokers, only this one may know the exchange: the others have one of their own.
const EXCHANGE_BROKER: &str = "broker/paper";
/// Where the exchange is put together for it.
const EXCHANGE_SETUP: &str = "broker/registry.rs";

impl Source {
    fn is_test(&self) -> bool {
        self.path.file_stem().is_some_and(|stem| stem == "tests")
            || self.path.components().any(|c| c.as_os_str() == "tests")
    }
}

fn sources() -> Vec<Source> {
    let found = sources_of("src");
    assert!(found.len() > 50, "the source tree was not found");
    found
}

fn sources_of(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default().to_owned();
            let inside = path.strip_prefix(root).unwrap();
            let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
            let module = first.trim_end_matches(".rs").to_owned();
            found.push(Source { path: inside.to_owned(), module, code, text });
        }
    }
}

/// Code without comments and doc comments.
fn statements(code: &str) -> impl Iterator<Item = (usize, &str)> {
    code.lines().enumerate().map(|(i, line)| (i + 1, line.trim())).filter(|(_, line)| !line.starts_with("//"))
}

/// Names that a statement takes from a crate: `a` and `b` of `use crate::{a::X, b};` too.
fn taken_from<'a>(line: &'a str, krate: &str) -> Vec<&'a str> {
    let start = |name: &'a str| {
        let name = name.trim_start();
        let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
        &name[..end]
    };
    let mut names = Vec::new();
    for (at, _) in line.match_indices(&format!("{krate}::")) {
        let is_start = at == 0 || !line.as_bytes()[at - 1].is_ascii_alphanumeric();
        let rest = &line[at + krate.len() + 2..];
        match rest.strip_prefix('{') {
            _ if !is_start => {}
            Some(group) => names.extend(group_members(group).map(start)),
            None => names.push(start(rest)),
        }
    }
    names
}

/// The parts of `a::{x, y}, b}` at the outer level.
fn group_members(group: &str) -> impl Iterator<Item = &str> {
    let (mut depth, mut from, mut parts) = (0, 0, Vec::new());
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&group[from..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&group[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.into_iter().filter(|part| !part.trim().is_empty())
}

#[test]
fn a_group_of_imports_hides_nothing() {
    let check = |line, krate, names: &[&str]| assert_eq!(taken_from(line, krate), names, "{line}");
    check("use crate::{store::files::{self, write}, ui};", "crate", &["store", "ui"]);
    check("let x = crate::store::save(crate::desk::Desk::new());", "crate", &["store", "desk"]);
    check("use std::{fs, io::Write};", "std", &["fs", "io"]);
    check("use mycrate::thing;", "crate", &[]);
}

/// One statement a line: what is broken over several is put together, imports first of all.
fn joined(code: &str) -> Vec<(usize, String)> {
    let mut joined: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in statements(code) {
        match joined.last_mut() {
            Some((_, last)) if is_open => last.push_str(line),
            _ => joined.push((number, line.to_owned())),
        }
        let (_, last) = joined.last().unwrap();
        is_open = (last.starts_with("use ") || last.starts_with("pub use ")) && !last.ends_with(';');
    }
    joined
}

fn check(what: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{what}:\n  {}", offences.join("\n  "));
}

#[test]
fn imports_point_down() {
    let rank = |module: &str| ORDER.iter().position(|row| row.contains(&module));
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        let Some(own) = rank(&source.module) else { continue };
        for (number, line) in joined(&source.code) {
            for target in taken_from(&line, "crate") {
                let Some(theirs) = rank(target).filter(|_| target != source.module) else { continue };
                let is_forbidden =
                    FORBIDDEN.iter().any(|(from, to)| *from == source.module && to.contains(&target));
                let knows_exchange = source.path.starts_with(EXCHANGE_BROKER)
                    || source.path.starts_with(format!("{EXCHANGE_BROKER}.rs"))
                    || source.path.starts_with(EXCHANGE_SETUP);
                let is_foreign = source.module == "broker" && target == "exchange" && !knows_exchange;
                if theirs >= own || is_forbidden || is_foreign {
                    offences.push(format!("{}:{number} imports {target}", source.path.display()));
                }
            }
        }
    }
    check("imports must point down the module list of src/lib.rs", &offences);
}

#[test]
fn every_module_has_its_place_in_the_order() {
    let mut missing = Vec::new();
    for source in sources() {
        let is_known = ORDER.iter().any(|row| row.contains(&source.module.as_str()));
        if !is_known && !["main", "lib"].contains(&source.module.as_str()) {
            missing.push(source.path.display().to_string());
        }
    }
    check("modules without a place", &missing);
}

#[test]
fn crates_stay_where_they_belong() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test() && s.module != "main") {
        for (name, allowed) in CRATES {
            let uses = |line: &str| match name.split_once("::") {
                Some((krate, part)) => taken_from(line, krate).contains(&part),
                None => !taken_from(line, name).is_empty() || line == format!("use {name};"),
            };
            for (number, line) in joined(&source.code) {
                // Pictures are written by `shot` and by tests, never by the window.
                let is_picture = name == "std::fs" && source.path.starts_with("ui/raster.rs");
                if uses(&line) && !is_picture && !allowed.contains(&source.module.as_str()) {
                    offences.push(format!("{}:{number} uses {name}", source.path.display()));
                }
            }
        }
    }
    check("crates in the wrong module", &offences);
}

#[test]
fn crates_of_one_folder_stay_there() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        for (krate, folder) in CRATE_FOLDERS {
            let is_its = source.path.starts_with(folder) || source.path.starts_with(format!("{folder}.rs"));
            let uses = |line: &str| !taken_from(line, krate).is_empty();
            let found = joined(&source.code).into_iter().filter(|(_, line)| !is_its && uses(line));
            offences
                .extend(found.map(|(number, _)| format!("{}:{number} uses {krate}", source.path.display())));
        }
    }
    check("crates in the wrong folder", &offences);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut offences = Vec::new();
    let folders = [
        ("src", LONGEST_FILE),
        ("tests", LONGEST_TEST),
        ("benches", LONGEST_FILE),
        ("examples", LONGEST_FILE),
    ];
    for (source, most) in
        folders.into_iter().flat_map(|(name, most)| sources_of(name).into_iter().map(move |s| (s, most)))
    {
        let lines = source.text.lines().count();
        if lines > most {
            offences.push(format!("{} has {lines} lines, at most {most}", source.path.display()));
        }
        if !source.text.starts_with("//!") {
            offences.push(format!("{} does not begin with a //! doc", source.path.display()));
        }
        if source.path.file_name().is_some_and(|name| name == "mod.rs") {
            offences.push(format!("{}: write foo.rs beside foo/", source.path.display()));
        }
    }
    check("files", &offences);
}

#[test]
fn nothing_unwraps_outside_tests() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        for (number, line) in statements(&source.code) {
            const PANICS: [&str; 8] = [
                ".unwrap()",
                ".unwrap_err()",
                ".expect_err(",
                ".expect(\"\")",
                "panic!(",
                "unreachable!(",
                "todo!(",
                "unimplemented!(",
            ];
            if PANICS.iter().any(|bad| line.contains(bad)) && !line.contains("\"a drill\"") {
                offences.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    check("these can panic", &offences);
}

#[test]
fn pure_modules_read_no_clock() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        let is_pure = ["domain", "market", "risk", "exchange", "desk"].contains(&source.module.as_str());
        for (number, line) in statements(&source.code) {
            let clocks = ["Timestamp::now", "Zoned::now", "Instant::now", "SystemTime::now"];
            if is_pure && clocks.iter().any(|clock| line.contains(clock)) {
                offences.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    check("the time comes in as a parameter", &offences);
}

#[test]
fn money_is_decimal() {
    let exact = ["price", "money", "order", "fill", "position", "account", "quote", "trade", "limits"];
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| s.module == "domain") {
        let name = source.path.file_stem().unwrap().to_string_lossy();
        for (number, line) in statements(&source.code) {
            let is_view_only = line.contains("fn to_f64") || line.contains("f64::NAN");
            if exact.contains(&&*name) && line.contains("f64") && !is_view_only {
                offences.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    check("floats where money is counted", &offences);
}

#[test]
fn colours_come_from_the_theme() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| s.module == "ui" && !s.is_test()) {
        if source.path.starts_with("ui/theme.rs")
            || source.path.starts_with("ui/theme")
            || source.path.starts_with("ui/raster")
        {
            continue;
        }
        for (number, line) in statements(&source.code) {
            let literal = ["from_hex(", "hex_color!", "Rgba::from_", "Hsva::new("];
            // Named colours and every way to make one of numbers; no colour at all is none.
            let is_made = line.split("Color32::").skip(1).any(|rest| {
                let is_named = rest.starts_with(|c: char| c.is_ascii_uppercase());
                let is_none = rest.starts_with("TRANSPARENT") || rest.starts_with("PLACEHOLDER");
                (is_named && !is_none) || rest.starts_with("from_")
            });
            if is_made || literal.iter().any(|bad| line.contains(bad)) {
                offences.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    check("colour literals outside the theme", &offences);
}

/// Keys can be changed: a text that is made below the window cannot know them.
#[test]
fn only_the_window_names_keys() {
    let mut offences = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        if matches!(&*source.module, "ui" | "app") {
            continue;
        }
        for (number, line) in source.code.lines().enumerate() {
            if line.contains("Ctrl+") && !line.trim_start().starts_with("//") {
                offences.push(format!("{}:{}: {}", source.path.display(), number + 1, line.trim()));
            }
        }
    }
    check("keys are named by the window alone", &offences);
}
