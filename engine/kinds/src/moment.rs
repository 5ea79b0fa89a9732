//! A moment as users write it: a time, or how long ago. Knows no clock but the one it is handed.

use std::str::FromStr;
use std::time::Duration;

use checkrun_model::args::parse_duration;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// A time (`2026-03-01T12:00:00Z`), or how long before now (`5m`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// That moment.
    At(Timestamp),
    /// So long before the observation.
    Ago(Duration),
}

impl Moment {
    /// The moment, seen from `now`.
    pub(crate) fn seen_from(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(at) = text.parse::<Timestamp>() {
            return Ok(Self::At(at));
        }
        parse_duration(text)
            .ok()
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .map(Self::Ago)
            .ok_or_else(|| {
                format!("`{text}` is neither a time (`2026-03-01T12:00:00Z`) nor a duration (`5m`: so long ago)")
            })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        String::deserialize(input)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Moment {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "A time (`2026-03-01T12:00:00Z`), or a duration (`5m`): so long ago." })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_stays_and_a_duration_counts_back() {
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let seen = |text: &str| text.parse::<Moment>().map(|moment| moment.seen_from(now).to_string());
        assert_eq!(seen("2026-02-01T00:00:00Z"), Ok("2026-02-01T00:00:00Z".into()));
        assert_eq!(seen("90s"), Ok("2026-03-01T11:58:30Z".into()));
        for wrong in ["", "yesterday", "2026-02-01", "-5m"] {
            assert!(seen(wrong).is_err(), "{wrong}");
        }
    }
}
