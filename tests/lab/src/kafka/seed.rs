//! Makes what the brokers start from: the format's seed with the user's password in it, and a class archive that
//! halves a JVM's start. Runs Kafka's own tools; knows no cluster.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::layout::{PASSWORD, USER};
use super::manifests::{CLASS_PATH, JVM};
use crate::training::train;

/// The line with which a broker says that it has started.
const STARTED: &str = "Kafka Server started";

/// Fills `out`, where the jars lie in `libs`, using `work` for scraps.
pub fn make(java: &Path, out: &Path, work: &Path) -> Result<()> {
    let properties = work.join("single.properties");
    let data = work.join("data");
    std::fs::write(&properties, single(&data)?).context("writing the settings of a lone broker")?;
    format(java, out, &properties)?;
    std::fs::copy(data.join("bootstrap.checkpoint"), out.join("bootstrap.checkpoint")).context("keeping the seed")?;
    archive(java, out, &properties)
}

/// The settings of one broker that is its own controller.
fn single(data: &Path) -> Result<String> {
    // two at once, so that they differ
    let (one, two) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (plain, control) = (one.local_addr()?.port(), two.local_addr()?.port());
    Ok(format!(
        "process.roles=broker,controller\nnode.id=0\ncontroller.quorum.voters=0@127.0.0.1:{control}\n\
         controller.listener.names=CONTROL\ninter.broker.listener.name=PLAIN\n\
         listeners=PLAIN://127.0.0.1:{plain},CONTROL://127.0.0.1:{control}\n\
         listener.security.protocol.map=PLAIN:PLAINTEXT,CONTROL:PLAINTEXT\nlog.dirs={}\n\
         offsets.topic.replication.factor=1\nlog.cleaner.dedupe.buffer.size=4194304\nlog.cleaner.threads=1\n\
         log.index.size.max.bytes=1048576\nnum.network.threads=1\nnum.io.threads=2\nbackground.threads=2\n",
        data.display()
    ))
}

fn format(java: &Path, out: &Path, properties: &Path) -> Result<()> {
    let scram = format!("SCRAM-SHA-512=[name={USER},password={PASSWORD}]");
    let mut command = Command::new(java);
    command.current_dir(out).args(["-XX:TieredStopAtLevel=1", "-cp", CLASS_PATH, "kafka.tools.StorageTool", "format"]);
    // the identifier is not in the seed: each lab writes its own beside it
    command.args(["-t", "AAAAAAAAAAAAAAAAAAAAAQ", "-c"]).arg(properties).args(["--add-scram", &scram]);
    let done = command.output().context("starting java")?;
    if !done.status.success() {
        bail!("Kafka's StorageTool: {}", String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

/// Runs a broker once and lets the JVM keep the classes it loaded.
fn archive(java: &Path, out: &Path, properties: &Path) -> Result<()> {
    let mut command = Command::new(java);
    command.current_dir(out).args(JVM.iter().filter(|w| !w.starts_with('\'')));
    command.args(["-XX:ArchiveClassesAtExit=kafka.jsa", "-cp", CLASS_PATH, "kafka.Kafka"]).arg(properties);
    train(command, STARTED, || Ok(()), &out.join("kafka.jsa")).context("keeping the classes of a broker")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lone_broker_has_two_ports_and_its_own_disk() {
        let text = single(Path::new("/work/data")).unwrap();
        assert!(text.contains("log.dirs=/work/data\n"), "{text}");
        let ports: Vec<_> = text.lines().find(|l| l.starts_with("listeners=")).unwrap().split(',').collect();
        let port = |s: &str| s.rsplit(':').next().unwrap().to_owned();
        assert_ne!(port(ports[0]), port(ports[1]));
    }

    #[test]
    fn a_tool_that_fails_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let e = make(Path::new("/bin/false"), dir.path(), dir.path()).unwrap_err();
        assert!(e.to_string().contains("StorageTool"), "{e}");
    }
}
