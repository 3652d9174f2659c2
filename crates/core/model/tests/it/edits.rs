//! Edits, overlays, variants, includes, `--set` and scenarios, from outside.

use std::collections::BTreeMap;

use worstday_model::load::{Files, LoadOptions, Model, OverlayChoice};

/// Files in memory.
pub struct Memory(pub BTreeMap<String, String>);

impl Memory {
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self(
            files
                .iter()
                .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }
}

impl Files for Memory {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        self.0
            .get(path)
            .map(|text| text.clone().into_bytes())
            .ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let prefix = if folder == "." {
            String::new()
        } else {
            format!("{folder}/")
        };
        let mut names: Vec<String> = self
            .0
            .keys()
            .filter_map(|path| {
                path.strip_prefix(&prefix)?
                    .split('/')
                    .next()
                    .map(str::to_owned)
            })
            .collect();
        names.dedup();
        Ok(names)
    }
}

const STORM: &str = include_str!("../language/07-storm.yaml");
const VARIANTS: &str = include_str!("../language/07-storm.variants.yaml");

fn storm() -> Memory {
    Memory::of(&[
        ("07-storm.yaml", STORM),
        ("07-storm.variants.yaml", VARIANTS),
    ])
}

fn load(path: &str, options: &LoadOptions, files: &Memory) -> String {
    match Model::load(path, options, files) {
        Ok(model) => model.text(),
        Err(error) => error.to_string(),
    }
}

fn set(all: &[&str]) -> LoadOptions {
    LoadOptions {
        set: all.iter().map(|&one| one.to_owned()).collect(),
        ..LoadOptions::default()
    }
}

/// The lines that differ, `-` for those of the base.
fn difference(base: &str, other: &str) -> String {
    let (base, other): (Vec<&str>, Vec<&str>) = (base.lines().collect(), other.lines().collect());
    let same = |a: usize, b: usize| base[a] == other[b];
    // Longest common subsequence, small enough to be plain.
    let mut table = vec![vec![0usize; other.len() + 1]; base.len() + 1];
    for a in (0..base.len()).rev() {
        for b in (0..other.len()).rev() {
            table[a][b] = if same(a, b) {
                table[a + 1][b + 1] + 1
            } else {
                table[a + 1][b].max(table[a][b + 1])
            };
        }
    }
    let (mut a, mut b, mut out) = (0, 0, String::new());
    while a < base.len() || b < other.len() {
        if a < base.len() && b < other.len() && same(a, b) {
            (a, b) = (a + 1, b + 1);
        } else if b == other.len() || a < base.len() && table[a + 1][b] >= table[a][b + 1] {
            out += &format!("-{}\n", base[a]);
            a += 1;
        } else {
            out += &format!("+{}\n", other[b]);
            b += 1;
        }
    }
    out
}

/// Each variant of the reference's storm is the base with exactly the lines that it names changed.
#[test]
fn variants_change_what_they_name() {
    let files = storm();
    let base = load("07-storm.yaml", &LoadOptions::default(), &files);
    let mut out = format!("=== base\n{base}");
    for variant in [
        "short-queue",
        "drop-expired",
        "lifo",
        "full-jitter",
        "budget",
        "no-retries",
        "patient",
        "twice-as-fast",
        "cancelling",
        "two-fixes",
        "a-door-in-front",
    ] {
        let options = LoadOptions {
            variant: Some(variant.to_owned()),
            ..LoadOptions::default()
        };
        let edited = load("07-storm.variants.yaml", &options, &files);
        out += &format!("\n=== {variant}\n{}", difference(&base, &edited));
        let overlay = LoadOptions {
            overlays: vec![OverlayChoice {
                path: "07-storm.variants.yaml".to_owned(),
                variant: Some(variant.to_owned()),
            }],
            ..LoadOptions::default()
        };
        assert_eq!(
            load("07-storm.yaml", &overlay, &files),
            edited,
            "an overlay asked for by name"
        );
    }
    insta::assert_snapshot!(out);
}

/// What one line on the command line does, and how it is refused.
#[test]
fn set_changes_one_line() {
    let files = storm();
    let base = load("07-storm.yaml", &LoadOptions::default(), &files);
    let mut out = String::new();
    for all in [
        &["services.server.replicas=9"][..],
        &[
            "services.server.queue={bound: 10, expired: drop}",
            "services.server.workers=2x",
        ],
        &["services.server.queue=2x", "clients.users.arrive=2x"],
        &["users -> server.get={timeout: 1s}"],
        &["server.get#work={work: 2x}"],
        &["server.get#wrok={work: 2x}"],
        &["services.sever.replicas=9"],
        &["services.server.replica=9"],
        &["services.server.replicas=9ms"],
        &[
            "services.server.replicas=2 more",
            "services.server={replicas: 3}",
        ],
        &["services.server.cores=2x"],
        &["services.server.replicas"],
        &["services.server.replicas="],
        &["services.server.replicas=[1"],
        &["users -> sever.get={timeout: 1s}"],
        &["nobody=1"],
        &["events.spike.demand.users=2x"],
    ] {
        let edited = load("07-storm.yaml", &set(all), &files);
        let shown = if edited.starts_with("error") {
            edited
        } else {
            difference(&base, &edited)
        };
        out += &format!("=== {}\n{shown}\n", all.join(" "));
    }
    insta::assert_snapshot!(out);
}
