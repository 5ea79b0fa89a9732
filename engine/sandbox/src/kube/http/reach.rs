//! Where a port of a pod or a service leads to: the socket that was exposed for it.

use std::net::SocketAddr;

use serde_json::Value as Json;

use super::gate::Desk;
use crate::kube::object::{items, name};
use crate::kube::refusal::{About, Refusal};
use crate::kube::server::lock;
use crate::kube::store::Key;

/// The socket behind a port of a pod.
pub(super) fn pod(desk: &Desk, namespace: &str, name: &str, port: u16) -> Option<SocketAddr> {
    lock(&desk.server.ports).get(&(namespace.to_owned(), name.to_owned(), port)).copied()
}

/// An object of the core group.
pub(super) fn object(desk: &Desk, plural: &str, namespace: &str, name: &str) -> Result<std::sync::Arc<Json>, Refusal> {
    let key = Key { shelf: plural.into(), namespace: namespace.to_owned(), name: name.to_owned() };
    let about = About { group: "", resource: plural, name };
    desk.server.read(|store| store.get(&key).cloned()).ok_or_else(|| Refusal::not_found(about))
}

/// The socket behind a port of a service, which is a number, a name, or the only one.
///
/// # Errors
/// There is no such service or port, or nothing answers there.
pub(super) fn service(desk: &Desk, namespace: &str, called: &str, port: &str) -> Result<SocketAddr, Refusal> {
    let service = object(desk, "services", namespace, called)?;
    let unreachable =
        || Refusal::new(503, "ServiceUnavailable", format!("no endpoints available for service {called:?}"));
    let mut ports = items(&service["spec"]["ports"]);
    let wanted = ports.find(|one| port.is_empty() || one["name"] == port || one["port"].to_string() == port);
    let wanted = wanted.ok_or_else(|| {
        let why = format!("no service port {port} found for service {called:?}");
        Refusal::new(503, "ServiceUnavailable", why)
    })?;
    let number = u16::try_from(wanted["port"].as_u64().unwrap_or(0)).unwrap_or(0);
    pod(desk, namespace, called, number).or_else(|| behind(desk, namespace, &service, wanted)).ok_or_else(unreachable)
}

/// The socket of a pod that the service selects and that is ready.
fn behind(desk: &Desk, namespace: &str, service: &Json, port: &Json) -> Option<SocketAddr> {
    let selector = service["spec"]["selector"].as_object()?;
    let shelf = "pods".into();
    let pods: Vec<_> = desk.server.read(|store| {
        let fits = |pod: &Json| selector.iter().all(|(key, value)| pod["metadata"]["labels"][key] == *value);
        store.shelf(&shelf, Some(namespace)).filter(|(_, one)| fits(one)).map(|(_, one)| one.clone()).collect()
    });
    pods.iter().filter(|one| is_ready(one)).find_map(|one| {
        let target = match &port["targetPort"] {
            Json::String(named) => container_port(one, named)?,
            Json::Number(number) => u16::try_from(number.as_u64()?).ok()?,
            _ => u16::try_from(port["port"].as_u64()?).ok()?,
        };
        pod(desk, namespace, name(one), target)
    })
}

fn is_ready(pod: &Json) -> bool {
    let mut conditions = items(&pod["status"]["conditions"]);
    let ready = conditions.find(|one| one["type"] == "Ready");
    ready.map_or(pod["status"]["phase"] == "Running", |ready| ready["status"] == "True")
}

/// The number of a port that a pod names.
pub(super) fn container_port(pod: &Json, named: &str) -> Option<u16> {
    let mut ports = items(&pod["spec"]["containers"]).flat_map(|container| items(&container["ports"]));
    let found = ports.find(|port| port["name"] == named)?;
    u16::try_from(found["containerPort"].as_u64()?).ok()
}
