//! `exec`: a program of this machine, run to its end. Knows processes by [`super::process`].

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use checkrun_model::clock::spoken;
use checkrun_model::json::{self, Unread};
use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, Node, Observation, Place, Repeats, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};
use tokio::process::Command;

use super::process::{self, Ended};
use crate::codes::Codes;
use crate::start::start_of;

/// The most that is kept of each stream.
const MOST_BYTES: usize = 1 << 20;

/// Runs a program of this machine to its end.
///
/// The command is a list of arguments; no shell reads it. The program runs in a process group of its own: when
/// it has ended, or the time of the check has, all that is left of the group is killed. Of each stream 1 MiB is
/// kept; output beyond that does not meet the kind's own rule, since a part proves nothing of the whole.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Exec {
    /// Program and arguments: `[velero, backup, get, -o, json]`.
    pub command: Vec<String>,
    /// Variables that are added to the environment of checkrun.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// What the program reads. Default: nothing.
    #[serde(default)]
    pub stdin: Option<String>,
    /// Where it runs; a relative path starts at the suite's folder, which is also the default.
    #[serde(default)]
    pub cwd: Option<PathBuf>,
    /// The exit code that is right, or a list of them. Default: 0.
    #[serde(default)]
    pub(crate) exit: Option<Codes>,
    /// Its output is JSON, and is observed as `json`.
    #[serde(default)]
    pub json: bool,
}

/// What an exit code can be.
const EXIT: (i64, i64) = (0, 255);

const EXAMPLE: &str = r#"- id: clock-in-step
  title: The clock of this machine is in step
  exec: { command: [timedatectl, show, --property=NTPSynchronized, --value] }
  effect: read
  reason: it only reads the state of the clock
  expect:
    - stdout == "yes\n"
"#;

impl Exec {
    fn command(&self, cx: &Cx) -> Result<Command, Broken> {
        let (program, arguments) = self.command.split_first().ok_or_else(|| Broken::fatal("`command` is empty"))?;
        let mut command = Command::new(program);
        command.args(arguments).envs(&self.env);
        command.current_dir(cx.run.suite_dir.join(self.cwd.as_deref().unwrap_or(std::path::Path::new(""))));
        Ok(command)
    }

    fn observation(&self, ended: &Ended, begun: Instant) -> Result<Json, Broken> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut seen = json!({
            "stdout": text(&ended.stdout.bytes),
            "stderr": text(&ended.stderr.bytes),
            "complete": ended.stdout.complete && ended.stderr.complete,
            "killed": ended.status.is_none(),
            "elapsed": begun.elapsed().as_secs_f64(),
        });
        if let Some(code) = ended.status.and_then(|status| status.code()) {
            seen["exit"] = code.into();
        }
        if let Some(signal) = ended.status.and_then(|status| status.signal()) {
            seen["signal"] = signal.into();
        }
        if self.json {
            match json::read(&ended.stdout.bytes) {
                Ok(value) => seen["json"] = value,
                Err(twice @ Unread::Twice { .. }) => {
                    return Err(Broken::fatal(format!("the output cannot be judged as JSON: {twice}"))
                        .hint("JSON wants every key of an object once: look at what the program writes"));
                }
                Err(Unread::Malformed(why)) => seen["malformed"] = format!("the output is not JSON: {why}").into(),
            }
        }
        Ok(seen)
    }
}

/// The last line that was written to stderr, if any.
fn complaint(seen: &Json) -> String {
    let stderr = seen["stderr"].as_str().unwrap_or_default().trim_end();
    let line = start_of(stderr.lines().next_back().unwrap_or_default(), 200);
    if line.is_empty() { line } else { format!(": {line}") }
}

impl Kind for Exec {
    const DOC: KindDoc = KindDoc {
        name: "exec",
        summary: "Runs a program of this machine to its end.",
        rule: "exit 0, or what `exit` says; not killed; the output is complete",
        rule_proves: true,
        runs: Runs::Local,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Write,
        may_say_read: true,
        grafts: &[],
        observation: &[
            Field { path: "exit", sort: Sort::Plain, doc: "The exit code; absent if a signal ended the program." },
            Field { path: "signal", sort: Sort::Plain, doc: "The signal that ended it, if one did." },
            Field { path: "killed", sort: Sort::Plain, doc: "Whether it was killed because its time was over." },
            Field { path: "stdout", sort: Sort::Plain, doc: "What it wrote." },
            Field { path: "stderr", sort: Sort::Plain, doc: "What it wrote to standard error." },
            Field { path: "complete", sort: Sort::Plain, doc: "Whether that is all it wrote." },
            Field { path: "json", sort: Sort::Plain, doc: "Its output as JSON, with `json: true`." },
            Field { path: "malformed", sort: Sort::Plain, doc: "Why the output is not JSON; absent if it is." },
            Field { path: "elapsed", sort: Sort::Duration, doc: "From its start to its end." },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[("exit", EXIT)],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        let place = node.get("command").unwrap_or(node);
        match self.command.first().map(String::as_str) {
            None | Some("") => vec![SpecError::new("args::value", place.span, "`command` names no program", "empty")],
            Some(line) if self.command.len() == 1 && line.contains(' ') => {
                let error =
                    SpecError::new("args::value", place.span, "`command` is read by no shell", "one word, with spaces");
                vec![error.help("write each argument as an item of its own; for a shell: [sh, -c, …]")]
            }
            Some(_) => Vec::new(),
        }
    }

    fn effect(&self) -> Effect {
        Effect::Write
    }

    fn repeats(&self) -> Repeats {
        Repeats::Refused("a program is run once; if it only looks, say `effect: read` with a `reason:`")
    }

    fn touches(&self, _: &Place) -> Vec<Touch> {
        vec![Touch { system: "local".into(), object: self.command.join(" "), verb: "exec".into() }]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let begun = Instant::now();
        let ended = process::run(self.command(cx)?, self.stdin.as_deref(), cx.deadline, MOST_BYTES).await?;
        self.observation(&ended, begun).map(Observation::from)
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        let flag = |key: &str| seen[key].as_bool();
        if flag("killed") != Some(false) {
            let time = Duration::try_from_secs_f64(seen["elapsed"].as_f64().unwrap_or_default()).unwrap_or_default();
            return Ruling::NotYet(format!("it was killed when its time was over, after {}", spoken(time)));
        }
        let Some(code) = seen["exit"].as_i64() else {
            return Ruling::NotYet(format!("signal {} ended it{}", seen["signal"], complaint(seen)));
        };
        let wanted = self.exit.clone().unwrap_or(Codes(vec![0]));
        if !wanted.has(code) {
            return Ruling::NotYet(format!("exit code is {code}, not {wanted}{}", complaint(seen)));
        }
        if flag("complete") != Some(true) {
            return Ruling::NotYet("its output is not complete: more than 1 MiB, or cut off".into());
        }
        seen["malformed"].as_str().map_or(Ruling::Met, |why| Ruling::NotYet(why.to_owned()))
    }
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
