//! Who asks what of whom, and whether it can be answered.

use super::entry::Plan;
use crate::components::cache;
use crate::components::database::model::{self, MODELS, QUESTIONS, Question};
use crate::components::database::replica::Shape;
use crate::components::{Group, Layout};

/// Every question that somebody in this world asks some database.
pub(super) fn asked(layout: &Layout) -> Vec<Question> {
    let of_group = |group: &Group| match group.kind {
        "traffic" => vec![QUESTIONS[group.settings.choice("asks")].name.to_string()],
        "web" => ["on_read", "on_write"].iter().flat_map(|name| group.settings.texts(name)).collect(),
        _ => Vec::new(),
    };
    layout.groups.iter().flat_map(of_group).filter_map(|name| Question::named(&name)).collect()
}

/// Why a group cannot be asked a question: what is wrong, and what to do.
pub fn refusal(group: &Group, question: Question) -> Option<(String, String)> {
    if question == Question::Point {
        return None;
    }
    let name = question.name();
    let able = model::models_for(question);
    let able = able.iter().map(|model| format!("\"{model}\"")).collect::<Vec<_>>();
    let able = crate::catalog::one_of(&able);
    if group.kind != "database" {
        let message = format!("the {} \"{}\" cannot be asked \"{name}\"", group.kind, group.name);
        return Some((message, "ask a database with a data model".into()));
    }
    let plan = Plan::new(&group.settings);
    if !plan.is_counted() {
        let message =
            format!("database \"{}\" has declared times and cannot be asked \"{name}\"", group.name);
        return Some((message, format!("give it a data model: {able}")));
    }
    let model = plan.model()?;
    if model::answers(model, question) {
        return apart(group, question);
    }
    let own = MODELS[model].name;
    let message = format!("database \"{}\" is {own}: it has no way to answer \"{name}\"", group.name);
    Some((message, format!("{name} needs the model {able}")))
}

/// Why several nodes cannot answer a question together.
fn apart(group: &Group, question: Question) -> Option<(String, String)> {
    let shape = Shape::of(&group.settings);
    if shape.shards == 1 || matches!(question, Question::Point | Question::Aggregate) {
        return None;
    }
    let name = &group.name;
    let copies = ["copied", "split"].into_iter().find(|name| group.settings.count(name).unwrap_or(0) > 0);
    if let (Some(copies), Question::Columns | Question::Join) = (copies, question) {
        let message = format!(
            "\"{name}\" has rows on several shards at a time (`{copies}`): \"{}\" would find them twice",
            question.name()
        );
        return Some((message, format!("leave out `{copies}`, or ask \"point\" or \"aggregate\"")));
    }
    if question == Question::FriendsOfFriends {
        let message =
            format!("the friends of \"{name}\" lie on {} shards: each hop would cross them", shape.shards);
        return Some((message, "leave out `shards`, or keep the friends in a database of their own".into()));
    }
    if shape.leaderless {
        let message = format!("\"{name}\" cannot be asked \"{}\" across shards by quorum", question.name());
        return Some((message, "take another `replication`, or ask \"point\" or \"aggregate\"".into()));
    }
    None
}

/// The groups that answer a question which is sent to a group: those behind balancers and web tiers.
pub fn stores(layout: &Layout, target: usize) -> Vec<usize> {
    let group = &layout.groups[target];
    match group.kind {
        "load_balancer" => {
            let targets = group.settings.groups("to");
            targets.into_iter().flat_map(|target| stores(layout, target)).collect()
        }
        "web" => group.settings.group("reads").into_iter().map(|reads| behind(layout, reads)).collect(),
        _ => vec![target],
    }
}

/// The store behind a cache that stands beside it: a question goes past the cache. Anything else is its own store.
pub fn behind(layout: &Layout, target: usize) -> usize {
    cache::store_beside(&layout.groups[target]).unwrap_or(target)
}
