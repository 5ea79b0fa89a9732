//! Puts secrets back where the journal holds their names, so that a `cleanup:` entry can be run again.

use checkrun_lang::SecretRef;
use checkrun_model::Cx;
use serde_json::Value as Json;

use crate::room::Room;

/// How a redacted value begins and ends.
const TOKEN: (&str, char) = ("«secret:", '»');

/// The value with every `«secret:NAME»` filled in.
///
/// # Errors
/// A sentence that names the secret that cannot be read.
pub async fn restored(room: &Room, mut value: Json, cx: &Cx) -> Result<Json, String> {
    let mut texts = Vec::new();
    collect(&mut value, &mut texts);
    for text in texts {
        while let Some(from) = text.find(TOKEN.0) {
            let after = from + TOKEN.0.len();
            let Some(length) = text[after..].find(TOKEN.1) else { break };
            let secret = secret_of(&text[after..after + length]);
            let found = room.secrets.get(&secret, cx).await.map_err(|broken| broken.cause)?;
            text.replace_range(from..after + length + TOKEN.1.len_utf8(), &found);
        }
    }
    Ok(value)
}

fn collect<'j>(value: &'j mut Json, texts: &mut Vec<&'j mut String>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.iter_mut().for_each(|item| collect(item, texts)),
        Json::Object(map) => map.values_mut().for_each(|value| collect(value, texts)),
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

/// The secret that a token names: `name`, or `namespace/name/key`.
fn secret_of(name: &str) -> SecretRef {
    match name.splitn(3, '/').collect::<Vec<_>>()[..] {
        [namespace, name, key] => SecretRef::Kube { namespace: namespace.into(), name: name.into(), key: key.into() },
        _ => SecretRef::Named(name.into()),
    }
}
