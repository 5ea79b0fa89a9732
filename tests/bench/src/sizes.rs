//! Measures the source itself: lines of files and functions, test lines beside production lines. Runs nothing.

use std::path::{Path, PathBuf};

use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// A file longer than this, a function longer than that: two things may live in one room.
const LONG: (usize, usize) = (400, 60);

/// Lines of one file.
#[derive(Default)]
struct Source {
    production: usize,
    test: usize,
    functions: Vec<(String, usize)>,
}

/// Prints the sizes of all Rust files below `root`, the product's and the lab's apart.
pub fn print(root: &Path) -> Result<(), String> {
    for (title, dir) in [("engine", "engine"), ("lab", "tests/lab/src")] {
        let mut files = Vec::new();
        find(&root.join(dir), &mut files)?;
        let mut sources = Vec::new();
        for file in files {
            let name = file.strip_prefix(root).unwrap_or(&file).display().to_string();
            sources.push((read(&file, is_test(&name)).map_err(|why| format!("{name}: {why}"))?, name));
        }
        table(title, &sources);
    }
    let (_, tests) = folder_lines(&root.join("tests/suite"))?;
    println!("tests of the binary: {tests} lines");
    Ok(())
}

fn table(title: &str, sources: &[(Source, String)]) {
    let lines: Vec<usize> = sources.iter().map(|(source, _)| source.production).filter(|lines| *lines > 0).collect();
    let functions: Vec<usize> = sources.iter().flat_map(|(source, _)| &source.functions).map(|f| f.1).collect();
    let (production, test) = sources.iter().fold((0, 0), |sum, (s, _)| (sum.0 + s.production, sum.1 + s.test));
    println!("{title}: {production} lines of production, {test} of tests ({:.2})", ratio(test, production));
    println!("  files      {}", spread(lines));
    println!("  functions  {}", spread(functions));
    for (source, name) in sources {
        if source.production > LONG.0 {
            println!("  long file: {name} {}", source.production);
        }
        for (function, lines) in source.functions.iter().filter(|(_, lines)| *lines > LONG.1) {
            println!("  long function: {name} {function} {lines}");
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "lines of source are few")]
fn ratio(a: usize, b: usize) -> f64 {
    a as f64 / b.max(1) as f64
}

fn spread(mut figures: Vec<usize>) -> String {
    figures.sort_unstable();
    let at = |part: usize| figures.get((figures.len() * part / 100).min(figures.len().saturating_sub(1))).copied();
    let show = |part| at(part).unwrap_or(0);
    format!("{:>5}: median {}, 90th percentile {}, longest {}", figures.len(), show(50), show(90), show(100))
}

/// Files of tests alone; tests inside a file are told apart by its `mod tests`.
fn is_test(name: &str) -> bool {
    let stem = name.rsplit('/').next().unwrap_or(name);
    stem == "tests.rs" || stem.ends_with("_tests.rs") || name.contains("/tests/") && name.starts_with("engine")
}

fn find(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = std::fs::read_dir(dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

fn folder_lines(dir: &Path) -> Result<(usize, usize), String> {
    let mut files = Vec::new();
    find(dir, &mut files)?;
    let texts = files.iter().filter_map(|file| std::fs::read_to_string(file).ok());
    Ok((files.len(), texts.map(|text| text.lines().count()).sum()))
}

fn read(file: &Path, test: bool) -> Result<Source, String> {
    let text = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let lines = text.lines().count();
    if test {
        return Ok(Source { test: lines, ..Source::default() });
    }
    let tree = syn::parse_file(&text).map_err(|error| error.to_string())?;
    let mut walk = Walk::default();
    walk.visit_file(&tree);
    Ok(Source { production: lines - walk.test, test: walk.test, functions: walk.functions })
}

#[derive(Default)]
struct Walk {
    test: usize,
    functions: Vec<(String, usize)>,
}

impl Walk {
    fn function(&mut self, name: &syn::Ident, whole: proc_macro2::Span) {
        self.functions.push((name.to_string(), lines(whole)));
    }
}

fn lines(span: proc_macro2::Span) -> usize {
    span.end().line + 1 - span.start().line
}

/// Lines of a function without its doc comment.
fn body(signature: &syn::Signature, block: &syn::Block) -> proc_macro2::Span {
    signature.span().join(block.span()).unwrap_or_else(|| block.span())
}

impl<'ast> Visit<'ast> for Walk {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        let tests = item.attrs.iter().any(|attr| {
            attr.path().is_ident("cfg") && attr.parse_args::<syn::Ident>().is_ok_and(|word| word == "test")
        });
        if tests {
            self.test += lines(item.span());
        } else {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, body(&item.sig, &item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig.ident, body(&item.sig, &item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(block) = &item.default {
            self.function(&item.sig.ident, body(&item.sig, block));
        }
        visit::visit_trait_item_fn(self, item);
    }
}
