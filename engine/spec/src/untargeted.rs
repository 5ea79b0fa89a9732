//! A suite that needs a target and was given none: one mistake, not one a check.

use checkrun_model::{Span, SpecError};

use crate::diags::Diags;

/// Mistakes that only a target could have kept from being any.
const CODES: [&str; 6] = [
    "spec::unknown-cluster",
    "spec::unknown-endpoint",
    "spec::unknown-secret",
    "spec::unknown-lock",
    "spec::no-cluster",
    "spec::no-endpoint",
];

/// Puts one mistake in the place of all that follow from the missing target.
pub(crate) fn once(diags: &mut Diags) {
    let follow = diags.take_out(|error| CODES.contains(&error.code));
    let Some(first) = follow.iter().filter_map(SpecError::span).min_by_key(|span| (span.source, span.start)) else {
        return;
    };
    diags.push(mistake(first, follow.len()));
}

fn mistake(first: Span, places: usize) -> SpecError {
    let others = match places {
        1 => "this needs one".to_owned(),
        more => format!("the first of {more} places that need one"),
    };
    SpecError::new("spec::no-target", first, "no target was given: which clusters and endpoints are meant is not known", others)
        .help("give one with `--target FILE` (`--target sandbox` where the suite has a sandbox); docs/target.md shows how it is written")
}
