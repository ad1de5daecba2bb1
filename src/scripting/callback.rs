//! Functions of a script that are called later.
//!
//! In Rhai 1.27 a function pointer is only a name with captured values: the context of its making (functions,
//! imports, constants) must be kept with it.

use super::convert::Scripted;
use super::desk::Handle;
use super::units::{Rate, Share, Size, Span};
use crate::catalog::Place;
use rhai::{Array, Dynamic, Engine, FLOAT, FnPtr, FuncArgs, INT, ImmutableString, Map, NativeCallContext};
use std::rc::Rc;

#[derive(Clone)]
#[allow(deprecated)]
pub(super) struct Callback {
    function: FnPtr,
    #[allow(deprecated)]
    context: Rc<rhai::NativeCallContextStore>,
    /// What its captured variables were when it was handed over.
    captured: Vec<Dynamic>,
    /// Where it was handed over.
    pub place: Place,
}

impl Callback {
    /// Keeps a function with the context in which it was handed over.
    #[allow(deprecated)]
    pub fn new(context: &NativeCallContext<'_>, function: FnPtr) -> Self {
        let place = super::desk::call_place(context);
        // Lists are long, and no loop runs through them as a whole.
        let is_list = |value: &Dynamic| value.is::<Array>() || value.is::<Map>();
        let kept = |value: &Dynamic| if is_list(value) { Dynamic::UNIT } else { value.flatten_clone() };
        let captured = function.iter_curry().map(kept).collect();
        Callback { function, context: Rc::new(context.store_data()), captured, place }
    }

    /// Calls it.
    #[allow(deprecated)]
    pub fn call(&self, engine: &Engine, arguments: impl FuncArgs) -> Scripted<Dynamic> {
        let context = self.context.create_context(engine);
        self.function.call_within_context(&context, arguments)
    }

    /// The script has come to its end, and nothing was called yet. A captured variable that has another value than when the function was
    /// handed over was that of a loop: Rhai gives all turns the same one, and everything would happen to the last of `for i in 0..3`.
    /// The function keeps what it was given. What several functions count up together they still share.
    pub fn settle(&mut self) {
        for (now, then) in self.function.iter_curry_mut().zip(&self.captured) {
            if !then.is_unit() && differ(&now.flatten_clone(), then) {
                *now = then.flatten_clone().into_shared();
            }
        }
    }

    /// A copy whose captured variables are its own: what one replication changes, no other sees.
    pub fn isolated(&self) -> Self {
        let mut copy = self.clone();
        for captured in copy.function.iter_curry_mut() {
            *captured = captured.flatten_clone().into_shared();
        }
        copy
    }
}

/// Whether these are plain values or components, and not the same.
fn differ(now: &Dynamic, then: &Dynamic) -> bool {
    fn of<T: PartialEq + Clone + 'static>(now: &Dynamic, then: &Dynamic) -> bool {
        let cast = |value: &Dynamic| value.clone().try_cast::<T>();
        cast(then).is_some_and(|then| cast(now).is_some_and(|now| now != then))
    }
    let kinds: [fn(&Dynamic, &Dynamic) -> bool; 9] = [
        of::<INT>,
        of::<FLOAT>,
        of::<bool>,
        of::<ImmutableString>,
        of::<Handle>,
        of::<Span>,
        of::<Rate>,
        of::<Size>,
        of::<Share>,
    ];
    kinds.iter().any(|differ| differ(now, then))
}
