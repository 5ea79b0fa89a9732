//! Values as people read them, and as `{{ }}` writes them into text.

use super::{Repr, Type, Unit, Value};

pub(super) fn show(value: &Value, most: usize) -> String {
    let mut out = Bounded { text: String::new(), left: most };
    if !write(value, &mut out) {
        out.text.push('…');
    }
    out.text
}

/// Text that takes no more than so many characters.
struct Bounded {
    text: String,
    left: usize,
}

impl Bounded {
    /// False: it is full, and not all of `part` was taken.
    fn push(&mut self, part: &str) -> bool {
        for letter in part.chars() {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            self.text.push(letter);
        }
        true
    }
}

fn write(value: &Value, out: &mut Bounded) -> bool {
    match &value.0 {
        Repr::Null => out.push("null"),
        Repr::Bool(flag) => out.push(if *flag { "true" } else { "false" }),
        Repr::Int(whole) => out.push(&whole.to_string()),
        Repr::Float(number) => out.push(&number.to_string()),
        Repr::Text(text) => quoted(text.as_str(), out),
        Repr::Quantity(unit, amount) => out.push(&written(*unit, *amount)),
        Repr::Time(at) => out.push(&at.to_string()),
        Repr::List(_) | Repr::Object(_) | Repr::Seen(_) if value.type_of() == Type::List => list(value, out),
        _ => object(value, out),
    }
}

fn quoted(text: &str, out: &mut Bounded) -> bool {
    let shown: String = text.chars().take(out.left.saturating_add(1)).collect();
    out.push(&serde_json::Value::String(shown).to_string())
}

fn list(value: &Value, out: &mut Bounded) -> bool {
    let mut fits = out.push("[");
    for at in 0..value.count().unwrap_or(0) {
        fits = fits && (at == 0 || out.push(", ")) && value.item(at).is_none_or(|item| write(&item, out));
        if !fits {
            return false;
        }
    }
    fits && out.push("]")
}

fn object(value: &Value, out: &mut Bounded) -> bool {
    let mut fits = out.push("{");
    for (at, key) in value.keys().unwrap_or_default().iter().enumerate() {
        fits = fits
            && (at == 0 || out.push(", "))
            && out.push(key)
            && out.push(": ")
            && value.entry(key).is_none_or(|entry| write(&entry, out));
        if !fits {
            return false;
        }
    }
    fits && out.push("}")
}

pub(super) fn render(value: &Value) -> Result<String, String> {
    match (&value.0, value.type_of()) {
        (Repr::Text(text), _) => Ok(text.as_str().to_owned()),
        (Repr::Quantity(Unit::Size, bytes), _) => Ok(show(&Value::float(*bytes), usize::MAX)),
        (_, of @ (Type::Null | Type::List | Type::Object)) => {
            Err(format!("{} cannot stand inside text: {}", of.name(), show(value, 60)))
        }
        _ => Ok(show(value, usize::MAX)),
    }
}

/// A quantity in the form in which suites write it.
pub(crate) fn written(unit: Unit, amount: f64) -> String {
    match unit {
        Unit::Duration => duration(amount),
        Unit::Size => size(amount),
        Unit::Rate => format!("{}/s", Value::float(amount).show(40)),
    }
}

/// `1h30m`, `50ms`, `1.5us`; no days, which Go does not read.
fn duration(seconds: f64) -> String {
    const PARTS: [(&str, u128); 6] = [
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ];
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is positive; too large saturates")]
    let mut nanos = (seconds.abs() * 1e9).round() as u128;
    if nanos == 0 || !seconds.is_finite() {
        return format!("{}s", Value::float(seconds).show(40));
    }
    let mut text = String::from(if seconds < 0.0 { "-" } else { "" });
    for (unit, length) in PARTS {
        if nanos >= length {
            text.push_str(&format!("{}{unit}", nanos / length));
            nanos %= length;
        }
    }
    text
}

/// `1GiB`, `1.5MiB`, `100B`: the largest unit that says it in at most three places, else bytes.
fn size(bytes: f64) -> String {
    const PARTS: [(&str, f64); 4] =
        [("TiB", 1_099_511_627_776.0), ("GiB", 1_073_741_824.0), ("MiB", 1_048_576.0), ("KiB", 1024.0)];
    for (unit, length) in PARTS {
        let amount = bytes / length;
        if amount.abs() >= 1.0 && (amount * 1000.0).fract() == 0.0 {
            return format!("{}{unit}", Value::float(amount).show(40));
        }
    }
    format!("{}B", Value::float(bytes).show(40))
}
