//! What a real system is: every figure with its source and date.

use super::section;
use crate::cli::look::{STRONG, styled};
use crate::profiles::{self, Figure, Profile};
use serde_json::{Value, json};

/// Its model and its figures.
pub(super) fn text(profile: &Profile) -> String {
    let mut text = format!("  model       {}\n", profile.model);
    let figure = |figure: &Figure| {
        let name = styled(STRONG, figure.name);
        format!("    {name}: {} ({}; {})\n", figure.worth, figure.source, figure.as_of)
    };
    let (notes, settings): (Vec<&Figure>, Vec<&Figure>) =
        profile.figures.iter().partition(|figure| profile.is_for_information(figure));
    section(&mut text, "figures", settings.into_iter().map(figure));
    section(&mut text, "for information only: these set nothing", notes.into_iter().map(figure));
    text
}

/// Its figures for programs.
pub(super) fn json(name: &str) -> Value {
    let figures = profiles::named(name)
        .into_iter()
        .flat_map(|profile| profile.figures.iter().map(move |figure| (profile, figure)));
    let figure = |(profile, figure): (&Profile, &Figure)| {
        json!({
            "name": figure.name, "worth": figure.worth.to_string(), "source": figure.source,
            "as_of": figure.as_of, "assumed": figure.is_assumed(),
            "information_only": profile.is_for_information(figure),
        })
    };
    figures.map(figure).collect()
}
