//! Where the columns stand in the width that there is.
//!
//! Wide, a row is one line. Where that line would have no room for the sizes, it becomes
//! two: symbol, last and change above; venue, bid, ask and volume below, smaller. When
//! even that is too wide, columns go: volume, sizes, the change's amount, bid and ask,
//! the per cent. What is shown is shown whole. The pictures (the day's range, its line) stand at
//! the right over the whole height, as long as the last price has room beside them.
//!
//! Widths are those of the longest text seen so far, so that columns stand still while
//! numbers move.

use egui::Rangef;

use super::choice::Choice;
use super::row::Cells;
use crate::ui::paint::Digits;

/// Between columns.
pub(super) const GAP: f32 = 10.0;
/// On both sides of a row.
pub(super) const PAD: f32 = 8.0;
/// Between a size, its `×` and the price; between bid and ask on each side of the line.
pub(super) const NARROW: f32 = 3.0;

/// Sign between a size and its price.
pub(super) const TIMES: &str = "×";

/// Widths of the pictures.
const RANGE: f32 = 56.0;
const SPARK: f32 = 64.0;

/// Widths in one font.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Widths {
    pub price: f32,
    pub size: f32,
    pub times: f32,
    pub volume: f32,
}

/// The widest texts seen so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Widest {
    pub symbol: f32,
    pub caption: f32,
    pub last: f32,
    pub change: f32,
    pub percent: f32,
    /// In the font of numbers, for rows of one line.
    pub text: Widths,
    /// In the small font, for rows of two.
    pub small: Widths,
}

/// One line or two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    One,
    Two,
}

/// Where each column stands, from the left edge of a row. Numbers are aligned at their
/// right, asks and what follows them at their left.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Columns {
    pub lines: Lines,
    /// Left edge of the venue, or of what stands in its place.
    pub caption: f32,
    /// Where it must end.
    pub caption_end: f32,
    /// Where the symbol, and the name behind it, must end.
    pub symbol_end: f32,
    pub last: Option<f32>,
    pub change: Option<f32>,
    pub percent: Option<f32>,
    /// The line between bid (right-aligned to its left) and ask.
    pub spread: Option<f32>,
    pub has_sizes: bool,
    pub volume: Option<f32>,
    /// From where to where.
    pub range: Option<Rangef>,
    pub spark: Option<Rangef>,
}

/// What is left out, one step after the other.
#[derive(Clone, Copy)]
struct Parts {
    last: bool,
    volume: bool,
    sizes: bool,
    change: bool,
    spread: bool,
    percent: bool,
}

impl Parts {
    const STEPS: [Self; 6] = {
        let all = Self { last: true, volume: true, sizes: true, change: true, spread: true, percent: true };
        let no_volume = Self { volume: false, ..all };
        let no_sizes = Self { sizes: false, ..no_volume };
        let no_change = Self { change: false, ..no_sizes };
        let no_spread = Self { spread: false, ..no_change };
        [all, no_volume, no_sizes, no_change, no_spread, Self { percent: false, ..no_spread }]
    };

    /// Those of them that are wanted.
    fn of(self, choice: Choice) -> Self {
        Self {
            last: self.last && choice.last,
            volume: self.volume && choice.volume,
            sizes: self.sizes && choice.spread,
            change: self.change && choice.change,
            spread: self.spread && choice.spread,
            percent: self.percent && choice.percent,
        }
    }
}

impl Widest {
    /// Takes the numbers of a row into account.
    pub fn see(&mut self, cells: &Cells, text: &Digits, small: &Digits) {
        let grow = |width: &mut f32, with: f32| *width = width.max(with);
        grow(&mut self.last, text.width(&cells.last));
        grow(&mut self.change, text.width(&cells.change));
        grow(&mut self.percent, text.width(&cells.percent));
        for (widths, digits) in [(&mut self.text, text), (&mut self.small, small)] {
            grow(&mut widths.price, digits.width(&cells.bid).max(digits.width(&cells.ask)));
            grow(&mut widths.size, digits.width(&cells.bid_size).max(digits.width(&cells.ask_size)));
            grow(&mut widths.volume, digits.width(&cells.volume));
            widths.times = digits.width(TIMES);
        }
    }

    /// The columns of rows that are `width` points wide.
    #[must_use]
    pub fn columns(&self, width: f32, choice: Choice) -> Columns {
        let Choice { range, spark, .. } = choice;
        let [.., least] = Parts::STEPS.map(|parts| parts.of(choice));
        let rest = |range: bool, spark: bool| {
            let of = |is_shown: bool, wide: f32| if is_shown { GAP + wide } else { 0.0 };
            width - of(range, RANGE) - of(spark, SPARK)
        };
        let fits = |(range, spark): &(bool, bool)| self.needed_in_two(least) <= rest(*range, *spark);
        let pictures = [(range, spark), (range, false)].into_iter().find(fits);
        let (range, spark) = pictures.unwrap_or_default();
        let rest = rest(range, spark);
        let mut left = rest - PAD + GAP;
        let mut picture = |wide: f32| {
            let from = left;
            left += wide + GAP;
            Rangef::new(from, from + wide)
        };
        let range = range.then(|| picture(RANGE));
        let spark = spark.then(|| picture(SPARK));
        Columns { range, spark, ..self.numbers(rest, choice) }
    }

    fn numbers(&self, width: f32, choice: Choice) -> Columns {
        let steps = Parts::STEPS.map(|parts| parts.of(choice));
        let with_sizes = &steps[..2];
        let in_one = with_sizes.iter().find(|parts| self.needed_in_one(**parts) <= width);
        if let Some(&parts) = in_one {
            return self.place_in_one(width, parts);
        }
        let [.., last_resort] = steps;
        let in_two = steps.into_iter().find(|parts| self.needed_in_two(*parts) <= width);
        self.place_in_two(width, in_two.unwrap_or(last_resort))
    }

    fn needed_in_one(&self, parts: Parts) -> f32 {
        let volume = if parts.volume { GAP + self.text.volume } else { 0.0 };
        let spread = if parts.spread { GAP + self.text.spread(parts) } else { 0.0 };
        2.0 * PAD + self.symbol + NARROW + self.caption + self.right_of_symbol(parts) + spread + volume
    }

    fn needed_in_two(&self, parts: Parts) -> f32 {
        let volume = if parts.volume { GAP + self.small.volume } else { 0.0 };
        let spread = if parts.spread { GAP + self.small.spread(parts) } else { 0.0 };
        let above = self.symbol + self.right_of_symbol(parts);
        let below = self.caption + spread + volume;
        2.0 * PAD + above.max(below)
    }

    /// Last and change, with the gaps in front of them.
    fn right_of_symbol(&self, parts: Parts) -> f32 {
        let change = if parts.change { GAP + self.change } else { 0.0 };
        let percent = if parts.percent { GAP + self.percent } else { 0.0 };
        let last = if parts.last { GAP + self.last } else { 0.0 };
        last + change + percent
    }

    fn place_in_one(&self, width: f32, parts: Parts) -> Columns {
        let mut right = width - PAD;
        let volume = parts.volume.then(|| take(&mut right, self.text.volume));
        let spread = parts.spread.then(|| take(&mut right, self.text.spread(parts)) - self.text.side(parts));
        let percent = parts.percent.then(|| take(&mut right, self.percent));
        let change = parts.change.then(|| take(&mut right, self.change));
        let last = parts.last.then(|| take(&mut right, self.last));
        let caption_end = right;
        let caption = PAD + self.symbol + GAP;
        Columns {
            lines: Lines::One,
            caption,
            caption_end,
            symbol_end: caption - GAP,
            last,
            change,
            percent,
            spread,
            has_sizes: parts.sizes,
            volume,
            range: None,
            spark: None,
        }
    }

    fn place_in_two(&self, width: f32, parts: Parts) -> Columns {
        let mut right = width - PAD;
        let percent = parts.percent.then(|| take(&mut right, self.percent));
        let change = parts.change.then(|| take(&mut right, self.change));
        let last = parts.last.then(|| take(&mut right, self.last));
        let symbol_end = right;
        let mut right = width - PAD;
        let volume = parts.volume.then(|| take(&mut right, self.small.volume));
        let spread = parts.spread.then(|| right - self.small.side(parts));
        Columns {
            lines: Lines::Two,
            caption: PAD,
            caption_end: spread.map_or(right, |spread| spread - self.small.side(parts) - GAP),
            symbol_end,
            last,
            change,
            percent,
            spread,
            has_sizes: parts.sizes,
            volume,
            range: None,
            spark: None,
        }
    }
}

impl Widths {
    /// Bid or ask with its size, from the line between them.
    fn side(&self, parts: Parts) -> f32 {
        let size = if parts.sizes { 2.0 * NARROW + self.times + self.size } else { 0.0 };
        2.0 * NARROW + self.price + size
    }

    fn spread(&self, parts: Parts) -> f32 {
        2.0 * self.side(parts)
    }
}

/// The right edge of a column, and `right` moved to that of the next.
fn take(right: &mut f32, width: f32) -> f32 {
    let edge = *right;
    *right -= width + GAP;
    edge
}

#[cfg(test)]
mod tests {
    use super::*;

    fn widest() -> Widest {
        let text = Widths { price: 80.0, size: 44.0, times: 8.0, volume: 44.0 };
        let small = Widths { price: 66.0, size: 36.0, times: 7.0, volume: 36.0 };
        Widest { symbol: 60.0, caption: 46.0, last: 80.0, change: 66.0, percent: 54.0, text, small }
    }

    fn columns(width: f32) -> Columns {
        widest().columns(width, Choice::default())
    }

    /// Every choice there is.
    fn choices() -> impl Iterator<Item = Choice> {
        (0..128u8).map(|bits| {
            let is = |bit: u8| bits & (1 << bit) != 0;
            Choice {
                last: is(0),
                change: is(1),
                percent: is(2),
                spread: is(3),
                volume: is(4),
                range: is(5),
                spark: is(6),
            }
        })
    }

    /// Left edges of the columns do not reach into what stands before them.
    fn check_no_overlap(width: f32, choice: Choice) {
        let (w, c) = (widest(), widest().columns(width, choice));
        let numbers = match c.lines {
            Lines::One => w.text,
            Lines::Two => w.small,
        };
        let mut above = vec![(PAD, c.symbol_end.min(PAD + w.symbol))];
        above.extend(c.last.map(|x| (x - w.last, x)));
        above.extend(c.change.map(|x| (x - w.change, x)));
        above.extend(c.percent.map(|x| (x - w.percent, x)));
        let mut below = vec![(c.caption, c.caption + w.caption)];
        let size = if c.has_sizes { 2.0 * NARROW + numbers.times + numbers.size } else { 0.0 };
        below.extend(c.spread.map(|x| (x - NARROW - numbers.price - size, x)));
        below.extend(c.spread.map(|x| (x, x + NARROW + numbers.price + size)));
        below.extend(c.volume.map(|x| (x - numbers.volume, x)));
        let pictures = [c.range, c.spark].into_iter().flatten().map(|x| (x.min, x.max));
        let mut rows = match c.lines {
            Lines::One => {
                let caption = below.remove(0);
                above.insert(1, caption);
                above.extend(below);
                vec![above]
            }
            Lines::Two => vec![above, below],
        };
        for row in &mut rows {
            row.extend(pictures.clone());
        }
        for row in rows {
            for pair in row.windows(2) {
                assert!(pair[0].1 <= pair[1].0, "at {width}: {pair:?} overlap in {row:?}");
            }
            let (first, last) = (row[0].0, row[row.len() - 1].1);
            assert!(first >= 0.0 && last <= width, "at {width}: {row:?} sticks out");
        }
    }

    #[test]
    fn nothing_overlaps_or_sticks_out_from_the_narrowest_useful_width_on() {
        for width in 170..900 {
            check_no_overlap(width as f32, Choice::default());
        }
    }

    #[test]
    fn nothing_overlaps_whatever_is_chosen_and_what_is_not_chosen_is_not_shown() {
        for choice in choices() {
            for width in (170..1_100).step_by(7) {
                check_no_overlap(width as f32, choice);
            }
            let c = widest().columns(1_100.0, choice);
            let shown = Choice {
                last: c.last.is_some(),
                change: c.change.is_some(),
                percent: c.percent.is_some(),
                spread: c.spread.is_some(),
                volume: c.volume.is_some(),
                range: c.range.is_some(),
                spark: c.spark.is_some(),
            };
            assert_eq!(shown, choice, "there is room for all");
        }
    }

    #[test]
    fn columns_go_in_order_of_weight_and_never_come_back_when_narrower() {
        let shown = |width: u16| {
            let c = columns(f32::from(width));
            [c.volume.is_some(), c.has_sizes, c.change.is_some(), c.spread.is_some(), c.percent.is_some()]
        };
        let count = |width| shown(width).into_iter().filter(|is| *is).count();
        for width in 140..900 {
            let now = shown(width);
            assert!(now.is_sorted(), "at {width}: {now:?} drops a weightier column first");
        }
        let two_lines = (140..480).map(count);
        assert!(two_lines.is_sorted(), "more room shows no less");
        assert_eq!((count(140), count(900)), (0, 5));
    }

    #[test]
    fn a_wide_list_has_one_line_and_a_narrow_one_two() {
        assert_eq!(columns(900.0).lines, Lines::One);
        assert_eq!(columns(500.0).lines, Lines::Two);
    }
}
