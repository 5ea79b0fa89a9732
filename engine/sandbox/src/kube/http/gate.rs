//! What every request goes through: trouble that was ordered, who it is, whether they may, and the note that it was
//! asked. Then the work is handed on.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http::header::{AUTHORIZATION, USER_AGENT};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Body};
use super::path::{self, Spot, Way};
use super::request::Request;
use super::{change, delete, discovery, evict, forward, list, logs, patching, proxy, read, review, scale};
use crate::kube::interference::Interference;
use crate::kube::journal::Asked;
use crate::kube::refusal::Refusal;
use crate::kube::rights::people::User;
use crate::kube::rights::rules::{self, Wish};
use crate::kube::server::{Server, lock};

/// The most that a request may send.
const MOST: usize = 3 << 20;

/// What the work is done with.
pub(super) struct Desk {
    pub(super) server: Arc<Server>,
    /// Ends with the server.
    pub(super) end: CancellationToken,
    pub(super) request: Request,
    /// Where the connection is handed over, if the client wants another protocol on it.
    pub(super) upgrade: Option<hyper::upgrade::OnUpgrade>,
}

/// Answers one request.
pub(super) async fn answer(
    server: Arc<Server>,
    end: CancellationToken,
    mut request: hyper::Request<Incoming>,
) -> Response<Body> {
    let upgrade = request.headers().contains_key(http::header::UPGRADE).then(|| hyper::upgrade::on(&mut request));
    let (head, body) = request.into_parts();
    let mut asked = Asked {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        user: String::new(),
        status: 0,
        agent: head.headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default().to_owned(),
    };
    let answer = match trouble(&server).await {
        Some(refusal) => refusal.into(),
        None => match (who(&server, &head.headers), collected(body).await) {
            (Err(refusal), _) | (_, Err(refusal)) => refusal.into(),
            (Ok(user), Ok(body)) => {
                asked.user = user.name.to_string();
                let request = Request::new(head.method, &head.uri, head.headers, user, body);
                let desk = Desk { server: Arc::clone(&server), end, request, upgrade };
                work(desk).await.unwrap_or_else(Answer::from)
            }
        },
    };
    asked.status = answer.status;
    server.journal().ask(asked);
    answer.response()
}

/// What was ordered to go wrong with every request.
async fn trouble(server: &Server) -> Option<Refusal> {
    let mut faults = server.faults.subscribe();
    let slow = faults.borrow().slowness();
    if !slow.is_zero() {
        server.clock.sleep(slow).await;
    }
    let _ = faults.wait_for(|faults| !faults.is_frozen()).await;
    let faults = faults.borrow();
    faults.all().iter().find_map(|fault| match fault {
        Interference::TooMany { retry_after } => Some(Refusal::too_many(*retry_after)),
        Interference::Broken => Some(Refusal::internal("the server is broken")),
        _ => None,
    })
}

fn who(server: &Server, headers: &http::HeaderMap) -> Result<User, Refusal> {
    let text = |value: &http::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let shown = headers.get(AUTHORIZATION).map(text);
    let user = lock(&server.people).who(shown.as_deref()).ok_or_else(Refusal::unauthorized)?;
    let Some(other) = headers.get("impersonate-user").map(text) else { return Ok(user) };
    // Who acts for others needs the right to it, for the user and for each group.
    let groups: Vec<String> = headers.get_all("impersonate-group").iter().map(text).collect();
    let wishes = std::iter::once(("users", &other)).chain(groups.iter().map(|group| ("groups", group)));
    for (resource, name) in wishes {
        let (resource, name) = (resource.to_owned(), name.clone());
        let wish = Wish { verb: "impersonate".into(), resource, name, ..Wish::default() };
        may(server, &user, &wish)?;
    }
    Ok(User::new(&other, groups))
}

async fn collected(body: Incoming) -> Result<Bytes, Refusal> {
    let limited = http_body_util::Limited::new(body, MOST);
    let too_large =
        |_| Refusal::new(413, "RequestEntityTooLarge", format!("Request entity too large: limit is {MOST}"));
    limited.collect().await.map(|body| body.to_bytes()).map_err(too_large)
}

async fn work(desk: Desk) -> Result<Answer, Refusal> {
    match desk.server.read(|store| path::find(&desk.request.path, &store.catalogue)) {
        Way::Spot(spot) => {
            let wish = spot.wish(&desk.request);
            allowed(&desk, &wish)?;
            at(desk, spot).await
        }
        way => {
            let verb = desk.request.method.as_str().to_lowercase();
            let wish = Wish { verb, path: desk.request.path.clone(), ..Wish::default() };
            allowed(&desk, &wish)?;
            match way {
                Way::Other => discovery::answer(&desk),
                _ => Ok(Answer::nowhere()),
            }
        }
    }
}

fn allowed(desk: &Desk, wish: &Wish) -> Result<(), Refusal> {
    may(&desk.server, &desk.request.user, wish)
}

fn may(server: &Server, user: &User, wish: &Wish) -> Result<(), Refusal> {
    if server.read(|store| rules::may(store, user, wish)) {
        return Ok(());
    }
    let why = wish.refusal(user);
    if wish.resource.is_empty() {
        return Err(Refusal::new(403, "Forbidden", format!("forbidden: {why}")));
    }
    let about = crate::kube::refusal::About { group: &wish.group, resource: &wish.resource, name: &wish.name };
    Err(Refusal::forbidden(about, &why))
}

async fn at(desk: Desk, spot: Spot) -> Result<Answer, Refusal> {
    let verb = spot.verb(&desk.request);
    let known = if spot.part.is_empty() {
        spot.resource.can(verb)
    } else {
        spot.resource.part(&spot.part).ok_or_else(nowhere)?.verbs.iter().any(|known| known == verb)
    };
    let misplaced = match verb {
        "create" => spot.name.is_some() && spot.part.is_empty(),
        "update" | "patch" => spot.name.is_none(),
        _ => false,
    };
    if !known || misplaced {
        return Err(Refusal::method_not_allowed());
    }
    match spot.part.as_str() {
        "" | "status" | "finalize" => object(&desk, &spot, verb),
        "log" => logs::read(&desk, &spot),
        "scale" => scale::answer(&desk, &spot, verb),
        "eviction" => evict::answer(&desk, &spot),
        "portforward" => forward::answer(desk, &spot),
        "proxy" if spot.resource.is_core("nodes") => Err(Refusal::unsupported("the proxy to a node")),
        "proxy" => proxy::answer(&desk, &spot).await,
        other => Err(Refusal::unsupported(format!("{}/{other}", spot.resource.qualified()))),
    }
}

/// What is done with objects themselves.
fn object(desk: &Desk, spot: &Spot, verb: &str) -> Result<Answer, Refusal> {
    if spot.resource.verbs == ["create"] {
        return review::answer(desk, spot);
    }
    if spot.resource.is_core("componentstatuses") {
        return Err(Refusal::unsupported("componentstatuses"));
    }
    match verb {
        "get" => read::get(desk, spot),
        "list" => list::list(desk, spot),
        "watch" => list::watch(desk, spot),
        "create" => change::create(desk, spot),
        "update" => change::update(desk, spot),
        "patch" => patching::patch(desk, spot),
        "delete" => delete::one(desk, spot),
        "deletecollection" => delete::all(desk, spot),
        _ => Err(Refusal::method_not_allowed()),
    }
}

fn nowhere() -> Refusal {
    Refusal::new(404, "NotFound", "the server could not find the requested resource")
}

/// Whether nothing of this kind may be written now.
pub(super) fn denied(desk: &Desk, spot: &Spot) -> Result<(), Refusal> {
    let faults = desk.server.faults.borrow();
    let denial = faults.all().iter().find_map(|fault| match fault {
        Interference::Deny { kind, message } => {
            let (kind, group) = kind.split_once('.').map_or((kind.as_str(), None), |(kind, group)| (kind, Some(group)));
            let fits = kind == spot.resource.kind && group.is_none_or(|group| group == spot.resource.group);
            fits.then_some(message)
        }
        _ => None,
    });
    match denial {
        Some(message) => Err(Refusal::new(
            403,
            "Forbidden",
            format!("admission webhook \"sandbox.checkrun.invalid\" denied the request: {message}"),
        )),
        None => Ok(()),
    }
}
