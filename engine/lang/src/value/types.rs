//! The types of values, by which operators and functions are chosen. Whole and other numbers are one type.

use checkrun_model::Sort;

/// What a value is, as operators see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    Null,
    Bool,
    Number,
    Text,
    Duration,
    Size,
    Rate,
    Time,
    List,
    Object,
}

impl Type {
    pub(crate) const ALL: [Self; 10] = [
        Self::Null,
        Self::Bool,
        Self::Number,
        Self::Text,
        Self::Duration,
        Self::Size,
        Self::Rate,
        Self::Time,
        Self::List,
        Self::Object,
    ];

    /// In the words of an error message.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "text",
            Self::Duration => "a duration",
            Self::Size => "a size",
            Self::Rate => "a rate",
            Self::Time => "a time",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }

    /// The type of an observation's field; none: whatever JSON says.
    pub(crate) fn of(sort: Sort) -> Option<Self> {
        match sort {
            Sort::Plain => None,
            Sort::Duration => Some(Self::Duration),
            Sort::Size => Some(Self::Size),
            Sort::Rate => Some(Self::Rate),
            Sort::Time => Some(Self::Time),
        }
    }
}

/// The sorts of quantities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Unit {
    /// Seconds.
    Duration,
    /// Bytes.
    Size,
    /// So many a second.
    Rate,
}

impl Unit {
    pub(crate) fn of(sort: Sort) -> Option<Self> {
        match sort {
            Sort::Duration => Some(Self::Duration),
            Sort::Size => Some(Self::Size),
            Sort::Rate => Some(Self::Rate),
            Sort::Plain | Sort::Time => None,
        }
    }

    pub(crate) fn as_type(self) -> Type {
        match self {
            Self::Duration => Type::Duration,
            Self::Size => Type::Size,
            Self::Rate => Type::Rate,
        }
    }

    pub(crate) fn from_type(of: Type) -> Option<Self> {
        match of {
            Type::Duration => Some(Self::Duration),
            Type::Size => Some(Self::Size),
            Type::Rate => Some(Self::Rate),
            _ => None,
        }
    }

    /// The key of its tagged form.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Duration => "$duration",
            Self::Size => "$size",
            Self::Rate => "$rate",
        }
    }
}
