//! What was announced and never confirmed: the request to make it may still be under way, and a server may lag behind
//! another. That it is not there on the first look says nothing.

use std::time::Duration;

use checkrun_model::Undone;

/// Between two looks.
pub(crate) const PAUSE: Duration = Duration::from_millis(250);

/// How long it is looked for.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it is looked for with so much time left.
pub(crate) fn patience(left: Duration) -> Duration {
    PATIENCE.min(left / 2)
}

/// It did not turn up.
pub(crate) fn not_seen(object: &str, looked: Duration) -> Undone {
    Undone::NotSeen(format!(
        "{object} was announced, that it was made was never confirmed, and for {} s it was not there: \
         whether it still appears is not known",
        looked.as_secs_f64().ceil()
    ))
}
