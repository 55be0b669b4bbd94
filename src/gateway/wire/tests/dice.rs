//! Arbitrary messages: every field of every structure, set or not, with usual and unusual values.

use std::collections::BTreeMap;

use crate::gateway::wire::History;

/// A generator from a seed (`SplitMix64`).
pub struct Dice(u64);

impl Dice {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, most: usize) -> usize {
        (self.next() % most as u64) as usize
    }

    pub fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }
}

/// What can be given an arbitrary value.
pub trait Fill {
    fn fill(&mut self, dice: &mut Dice);
}

impl Fill for i32 {
    fn fill(&mut self, dice: &mut Dice) {
        let any = dice.next() as Self;
        *self = dice.one(&[0, 1, 2, 3, 4, 5, 6, 7, -1, 1_500_000_000, any, Self::MIN, Self::MAX]);
    }
}

impl Fill for i64 {
    fn fill(&mut self, dice: &mut Dice) {
        let any = dice.next().cast_signed();
        *self = dice.one(&[0, 1, -1, 1_795_186_800, any, Self::MIN, Self::MAX]);
    }
}

impl Fill for bool {
    fn fill(&mut self, dice: &mut Dice) {
        *self = dice.below(2) == 1;
    }
}

impl Fill for f64 {
    fn fill(&mut self, dice: &mut Dice) {
        let any = Self::from_bits(dice.next());
        let any = if any.is_nan() { 0.5 } else { any };
        let price = (dice.below(1_000_000) as Self) / 100.0;
        let edges = [
            0.0,
            price,
            price,
            price,
            -price,
            any,
            1e-300,
            1e300,
            2_147_483_647.0,
            Self::MAX,
            Self::MIN,
            Self::INFINITY,
            Self::NEG_INFINITY,
        ];
        *self = dice.one(&edges);
    }
}

/// Words on which segments depend, and what escapes and lists could be torn by.
const WORDS: [&str; 34] = [
    "AAPL",
    "STK",
    "BAG",
    "BAG",
    "IBKRATS",
    "LMT",
    "PEG BENCH",
    "PEGBENCH",
    "PEG BEST",
    "PEG MID",
    "None",
    "10",
    "10.5",
    "1e3",
    "-0.25",
    "2147483647",
    "1.7976931348623157E308",
    "?",
    "a",
    "1",
    "",
    " ",
    "한국",
    "📈 é",
    "\\u0041",
    "\\",
    "\\\\u00e9",
    "\\ud83d",
    "\\u12",
    "a=b",
    "x;y=z;",
    "line\nline",
    "DU1,DU2",
    "SMART",
];

impl Fill for String {
    fn fill(&mut self, dice: &mut Dice) {
        *self = dice.one(&WORDS).to_owned();
        if dice.below(8) == 0 {
            self.push_str(dice.one(&WORDS));
        }
    }
}

impl<T: Fill + Default> Fill for Option<T> {
    fn fill(&mut self, dice: &mut Dice) {
        *self = (dice.below(4) > 0).then(|| {
            let mut value = T::default();
            value.fill(dice);
            value
        });
    }
}

impl<T: Fill + Default> Fill for Vec<T> {
    fn fill(&mut self, dice: &mut Dice) {
        self.clear();
        self.resize_with(dice.one(&[0, 1, 2, 5]), T::default);
        for item in self.iter_mut() {
            item.fill(dice);
        }
    }
}

impl<T: Fill> Fill for Box<T> {
    fn fill(&mut self, dice: &mut Dice) {
        (**self).fill(dice);
    }
}

impl Fill for BTreeMap<String, String> {
    fn fill(&mut self, dice: &mut Dice) {
        self.clear();
        for _ in 0..dice.one(&[0, 1, 3]) {
            let (mut key, mut value) = (String::new(), String::new());
            key.fill(dice);
            value.fill(dice);
            self.insert(key, value);
        }
    }
}

impl Fill for History {
    fn fill(&mut self, dice: &mut Dice) {
        self.data.fill(dice);
        self.end.fill(dice);
    }
}
