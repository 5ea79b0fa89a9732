//! The list of all parts, and the order in which they start. The only place that knows them by name.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::cluster::ClusterPart;
use crate::part::Part;

/// All parts.
pub fn all() -> Vec<Box<dyn Part>> {
    vec![
        Box::new(ClusterPart { name: "apps", index: 1, about: "the Kubernetes cluster that is validated" }),
        Box::new(ClusterPart { name: "infra", index: 2, about: "the Kubernetes cluster of the infrastructure" }),
        Box::new(crate::kafka::part::Kafka),
        Box::new(crate::strimzi::part::Strimzi),
        Box::new(crate::registry::part::Registry),
        Box::new(crate::metrics::part::Metrics),
        Box::new(crate::logs::part::Logs),
        Box::new(crate::s3::part::S3),
        Box::new(crate::sql::part::Sql),
        Box::new(crate::redis::part::Redis),
        Box::new(crate::web::part::Web),
        Box::new(crate::volsync::part::VolSync),
        Box::new(crate::flux::part::Flux),
        Box::new(crate::scale::part::Scale),
        Box::new(crate::standins::part::StandIns),
    ]
}

/// A part by its name.
pub fn find<'a>(parts: &'a [Box<dyn Part>], name: &str) -> Result<&'a dyn Part> {
    match parts.iter().find(|p| p.name() == name) {
        Some(part) => Ok(part.as_ref()),
        None => {
            let names: Vec<_> = parts.iter().map(|p| p.name()).collect();
            bail!("there is no part `{name}`; there are: {}", names.join(", "))
        }
    }
}

/// The named parts and all that they need, each after what it needs. No names mean all parts.
pub fn with_needs(parts: &[Box<dyn Part>], names: &[String]) -> Result<Vec<&'static str>> {
    let all: Vec<String> = parts.iter().map(|p| p.name().to_owned()).collect();
    let mut order = Vec::new();
    for name in if names.is_empty() { &all } else { names } {
        add(parts, name, &mut order, &mut BTreeSet::new())?;
    }
    Ok(order)
}

fn add(parts: &[Box<dyn Part>], name: &str, order: &mut Vec<&'static str>, path: &mut BTreeSet<String>) -> Result<()> {
    let part = find(parts, name)?;
    if order.contains(&part.name()) {
        return Ok(());
    }
    if !path.insert(name.into()) {
        bail!("part `{name}` needs itself");
    }
    for need in part.needs() {
        add(parts, need, order, path)?;
    }
    order.push(part.name());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cx::LabCx;
    use crate::part::Running;
    use futures::future::BoxFuture;

    struct Fake(&'static str, &'static [&'static str]);

    impl Part for Fake {
        fn name(&self) -> &'static str {
            self.0
        }
        fn about(&self) -> &'static str {
            ""
        }
        fn needs(&self) -> &'static [&'static str] {
            self.1
        }
        fn up<'a>(&'a self, _: &'a LabCx) -> BoxFuture<'a, Result<Running>> {
            Box::pin(async { Ok(Running::default()) })
        }
    }

    fn fakes() -> Vec<Box<dyn Part>> {
        vec![
            Box::new(Fake("logs", &["apps"])),
            Box::new(Fake("strimzi", &["kafka", "apps"])),
            Box::new(Fake("kafka", &["apps"])),
            Box::new(Fake("apps", &[])),
        ]
    }

    #[test]
    fn what_is_needed_comes_first_and_once() {
        let order = with_needs(&fakes(), &["strimzi".into(), "apps".into()]).unwrap();
        assert_eq!(order, ["apps", "kafka", "strimzi"]);
        assert_eq!(with_needs(&fakes(), &[]).unwrap().len(), 4);
    }

    #[test]
    fn an_unknown_part_is_refused_by_name_and_a_circle_too() {
        let error = with_needs(&fakes(), &["kafak".into()]).unwrap_err().to_string();
        assert!(error.contains("kafak") && error.contains("strimzi"), "{error}");
        let circle: Vec<Box<dyn Part>> = vec![Box::new(Fake("a", &["b"])), Box::new(Fake("b", &["a"]))];
        assert!(with_needs(&circle, &["a".into()]).unwrap_err().to_string().contains("needs itself"));
    }

    #[test]
    fn every_part_needs_only_parts_that_are_there() {
        with_needs(&all(), &[]).unwrap();
    }
}
