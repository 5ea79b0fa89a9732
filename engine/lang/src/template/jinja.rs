//! What needs minijinja: operators, filters, inline conditions. Its environment is built when first needed.

use std::sync::{Arc, OnceLock};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as Jinja, ValueKind};
use minijinja::{Environment, Error, ErrorKind, State, UndefinedBehavior};

use crate::fault::{EvalError, Fault};
use crate::scope::{Scope, SecretRef};
use crate::text::{Dialect, rewrite};
use crate::value::{Repr, Type, Value};
use crate::world::World;

/// Filters that `{{ }}` knows.
pub(super) const FILTERS: [&str; 18] = [
    "tojson",
    "upper",
    "lower",
    "trim",
    "replace",
    "default",
    "join",
    "length",
    "first",
    "last",
    "int",
    "float",
    "round",
    "abs",
    "sort",
    "unique",
    "urlencode",
    "string",
];

/// Instructions that one evaluation may take.
const FUEL: u64 = 100_000;
/// The name under which functions find the scope; no name can be written so.
const SCOPE: &str = "checkrun scope";

/// An expression that minijinja evaluates.
#[derive(Debug)]
pub(super) struct Expression {
    text: String,
    world: Arc<World>,
}

fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| {
        let mut env = Environment::new();
        for global in ["range", "dict", "debug", "namespace"] {
            env.remove_global(global);
        }
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.set_fuel(Some(FUEL));
        env.add_filter("tojson", to_json);
        env.add_function("secret", secret_of_scope);
        env.add_function("file", file_of_suite);
        env
    })
}

impl Expression {
    pub(super) fn compile(source: &str, world: Arc<World>) -> Result<Self, Fault> {
        let rewritten = rewrite(source, Dialect::Jinja)?;
        let lead = rewritten.text.len() - rewritten.text.trim_start().len();
        if let Err(error) = environment().compile_expression(&rewritten.text) {
            let range = rewritten.origin(lead)..source.trim_end().len();
            return Err(Fault::new("template::syntax", range, reason(&error)));
        }
        Ok(Self { text: rewritten.text, world })
    }

    pub(super) fn eval(&self, scope: &Scope) -> Result<Value, EvalError> {
        let compiled = environment().compile_expression(&self.text).map_err(|error| EvalError::new(reason(&error)))?;
        let context = Names { scope: scope.clone(), world: Arc::clone(&self.world) };
        let found = compiled.eval(Jinja::from_object(context)).map_err(|error| problem(&error))?;
        from_jinja(&found).ok_or_else(|| EvalError::absent("it reads what has no value"))
    }
}

fn reason(error: &Error) -> String {
    match error.detail() {
        Some(detail) => detail.to_owned(),
        None => error.kind().to_string(),
    }
}

fn problem(error: &Error) -> EvalError {
    let undefined = error.kind() == ErrorKind::UndefinedError;
    let message = if undefined { "it reads what has no value".to_owned() } else { reason(error) };
    EvalError { absent: undefined, ..EvalError::new(message) }
}

/// All names of a scope, looked up when they are read.
#[derive(Debug)]
struct Names {
    scope: Scope,
    world: Arc<World>,
}

impl Object for Names {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match key.as_str()? {
            SCOPE => Some(Jinja::from_dyn_object(Arc::clone(self))),
            name => self.scope.find(name).map(|value| to_jinja(&value)),
        }
    }
}

/// A list or object of ours, looked at piece by piece.
#[derive(Debug)]
struct Wrapped(Value);

impl Object for Wrapped {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.0.type_of() == Type::List { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        let found = match self.0.type_of() {
            Type::List => self.0.item(key.as_usize()?),
            _ => self.0.entry(key.as_str()?),
        };
        found.map(|value| to_jinja(&value))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.0.keys() {
            Some(keys) => Enumerator::Values(keys.iter().map(|key| Jinja::from(key.as_ref())).collect()),
            None => Enumerator::Seq(self.0.count().unwrap_or(0)),
        }
    }
}

fn to_jinja(value: &Value) -> Jinja {
    match (&value.0, value.type_of()) {
        (Repr::Null, _) => Jinja::from(()),
        (Repr::Bool(flag), _) => Jinja::from(*flag),
        (Repr::Int(whole), _) => i64::try_from(*whole).map_or_else(|_| Jinja::from(*whole), Jinja::from),
        (Repr::Float(number), _) => Jinja::from(*number),
        (Repr::Text(text), _) => Jinja::from(text.as_str()),
        (_, Type::List | Type::Object) => Jinja::from_object(Wrapped(value.clone())),
        _ => match value.to_node(NOWHERE).value {
            checkrun_model::NodeValue::Int(whole) => Jinja::from(whole),
            checkrun_model::NodeValue::Text(text) => Jinja::from(text),
            _ => Jinja::UNDEFINED,
        },
    }
}

const NOWHERE: checkrun_model::Span = checkrun_model::Span { source: checkrun_model::SourceId(0), start: 0, end: 0 };

/// Our value of a result; none if any part of it is undefined, which would else become null.
fn from_jinja(found: &Jinja) -> Option<Value> {
    if let Some(wrapped) = found.downcast_object_ref::<Wrapped>() {
        return Some(wrapped.0.clone());
    }
    match found.kind() {
        ValueKind::None => Some(Value::NULL),
        ValueKind::Bool => Some(Value::boolean(found.is_true())),
        ValueKind::String => found.as_str().map(Value::text),
        ValueKind::Number => match i128::try_from(found.clone()) {
            Ok(whole) => Some(Value::int(whole)),
            Err(_) => f64::try_from(found.clone()).ok().filter(|number| number.is_finite()).map(Value::float),
        },
        ValueKind::Seq | ValueKind::Iterable => {
            found.try_iter().ok()?.map(|item| from_jinja(&item)).collect::<Option<Vec<Value>>>().map(Value::list)
        }
        ValueKind::Map => {
            let entry = |key: Jinja| Some((Arc::from(key.as_str()?), from_jinja(&found.get_item(&key).ok()?)?));
            found.try_iter().ok()?.map(entry).collect::<Option<Vec<_>>>().map(Value::object)
        }
        _ => None,
    }
}

fn to_json(value: &Jinja) -> Result<String, Error> {
    let missing = || Error::new(ErrorKind::UndefinedError, "tojson of what has no value");
    Ok(from_jinja(value).ok_or_else(missing)?.to_json().to_string())
}

fn names(state: &State<'_, '_>) -> Result<Arc<Names>, Error> {
    let found = state.lookup(SCOPE).and_then(|value| value.downcast_object::<Names>());
    found.ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "there is no scope here"))
}

fn secret_of_scope(state: &State<'_, '_>, name: String, key: Option<String>) -> Result<String, Error> {
    let wanted = match (name.split_once('/'), key) {
        (Some((namespace, name)), Some(key)) => SecretRef::Kube { namespace: namespace.into(), name: name.into(), key },
        _ => SecretRef::Named(name),
    };
    let found = secret(&names(state)?.scope, &wanted)
        .map_err(|error| Error::new(ErrorKind::InvalidOperation, error.message))?;
    Ok(found.as_text().unwrap_or_default().to_owned())
}

fn file_of_suite(state: &State<'_, '_>, path: String) -> Result<String, Error> {
    let text = names(state)?.world.file(&path);
    text.map(|text| text.to_string()).map_err(|why| Error::new(ErrorKind::InvalidOperation, why))
}

/// The value of a secret of the scope.
pub(super) fn secret(scope: &Scope, wanted: &SecretRef) -> Result<Value, EvalError> {
    scope.secret(wanted).map(Value::text).ok_or_else(|| {
        let name = match wanted {
            SecretRef::Named(name) => name.clone(),
            SecretRef::Kube { namespace, name, key } => format!("{namespace}/{name}, {key}"),
        };
        EvalError::new(format!("the secret `{name}` has no value"))
    })
}
