//! Log shipping: what containers write becomes rows, while a shipper is ready on their node.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::agenda::Item;
use super::kinds::is_ready;
use super::play::Play;
use crate::file::deed::Shipping;
use crate::file::shape::{ShipShape, WorldShape};
use crate::logs::{Fields, Row};

/// How long a line takes, unless it is said.
const AFTER: Duration = Duration::from_secs(2);
/// Lines that wait for a shipper; the oldest are lost beyond this.
const MOST_WAITING: usize = 50_000;

/// One shipper and what it has not sent yet.
#[derive(Debug)]
pub(super) struct Shipped {
    store: String,
    shape: ShipShape,
    waiting: VecDeque<Line>,
    stops: bool,
    loses_one_in: Option<u64>,
    twice: bool,
    sent: u64,
}

#[derive(Debug)]
struct Line {
    at: Timestamp,
    due: Timestamp,
    node: String,
    fields: Fields,
}

/// The shippers of a world.
pub(super) fn shipped(shape: &WorldShape) -> Vec<Shipped> {
    let of = |store: &String, shape: &ShipShape| Shipped {
        store: store.clone(),
        shape: shape.clone(),
        waiting: VecDeque::new(),
        stops: false,
        loses_one_in: None,
        twice: false,
        sent: 0,
    };
    shape.logs.iter().flat_map(|(store, logs)| logs.ships.iter().map(move |shape| of(store, shape))).collect()
}

impl Play {
    /// A container has written lines at this moment.
    pub(super) fn wrote(&mut self, cluster: &str, pod: &Json, container: &str, lines: &[String]) {
        let now = self.moment;
        let only = self.only_cluster();
        let mut first: Option<Timestamp> = None;
        for ship in &mut self.ships {
            if ship.shape.cluster.as_ref().or(only.as_ref()).is_none_or(|own| own != cluster) {
                continue;
            }
            let due = now.checked_add(ship.shape.after.map_or(AFTER, |after| after.0)).unwrap_or(now);
            first = Some(first.map_or(due, |first| first.min(due)));
            for line in lines.iter().flat_map(|text| text.lines()) {
                ship.waiting.push_back(Line {
                    at: now,
                    due,
                    node: text(&pod["spec"]["nodeName"]),
                    fields: fields(pod, container, line),
                });
            }
            let beyond = ship.waiting.len().saturating_sub(MOST_WAITING);
            ship.waiting.drain(..beyond);
        }
        if let Some(due) = first {
            self.agenda.note(Item::Ship, due);
        }
    }

    /// Sends what can be sent.
    pub(super) fn ship(&mut self) {
        let now = self.moment;
        let mut next: Option<Timestamp> = None;
        let mut ships = std::mem::take(&mut self.ships);
        for ship in &mut ships {
            let ready: Vec<String> = match ship.waiting.is_empty() || ship.stops {
                true => Vec::new(),
                false => self
                    .pods(&ship.shape.agent)
                    .iter()
                    .filter(|pod| is_ready(pod))
                    .map(|pod| text(&pod["spec"]["nodeName"]))
                    .collect(),
            };
            let mut kept = VecDeque::new();
            while let Some(line) = ship.waiting.pop_front() {
                let is_due = line.due <= now;
                if is_due && ready.contains(&line.node) {
                    self.send(ship, line);
                    continue;
                }
                if !is_due {
                    next = Some(next.map_or(line.due, |next| next.min(line.due)));
                }
                kept.push_back(line);
            }
            ship.waiting = kept;
        }
        self.ships = ships;
        if let Some(due) = next {
            self.agenda.note(Item::Ship, due);
        }
    }

    fn send(&self, ship: &mut Shipped, line: Line) {
        ship.sent += 1;
        if ship.loses_one_in.is_some_and(|one_in| ship.sent.is_multiple_of(one_in.max(1))) {
            return;
        }
        let Some(logs) = self.stage.logs.get(&ship.store) else { return };
        let mut fields = ship.shape.fields.clone();
        fields.extend(line.fields);
        let row = Row { at: line.at, fields, stream: ship.shape.stream.clone() };
        if ship.twice {
            logs.keep(row.clone());
        }
        logs.keep(row);
    }

    pub(super) fn shipping_changes(&mut self, deed: &Shipping) -> Result<(), String> {
        let mut any = false;
        for ship in self.ships.iter_mut().filter(|ship| ship.store == deed.logs) {
            any = true;
            ship.stops |= deed.stops;
            ship.twice |= deed.twice;
            ship.loses_one_in = deed.loses_one_in.or(ship.loses_one_in);
            ship.shape.after = deed.after.or(ship.shape.after);
            if let Some(fields) = &deed.fields {
                ship.shape.fields.clone_from(fields);
            }
        }
        if any { Ok(()) } else { Err(format!("nobody sends logs to `{}`", deed.logs)) }
    }
}

fn text(value: &Json) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// What a shipper knows of a line.
fn fields(pod: &Json, container: &str, line: &str) -> Fields {
    let named = |name: &str, value: String| (name.to_owned(), value);
    Fields::from([
        named("_msg", line.to_owned()),
        named("kubernetes.pod_name", text(&pod["metadata"]["name"])),
        named("kubernetes.namespace_name", text(&pod["metadata"]["namespace"])),
        named("kubernetes.container_name", container.to_owned()),
        named("kubernetes.host", text(&pod["spec"]["nodeName"])),
    ])
}
