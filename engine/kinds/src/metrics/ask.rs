//! One question to a store over HTTP.

use checkrun_model::{Broken, Cx, Place, Touch};

/// A question to a store.
pub(super) struct Question {
    /// Path behind the endpoint's url.
    pub(super) path: &'static str,
    /// Form fields.
    pub(super) form: Vec<(&'static str, String)>,
    /// The most bytes that the answer may have.
    pub(super) most: usize,
}

/// An answer, complete.
pub(super) struct Reply {
    /// HTTP status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Vec<u8>,
}

/// Asks, within the time of the check.
pub(super) async fn ask(_cx: &Cx, _question: Question) -> Result<Reply, Broken> {
    Err(Broken::fatal("later"))
}

/// What a query touches.
pub(super) fn touch(family: &str, place: &Place, query: &str) -> Touch {
    let endpoint = place.endpoint.as_ref().map_or("", |endpoint| endpoint.name.as_str());
    Touch { system: format!("{family}:{endpoint}"), object: query.to_owned(), verb: "query".into() }
}
