//! What is wrong with a queue is said before anything runs, with what to write instead.

use crate::common::{World, poisson, span, text};
use crate::world::Settings;
use scalelab::catalog::Value;
use scalelab::kernel::Time;
use scalelab::model::check;

/// The messages and hints about a queue with these settings and consumers with those (none: no consumers).
fn complaints(queue: Settings, consumers: Option<Settings>) -> String {
    let mut world = World::default();
    let orders = world.add("queue", "orders", queue);
    if let Some(settings) = consumers {
        let usual = vec![("of", orders.clone()), ("service", span(0.01))];
        world.add("consumers", "workers", [usual, settings].concat());
    }
    world.add("traffic", "producers", vec![("to", orders), ("rate", poisson(10.0))]);
    match check(&world.spec, Time::MAX, &[]) {
        Ok(_) => String::new(),
        Err(problems) => problems.iter().map(|problem| format!("{problem}\n")).collect(),
    }
}

fn assert_complains(queue: Settings, consumers: Option<Settings>, wanted: &[&str]) {
    let text = complaints(queue, consumers);
    for part in wanted {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

fn kind(kind: &str, more: Settings) -> Settings {
    [vec![("kind", text(kind))], more].concat()
}

#[test]
fn a_queue_that_would_only_grow() {
    assert_complains(kind("rabbitmq", vec![]), None, &["no consumers and no bound", "add consumers("]);
    assert_eq!(complaints(kind("rabbitmq", vec![("length", Value::Whole(100))]), None), "");
}

#[test]
fn a_prefetch_that_would_hand_out_nothing() {
    let zero = Some(vec![("prefetch", Value::Whole(0))]);
    assert_complains(kind("rabbitmq", vec![]), zero, &["`prefetch` of 0", "leave `prefetch` out"]);
    let both = Some(vec![("prefetch", Value::Whole(5)), ("ack", text("before"))]);
    assert_complains(kind("rabbitmq", vec![]), both, &["`ack: \"before\"` leaves none"]);
}

#[test]
fn a_retention_shorter_than_the_poll() {
    let queue = kind("sqs", vec![("fifo", Value::Flag(true)), ("retention", span(10.0))]);
    assert_complains(queue, Some(vec![("wait", span(20.0))]), &["`retention` is shorter than a poll"]);
    let queue = kind("kafka", vec![("retention", span(0.2))]);
    assert_complains(queue, Some(vec![("wait", span(0.5))]), &["`retention` is shorter than a poll"]);
}

#[test]
fn more_in_sync_than_there_are() {
    let queue = kind("kafka", vec![("brokers", Value::Whole(3)), ("min_in_sync", Value::Whole(2))]);
    assert_complains(queue, Some(vec![]), &["`min_in_sync` is 2, more than `replicas`, which is 1"]);
    let queue = kind("kafka", vec![("replicas", Value::Whole(2))]);
    assert_complains(queue, Some(vec![]), &["`replicas` is 2, more than `brokers`, which is 1"]);
}

#[test]
fn settings_of_another_kind() {
    let queue = kind("rabbitmq", vec![("visibility", span(30.0))]);
    assert_complains(queue, Some(vec![]), &["`visibility` counts only for kind \"sqs\"", "leave it out"]);
    let consumers = Some(vec![("claim_after", span(5.0))]);
    assert_complains(kind("kafka", vec![]), consumers, &["`claim_after` counts only for a queue of kind"]);
}

#[test]
fn a_producer_that_would_not_try_twice() {
    for setting in ["request_timeout", "delivery_timeout"] {
        let wanted = format!("`{setting}` counts only for kind \"kafka\"");
        assert_complains(
            kind("rabbitmq", vec![(setting, span(5.0))]),
            Some(vec![]),
            &[&wanted, "leave it out"],
        );
    }
    let hasty = kind("kafka", vec![("delivery_timeout", span(20.0))]);
    assert_complains(hasty, Some(vec![]), &["shorter than `request_timeout`", "shorten `request_timeout`"]);
    assert_eq!(complaints(kind("kafka", vec![("request_timeout", span(300.0))]), Some(vec![])), "");
    let careless = kind("kafka", vec![("acks", text("0")), ("delivery_timeout", span(60.0))]);
    assert_complains(careless, Some(vec![]), &["not with `acks: \"0\"`"]);
}

#[test]
fn what_amazon_does_not_publish_and_what_it_does_not_allow() {
    assert_complains(kind("sqs", vec![]), Some(vec![("wait", span(20.0))]), &["needs the setting `hosts`"]);
    let fifo = || kind("sqs", vec![("fifo", Value::Flag(true))]);
    assert_complains(fifo(), Some(vec![]), &["need a pause between polls", "`wait: 20.s`"]);
    assert_complains(fifo(), Some(vec![("wait", span(30.0))]), &["at most 20 s"]);
    let eleven = Some(vec![("wait", span(20.0)), ("batch", Value::Whole(11))]);
    assert_complains(fifo(), eleven, &["at most 10 messages"]);
}
