//! Consumer groups of the run's own: told from others by the run's id in their names, deleted afterwards.

use std::time::Duration;

use checkrun_model::{Broken, Undone};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

use super::reader::Reader;
use super::worker::Clock;

/// Deletes a group of the run's, once its members have left.
///
/// # Errors
/// The brokers did not answer, or refused.
pub(super) fn delete_group(reader: &Reader, group: &str, clock: &Clock) -> Result<Undone, Broken> {
    loop {
        let (admin, options) = reader.admin(clock)?;
        let deleted = futures::executor::block_on(admin.delete_groups(&[group], &options));
        let refused = |why: &KafkaError| reader.trouble().broken(&format!("deleting group {group}"), why);
        match deleted.map_err(|why| refused(&why))?.pop() {
            Some(Err((_, Code::GroupIdNotFound))) => return Ok(Undone::AlreadyGone),
            Some(Err((_, Code::NonEmptyGroup))) if clock.left() > Duration::from_millis(300) => {
                clock.pause(Duration::from_millis(200));
            }
            Some(Err((_, Code::NonEmptyGroup))) => {
                return Ok(Undone::NotOurs(format!("group {group} still has members")));
            }
            Some(Err((_, code))) => return Err(refused(&KafkaError::AdminOp(code))),
            Some(Ok(_)) | None => return Ok(Undone::Done),
        }
    }
}

/// Refuses a group whose name does not show that it is the run's.
///
/// # Errors
/// That refusal.
pub(super) fn must_be_ours(group: &str, run: &str) -> Result<(), Broken> {
    match group.contains(run) {
        true => Ok(()),
        false => {
            Err(Broken::fatal(format!("group {group} is not the run's own: reading as it would move its offsets"))
                .hint("put `{{ run.id }}` into the group's name"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_without_the_run_in_its_name_is_refused() {
        assert!(must_be_ours("readers-1a2b3c4d", "1a2b3c4d").is_ok());
        assert!(!must_be_ours("billing", "1a2b3c4d").unwrap_err().transient);
    }
}
