//! What a script is working on, one per thread: its experiments, the world being described, the run under way.
//!
//! Handles in scripts are plain numbers into this table, so that closures that capture them make no cycles and
//! no borrow is held while a script runs.

use super::callback::Callback;
use super::errors::fail;
use super::onward::Onward;
use super::places::{Keys, place_at};
use super::session::{Finished, Record};
use crate::catalog::{Given, Place, Problems, Value};
use crate::components::site::FIRST_AIDE;
use crate::experiment::{Phase, View};
use crate::kernel::Time;
use crate::model::{Command, Part, Target, Trigger, WorldSpec};
use rhai::{Dynamic, EvalAltResult, Map, NativeCallContext};
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// A component of the world being described, or one node of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Handle {
    /// Which world it belongs to.
    pub world: u64,
    /// Index of the group.
    pub group: usize,
    /// One node of the group.
    pub node: Option<u64>,
    /// A part of a database.
    pub part: Option<Part>,
}

impl Handle {
    /// For a setting. A component of another world has an index that no check accepts.
    pub fn value(&self) -> Value {
        let here = desk(|desk| desk.world.as_ref().map(|world| world.serial));
        match self.selected() {
            Some(which) if here == Some(self.world) => {
                let name = self.name().map_or("a component".into(), |name| format!("\"{name}\""));
                Value::Selection(format!("{which} of {name}"))
            }
            _ => Value::Group(if here == Some(self.world) { self.group } else { usize::MAX }),
        }
    }

    /// What of its component it is: `node 0`, `primary`; `None`: all of it.
    fn selected(&self) -> Option<String> {
        let part = self.part.map(|part| part.to_string());
        let node = |n: u64| match n.checked_sub(FIRST_AIDE) {
            Some(n) => format!("proxy {n}"),
            None => format!("node {n}"),
        };
        part.or_else(|| self.node.map(node))
    }

    /// What a script calls its component, while its world is being described.
    fn name(&self) -> Option<String> {
        desk(|desk| {
            let world = desk.world.as_ref().filter(|world| world.serial == self.world)?;
            world.spec.groups.get(self.group).map(|group| group.name.clone())
        })
    }

    pub fn target(&self) -> Target {
        match (self.node, self.part) {
            (_, Some(part)) => Target::Part(self.group, part),
            (Some(node), None) => Target::Node(self.group, node),
            (None, None) => Target::Group(self.group),
        }
    }
}

/// An experiment as the script has described it so far.
#[derive(Clone)]
pub(super) struct Definition {
    pub name: String,
    pub about: String,
    pub factors: Vec<(String, Vec<Dynamic>)>,
    pub variants: Vec<(String, Map)>,
    /// Levels of the variant that others are compared with, and where that was said.
    pub baseline: Option<(Map, Place)>,
    pub replications: u64,
    pub warmup: Time,
    /// How soon requests are to be answered.
    pub slo: Option<Time>,
    /// `None`: not said, or mistaken.
    pub duration: Option<Time>,
    pub says_duration: bool,
    pub window: Option<Time>,
    /// Parts with figures of their own, and where that was said.
    pub phases: Vec<(Phase, Place)>,
    pub seed: u64,
    pub world: Option<Callback>,
    /// Whether there is one, if perhaps a mistaken one.
    pub says_world: bool,
    /// Whether a factor or a variant was mistaken, so that nobody knows what its worlds are given.
    pub is_vague: bool,
    pub expects: Vec<Expect>,
    pub place: Place,
    /// What was found wrong in its chain: told with all else that is.
    pub mistakes: Problems,
    /// Whether it is to be run when the script, or the entry of the prompt, has ended.
    pub pending: bool,
    /// How often `.run()` was called on it.
    pub calls: u64,
    /// Its results, until it is changed.
    pub finished: Option<Rc<Finished>>,
    /// All results it ever had, each with the number of calls by then.
    pub records: Vec<(u64, Arc<Record>)>,
}

impl Definition {
    /// Its checks keep what they were given, where that was the variable of a loop.
    pub fn settle(&mut self) {
        self.expects.iter_mut().for_each(|expect| expect.callback.settle());
    }
}

/// How far a worker evaluates a script: as far as it had come when the experiment was run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Only {
    /// Number of the experiment.
    pub ordinal: usize,
    /// The call of `.run()` that is under way; `None`: all has been evaluated.
    pub call: Option<u64>,
}

/// A check of an experiment.
#[derive(Clone)]
pub(super) struct Expect {
    pub text: String,
    pub kind: ExpectKind,
    pub callback: Callback,
}

/// What a check is about.
#[derive(Clone)]
pub(super) enum ExpectKind {
    /// Each variant.
    Each,
    /// The variants with these levels.
    For(Map),
    /// All together.
    Claim,
}

/// The world being described.
#[derive(Default)]
pub(super) struct Draft {
    pub serial: u64,
    pub spec: WorldSpec,
    pub callbacks: Vec<Callback>,
    /// End of the run, for functions of time.
    pub end: Time,
}

impl Draft {
    /// Adds a function and gives its number.
    pub fn keep(&mut self, callback: Callback) -> usize {
        self.callbacks.push(callback);
        self.callbacks.len() - 1
    }

    /// Adds something that happens.
    pub fn happen(&mut self, trigger: Trigger, label: &str, callback: Callback) {
        let place = callback.place.clone();
        let callback = self.keep(callback);
        let item = crate::model::TimelineItem { trigger, label: label.into(), callback, place };
        self.spec.timeline.push(item);
    }
}

/// A function of the script is being called while a simulation runs.
pub(super) struct Moment {
    pub view: View,
    pub commands: Vec<Command>,
    /// Figures that were asked for: of which group, which, and whether there was one.
    pub asked: Vec<(usize, String, bool)>,
}

impl Checking {
    /// Whether it may go wrong only because of values that stand for others.
    pub fn stands_for_others(&self) -> bool {
        self.guessed || !self.amiss.is_empty()
    }
}

/// What a check has come by.
#[derive(Default)]
pub(super) struct Checking {
    /// Whether it is called before anything has run.
    pub is_rehearsed: bool,
    /// Whether it looked at a measured figure.
    pub looked: bool,
    /// Whether it was given a level that is not known before anything has run.
    pub guessed: bool,
    /// What comparisons with such a level come to.
    pub answer: bool,
    /// Whether it asks which variant is the best.
    pub asks_for_the_best: bool,
    /// The variant that is taken for the best while the check is rehearsed.
    pub supposed: Option<usize>,
    /// What is wrong with it if that one is the best, and perhaps if another is.
    pub perhaps: Problems,
    /// What is wrong with it, apart from what ended it.
    pub amiss: Problems,
    /// Which variants it was told are the best.
    pub best: Vec<String>,
}

#[derive(Default)]
pub(super) struct Desk {
    /// Name of the script, for places.
    pub source: Arc<str>,
    /// What the check that was called last has come by.
    pub check: Checking,
    /// The script's own folder, for traces.
    pub folder: PathBuf,
    pub keys: Keys,
    pub experiments: Vec<Definition>,
    pub world: Option<Draft>,
    pub worlds_made: u64,
    pub moment: Option<Moment>,
    /// Set in workers, which evaluate the script again for one experiment.
    pub only: Option<Only>,
    /// What earlier `.run()` calls returned, by experiment, for workers.
    pub earlier: Vec<Vec<(u64, Arc<Record>)>>,
    /// What is wrong with what is being evaluated as far as its text alone tells.
    pub told: Problems,
    /// Set while a script is only read.
    pub onward: Option<Onward>,
    /// What of the text alone is wrong, whatever else is.
    pub certain: Problems,
    /// Whether a function that is called while a simulation runs has printed something.
    pub printed_in_event: bool,
    /// Where print goes, if not to the terminal.
    pub printed: Option<Printer>,
}

/// Where a script's print goes.
pub(super) type Printer = Rc<dyn Fn(&str)>;

thread_local! {
    static DESK: RefCell<Desk> = RefCell::new(Desk::default());
}

/// Works on the desk. Never call a script inside.
pub(super) fn desk<T>(work: impl FnOnce(&mut Desk) -> T) -> T {
    DESK.with(|desk| work(&mut desk.borrow_mut()))
}

/// Operations that printing a line counts as: a flood ends like an endless loop.
const PRINT_COSTS: u64 = 5_000;

/// What a script prints.
pub(super) fn print(text: &str) {
    super::engine::spend(PRINT_COSTS);
    if desk(|desk| desk.moment.is_some()) {
        return desk(|desk| desk.printed_in_event = true);
    }
    if let Some(printer) = desk(|desk| desk.printed.clone()) {
        printer(text);
    }
}

/// Where a native function was called from.
pub(super) fn call_place(context: &NativeCallContext<'_>) -> Place {
    let source = context.call_source().map(Arc::from);
    let source = source.unwrap_or_else(|| desk(|desk| desk.source.clone()));
    place_at(&source, context.call_position()).unwrap_or(Place { source, ..Place::default() })
}

/// The settings of a map, each with its place.
pub(super) fn given(context: &NativeCallContext<'_>, map: &Map) -> Vec<Given> {
    let call = call_place(context);
    let position = context.call_position();
    let mut settings: Vec<Given> = map
        .iter()
        .map(|(name, value)| {
            let own = desk(|desk| desk.keys.place(&call.source, position, name));
            let place = own.unwrap_or_else(|| call.clone());
            Given { name: name.to_string(), value: super::convert::value(value), place }
        })
        .collect();
    // Maps are sorted by name; mistakes are reported in the order they were written.
    settings.sort_by(|a, b| a.place.cmp(&b.place));
    settings
}

/// The world being described, or an error that says where its functions belong.
pub(super) fn draft<T>(what: &str, work: impl FnOnce(&mut Draft) -> T) -> Result<T, Box<EvalAltResult>> {
    if desk(|desk| desk.moment.is_some()) {
        let hint =
            "the world is made before it runs: move it out of at(..), every(..) or when(..)".to_string();
        return Err(fail(format!("{what} cannot be added while a simulation runs"), Some(hint)));
    }
    desk(|desk| desk.world.as_mut().map(work)).ok_or_else(|| {
        let hint = "describe worlds in experiment(..).world(|p| { .. })".to_string();
        fail(format!("{what} belongs into a world"), Some(hint))
    })
}
