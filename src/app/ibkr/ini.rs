//! The settings of IBC that are made for one start: the trader's own, with the login in them for as long
//! as IBC has to read it.
//!
//! The file is a Java properties file. It lies in a folder that only the user can enter, on no disk where
//! the system has such a place. When the socket answers, IBC has read the login, and the file goes on
//! without it: IBC reads it again when it restarts itself, every night.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::broker::ibkr::launch::Secret;
use crate::domain::AccountKind;

const NAME: &str = "IbLoginId";
const PASSWORD: &str = "IbPassword";
/// Where a login may stand.
const LOGIN: [&str; 4] = [NAME, PASSWORD, "FIXLoginId", "FIXPassword"];
const MODE: &str = "TradingMode";
const COMMAND_PORT: &str = "CommandServerPort";

/// A login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Login {
    pub name: Secret,
    pub password: Secret,
}

/// What a file is made of.
#[derive(Debug)]
pub(super) struct Ini {
    /// Where it lies.
    pub path: PathBuf,
    /// The trader's own settings.
    pub own: Option<PathBuf>,
    pub mode: AccountKind,
    pub command_port: Option<u16>,
}

impl Ini {
    /// Writes it, with the login where there is one. Without, the trader's own login stays in it.
    ///
    /// # Errors
    /// In words for a trader.
    pub fn write(&self, login: Option<&Login>) -> Result<(), String> {
        let text = Secret::new(self.text(login, false)?);
        self.put(&text).map_err(|error| format!("{} cannot be written ({error})", self.path.display()))
    }

    /// Leaves it without any login.
    ///
    /// # Errors
    /// In words for a trader.
    pub fn cover(&self) -> Result<(), String> {
        let covered = self.text(None, true).and_then(|text| {
            self.put(&Secret::new(text)).map_err(|error| format!("cannot be written ({error})"))
        });
        covered.map_err(|why| {
            self.remove();
            format!("The settings of IB Gateway were removed together with its login: {why}")
        })
    }

    /// Removes it.
    pub fn remove(&self) {
        remove_at(Some(&self.path));
    }

    /// Writes it whole or not at all. It need not survive a power cut.
    fn put(&self, text: &Secret) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            // A folder of an earlier time may have been made by somebody else.
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
        }
        let begun = begun(&self.path);
        fs::remove_file(&begun).ok();
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&begun)?;
        file.write_all(text.reveal().as_bytes())?;
        fs::rename(&begun, &self.path)
    }

    fn text(&self, login: Option<&Login>, is_covered: bool) -> Result<String, String> {
        let own = match &self.own {
            Some(path) => read(path)?,
            None => String::new(),
        };
        let mut dropped = vec![MODE];
        dropped.extend(self.command_port.map(|_| COMMAND_PORT));
        if login.is_some() || is_covered {
            dropped.extend(LOGIN);
        }
        let mut text = without(&own, &dropped);
        // Ends whatever the trader's last line has begun.
        text.push_str("\n\n# Added by Pitdesk for this start\n");
        let mut put = |key: &str, value: &str| writeln!(text, "{key}={}", escaped(value)).unwrap_or_default();
        put(MODE, self.mode.label());
        if let Some(port) = self.command_port {
            put(COMMAND_PORT, &port.to_string());
        }
        if let Some(Login { name, password }) = login {
            put(NAME, name.reveal());
            put(PASSWORD, password.reveal());
        }
        Ok(text)
    }
}

/// Removes such a file, and what a kill may have left of one that was only begun.
pub(super) fn remove_at(path: Option<&Path>) {
    for path in path.into_iter().flat_map(|path| [path.to_owned(), begun(path)]) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!("{} holds a login and cannot be removed: {error}", path.display());
            }
            _ => {}
        }
    }
}

/// Where a file is written before it stands in its place.
fn begun(path: &Path) -> PathBuf {
    path.with_extension("new")
}

/// What is masked in a log: a login as it is, and as it stands in the file.
pub(super) fn to_mask(login: &Login) -> Vec<Secret> {
    let both = |secret: &Secret| [secret.clone(), Secret::new(escaped(secret.reveal()))];
    [&login.name, &login.password].into_iter().flat_map(both).collect()
}

/// The login that stands in a trader's own settings, as far as it does: as it stands there, and as Java reads it.
pub(super) fn login_of(path: &Path) -> Vec<Secret> {
    let text = Secret::new(read(path).unwrap_or_default());
    let lines = logical_lines(text.reveal());
    let is_login = |line: &&str| LOGIN.iter().any(|key| key_of(line).eq_ignore_ascii_case(key));
    let values = |line: &str| {
        let rest = line.trim_start().trim_start_matches(|c| !is_separator(c));
        let raw = rest.trim_start_matches(is_separator).trim_end_matches(['\r', '\n']);
        [Secret::new(raw.to_owned()), Secret::new(unescaped(raw))]
    };
    lines.iter().copied().filter(is_login).flat_map(values).collect()
}

fn read(path: &Path) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| {
        format!("the settings of IBC, {}, cannot be read ({error}): see 'ibkr.launch.ini'", path.display())
    })?;
    // Java reads such a file a byte a character; other characters are escaped in it.
    Ok(bytes
        .iter()
        .map(|byte| if byte.is_ascii() { char::from(*byte).to_string() } else { unicode(u16::from(*byte)) })
        .collect())
}

fn unicode(unit: u16) -> String {
    format!("\\u{unit:04x}")
}

/// A value as Java reads it back.
fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for (at, c) in value.char_indices() {
        match c {
            '\\' => out.push_str("\\\\"),
            ' ' if at == 0 => out.push_str("\\ "),
            '\u{20}'..='\u{7e}' => out.push(c),
            _ => out.extend(c.encode_utf16(&mut [0; 2]).iter().map(|unit| unicode(*unit))),
        }
    }
    out
}

/// A value as Java reads it.
fn unescaped(value: &str) -> String {
    let mut units: Vec<u16> = Vec::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        let escaped = if c == '\\' { rest.next() } else { None };
        let meant = match escaped {
            None => c,
            Some('u') => {
                let digits: String = rest.by_ref().take(4).collect();
                units.extend(u16::from_str_radix(&digits, 16));
                continue;
            }
            // It goes on in the next line, behind its first spaces.
            Some('\r' | '\n') => {
                rest = rest.as_str().trim_start().chars();
                continue;
            }
            Some(other) => other,
        };
        units.extend(meant.encode_utf16(&mut [0; 2]).iter());
    }
    String::from_utf16_lossy(&units)
}

/// Lines as Java sees them: one that ends with a backslash goes on in the next.
fn logical_lines(text: &str) -> Vec<&str> {
    let (mut lines, mut from, mut at) = (Vec::new(), 0, 0);
    for line in text.split_inclusive('\n') {
        at += line.len();
        let begun = &text[from..at];
        let is_comment = begun.trim_start().starts_with(['#', '!']);
        let ends = line.trim_end_matches(['\r', '\n']);
        let slashes = ends.len() - ends.trim_end_matches('\\').len();
        if is_comment || slashes % 2 == 0 {
            lines.push(begun);
            from = at;
        }
    }
    lines.extend((from < text.len()).then(|| &text[from..]));
    lines
}

fn is_separator(c: char) -> bool {
    matches!(c, '=' | ':' | ' ' | '\t' | '\u{c}')
}

/// The key of a line.
fn key_of(line: &str) -> &str {
    let line = line.trim_start();
    line.split(|c: char| is_separator(c) || c == '\r' || c == '\n').next().unwrap_or_default()
}

/// The text without the lines of these keys.
fn without(text: &str, keys: &[&str]) -> String {
    let stays = |line: &&str| !keys.iter().any(|key| key_of(line).eq_ignore_ascii_case(key));
    logical_lines(text).into_iter().filter(stays).collect()
}

#[cfg(test)]
mod tests;
