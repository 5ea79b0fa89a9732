//! The journal as others read it: its chain, a torn end, a later version's events.

use checkrun_model::event::{Event, Line};
use jiff::Timestamp;

use super::line::Chain;
use super::{Journal, NAME, read};

fn started(node: u32) -> Event {
    Event::Started { node }
}

fn written(dir: &std::path::Path, count: u32) -> Vec<u8> {
    let mut journal = Journal::create(dir).unwrap();
    for node in 0..count {
        journal.write(started(node));
    }
    journal.flush();
    std::fs::read(dir.join(NAME)).unwrap()
}

#[test]
fn a_line_is_what_serde_makes_of_it() {
    let mut chain = Chain::default();
    let event = Event::LeftBehind { intent: None, object: "a \"b\"".into(), why: "\n".into() };
    let mut bytes = Vec::new();
    let line = chain.next(Timestamp::now(), event, &mut bytes);
    assert_eq!(serde_json::to_string(&line).unwrap() + "\n", String::from_utf8_lossy(&bytes));
}

#[test]
fn what_was_written_is_read_and_each_line_names_the_one_before() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = written(dir.path(), 3);
    let journal = read::parse(&bytes).unwrap();
    let events: Vec<Event> = journal.lines.into_iter().map(|line| line.event).collect();
    assert_eq!(events, [started(0), started(1), started(2)]);
}

#[test]
fn a_changed_line_is_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let text = String::from_utf8(written(dir.path(), 3)).unwrap();
    let forged = text.replacen("\"node\":1", "\"node\":7", 1);
    assert!(read::parse(forged.as_bytes()).unwrap_err().starts_with("line 3: the chain is broken"));
    let shorter: String = text.lines().skip(1).map(|line| format!("{line}\n")).collect();
    assert!(read::parse(shorter.as_bytes()).is_err());
}

#[test]
fn a_torn_last_line_is_passed_over_and_cut_off_by_who_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = written(dir.path(), 3);
    bytes.truncate(bytes.len() - 5);
    let path = dir.path().join(NAME);
    std::fs::write(&path, &bytes).unwrap();
    let journal = read::read(&path).unwrap();
    assert!(journal.torn);
    assert_eq!(journal.lines.len(), 2);
    let mut journal = Journal::go_on(&path).unwrap().0;
    journal.write(started(9));
    journal.flush();
    let again = read::read(&path).unwrap();
    assert!(!again.torn);
    assert_eq!(again.lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn an_event_of_a_later_version_does_not_stop_the_reader() {
    let line = br#"{"seq":0,"t":"2026-01-01T00:00:00Z","prev":"","event":"teleported","to":{"x":1}}"#;
    let bytes = [&line[..], b"\n"].concat();
    let journal = read::parse(&bytes).unwrap();
    assert!(matches!(journal.lines[..], [Line { event: Event::Unknown, .. }]));
}

#[test]
fn a_journal_has_one_writer() {
    let dir = tempfile::tempdir().unwrap();
    let _run = Journal::create(dir.path()).unwrap();
    let path = dir.path().join(NAME);
    assert!(Journal::go_on(&path).is_err());
}

#[test]
fn of_an_effect_the_file_knows_at_once_and_of_all_that_was_said_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = Journal::create(dir.path()).unwrap();
    journal.write(started(0));
    journal.write(Event::Void { intent: checkrun_model::IntentId(0) });
    assert_eq!(read::read(&dir.path().join(NAME)).unwrap().lines.len(), 2);
}

#[test]
fn after_a_write_that_failed_the_chain_goes_on_from_what_the_file_has() {
    let mut journal = Journal::on_full_disk();
    journal.write(started(0));
    journal.write(started(1));
    journal.flush();
    assert!(journal.broken().is_some());
    assert_eq!(journal.write(started(2)).seq, 0);
}
