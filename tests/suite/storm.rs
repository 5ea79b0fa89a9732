//! Runs ended at random moments by SIGINT, SIGTERM and SIGKILL on the lab's real servers: nothing of a run is left,
//! nothing else is touched. What there is, is listed from the servers' side, by kubectl, kcat and plain HTTP.
//!
//! Runs where `CHECKRUN_LAB_TARGET` says that a lab is up. `STORM_SEED` repeats a storm.

use std::process::{Child, Command};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::support::lab::Lab;
use crate::support::{Folder, Ran};

/// Runs that are asked to stop, and runs that are killed.
const ASKED: usize = 50;
const KILLED: usize = 10;
/// How many go on at once: each has names of its own, and waits for servers most of the time.
const LANES: usize = 5;

/// Objects, a patch, a topic with messages, a subject with clean-up of its own; then a while of standing still.
const SUITE: &str = r#"checks:
  - id: space
    kube.apply: { manifest: { apiVersion: v1, kind: Namespace, metadata: { name: "storm-{{ run.id }}" } } }
  - id: things
    foreach: { n: [one, two, three, four, five, six] }
    needs: [space]
    kube.apply:
      manifest: { apiVersion: v1, kind: ConfigMap, metadata: { name: "thing-{{ n }}", namespace: "storm-{{ run.id }}" }, data: { n: "{{ n }}" } }
  - id: patched
    kube.patch: { kind: ConfigMap, namespace: default, name: storm-LANE, merge: { data: { owner: "{{ run.id }}" } } }
  - id: topic
    kafka.topic: { name: "storm-{{ run.id }}", partitions: 3, replication_factor: 3 }
    save: { name: name }
  - id: messages
    kafka.produce: { topic: "{{ checks.topic.name }}", messages: 50 }
  - id: subject
    endpoint: registry
    http: { method: POST, path: "/subjects/storm-{{ run.id }}/versions", json: { schema: '{"type":"string"}' } }
    cleanup:
      - http: { method: DELETE, path: "/subjects/storm-{{ run.id }}", status: [200, 404] }
      - http: { method: DELETE, path: "/subjects/storm-{{ run.id }}?permanent=true", status: [200, 404] }
  - id: stands
    needs: [things, patched, messages, subject]
    kube.list: { kind: ConfigMap, namespace: "storm-{{ run.id }}" }
    expect:
      - items.len() >= 6
    holds_for: 1500ms
"#;

const ROOT: &str = "suite: s\ndefaults: { cluster: apps, timeout: 30s }\n";

/// What must not be there before.
const TAKEN: &str = r#"checks:
  - id: object
    kube.apply: { manifest: { apiVersion: v1, kind: ConfigMap, metadata: { name: storm-0, namespace: default }, data: { owner: thief } } }
  - id: topic
    kafka.topic: { name: TOPIC, partitions: 1, replication_factor: 3 }
"#;

#[test]
fn a_run_that_is_stopped_or_killed_leaves_nothing_and_touches_nothing() {
    let Some(lab) = Lab::find() else {
        println!("left out: no lab is up (CHECKRUN_LAB_TARGET)");
        return;
    };
    let seed = std::env::var("STORM_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(fresh_seed);
    println!("storm: STORM_SEED={seed}");
    for lane in 0..LANES {
        let name = format!("storm-{lane}");
        lab.kubectl(&["delete", "configmap", &name, "-n", "default", "--ignore-not-found"]);
        lab.kubectl(&["create", "configmap", &name, "-n", "default", "--from-literal=owner=nobody"]);
    }
    let before = lab.everything();
    let lanes: Vec<Lane> = (0..LANES).map(|lane| Lane::new(lane, seed)).collect();
    let spans = side_by_side(&lanes, |lane| lane.whole(&lab));
    println!("storm: {LANES} runs at once take {spans:.1?}; signals come within that time");
    let codes = side_by_side(&lanes, |lane| lane.asked(&lab, ASKED / LANES, spans[lane.number]));
    let codes: Vec<i32> = codes.into_iter().flatten().collect();
    lab.nothing_is_left(&before, "after SIGINT and SIGTERM");
    let stopped = codes.iter().filter(|code| **code == 130).count();
    assert!(stopped * 2 > codes.len(), "most signals come while the run is under way: {codes:?}");
    side_by_side(&lanes, |lane| lane.killed(&lab, KILLED / LANES, spans[lane.number]));
    lab.nothing_is_left(&before, "after SIGKILL and cleanup");
    println!("storm: {} runs, {stopped} of them stopped with 130; {KILLED} killed and cleaned up", codes.len());

    let topic = lab.topics().into_iter().find(|name| !name.starts_with('_')).unwrap();
    let taken = Folder::with(&TAKEN.replace("TOPIC", &topic)).file("s/suite.yaml", ROOT);
    let ran = taken.checkrun(&format!("s --target {}", lab.target));
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(ran.out.contains("2 error") || ran.out.contains("2 failed"), "neither is taken over: {}", ran.all());
    lab.nothing_is_left(&before, "after refusing what was there before");
    for lane in 0..LANES {
        lab.kubectl(&["delete", "configmap", &format!("storm-{lane}"), "-n", "default"]);
    }
}

/// What `work` answers for each lane, all at once.
fn side_by_side<T: Send>(lanes: &[Lane], work: impl Fn(&Lane) -> T + Sync) -> Vec<T> {
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> = lanes.iter().map(|lane| scope.spawn(move || work(lane))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

/// Runs that come one after the other, in a folder of their own and with an object of their own to patch.
struct Lane {
    number: usize,
    folder: Folder,
    random: Mutex<Random>,
}

impl Lane {
    fn new(number: usize, seed: u64) -> Self {
        let folder = Folder::with(&SUITE.replace("LANE", &number.to_string())).file("s/suite.yaml", ROOT);
        Self { number, folder, random: Mutex::new(Random(seed.wrapping_add(number as u64))) }
    }

    /// How long a run takes that nobody interrupts: signals come before, in and after everything it does.
    fn whole(&self, lab: &Lab) -> Duration {
        let start = Instant::now();
        let ran = self.folder.checkrun(&format!("s --target {}", lab.target));
        assert_eq!(ran.code, 0, "{}", ran.all());
        start.elapsed()
    }

    /// The exit codes of runs that are asked to stop.
    fn asked(&self, lab: &Lab, runs: usize, span: Duration) -> Vec<i32> {
        let run = |at: usize| {
            let signal = if at.is_multiple_of(2) { "INT" } else { "TERM" };
            let ran = self.interrupted(lab, signal, span);
            // A signal in the first milliseconds meets a program that only reads, and ends it as any other.
            let before_all = ran.code == -1 && ran.out.is_empty() && ran.err.is_empty();
            assert!(before_all || [0, 130].contains(&ran.code), "{signal}: {}", ran.all());
            ran.code
        };
        (0..runs).map(run).collect()
    }

    fn killed(&self, lab: &Lab, runs: usize, span: Duration) {
        for _ in 0..runs {
            self.interrupted(lab, "KILL", span);
            if self.folder.checkrun("report last").code != 2 {
                let cleaned = self.folder.checkrun("cleanup last");
                assert_eq!(cleaned.code, 0, "{}", cleaned.all());
            }
        }
    }

    fn interrupted(&self, lab: &Lab, signal: &str, span: Duration) -> Ran {
        let child = self.folder.start(&format!("s --target {}", lab.target));
        let after = self.random.lock().unwrap().below(span);
        std::thread::sleep(after);
        send(&child, signal);
        Ran::from(child.wait_with_output().unwrap())
    }
}

/// A run that has ended by itself is not waited for yet, so its number is still its own.
fn send(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

fn fresh_seed() -> u64 {
    std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(1, |since| since.as_nanos() as u64)
}

/// Random numbers that a seed repeats (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, span: Duration) -> Duration {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        Duration::from_micros((mixed ^ (mixed >> 31)) % span.as_micros() as u64)
    }
}
