use checkrun_model::{KindEntry, Prepared};

use super::*;
use crate::testing::{context, node};

const FILE: &str = "fn spare(copies, least) { copies - least }\n";

/// A suite with one file.
struct OneFile;

impl Files for OneFile {
    fn text(&self, path: &str) -> Result<Arc<str>, String> {
        match path {
            "hooks/a.rhai" => Ok(FILE.into()),
            "hooks/wrong.rhai" => Ok("fn a() { 1 }\nfn b( {\n".into()),
            other => Err(format!("`{other}` does not exist")),
        }
    }
}

fn script(args: Json) -> Result<Arc<dyn Prepared>, Vec<SpecError>> {
    (KindEntry::of::<Script>().parse)(&node(&args), &LoadCx { files: &OneFile })
}

async fn value(args: Json) -> Result<Json, Broken> {
    script(args).unwrap().observe(&context(None).0).await.map(|seen| seen.value["value"].clone())
}

#[tokio::test]
async fn a_function_sees_its_arguments_and_gives_a_value() {
    assert_eq!(value(json!({ "file": "hooks/a.rhai", "call": "spare", "with": [3, 2] })).await, Ok(json!(1)));
    let wrong = value(json!({ "file": "hooks/a.rhai", "call": "spare", "with": ["3", 2] })).await.unwrap_err();
    assert!(!wrong.transient && wrong.cause.contains("spare of hooks/a.rhai"), "{}", wrong.cause);
}

#[test]
fn a_file_or_function_that_is_not_there_or_wrong_is_found_at_load() {
    for (args, code) in [
        (json!({ "file": "hooks/none.rhai", "call": "x" }), "script::file"),
        (json!({ "file": "hooks/a.rhai", "call": "spar" }), "script::function"),
    ] {
        let errors = script(args).err().unwrap();
        assert_eq!(errors.iter().map(|error| error.code).collect::<Vec<_>>(), [code]);
    }
    let errors = script(json!({ "file": "hooks/wrong.rhai", "call": "a" })).err().unwrap();
    assert!(errors[0].message.contains("line 2"), "{}", errors[0].message);
}
