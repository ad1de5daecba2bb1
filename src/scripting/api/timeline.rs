//! What happens, and when: `at`, `every`, `when`.

use crate::model::Trigger;
use crate::scripting::callback::Callback;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::draft;
use crate::scripting::errors::fail;
use crate::scripting::units::Span;
use rhai::{Engine, FnPtr, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("at", |cx: NativeCallContext, t: Span, f: FnPtr| at(&cx, t, "", f));
    engine.register_fn("at", |cx: NativeCallContext, t: Span, label: &str, f: FnPtr| at(&cx, t, label, f));
    engine.register_fn("every", |cx: NativeCallContext, t: Span, f: FnPtr| every(&cx, t, "", f));
    engine.register_fn("every", |cx: NativeCallContext, t: Span, label: &str, f: FnPtr| {
        every(&cx, t, label, f)
    });
    engine.register_fn("when", |cx: NativeCallContext, c: FnPtr, f: FnPtr| when(&cx, c, "", f));
    engine
        .register_fn("when", |cx: NativeCallContext, c: FnPtr, label: &str, f: FnPtr| when(&cx, c, label, f));
}

fn at(cx: &NativeCallContext<'_>, time: Span, label: &str, function: FnPtr) -> Scripted<()> {
    let callback = Callback::new(cx, function);
    match u64::try_from(time.0) {
        Ok(time) => draft("at", |world| world.happen(Trigger::At(time), label, callback)),
        Err(_) => Err(fail(format!("nothing happens at {}", time.text()), Some("t = 0 is the start".into()))),
    }
}

fn every(cx: &NativeCallContext<'_>, period: Span, label: &str, function: FnPtr) -> Scripted<()> {
    let callback = Callback::new(cx, function);
    match u64::try_from(period.0) {
        Ok(period) if period > 0 => {
            draft("every", |world| world.happen(Trigger::Every(period), label, callback))
        }
        _ => {
            let hint = "give it a period, such as every(5.s, || ..)".to_string();
            Err(fail(format!("every({}) would never end", period.text()), Some(hint)))
        }
    }
}

fn when(cx: &NativeCallContext<'_>, condition: FnPtr, label: &str, function: FnPtr) -> Scripted<()> {
    let (condition, callback) = (Callback::new(cx, condition), Callback::new(cx, function));
    draft("when", |world| {
        let condition = world.keep(condition);
        world.happen(Trigger::When(condition), label, callback);
    })
}
