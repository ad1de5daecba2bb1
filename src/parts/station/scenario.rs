//! A station alone: jobs and controls at given times, and who left when.

use super::{DISCIPLINES, Job, Station, StationPlan};
use crate::kernel::transit::Instant;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Simulation, Status, Time, Timer,
};
use std::sync::{Arc, Mutex};

/// Who left when, and how: (number of the job, time, whether it was served).
pub type Left = Vec<(usize, Time, bool)>;

/// The station, and whether jobs, once begun, are worked on at normal speed until they are done.
#[derive(Clone)]
struct Desk(Station, bool);

impl Component for Desk {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let (work, priority) = (cx.call(id).key, cx.call(id).verb as u8);
        if !self.0.arrive(Job { id: id.to_bits(), work, priority }, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.0.on_timer(timer, cx) {
            let id = CallId::from_bits(job);
            assert!(!self.1 || self.0.began(job) + cx.call(id).key == cx.now());
            cx.reply(id, Answer::ok(0, 0));
        }
    }
    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.0.on_control(control, cx);
    }
    fn measure(&self, now: Time, out: &mut Readings) {
        self.0.measure(now, out);
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

#[derive(Clone)]
struct Sender {
    jobs: Vec<(Time, Time, u8)>,
    left: Arc<Mutex<Left>>,
}

impl Component for Sender {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        for (number, job) in self.jobs.iter().enumerate() {
            cx.timer_at(job.0, Timer { tag: 0, data: number as u64 });
        }
    }
    fn on_call(&mut self, _call: CallId, _cx: &mut Ctx<'_>) {}
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        let (_, work, priority) = self.jobs[timer.data as usize];
        cx.ask(Ask { note: timer.data as u32, ..Ask::new(NodeId(0), priority.into(), work) });
    }
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.left.lock().unwrap().push((reply.note as usize, cx.now(), reply.status == Status::Ok));
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// Lets jobs (arrival, work, priority) and controls (time, verb, argument) happen; then tells who left when, and what the
/// station measured until `end`.
pub fn play(
    discipline: &str,
    (servers, queue): (u32, Option<u64>),
    jobs: &[(Time, Time, u8)],
    controls: &[(Time, u16, u64)],
    end: Time,
) -> (Left, Readings) {
    let steady = controls.is_empty() && discipline != "processor_sharing";
    let discipline = DISCIPLINES.iter().position(|entry| entry.name == discipline).unwrap();
    let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
    simulation.add(Box::new(Desk(Station::new(StationPlan { servers, queue, discipline }, 3), steady)));
    let left = Arc::new(Mutex::new(Left::new()));
    simulation.add(Box::new(Sender { jobs: jobs.to_vec(), left: left.clone() }));
    for &(at, verb, arg) in controls.iter().filter(|control| control.0 < end) {
        simulation.run_until(at);
        simulation.control(NodeId(0), Control::new(verb, arg));
    }
    simulation.run_until(end);
    simulation.check_conservation().unwrap();
    let left = left.lock().unwrap().clone();
    (left, simulation.readings(NodeId(0), true))
}

const ALL: [&str; 4] = ["fifo", "lifo", "priority", "processor_sharing"];
const HALF: u64 = 500_000;
const FULL: u64 = 1_000_000;
/// Areas are in seconds.
const NS: f64 = 1e-9;

fn served(discipline: &str, jobs: &[(Time, Time, u8)], controls: &[(Time, u16, u64)]) -> Vec<(usize, Time)> {
    let (left, _) = play(discipline, (1, None), jobs, controls, 100_000);
    left.into_iter()
        .map(|(job, at, ok)| {
            assert!(ok);
            (job, at)
        })
        .collect()
}

fn areas(readings: &Readings) -> (f64, f64) {
    let round = |metric| (readings.area_of(metric) / NS).round();
    (round("busy"), round("queue"))
}

#[test]
fn jobs_without_work_leave_when_they_come_into_service() {
    // The fourth comes when the first leaves, and before it is seen to leave.
    let jobs = [(0, 10, 0), (1, 0, 0), (2, 0, 0), (10, 5, 0), (12, 0, 0)];
    assert_eq!(served("fifo", &jobs, &[]), [(0, 10), (1, 10), (2, 10), (3, 15), (4, 15)]);
    let (left, _) = play("fifo", (2, None), &[(0, 10, 0), (0, 10, 0), (1, 0, 0), (10, 5, 0)], &[], 100);
    assert_eq!(left.into_iter().map(|(job, at, _)| (job, at)).max(), Some((3, 15)));
}

#[test]
fn jobs_that_leave_at_the_same_time_have_begun_when_they_did() {
    let jobs = [(0, 10, 0), (0, 10, 0), (4, 6, 0), (5, 5, 0), (6, 4, 0), (6, 9, 0)];
    for discipline in ["fifo", "lifo", "priority"] {
        for servers in 1..5 {
            assert_eq!(play(discipline, (servers, None), &jobs, &[], 1_000).0.len(), jobs.len());
        }
    }
}

#[test]
fn a_change_of_speed_in_the_middle_of_a_job() {
    for discipline in ALL {
        // 40 of 100 done at full speed, the other 60 at half speed; then a job of 50 at half speed.
        let jobs = [(0, 100, 0), (120, 50, 0)];
        let controls = [(40, Control::SPEED, HALF)];
        let expected = match discipline {
            // From 120 to 160 both at a quarter; the first has 20 left at 120 and takes until 200.
            "processor_sharing" => [(0, 200), (1, 260)],
            _ => [(0, 160), (1, 260)],
        };
        assert_eq!(served(discipline, &jobs, &controls), expected, "{discipline}");
    }
}

#[test]
fn a_hang_shifts_everything_by_its_length() {
    for discipline in ALL {
        let jobs = [(0, 100, 0), (10, 50, 0), (20, 70, 0)];
        let controls = [(30, Control::HANG, 0), (1_030, Control::RECOVER, 0)];
        let calm = served(discipline, &jobs, &[]);
        let hung = served(discipline, &jobs, &controls);
        for ((job, at), (same, later)) in calm.into_iter().zip(hung) {
            // Sharing rounds a departure up to a whole nanosecond, each time it is computed.
            assert!(
                job == same && (at + 1_000..=at + 1_001).contains(&later),
                "{discipline}: {job} at {later}"
            );
        }
    }
}

#[test]
fn jobs_are_there_while_their_station_hangs() {
    for discipline in ALL {
        let jobs = [(0, 100, 0), (10, 50, 0), (20, 70, 0)];
        let controls = [(30, Control::HANG, 0), (1_030, Control::RECOVER, 0)];
        for end in [530, 1_030, 5_000] {
            let hung = (end.min(1_030) - 30) as f64;
            let (busy, waiting) = areas(&play(discipline, (1, None), &jobs, &controls, end).1);
            let (calm_busy, calm_waiting) =
                areas(&play(discipline, (1, None), &jobs, &[], end.max(1_030) - 1_000).1);
            let off = (busy - calm_busy - hung).abs().max((waiting - calm_waiting - 2.0 * hung).abs());
            assert!(off < 3.0, "{discipline} until {end}: busy {busy}, waiting {waiting}");
        }
    }
}

#[test]
fn a_job_that_leaves_at_the_moment_of_a_control_is_not_forgotten() {
    for discipline in ALL {
        for control in [(Control::SPEED, HALF), (Control::SPEED, 2 * FULL), (Control::HANG, 0)] {
            let controls = [(100, control.0, control.1), (300, Control::RECOVER, 0)];
            let left = served(discipline, &[(0, 100, 0), (50, 10, 0)], &controls);
            assert_eq!(left.len(), 2, "{discipline}: {left:?}");
        }
    }
}

#[test]
fn a_crash_clears_the_station_and_it_works_again() {
    for discipline in ALL {
        let jobs = [(0, 100, 0), (10, 50, 0), (200, 70, 0)];
        let controls = [(40, Control::CRASH_PROCESS, 0), (150, Control::RECOVER, 0)];
        let (left, readings) = play(discipline, (1, None), &jobs, &controls, 1_000);
        assert_eq!(left, [(0, 40, false), (1, 40, false), (2, 270, true)], "{discipline}");
        let (busy, waiting) = areas(&readings);
        // Shared or not, until the crash one server was busy and one job was too many for it.
        assert_eq!((busy, waiting), (40.0 + 70.0, 30.0), "{discipline}");
        assert_eq!(readings.count_of("completions"), 1);
    }
}

#[test]
fn a_hung_station_that_crashes_is_as_new() {
    for discipline in ALL {
        let jobs = [(0, 100, 0), (10, 50, 0), (200, 70, 0)];
        let controls = [(20, Control::HANG, 0), (40, Control::CRASH_PROCESS, 0), (150, Control::RECOVER, 0)];
        let (left, readings) = play(discipline, (1, None), &jobs, &controls, 1_000);
        assert_eq!(left[2], (2, 270, true), "{discipline}");
        assert_eq!(areas(&readings), (40.0 + 70.0, 30.0), "{discipline}");
    }
}

#[test]
fn a_full_line_turns_away() {
    for discipline in ALL {
        let jobs = [(0, 100, 0), (10, 100, 0), (20, 100, 0), (30, 100, 0), (500, 10, 0)];
        let (left, readings) = play(discipline, (2, Some(1)), &jobs, &[], 1_000);
        assert_eq!(left[0], (3, 30, false), "{discipline}");
        assert_eq!((readings.count_of("rejected"), readings.count_of("completions")), (1, 4));
        assert_eq!(left.len(), 5);
    }
}

#[test]
fn the_longest_line_and_the_areas_of_two_servers() {
    let jobs = [(0, 100, 0), (0, 40, 0), (10, 60, 0), (20, 10, 0)];
    let (left, readings) = play("fifo", (2, None), &jobs, &[], 1_000);
    assert_eq!(left, [(1, 40, true), (0, 100, true), (2, 100, true), (3, 110, true)]);
    assert_eq!(areas(&readings), (210.0, 30.0 + 80.0));
    // One that left before an older one is counted when it leaves.
    assert_eq!(play("fifo", (2, None), &jobs, &[], 50).1.count_of("completions"), 1);
}

#[test]
fn newest_first_and_urgent_first() {
    let jobs = [(0, 100, 1), (10, 20, 1), (20, 20, 0), (30, 20, 1), (40, 20, 0)];
    assert_eq!(served("lifo", &jobs, &[]), [(0, 100), (4, 120), (3, 140), (2, 160), (1, 180)]);
    assert_eq!(served("priority", &jobs, &[]), [(0, 100), (2, 120), (4, 140), (1, 160), (3, 180)]);
    assert_eq!(served("fifo", &jobs, &[]), [(0, 100), (1, 120), (2, 140), (3, 160), (4, 180)]);
}

#[test]
fn two_jobs_share_one_processor_and_not_two() {
    // Alone until 30, then both at half speed: the second is done at 30 + 2 x 40, the first has 30 left.
    assert_eq!(served("processor_sharing", &[(0, 100, 0), (30, 40, 0)], &[]), [(1, 110), (0, 140)]);
    let (left, readings) = play("processor_sharing", (2, None), &[(0, 100, 0), (30, 40, 0)], &[], 1_000);
    assert_eq!(left, [(1, 70, true), (0, 100, true)]);
    assert_eq!(areas(&readings), (140.0, 0.0));
}
