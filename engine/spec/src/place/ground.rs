//! The names that keep their value while the run goes on: inputs, `foreach` variables, the cluster.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use checkrun_lang::{Scope, Value};

use crate::plan::Bindings;

/// Names and values of one place in the tree; shared by all nodes there.
pub(crate) struct Ground {
    names: Vec<(Arc<str>, Value)>,
    here: RefCell<HashMap<Option<Arc<str>>, Rc<Here>>>,
}

/// A ground on one cluster.
pub(crate) struct Here {
    /// For the plan.
    pub(crate) bindings: Arc<Bindings>,
    /// For filling in templates at load.
    pub(crate) scope: Scope,
}

impl Ground {
    /// The inputs of a suite or template.
    pub(crate) fn of_inputs(inputs: Vec<(Arc<str>, Value)>) -> Self {
        Self { names: vec![("inputs".into(), Value::object(inputs))], here: RefCell::default() }
    }

    /// With one name more.
    pub(crate) fn with(&self, name: &Arc<str>, value: Value) -> Self {
        let mut names = self.names.clone();
        names.push((Arc::clone(name), value));
        Self { names, here: RefCell::default() }
    }

    /// On a cluster.
    pub(crate) fn on(&self, cluster: Option<&Arc<str>>) -> Rc<Here> {
        let mut known = self.here.borrow_mut();
        let made = known.entry(cluster.cloned()).or_insert_with(|| Rc::new(self.made(cluster)));
        Rc::clone(made)
    }

    fn made(&self, cluster: Option<&Arc<str>>) -> Here {
        let mut names = self.names.clone();
        names.extend(cluster.map(|cluster| ("cluster".into(), Value::text(cluster))));
        let mut scope = Scope::default();
        for (name, value) in &names {
            scope.set(name, value.clone());
        }
        Here { bindings: Arc::new(Bindings { names }), scope }
    }
}
