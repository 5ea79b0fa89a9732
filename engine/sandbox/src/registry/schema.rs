//! A schema of any sort: read, told apart from others, and compared as far as that can be done.

use serde_json::Value as Json;

use super::level::Level;
use super::refused::Refused;
use super::{avro, protobuf};

/// What a schema is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Avro, the default.
    Avro,
    /// Protobuf.
    Protobuf,
    /// JSON Schema.
    Json,
}

impl Sort {
    /// The sort of this name; none is Avro.
    ///
    /// # Errors
    /// There is no such sort.
    pub(super) fn parse(text: Option<&str>) -> Result<Self, Refused> {
        match text.map(str::to_ascii_uppercase).as_deref() {
            None | Some("AVRO") => Ok(Self::Avro),
            Some("PROTOBUF") => Ok(Self::Protobuf),
            Some("JSON") => Ok(Self::Json),
            Some(other) => Err(Refused::invalid_schema(format!("Invalid schema type {other}"))),
        }
    }

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Avro => "AVRO",
            Self::Protobuf => "PROTOBUF",
            Self::Json => "JSON",
        }
    }
}

/// A schema that another one names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// How it is called there.
    pub name: String,
    /// Where it is registered.
    pub subject: String,
    /// As which version.
    pub version: i32,
}

/// A schema as it was handed in.
#[derive(Debug, Clone)]
pub struct Given {
    /// What it is written in.
    pub sort: Sort,
    /// Its text.
    pub text: String,
    /// What it names.
    pub references: Vec<Reference>,
}

/// What a schema says.
#[derive(Debug, Clone)]
enum Said {
    Avro(Box<apache_avro::Schema>, Json),
    /// Its description without layout.
    Protobuf(String),
    Json(Json),
    /// Nobody looked.
    Nothing,
}

/// A schema that was read.
#[derive(Debug, Clone)]
pub struct Schema {
    /// As it was handed in; Avro and JSON without spaces, as registries keep them.
    pub given: Given,
    said: Said,
}

impl Schema {
    /// Reads a schema; `named` are the texts of those that it names, by how they are called there.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn read(mut given: Given, named: &[(String, String)]) -> Result<Self, Refused> {
        let json = || serde_json::from_str::<Json>(&given.text).map_err(Refused::invalid_schema);
        let (said, text) = match given.sort {
            Sort::Avro => {
                let texts: Vec<String> = named.iter().map(|(_, text)| text.clone()).collect();
                let schema = avro::read(&given.text, &texts)?;
                let json = json()?;
                let text = json.to_string();
                (Said::Avro(Box::new(schema), json), text)
            }
            Sort::Protobuf => (Said::Protobuf(protobuf::read(&given.text, named)?), given.text.clone()),
            Sort::Json => {
                let json = json()?;
                if !(json.is_object() || json.is_boolean()) {
                    return Err(Refused::invalid_schema("a JSON Schema is an object or a boolean"));
                }
                jsonschema::meta::validate(&json).map_err(Refused::invalid_schema)?;
                let text = json.to_string();
                (Said::Json(json), text)
            }
        };
        given.text = text;
        Ok(Self { given, said })
    }

    /// A schema that nobody looks into.
    pub(super) fn unread(given: Given) -> Self {
        Self { given, said: Said::Nothing }
    }

    /// Whether it is the same schema.
    pub(super) fn same(&self, other: &Self) -> bool {
        let references = self.given.references == other.given.references;
        references
            && match (&self.said, &other.said) {
                (Said::Avro(_, one), Said::Avro(_, other)) | (Said::Json(one), Said::Json(other)) => one == other,
                (Said::Protobuf(one), Said::Protobuf(other)) => one == other,
                _ => self.given.sort == other.given.sort && self.given.text == other.given.text,
            }
    }

    /// Why it may not follow `before` at this level; none if it may.
    ///
    /// # Errors
    /// That cannot be judged.
    pub(super) fn follows(&self, before: &Self, level: Level) -> Result<Option<String>, Refused> {
        if level == Level::None || self.same(before) {
            return Ok(None);
        }
        if self.given.sort != before.given.sort {
            return Ok(Some("Incompatible because of different schema type".into()));
        }
        let (Said::Avro(new, _), Said::Avro(old, _)) = (&self.said, &before.said) else {
            let what = format!("whether one {} schema is compatible with another", self.given.sort.word());
            return Err(Refused::cannot_judge(what));
        };
        for (asked, reader, writer) in [(level.backward(), new, old), (level.forward(), old, new)] {
            if asked && let Err(why) = avro::reads(reader, writer)? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }
}
