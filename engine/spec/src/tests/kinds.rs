//! A tiny registry: one kind for each thing that the loader must know of kinds.

use std::collections::BTreeMap;
use std::time::Duration;

use checkrun_model::{
    Asked, Broken, Cx, Effect, EndpointEntry, Field, Kind, KindDoc, KindEntry, LockMode, Observation, Place, Repeats,
    Ruling, Runs, Sort, Touch, Witness, args, de,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value as Json;

pub(crate) static KINDS: &[KindEntry] = &[
    KindEntry::of::<Look>(),
    KindEntry::of::<Ask>(),
    KindEntry::of::<Kill>(),
    KindEntry::of::<Post>(),
    KindEntry::of::<Make>(),
];

pub(crate) static FAMILIES: &[EndpointEntry] = &[
    EndpointEntry {
        family: "fake",
        parse: |node| de::from_node::<Settings>(node).map(drop),
        schema: || schemars::schema_for!(Settings).to_value(),
    },
    EndpointEntry { family: "other", parse: |_| Ok(()), schema: || Json::Bool(true) },
];

/// Settings of the family `fake`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "decoded only")]
struct Settings {
    /// Where.
    url: String,
    /// Secret.
    password: Option<String>,
}

const DOC: KindDoc = KindDoc {
    name: "",
    summary: "",
    rule: "it is there",
    rule_proves: true,
    runs: Runs::Local,
    lock: None,
    selection: None,
    witness: Witness::NoAbsence,
    readiness: false,
    worst: Effect::Read,
    may_say_read: false,
    grafts: &[],
    observation: &[],
    open: true,
    example: "",
    effect_keys: &[],
    bounds: &[],
    timeout: None,
};

macro_rules! idle {
    () => {
        fn touches(&self, _: &Place) -> Vec<Touch> {
            Vec::new()
        }
        async fn observe(&self, _: &Cx) -> Result<Observation, Broken> {
            Err(Broken::fatal("not run here"))
        }
        fn rule(&self, _: &Json, _: Asked) -> Ruling {
            Ruling::Met
        }
    };
}

/// Looks at something of this machine.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Look {
    name: String,
    n: Option<u64>,
    wait: Option<args::Duration>,
    labels: Option<BTreeMap<String, String>>,
}

impl Kind for Look {
    const DOC: KindDoc = KindDoc {
        name: "look",
        selection: Some("items"),
        witness: Witness::Required,
        readiness: true,
        observation: &[
            Field { path: "items", sort: Sort::Plain, doc: "" },
            Field { path: "first", sort: Sort::Plain, doc: "" },
            Field { path: "took", sort: Sort::Duration, doc: "" },
        ],
        timeout: Some(Duration::from_secs(7)),
        ..DOC
    };
    fn effect(&self) -> Effect {
        let _ = (&self.name, self.n, self.wait, &self.labels);
        Effect::Read
    }
    idle!();
}

/// Asks an endpoint; its rule proves nothing.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ask {
    query: String,
}

impl Kind for Ask {
    const DOC: KindDoc = KindDoc {
        name: "ask",
        rule_proves: false,
        runs: Runs::Endpoint("fake"),
        lock: Some(LockMode::Shared),
        selection: Some("rows"),
        witness: Witness::Required,
        observation: &[Field { path: "rows", sort: Sort::Plain, doc: "" }],
        open: false,
        ..DOC
    };
    fn effect(&self) -> Effect {
        let _ = &self.query;
        Effect::Read
    }
    idle!();
}

/// Hurts something of a cluster.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kill {
    what: String,
    name: Option<String>,
}

impl Kind for Kill {
    const DOC: KindDoc =
        KindDoc { name: "kube.kill", runs: Runs::Cluster, worst: Effect::Destroy, effect_keys: &["what"], ..DOC };
    fn effect(&self) -> Effect {
        let _ = &self.name;
        if self.what == "pod" { Effect::Disrupt } else { Effect::Destroy }
    }
    fn repeats(&self) -> Repeats {
        Repeats::Reread
    }
    idle!();
}

/// Writes, and cannot look at what it wrote.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Post {
    body: String,
}

impl Kind for Post {
    const DOC: KindDoc = KindDoc { name: "post", worst: Effect::Write, may_say_read: true, ..DOC };
    fn effect(&self) -> Effect {
        let _ = &self.body;
        Effect::Write
    }
    fn repeats(&self) -> Repeats {
        Repeats::Refused("write a check that reads it")
    }
    idle!();
}

/// Makes what a manifest says.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Make {
    manifest: Json,
}

impl Kind for Make {
    const DOC: KindDoc = KindDoc {
        name: "kube.make",
        runs: Runs::Cluster,
        worst: Effect::Write,
        grafts: &["manifest"],
        readiness: true,
        ..DOC
    };
    fn effect(&self) -> Effect {
        let _ = &self.manifest;
        Effect::Write
    }
    idle!();
}
