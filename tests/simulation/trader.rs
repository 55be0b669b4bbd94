//! A trader of dice: what he wants next.

use pitdesk::domain::{
    Decimal, InstrumentId, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Price, Qty, Quote,
    Side, TimeInForce,
};
use pitdesk::link::{Bracket, Command, ConnectionState, Decision, Flatten, Place};
use pitdesk::risk::Despite;

use crate::exchange::instruments;
use crate::pipe::Dice;
use crate::program::Program;

/// What he likes to trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taste {
    Mixed,
    /// Many brackets, with entries and exits that fill.
    Brackets,
}

/// What comes into his mind, with what he sees.
pub fn wish(program: &Program, taste: Taste, dice: &mut Dice) -> Option<Command> {
    let instrument = InstrumentId(u32::try_from(dice.below(instruments().len() as u64)).unwrap());
    let working: Vec<OrderId> = program.desk.blotter().working_ids().to_vec();
    let some_order =
        |dice: &mut Dice| working.get(usize::try_from(dice.below(working.len().max(1) as u64)).unwrap());
    if let Some(order) = unknown(program)
        && dice.hits(6)
    {
        return Some(Command::Decide { order, decision: Decision::IsGone });
    }
    match dice.below(40) {
        0..16 => place(program, instrument, taste, dice).map(Command::Place),
        16..20 => some_order(dice).map(|&order| Command::Cancel { order }),
        20..24 => some_order(dice).and_then(|&order| amend(program, order, dice)),
        24 => Some(Command::CancelAll { instrument: dice.hits(2).then_some(instrument) }),
        25 | 26 => Some(Command::Close { account: "PAPER".into(), instrument, despite: Despite::default() }),
        27 => Some(Command::Reverse { account: "PAPER".into(), instrument, despite: Despite::default() }),
        28 if dice.hits(8) => {
            let flatten = match dice.below(3) {
                0 => Flatten::No,
                1 => Flatten::Market,
                _ => Flatten::Within(Decimal::ONE),
            };
            Some(Command::Kill { flatten })
        }
        29 => Some(Command::Reconcile { broker: pitdesk::domain::BrokerId(0) }),
        // Away from the screen.
        _ => None,
    }
}

/// An order of which the broker, asked, could not say what became of it.
fn unknown(program: &Program) -> Option<OrderId> {
    let is_ready = program.desk.connections().iter().all(|c| c.state == ConnectionState::Ready);
    let mut unknown = program.desk.blotter().working().filter(|order| order.status == OrderStatus::Unknown);
    unknown.next().filter(|_| is_ready).map(|order| order.id)
}

fn place(program: &Program, instrument: InstrumentId, taste: Taste, dice: &mut Dice) -> Option<Place> {
    let quote: Quote = *program.desk.quote(instrument)?.quote;
    let side = if dice.hits(2) { Side::Buy } else { Side::Sell };
    let listed = &instruments()[instrument.index()];
    let near = if side == Side::Buy { quote.bid } else { quote.ask }?;
    let far = if side == Side::Buy { quote.ask } else { quote.bid }?;
    let far_away = if dice.hits(2) { 60 } else { 8 };
    let away = |dice: &mut Dice| {
        i32::try_from(dice.below(far_away)).unwrap() * if side == Side::Buy { -1 } else { 1 }
    };
    let kind = match dice.below(7) {
        0 | 1 => OrderKind::Market,
        4 | 5 if taste == Taste::Brackets => OrderKind::Market,
        // Now and then a finger is fat.
        6 if dice.hits(6) => OrderKind::Limit { price: listed.ticks.step(far, -away(dice) * 100) },
        2 => OrderKind::Limit { price: far },
        3 => OrderKind::Stop { stop: listed.ticks.step(far, -away(dice)) },
        _ => OrderKind::Limit { price: listed.ticks.step(near, away(dice)) },
    };
    let tif = if dice.hits(2) { TimeInForce::Gtc } else { TimeInForce::Day };
    // Now and then more than he may.
    let quantity = Qty(Decimal::from(1 + dice.below(24)));
    let (one_in, nearest, farther) = match taste {
        Taste::Mixed => (5, 20, 100),
        Taste::Brackets => (2, 4, 30),
    };
    let bracket = dice.hits(one_in).then(|| {
        let ticks = nearest + i32::try_from(dice.below(farther)).unwrap();
        let sign = if side == Side::Buy { 1 } else { -1 };
        // Many want a stop alone.
        let has_target = !dice.hits(3);
        Bracket::gtc(
            has_target.then(|| listed.ticks.step(far, sign * ticks)),
            Some(listed.ticks.step(near, -sign * ticks)),
        )
    });
    let spec = OrderSpec::new(instrument, side, quantity, kind, tif);
    Some(Place {
        account: "PAPER".into(),
        spec,
        bracket,
        origin: Origin::Ticket,
        seen: Some(quote),
        names: Vec::new(),
        despite: Despite::default(),
    })
}

fn amend(program: &Program, id: OrderId, dice: &mut Dice) -> Option<Command> {
    let order: &Order = program.desk.blotter().get(id)?;
    let listed = &instruments()[order.spec.instrument.index()];
    let by =
        |price: Price, dice: &mut Dice| listed.ticks.step(price, i32::try_from(dice.below(21)).unwrap() - 10);
    let quantity = dice.hits(2).then(|| Qty(Decimal::from(1 + dice.below(24))));
    let limit = order.spec.kind.limit().map(|price| by(price, dice));
    let stop = order.spec.kind.stop().map(|price| by(price, dice));
    Some(Command::Amend { order: id, quantity, limit, stop, despite: Despite::default() })
}
