//! The pages of the reference that the definitions write.

use worstday_model::file::FileKind;
use worstday_model::form::keys::page;
use worstday_model::form::schema::schema;
use worstday_model::resolve::FINDINGS;

/// A published page must be what this version reads. `UPDATE_PAGES=1 cargo test -p worstday-model
/// pages` writes them anew.
fn held(name: &str, now: &str) {
    let path = format!(
        "{}/../../../docs/reference/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, now).expect(&path);
    }
    let published = std::fs::read_to_string(&path).unwrap_or_default();
    let hint = "UPDATE_PAGES=1 cargo test -p worstday-model pages";
    assert!(
        published == now,
        "docs/reference/{name} is not what the reader reads: {hint}"
    );
}

#[test]
fn the_schema_is_published() {
    held("model.schema.json", &schema());
}

#[test]
fn the_list_of_keys_is_published() {
    let roots = [
        ("Models", FileKind::Model.shape()),
        ("Overlays", FileKind::Overlay.shape()),
        ("Scenarios", FileKind::Scenario.shape()),
    ];
    held("keys.md", &page(&roots));
}

/// Each finding that can be raised has its place on the page that explains them.
#[test]
fn every_finding_is_explained() {
    let page = include_str!("../../../../../docs/reference/outcome-findings.md");
    for (id, name, _) in FINDINGS {
        let heading = format!("## {id} {name}");
        assert!(page.lines().any(|line| line == heading), "{heading}");
    }
}
