//! Replay of recorded data (interface only until its branch is merged).
use super::{Event, Exchange};
use crate::domain::{Bar, Time, Timeframe};
/// A replay.
pub struct Replay;
impl Replay {
    /// start
    pub fn start(&self) -> Time {
        todo!()
    }
    /// open
    pub fn open(&mut self, _e: &mut Exchange, _o: &mut Vec<Event>) {
        todo!()
    }
    /// advance
    pub fn advance(&mut self, _e: &mut Exchange, _t: Time, _o: &mut Vec<Event>) {
        todo!()
    }
    /// skip
    pub fn skip_gap(&self, _t: Time) -> Option<Time> {
        todo!()
    }
    /// bars
    pub fn bars(&self, _f: Timeframe, _b: Time, _c: usize) -> Vec<Bar> {
        todo!()
    }
    /// forming
    pub fn forming(&self, _f: Timeframe, _a: Time) -> Option<Bar> {
        todo!()
    }
}
