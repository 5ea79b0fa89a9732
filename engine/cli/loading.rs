//! Suites into plans, for every command that needs one; draws what is wrong with them.

use std::path::{Path, PathBuf};

use checkrun_kinds::{ENDPOINTS, KINDS};
use checkrun_report::{Paint, diagnostics};
use checkrun_spec::load::{Defaults, LoadRequest, Loaded, Permission, Selection, load};

use crate::args::{Choice, Place, Target};
use crate::exit::Exit;
use crate::screen::{Screen, tell};

/// When an object is ready, by its kind: data that is built in.
const READINESS: &str = include_str!("../../checks/lib/readiness.yaml");

/// How to load.
#[derive(Clone, Copy)]
pub struct Loading<'a> {
    /// Target and inputs.
    pub place: &'a Place,
    /// Selection and permission; none: everything, as the target allows.
    pub choice: Option<&'a Choice>,
    /// Nothing will run.
    pub validate_only: bool,
}

impl Loading<'_> {
    /// Loads one suite: plan, and what is wrong.
    #[must_use]
    pub fn suite(&self, suite: &Path) -> Loaded {
        match &self.place.target {
            None => self.against(suite, None),
            Some(Target::File(path)) => self.against(suite, Some(path)),
            #[cfg(feature = "sandbox")]
            Some(Target::Sandbox) => crate::world::plan(self, suite),
        }
    }

    /// Loads one suite for the target of this file.
    #[must_use]
    pub fn against(&self, suite: &Path, target: Option<&Path>) -> Loaded {
        load(LoadRequest {
            suite,
            target,
            inputs: self.place.input.clone(),
            input_file: self.place.input_file.as_deref(),
            kinds: KINDS,
            endpoints: ENDPOINTS,
            selection: self.choice.map(selection).unwrap_or_default(),
            permission: self.choice.map(permission).unwrap_or_default(),
            defaults: Defaults { readiness: READINESS },
            validate_only: self.validate_only,
        })
    }

    /// Loads all suites, or says what is wrong with each of them.
    ///
    /// # Errors
    /// [`Exit::Wrong`], everything having been said.
    pub fn plans(&self, suites: &[PathBuf], screen: &Screen) -> Result<Vec<checkrun_spec::plan::Plan>, Exit> {
        let loaded: Vec<Loaded> = suites.iter().map(|suite| self.suite(suite)).collect();
        for one in &loaded {
            tell(&drawn(one, screen.err));
        }
        let count = loaded.len();
        let plans: Vec<_> = loaded.into_iter().filter_map(|one| one.plan).collect();
        if plans.len() == count { Ok(plans) } else { Err(Exit::Wrong) }
    }
}

/// Errors and warnings for people, with their number; empty where there are none.
#[must_use]
pub fn drawn(loaded: &Loaded, paint: Paint) -> String {
    if loaded.diagnostics.is_empty() {
        return String::new();
    }
    let drawn = diagnostics::draw(&loaded.diagnostics, &loaded.sources, diagnostics::Format::Human, paint);
    format!("{drawn}{}\n", diagnostics::counts(&loaded.diagnostics))
}

fn selection(choice: &Choice) -> Selection {
    Selection { only: choice.only.clone(), skip: choice.skip.clone() }
}

fn permission(choice: &Choice) -> Permission {
    Permission { allow: choice.allow.map(Into::into), read_only: choice.read_only }
}
