//! The window-test driver itself, on a small program (`examples/inspected.rs`).

#![cfg(feature = "inspection")]

#[path = "common/window.rs"]
mod window;

use std::path::{Path, PathBuf};

use egui::{Key, Modifiers, vec2};
use window::{Role, SOON, Window};

/// `cargo test` builds examples before it runs tests, into a folder beside the binaries.
fn program() -> PathBuf {
    let path = Path::new(env!("CARGO_BIN_EXE_pitdesk")).with_file_name("examples").join("inspected");
    assert!(path.exists(), "first: cargo build --features inspection --example inspected");
    path
}

fn start() -> Window {
    Window::start_program(&program(), &["inspected"])
}

#[test]
fn widgets_are_found_by_role_and_name_and_changed_by_mouse_and_keyboard() {
    let mut window = start();
    assert!(window.find(Role::Button, "Buy").is_some_and(|buy| !buy.enabled));
    assert!(window.find(Role::Button, "Sell").is_none());

    window.click("Armed");
    window.wait_for("the arm switch", SOON, |w| w.role == Role::CheckBox && w.on == Some(true));
    window.click("Buy");
    window.click("Buy");
    window.wait_for("two orders", SOON, |w| w.value == "2 orders");

    window.click("Symbol");
    window.type_text("BTC/JPY ¥");
    window.press(Key::Backspace);
    let symbol = window.wait_for("the text", SOON, |w| w.role == Role::TextInput && w.value == "BTC/JPY ");
    assert_eq!(symbol.name, "Symbol", "named by its label");
    assert!(symbol.has_keyboard);

    window.press_with(Modifiers::SHIFT, Key::F5);
    window.wait_for("the key", SOON, |w| w.value == "keys: Shift+F5");

    let pad = window.find(Role::Button, "Pad").expect("the pad").bounds.center();
    window.drag(pad, pad + vec2(40.0, 20.0));
    window.wait_for("the drag", SOON, |w| w.value == "dragged 40 20");
    let quantity = window.find(Role::SpinButton, "Quantity").expect("the quantity");
    assert_eq!(quantity.number, Some(0.0));
}

#[test]
fn the_window_has_the_keyboard_and_can_be_photographed() {
    let mut window = start();
    window.wait_for("the focus", SOON, |w| w.value == "in front");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("window.png");
    window.screenshot(&path);
    let picture = image::open(&path).unwrap().to_rgba8();
    assert!(picture.width() >= 640 && picture.pixels().any(|pixel| *pixel != picture[(0, 0)]));
}

#[test]
fn closing_is_a_request_and_the_program_ends_in_order() {
    let output = start().close();
    assert!(output.contains("closed in order"), "{output}");
}

#[test]
fn a_program_that_ends_by_itself_gives_its_code() {
    let mut window = start();
    // The answer to this click may or may not arrive before the end.
    let quit = window.find(Role::Button, "Quit").expect("the button").bounds.center();
    let clicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| window.click_at(quit)));
    drop(clicked);
    assert_eq!(window.wait_for_exit(SOON).code(), Some(7));
    assert!(!window.output().contains("closed in order"));
}

#[test]
fn killed_and_dropped_windows_leave_no_process() {
    let (killed, dropped) = (start(), start());
    let processes = [killed.process_id(), dropped.process_id()];
    killed.kill();
    drop(dropped);
    for process in processes {
        assert!(!Path::new(&format!("/proc/{process}")).exists(), "{process} still runs");
    }
}

#[test]
fn a_failure_tells_what_was_shown_and_written() {
    let mut window = start();
    let fail = std::panic::AssertUnwindSafe(|| {
        window.wait_for("the impossible", std::time::Duration::from_millis(50), |_| false);
    });
    let panic = std::panic::catch_unwind(fail).expect_err("nothing is like that");
    let message = panic.downcast_ref::<String>().expect("a message");
    for part in ["the impossible", "Button \"Buy\" disabled", "--- output.log\nstarted"] {
        assert!(message.contains(part), "{part} is missing in {message}");
    }
}

#[test]
fn a_program_that_does_not_start_says_why() {
    let panic =
        std::panic::catch_unwind(|| Window::start_program(Path::new("/bin/ls"), &["/no/such/folder"]));
    let message = panic.err().expect("ls has no window");
    let message = message.downcast_ref::<String>().expect("a message");
    assert!(message.contains("/no/such/folder") && message.contains("exit status: 2"), "{message}");
}
