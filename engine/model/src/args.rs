//! Argument types with units: a duration, a size, a rate. They know how they are written, not what they are for.
//!
//! Written forms: `5m`, `1m23s`, `500ms`; `1GiB`, `10MB`, `2Gi`; `200/s`, `10k/s`.

use std::fmt;
use std::time::Duration as StdDuration;

use schemars::JsonSchema;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Names under which the decoder recognises these types, to give a deferred scalar a valid stand-in.
pub(crate) const DURATION: &str = "checkrun::duration";
pub(crate) const SIZE: &str = "checkrun::size";
pub(crate) const RATE: &str = "checkrun::rate";

/// A length of time, written `1h30m`, `5m`, `50ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Duration(pub StdDuration);

/// A number of bytes, written `512KiB`, `1GiB`, `10MB`, `2Gi`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Size(pub u64);

/// So many a second, written `200/s`, `10k/s`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Rate(pub f64);

/// Splits `12.5kX` into number and unit.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = text.get(..end)?.parse::<f64>().ok()?;
    number.is_finite().then_some((number, &text[end..]))
}

/// Seconds in one unit of time, by its written name.
#[must_use]
pub fn duration_unit(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" => 1e-9,
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        "d" => 86400.0,
        _ => return None,
    })
}

/// Bytes in one unit of size, by its written name: SI and IEC, with or without the `B` of Kubernetes quantities.
#[must_use]
pub fn size_unit(unit: &str) -> Option<f64> {
    let power = |base: f64, n: i32| Some(base.powi(n));
    match unit {
        "B" => Some(1.0),
        "kB" | "KB" | "k" => power(1000.0, 1),
        "MB" | "M" => power(1000.0, 2),
        "GB" | "G" => power(1000.0, 3),
        "TB" | "T" => power(1000.0, 4),
        "KiB" | "Ki" => power(1024.0, 1),
        "MiB" | "Mi" => power(1024.0, 2),
        "GiB" | "Gi" => power(1024.0, 3),
        "TiB" | "Ti" => power(1024.0, 4),
        _ => None,
    }
}

/// Seconds of a written duration: one or more `number unit`, largest first not required. Also Go's form `1m23.4s`.
///
/// # Errors
/// A sentence that says how durations are written.
pub fn parse_duration(text: &str) -> Result<f64, String> {
    let bad = || format!("`{text}` is not a duration; durations are written `500ms`, `30s`, `5m`, `1h30m`, `30d`");
    let mut rest = text.trim();
    let mut seconds = 0.0;
    if rest.is_empty() {
        return Err(bad());
    }
    while !rest.is_empty() {
        let (number, after) = split_number(rest).ok_or_else(bad)?;
        let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        seconds += number * duration_unit(&after[..end]).ok_or_else(bad)?;
        rest = &after[end..];
    }
    Ok(seconds)
}

/// Bytes of a written size; a bare number is bytes, as in Kubernetes quantities.
///
/// # Errors
/// A sentence that says how sizes are written.
pub fn parse_size(text: &str) -> Result<f64, String> {
    let bad = || format!("`{text}` is not a size; sizes are written `512KiB`, `10MB`, `1GiB`, `2Gi`");
    let (number, unit) = split_number(text.trim()).ok_or_else(bad)?;
    if unit.is_empty() {
        return Ok(number);
    }
    Ok(number * size_unit(unit).ok_or_else(bad)?)
}

/// A written rate, per second: `200/s`, `10k/s`, `6/m`.
///
/// # Errors
/// A sentence that says how rates are written.
pub fn parse_rate(text: &str) -> Result<f64, String> {
    let bad = || format!("`{text}` is not a rate; rates are written `200/s`, `10k/s`, `6/m`");
    let (amount, per) = text.trim().split_once('/').ok_or_else(bad)?;
    let (number, scale) = split_number(amount).ok_or_else(bad)?;
    let factor = match scale {
        "" => 1.0,
        "k" => 1e3,
        "M" => 1e6,
        _ => return Err(bad()),
    };
    Ok(number * factor / duration_unit(per).ok_or_else(bad)?)
}

/// Reads the text of a newtype, whatever scalar it was.
struct TextVisitor<T>(fn(&str) -> Result<T, String>);

impl<'de, T> Visitor<'de> for TextVisitor<T> {
    type Value = T;
    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a quantity with its unit")
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<T, D::Error> {
        (self.0)(&String::deserialize(inner)?).map_err(D::Error::custom)
    }
    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).map_err(E::custom)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let parse = |text: &str| {
            let seconds = parse_duration(text)?;
            StdDuration::try_from_secs_f64(seconds).map(Self).map_err(|_| format!("`{text}` is too long"))
        };
        input.deserialize_newtype_struct(DURATION, TextVisitor(parse))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "parse_size gives no negative number; bytes fit u64"
        )]
        let parse = |text: &str| parse_size(text).map(|bytes| Self(bytes as u64));
        input.deserialize_newtype_struct(SIZE, TextVisitor(parse))
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        input.deserialize_newtype_struct(RATE, TextVisitor(|text| parse_rate(text).map(Self)))
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_f64(self.0.as_secs_f64())
    }
}

macro_rules! pattern_schema {
    ($type:ty, $name:literal, $pattern:literal, $doc:literal) => {
        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $doc })
            }
        }
    };
}

pattern_schema!(
    Duration,
    "Duration",
    r"^([0-9.]+(ns|us|µs|ms|s|m|h|d))+$|\{\{",
    "A duration: `500ms`, `30s`, `5m`, `1h30m`."
);
pattern_schema!(Size, "Size", r"^[0-9.]+([kKMGT]i?)?B?$|\{\{", "A size: `512KiB`, `10MB`, `1GiB`, `2Gi`.");
pattern_schema!(Rate, "Rate", r"^[0-9.]+[kM]?/(s|m|h)$|\{\{", "A rate: `200/s`, `10k/s`.");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_quantities() {
        assert_eq!(parse_duration("1m23.5s"), Ok(83.5));
        assert_eq!(parse_duration("30d"), Ok(2_592_000.0));
        assert_eq!(parse_size("2Gi"), Ok(2.0 * 1024.0 * 1024.0 * 1024.0));
        assert_eq!(parse_rate("10k/s"), Ok(10_000.0));
        for wrong in ["", "5", "m5", "5 parsecs", "-5s", "1..2s"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
        assert!(parse_size("5 parsecs").is_err());
        assert!(parse_rate("200").is_err());
    }
}
