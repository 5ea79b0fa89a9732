//! Aggregations: many samples to one a group.

use std::collections::BTreeMap;

use promql_parser::parser::{AggregateExpr, LabelModifier};

use super::evaluate::{Over, nameless};
use super::series::Labels;
use super::value::{Refused, Sample};

/// What an aggregation gives.
pub(super) fn aggregate(over: Over<'_>, expr: &AggregateExpr) -> Result<Vec<Sample>, Refused> {
    let word = expr.op.to_string();
    let combine = combine(&word).ok_or_else(|| Refused::beyond(format!("the aggregation `{word}` in `{expr}`")))?;
    let mut groups: BTreeMap<Labels, Vec<f64>> = BTreeMap::new();
    for sample in over.vector(&expr.expr)? {
        groups.entry(group(sample.labels, expr.modifier.as_ref())).or_default().push(sample.value);
    }
    Ok(groups.into_iter().map(|(labels, values)| over.sample(labels, combine(&values))).collect())
}

/// The labels that a sample's group has.
fn group(labels: Labels, modifier: Option<&LabelModifier>) -> Labels {
    let named = |names: &[String], name: &String| names.contains(name);
    match modifier {
        None => Labels::new(),
        Some(LabelModifier::Include(by)) => labels.into_iter().filter(|(name, _)| named(&by.labels, name)).collect(),
        Some(LabelModifier::Exclude(without)) => {
            nameless(labels).into_iter().filter(|(name, _)| !named(&without.labels, name)).collect()
        }
    }
}

/// How the values of a group become one; a group has at least one.
fn combine(word: &str) -> Option<fn(&[f64]) -> f64> {
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 series here")]
    fn count(values: &[f64]) -> f64 {
        values.len() as f64
    }
    Some(match word {
        "count" => count,
        "sum" => |values| values.iter().sum(),
        "avg" => |values| values.iter().sum::<f64>() / count(values),
        "min" => |values| values.iter().copied().fold(f64::NAN, f64::min),
        "max" => |values| values.iter().copied().fold(f64::NAN, f64::max),
        "group" => |_| 1.0,
        _ => return None,
    })
}
