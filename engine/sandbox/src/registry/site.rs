//! The paths of the registry's REST API. What they do stands in `store.rs`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{BoxFuture, FutureExt as _};
use percent_encoding::percent_decode_str;
use serde_json::{Value as Json, json};

use super::answers;
use super::refused::Refused;
use super::request::{flag, given, must_be, which};
use super::store::{Store, Which};
use crate::web::{Answer, Asked, Site};

/// What the registry answers with.
const TYPE: &str = "application/vnd.schemaregistry.v1+json";

/// What it takes.
const TAKEN: &[&str] = &[TYPE, "application/vnd.schemaregistry+json", "application/json", "application/octet-stream"];

/// The registry as a site.
pub(super) struct Pages {
    store: Mutex<Store>,
    kafka: String,
}

/// The body of an answer.
pub(super) type Answered = Result<Json, Refused>;

impl Pages {
    pub(super) fn new(store: Store, kafka: String) -> Self {
        Self { store: Mutex::new(store), kafka }
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn answered(&self, asked: &Asked) -> Answered {
        let path: Vec<String> = asked.path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let kind = asked.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str());
        let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        if !asked.body.is_empty() && kind.is_some_and(|kind| !TAKEN.contains(&kind)) {
            return Err(Refused::new(415, "HTTP 415 Unsupported Media Type"));
        }
        match path[..] {
            [] => Ok(json!({})),
            ["v1", "metadata", "id"] => Ok(json!({
                "scope": { "path": [], "clusters": { "kafka-cluster": self.kafka, "schema-registry-cluster": "schema-registry" } },
                "id": "",
            })),
            ["contexts"] => Ok(json!(["."])),
            ["schemas", ..] => self.schemas(asked, &path[1..]),
            ["subjects", ..] => self.subjects(asked, &path[1..]),
            ["compatibility", "subjects", subject, "versions"] => self.compatible(asked, subject, None),
            ["compatibility", "subjects", subject, "versions", version] => {
                self.compatible(asked, subject, Some(which(version)?))
            }
            ["config"] | ["config", _] => self.config(asked, path.get(1).copied()),
            ["mode"] | ["mode", _] => self.mode(asked, path.get(1).copied()),
            _ => Err(Refused::new(404, "HTTP 404 Not Found")),
        }
    }

    fn schemas(&self, asked: &Asked, path: &[&str]) -> Answered {
        must_be(asked, &["GET"])?;
        let (store, deleted) = (self.store(), flag(asked, "deleted"));
        let id = |text: &str| text.parse::<i32>().map_err(|_| Refused::new(404, "HTTP 404 Not Found"));
        match path {
            [] => {
                let prefix = asked.field("subjectPrefix").unwrap_or_default();
                let names = store.subjects(deleted).filter(|name| name.starts_with(prefix));
                let all = names.filter_map(|name| store.versions(name, deleted).ok()).flatten();
                Ok(all.map(|seen| answers::version(&seen)).collect())
            }
            ["types"] => Ok(json!(["JSON", "PROTOBUF", "AVRO"])),
            ["ids", number] => Ok(answers::schema(store.schema(id(number)?)?)),
            ["ids", number, "schema"] => Ok(raw(&store.schema(id(number)?)?.given.text)),
            ["ids", number, "subjects"] => {
                store.schema(id(number)?)?;
                let mut names: Vec<String> =
                    store.places(id(number)?, deleted).into_iter().map(|seen| seen.subject).collect();
                names.dedup();
                Ok(json!(names))
            }
            ["ids", number, "versions"] => {
                store.schema(id(number)?)?;
                let places = store.places(id(number)?, deleted).into_iter();
                Ok(places.map(|seen| json!({ "subject": seen.subject, "version": seen.version })).collect())
            }
            _ => Err(Refused::new(404, "HTTP 404 Not Found")),
        }
    }

    fn subjects(&self, asked: &Asked, path: &[&str]) -> Answered {
        let (deleted, for_good) = (flag(asked, "deleted"), flag(asked, "permanent"));
        match (asked.method.as_str(), path) {
            ("GET", []) => {
                let prefix = asked.field("subjectPrefix").unwrap_or_default();
                Ok(self.store().subjects(deleted).filter(|name| name.starts_with(prefix)).cloned().collect())
            }
            ("POST", [subject]) => self.look_up(asked, subject, deleted),
            ("DELETE", [subject]) => Ok(json!(self.store().delete_subject(subject, for_good)?)),
            ("GET", [subject, "versions"]) => {
                let versions = self.store().versions(subject, deleted)?;
                Ok(versions.iter().map(|seen| seen.version).collect())
            }
            ("POST", [subject, "versions"]) => {
                let mut store = self.store();
                let schema = store.read(given(asked)?)?;
                Ok(json!({ "id": store.register(subject, schema)? }))
            }
            ("GET", [subject, "versions", version]) => {
                Ok(answers::version(&self.store().version(subject, which(version)?, deleted)?))
            }
            ("GET", [subject, "versions", version, "schema"]) => {
                Ok(raw(&self.store().version(subject, which(version)?, deleted)?.schema.given.text))
            }
            ("GET", [subject, "versions", version, "referencedby"]) => {
                let store = self.store();
                Ok(json!(store.named_by(subject, store.version(subject, which(version)?, false)?.version)))
            }
            ("DELETE", [subject, "versions", version]) => {
                Ok(json!(self.store().delete_version(subject, which(version)?, for_good)?))
            }
            (_, [] | [_] | [_, "versions"] | [_, "versions", _]) => {
                Err(Refused::new(405, "HTTP 405 Method Not Allowed"))
            }
            _ => Err(Refused::new(404, "HTTP 404 Not Found")),
        }
    }

    fn look_up(&self, asked: &Asked, subject: &str, deleted: bool) -> Answered {
        let store = self.store();
        store.versions(subject, deleted)?;
        let schema = store.read(given(asked)?)?;
        let found = store.find(subject, &schema, deleted);
        found.map(|seen| answers::version(&seen)).ok_or_else(|| Refused::new(40403, "Schema not found"))
    }

    fn compatible(&self, asked: &Asked, subject: &str, version: Option<Which>) -> Answered {
        must_be(asked, &["POST"])?;
        let store = self.store();
        let schema = store.read(given(asked)?)?;
        let versions = match version {
            Some(which) => vec![store.version(subject, which, false)?],
            None => store.live(subject),
        };
        let whys = store.against(subject, &schema, &versions)?;
        let mut answer = json!({ "is_compatible": whys.is_empty() });
        if flag(asked, "verbose") {
            answer["messages"] = json!(whys);
        }
        Ok(answer)
    }
}

impl Site for Pages {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        let answer = match self.answered(&asked) {
            // A schema alone is answered as it stands.
            Ok(Json::String(text)) if asked.path.ends_with("/schema") => Answer::text(200, TYPE, text),
            Ok(json) => Answer::text(200, TYPE, json.to_string()),
            Err(Refused { status, code, why }) => {
                Answer::text(status, TYPE, json!({ "error_code": code, "message": why }).to_string())
            }
        };
        std::future::ready(answer).boxed()
    }
}

/// What of a store can be shared between a site and its owner.
pub(super) type Shared = Arc<Pages>;

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

fn raw(text: &str) -> Json {
    Json::String(text.to_owned())
}
