//! What is known at load of the names that an expression may use.

use checkrun_model::Field;

/// What is known of the names that an expression may use, at load.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// Names in scope beside the observation.
    pub names: Vec<String>,
    /// Fields of the observation; none: there is no observation here.
    pub fields: Option<&'static [Field]>,
    /// Whether the observation may have other top-level keys.
    pub open: bool,
}

impl Known {
    /// Whether `name` is bound beside the observation.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.names.iter().any(|known| known == name)
    }

    /// Whether `name` may have a value.
    pub(crate) fn allows(&self, name: &str) -> bool {
        let Some(fields) = self.fields else { return self.binds(name) };
        self.open || name == "it" || self.binds(name) || fields.iter().any(|field| top(field) == name)
    }

    /// All names that are known to have a value.
    pub(crate) fn all(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if let Some(fields) = self.fields {
            names.extend(fields.iter().map(|field| -> &str { top(field) }));
            names.push("it");
        }
        let mut once: Vec<&str> = Vec::with_capacity(names.len());
        for name in names {
            if !once.contains(&name) {
                once.push(name);
            }
        }
        once
    }
}

/// The top-level key of a field.
fn top(field: &Field) -> &'static str {
    let end = field.path.find(['.', '[']).unwrap_or(field.path.len());
    &field.path[..end]
}
