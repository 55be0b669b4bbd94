//! What the broker says that the order which is asked about would come to.
//!
//! It stands where buying power and commission stand otherwise, in as many lines: a button that waits for its
//! second press must not move under the pointer.

use std::sync::Arc;

use crate::domain::{Decimal, Impact, MarginImpact};
use crate::link::Answer;
use crate::ui::format;

/// The two lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Foretold {
    pub margin: Line,
    pub commission: Line,
}

/// A line, and the whole of it for the tooltip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub text: String,
    pub more: String,
    pub is_warning: bool,
}

impl Line {
    fn plain(text: impl Into<String>, more: impl Into<String>) -> Self {
        Self { text: text.into(), more: more.into(), is_warning: false }
    }

    fn warning(text: impl Into<String>, more: impl Into<String>) -> Self {
        Self { is_warning: true, ..Self::plain(text, more) }
    }
}

impl Foretold {
    /// By what has been said so far.
    pub(super) fn of(impact: Option<&Result<Impact, Arc<str>>>, answer: Option<&Answer>) -> Self {
        let refused = answer.and_then(|answer| answer.outcome.as_ref().err());
        match (impact, refused) {
            (Some(Ok(impact)), _) => Self::known(impact),
            (Some(Err(why)), _) => Self::unknown(why),
            (None, Some(refused)) => Self::unknown(&refused.0),
            (None, None) => {
                let asked = Line::plain("reckoning …", "The broker is asked what this order would come to");
                Self { margin: asked.clone(), commission: asked }
            }
        }
    }

    fn unknown(why: &str) -> Self {
        let more = format!("The broker does not tell what this order would come to: {why}");
        let line = Line::warning("not told", more);
        Self { margin: line.clone(), commission: line }
    }

    fn known(impact: &Impact) -> Self {
        let margin = impact.margin.map_or_else(|| Line::plain("not told", ""), margin);
        let commission = impact.commission.map_or_else(
            || Line::plain("not told", ""),
            |money| Line::plain(money.to_string(), "What the broker says that this order would cost at most"),
        );
        let commission = match &impact.warning {
            Some(said) => Line::warning(commission.text, format!("The broker warns: {said}")),
            None => commission,
        };
        Self { margin, commission }
    }
}

fn margin(margin: MarginImpact) -> Line {
    let amount = |amount| format::amount(amount, margin.currency);
    let sign = if margin.initial_change < Decimal::ZERO { "" } else { "+" };
    let text = format!("{sign}{} → {}", amount(margin.initial_change), amount(margin.initial_after));
    let told = |name: &str, value: Option<Decimal>| {
        value.map_or_else(String::new, |value| format!(", {name} {} {}", amount(value), margin.currency))
    };
    let more = format!(
        "By the broker's word: initial margin then {} {}{}{}",
        amount(margin.initial_after),
        margin.currency,
        told("maintenance margin", margin.maintenance_after),
        told("equity with loan value", margin.equity_after),
    );
    if margin.is_short() {
        return Line::warning(text, format!("{more}. The account could not carry it"));
    }
    Line::plain(text, more)
}
