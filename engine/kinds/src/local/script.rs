//! `script`: a value computed by a function of the suite. The function sees its arguments and nothing else.

use std::sync::{Arc, LazyLock};

use checkrun_lang::{Hook, Lang, Value};
use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Files, Kind, KindDoc, LoadCx, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

/// Computes a value by a function of the suite.
///
/// The function sees the values that `with` gives it: no file, no network, no process, no clock. The same
/// arguments give the same value. How long it may compute is bounded.
///
/// The file of the example, `hooks/quorum.rhai`:
///
/// ```rhai
/// // How many brokers may fail while `minimum` of `brokers` must be in step.
/// fn spare(brokers, minimum) {
///     brokers - minimum
/// }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The file, in the suite's folder: `hooks/order.rhai`.
    pub file: String,
    /// The function that is called.
    pub call: String,
    /// What it is called with, in order.
    #[serde(default)]
    pub with: Vec<Json>,
    /// The compiled file.
    #[serde(skip)]
    hook: Option<Arc<Hook>>,
}

const EXAMPLE: &str = r#"- id: quorum
  title: The brokers that may fail without loss
  script: { file: hooks/quorum.rhai, call: spare, with: [3, 2] }
  expect:
    - value == 1
"#;

/// Scripts read no files: what they see is what they are given.
struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("a script reads no files; give it the text of `{path}` as an argument"))
    }
}

/// One compiler for all scripts; equal files compile once.
static LANG: LazyLock<Lang> = LazyLock::new(|| Lang::new(Arc::new(NoFiles)));

impl Kind for Script {
    const DOC: KindDoc = KindDoc {
        name: "script",
        summary: "Computes a value by a function of the suite.",
        rule: "the function returns",
        rule_proves: false,
        runs: Runs::Local,
        lock: None,
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[Field { path: "value", sort: Sort::Plain, doc: "What the function returned." }],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, cx: &LoadCx<'_>) -> Vec<SpecError> {
        let at = |key: &str| node.get(key).unwrap_or(node).span;
        let text = match cx.files.text(&self.file) {
            Ok(text) => text,
            Err(why) => return vec![SpecError::new("script::file", at("file"), why, "not read")],
        };
        match LANG.hook(&self.file, &text) {
            Err(faults) => {
                let wrong = |fault: checkrun_lang::Fault| {
                    let line = text.get(..fault.range.start).unwrap_or_default().matches('\n').count() + 1;
                    let message = format!("{}, line {line}: {}", self.file, fault.message);
                    SpecError { help: fault.help, ..SpecError::new(fault.code, at("file"), message, "in this file") }
                };
                faults.into_iter().map(wrong).collect()
            }
            Ok(hook) if !hook.has(&self.call) => {
                let message = format!("`{}` has no function `{}`", self.file, self.call);
                vec![SpecError::new("script::function", at("call"), message, "not there")]
            }
            Ok(hook) => {
                self.hook = Some(hook);
                Vec::new()
            }
        }
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, _: &Place) -> Vec<Touch> {
        Vec::new()
    }

    async fn observe(&self, _: &Cx) -> Result<Observation, Broken> {
        let hook = self.hook.clone().ok_or_else(|| Broken::fatal("the script was not compiled"))?;
        let args: Vec<Value> = self.with.iter().map(Value::from_json).collect();
        let call = self.call.clone();
        // It computes without a pause: not on a thread that others wait for.
        let called = tokio::task::spawn_blocking(move || hook.call(&call, &args).map(|value| value.to_json())).await;
        let broken = |cause: String| Broken::fatal(format!("{} of {}: {cause}", self.call, self.file));
        match called {
            Ok(Ok(value)) => Ok(json!({ "value": value }).into()),
            Ok(Err(error)) => Err(Broken { hint: error.help, ..broken(error.message) }),
            Err(panicked) => Err(broken(panicked.to_string())),
        }
    }

    fn rule(&self, _: &Json, _: Asked) -> Ruling {
        Ruling::Met
    }
}

#[cfg(test)]
#[path = "script_tests.rs"]
mod tests;
