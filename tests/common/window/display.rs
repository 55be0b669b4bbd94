//! An X server without a screen, and the part of a window manager.

use std::error::Error;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event as X11Event;
use x11rb::protocol::xproto::{
    Atom, AtomEnum, ChangeWindowAttributesAux, ClientMessageEvent, ConnectionExt as _, EventMask, InputFocus,
    MapState, Window,
};
use x11rb::rust_connection::RustConnection;

/// The names that a window manager uses.
struct Atoms {
    protocols: Atom,
    delete: Atom,
    ping: Atom,
}

/// Ends with its value.
pub struct Display {
    server: Child,
    name: String,
    connection: RustConnection,
    root: Window,
}

impl Display {
    /// Starts a server on the first free display.
    #[track_caller]
    pub fn start(folder: &Path) -> Self {
        let log = File::create(folder.join("xvfb.log")).expect("the new folder can be written");
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| {
                panic!(
                    "the window tests need Xvfb and Mesa, and Xvfb cannot be started ({error}): \
                     apt-get install xvfb libgl1-mesa-dri"
                )
            });
        // The server writes its number when it is ready, and closes the pipe when it fails.
        let mut number = String::new();
        let read = server.stdout.take().map(|pipe| BufReader::new(pipe).read_line(&mut number));
        let name = format!(":{}", number.trim());
        match x11rb::connect(Some(&name)) {
            Ok((connection, screen)) if matches!(read, Some(Ok(1..))) => {
                let root = connection.setup().roots[screen].root;
                Self { server, name, connection, root }
            }
            other => {
                super::end(&mut server);
                let log = std::fs::read_to_string(folder.join("xvfb.log")).unwrap_or_default();
                panic!("Xvfb did not start: {read:?} {:?}\n{log}", other.err());
            }
        }
    }

    /// The server's process.
    pub fn process_id(&self) -> u32 {
        self.server.id()
    }

    /// What goes into `DISPLAY`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Gives the program's window the keyboard, and asks it for a sign of life behind that.
    ///
    /// # Errors
    /// While there is no visible window.
    pub fn focus(&self) -> Result<(), Box<dyn Error>> {
        let (window, atoms) = self.window()?;
        // The answer goes to the root window, where a window manager would be listening.
        let listen = ChangeWindowAttributesAux::new().event_mask(EventMask::SUBSTRUCTURE_NOTIFY);
        self.connection.change_window_attributes(self.root, &listen)?.check()?;
        self.connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME)?.check()?;
        let ping = [atoms.ping, x11rb::CURRENT_TIME, window, 0, 0];
        self.tell(window, atoms.protocols, ping)
    }

    /// Whether the sign of life is there: the program has then taken in all that came before, the focus and the
    /// place of the mouse pointer among it. A frame can be late with those, in the middle of a test's click.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn has_answered(&self) -> Result<bool, Box<dyn Error>> {
        while let Some(event) = self.connection.poll_for_event()? {
            if matches!(event, X11Event::ClientMessage(message) if message.window == self.root) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Sends what the close button of a title bar sends: to the main window, or to another one by its title.
    ///
    /// # Errors
    /// When there is no window that understands it.
    pub fn ask_to_close(&self, title: Option<&str>) -> Result<(), Box<dyn Error>> {
        let (window, atoms) = match title {
            None => self.window()?,
            Some(title) => (self.titled(title)?, self.atoms()?),
        };
        self.tell(window, atoms.protocols, [atoms.delete, x11rb::CURRENT_TIME, 0, 0, 0])
    }

    /// Sends a message of the protocols between window managers and windows (ICCCM 4.2.8, EWMH).
    fn tell(&self, window: Window, protocols: Atom, words: [u32; 5]) -> Result<(), Box<dyn Error>> {
        let message = ClientMessageEvent::new(32, window, protocols, words);
        self.connection.send_event(false, window, EventMask::NO_EVENT, message)?.check()?;
        Ok(())
    }

    /// The titles of all visible windows.
    ///
    /// # Errors
    /// When the server is gone.
    pub fn titles(&self) -> Result<Vec<String>, Box<dyn Error>> {
        Ok(self.windows()?.into_iter().map(|(_, title)| title).collect())
    }

    /// Moves the mouse pointer in a window, to and fro by one pixel.
    ///
    /// # Errors
    /// When there is no such window.
    pub fn move_pointer_in(&self, title: &str, turn: u16) -> Result<(), Box<dyn Error>> {
        let window = self.titled(title)?;
        let at = 40 + i16::try_from(turn % 2)?;
        self.connection.warp_pointer(x11rb::NONE, window, 0, 0, 0, 0, at, 40)?.check()?;
        Ok(())
    }

    fn titled(&self, title: &str) -> Result<Window, Box<dyn Error>> {
        let mut windows = self.windows()?.into_iter();
        Ok(windows.find(|(_, known)| known == title).ok_or("no window of that title")?.0)
    }

    /// The window of the program that is always there: the others are named after what is in them.
    fn window(&self) -> Result<(Window, Atoms), Box<dyn Error>> {
        let mut windows = self.windows()?;
        windows.sort_by_key(|(_, title)| !title.starts_with("Pitdesk"));
        let (window, _) = windows.into_iter().next().ok_or("no visible window")?;
        Ok((window, self.atoms()?))
    }

    fn atoms(&self) -> Result<Atoms, Box<dyn Error>> {
        let atom = |name: &[u8]| -> Result<Atom, Box<dyn Error>> {
            Ok(self.connection.intern_atom(false, name)?.reply()?.atom)
        };
        Ok(Atoms {
            protocols: atom(b"WM_PROTOCOLS")?,
            delete: atom(b"WM_DELETE_WINDOW")?,
            ping: atom(b"_NET_WM_PING")?,
        })
    }

    /// The visible windows that can be asked to close, with their titles. There is one program on the display.
    fn windows(&self) -> Result<Vec<(Window, String)>, Box<dyn Error>> {
        let atoms = self.atoms()?;
        let mut windows = Vec::new();
        for window in self.connection.query_tree(self.root)?.reply()?.children {
            let state = self.connection.get_window_attributes(window)?.reply()?.map_state;
            let property = self
                .connection
                .get_property(false, window, atoms.protocols, AtomEnum::ATOM, 0, 32)?
                .reply()?;
            let understood =
                property.value32().is_some_and(|mut known| known.any(|atom| atom == atoms.delete));
            if state == MapState::VIEWABLE && understood {
                let title = self
                    .connection
                    .get_property(false, window, AtomEnum::WM_NAME, AtomEnum::ANY, 0, 256)?
                    .reply()?;
                windows.push((window, String::from_utf8_lossy(&title.value).into_owned()));
            }
        }
        Ok(windows)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        super::end(&mut self.server);
    }
}
