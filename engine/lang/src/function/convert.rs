//! Functions that make one type of another, on purpose; and the moment, and files.

use checkrun_model::args::{parse_duration, parse_rate, parse_size};
use checkrun_model::json::{self, Unread};

use super::{Call, EvalError};
use crate::fault::MOST_TEXT;
use crate::ops::amount;
use crate::value::{Repr, Type, Unit, Value};

pub(super) fn number(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let Some(text) = call.value(0).as_text() else { return Ok(call.value(0).clone()) };
    let trimmed = text.trim();
    if let Ok(whole) = trimmed.parse::<i64>() {
        return Ok(Value::int(whole.into()));
    }
    match trimmed.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::float(number)),
        Ok(_) => Err(EvalError::new(format!("{} is no finite number", call.value(0).show(60)))),
        Err(_) => Err(EvalError::new(format!("{} is not a number", call.value(0).show(60)))),
    }
}

fn quantity(call: &Call<'_>, unit: Unit, parse: fn(&str) -> Result<f64, String>) -> Result<Value, EvalError> {
    match call.value(0).as_text() {
        Some(text) => Ok(Value(Repr::Quantity(unit, parse(text).map_err(EvalError::new)?))),
        None => Ok(call.value(0).clone()),
    }
}

pub(super) fn duration(call: &mut Call<'_>) -> Result<Value, EvalError> {
    quantity(call, Unit::Duration, parse_duration)
}

/// A bare number is bytes, as in the quantities of Kubernetes.
pub(super) fn size(call: &mut Call<'_>) -> Result<Value, EvalError> {
    if call.value(0).type_of() == Type::Number {
        return Ok(Value(Repr::Quantity(Unit::Size, amount(call.value(0)))));
    }
    quantity(call, Unit::Size, parse_size)
}

pub(super) fn rate(call: &mut Call<'_>) -> Result<Value, EvalError> {
    quantity(call, Unit::Rate, parse_rate)
}

/// `seconds(90)` is `1m30s`; `seconds(1m30s)` too.
pub(super) fn seconds(call: &mut Call<'_>) -> Result<Value, EvalError> {
    Ok(Value(Repr::Quantity(Unit::Duration, amount(call.value(0)))))
}

pub(super) fn time(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let Some(text) = call.value(0).as_text() else { return Ok(call.value(0).clone()) };
    match text.trim().parse() {
        Ok(at) => Ok(Value::time(at)),
        Err(_) => {
            Err(EvalError::new(format!("{} is not a time; times are `2026-11-24T08:00:00Z`", call.value(0).show(60))))
        }
    }
}

pub(super) fn text(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let value = call.value(0);
    let text = value.render().map_err(|why| {
        let error = EvalError::new(why);
        if value.is_null() { EvalError { absent: true, ..error } } else { error }
    })?;
    Ok(Value::text(&text))
}

pub(super) fn parse_json(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let text = call.text(0);
    if text.len() > MOST_TEXT {
        return Err(EvalError::new(format!("`parse_json` reads at most {MOST_TEXT} bytes")));
    }
    let json = json::read(text.as_bytes()).map_err(|unread| {
        let shown = call.value(0).show(60);
        EvalError::new(match unread {
            Unread::Malformed(error) => format!("{shown} is not JSON: {error}"),
            twice @ Unread::Twice { .. } => format!("{shown} cannot be judged as JSON: {twice}"),
        })
    })?;
    let steps = text.len() / 16;
    call.host.fuel().spend(steps)?;
    Ok(Value::from_json(&json))
}

pub(super) fn round(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let places = if call.given(1) { amount(call.value(1)) } else { 0.0 };
    if !(0.0..=15.0).contains(&places) {
        return Err(EvalError::new("`round` takes 0 to 15 places"));
    }
    if let Repr::Int(_) = call.value(0).0 {
        return Ok(call.value(0).clone());
    }
    let scale = 10f64.powf(places.floor());
    Ok(same_unit(call.value(0), |number| (number * scale).round() / scale))
}

pub(super) fn abs(call: &mut Call<'_>) -> Result<Value, EvalError> {
    match call.value(0).0 {
        Repr::Int(whole) => Ok(Value::int(whole.saturating_abs())),
        _ => Ok(same_unit(call.value(0), f64::abs)),
    }
}

fn same_unit(value: &Value, change: impl Fn(f64) -> f64) -> Value {
    let number = change(amount(value));
    match value.0 {
        Repr::Quantity(unit, _) => Value(Repr::Quantity(unit, number)),
        _ => Value::float(number),
    }
}

pub(super) fn now(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.host.now().map(Value::time).ok_or_else(|| {
        EvalError::new("`now()` is the moment of an observation, and there is none here")
            .help("`run.started` is a time too")
    })
}

pub(super) fn file(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let text = call.host.file(call.text(0)).map_err(EvalError::new)?;
    Ok(Value(Repr::Text(crate::value::Text::Own(text))))
}
