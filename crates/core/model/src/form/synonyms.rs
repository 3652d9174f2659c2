//! What other tools call a thing: a key that is unknown here and spelled right elsewhere.
//!
//! Asked only where no key is spelled alike, and only for keys that the map may have.

/// The word elsewhere, and the key here.
const SYNONYMS: [(&str, &str); 50] = [
    ("backends", "services"),
    ("budgets", "promises"),
    ("capacity", "bound"),
    ("chaos", "faults"),
    ("concurrency", "workers"),
    ("connections", "size"),
    ("count", "replicas"),
    ("cpu", "cores"),
    ("delay", "wait"),
    ("duration", "lasts"),
    ("error-rate", "fails"),
    ("errors", "fails"),
    ("failure-rate", "fails"),
    ("failures", "faults"),
    ("for", "lasts"),
    ("frequency", "every"),
    ("http", "call"),
    ("instances", "replicas"),
    ("jobs", "clients"),
    ("latency", "delay"),
    ("length", "bound"),
    ("limit", "bound"),
    ("load", "arrive"),
    ("max", "attempts"),
    ("max", "bound"),
    ("max-attempts", "attempts"),
    ("mtbf", "every"),
    ("mttr", "lasts"),
    ("objectives", "promises"),
    ("operations", "endpoints"),
    ("pods", "replicas"),
    ("probability", "chance"),
    ("qps", "arrive"),
    ("rate", "arrive"),
    ("rate", "every"),
    ("request", "call"),
    ("requests", "arrive"),
    ("retries", "retry"),
    ("routes", "endpoints"),
    ("rps", "arrive"),
    ("size", "bound"),
    ("sleep", "wait"),
    ("slo", "promises"),
    ("slos", "promises"),
    ("threads", "workers"),
    ("timeout", "patience"),
    ("tries", "attempts"),
    ("users", "clients"),
    ("users", "population"),
    ("version", "worstday"),
];

/// The key that is meant by a word of other tools, among those that may stand here.
pub(super) fn synonym<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let meant = SYNONYMS.iter().filter(|(other, _)| *other == word);
    let mut keys = meant.filter_map(|(_, key)| known.iter().copied().find(|one| one == key));
    keys.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list is searched by people too, and says a thing once.
    #[test]
    fn synonyms_are_in_order() {
        assert!(SYNONYMS.is_sorted());
        assert_eq!(synonym("max", &["order", "bound"]), Some("bound"));
        assert_eq!(synonym("max", &["order"]), None);
    }
}
