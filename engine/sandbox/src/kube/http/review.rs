//! Questions that are sent as objects: who somebody is, and what they may do.

use serde_json::{Value as Json, json};

use super::answer::Answer;
use super::gate::Desk;
use super::path::Spot;
use crate::kube::object::{items, map};
use crate::kube::refusal::{Cause, Refusal};
use crate::kube::rights::people::User;
use crate::kube::rights::rules::{self, Wish};
use crate::kube::server::lock;

/// Answers a question, if the resource is one.
pub(super) fn answer(desk: &Desk, spot: &Spot) -> Result<Answer, Refusal> {
    let mut review = desk.request.object()?;
    let status = match spot.resource.kind.as_str() {
        "SelfSubjectAccessReview" => access(desk, &review, &desk.request.user)?,
        "SubjectAccessReview" | "LocalSubjectAccessReview" => access(desk, &review, &subject(&review)?)?,
        "SelfSubjectRulesReview" => {
            let namespace = review["spec"]["namespace"].as_str().unwrap_or_default();
            if namespace.is_empty() {
                return Err(Refusal::bad_request("no namespace on request"));
            }
            desk.server.read(|store| rules::review(store, &desk.request.user, namespace))
        }
        "SelfSubjectReview" => json!({ "userInfo": shown(&desk.request.user) }),
        "TokenReview" => token(desk, &review),
        other => return Err(Refusal::unsupported(format!("creating a {other}"))),
    };
    review["apiVersion"] = spot.resource.api_version().into();
    review["kind"] = spot.resource.kind.clone().into();
    if review["metadata"].is_null() {
        review["metadata"] = json!({ "creationTimestamp": null });
    }
    map(&mut review).insert("status".into(), status);
    Ok(Answer::json(201, &review))
}

fn shown(user: &User) -> Json {
    json!({ "username": &*user.name, "groups": user.groups })
}

/// Whom a review asks about.
fn subject(review: &Json) -> Result<User, Refusal> {
    let spec = &review["spec"];
    let groups: Vec<String> = items(&spec["groups"]).filter_map(|group| group.as_str().map(str::to_owned)).collect();
    let name = spec["user"].as_str().unwrap_or_default();
    if name.is_empty() && groups.is_empty() {
        let cause = Cause::required("spec.user", "at least one of user or group must be specified");
        return Err(Refusal::invalid("authorization.k8s.io", "SubjectAccessReview", "", &[cause]));
    }
    Ok(User { name: name.into(), groups })
}

fn access(desk: &Desk, review: &Json, user: &User) -> Result<Json, Refusal> {
    let (resource, path) = (&review["spec"]["resourceAttributes"], &review["spec"]["nonResourceAttributes"]);
    let text = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    if resource.is_object() == path.is_object() {
        let why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
        let cause = Cause::invalid("spec.resourceAttributes", resource, why);
        return Err(Refusal::invalid("authorization.k8s.io", "SelfSubjectAccessReview", "", &[cause]));
    }
    let wish = match path.is_object() {
        true => Wish { verb: text(&path["verb"]), path: text(&path["path"]), ..Wish::default() },
        false => Wish {
            verb: text(&resource["verb"]),
            group: text(&resource["group"]),
            resource: text(&resource["resource"]),
            part: text(&resource["subresource"]),
            namespace: text(&resource["namespace"]),
            name: text(&resource["name"]),
            path: String::new(),
        },
    };
    let allowed = desk.server.read(|store| rules::may(store, user, &wish));
    Ok(match allowed {
        true => json!({ "allowed": true, "reason": "RBAC: allowed" }),
        false => json!({ "allowed": false }),
    })
}

fn token(desk: &Desk, review: &Json) -> Json {
    let token = review["spec"]["token"].as_str().unwrap_or_default();
    match lock(&desk.server.people).of_token(token) {
        Some(user) => json!({ "authenticated": true, "user": shown(user) }),
        None => json!({ "user": {}, "error": "the token is not known" }),
    }
}
