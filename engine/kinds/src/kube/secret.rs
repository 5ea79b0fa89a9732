//! A key of a Secret, for `{{ secret('namespace/name', 'key') }}`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use checkrun_lang::SecretRef;
use checkrun_model::kind::BoxFuture;
use checkrun_model::{Broken, Cx};

use super::place::find;

/// The value of a key of a Secret, read through the check's cluster.
///
/// # Errors
/// There is no such Secret or key, it may not be read, or it is no text.
pub fn read<'a>(secret: &'a SecretRef, cx: &'a Cx) -> BoxFuture<'a, Result<String, Broken>> {
    Box::pin(async move {
        let SecretRef::Kube { namespace, name, key } = secret else {
            return Err(Broken::fatal("a secret of the target is not read through a cluster"));
        };
        let (cluster, spot) = find(cx, "Secret.core", Some(namespace), name).await?;
        let missing = || Broken::transient(format!("{} does not exist", spot.called()));
        let object = cluster.read(&spot, cx.deadline).await?.ok_or_else(missing)?;
        let data = object["data"].as_object();
        let value = data.and_then(|data| data.get(key)).and_then(|value| value.as_str()).ok_or_else(|| {
            let keys: Vec<&str> = data.into_iter().flat_map(|data| data.keys()).map(String::as_str).collect();
            Broken::fatal(format!("{} has no key `{key}`", spot.called()))
                .hint(format!("its keys: {}", keys.join(", ")))
        })?;
        let bytes = STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        bytes.ok_or_else(|| Broken::fatal(format!("`{key}` of {} is no text", spot.called())))
    })
}
