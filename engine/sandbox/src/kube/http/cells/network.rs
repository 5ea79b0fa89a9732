//! Cells of services, of what is behind them, and of what leads to them.

use serde_json::Value as Json;

use super::{NONE, selector, several};
use crate::kube::object::{at, items};

/// The cell of this name, if it is one of these.
pub(super) fn cell(word: &str, object: &Json) -> Option<String> {
    Some(match word {
        "external" => external(object),
        "ports" => several(items(at(object, "spec.ports")).map(port)),
        "hosts" => {
            let hosts = items(at(object, "spec.rules")).map(|rule| rule["host"].as_str().unwrap_or("*").to_owned());
            let hosts = several(hosts);
            if hosts == NONE { "*".to_owned() } else { hosts }
        }
        "addresses" => ingress(object).collect::<Vec<_>>().join(","),
        "ingress_ports" => match items(at(object, "spec.tls")).next() {
            Some(_) => "80, 443".to_owned(),
            None => "80".to_owned(),
        },
        "endpoints" => several(items(&object["subsets"]).flat_map(subset)),
        "slice_ports" => several(items(&object["ports"]).map(|port| port["port"].to_string())),
        "slice_addresses" => {
            let addresses =
                items(&object["endpoints"]).flat_map(|one| items(&one["addresses"]).filter_map(Json::as_str));
            several(addresses.map(str::to_owned))
        }
        "pod_selector" => selector(&object["spec"]["podSelector"]),
        "api_service" => match at(object, "spec.service.name").as_str() {
            Some(name) => format!("{}/{name}", super::text(object, "spec.service.namespace")),
            None => "Local".to_owned(),
        },
        "available" => {
            let found = items(at(object, "status.conditions")).find(|one| one["type"] == "Available");
            found.and_then(|one| one["status"].as_str()).unwrap_or("Unknown").to_owned()
        }
        _ => return None,
    })
}

/// Where a load balancer answers.
fn ingress(object: &Json) -> impl Iterator<Item = String> {
    let all = items(at(object, "status.loadBalancer.ingress"));
    all.filter_map(|one| one["ip"].as_str().or(one["hostname"].as_str())).map(str::to_owned)
}

/// Every address with every port.
fn subset(subset: &Json) -> impl Iterator<Item = String> {
    items(&subset["addresses"]).flat_map(move |address| {
        let ip = address["ip"].as_str().unwrap_or_default();
        items(&subset["ports"]).map(move |port| format!("{ip}:{}", port["port"]))
    })
}

fn external(service: &Json) -> String {
    let also = items(at(service, "spec.externalIPs")).filter_map(Json::as_str).map(str::to_owned);
    let all = several(ingress(service).chain(also));
    match at(service, "spec.type").as_str() {
        Some("LoadBalancer") if all == NONE => "<pending>".to_owned(),
        Some("ExternalName") => super::text(service, "spec.externalName"),
        _ => all,
    }
}

fn port(port: &Json) -> String {
    let protocol = port["protocol"].as_str().unwrap_or("TCP");
    match port["nodePort"].as_i64().filter(|node| *node > 0) {
        Some(node) => format!("{}:{node}/{protocol}", port["port"]),
        None => format!("{}/{protocol}", port["port"]),
    }
}
