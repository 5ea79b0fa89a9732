//! Modes: whether anybody may register.

use super::refused::Refused;

/// Who may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Everybody.
    #[default]
    ReadWrite,
    /// Nobody.
    ReadOnly,
    /// Nobody, whatever a subject says itself.
    ReadOnlyOverride,
}

impl Mode {
    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
            Self::ReadOnlyOverride => "READONLY_OVERRIDE",
        }
    }

    /// The mode of this name.
    ///
    /// # Errors
    /// There is none, or the sandbox does not have it.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let all = [Self::ReadWrite, Self::ReadOnly, Self::ReadOnlyOverride];
        match all.into_iter().find(|mode| mode.word().eq_ignore_ascii_case(text)) {
            Some(mode) => Ok(mode),
            None if text.eq_ignore_ascii_case("IMPORT") => {
                Err(Refused::new(501, "the sandbox's registry imports nothing"))
            }
            None => Err(Refused::new(
                42204,
                "Invalid mode. Valid values are READWRITE, READONLY, READONLY_OVERRIDE and IMPORT",
            )),
        }
    }
}
