//! How the faults of `scale` show to kubectl.

use anyhow::{Result, ensure};
use futures::future::BoxFuture;

use super::Sign::Error;
use super::{Outside, Trial};
use crate::conditions;

/// All of them.
pub const TRIALS: &[Trial] =
    &[Trial { parts: &["scale"], fault: "nodes-silent", at: None, look: nodes, sign: Error(&["is not Ready"]) }];

fn nodes(outside: &Outside) -> BoxFuture<'_, Result<String>> {
    Box::pin(async move {
        let user = Outside::of(&outside.target, "infra");
        let list = user.object(&["nodes", "-l", "type=kwok"]).await?;
        let nodes = list["items"].as_array().map_or(&[][..], Vec::as_slice);
        for node in nodes {
            ensure!(conditions::holds(node, "Ready"), "{} is not Ready", node["metadata"]["name"]);
        }
        Ok(format!("{} nodes are Ready", nodes.len()))
    })
}
