//! A sandbox Kafka and its registry to try clients against: prints where it is, takes orders on its input until that ends.
//!
//! `cargo run -p checkrun-sandbox --example kafka`, then `down 1`, `up 1`, `stop 1`, `pause 1`, `lose orders-*`, `slow 200`,
//! `full 1`, `status`.

use std::error::Error;
use std::io::BufRead;
use std::time::Duration;

use checkrun_sandbox::authority::Authority;
use checkrun_sandbox::clock::Clock;
use checkrun_sandbox::kafka::{Config, Kafka, Listener, Mechanism, User};
use checkrun_sandbox::registry::{self, Registry};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let authority = Authority::new("sandbox")?;
    let server = || authority.server(&names);
    let user = |mechanism| User { name: "user".into(), password: "sandbox".into(), mechanism };
    let users = [Mechanism::Plain, Mechanism::ScramSha256, Mechanism::ScramSha512].map(user).to_vec();
    let listeners = vec![
        Listener::plain("plain"),
        Listener::tls("tls", server()?, None),
        Listener::tls("mtls", server()?, Some(authority.pem().to_owned())),
        Listener { users: users.clone(), ..Listener::tls("sasl", server()?, None) },
        Listener { users, ..Listener::plain("sasl-plain") },
    ];
    let names: Vec<String> = listeners.iter().map(|listener| listener.name.clone()).collect();
    let kafka = Kafka::start(Config { listeners, ..Config::default() }, Clock::new(1.0)).await?;
    for name in names {
        println!("{name} {}", kafka.bootstrap(&name)?);
    }
    let registry = Registry::start(registry::Config::default()).await?;
    println!("registry {}", registry.url());
    if let Some(folder) = std::env::args().nth(1) {
        let client = authority.client("client")?;
        let files = [("ca.pem", authority.pem()), ("client.pem", &client.certificate), ("client.key", &client.key)];
        for (file, text) in files {
            std::fs::write(std::path::Path::new(&folder).join(file), text)?;
        }
    }
    tokio::task::spawn_blocking(move || orders(&kafka)).await?;
    Ok(())
}

fn orders(kafka: &Kafka) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (order, what) = line.split_once(' ').unwrap_or((&line, ""));
        let broker = what.parse().unwrap_or(-1);
        let done = match order {
            "down" => kafka.broker_down(broker),
            "stop" => kafka.broker_stop(broker),
            "up" => kafka.broker_up(broker),
            "pause" => kafka.broker_pause(broker),
            "full" => kafka.disk_full(broker, true),
            "lose" => {
                kafka.lose(&[what]);
                Ok(())
            }
            "slow" => {
                kafka.slow(Duration::from_millis(what.parse().unwrap_or(0)));
                Ok(())
            }
            _ => {
                println!("{:#?}\n{:#?}", kafka.status(), kafka.groups());
                Ok(())
            }
        };
        println!("{}", done.map_or_else(|why| why.to_string(), |()| "done".into()));
    }
}
