//! The stand-ins' loop: looks at pods and servers every other second and writes the statuses that follow. It knows no kind.

use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::world::World;
use crate::objects::{Objects, Ref};

/// A pause between two looks.
const LOOK: Duration = Duration::from_secs(2);

/// What is said of every object of a kind.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Group and version.
    pub api: &'static str,
    /// The kind.
    pub kind: &'static str,
    /// The status that is true of an object in the world as it is.
    pub status: fn(&Value, &World) -> Value,
}

/// A condition without its time.
pub fn condition(kind: &str, holds: bool, reason: &str, words: &str) -> Value {
    json!({ "type": kind, "status": if holds { "True" } else { "False" }, "reason": reason, "message": words })
}

/// Writes statuses for ever; `look` sees the world.
pub async fn run<F: Future<Output = Result<World>>>(objects: Objects, rules: Vec<Rule>, mut look: impl FnMut() -> F) {
    loop {
        match look().await {
            Ok(world) => {
                for rule in &rules {
                    if let Err(e) = apply(&objects, rule, &world).await {
                        eprintln!("{}: {e:#}", rule.kind);
                    }
                }
            }
            Err(e) => eprintln!("{e:#}"),
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn apply(objects: &Objects, rule: &Rule, world: &World) -> Result<()> {
    for object in objects.list(Ref(rule.api, rule.kind, "", ""), "").await? {
        let status = (rule.status)(&object, world);
        if !status.is_null() && objects.write_status(&object, status).await? {
            println!("{} {}: written", rule.kind, object["metadata"]["name"].as_str().unwrap_or_default());
        }
    }
    Ok(())
}
