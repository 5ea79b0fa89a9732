//! Functions of text. Regular expressions are compiled once a process, whoever writes them.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::{Regex, RegexBuilder};

use super::{Call, EvalError};
use crate::fault::MOST_TEXT;
use crate::value::Value;

pub(super) fn starts_with(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::boolean(call.text(0).starts_with(call.text(1))))
}

pub(super) fn ends_with(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::boolean(call.text(0).ends_with(call.text(1))))
}

pub(super) fn matches(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let regex = pattern(call.text(1)).map_err(EvalError::new)?;
    let steps = 1 + call.text(0).len() / 64;
    call.host.fuel().spend(steps)?;
    Ok(Value::boolean(regex.is_match(call.text(0))))
}

/// Compiled patterns that are kept.
const KEPT: usize = 4096;
/// Bytes that one compiled pattern may take.
const MOST_PATTERN: usize = 1 << 20;

/// A compiled regular expression.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub(crate) fn pattern(text: &str) -> Result<Regex, String> {
    static PATTERNS: OnceLock<Mutex<HashMap<String, Regex>>> = OnceLock::new();
    let mut patterns = PATTERNS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(regex) = patterns.get(text) {
        return Ok(regex.clone());
    }
    let regex = RegexBuilder::new(text).size_limit(MOST_PATTERN).build().map_err(|error| wrong(text, &error))?;
    if patterns.len() < KEPT {
        patterns.insert(text.to_owned(), regex.clone());
    }
    Ok(regex)
}

fn wrong(text: &str, error: &regex::Error) -> String {
    let why = error.to_string();
    let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("`{text}` is not a regular expression: {last}")
}

pub(super) fn split(call: &mut Call<'_>) -> Result<Value, EvalError> {
    if call.text(1).is_empty() {
        return Err(EvalError::new("`split` wants a text to split at that is not empty"));
    }
    let parts: Vec<Value> = call.text(0).split(call.text(1)).map(Value::text).collect();
    call.host.fuel().spend(parts.len())?;
    Ok(Value::list(parts))
}

pub(super) fn trim(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::text(call.text(0).trim()))
}

pub(super) fn lower(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::text(&call.text(0).to_lowercase()))
}

pub(super) fn upper(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::text(&call.text(0).to_uppercase()))
}

pub(super) fn replace(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let (text, from, to) = (call.text(0), call.text(1), call.text(2));
    if from.is_empty() {
        return Err(EvalError::new("`replace` wants a text to replace that is not empty"));
    }
    let most = text.len() + (text.len() / from.len()) * to.len();
    if most > MOST_TEXT {
        return Err(EvalError::new(format!("`replace`: the text could become longer than {MOST_TEXT} bytes")));
    }
    let replaced = text.replace(from, to);
    call.host.fuel().spend(1 + replaced.len() / 64)?;
    Ok(Value::text(&replaced))
}
