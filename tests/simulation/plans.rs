//! The trader's plans of target weights: plain orders in one command, now and then the same plan again.

use pitdesk::domain::{
    Decimal, InstrumentId, OrderKind, OrderSpec, PlanId, Qty, Quote, Side, Time, TimeInForce,
};
use pitdesk::link::{Allocation, AllocationOrder, Command};

use crate::exchange::instruments;
use crate::pipe::Dice;
use crate::program::Program;
use crate::witness::Witness;

/// What he has planned. It outlives the program.
#[derive(Debug, Default)]
pub struct Plans {
    made: u64,
    last: Option<Allocation>,
}

impl Plans {
    /// Sends one, if he feels like it; whether the kill switch is on is not his concern.
    pub fn send(&mut self, program: &mut Program, witness: &mut Witness, now: Time, dice: &mut Dice) {
        if !dice.hits(12) {
            return;
        }
        let again = self.last.clone().filter(|_| dice.hits(3));
        witness.tally.count("plans sent again", u64::from(again.is_some()));
        let plan = match again {
            // With the weights of then, or with others under its name.
            Some(plan) if dice.hits(2) => Some(plan),
            Some(plan) => draw(program, plan.plan, dice),
            None => {
                self.made += 1;
                draw(program, PlanId(self.made), dice)
            }
        };
        let Some(plan) = plan else { return };
        witness.tally.count("plans", 1);
        witness.tally.count("plans while locked", u64::from(program.desk.kill().is_locked()));
        self.last = Some(plan.clone());
        program.command(&Command::Allocate(plan), witness, now);
    }
}

/// A plan with what he sees; as a rule where no order works, for there it would be refused whole.
fn draw(program: &Program, plan: PlanId, dice: &mut Dice) -> Option<Allocation> {
    let works = |id: InstrumentId| program.desk.blotter().working().any(|o| o.spec.instrument == id);
    let is_careless = dice.hits(6);
    let ids = (0..instruments().len())
        .map(|index| InstrumentId(index as u32))
        .filter(|id| is_careless || !works(*id));
    let orders: Vec<AllocationOrder> = ids.filter_map(|id| order(program, id, dice)).collect();
    (!orders.is_empty()).then(|| Allocation { plan, account: "PAPER".into(), orders: orders.into() })
}

fn order(program: &Program, id: InstrumentId, dice: &mut Dice) -> Option<AllocationOrder> {
    let quote: Quote = *program.desk.quote(id)?.quote;
    let side = if dice.hits(2) { Side::Buy } else { Side::Sell };
    let (far, through) = if side == Side::Buy { (quote.ask?, 3) } else { (quote.bid?, -3) };
    let price = instruments()[id.index()].ticks.step(far, through);
    let kind = if dice.hits(2) { OrderKind::Market } else { OrderKind::Limit { price } };
    // Now and then more than he may.
    let quantity = Qty(Decimal::from(1 + dice.below(24)));
    let held = program.desk.blotter().positions().find(|p| p.instrument == id).map(|p| p.net);
    let spec = OrderSpec::new(id, side, quantity, kind, TimeInForce::Day);
    Some(AllocationOrder { spec, held: held.unwrap_or_default(), seen: Some(quote) })
}
