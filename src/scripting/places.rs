//! Where things stand in a script: positions of calls and of the keys of their object maps.
//!
//! Rhai reports the position of a call only; the exact place of a wrong setting comes from the syntax tree.

use crate::catalog::Place;
use rhai::{AST, ASTNode, Expr, Position};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Places of the keys of object maps, by the source and position of the call they are arguments of.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys(BTreeMap<Arc<str>, OfCalls>);

/// Line and column of a call, and what keys its maps have.
type OfCalls = BTreeMap<(usize, usize), Vec<(String, Position)>>;

impl Keys {
    /// Notes the maps of a syntax tree.
    #[allow(deprecated)]
    pub fn note(&mut self, source: &str, ast: &AST) {
        let calls = self.0.entry(source.into()).or_default();
        ast.walk(&mut |nodes: &[ASTNode<'_>]| {
            if let Some(ASTNode::Expr(Expr::FnCall(call, position) | Expr::MethodCall(call, position))) =
                nodes.last()
            {
                for argument in &call.args {
                    if let Expr::Map(map, _) = argument {
                        let keys = map.0.iter().map(|(key, _)| (key.name.to_string(), key.pos));
                        calls.entry(spot(*position)).or_default().extend(keys);
                    }
                }
            }
            true
        });
    }

    /// Where a key of a call's map stands.
    pub fn place(&self, source: &Arc<str>, call: Position, key: &str) -> Option<Place> {
        let keys = self.0.get(source)?.get(&spot(call))?;
        let (_, position) = keys.iter().find(|(name, _)| name == key)?;
        let mut place = place_at(source, *position)?;
        place.length = key.chars().count();
        Some(place)
    }
}

fn spot(position: Position) -> (usize, usize) {
    (position.line().unwrap_or(0), position.position().unwrap_or(0))
}

/// A position of Rhai as a place.
pub(super) fn place_at(source: &Arc<str>, position: Position) -> Option<Place> {
    let line = position.line()?;
    Some(Place { source: source.clone(), line, column: position.position().unwrap_or(1), length: 0 })
}
