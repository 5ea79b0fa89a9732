//! Operators between two parts of a query: arithmetic, comparisons, sets.

use promql_parser::parser::{BinModifier, BinaryExpr, LabelModifier, VectorMatchCardinality};

use super::evaluate::{Over, nameless};
use super::series::{Labels, NAME};
use super::value::{Given, Refused, Sample};

/// What an operator gives between two numbers.
enum Operator {
    Arithmetic(fn(f64, f64) -> f64),
    Comparison(fn(f64, f64) -> bool),
}

fn operator(word: &str) -> Option<Operator> {
    #[expect(clippy::float_cmp, reason = "the language compares floats exactly")]
    let equal: fn(f64, f64) -> bool = |a, b| a == b;
    #[expect(clippy::float_cmp, reason = "the language compares floats exactly")]
    let differs: fn(f64, f64) -> bool = |a, b| a != b;
    Some(match word {
        "+" => Operator::Arithmetic(|a, b| a + b),
        "-" => Operator::Arithmetic(|a, b| a - b),
        "*" => Operator::Arithmetic(|a, b| a * b),
        "/" => Operator::Arithmetic(|a, b| a / b),
        "%" => Operator::Arithmetic(|a, b| a % b),
        "^" => Operator::Arithmetic(f64::powf),
        "==" => Operator::Comparison(equal),
        "!=" => Operator::Comparison(differs),
        "<" => Operator::Comparison(|a, b| a < b),
        "<=" => Operator::Comparison(|a, b| a <= b),
        ">" => Operator::Comparison(|a, b| a > b),
        ">=" => Operator::Comparison(|a, b| a >= b),
        _ => return None,
    })
}

/// What a binary expression gives.
pub(super) fn binary(over: Over<'_>, expr: &BinaryExpr) -> Result<Given, Refused> {
    let word = expr.op.to_string();
    let modifier = expr.modifier.clone().unwrap_or_default();
    if matches!(word.as_str(), "and" | "or" | "unless") {
        let (left, right) = (over.vector(&expr.lhs)?, over.vector(&expr.rhs)?);
        return Ok(Given::Vector(set(&word, left, right, &modifier)));
    }
    let operator = operator(&word).ok_or_else(|| Refused::beyond(format!("the operator `{word}` in `{expr}`")))?;
    let pair = Pair { operator, bool: modifier.return_bool };
    match (over.expr(&expr.lhs)?, over.expr(&expr.rhs)?) {
        (Given::Scalar(a), Given::Scalar(b)) => Ok(Given::Scalar(pair.numbers(a, b))),
        (Given::Vector(left), Given::Scalar(b)) => {
            Ok(Given::Vector(left.into_iter().filter_map(|one| pair.kept(one.value, b, one)).collect()))
        }
        (Given::Scalar(a), Given::Vector(right)) => {
            Ok(Given::Vector(right.into_iter().filter_map(|one| pair.kept(a, one.value, one)).collect()))
        }
        (Given::Vector(left), Given::Vector(right)) => {
            if modifier.card != VectorMatchCardinality::OneToOne {
                return Err(Refused::beyond(format!("`group_left` and `group_right`: `{expr}`")));
            }
            matched(&pair, left, &right, &modifier).map(Given::Vector)
        }
    }
}

struct Pair {
    operator: Operator,
    /// `bool`: a comparison gives 0 or 1 instead of taking samples out.
    bool: bool,
}

impl Pair {
    fn numbers(&self, a: f64, b: f64) -> f64 {
        match self.operator {
            Operator::Arithmetic(compute) => compute(a, b),
            Operator::Comparison(holds) => f64::from(u8::from(holds(a, b))),
        }
    }

    /// What becomes of the sample: a comparison keeps its value, or drops it.
    fn kept(&self, a: f64, b: f64, sample: Sample) -> Option<Sample> {
        match self.operator {
            Operator::Comparison(holds) if !self.bool => holds(a, b).then_some(sample),
            _ => Some(Sample { value: self.numbers(a, b), labels: nameless(sample.labels), ..sample }),
        }
    }
}

/// The labels by which samples of both sides find each other.
fn key(labels: &Labels, modifier: &BinModifier) -> Labels {
    let pairs = labels.iter().filter(|(name, _)| match &modifier.matching {
        None => *name != NAME,
        Some(LabelModifier::Include(on)) => on.labels.contains(name),
        Some(LabelModifier::Exclude(ignoring)) => *name != NAME && !ignoring.labels.contains(name),
    });
    pairs.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn matched(pair: &Pair, left: Vec<Sample>, right: &[Sample], modifier: &BinModifier) -> Result<Vec<Sample>, Refused> {
    let mut given = Vec::new();
    for one in left {
        let own = key(&one.labels, modifier);
        let mut partners = right.iter().filter(|other| key(&other.labels, modifier) == own);
        let (Some(partner), more) = (partners.next(), partners.next()) else { continue };
        if more.is_some() {
            return Err(Refused::Syntax(format!("several samples on the right for {own:?}: many-to-many matching")));
        }
        let (a, b) = (one.value, partner.value);
        let labels =
            if pair.bool || matches!(pair.operator, Operator::Arithmetic(_)) { own } else { one.labels.clone() };
        given.extend(pair.kept(a, b, one).map(|sample| Sample { labels, ..sample }));
    }
    Ok(given)
}

fn set(word: &str, left: Vec<Sample>, right: Vec<Sample>, modifier: &BinModifier) -> Vec<Sample> {
    let keys = |samples: &[Sample]| samples.iter().map(|one| key(&one.labels, modifier)).collect::<Vec<_>>();
    let (lefts, rights) = (keys(&left), keys(&right));
    match word {
        "or" => {
            let more = right.into_iter().filter(|one| !lefts.contains(&key(&one.labels, modifier))).collect::<Vec<_>>();
            left.into_iter().chain(more).collect()
        }
        _ => left.into_iter().filter(|one| rights.contains(&key(&one.labels, modifier)) == (word == "and")).collect(),
    }
}
