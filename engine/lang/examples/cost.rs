//! Prints what compiling and evaluating costs here. `cargo run --release -p checkrun-lang --example cost`

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use checkrun_lang::{Known, Lang, Scope, Value};
use checkrun_model::{Field, Files, Sort};
use serde_json::json;

struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("{path} is not there"))
    }
}

static FIELDS: [Field; 6] = [
    Field { path: "status", sort: Sort::Plain, doc: "" },
    Field { path: "headers", sort: Sort::Plain, doc: "" },
    Field { path: "json", sort: Sort::Plain, doc: "" },
    Field { path: "text", sort: Sort::Plain, doc: "" },
    Field { path: "size", sort: Sort::Size, doc: "" },
    Field { path: "elapsed", sort: Sort::Duration, doc: "" },
];

const TEXTS: [&str; 7] = [
    "status == 200",
    "json.status == \"ok\"",
    "elapsed < 50ms",
    "json.items.len() == inputs.count",
    "json.items.all(|x| x.n > 0)",
    "json.items.some(|x| x.name == \"item 9\" && x.n == 9)",
    "checks.kafka-ready.count == 3",
];

/// Batches of which the fastest counts: other work on the machine only ever adds.
const BATCHES: u32 = 100;

fn measure(what: &str, rounds: u32, mut run: impl FnMut()) {
    let mut best = f64::MAX;
    for _ in 0..BATCHES {
        let start = Instant::now();
        for _ in 0..rounds / BATCHES {
            run();
        }
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(rounds / BATCHES));
    }
    println!("{what:70} {best:8.0} ns");
}

fn main() {
    let items: Vec<_> = (0..10).map(|n| json!({ "n": n + 1, "name": format!("item {n}") })).collect();
    let seen = Arc::new(
        json!({ "status": 200, "headers": { "content-type": "application/json" }, "json": { "status": "ok", "items": items }, "size": 12, "elapsed": 0.004 }),
    );
    let known =
        Known { names: ["inputs", "checks", "run"].map(String::from).to_vec(), fields: Some(&FIELDS), open: false };
    let (inputs, checks) =
        (Value::from_json(&json!({ "count": 10 })), Value::from_json(&json!({ "kafka-ready": { "count": 3 } })));
    let now = "2026-11-24T00:00:00Z".parse().unwrap_or_default();
    for text in TEXTS {
        measure(&format!("compile anew   {text}"), 2_000, || {
            let lang = Lang::new(Arc::new(NoFiles));
            let _ = black_box(lang.expr(text, &known));
        });
        let lang = Lang::new(Arc::new(NoFiles));
        let Ok(expr) = lang.expr(text, &known) else { continue };
        measure(&format!("compile again  {text}"), 20_000, || {
            let _ = black_box(lang.expr(text, &known));
        });
        measure(&format!("evaluate       {text}"), 50_000, || {
            let mut scope = Scope::default();
            scope.set("inputs", inputs.clone());
            scope.set("checks", checks.clone());
            scope.set_observation(Value::observation(Arc::clone(&seen), &FIELDS), now);
            assert!(expr.holds(&scope).is_ok());
        });
    }
}
