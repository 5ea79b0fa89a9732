//! Plain scalars into values by the core schema of YAML 1.2: `no` is text, `012` is twelve.

use checkrun_model::NodeValue;

/// The value of a plain scalar.
pub(crate) fn resolve(text: &str) -> NodeValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => NodeValue::Null,
        "true" | "True" | "TRUE" => NodeValue::Bool(true),
        "false" | "False" | "FALSE" => NodeValue::Bool(false),
        _ => number(text).unwrap_or_else(|| NodeValue::Text(text.to_owned())),
    }
}

fn number(text: &str) -> Option<NodeValue> {
    let first = *text.as_bytes().first()?;
    if !(first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.')) {
        return None;
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return i64::from_str_radix(digits, 8).ok().map(NodeValue::Int);
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return i64::from_str_radix(digits, 16).ok().map(NodeValue::Int);
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
            return Some(NodeValue::Float(sign * f64::INFINITY));
        }
        ".nan" | ".NaN" | ".NAN" if unsigned == text => return Some(NodeValue::Float(f64::NAN)),
        _ => {}
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) && !unsigned.is_empty() {
        // Beyond 64 bits only its size is known; the text as written is kept beside it.
        return text.parse().map(NodeValue::Int).or_else(|_| text.parse().map(NodeValue::Float)).ok();
    }
    float(unsigned).then(|| text.parse().ok().map(NodeValue::Float)).flatten()
}

/// `[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]+)?` with at least one digit before the exponent.
fn float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !power.is_empty() && digits(power)
    });
    digits(whole) && digits(part) && !(whole.is_empty() && part.is_empty()) && exponent_fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn core_schema() {
        for (text, value) in [
            ("012", NodeValue::Int(12)),
            ("+3", NodeValue::Int(3)),
            ("0x1F", NodeValue::Int(31)),
            ("0o17", NodeValue::Int(15)),
            ("1.10", NodeValue::Float(1.1)),
            (".5", NodeValue::Float(0.5)),
            ("1e3", NodeValue::Float(1000.0)),
            ("-.inf", NodeValue::Float(f64::NEG_INFINITY)),
            ("True", NodeValue::Bool(true)),
            ("~", NodeValue::Null),
        ] {
            assert_eq!(resolve(text), value, "{text}");
        }
        for text in ["no", "yes", "on", "1.2.3", "5m", "-", ".", "e3", "1e", "0x", "2026-01-01", "1_000", "+-1", "-0x1"]
        {
            assert_eq!(resolve(text), NodeValue::Text(text.into()), "{text}");
        }
    }
}
