//! What the registry says of schemas and versions.

use serde_json::{Value as Json, json};

use super::schema::{Schema, Sort};
use super::store::Seen;

/// What is said to a level that there is not.
pub(super) const LEVELS: &str = "Invalid compatibility level. Valid values are none, backward, forward, full, \
                                 backward_transitive, forward_transitive, and full_transitive";

/// A schema; Avro goes without saying.
pub(super) fn schema(schema: &Schema) -> Json {
    let mut answer = json!({ "schema": schema.given.text });
    if schema.given.sort != Sort::Avro {
        answer["schemaType"] = schema.given.sort.word().into();
    }
    if !schema.given.references.is_empty() {
        let one =
            |of: &super::schema::Reference| json!({ "name": of.name, "subject": of.subject, "version": of.version });
        answer["references"] = schema.given.references.iter().map(one).collect();
    }
    answer
}

/// A version and its schema.
pub(super) fn version(seen: &Seen) -> Json {
    let mut answer = json!({ "subject": seen.subject, "version": seen.version, "id": seen.id });
    if let (Some(answer), Json::Object(schema)) = (answer.as_object_mut(), schema(&seen.schema)) {
        answer.extend(schema);
    }
    answer
}
