//! Functions of text. Regular expressions are compiled once a process, whoever writes them.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use regex::{Regex, RegexBuilder};

use super::{Call, EvalError};
use crate::fault::MOST_TEXT;
use crate::ops;
use crate::value::Value;

pub(super) fn starts_with(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::boolean(call.text(0).starts_with(part(call)?)))
}

pub(super) fn ends_with(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value::boolean(call.text(0).ends_with(part(call)?)))
}

fn part<'c>(call: &'c Call<'_>) -> Result<&'c str, EvalError> {
    match call.text(1) {
        "" => Err(ops::empty_part()),
        part => Ok(part),
    }
}

pub(super) fn matches(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let regex = pattern(call.text(1)).map_err(EvalError::new)?;
    if let Some(why) = fits_every_text(&regex) {
        return Err(EvalError::new(why));
    }
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

/// Says so of a pattern that finds something in every text: in the empty one, in a letter, in a long one.
#[must_use]
pub fn fits_every_text(regex: &Regex) -> Option<String> {
    if !regex.is_match("") {
        return None;
    }
    let signs: String = (' '..='~').chain(['é', '\u{e000}']).collect();
    let every = regex.is_match(&signs) && signs.chars().all(|sign| regex.is_match(sign.encode_utf8(&mut [0; 4])));
    every.then(|| {
        let pattern = if regex.as_str().is_empty() { "the empty pattern".to_owned() } else { format!("`{regex}`") };
        format!("{pattern} is found in every text; a pattern is looked for in the text, `^…$` holds it to the whole")
    })
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
