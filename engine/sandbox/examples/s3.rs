//! A sandbox S3 to try clients against: prints where it is, takes orders on its input until that ends.
//!
//! `cargo run -p checkrun-sandbox --example s3`, then `down`, `hangs`, `broken`, `refuses-keys`, `denies`, `up`, `slow 200`,
//! `gone`, `there`, `list`. With a folder as argument it speaks TLS, and leaves its authority's certificate there.

use std::error::Error;
use std::io::BufRead;
use std::time::Duration;

use checkrun_sandbox::authority::Authority;
use checkrun_sandbox::clock::Clock;
use checkrun_sandbox::kube::tls;
use checkrun_sandbox::s3::{Config, Credential, May, S3, Trouble};

const BUCKET: &str = "bucket";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let own = Credential { access_key: "access".into(), secret_key: "secret".into(), may: May::Write };
    let mut config = Config { credentials: vec![own], ..Config::default() };
    if let Some(folder) = std::env::args().nth(1) {
        let authority = Authority::new("sandbox")?;
        config.tls = Some(tls(&authority.server(&["127.0.0.1".to_owned()])?)?);
        std::fs::write(std::path::Path::new(&folder).join("ca.pem"), authority.pem())?;
    }
    let s3 = S3::start(config, Clock::new(1.0)).await?;
    s3.make(BUCKET);
    println!("url {}\nbucket {BUCKET}\naccess_key access\nsecret_key secret", s3.url());
    tokio::task::spawn_blocking(move || orders(&s3)).await?;
    Ok(())
}

fn orders(s3: &S3) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (order, what) = line.split_once(' ').unwrap_or((&line, ""));
        match order {
            "up" => s3.set(None),
            "down" => s3.set(Some(Trouble::Down)),
            "hangs" => s3.set(Some(Trouble::Hangs)),
            "broken" => s3.set(Some(Trouble::Broken)),
            "refuses-keys" => s3.set(Some(Trouble::RefusesKeys)),
            "denies" => s3.set(Some(Trouble::Denies)),
            "slow" => s3.slow(Duration::from_millis(what.parse().unwrap_or(0))),
            "gone" => s3.unmake(BUCKET),
            "there" => s3.make(BUCKET),
            _ => println!("{:#?}", s3.buckets()),
        }
        println!("done");
    }
}
