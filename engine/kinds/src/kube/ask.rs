//! One request to an API server, one answer: the only way to it, so that its limits hold for every kind.
//! Read-only, rate and time are kept here. Knows paths, not objects.

use std::time::{Duration, Instant};

use checkrun_model::Broken;
use http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request};
use kube::client::Body;
use serde_json::Value as Json;

use super::cluster::{Cluster, Site};
use super::refusal::{late, refused, unanswered};
use super::streamed;

/// Asked for where the server does not say how long to wait.
const PAUSE: Duration = Duration::from_secs(1);

/// One request.
pub(super) struct Ask {
    method: Method,
    path: String,
    accept: &'static str,
    body: Option<(&'static str, Vec<u8>)>,
    reads: bool,
}

/// One answer.
pub(super) struct Answer {
    /// Status code.
    pub(super) status: u16,
    /// The body: JSON, or its text.
    pub(super) body: Json,
    /// Method and path of the request.
    what: String,
    /// Who gave it.
    site: Site,
}

impl Answer {
    /// The body of a request that was granted.
    ///
    /// # Errors
    /// It was refused.
    pub(super) fn granted(self) -> Result<Json, Broken> {
        if self.status < 400 { Ok(self.body) } else { Err(self.refusal()) }
    }

    /// What was asked for, if it is there.
    ///
    /// # Errors
    /// It was refused for another reason than that there is no such thing.
    pub(super) fn found(self) -> Result<Option<Json>, Broken> {
        if self.status == 404 { Ok(None) } else { self.granted().map(Some) }
    }

    /// Why it was refused.
    pub(super) fn refusal(&self) -> Broken {
        refused(&self.site, &self.what, self.status, &self.body)
    }
}

impl Ask {
    /// Reads `path`.
    pub(super) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), accept: "application/json", body: None, reads: true }
    }

    /// Changes something by sending JSON.
    pub(super) fn change(method: Method, path: impl Into<String>, content_type: &'static str, body: &Json) -> Self {
        let body = Some((content_type, body.to_string().into_bytes()));
        Self { method, path: path.into(), accept: "application/json", body, reads: false }
    }

    /// Asks for this content type.
    pub(super) fn accept(mut self, accept: &'static str) -> Self {
        self.accept = accept;
        self
    }

    /// Says that it changes nothing although it is no GET (a question that is sent as an object).
    pub(super) fn question(mut self) -> Self {
        self.reads = true;
        self
    }

    /// Method and path, for people.
    pub(super) fn what(&self) -> String {
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        format!("{} {path}", self.method)
    }

    /// As it is sent.
    ///
    /// # Errors
    /// Its path is none.
    pub(super) fn request<B>(&self, body: impl FnOnce(Vec<u8>) -> B) -> Result<Request<B>, Broken> {
        let mut request = Request::builder().method(&self.method).uri(&self.path).header(ACCEPT, self.accept);
        if let Some((content_type, _)) = &self.body {
            request = request.header(CONTENT_TYPE, *content_type);
        }
        let bytes = self.body.as_ref().map(|(_, bytes)| bytes.clone()).unwrap_or_default();
        request.body(body(bytes)).map_err(|why| Broken::fatal(format!("{}: {why}", self.what())))
    }
}

impl Cluster {
    /// Whether anything may be changed here; asked before an effect is announced, and again before it is sent.
    ///
    /// # Errors
    /// The run is read-only.
    pub(super) fn may_change(&self, what: &str) -> Result<(), Broken> {
        match self.read_only {
            true => {
                Err(Broken::fatal(format!("this run is read-only: {what} was not sent to cluster `{}`", self.name)))
            }
            false => Ok(()),
        }
    }

    /// Asks once, and again only where the server says that it did not look at the request (429).
    ///
    /// # Errors
    /// No answer by `deadline`; or the run is read-only and the request is not.
    pub(super) async fn ask(&self, ask: &Ask, deadline: Instant) -> Result<Answer, Broken> {
        self.ask_since(Instant::now(), ask, deadline).await
    }

    /// As [`Cluster::ask`], for who has waited for his turn since `begun`: that counts as waiting for the cluster.
    ///
    /// # Errors
    /// As there.
    pub(super) async fn ask_since(&self, begun: Instant, ask: &Ask, deadline: Instant) -> Result<Answer, Broken> {
        let what = ask.what();
        if !ask.reads {
            self.may_change(&what)?;
        }
        let time = deadline.saturating_duration_since(begun);
        loop {
            let one = tokio::time::timeout_at(deadline.into(), self.once(ask, &what));
            let (answer, pause) = one.await.map_err(|_| late(&self.site, &what, time))??;
            match pause {
                Some(pause) if Instant::now() + pause < deadline => tokio::time::sleep(pause).await,
                _ => return Ok(answer),
            }
        }
    }

    async fn once(&self, ask: &Ask, what: &str) -> Result<(Answer, Option<Duration>), Broken> {
        self.pace.turn().await;
        let response =
            self.client.send(ask.request(Body::from)?).await.map_err(|why| unanswered(&self.site, what, &why))?;
        let status = response.status().as_u16();
        let pause = (status == 429).then(|| jittered(retry_after(response.headers()).unwrap_or(PAUSE)));
        let whole = streamed::whole(response.into_body(), streamed::MOST_BYTES, &self.site, what).await?;
        Ok((Answer { status, body: streamed::read(&whole), what: what.to_owned(), site: self.site.clone() }, pause))
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Up to a quarter longer: those who were sent away together do not come back together.
pub(super) fn jittered(pause: Duration) -> Duration {
    use std::hash::{BuildHasher as _, RandomState};
    let part = u32::try_from(RandomState::new().hash_one(0) % 256).unwrap_or(0);
    pause + pause * part / 1024
}
