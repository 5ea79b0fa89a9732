//! Takes secret values out of whatever is about to be written: as they are, in base64, as parts of URLs.
//! A value becomes `«secret:NAME»`, the same all through a run. It knows values and events, not where they go.

mod event;
mod forms;
mod percent;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, MatchKind};
use checkrun_model::Broken;
use checkrun_model::kind::Hidden;
use serde_json::Value as Json;

/// A shorter secret is taken out only where it stands alone: it would be found in half of all words.
const SHORT: usize = 4;

/// Of a longer one only this much is looked for inside other texts; a text that is the whole of it is taken out as well.
const LONG: usize = 8 << 10;
const HEAD: usize = 256;

/// What stands for every value while secrets cannot be told from the rest.
const MASK: &str = "«masked»";

/// Makes what finds texts; none: it cannot be made.
type Build = fn(&[(String, usize)]) -> Option<AhoCorasick>;

/// The secrets that are known so far.
#[derive(Debug)]
pub struct Redactor {
    any: AtomicBool,
    known: RwLock<Arc<Known>>,
    build: Build,
}

impl Default for Redactor {
    fn default() -> Self {
        Self::built_by(finder)
    }
}

#[derive(Debug, Default)]
struct Known {
    /// What finds the secrets could not be made: nothing is let through.
    blind: bool,
    secrets: Vec<(Arc<str>, String)>,
    /// Those by their whole value.
    whole: HashMap<Arc<str>, usize>,
    forms: Vec<(String, usize)>,
    finder: Option<AhoCorasick>,
    /// What must not be seen, as it is.
    parts: Vec<(String, usize)>,
    plain: Option<AhoCorasick>,
}

impl Redactor {
    fn built_by(build: Build) -> Self {
        Self { any: AtomicBool::new(false), known: RwLock::default(), build }
    }

    /// Learns a secret. From now on it is taken out.
    ///
    /// # Errors
    /// As [`Redactor::learn_all`].
    pub fn learn(&self, name: &str, value: &str) -> Result<(), Broken> {
        self.learn_all(&[Hidden { name: name.to_owned(), text: value.to_owned() }])
    }

    /// Learns what a kind came to see.
    ///
    /// # Errors
    /// The secrets can no longer be told from other text: from now on every value is masked.
    pub fn learn_all(&self, secrets: &[Hidden]) -> Result<(), Broken> {
        self.add(secrets);
        self.blind().map_or(Ok(()), |why| Err(Broken::fatal(why)))
    }

    /// Why no value can be written any more; none: all is well.
    pub fn blind(&self) -> Option<&'static str> {
        let blind = !self.is_idle() && self.known().blind;
        blind.then_some("the secrets that were read are too many to be found in a text: every value is masked")
    }

    fn add(&self, secrets: &[Hidden]) {
        let is_new = |known: &Known, secret: &&Hidden| {
            !secret.text.is_empty() && !known.whole.contains_key(secret.text.as_str())
        };
        let before = self.known();
        if !secrets.iter().any(|secret| is_new(&before, &secret)) {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let new = secrets.iter().filter(|secret| is_new(&known, secret));
        let new = new.map(|secret| (Arc::from(secret.text.as_str()), format!("«secret:{}»", secret.name)));
        let all = known.secrets.iter().cloned().chain(new).collect();
        *known = Arc::new(Known::new(all, self.build));
        self.any.store(true, Ordering::Release);
    }

    /// Whether there is nothing to take out.
    pub fn is_idle(&self) -> bool {
        !self.any.load(Ordering::Acquire)
    }

    fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes secrets out of all texts of a value, keys and numbers included.
    pub fn json(&self, value: &mut Json) {
        if !self.is_idle() {
            self.known().json(value);
        }
    }
}

impl Known {
    fn new(secrets: Vec<(Arc<str>, String)>, build: Build) -> Self {
        let mut forms: Vec<(String, usize)> = Vec::new();
        let mut parts: Vec<(String, usize)> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        let whole = secrets.iter().enumerate().map(|(place, (value, _))| (Arc::clone(value), place)).collect();
        for (place, (value, _)) in secrets.iter().enumerate() {
            let value = if value.len() > LONG { head(value) } else { value };
            for part in forms::parts(value).into_iter().filter(|part| part.len() >= SHORT) {
                parts.push((part.to_owned(), place));
                let new = forms::of(part).into_iter().filter(|form| form.len() >= SHORT && seen.insert(form.clone()));
                forms.extend(new.map(|form| (form, place)));
            }
        }
        let (finder, plain) = (build(&forms), build(&parts));
        let blind = finder.is_none() || plain.is_none();
        Self { blind, finder, plain, whole, secrets, forms, parts }
    }

    /// The token of the secret that this is the whole of.
    fn token_of(&self, text: &str) -> Option<&str> {
        self.whole.get(text).map(|place| self.secrets[*place].1.as_str())
    }

    fn tokens(&self) -> Vec<&str> {
        self.forms.iter().map(|(_, place)| self.secrets[*place].1.as_str()).collect()
    }

    fn text(&self, text: &mut String) {
        if self.blind {
            return MASK.clone_into(text);
        }
        if let Some(token) = self.token_of(text) {
            token.clone_into(text);
            return;
        }
        if let Some(finder) = self.finder.as_ref().filter(|finder| finder.is_match(&*text)) {
            *text = finder.replace_all(text, &self.tokens());
        }
        if let Some(changed) = self.encoded(text.as_bytes()) {
            *text = String::from_utf8_lossy(&changed).into_owned();
        }
    }

    /// A sentence that may have been cut: what stands before the mark may be the start of a secret.
    fn sentence(&self, text: &mut String) {
        self.text(text);
        let mut from = 0;
        while let Some(cut) = text[from..].find('…').map(|at| from + at) {
            let starts = |form: &str| {
                (SHORT..form.len()).rev().find(|n| form.get(..*n).is_some_and(|start| text[..cut].ends_with(start)))
            };
            let begun = self.forms.iter().filter_map(|(form, place)| Some((starts(form)?, *place))).max();
            from = cut + '…'.len_utf8();
            if let Some((length, place)) = begun {
                let token = &self.secrets[place].1;
                text.replace_range(cut - length..cut, token);
                from = from - length + token.len();
            }
        }
    }

    /// The text without secrets that stand in it percent-encoded; none where there are none.
    fn encoded(&self, text: &[u8]) -> Option<Vec<u8>> {
        let finder = self.plain.as_ref()?;
        let mut changed: Option<Vec<u8>> = None;
        for plus in [false, true] {
            let now = changed.as_deref().unwrap_or(text);
            let Some(decoded) = percent::decoded(now, plus) else { continue };
            let mut out = Vec::with_capacity(now.len());
            let mut from = 0;
            for found in finder.find_iter(&decoded.bytes) {
                let origin = decoded.origin(found.range());
                out.extend_from_slice(&now[from..origin.start]);
                out.extend_from_slice(self.secrets[self.parts[found.pattern().as_usize()].1].1.as_bytes());
                from = origin.end;
            }
            if from > 0 {
                out.extend_from_slice(&now[from..]);
                changed = Some(out);
            }
        }
        changed
    }

    fn json(&self, value: &mut Json) {
        if self.blind && !matches!(value, Json::Null | Json::Bool(_)) {
            *value = Json::String(MASK.to_owned());
            return;
        }
        match value {
            Json::String(text) => self.text(text),
            Json::Number(number) => {
                if let Some(token) = self.token_of(&number.to_string()) {
                    *value = Json::String(token.to_owned());
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.json(item)),
            Json::Object(map) => {
                map.values_mut().for_each(|value| self.json(value));
                let holds = |finder: &AhoCorasick| map.keys().any(|key| key.contains('%') || finder.is_match(key));
                if self.finder.as_ref().is_some_and(holds) {
                    *map = std::mem::take(map).into_iter().map(|(key, value)| (self.changed(key), value)).collect();
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn changed(&self, mut text: String) -> String {
        self.text(&mut text);
        text
    }
}

/// Finds the longest of the texts at each place.
fn finder(of: &[(String, usize)]) -> Option<AhoCorasick> {
    let texts = of.iter().map(|(text, _)| text);
    AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(texts).ok()
}

fn head(value: &str) -> &str {
    let end = (0..=HEAD).rev().find(|end| value.is_char_boundary(*end)).unwrap_or(0);
    &value[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use serde_json::json;

    fn redactor() -> Redactor {
        let redactor = Redactor::default();
        redactor.learn("db", "p@ss w0rd/1\"é").unwrap();
        redactor.learn("pin", "4711").unwrap();
        redactor.learn("user", "sa").unwrap();
        redactor
    }

    fn without(text: &str) -> String {
        let mut text = text.to_owned();
        redactor().known().text(&mut text);
        text
    }

    #[test]
    fn the_value_goes_in_whatever_form_it_turns_up() {
        let value = "p@ss w0rd/1\"é";
        let kept = |text: String| without(&text);
        assert_eq!(kept(format!("login {value} refused")), "login «secret:db» refused");
        assert_eq!(kept(BASE64_STANDARD.encode(value)), "«secret:db»");
        assert_eq!(kept(BASE64_URL_SAFE_NO_PAD.encode(value)), "«secret:db»");
        assert_eq!(kept("u:p%40ss%20w0rd%2F1%22%C3%A9@host".into()), "u:«secret:db»@host");
        assert_eq!(kept("q=p%40ss+w0rd%2f1%22%c3%a9".into()), "q=«secret:db»");
        assert!(!kept(r#"{\"k\":\"p@ss w0rd/1\\\"é\"}"#.into()).contains("w0rd"));
    }

    #[test]
    fn inside_a_longer_base64_text_nothing_of_it_can_be_read() {
        for before in ["", "u", "us", "user:", "admin:"] {
            for after in ["", "x", "xy", "\n"] {
                let encoded = BASE64_STANDARD.encode(format!("{before}p@ss w0rd/1\"é{after}"));
                let seen = without(&encoded);
                assert!(seen.contains("«secret:db»"), "{before:?} {after:?}: {encoded} -> {seen}");
            }
        }
    }

    #[test]
    fn a_number_and_a_key_are_texts_too() {
        let mut value = json!({"port": 4711, "ports": [47110], "x4711": {"user": "sa"}, "name": "sand"});
        redactor().json(&mut value);
        let wanted = json!({"port": "«secret:pin»", "ports": [47110], "x«secret:pin»": {"user": "«secret:user»"}, "name": "sand"});
        assert_eq!(value, wanted);
    }

    #[test]
    fn a_url_hides_it_whichever_signs_it_encodes() {
        let redactor = Redactor::default();
        redactor.learn("k", "a/b~c*d e\"f").unwrap();
        let known = redactor.known();
        for form in ["a/b%7Ec%2Ad%20e%22f", "a%2Fb~c*d+e%22f", "a/b~c*d%20e%22f", "%61/b~c*d e%22f"] {
            let mut text = format!("GET http://h/{form}?x=%41");
            known.text(&mut text);
            assert_eq!(text, "GET http://h/«secret:k»?x=%41");
            let mut text = format!("100% {form}");
            known.text(&mut text);
            assert_eq!(text, "100% «secret:k»");
        }
    }

    #[test]
    fn each_line_of_a_secret_is_one_too() {
        let redactor = Redactor::default();
        redactor.learn("key", "-----BEGIN X-----\nMIIEpAIBAAKCAQEA\nxy\n-----END X-----\n").unwrap();
        let mut text = "-----BEGIN X-----\n MIIEpAIBAAKCAQEA\r\nxy".to_owned();
        redactor.known().text(&mut text);
        assert_eq!(text, "-----BEGIN X-----\n «secret:key»\r\nxy");
        redactor.learn("spaced", "hunter2-9981\n").unwrap();
        let mut text = "is hunter2-9981.".to_owned();
        redactor.known().text(&mut text);
        assert_eq!(text, "is «secret:spaced».");
    }

    #[test]
    fn of_a_secret_that_was_cut_off_nothing_is_left() {
        let cut = |text: &str| {
            let mut text = text.to_owned();
            redactor().known().sentence(&mut text);
            text
        };
        assert_eq!(cut("is \"xp@ss w…\", not \"p@ss…\""), "is \"x«secret:db»…\", not \"«secret:db»…\"");
        assert_eq!(cut("cut 47… and p@s…"), "cut 47… and p@s…");
    }

    #[test]
    fn a_very_long_secret_goes_as_a_whole_and_where_it_begins() {
        let redactor = Redactor::default();
        let long = "0123456789abcdef".repeat(1024);
        redactor.learn("ca", &long).unwrap();
        let mut value = json!([long, format!("starts {}…", &long[..300])]);
        redactor.json(&mut value);
        assert_eq!(value[0], "«secret:ca»");
        assert!(value[1].as_str().unwrap().starts_with("starts «secret:ca»"), "{value}");
    }

    #[test]
    fn without_secrets_nothing_changes() {
        let redactor = Redactor::default();
        redactor.learn("empty", "").unwrap();
        assert!(redactor.is_idle());
    }

    #[test]
    fn where_secrets_cannot_be_found_nothing_is_let_through() {
        let redactor = Redactor::built_by(|_| None);
        assert!(redactor.blind().is_none());
        let refused = redactor.learn("db", "hunter2-9981").unwrap_err();
        assert!(refused.cause.contains("every value is masked"), "{}", refused.cause);
        // Also for those who ask later, with a secret that is known already.
        assert!(redactor.learn("db", "hunter2-9981").is_err() && redactor.blind().is_some());
        let mut value = json!({"hunter2-9981": ["x hunter2-9981", 7, "other"]});
        redactor.json(&mut value);
        assert_eq!(value, json!("«masked»"));
        let mut event = checkrun_model::event::Event::Waiting { node: 0, what: "at hunter2…".into() };
        redactor.event(&mut event);
        assert_eq!(serde_json::to_value(&event).unwrap()["what"], "«masked»");
    }
}
