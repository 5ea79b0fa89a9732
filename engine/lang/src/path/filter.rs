//! What the filters of a path ask of each element, so that one who finds nothing can be asked whether it could have.
//! Knows the parsed path; judges nothing.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, SingularQuery,
    SingularQuerySegment, Test, TestFunction,
};
use jsonpath_rust::query::js_path_process;
use regex::Regex;
use serde_json::Value as Json;

/// A field that a filter reads, and the type of what it is compared with.
struct Question {
    steps: Vec<Segment>,
    wants: Option<&'static str>,
    /// It is not of the element but of the whole.
    root: bool,
}

/// Why the last filter of `query` could not have chosen any element, whatever is wrong with them: no element has a
/// field that it compares, or has it in another type. None: it could, or there is no filter.
pub(super) fn could_not_choose(query: &JpQuery, json: &Json) -> Option<String> {
    let place = query.segments.iter().rposition(|segment| filter_of(segment).is_some())?;
    let mut questions = Vec::new();
    ask(filter_of(&query.segments[place])?, &mut questions);
    questions.iter().find_map(|question| {
        let mut segments = Vec::new();
        if !question.root {
            segments.extend_from_slice(&query.segments[..place]);
            segments.push(each(&query.segments[place]));
        }
        segments.extend(question.steps.iter().cloned());
        answer(question, &JpQuery::new(segments), json)
    })
}

fn answer(question: &Question, query: &JpQuery, json: &Json) -> Option<String> {
    let name: String = question.steps.iter().map(|step| format!(".{step}")).collect();
    let name = name.trim_start_matches('.');
    let found = js_path_process(query, json).unwrap_or_default();
    if found.is_empty() && question.root {
        return Some(format!("there is no `$.{name}`"));
    }
    if found.is_empty() {
        return Some(format!("no element has `{name}`"));
    }
    let wants = question.wants?;
    let sorts = || found.iter().map(|one| sort(one.val));
    if sorts().any(|sort| sort == wants) {
        return None;
    }
    let is = sorts().next().unwrap_or_default();
    Some(format!("`{name}` is {is} in every element, and the filter compares it with {wants}"))
}

/// What a path must not hold although its grammar allows it: a filter that reads no element, a pattern that is none.
pub(super) fn mistake(query: &JpQuery) -> Option<String> {
    query.segments.iter().filter_map(filter_of).find_map(|filter| {
        let mut patterns = Vec::new();
        let reads = walk(filter, &mut patterns);
        let bad = patterns.iter().find(|pattern| Regex::new(pattern).is_err());
        match (bad, reads) {
            (Some(pattern), _) => Some(format!("`{pattern}` is not a regular expression")),
            (None, false) => Some("this filter reads nothing of the elements: it takes all of them or none".to_owned()),
            (None, true) => None,
        }
    })
}

fn filter_of(segment: &Segment) -> Option<&Filter> {
    match segment {
        Segment::Selector(Selector::Filter(filter)) => Some(filter),
        Segment::Selectors(all) => all.iter().find_map(|one| match one {
            Selector::Filter(filter) => Some(filter),
            _ => None,
        }),
        Segment::Descendant(inner) => filter_of(inner),
        Segment::Selector(_) => None,
    }
}

/// The segment with its filter read as `*`.
fn each(segment: &Segment) -> Segment {
    match segment {
        Segment::Descendant(inner) => Segment::Descendant(Box::new(each(inner))),
        _ => Segment::Selector(Selector::Wildcard),
    }
}

fn ask(filter: &Filter, questions: &mut Vec<Question>) {
    match filter {
        Filter::Or(all) | Filter::And(all) => all.iter().for_each(|one| ask(one, questions)),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => ask(expr, questions),
        Filter::Atom(FilterAtom::Comparison(comparison)) => compared(comparison, questions),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            // That a field is there is the question itself; where it could be must be there.
            Test::RelQuery(steps) => questions.extend(steps.split_last().and_then(|(_, above)| field(above, None))),
            Test::Function(function) => called(function, questions),
            Test::AbsQuery(_) => {}
        },
    }
}

fn compared(comparison: &Comparison, questions: &mut Vec<Question>) {
    let (left, right) = comparison.vals();
    for (one, other) in [(left, right), (right, left)] {
        match one {
            Comparable::SingularQuery(SingularQuery::Current(steps)) => {
                let steps: Vec<Segment> = steps.iter().map(segment).collect();
                questions.extend(field(&steps, literal(other)));
            }
            Comparable::SingularQuery(SingularQuery::Root(steps)) => {
                let steps: Vec<Segment> = steps.iter().map(segment).collect();
                questions.extend(field(&steps, literal(other)).map(|question| Question { root: true, ..question }));
            }
            Comparable::Function(function) => called(function, questions),
            Comparable::Literal(_) => {}
        }
    }
}

fn called(function: &TestFunction, questions: &mut Vec<Question>) {
    let (argument, wants) = match function {
        TestFunction::Search(text, _) | TestFunction::Match(text, _) => (text, Some("text")),
        TestFunction::Length(argument) => (&**argument, None),
        TestFunction::Value(argument) | TestFunction::Count(argument) => (argument, None),
        TestFunction::Custom(..) => return,
    };
    if let FnArg::Test(test) = argument
        && let Test::RelQuery(steps) = &**test
    {
        questions.extend(field(steps, wants));
    }
}

fn field(steps: &[Segment], wants: Option<&'static str>) -> Option<Question> {
    (!steps.is_empty()).then(|| Question { steps: steps.to_vec(), wants, root: false })
}

fn segment(step: &SingularQuerySegment) -> Segment {
    Segment::Selector(match step {
        SingularQuerySegment::Index(at) => Selector::Index(*at),
        SingularQuerySegment::Name(name) => Selector::Name(name.clone()),
    })
}

fn literal(of: &Comparable) -> Option<&'static str> {
    match of {
        Comparable::Literal(Literal::Int(_) | Literal::Float(_)) => Some("a number"),
        Comparable::Literal(Literal::String(_)) => Some("text"),
        Comparable::Literal(Literal::Bool(_)) => Some("true or false"),
        Comparable::Literal(Literal::Null) | Comparable::Function(_) | Comparable::SingularQuery(_) => None,
    }
}

fn sort(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// Whether the filter reads an element; collects the patterns that are written in it.
fn walk<'f>(filter: &'f Filter, patterns: &mut Vec<&'f str>) -> bool {
    match filter {
        Filter::Or(all) | Filter::And(all) => all.iter().fold(false, |reads, one| walk(one, patterns) | reads),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => walk(expr, patterns),
        Filter::Atom(FilterAtom::Test { expr, .. }) => tested(expr, patterns),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = comparison.vals();
            [left, right].into_iter().fold(false, |reads, one| {
                reads
                    | match one {
                        Comparable::SingularQuery(SingularQuery::Current(_)) => true,
                        Comparable::Function(function) => inside(function, patterns),
                        _ => false,
                    }
            })
        }
    }
}

fn tested<'f>(test: &'f Test, patterns: &mut Vec<&'f str>) -> bool {
    match test {
        Test::RelQuery(_) => true,
        Test::AbsQuery(_) => false,
        Test::Function(function) => inside(function, patterns),
    }
}

fn inside<'f>(function: &'f TestFunction, patterns: &mut Vec<&'f str>) -> bool {
    let argument = |argument: &'f FnArg, patterns: &mut Vec<&'f str>| match argument {
        FnArg::Literal(_) => false,
        FnArg::Test(test) => tested(test, patterns),
        FnArg::Filter(filter) => walk(filter, patterns),
    };
    match function {
        TestFunction::Search(text, pattern) | TestFunction::Match(text, pattern) => {
            if let FnArg::Literal(Literal::String(pattern)) = pattern {
                patterns.push(pattern);
            }
            argument(text, patterns) | argument(pattern, patterns)
        }
        TestFunction::Custom(_, all) => all.iter().fold(false, |reads, one| argument(one, patterns) | reads),
        TestFunction::Length(one) => argument(one, patterns),
        TestFunction::Value(one) | TestFunction::Count(one) => argument(one, patterns),
    }
}
