//! What Cilium and its Gateway would say: sessions, address pools, policies, gateways and routes are as well as the pods of
//! agent, operator and neighbour are.

use serde_json::{Value, json};

use super::operator::{Rule, condition};
use super::world::World;

/// Where Cilium's own pods are.
pub const SYSTEM: &str = "kube-system";
/// The namespace of the gateway, its route and what is behind it, and of the neighbour that speaks BGP.
pub const NAMESPACE: &str = "network";
/// The agents' label.
pub const AGENT: &str = "k8s-app=cilium";
/// The operator's label.
pub const OPERATOR: &str = "io.cilium/app=operator";
/// The label of the neighbour that speaks BGP.
pub const NEIGHBOUR: &str = "app=router";
/// The address that the pool has given to the gateway.
const ADDRESS: &str = "203.0.113.10";
const CILIUM: &str = "cilium.io/v2";
const GATEWAY: &str = "gateway.networking.k8s.io/v1";

/// What is told of which kind.
pub const RULES: &[Rule] = &[
    Rule { api: CILIUM, kind: "CiliumBGPClusterConfig", status: bgp },
    Rule { api: CILIUM, kind: "CiliumBGPNodeConfig", status: sessions },
    Rule { api: CILIUM, kind: "CiliumLoadBalancerIPPool", status: pool },
    Rule { api: CILIUM, kind: "CiliumNetworkPolicy", status: policy },
    Rule { api: "v1", kind: "Service", status: service },
    Rule { api: GATEWAY, kind: "GatewayClass", status: class },
    Rule { api: GATEWAY, kind: "Gateway", status: gateway },
    Rule { api: GATEWAY, kind: "HTTPRoute", status: route },
];

/// The objects, on a cluster whose only node is `node`.
pub fn objects(node: &str) -> Vec<Value> {
    let whole = |api: &str, kind: &str, name: &str, spec: Value| json!({ "apiVersion": api, "kind": kind, "metadata": { "name": name }, "spec": spec });
    let within = |api: &str, kind: &str, name: &str, spec: Value| json!({ "apiVersion": api, "kind": kind, "metadata": { "name": name, "namespace": NAMESPACE }, "spec": spec });
    let peer = json!({ "name": "router", "peerASN": 64513, "peerAddress": "192.0.2.1" });
    let mut bgp_peer = peer.clone();
    bgp_peer["peerConfigRef"] = json!({ "name": "router" });
    vec![
        whole(CILIUM, "CiliumNode", node, json!({ "addresses": [{ "type": "InternalIP", "ip": "10.99.0.2" }] })),
        whole(
            CILIUM,
            "CiliumBGPClusterConfig",
            "bgp",
            json!({ "bgpInstances": [{ "name": "lab", "localASN": 64512, "peers": [bgp_peer] }] }),
        ),
        whole(
            CILIUM,
            "CiliumBGPNodeConfig",
            node,
            json!({ "bgpInstances": [{ "name": "lab", "localASN": 64512, "peers": [peer] }] }),
        ),
        whole(CILIUM, "CiliumLoadBalancerIPPool", "pool", json!({ "blocks": [{ "cidr": "203.0.113.0/28" }] })),
        within(
            CILIUM,
            "CiliumNetworkPolicy",
            "allow-web",
            json!({ "endpointSelector": { "matchLabels": { "app": "web" } }, "ingress": [{}] }),
        ),
        whole(GATEWAY, "GatewayClass", "cilium", json!({ "controllerName": "io.cilium/gateway-controller" })),
        within(
            GATEWAY,
            "Gateway",
            "web",
            json!({ "gatewayClassName": "cilium", "listeners": [{ "name": "http", "protocol": "HTTP", "port": 80 }] }),
        ),
        within(
            GATEWAY,
            "HTTPRoute",
            "web",
            json!({ "parentRefs": [{ "name": "web" }], "rules": [{ "backendRefs": [{ "name": "web", "port": 80 }] }] }),
        ),
        within("v1", "Service", "web", json!({ "selector": { "app": "web" }, "ports": [{ "port": 80 }] })),
        within(
            "v1",
            "Service",
            "cilium-gateway-web",
            json!({ "type": "LoadBalancer", "selector": { "app": "web" }, "ports": [{ "port": 80 }] }),
        ),
    ]
}

fn operates(world: &World) -> bool {
    world.count(SYSTEM, OPERATOR) > 0
}

/// A condition that says of which generation it is, as the Gateway API asks.
fn of(object: &Value, kind: &str, holds: bool, reason: &str, words: &str) -> Value {
    let mut condition = condition(kind, holds, reason, words);
    condition["observedGeneration"] = object["metadata"]["generation"].clone();
    condition
}

fn bgp(object: &Value, world: &World) -> Value {
    let agents = world.count(SYSTEM, AGENT) > 0;
    json!({ "conditions": [
        of(object, "cilium.io/NoMatchingNode", !agents, "NoMatchingNode", if agents { "" } else { "No node pointed to by the selector" }),
        of(object, "cilium.io/MissingPeerConfigs", false, "MissingPeerConfigs", ""),
    ] })
}

fn sessions(object: &Value, world: &World) -> Value {
    let up = world.count(SYSTEM, AGENT) > 0 && world.count(NAMESPACE, NEIGHBOUR) > 0;
    let state = if up { "established" } else { "active" };
    let of_peer = |peer: &Value| {
        let mut out = json!({
            "name": peer["name"], "peerASN": peer["peerASN"], "peerAddress": peer["peerAddress"], "peeringState": state,
        });
        if up {
            out["routeCount"] = json!([{ "afi": "ipv4", "safi": "unicast", "advertised": 1, "received": 1 }]);
        }
        out
    };
    let of_instance = |instance: &Value| {
        let peers: Vec<_> = instance["peers"].as_array().into_iter().flatten().map(of_peer).collect();
        json!({ "name": instance["name"], "localASN": instance["localASN"], "peers": peers })
    };
    let instances: Vec<_> = object["spec"]["bgpInstances"].as_array().into_iter().flatten().map(of_instance).collect();
    json!({ "bgpInstances": instances })
}

fn pool(object: &Value, world: &World) -> Value {
    let number = |kind: &str, n: u32| of(object, kind, false, "noreason", &n.to_string());
    match operates(world) {
        true => json!({ "conditions": [
            of(object, "cilium.io/PoolConflict", false, "resolved", ""),
            number("cilium.io/IPsTotal", 16), number("cilium.io/IPsAvailable", 15), number("cilium.io/IPsUsed", 1),
        ] }),
        // nobody looks after the pool
        false => json!({ "conditions": [] }),
    }
}

fn policy(_: &Value, world: &World) -> Value {
    let well = world.count(SYSTEM, AGENT) > 0;
    json!({ "conditions": [condition("Valid", well, "", if well { "Policy validation succeeded" } else { "no agent has seen it" })] })
}

/// Services of another type are not ours to speak of.
fn service(object: &Value, world: &World) -> Value {
    match (object["spec"]["type"] == "LoadBalancer", operates(world)) {
        (false, _) => Value::Null,
        (true, true) => json!({ "loadBalancer": { "ingress": [{ "ip": ADDRESS, "ipMode": "VIP" }] } }),
        (true, false) => json!({ "loadBalancer": {} }),
    }
}

fn class(object: &Value, world: &World) -> Value {
    let well = operates(world);
    let reason = if well { "Accepted" } else { "Pending" };
    json!({ "conditions": [
        of(object, "Accepted", well, reason, "Valid GatewayClass"),
        of(object, "SupportedVersion", well, if well { "SupportedVersion" } else { "Pending" }, "Gateway API CRDs have a supported version"),
    ] })
}

fn gateway(object: &Value, world: &World) -> Value {
    let well = operates(world);
    let routes = world.has_service(NAMESPACE, "web");
    let reason = |good: &str| if well { good.to_owned() } else { "Pending".into() };
    let listener = |l: &Value| {
        json!({
            "name": l["name"], "attachedRoutes": u8::from(routes),
            "supportedKinds": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute" }],
            "conditions": [
                of(object, "Accepted", well, &reason("Accepted"), "Listener Accepted"),
                of(object, "Programmed", well, &reason("Programmed"), "Listener Programmed"),
                of(object, "ResolvedRefs", true, "ResolvedRefs", "Resolved Refs"),
            ],
        })
    };
    let listeners: Vec<_> = object["spec"]["listeners"].as_array().into_iter().flatten().map(listener).collect();
    let addresses = if well { json!([{ "type": "IPAddress", "value": ADDRESS }]) } else { json!([]) };
    json!({
        "addresses": addresses, "listeners": listeners,
        "conditions": [
            of(object, "Accepted", well, &reason("Accepted"), "Gateway successfully scheduled"),
            of(object, "Programmed", well, &reason("Programmed"), "Gateway successfully reconciled"),
        ],
    })
}

/// A route has no conditions of its own, only those that its parents say.
fn route(object: &Value, world: &World) -> Value {
    let well = operates(world);
    let backends = object["spec"]["rules"].as_array().into_iter().flatten();
    let backends: Vec<&str> = backends
        .flat_map(|r| r["backendRefs"].as_array().into_iter().flatten())
        .filter_map(|b| b["name"].as_str())
        .collect();
    let namespace = object["metadata"]["namespace"].as_str().unwrap_or_default();
    let missing = backends.iter().find(|b| !world.has_service(namespace, b));
    let resolved = match missing {
        None => of(object, "ResolvedRefs", true, "ResolvedRefs", "Service reference is valid"),
        Some(name) => of(object, "ResolvedRefs", false, "BackendNotFound", &format!("services \"{name}\" not found")),
    };
    let parent = |p: &Value| {
        json!({
            "parentRef": p, "controllerName": "io.cilium/gateway-controller",
            "conditions": [
                of(object, "Accepted", well, if well { "Accepted" } else { "Pending" }, "Accepted HTTPRoute"), resolved,
            ],
        })
    };
    let parents: Vec<_> = object["spec"]["parentRefs"].as_array().into_iter().flatten().map(parent).collect();
    json!({ "parents": parents })
}

#[cfg(test)]
mod tests {
    use super::super::world::tests::pod;
    use super::*;

    fn world(labels: &[(&str, &str)]) -> World {
        let pods = labels.iter().map(|(namespace, label)| {
            let (key, value) = label.split_once('=').unwrap();
            pod(namespace, value, (key, value), true)
        });
        World { pods: pods.collect(), ..World::default() }
    }

    fn object(kind: &str) -> Value {
        objects("n").into_iter().find(|o| o["kind"] == kind).unwrap()
    }

    #[test]
    fn a_session_needs_agent_and_neighbour() {
        let state = |w: &World| {
            sessions(&object("CiliumBGPNodeConfig"), w)["bgpInstances"][0]["peers"][0]["peeringState"].clone()
        };
        assert_eq!(state(&world(&[(SYSTEM, AGENT), (NAMESPACE, NEIGHBOUR)])), "established");
        assert_eq!(state(&world(&[(SYSTEM, AGENT)])), "active");
        assert_eq!(state(&world(&[(NAMESPACE, NEIGHBOUR)])), "active");
    }

    #[test]
    fn a_gateway_is_programmed_while_the_operator_is_there() {
        let programmed = |w: &World| gateway(&object("Gateway"), w)["conditions"][1]["status"].clone();
        assert_eq!(
            (programmed(&world(&[(SYSTEM, OPERATOR)])), programmed(&world(&[]))),
            (json!("True"), json!("False"))
        );
        assert_eq!(gateway(&object("Gateway"), &world(&[]))["addresses"], json!([]));
    }

    #[test]
    fn a_route_whose_backend_is_gone_says_so() {
        let refs = |w: &World| route(&object("HTTPRoute"), w)["parents"][0]["conditions"][1]["reason"].clone();
        let mut world = world(&[(SYSTEM, OPERATOR)]);
        assert_eq!(refs(&world), "BackendNotFound");
        world.services.push(json!({ "metadata": { "namespace": NAMESPACE, "name": "web" } }));
        assert_eq!(refs(&world), "ResolvedRefs");
    }

    #[test]
    fn only_a_load_balancer_gets_an_address() {
        let world = world(&[(SYSTEM, OPERATOR)]);
        assert!(service(&json!({ "spec": { "type": "ClusterIP" } }), &world).is_null());
        let balancer = json!({ "spec": { "type": "LoadBalancer" } });
        assert_eq!(service(&balancer, &world)["loadBalancer"]["ingress"][0]["ip"], ADDRESS);
        assert_eq!(service(&balancer, &World::default())["loadBalancer"], json!({}));
    }
}
