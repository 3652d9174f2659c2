//! The project's chores, one command each: `cargo xtask test` and what `.ci/run` adds to it.
//!
//! Every chore is a module with one public function; it streams what its tools say and fails with
//! the reason. Tools that are missing are installed into a cache folder outside the repository
//! ([`tools`]), never into the user's own. Few dependencies: this crate is compiled before
//! anything else can be checked.

mod bench;
mod book;
mod commands;
mod fuzz;
mod gates;
mod page;
mod shell;
mod tests;
mod tidy;
mod tools;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask CHORE

  test [ARGS]      all tests; ARGS go to the test runner
  verify [ARGS]    the tests in their long form (WORSTDAY_LONG=1), ignored ones included: hours;
                   what was interrupted goes on when it is started again
  tidy             layers, forbidden words in core, links, machine paths, file lengths
  commands         runs the commands that the documentation shows
  fmt              formatting is as rustfmt writes it
  clippy           lints, warnings are errors
  deny             licences, bans and sources of dependencies; advisories where their database is at hand
  doc              documentation, warnings are errors
  book             builds the book of docs/ into the target folder; a link that leads nowhere is an error
  page [--check]   bundles scripts and style sheets of the report and the flight simulator
  pictures         renders the README's picture from the HTML report
  fuzz [TARGET..] [--seconds N] [--keep]
                   coverage-guided fuzzing of the readers, 600 s each;
                   --keep adds what was found to the kept corpus
  bench [ARGS]     the speed table against the references; `bench --help` has its arguments
  bench page       what a frame of the flight simulator costs its page, in a browser";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match chore(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn chore(arguments: &[String]) -> Result<()> {
    let (name, rest) = match arguments.split_first() {
        Some((name, rest)) => (name.as_str(), rest),
        None => ("help", arguments),
    };
    match name {
        "test" => tests::test(rest),
        "verify" => tests::verify(rest),
        "tidy" => tidy::tidy(),
        "commands" => commands::run_documented(),
        "fmt" => gates::format(),
        "clippy" => gates::clippy(),
        "deny" => gates::deny(),
        "doc" => gates::documentation(),
        "book" => book::book(),
        "page" => page::page(rest),
        "pictures" => page::pictures(),
        "fuzz" => fuzz::fuzz(rest),
        "bench" => match rest.split_first() {
            Some((what, rest)) if what == "page" => page::bench(rest),
            _ => bench::bench(rest),
        },
        "help" | "--help" | "-h" => {
            println!("{HELP}");
            Ok(())
        }
        other => bail!("there is no chore `{other}`\n\n{HELP}"),
    }
}
