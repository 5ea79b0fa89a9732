//! What a part of the lab is: something that is built once, started, watched, broken and healed.
//! It knows no part by name; the list of them is in `parts`.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use futures::future::BoxFuture;
use serde_json::Value;

use crate::cx::LabCx;
use crate::recipe::Recipe;
use crate::target::Fragment;

/// One server, or a group that stands and falls together.
pub trait Part: Send + Sync {
    /// Its name on the command line: lower case, one word.
    fn name(&self) -> &'static str;

    /// One line for `lab parts`.
    fn about(&self) -> &'static str;

    /// The parts that must be up before this one starts.
    fn needs(&self) -> &'static [&'static str] {
        &[]
    }

    /// What has to be in the cache before it can start.
    fn recipes(&self) -> Vec<Recipe> {
        Vec::new()
    }

    /// Starts it and returns once it answers; never waits by the clock.
    fn up<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Result<Running>>;

    /// What can be broken.
    fn faults(&self) -> Vec<Fault> {
        Vec::new()
    }

    /// Breaks it. What `heal` needs to know is noted with `LabCx::remember` before anything is broken: this may fail half
    /// way.
    fn inject<'a>(&'a self, _cx: &'a LabCx, order: &'a Order) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { bail!("part {} has no fault `{}`", self.name(), order.fault) })
    }

    /// Undoes a fault and returns once the part is well again; `memo` is what `inject` noted. It may
    /// find the fault half in force, or not at all.
    fn heal<'a>(&'a self, _cx: &'a LabCx, order: &'a Order, _memo: &'a Value) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move { bail!("part {} has no fault `{}`", self.name(), order.fault) })
    }

    /// What it holds in memory now: a name and bytes a line. Proportional, so that shared pages count once.
    fn memory<'a>(&'a self, cx: &'a LabCx) -> BoxFuture<'a, Vec<(String, u64)>> {
        Box::pin(async move { cx.memory() })
    }
}

/// What a part tells once it is up.
#[derive(Debug, Clone, Default)]
pub struct Running {
    /// Its share of the target file.
    pub target: Fragment,
    /// Variables for the command of `lab run`.
    pub env: BTreeMap<String, String>,
    /// What other parts may ask for with `LabCx::fact`.
    pub facts: BTreeMap<String, String>,
}

/// Something that can be broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Its name within the part; `lab fault PART/NAME` names it.
    pub name: &'static str,
    /// What a user would see, in one line.
    pub seen: &'static str,
    /// What it wants to be aimed at (`NAMESPACE/POD`), if anything.
    pub at: Option<&'static str>,
    /// It passes by itself: there is nothing to heal.
    pub passes: bool,
}

/// A fault that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Order {
    /// The part.
    pub part: String,
    /// The fault's name within it.
    pub fault: String,
    /// What it is aimed at.
    pub at: Option<String>,
}

impl Order {
    /// What it is aimed at, or an error that says what is missing.
    pub fn aim(&self) -> Result<&str> {
        match &self.at {
            Some(at) => Ok(at),
            None => bail!("fault {}/{} wants to be aimed at something: --at NAME", self.part, self.fault),
        }
    }
}

impl std::fmt::Display for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.part, self.fault)?;
        self.at.as_ref().map_or(Ok(()), |at| write!(f, " at {at}"))
    }
}
