//! What is to be done, and when. Knows no world.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use jiff::Timestamp;

use crate::kube::Ref;

/// Something that is to be done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Item {
    /// A behaviour acts for an object of a cluster, or for none.
    Act(Acting),
    /// A behaviour's own time has come.
    Every(usize),
    /// Pods are scraped: the store, and the number of the scrape.
    Scrape(String, usize),
    /// Lines may be sent.
    Ship,
    /// Something that was wrong with an API server is over: its number.
    Calm(usize),
}

/// Which behaviour, where, for which object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Acting {
    pub(super) behaviour: usize,
    pub(super) cluster: String,
    pub(super) object: Option<Key>,
}

/// An object's name: kind, namespace, name.
pub(super) type Key = (String, Option<String>, String);

/// The key of an object.
pub(super) fn key(of: &Ref) -> Key {
    (of.kind.clone(), of.namespace.clone(), of.name.clone())
}

/// The name of a key.
pub(super) fn name((kind, namespace, name): &Key) -> Ref {
    Ref::new(kind, namespace.as_deref(), name)
}

/// Items by the time when they are due; each is there once.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    heap: BinaryHeap<Reverse<(Timestamp, u64, Item)>>,
    /// What is noted, and for when.
    noted: BTreeMap<Item, Timestamp>,
    count: u64,
}

impl Agenda {
    /// Notes an item; one that is noted already keeps its time.
    pub(super) fn note(&mut self, item: Item, due: Timestamp) {
        if self.noted.contains_key(&item) {
            return;
        }
        self.noted.insert(item.clone(), due);
        self.count += 1;
        self.heap.push(Reverse((due, self.count, item)));
    }

    /// When the next item is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.heap.peek().map(|Reverse((due, _, _))| *due)
    }

    /// Takes the next item that is due by `now`, with the time when it was due.
    pub(super) fn take(&mut self, now: Timestamp) -> Option<(Timestamp, Item)> {
        let Reverse((due, _, _)) = self.heap.peek()?;
        if *due > now {
            return None;
        }
        let Reverse((due, _, item)) = self.heap.pop()?;
        self.noted.remove(&item);
        Some((due, item))
    }

    /// Takes the next item of those that are not done again and again, however late it is due.
    pub(super) fn take_any(&mut self) -> Option<(Timestamp, Item)> {
        let mut kept = Vec::new();
        let mut found = None;
        while let Some(entry) = self.heap.pop() {
            if matches!(entry.0.2, Item::Act(_) | Item::Ship) {
                found = Some((entry.0.0, entry.0.2));
                break;
            }
            kept.push(entry);
        }
        self.heap.extend(kept);
        if let Some((_, item)) = &found {
            self.noted.remove(item);
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_there_once_and_comes_when_it_is_due() {
        let mut agenda = Agenda::default();
        let at = |second: i64| Timestamp::from_second(second).expect("a time");
        agenda.note(Item::Every(2), at(2));
        agenda.note(Item::Ship, at(1));
        agenda.note(Item::Ship, at(9));
        assert_eq!((agenda.next(), agenda.take(at(0))), (Some(at(1)), None));
        assert_eq!(agenda.take(at(5)), Some((at(1), Item::Ship)));
        assert_eq!(agenda.take(at(5)), Some((at(2), Item::Every(2))));
        assert_eq!(agenda.take(at(50)), None);
    }

    #[test]
    fn what_is_done_once_can_be_had_early() {
        let mut agenda = Agenda::default();
        let at = |second: i64| Timestamp::from_second(second).expect("a time");
        agenda.note(Item::Every(0), at(1));
        agenda.note(Item::Ship, at(100));
        assert_eq!((agenda.take_any(), agenda.take_any()), (Some((at(100), Item::Ship)), None));
        assert_eq!(agenda.take(at(100)), Some((at(1), Item::Every(0))));
    }
}
