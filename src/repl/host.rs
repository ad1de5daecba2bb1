//! Experiments typed at the prompt are carried out like those of `run`.

use crate::catalog::Problems;
use crate::cli::args::RunArgs;
use crate::cli::host::RunHost;
use crate::experiment::{Builder, Outcome, Plan, Workshop};
use crate::scripting::{Host, Judge};
use std::cell::RefCell;
use std::path::{Path, PathBuf};

/// Runs the experiments of one entry after the other.
pub(super) struct ReplHost {
    run: RefCell<RunHost>,
    /// Exit code of the worst entry so far.
    code: std::cell::Cell<u8>,
}

impl ReplHost {
    pub fn new() -> Self {
        ReplHost { run: RefCell::new(host("prompt".as_ref(), "")), code: 0.into() }
    }

    /// A new entry begins: like a new `run`, it replaces the results of experiments of the same names.
    pub fn begin(&self, name: &Path, text: &str) {
        let earlier = self.run.replace(host(name, text));
        self.note_code(&earlier);
    }

    /// The exit code by what the experiments found.
    pub fn code(&self) -> u8 {
        self.note_code(&self.run.borrow());
        self.code.get()
    }

    /// Where an interrupted experiment has left its finished runs.
    pub fn left(&self) -> Option<PathBuf> {
        self.run.borrow().left()
    }

    fn note_code(&self, run: &RunHost) {
        if self.code.get() == 0 {
            self.code.set(run.exit_code());
        }
    }
}

fn host(name: &Path, text: &str) -> RunHost {
    let args = RunArgs { script: name.into(), ..RunArgs::default() };
    RunHost::new(args, Vec::new(), text)
}

impl Host for ReplHost {
    fn adjust(&self, plan: &mut Plan) {
        self.run.borrow().adjust(plan);
    }

    fn run(
        &self,
        plan: &Plan,
        workshop: &dyn Workshop,
        builder: &mut dyn Builder,
        judge: &mut Judge<'_>,
    ) -> Result<Option<Outcome>, Problems> {
        self.run.borrow().run(plan, workshop, builder, judge)
    }

    fn print(&self, text: &str) {
        self.run.borrow().print(text);
    }
}
