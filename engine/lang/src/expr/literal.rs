//! Literals: numbers and texts as they are written.

use crate::value::Value;

/// A number: `12`, `1_000`, `0.5`, `1e3`.
pub(super) fn number(text: &str) -> Result<Value, String> {
    let plain = text.replace('_', "");
    if let Ok(whole) = plain.parse::<i128>() {
        return Ok(Value::int(whole));
    }
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::float(number)),
        _ => Err(format!("`{text}` is not a number that can be worked with")),
    }
}

/// The inside of a text in double quotes, its escapes read; else the byte and what is wrong there.
pub(crate) fn text(inside: &str) -> Result<String, (usize, String)> {
    let mut out = String::with_capacity(inside.len());
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let Some((_, kind)) = chars.next() else { return Err((at, "a text cannot end in `\\`".into())) };
        match kind {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            '\\' | '"' | '\'' => out.push(kind),
            'x' | 'u' | 'U' => {
                let digits = match kind {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let hex: String = chars.by_ref().take(digits).map(|(_, c)| c).collect();
                let code = u32::from_str_radix(&hex, 16).ok().filter(|_| hex.len() == digits).and_then(char::from_u32);
                out.push(code.ok_or_else(|| (at, format!("`\\{kind}{hex}` is no character")))?);
            }
            other => return Err((at, format!("`\\{other}` is no escape; a backslash is written `\\\\`"))),
        }
    }
    Ok(out)
}

/// The steps of a path in `has("…")`: names and numbers in brackets. Else what is wrong.
pub(crate) fn steps(text: &str) -> Result<Vec<super::ast::Step>, String> {
    use super::ast::Step;
    let wrong = || format!("`{text}` is not a path; a path is `status.a.b`, `items[0].name`, `labels['a.b/c']`");
    let mut steps = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (step, after) = bracket(inside).ok_or_else(wrong)?;
            steps.push(step);
            rest = after;
            continue;
        }
        let name = if steps.is_empty() { rest } else { rest.strip_prefix('.').ok_or_else(wrong)? };
        let end = name.find(['.', '[']).unwrap_or(name.len());
        let blank = end == 0
            || name[..end]
                .contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '(' | ']' | '?' | '$' | '{'));
        if blank {
            return Err(wrong());
        }
        steps.push(Step::Key(name[..end].into()));
        rest = &name[end..];
    }
    if steps.is_empty() { Err(wrong()) } else { Ok(steps) }
}

fn bracket(inside: &str) -> Option<(super::ast::Step, &str)> {
    use super::ast::Step;
    if let Some(quote) = inside.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let (name, after) = inside[1..].split_once(quote)?;
        return Some((Step::Key(name.into()), after.strip_prefix(']')?));
    }
    let (number, after) = inside.split_once(']')?;
    Some((Step::Item(number.parse().ok()?), after))
}
