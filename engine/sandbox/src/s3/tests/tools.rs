//! What real tools do, where they are installed: they sign headers and bodies, where the tests beside sign links.

use std::process::{Command, Output};

use super::s3;

/// Runs a command, away from the threads that answer it; none where there is no such tool.
async fn run(tool: &str, words: &[&str], env: &[(&str, &str)]) -> Option<Output> {
    let mut command = Command::new(tool);
    command.args(words).envs(env.iter().copied());
    let ran = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    match ran {
        Ok(output) => Some(output),
        Err(_) => {
            println!("left out: there is no {tool}");
            None
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn restic_backs_up_and_restores() {
    let (s3, _client) = s3().await;
    let work = tempfile::tempdir().unwrap();
    let (data, back) = (work.path().join("data"), work.path().join("back"));
    std::fs::create_dir(&data).unwrap();
    let large: Vec<u8> = (0..6_000_000_u32).flat_map(u32::to_le_bytes).collect();
    std::fs::write(data.join("large"), &large).unwrap();
    let repository = format!("s3:{}/backups/repository", s3.url());
    let cache = work.path().join("cache");
    let env = |secret: &'static str| {
        vec![
            ("RESTIC_REPOSITORY", repository.as_str()),
            ("RESTIC_PASSWORD", "x"),
            ("RESTIC_CACHE_DIR", cache.to_str().unwrap()),
            ("AWS_ACCESS_KEY_ID", "writer"),
            ("AWS_SECRET_ACCESS_KEY", secret),
        ]
    };
    let (data, back) = (data.to_str().unwrap(), back.to_str().unwrap());
    for words in [
        vec!["init"],
        vec!["backup", data],
        vec!["snapshots"],
        vec!["check", "--read-data"],
        vec!["restore", "latest", "--target", back],
        vec!["forget", "latest", "--prune"],
    ] {
        let Some(ran) = run("restic", &words, &env("secret")).await else { return };
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    let restored = std::path::Path::new(back).join(data.trim_start_matches('/')).join("large");
    assert!(std::fs::read(restored).unwrap() == large);
    assert!(s3.buckets()[0].1.iter().any(|seen| seen.key == "repository/config"));
    let Some(refused) = run("restic", &["cat", "config"], &env("wrong")).await else { return };
    assert!(!refused.status.success(), "{}", String::from_utf8_lossy(&refused.stdout));
}

#[tokio::test(flavor = "multi_thread")]
async fn s3cmd_keeps_and_gets() {
    let (s3, _client) = s3().await;
    let work = tempfile::tempdir().unwrap();
    let (from, to) = (work.path().join("from"), work.path().join("to"));
    std::fs::write(&from, vec![b'x'; 17 << 20]).unwrap();
    let address = s3.address().to_string();
    let (host, bucket) = (format!("--host={address}"), format!("--host-bucket={address}"));
    let always = ["--config=/dev/null", "--no-ssl", "--access_key=writer", "--secret_key=secret", "--no-progress"];
    for words in [
        vec!["put", from.to_str().unwrap(), "s3://backups/a/from"],
        vec!["ls", "--recursive", "s3://backups"],
        vec!["cp", "s3://backups/a/from", "s3://backups/b"],
        vec!["get", "s3://backups/b", to.to_str().unwrap()],
        vec!["rm", "--recursive", "--force", "s3://backups/a/"],
    ] {
        let words: Vec<&str> = always.iter().copied().chain([host.as_str(), &bucket]).chain(words).collect();
        let Some(ran) = run("s3cmd", &words, &[]).await else { return };
        assert!(ran.status.success(), "{words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
    assert!(std::fs::read(&from).unwrap() == std::fs::read(&to).unwrap());
    let left: Vec<_> = s3.buckets()[0].1.iter().map(|seen| seen.key.clone()).collect();
    assert_eq!(left, ["b"]);
}
