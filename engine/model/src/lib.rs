//! The shared words of checkrun: what the floors above say to each other.
//!
//! Pure data and small traits. Knows no runtime, no client, no file, no terminal.

pub mod args;
pub mod clock;
pub mod de;
pub mod diagnostic;
pub mod event;
pub mod json;
pub mod kind;
pub mod node;
pub mod place;
pub mod span;
pub mod verdict;

pub use clock::Clock;
pub use diagnostic::{Severity as DiagnosticSeverity, SpecError, suggest};
pub use kind::{
    Asked, Broken, Cx, Effect, Field, Files, Intent, IntentId, Kind, KindDoc, KindEntry, Ledger, LoadCx, LockMode,
    Observation, Outage, Prepared, Repeats, Ruling, RunFacts, Runs, Shared, Sort, Touch, Undone, Witness,
};
pub use node::{Entry, Node, NodeValue};
pub use place::{ClusterSpec, Endpoint, EndpointEntry, Place, Target};
pub use span::{Location, Snippet, Source, SourceId, Sources, Span};
pub use verdict::{Importance, Verdict};
