//! The target file: each part gives a fragment, the fragments make one file. Knows the file's shape, no part.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A part's share of the target file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Fragment {
    /// `clusters:` by name.
    pub clusters: Map<String, Value>,
    /// `endpoints:` by name.
    pub endpoints: Map<String, Value>,
    /// `defaults:`, a kind's name to an endpoint's.
    pub defaults: Map<String, Value>,
    /// `inputs:`, what suites must know of this place.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// Inputs, each with a sentence, that hold as long as no part gives them a value.
    #[serde(default)]
    pub fallbacks: Map<String, Value>,
    /// Sentences for the report's environment section.
    pub environment: Vec<String>,
}

impl Fragment {
    /// Adds a cluster.
    #[must_use]
    pub fn cluster(mut self, name: &str, value: Value) -> Self {
        self.clusters.insert(name.into(), value);
        self
    }

    /// Adds an endpoint.
    #[must_use]
    pub fn endpoint(mut self, name: &str, value: Value) -> Self {
        self.endpoints.insert(name.into(), value);
        self
    }

    /// Makes `endpoint` the one that checks of `kind` use unasked.
    #[must_use]
    pub fn default_for(mut self, kind: &str, endpoint: &str) -> Self {
        self.defaults.insert(kind.into(), json!(endpoint));
        self
    }

    /// Gives a suite's input its value here.
    #[must_use]
    pub fn input(mut self, name: &str, value: Value) -> Self {
        self.inputs.insert(name.into(), value);
        self
    }

    /// Gives a suite's input a value, and says `words`, unless a part gives it another.
    #[must_use]
    pub fn unless_given(mut self, name: &str, value: Value, words: &str) -> Self {
        self.fallbacks.insert(name.into(), json!([value, words]));
        self
    }

    /// Adds a sentence about what is not as in production.
    #[must_use]
    pub fn sentence(mut self, words: impl Into<String>) -> Self {
        self.environment.push(words.into());
        self
    }

    /// Takes in another part's fragment; two parts may not claim one name.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        claim(&mut self.clusters, &other.clusters, "cluster")?;
        claim(&mut self.endpoints, &other.endpoints, "endpoint")?;
        claim(&mut self.defaults, &other.defaults, "default")?;
        claim(&mut self.inputs, &other.inputs, "input")?;
        claim(&mut self.fallbacks, &other.fallbacks, "fallback")?;
        self.environment.extend(other.environment.iter().cloned());
        Ok(())
    }

    /// The whole file as YAML.
    pub fn file(&self, name: &str) -> Result<String> {
        let mut all = Map::new();
        let (mut inputs, mut environment) = (self.inputs.clone(), self.environment.clone());
        for (input, fallback) in &self.fallbacks {
            if !inputs.contains_key(input) {
                inputs.insert(input.clone(), fallback[0].clone());
                environment.extend(fallback[1].as_str().map(str::to_owned));
            }
        }
        all.insert("target".into(), json!(name));
        let sections = [
            ("clusters", &self.clusters),
            ("endpoints", &self.endpoints),
            ("defaults", &self.defaults),
            ("inputs", &inputs),
        ];
        for (key, section) in sections {
            if !section.is_empty() {
                all.insert(key.into(), Value::Object(section.clone()));
            }
        }
        if !environment.is_empty() {
            all.insert("environment".into(), json!(environment));
        }
        serde_yaml::to_string(&Value::Object(all)).context("writing the target file as YAML")
    }

    /// Writes the whole file, so that a reader sees the old one or the new one.
    pub fn write(&self, name: &str, path: &Path) -> Result<()> {
        write_whole(path, self.file(name)?.as_bytes())
    }
}

/// Replaces `path` in one step, making its folder if need be.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file has a folder")?;
    std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let draft = path.with_extension(format!("draft{}", std::process::id()));
    std::fs::write(&draft, bytes).with_context(|| format!("writing {}", draft.display()))?;
    std::fs::rename(&draft, path).with_context(|| format!("writing {}", path.display()))
}

fn claim(mine: &mut Map<String, Value>, theirs: &Map<String, Value>, what: &str) -> Result<()> {
    for (name, value) in theirs {
        if mine.insert(name.clone(), value.clone()).is_some() {
            bail!("two parts give the target file a {what} named `{name}`");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fragments_make_one_file_in_the_order_of_the_language() {
        let mut all = Fragment::default().cluster("apps", json!({"context": "apps"}));
        let logs = Fragment::default().endpoint("logs", json!({"logsql": {"url": "http://127.0.0.1:1"}}));
        all.merge(&logs.default_for("logsql", "logs").sentence("logs: real")).unwrap();
        let text = all.file("lab").unwrap();
        let at = |key: &str| text.find(key).unwrap_or_else(|| panic!("no {key} in {text}"));
        assert!(text.starts_with("target: lab\n"));
        assert!(at("clusters:") < at("endpoints:") && at("endpoints:") < at("defaults:"));
        assert!(at("defaults:") < at("environment:"));
    }

    #[test]
    fn a_fallback_and_its_sentence_go_when_a_part_says_otherwise() {
        let mut all = Fragment::default().unless_given("volsync", json!(false), "no VolSync");
        assert!(all.file("lab").unwrap().contains("volsync: false") && all.file("lab").unwrap().contains("no VolSync"));
        all.merge(&Fragment::default().input("volsync", json!(true))).unwrap();
        let text = all.file("lab").unwrap();
        assert!(text.contains("volsync: true") && !text.contains("no VolSync"), "{text}");
    }

    #[test]
    fn a_name_is_claimed_once() {
        let one = Fragment::default().endpoint("logs", json!(1));
        let error = one.clone().merge(&one).unwrap_err().to_string();
        assert!(error.contains("endpoint named `logs`"), "{error}");
    }
}
