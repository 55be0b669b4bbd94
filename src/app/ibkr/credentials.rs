//! The login to Interactive Brokers: in the system's keyring, or in this program's environment.
//!
//! It is one item of the keyring, name and password together, so that the two always belong to each
//! other. Every call may wait for a person (a keyring that is locked asks for its own password).

use std::ffi::OsString;
use std::io;

use keyring::{Entry, Error};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::ini::Login;
use crate::broker::ibkr::launch::Secret;

/// The variables that a login can be given in, where there is no keyring.
pub(super) const NAME_VARIABLE: &str = "PITDESK_IBKR_USER";
pub(super) const PASSWORD_VARIABLE: &str = "PITDESK_IBKR_PASSWORD";

/// From now on a crash of this process, or of any that it starts, writes none of its memory to a disk. It cannot be
/// taken back.
///
/// # Errors
/// When the system refuses.
pub(super) fn leave_no_core_file() -> io::Result<()> {
    let none = Rlimit { current: Some(0), maximum: Some(0) };
    Ok(setrlimit(Resource::Core, none)?)
}

/// An item of a keyring.
pub(super) struct Place {
    entry: Entry,
    /// Its name there, for words to a trader.
    pub name: String,
}

impl Place {
    /// The item of the system's keyring.
    ///
    /// # Errors
    /// Where there is none, in words that say what to do instead.
    pub fn of_system(service: &str, user: &str) -> Result<Self, String> {
        if let Err(error) = Entry::store_status() {
            return Err(format!("{NO_KEYRING} ({error})"));
        }
        let entry = Entry::new(service, user).map_err(|error| format!("{NO_KEYRING} ({error})"))?;
        Ok(Self { entry, name: format!("'{user}' of '{service}'") })
    }

    /// The login that is kept there.
    ///
    /// # Errors
    /// Where none is, or it cannot be had.
    pub fn login(&self) -> Result<Login, String> {
        // An error's own `Debug` may hold the secret: only its words are shown.
        let text = match self.entry.get_password() {
            Ok(text) => Secret::new(text),
            Err(Error::NoEntry) => {
                return Err(format!(
                    "the keyring has no login {}: keep it there with 'pitdesk ibkr-login'",
                    self.name
                ));
            }
            Err(error) => return Err(format!("the keyring does not give its login {} ({error})", self.name)),
        };
        let (name, password) = text.reveal().split_once('\n').ok_or_else(|| {
            format!(
                "what the keyring has as {} is no login: keep it anew with 'pitdesk ibkr-login'",
                self.name
            )
        })?;
        Ok(Login { name: Secret::new(name.to_owned()), password: Secret::new(password.to_owned()) })
    }

    /// Keeps a login there, in place of the one before.
    ///
    /// # Errors
    /// In words for a trader.
    pub fn keep(&self, login: &Login) -> Result<(), String> {
        let text = Secret::new(format!("{}\n{}", login.name.reveal(), login.password.reveal()));
        self.entry
            .set_password(text.reveal())
            .map_err(|error| format!("the keyring does not take the login {} ({error})", self.name))
    }

    /// Forgets it; whether there was one.
    ///
    /// # Errors
    /// In words for a trader.
    pub fn forget(&self) -> Result<bool, String> {
        match self.entry.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(error) => Err(format!("the keyring does not forget the login {} ({error})", self.name)),
        }
    }
}

const NO_KEYRING: &str = "no keyring of the system can be reached: unlock the one of your desktop, or start Pitdesk \
                          with the login in PITDESK_IBKR_USER and PITDESK_IBKR_PASSWORD";

/// The login in variables of the environment; `None` where there is none.
///
/// # Errors
/// Where half of one is there.
pub(super) fn of_environment(get: impl Fn(&str) -> Option<OsString>) -> Result<Option<Login>, String> {
    let text = |name: &str| match get(name).filter(|value| !value.is_empty()) {
        Some(value) => value.into_string().map(Some).map_err(|_value| format!("{name} is not text")),
        None => Ok(None),
    };
    match (text(NAME_VARIABLE)?, text(PASSWORD_VARIABLE)?) {
        (Some(name), Some(password)) => {
            let login = Login { name: Secret::new(name), password: Secret::new(password) };
            check(&login)?;
            Ok(Some(login))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(format!("{NAME_VARIABLE} is set and {PASSWORD_VARIABLE} is not")),
        (None, Some(_)) => Err(format!("{PASSWORD_VARIABLE} is set and {NAME_VARIABLE} is not")),
    }
}

/// Whether it can be one.
///
/// # Errors
/// Where it is empty, or holds what is no text.
pub(super) fn check(login: &Login) -> Result<(), String> {
    for (secret, what) in [(&login.name, "name"), (&login.password, "password")] {
        let text = secret.reveal();
        if text.is_empty() {
            return Err(format!("the {what} is empty"));
        }
        if text.chars().any(char::is_control) {
            return Err(format!("the {what} holds a character that is no text"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use keyring_core::api::CredentialStoreApi as _;
    use keyring_core::mock;

    use super::*;

    fn login(name: &str, password: &str) -> Login {
        Login { name: Secret::new(name.to_owned()), password: Secret::new(password.to_owned()) }
    }

    fn place() -> Place {
        let inner = mock::Store::new().unwrap().build("pitdesk-test", "paper", None).unwrap();
        Place { entry: Entry { inner }, name: "'paper' of 'pitdesk-test'".to_owned() }
    }

    #[test]
    fn a_login_is_kept_found_replaced_and_forgotten() {
        let place = place();
        assert!(place.login().unwrap_err().contains("pitdesk ibkr-login"));
        place.keep(&login("me", "one")).unwrap();
        place.keep(&login("me", "two words")).unwrap();
        assert_eq!(place.login(), Ok(login("me", "two words")));
        assert_eq!((place.forget(), place.forget()), (Ok(true), Ok(false)));
        assert!(place.login().is_err());
    }

    #[test]
    fn a_keyring_that_fails_says_so_and_shows_nothing() {
        let place = place();
        place.entry.set_password("no-login-hunter2").unwrap();
        let said = place.login().unwrap_err();
        assert!(said.contains("keep it anew") && !said.contains("hunter2"), "{said}");
        let of_mock: &mock::Cred = place.entry.inner.as_any().downcast_ref().unwrap();
        of_mock.set_error(Error::BadEncoding(b"hunter2".to_vec()));
        let said = place.login().unwrap_err();
        assert!(said.contains("does not give") && !said.contains("hunter2"), "{said}");
    }

    #[test]
    fn the_environment_gives_a_whole_login_or_none() {
        let of = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, OsString)> =
                pairs.iter().map(|(name, value)| ((*name).to_owned(), OsString::from(value))).collect();
            of_environment(|name| pairs.iter().find(|(own, _)| own == name).map(|(_, value)| value.clone()))
        };
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&[(NAME_VARIABLE, ""), (PASSWORD_VARIABLE, "")]), Ok(None));
        assert_eq!(of(&[(NAME_VARIABLE, "me"), (PASSWORD_VARIABLE, "x")]), Ok(Some(login("me", "x"))));
        assert!(of(&[(NAME_VARIABLE, "me")]).unwrap_err().contains(PASSWORD_VARIABLE));
        assert!(of(&[(PASSWORD_VARIABLE, "x")]).unwrap_err().contains(NAME_VARIABLE));
        let said = of(&[(NAME_VARIABLE, "me"), (PASSWORD_VARIABLE, "a\nb")]).unwrap_err();
        assert!(said.contains("no text") && !said.contains('b'), "{said}");
    }
}
