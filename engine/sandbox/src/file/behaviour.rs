//! Behaviours: their scripts compiled, what they care for and see in one form.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use checkrun_lang::{Hook, Lang};
use checkrun_model::{Files, Node, Span, SpecError};

use super::reader::Reader;
use super::shape::{BehaviourShape, OnShape, SeesShape};

/// The function that is called unless a behaviour says another.
const FUNCTION: &str = "acts";

/// A rule that can be played.
#[derive(Debug, Clone)]
pub struct Behaviour {
    /// Its name.
    pub name: String,
    /// The only cluster that it lives in.
    pub cluster: Option<String>,
    /// What it cares for.
    pub on: Option<On>,
    /// What it sees, by name.
    pub sees: Vec<(String, Sees)>,
    /// How long it takes to act.
    pub after: Duration,
    /// How often it acts by itself.
    pub every: Option<Duration>,
    /// Its script.
    pub hook: Arc<Hook>,
    /// The function of it.
    pub function: String,
}

/// Objects of a kind.
pub type On = OnShape;

/// What a behaviour sees.
#[derive(Debug, Clone)]
pub enum Sees {
    /// Objects; with `true` only those that the object owns.
    Objects(On, bool),
    /// A Kafka cluster.
    Kafka(String),
    /// How the S3 of this name stands and what it holds; `*`: all of them, by name.
    S3(String),
}

struct NoFiles;

impl Files for NoFiles {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        Err(format!("`{path}`: behaviours read no files"))
    }
}

/// Compiles the behaviours of one file.
pub(super) fn compile(reader: &mut Reader, folder: &Path, root: &Node, shapes: Vec<BehaviourShape>) -> Vec<Behaviour> {
    let nodes = root.get("behaviours").and_then(Node::as_list).unwrap_or(&[]);
    let lang = Lang::new(Arc::new(NoFiles));
    shapes.into_iter().zip(nodes).filter_map(|(shape, node)| one(reader, &lang, folder, shape, node)).collect()
}

fn one(reader: &mut Reader, lang: &Lang, folder: &Path, shape: BehaviourShape, node: &Node) -> Option<Behaviour> {
    let mut wrong = |span: Span, message: String, label: &str, help: &str| {
        reader.errors.push(SpecError::new("world::behaviour", span, message, label).help(help));
    };
    if shape.on.is_none() && shape.every.is_none() {
        let message = format!("`{}` never acts", shape.behaviour);
        wrong(node.span, message, "neither `on:` nor `every:`", "say for which objects it acts, or how often");
    }
    if shape.on.as_ref().is_some_and(|on| on.gone && on.changed.is_some()) {
        wrong(node.span, "`gone` and `changed` are both given".into(), "what is gone does not change", "leave one out");
    }
    let sees: Vec<(String, Sees)> = shape
        .sees
        .into_iter()
        .filter_map(|(name, seen)| {
            let place = node.get("sees").and_then(|sees| sees.get(&name)).unwrap_or(node).span;
            match sees(seen) {
                Ok(seen) => Some((name, seen)),
                Err(why) => {
                    wrong(place, why, "not one thing", "write `{ kind: Pod }`, `{ kafka: NAME }` or `{ s3: NAME }`");
                    None
                }
            }
        })
        .collect();
    let place = node.get("do").unwrap_or(node);
    let path = reader.beside(folder, &shape.script, place)?;
    let hook = hook(reader, lang, &path)?;
    let function = shape.call.unwrap_or_else(|| FUNCTION.to_owned());
    if !hook.has(&function) {
        let message = format!("{} has no function `{function}`", path.display());
        let error = SpecError::new("world::behaviour", node.get("call").unwrap_or(place).span, message, "not there");
        reader.errors.push(error.help(format!("write `fn {function}(it, world) {{ … }}`, which gives back a list")));
    }
    Some(Behaviour {
        name: shape.behaviour,
        cluster: shape.cluster,
        on: shape.on,
        sees,
        after: shape.after.map(|after| after.0).unwrap_or_default(),
        every: shape.every.map(|every| every.0),
        hook,
        function,
    })
}

fn sees(shape: SeesShape) -> Result<Sees, String> {
    let SeesShape { kind, namespace, labels, owned, kafka, s3 } = shape;
    match (kind, kafka, s3) {
        (Some(kind), None, None) => {
            Ok(Sees::Objects(OnShape { kind, namespace, name: None, labels, changed: None, gone: false }, owned))
        }
        (None, Some(kafka), None) => Ok(Sees::Kafka(kafka)),
        (None, None, Some(s3)) => Ok(Sees::S3(s3)),
        (None, None, None) => Err("it sees nothing".into()),
        _ => Err("it sees more than one of `kind`, `kafka` and `s3` at once".into()),
    }
}

fn hook(reader: &mut Reader, lang: &Lang, path: &Path) -> Option<Arc<Hook>> {
    let (source, text) = reader.text(path)?;
    match lang.hook(&path.display().to_string(), &text) {
        Ok(hook) => Some(hook),
        Err(faults) => {
            for fault in faults {
                let span = Span::new(source, fault.range.start, fault.range.end);
                let error = SpecError::new(fault.code, span, fault.message, "here");
                reader.errors.push(match fault.help {
                    Some(help) => error.help(help),
                    None => error,
                });
            }
            None
        }
    }
}
