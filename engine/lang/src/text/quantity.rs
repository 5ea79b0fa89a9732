//! Quantities as they stand in expressions: `5m`, `1GiB`, `10k/s`. Forms that read in two ways are refused.

use checkrun_model::args::{duration_unit, parse_duration, parse_rate, parse_size, size_unit};

use crate::value::{Repr, Unit, Value};

/// The value of a written quantity.
pub(crate) fn quantity(text: &str) -> Result<Value, String> {
    let text = text.replace('_', "");
    let of = |unit, amount: f64| Ok(Value(Repr::Quantity(unit, amount)));
    if text.contains('/') {
        return of(Unit::Rate, parse_rate(&text)?);
    }
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if matches!(unit, "k" | "M" | "G" | "T") {
        return Err(format!(
            "`{text}` could be bytes or a number: write `{text}B`, `{text}iB`, `{text}/s` or all its noughts"
        ));
    }
    match (duration_unit(unit), size_unit(unit)) {
        (None, Some(_)) => of(Unit::Size, parse_size(&text)?),
        _ => of(Unit::Duration, parse_duration(&text).map_err(|_| unknown(&text))?),
    }
}

fn unknown(text: &str) -> String {
    format!(
        "`{text}` is not a quantity; quantities are `5m`, `50ms`, `1h30m`, `30d`, `512KiB`, `1GiB`, `200/s`, `10k/s`, `20%`"
    )
}
