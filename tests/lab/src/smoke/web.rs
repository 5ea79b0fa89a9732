//! The web server answers in the clear and over TLS, asked with curl.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::text;

/// One document each way.
pub async fn documents(target: &Value) -> Result<String> {
    for endpoint in ["web", "web-tls"] {
        let url = text(target, &["endpoints", endpoint, "http", "url"])?;
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--fail", "--max-time", "10"]).arg(format!("{url}/smoke"));
        if let Ok(ca) = text(target, &["endpoints", endpoint, "http", "ca", "file"]) {
            command.arg("--cacert").arg(ca);
        }
        let out = tokio::task::spawn_blocking(move || command.output()).await?.context("starting curl")?;
        ensure!(out.status.success(), "curl: {}", String::from_utf8_lossy(&out.stderr).trim());
        let document: Value = serde_json::from_slice(&out.stdout)?;
        ensure!(document["path"] == "/smoke" && document["status"] == "ok", "{endpoint} said {document}");
    }
    Ok("a document in the clear and one over TLS".into())
}
