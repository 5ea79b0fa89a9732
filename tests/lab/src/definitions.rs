//! Custom resource definitions out of the projects' own published Go modules, fetched when a recipe is made and held
//! against their sums; and their way into a cluster. It knows no part.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize as _;
use serde_json::Value;

use crate::conditions;
use crate::making::Making;
use crate::objects::{Objects, Ref};
use crate::recipe::Recipe;

/// How long a definition may take to be served.
const LIMIT: Duration = Duration::from_secs(60);
const CRD: &str = "CustomResourceDefinition";

/// Where definitions are published.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// The Go module's path.
    pub module: &'static str,
    /// Its version.
    pub version: &'static str,
    /// The sum of its content, as `go.sum` spells it.
    pub sum: &'static str,
    /// The file or folder within it; folders below it do not count.
    pub place: &'static str,
    /// The definitions that are wanted; none mean all.
    pub only: &'static [&'static str],
}

/// A recipe whose key holds what `sources` says; `make` has to `collect` them.
pub fn recipe(name: &'static str, sources: &[Source], make: fn(&Making) -> Result<()>) -> Recipe {
    Recipe::new(name, make).file("sources", format!("{sources:?}").into_bytes()).fetched()
}

/// Fetches the modules and writes each definition to `out/crds/NAME.json`.
pub fn collect(making: &Making, sources: &[Source]) -> Result<()> {
    let folder = making.out.join("crds");
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    for source in sources {
        let dir = making.go_module(source.module, source.version, source.sum)?;
        let found = read(&dir.join(source.place))?;
        let wanted: Vec<_> = found.into_iter().filter(|crd| source.wants(name(crd))).collect();
        let all = source.only.iter().all(|n| wanted.iter().any(|crd| name(crd) == *n));
        ensure!(all && !wanted.is_empty(), "{} {} lacks definitions: {:?}", source.module, source.place, source.only);
        for crd in wanted {
            let file = folder.join(format!("{}.json", name(&crd)));
            std::fs::write(&file, crd.to_string()).with_context(|| format!("writing {}", file.display()))?;
        }
    }
    Ok(())
}

impl Source {
    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.contains(&name)
    }
}

fn name(crd: &Value) -> &str {
    crd["metadata"]["name"].as_str().unwrap_or_default()
}

/// Every definition in a file, or in the files of a folder, by name.
pub fn read(place: &Path) -> Result<Vec<Value>> {
    let mut files: Vec<PathBuf> = match place.is_dir() {
        true => std::fs::read_dir(place)?.flatten().map(|e| e.path()).collect(),
        false => vec![place.to_owned()],
    };
    files.retain(|f| f.extension().is_some_and(|e| e == "yaml" || e == "json"));
    files.sort();
    let mut found = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        for document in serde_yaml::Deserializer::from_str(&text) {
            let document = Value::deserialize(document).with_context(|| format!("reading {}", file.display()))?;
            found.extend(Some(document).filter(|d| d["kind"] == CRD));
        }
    }
    Ok(found)
}

/// Gives a cluster the definitions of a recipe's entry and waits until each is served.
pub async fn apply(objects: &Objects, entry: &Path) -> Result<Vec<Value>> {
    let crds = read(&entry.join("crds"))?;
    objects.apply(&crds).await?;
    established(objects, &crds).await?;
    Ok(crds)
}

/// Waits until each of `crds` is served.
pub async fn established(objects: &Objects, crds: &[Value]) -> Result<()> {
    for crd in crds {
        objects.until(Ref::of(crd), LIMIT, |o| conditions::holds(o, "Established")).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_are_found_among_other_documents() {
        let dir = tempfile::tempdir().unwrap();
        let text = "kind: Kustomization\n---\nkind: CustomResourceDefinition\nmetadata: {name: a.b}\n---\n\
                    kind: CustomResourceDefinition\nmetadata: {name: c.d}\n";
        std::fs::write(dir.path().join("all.yaml"), text).unwrap();
        std::fs::write(dir.path().join("readme.md"), "kind: CustomResourceDefinition").unwrap();
        let found = read(dir.path()).unwrap();
        assert_eq!(found.iter().map(name).collect::<Vec<_>>(), ["a.b", "c.d"]);
        assert_eq!(read(&dir.path().join("all.yaml")).unwrap().len(), 2);
    }

    #[test]
    fn another_version_is_another_entry() {
        let one = Source { module: "m", version: "v1", sum: "h1:x", place: "p", only: &[] };
        let key = |s: Source| recipe("r", &[s], |_| Ok(())).key();
        assert_ne!(key(one), key(Source { version: "v2", ..one }));
        assert!(one.wants("any") && !Source { only: &["a"], ..one }.wants("any"));
    }
}
