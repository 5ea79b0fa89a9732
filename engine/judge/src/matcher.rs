//! Matchers: a subject, one test, a count. They name the offending elements by concrete path.

use checkrun_lang::{EvalError, Matcher, Path, Scope, Subject, Test, Tree, fits_every_text};
use checkrun_model::event::{Finding, Outcome};
use regex::Regex;
use serde_json::Value as Json;

use crate::{Case, finding, same, word};

/// Offending elements named in a finding; the rest is counted.
const NAMED: usize = 5;

/// What a test says of one value.
type Said = Result<Option<String>, String>;

/// Judges a matcher. Also whether it is unmet only because its value reads what is not there, or rests on nothing.
pub fn judge(case: &Case<'_>, what: &str, matcher: &Matcher) -> (Finding, bool) {
    let expr = match &matcher.subject {
        Subject::Path(path) => return (of_path(case, what, matcher, path), false),
        Subject::Value(expr) => expr,
    };
    let unjudged = |error: EvalError| (finding::unjudged(what, error.clone()), error.absent);
    let value = match expr.eval(case.scope) {
        Ok(value) => value.to_json(),
        Err(error) => return unjudged(error),
    };
    let judged = of_value(case, what, matcher, (expr.text(), &value));
    match expr.looks_at_something(case.scope) {
        Err(error) if judged.outcome == Outcome::Met => unjudged(error),
        _ => (judged, false),
    }
}

fn of_path(case: &Case<'_>, what: &str, matcher: &Matcher, path: &Path) -> Finding {
    let found = path.select(&case.seen);
    if let Some(count) = matcher.count
        && found.len() as u64 != count
    {
        return listed(finding::unmet(what, format!("{} matches, {count} wanted", found.len())), &found);
    }
    tested(case, what, matcher, &found)
}

fn of_value(case: &Case<'_>, what: &str, matcher: &Matcher, (text, value): (&str, &Json)) -> Finding {
    let found = vec![(text.to_owned(), value)];
    match &matcher.test {
        Some(test) if is_quantifier(test) => match elements(&found) {
            Ok(items) => tested(case, what, matcher, &items),
            Err(why) => finding::error(what, why),
        },
        _ => tested(case, what, matcher, &found),
    }
}

fn tested(case: &Case<'_>, what: &str, matcher: &Matcher, found: &[(String, &Json)]) -> Finding {
    match &matcher.test {
        None => finding::met(what),
        Some(test) => Matching { case, what, subject: &matcher.subject }.judge(test, found),
    }
}

fn is_quantifier(test: &Test) -> bool {
    matches!(test, Test::All(_) | Test::Any(_) | Test::None(_) | Test::Nothing)
}

/// A quantifier over a value goes over the items of the list that it is.
fn elements<'j>(found: &[(String, &'j Json)]) -> Result<Vec<(String, &'j Json)>, String> {
    let mut all = Vec::new();
    for (name, value) in found {
        let items = value
            .as_array()
            .ok_or_else(|| format!("{name} is {}, not a list: there is nothing to go over", same::sort(value)))?;
        all.extend(items.iter().enumerate().map(|(at, item)| (format!("{name}[{at}]"), item)));
    }
    Ok(all)
}

struct Matching<'a> {
    case: &'a Case<'a>,
    what: &'a str,
    subject: &'a Subject,
}

impl Matching<'_> {
    fn judge(&self, test: &Test, found: &[(String, &Json)]) -> Finding {
        match test {
            Test::Exists if found.is_empty() => self.unmet("nothing is there"),
            Test::Exists if found.iter().all(|(_, value)| value.is_null()) => self.unmet("it is null"),
            Test::Exists => finding::met(self.what),
            Test::Absent | Test::Nothing if found.is_empty() => self.witnessed(),
            Test::Absent | Test::Nothing => listed(self.unmet("it is there"), found),
            Test::Ready if found.is_empty() => self.unmet("nothing is there that could be ready"),
            Test::Ready => word::all_ready(self.case, self.what, found),
            Test::All(each) => self.every(each, found),
            Test::Any(each) => self.any(each, found),
            Test::None(each) => self.none(each, found),
            single => self.single(single, found),
        }
    }

    fn unmet(&self, seen: &str) -> Finding {
        finding::unmet(self.what, seen.to_owned())
    }

    /// That nothing is there proves something only if there was a place where it could have been.
    fn witnessed(&self) -> Finding {
        let Subject::Path(path) = self.subject else { return finding::met(self.what) };
        let filter = path.witness();
        let Some(witness) = filter.clone().or_else(|| path.parent()) else { return finding::met(self.what) };
        match path.could_not_choose(&self.case.seen).filter(|_| filter.is_some()) {
            Some(why) if !witness.select(&self.case.seen).is_empty() => {
                let mut found = finding::error(self.what, format!("{why}, so that nothing was found proves nothing"));
                found.hint = Some("is it spelt as the object has it? What may be absent is read in an expression: `xs.all(|x| x.get(\"a\", \"\") != …)`".into());
                found
            }
            _ => self.seen_by(&witness, |value| filter.is_some() || path.fits(value)),
        }
    }

    fn seen_by(&self, witness: &Path, fits: impl Fn(&Json) -> bool) -> Finding {
        let seen = witness.select(&self.case.seen);
        if let Subject::Path(path) = self.subject
            && let Some((place, near)) = seen.iter().find_map(|(place, value)| Some((place, path.misspelt(value)?)))
        {
            let why = format!("there is `{near}` at {place}, so that what is looked for looks misspelt");
            let mut found = finding::error(self.what, why);
            found.hint = Some(format!("did you mean `{near}`? If it is another one, say so: `\"…\" !in x`"));
            return found;
        }
        if seen.iter().any(|(_, value)| fits(value)) {
            return finding::met(self.what);
        }
        if let Some((place, value)) = seen.first() {
            let why = format!("{place} is {}: what is looked for could not be in it", same::sort(value));
            return finding::error(self.what, why);
        }
        let mut found = finding::error(
            self.what,
            format!("`{}` selects nothing either, so that nothing was found proves nothing", witness.text()),
        );
        found.hint = Some("is the path spelt as the object has it?".into());
        found
    }

    fn single(&self, test: &Test, found: &[(String, &Json)]) -> Finding {
        match found {
            [] => self.unmet("nothing is there"),
            [(path, value)] => match self.one(test, value) {
                Ok(None) => finding::met(self.what),
                Ok(Some(why)) => finding::unmet(self.what, format!("{path} {why}")),
                Err(why) => finding::error(self.what, format!("{path}: {why}")),
            },
            several => {
                let mut many = finding::error(
                    self.what,
                    format!("the path selects {} values, and the test is of one", several.len()),
                );
                many.hint = Some("write `all:`, `any:` or `none:` around the test".into());
                many
            }
        }
    }

    fn every(&self, test: &Test, found: &[(String, &Json)]) -> Finding {
        if found.is_empty() {
            return finding::error(self.what, "`all` over nothing proves nothing: there is no element");
        }
        let mut wrong = self.left_out();
        for (path, value) in found {
            match self.one(test, value) {
                Ok(None) => {}
                Ok(Some(why)) => wrong.push(format!("{path} {why}")),
                Err(why) => return finding::error(self.what, format!("{path}: {why}")),
            }
        }
        if wrong.is_empty() { finding::met(self.what) } else { lines(finding::unmet(self.what, String::new()), wrong) }
    }

    /// Elements on the way that have no such thing: that all which is there is right says nothing of them.
    fn left_out(&self) -> Vec<String> {
        let Subject::Path(path) = self.subject else { return Vec::new() };
        path.left_out(&self.case.seen).into_iter().map(|place| format!("{place} has nothing there")).collect()
    }

    fn any(&self, test: &Test, found: &[(String, &Json)]) -> Finding {
        let mut seen = Vec::new();
        for (path, value) in found {
            match self.one(test, value) {
                Ok(None) => return finding::met(self.what),
                Ok(Some(why)) => seen.push(format!("{path} {why}")),
                Err(why) => return finding::error(self.what, format!("{path}: {why}")),
            }
        }
        if seen.is_empty() {
            self.unmet("there is no element")
        } else {
            lines(finding::unmet(self.what, String::new()), seen)
        }
    }

    fn none(&self, test: &Test, found: &[(String, &Json)]) -> Finding {
        if found.is_empty() {
            return finding::error(self.what, "`none` over nothing proves nothing: there is no element");
        }
        let mut hits = self.left_out();
        for (path, value) in found {
            match self.one(test, value) {
                Ok(None) => hits.push(format!("{path} is {}", same::show(value))),
                Ok(Some(_)) => {}
                Err(why) => return finding::error(self.what, format!("{path}: {why}")),
            }
        }
        if hits.is_empty() { finding::met(self.what) } else { lines(finding::unmet(self.what, String::new()), hits) }
    }

    /// Tests one value: nothing where it passes, what is wrong where not.
    fn one(&self, test: &Test, value: &Json) -> Said {
        let scope = self.case.scope;
        match test {
            Test::Equals(wanted) => {
                let wanted = filled(wanted, scope)?;
                let equal = same::same(value, &wanted)?;
                Ok((!equal).then(|| format!("is {}, not {}", same::show(value), same::show(&wanted))))
            }
            Test::In(wanted) => member(value, &filled(wanted, scope)?),
            Test::Matches(pattern) => matches(value, &filled(pattern, scope)?),
            Test::Exists => Ok(value.is_null().then(|| "is null".to_owned())),
            Test::Ready => {
                let found = word::all_ready(self.case, self.what, &[(String::new(), value)]);
                match found.outcome {
                    Outcome::Met => Ok(None),
                    Outcome::Error => Err(found.seen),
                    _ => Ok(Some(found.seen)),
                }
            }
            Test::Absent | Test::Nothing | Test::All(_) | Test::Any(_) | Test::None(_) => {
                Err("a quantifier cannot stand inside a quantifier".into())
            }
        }
    }
}

fn filled(tree: &Tree, scope: &Scope) -> Result<Json, String> {
    tree.render(scope).map(|node| node.to_json()).map_err(|error| error.message)
}

fn member(value: &Json, wanted: &Json) -> Said {
    let items = wanted.as_array().ok_or("`in` wants a list")?;
    let mut trouble = None;
    let mut compared = false;
    for item in items {
        match same::same(value, item) {
            Ok(true) => return Ok(None),
            // That it is not null says nothing of the others.
            Ok(false) => compared |= !item.is_null() && !value.is_null(),
            Err(why) => trouble = Some(why),
        }
    }
    match trouble {
        Some(why) if !compared => Err(why),
        _ => Ok(Some(format!("is {}, not one of {}", same::show(value), same::show(wanted)))),
    }
}

fn matches(value: &Json, pattern: &Json) -> Said {
    let pattern = pattern.as_str().ok_or("`matches` wants a regular expression as text")?;
    let text = value.as_str().ok_or_else(|| format!("`matches` tests text, and this is {}", same::sort(value)))?;
    let regex = Regex::new(pattern).map_err(|error| format!("`{pattern}` is not a regular expression: {error}"))?;
    if let Some(why) = fits_every_text(&regex) {
        return Err(why);
    }
    Ok((!regex.is_match(text)).then(|| format!("is {}, which does not match `{pattern}`", same::show(value))))
}

fn listed(finding: Finding, found: &[(String, &Json)]) -> Finding {
    let names: Vec<String> = found.iter().map(|(path, value)| format!("{path} is {}", same::show(value))).collect();
    let seen = finding.seen.clone();
    let mut finding = lines(finding, names);
    let first = std::mem::replace(&mut finding.seen, seen);
    if !first.is_empty() {
        finding.details.insert(0, first);
    }
    finding
}

fn lines(mut finding: Finding, all: Vec<String>) -> Finding {
    let more = all.len().saturating_sub(NAMED);
    let mut all = all.into_iter();
    finding.seen = all.next().unwrap_or_default();
    finding.details = all.take(NAMED - 1).collect();
    if more > 0 {
        finding.details.push(format!("… and {more} more"));
    }
    finding
}
