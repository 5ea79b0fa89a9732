//! Writes the same checks for checkrun and for its peers.

use std::fmt::Write as _;
use std::path::Path;

type Written = Result<(), String>;

fn write(path: &Path, text: &str) -> Written {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}

fn suite(dir: &Path, name: &str) -> Written {
    write(&dir.join("suite.yaml"), &format!("suite: {name}\n"))
}

/// `count` checks over `files` files: GET, status, one JSON value.
pub fn http(dir: &Path, count: usize, files: usize, port: u16) -> Written {
    suite(dir, "http")?;
    in_files(
        dir,
        count,
        files,
        "checks:\n",
        |at| {
            format!(
                "  - id: c{at}\n    http: {{ url: \"http://127.0.0.1:{port}/x{at}\" }}\n    expect:\n      - json.status == \"ok\"\n"
            )
        },
        "yaml",
    )
}

/// The same for hurl.
pub fn hurl(dir: &Path, count: usize, files: usize, port: u16) -> Written {
    in_files(
        dir,
        count,
        files,
        "",
        |at| format!("GET http://127.0.0.1:{port}/x{at}\nHTTP 200\n[Asserts]\njsonpath \"$.status\" == \"ok\"\n\n"),
        "hurl",
    )
}

fn in_files(
    dir: &Path,
    count: usize,
    files: usize,
    head: &str,
    one: impl Fn(usize) -> String,
    ending: &str,
) -> Written {
    let each = count.div_ceil(files);
    for file in 0..files {
        let mut text = head.to_owned();
        for at in (file * each)..((file + 1) * each).min(count) {
            text.push_str(&one(at));
        }
        write(&dir.join(format!("f{file:05}.{ending}")), &text)?;
    }
    Ok(())
}

/// One check that looks, `count` that judge what it saved, two expectations each.
pub fn trivial(dir: &Path, count: usize) -> Written {
    suite(dir, "trivial")?;
    write(&dir.join("seed.rhai"), "fn seed() { #{ v: 1, w: \"one\" } }\n")?;
    let mut text = "checks:\n  - id: seed\n    script: { file: seed.rhai, call: seed }\n    expect:\n      - value.v == 1\n    save: { v: value.v, w: value.w }\n".to_owned();
    for at in 0..count {
        let _ =
            write!(text, "  - id: c{at}\n    expect:\n      - checks.seed.v == 1\n      - checks.seed.w == \"one\"\n");
    }
    write(&dir.join("checks.yaml"), &text)
}

/// The same for goss: two matchers a check.
pub fn goss(file: &Path, count: usize) -> Written {
    let mut text = "matching:\n".to_owned();
    for at in 0..count {
        let _ = write!(text, "  c{at}:\n    content: 1\n    matches: {{ and: [1, {{ lt: 2 }}] }}\n");
    }
    write(file, &text)
}

/// `count` checks of every shape: templates, needs, saves; a tenth of the expressions is distinct.
pub fn generated(dir: &Path, count: usize) -> Written {
    write(
        &dir.join("suite.yaml"),
        "suite: generated\ninputs:\n  base: { type: string, default: \"http://127.0.0.1:1\" }\n",
    )?;
    write(&dir.join("pair.yaml"), PAIR)?;
    let per_file = 250;
    for file in 0..count.div_ceil(per_file) {
        let mut text = "checks:\n".to_owned();
        for at in ((file * per_file)..((file + 1) * per_file).min(count)).step_by(5) {
            let _ = write!(text, "{}", five(at));
        }
        write(&dir.join(format!("f{file:03}.yaml")), &text)?;
    }
    Ok(())
}

const PAIR: &str = "template: pair
inputs:
  url: { type: string }
checks:
  - id: first
    http: { url: \"{{ inputs.url }}/first\" }
    expect:
      - json.ok == true
    save: { token: json.token }
  - id: second
    http: { url: \"{{ inputs.url }}/second\", headers: { x-token: \"{{ checks.first.token }}\" } }
    expect:
      - json.items.len() > 0
      - json.items.all(|i| i.state == \"ready\")
";

/// Five checks: a template of two, a check that saves, one that needs it, one that judges both.
fn five(at: usize) -> String {
    let distinct = if at.is_multiple_of(50) { at } else { 0 };
    format!(
        "  - id: pair-{at}
    use: pair
    with: {{ url: \"{{{{ inputs.base }}}}/{at}\" }}
  - id: save-{at}
    http: {{ url: \"{{{{ inputs.base }}}}/save\" }}
    expect:
      - json.count > {distinct}
      - {{ path: \"$.json.items[*].name\", all: {{ matches: \"^[a-z]+$\" }} }}
    within: 30s
    save: {{ count: json.count }}
  - id: need-{at}
    needs: [pair-{at}]
    http: {{ url: \"{{{{ inputs.base }}}}/need/{{{{ checks.save-{at}.count }}}}\" }}
    expect:
      - json.status == \"ok\"
  - id: judge-{at}
    expect:
      - checks.save-{at}.count >= 1
"
    )
}
