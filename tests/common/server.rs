//! `pitdesk serve` in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A server on a market of its own.
pub struct Server {
    pub child: Child,
    pub port: String,
    pub folder: tempfile::TempDir,
}

impl Server {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub fn start_with(arguments: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder for the profile"), arguments)
    }

    /// The same in a folder that somebody has prepared.
    pub fn start_in(folder: tempfile::TempDir, arguments: &[&str]) -> Self {
        let (child, port) = spawn(folder.path(), arguments);
        Self { child, port, folder }
    }

    /// Ends it in good order, and starts it again in its folder.
    pub fn restart(&mut self) {
        self.signal("TERM");
        let ended = self.child.wait().expect("it can be waited for");
        assert!(ended.success(), "{ended:?}");
        (self.child, self.port) = spawn(self.folder.path(), &[]);
    }
}

fn spawn(folder: &Path, arguments: &[&str]) -> (Child, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
        .args(["serve", "--gateway", "127.0.0.1:0", "--seed", "7", "--data-dir"])
        .arg(folder)
        .args(arguments)
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let said = lines.next().expect("it says where it listens").expect("as text");
    let port = said.rsplit(':').next().expect("a port").to_owned();
    (child, port)
}

impl Server {
    /// Where it listens.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Stops it, as a TWS that hangs, or has it go on.
    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status().expect("a signal can be sent");
        assert!(sent.success(), "{sent:?}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
