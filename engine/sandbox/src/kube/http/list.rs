//! Lists: of the present or of a moment that is past, whole or page by page; and watches, which begin like lists.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::Desk;
use super::path::Spot;
use super::request::{Form, Request};
use super::watch::{self, Watching};
use super::{read, table};
use crate::kube::object::{map, name, namespace};
use crate::kube::refusal::Refusal;
use crate::kube::selector::{Fields, Labels};
use crate::kube::store::Store;
use crate::kube::types::resource::Resource;
use crate::kube::view;

/// Which objects are meant.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) resource: Arc<Resource>,
    pub(super) namespace: Option<String>,
    labels: Labels,
    fields: Fields,
}

impl Wanted {
    pub(super) fn read(request: &Request, spot: &Spot) -> Result<Self, Refusal> {
        Ok(Self {
            resource: Arc::clone(&spot.resource),
            namespace: spot.namespace.clone(),
            labels: Labels::parse(request.parameter("labelSelector").unwrap_or_default())?,
            fields: Fields::parse(request.parameter("fieldSelector").unwrap_or_default(), &spot.resource)?,
        })
    }

    /// The object as it is shown, if it is meant.
    pub(super) fn shown(&self, stored: &Json) -> Option<Json> {
        if !self.labels.fits(stored) {
            return None;
        }
        let shown = view::shown(&self.resource, stored);
        self.fields.fits(&shown).then_some(shown)
    }
}

/// Where a list goes on: the revision it shows and the last object that was shown.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Token {
    v: String,
    rv: u64,
    start: String,
}

const TOKEN: &str = "meta.k8s.io/v1";

fn token(request: &Request) -> Result<Option<Token>, Refusal> {
    let Some(text) = request.parameter("continue") else { return Ok(None) };
    let wrong = || Refusal::bad_request("invalid continue token: continue key is not valid: it cannot be read");
    let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).map_err(|_| wrong())?;
    serde_json::from_slice(&bytes).map(Some).map_err(|_| wrong())
}

/// The place of an object in the order of a list.
fn place(object: &Json) -> String {
    format!("{}/{}", namespace(object), name(object))
}

/// The revision that a list must show, and whether it is a past one.
fn moment(request: &Request, token: Option<&Token>, store: &Store) -> Result<(u64, bool), Refusal> {
    if let Some(token) = token {
        if request.parameter("resourceVersion").is_some_and(|version| version != "0") {
            return Err(Refusal::bad_request("specifying resource version is not allowed when using continue"));
        }
        return Ok((token.rv, true));
    }
    let asked = request.number("resourceVersion")?;
    let exact = match request.parameter("resourceVersionMatch") {
        None | Some("NotOlderThan") => false,
        Some("Exact") => true,
        Some(other) => {
            let why = format!(
                "resourceVersionMatch: Unsupported value: {other:?}: supported values: \"\", \"Exact\", \"NotOlderThan\""
            );
            return Err(Refusal::new(422, "Invalid", format!("ListOptions.meta.k8s.io \"\" is invalid: {why}")));
        }
    };
    match asked {
        Some(version) if version > store.revision() => {
            let message = format!("Timeout: Too large resource version: {version}, current: {}", store.revision());
            Err(Refusal::new(504, "Timeout", message))
        }
        Some(version) if exact => Ok((version, true)),
        _ => Ok((store.revision(), false)),
    }
}

/// A page of a list.
struct Page {
    items: Vec<Json>,
    revision: u64,
    next: Option<String>,
    remaining: Option<usize>,
}

fn page(request: &Request, wanted: &Wanted, store: &Store) -> Result<Page, Refusal> {
    let token = token(request)?;
    let (revision, past) = moment(request, token.as_ref(), store)?;
    let shelf = wanted.resource.shelf();
    let namespace = wanted.namespace.as_deref();
    let stored = match past {
        true => store.shelf_at(&shelf, namespace, revision).map_err(|refusal| match &token {
            Some(_) => Refusal::expired(FORGOTTEN),
            None => refusal,
        })?,
        false => store.shelf(&shelf, namespace).map(|(_, object)| Arc::clone(object)).collect(),
    };
    let limit = request.number("limit")?.filter(|limit| *limit > 0);
    let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let mut rest = stored.iter().filter(|object| token.as_ref().is_none_or(|token| place(object) > token.start));
    let (mut items, mut last) = (Vec::new(), String::new());
    for object in rest.by_ref() {
        if let Some(shown) = wanted.shown(object) {
            items.push(shown);
            last = place(object);
        }
        if items.len() == limit {
            break;
        }
    }
    // The server counts what is left only where nothing was selected.
    let selected = !request.parameter("labelSelector").unwrap_or_default().is_empty()
        || !request.parameter("fieldSelector").unwrap_or_default().is_empty();
    let left = rest.count();
    let next = (left > 0).then(|| {
        let token = Token { v: TOKEN.to_owned(), rv: revision, start: last };
        URL_SAFE_NO_PAD.encode(json!(token).to_string())
    });
    Ok(Page { items, revision, next, remaining: (left > 0 && !selected).then_some(left) })
}

const FORGOTTEN: &str = "The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.";

/// Shows a list.
pub(super) fn list(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let form = desk.request.form()?;
    let wanted = Wanted::read(&desk.request, spot)?;
    let page = desk.server.read(|store| page(&desk.request, &wanted, store))?;
    let mut metadata = json!({ "resourceVersion": page.revision.to_string() });
    if let Some(next) = page.next {
        metadata["continue"] = next.into();
    }
    if let Some(remaining) = page.remaining {
        metadata["remainingItemCount"] = remaining.into();
    }
    let resource = &spot.resource;
    let mut items = page.items;
    if form == Form::Object && resource.custom.is_none() {
        // The list says what they are.
        items.iter_mut().map(map).for_each(|item| {
            item.shift_remove("apiVersion");
            item.shift_remove("kind");
        });
    }
    let body = match form {
        Form::Table => {
            let beside = read::beside(&desk.request);
            table::table(resource, &items, metadata, beside, desk.server.clock.now())
        }
        Form::Object => json!({
            "kind": resource.list_kind(), "apiVersion": resource.api_version(), "metadata": metadata, "items": items,
        }),
        Form::Partial => json!({
            "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "metadata": metadata,
            "items": items.iter().map(view::partial).collect::<Vec<_>>(),
        }),
    };
    Ok(Answer::json(200, &body))
}

/// Opens a watch.
pub(super) fn watch(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let request = &desk.request;
    let form = request.form()?;
    let wanted = Wanted::read(request, spot)?;
    if desk.server.faults.borrow().refuses_watches() {
        return Err(Refusal::forbidden(spot.resource.about(""), "watches are refused"));
    }
    let from = request.number("resourceVersion")?.filter(|version| *version > 0);
    let initial = request.says("sendInitialEvents");
    if initial && request.parameter("resourceVersionMatch") != Some("NotOlderThan") {
        let why =
            "resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        return Err(Refusal::new(422, "Invalid", format!("ListOptions.meta.k8s.io \"\" is invalid: {why}")));
    }
    let watching = Watching {
        server: Arc::clone(&desk.server),
        end: desk.end.clone(),
        wanted,
        form,
        beside: read::beside(request),
        // Without a version, what is there now comes first.
        initial: initial || from.is_none(),
        marks_initial: initial,
        from: from.unwrap_or_else(|| desk.server.read(Store::revision)),
        bookmarks: request.says("allowWatchBookmarks"),
        timeout: request.number("timeoutSeconds")?,
    };
    Ok(watch::open(watching))
}
