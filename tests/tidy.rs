//! Rules of the house that outlive reviews: the shape of the source tree.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::{Path, PathBuf};

/// Modules from bottom to top: an import only ever points down this list. Modules of one
/// row must not know each other.
const ORDER: [&[&str]; 10] = [
    &["domain"],
    &["market"],
    &["risk"],
    &["link"],
    &["exchange", "store"],
    &["broker"],
    &["engine"],
    &["desk"],
    &["ui"],
    &["app"],
];
/// What a module must not import although it stands higher.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    ("desk", &["engine", "broker", "exchange", "store", "risk"]),
    ("ui", &["engine", "broker", "exchange", "store"]),
    ("store", &["exchange", "risk", "link"]),
    ("engine", &["exchange"]),
    ("exchange", &["link", "risk"]),
];
/// Crates that only these modules may use.
const CRATES: [(&str, &[&str]); 4] = [
    ("tokio", &["link", "broker", "engine", "app"]),
    ("egui", &["ui", "app"]),
    ("eframe", &["ui", "app"]),
    ("std::fs", &["store", "app"]),
];
const LONGEST_FILE: usize = 600;

struct Source {
    path: PathBuf,
    module: String,
    /// Without test modules at the end of a file.
    code: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.file_stem().is_some_and(|stem| stem == "tests")
            || self.path.components().any(|c| c.as_os_str() == "tests")
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    collect(&root, &root, &mut found);
    assert!(found.len() > 50, "the source tree was not found");
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

fn check(what: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{what}:\n  {}", offences.join("\n  "));
}

#[test]
fn imports_point_down() {
    let rank = |module: &str| ORDER.iter().position(|row| row.contains(&module));
    let mut offences = Vec::new();
    for source in sources().iter().filter(|s| !s.is_test()) {
        let Some(own) = rank(&source.module) else { continue };
        for (number, line) in statements(&source.code) {
            for target in line.split("crate::").skip(1) {
                let target: String =
                    target.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let Some(theirs) = rank(&target).filter(|_| target != source.module) else { continue };
                let is_forbidden = FORBIDDEN
                    .iter()
                    .any(|(from, to)| *from == source.module && to.contains(&target.as_str()));
                if theirs >= own || is_forbidden {
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
            let uses = |line: &str| {
                let is_start = |at: usize| at == 0 || !line.as_bytes()[at - 1].is_ascii_alphanumeric();
                let is_path = line.match_indices(&format!("{name}::")).any(|(at, _)| is_start(at));
                is_path || line == format!("use {name};")
            };
            for (number, line) in statements(&source.code) {
                // Pictures are written by `shot` and by tests, never by the window.
                let is_picture = name == "std::fs" && source.path.starts_with("ui/raster.rs");
                if uses(line) && !is_picture && !allowed.contains(&source.module.as_str()) {
                    offences.push(format!("{}:{number} uses {name}", source.path.display()));
                }
            }
        }
    }
    check("crates in the wrong module", &offences);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut offences = Vec::new();
    for source in sources() {
        let lines = source.text.lines().count();
        if lines > LONGEST_FILE {
            offences.push(format!("{} has {lines} lines, at most {LONGEST_FILE}", source.path.display()));
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
            if [".unwrap()", "panic!(", "todo!(", "unimplemented!("].iter().any(|bad| line.contains(bad))
                && !line.contains("\"a drill\"")
            {
                offences.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    check("these can panic", &offences);
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
            let literal = [
                "Color32::from_rgb",
                "Color32::from_gray",
                "Color32::RED",
                "Color32::GREEN",
                "Color32::BLACK",
                "from_hex(",
                "hex_color!",
            ];
            if literal.iter().any(|bad| line.contains(bad)) {
                offences.push(format!("{}:{number} {line}", source.path.display()));
            }
        }
    }
    check("colour literals outside the theme", &offences);
}
