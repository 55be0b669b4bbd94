//! Trading keys: one press, one order, whatever pane has the focus, for the instrument of the pane that was used
//! last.
//!
//! They act only while one-click trading is armed. None acts while text is typed or composed, while a window, a
//! menu or the search stands open, or because a key is held. A press is about what was on the screen when it
//! came: the price is that of the frame before, and where the instrument is another by now, or anything else was
//! asked of the window in the same frame, nothing is sent. What is sent goes the way of the ladder's clicks
//! ([`dealing`]); a quote that is old or missing is refused here, for closing and reversing as well, for whoever
//! closes at any price has the ticket, which asks. Cancels need no quote.

use egui::{Context, Event, Popup};

use super::{Act, Scope, keys_of, struck};
use crate::desk::{Desk, Freshness};
use crate::domain::{Instrument, InstrumentId, Order, OrderId, OrderKind, Origin, Qty, Quote, Side};
use crate::link::{Command, NoticeLevel};
use crate::ui::commands::Commands;
use crate::ui::dealing::{self, Deal, Entry, at_once, best, is_armed, name_of, usual_quantity};
use crate::ui::format;
use crate::ui::ladder::Ladder;
use crate::ui::ticket::Ticket;
use crate::ui::ticket::offer::Action;
use crate::ui::told::Asked;
use crate::ui::workspace::Workspace;

/// What the keys would trade, as a frame had it.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) struct Sight {
    pub instrument: InstrumentId,
    quote: Option<Quote>,
    /// `None` where what is typed is no quantity.
    quantity: Option<Qty>,
}

impl Sight {
    /// For the instrument of the pane that was used last, if there is one.
    pub fn of(desk: &Desk, workspace: &Workspace) -> Option<Self> {
        let instrument = instrument(desk, workspace)?;
        let quote = desk.quote(instrument.id).map(|view| *view.quote);
        Some(Self { instrument: instrument.id, quote, quantity: quantity(desk, workspace, instrument) })
    }

    /// `100 AAPL`.
    pub fn said(&self, desk: &Desk) -> Option<String> {
        let instrument = desk.instrument(self.instrument)?;
        let quantity = self.quantity.map_or_else(|| "?".to_owned(), |quantity| format::exact(quantity.0));
        Some(format!("{quantity} {}", instrument.symbol))
    }
}

/// The instrument that the keys trade.
pub(in crate::ui) fn instrument<'a>(desk: &'a Desk, workspace: &Workspace) -> Option<&'a Instrument> {
    desk.selected_in(workspace.group(workspace.last_used())).map(|instrument| &**instrument)
}

/// That of the ladder or the ticket on this instrument, of these the one that was used last; else the usual one.
fn quantity(desk: &Desk, workspace: &Workspace, instrument: &Instrument) -> Option<Qty> {
    let ladders = workspace.panes.all::<Ladder>().filter(|(_, ladder)| ladder.is_on(instrument));
    let ladders = ladders.map(|(key, ladder)| (key, ladder.quantity(instrument)));
    let tickets = workspace.panes.all::<Ticket>().filter(|(_, ticket)| ticket.is_on(instrument));
    let tickets = tickets.map(|(key, ticket)| (key, ticket.quantity(instrument)));
    let newest = ladders.chain(tickets).max_by_key(|(key, _)| workspace.turn_of_use(*key));
    newest
        .map_or_else(|| Some(usual_quantity(desk, instrument).max(instrument.lot)), |(_, quantity)| quantity)
}

/// The trading keys of a window.
#[derive(Debug, Default)]
pub(in crate::ui) struct TradingKeys {
    /// What the last frame showed.
    seen: Option<Sight>,
    /// Pressed since then, in order.
    struck: Vec<Act>,
    asked: Asked,
}

/// A word to the trader.
type Said = (NoticeLevel, String);

impl TradingKeys {
    /// Takes the presses of a frame before anything else sees them, where they may act at all.
    pub fn take(&mut self, ctx: &Context) {
        self.struck = if is_free(ctx) { struck(ctx, Scope::Trading) } else { Vec::new() };
    }

    /// What the last frame showed.
    pub fn seen(&self) -> Option<&Sight> {
        self.seen.as_ref()
    }

    /// Carries out what was pressed, at the end of the frame: `is_alone` where nothing else was asked of the
    /// window in it. `sight` is what this frame has shown. Returns what is to be said.
    pub fn act(
        &mut self,
        ctx: &Context,
        (desk, workspace): (&Desk, &Workspace),
        (is_alone, sight): (bool, Option<Sight>),
        out: &mut Commands,
    ) -> Vec<Said> {
        let refused = self.asked.refusals(desk).into_iter().map(|why| (NoticeLevel::Warning, why));
        let mut said: Vec<Said> = refused.collect();
        // What has the focus now had the keys that came with the click.
        let struck = std::mem::take(&mut self.struck).into_iter().filter(|_| is_free(ctx));
        for act in struck {
            said.push(match self.trade(ctx, act, (desk, workspace), is_alone, out) {
                Ok(words) => (NoticeLevel::Info, format!("{}: {words}: sent", keys_of(ctx, act))),
                Err(why) => (NoticeLevel::Warning, why),
            });
        }
        self.seen = sight;
        said.dedup();
        said
    }

    fn trade(
        &mut self,
        ctx: &Context,
        act: Act,
        (desk, workspace): (&Desk, &Workspace),
        is_alone: bool,
        out: &mut Commands,
    ) -> Result<String, String> {
        let instrument = instrument(desk, workspace).ok_or("Not sent: choose an instrument first.")?;
        if !is_armed(desk, instrument) {
            return Err(not_armed(ctx, desk, instrument));
        }
        let seen = self.seen.filter(|seen| seen.instrument == instrument.id);
        let seen = seen.ok_or("Not sent: the instrument had just changed. Press again.")?;
        if !is_alone {
            return Err("Not sent: something else changed in the same moment. Press again.".to_owned());
        }
        let (command, words) = match act {
            Act::CancelAll => (Command::CancelAll { instrument: None }, "Cancel all orders".to_owned()),
            Act::CancelHere => return self.cancel(desk, instrument, out),
            _ => {
                quoted(desk, instrument)?;
                let deal = wanted(act, desk, instrument, &seen).and_then(at_once)?;
                (deal.command, deal.words)
            }
        };
        let id = out.send(command);
        self.asked.add(id, words.clone());
        Ok(words)
    }

    /// Cancels what the armed account has working in the instrument.
    fn cancel(&mut self, desk: &Desk, instrument: &Instrument, out: &mut Commands) -> Result<String, String> {
        let account = desk.one_click().map(|account| &account.id);
        let is_ours =
            |order: &&Order| order.spec.instrument == instrument.id && Some(&order.account) == account;
        let orders: Vec<OrderId> = desk.blotter().working().filter(is_ours).map(|order| order.id).collect();
        if orders.is_empty() {
            return Err(format!("No order in {} is working.", instrument.symbol));
        }
        for order in dealing::to_cancel(desk, &orders) {
            let id = out.send(Command::Cancel { order });
            self.asked.add(id, format!("Cancel order {order}"));
        }
        Ok(format!("Cancel all orders in {}", instrument.symbol))
    }
}

/// Whether a press can be meant for trading: not while text is typed or composed, nor below something that stands
/// open.
fn is_free(ctx: &Context) -> bool {
    let is_composing = ctx.input(|input| input.events.iter().any(|event| matches!(event, Event::Ime(_))));
    let is_below = ctx.memory(|memory| memory.top_modal_layer().is_some()) || Popup::is_any_open(ctx);
    !ctx.text_edit_focused() && !is_composing && !is_below
}

/// Why nothing is sent, and how that is changed.
fn not_armed(ctx: &Context, desk: &Desk, instrument: &Instrument) -> String {
    if let Some(account) = desk.one_click() {
        let (symbol, account) = (&instrument.symbol, &account.id);
        return format!(
            "Not sent: one-click trading is armed for account {account}, which {symbol} is not of."
        );
    }
    match &*keys_of(ctx, Act::OneClick) {
        "" => "Not armed, nothing was sent: search for \"Arm one-click trading\".".to_owned(),
        keys => format!("Not armed, nothing was sent: press {keys} to arm one-click trading."),
    }
}

/// Refuses where nobody knows the market of now.
fn quoted(desk: &Desk, instrument: &Instrument) -> Result<(), String> {
    let symbol = &instrument.symbol;
    match desk.quote(instrument.id).map(|view| view.freshness) {
        None => Err(format!("Not sent: there is no quote of {symbol}. The ticket asks and sends.")),
        Some(Freshness::Stale) => {
            Err(format!("Not sent: the quote of {symbol} is old. The ticket asks and sends."))
        }
        Some(Freshness::Live | Freshness::Closed) => Ok(()),
    }
}

/// What a key sends.
fn wanted(act: Act, desk: &Desk, instrument: &Instrument, seen: &Sight) -> Result<Deal, String> {
    let (side, at) = match act {
        Act::BuyAtAsk => (Side::Buy, Side::Sell),
        Act::SellAtBid => (Side::Sell, Side::Buy),
        Act::JoinBid => (Side::Buy, Side::Buy),
        Act::JoinAsk => (Side::Sell, Side::Sell),
        Act::Flatten => return dealing::way_out(desk, instrument, Action::Close),
        _ => return dealing::way_out(desk, instrument, Action::Reverse),
    };
    let quote = seen.quote;
    let Some(price) = best(quote.as_ref(), at) else {
        return Err(format!("Not sent: {} has no {}.", instrument.symbol, name_of(at)));
    };
    let quantity = seen.quantity.ok_or("Not sent: enter a quantity first.")?;
    let kind = OrderKind::Limit { price };
    let entry = Entry { side, kind, quantity, origin: Origin::Keys, seen: quote };
    dealing::order(desk, instrument, entry)
}
