//! What the engine itself costs a check. Prints figures, asserts none; run by hand in a release build:
//! `cargo test --release -p checkrun-run cost -- --ignored --nocapture`.

use std::time::Instant;

use serde_json::json;

use super::probe::{Does, World};
use super::suite::{Draft, Suite, check};

/// Processor time of this process so far, threads that have ended included, in microseconds: user and system,
/// in clock ticks of 10 ms.
fn cpu() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let mut fields = stat.rsplit_once(')').unwrap().1.split_whitespace().skip(11);
    let mut ticks = || fields.next().unwrap().parse::<f64>().unwrap() * 10_000.0;
    (ticks(), ticks())
}

#[test]
#[ignore = "prints figures"]
fn trivial_checks() {
    for jobs in [1, 4, 16, 64] {
        let (world, _) = World::new(|_, _| Does::Returns(json!({"ok": true, "status": 200, "json": {"status": "ok"}})));
        let count = 20_000;
        let ids: Vec<&'static str> = (0..count).map(|at| &*format!("c{at}").leak()).collect();
        let draft =
            |id: &&'static str| Draft { expect: vec!["status == 200", "json.status == \"ok\""], ..check(id, world) };
        let mut suite = Suite::new(ids.iter().map(draft).collect());
        suite.jobs = jobs;
        let plan = suite.plan();
        let (_stop, stops) = std::sync::mpsc::channel();
        let (wall, before) = (Instant::now(), cpu());
        let ended = crate::run(plan, suite.options(), Vec::new(), stops).unwrap();
        let (wall, after) = (wall.elapsed(), cpu());
        assert_eq!(ended.exit, 0);
        let each = |ticks: f64| ticks / f64::from(count);
        let (user, system) = (each(after.0 - before.0), each(after.1 - before.1));
        println!("jobs {jobs}: {user:.1} µs user and {system:.1} µs system a check, {wall:?} for {count}");
    }
}
