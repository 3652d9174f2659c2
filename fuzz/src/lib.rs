//! One plain function per reader: it must come back from any bytes, and what it says must agree
//! with what it returns. The fuzz targets are one line each around them.

use worstday_model::diagnostic::Diagnostics;
use worstday_model::source::SourceMap;
use worstday_model::tree;

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
    assert!(root.is_some() || found.has_errors(), "refused without a reason");
    drop(found.render(&sources));
}
