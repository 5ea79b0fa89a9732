//! Git's smart HTTP: each request is handed to `git http-backend`, as a web server would. It keeps nothing itself.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use hyper::body::Bytes;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::process::Command;

use crate::answers::{self, Asked, Reply};

/// Serves the repositories below `root` for ever.
pub async fn run(listener: TcpListener, root: PathBuf) {
    let root = Arc::new(root);
    answers::serve(listener, move |asked| {
        let root = Arc::clone(&root);
        async move {
            match answer(&asked, &root).await {
                Ok(reply) => reply,
                Err(e) => {
                    eprintln!("{} {}: {e:#}", asked.method, asked.path);
                    answers::text(500, "git failed\n")
                }
            }
        }
    })
    .await;
}

async fn answer(asked: &Asked, root: &Path) -> Result<Reply> {
    let mut command = Command::new("git");
    command.arg("http-backend").env("GIT_PROJECT_ROOT", root).env("GIT_HTTP_EXPORT_ALL", "1");
    command.env("PATH_INFO", &asked.path).env("QUERY_STRING", &asked.query).env("REMOTE_ADDR", "lab");
    command.env("REQUEST_METHOD", asked.method.as_str()).env("CONTENT_LENGTH", asked.body.len().to_string());
    command.env("CONTENT_TYPE", asked.header("content-type")).env("GIT_PROTOCOL", asked.header("git-protocol"));
    command.env("HTTP_CONTENT_ENCODING", asked.header("content-encoding"));
    // the files may be another user's
    command.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let mut child = command.spawn().context("starting git (Debian package git)")?;
    let (mut input, body) = (child.stdin.take().context("git has an input")?, asked.body.clone());
    // git may answer before it has read all, and then hangs up
    let feed = tokio::spawn(async move { input.write_all(&body).await });
    let out = child.wait_with_output().await.context("waiting for git")?;
    feed.abort();
    parse(&out.stdout)
}

/// An answer of the common gateway interface: headers, an empty line, the body.
fn parse(out: &[u8]) -> Result<Reply> {
    let end = out.windows(4).position(|w| w == b"\r\n\r\n").context("git's answer has no end of headers")?;
    let head = String::from_utf8_lossy(&out[..end]).into_owned();
    let mut reply = answers::reply(200, "application/octet-stream", Bytes::copy_from_slice(&out[end + 4..]));
    for (name, value) in head.lines().filter_map(|l| l.split_once(": ")) {
        match name {
            "Status" => *reply.status_mut() = value.split(' ').next().unwrap_or_default().parse()?,
            _ => {
                reply.headers_mut().insert(http::HeaderName::from_bytes(name.as_bytes())?, value.parse()?);
            }
        }
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::repository::{Repository, commit, git};
    use std::collections::BTreeMap;

    #[test]
    fn a_gateways_answer_is_taken_apart() {
        let reply = parse(b"Status: 404 Not Found\r\nContent-Type: text/x\r\n\r\nno").unwrap();
        assert_eq!((reply.status().as_u16(), &reply.headers()["content-type"]), (404, &"text/x".parse().unwrap()));
        assert!(parse(b"nonsense").is_err());
    }

    #[tokio::test]
    async fn git_clones_and_pushes_through_it() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::create(&dir.path().join("root/r.git")).unwrap();
        repository.commit(&BTreeMap::from([("a".to_owned(), "one".to_owned())]), "first").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/r.git", listener.local_addr().unwrap());
        tokio::spawn(run(listener, dir.path().join("root")));
        let work = dir.path().join("clone");
        let place = dir.path().to_owned();
        let pushed = tokio::task::spawn_blocking(move || {
            git(&place, ["clone", "--quiet", &url, "clone"])?;
            commit(&work, &BTreeMap::from([("b".to_owned(), "two".to_owned())]), "second")
        });
        pushed.await.unwrap().unwrap();
        assert_eq!(git(repository.path(), ["show", "main:b"]).unwrap(), "two");
    }
}
