//! One row of the store.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

/// Fields by name, every value text.
pub type Fields = BTreeMap<String, String>;

/// A line that was logged, with its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// When.
    pub at: Timestamp,
    /// Its fields; the line is under `_msg`.
    pub fields: Fields,
    /// Which of them say where it comes from: only these are seen by `{name="value"}`.
    pub stream: Vec<String>,
}

impl Row {
    /// A field; one that is not there is empty.
    pub(super) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// A field of its stream.
    pub(super) fn stream_field(&self, name: &str) -> &str {
        if self.stream.iter().any(|known| known == name) { self.field(name) } else { "" }
    }

    /// The row as it is answered, with `_time` and `_stream`.
    pub(super) fn whole(&self) -> Fields {
        let mut fields = self.fields.clone();
        let mut stream = String::new();
        for name in &self.stream {
            let comma = if stream.is_empty() { "" } else { "," };
            let _ = write!(stream, "{comma}{name}={:?}", self.field(name));
        }
        fields.insert("_time".into(), self.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ").to_string());
        fields.insert("_stream".into(), format!("{{{stream}}}"));
        fields
    }
}
