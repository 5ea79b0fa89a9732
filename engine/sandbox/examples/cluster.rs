//! One cluster of the sandbox, served over TLS until the input ends: writes a kubeconfig to the file that is named.
//! `cargo run -p checkrun-sandbox --example cluster -- /tmp/kubeconfig objects.yaml…`

use checkrun_sandbox::authority::Authority;
use checkrun_sandbox::clock::Clock;
use checkrun_sandbox::kube::{Cluster, tls};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let kubeconfig = arguments.next().ok_or("name a file for the kubeconfig")?;
    let cluster = Cluster::new("sandbox", Clock::new(1.0));
    for file in arguments {
        let text = std::fs::read_to_string(file)?;
        let documents = serde_yaml::Deserializer::from_str(&text).map(serde::Deserialize::deserialize);
        cluster.put_all(documents.collect::<Result<Vec<serde_json::Value>, serde_yaml::Error>>()?)?;
    }
    cluster.user("admin", "admin", &["system:masters"]);
    let authority = Authority::new("sandbox")?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("https://{}", listener.local_addr()?);
    let _served = cluster.serve(listener, Some(tls(&authority.server(&["127.0.0.1".to_owned()])?)?));
    std::fs::write(&kubeconfig, cluster.kubeconfig(&url, Some(authority.pem()), "admin"))?;
    println!("{url}");
    tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink())).await??;
    Ok(())
}
