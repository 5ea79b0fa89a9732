//! `tls`: what a server shows in a handshake, and whether it verifies. Speaks nothing after the handshake.

use checkrun_model::clock::spoken;
use checkrun_model::{
    Asked, Broken, Cx, Effect, Field, Kind, KindDoc, LoadCx, LockMode, Node, Observation, Place, Ruling, Runs, Sort,
    SpecError, Touch, Witness,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

use super::certificate::describe;
use super::endpoint::{Door, TlsEndpoint, address_errors, settings};
use super::handshake::{Seen, shake};
use crate::http::tls::roots;
use crate::pem::Pem;

/// Shakes hands with a TLS server and verifies its certificates: chain, name and dates.
///
/// A bad certificate does not end the observation, so that a check sees what was shown; it does not meet the
/// kind's own rule unless `verify: false`. Protocols that begin in the clear (STARTTLS) are not in this version.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// `host:port`. Default: that of the check's endpoint.
    #[serde(default)]
    pub address: Option<String>,
    /// The name that is asked for and that the certificate must be for. Default: the endpoint's, else the host of the address.
    #[serde(default)]
    pub name: Option<String>,
    /// The CA to trust. Default: the endpoint's, else those of this machine.
    #[serde(default)]
    pub(crate) ca: Option<Pem>,
    /// `false`: a certificate that does not verify is observed all the same; `verified` and `problem` say what is wrong with it.
    #[serde(default = "yes")]
    pub verify: bool,
}

fn yes() -> bool {
    true
}

const EXAMPLE: &str = r#"- id: bootstrap-certificate
  title: The bootstrap certificate verifies and lasts
  cluster: apps             # where the secret is
  tls:
    address: kafka-cluster-kafka-bootstrap.kafka.svc:9093
    ca: { pem: "{{ secret('kafka/kafka-cluster-cluster-ca-cert', 'ca.crt') }}" }
  expect:
    - not_after > now() + 30d
"#;

impl Tls {
    fn observation(&self, seen: &Seen) -> Result<Json, Broken> {
        let chain: Vec<Json> = seen.chain.iter().map(|der| describe(der)).collect::<Result<_, _>>()?;
        let mut value = chain.first().cloned().ok_or_else(|| Broken::fatal("the server showed no certificate"))?;
        value["protocol"] = seen.protocol.as_str().into();
        value["cipher"] = seen.cipher.as_str().into();
        value["verified"] = seen.problem.is_none().into();
        if let Some(problem) = &seen.problem {
            value["problem"] = problem.as_str().into();
        }
        value["chain"] = chain.into();
        Ok(value)
    }
}

impl Kind for Tls {
    const DOC: KindDoc = KindDoc {
        name: "tls",
        summary: "Shakes hands with a TLS server and verifies its certificates.",
        rule: "chain, name and dates verify",
        rule_proves: true,
        runs: Runs::EndpointOr("tls", "address"),
        lock: Some(LockMode::Shared),
        selection: None,
        witness: Witness::NoAbsence,
        readiness: false,
        worst: Effect::Read,
        may_say_read: false,
        grafts: &[],
        observation: &[
            Field { path: "subject", sort: Sort::Plain, doc: "Who the certificate is for, as a distinguished name." },
            Field { path: "issuer", sort: Sort::Plain, doc: "Who signed it." },
            Field { path: "serial", sort: Sort::Plain, doc: "Its serial number, in hexadecimal." },
            Field { path: "not_before", sort: Sort::Time, doc: "When it begins to be valid." },
            Field { path: "not_after", sort: Sort::Time, doc: "When it expires." },
            Field { path: "names", sort: Sort::Plain, doc: "DNS names and IP addresses that it is for." },
            Field { path: "protocol", sort: Sort::Plain, doc: "`TLSv1.3` or `TLSv1.2`." },
            Field { path: "cipher", sort: Sort::Plain, doc: "The cipher suite." },
            Field { path: "verified", sort: Sort::Plain, doc: "Whether chain, name and dates verify." },
            Field { path: "problem", sort: Sort::Plain, doc: "What does not verify; absent if all does." },
            Field {
                path: "chain",
                sort: Sort::Plain,
                doc: "All certificates that the server showed, its own first, each with `subject` to `names`.",
            },
            Field { path: "chain[].not_before", sort: Sort::Time, doc: "When it begins to be valid." },
            Field { path: "chain[].not_after", sort: Sort::Time, doc: "When it expires." },
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
        vec![super::touch("tls", self.address.as_deref(), place)]
    }

    async fn observe(&self, cx: &Cx) -> Result<Observation, Broken> {
        let endpoint: Option<TlsEndpoint> = settings(cx, "tls")?;
        let endpoint = endpoint.filter(|_| self.address.is_none());
        let (address, through) =
            endpoint.as_ref().map_or((None, None), |endpoint| (endpoint.address.as_deref(), endpoint.through.as_ref()));
        let door = Door::of(self.address.as_deref(), address, through)?;
        let name = self.name.clone().or_else(|| endpoint.as_ref()?.name.clone()).map_or_else(|| door.host(), Ok)?;
        let roots = roots(self.ca.as_ref().or_else(|| endpoint.as_ref()?.ca.as_ref()), &cx.run.suite_dir)?;
        let stream = door.connect(cx).await?;
        let time = cx.remaining();
        let seen = tokio::time::timeout(time, shake(stream, &name, roots)).await;
        let late = |_| Broken::transient(format!("{door} did not end the handshake within {}", spoken(time)));
        Ok(self.observation(&seen.map_err(late)??)?.into())
    }

    fn rule(&self, seen: &Json, _: Asked) -> Ruling {
        match (self.verify, seen["verified"].as_bool()) {
            (false, _) | (true, Some(true)) => Ruling::Met,
            _ => Ruling::NotYet(seen["problem"].as_str().unwrap_or("the certificate does not verify").to_owned()),
        }
    }
}

#[cfg(test)]
mod tests;
