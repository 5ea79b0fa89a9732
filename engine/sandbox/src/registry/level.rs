//! Compatibility levels: who must be able to read whom, and how far back.

/// A level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Nothing is compared.
    None,
    /// The new schema reads what the latest wrote.
    #[default]
    Backward,
    /// The new schema reads what any version wrote.
    BackwardTransitive,
    /// The latest reads what the new schema writes.
    Forward,
    /// Every version reads what the new schema writes.
    ForwardTransitive,
    /// Both ways with the latest.
    Full,
    /// Both ways with every version.
    FullTransitive,
}

const WORDS: &[(Level, &str)] = &[
    (Level::None, "NONE"),
    (Level::Backward, "BACKWARD"),
    (Level::BackwardTransitive, "BACKWARD_TRANSITIVE"),
    (Level::Forward, "FORWARD"),
    (Level::ForwardTransitive, "FORWARD_TRANSITIVE"),
    (Level::Full, "FULL"),
    (Level::FullTransitive, "FULL_TRANSITIVE"),
];

impl Level {
    /// The level of this name, in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        WORDS.iter().find(|(_, word)| word.eq_ignore_ascii_case(text)).map(|(level, _)| *level)
    }

    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        WORDS.iter().find(|(level, _)| *level == self).map_or("", |(_, word)| word)
    }

    /// Whether the new schema must read what was written before.
    pub(super) fn backward(self) -> bool {
        matches!(self, Self::Backward | Self::BackwardTransitive | Self::Full | Self::FullTransitive)
    }

    /// Whether those before must read what the new schema writes.
    pub(super) fn forward(self) -> bool {
        matches!(self, Self::Forward | Self::ForwardTransitive | Self::Full | Self::FullTransitive)
    }

    /// Whether all versions count, not just the latest.
    pub(super) fn transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }
}
