use std::time::Duration;

use checkrun_model::{KindEntry, Prepared};

use super::*;
use crate::testing::{context, prepare};

async fn run(args: Json, time: Duration) -> (Json, Ruling) {
    let exec = prepare(&KindEntry::of::<Exec>(), &args).unwrap();
    let (mut cx, _) = context(None);
    cx.run = std::sync::Arc::new(checkrun_model::RunFacts { suite_dir: "/".into(), ..(*cx.run).clone() });
    cx.deadline = Instant::now() + time;
    let seen = exec.observe(&cx).await.unwrap().value;
    let ruling = exec.rule(&seen, Asked::default());
    (seen, ruling)
}

async fn sh(script: &str) -> (Json, Ruling) {
    run(json!({ "command": ["sh", "-c", script] }), Duration::from_secs(20)).await
}

#[tokio::test]
async fn exit_zero_and_both_streams() {
    let (seen, ruling) = sh("echo out; echo err >&2").await;
    assert_eq!((&seen["stdout"], &seen["stderr"], &seen["exit"]), (&json!("out\n"), &json!("err\n"), &json!(0)));
    assert_eq!(ruling, Ruling::Met);
}

#[tokio::test]
async fn another_exit_code_is_said_with_the_last_complaint() {
    let (_, ruling) = sh("echo first >&2; echo no such thing >&2; exit 3").await;
    assert_eq!(ruling, Ruling::NotYet("exit code is 3, not 0: no such thing".into()));
    let wanted = json!({ "command": ["sh", "-c", "exit 3"], "exit": [3, 4] });
    assert_eq!(run(wanted, Duration::from_secs(20)).await.1, Ruling::Met);
}

#[tokio::test]
async fn no_shell_reads_the_command() {
    let (seen, _) = run(json!({ "command": ["echo", "$HOME; *"] }), Duration::from_secs(20)).await;
    assert_eq!(seen["stdout"], "$HOME; *\n");
}

#[tokio::test]
async fn stdin_environment_and_json() {
    let script = r#"read line; printf '{"line":"%s","env":"%s"}' "$line" "$CHECKRUN_TEST""#;
    let args =
        json!({ "command": ["sh", "-c", script], "stdin": "hello\n", "env": { "CHECKRUN_TEST": "x" }, "json": true });
    let (seen, ruling) = run(args, Duration::from_secs(20)).await;
    assert_eq!((&seen["json"], ruling), (&json!({ "line": "hello", "env": "x" }), Ruling::Met));
    let (_, ruling) = run(json!({ "command": ["echo", "{"], "json": true }), Duration::from_secs(20)).await;
    assert!(matches!(ruling, Ruling::NotYet(why) if why.contains("not JSON")));
}

/// Whether a process with this id runs.
fn lives(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

/// What is killed is gone a moment later.
async fn ends(pid: &str) {
    for _ in 0..100 {
        if !lives(pid) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("process {pid} outlived its check");
}

#[tokio::test]
async fn the_whole_group_is_killed_at_the_deadline() {
    let args = json!({ "command": ["sh", "-c", "sleep 600 & echo $!; wait"] });
    let (seen, ruling) = run(args, Duration::from_millis(400)).await;
    assert_eq!((&seen["killed"], seen.get("exit")), (&json!(true), None));
    assert!(matches!(ruling, Ruling::NotYet(why) if why.contains("killed")));
    let grandchild = seen["stdout"].as_str().unwrap().to_owned();
    assert!(!grandchild.is_empty());
    ends(&grandchild).await;
}

#[tokio::test]
async fn what_a_program_leaves_running_does_not_hold_the_check() {
    let (seen, ruling) = sh("sleep 600 & echo $!").await;
    assert_eq!((&seen["killed"], ruling), (&json!(false), Ruling::Met));
    ends(seen["stdout"].as_str().unwrap()).await;
}

#[tokio::test]
async fn a_signal_and_too_much_output_do_not_meet_the_rule() {
    assert!(matches!(sh("kill -9 $$").await.1, Ruling::NotYet(why) if why.contains("signal 9")));
    let (seen, ruling) = sh("head -c 2000000 /dev/zero | tr '\\0' x").await;
    assert_eq!(seen["stdout"].as_str().unwrap().len(), MOST_BYTES);
    assert!(matches!(ruling, Ruling::NotYet(why) if why.contains("not complete")));
}

#[test]
fn a_command_line_in_one_word_is_refused() {
    let entry = KindEntry::of::<Exec>();
    for wrong in [json!({ "command": ["ls -l"] }), json!({ "command": [] }), json!({ "command": [""] })] {
        assert!(prepare(&entry, &wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_program_that_is_not_there_is_named() {
    let exec = prepare(&KindEntry::of::<Exec>(), &json!({ "command": ["no-such-program-here"] })).unwrap();
    let broken = Prepared::observe(&*exec, &context(None).0).await.unwrap_err();
    assert!(!broken.transient && broken.cause.contains("no-such-program-here"), "{}", broken.cause);
}
