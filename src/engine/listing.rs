//! Instruments that join while the program runs.
//!
//! A broker is asked what it has and describes what the trader chooses; the engine gives it the next id, so
//! that an id is the index into the catalogue for as long as the run lasts, and the settings remember it.
//!
//! First the journal is asked what earlier runs have left of it; with the answer it joins. Only then its
//! broker's adapter knows it, and only then the books are asked for: nobody can speak of an order of ours
//! before we know it again. Effects are carried out in their order.

use std::sync::Arc;

use super::{Effect, Engine, Outcome};
use crate::broker::BrokerRequest;
use crate::domain::settings::Settings;
use crate::domain::{BrokerId, Candidate, Instrument, InstrumentId, Recalled, Time, counted};
use crate::link::update::Refused;
use crate::link::{Found, Listing, NoticeLevel, Update};

/// Characters of a text that is looked for.
const LONGEST: usize = 64;

/// An instrument that waits for what the journal has of it.
pub(super) struct Joining {
    /// What it was asked for by.
    names: Vec<Arc<str>>,
    instrument: Arc<Instrument>,
}

impl Engine {
    /// Has every broker that can look for what the trader has typed.
    pub(super) fn find(&self, text: &Arc<str>, out: &mut Vec<Effect>) -> Outcome {
        let text = fit(text)?;
        let ask = |broker: &BrokerId| Effect::Request(*broker, BrokerRequest::Find(Arc::clone(&text)));
        out.extend(self.able(|broker| broker.lookup).iter().map(ask));
        Ok(None)
    }

    /// Has a broker describe what is to be listed.
    pub(super) fn list(&self, broker: BrokerId, name: &Arc<str>, out: &mut Vec<Effect>) -> Outcome {
        let name = fit(name)?;
        let line = self.brokers.get(usize::from(broker.0));
        let line = line.ok_or_else(|| Refused("There is no such broker".into()))?;
        if !line.facts.capabilities.lookup {
            let text = format!("{} lists what it has: nothing can be added", line.connection.name);
            return Err(Refused(text.into()));
        }
        out.push(Effect::Request(broker, BrokerRequest::Describe(name)));
        Ok(None)
    }

    pub(super) fn found(
        &self,
        broker: BrokerId,
        text: Arc<str>,
        outcome: Result<Vec<Candidate>, Arc<str>>,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let is_new = |candidate: &Candidate| !self.is_listed_as(broker, &candidate.name);
        let (candidates, problem) = match outcome {
            Ok(candidates) => (candidates.into_iter().filter(is_new).collect(), None),
            Err(why) => (Vec::new(), Some(why)),
        };
        let found = Found { broker, text, candidates, problem };
        out.push(Effect::publish(Update::Found(Arc::new(found)), now));
    }

    /// Whether the settings name it, and it is in the catalogue.
    fn is_listed_as(&self, broker: BrokerId, name: &str) -> bool {
        // Share classes are set off with a blank at IBKR.
        let symbol = name.split([':', '@']).next().unwrap_or(name).replace(' ', ".");
        let is_named = self.settings.ibkr.instruments.iter().any(|known| known == name);
        is_named
            && self
                .instruments
                .iter()
                .any(|known| known.broker == broker && known.symbol.replace(' ', ".") == symbol)
    }

    /// Takes an instrument into the catalogue, or the reason why it cannot be.
    pub(super) fn described(
        &mut self,
        broker: BrokerId,
        name: &Arc<str>,
        outcome: Result<Box<Instrument>, Arc<str>>,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let instrument = match outcome {
            Ok(instrument) => instrument,
            Err(why) => {
                self.note(NoticeLevel::Warning, format!("{name} is not listed: {why}"), now, out);
                return tell_listing(name, Err(why), now, out);
            }
        };
        let key = instrument.key();
        let is_same = |known: &Arc<Instrument>| known.broker == broker && known.has_key(&key);
        let is_one = |known: &Instrument| {
            (known.currency, known.class, known.multiplier)
                == (instrument.currency, instrument.class, instrument.multiplier)
        };
        let not_told_apart = |known: &Instrument| {
            let currency = known.currency;
            format!("{key} is listed already, in {currency}: two of that name are not told apart").into()
        };
        if let Some(known) = self.instruments.iter().find(|known| is_same(known)) {
            let outcome = if is_one(known) { Ok(Arc::clone(known)) } else { Err(not_told_apart(known)) };
            return tell_listing(name, outcome, now, out);
        }
        if let Some(joining) = self.joining.iter_mut().find(|joining| is_same(&joining.instrument)) {
            if is_one(&joining.instrument) {
                return joining.names.push(Arc::clone(name));
            }
            return tell_listing(name, Err(not_told_apart(&joining.instrument)), now, out);
        }
        let index = self.instruments.len() + self.joining.len();
        let id = InstrumentId(u32::try_from(index).unwrap_or(u32::MAX));
        let instrument = Arc::new(Instrument { id, broker, ..*instrument });
        self.joining
            .push_back(Joining { names: vec![Arc::clone(name)], instrument: Arc::clone(&instrument) });
        out.push(Effect::Recall(instrument));
    }

    /// The journal has said what it has of an instrument: now it joins.
    pub(super) fn recalled(
        &mut self,
        id: InstrumentId,
        outcome: Result<Recalled, Arc<str>>,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let Some(Joining { names, instrument }) =
            self.joining.pop_front_if(|first| first.instrument.id == id)
        else {
            return tracing::error!("the journal has told of instrument {id}, which does not join");
        };
        let broker = instrument.broker;
        self.instruments = self.instruments.iter().cloned().chain([Arc::clone(&instrument)]).collect();
        self.market.list(Arc::clone(&self.instruments));
        self.alerts.list(&self.instruments);
        self.unread.insert(id);
        out.push(Effect::List(Arc::clone(&instrument)));
        for name in &names {
            tell_listing(name, Ok(Arc::clone(&instrument)), now, out);
            self.remember(name, now, out);
        }
        let text = format!("{} is listed now: {}, {}", instrument.symbol, instrument.name, instrument.venue);
        self.note(NoticeLevel::Info, text, now, out);
        match outcome {
            Ok(recalled) => self.take_back(&instrument, recalled, now, out),
            Err(why) => {
                let text = format!(
                    "What the journal has of {} cannot be read: {why}. Its orders of earlier runs are shown as the                      broker has them",
                    instrument.symbol
                );
                self.note(NoticeLevel::Error, text, now, out);
            }
        }
        self.watch(out);
        // What is held of it, and what works on it, was nothing that this run could name; books that are on
        // their way were asked for without it.
        self.brokers[usize::from(broker.0)].books_asked_at = Some(now);
        out.push(Effect::Request(broker, BrokerRequest::Books));
    }

    /// What earlier runs have left of an instrument that joins, by the rules of a start.
    fn take_back(&mut self, instrument: &Instrument, recalled: Recalled, now: Time, out: &mut Vec<Effect>) {
        let Recalled { orders, fills, booked, past } = recalled;
        let has_news = !orders.is_empty() || !fills.is_empty();
        self.day.list(instrument, &booked.into_iter().zip(&fills).collect::<Vec<_>>());
        self.before.recall(past, &fills);
        self.executions.recall(instrument.broker, fills);
        self.allocated.extend(super::allocation::sent_before(orders.iter()));
        for order in orders {
            self.groups.add(&order);
            self.orders.recall(order);
        }
        self.recount_orders(|order| order.spec.instrument == instrument.id, now);
        if self.is_killed {
            self.end_legs(|order| order.spec.instrument == instrument.id, now, out);
            let came = self.orders.live().filter(|order| order.spec.instrument == instrument.id);
            for id in came.map(|order| order.id).collect::<Vec<_>>() {
                self.give_up_unsent(id, "The kill switch is on", now, out);
            }
        }
        if has_news {
            let all = self.orders.all().filter(|order| order.spec.instrument == instrument.id);
            let (live, ended): (Vec<_>, Vec<_>) = all.partition(|order| order.is_live());
            let text = format!(
                "{}: {} of earlier runs that may still work, and {} that had ended, are back from the journal",
                instrument.symbol,
                counted(live.len(), "order", "orders"),
                ended.len()
            );
            self.note(NoticeLevel::Info, text, now, out);
            // They belong between others, by their time.
            self.tell_everything(now, out);
        }
    }

    /// The settings as somebody wants them, but with the instruments that are listed: a window that has not
    /// heard of one that has joined would take it out again.
    pub(super) fn with_the_listed(&self, mut settings: Arc<Settings>) -> Arc<Settings> {
        if settings.ibkr.instruments != self.settings.ibkr.instruments {
            Arc::make_mut(&mut settings).ibkr.instruments.clone_from(&self.settings.ibkr.instruments);
        }
        settings
    }

    /// Has the next start list it too.
    fn remember(&mut self, name: &Arc<str>, now: Time, out: &mut Vec<Effect>) {
        if self.settings.ibkr.instruments.iter().any(|known| **known == **name) {
            return;
        }
        Arc::make_mut(&mut self.settings).ibkr.instruments.push(name.to_string());
        out.push(Effect::Save(super::SaveJob::Settings(Arc::clone(&self.settings))));
        out.push(Effect::publish(Update::Settings(Arc::clone(&self.settings)), now));
    }
}

fn tell_listing(
    name: &Arc<str>,
    outcome: Result<Arc<Instrument>, Arc<str>>,
    now: Time,
    out: &mut Vec<Effect>,
) {
    let listing = Listing { name: Arc::clone(name), outcome };
    out.push(Effect::publish(Update::Listed(Arc::new(listing)), now));
}

/// What a broker may be asked for.
fn fit(text: &Arc<str>) -> Result<Arc<str>, Refused> {
    let trimmed = text.trim();
    let is_fit = !trimmed.is_empty() && trimmed.chars().count() <= LONGEST;
    if !is_fit || trimmed.chars().any(char::is_control) {
        return Err(Refused(format!("Type a symbol or a name, of at most {LONGEST} characters").into()));
    }
    Ok(trimmed.into())
}
