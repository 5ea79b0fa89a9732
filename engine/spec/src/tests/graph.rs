//! Needs, references, circles, selection.

use super::support::{checks, needs, node};
use crate::Selection;

const CHAIN: &str = "  - id: a
    look: { name: x }
    save: { n: items.len() }
  - id: b
    look: { name: \"{{ checks.a.n }}\" }
    expect: [ready]
  - id: c-d
    when: checks.a.n > 1
    needs: [b]
    look: { name: x }
    save: { m: items }
  - id: e
    expect: [checks.c-d.m == checks.a.n]
";

#[test]
fn references_are_needs() {
    let plan = checks(CHAIN).plan();
    assert_eq!(needs(&plan, "b"), ["a"]);
    assert_eq!(needs(&plan, "c-d"), ["b", "a"]);
    assert_eq!(node(&plan, "c-d").inferred.len(), 1);
    assert_eq!(needs(&plan, "e"), ["c-d", "a"]);
    assert_eq!(node(&plan, "e").reach.iter().map(|(name, _)| &**name).collect::<Vec<_>>(), ["a", "c-d"]);
}

#[test]
fn names_that_do_not_exist_are_found() {
    let error = checks(&CHAIN.replace("needs: [b]", "needs: [bb]")).mistake("spec::unknown-id", "bb");
    assert_eq!(error.help.as_deref(), Some("did you mean `b`?"));
    let error = checks(&CHAIN.replace("checks.c-d.m", "checks.c-d.mm")).mistake("spec::unknown-save", "c-d");
    assert_eq!(error.message, "`c-d` has no `mm`");
    checks(&CHAIN.replace("needs: [b]", "needs: [a.n]")).mistake("spec::unknown-save", "a.n");
}

#[test]
fn a_circle_is_printed_as_its_path() {
    let error = checks("  - id: a\n    needs: [c]\n    look: { name: x }\n  - id: b\n    needs: [a]\n    look: { name: x }\n  - id: c\n    needs: [b]\n    look: { name: x }\n")
        .mistake("spec::cycle", "a");
    assert_eq!(error.message, "these checks wait for each other: a needs c needs b needs a");
    checks("  - id: a\n    needs: [a]\n    look: { name: x }\n").mistake("spec::cycle", "a");
    checks("  - id: g\n    checks:\n      - id: a\n        needs: [g]\n        look: { name: x }\n")
        .mistake("spec::cycle", "g");
}

#[test]
fn a_circle_through_a_group_is_found() {
    let found = checks("  - id: g\n    needs: [z]\n    checks:\n      - id: a\n        look: { name: x }\n  - id: z\n    needs: [g.a]\n    look: { name: x }\n").mistakes();
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("g") && found[0].contains("z"), "{found:?}");
}

#[test]
fn a_selection_takes_what_it_needs() {
    let mut case = checks(CHAIN);
    case.selection = Selection { only: vec!["b".into()], skip: vec![] };
    let plan = case.plan();
    let left: Vec<bool> = ["a", "b", "c-d", "e"].map(|id| node(&plan, id).skip.is_none()).into();
    assert_eq!(left, [true, true, false, false]);
    case.selection = Selection { only: vec![], skip: vec!["c*".into()] };
    assert!(node(&case.plan(), "c-d").skip.is_some());
}

#[test]
fn a_selection_that_selects_nothing_is_a_mistake() {
    let mut case = checks(CHAIN);
    case.selection = Selection { only: vec!["zz".into()], skip: vec![] };
    case.mistake("spec::no-match", "");
    case.selection = Selection { only: vec![], skip: vec!["*".into()] };
    case.mistake("spec::nothing-selected", "");
}

#[test]
fn five_thousand_checks_are_planned() {
    let mut case = super::support::Case::new();
    for file in 0..10 {
        let mut text = String::from("checks:\n");
        for at in 0..500 {
            let need = if at > 0 { format!("    needs: [c-{file}-{}]\n", at - 1) } else { String::new() };
            text += &format!(
                "  - id: c-{file}-{at}\n{need}    look: {{ name: \"n-{{{{ inputs.x }}}}\", n: {at} }}\n    expect:\n      - ready\n      - items.len() == {at} + 1\n"
            );
        }
        case = case.file(&format!("f{file}.yaml"), &text);
    }
    let plan = case.file("suite.yaml", "suite: s\ninputs: { x: { type: string, default: y } }\n").plan();
    assert_eq!(plan.nodes.len(), 5000);
    assert_eq!(needs(&plan, "c-9-499"), ["c-9-498"]);
}
