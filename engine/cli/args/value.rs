//! Single words of the command line: effects, formats, inputs, times.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use checkrun_model::Effect;
use checkrun_report::diagnostics;
use clap::ValueEnum;

use crate::later;

/// The words of [`Effect`] on the command line.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Allow {
    Read,
    Write,
    Disrupt,
    Destroy,
}

impl From<Allow> for Effect {
    fn from(allow: Allow) -> Self {
        match allow {
            Allow::Read => Self::Read,
            Allow::Write => Self::Write,
            Allow::Disrupt => Self::Disrupt,
            Allow::Destroy => Self::Destroy,
        }
    }
}

/// The formats of diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Human,
    Json,
    Github,
}

impl From<Format> for diagnostics::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Human => Self::Human,
            Format::Json => Self::Json,
            Format::Github => Self::Github,
        }
    }
}

/// A report and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportTo {
    /// Its format.
    pub format: ReportFormat,
    /// The file; none: standard output.
    pub file: Option<String>,
}

/// The formats of reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportFormat {
    Json,
    Junit,
    Markdown,
}

impl FromStr for ReportTo {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, file) = match text.split_once('=') {
            Some((_, "")) => return Err("after `=` stands a file".to_owned()),
            Some((word, file)) => (word, Some(file.to_owned())),
            None => (text, None),
        };
        let format = match word {
            "json" => ReportFormat::Json,
            "junit" => ReportFormat::Junit,
            "markdown" => ReportFormat::Markdown,
            other => return Err(later::format(other).unwrap_or_else(|| unknown_format(other))),
        };
        Ok(Self { format, file })
    }
}

fn unknown_format(word: &str) -> String {
    let known = ["json", "junit", "markdown"];
    let meant = checkrun_model::suggest(word, known).map(|name| format!("; did you mean `{name}`?"));
    format!("no report is called `{word}`; there are {}{}", known.join(", "), meant.unwrap_or_default())
}

pub(super) fn input(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("inputs are given as NAME=VALUE".to_owned()),
    }
}

/// Where to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// What this file says.
    File(PathBuf),
    /// The embedded platform.
    #[cfg(feature = "sandbox")]
    Sandbox,
}

/// A file that is called `sandbox` is written `./sandbox`.
#[cfg_attr(feature = "sandbox", expect(clippy::unnecessary_wraps, reason = "a build without the sandbox refuses it"))]
pub(super) fn target(text: &str) -> Result<Target, String> {
    match text {
        #[cfg(feature = "sandbox")]
        "sandbox" => Ok(Target::Sandbox),
        #[cfg(not(feature = "sandbox"))]
        "sandbox" => Err("this build has no sandbox; it was built without the feature `sandbox`".to_owned()),
        path => Ok(Target::File(PathBuf::from(path))),
    }
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let seconds = checkrun_model::args::parse_duration(text)?;
    let whole = Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())?;
    if whole.is_zero() { Err("no time at all is not a timeout".to_owned()) } else { Ok(whole) }
}

pub(super) fn jobs(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("a whole number from 1".to_owned()),
        Ok(jobs) => Ok(jobs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_goes_to_a_file_or_to_standard_output() {
        let to = |text: &str| text.parse::<ReportTo>();
        assert_eq!(to("json"), Ok(ReportTo { format: ReportFormat::Json, file: None }));
        assert_eq!(to("junit=a=b.xml"), Ok(ReportTo { format: ReportFormat::Junit, file: Some("a=b.xml".into()) }));
        assert!(to("junit=").is_err());
        assert_eq!(to("html"), Err("the report `html` is not in this version".into()));
        assert!(to("jsn").is_err_and(|why| why.contains("did you mean `json`?")));
    }
}
