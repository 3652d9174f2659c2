//! One plain function per reader: it must come back from any bytes, and what it says must agree
//! with what it returns. The fuzz targets are one line each around them.

mod recordings;
mod scalars;

pub use recordings::recording;
pub use scalars::scalar;

use worstday_model::ast::{Model, Overlay, Part, Scenario};
use worstday_model::diagnostic::Diagnostics;
use worstday_model::file::{self, FileKind};
use worstday_model::source::SourceMap;
use worstday_model::tree;

/// A reader of bytes, which returns whatever the bytes are.
pub type Target = fn(&[u8]);

/// The targets by name, as in `fuzz_targets/` and `corpus/`.
pub const TARGETS: [(&str, Target); 4] = [
    ("file", file),
    ("recording", recording),
    ("scalar", scalar),
    ("tree", tree),
];

/// Bytes to a tree with places.
///
/// # Panics
///
/// If the reader refuses without a reason, or a place cannot be drawn: both are its bugs.
pub fn tree(bytes: &[u8]) {
    let mut sources = SourceMap::new();
    let mut found = Diagnostics::new();
    let root = match tree::add_bytes(&mut sources, "fuzz.yaml", bytes) {
        Ok(id) => tree::parse(&sources, id, &mut found),
        Err(refusal) => {
            found.push(*refusal);
            None
        }
    };
    assert!(
        root.is_some() || found.has_errors(),
        "refused without a reason"
    );
    drop(found.render(&sources));
}

/// Bytes to a typed file, whichever of the kinds its keys make it.
///
/// # Panics
///
/// If the reader refuses without a reason, or a place cannot be drawn.
pub fn file(bytes: &[u8]) {
    let mut sources = SourceMap::new();
    let mut found = Diagnostics::new();
    let Ok(id) = tree::add_bytes(&mut sources, "fuzz.yaml", bytes) else {
        return;
    };
    let typed = file::read(&sources, id, &mut found).is_some_and(|file| match file.kind {
        FileKind::Model => file::decode::<Model>(&file.tree, &mut found).is_some(),
        FileKind::Overlay => file::decode::<Overlay>(&file.tree, &mut found).is_some(),
        FileKind::Scenario => file::decode::<Scenario>(&file.tree, &mut found).is_some(),
        FileKind::Part => file::decode::<Part>(&file.tree, &mut found).is_some(),
    });
    assert!(typed || found.has_errors(), "refused without a reason");
    drop(found.render(&sources));
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::TARGETS;

    /// What was once worth keeping must never hurt again; possible where no C++ compiler is.
    #[test]
    fn every_kept_input_comes_back() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
        for (target, read) in TARGETS {
            let mut inputs = 0;
            for entry in std::fs::read_dir(corpus.join(target)).expect("each target has a corpus") {
                let file = entry.expect("the corpus can be listed").path();
                println!("{}", file.display());
                read(&std::fs::read(&file).expect("the corpus can be read"));
                inputs += 1;
            }
            assert!(0 < inputs, "corpus/{target} holds no input");
        }
    }
}
