//! What requests hold: flags, numbers of versions, schemas.

use serde_json::Value as Json;

use super::refused::Refused;
use super::schema::{Given, Reference, Sort};
use super::store::Which;
use crate::web::Asked;

pub(super) fn flag(asked: &Asked, name: &str) -> bool {
    asked.field(name) == Some("true")
}

pub(super) fn must_be(asked: &Asked, methods: &[&str]) -> Result<(), Refused> {
    match methods.contains(&asked.method.as_str()) {
        true => Ok(()),
        false => Err(Refused::new(405, "HTTP 405 Method Not Allowed")),
    }
}

pub(super) fn which(text: &str) -> Result<Which, Refused> {
    match text.parse() {
        _ if text == "latest" => Ok(Which::Latest),
        Ok(-1) => Ok(Which::Latest),
        Ok(number @ 1..) => Ok(Which::Number(number)),
        _ => Err(Refused::new(
            42202,
            format!(
                "The specified version '{text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the \
                 string \"latest\""
            ),
        )),
    }
}

pub(super) fn body(asked: &Asked) -> Result<Json, Refused> {
    serde_json::from_slice(&asked.body).map_err(|why| Refused::new(400, format!("the body is no JSON: {why}")))
}

/// The schema in a request.
pub(super) fn given(asked: &Asked) -> Result<Given, Refused> {
    let body = body(asked)?;
    let Some(text) = body["schema"].as_str().filter(|text| !text.is_empty()) else {
        return Err(Refused::invalid_schema("Empty schema"));
    };
    for key in ["metadata", "ruleSet", "version", "id"] {
        if body.get(key).is_some_and(|value| !value.is_null()) {
            return Err(Refused::new(501, format!("the sandbox's registry does not know `{key}` of a schema")));
        }
    }
    let reference = |json: &Json| {
        let word = |key: &str| json[key].as_str().map(str::to_owned);
        let version = json["version"].as_i64().and_then(|number| i32::try_from(number).ok());
        Some(Reference { name: word("name")?, subject: word("subject")?, version: version? })
    };
    let listed = body["references"].as_array().map_or(&[][..], Vec::as_slice);
    let references: Option<Vec<Reference>> = listed.iter().map(reference).collect();
    let references =
        references.ok_or_else(|| Refused::invalid_schema("a reference needs name, subject and version"))?;
    Ok(Given { sort: Sort::parse(body["schemaType"].as_str())?, text: text.to_owned(), references })
}
