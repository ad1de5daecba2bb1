//! Functions of lists that are given a test: Rhai takes whatever is no truth value for false, and so a check, whatever it says. Here it is refused.

use super::convert::Scripted;
use super::errors::{fail, takes_another_number};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, NativeCallContext, Position};

/// A test with its context: it is called with an element, with an element and its number, or with `this`, as Rhai's own functions do.
struct Test<'a> {
    cx: NativeCallContext<'a>,
    test: FnPtr,
}

impl Test<'_> {
    fn holds(&self, element: &Dynamic, number: usize) -> Scripted<bool> {
        let number = Dynamic::from(number as rhai::INT);
        let called = |mut this: Option<Dynamic>, arguments: Vec<Dynamic>| {
            self.test.call_raw(&self.cx, this.as_mut(), arguments)
        };
        let value = match called(None, vec![element.clone()]) {
            Err(error) if takes_another_number(&error) => match called(None, vec![element.clone(), number]) {
                Err(error) if takes_another_number(&error) => called(Some(element.clone()), Vec::new()),
                value => value,
            },
            value => value,
        }?;
        if super::api::is_check(&value) {
            let hint = "write one comparison in all.filter(|r| r.latency_p99 < 200.ms): the variants for which it holds for sure";
            return Err(fail(
                "a check is no truth value: a list cannot be searched by it",
                Some(hint.into()),
            ));
        }
        value.as_bool().map_err(|found| {
            EvalAltResult::ErrorMismatchDataType("bool".into(), found.into(), Position::NONE).into()
        })
    }

    fn find(&self, list: &Array) -> Scripted<Option<usize>> {
        for (number, element) in list.iter().enumerate() {
            if self.holds(element, number)? {
                return Ok(Some(number));
            }
        }
        Ok(None)
    }

    /// The elements for which it holds, and the others.
    fn split(&self, list: &mut Array) -> Scripted<(Array, Array)> {
        let holds: Vec<bool> =
            list.iter().enumerate().map(|(n, element)| self.holds(element, n)).collect::<Scripted<_>>()?;
        let mut holds = holds.into_iter();
        Ok(std::mem::take(list).into_iter().partition(|_| holds.next().expect("one for each")))
    }
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("filter", |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<Array> {
        Ok(Test { cx, test }.split(&mut list.clone())?.0)
    });
    engine.register_fn("some", |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<bool> {
        Ok(Test { cx, test }.find(list)?.is_some())
    });
    engine.register_fn("all", |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<bool> {
        Ok(Test { cx, test }.split(&mut list.clone())?.1.is_empty())
    });
    engine.register_fn("find", |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<Dynamic> {
        let found = Test { cx, test }.find(list)?;
        Ok(found.map_or(Dynamic::UNIT, |number| list[number].clone()))
    });
    engine.register_fn(
        "index_of",
        |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<rhai::INT> {
            Ok(Test { cx, test }.find(list)?.map_or(-1, |number| number as rhai::INT))
        },
    );
    engine.register_fn("retain", |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<Array> {
        let (kept, gone) = Test { cx, test }.split(list)?;
        *list = kept;
        Ok(gone)
    });
    engine.register_fn("drain", |cx: NativeCallContext, list: &mut Array, test: FnPtr| -> Scripted<Array> {
        let (gone, kept) = Test { cx, test }.split(list)?;
        *list = kept;
        Ok(gone)
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beside Rhai's own functions.
    #[test]
    fn they_do_what_rhais_do() {
        let own = Engine::new();
        let mut ours = Engine::new();
        register(&mut ours);
        let list = "let a = [5, 3, 8, 1, 9, 2];";
        for text in [
            "a.filter(|x| x > 3)",
            "a.filter(|x, i| i % 2 == 0)",
            "a.filter(|| this > 4)",
            "[a.some(|x| x == 8), a.some(|x| x == 7), [].some(|x| true)]",
            "[a.all(|x| x > 0), a.all(|x| x > 1), [].all(|x| false)]",
            "[a.find(|x| x > 5), a.find(|x| x > 50)]",
            "[a.index_of(|x| x > 5), a.index_of(|x| x > 50), a.index_of(8)]",
            "[a.retain(|x| x > 3), a]",
            "[a.drain(|x| x > 3), a]",
        ] {
            let script = format!("{list} {text}");
            let [one, other] =
                [&own, &ours].map(|engine| engine.eval::<Dynamic>(&script).unwrap().to_string());
            assert_eq!(one, other, "{text}");
        }
        let refused = ours.eval::<Dynamic>("[1].filter(|x| \"yes\")");
        assert!(refused.is_err() && own.eval::<Dynamic>("[1].filter(|x| \"yes\")").is_ok());
    }
}
