//! Levels and modes, of the whole registry and of subjects: read, set and taken back.

use serde_json::json;

use super::answers;
use super::level::Level;
use super::mode::Mode;
use super::refused::Refused;
use super::request::{body, flag};
use super::site::{Answered, Pages};
use crate::web::Asked;

impl Pages {
    pub(super) fn config(&self, asked: &Asked, subject: Option<&str>) -> Answered {
        let mut store = self.store();
        let own = subject.and_then(|subject| store.levels.get(subject).copied());
        match (asked.method.as_str(), subject) {
            ("GET", None) => Ok(json!({ "compatibilityLevel": store.level.word() })),
            ("GET", Some(subject)) => match own.or(flag(asked, "defaultToGlobal").then_some(store.level)) {
                Some(level) => Ok(json!({ "compatibilityLevel": level.word() })),
                None => {
                    let why = format!("Subject '{subject}' does not have subject-level compatibility configured");
                    Err(Refused::new(40408, why))
                }
            },
            ("PUT", _) => {
                store.must_be_writable(subject.unwrap_or_default())?;
                let level = body(asked)?["compatibility"].as_str().and_then(Level::parse);
                let level = level.ok_or_else(|| Refused::new(42203, answers::LEVELS))?;
                match subject {
                    Some(subject) => drop(store.levels.insert(subject.to_owned(), level)),
                    None => store.level = level,
                }
                Ok(json!({ "compatibility": level.word() }))
            }
            ("DELETE", None) => Ok(json!(std::mem::take(&mut store.level).word())),
            ("DELETE", Some(subject)) => {
                let level = store.levels.remove(subject).ok_or_else(|| Refused::no_subject(subject))?;
                Ok(json!(level.word()))
            }
            _ => Err(Refused::new(405, "HTTP 405 Method Not Allowed")),
        }
    }

    pub(super) fn mode(&self, asked: &Asked, subject: Option<&str>) -> Answered {
        let mut store = self.store();
        let own = subject.and_then(|subject| store.modes.get(subject).copied());
        match (asked.method.as_str(), subject) {
            ("GET", None) => Ok(json!({ "mode": store.mode.word() })),
            ("GET", Some(subject)) => match own.or(flag(asked, "defaultToGlobal").then_some(store.mode)) {
                Some(mode) => Ok(json!({ "mode": mode.word() })),
                None => {
                    let why = format!("Subject '{subject}' does not have subject-level mode configured");
                    Err(Refused::new(40409, why))
                }
            },
            ("PUT", _) => {
                let mode = Mode::parse(body(asked)?["mode"].as_str().unwrap_or_default())?;
                match subject {
                    Some(subject) => drop(store.modes.insert(subject.to_owned(), mode)),
                    None => store.mode = mode,
                }
                Ok(json!({ "mode": mode.word() }))
            }
            ("DELETE", Some(subject)) => {
                let mode = store.modes.remove(subject).ok_or_else(|| Refused::no_subject(subject))?;
                Ok(json!({ "mode": mode.word() }))
            }
            _ => Err(Refused::new(405, "HTTP 405 Method Not Allowed")),
        }
    }
}
