//! An S3 as clients see it: signed requests over real sockets.

mod client;
mod objects;
mod operations;
mod tools;
mod troubles;
mod uploads;
mod world;

use client::Client;

use super::{Config, Credential, May, S3};
use crate::clock::Clock;

/// An S3 with the bucket `backups`, and a client who may do everything.
async fn s3() -> (S3, Client) {
    let s3 = S3::start(config(), Clock::new(1.0)).await.unwrap();
    s3.make("backups");
    let client = Client::new(&s3.url(), "writer", "secret");
    (s3, client)
}

fn config() -> Config {
    let credential = |access: &str, secret: &str, may| Credential {
        access_key: access.to_owned(),
        secret_key: secret.to_owned(),
        may,
    };
    let credentials = vec![credential("writer", "secret", May::Write), credential("reader", "other", May::Read)];
    Config { credentials, ..Config::default() }
}
