//! Why a check could not be prepared: the world, or what the suite says now that its values are known.

use checkrun_model::event::{Finding, Outcome};
use checkrun_model::{Broken, Sources, SpecError};

/// Why a check could not be prepared.
#[derive(Debug)]
pub enum Trouble {
    /// Something could not be read.
    Broken(Broken),
    /// The arguments do not hold with the values of the run.
    Spec(Vec<SpecError>),
}

impl From<Broken> for Trouble {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl From<SpecError> for Trouble {
    fn from(error: SpecError) -> Self {
        Self::Spec(vec![error])
    }
}

impl From<Vec<SpecError>> for Trouble {
    fn from(errors: Vec<SpecError>) -> Self {
        Self::Spec(errors)
    }
}

impl Trouble {
    /// As a cause, and what points at the lines of the suite.
    pub fn told(self, sources: &Sources) -> (Broken, Vec<Finding>) {
        match self {
            Self::Broken(broken) => (broken, Vec::new()),
            Self::Spec(errors) => {
                let first = errors.first().map_or_else(String::new, |error| error.message.clone());
                let findings = errors.into_iter().map(|error| finding(error, sources)).collect();
                (Broken::fatal(first), findings)
            }
        }
    }
}

fn finding(error: SpecError, sources: &Sources) -> Finding {
    Finding {
        what: "the arguments, with the values of this run".into(),
        outcome: Outcome::Error,
        snippet: error.span().map(|span| Box::new(sources.snippet(span))),
        seen: error.message,
        details: Vec::new(),
        hint: error.help,
    }
}
