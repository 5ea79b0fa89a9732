//! What an API server answers, as a list of cases, and one runner for them: against the sandbox, or against the real
//! server that `KUBE_CONFORMANCE_KUBECONFIG` names (by a kubeconfig whose user may do everything). Every case makes a
//! namespace of its own and takes away what it made.

mod case;
mod expect;
mod server;

use case::Case;

/// All cases, by file.
const FILES: [(&str, &str); 11] = [
    ("objects", include_str!("cases/objects.yaml")),
    ("lists", include_str!("cases/lists.yaml")),
    ("watches", include_str!("cases/watches.yaml")),
    ("patches", include_str!("cases/patches.yaml")),
    ("apply", include_str!("cases/apply.yaml")),
    ("deletion", include_str!("cases/deletion.yaml")),
    ("definitions", include_str!("cases/definitions.yaml")),
    ("validation", include_str!("cases/validation.yaml")),
    ("pods", include_str!("cases/pods.yaml")),
    ("rights", include_str!("cases/rights.yaml")),
    ("discovery", include_str!("cases/discovery.yaml")),
];

#[tokio::test(flavor = "multi_thread")]
async fn every_case_is_answered_as_it_says() {
    let server = server::Server::start().await;
    let only = std::env::var("KUBE_CONFORMANCE_ONLY").unwrap_or_default();
    let (mut count, mut failed) = (0, Vec::new());
    for (file, text) in FILES {
        let cases: Vec<Case> = serde_yaml::from_str(text).unwrap_or_else(|why| panic!("{file}: {why}"));
        for case in cases.iter().filter(|case| case.name.contains(&only)) {
            count += 1;
            if let Err(why) = case.run(&server).await {
                failed.push(format!("{file}: {}\n    {why}", case.name));
            }
        }
    }
    println!("{count} cases against {}", server.called);
    assert!(failed.is_empty(), "{} of {count} cases:\n{}", failed.len(), failed.join("\n"));
}
