//! The limits as they are being edited: texts, what is wrong with them, and what they come to.
//!
//! Pure: a text is kept as it was typed, also while it cannot be read.

use crate::desk::Desk;
use crate::domain::LimitSet;
use crate::domain::limits::{Limit, Limits, Scope};

/// What is typed for one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScopeDraft {
    pub scope: Scope,
    /// In the order of [`Limit::ALL`].
    texts: [String; Limit::ALL.len()],
}

impl ScopeDraft {
    fn new(scope: Scope, limits: &Limits) -> Self {
        Self { scope, texts: Limit::ALL.map(|limit| limits.text(limit).unwrap_or_default()) }
    }

    pub fn text_mut(&mut self, limit: Limit) -> &mut String {
        &mut self.texts[limit as usize]
    }

    /// The limits that make sense in this scope.
    pub fn fields(&self) -> impl Iterator<Item = Limit> + use<> {
        let kind = self.scope.kind();
        Limit::ALL.into_iter().filter(move |limit| limit.fits(kind))
    }

    /// What is wrong with what is typed.
    pub fn problem(&self, limit: Limit) -> Option<String> {
        let text = &self.texts[limit as usize];
        if text.trim().is_empty() {
            let is_needed = limit.is_required(self.scope.kind());
            return is_needed.then(|| "the profile needs this limit".to_owned());
        }
        Limits::default().set_text(limit, text).err().map(|bad| bad.to_string())
    }

    /// What can be read of it.
    pub fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        for limit in self.fields() {
            // What cannot be read is told by `problem`, and keeps the whole from being applied.
            if limits.set_text(limit, &self.texts[limit as usize]).is_err() {
                limits.clear(limit);
            }
        }
        limits
    }

    /// Whether nothing is typed.
    pub fn is_empty(&self) -> bool {
        self.texts.iter().all(|text| text.trim().is_empty())
    }

    /// Empties every field.
    pub fn clear(&mut self) {
        self.texts = Limit::ALL.map(|_| String::new());
    }
}

/// All scopes: the profile first, then accounts, then instruments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub scopes: Vec<ScopeDraft>,
}

impl Draft {
    /// The limits in force, with a place for every account that is known.
    pub fn of(desk: &Desk) -> Self {
        let limits = &desk.settings().limits;
        let mut scopes: Vec<ScopeDraft> =
            limits.scopes().map(|(scope, limits)| ScopeDraft::new(scope, limits)).collect();
        for account in desk.accounts() {
            let scope = Scope::Account(account.id.0.clone());
            if !scopes.iter().any(|draft| draft.scope == scope) {
                scopes.push(ScopeDraft::new(scope, &Limits::default()));
            }
        }
        scopes.sort_by(|a, b| a.scope.cmp(&b.scope));
        Self { scopes }
    }

    /// The place of an instrument, made where there is none.
    pub fn place_of(&mut self, key: &str) -> usize {
        let scope = Scope::Instrument(key.into());
        match self.scopes.binary_search_by(|draft| draft.scope.cmp(&scope)) {
            Ok(at) => at,
            Err(at) => {
                self.scopes.insert(at, ScopeDraft::new(scope, &Limits::default()));
                at
            }
        }
    }

    /// The first scope in which something cannot be read.
    pub fn wrong(&self) -> Option<usize> {
        self.scopes.iter().position(|draft| draft.fields().any(|limit| draft.problem(limit).is_some()))
    }

    /// What it comes to; what is not edited here stays as it is in `before`.
    pub fn applied_to(&self, before: &LimitSet) -> LimitSet {
        let mut set = LimitSet {
            accounts: std::collections::BTreeMap::new(),
            instruments: std::collections::BTreeMap::new(),
            ..before.clone()
        };
        for draft in &self.scopes {
            let limits = draft.limits();
            match &draft.scope {
                Scope::Profile => set.profile = limits,
                _ if limits == Limits::default() => {}
                Scope::Account(name) => drop(set.accounts.insert(name.to_string(), limits)),
                Scope::Instrument(key) => drop(set.instruments.insert(key.to_string(), limits)),
            }
        }
        set
    }
}
