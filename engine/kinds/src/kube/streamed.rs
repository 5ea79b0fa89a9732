//! What a server sends piece by piece, and how much of it is taken: bodies, lines of a log, events of a watch. A server,
//! or who stands before it, that never comes to an end must not fill the memory.

use std::time::Instant;

use checkrun_model::Broken;
use futures::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, Stream, TryStreamExt};
use http::HeaderValue;
use http::header::ACCEPT_ENCODING;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::client::Body;
use kube::core::WatchEvent;
use serde_json::Value as Json;

use super::ask::Ask;
use super::cluster::{Cluster, Site};
use super::refusal::{late, refused, unanswered};

/// The most bytes of one answer, and of one container's log.
pub(super) const MOST_BYTES: usize = 256 << 20;

/// The most bytes of one line.
pub(super) const MOST_LINE: usize = 16 << 20;

/// What came of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// There is none any more.
    End,
    /// It was read; so many bytes with its end.
    Whole(usize),
    /// It goes on after all that may be read of it.
    TooLong,
}

/// A number of bytes, for people.
pub(super) fn mib(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

/// Reads the next line into `line`, with its end, but no more than `most` bytes.
///
/// # Errors
/// The stream broke.
pub(super) async fn next_line(
    stream: &mut (impl AsyncBufRead + Unpin),
    line: &mut Vec<u8>,
    most: usize,
) -> std::io::Result<Line> {
    line.clear();
    let read = (&mut *stream).take(most as u64 + 1).read_until(b'\n', line).await?;
    Ok(match read {
        0 => Line::End,
        read if read > most && !line.ends_with(b"\n") => Line::TooLong,
        read => Line::Whole(read),
    })
}

/// The whole body, where it has at most `most` bytes.
///
/// # Errors
/// It is longer, or was cut.
pub(super) async fn whole(body: Body, most: usize, site: &Site, what: &str) -> Result<Vec<u8>, Broken> {
    let collected = Limited::new(body, most).collect().await.map_err(|why| match why.downcast::<kube::Error>() {
        Ok(why) => unanswered(site, what, &why),
        Err(why) if why.is::<LengthLimitError>() => {
            Broken::fatal(format!("{what}: the answer is larger than {most} bytes"))
                .hint("ask for less: one namespace, labels")
        }
        Err(why) => Broken::transient(format!("{what}: {why}")),
    })?;
    Ok(collected.to_bytes().to_vec())
}

/// JSON, or the text that it is.
pub(super) fn read(bytes: &[u8]) -> Json {
    serde_json::from_slice(bytes).unwrap_or_else(|_| Json::from(String::from_utf8_lossy(bytes)))
}

impl Cluster {
    /// The events of a watch, as long as it lasts.
    ///
    /// # Errors
    /// The watch was refused.
    pub(super) async fn watch(
        &self,
        path: String,
    ) -> Result<impl Stream<Item = Result<WatchEvent<Json>, Broken>> + Send + use<>, Broken> {
        let ask = Ask::get(path);
        let what = ask.what();
        let mut request = ask.request(Body::from)?;
        // Servers may compress each event by itself, which the client does not read.
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        self.pace.turn().await;
        let response = self.client.send(request).await.map_err(|why| unanswered(&self.site, &what, &why))?;
        let status = response.status().as_u16();
        if status >= 400 {
            let body = whole(response.into_body(), MOST_BYTES, &self.site, &what).await?;
            return Err(refused(&self.site, &what, status, &read(&body)));
        }
        let bytes = TryStreamExt::map_err(response.into_body().into_data_stream(), std::io::Error::other);
        Ok(events(bytes.into_async_read(), what, MOST_LINE))
    }

    /// Text that comes in lines: a container's log.
    ///
    /// # Errors
    /// It was refused. 400 says here that the container has not begun: that may come.
    pub(super) async fn lines(
        &self,
        path: String,
        deadline: Instant,
    ) -> Result<impl AsyncBufRead + Send + use<>, Broken> {
        let ask = Ask::get(path).accept("*/*");
        let what = ask.what();
        let opened = async {
            self.pace.turn().await;
            self.client.request_stream(ask.request(|bytes| bytes)?).await.map_err(|why| {
                let broken = unanswered(&self.site, &what, &why);
                let not_begun = matches!(&why, kube::Error::Api(status) if status.code == 400);
                Broken { transient: broken.transient || not_begun, ..broken }
            })
        };
        let time = deadline.saturating_duration_since(Instant::now());
        let late = |_| late(&self.site, &what, time);
        tokio::time::timeout_at(deadline.into(), opened).await.map_err(late)?
    }
}

/// One event a line. Ends with the stream, also where its last line was cut, and after the first error.
fn events(
    stream: impl AsyncBufRead + Send + Unpin,
    what: String,
    most: usize,
) -> impl Stream<Item = Result<WatchEvent<Json>, Broken>> + Send {
    futures::stream::try_unfold((stream, Vec::new(), what), move |(mut stream, mut line, what)| async move {
        loop {
            let cut = |why: &dyn std::fmt::Display| Broken::transient(format!("{what}: {why}"));
            match next_line(&mut stream, &mut line, most).await.map_err(|why| cut(&why))? {
                Line::End => return Ok(None),
                Line::TooLong => {
                    return Err(Broken::fatal(format!("{what}: an event is larger than {most} bytes")));
                }
                Line::Whole(_) if line.trim_ascii().is_empty() => {}
                Line::Whole(_) => match serde_json::from_slice(&line) {
                    Ok(event) => return Ok(Some((event, (stream, line, what)))),
                    Err(why) if why.is_eof() => return Ok(None),
                    Err(why) => return Err(cut(&why)),
                },
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;
    use futures::io::{BufReader, Cursor, repeat};

    use super::*;

    #[tokio::test]
    async fn a_line_that_never_ends_is_not_read_to_its_end() {
        let mut line = Vec::new();
        let mut endless = BufReader::new(repeat(b'x'));
        assert_eq!(next_line(&mut endless, &mut line, 1000).await.unwrap(), Line::TooLong);
        assert!(line.len() <= 1001);
        let mut text = Cursor::new(b"four\n\nlast".to_vec());
        let mut next = async || next_line(&mut text, &mut line, 4).await.unwrap();
        assert_eq!(next().await, Line::Whole(5));
        assert_eq!(next().await, Line::Whole(1));
        assert_eq!(next().await, Line::Whole(4));
        assert_eq!(next().await, Line::End);
    }

    #[tokio::test]
    async fn an_event_or_an_answer_that_is_too_large_is_an_error_that_names_the_limit() {
        let event = br#"{"type":"ADDED","object":{"kind":"Pod"}}"#.as_slice();
        let text = [event, &b"\n\n"[..], event, b"\n", &[b'x'; 200], b"\n", event].concat();
        let seen: Vec<_> = events(Cursor::new(text), "GET /x".into(), 100).collect().await;
        let [Ok(WatchEvent::Added(_)), Ok(_), Err(broken)] = &seen[..] else { panic!("{seen:?}") };
        assert!(!broken.transient && broken.cause.contains("larger than 100 bytes"), "{}", broken.cause);

        let body = || Body::from(vec![b'x'; 11]);
        let site = Site { at: "a cluster".into(), settings: "k.yaml".into() };
        assert_eq!(whole(body(), 11, &site, "GET /x").await.unwrap().len(), 11);
        let broken = whole(body(), 10, &site, "GET /x").await.unwrap_err();
        assert!(!broken.transient && broken.cause == "GET /x: the answer is larger than 10 bytes", "{}", broken.cause);
    }
}
