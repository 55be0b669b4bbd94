//! The driver itself, on the real program.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use crate::trader::Trader;
use crate::window::{Role, Window};

#[test]
fn widgets_have_names_values_and_pictures() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    assert!(trader.window.find(Role::Button, "Close").is_some_and(|close| !close.enabled));
    assert!(trader.window.find(Role::Button, "No such button").is_none());
    trader.type_into("Quantity", "1,234");
    let path = home.path().join("window.png");
    trader.window.screenshot(&path);
    let picture = image::open(&path).unwrap().to_rgba8();
    assert!(picture.width() >= 800 && picture.pixels().any(|pixel| *pixel != picture[(0, 0)]));
    trader.leave();
}

#[test]
fn killed_and_dropped_windows_leave_no_process() {
    for ends in [Window::kill, drop::<Window>] {
        let home = tempfile::tempdir().unwrap();
        let window = Window::start(&["--data-dir", home.path().to_str().unwrap()]);
        let process = window.process_id();
        ends(window);
        assert!(!Path::new(&format!("/proc/{process}")).exists(), "{process} still runs");
    }
}

#[test]
fn a_failure_tells_what_was_shown() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    let wait = AssertUnwindSafe(|| {
        trader.window.wait_for("the impossible", Duration::from_millis(50), |_| false);
    });
    let panic = catch_unwind(wait).expect_err("nothing is like that");
    let message = panic.downcast_ref::<String>().expect("a message");
    for part in ["the impossible", "Button \"Close\" disabled"] {
        assert!(message.contains(part), "{part} is missing in {message}");
    }
}

#[test]
fn a_program_that_does_not_start_says_why() {
    let panic = catch_unwind(|| Window::start(&["--no-such-option"]));
    let message = panic.err().expect("there is no such option");
    let message = message.downcast_ref::<String>().expect("a message");
    assert!(message.contains("--no-such-option") && message.contains("exit status: 2"), "{message}");
}
