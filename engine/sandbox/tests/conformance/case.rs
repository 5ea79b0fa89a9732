//! One case: steps in a namespace of its own, each a request and what its answer must be like.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::expect;
use crate::server::{Answer, JSON, Request, Server};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    #[serde(rename = "case")]
    pub name: String,
    pub steps: Vec<Step>,
    /// Paths that are deleted in the end, beside the namespace.
    #[serde(default)]
    pub leaves: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Method and path; `{ns}` is the namespace of the case, `{id}` a word of its own, others were kept before.
    #[serde(rename = "do")]
    request: String,
    /// The media type of the body. Default: JSON.
    #[serde(default)]
    with: Option<String>,
    #[serde(default)]
    accept: Option<String>,
    #[serde(default)]
    body: Option<Json>,
    /// The user who asks; the runner's user acts for them.
    #[serde(default, rename = "as")]
    user: Option<String>,
    /// The status code.
    is: u16,
    /// Paths into the answer, and what stands there: see `expect.rs`.
    #[serde(default)]
    says: BTreeMap<String, Json>,
    /// The only warnings, as they stand in the header.
    #[serde(default)]
    warns: Option<Vec<String>>,
    /// Names for what stands at these paths.
    #[serde(default)]
    keep: BTreeMap<String, String>,
    /// Asked again for so many seconds until it is so.
    #[serde(default)]
    within: u64,
}

impl Case {
    pub async fn run(&self, server: &Server) -> Result<(), String> {
        let word = server.word();
        let namespace = json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": word } });
        let made = server
            .ask(Request { body: Some(namespace.to_string()), ..Request::new("POST", "/api/v1/namespaces") })
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        let mut known = BTreeMap::from([("ns".to_owned(), word.clone()), ("id".to_owned(), word.clone())]);
        let mut done = Ok(());
        for (at, step) in self.steps.iter().enumerate() {
            done = step.run(server, &mut known).await.map_err(|why| format!("step {}: {why}", at + 1));
            if done.is_err() {
                break;
            }
        }
        for path in &self.leaves {
            server.ask(Request::new("DELETE", &filled(path, &known))).await;
        }
        server.ask(Request::new("DELETE", &format!("/api/v1/namespaces/{word}"))).await;
        done
    }
}

/// With what is known in the place of its name.
fn filled(text: &str, known: &BTreeMap<String, String>) -> String {
    known.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

impl Step {
    async fn run(&self, server: &Server, known: &mut BTreeMap<String, String>) -> Result<(), String> {
        let until = Instant::now() + Duration::from_secs(self.within);
        loop {
            let answer = self.ask(server, known).await;
            match self.judge(&answer, known) {
                Ok(()) => {
                    for (name, path) in &self.keep {
                        let value = expect::at(&answer.body, path);
                        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                        known.insert(name.clone(), text);
                    }
                    return Ok(());
                }
                Err(why) if Instant::now() >= until => {
                    return Err(format!("{}: {why}\n    answer: {}", self.request, answer.body));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    async fn ask(&self, server: &Server, known: &BTreeMap<String, String>) -> Answer {
        let (method, path) = self.request.split_once(' ').unwrap_or(("GET", &self.request));
        let body = self.body.as_ref().map(|body| filled(&body.to_string(), known));
        let (media, accept) = (self.with.as_deref().unwrap_or(JSON), self.accept.as_deref().unwrap_or(JSON));
        let path = filled(path, known);
        let request = Request { method, path: &path, media, accept, user: self.user.as_deref(), body };
        server.ask(request).await
    }

    fn judge(&self, answer: &Answer, known: &BTreeMap<String, String>) -> Result<(), String> {
        if answer.status != self.is {
            return Err(format!("{} instead of {}", answer.status, self.is));
        }
        for (path, expected) in &self.says {
            let expected: Json = serde_json::from_str(&filled(&expected.to_string(), known)).unwrap();
            let actual = match path.as_str() {
                "content-type" => Json::from(answer.media.as_str()),
                path => expect::at(&answer.body, path),
            };
            expect::fits(&expected, &actual).map_err(|why| format!("{path}: {why}"))?;
        }
        match &self.warns {
            Some(expected) if *expected != answer.warnings => Err(format!("it warns {:?}", answer.warnings)),
            _ => Ok(()),
        }
    }
}
