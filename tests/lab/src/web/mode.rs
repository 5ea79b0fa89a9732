//! The ways in which the server answers, and what each writes. It opens no connection.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// How many bytes the huge answer has.
pub const HUGE: usize = 100 << 20;

/// How the server answers every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// 200 with a small JSON document.
    Well,
    /// Not at all; the connection stays open.
    Hanging,
    /// 200, the first half of what the head promised, and the connection's end.
    Cutting,
    /// 500 with a plain text.
    Error,
    /// Bytes that are no HTTP.
    Garbage,
    /// 200 with 100 MiB of JSON.
    Huge,
}

impl Mode {
    /// The modes by their words, which are the faults' names, too.
    const WORDS: [(&str, Self); 6] = [
        ("well", Self::Well),
        ("hanging", Self::Hanging),
        ("cutting", Self::Cutting),
        ("error-500", Self::Error),
        ("garbage", Self::Garbage),
        ("huge", Self::Huge),
    ];

    /// The mode of this name.
    pub fn of(word: &str) -> Result<Self> {
        match Self::WORDS.iter().find(|(name, _)| *name == word) {
            Some((_, mode)) => Ok(*mode),
            None => bail!("the web server has no mode `{word}`"),
        }
    }

    /// Where the server finds its mode's name before each answer.
    pub fn file(dir: &Path) -> PathBuf {
        dir.join("mode")
    }

    /// The mode that `dir` orders now.
    pub fn read(dir: &Path) -> Result<Self> {
        let file = Self::file(dir);
        let word = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Self::of(word.trim())
    }

    /// Answers a request for `path`; the connection is closed afterwards.
    pub async fn answer(self, path: &str, out: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
        match self {
            Self::Well => {
                let body = serde_json::json!({ "status": "ok", "path": path }).to_string();
                out.write_all(format!("{}{body}", head(200, "OK", "application/json", body.len())).as_bytes()).await?;
            }
            Self::Hanging => std::future::pending::<()>().await,
            Self::Cutting => {
                out.write_all(format!("{}{{\"status\":", head(200, "OK", "application/json", 4096)).as_bytes()).await?;
            }
            Self::Error => {
                let body = "something broke";
                let head = head(500, "Internal Server Error", "text/plain", body.len());
                out.write_all(format!("{head}{body}").as_bytes()).await?;
            }
            Self::Garbage => out.write_all(&[0, 159, 146, 150, 13, 10, 7, 7, 255, 254]).await?,
            Self::Huge => huge(out).await?,
        }
        Ok(out.flush().await?)
    }
}

fn head(status: u16, reason: &str, kind: &str, length: usize) -> String {
    format!(
        "HTTP/1.1 {status} {reason}\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    )
}

/// One JSON string of the whole length, so that a client that stops early has no document.
async fn huge(out: &mut (impl AsyncWrite + Unpin)) -> Result<()> {
    out.write_all(head(200, "OK", "application/json", HUGE).as_bytes()).await?;
    out.write_all(b"\"").await?;
    let piece = [b'x'; 64 << 10];
    let mut left = HUGE - 2;
    while left > 0 {
        let n = left.min(piece.len());
        out.write_all(&piece[..n]).await?;
        left -= n;
    }
    Ok(out.write_all(b"\"").await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn answered(mode: Mode) -> Vec<u8> {
        let mut out = Vec::new();
        mode.answer("/x", &mut out).await.unwrap();
        out
    }

    #[tokio::test]
    async fn a_promise_is_kept_but_by_the_mode_that_breaks_it() {
        for (mode, kept) in [(Mode::Well, true), (Mode::Error, true), (Mode::Huge, true), (Mode::Cutting, false)] {
            let bytes = answered(mode).await;
            let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: ")).unwrap();
            assert_eq!(length.parse::<usize>().unwrap() == bytes.len() - end, kept, "{mode:?}");
        }
    }

    #[tokio::test]
    async fn garbage_is_no_http_and_hanging_no_answer() {
        assert!(!answered(Mode::Garbage).await.starts_with(b"HTTP"));
        let mut out = Vec::new();
        let answer = Mode::Hanging.answer("/", &mut out);
        assert!(tokio::time::timeout(std::time::Duration::from_millis(10), answer).await.is_err());
    }

    #[test]
    fn what_is_ordered_by_a_wrong_word_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(Mode::file(dir.path()), "huge\n").unwrap();
        assert_eq!(Mode::read(dir.path()).unwrap(), Mode::Huge);
        assert!(Mode::of("sulking").unwrap_err().to_string().contains("sulking"));
    }
}
