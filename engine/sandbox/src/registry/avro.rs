//! Avro schemas: read and compared by the Avro crate. Where it is known to judge otherwise than Avro's Java code, which
//! real registries use, nothing is judged.

use apache_avro::Schema;
use apache_avro::error::Details;
use apache_avro::schema_compatibility::{Compatibility, SchemaCompatibility};
use serde_json::Value as Json;

use super::refused::Refused;

/// Reads a schema that may name types of others.
///
/// # Errors
/// It is none, or the crate is stricter than real registries.
pub(super) fn read(text: &str, references: &[String]) -> Result<Schema, Refused> {
    let read = match references {
        [] => Schema::parse_str(text),
        others => Schema::parse_str_with_list(text, others).map(|(schema, _)| schema),
    };
    read.map_err(|why| match why.details() {
        // Real registries do not compare a default with its type unless they are told to.
        Details::GetDefaultUnion(..) | Details::GetDefaultRecordField(..) => {
            Refused::cannot_judge(format!("a default that does not fit its type: {why}"))
        }
        _ => Refused::invalid_schema(why),
    })
}

/// Whether `reader` reads everything that `writer` writes; the reason if it does not.
///
/// # Errors
/// That cannot be judged.
pub(super) fn reads(reader: &Schema, writer: &Schema) -> Result<Result<(), String>, Refused> {
    let why = match SchemaCompatibility::can_read(writer, reader) {
        Ok(Compatibility::Full) => return Ok(Ok(())),
        Ok(Compatibility::Partial) => "the reader lacks some of the writer's branches or symbols".to_owned(),
        Err(why) => why.to_string(),
    };
    // The crate takes a type and its name for different things, and compares decimals where Java does not.
    let unsure = [reader, writer].into_iter().any(|schema| repeats(schema) || decimal(schema));
    if unsure {
        Err(Refused::cannot_judge("schemas that repeat a type by its name, or hold decimals"))
    } else {
        Ok(Err(why))
    }
}

fn shown(schema: &Schema) -> Json {
    serde_json::to_value(schema).unwrap_or_default()
}

/// Whether a type is named again where another stands already.
fn repeats(schema: &Schema) -> bool {
    const SIMPLE: &[&str] = &[
        "null", "boolean", "int", "long", "float", "double", "bytes", "string", "record", "enum", "array", "map",
        "fixed",
    ];
    fn named(json: &Json) -> bool {
        match json {
            Json::String(name) => !SIMPLE.contains(&name.as_str()),
            Json::Array(branches) => branches.iter().any(named),
            Json::Object(of) => {
                let fields = of.get("fields").and_then(Json::as_array);
                let fields =
                    fields.is_some_and(|fields| fields.iter().filter_map(|field| field.get("type")).any(named));
                fields || ["type", "items", "values"].iter().filter_map(|key| of.get(*key)).any(named)
            }
            _ => false,
        }
    }
    named(&shown(schema))
}

fn decimal(schema: &Schema) -> bool {
    fn within(json: &Json) -> bool {
        match json {
            Json::Object(of) => of.get("logicalType") == Some(&Json::from("decimal")) || of.values().any(within),
            Json::Array(all) => all.iter().any(within),
            _ => false,
        }
    }
    within(&shown(schema))
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"}]}"#;
    const DEFAULT: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"note","type":"string","default":""}]}"#;
    const REQUIRED: &str =
        r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"note","type":"string"}]}"#;

    fn can(reader: &str, writer: &str) -> Result<bool, u16> {
        let (reader, writer) = (read(reader, &[]).unwrap(), read(writer, &[]).unwrap());
        reads(&reader, &writer).map(|judged| judged.is_ok()).map_err(|why| why.status)
    }

    #[test]
    fn a_new_field_needs_a_default_to_read_the_old() {
        assert_eq!((can(DEFAULT, V1), can(REQUIRED, V1)), (Ok(true), Ok(false)));
        assert_eq!((can(V1, DEFAULT), can(V1, REQUIRED)), (Ok(true), Ok(true)));
    }

    #[test]
    fn what_reads_only_some_values_does_not_read() {
        assert_eq!(can(r#""int""#, r#"["int","string"]"#), Ok(false));
        let sides = |symbols: &str| format!(r#"{{"type":"enum","name":"E","symbols":[{symbols}]}}"#);
        assert_eq!(can(&sides(r#""A""#), &sides(r#""A","B""#)), Ok(false));
        assert_eq!(can(&sides(r#""A","B""#), &sides(r#""A""#)), Ok(true));
        assert_eq!((can(r#""long""#, r#""int""#), can(r#""int""#, r#""long""#)), (Ok(true), Ok(false)));
    }

    #[test]
    fn what_the_crate_may_misjudge_is_not_judged() {
        let list = |sort: &str| {
            format!(
                r#"{{"type":"record","name":"L","fields":[{{"name":"v","type":"{sort}"}},{{"name":"next","type":["null","L"],"default":null}}]}}"#
            )
        };
        assert_eq!((can(&list("long"), &list("int")), can(&list("int"), &list("long"))), (Ok(true), Err(501)));
        let loose = r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":"x"}]}"#;
        assert_eq!(read(loose, &[]).unwrap_err().status, 501);
    }

    #[test]
    fn what_is_no_schema_is_refused_and_others_can_be_named() {
        for text in ["", "{", r#"{"type":"record","name":"R"}"#, r#""Other""#] {
            assert_eq!(read(text, &[]).unwrap_err().code, 42201, "{text}");
        }
        let uses = r#"{"type":"record","name":"R","fields":[{"name":"o","type":"Order"}]}"#;
        assert!(read(uses, &[]).is_err() && read(uses, &[V1.to_owned()]).is_ok());
    }
}
