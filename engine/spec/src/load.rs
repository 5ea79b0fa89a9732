//! The way in: a request, and everything that is known when the files are read.

use std::path::Path;
use std::sync::Arc;

use checkrun_model::{Effect, EndpointEntry, KindEntry, Sources, SpecError};

use crate::assemble::Assembly;
use crate::plan::Plan;

/// What to load.
pub struct LoadRequest<'a> {
    /// The suite's folder (or its `suite.yaml`).
    pub suite: &'a Path,
    /// The target's file.
    pub target: Option<&'a Path>,
    /// `--input name=value`, in order; a later one wins.
    pub inputs: Vec<(String, String)>,
    /// `--input-file`: a mapping of names to values; `--input` wins over it.
    pub input_file: Option<&'a Path>,
    /// The registry of kinds.
    pub kinds: &'static [KindEntry],
    /// The registry of endpoint families.
    pub endpoints: &'static [EndpointEntry],
    /// What to run of it.
    pub selection: Selection,
    /// What it may do.
    pub permission: Permission,
    /// Data that is built in.
    pub defaults: Defaults,
    /// Nothing will run: a missing target or input is no mistake, what they would say is taken for any value.
    pub validate_only: bool,
}

/// Globs over ids; `*` and `?` stand for any characters.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// `--only`: these, and what they need; empty: all.
    pub only: Vec<String>,
    /// `--skip`: not these.
    pub skip: Vec<String>,
}

/// What a run may do to the world.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permission {
    /// `--allow`: never more than this, whatever the target allows. Where the target has no entry
    /// (commands of this machine) it is what is allowed; there the default is `write`.
    pub allow: Option<Effect>,
    /// `--read-only`.
    pub read_only: bool,
}

/// Data that is built into the program.
#[derive(Debug, Clone, Copy, Default)]
pub struct Defaults {
    /// `readiness.yaml`: when an object is ready, by its kind.
    pub readiness: &'static str,
}

/// What was loaded.
pub struct Loaded {
    /// The plan; none where there are errors.
    pub plan: Option<Plan>,
    /// Errors and warnings, in the order of the files.
    pub diagnostics: Vec<SpecError>,
    /// All texts, for carets.
    pub sources: Arc<Sources>,
}

/// Loads a suite and its target: every mistake of every file at once.
#[must_use]
pub fn load(request: LoadRequest<'_>) -> Loaded {
    finished(&request, Assembly::plan)
}

/// Loads a target alone: a plan without checks, in which names of clusters, endpoints and secrets have their meaning.
/// Nothing of the suite is read but the folder that `suite` names, where the target's files are relative to it.
#[must_use]
pub fn load_target(suite: &Path, target: Option<&Path>, endpoints: &'static [EndpointEntry]) -> Loaded {
    let request = LoadRequest {
        suite,
        target,
        inputs: Vec::new(),
        input_file: None,
        kinds: &[],
        endpoints,
        selection: Selection::default(),
        permission: Permission::default(),
        defaults: Defaults::default(),
        validate_only: false,
    };
    finished(&request, Assembly::target_alone)
}

fn finished<'r>(request: &'r LoadRequest<'r>, plan: impl FnOnce(&mut Assembly<'r>) -> Option<Plan>) -> Loaded {
    let mut assembly = Assembly::new(request);
    let plan = plan(&mut assembly);
    let Assembly { sources, diags, .. } = assembly;
    let sources = Arc::new(sources);
    let failed = diags.errors() > 0;
    let plan = plan.filter(|_| !failed).map(|plan| Plan { sources: Arc::clone(&sources), ..plan });
    Loaded { plan, diagnostics: diags.finish(), sources }
}
