//! Whether a benchmark is to measure at all. `cargo test --all-targets` runs the benchmarks'
//! binaries too, to see that they start; only `cargo bench` passes `--bench`.
#![expect(clippy::print_stdout, reason = "a benchmark's result goes to stdout")]

/// Whether `cargo bench` has started this; if so, says on what machine.
pub fn is_asked() -> bool {
    let is_asked = std::env::args().any(|argument| argument == "--bench");
    if is_asked {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("{cores} cores, load {}", load.split_whitespace().next().unwrap_or("unknown"));
    }
    is_asked
}
