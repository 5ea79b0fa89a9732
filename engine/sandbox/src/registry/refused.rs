//! Why a request was not granted, with the numbers that the Confluent Schema Registry documents.

/// A refusal: the HTTP status, the number in the body, and words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {why}")]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// The number in the body.
    pub code: u32,
    /// What is wrong.
    pub why: String,
}

impl Refused {
    /// A refusal whose number begins with its status, as most do.
    pub(super) fn new(code: u32, why: impl Into<String>) -> Self {
        let status = if code >= 10_000 { code / 100 } else { code };
        Self { status: u16::try_from(status).unwrap_or(500), code, why: why.into() }
    }

    pub(super) fn no_subject(subject: &str) -> Self {
        Self::new(40401, format!("Subject '{subject}' not found."))
    }

    pub(super) fn no_version(version: impl std::fmt::Display) -> Self {
        Self::new(40402, format!("Version {version} not found."))
    }

    pub(super) fn no_schema(what: impl std::fmt::Display) -> Self {
        Self::new(40403, format!("Schema {what} not found"))
    }

    pub(super) fn invalid_schema(why: impl std::fmt::Display) -> Self {
        Self::new(42201, format!("Invalid schema: {why}"))
    }

    /// What a real registry would judge and this one cannot.
    pub(super) fn cannot_judge(what: impl std::fmt::Display) -> Self {
        Self::new(501, format!("the sandbox's registry cannot judge {what}"))
    }
}
