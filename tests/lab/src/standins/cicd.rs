//! What the controller of GitHub's runners would say: a runner is a pod.

use serde_json::{Value, json};

use super::operator::Rule;
use super::world::{World, name};

/// The namespace of runners.
pub const RUNNERS: &str = "arc-runners";
/// The namespace of the controller and its listeners.
pub const SYSTEM: &str = "arc-systems";
/// The runners' label.
pub const RUNNER: &str = "actions.github.com/scale-set-name=lab";
const ARC: &str = "actions.github.com/v1alpha1";

/// What is told of which kind. A listener has no status: its pod is all there is.
pub const RULES: &[Rule] = &[Rule { api: ARC, kind: "AutoscalingRunnerSet", status: runners }];

/// The objects.
pub fn objects() -> Vec<Value> {
    let url = "https://github.example/lab";
    vec![
        json!({
            "apiVersion": ARC, "kind": "AutoscalingRunnerSet", "metadata": { "name": "lab", "namespace": RUNNERS },
            "spec": { "githubConfigUrl": url, "minRunners": 2, "maxRunners": 4 },
        }),
        json!({
            "apiVersion": ARC, "kind": "AutoscalingListener", "metadata": { "name": "lab-listener", "namespace": SYSTEM },
            "spec": { "githubConfigUrl": url, "autoscalingRunnerSetName": "lab", "autoscalingRunnerSetNamespace": RUNNERS },
        }),
    ]
}

fn runners(object: &Value, world: &World) -> Value {
    let label = format!("actions.github.com/scale-set-name={}", name(object));
    let pods = world.pods(RUNNERS, &label);
    let ready = world.count(RUNNERS, &label);
    let failed = pods.iter().filter(|p| p["status"]["phase"] == "Failed").count();
    let wanted = object["spec"]["minRunners"].as_u64().unwrap_or(0) as usize;
    json!({
        "currentRunners": pods.len(), "runningEphemeralRunners": ready, "failedEphemeralRunners": failed,
        "pendingEphemeralRunners": pods.len() - ready - failed,
        "phase": if ready >= wanted { "Running" } else { "Pending" },
    })
}

#[cfg(test)]
mod tests {
    use super::super::world::tests::pod;
    use super::*;

    #[test]
    fn each_runner_counts_once() {
        let (key, value) = RUNNER.split_once('=').unwrap();
        let mut failed = pod(RUNNERS, "c", (key, value), false);
        failed["status"]["phase"] = json!("Failed");
        let pods = vec![pod(RUNNERS, "a", (key, value), true), pod(RUNNERS, "b", (key, value), false), failed];
        let status = runners(&objects()[0], &World { pods, ..World::default() });
        let numbers =
            ["currentRunners", "runningEphemeralRunners", "pendingEphemeralRunners", "failedEphemeralRunners"];
        assert_eq!(numbers.map(|n| status[n].as_u64().unwrap()), [3, 1, 1, 1]);
        assert_eq!(status["phase"], "Pending");
    }
}
