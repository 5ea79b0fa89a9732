//! How the command line speaks with a running lab: one request a connection over a socket in the lab's folder,
//! answered by lines of progress and one last line.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::part::Order;

/// What can be asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// Start these parts, unless they are up; they are named after what they need.
    Up {
        /// The parts in their order.
        parts: Vec<String>,
        /// Also write the target file there.
        target_file: Option<PathBuf>,
    },
    /// Break something, for so many seconds or until it is healed.
    Fault(Order, Option<f64>),
    /// Heal one fault by its full name, or all.
    Heal(Option<String>),
    /// How all is.
    Status,
}

/// A line of the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Line {
    /// Progress, for people.
    Say(String),
    /// It worked.
    Done(Value),
    /// It did not, and why.
    Failed(String),
}

/// What `Up` answers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Started {
    /// The target file.
    pub target: PathBuf,
    /// Variables for commands.
    pub env: BTreeMap<String, String>,
}

/// The socket of a lab.
pub fn socket(lab: &Path) -> PathBuf {
    lab.join("control.sock")
}

/// Asks a lab and hands its progress to `say`.
pub fn ask(lab: &Path, request: &Request, mut say: impl FnMut(&str)) -> Result<Value> {
    let mut stream = UnixStream::connect(socket(lab)).context("the lab does not answer")?;
    let text = serde_json::to_string(request)?;
    writeln!(stream, "{text}").context("asking the lab")?;
    for line in BufReader::new(stream).lines() {
        match serde_json::from_str(&line.context("reading the lab's answer")?)? {
            Line::Say(words) => say(&words),
            Line::Done(value) => return Ok(value),
            Line::Failed(why) => bail!("{why}"),
        }
    }
    bail!("the lab ended before it answered")
}
