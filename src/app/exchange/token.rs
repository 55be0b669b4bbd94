//! The secret between an exchange and its clients: a file that only its owner can read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Random bytes in a token that is made here.
const BYTES: usize = 32;
/// What a file allows anybody but its owner.
const OTHERS: u32 = 0o077;
/// Shortest text that is taken for a secret.
const SHORTEST: usize = 16;

/// The secret in the file at `path`, which is made if there is none.
///
/// # Errors
/// When others can read the file, it holds no secret, or it can be neither read nor made.
pub fn obtain(path: &Path) -> anyhow::Result<String> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => make(file).with_context(|| format!("cannot write the token file {}", path.display())),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(path),
        Err(error) => Err(error).with_context(|| format!("cannot make the token file {}", path.display())),
    }
}

/// The secret in the file at `path`.
///
/// # Errors
/// When others can read the file, it holds no secret, or it cannot be read.
pub fn read(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let cannot = || format!("cannot read the token file {shown}");
    let others = fs::metadata(path).with_context(cannot)?.permissions().mode() & OTHERS;
    anyhow::ensure!(
        others == 0,
        "others can use the token file {shown}: remove it, so that a new secret is made, or chmod 600 it"
    );
    let text = fs::read_to_string(path).with_context(cannot)?;
    let token = text.trim();
    anyhow::ensure!(
        token.len() >= SHORTEST,
        "the token file {shown} holds no secret: remove it, a new one is made"
    );
    Ok(token.to_owned())
}

/// A new secret, of the system's random numbers.
///
/// # Errors
/// When the system gives none.
pub fn fresh() -> io::Result<String> {
    let mut random = [0; BYTES];
    File::open("/dev/urandom")?.read_exact(&mut random)?;
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    Ok(random.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect())
}

fn make(mut file: File) -> io::Result<String> {
    let token = fresh()?;
    writeln!(file, "{token}")?;
    file.sync_all()?;
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_made_once_and_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let token = obtain(&path).unwrap();
        assert_eq!(token.len(), 2 * BYTES);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(obtain(&path).unwrap(), token);
        let other = obtain(&folder.path().join("other")).unwrap();
        assert_ne!(other, token);
    }

    #[test]
    fn a_token_that_others_can_read_or_that_is_none_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        obtain(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let said = obtain(&path).unwrap_err().to_string();
        assert!(said.contains("others can use"), "{said}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, "short\n").unwrap();
        let said = obtain(&path).unwrap_err().to_string();
        assert!(said.contains("holds no secret"), "{said}");
        assert!(read(&folder.path().join("none")).is_err());
    }
}
