//! Functions of a script that are called later.
//!
//! In Rhai 1.27 a function pointer is only a name with captured values: the context of its making (functions,
//! imports, constants) must be kept with it.

use super::convert::Scripted;
use crate::catalog::Place;
use rhai::{Dynamic, Engine, FnPtr, FuncArgs, NativeCallContext};
use std::rc::Rc;

#[derive(Clone)]
#[allow(deprecated)]
pub(super) struct Callback {
    function: FnPtr,
    #[allow(deprecated)]
    context: Rc<rhai::NativeCallContextStore>,
    /// Where it was handed over.
    pub place: Place,
}

impl Callback {
    /// Keeps a function with the context in which it was handed over.
    #[allow(deprecated)]
    pub fn new(context: &NativeCallContext<'_>, function: FnPtr) -> Self {
        let place = super::desk::call_place(context);
        Callback { function, context: Rc::new(context.store_data()), place }
    }

    /// Calls it.
    #[allow(deprecated)]
    pub fn call(&self, engine: &Engine, arguments: impl FuncArgs) -> Scripted<Dynamic> {
        let context = self.context.create_context(engine);
        self.function.call_within_context(&context, arguments)
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
