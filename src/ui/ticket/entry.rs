//! From a click or key to exactly one command: arming, sending, and what became of it.
//!
//! When and how often a press sends is [`Confirm`]'s. An armed button sends what it says,
//! word for word: prices are frozen when it is armed. It turns back as soon as anything
//! that it says could be different: a field, the position, or whether the order can be sent.
//!
//! An order that meets an unusual market (an old quote, a crossed book) asks once more, in other
//! words, which name what is unusual: the trader says so for this order, and for no other.
//!
//! The ticket's keys work while one of its fields has the focus, also where text is typed: they are
//! how the form is sent, as its buttons are. None of them sends with one press: they always ask
//! first, whatever the setting. A repeated key (held down) counts once.

use std::time::Duration;

use egui::{Context, Key, Ui};

use super::foretold::Foretold;
use super::gate::{Doubt, Step, is_same_market};
use super::offer::{Action, Offer, Offers, Words};
use super::said::{Said, Sent};
use crate::desk::Desk;
use crate::domain::{Decimal, Quote, Time};
use crate::link::{Command, CommandId, WhatIf};
use crate::ui::commands::Commands;
use crate::ui::confirm::{Confirm, Hand, Outcome, Rule};
use crate::ui::keys::{Act, Scope, keys_of, struck};
use crate::ui::pane::PaneKind;

/// What the keys do, for tooltips.
pub(super) struct KeyWords {
    /// All of them.
    pub all: String,
    /// Those that send.
    pub send: String,
}

impl KeyWords {
    pub fn of(ctx: &Context) -> Self {
        let keys = |act| keys_of(ctx, act);
        let send = keys(Act::Send);
        let all = format!(
            "Keys while a field of the ticket has the focus: {} buy, {} sell, {} close, {} reverse; each asks first. \
             {send} sends what is asked, or asks for the last choice again. Escape takes it back. Enter and Space \
             never send.",
            keys(Act::PrepareBuy),
            keys(Act::PrepareSell),
            keys(Act::PrepareClose),
            keys(Act::PrepareReverse)
        );
        Self { all, send }
    }
}

/// What an armed button would send.
#[derive(Debug)]
struct Question {
    offer: Offer,
    /// The position it was asked on.
    net: Decimal,
    step: Step,
    /// The question to the broker what this order would come to.
    what_if: Option<CommandId>,
}

/// What an armed button asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Armed<'a> {
    pub words: &'a Words,
    /// What is unusual, where the question is about that.
    pub despite: &'a [Doubt],
}

/// What the keys asked for in this frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keys {
    choose: Option<Action>,
    send: bool,
    escape: bool,
}

/// Why a key did nothing.
#[derive(Debug, Clone, Copy)]
enum Hint {
    ChooseFirst,
    SeeTheButton,
}

/// What a press needs of the frame.
pub(super) struct Scene<'a> {
    pub rule: Rule,
    pub net: Decimal,
    /// The quote that the trader looks at.
    pub quote: Option<&'a Quote>,
    pub now: Time,
    /// Whether the broker tells what an order would come to.
    pub reckons: bool,
}

/// The state of the buttons.
#[derive(Debug, Default)]
pub(super) struct Entry {
    confirm: Confirm<Action, Question>,
    /// What Ctrl+Enter asks for.
    chosen: Option<Action>,
    sent: Option<Sent>,
    hint: Option<Hint>,
    /// Asked for elsewhere, as if its key had been pressed.
    wanted: Option<Act>,
}

impl Entry {
    /// The words of a button that waits for its second press.
    pub(super) fn armed(&self, action: Action) -> Option<Armed<'_>> {
        self.confirm.asked_by(&action).map(|Question { offer, step, .. }| {
            let despite: &[Doubt] = if *step == Step::Despite { &offer.doubts } else { &[] };
            Armed { words: &offer.words, despite }
        })
    }

    /// Has an action of the ticket's keys prepared, as if they had been pressed.
    pub(super) fn want(&mut self, act: Act) {
        self.wanted = Some(act);
    }

    /// How long a button that was just armed takes no second press.
    pub(super) fn deaf_for(&self, now: Time) -> Option<Duration> {
        self.confirm.deaf_for(now)
    }

    pub(super) fn is_armed(&self) -> bool {
        self.confirm.asked().is_some()
    }

    /// Takes an armed button back.
    pub(super) fn disarm(&mut self) {
        self.confirm.take_back();
    }

    /// Something was entered: what was asked is void, what was said has been read.
    pub(super) fn on_input(&mut self) {
        self.disarm();
        self.sent = None;
        self.hint = None;
    }

    /// Disarms what is too old or no longer true, and has the frame drawn in which it ends.
    pub(super) fn settle(&mut self, ui: &Ui, offers: &Offers, scene: &Scene<'_>) {
        // What was asked about an order holds for the account and the market that it was asked in.
        let is_same = |now: &Offer, then: &Offer| {
            now.command.account() == then.command.account() && is_same_market(&now.doubts, &then.doubts)
        };
        let is_true = |action: &Action, asked: &Question| {
            asked.net == scene.net && offers.get(*action).as_ref().is_ok_and(|now| is_same(now, &asked.offer))
        };
        self.confirm.settle(scene.now, is_true);
        if let Some(left) = self.confirm.left(scene.now) {
            ui.ctx().request_repaint_after(left);
        }
    }

    /// Carries out what the keys asked for; returns what was sent.
    pub(super) fn keys(
        &mut self,
        keys: Keys,
        offers: &Offers,
        scene: &Scene<'_>,
        out: &mut Commands,
    ) -> Option<Command> {
        if keys.escape {
            self.disarm();
        }
        if let Some(action) = keys.choose {
            self.chosen = Some(action);
            self.disarm();
            return self.press(action, Hand::Key, offers, scene, out);
        }
        if !keys.send {
            return None;
        }
        let asking = self.confirm.asked().map(|(action, _)| *action);
        let Some(action) = asking.or(self.chosen) else {
            self.hint = Some(Hint::ChooseFirst);
            return None;
        };
        self.press(action, Hand::Key, offers, scene, out)
    }

    /// A press of a button: arms it, or sends. Returns what was sent.
    pub(super) fn press(
        &mut self,
        action: Action,
        hand: Hand,
        offers: &Offers,
        scene: &Scene<'_>,
        out: &mut Commands,
    ) -> Option<Command> {
        self.hint = None;
        self.chosen = Some(action);
        let Ok(offer) = offers.get(action) else {
            if hand == Hand::Key {
                self.hint = Some(Hint::SeeTheButton);
            }
            return None;
        };
        let question = Question { offer: offer.clone(), net: scene.net, step: Step::Order, what_if: None };
        match self.confirm.press(action, question, scene.rule, hand, scene.now) {
            Outcome::Nothing => None,
            Outcome::Asks => {
                self.sent = None;
                if let Some(question) = self.confirm.asked_mut() {
                    question.what_if = reckon(&question.offer, scene, out);
                }
                None
            }
            Outcome::Sends(question) if question.step == Step::Order && !question.offer.doubts.is_empty() => {
                let what_if = question.what_if.or_else(|| reckon(&question.offer, scene, out));
                self.confirm.ask(action, Question { step: Step::Despite, what_if, ..question }, scene.now);
                self.sent = None;
                None
            }
            Outcome::Sends(Question { offer, .. }) => Some(self.send(offer, scene, out)),
        }
    }

    fn send(&mut self, offer: Offer, scene: &Scene<'_>, out: &mut Commands) -> Command {
        let mut command = offer.command;
        if let Command::Place(place) = &mut command {
            place.seen = scene.quote.copied();
        }
        let id = out.send(command.clone());
        self.sent = Some(Sent::new(id, offer.words));
        command
    }

    /// What became of the newest command, until the next input.
    pub(super) fn said(&mut self, ctx: &Context, desk: &Desk) -> Option<Said> {
        match self.hint {
            Some(Hint::ChooseFirst) => {
                let (buy, sell) = (keys_of(ctx, Act::PrepareBuy), keys_of(ctx, Act::PrepareSell));
                Some(Said::Warns(format!("Choose first: {buy} to buy, {sell} to sell")))
            }
            Some(Hint::SeeTheButton) => {
                Some(Said::Warns("This cannot be sent: see the reason on the button".to_owned()))
            }
            None => self.sent.as_mut().map(|sent| sent.said(desk)),
        }
    }

    /// What the order that is asked about would come to, where its broker tells.
    pub(super) fn foretold(&self, desk: &Desk) -> Option<Foretold> {
        let asked = self.confirm.asked()?.1.what_if?;
        Some(Foretold::of(desk.impact(asked), desk.answer(asked)))
    }
}

/// Asks the broker what an order that is entered would come to, where it tells. Its exits tie nothing up.
fn reckon(offer: &Offer, scene: &Scene<'_>, out: &mut Commands) -> Option<CommandId> {
    match &offer.command {
        Command::Place(place) if scene.reckons => {
            let (account, spec) = (place.account.clone(), place.spec);
            Some(out.send(Command::WhatIf(WhatIf { account, spec })))
        }
        _ => None,
    }
}

/// Takes the ticket's keys out of the frame's input, before a field can see them.
pub(super) fn take_keys(ui: &Ui, has_focus: bool, entry: &mut Entry) -> Keys {
    let mut keys = Keys::default();
    if entry.is_armed() {
        keys.escape = ui.input(|input| input.key_pressed(Key::Escape));
    }
    let pressed = if has_focus { struck(ui.ctx(), Scope::Pane(PaneKind::Ticket)) } else { Vec::new() };
    for act in entry.wanted.take().into_iter().chain(pressed) {
        match act {
            Act::PrepareBuy => keys.choose = Some(Action::Buy),
            Act::PrepareSell => keys.choose = Some(Action::Sell),
            Act::PrepareClose => keys.choose = Some(Action::Close),
            Act::PrepareReverse => keys.choose = Some(Action::Reverse),
            Act::Send => keys.send = true,
            _ => {}
        }
    }
    keys
}
