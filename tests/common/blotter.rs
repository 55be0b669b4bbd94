//! The blotter alone on a desk with a market: orders, fills and positions as a test publishes
//! them, and what the pane asks for in return.

use std::sync::Arc;

use egui_kittest::Harness;
use pitdesk::domain::{
    AccountId, BrokerId, ExecId, Fill, InstrumentId, Liquidity, Money, Order, OrderId, OrderKind, OrderSpec,
    OrderStatus, Origin, Position, Price, Qty, Side, Time, TimeInForce,
};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, CommandId, Update};
use pitdesk::ui::blotter::Blotter;
use pitdesk::ui::pane::Pane as _;
use pitdesk::ui::theme::Theme;
use pitdesk::ui::{Commands, UiCommand, fonts};

use crate::desk::{Market, Window, decimal};

/// A pane, its desk, and what came out of it.
pub struct Bench {
    pub market: Market,
    pub window: Window,
    pub blotter: Blotter,
    /// Commands for the engine since the last look.
    pub sent: Vec<(CommandId, Command)>,
    /// Commands for the window since the last look.
    pub wishes: Vec<UiCommand>,
    next_id: u64,
}

impl Default for Bench {
    fn default() -> Self {
        let (mut market, mut window) = Market::with_desk();
        market.configure(|settings| {
            settings.time_zone_display = pitdesk::domain::settings::ZoneDisplay::Utc;
        });
        window.update(&market);
        let (sent, wishes) = (Vec::new(), Vec::new());
        Self { market, window, blotter: Blotter::default(), sent, wishes, next_id: 1 }
    }
}

impl Bench {
    /// One frame of the pane.
    pub fn frame(&mut self, ui: &mut egui::Ui) {
        self.window.update(&self.market);
        let mut out = Commands::new(self.market.now(), self.next_id);
        self.blotter.ui(ui, &self.window.desk, &mut out);
        self.next_id += out.sent().len() as u64;
        self.sent.extend(out.sent().iter().map(|envelope| (envelope.id, envelope.command.clone())));
        self.wishes.extend(out.for_window().iter().cloned());
    }

    /// What was sent since the last call.
    pub fn take_sent(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.sent).into_iter().map(|(_, command)| command).collect()
    }

    /// Publishes an order.
    pub fn order(&mut self, order: Order) {
        self.market.publish(Update::Order(order));
    }

    /// Publishes an order that was published before, changed.
    pub fn change(&mut self, id: u64, change: impl FnOnce(&mut Order)) {
        self.window.update(&self.market);
        let mut order = self.window.desk.blotter().get(OrderId(id)).expect("the order was published").clone();
        change(&mut order);
        self.order(order);
    }

    /// Answers the newest command.
    pub fn answer(&mut self, outcome: Result<Option<u64>, &str>) {
        let to = CommandId(self.next_id - 1);
        let outcome = outcome.map(|order| order.map(OrderId)).map_err(|why| Refused(why.into()));
        self.market.publish(Update::Answer(Answer { to, outcome }));
    }
}

/// A harness of a pane of this size around a bench.
pub fn harness(size: [f32; 2], bench: Bench) -> Harness<'static, Bench> {
    let setup = |ctx: &egui::Context| {
        fonts::install(ctx);
        Theme::dark().apply(ctx);
    };
    let builder =
        Harness::<Bench>::builder().with_size(size).with_step_dt(1.0 / 60.0).with_context_setup(setup);
    builder.build_ui_state(|ui, bench: &mut Bench| bench.frame(ui), bench)
}

/// A limit price of a literal.
pub fn limit(price: &str) -> OrderKind {
    OrderKind::Limit { price: Price(decimal(price)) }
}

/// A working day order, entered at `created`.
pub fn order(
    id: u64,
    instrument: InstrumentId,
    side: Side,
    quantity: &str,
    kind: OrderKind,
    created: Time,
) -> Order {
    Order {
        id: OrderId(id),
        broker: BrokerId(0),
        account: AccountId("PAPER".into()),
        spec: OrderSpec::new(instrument, side, Qty(decimal(quantity)), kind, TimeInForce::Day),
        status: OrderStatus::Working,
        filled: Qty::ZERO,
        average_price: None,
        trigger: None,
        reason: None::<Arc<str>>,
        origin: Origin::Ticket,
        created,
        updated: created,
    }
}

/// An execution of an order.
pub fn fill(exec: u64, order: &Order, quantity: &str, price: &str, commission: Money) -> Fill {
    Fill {
        exec_id: ExecId(exec.to_string().into()),
        order: order.id,
        account: order.account.clone(),
        instrument: order.spec.instrument,
        side: order.spec.side,
        quantity: Qty(decimal(quantity)),
        price: Price(decimal(price)),
        commission,
        realised: pitdesk::domain::Decimal::ZERO,
        liquidity: Liquidity::Taker,
        time: order.created,
    }
}

/// A position of the paper account.
pub fn position(instrument: InstrumentId, net: &str, average: &str) -> Position {
    Position {
        net: decimal(net),
        average_price: decimal(average),
        ..Position::flat(AccountId("PAPER".into()), instrument)
    }
}
