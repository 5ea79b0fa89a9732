//! What the language names and this version has not: refused by name, never accepted and ignored.

/// Commands.
const COMMANDS: &[&str] = &[
    "coverage", "diff", "graph", "history", "new", "prove", "rbac", "record", "replay", "resume", "rollback", "sign",
    "test", "verify",
];

/// Options of commands that this version has.
const OPTIONS: [&str; 3] = ["--require-prerequisites", "--accept-data-loss", "--yes"];

/// Formats of reports.
const FORMATS: [&str; 1] = ["html"];

/// The refusal of a command.
pub fn command(word: &str) -> Option<String> {
    COMMANDS.contains(&word).then(|| refusal("the command", word))
}

/// The refusal of an option.
pub fn option(word: &str) -> Option<String> {
    let name = word.split('=').next().unwrap_or(word);
    OPTIONS.contains(&name).then(|| refusal("the option", name))
}

/// The refusal of a report's format.
pub fn format(word: &str) -> Option<String> {
    FORMATS.contains(&word).then(|| refusal("the report", word))
}

fn refusal(sort: &str, name: &str) -> String {
    format!("{sort} `{name}` is not in this version")
}
