//! The pages of the reference: every example in them is read, every wrong one refused as printed.

use worstday_model::load::{LoadOptions, Model};

use crate::edits::Memory;

/// A fenced block of a page: what stands behind the fence, and its text.
struct Block<'a> {
    kind: &'a str,
    text: &'a str,
}

fn blocks(page: &str) -> Vec<Block<'_>> {
    let fences: Vec<(usize, &str)> = page
        .match_indices("```")
        .map(|(at, _)| (at, page[at + 3..].lines().next().unwrap_or_default()))
        .filter(|(at, _)| *at == 0 || page[..*at].ends_with('\n'))
        .collect();
    let pairs = fences.chunks_exact(2);
    assert!(pairs.remainder().is_empty(), "a block is never closed");
    pairs
        .map(|pair| Block {
            kind: pair[0].1,
            text: &page[pair[0].0 + 4 + pair[0].1.len()..pair[1].0],
        })
        .collect()
}

/// The top-level sections of a file: name and text.
fn sections(text: &str) -> Vec<(&str, String)> {
    let mut all: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        if let (Some((key, _)), false) = (line.split_once(':'), line.starts_with([' ', '#'])) {
            all.push((key, String::new()));
        }
        if let Some((_, text)) = all.last_mut() {
            text.push_str(line);
            text.push('\n');
        }
    }
    all
}

/// A piece of a file, and behind it the sections of the whole one that it does not have.
fn completed(piece: &str, whole: &str) -> String {
    let own = sections(piece);
    let mut text = piece.to_owned();
    for (name, section) in sections(whole) {
        if own.iter().all(|(other, _)| *other != name) {
            text.push_str(&section);
        }
    }
    text
}

/// What the checker says about a block: nothing if it is right.
fn checked(block: &Block<'_>, whole: &str) -> Result<(), String> {
    let (name, text) = match block.kind {
        "yaml overlay" | "yaml scenario" => ("other.yaml", block.text.to_owned()),
        _ => ("shop.yaml", completed(block.text, whole)),
    };
    let files = Memory::of(&[("shop.yaml", whole), (name, &text)]);
    let variants: &[Option<&str>] = match block.kind {
        "yaml overlay" => &[None, Some("calm"), Some("small")],
        _ => &[None],
    };
    for variant in variants {
        let options = LoadOptions {
            variant: variant.map(str::to_owned),
            ..LoadOptions::default()
        };
        let model = Model::load(name, &options, &files).map_err(|error| error.to_string())?;
        let (system, _) = model.system(&files).map_err(|error| error.to_string())?;
        model
            .scenario_of(&system, &files)
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// An example that the tool refuses, or a message that it does not print, misleads the first reader.
/// `UPDATE_PAGES=1 cargo test -p worstday-model reference` writes the messages anew.
#[test]
fn the_examples_of_the_reference_are_as_they_say() {
    let path = format!(
        "{}/../../../docs/reference/language.md",
        env!("CARGO_MANIFEST_DIR")
    );
    let page = std::fs::read_to_string(&path).expect(&path);
    let all = blocks(&page);
    let whole = all.first().expect("the page begins with a whole file").text;
    let mut now = String::new();
    let mut rest = page.as_str();
    let mut right = 0;
    for (at, block) in all.iter().enumerate() {
        let said = match block.kind {
            "yaml" | "yaml overlay" | "yaml scenario" => {
                if let Err(error) = checked(block, whole) {
                    panic!("{}\n{error}", block.text);
                }
                right += 1;
                continue;
            }
            "yaml wrong" => checked(block, whole).expect_err(block.text),
            "text" => continue,
            other => panic!("what is a block of `{other}`?"),
        };
        let told = all.get(at + 1).filter(|next| next.kind == "text");
        let told = told.unwrap_or_else(|| panic!("what is said about\n{}", block.text));
        let start = told.text.as_ptr() as usize - rest.as_ptr() as usize;
        now.push_str(&rest[..start]);
        now.push_str(&said);
        rest = &rest[start + told.text.len()..];
    }
    now.push_str(rest);
    assert!(right > 10, "only {right} examples");
    if std::env::var_os("UPDATE_PAGES").is_some() {
        std::fs::write(&path, &now).expect(&path);
    }
    let hint = "UPDATE_PAGES=1 cargo test -p worstday-model reference";
    assert!(
        page == now || std::env::var_os("UPDATE_PAGES").is_some(),
        "docs/reference/language.md prints other messages than the tool: {hint}"
    );
}
