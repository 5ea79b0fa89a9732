//! Certificates and keys as users give them: a file, or the text itself (which may come from a secret).
//! Reads the text; what is in it is for the client that asked.

use std::path::{Path, PathBuf};

use checkrun_model::Broken;
use schemars::JsonSchema;
use serde::Deserialize;

/// Certificates or a key in PEM: `{ file: ca.pem }`, or `{ pem: "{{ secret('namespace/name', 'ca.crt') }}" }`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Pem {
    /// A file; a relative path starts at the suite's folder.
    File(PathBuf),
    /// The text itself.
    Pem(String),
}

impl Pem {
    /// The text.
    ///
    /// # Errors
    /// The file cannot be read, or there is no PEM block in the text.
    pub(crate) fn text(&self, suite_dir: &Path) -> Result<String, Broken> {
        let text = match self {
            Self::Pem(text) => text.clone(),
            Self::File(path) => std::fs::read_to_string(suite_dir.join(path))
                .map_err(|why| Broken::fatal(format!("`{}` cannot be read: {why}", path.display())))?,
        };
        match text.contains("-----BEGIN ") {
            true => Ok(text),
            false => Err(Broken::fatal(format!("{} holds no PEM block", self.called()))
                .hint("PEM begins with `-----BEGIN …-----`")),
        }
    }

    fn called(&self) -> String {
        match self {
            Self::File(path) => format!("`{}`", path.display()),
            Self::Pem(_) => "`pem`".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_block_is_refused() {
        let nowhere = Path::new("/nowhere");
        let pem = Pem::Pem("-----BEGIN CERTIFICATE-----\n".into());
        assert!(pem.text(nowhere).is_ok());
        assert!(Pem::Pem("c2VjcmV0".into()).text(nowhere).unwrap_err().cause.contains("no PEM block"));
        assert!(Pem::File("ca.pem".into()).text(nowhere).unwrap_err().cause.contains("ca.pem"));
    }
}
