//! The result of a day against a purse: what came in and went out, and what is held at the price of now.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    /// So many units at so many dollars above the market.
    Trade(Side, u8, i8),
    /// The market moves.
    Move(i8),
    /// Units come or go, and no execution says why.
    Transfer(i8),
    /// An execution that only books tell of.
    Missed(Side, u8),
    /// The program ends and starts anew.
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let side = || prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        (side(), 1_u8..20, -5_i8..5).prop_map(|(side, units, off)| Step::Trade(side, units, off)),
        (-9_i8..9).prop_map(Step::Move),
        (-20_i8..20).prop_map(Step::Transfer),
        (side(), 1_u8..20).prop_map(|(side, units)| Step::Missed(side, units)),
        Just(Step::Restart),
    ]
}

/// All that anybody need know.
struct Purse {
    money: i64,
    net: i64,
    mark: i64,
}

impl Purse {
    fn trades(&mut self, side: Side, units: u8, price: i64) {
        let units = if side == Side::Buy { i64::from(units) } else { -i64::from(units) };
        self.net += units;
        // Each execution costs a dollar.
        self.money -= units * price + 1;
    }

    fn worth(&self) -> i64 {
        self.money + self.net * self.mark
    }

    /// As a broker that forgets what was realised tells it; what is flat it does not mention.
    fn positions(&self) -> Vec<Position> {
        let held = position(&self.net.to_string(), "33", "0", "0");
        Vec::from_iter((self.net != 0).then_some(held))
    }
}

proptest! {
    #[test]
    fn a_day_has_come_to_what_a_purse_says(
        held in -20_i64..20,
        steps in prop::collection::vec(step(), 0..25),
    ) {
        let mut purse = Purse { money: 0, net: held, mark: 100 };
        let began = purse.worth();
        let mut given = 0;
        let mut stage = stage(|_| {}, &DayState::default());
        stage.connects(purse.positions());
        for step in steps {
            match step {
                Step::Trade(side, units, off) => {
                    let price = purse.mark + i64::from(off);
                    purse.trades(side, units, price);
                    stage.fills(side, &units.to_string(), &price.to_string());
                }
                Step::Move(by) => {
                    purse.mark = (purse.mark + i64::from(by)).max(10);
                }
                Step::Transfer(units) => {
                    purse.net += i64::from(units);
                    given += i64::from(units) * purse.mark;
                    stage.tells_books(purse.positions(), vec![]);
                }
                Step::Missed(side, units) => {
                    let (fill, _) = stage.execution(side, &units.to_string(), &purse.mark.to_string());
                    purse.trades(side, units, purse.mark);
                    stage.tells_books(purse.positions(), vec![fill]);
                }
                Step::Restart => {
                    stage = stage.restarts();
                    stage.connects(purse.positions());
                }
            }
            // What nobody holds is not watched: of what has come back there is a price again.
            stage.quote(0, &purse.mark.to_string());
            stage.passes();
            prop_assert_eq!(stage.result(), Some(Decimal::from(purse.worth() - began - given)));
        }
    }
}
