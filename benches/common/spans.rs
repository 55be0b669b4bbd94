//! Spans of time, and the line that tells them beside their budget.
#![expect(clippy::print_stdout, reason = "a benchmark's result goes to stdout")]

/// What a line promises, in milliseconds.
#[derive(Clone, Copy)]
pub struct Budget {
    /// That half of the spans keep.
    pub median: f64,
    /// That 99 in 100 keep.
    pub p99: f64,
}

/// Prints the heading of the lines that follow.
pub fn heading(title: &str) {
    println!("\n{title:<58} {:>9} {:>9} {:>9} {:>9} {:>9}", "budget", "median", "p99", "budget", "most");
}

/// The span that this share of all keep.
pub fn at(spans: &[f64], share: f64) -> f64 {
    let mut sorted = spans.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).ceil() as usize).copied().unwrap_or(f64::NAN)
}

/// Prints a line: budget and median, 99th percentile and its budget, and the longest, in milliseconds.
/// Parts of something have no budget of their own.
pub fn report(what: &str, budget: Option<Budget>, spans: &[f64]) {
    let at = |share| at(spans, share);
    let limits = budget.unwrap_or(Budget { median: f64::INFINITY, p99: f64::INFINITY });
    let (median, p99) = (at(0.5), at(0.99));
    let promise = |limit: f64| if limit.is_finite() { format!("{limit:.2}") } else { String::new() };
    let is_kept = median <= limits.median && p99 <= limits.p99;
    let verdict = if is_kept { "" } else { "  OVER BUDGET" };
    println!(
        "{what:<58} {:>9} {median:>9.3} {p99:>9.3} {:>9} {:>9.3}{verdict}",
        promise(limits.median),
        promise(limits.p99),
        at(1.0)
    );
}
