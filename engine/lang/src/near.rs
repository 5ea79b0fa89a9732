//! Whether a key that is not there was only misspelt: an absent key that is asked for on purpose passes unseen.

use crate::fault::EvalError;
use crate::value::Value;

/// Shorter keys are alike by chance.
const LEAST: usize = 4;

/// The one of `there` that `key` was meant to be: one letter off, or other only in how it is written. Keys that are
/// numbered or lettered (`item1`, `node-a`) are other keys, and so is one that is like several.
pub(crate) fn typo<'k>(key: &str, there: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let mut near = there.into_iter().filter(|other| alike(key, other));
    near.next().filter(|_| near.next().is_none())
}

fn alike(key: &str, other: &str) -> bool {
    if key == other || key.chars().count().min(other.chars().count()) < LEAST {
        return false;
    }
    let letters = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    if letters(key) == letters(other) {
        return true;
    }
    strsim::osa_distance(key, other) == 1 && !counted(key, other)
}

/// Whether they differ in a digit, or in a letter that stands alone.
fn counted(key: &str, other: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (key.chars().collect(), other.chars().collect());
    let same = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
    let differs = |text: &[char]| text.get(same).is_some_and(|c| !c.is_alphabetic());
    let alone = |text: &[char]| {
        let letter = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|c| c.is_alphanumeric());
        !letter(same.checked_sub(1)) && !letter(Some(same + 1))
    };
    let longer = if a.len() > b.len() { &a } else { &b };
    if a.len() == b.len() {
        differs(&a) || differs(&b) || alone(&a) && alone(&b)
    } else {
        differs(longer) || alone(longer)
    }
}

/// Says that `value` has no `key` but one that it was meant to be; none: it may be absent.
pub(crate) fn misspelt(key: &str, value: &Value) -> Option<EvalError> {
    let keys = value.keys()?;
    let near = typo(key, keys.iter().map(AsRef::as_ref))?;
    let message = format!("there is no `{key}`, but there is `{near}`");
    Some(EvalError::new(message).help(format!("did you mean `{near}`? If `{key}` is another one: `\"{key}\" in x`")))
}

#[cfg(test)]
mod tests {
    use super::typo;

    #[test]
    fn one_slip_is_a_typo_and_another_key_is_not() {
        for (key, there, near) in [
            ("stauts", &["status", "items"] as &[&str], Some("status")),
            ("eror", &["error"], Some("error")),
            ("itms", &["items"], Some("items")),
            ("item", &["items"], Some("items")),
            ("readyreplicas", &["readyReplicas", "replicas"], Some("readyReplicas")),
            ("ready_replicas", &["readyReplicas"], Some("readyReplicas")),
            ("updatedReplicas", &["replicas", "readyReplicas", "unavailableReplicas"], None),
            ("item3", &["item1", "item2"], None),
            ("disk", &["disk1"], None),
            ("node-b", &["node-a"], None),
            ("zone_b", &["zone_a", "zones"], None),
            ("crt", &["cert", "art"], None),
            ("rest", &["east", "west", "best"], None),
            ("error", &["warning"], None),
            ("same", &["same"], None),
        ] {
            assert_eq!(typo(key, there.iter().copied()), near, "{key}");
        }
    }
}
