//! "Did you mean".

/// The candidate most like `word`, if it is like it at all.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let length = word.chars().count();
    // One letter is like every other.
    let allowed = (length / 3).clamp(1, 3).min(length.saturating_sub(1));
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| {
            let begins = |long: &str, short: &str, least| short.len() >= least && long.starts_with(short);
            *distance <= allowed || begins(candidate, &word, 3) || begins(&word, candidate, 4)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// A hint: the closest candidate, or all of them if there are few.
pub fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(found) = closest(word, candidates.clone()) {
        return Some(format!("did you mean `{found}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|name| format!("`{name}`")).collect();
    (1..=40).contains(&all.len()).then(|| format!("there is {}", one_of(&all).replace(" or ", " and ")))
}

/// "1 node", "2 nodes".
pub fn number_of(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// "a, b or c".
pub fn one_of(names: &[String]) -> String {
    match names {
        [] => "nothing".into(),
        [only] => only.clone(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let words = ["replication", "replicas", "read", "write"];
        assert_eq!(closest("replicaton", words), Some("replication"));
        assert_eq!(closest("raed", words), Some("read"));
        assert_eq!(closest("repl", words), Some("replicas"));
        assert_eq!(closest("read_only", words), Some("read"));
        assert_eq!(closest("zebra", words), None);
        assert_eq!(closest("r", ["E", "PI"]), None);
        assert_eq!(did_you_mean("zebra", ["a", "b"]).unwrap(), "there is `a` and `b`");
    }
}
