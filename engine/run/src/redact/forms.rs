//! The forms in which a secret turns up: plain, escaped, in base64 at any offset; of one of several lines also each
//! line. URLs are decoded instead, by `percent.rs`.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// A part of base64 text shorter than this is no form: it would be found by chance.
const LEAST: usize = 6;

/// A line of a secret shorter than this is no form of its own.
const LINE: usize = 8;

/// What of a value must not be seen: the value, without the space around it, and each of its lines. The frame of a
/// PEM is no secret.
pub fn parts(value: &str) -> Vec<&str> {
    let mut parts = vec![value];
    let lines = value.lines().map(str::trim).filter(|line| line.len() >= LINE && !line.starts_with("-----"));
    parts.extend([value.trim()].into_iter().chain(lines).filter(|part| !part.is_empty() && *part != value));
    parts
}

/// All forms of a part, itself first.
pub fn of(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    let escaped = serde_json::Value::String(value.to_owned()).to_string();
    let escaped = &escaped[1..escaped.len() - 1];
    forms.push(escaped.to_owned());
    forms.push(escaped.replace('\\', "\\\\").replace('"', "\\\""));
    for offset in 0..3 {
        forms.extend(base64_at(value.as_bytes(), offset));
    }
    forms.extend([BASE64_STANDARD_NO_PAD.encode(value), BASE64_URL_SAFE_NO_PAD.encode(value)].iter().flat_map(
        |text| {
            let padding = "=".repeat((4 - text.len() % 4) % 4);
            [text.clone(), format!("{text}{padding}"), format!("{text}{}", padding.replace('=', "%3D"))]
        },
    ));
    let mut seen = std::collections::BTreeSet::new();
    forms.retain(|form| seen.insert(form.clone()));
    forms
}

/// The characters of a longer base64 text that this value alone decides, when `offset` bytes of a group of
/// three stand before it.
fn base64_at(value: &[u8], offset: usize) -> Vec<String> {
    let mut bytes = vec![0; offset];
    bytes.extend_from_slice(value);
    let from = [0, 2, 3][offset];
    let to = bytes.len() * 4 / 3;
    let part = |text: String| text.get(from..to).filter(|part| part.len() >= LEAST).map(str::to_owned);
    [BASE64_STANDARD_NO_PAD.encode(&bytes), BASE64_URL_SAFE_NO_PAD.encode(&bytes)]
        .into_iter()
        .filter_map(part)
        .collect()
}
