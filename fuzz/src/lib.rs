//! One plain function per reader: it must come back from any bytes, and what it says must agree
//! with what it returns. The fuzz targets are one line each around them.

mod models;
mod recordings;
mod scalars;

pub use models::{model, overlay};
pub use recordings::recording;
pub use scalars::scalar;

/// A reader of bytes, which returns whatever the bytes are.
pub type Target = fn(&[u8]);

/// The targets by name, as in `fuzz_targets/` and `corpus/`.
pub const TARGETS: [(&str, Target); 4] = [
    ("model", model),
    ("overlay", overlay),
    ("recording", recording),
    ("scalar", scalar),
];

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
