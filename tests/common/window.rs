//! Drives the real program in a real window, on an X server of its own.
//!
//! ```ignore
//! #![cfg(feature = "inspection")]                                  // and required-features in Cargo.toml
//! #[path = "common/window.rs"]
//! mod window;
//!
//! let mut window = Window::start(&["--data-dir", folder]);         // waits for the first frame
//! window.click("Buy");
//! window.wait_for("the order is working", SOON, |w| w.role == Role::Label && w.value.contains("working"));
//! window.close();                                                   // asks, as the title bar does; waits for the end
//! ```
//!
//! What the driver sees is the accessibility tree, so what a test can press a screen reader can too. Input goes
//! in as egui events, behind the window system; closing and focus go through the X server. Everything waits for
//! a condition with a deadline. A failure panics with the tree, and with what the program wrote.
//!
//! Each window has its own display and port and its own folder for everything XDG, so tests run side by side.
//! Needs `Xvfb` and Mesa (`apt-get install xvfb libgl1-mesa-dri`), and the feature `inspection`.

#[path = "window/display.rs"]
mod display;
#[path = "window/inspection.rs"]
mod inspection;
#[path = "window/tree.rs"]
mod tree;

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use egui::{Event, Key, Modifiers, PointerButton, Pos2};
use egui_inspection::{Request, Response};
pub use rustix::process::Signal;
use rustix::process::{Pid, kill_process};

pub use tree::{Role, Tree, Widget};

/// Long enough for anything that a window does at once, on a slow and busy machine.
pub const SOON: Duration = Duration::from_secs(10);
/// For the program to start: shaders are compiled on the CPU.
const START: Duration = Duration::from_secs(30);
/// Lines of output in the message of a failure.
const TAIL: usize = 40;

/// A running program and its display. Dropping it kills both.
pub struct Window {
    program: Child,
    connection: inspection::Connection,
    display: display::Display,
    folder: tempfile::TempDir,
    /// What `--data-dir` says.
    home: Option<PathBuf>,
}

impl Window {
    /// Starts the terminal with these arguments and waits until its window answers.
    #[track_caller]
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_program(Path::new(env!("CARGO_BIN_EXE_pitdesk")), arguments)
    }

    /// Starts another program that was built with the feature `inspection`.
    #[track_caller]
    pub fn start_program(path: &Path, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let display = display::Display::start(folder.path());
        let output = File::create(folder.path().join("output.log")).expect("the new folder can be written");
        let mut program = Command::new(path)
            .args(arguments)
            .env("DISPLAY", display.name())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            // Port 0: the system picks a free one, and the driver finds out which.
            .env("EGUI_INSPECTION", "127.0.0.1:0")
            .env("XDG_CONFIG_HOME", folder.path().join("config"))
            .env("XDG_DATA_HOME", folder.path().join("data"))
            .env("XDG_STATE_HOME", folder.path().join("state"))
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            // Shared: compiled shaders do not depend on the test, and cost half a second.
            .env("MESA_SHADER_CACHE_DIR", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the log can be opened twice"))
            .stderr(output)
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {}: {error}", path.display()));
        let deadline = after(START);
        let connection = loop {
            if let Some(connection) = inspection::connect(program.id()) {
                break connection;
            }
            let ended = program.try_wait().expect("the child is ours");
            if ended.is_some() || now() > deadline {
                let outcome = ended.map_or_else(|| "has no window".to_owned(), |status| format!("{status}"));
                end(&mut program);
                panic!("{} did not start: {outcome}\n{}", path.display(), written(folder.path()));
            }
            pace();
        };
        let home =
            arguments.iter().skip_while(|argument| **argument != "--data-dir").nth(1).map(PathBuf::from);
        let mut window = Self { program, connection, display, folder, home };
        window.focus();
        window
    }

    /// All widgets of the next frame.
    #[track_caller]
    pub fn tree(&mut self) -> Tree {
        match self.ask(&Request::GetTree) {
            Response::Tree { accesskit, .. } => Tree::new(accesskit.as_ref()),
            other => self.fail(&format!("asked for the tree, got {other:?}")),
        }
    }

    /// The widget with a role and name, if it is there now.
    #[track_caller]
    pub fn find(&mut self, role: Role, name: &str) -> Option<Widget> {
        self.tree().find(role, name).cloned()
    }

    /// Waits until a widget is as wanted, and returns it. `what` completes "waited for …".
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, limit: Duration, wanted: impl Fn(&Widget) -> bool) -> Widget {
        self.wait_until(what, limit, |tree| tree.widgets.iter().find(|widget| wanted(widget)).cloned())
    }

    /// Waits until the tree as a whole gives an answer, such as that something is gone.
    #[track_caller]
    pub fn wait_until<T>(&mut self, what: &str, limit: Duration, answer: impl Fn(&Tree) -> Option<T>) -> T {
        let deadline = after(limit);
        loop {
            let tree = self.tree();
            if let Some(found) = answer(&tree) {
                return found;
            }
            if now() > deadline {
                self.fail(&format!("waited {limit:?} for {what}"));
            }
            pace();
        }
    }

    /// Waits for the one enabled widget of this name to stand still and clicks it; labels count only if nothing
    /// else has the name.
    #[track_caller]
    pub fn click(&mut self, name: &str) {
        let seen = Cell::new(None);
        let what = format!("one enabled widget named {name:?}");
        let at = self.wait_until(&what, SOON, |tree| {
            let at = match tree.pressable(name).as_slice() {
                [one] => Some(one.bounds),
                _ => None,
            };
            at.filter(|_| seen.replace(at) == at)
        });
        self.click_at(at.center());
    }

    /// Moves there, presses and releases the primary button, each in a frame of its own as by hand.
    #[track_caller]
    pub fn click_at(&mut self, at: Pos2) {
        self.events(vec![Event::PointerMoved(at)]);
        self.events(vec![button(at, true)]);
        self.events(vec![button(at, false)]);
    }

    /// Drags with the primary button, through the points of a straight line.
    #[track_caller]
    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        const STEPS: u8 = 4;
        self.events(vec![Event::PointerMoved(from)]);
        self.events(vec![button(from, true)]);
        for step in 1..=STEPS {
            let at = from + (to - from) * (f32::from(step) / f32::from(STEPS));
            self.events(vec![Event::PointerMoved(at)]);
        }
        self.events(vec![button(to, false)]);
    }

    /// Types into the widget that has the keyboard.
    #[track_caller]
    pub fn type_text(&mut self, text: &str) {
        self.events(vec![Event::Text(text.to_owned())]);
    }

    /// Presses and releases a key. (Copy, cut and paste are events of their own in egui, not Ctrl+C, X and V.)
    #[track_caller]
    pub fn press(&mut self, key: Key) {
        self.press_with(Modifiers::NONE, key);
    }

    /// Presses and releases a key while modifiers are held.
    #[track_caller]
    pub fn press_with(&mut self, held: Modifiers, key: Key) {
        let control = held.ctrl || held.command;
        let modifiers = Modifiers { ctrl: control, command: control, ..held };
        let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.events(vec![Event::ModifiersChanged(modifiers), event(true)]);
        self.events(vec![event(false), Event::ModifiersChanged(Modifiers::NONE)]);
    }

    /// Puts events into the next frame, and waits until that frame has run.
    #[track_caller]
    pub fn events(&mut self, events: Vec<Event>) {
        match self.ask(&Request::ApplyEvents { events }) {
            Response::Done => {}
            other => self.fail(&format!("sent events, got {other:?}")),
        }
    }

    /// Makes the window so large, in points; it has that size some frames later.
    #[track_caller]
    pub fn resize(&mut self, width: u32, height: u32) {
        match self.ask(&Request::Resize { width, height }) {
            Response::Done => {}
            other => self.fail(&format!("asked for another size, got {other:?}")),
        }
    }

    /// Writes what the window shows as a PNG file, in physical pixels.
    #[track_caller]
    pub fn screenshot(&mut self, path: &Path) {
        match self.ask(&Request::GetScreenshot { pixels_per_point: None }) {
            Response::Screenshot(png) => {
                fs::write(path, &png.bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            }
            other => self.fail(&format!("asked for a screenshot, got {other:?}")),
        }
    }

    /// Asks the window to close, as its title bar does. The program may refuse, or ask back.
    #[track_caller]
    pub fn request_close(&mut self) {
        if let Err(error) = self.display.ask_to_close(None) {
            self.fail(&format!("cannot ask the window to close: {error}"));
        }
    }

    /// Asks another window of the program to close, as its title bar does.
    #[track_caller]
    pub fn request_close_of(&mut self, title: &str) {
        if let Err(error) = self.display.ask_to_close(Some(title)) {
            self.fail(&format!("cannot ask {title:?} to close: {error}"));
        }
    }

    /// Waits until the program has windows of exactly these titles, in any order.
    #[track_caller]
    pub fn wait_for_windows(&mut self, titles: &[&str]) {
        let deadline = after(SOON);
        loop {
            let mut found = self.display.titles().unwrap_or_default();
            found.sort();
            if found == titles {
                return;
            }
            if now() > deadline {
                self.fail(&format!("waited for windows {titles:?}; there are {found:?}"));
            }
            pace();
        }
    }

    /// Moves the mouse pointer about in another window of the program, as fast as it goes.
    #[track_caller]
    pub fn fidget_in(&mut self, title: &str, moves: u16) {
        for turn in 0..moves {
            if let Err(error) = self.display.move_pointer_in(title, turn) {
                self.fail(&format!("cannot move the pointer in {title:?}: {error}"));
            }
            pace();
        }
    }

    /// Waits until the program has ended by itself.
    #[track_caller]
    pub fn wait_for_exit(&mut self, limit: Duration) -> ExitStatus {
        let deadline = after(limit);
        loop {
            if let Some(status) = self.program.try_wait().expect("the child is ours") {
                return status;
            }
            if now() > deadline {
                self.fail(&format!("waited {limit:?} for the program to end"));
            }
            pace();
        }
    }

    /// Closes the window and waits for an orderly end; a code other than 0 is a failure.
    #[track_caller]
    pub fn close(mut self) -> String {
        self.request_close();
        let status = self.wait_for_exit(SOON);
        let output = self.output();
        assert!(status.success(), "the program ended with {status}\n{output}");
        output
    }

    /// Sends the program a signal, as a desktop, a terminal or a person does.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        send(self.program.id(), signal);
    }

    /// Stops the display server: the window hangs in the middle of its next frame.
    #[track_caller]
    pub fn hang_display(&self) {
        send(self.display.process_id(), Signal::STOP);
    }

    /// Ends the program at once, as a power cut does, for tests of what it finds at the next start.
    #[track_caller]
    pub fn kill(mut self) {
        self.program.kill().expect("the child is ours");
        self.program.wait().expect("the child is ours");
    }

    /// All that the program has written to standard output, standard error, and `*.log` files in its folders.
    pub fn output(&self) -> String {
        let home = self.home.as_deref().map_or_else(String::new, written);
        written(self.folder.path()) + &home
    }

    /// The program's process, for measuring its memory and CPU time.
    pub fn process_id(&self) -> u32 {
        self.program.id()
    }

    /// Gives the window the keyboard, which without a window manager nobody else does.
    #[track_caller]
    fn focus(&mut self) {
        let deadline = after(SOON);
        let mut outcome = self.display.focus();
        while outcome.is_err() && now() < deadline {
            pace();
            outcome = self.display.focus();
        }
        let mut answered = false;
        while outcome.is_ok() && !answered && now() < deadline {
            pace();
            match self.display.has_answered() {
                Ok(yes) => answered = yes,
                Err(error) => outcome = Err(error),
            }
        }
        match outcome {
            Ok(()) if answered => drop(self.tree()),
            Ok(()) => self.fail("the window does not answer the window manager"),
            Err(error) => self.fail(&format!("cannot give the window the keyboard: {error}")),
        }
    }

    #[track_caller]
    fn ask(&mut self, request: &Request) -> Response {
        match self.connection.ask(request) {
            Ok(Response::Error { message }) => self.fail(&message),
            Ok(response) => response,
            Err(error) => self.fail(&format!("the window does not answer: {error}")),
        }
    }

    #[track_caller]
    fn fail(&mut self, message: &str) -> ! {
        let mut report = message.to_owned();
        match self.program.try_wait() {
            Ok(Some(status)) => write!(report, "\nThe program has ended: {status}."),
            _ => match self.connection.ask(&Request::GetTree) {
                Ok(Response::Tree { accesskit, .. }) => {
                    write!(report, "\nIt shows:\n{}", Tree::new(accesskit.as_ref()))
                }
                _ => write!(report, "\nIt runs and does not answer."),
            },
        }
        .expect("writing to a string cannot fail");
        panic!("{report}\n{}", self.output());
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        end(&mut self.program);
    }
}

/// Kills and waits. Already ended is fine, and there is nobody to tell of anything else.
fn end(process: &mut Child) {
    process.kill().unwrap_or_default();
    process.wait().map(drop).unwrap_or_default();
}

#[track_caller]
fn send(process: u32, signal: Signal) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw).expect("a process has an id");
    kill_process(process, signal).expect("the process is a child of ours");
}

fn button(pos: Pos2, pressed: bool) -> Event {
    Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE }
}

/// The last lines of each log below a folder.
fn written(folder: &Path) -> String {
    let mut report = String::new();
    for log in logs(folder) {
        let text =
            fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
        if text.is_empty() {
            continue;
        }
        let lines: Vec<_> = text.lines().collect();
        let tail = lines[lines.len().saturating_sub(TAIL)..].join("\n");
        let name = log.strip_prefix(folder).unwrap_or(&log);
        write!(report, "--- {}\n{tail}\n", name.display()).expect("writing to a string cannot fail");
    }
    report
}

fn logs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .flat_map(|entry| match entry.path() {
            path if path.is_dir() => logs(&path),
            path if path.to_string_lossy().contains(".log") => vec![path],
            _ => Vec::new(),
        })
        .collect();
    found.sort();
    found
}

/// The machine's time.
#[expect(
    clippy::disallowed_methods,
    reason = "a deadline for another process, which our clock does not move"
)]
pub fn now() -> Instant {
    Instant::now()
}

/// A deadline.
pub fn after(limit: Duration) -> Instant {
    now() + limit
}

/// Between two looks at a condition: leaves the processor to the program that is to fulfil it.
fn pace() {
    std::thread::park_timeout(Duration::from_millis(5));
}

/// Each test binary uses its part of the driver; this names the rest, which is not dead for that.
const _: () = {
    let _ = (Window::start, Window::tree, Window::find, Window::drag, Window::type_text, Window::press);
    let _ = (Window::press_with, Window::screenshot, Window::close, Window::kill, Window::process_id);
    let _ = (Window::click, Window::start_program, Window::wait_for_exit, Window::output, Window::resize);
    let _ = (Window::signal, Window::hang_display);
    let _ = (Window::request_close_of, Window::wait_for_windows, Window::fidget_in);
};
