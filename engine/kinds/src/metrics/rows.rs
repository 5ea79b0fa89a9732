//! The lines that a log store answers, taken apart: one JSON object a line, every value text. Knows no network.

use checkrun_model::Broken;
use checkrun_model::json::{self, Unread};
use serde_json::Value as Json;

use crate::start::start_of;

/// The rows of a body; an empty body has none.
///
/// # Errors
/// A line is not a JSON object, or has a field twice: the server is not what the target says, or the answer was cut.
pub(super) fn rows(body: &[u8]) -> Result<Vec<Json>, Broken> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    lines.enumerate().map(|(at, line)| row(at + 1, line)).collect()
}

fn row(number: usize, line: &[u8]) -> Result<Json, Broken> {
    match json::read(line) {
        Ok(Json::Object(fields)) => {
            Ok(Json::Object(fields.into_iter().map(|(name, value)| (name, Json::String(text(value)))).collect()))
        }
        Err(twice @ Unread::Twice { .. }) => Err(Broken::fatal(format!("line {number} of the answer: {twice}"))
            .hint("the row has a field twice; look at what ships the logs")),
        Ok(_) | Err(Unread::Malformed(_)) => Err(not_a_row(number, line)),
    }
}

/// The text of a value: servers send text, but a gateway may not.
fn text(value: Json) -> String {
    match value {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

fn not_a_row(number: usize, line: &[u8]) -> Broken {
    let start = start_of(&String::from_utf8_lossy(&line[..line.len().min(1000)]), 160);
    Broken::fatal(format!("line {number} of the answer is not a JSON object: {start}"))
        .hint("look at the endpoint's url: it must be what stands before /select/logsql/query")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_value_is_text() {
        let body = b"{\"_msg\":\"a\",\"n\":\"1\"}\n\n{\"n\":2,\"deep\":{\"a\":[1]}}\n";
        assert_eq!(rows(body).unwrap(), [json!({ "_msg": "a", "n": "1" }), json!({ "n": "2", "deep": "{\"a\":[1]}" })]);
    }

    #[test]
    fn nothing_is_no_rows() {
        assert_eq!(rows(b"").unwrap(), Vec::<Json>::new());
        assert_eq!(rows(b"\n").unwrap(), Vec::<Json>::new());
    }

    #[test]
    fn a_line_that_is_no_object_breaks_the_observation() {
        for body in ["<html>", "{\"a\":\"b\"}\n{\"cut", "[1]", "null", "{\"a\":\"b\",\"a\":\"c\"}"] {
            assert!(!rows(body.as_bytes()).unwrap_err().transient, "{body}");
        }
    }
}
