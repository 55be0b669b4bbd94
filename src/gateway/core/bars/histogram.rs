//! What has traded at each price, counted from bars.

use std::collections::BTreeMap;

use super::size::{Back, Unit};
use crate::domain::{Bar, Decimal, Instrument, Price};
use crate::gateway::core::errors::Refusal;
use crate::gateway::core::orders::text;
use crate::gateway::core::{ConnId, Core, words};
use crate::gateway::wire::{Reply, model};

impl Core {
    /// 88: what has traded at each price.
    pub(in crate::gateway::core) fn histogram(&mut self, conn: ConnId, request: model::HistogramDataRequest) {
        let req_id = request.req_id.unwrap_or_default();
        let begun = of_bars(request).and_then(|bars| self.begin_history(conn, req_id, &bars, true));
        match begun {
            Ok(_) => self.look_for_bars(conn, req_id),
            Err(Refusal { code, text }) => self.error(conn, Some(req_id), code, &text),
        }
    }

    pub(super) fn tell_histogram(&mut self, conn: ConnId, req_id: i32, bars: &[Bar]) {
        let instrument = self.asked_mut(conn, req_id).map(|asked| asked.wish.key.instrument);
        let Some(instrument) = instrument.and_then(|id| self.desk.instrument(id)) else { return };
        let histogram_data_entries = counted(bars, instrument);
        self.forget_bars(conn, &model::RequestId { req_id: Some(req_id) });
        let told = model::HistogramData { req_id: Some(req_id), histogram_data_entries };
        self.say(conn, &Reply::HistogramData(told));
    }
}

/// The bars that are counted: as short as the period lets them be.
fn of_bars(request: model::HistogramDataRequest) -> Result<model::HistoricalDataRequest, Refusal> {
    let period = text(request.time_period.as_ref());
    let wrong = || Refusal::request(format!("Invalid period '{period}': for example '3 days'"));
    let back = Back::of_period(period).ok_or_else(wrong)?;
    let (unit, size) = match back.unit {
        Unit::Seconds => ("S", "1 min"),
        Unit::Days => ("D", "1 min"),
        Unit::Weeks => ("W", "5 mins"),
        Unit::Months => ("M", "30 mins"),
        Unit::Years => ("Y", "1 day"),
    };
    Ok(model::HistoricalDataRequest {
        req_id: request.req_id,
        contract: request.contract,
        bar_size_setting: Some(size.to_owned()),
        duration: Some(format!("{} {unit}", back.count)),
        use_rth: request.use_rth,
        what_to_show: Some("TRADES".to_owned()),
        ..model::HistoricalDataRequest::default()
    })
}

/// The volume of each bar at its middle price, on the grid, in the whole units that clients read.
fn counted(bars: &[Bar], instrument: &Instrument) -> Vec<model::HistogramDataEntry> {
    let mut volumes: BTreeMap<Price, f64> = BTreeMap::new();
    for bar in bars {
        let middle = Decimal::try_from((bar.high + bar.low + bar.close) / 3.0);
        let Ok(middle) = middle else { continue };
        *volumes.entry(instrument.ticks.round(Price(middle))).or_default() += bar.volume;
    }
    let entry = |(price, volume): (Price, f64)| model::HistogramDataEntry {
        price: Some(words::double(price.0)),
        size: Some(words::volume(volume.round())),
    };
    volumes.into_iter().filter(|(_, volume)| volume.round() > 0.0).map(entry).collect()
}
