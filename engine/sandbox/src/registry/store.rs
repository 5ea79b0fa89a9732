//! What a registry knows: subjects, their versions, schemas by id, levels and modes. Synchronous, knows no HTTP.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::level::Level;
use super::mode::Mode;
use super::refused::Refused;
use super::schema::{Given, Reference, Schema};

/// A version of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Version {
    id: i32,
    pub(super) deleted: bool,
}

/// A version as clients see it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Of this subject.
    pub subject: String,
    /// Its number.
    pub version: i32,
    /// The id of its schema.
    pub id: i32,
    /// Its schema.
    pub schema: Arc<Schema>,
}

/// Which version is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The highest.
    Latest,
    /// This one.
    Number(i32),
}

/// What a registry knows.
#[derive(Debug)]
pub struct Store {
    schemas: BTreeMap<i32, Arc<Schema>>,
    pub(super) subjects: BTreeMap<String, BTreeMap<i32, Version>>,
    /// The level of subjects that have none of their own.
    pub level: Level,
    /// Levels of subjects.
    pub levels: BTreeMap<String, Level>,
    /// The mode of subjects that have none of their own.
    pub mode: Mode,
    /// Modes of subjects.
    pub modes: BTreeMap<String, Mode>,
    /// The number that a body has when a schema is not compatible: 409, or 40901 as newer registries say.
    pub incompatible: u32,
    /// Nothing is judged: whatever comes is registered.
    pub accepts_everything: bool,
}

impl Store {
    /// A registry without subjects.
    #[must_use]
    pub fn new(level: Level, incompatible: u32) -> Self {
        Self {
            schemas: BTreeMap::new(),
            subjects: BTreeMap::new(),
            level,
            levels: BTreeMap::new(),
            mode: Mode::default(),
            modes: BTreeMap::new(),
            incompatible,
            accepts_everything: false,
        }
    }

    /// Reads a schema, with those that it names.
    ///
    /// # Errors
    /// It is none, or one that it names is not there.
    pub fn read(&self, given: Given) -> Result<Schema, Refused> {
        if self.accepts_everything {
            return Ok(Schema::unread(given));
        }
        let mut named = Vec::new();
        self.gather(&given.references, &mut named)?;
        Schema::read(given, &named)
    }

    /// The texts of the schemas that are named, those first that others name.
    fn gather(&self, references: &[Reference], named: &mut Vec<(String, String)>) -> Result<(), Refused> {
        for Reference { name, subject, version } in references {
            let found = self.version(subject, Which::Number(*version), true);
            let found = found.map_err(|_| {
                Refused::invalid_schema(format!(
                    "no schema reference found for subject \"{subject}\" and version {version}"
                ))
            })?;
            self.gather(&found.schema.given.references, named)?;
            if !named.iter().any(|(known, _)| known == name) {
                named.push((name.clone(), found.schema.given.text.clone()));
            }
        }
        Ok(())
    }

    /// Registers a schema; gives its id. The same schema keeps its id, also in other subjects.
    ///
    /// # Errors
    /// The subject is read-only, or the schema is not compatible.
    pub fn register(&mut self, subject: &str, schema: Schema) -> Result<i32, Refused> {
        if let Some(known) = self.find(subject, &schema, false) {
            return Ok(known.id);
        }
        self.must_be_writable(subject)?;
        let versions: Vec<Seen> = self.live(subject);
        let whys = self.against(subject, &schema, &versions)?;
        if let Some(why) = whys.first() {
            let why = format!(
                "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{why}]"
            );
            return Err(Refused { status: 409, code: self.incompatible, why });
        }
        let known = self.schemas.iter().find(|(_, known)| known.same(&schema)).map(|(id, _)| *id);
        let id = known.unwrap_or_else(|| self.schemas.keys().next_back().map_or(1, |last| last + 1));
        self.schemas.entry(id).or_insert_with(|| Arc::new(schema));
        let versions = self.subjects.entry(subject.to_owned()).or_default();
        let number = versions.keys().next_back().map_or(1, |last| last + 1);
        versions.insert(number, Version { id, deleted: false });
        Ok(id)
    }

    /// Why a schema may not follow these versions at the subject's level.
    ///
    /// # Errors
    /// That cannot be judged.
    pub fn against(&self, subject: &str, schema: &Schema, versions: &[Seen]) -> Result<Vec<String>, Refused> {
        if self.accepts_everything {
            return Ok(Vec::new());
        }
        let level = self.level_of(subject);
        let count = if level.transitive() { versions.len() } else { 1 };
        let compared = versions.iter().rev().take(count).map(|before| schema.follows(&before.schema, level));
        compared.filter_map(Result::transpose).collect()
    }

    /// The level that counts for a subject.
    #[must_use]
    pub fn level_of(&self, subject: &str) -> Level {
        self.levels.get(subject).copied().unwrap_or(self.level)
    }

    /// Whether a subject may be changed.
    ///
    /// # Errors
    /// It may not.
    pub fn must_be_writable(&self, subject: &str) -> Result<(), Refused> {
        let own = self.modes.get(subject).copied().unwrap_or(self.mode);
        match own == Mode::ReadWrite && self.mode != Mode::ReadOnlyOverride {
            true => Ok(()),
            false => Err(Refused::new(42205, format!("Subject {subject} is in read-only mode"))),
        }
    }

    /// Names of all subjects; with `deleted` also of those that were deleted softly.
    pub fn subjects(&self, deleted: bool) -> impl Iterator<Item = &String> {
        let shown =
            move |versions: &BTreeMap<i32, Version>| versions.values().any(|version| deleted || !version.deleted);
        self.subjects.iter().filter(move |(_, versions)| shown(versions)).map(|(name, _)| name)
    }

    fn seen(&self, subject: &str, number: i32, version: Version) -> Option<Seen> {
        let schema = Arc::clone(self.schemas.get(&version.id)?);
        Some(Seen { subject: subject.to_owned(), version: number, id: version.id, schema })
    }

    fn all(&self, subject: &str, deleted: bool) -> Vec<Seen> {
        let versions = self.subjects.get(subject).into_iter().flatten();
        let shown = versions.filter(|(_, version)| deleted || !version.deleted);
        shown.filter_map(|(number, version)| self.seen(subject, *number, *version)).collect()
    }

    /// The versions of a subject that are not deleted.
    #[must_use]
    pub fn live(&self, subject: &str) -> Vec<Seen> {
        self.all(subject, false)
    }

    /// The versions of a subject.
    ///
    /// # Errors
    /// There is no such subject.
    pub fn versions(&self, subject: &str, deleted: bool) -> Result<Vec<Seen>, Refused> {
        let found = self.all(subject, deleted);
        if found.is_empty() { Err(Refused::no_subject(subject)) } else { Ok(found) }
    }

    /// A version of a subject.
    ///
    /// # Errors
    /// There is no such subject or version.
    pub fn version(&self, subject: &str, which: Which, deleted: bool) -> Result<Seen, Refused> {
        let mut versions = self.versions(subject, deleted)?;
        match which {
            Which::Latest => versions.pop().ok_or_else(|| Refused::no_subject(subject)),
            Which::Number(number) => {
                let found = versions.into_iter().find(|seen| seen.version == number);
                found.ok_or_else(|| Refused::no_version(number))
            }
        }
    }

    /// The version that holds this schema.
    #[must_use]
    pub fn find(&self, subject: &str, schema: &Schema, deleted: bool) -> Option<Seen> {
        self.all(subject, deleted).into_iter().rev().find(|seen| seen.schema.same(schema))
    }

    /// The schema of this id.
    ///
    /// # Errors
    /// There is none.
    pub fn schema(&self, id: i32) -> Result<&Arc<Schema>, Refused> {
        self.schemas.get(&id).ok_or_else(|| Refused::no_schema(id))
    }

    /// Where a schema is registered.
    #[must_use]
    pub fn places(&self, id: i32, deleted: bool) -> Vec<Seen> {
        let all = self.subjects.keys().flat_map(|subject| self.all(subject, deleted));
        all.filter(|seen| seen.id == id).collect()
    }

    /// Who names a version: the ids of their schemas.
    #[must_use]
    pub fn named_by(&self, subject: &str, number: i32) -> Vec<i32> {
        let names =
            |schema: &Schema| schema.given.references.iter().any(|one| one.subject == subject && one.version == number);
        let live = self.subjects.keys().flat_map(|subject| self.live(subject));
        let mut ids: Vec<i32> = live.filter(|seen| names(&seen.schema)).map(|seen| seen.id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }
}
