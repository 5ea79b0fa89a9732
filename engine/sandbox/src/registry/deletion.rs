//! Subjects and versions are deleted: softly first, so that their schemas can still be read, and then for good.

use super::refused::Refused;
use super::store::{Store, Which};

impl Store {
    /// Deletes a subject, softly or, after that, for good; gives the numbers of its versions.
    ///
    /// # Errors
    /// There is no such subject, it was deleted already, or not softly first, or others name it.
    pub fn delete_subject(&mut self, subject: &str, for_good: bool) -> Result<Vec<i32>, Refused> {
        self.must_be_writable(subject)?;
        let all = self.versions(subject, true)?;
        let live = self.live(subject);
        if for_good && !live.is_empty() {
            let why = format!("Subject '{subject}' was not deleted first before being permanently deleted");
            return Err(Refused::new(40405, why));
        }
        if !for_good && live.is_empty() {
            let why = format!("Subject '{subject}' was soft deleted. Set permanent=true to delete permanently");
            return Err(Refused::new(40404, why));
        }
        let gone = if for_good { all } else { live };
        let numbers: Vec<i32> = gone.iter().map(|seen| seen.version).collect();
        numbers.iter().try_for_each(|number| self.must_be_unnamed(subject, *number))?;
        if for_good {
            self.subjects.remove(subject);
        } else if let Some(versions) = self.subjects.get_mut(subject) {
            versions.values_mut().for_each(|version| version.deleted = true);
            self.levels.remove(subject);
            self.modes.remove(subject);
        }
        Ok(numbers)
    }

    fn must_be_unnamed(&self, subject: &str, number: i32) -> Result<(), Refused> {
        if self.named_by(subject, number).is_empty() {
            return Ok(());
        }
        let why = format!("One or more references exist to the schema {{subject={subject},version={number}}}.");
        Err(Refused::new(42206, why))
    }

    /// Deletes a version, softly or, after that, for good; gives its number.
    ///
    /// # Errors
    /// There is no such version, it was deleted already, or not softly first, or others name it.
    pub fn delete_version(&mut self, subject: &str, which: Which, for_good: bool) -> Result<i32, Refused> {
        self.must_be_writable(subject)?;
        let deleted = for_good || matches!(which, Which::Number(_));
        let number = self.version(subject, which, deleted)?.version;
        self.must_be_unnamed(subject, number)?;
        let versions = self.subjects.get_mut(subject).ok_or_else(|| Refused::no_subject(subject))?;
        let version = versions.get_mut(&number).ok_or_else(|| Refused::no_version(number))?;
        match (for_good, version.deleted) {
            (false, false) => version.deleted = true,
            (true, true) => drop(versions.remove(&number)),
            (false, true) => {
                let why = format!(
                    "Subject '{subject}' Version {number} was soft deleted. Set permanent=true to delete permanently"
                );
                return Err(Refused::new(40406, why));
            }
            (true, false) => {
                let why = format!(
                    "Subject '{subject}' Version {number} was not deleted first before being permanently deleted"
                );
                return Err(Refused::new(40407, why));
            }
        }
        self.subjects.retain(|_, versions| !versions.is_empty());
        Ok(number)
    }
}
