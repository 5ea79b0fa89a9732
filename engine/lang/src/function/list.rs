//! Functions of lists, objects and whatever has a length. Over nothing, what would prove nothing is an error.

use std::cmp::Ordering;

use super::{Call, EvalError};
use crate::fault::MOST_TEXT;
use crate::ops::{self, Op};
use crate::value::{Type, Value};

pub(super) fn len(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let value = call.value(0);
    let len = match value.as_text() {
        Some(text) => text.chars().count(),
        None => value.count().unwrap_or(0),
    };
    Ok(Value::int(len as i128))
}

pub(super) fn map(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut out = Vec::new();
    for item in call.items() {
        out.push(call.host.invoke(1, item)?);
    }
    Ok(Value::list(out))
}

pub(super) fn filter(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut out = Vec::new();
    for item in call.items() {
        if call.test(1, &item)? {
            out.push(item);
        }
    }
    Ok(Value::list(out))
}

pub(super) fn some(call: &mut Call<'_>) -> Result<Value, EvalError> {
    for item in call.items() {
        if call.test(1, &item)? {
            return Ok(Value::boolean(true));
        }
    }
    Ok(Value::boolean(false))
}

pub(super) fn all(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let items = call.items();
    if items.is_empty() {
        return Err(call.over_nothing());
    }
    for item in items {
        if !call.test(1, &item)? {
            return Ok(Value::boolean(false));
        }
    }
    Ok(Value::boolean(true))
}

pub(super) fn find(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let items = call.items();
    let count = items.len();
    for item in items {
        if call.test(1, &item)? {
            return Ok(item);
        }
    }
    Err(EvalError::absent(format!("`find` finds none among {count} items")))
}

pub(super) fn first(call: &mut Call<'_>) -> Result<Value, EvalError> {
    call.value(0).item(0).ok_or_else(|| EvalError::absent("`first` of an empty list"))
}

pub(super) fn last(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let count = call.value(0).count().unwrap_or(0);
    let last = count.checked_sub(1).and_then(|at| call.value(0).item(at));
    last.ok_or_else(|| EvalError::absent("`last` of an empty list"))
}

pub(super) fn sum(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut items = call.items().into_iter();
    let mut sum = items.next().ok_or_else(|| call.over_nothing())?;
    if matches!(sum.type_of(), Type::Text | Type::List) {
        return Err(EvalError::new(format!(
            "`sum` wants numbers or quantities, not {}: {}",
            sum.sort_name(),
            sum.show(60)
        )));
    }
    for item in items {
        sum = ops::apply(Op::Add, &sum, &item, call.host.fuel())?;
    }
    // One item alone must be something that can be added.
    ops::apply(Op::Sub, &sum, &sum, call.host.fuel())?;
    Ok(sum)
}

pub(super) fn min(call: &mut Call<'_>) -> Result<Value, EvalError> {
    extreme(call, Ordering::Less)
}

pub(super) fn max(call: &mut Call<'_>) -> Result<Value, EvalError> {
    extreme(call, Ordering::Greater)
}

fn extreme(call: &mut Call<'_>, wanted: Ordering) -> Result<Value, EvalError> {
    let mut items = call.items().into_iter();
    let mut best = items.next().ok_or_else(|| call.over_nothing())?;
    ops::order(&best, &best)?;
    for item in items {
        call.host.fuel().spend(1)?;
        if ops::order(&item, &best)? == wanted {
            best = item;
        }
    }
    Ok(best)
}

pub(super) fn sort(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut items = call.items();
    call.host.fuel().spend(items.len() * 8)?;
    for item in &items {
        ops::order(&items[0], item)?;
    }
    items.sort_by(|a, b| ops::order(a, b).unwrap_or(Ordering::Equal));
    Ok(Value::list(items))
}

pub(super) fn unique(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut out: Vec<Value> = Vec::new();
    for item in call.items() {
        let mut known = false;
        for one in &out {
            known = known || ops::equal(one, &item, call.host.fuel())?;
        }
        if !known {
            out.push(item);
        }
    }
    Ok(Value::list(out))
}

pub(super) fn flatten(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut out = Vec::new();
    for item in call.items() {
        let inner = item.items().ok_or_else(|| {
            EvalError::new(format!(
                "`flatten` wants a list of lists; one item is {}: {}",
                item.sort_name(),
                item.show(60)
            ))
        })?;
        call.host.fuel().spend(inner.len())?;
        out.extend(inner);
    }
    Ok(Value::list(out))
}

pub(super) fn join(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let mut out = String::new();
    for (at, item) in call.items().iter().enumerate() {
        let text = item.as_text().ok_or_else(|| {
            EvalError::new(format!("`join` wants a list of texts; one item is {}: {}", item.sort_name(), item.show(60)))
                .help("make texts of them: `.map(|x| text(x))`")
        })?;
        if at > 0 {
            out.push_str(call.text(1));
        }
        out.push_str(text);
        if out.len() > MOST_TEXT {
            return Err(EvalError::new(format!("`join`: the text becomes longer than {MOST_TEXT} bytes")));
        }
    }
    call.host.fuel().spend(out.len() / 64)?;
    Ok(Value::text(&out))
}

pub(super) fn keys(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let keys = call.value(0).keys().unwrap_or_default();
    Ok(Value::list(keys.iter().map(|key| Value::text(key)).collect()))
}

pub(super) fn values(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let object = call.value(0);
    let keys = object.keys().unwrap_or_default();
    Ok(Value::list(keys.iter().filter_map(|key| object.entry(key)).collect()))
}

/// `x.contains(y)` is `y in x`.
pub(super) fn contains(call: &mut Call<'_>) -> Result<Value, EvalError> {
    let (whole, part) = (call.value(0).clone(), call.value(1).clone());
    ops::apply(Op::In, &part, &whole, call.host.fuel())
}
