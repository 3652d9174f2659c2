//! Runs the built binary from the repository's root.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// What it said and how it ended.
pub struct Said {
    pub out: String,
    pub err: String,
    pub exit: i32,
    command: String,
}

impl Said {
    /// Fails with what was said if it ended otherwise.
    #[track_caller]
    pub fn exits(self, wanted: i32) -> Self {
        assert_eq!(
            self.exit, wanted,
            "{}\nstdout:\n{}\nstderr:\n{}",
            self.command, self.out, self.err
        );
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out)
            .unwrap_or_else(|error| panic!("{}: {error}\n{}", self.command, self.out))
    }
}

pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."))
}

pub fn command(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_worstday"));
    command.args(words).current_dir(root()).stdin(Stdio::null());
    command
}

pub fn worstday(words: &[&str]) -> Said {
    said(command(words).output().expect("the tool runs"), words)
}

pub fn said(output: Output, words: &[&str]) -> Said {
    Said {
        out: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        err: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
        exit: output.status.code().unwrap_or(-1),
        command: format!("worstday {}", words.join(" ")),
    }
}

/// A folder for one test, gone when it is dropped.
pub struct Folder(PathBuf);

impl Folder {
    /// With these files, by their paths in it.
    pub fn of(name: &str, files: &[(&str, &str)]) -> Self {
        let path = std::env::temp_dir().join(format!("worstday-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        for (file, text) in files {
            let file = path.join(file);
            std::fs::create_dir_all(file.parent().expect("it is in the folder"))
                .expect("there is room");
            std::fs::write(file, text).expect("there is room");
        }
        Self(path)
    }

    /// The tool, run in it.
    pub fn worstday(&self, words: &[&str]) -> Said {
        let output = command(words).current_dir(&self.0).output();
        said(output.expect("the tool runs"), words)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A file for one test, gone when it is dropped.
pub struct Scratch(PathBuf);

impl Scratch {
    pub fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("worstday-{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("the folder for temporary files can be written");
        Self(path)
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("the path is UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A desk of one worker with a promise; `load` in requests a minute of 60 that it can serve.
pub fn desk(load: &str, promise: &str) -> String {
    format!(
        "worstday: 1\nsystem: desk\nlinks: {{within-zone: {{delay: 0s}}}}\n\
         clients: {{customers: {{arrive: {load}, do: desk.serve, patience: 1h}}}}\n\
         services: {{desk: {{workers: 1, queue: 100, endpoints: {{serve: exponential 1s}}}}}}\n{promise}\n"
    )
}
