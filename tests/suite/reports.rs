//! What a run leaves to read: documents, the same from the journal alone; no colours where nobody sees them.

use serde_json::Value;

use crate::support::{BAD, Folder, GOOD};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_json_report_goes_to_standard_output_and_the_summary_beside_it() {
    let ran = Folder::with(BAD).checkrun("s --report json");
    let document = json(&ran.out);
    assert_eq!((&document["run"]["verdict"], &document["run"]["exit"]), (&"failed".into(), &1.into()));
    assert_eq!(document["checks"][0]["id"], "bad");
    assert!(ran.err.contains("s: failed (exit 1)"), "{}", ran.all());
}

#[test]
fn a_report_of_the_journal_alone_is_the_same() {
    let folder = Folder::with(BAD);
    let live = folder.checkrun("s --report json");
    let later = folder.checkrun("report last --report json");
    assert_eq!(later.code, 0, "{}", later.all());
    assert_eq!(json(&live.out), json(&later.out));
}

#[test]
fn the_summary_can_be_had_again_from_the_journal() {
    let folder = Folder::with(BAD);
    let live = folder.checkrun("s");
    assert_eq!(folder.checkrun("report last").out, live.out);
}

#[test]
fn reports_go_to_files_in_which_suite_and_run_are_filled_in() {
    let folder = Folder::with(BAD).file("t/suite.yaml", "suite: t\n").file("t/checks.yaml", GOOD);
    let ran = folder.checkrun("s t --report junit={suite}.xml --report markdown={suite}.md");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(folder.read("s.xml").contains("failures=\"1\""), "{}", folder.read("s.xml"));
    assert!(folder.read("t.xml").contains("failures=\"0\""));
    assert!(folder.read("s.md").contains("**failed**"), "{}", folder.read("s.md"));
}

#[test]
fn one_file_for_several_suites_is_refused() {
    let folder = Folder::with(GOOD).file("t/suite.yaml", "suite: t\n").file("t/checks.yaml", GOOD);
    for words in ["s t --report junit=all.xml", "s t --report json", "s --report json --report junit"] {
        let ran = folder.checkrun(words);
        assert_eq!(ran.code, 2, "{words}: {}", ran.all());
    }
    assert!(folder.runs().is_empty());
}

#[test]
fn a_report_that_cannot_be_written_exits_3() {
    let ran = Folder::with(GOOD).checkrun("s --report json=no/such/folder/r.json");
    assert_eq!(ran.code, 3, "{}", ran.all());
}

#[test]
fn a_run_is_found_by_its_id_and_by_its_folder() {
    let folder = Folder::with(GOOD);
    let live = folder.checkrun("s --report json");
    let id = json(&live.out)["run"]["id"].as_str().unwrap().to_owned();
    assert_eq!(folder.checkrun(&format!("report {id}")).code, 0);
    let dir = folder.runs().remove(0);
    assert_eq!(folder.checkrun(&format!("report {}", dir.display())).code, 0);
    assert_eq!(folder.checkrun("report zzzzzzzz").code, 2);
}

#[test]
fn a_journal_that_was_changed_is_not_reported() {
    let folder = Folder::with(BAD);
    folder.checkrun("s");
    let journal = folder.runs().remove(0).join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    std::fs::write(&journal, text.replacen("\"verdict\":\"failed\"", "\"verdict\":\"passed\"", 1)).unwrap();
    let ran = folder.checkrun("report last");
    assert_ne!(ran.code, 0, "{}", ran.all());
    assert!(ran.err.contains("chain"), "{}", ran.all());
}

#[test]
fn the_hash_in_a_report_is_that_of_the_journal() {
    use sha2::Digest as _;
    use std::fmt::Write as _;
    let folder = Folder::with(GOOD);
    let said = json(&folder.checkrun("s --report json").out)["run"]["journal_sha256"].clone();
    let bytes = std::fs::read(folder.runs().remove(0).join("journal.jsonl")).unwrap();
    let hash = sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    assert_eq!(said, hash);
}

#[test]
fn a_skipped_check_validates_no_criterion() {
    let other = GOOD.replace("good", "other").replace("checks:\n", "");
    let checks = GOOD.replace("    exec", "    covers: [A1]\n    exec");
    let folder = Folder::with(&format!("{checks}{other}"))
        .file("s/suite.yaml", "suite: s\ncriteria: criteria.yaml\n")
        .file("s/criteria.yaml", "criteria:\n  - { id: A1, title: All is good, group: A }\n");
    let skipped = json(&folder.checkrun("s --skip good --report json").out);
    assert_eq!(skipped["criteria"][0]["state"], "not-validated");
    let passed = json(&folder.checkrun("s --report json").out);
    assert_eq!(passed["criteria"][0]["state"], "validated");
}

#[test]
fn without_a_terminal_there_are_no_escape_codes() {
    let folder = Folder::with(BAD);
    for words in ["s", "s -v", "validate s", "plan s", "explain s bad", "report last"] {
        let ran = folder.checkrun(words);
        assert!(!ran.all().contains('\u{1b}'), "{words}: {}", ran.all());
    }
}

#[test]
fn escape_codes_of_what_was_seen_are_not_passed_on() {
    let checks = BAD.replace("two", "\"\\e[31mred\\e[0m\"");
    let ran = Folder::with(&checks).checkrun("s");
    assert_eq!(ran.code, 1, "{}", ran.all());
    assert!(!ran.all().contains('\u{1b}'), "{}", ran.all());
}
