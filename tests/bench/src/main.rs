//! Times checkrun beside its peers: whole commands, alternating round by round, medians and ratios.
//!
//! `bench startup|http|trivial|plan|faults|all`, with `CHECKRUN`, `HURL` and `GOSS` naming the programs and
//! `ROUNDS` the number of rounds (7). A peer that is not named is left out, and the table says so.
//! `bench sizes` measures the source instead.

mod faults;
mod measure;
mod server;
mod sizes;
mod suites;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use measure::{Contender, compare};

fn main() -> ExitCode {
    let what = std::env::args().nth(1).unwrap_or_else(|| "all".into());
    match run(&what) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(what: &str) -> Result<(), String> {
    if what == measure::ONE {
        return measure::one(&std::env::args_os().skip(2).collect::<Vec<_>>());
    }
    if what == "sizes" {
        return sizes::print(Path::new("."));
    }
    let bench = Bench::new()?;
    let all = what == "all";
    if !["all", "startup", "http", "trivial", "plan", "faults"].contains(&what) {
        return Err(format!("`{what}` is not one of startup, http, trivial, plan, faults, all, sizes"));
    }
    if all || what == "startup" {
        bench.startup()?;
    }
    if all || what == "http" {
        bench.http()?;
    }
    if all || what == "trivial" {
        bench.trivial()?;
    }
    if all || what == "plan" {
        bench.plan()?;
    }
    if all || what == "faults" {
        faults::play(&bench.checkrun, &bench.work.path().join("runs"))?;
    }
    Ok(())
}

/// So many times the rounds go into a figure that is compared with nothing beside it: whoever shares the processor
/// takes a third of its speed for a second or two, and a median must outlast that.
const SPREAD: usize = 15;

struct Bench {
    checkrun: PathBuf,
    hurl: Option<PathBuf>,
    goss: Option<PathBuf>,
    rounds: usize,
    work: tempfile::TempDir,
}

impl Bench {
    fn new() -> Result<Self, String> {
        let path = |name: &str| std::env::var_os(name).map(PathBuf::from);
        Ok(Self {
            checkrun: path("CHECKRUN").ok_or("set CHECKRUN to the release binary")?,
            hurl: path("HURL"),
            goss: path("GOSS"),
            rounds: std::env::var("ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(7),
            work: tempfile::tempdir().map_err(|error| error.to_string())?,
        })
    }

    fn dir(&self, name: &str) -> Result<PathBuf, String> {
        let dir = self.work.path().join(name);
        std::fs::create_dir_all(&dir).map_err(|error| error.to_string())?;
        Ok(dir)
    }

    fn suite_run(&self, suite: &Path) -> Contender {
        let out = self.work.path().join("runs");
        Contender::new("checkrun", &self.checkrun).arg("run").arg(suite).arg("--out").arg(&out)
    }

    fn startup(&self) -> Result<(), String> {
        let mut contenders = vec![Contender::new("checkrun", &self.checkrun).arg("--version")];
        contenders.extend(self.hurl.as_ref().map(|hurl| Contender::new("hurl", hurl).arg("--version")));
        compare("start-up (--version)", &contenders, self.rounds * 3, || ())
    }

    fn http(&self) -> Result<(), String> {
        let server = server::start().map_err(|error| error.to_string())?;
        for (layout, files) in [("one file", 1), ("500 files", 500)] {
            let ours = self.dir(&format!("http-{files}"))?;
            suites::http(&ours, 500, files, server.port)?;
            let mut contenders = vec![self.suite_run(&ours)];
            if let Some(hurl) = &self.hurl {
                let theirs = self.dir(&format!("hurl-{files}"))?;
                suites::hurl(&theirs, 500, files, server.port)?;
                contenders.push(Contender::new("hurl", hurl).arg("--test").arg("--no-color").args_of(&theirs)?);
            }
            let asked = server.requests();
            compare(&format!("500 GET + JSON, {layout}"), &contenders, self.rounds, || ())?;
            let runs = (self.rounds + 1) * contenders.len();
            println!("  requests counted by the server: {} in {runs} runs", server.requests() - asked);
        }
        Ok(())
    }

    fn trivial(&self) -> Result<(), String> {
        let mut ours_of = Vec::new();
        for count in [1, 500, 5000] {
            let ours = self.dir(&format!("trivial-{count}"))?;
            suites::trivial(&ours, count)?;
            let mut contenders = vec![self.suite_run(&ours)];
            if let Some(goss) = &self.goss {
                let file = self.dir(&format!("goss-{count}"))?.join("goss.yaml");
                suites::goss(&file, count)?;
                contenders.push(Contender::new("goss", goss).arg("-g").arg(&file).arg("validate"));
            }
            compare(&format!("{count} trivial checks"), &contenders, self.rounds, || ())?;
            ours_of.push(contenders.swap_remove(0));
        }
        let (one, all) = measure::median_cpu(&ours_of[0], &ours_of[2], self.rounds * SPREAD)?;
        let each = (all - one) / 4999.0 * 1e6;
        println!("  engine CPU a check = (CPU of 5,000 - CPU of 1) / 4,999 = {each:.1} µs");
        Ok(())
    }

    fn plan(&self) -> Result<(), String> {
        let suite = self.dir("plan")?;
        suites::generated(&suite, 5000)?;
        let validate = Contender::new("validate", &self.checkrun).arg("validate").arg(&suite);
        let plan = Contender::new("plan", &self.checkrun).arg("plan").arg(&suite);
        compare("5,000 generated checks", &[validate, plan], self.rounds, || ())
    }
}
