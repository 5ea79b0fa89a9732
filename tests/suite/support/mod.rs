//! A suite in a folder of its own, and the real binary run in it. Knows no behaviour.

pub mod lab;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

const CHECKRUN: &str = env!("CARGO_BIN_EXE_checkrun");

/// A folder with suites in it; gone when the test is.
pub struct Folder {
    dir: TempDir,
}

/// How the binary ended.
pub struct Ran {
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Folder {
    /// A folder with the suite `s`, whose one file of checks is `checks`.
    pub fn with(checks: &str) -> Self {
        let folder = Self { dir: tempfile::tempdir().unwrap() };
        folder.file("s/suite.yaml", "suite: s\n").file("s/checks.yaml", checks)
    }

    /// Adds a file.
    pub fn file(self, path: &str, text: &str) -> Self {
        let path = self.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.path().join(path)).unwrap()
    }

    fn command(&self, words: &str) -> Command {
        self.spoken(Command::new(CHECKRUN), words)
    }

    fn spoken(&self, mut command: Command, words: &str) -> Command {
        command.current_dir(self.path()).args(words.split_whitespace()).stdin(Stdio::null());
        command.env_remove("NO_COLOR").env("TERM", "xterm-256color");
        command
    }

    /// Runs `checkrun WORDS` to its end.
    pub fn checkrun(&self, words: &str) -> Ran {
        self.command(words).output().unwrap().into()
    }

    /// Starts `checkrun WORDS` as a terminal does: also where the tests themselves were started to outlive one, and
    /// SIGHUP is ignored by all that they start.
    pub fn start(&self, words: &str) -> Child {
        let mut env = Command::new("env");
        env.args(["--default-signal=HUP", CHECKRUN]);
        self.spoken(env, words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// Folders of the runs that were.
    pub fn runs(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path().join(".checkrun/runs")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    /// Both streams, for messages of tests.
    pub fn all(&self) -> String {
        format!("exit {}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err)
    }
}

/// A check that passes.
pub const GOOD: &str = "checks:\n  - id: good\n    exec: { command: [\"true\"] }\n";

/// A check that does not.
pub const BAD: &str =
    "checks:\n  - id: bad\n    exec: { command: [echo, two] }\n    expect:\n      - stdout == \"three\\n\"\n";
