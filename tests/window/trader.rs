//! What a person at the terminal does and sees, in their words.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::{OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use egui::{Key, Modifiers};
use pitdesk::domain::money::rounded;
use pitdesk::domain::{Decimal, Time};
use pitdesk::ui::workspace::{Shelf, Workspace};

use crate::window::{Role, SOON, Tree, Widget, Window, now};

/// Longer than any back-off or drill of these tests.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// How long a person reads what a button asks.
const READING: Duration = Duration::from_millis(600);

/// Friday 20 November 2026, 15:00 UTC, New York open: the time at which the first window of
/// these tests is opened, so that their prices and sessions are the same on every day.
const START: Time = Time::from_seconds(1_795_186_800);

/// Who has the machine: one test that measures frames, or any number that do not.
static MACHINE: RwLock<()> = RwLock::new(());

#[expect(dead_code, reason = "held, never read")]
enum Share {
    Some(RwLockReadGuard<'static, ()>),
    All(RwLockWriteGuard<'static, ()>),
}

/// A trader in front of the window.
pub struct Trader {
    pub window: Window,
    // After the window, so that it is given back last.
    _share: Share,
}

impl Trader {
    /// Starts the terminal on what is kept in `home`, and waits until the paper broker is ready.
    #[track_caller]
    pub fn start(home: &Path) -> Self {
        Self::start_with(home, &[])
    }

    /// The same with more arguments.
    #[track_caller]
    pub fn start_with(home: &Path, arguments: &[&str]) -> Self {
        let share = Share::Some(MACHINE.read().unwrap_or_else(PoisonError::into_inner));
        Self::sit_down(home, arguments, share)
    }

    /// The same, with no other window of these tests running.
    #[track_caller]
    pub fn start_alone(home: &Path, arguments: &[&str]) -> Self {
        let share = Share::All(MACHINE.write().unwrap_or_else(PoisonError::into_inner));
        Self::sit_down(home, arguments, share)
    }

    #[track_caller]
    fn sit_down(home: &Path, arguments: &[&str], share: Share) -> Self {
        let home = home.to_str().expect("a path of a test is text");
        let at = program_time();
        begin_without_tour(home);
        let window = Window::start(&[&["--data-dir", home, "--at", &at], arguments].concat());
        let mut trader = Self { window, _share: share };
        trader.wait_for_connection("Ready");
        trader.window.wait_for("market data", PATIENCE, |w| w.role == Role::Button && w.name == "Bid");
        trader
    }

    /// Closes the window as its title bar does; returns what the program wrote.
    #[track_caller]
    pub fn leave(self) -> String {
        self.window.close()
    }

    /// Ends the program at once, as a power cut does.
    #[track_caller]
    pub fn kill(self) {
        self.window.kill();
    }

    #[track_caller]
    pub fn wait_for_connection(&mut self, state: &str) {
        self.window.wait_for(&format!("the connection to be {state}"), PATIENCE, |w| {
            w.role == Role::Label && w.name == state
        });
    }

    /// Waits until a widget's name or text has all of these parts.
    #[track_caller]
    pub fn wait_to_read(&mut self, parts: &[&str]) -> Widget {
        self.window.wait_for(&format!("{parts:?} on the screen"), PATIENCE, |w| {
            parts.iter().all(|part| w.name.contains(part) || w.value.contains(part))
        })
    }

    /// Opens the search, types, and takes the hit of this name.
    #[track_caller]
    pub fn search(&mut self, text: &str, hit: &str) {
        self.window.press_with(Modifiers::COMMAND, Key::K);
        self.window.wait_for("the search field", SOON, |w| {
            w.role == Role::TextInput && w.name == "Search" && w.has_keyboard
        });
        self.window.type_text(text);
        self.window.wait_for(&format!("the hit {hit:?} to be the first"), SOON, |w| {
            w.role == Role::ListBoxOption && w.name.starts_with(hit) && w.on == Some(true)
        });
        self.window.press(Key::Enter);
        self.window.wait_until("the search to close", SOON, |tree| {
            tree.find(Role::TextInput, "Search").is_none().then_some(())
        });
    }

    /// Turns the desk to an instrument through the search.
    #[track_caller]
    pub fn turn_to(&mut self, symbol: &str) {
        self.search(symbol, &format!("{symbol}, "));
        let chart = format!("Chart {symbol} · ");
        self.window.wait_for("the chart", SOON, |w| w.role == Role::Canvas && w.name.starts_with(&chart));
    }

    /// Makes the ticket one for market orders of a quantity.
    #[track_caller]
    pub fn prepare_market_order(&mut self, quantity: &str) {
        self.window.click("Order type");
        self.window.click("Market");
        self.window.wait_for("a ticket for market orders", SOON, |w| {
            w.role == Role::ComboBox && w.name == "Order type" && w.value == "Market"
        });
        self.type_into("Quantity", quantity);
    }

    /// Replaces the text of a field.
    #[track_caller]
    pub fn type_into(&mut self, field: &str, text: &str) {
        self.window.click(field);
        self.window.wait_for("the keyboard in the field", SOON, |w| {
            w.role == Role::TextInput && w.name == field && w.has_keyboard
        });
        self.window.press_with(Modifiers::COMMAND, Key::A);
        self.window.type_text(text);
        self.window.wait_for(&format!("{text:?} in the field"), SOON, |w| {
            w.role == Role::TextInput && w.name == field && w.value == text
        });
    }

    /// Presses a button of the ticket, reads what it asks, and presses again; returns what the
    /// ticket then says of the order. `words` are what is confirmed, as in "buy 10 MSFT at market".
    #[track_caller]
    #[expect(clippy::disallowed_methods, reason = "a person reads in the time of the wall")]
    pub fn trade(&mut self, button: &str, words: &str) -> String {
        let question = format!("Confirm {words}");
        let told = format!("{}{}:", words[..1].to_uppercase(), &words[1..]);
        let mut was_asked = false;
        let asked_at = Cell::new(None);
        loop {
            // The question lasts three seconds, which a busy machine may not keep: then ask again.
            let at = self.window.wait_until(&format!("{button:?} or {question:?}"), PATIENCE, |tree| {
                let said = tree.widgets.iter().find(|w| w.name.starts_with(&told));
                if let Some(said) = said.filter(|_| was_asked) {
                    return Some(Err(said.name.clone()));
                }
                if let Some(asks) = tree.pressable(&question).first() {
                    // A press that comes too soon belongs to the one that asked.
                    let since = asked_at.get().unwrap_or_else(Instant::now);
                    asked_at.set(Some(since));
                    return (since.elapsed() > READING).then_some(Ok((asks.bounds.center(), true)));
                }
                asked_at.set(None);
                tree.pressable(button).first().map(|w| Ok((w.bounds.center(), false)))
            });
            match at {
                Err(said) => return said,
                Ok((at, asks)) => {
                    was_asked |= asks;
                    asked_at.set(None);
                    self.window.click_at(at);
                }
            }
        }
    }

    /// Sends a limit order that rests far below the market; returns its price.
    #[track_caller]
    pub fn rest_a_buy(&mut self) -> String {
        let bid = self.window.find(Role::Button, "Bid").expect("the bid").value;
        let bid = bid.split(' ').next().map(|price| price.replace(',', ""));
        let bid: Decimal = bid.and_then(|price| price.parse().ok()).expect("a price");
        let price = rounded(bid * Decimal::new(95, 2), 2);
        self.type_into("Limit price", &price);
        self.trade("Buy", &format!("buy 100 AAPL @ {price}"));
        price
    }

    /// Cancels what works. Without orders that work, the window closes without a question.
    #[track_caller]
    pub fn cancel_all(&mut self) {
        self.search("cancel all", "Cancel all orders");
        self.wait_for_count("Orders", 0);
    }

    /// Writes a picture to where `PITDESK_PICTURES` says, for a person to look at.
    #[track_caller]
    pub fn keep_picture(&mut self, name: &str) {
        if let Some(folder) = std::env::var_os("PITDESK_PICTURES") {
            self.window.screenshot(&Path::new(&folder).join(name));
        }
    }

    /// Turns the blotter to a tab.
    #[track_caller]
    pub fn look_at(&mut self, tab: &str) {
        self.window.click(tab);
        self.window.wait_for("the tab", SOON, |w| w.role == Role::Tab && w.name == tab && w.on == Some(true));
        // The blotter holds its rows still while the pointer is above them.
        let title = self.window.find(Role::Tab, tab).expect("the tab was just there");
        self.window.events(vec![egui::Event::PointerMoved(title.bounds.center())]);
    }

    /// How many rows a tab of the blotter counts.
    #[track_caller]
    pub fn wait_for_count(&mut self, tab: &str, count: usize) {
        self.window.wait_for(&format!("{count} in {tab}"), PATIENCE, |w| {
            w.role == Role::Tab && w.name == tab && w.value == count.to_string()
        });
    }

    /// The rows of the blotter's table, top down, without their times.
    #[track_caller]
    pub fn rows(&mut self) -> Vec<String> {
        rows(&self.window.tree())
    }

    /// Waits for a row of the blotter that has all of these parts.
    #[track_caller]
    pub fn wait_for_row(&mut self, parts: &[&str]) -> String {
        self.window.wait_until(&format!("a row with {parts:?}"), PATIENCE, |tree| {
            rows(tree).into_iter().find(|row| parts.iter().all(|part| row.contains(part)))
        })
    }
}

/// The time that a program started now is told: it goes on from window to window, as days do.
pub fn program_time() -> String {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let first = *FIRST.get_or_init(now);
    (START + now().duration_since(first)).to_timestamp().to_string()
}

/// A time may be written otherwise on another day.
fn rows(tree: &Tree) -> Vec<String> {
    let rows = tree.widgets.iter().filter(|w| w.role == Role::Row).map(|w| &w.name);
    let without_time = |row: &String| match (row.find("Time "), row.find("Symbol ")) {
        (Some(time), Some(symbol)) => format!("{}{}", &row[..time], &row[symbol..]),
        _ => row.clone(),
    };
    rows.map(without_time).collect()
}

/// The value of a column in the name of a row, such as `Net`.
#[track_caller]
pub fn cell(row: &str, column: &str) -> String {
    let mark = format!("{column} ");
    // Amounts have commas too, but no blank behind them.
    let mut cells = row.split_once(": ").map_or(row, |(_, cells)| cells).split(", ");
    let found = cells.find_map(|cell| cell.strip_prefix(&mark));
    found.unwrap_or_else(|| panic!("no {column} in {row}")).to_owned()
}

/// A new profile begins with the standard workspace, as for whoever has seen the tour.
#[track_caller]
fn begin_without_tour(home: &str) {
    let profile = Path::new(home).join("paper");
    if !profile.exists() {
        fs::create_dir_all(&profile).expect("the folder of a test can be written");
        let saved = Shelf::default().to_text(&Workspace::default());
        fs::write(profile.join("workspace.json"), saved).expect("the folder of a test can be written");
    }
}
