//! `tcp`: a connection is accepted. Says nothing of what is behind it.

use std::time::Instant;

use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::endpoint::{Door, TcpEndpoint, address_errors, settings};

/// Opens a TCP connection and closes it.
///
/// That a connection is accepted says little: a proxy accepts for a service that is down. Prefer `tls`, `http` or
/// the protocol's own kind where there is one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tcp {
    /// `host:port`. Default: that of the check's endpoint.
    #[serde(default)]
    pub address: Option<String>,
}

const EXAMPLE: &str = r#"- id: ssh-open
  title: The bastion accepts connections
  tcp: { address: "bastion.example:22" }
  within: 1m
"#;

impl Kind for Tcp {
    const DOC: KindDoc = KindDoc {
        name: "tcp",
        summary: "Opens a TCP connection and closes it.",
        rule: "connected",
        rule_proves: true,
        runs: Runs::EndpointOr("tcp", "address"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "address", sort: Sort::Plain, doc: "What was asked for." },
            Field {
                path: "peer",
                sort: Sort::Plain,
                doc: "The IP address and port that answered; with `through`, those of the forward.",
            },
            Field {
                path: "elapsed",
                sort: Sort::Duration,
                doc: "Until the connection stood, with the look-up of the name.",
            },
        ],
        open: false,
        example: EXAMPLE,
        effect_keys: &[],
        bounds: &[],
        timeout: None,
    };

    fn check(&mut self, node: &Node, _: &LoadCx<'_>) -> Vec<SpecError> {
        self.address.as_ref().and_then(|address| address_errors(address, node).err()).unwrap_or_default()
    }

    fn effect(&self) -> Effect {
        Effect::Read
    }

    fn touches(&self, place: &Place) -> Vec<Touch> {
        vec![super::touch("tcp", self.address.as_deref(), place)]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let endpoint: Option<TcpEndpoint> = settings(cx, "tcp")?;
        let (address, through) = endpoint.map_or((None, None), |endpoint| (endpoint.address, endpoint.through));
        let door = Door::of(self.address.as_deref(), address.as_deref(), through.as_ref())?;
        let started = Instant::now();
        let stream = door.connect(cx).await?;
        let elapsed = started.elapsed().as_secs_f64();
        let peer = stream.peer_addr().map(|peer| peer.to_string()).unwrap_or_default();
        Ok(json!({ "address": door.to_string(), "peer": peer, "elapsed": elapsed }).into())
    }

    fn rule(&self, _: &Json, _: Asked) -> Ruling {
        Ruling::Met
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::context;

    #[tokio::test]
    async fn a_port_that_listens_is_connected_to_and_one_that_does_not_is_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (cx, _) = context(Some(("tcp", json!({ "address": address }))));
        let args = Tcp { address: None };
        assert_eq!(args.observe(&cx).await.unwrap().value["peer"], address.as_str());
        drop(listener);
        assert!(args.observe(&cx).await.unwrap_err().transient);
        assert!(!args.observe(&context(None).0).await.unwrap_err().transient);
    }
}
