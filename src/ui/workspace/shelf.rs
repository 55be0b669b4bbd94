//! All workspaces of a trader, by their names: the one on the screen and those that are put by.
//!
//! They are one file, written whole, so that none is ever newer than another. An account that was chosen for
//! orders and the place of the window belong to none of them: to look at other panes must not change for whom
//! orders are entered.
//!
//! The file has a version. Version 2 was one workspace without a name; version 1 had one pane of each kind and
//! one instrument for all. Both are read.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::{BadWorkspace, Workspace};

/// Bumped when an older program could not make sense of the file.
const VERSION: u32 = 3;
/// What the first workspace is called.
const FIRST: &str = "Main";
/// Longest name, in characters: it stands on a button.
pub const LONGEST: usize = 32;
/// Most workspaces that are kept.
pub const MOST: usize = 50;

/// Where the window stands on the desktop, in points of the desktop, without the window's own scale.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct WindowPlace {
    /// Of the frame's upper left corner; a desktop that tells no positions has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<[f32; 2]>,
    /// Width and height of what is inside the frame.
    pub size: [f32; 2],
    /// Whether it fills the monitor.
    #[serde(default)]
    pub is_maximised: bool,
}

/// The workspaces besides the one on the screen.
pub struct Shelf {
    entries: Vec<Entry>,
    /// Which of them is on the screen.
    at: usize,
    /// The one that was deleted last in this run, and where it was.
    deleted: Option<(usize, Entry)>,
    /// The account that was chosen for orders, by the broker's name.
    pub accounts: BTreeMap<String, String>,
    /// Where the window stood.
    pub window: Option<WindowPlace>,
    /// The step of the tour that is shown; none once that was skipped or finished.
    pub tour: Option<usize>,
}

struct Entry {
    name: String,
    kept: Kept,
}

/// How a workspace waits for its turn.
enum Kept {
    /// It is on the screen.
    OnScreen,
    /// As it was left in this run, and how that is saved: it is said once and not at every look at the shelf.
    Left(Box<Workspace>, Box<RawValue>),
    /// As it was read. Nothing of it is lost, whether this program understands it or not.
    Saved(Box<RawValue>),
}

/// A change of what workspaces there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ShelfChange {
    /// Put this one on the screen.
    Show(String),
    /// Put the one behind the present one on the screen, after the last the first.
    Next,
    /// Put a new one with the standard panes on the screen.
    New(String),
    /// Put a copy of the present one on the screen, under a name of its own.
    Copy(String),
    /// Call one otherwise.
    Rename {
        /// As it is called.
        from: String,
        /// As it is to be called.
        to: String,
    },
    /// Take one away.
    Delete(String),
    /// Bring back what was deleted last.
    Restore,
}

/// Why workspaces are left as they are.
#[derive(Debug, thiserror::Error)]
pub enum BadChange {
    /// Nothing to call it by.
    #[error("A workspace needs a name: type one")]
    NoName,
    /// Too much for a button.
    #[error("The name is too long: at most {LONGEST} characters")]
    LongName,
    /// Two of one name could not be told apart.
    #[error("There is a workspace {0} already: choose another name")]
    Taken(String),
    /// It has gone meanwhile.
    #[error("There is no workspace {0} any more")]
    Gone(String),
    /// One has to be on the screen.
    #[error("This is the only workspace: make another before you delete it")]
    Only,
    /// The file would grow without end.
    #[error("There are {MOST} workspaces, and no more are kept: delete one first")]
    TooMany,
    /// It cannot be put on the screen.
    #[error("The workspace {name} cannot be shown, and is kept as it is: {why}")]
    Unreadable {
        /// Which.
        name: String,
        /// What is wrong with it.
        why: BadWorkspace,
    },
}

/// The file, as it is.
#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    /// The one on the screen.
    shown: String,
    #[serde(default)]
    accounts: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<WindowPlace>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tour: Option<usize>,
    workspaces: Vec<Named>,
}

#[derive(Serialize, Deserialize)]
struct Named {
    name: String,
    layout: Box<RawValue>,
}

impl File {
    fn read(text: &str) -> Result<Self, BadWorkspace> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let Head { version } = serde_json::from_str(text)?;
        if version > VERSION {
            return Err(BadWorkspace::Newer { found: version, newest: VERSION });
        }
        if version == VERSION {
            return Ok(serde_json::from_str(text)?);
        }
        let only: Value = serde_json::from_str(text)?;
        let accounts = only.get("accounts").cloned().unwrap_or_default();
        let layout = saved(&only);
        Ok(Self {
            version: VERSION,
            shown: FIRST.to_owned(),
            accounts: serde_json::from_value(accounts).unwrap_or_default(),
            window: None,
            tour: None,
            workspaces: vec![Named { name: FIRST.to_owned(), layout }],
        })
    }
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            entries: vec![Entry { name: FIRST.to_owned(), kept: Kept::OnScreen }],
            at: 0,
            deleted: None,
            accounts: BTreeMap::new(),
            window: None,
            tour: None,
        }
    }
}

impl Shelf {
    /// What a new profile begins with, as it is saved: the standard workspace, and the tour.
    #[must_use]
    pub fn of_new_profile() -> String {
        Self { tour: Some(0), ..Self::default() }.to_text(&Workspace::default())
    }

    /// Reads what was saved: the shelf, and the workspace that was on the screen. Where that one cannot be
    /// shown it is the first that can, and the other is kept as it is.
    ///
    /// # Errors
    /// When the text is damaged, of a newer program, or has nothing that could be shown.
    pub fn parse(text: &str) -> Result<(Self, Workspace), BadWorkspace> {
        let file = File::read(text)?;
        let wanted = file.workspaces.iter().position(|named| named.name == file.shown).unwrap_or(0);
        let order = std::iter::once(wanted).chain((0..file.workspaces.len()).filter(|at| *at != wanted));
        let mut first_wrong = None;
        let mut shown = None;
        for at in order {
            let Some(named) = file.workspaces.get(at) else { break };
            match read(&named.layout) {
                Ok(workspace) => {
                    shown = Some((at, workspace));
                    break;
                }
                Err(why) => {
                    first_wrong.get_or_insert(why);
                }
            }
        }
        let (at, workspace) = shown.ok_or_else(|| first_wrong.unwrap_or(BadWorkspace::Empty))?;
        let mut entries: Vec<Entry> = Vec::new();
        for named in file.workspaces {
            let name = free_name(&entries, &named.name);
            entries.push(Entry { name, kept: Kept::Saved(named.layout) });
        }
        entries[at].kept = Kept::OnScreen;
        let File { accounts, window, tour, .. } = file;
        let shelf = Self { entries, at, deleted: None, accounts, window, tour };
        Ok((shelf, workspace))
    }

    /// As it is saved, with the workspace that is on the screen.
    #[must_use]
    pub fn to_text(&self, shown: &Workspace) -> String {
        let named = |entry: &Entry| Named { name: entry.name.clone(), layout: entry.saved(shown) };
        let file = File {
            version: VERSION,
            shown: self.shown().to_owned(),
            accounts: self.accounts.clone(),
            window: self.window,
            tour: self.tour,
            workspaces: self.entries.iter().map(named).collect(),
        };
        serde_json::to_string(&file).expect("a workspace has string keys only")
    }

    /// One workspace in the form of the whole file, for another machine or another trader: without the
    /// accounts and the place of the window.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn export(&self, name: &str, shown: &Workspace) -> Result<String, BadChange> {
        let entry = &self.entries[self.place_of(name)?];
        let file = File {
            version: VERSION,
            shown: entry.name.clone(),
            accounts: BTreeMap::new(),
            window: None,
            tour: None,
            workspaces: vec![Named { name: entry.name.clone(), layout: entry.saved(shown) }],
        };
        Ok(serde_json::to_string(&file).expect("a workspace has string keys only"))
    }

    /// Puts the workspaces of an exported text by; how they are called here. One that cannot be shown is
    /// refused now, not when it is wanted.
    ///
    /// # Errors
    /// When any of them cannot be read, or there would be too many; nothing is taken then.
    pub fn import(&mut self, text: &str) -> Result<Vec<String>, ImportError> {
        let file = File::read(text)?;
        if self.entries.len() + file.workspaces.len() > MOST {
            return Err(BadChange::TooMany.into());
        }
        if file.workspaces.is_empty() {
            return Err(BadWorkspace::Empty.into());
        }
        for named in &file.workspaces {
            read(&named.layout)?;
        }
        let mut names = Vec::new();
        for named in file.workspaces {
            let name = free_name(&self.entries, &named.name);
            names.push(name.clone());
            self.entries.push(Entry { name, kept: Kept::Saved(named.layout) });
        }
        Ok(names)
    }

    /// The names, in the order in which they were made.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.entries.iter().map(|entry| entry.name.as_str())
    }

    /// The name of the one on the screen.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.entries.get(self.at).map_or("", |entry| entry.name.as_str())
    }

    /// What [`ShelfChange::Restore`] would bring back.
    #[must_use]
    pub fn deleted(&self) -> Option<&str> {
        self.deleted.as_ref().map(|(_, entry)| entry.name.as_str())
    }

    /// Carries a change out; whether another workspace is on the screen then.
    ///
    /// # Errors
    /// When it cannot be; nothing is changed then.
    pub fn change(&mut self, change: &ShelfChange, shown: &mut Workspace) -> Result<bool, BadChange> {
        match change {
            ShelfChange::Show(name) => self.show(self.place_of(name)?, shown),
            ShelfChange::Next => self.show_next(shown),
            ShelfChange::New(name) => self.add(name, Workspace::default(), shown),
            ShelfChange::Copy(name) => self.add(name, shown.copy(), shown),
            ShelfChange::Rename { from, to } => {
                let at = self.place_of(from)?;
                let is_own = to.trim().eq_ignore_ascii_case(from);
                self.entries[at].name = if is_own { checked(to)? } else { self.new_name(to)? };
                Ok(false)
            }
            ShelfChange::Delete(name) => self.delete(self.place_of(name)?, shown),
            ShelfChange::Restore => {
                if self.entries.len() >= MOST {
                    return Err(BadChange::TooMany);
                }
                if let Some((at, mut entry)) = self.deleted.take() {
                    entry.name = free_name(&self.entries, &entry.name);
                    let at = at.min(self.entries.len());
                    self.entries.insert(at, entry);
                    self.at += usize::from(at <= self.at);
                }
                Ok(false)
            }
        }
    }

    fn place_of(&self, name: &str) -> Result<usize, BadChange> {
        let place = self.entries.iter().position(|entry| entry.name == name);
        place.ok_or_else(|| BadChange::Gone(name.to_owned()))
    }

    /// A name that no other has.
    fn new_name(&self, name: &str) -> Result<String, BadChange> {
        let name = checked(name)?;
        if is_taken(&self.entries, &name) { Err(BadChange::Taken(name)) } else { Ok(name) }
    }

    fn add(&mut self, name: &str, workspace: Workspace, shown: &mut Workspace) -> Result<bool, BadChange> {
        let name = self.new_name(name)?;
        if self.entries.len() >= MOST {
            return Err(BadChange::TooMany);
        }
        self.entries.push(Entry { name, kept: Kept::left(workspace) });
        self.show(self.entries.len() - 1, shown)
    }

    fn show(&mut self, at: usize, shown: &mut Workspace) -> Result<bool, BadChange> {
        if at == self.at {
            return Ok(false);
        }
        let entry = &mut self.entries[at];
        let next = match std::mem::replace(&mut entry.kept, Kept::OnScreen) {
            Kept::Left(workspace, _) => *workspace,
            Kept::OnScreen => return Ok(false),
            Kept::Saved(saved) => match read(&saved) {
                Ok(workspace) => workspace,
                Err(why) => {
                    entry.kept = Kept::Saved(saved);
                    return Err(BadChange::Unreadable { name: entry.name.clone(), why });
                }
            },
        };
        let left = std::mem::replace(shown, next);
        self.entries[self.at].kept = Kept::left(left);
        self.at = at;
        Ok(true)
    }

    /// The next that can be shown.
    fn show_next(&mut self, shown: &mut Workspace) -> Result<bool, BadChange> {
        let count = self.entries.len();
        let mut outcome = Ok(false);
        for step in 1..count {
            outcome = self.show((self.at + step) % count, shown);
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    fn delete(&mut self, at: usize, shown: &mut Workspace) -> Result<bool, BadChange> {
        let is_shown = at == self.at;
        if is_shown {
            // The nearest that can be shown takes its place.
            let others = (0..at).rev().chain(at + 1..self.entries.len());
            let mut why = BadChange::Only;
            let found = others
                .into_iter()
                .find(|other| self.show(*other, shown).map_err(|error| why = error).is_ok());
            if found.is_none() {
                return Err(why);
            }
        }
        let entry = self.entries.remove(at);
        self.at -= usize::from(at < self.at);
        self.deleted = Some((at, entry));
        Ok(is_shown)
    }
}

impl Kept {
    fn left(workspace: Workspace) -> Self {
        let text = saved(&workspace.to_saved());
        Self::Left(Box::new(workspace), text)
    }
}

impl Entry {
    fn saved(&self, shown: &Workspace) -> Box<RawValue> {
        match &self.kept {
            Kept::OnScreen => saved(&shown.to_saved()),
            Kept::Left(_, text) | Kept::Saved(text) => text.clone(),
        }
    }
}

/// By way of a value, whose fields stand in one order: what has not changed must be the same text.
fn saved(value: &Value) -> Box<RawValue> {
    to_raw_value(value).expect("a value is JSON")
}

fn read(saved: &RawValue) -> Result<Workspace, BadWorkspace> {
    Workspace::read(serde_json::from_str(saved.get())?)
}

/// Why nothing of a file was taken over.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It is none of ours.
    #[error("It holds no workspace that this Pitdesk can show: {0}")]
    Unreadable(#[from] BadWorkspace),
    /// There is no room for it.
    #[error(transparent)]
    Refused(#[from] BadChange),
}

fn checked(name: &str) -> Result<String, BadChange> {
    let name = name.trim();
    match name.chars().count() {
        0 => Err(BadChange::NoName),
        length if length > LONGEST => Err(BadChange::LongName),
        _ => Ok(name.to_owned()),
    }
}

fn is_taken(entries: &[Entry], name: &str) -> bool {
    entries.iter().any(|entry| entry.name.to_lowercase() == name.to_lowercase())
}

/// The name itself, or with the first number that makes it another than all others.
fn free_name(entries: &[Entry], name: &str) -> String {
    let name = checked(name).unwrap_or_else(|_| name.trim().chars().take(LONGEST - 4).collect());
    let name = if name.is_empty() { FIRST.to_owned() } else { name };
    let stem: String = name.chars().take(LONGEST - 4).collect();
    let numbered = (2..).map(|number| format!("{stem} {number}"));
    let mut names = std::iter::once(name).chain(numbered);
    names.find(|name| !is_taken(entries, name)).unwrap_or(stem)
}
