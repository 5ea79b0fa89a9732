//! Protobuf schemas: compiled, so that what is none is refused. They are not compared.

use protox::file::{ChainFileResolver, File, FileResolver, GoogleFileResolver};
use protox::{Compiler, Error};

use super::refused::Refused;

/// The name under which the schema itself is compiled.
const MAIN: &str = "default.proto";

/// The schema and those that it imports, by the name in its import.
struct Files(String, Vec<(String, String)>);

impl FileResolver for Files {
    fn open_file(&self, name: &str) -> Result<File, Error> {
        let imported = self.1.iter().find(|(known, _)| known == name).map(|(_, text)| text.as_str());
        match if name == MAIN { Some(self.0.as_str()) } else { imported } {
            Some(text) => File::from_source(name, text),
            None => Err(Error::file_not_found(name)),
        }
    }
}

/// What a schema says, without its layout and comments.
///
/// # Errors
/// It is none.
pub(super) fn read(text: &str, references: &[(String, String)]) -> Result<String, Refused> {
    let mut files = ChainFileResolver::new();
    files.add(Files(text.to_owned(), references.to_vec()));
    files.add(GoogleFileResolver::new());
    let mut compiler = Compiler::with_file_resolver(files);
    compiler.open_file(MAIN).map_err(|why| Refused::invalid_schema(format!("{why:?}")))?;
    let set = compiler.file_descriptor_set();
    let file = set.file.iter().find(|file| file.name() == MAIN);
    Ok(file.map_or_else(String::new, |file| format!("{file:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: &str = "syntax = \"proto3\";\nmessage Order { string id = 1; }\n";

    #[test]
    fn layout_and_comments_make_no_difference() {
        let other = "syntax = \"proto3\"; // an order\nmessage Order {\n  string id = 1;\n}";
        assert_eq!(read(ORDER, &[]).unwrap(), read(other, &[]).unwrap());
        assert_ne!(read(ORDER, &[]).unwrap(), read(&ORDER.replace("string", "bytes"), &[]).unwrap());
    }

    #[test]
    fn garbage_and_unknown_types_are_refused() {
        for text in ["garbage", "syntax = \"proto3\"; message A { B b = 1; }", "import \"x.proto\";"] {
            assert_eq!(read(text, &[]).unwrap_err().code, 42201, "{text}");
        }
    }

    #[test]
    fn what_is_imported_is_found_by_its_name() {
        let text = "syntax = \"proto3\"; import \"order.proto\"; import \"google/protobuf/timestamp.proto\";\n\
                    message A { Order o = 1; google.protobuf.Timestamp at = 2; }";
        assert!(read(text, &[("order.proto".into(), ORDER.into())]).is_ok());
        assert!(read(text, &[]).is_err());
    }
}
