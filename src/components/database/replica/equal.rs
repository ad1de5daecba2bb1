//! A copy of the rows of a shard where nobody leads: it answers reads, and keeps the newest version that it is given.

use super::engine::Engine;
use super::rows::Rows;
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Status, Time, Timer};
use crate::parts::station::Station;
use crate::parts::verbs::READ;

/// A copy of the rows of a shard.
#[derive(Clone)]
pub struct Copy {
    engine: Engine,
    station: Station,
    rows: Rows,
    reads: u64,
    writes: u64,
}

impl Copy {
    /// An empty copy.
    pub fn new(engine: Engine, station: Station, rows: Rows) -> Self {
        Copy { engine: engine.of_copy(), station, rows, reads: 0, writes: 0 }
    }

    fn execute(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, version, request) = (call.verb, call.key, call.version, call.request);
        if verb == READ {
            let bytes = cx.request(request).map_or(0, |request| request.bytes);
            self.reads += 1;
            let bytes = if bytes == 0 { self.engine.row_bytes } else { bytes };
            return cx.reply(id, Answer::ok(self.rows.get(key), bytes));
        }
        self.writes += 1;
        if version > self.rows.get(key) {
            self.rows.set(key, version); // the last writer wins
        }
        cx.reply(id, Answer::ok(version, 0));
    }
}

impl Component for Copy {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let job = self.engine.job(id, cx);
        if !self.station.arrive(job, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.station.on_timer(timer, cx) {
            self.execute(CallId::from_bits(job), cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.station.on_control(control, cx); // the rows are on disk
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.station.measure(now, out);
        out.count("reads", self.reads);
        out.count("writes", self.writes);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.station.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
