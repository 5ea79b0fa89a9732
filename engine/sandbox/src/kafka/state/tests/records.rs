//! No record that all in sync had is ever lost, whichever brokers come and go.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::kafka::state::batch::Batch;
use crate::kafka::state::brokers::{Patience, Running};
use crate::kafka::state::cluster::{Cluster, Made};
use crate::kafka::state::coordinator::Delays;
use crate::kafka::state::defaults::Defaults;
use crate::kafka::state::partition::{Appended, Partition};
use crate::kafka::state::topics::Wanted;
use crate::kafka::state::{Millis, Node};

const TOPIC: &str = "orders";

#[derive(Debug, Clone)]
enum Event {
    Write { all: bool },
    Stop { node: Node, running: Running, orderly: bool },
    Run(Node),
    Pin(Option<Vec<Node>>),
    Wait(Millis),
}

fn event() -> impl Strategy<Value = Event> {
    let node = 0..3_i32;
    let running = prop_oneof![Just(Running::Down), Just(Running::Paused)];
    let stop = (node.clone(), running, any::<bool>());
    prop_oneof![
        5 => any::<bool>().prop_map(|all| Event::Write { all }),
        2 => stop.prop_map(|(node, running, orderly)| Event::Stop { node, running, orderly }),
        2 => node.clone().prop_map(Event::Run),
        1 => proptest::option::of(proptest::collection::vec(node, 1..3)).prop_map(Event::Pin),
        3 => (1..30_u64).prop_map(Event::Wait),
    ]
}

/// A cluster, its time, and what clients were told.
struct World {
    cluster: Cluster,
    now: Millis,
    written: i64,
    /// Not acknowledged yet: who was asked, and the record's number.
    open: Vec<(Node, Appended, i64)>,
    /// Acknowledged: offset and number.
    kept: BTreeMap<i64, i64>,
}

impl World {
    fn new(least: &str, apart: bool) -> Self {
        let mut cluster = Cluster::new(Made {
            id: "test".into(),
            seed: 1,
            nodes: vec![0, 1, 2],
            patience: Patience { session: 10, catch_up: 5, apart },
            delays: Delays { first: 0, least_session: 0, most_session: 1000 },
            settings: Defaults::default(),
        });
        let config = BTreeMap::from([("min.insync.replicas".to_owned(), least.to_owned())]);
        let wanted = Wanted { name: TOPIC.into(), partitions: Some(1), replicas: Some(3), config, ..Wanted::default() };
        cluster.create(&wanted, false).unwrap();
        Self { cluster, now: 0, written: 0, open: Vec::new(), kept: BTreeMap::new() }
    }

    fn partition(&self) -> &Partition {
        self.cluster.topic(TOPIC).unwrap().partition(0).unwrap()
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Write { all } => self.write(*all),
            Event::Stop { node, running, orderly } => self.cluster.stop(*node, *running, *orderly, self.now),
            Event::Run(node) => self.cluster.run(*node, self.now),
            // To hold everybody out is refused, which changes nothing.
            Event::Pin(nodes) => {
                let _held = self.cluster.pin(TOPIC, 0, nodes.clone(), self.now);
            }
            Event::Wait(time) => {
                self.now += time;
                self.cluster.tick(self.now);
            }
        }
        self.hear();
    }

    fn write(&mut self, all: bool) {
        let Some(leader) = self.partition().leader() else { return };
        if self.cluster.brokers.running(leader) != Some(Running::Up) {
            return;
        }
        let batch = Batch::of(None, Some(self.written.to_string().into()), 0).unwrap();
        if let Ok(appended) = self.cluster.append(leader, TOPIC, 0, &batch, all)
            && all
        {
            self.open.push((leader, appended, self.written));
        }
        self.written += 1;
    }

    /// Takes the answers that are there now; a broker that does not run gives none.
    fn hear(&mut self) {
        let cluster = &self.cluster;
        let kept = &mut self.kept;
        self.open.retain(|(node, appended, number)| {
            if cluster.brokers.running(*node) != Some(Running::Up) {
                return false;
            }
            match cluster.acknowledged(*node, TOPIC, 0, *appended) {
                None => true,
                Some(Err(_)) => false,
                Some(Ok(())) => {
                    assert_eq!(kept.insert(appended.base, *number), None, "one offset for two records");
                    false
                }
            }
        });
    }

    fn must_be_sound(&self) {
        let partition = self.partition();
        assert!(!partition.isr().is_empty());
        assert!(partition.isr().iter().all(|node| partition.replicas().contains(node)));
        assert!(partition.leader().is_none_or(|leader| partition.isr().contains(&leader)));
        assert!(partition.watermark() <= partition.log().end());
        assert!(self.kept.keys().all(|offset| *offset < partition.log().end()), "{:?}", self.kept);
    }

    /// Everybody runs again, and all catch up.
    fn heal(&mut self) {
        (0..3).for_each(|node| self.happen(&Event::Run(node)));
        self.happen(&Event::Wait(20));
        self.happen(&Event::Pin(None));
        self.happen(&Event::Wait(20));
        self.happen(&Event::Wait(20));
    }

    /// What a reader finds, by offset.
    fn read(&self) -> BTreeMap<i64, i64> {
        let leader = self.partition().leader().expect("all run");
        let mut bytes = self.cluster.read(leader, TOPIC, 0, 0, usize::MAX).unwrap().records;
        let sets = kafka_protocol::records::RecordBatchDecoder::decode_all(&mut bytes).unwrap();
        let number = |value: bytes::Bytes| std::str::from_utf8(&value).unwrap().parse().unwrap();
        let records = sets.into_iter().flat_map(|set| set.records);
        records.map(|record| (record.offset, number(record.value.unwrap()))).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_acknowledged_is_there_in_the_end(
        events in proptest::collection::vec(event(), 1..60),
        least in prop_oneof![Just("1"), Just("2"), Just("3")],
        apart in any::<bool>(),
    ) {
        let mut world = World::new(least, apart);
        for event in &events {
            world.happen(event);
            world.must_be_sound();
        }
        world.heal();
        world.must_be_sound();
        prop_assert_eq!(world.partition().isr().len(), 3);
        let read = world.read();
        for (offset, number) in &world.kept {
            prop_assert_eq!(read.get(offset), Some(number), "record {} at {}", number, offset);
        }
    }
}

#[test]
fn acknowledgements_wait_for_a_dead_broker_to_be_missed_and_too_few_in_sync_refuse() {
    let mut world = World::new("2", true);
    world.happen(&Event::Stop { node: 1, running: Running::Down, orderly: false });
    world.happen(&Event::Write { all: true });
    assert_eq!((world.kept.len(), world.open.len()), (0, 1));
    world.happen(&Event::Wait(10));
    assert_eq!((world.kept.len(), world.partition().isr().len()), (1, 2));
    world.happen(&Event::Stop { node: 2, running: Running::Down, orderly: true });
    let leader = world.partition().leader().unwrap();
    let batch = Batch::of(None, None, 0).unwrap();
    let refused = |cluster: &mut Cluster, all| cluster.append(leader, TOPIC, 0, &batch, all).err();
    assert_eq!(refused(&mut world.cluster, true), Some(kafka_protocol::ResponseError::NotEnoughReplicas));
    assert_eq!(refused(&mut world.cluster, false), None);
}

#[test]
fn without_a_controller_nothing_is_made_and_nothing_known_anew() {
    let mut world = World::new("1", false);
    for node in [0, 1] {
        world.happen(&Event::Stop { node, running: Running::Down, orderly: false });
    }
    world.happen(&Event::Wait(100));
    assert_eq!((world.partition().isr(), world.partition().leader()), (&[0, 1, 2][..], Some(0)));
    let wanted = Wanted { name: "other".into(), ..Wanted::default() };
    assert_eq!(world.cluster.create(&wanted, false).unwrap_err().code, kafka_protocol::ResponseError::RequestTimedOut);
}

#[test]
fn records_that_are_lost_were_acknowledged_all_the_same() {
    let mut world = World::new("1", false);
    world.cluster.losing = vec!["ord*".into()];
    world.happen(&Event::Write { all: true });
    world.cluster.losing.clear();
    world.happen(&Event::Write { all: true });
    assert_eq!((world.kept.len(), world.read()), (2, BTreeMap::from([(1, 1)])));
}
