//! What a user outside has in hand: the target file, a kubeconfig, the programs of the machine.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::clients::{self, curl};
use crate::cache::Cache;
use crate::cluster::recipes;
use crate::smoke::text;

/// How long one command may take: longer than kubectl and curl give a server, so that these say what is wrong.
const PATIENCE: Duration = Duration::from_secs(40);
/// How long kubectl gives a server. On a busy machine a first answer may take several seconds.
const KUBECTL: &str = "--request-timeout=25s";

/// A user who looks at one part.
#[derive(Debug, Clone)]
pub struct Outside {
    /// The target file.
    pub target: Value,
    /// The part.
    pub part: String,
}

impl Outside {
    /// A user of `part`.
    pub fn of(target: &Value, part: &str) -> Self {
        Self { target: target.clone(), part: part.into() }
    }

    /// Whether the part is a cluster that is up.
    pub fn has_cluster(&self) -> bool {
        self.target["clusters"][&self.part].is_object()
    }

    /// The cluster to ask: the part itself, or the one where the other parts' pods are.
    fn cluster(&self) -> &str {
        if self.has_cluster() { &self.part } else { "apps" }
    }

    /// A text of the target file.
    pub fn text(&self, path: &[&str]) -> Result<&str> {
        text(&self.target, path)
    }

    /// The URL of an endpoint, and what curl needs to trust it.
    pub fn url(&self, endpoint: &str, kind: &str) -> Result<(String, Vec<String>)> {
        let url = self.text(&["endpoints", endpoint, kind, "url"])?.to_owned();
        let ca = self.text(&["endpoints", endpoint, kind, "ca", "file"]).ok();
        Ok((url, ca.map(|ca| vec!["--cacert".into(), ca.into()]).unwrap_or_default()))
    }

    /// Asks an endpoint with curl: `words` are curl's, `path` is added to the URL. An answer that is not 2xx is an error
    /// that begins with its status.
    pub async fn http(&self, endpoint: &str, kind: &str, path: &str, words: &[&str]) -> Result<String> {
        let (url, trust) = self.url(endpoint, kind)?;
        let mut command = curl(4, words);
        command.args(trust).args(["--write-out", "\n%{http_code}"]).arg(format!("{url}{path}"));
        answered(&clients::run(command, PATIENCE).await?)
    }

    /// Runs kubectl as the administrator.
    pub async fn kubectl(&self, words: &[&str]) -> Result<String> {
        let kubelab = Cache::open()?.made(&recipes::kubelab())?.join("kubelab");
        let mut command = Command::new(kubelab);
        command.args(["kubectl", KUBECTL, "--kubeconfig"]).arg(self.kubeconfig()?).args(words);
        Ok(clients::run(command, PATIENCE).await?.trim().to_owned())
    }

    /// One object as JSON.
    pub async fn object(&self, words: &[&str]) -> Result<Value> {
        let words: Vec<&str> = ["get", "-o", "json"].iter().chain(words).copied().collect();
        Ok(serde_json::from_str(&self.kubectl(&words).await?)?)
    }

    fn kubeconfig(&self) -> Result<PathBuf> {
        Ok(self.text(&["clusters", self.cluster(), "kubeconfig"])?.into())
    }

    /// Asks the API server with curl, which tries nothing again by itself.
    pub async fn api(&self, path: &str) -> Result<String> {
        use base64::Engine as _;
        let kubeconfig = self.kubeconfig()?;
        let config: Value = serde_yaml::from_str(&std::fs::read_to_string(&kubeconfig)?)?;
        let cluster = &config["clusters"][0]["cluster"];
        let ca = text(cluster, &["certificate-authority-data"])?;
        let file = tempfile(&base64::engine::general_purpose::STANDARD.decode(ca)?)?;
        let header = format!("Authorization: Bearer {}", text(&config["users"][0], &["user", "token"])?);
        let mut command = curl(6, &["--header", &header, "--write-out", "\n%{http_code}", "--cacert"]);
        command.arg(&file).arg(format!("{}{path}", text(cluster, &["server"])?));
        let answer = clients::run(command, PATIENCE).await;
        std::fs::remove_file(&file).context("removing a certificate")?;
        answered(&answer?)
    }
}

/// curl's output with the status as its last line.
fn answered(output: &str) -> Result<String> {
    let (body, status) = output.rsplit_once('\n').context("curl told no status")?;
    ensure!(status.starts_with('2'), "{status}: {}", body.chars().take(200).collect::<String>());
    Ok(body.to_owned())
}

/// A file of this process's own.
fn tempfile(bytes: &[u8]) -> Result<PathBuf> {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("lab-prove-{}-{number}.pem", std::process::id()));
    std::fs::write(&path, bytes).with_context(|| format!("writing {}", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_is_no_success_is_an_error_with_its_status() {
        assert_eq!(answered("body\nof two\n200").unwrap(), "body\nof two");
        let error = answered("slow down\n429").unwrap_err().to_string();
        assert!(error.starts_with("429: slow down"), "{error}");
    }
}
