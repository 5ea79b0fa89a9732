//! The lab of real servers, asked from the servers' side: by kubectl, kcat and plain HTTP, never by checkrun.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value as Json;

/// The lab, asked without checkrun.
pub struct Lab {
    /// Its target file.
    pub target: String,
    kubelab: String,
    kubeconfig: String,
    kafka: String,
    registry: String,
}

impl Lab {
    /// The lab that is up, if one is.
    pub fn find() -> Option<Self> {
        let target = std::env::var("CHECKRUN_LAB_TARGET").ok()?;
        let text = std::fs::read_to_string(&target).unwrap();
        let endpoints = checkrun_yaml::document(checkrun_model::SourceId(0), &text).documents[0].to_json();
        let of = |name: &str, family: &str, key: &str| {
            endpoints["endpoints"][name][family][key].as_str().unwrap_or_default().to_owned()
        };
        Some(Self {
            kafka: of("kafka-plain", "kafka", "bootstrap"),
            registry: of("registry", "http", "url"),
            kubelab: std::env::var("LAB_KUBELAB").unwrap(),
            kubeconfig: std::env::var("LAB_APPS_KUBECONFIG").unwrap(),
            target,
        })
    }

    /// What kubectl prints, as administrator of `apps`.
    pub fn kubectl(&self, words: &[&str]) -> String {
        let mut command = Command::new(&self.kubelab);
        output(command.args(["kubectl", "--kubeconfig", &self.kubeconfig]).args(words))
    }

    /// The names of all topics.
    pub fn topics(&self) -> Vec<String> {
        let metadata = output(Command::new("kcat").args(["-b", &self.kafka, "-L", "-J"]));
        let metadata: Json = serde_json::from_str(&metadata).unwrap();
        metadata["topics"].as_array().unwrap().iter().map(|one| one["topic"].as_str().unwrap().to_owned()).collect()
    }

    /// Every object that a run or its neighbours could make, by its UID; the patched ones with what they hold; topics; subjects.
    pub fn everything(&self) -> Vec<String> {
        let kinds = "namespaces,configmaps,secrets,serviceaccounts,services,deployments,statefulsets,daemonsets,pods,\
                     persistentvolumeclaims,kafkas,kafkatopics,customresourcedefinitions";
        let columns = "--output=custom-columns=A:.kind,B:.metadata.namespace,C:.metadata.name,D:.metadata.uid";
        let mut all: Vec<String> = Vec::new();
        all.extend(self.kubectl(&["get", kinds, "-A", "--no-headers", columns]).lines().map(str::to_owned));
        all.push(self.kubectl(&["get", "configmaps", "-n", "default", "-o", "jsonpath={.items[*].data}"]));
        all.extend(self.topics().iter().map(|name| format!("topic {name}")));
        all.push(format!("subjects {}", self.get("/subjects")));
        all.sort();
        all
    }

    /// The body of a GET from the registry.
    fn get(&self, path: &str) -> String {
        let address = self.registry.trim_start_matches("http://").trim_end_matches('/');
        let (host, base) = address.split_once('/').map_or((address, String::new()), |(h, b)| (h, format!("/{b}")));
        let mut stream = TcpStream::connect(host).unwrap();
        write!(stream, "GET {base}{path} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").map(|(_, body)| body.trim().to_owned()).unwrap_or_default()
    }

    /// Namespaces go on their own once they are deleted, so the list may take a while to be as before.
    pub fn nothing_is_left(&self, before: &[String], when: &str) {
        let mut now = Vec::new();
        for _ in 0..60 {
            now = self.everything();
            if now == before {
                return;
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        let new: Vec<_> = now.iter().filter(|one| !before.contains(one)).collect();
        let gone: Vec<_> = before.iter().filter(|one| !now.contains(one)).collect();
        assert!(new.is_empty() && gone.is_empty(), "{when}: left {new:#?}, missing {gone:#?}");
    }
}

fn output(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}
