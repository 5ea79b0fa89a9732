//! How PostgreSQL and pgbouncer are set up and started, and how a client of theirs is. It breaks nothing.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::recipe;
use crate::cx::LabCx;
use crate::machine::process::{NOBODY, Process, Start};

/// The user, who may do everything.
pub const USER: &str = "checkrun";
/// Its password. A lab on loopback keeps no secrets.
pub const PASSWORD: &str = "checkrun-lab";
/// The database that is there from the start.
pub const DATABASE: &str = "postgres";
/// pgbouncer's own database, its console.
pub const CONSOLE: &str = "pgbouncer";
/// How many clients pgbouncer takes.
pub const CLIENTS: usize = 12;
/// How many connections to PostgreSQL it opens for a database and user.
pub const POOL: usize = 3;
/// What the names of clients begin with that only hold connections.
pub const HOLDER: &str = "holder-";
/// How long one answer may take.
const ANSWER: Duration = Duration::from_secs(10);

/// What knows where everything is.
#[derive(Debug, Clone)]
pub struct Site {
    /// The entry of the cache.
    pub entry: PathBuf,
    /// The part's folder.
    pub dir: PathBuf,
    /// PostgreSQL's port on loopback.
    pub postgres: u16,
    /// pgbouncer's.
    pub pgbouncer: u16,
}

impl Site {
    /// The part's, the same each time.
    pub fn of(cx: &LabCx) -> Result<Self> {
        Ok(Self {
            entry: cx.made(&recipe::programs())?,
            dir: cx.dir()?,
            postgres: cx.port("postgres")?,
            pgbouncer: cx.port("pgbouncer")?,
        })
    }

    fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    /// Makes an empty database cluster.
    pub async fn init(&self, cx: &LabCx) -> Result<()> {
        let (data, secret) = (self.data(), self.dir.join("password"));
        fs::create_dir_all(&data).with_context(|| format!("making {}", data.display()))?;
        chown(&data, Some(NOBODY), Some(NOBODY)).context("giving the data's folder away")?;
        fs::write(&secret, PASSWORD).context("writing the password")?;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).context("hiding the password")?;
        let start = Start::new("initdb", recipe::program(&self.entry, "initdb")?)
            .args(["--auth=scram-sha-256", "--no-sync", "--locale=C", "--encoding=UTF8", "-U", USER])
            .arg(format!("--pwfile={}", secret.display()))
            .arg("-D")
            .arg(&data);
        let init = cx.spawn(start.unprivileged())?;
        tokio::time::timeout(super::part::LIMIT, init.ended()).await.context("initdb does not end")?;
        let made = data.join("PG_VERSION").is_file() && data.join("global/pg_control").is_file();
        ensure!(made, "initdb failed: {:#}", init.trouble().err().unwrap_or_else(|| anyhow::anyhow!("it runs")));
        cx.dismiss(&init, ANSWER).await
    }

    /// Starts PostgreSQL.
    pub fn postgres(&self, cx: &LabCx) -> Result<Process> {
        let start = Start::new("postgres", recipe::program(&self.entry, "postgres")?)
            .args(["-p", &self.postgres.to_string(), "-k", "", "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "fsync=off", "-c", "shared_buffers=32MB", "-c", "jit=off", "-D"])
            .arg(self.data());
        cx.spawn(start.unprivileged())
    }

    /// Starts pgbouncer.
    pub fn bouncer(&self, cx: &LabCx) -> Result<Process> {
        let (settings, users) = (self.dir.join("pgbouncer.ini"), self.dir.join("users.txt"));
        fs::write(&users, format!("\"{USER}\" \"{PASSWORD}\"\n")).context("writing pgbouncer's users")?;
        fs::write(&settings, self.settings(&users)).context("writing pgbouncer's settings")?;
        cx.spawn(Start::new("pgbouncer", recipe::pgbouncer(&self.entry)).arg(settings).unprivileged())
    }

    fn settings(&self, users: &Path) -> String {
        format!(
            "[databases]\n* = host=127.0.0.1 port={}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {}\n\
             unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {}\nadmin_users = {USER}\n\
             pool_mode = transaction\nmax_client_conn = {CLIENTS}\ndefault_pool_size = {POOL}\n\
             query_wait_timeout = 10\nserver_connect_timeout = 2\nserver_login_retry = 1\n",
            self.postgres,
            self.pgbouncer,
            users.display()
        )
    }

    /// The words of psql for `database` at `port`.
    fn words(&self, port: u16, database: &str) -> [String; 7] {
        let port = port.to_string();
        ["-X", "-At", "-h", "127.0.0.1", "-p", &port, database].map(str::to_owned)
    }

    /// Runs one statement with psql and returns what it printed.
    pub fn ask(&self, port: u16, database: &str, sql: &str) -> Result<String> {
        let mut command = Command::new(recipe::program(&self.entry, "psql")?);
        command.args(self.words(port, database)).args(["-U", USER, "-c", sql]);
        command.env("PGPASSWORD", PASSWORD).env("PGCONNECT_TIMEOUT", ANSWER.as_secs().to_string());
        let out = command.output().context("starting psql")?;
        ensure!(out.status.success(), "psql: {}", String::from_utf8_lossy(&out.stderr).trim());
        Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned())
    }

    /// Starts a client that keeps its connection to pgbouncer: idle, or in the middle of a transaction.
    pub fn holder(&self, cx: &LabCx, number: usize, in_transaction: bool) -> Result<Process> {
        let script = self.dir.join(if in_transaction { "transaction.sql" } else { "idle.sql" });
        let begin = if in_transaction { "begin;\n" } else { "" };
        // psql asks once and then sleeps with its connection open
        fs::write(&script, format!("{begin}select 1 \\watch 86400\n")).context("writing a script")?;
        let start = Start::new(&format!("{HOLDER}{number}"), recipe::program(&self.entry, "psql")?)
            .args(self.words(self.pgbouncer, DATABASE))
            .args(["-U", USER, "-f"])
            .arg(script);
        cx.spawn(start.env("PGPASSWORD", PASSWORD))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pgbouncer_leads_to_postgresql_and_nowhere_else() {
        let site = Site { entry: "/e".into(), dir: "/d".into(), postgres: 1, pgbouncer: 2 };
        let text = site.settings(Path::new("/d/users.txt"));
        assert!(text.contains("* = host=127.0.0.1 port=1\n") && text.contains("listen_port = 2\n"), "{text}");
        assert!(text.contains("listen_addr = 127.0.0.1\nlisten_port"), "{text}");
    }
}
