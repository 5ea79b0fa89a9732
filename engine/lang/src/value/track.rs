//! Where in an observation a value stands, as far as its kind's documented fields tell, and so its sort.

use checkrun_model::{Field, Sort};

/// A place in an observation: the first field that begins with the way to it, and how much of that field's path the way is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Track {
    fields: &'static [Field],
    first: u16,
    len: u16,
}

impl Track {
    /// A place without documented quantities.
    pub(crate) const NOWHERE: Self = Self { fields: &[], first: 0, len: 0 };

    /// The top of an observation.
    pub(crate) fn new(fields: &'static [Field]) -> Self {
        let tracked = fields.iter().any(|field| field.sort != Sort::Plain) && fields.len() < usize::from(u16::MAX);
        if tracked { Self { fields, first: 0, len: 0 } } else { Self::NOWHERE }
    }

    fn prefix(self) -> &'static str {
        self.fields.get(usize::from(self.first)).and_then(|field| field.path.get(..usize::from(self.len))).unwrap_or("")
    }

    /// The place under `key`.
    pub(crate) fn key(self, key: &str) -> Self {
        let prefix = self.prefix();
        self.step(|path| {
            let rest = path.strip_prefix(prefix)?;
            let rest = if prefix.is_empty() { rest } else { rest.strip_prefix('.')? };
            let rest = rest.strip_prefix(key)?;
            (rest.is_empty() || rest.starts_with(['.', '['])).then_some(path.len() - rest.len())
        })
    }

    /// The place of any item.
    pub(crate) fn item(self) -> Self {
        let prefix = self.prefix();
        self.step(|path| {
            let rest = path.strip_prefix(prefix)?.strip_prefix("[]")?;
            Some(path.len() - rest.len())
        })
    }

    fn step(self, fits: impl Fn(&'static str) -> Option<usize>) -> Self {
        for (at, field) in self.fields.iter().enumerate().skip(usize::from(self.first)) {
            if let Some(len) = fits(field.path)
                && let (Ok(first), Ok(len)) = (u16::try_from(at), u16::try_from(len))
            {
                return Self { fields: self.fields, first, len };
            }
        }
        Self::NOWHERE
    }

    /// The sort of what stands here.
    pub(crate) fn sort(self) -> Sort {
        let prefix = self.prefix();
        if prefix.is_empty() {
            return Sort::Plain;
        }
        let here = self.fields.iter().skip(usize::from(self.first)).find(|field| field.path == prefix);
        here.map_or(Sort::Plain, |field| field.sort)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn field(path: &'static str, sort: Sort) -> Field {
        Field { path, sort, doc: "" }
    }

    static FIELDS: [Field; 5] = [
        field("keys", Sort::Plain),
        field("keys[].size", Sort::Size),
        field("keys[].size_class", Sort::Plain),
        field("latency.p95", Sort::Duration),
        field("latency.p9", Sort::Rate),
    ];

    #[test]
    fn a_field_is_found_by_its_whole_path_only() {
        let top = Track::new(&FIELDS);
        assert_eq!(top.key("keys").item().key("size").sort(), Sort::Size);
        assert_eq!(top.key("keys").item().key("size_class").sort(), Sort::Plain);
        assert_eq!(top.key("latency").key("p95").sort(), Sort::Duration);
        assert_eq!(top.key("latency").key("p9").sort(), Sort::Rate);
        assert_eq!(top.key("latency").key("p").sort(), Sort::Plain);
        assert_eq!(top.key("keys").key("size").sort(), Sort::Plain);
        assert_eq!(top.key("p95").sort(), Sort::Plain);
        assert_eq!(top.sort(), Sort::Plain);
    }
}
