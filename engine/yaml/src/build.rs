//! Parser events into nodes. Refuses what the language has no use for, and marks the place.

use std::collections::HashSet;

use checkrun_model::{Entry, Node, NodeValue, SourceId, Span, SpecError};
use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks};

use crate::offsets::Offsets;
use crate::reader::Documents;
use crate::{MOST_DEPTH, MOST_NODES, mistakes, scalar};

/// What ends a reading before the end of the text.
pub(crate) enum Stop {
    /// Nothing more can be read.
    GiveUp(SpecError),
    /// `{{` where a value begins.
    Template { at: usize, in_flow: bool },
    /// The parser refuses the text at this byte.
    Refused { at: usize, says: String },
}

/// A collection that is still open.
struct Frame {
    start: usize,
    /// One past the last byte of what it holds so far.
    end: usize,
    flow: bool,
    /// Is a mistake as a whole.
    poisoned: bool,
    holds: Holds,
}

enum Holds {
    List(Vec<Node>),
    Map {
        entries: Vec<Entry>,
        key: Option<Key>,
        keys: HashSet<String>,
    },
    /// A collection that stands where a key should: read and thrown away.
    Nothing,
}

struct Key {
    name: String,
    span: Span,
    /// Not a key: its value is read and left out.
    bad: bool,
}

/// Maps with more entries than this look their keys up by hash.
const SMALL: usize = 16;

/// The tree while it grows.
pub(crate) struct Build<'t> {
    source: SourceId,
    text: &'t str,
    offsets: Offsets<'t>,
    documents: Documents,
    blanked: &'t [usize],
    stack: Vec<Frame>,
    pub(crate) roots: Vec<Node>,
    pub(crate) errors: Vec<SpecError>,
    nodes: usize,
}

impl<'t> Build<'t> {
    pub(crate) fn new(source: SourceId, text: &'t str, documents: Documents, blanked: &'t [usize]) -> Self {
        Self {
            source,
            text,
            offsets: Offsets::of(text),
            documents,
            blanked,
            stack: Vec::new(),
            roots: Vec::new(),
            errors: Vec::new(),
            nodes: 0,
        }
    }

    pub(crate) fn run(&mut self) -> Option<Stop> {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(event) = parser.next_event() {
            let stop = match event {
                Ok((event, marks)) => self.event(event, marks),
                Err(error) => {
                    let at = self.offsets.byte(error.marker().index());
                    Some(Stop::Refused { at, says: error.info().to_owned() })
                }
            };
            if stop.is_some() {
                return stop;
            }
        }
        if self.roots.is_empty() && self.documents == Documents::One {
            self.roots.push(Node::new(self.span(0, 0), NodeValue::Null));
        }
        None
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, start, end)
    }

    fn event(&mut self, event: Event<'_>, marks: Marks) -> Option<Stop> {
        let start = self.offsets.byte(marks.start.index());
        let end = self.offsets.byte(marks.end.index());
        match event {
            Event::DocumentStart(_) if self.documents == Documents::One && !self.roots.is_empty() => {
                let error = SpecError::new(
                    "yaml::second-document",
                    self.span(start, end),
                    "a second document begins here",
                    "one document a file",
                )
                .help("put it into a file of its own");
                Some(Stop::GiveUp(error))
            }
            Event::Scalar(value, style, anchor, tag) => {
                if anchor > 0 {
                    self.anchor(start);
                }
                if tag.is_some() {
                    let rest = mistakes::rest(self.text, start);
                    self.errors.push(mistakes::tag(self.source, self.text, &rest));
                    let node = Node::new(self.span(rest.start, rest.end), NodeValue::Deferred);
                    return self.add(node);
                }
                self.scalar(&value, style, start, end)
            }
            Event::Alias(_) => {
                let span = self.span(start, end.max(start + 1).min(self.text.len()));
                let help = "write the value again, or use a template with `use:`";
                self.errors
                    .push(SpecError::new("yaml::alias", span, "aliases are not read here", "an alias").help(help));
                self.add(Node::new(span, NodeValue::Deferred))
            }
            Event::SequenceStart(anchor, tag) => self.open(start, anchor > 0, tag.is_some(), true),
            Event::MappingStart(anchor, tag) => self.open(start, anchor > 0, tag.is_some(), false),
            Event::SequenceEnd | Event::MappingEnd => self.close(start, end),
            _ => None,
        }
    }

    fn anchor(&mut self, start: usize) {
        let name = self.text[start..].find(|c: char| c.is_whitespace()).map_or(self.text.len(), |end| start + end);
        let error = SpecError::new("yaml::anchor", self.span(start, name), "anchors are not read here", "an anchor");
        self.errors.push(error.help("write the value again where it is needed, or quote a text that begins with `&`"));
    }

    fn open(&mut self, start: usize, anchor: bool, tag: bool, list: bool) -> Option<Stop> {
        let in_flow = self.stack.last().is_some_and(|frame| frame.flow);
        if !list && self.text[start..].starts_with("{{") {
            return Some(Stop::Template { at: start, in_flow });
        }
        if self.stack.len() >= MOST_DEPTH {
            let message = format!("this is nested deeper than {MOST_DEPTH} levels");
            return Some(Stop::GiveUp(SpecError::new(
                "yaml::too-deep",
                self.span(start, start + 1),
                message,
                "too deep",
            )));
        }
        if anchor {
            self.anchor(start);
        }
        if tag {
            let rest = mistakes::rest(self.text, start);
            self.errors.push(mistakes::tag(self.source, self.text, &rest));
        }
        let flow = self.text[start..].starts_with(if list { '[' } else { '{' }) && !anchor && !tag;
        let as_key = matches!(self.stack.last(), Some(Frame { holds: Holds::Map { key: None, .. }, .. }));
        let holds = if as_key || matches!(self.stack.last(), Some(Frame { holds: Holds::Nothing, .. })) {
            Holds::Nothing
        } else if list {
            Holds::List(Vec::new())
        } else {
            Holds::Map { entries: Vec::new(), key: None, keys: HashSet::new() }
        };
        self.stack.push(Frame { start, end: start, flow: flow || in_flow, poisoned: tag, holds });
        None
    }

    fn close(&mut self, start: usize, end: usize) -> Option<Stop> {
        let frame = self.stack.pop()?;
        // The parser's mark of a closing bracket includes the blanks behind it.
        let bracket = frame.flow && matches!(self.text.get(start..end).map(str::trim_end), Some("]" | "}"));
        let span = self.span(frame.start, if bracket { start + 1 } else { frame.end });
        let value = match frame.holds {
            _ if frame.poisoned => NodeValue::Deferred,
            Holds::List(items) => NodeValue::List(items),
            Holds::Map { entries, .. } => NodeValue::Map(entries),
            Holds::Nothing => return self.non_scalar_key(span),
        };
        self.add(Node::new(span, value))
    }

    fn non_scalar_key(&mut self, span: Span) -> Option<Stop> {
        if let Some(Frame { holds: Holds::Map { key, .. }, .. }) = self.stack.last_mut() {
            *key = Some(Key { name: String::new(), span, bad: true });
            let error =
                SpecError::new("yaml::non-scalar-key", span, "a key is one word, not a list or a mapping", "as a key");
            self.errors.push(error.help("a text that begins with a bracket is quoted: '[…]'"));
        }
        None
    }

    fn scalar(&mut self, value: &str, style: ScalarStyle, start: usize, end: usize) -> Option<Stop> {
        if self.awaits_key() {
            return self.key(value, style, start, end);
        }
        if self.blanked.contains(&start) {
            return self.add(Node::new(self.span(start, end), NodeValue::Deferred));
        }
        let node = match style {
            ScalarStyle::Plain => self.plain(value, start, end),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let end = quoted_end(self.text, start).unwrap_or(end);
                Node::new(self.span(start, end), NodeValue::Text(value.to_owned()))
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let end = start + self.text[start..end].trim_end().len();
                Node::new(self.span(start, end), NodeValue::Text(value.to_owned()))
            }
        };
        self.add(node)
    }

    fn plain(&mut self, value: &str, start: usize, end: usize) -> Node {
        if value.is_empty() {
            return self.nothing(start);
        }
        if mistakes::is_cut(value, &self.text[end..]) {
            let rest = mistakes::rest(self.text, start);
            self.errors.push(mistakes::comment(self.source, self.text, &rest));
            return Node::new(self.span(rest.start, rest.end), NodeValue::Deferred);
        }
        let resolved = scalar::resolve(value);
        let written = (!matches!(resolved, NodeValue::Text(_))).then(|| value.into());
        Node { span: self.span(start, end), value: resolved, written }
    }

    fn nothing(&mut self, start: usize) -> Node {
        let list = matches!(self.stack.last(), Some(Frame { holds: Holds::List(_), .. }));
        if !list {
            return Node::new(self.span(start, start), NodeValue::Null);
        }
        let at = mistakes::dash_before(self.text, start);
        self.errors.push(mistakes::null_item(self.source, &at));
        Node::new(self.span(at.start, at.end), NodeValue::Deferred)
    }

    fn awaits_key(&self) -> bool {
        matches!(self.stack.last(), Some(Frame { holds: Holds::Map { key: None, .. }, .. }))
    }

    fn key(&mut self, name: &str, style: ScalarStyle, start: usize, end: usize) -> Option<Stop> {
        let plain = style == ScalarStyle::Plain;
        let end = if plain { end } else { quoted_end(self.text, start).unwrap_or(end) };
        let span = self.span(start, if name.is_empty() && plain { start } else { end });
        let mut bad = false;
        if plain && mistakes::is_expression(name) {
            let rest = mistakes::rest(self.text, start);
            self.errors.push(mistakes::mapping(self.source, self.text, &rest));
            if let Some(frame) = self.stack.last_mut() {
                frame.poisoned = true;
            }
            bad = true;
        } else if plain && name == "<<" {
            let error = SpecError::new("yaml::merge-key", span, "merge keys are not read here", "a merge key");
            self.errors.push(error.help("write the entries again, or use a template with `use:`"));
            bad = true;
        } else if plain && name.is_empty() {
            let error = SpecError::new("yaml::empty-key", span, "a key is missing before this colon", "no key");
            self.errors.push(error.help("write the key, or quote the text if the colon belongs to it"));
            bad = true;
        }
        let (errors, nodes) = (&mut self.errors, &mut self.nodes);
        *nodes += 1;
        let Some(Frame { holds: Holds::Map { entries, key, keys }, end: frame_end, .. }) = self.stack.last_mut() else {
            return None;
        };
        *frame_end = (*frame_end).max(end);
        if !bad && is_known(name, entries, keys) {
            let first = entries.iter().find(|entry| entry.key == name).map_or(span, |entry| entry.key_span);
            let error =
                SpecError::new("yaml::duplicate-key", span, format!("the key `{name}` stands here twice"), "again");
            errors.push(error.also(first, "first").help("keep one of them"));
            bad = true;
        }
        *key = Some(Key { name: name.to_owned(), span, bad });
        None
    }

    fn add(&mut self, node: Node) -> Option<Stop> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            let message = format!("this file holds more than {MOST_NODES} values");
            return Some(Stop::GiveUp(SpecError::new("yaml::too-many", node.span, message, "too many")));
        }
        let Some(frame) = self.stack.last_mut() else {
            if self.documents == Documents::One || !matches!(node.value, NodeValue::Null) {
                self.roots.push(node);
            }
            return None;
        };
        // A list that is not indented begins, for the parser, behind its first dash.
        frame.start = frame.start.min(node.span.start as usize);
        frame.end = frame.end.max(node.span.end as usize);
        match &mut frame.holds {
            Holds::List(items) => items.push(node),
            Holds::Map { entries, key, keys } => {
                if let Some(Key { name, span, bad: false }) = key.take() {
                    if entries.len() >= SMALL {
                        keys.insert(name.clone());
                    }
                    entries.push(Entry { key: name, key_span: span, value: node });
                }
            }
            Holds::Nothing => {}
        }
        None
    }
}

fn is_known(name: &str, entries: &[Entry], keys: &HashSet<String>) -> bool {
    entries.iter().take(SMALL).any(|entry| entry.key == name) || keys.contains(name)
}

/// One past the quote that closes the scalar at `start`; the parser's own end includes blanks and comments.
fn quoted_end(text: &str, start: usize) -> Option<usize> {
    let quote = *text.as_bytes().get(start)?;
    let bytes = text.as_bytes();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            byte if byte == quote && quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') => at += 1,
            byte if byte == quote => return Some(at + 1),
            _ => {}
        }
        at += 1;
    }
    None
}
