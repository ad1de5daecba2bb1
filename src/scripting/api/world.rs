//! Components, links, and what can be done to them while a simulation runs.

use crate::catalog::Problem;
use crate::components::KINDS;
use crate::components::site::FIRST_AIDE;
use crate::model::{ACTIONS, Command, GroupSpec, LinkSpec, Part, Role, Target};
use crate::scripting::callback::Callback;
use crate::scripting::convert::{self, Scripted};
use crate::scripting::curve::rate_function;
use crate::scripting::desk::{Handle, call_place, desk, draft, given};
use crate::scripting::errors::{fail, raise};
use crate::scripting::unlike::kind;
use rhai::{Dynamic, Engine, FnPtr, INT, Map, NativeCallContext};

pub(super) fn register(engine: &mut Engine) {
    kind::<Handle>(engine, "component");
    for kind in KINDS {
        let name = kind.entry.name;
        engine.register_fn(name, move |cx: NativeCallContext, own: &str, map: Map| {
            component(&cx, name, own, &map)
        });
        engine.register_fn(name, move |cx: NativeCallContext, own: &str| {
            component(&cx, name, own, &Map::new())
        });
    }
    engine.register_fn("link", link);
    engine.register_fn("network", network);
    for action in ACTIONS {
        engine.register_fn(*action, move |cx: NativeCallContext, to: Handle| {
            command(&cx, to.target(), action, Vec::new(), Some(to.world))
        });
        engine.register_fn(*action, move |cx: NativeCallContext, to: Handle, argument: Dynamic| {
            command(&cx, to.target(), action, vec![argument], Some(to.world))
        });
    }
    for action in ["partition", "heal"] {
        engine.register_fn(action, move |cx: NativeCallContext, a: Handle, b: Handle| {
            command(&cx, between(a, b), action, Vec::new(), Some(a.world))
        });
    }
    engine.register_fn("slow_link", |cx: NativeCallContext, a: Handle, b: Handle, factor: Dynamic| {
        command(&cx, between(a, b), "slow_link", vec![factor], Some(a.world))
    });
    register_region(engine);
    engine.register_fn("primary", |of: Handle| part(of, Role::Primary));
    engine.register_fn("router", |of: Handle| part(of, Role::Router));
    // (That of a cache is an aide of it: `model::resolve` knows which is meant.)
    engine.register_fn("coordinator", |of: Handle| part(of, Role::Coordinator));
    engine.register_fn("replica", |of: Handle, n: INT| numbered(n).map(|n| part(of, Role::Replica(n))));
    engine.register_fn("shard", |of: Handle, n: INT| {
        numbered(n).map(|n| Handle { part: Some(Part { shard: Some(n), role: Role::All }), ..of })
    });
    engine.register_fn("note", |cx: NativeCallContext, text: &str| {
        command(&cx, Target::Note, "note", vec![text.to_string().into()], None)
    });
    engine.register_indexer_get(|handle: &mut Handle, n: INT| node(*handle, n));
    engine.register_fn("proxy", |handle: Handle| Handle { node: Some(FIRST_AIDE), ..handle });
    for aide in ["proxy", "coordinator"] {
        engine.register_fn(aide, |handle: Handle, n: INT| -> Scripted<Handle> {
            node(handle, n).map(|nth| Handle { node: nth.node.map(|n| FIRST_AIDE + n), ..handle })
        });
    }
    engine.register_indexer_get(|handle: &mut Handle, figure: &str| read_figure(*handle, figure));
    engine.register_fn("==", |a: Handle, b: Handle| a == b);
    engine.register_fn("!=", |a: Handle, b: Handle| a != b);
    engine.register_fn("to_string", |handle: &mut Handle| describe(*handle));
    engine.register_fn("to_debug", |handle: &mut Handle| describe(*handle));
}

fn component(cx: &NativeCallContext<'_>, kind: &'static str, name: &str, map: &Map) -> Scripted<Handle> {
    let place = call_place(cx);
    let mut settings = given(cx, map);
    // A function of time is looked at now; this calls the script, so nothing may be borrowed.
    for setting in &mut settings {
        if let Some(function) = map.get(setting.name.as_str()).and_then(|v| v.clone().try_cast::<FnPtr>())
            && setting.name == "rate"
        {
            let end = draft("a component", |world| world.end)?;
            setting.value = rate_function(&Callback::new(cx, function), cx.engine(), end)?;
        }
    }
    draft("a component", |world| {
        world.spec.groups.push(GroupSpec { kind, name: name.into(), given: settings, place });
        Handle { world: world.serial, group: world.spec.groups.len() - 1, node: None, part: None }
    })
}

fn link(cx: NativeCallContext<'_>, a: Handle, b: Handle, map: Map) -> Scripted<()> {
    let place = call_place(&cx);
    let settings = given(&cx, &map);
    let is_whole = |end: &Handle| end.node.is_none() && end.part.is_none();
    draft("a link", |world| {
        if ![a, b].iter().all(is_whole) {
            let problem =
                Problem::at(&place, "a link is between components, not between their parts or nodes");
            world
                .spec
                .problems
                .push(problem.hint("write link(a, b, #{ .. }): all nodes of a component share its links"));
        }
        world.spec.links.push(LinkSpec { a: a.group, b: b.group, given: settings, place });
    })
}

fn network(cx: NativeCallContext<'_>, map: Map) -> Scripted<()> {
    let place = call_place(&cx);
    if draft("the network", |world| world.spec.network.is_some())? {
        let hint = "links between two components are written link(a, b, #{ .. })".to_string();
        return Err(fail("the network is described twice", Some(hint)));
    }
    let settings = given(&cx, &map);
    draft("the network", |world| world.spec.network = Some((settings, place)))
}

/// Something is to be done now.
fn command(
    cx: &NativeCallContext<'_>,
    target: Target,
    action: &str,
    arguments: Vec<Dynamic>,
    world: Option<u64>,
) -> Scripted<()> {
    let arguments = arguments.iter().map(convert::value).collect();
    let command = Command { target, action: action.into(), arguments, place: call_place(cx) };
    desk(|desk| {
        let here = desk.world.as_ref().map(|world| world.serial);
        let Some(moment) = &mut desk.moment else {
            let message = format!("`{action}` happens while a simulation runs, not while it is described");
            let problem = Problem::at(&command.place, message).hint("write at(1.minute, || ..)");
            return match &mut desk.world {
                Some(world) => {
                    world.spec.problems.push(problem); // and go on, to find the other mistakes
                    Ok(())
                }
                None => Err(raise(vec![problem])),
            };
        };
        if world.is_some() && world != here {
            return Err(fail("this component belongs to another world", None));
        }
        moment.commands.push(command);
        Ok(())
    })
}

fn register_region(engine: &mut Engine) {
    kind::<Region>(engine, "region");
    engine.register_fn("region", |name: &str| Region(name.into()));
    for action in ACTIONS {
        engine.register_fn(*action, move |cx: NativeCallContext, of: Region| {
            command(&cx, Target::Region, action, vec![of.0.into()], None)
        });
        engine.register_fn(*action, move |cx: NativeCallContext, of: Region, argument: Dynamic| {
            let argument = match argument.try_cast_result::<Region>() {
                Ok(other) => other.0.into(),
                Err(argument) => argument,
            };
            command(&cx, Target::Region, action, vec![of.0.into(), argument], None)
        });
    }
}

/// All who stand in a region.
#[derive(Clone)]
struct Region(String);

/// A part of a database, or of one of its shards.
fn part(of: Handle, role: Role) -> Handle {
    let shard = of.part.and_then(|part| part.shard);
    Handle { part: Some(Part { shard, role }), ..of }
}

/// Two components, or parts of them.
fn between(a: Handle, b: Handle) -> Target {
    let part = |of: Handle| {
        let node = of.node.map(|n| Part { shard: None, role: Role::Node(n) });
        of.part.or(node)
    };
    match (part(a), part(b)) {
        (None, None) => Target::Between(a.group, b.group),
        (of_a, of_b) => Target::Apart((a.group, of_a), (b.group, of_b)),
    }
}

fn numbered(n: INT) -> Scripted<u64> {
    u64::try_from(n).map_err(|_| fail(format!("there is no number {n}"), Some("the first one is 0".into())))
}

fn node(handle: Handle, n: INT) -> Scripted<Handle> {
    match u64::try_from(n) {
        Ok(n) => Ok(Handle { node: Some(n), ..handle }),
        Err(_) => Err(fail(format!("there is no [{n}]"), Some("the first one is [0]".into()))),
    }
}

/// A figure of a component, a part of it or one of its nodes since the last look, inside `when`, `every` and `at`.
fn read_figure(handle: Handle, name: &str) -> Scripted<f64> {
    let node = handle.node.map(|n| Part { shard: None, role: Role::Node(n) });
    let found = desk(|desk| {
        let moment = desk.moment.as_mut()?;
        let found = moment.view.figure(handle.group, handle.part.or(node), name);
        let known = matches!(found, Ok(Some(_)));
        moment.asked.push((handle.group, name.into(), known));
        Some(found)
    });
    match found {
        // A figure that the last second says nothing about (no look-ups) is not a number: no comparison holds.
        Some(found) => found.map(|value| value.unwrap_or(f64::NAN)).map_err(|problem| raise(vec![problem])),
        None if ACTIONS.contains(&name) => {
            let hint = format!("write || store.{name}(..), a function that does it when it is time");
            Err(fail(format!("`{name}` is an action, and not a figure"), Some(hint)))
        }
        None => {
            let hint = "write when(|| cache.hit_ratio < 0.5, || ..)".to_string();
            Err(fail(format!("`{name}` is measured while a simulation runs"), Some(hint)))
        }
    }
}

fn describe(handle: Handle) -> String {
    let name = desk(|desk| {
        let world = desk.world.as_ref().filter(|world| world.serial == handle.world)?;
        let group = world.spec.groups.get(handle.group)?;
        Some(format!("{} \"{}\"", group.kind, group.name))
    });
    name.unwrap_or_else(|| "component".into())
}
