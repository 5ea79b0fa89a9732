//! Clients prove who they are: PLAIN and SCRAM, by the SASL crate. Passwords are kept as they were configured and
//! leave this process by no way.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use kafka_protocol::ResponseError as Code;
use kafka_protocol::messages as m;
use kafka_protocol::protocol::Decodable;
use m::RequestHeader;
use rsasl::callback::{Context, Request, SessionCallback, SessionData};
use rsasl::mechanisms::scram::properties::ScramStoredPassword;
use rsasl::mechanisms::scram::tools::{derive_keys, hash_password};
use rsasl::mechname::Mechname;
use rsasl::prelude::{SASLConfig, SASLServer, Session as Exchanging, SessionError, State};
use rsasl::property::{AuthId, Password};
use rsasl::validate::{Validate, Validation, ValidationError};
use sha2::digest::Output;
use sha2::{Digest, Sha256, Sha512};

use super::{Answer, Session, text, written};
use crate::kafka::config::{Mechanism, User};

/// So often a password is hashed, as Kafka's least.
const ITERATIONS: u32 = 4096;
const SALT: &[u8] = b"checkrun-sandbox";

/// What is kept of a user's password.
enum Secret {
    Plain(String),
    /// Stored key and server key.
    Scram(Vec<u8>, Vec<u8>),
}

/// Who may use a listener, by mechanism and name.
pub(in crate::kafka) struct Users {
    known: BTreeMap<(Mechanism, String), Secret>,
}

impl Users {
    /// These users.
    pub(in crate::kafka) fn new(users: &[User]) -> Self {
        let one = |user: &User| {
            let secret = match user.mechanism {
                Mechanism::Plain => Secret::Plain(user.password.clone()),
                Mechanism::ScramSha256 => sha256(&user.password),
                Mechanism::ScramSha512 => sha512(&user.password),
            };
            ((user.mechanism, user.name.clone()), secret)
        };
        Self { known: users.iter().map(one).collect() }
    }

    /// Whether this is the user's password.
    fn is_password(&self, user: &str, password: &[u8]) -> bool {
        let known = self.known.get(&(Mechanism::Plain, user.to_owned()));
        matches!(known, Some(Secret::Plain(known)) if known.as_bytes() == password)
    }

    /// Whether anybody may come without saying who.
    pub(in crate::kafka) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// The mechanisms that some user has.
    fn mechanisms(&self) -> Vec<Mechanism> {
        let mut all: Vec<Mechanism> = self.known.keys().map(|(mechanism, _)| *mechanism).collect();
        all.dedup();
        all
    }
}

fn sha256(password: &str) -> Secret {
    let mut salted = Output::<Sha256>::default();
    hash_password::<Sha256>(password.as_bytes(), ITERATIONS, SALT, &mut salted);
    let (client, server) = derive_keys::<Sha256>(&salted);
    Secret::Scram(Sha256::digest(client).to_vec(), server.to_vec())
}

fn sha512(password: &str) -> Secret {
    let mut salted = Output::<Sha512>::default();
    hash_password::<Sha512>(password.as_bytes(), ITERATIONS, SALT, &mut salted);
    let (client, server) = derive_keys::<Sha512>(&salted);
    Secret::Scram(Sha512::digest(client).to_vec(), server.to_vec())
}

/// An exchange that has begun.
pub(super) type Exchange = Exchanging<Proven>;

/// Whether a client has proven who it is.
pub(super) struct Proven;

impl Validation for Proven {
    type Value = bool;
}

/// Looks users up while an exchange goes on.
struct Book {
    users: Arc<Users>,
    mechanism: Mechanism,
}

impl SessionCallback for Book {
    fn callback(&self, _: &SessionData, context: &Context<'_>, request: &mut Request<'_>) -> Result<(), SessionError> {
        let user = context.get_ref::<AuthId>().unwrap_or_default();
        if let Some(Secret::Scram(stored, server)) = self.users.known.get(&(self.mechanism, user.to_owned())) {
            request.satisfy::<ScramStoredPassword<'_>>(&ScramStoredPassword::new(ITERATIONS, SALT, stored, server))?;
        }
        Ok(())
    }

    fn validate(
        &self,
        _: &SessionData,
        context: &Context<'_>,
        validate: &mut Validate<'_>,
    ) -> Result<(), ValidationError> {
        let user = context.get_ref::<AuthId>().unwrap_or_default();
        let proven = match self.mechanism {
            Mechanism::Plain => {
                context.get_ref::<Password>().is_some_and(|password| self.users.is_password(user, password))
            }
            // It is asked only when the proof was right.
            Mechanism::ScramSha256 | Mechanism::ScramSha512 => true,
        };
        validate.with::<Proven, _>(|| Ok(proven))?;
        Ok(())
    }
}

impl Session {
    /// A client says how it proves who it is.
    pub(super) fn handshake(&mut self, header: &RequestHeader, frame: &mut Bytes) -> Answer {
        let version = header.request_api_version;
        let Ok(request) = m::SaslHandshakeRequest::decode(frame, version) else { return Answer::Close };
        let offered = self.inside().users.mechanisms();
        let chosen = offered.iter().find(|one| one.word() == &*request.mechanism);
        let error = match chosen.and_then(|mechanism| begun(&self.inside().users, *mechanism)) {
            _ if offered.is_empty() => Code::IllegalSaslState.code(),
            // What follows after version 0 is not in the protocol's frames.
            _ if version == 0 => Code::UnsupportedVersion.code(),
            None => Code::UnsupportedSaslMechanism.code(),
            Some(exchange) => {
                self.exchange = Some(exchange);
                0
            }
        };
        let words = offered.into_iter().map(|mechanism| text(mechanism.word())).collect();
        let answer = m::SaslHandshakeResponse::default().with_error_code(error).with_mechanisms(words);
        written(header, version, &answer).map_or(Answer::Close, Answer::Reply)
    }

    /// A client goes on to prove who it is.
    pub(super) fn authenticate(&mut self, header: &RequestHeader, frame: &mut Bytes) -> Answer {
        let version = header.request_api_version;
        let Ok(request) = m::SaslAuthenticateRequest::decode(frame, version) else { return Answer::Close };
        let Some(mut exchange) = self.exchange.take() else { return Answer::Close };
        let mut said = Vec::new();
        let state = exchange.step(Some(&request.auth_bytes), &mut said);
        let proven = exchange.validation() == Some(true);
        let answer = m::SaslAuthenticateResponse::default().with_auth_bytes(said.into());
        match state {
            Ok(State::Running) => self.exchange = Some(exchange),
            Ok(State::Finished(_)) if proven => self.trusted = true,
            Ok(State::Finished(_)) | Err(_) => {
                let why = "Authentication failed: user and password do not fit";
                let answer = answer.with_error_code(Code::SaslAuthenticationFailed.code());
                let answer = answer.with_error_message(Some(text(why))).with_auth_bytes(Bytes::new());
                return written(header, version, &answer).map_or(Answer::Close, Answer::Last);
            }
        }
        written(header, version, &answer).map_or(Answer::Close, Answer::Reply)
    }
}

fn begun(users: &Arc<Users>, mechanism: Mechanism) -> Option<Exchange> {
    let book = Book { users: Arc::clone(users), mechanism };
    let config = SASLConfig::builder().with_defaults().with_callback(book).ok()?;
    SASLServer::<Proven>::new(config).start_suggested(Mechname::parse(mechanism.word().as_bytes()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use rsasl::prelude::SASLClient;

    use super::*;

    /// Whether a client that knows this user and password is let in.
    fn let_in(mechanism: Mechanism, user: &str, password: &str) -> bool {
        let known = User { name: "user".into(), password: "pencil".into(), mechanism };
        let mut server = begun(&Arc::new(Users::new(&[known])), mechanism).unwrap();
        let config = SASLConfig::with_credentials(None, user.into(), password.into()).unwrap();
        let name = Mechname::parse(mechanism.word().as_bytes()).unwrap();
        let mut client = SASLClient::new(config).start_suggested(&[name]).unwrap();
        let (mut said, mut from_client) = (Vec::new(), Vec::new());
        client.step(None, &mut from_client).unwrap();
        loop {
            said.clear();
            let state = server.step(Some(&from_client), &mut said);
            match state {
                Ok(State::Running) => {}
                Ok(State::Finished(_)) => return server.validation() == Some(true),
                Err(_) => return false,
            }
            from_client.clear();
            client.step(Some(&said), &mut from_client).unwrap();
        }
    }

    #[test]
    fn who_knows_the_password_is_let_in() {
        for mechanism in [Mechanism::Plain, Mechanism::ScramSha256] {
            assert!(let_in(mechanism, "user", "pencil"), "{mechanism:?}");
            assert!(!let_in(mechanism, "user", "pen"), "{mechanism:?}");
            assert!(!let_in(mechanism, "nobody", "pencil"), "{mechanism:?}");
        }
    }
}
