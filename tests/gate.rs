//! That nothing but the gate can make what a broker adapter accepts: said by the compiler.
//!
//! Each case is a program of its own that uses the library as a broker of somebody else's
//! would. One must compile, so that the others cannot fail for a reason of the set-up; they
//! must not, each with the very error that its lock is for. The compiler is called directly,
//! on the library as it was built for this test: no second build of the dependencies, as
//! `trybuild` would need, and unlike doc tests it runs with `cargo test --all-targets`.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// What every case begins with.
const BEGIN: &str = "
    #![allow(unused)]
    use pitdesk::domain::{AccountId, Order, OrderId, OrderSpec};
    use pitdesk::risk::{self, ApprovedAmend, ApprovedOrder, Change, Known, Role};
    fn send(order: ApprovedOrder) {}
    fn change(amend: ApprovedAmend) {}
";

/// The newest build of the library that this test can have been linked with.
fn library() -> (PathBuf, PathBuf) {
    let this = std::env::current_exe().unwrap();
    let deps = this.parent().unwrap().to_owned();
    let built =
        |path: &Path| path.metadata().and_then(|meta| meta.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
    let is_library = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libpitdesk-") && name.ends_with(".rlib") && built(path) <= built(&this)
    };
    let found =
        std::fs::read_dir(&deps).unwrap().filter_map(|entry| Some(entry.ok()?.path())).filter(is_library);
    (found.max_by_key(|path| built(path)).unwrap(), deps)
}

/// What the compiler says to a program: nothing where it takes it.
fn compile(name: &str, body: &str) -> Result<(), String> {
    let (library, deps) = library();
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join(format!("{name}.rs"));
    std::fs::write(&source, format!("{BEGIN}\n{body}\n")).unwrap();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(dir.path())
        .arg("--extern")
        .arg(format!("pitdesk={}", library.display()))
        .arg("-L")
        .arg(format!("dependency={}", deps.display()))
        .arg(&source)
        .output()
        .unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn is_refused(name: &str, error: &str, body: &str) {
    let told = compile(name, body).unwrap_err();
    let errors = told.matches("\nerror[").count() + usize::from(told.starts_with("error["));
    assert!(told.contains(&format!("error[{error}]")), "{name} fails for another reason:\n{told}");
    assert_eq!(errors, 1, "{name} fails for more reasons than one:\n{told}");
}

#[test]
fn what_the_gate_approved_can_be_sent() {
    let body = "
        fn broker(order: &Order, known: &Known<'_>) {
            if let Ok(approved) = risk::approve(order, Role::Plain, known) { send(approved) }
            if let Ok(approved) = risk::approve_amend(order, Change::default(), Role::Plain, known) {
                change(approved)
            }
        }";
    compile("approved", body).unwrap();
}

#[test]
fn an_approval_cannot_be_written_down() {
    is_refused(
        "literal",
        "E0451",
        "fn broker(id: OrderId, account: AccountId, spec: OrderSpec) { send(ApprovedOrder { id, account, spec }) }",
    );
    is_refused(
        "amend_literal",
        "E0451",
        "fn broker(id: OrderId, new: Change) { change(ApprovedAmend { id, change: new }) }",
    );
    is_refused(
        "changed",
        "E0616",
        "fn broker(mut order: ApprovedOrder, spec: OrderSpec) { order.spec = spec; send(order) }",
    );
}

#[test]
fn an_approval_is_good_for_one_order() {
    is_refused("cloned", "E0599", "fn broker(order: ApprovedOrder) { send(order.clone()); send(order) }");
    is_refused("copied", "E0382", "fn broker(order: ApprovedOrder) { send(order); send(order) }");
    is_refused("amended_twice", "E0382", "fn broker(amend: ApprovedAmend) { change(amend); change(amend) }");
    is_refused(
        "request",
        "E0599",
        "fn broker(request: pitdesk::broker::BrokerRequest) -> pitdesk::broker::BrokerRequest { request.clone() }",
    );
}

#[test]
fn an_approval_comes_from_nowhere_else() {
    is_refused("default", "E0599", "fn broker() { send(ApprovedOrder::default()) }");
    is_refused("new", "E0599", "fn broker(order: Order) { send(ApprovedOrder::new(order)) }");
    is_refused("converted", "E0277", "fn broker(order: Order) { send(order.into()) }");
    is_refused("parsed", "E0277", "fn broker() { send(\"1\".parse().unwrap()) }");
}
