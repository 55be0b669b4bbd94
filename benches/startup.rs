//! The program itself under Xvfb: how soon its first frame is there, what it costs while
//! nothing moves, how much memory it holds. `cargo bench --bench startup`.
//!
//! The first frame's time is the program's own word, from its log, counted from the start of
//! `main`; what comes before that (loading, linking, arguments) is timed by `--version`.
//! Shaders and files are warm: the first start does not count. Processor time is what the
//! scheduler booked to the process's threads. Without Xvfb nothing is measured.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/process.rs"]
mod process;
#[path = "common/spans.rs"]
mod spans;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use process::resident_mb;
use rustix::process::{Pid, Signal, kill_process};
use spans::{Budget, heading, report};

const STARTS: usize = 12;
const START: Budget = Budget { median: 300.0, p99: f64::INFINITY };
/// Per cent of a core.
const IDLE_BUDGET: f64 = 1.0;
const IDLE: Duration = Duration::from_secs(20);
const MEMORY_BUDGET: f64 = 180.0;
/// Longest wait for anything, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);
const BARS: usize = 1_000_000;
/// When the first of those bars begins.
const FIRST_BAR: i64 = 1_600_000_020;
/// A recording that is over as soon as it is begun: then nothing moves any more.
const STILL: &str = "time,open,high,low,close,volume
2026-11-19T15:00:00Z,100,101,99,100,10
2026-11-20T15:00:00Z,100,101,99,100,10
2026-11-20T15:01:00Z,100,101,99,100,10
";

fn main() {
    if !asked::is_asked() {
        return;
    }
    let Some(display) = Display::start() else {
        println!("no Xvfb here, nothing measured: apt-get install xvfb libgl1-mesa-dri");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder for temporary files");
    let desk = Place { display: display.name.clone(), folder: folder.path().to_owned() };
    starts(&desk);
    idle(&desk);
    memory(&desk);
}

fn starts(desk: &Place) {
    let mut spans: [Vec<f64>; 3] = Default::default();
    for i in 0..=STARTS {
        let begin = Instant::now();
        let mut version = desk.program(&["--version"]);
        version.wait().expect("the child is ours");
        let before_main = begin.elapsed().as_secs_f64() * 1e3;
        let program = Running::start(desk, &[]);
        let (first, market) = (program.said("first frame after "), program.said("with the market after "));
        drop(program);
        if i > 0 {
            for (spans, span) in
                spans.iter_mut().zip([before_main, before_main + first, before_main + market])
            {
                spans.push(span);
            }
        }
    }
    heading("start, 1600x900, ms");
    report("process start to main (the run of --version)", None, &spans[0]);
    report("process start to the first painted frame", Some(START), &spans[1]);
    report("process start to the first frame with the market", None, &spans[2]);
}

fn idle(desk: &Place) {
    let still = desk.folder.join("still.csv");
    fs::write(&still, STILL).expect("the new folder can be written");
    let program = Running::start(desk, &["--replay", &still.to_string_lossy(), "--speed", "60"]);
    program.said("with the market after ");
    // The clock counts seconds for a while after the last change.
    std::thread::sleep(Duration::from_secs(10));
    let (before, begin) = (program.busy(), Instant::now());
    std::thread::sleep(IDLE);
    let (after, span) = (program.busy(), begin.elapsed());
    let share = |part: fn(&Busy) -> Duration| {
        part(&after).saturating_sub(part(&before)).as_secs_f64() / span.as_secs_f64() * 100.0
    };
    let (all, window, pixels) = (share(|b| b.all), share(|b| b.window), share(|b| b.pixels));
    let said = program.close();
    let verdict = if all <= IDLE_BUDGET { "within" } else { "OVER" };
    println!(
        "\nidle, nothing moves: {all:.2} % of a core ({verdict} the budget of {IDLE_BUDGET} %), of it \
         {window:.2} % in the window's thread and {pixels:.2} % in those that stand for a GPU; from start to \
         end it {said}"
    );
}

fn memory(desk: &Place) {
    println!("\nresident memory, MB (budget {MEMORY_BUDGET})");
    let usual = Running::start(desk, &[]).settled_mb();
    println!("{:<58} {usual:>9.1}", "standard workspace, practice market");
    let csv = desk.folder.join("bars.csv");
    fs::write(&csv, bars()).expect("the new folder can be written");
    let import = ["import", &csv.to_string_lossy(), "--symbol", "BENCH", "--zone", "UTC"];
    let status = desk.program(&import).wait().expect("the child is ours");
    assert!(status.success(), "the import failed: {status}");
    let late = FIRST_BAR + 60 * (BARS.cast_signed() as i64 - 1_000);
    let from = jiff::Timestamp::from_second(late).expect("a time of our days").to_string();
    let replay = ["--replay", "BENCH", "--from", &from];
    let part = Running::start(desk, &replay).settled_mb();
    println!("{:<58} {part:>9.1}", "replay of 1 M bars, the newest in the chart");
    desk.zoom_out();
    let all = Running::start(desk, &replay).settled_mb();
    let verdict = if all <= MEMORY_BUDGET { "" } else { "  OVER BUDGET" };
    println!("{:<58} {all:>9.1}{verdict}", "replay of 1 M bars, all of them in the chart");
}

/// A random walk of one-minute bars from a seed, as CSV.
fn bars() -> String {
    let mut text = String::from("time,open,high,low,close,volume\n");
    let mut state = 20_261_121_u64;
    let mut cents = 10_000_i64;
    for i in 0..BARS.cast_signed() as i64 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (open, step) = (cents, (state >> 33).cast_signed() % 21 - 10);
        cents = (cents + step).max(1_000);
        let (high, low) = (open.max(cents) + 3, open.min(cents) - 3);
        let price = |cents: i64| format!("{}.{:02}", cents / 100, cents % 100);
        let (open, high, low, close) = (price(open), price(high), price(low), price(cents));
        let volume = 100 + (state >> 50);
        writeln!(text, "{},{open},{high},{low},{close},{volume}", FIRST_BAR + 60 * i)
            .expect("writing to a string cannot fail");
    }
    text
}

/// Where programs are started: a display, and a folder for all they keep.
struct Place {
    display: String,
    folder: PathBuf,
}

impl Place {
    fn program(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["--profile", "bench", "--data-dir"])
            .arg(&self.folder)
            .args(arguments)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("WAYLAND_SOCKET")
            .env_remove("PITDESK_LOG")
            .env("MESA_SHADER_CACHE_DIR", self.folder.join("shaders"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .expect("cargo has built the program")
    }

    fn logs(&self) -> PathBuf {
        self.folder.join("bench/logs")
    }

    /// The log of the newest run.
    fn log(&self) -> String {
        let files = fs::read_dir(self.logs()).into_iter().flatten().flatten();
        files.filter_map(|file| fs::read_to_string(file.path()).ok()).collect()
    }

    /// Makes the saved chart show more than all bars, as a trader does with the wheel.
    fn zoom_out(&self) {
        let path = self.folder.join("bench/workspace.json");
        let text = fs::read_to_string(&path).expect("the program has saved its workspace");
        let mut saved: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let spacing = &mut saved["panes"]["chart"]["view"]["spacing"];
        assert!(spacing.is_number(), "the chart's zoom is not where it was: {text}");
        *spacing = 0.0007.into();
        fs::write(&path, saved.to_string()).expect("the folder can be written");
    }
}

/// Processor time since the start.
#[derive(Default)]
struct Busy {
    all: Duration,
    window: Duration,
    /// Of Mesa's threads that draw pixels where there is no GPU.
    pixels: Duration,
}

/// A program in its window. Dropping it closes the window in order.
struct Running<'a> {
    desk: &'a Place,
    child: Child,
}

impl<'a> Running<'a> {
    fn start(desk: &'a Place, arguments: &[&str]) -> Self {
        // One run, one log.
        fs::remove_dir_all(desk.logs())
            .or_else(|error| match error.kind() {
                std::io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            })
            .expect("the folder is ours");
        Self { desk, child: desk.program(arguments) }
    }

    /// The number behind these words in its log.
    fn said(&self, words: &str) -> f64 {
        let begin = Instant::now();
        loop {
            let log = self.desk.log();
            let found = log.lines().find_map(|line| line.split_once(words)?.1.split_once(' '));
            if let Some(number) = found.and_then(|(number, _)| number.parse().ok()) {
                return number;
            }
            assert!(begin.elapsed() < LIMIT, "the program has not said '{words}':\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn busy(&self) -> Busy {
        let id = self.child.id().to_string();
        let mut busy = Busy::default();
        for thread in fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten() {
            let read = |file: &str| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
            let nanos = read("schedstat").split_whitespace().next().and_then(|word| word.parse().ok());
            let time = Duration::from_nanos(nanos.unwrap_or(0));
            busy.all += time;
            if thread.file_name() == *id {
                busy.window += time;
            }
            if read("comm").starts_with("llvmpipe") {
                busy.pixels += time;
            }
        }
        busy
    }

    /// Its memory once it grows no more.
    fn settled_mb(self) -> f64 {
        self.said("with the market after ");
        let (begin, mut rest, mut before) = (Instant::now(), 0, f64::NAN);
        while rest < 6 && begin.elapsed() < LIMIT {
            std::thread::sleep(Duration::from_secs(1));
            let now = resident_mb(&self.child.id().to_string());
            rest = if (now - before).abs() < 0.5 { rest + 1 } else { 0 };
            before = now;
        }
        before
    }

    /// Closes it; what it said of its frames.
    fn close(self) -> String {
        let desk = self.desk;
        drop(self);
        let log = desk.log();
        log.lines()
            .find_map(|line| Some(line.split_at(line.find("painted ")?).1))
            .unwrap_or_default()
            .to_owned()
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// An X server without a screen.
struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts a server on the first free display; nothing where there is none to start.
    fn start() -> Option<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1600x1000x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        // The server writes its number when it is ready, and closes the pipe when it fails.
        let mut number = String::new();
        let read = server.stdout.take().map(|pipe| BufReader::new(pipe).read_line(&mut number));
        let display = Self { server, name: format!(":{}", number.trim()) };
        matches!(read, Some(Ok(1..))).then_some(display)
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        end(&mut self.server);
    }
}

/// Asks a process to end, and waits for it.
fn end(child: &mut Child) {
    // Already ended is fine.
    kill_process(Pid::from_child(child), Signal::TERM).unwrap_or_default();
    child.wait().map(drop).unwrap_or_default();
}
