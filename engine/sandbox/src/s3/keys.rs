//! Who may use it: keys are looked up for the check of signatures, and what they may do is held to. What the sandbox's
//! S3 cannot do for anybody is refused here as well, by name, before anything is done.

use std::sync::Arc;

use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Result, s3_error};

use super::refuse;
use super::shared::Shared;
use super::{Credential, May, Trouble};

/// The keys of one S3.
pub(super) struct Keys(pub(super) Arc<Shared>);

impl Keys {
    fn find(&self, access_key: &str) -> Option<&Credential> {
        self.0.config.credentials.iter().find(|known| known.access_key == access_key)
    }
}

#[async_trait::async_trait]
impl S3Auth for Keys {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.find(access_key) {
            Some(known) if self.0.trouble() != Some(Trouble::RefusesKeys) => Ok(known.secret_key.as_str().into()),
            _ => {
                Err(s3_error!(InvalidAccessKeyId, "The AWS Access Key Id you provided does not exist in our records."))
            }
        }
    }
}

#[async_trait::async_trait]
impl S3Access for Keys {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let known = cx.credentials().and_then(|who| self.find(&who.access_key));
        let reads = ["Get", "Head", "List"].iter().any(|verb| cx.s3_op().name().starts_with(verb));
        let may = known.is_some_and(|known| reads || known.may == May::Write);
        if !may || self.0.trouble() == Some(Trouble::Denies) {
            return Err(s3_error!(AccessDenied, "Access Denied."));
        }
        refuse::unsupported(cx.headers(), cx.uri())
    }
}
