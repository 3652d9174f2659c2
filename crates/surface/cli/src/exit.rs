//! How the program ends, as scripts see it.

use std::process::ExitCode;

/// Exit codes, each with one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Every promise was kept, or nothing was promised.
    Kept,
    /// The tool failed: a bug of ours, or a file that could not be written.
    Failed,
    /// A promise is broken.
    Broken,
    /// No promise is broken, but one cannot be judged.
    CantTell,
    /// The command line is not understood.
    Usage,
    /// The description is invalid.
    Invalid,
    /// Somebody stopped it.
    Interrupted,
}

impl Exit {
    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::Failed => 1,
            Self::Broken => 10,
            Self::CantTell => 11,
            Self::Usage => 64,
            Self::Invalid => 65,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended early: what to say on stderr, and how to exit.
#[derive(Debug)]
pub struct Stop {
    /// How.
    pub exit: Exit,
    /// What to say; complete lines.
    pub message: String,
}

impl Stop {
    /// The command line asks for something that cannot be.
    pub fn usage(what: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(Exit::Usage, what, hint)
    }

    /// The description asks for something that cannot be, and no line of it alone is to blame.
    pub fn invalid(what: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(Exit::Invalid, what, hint)
    }

    /// Our own fault, or the machine's.
    pub fn failed(what: impl std::fmt::Display, hint: &str) -> Self {
        Self::new(Exit::Failed, what, hint)
    }

    fn new(exit: Exit, what: impl std::fmt::Display, hint: &str) -> Self {
        let hint = if hint.is_empty() {
            String::new()
        } else {
            format!("hint: {hint}\n")
        };
        Self {
            exit,
            message: format!("error: {what}\n{hint}"),
        }
    }
}
