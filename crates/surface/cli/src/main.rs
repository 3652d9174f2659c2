//! The one binary: `worstday`.
//!
//! In reading order: [`arguments`] is the command line, [`load`] reads files and [`reread`] what was read once, [`run`] is
//! the command that the others build on, with [`threads`], [`progress`], [`interrupt`] and [`part`]; [`check`] judges promises with the
//! [`crew`] that lives its days and the [`workshop`] that makes systems with something otherwise, [`explain`] says why a day breaks one, [`diff`] what a change does to all; [`store`] keeps days; [`page`] writes a run
//! as HTML, [`live`] lets somebody fly through a day, [`demo`] tells a story; [`exit`] is how it ends. Only this crate
//! touches files and terminals; a clock is here and in the flight simulator's own thread.

mod arguments;
mod check;
mod check_page;
mod crew;
mod demo;
mod diff;
mod exit;
mod explain;
mod interrupt;
mod live;
mod load;
mod page;
mod part;
mod progress;
mod reread;
mod run;
mod store;
mod threads;
mod workshop;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use arguments::{Arguments, Command, Schema};
use exit::{Exit, Stop};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Asking for help is no mistake.
            let exit = match error.kind() {
                ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Kept,
                _ => Exit::Usage,
            };
            let _ = error.print();
            return exit.into();
        }
    };
    match execute(&arguments.command) {
        Ok(exit) => exit.into(),
        Err(stop) => {
            eprint!("{}", stop.message);
            stop.exit.into()
        }
    }
}

fn execute(command: &Command) -> Result<Exit, Stop> {
    match command {
        Command::Run(arguments) if arguments.live.live => live::run(arguments),
        Command::Run(arguments) => run::run(arguments),
        Command::Check(arguments) => check::check(arguments),
        Command::Explain(arguments) => explain::explain(arguments),
        Command::Diff(arguments) => diff::diff(arguments),
        Command::Demo(arguments) if arguments.live.live => live::demo(arguments),
        Command::Demo(arguments) => demo::demo(arguments),
        Command::Schema { of } => {
            run::write_out(&match of {
                Schema::Model => load::schema(),
                Schema::Outcome => worstday_report::json::SCHEMA.to_owned(),
                Schema::Check => worstday_report::checked::json::SCHEMA.to_owned(),
                Schema::Diff => worstday_report::differs::SCHEMA.to_owned(),
                Schema::Explain => worstday_report::explained::document::SCHEMA.to_owned(),
            })?;
            Ok(Exit::Kept)
        }
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "worstday", &mut text);
            run::write_out(&String::from_utf8_lossy(&text))?;
            Ok(Exit::Kept)
        }
    }
}
