//! The definitions of the kinds that the stand-ins speak of, out of the projects' own modules where the registries have
//! them; the others are in `crds`.

use anyhow::Result;

use crate::definitions::{self, Source};
use crate::making::Making;
use crate::recipe::Recipe;

const SOURCES: [Source; 4] = [
    Source {
        module: "github.com/cloudnative-pg/cloudnative-pg",
        version: "v1.30.0",
        sum: "h1:fnhVq44xXx97MNiuvJsPrX1vSjYbgdyBK5MSGfdHdp0=",
        place: "config/crd/bases",
        only: &[
            "clusters.postgresql.cnpg.io",
            "poolers.postgresql.cnpg.io",
            "backups.postgresql.cnpg.io",
            "scheduledbackups.postgresql.cnpg.io",
        ],
    },
    Source {
        module: "sigs.k8s.io/gateway-api",
        version: "v1.6.1",
        sum: "h1:mock6phZbI6rvZerwrVNk7hVNymQgHo+6sJ81Ia7ftY=",
        place: "config/crd/standard",
        only: &[
            "gatewayclasses.gateway.networking.k8s.io",
            "gateways.gateway.networking.k8s.io",
            "httproutes.gateway.networking.k8s.io",
        ],
    },
    Source {
        module: "github.com/rook/rook",
        version: "v1.20.6",
        sum: "h1:2+Qe/CLcZ2WrXf9Vhf21JwZQqN8cVXPQskZzHf3KLjU=",
        place: "deploy/examples/crds.yaml",
        only: &["cephclusters.ceph.rook.io", "cephblockpools.ceph.rook.io"],
    },
    cilium(
        "pkg/k8s/apis/cilium.io/client/crds/v2",
        &[
            "ciliumnodes.cilium.io",
            "ciliumbgpclusterconfigs.cilium.io",
            "ciliumbgpnodeconfigs.cilium.io",
            "ciliumloadbalancerippools.cilium.io",
            "ciliumnetworkpolicies.cilium.io",
        ],
    ),
];

const fn cilium(place: &'static str, only: &'static [&'static str]) -> Source {
    let (module, sum) = ("github.com/cilium/cilium", "h1:hfPhb9TcoG3fRMA1/ExBFihEX1NpEWcUaV1jXJTkQVo=");
    Source { module, version: "v1.19.0", sum, place, only }
}

/// The definitions.
pub fn published() -> Recipe {
    definitions::recipe("standins", &SOURCES, make)
}

fn make(making: &Making) -> Result<()> {
    definitions::collect(making, &SOURCES)
}
