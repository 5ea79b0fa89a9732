//! What is done with the rows that were found: `limit`, `fields`, `sort by (_time)`, `stats`.

use std::collections::{BTreeMap, BTreeSet};

use super::lex::Token;
use super::parse::{Reader, shown};
use super::row::Fields;

/// One step.
#[derive(Debug, Clone)]
pub(super) enum Pipe {
    /// The first so many.
    Limit(usize),
    /// Only these fields.
    Only(Vec<String>),
    /// By time; whether the youngest comes first.
    Sort(bool),
    /// One row a group.
    Stats { by: Vec<String>, counts: Vec<Count> },
}

/// One column of `stats`.
#[derive(Debug, Clone)]
pub(super) struct Count {
    /// The values of these fields that differ; none: rows.
    unique: Option<Vec<String>>,
    /// Its name.
    name: String,
}

/// Reads a pipe behind its bar.
pub(super) fn pipe(reader: &mut Reader) -> Result<Pipe, String> {
    match reader.name()?.as_str() {
        "limit" | "head" => {
            let text = reader.name()?;
            text.parse().map(Pipe::Limit).map_err(|_| format!("cannot parse the number of rows {text:?}"))
        }
        "fields" | "keep" => {
            let mut names = vec![reader.name()?];
            while reader.takes(',') {
                names.push(reader.name()?);
            }
            Ok(Pipe::Only(names))
        }
        "sort" => {
            reader.takes_word("by");
            reader.wants('(')?;
            let names = reader.names()?;
            match names.as_slice() {
                [only] if only == "_time" => Ok(Pipe::Sort(reader.takes_word("desc"))),
                _ => Err(format!("the sandbox sorts by `_time` only, not by {}", names.join(", "))),
            }
        }
        "stats" => stats(reader),
        other => Err(format!("the sandbox does not work out the pipe `{other}`")),
    }
}

fn stats(reader: &mut Reader) -> Result<Pipe, String> {
    let mut by = Vec::new();
    if reader.takes_word("by") {
        reader.wants('(')?;
        by = reader.names()?;
    }
    let mut counts = Vec::new();
    loop {
        let function = reader.name()?;
        reader.wants('(')?;
        let fields = reader.names()?;
        let unique = match function.as_str() {
            "count" if fields.is_empty() => None,
            "count_uniq" if !fields.is_empty() => Some(fields.clone()),
            other => return Err(format!("the sandbox does not work out `{other}({})`", fields.join(", "))),
        };
        reader.takes_word("as");
        let name = match reader.peek() {
            Some(Token::Word(_) | Token::Quoted(_)) => reader.name()?,
            Some(Token::Sign(',' | '|')) | None => {
                format!("{function}({})", if fields.is_empty() { "*".into() } else { fields.join(", ") })
            }
            Some(other) => return Err(format!("unexpected {}", shown(other))),
        };
        counts.push(Count { unique, name });
        if !reader.takes(',') {
            return Ok(Pipe::Stats { by, counts });
        }
    }
}

impl Pipe {
    /// What becomes of the rows.
    pub(super) fn through(&self, mut rows: Vec<Fields>) -> Vec<Fields> {
        match self {
            Self::Limit(most) => {
                rows.truncate(*most);
                rows
            }
            Self::Only(names) => {
                rows.iter_mut().for_each(|row| row.retain(|name, _| names.contains(name)));
                rows
            }
            Self::Sort(youngest_first) => {
                rows.sort_by(|a, b| a.get("_time").cmp(&b.get("_time")));
                if *youngest_first {
                    rows.reverse();
                }
                rows
            }
            Self::Stats { by, counts } => grouped(rows, by, counts),
        }
    }
}

fn grouped(rows: Vec<Fields>, by: &[String], counts: &[Count]) -> Vec<Fields> {
    let mut groups: BTreeMap<Vec<String>, Vec<Fields>> = BTreeMap::new();
    if by.is_empty() {
        groups.insert(Vec::new(), Vec::new());
    }
    let values = |row: &Fields, names: &[String]| {
        names.iter().map(|name| row.get(name).cloned().unwrap_or_default()).collect::<Vec<_>>()
    };
    for row in rows {
        groups.entry(values(&row, by)).or_default().push(row);
    }
    let count = |rows: &[Fields], count: &Count| match &count.unique {
        None => rows.len(),
        Some(names) => {
            let all: BTreeSet<Vec<String>> = rows.iter().map(|row| values(row, names)).collect();
            all.iter().filter(|values| values.iter().any(|value| !value.is_empty())).count()
        }
    };
    let row = |(key, rows): (Vec<String>, Vec<Fields>)| {
        let group = by.iter().cloned().zip(key);
        group.chain(counts.iter().map(|one| (one.name.clone(), count(&rows, one).to_string()))).collect()
    };
    groups.into_iter().map(row).collect()
}
