//! What `check` found, for programs: JSON under a versioned, published schema.

use super::document::CheckReport;

/// The JSON Schema of [`write()`]'s output.
pub const SCHEMA: &str = include_str!("../../../../../docs/reference/check.schema.json");

/// The document as JSON, one line, with a line break at its end.
///
/// # Panics
///
/// Never: it holds nothing that JSON cannot.
#[must_use]
pub fn write(report: &CheckReport) -> String {
    let mut text = serde_json::to_string(report).expect("plain data is JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published schema is the one of these types: a field that changes without it fails here.
    /// `WORSTDAY_WRITE_SCHEMA=1 cargo test -p worstday-report schema` writes it anew.
    #[test]
    fn schema_of_verdicts_is_published() {
        let generated = schemars::schema_for!(CheckReport);
        let mut value = serde_json::to_value(&generated).expect("a schema is JSON");
        value["$id"] = "urn:worstday:check:1".into();
        value["title"] = "worstday check --format json".into();
        let mut text = serde_json::to_string_pretty(&value).expect("a schema is JSON");
        text.push('\n');
        if std::env::var_os("WORSTDAY_WRITE_SCHEMA").is_some() {
            let path = concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/../../../docs/reference/check.schema.json"
            );
            std::fs::write(path, &text).expect("the schema can be written");
            return;
        }
        assert!(
            text == SCHEMA,
            "docs/reference/check.schema.json is not the schema of `CheckReport`"
        );
    }
}
