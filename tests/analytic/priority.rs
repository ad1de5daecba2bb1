//! Two classes at one station, the urgent first.

use crate::common::estimate::{assert_agrees, exact};
use crate::common::run::observe;
use crate::{PRECISE, REPLICATIONS};
use scalelab::kernel::transit::Instant;
use scalelab::kernel::{
    Answer, Ask, CallId, Component, Ctx, NodeId, Outcome, Readings, Reply, Request, Simulation, Time, Timer,
};
use scalelab::parts::station::{DISCIPLINES, Job, Station, StationPlan};
use scalelab::random::draw::traffic_key;
use scalelab::random::stream::Stream;
use scalelab::random::variate::{Exponential, Variate};

/// Two classes at a station with priorities, which no component exposes yet: so the test brings its own source and desk.
#[derive(Clone)]
struct Source {
    desk: NodeId,
    between: Variate,
    class: u8,
    arrivals: Option<Stream>,
}

impl Source {
    fn wait(&mut self, cx: &mut Ctx<'_>) {
        let uniform = self.arrivals.as_mut().expect("started").uniform();
        cx.timer_in(self.between.sample_ns(uniform), Timer { tag: 0, data: 0 });
    }
}

impl Component for Source {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.arrivals = Some(cx.stream(&format!("class {}", self.class)));
        self.wait(cx);
    }
    fn on_call(&mut self, _call: CallId, _cx: &mut Ctx<'_>) {}
    fn on_timer(&mut self, _timer: Timer, cx: &mut Ctx<'_>) {
        let draw = traffic_key(1, 0, 0).request(0);
        let mut request = Request::new(cx.node(), 0, draw, cx.now(), 0);
        request.class = self.class;
        let request = cx.issue(request);
        cx.ask(Ask { request, ..Ask::new(self.desk, u16::from(self.class), 0) });
        self.wait(cx);
    }
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        cx.finish(reply.request, Outcome::Succeeded);
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// Serves calls; their verb is their priority.
#[derive(Clone)]
struct Desk {
    station: Station,
    service: Variate,
    draws: Option<Stream>,
}

impl Component for Desk {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.draws = Some(cx.stream("desk"));
    }
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let work = self.service.sample_ns(self.draws.as_mut().expect("started").uniform());
        let priority = cx.call(id).verb as u8;
        self.station.arrive(Job { priority, ..Job::new(id.to_bits(), work) }, cx);
    }
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.station.on_timer(timer, cx) {
            cx.reply(CallId::from_bits(job), Answer::ok(0, 0));
        }
    }
    fn measure(&self, now: Time, out: &mut Readings) {
        self.station.measure(now, out);
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// Wq1 = R / (1 - rho1), Wq2 = R / ((1 - rho1)(1 - rho)), R = rho E[S^2] / 2 E[S] (Cobham 1954).
#[test]
fn priority_without_preemption() {
    let cases = [(0.25, 1.0 + 0.5 / 0.75, 2.333333333), (0.4, 1.0 + 0.8 / 0.6, 7.666666667)];
    for (rate, urgent, patient) in cases {
        let exact = [exact("urgent", urgent, PRECISE), exact("patient", patient, PRECISE)];
        assert_agrees("priority", REPLICATIONS, &exact, |seed, replication| {
            let mut simulation = Simulation::new(seed, replication, 1, Box::new(Instant));
            let discipline = DISCIPLINES.iter().position(|entry| entry.name == "priority").unwrap();
            let station = Station::new(StationPlan { servers: 1, queue: None, discipline }, 0);
            let exponential = |mean| Variate::from(Exponential::new(mean).unwrap());
            let desk = simulation.add(Box::new(Desk { station, service: exponential(1e9), draws: None }));
            for class in 0..2 {
                let between = exponential(1e9 / rate);
                simulation.add(Box::new(Source { desk, between, class, arrivals: None }));
            }
            observe(&mut simulation, 2e5).assert_little(desk);
            let classes = simulation.book().close(simulation.requests(), simulation.now());
            (0..2).map(|class: usize| classes[class].latency.mean().unwrap() / 1e9).collect()
        });
    }
}
