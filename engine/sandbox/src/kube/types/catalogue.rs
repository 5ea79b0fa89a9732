//! All that a server serves: the built-in resources and those that were defined. Knows no object.

use std::sync::{Arc, LazyLock};

use super::resource::Resource;

/// Made by `data/make.sh`.
static BUILT_IN: LazyLock<Vec<Arc<Resource>>> = LazyLock::new(|| {
    // The file is part of the program, and a test reads it.
    serde_json::from_str(include_str!("../data/resources.json")).unwrap_or_default()
});

/// The resources of one server.
#[derive(Debug, Default, Clone)]
pub(in crate::kube) struct Catalogue {
    /// By definition, newest version first.
    custom: Vec<Arc<Resource>>,
}

impl Catalogue {
    /// Everything: the core group first, then by group; of one group the preferred version first.
    pub(in crate::kube) fn all(&self) -> impl Iterator<Item = &Arc<Resource>> {
        BUILT_IN.iter().chain(&self.custom)
    }

    /// A resource by the words of a path.
    pub(in crate::kube) fn find(&self, group: &str, version: &str, plural: &str) -> Option<&Arc<Resource>> {
        self.all().find(|one| one.group == group && one.version == version && one.plural == plural)
    }

    /// A resource by the words of an object.
    pub(in crate::kube) fn kind(&self, api_version: &str, kind: &str) -> Option<&Arc<Resource>> {
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        self.all().find(|one| one.group == group && one.version == version && one.kind == kind)
    }

    /// A resource by `Kind` or `Kind.group`; a bare kind means the core group first, then any group.
    pub(in crate::kube) fn named(&self, written: &str) -> Option<&Arc<Resource>> {
        match written.split_once('.') {
            Some((kind, group)) => {
                let group = if group == "core" { "" } else { group };
                self.all().find(|one| one.kind == kind && one.group == group)
            }
            None => self.all().find(|one| one.kind == written),
        }
    }

    /// Any version of what is stored there.
    pub(in crate::kube) fn shelved(&self, shelf: &str) -> Option<&Arc<Resource>> {
        self.all().find(|one| *one.shelf() == *shelf)
    }

    /// Whether anything is served in this group and version.
    pub(in crate::kube) fn has_version(&self, group: &str, version: &str) -> bool {
        self.all().any(|one| one.group == group && one.version == version)
    }

    /// Takes the place of what was served for this definition.
    pub(in crate::kube) fn define(&mut self, group: &str, plural: &str, versions: Vec<Resource>) {
        self.custom.retain(|one| !(one.group == group && one.plural == plural));
        self.custom.extend(versions.into_iter().map(Arc::new));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_resources_are_read() {
        let catalogue = Catalogue::default();
        assert_eq!(catalogue.all().count(), 57);
        let deployment = catalogue.kind("apps/v1", "Deployment").unwrap();
        assert!(deployment.has_status() && deployment.part("scale").is_some() && deployment.namespaced);
        assert_eq!(catalogue.named("Event").unwrap().group, "");
        assert_eq!(catalogue.named("Event.events.k8s.io").unwrap().shelf(), catalogue.named("Event").unwrap().shelf());
    }
}
