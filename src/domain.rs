//! The vocabulary of the terminal: what an instrument, an order, a fill, a bar *is*.
//!
//! Everything above speaks in these types, so they carry their units in their
//! names and docs. Plain data: nothing here does I/O, reads a clock or knows
//! another module of ours.
//!
//! Money-bearing numbers (prices and quantities of orders, fills, positions,
//! cash) are [`rust_decimal::Decimal`]; [`Bar`] is `f64`, because it feeds charts only.

pub mod account;
pub mod alert;
pub mod bar;
pub mod bounds;
pub mod candidate;
pub mod commission;
pub mod csv;
pub mod depth;
pub mod drawing;
pub mod fill;
pub mod hours;
pub mod ids;
pub mod impact;
pub mod instrument;
pub mod journal;
pub mod limits;
pub mod money;
pub mod note;
pub mod order;
pub mod position;
pub mod price;
pub mod quote;
pub mod results;
pub mod settings;
pub mod time;
pub mod timeframe;
pub mod trade;
pub mod weather;
pub mod words;

pub use account::{Account, AccountKind, Balance, Reported, ReportedDay};
pub use alert::{Alert, AlertBook, AlertId, AlertState, AlertTerms, Condition, Firing, FiringId};
pub use bar::Bar;
pub use candidate::Candidate;
pub use commission::{Commission, CommissionRule};
pub use depth::{Depth, Level};
pub use drawing::{Drawing, DrawingBook, DrawingChange, DrawingId, DrawingInk, Figure, MOST_DRAWINGS, Mark};
pub use fill::{Fill, Liquidity};
pub use hours::{Session, SessionKind, TradingHours};
pub use ids::{AccountId, BrokerId, ExecId, GroupId, InstrumentId, OrderId, PlanId};
pub use impact::{Impact, MarginImpact};
pub use instrument::{AssetClass, Instrument, TickTable};
pub use journal::{Flatten, Moment, Past, Recalled, Record, Seq, TIMELINE_BEGINS, TakenOver};
pub use limits::{LimitSet, Limits};
pub use money::{Currency, Money};
pub use note::Note;
pub use order::{
    ClientRef, KeptGroup, Order, OrderKind, OrderSpec, OrderStatus, Origin, Side, TimeInForce, TrailBy,
};
pub use position::Position;
pub use price::{Price, Qty};
pub use quote::{DataRemark, Quote};
pub use settings::Settings;
pub use time::Time;
pub use timeframe::Timeframe;
pub use trade::Trade;
pub use weather::{BadWeather, Weather};
pub use words::counted;

/// Exact decimal arithmetic, re-exported so that every module means the same type.
pub use rust_decimal::Decimal;
