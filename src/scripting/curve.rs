//! A rate as a function of time: looked at while the world is described, more closely where it bends.

use super::callback::Callback;
use super::convert::{Scripted, value};
use super::errors::fail;
use super::units::{Rate, Span};
use crate::catalog::{Load, Value};
use crate::kernel::{SECOND, Time};
use crate::random::arrivals::Arrivals;
use rhai::Engine;

/// Between two looks the rate is taken for a straight line if half-way it is as near to one as this, as a part of the rate.
const STRAIGHT: f64 = 0.01;
/// A jump is looked for until it lies between two moments so near to each other, in ns.
const SHARP: Time = 1_000;

/// Arrivals whose rate is what a function says from 0 to `end`: straight lines between seconds, halved wherever the function is no such line.
/// What comes and goes between two looks, half a second apart, is missed.
///
/// # Errors
///
/// What the function fails of, or what it returns if that is no rate.
pub(super) fn rate_function(callback: &Callback, engine: &Engine, end: Time) -> Scripted<Value> {
    let points = points(end, &mut |at| rate_at(callback, engine, at))?;
    let arrivals = Arrivals::ramp(points).map_err(|error| fail(error.to_string(), None))?;
    Ok(Value::Load(Load::Open(arrivals)))
}

fn rate_at(callback: &Callback, engine: &Engine, at: Time) -> Scripted<f64> {
    let rate = callback.call(engine, (Span(at as i64),))?;
    let found = rate.clone().try_cast::<Rate>().map(|rate| rate.0);
    let found = found.ok_or_else(|| {
        let found = value(&rate).describe();
        fail(format!("a rate function must return a rate such as 200.rps, not {found}"), None)
    })?;
    // Between an infinite rate and any other there is no straight line.
    match found.is_finite() {
        true => Ok(found),
        false => {
            Err(fail(format!("a rate function must return a rate from 0 up, not {found} per second"), None))
        }
    }
}

/// A moment and the rate of it.
type Point = (Time, f64);

fn points(end: Time, rate: &mut impl FnMut(Time) -> Scripted<f64>) -> Scripted<Vec<Point>> {
    let mut points = vec![(0, rate(0)?)];
    for second in 1..=end.div_ceil(SECOND) {
        let (from, to) = (*points.last().expect("it has one"), second * SECOND);
        let to = (to, rate(to)?);
        bend(from, to, rate, &mut points)?;
        add(to, &mut points);
    }
    Ok(points)
}

/// Adds what lies between two moments as long as it is no straight line.
fn bend(
    from: Point,
    to: Point,
    rate: &mut impl FnMut(Time) -> Scripted<f64>,
    points: &mut Vec<Point>,
) -> Scripted<()> {
    if to.0 - from.0 <= SHARP {
        return Ok(());
    }
    let at = from.0 + (to.0 - from.0) / 2;
    let middle = (at, rate(at)?);
    let off = (middle.1 - (from.1 + to.1) / 2.0).abs();
    if off <= STRAIGHT * from.1.max(to.1).max(middle.1) {
        return Ok(());
    }
    bend(from, middle, rate, points)?;
    add(middle, points);
    bend(middle, to, rate, points)
}

/// Adds a point; where the rate stays, two are enough.
fn add(point: Point, points: &mut Vec<Point>) {
    if let [.., before, last] = points.as_slice()
        && before.1 == last.1
        && last.1 == point.1
    {
        points.pop();
    }
    points.push(point);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(end: Time, rate: impl Fn(f64) -> f64) -> (Vec<Point>, usize) {
        let mut calls = 0;
        let found = points(end, &mut |at| {
            calls += 1;
            Ok(rate(at as f64 / SECOND as f64))
        });
        (found.unwrap(), calls)
    }

    #[test]
    fn a_jump_is_where_it_is() {
        for jump in [10.0, 10.5, 10.3217] {
            let (points, calls) = of(20 * SECOND, |t| if t < jump { 100.0 } else { 500.0 });
            assert!(calls < 100, "{calls}");
            assert_eq!(points.len(), 4, "{points:?}");
            let (before, after) = (points[1], points[2]);
            assert_eq!((before.1, after.1), (100.0, 500.0));
            let at = (jump * SECOND as f64) as Time;
            assert!(before.0 <= at && at <= after.0 && after.0 - before.0 <= SHARP, "{jump}: {points:?}");
        }
    }

    #[test]
    fn what_is_straight_or_nearly_so_is_looked_at_twice_a_second() {
        for rate in [|t: f64| 100.0 + 7.0 * t, |t: f64| 100.0 + 50.0 * libm::sin(t / 10.0)] {
            let (points, calls) = of(20 * SECOND, rate);
            assert_eq!((points.len(), calls), (21, 41));
        }
        assert_eq!(of(1_000 * SECOND, |_| 5.0).0.len(), 2, "a flat one needs two points");
    }

    #[test]
    fn a_bend_is_followed() {
        let rate = |t: f64| 100.0 + 100.0 * libm::sin(t * 3.0).max(0.0);
        let (points, _) = of(10 * SECOND, rate);
        for pair in points.windows(2) {
            let [(from, a), (to, b)] = pair else { unreachable!() };
            let middle = (from + to) as f64 / 2.0 / SECOND as f64;
            assert!((rate(middle) - (a + b) / 2.0).abs() <= 0.011 * 200.0, "{pair:?}");
        }
    }
}
