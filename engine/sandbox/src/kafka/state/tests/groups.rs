//! However members come, go and fall silent: in the end every partition has exactly one reader.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::ResponseError as Code;
use proptest::prelude::*;

use crate::kafka::state::Millis;
use crate::kafka::state::coordinator::{Coordinator, Delays};
use crate::kafka::state::group::{Committed, Phase};
use crate::kafka::state::member::Join;

const GROUP: &str = "readers";
const PARTITIONS: u8 = 7;
const SESSION: Millis = 10_000;

/// Where a client stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stand {
    Out,
    Joining,
    Sharing(i32),
    In(i32, Vec<u8>),
}

/// A client as it should behave.
#[derive(Debug)]
struct Client {
    id: String,
    stand: Stand,
    runs: bool,
}

struct World {
    groups: Coordinator,
    clients: Vec<Client>,
    now: Millis,
}

impl World {
    fn new(delay: Millis) -> Self {
        let delays = Delays { first: delay, least_session: 6000, most_session: 60_000 };
        let client = || Client { id: String::new(), stand: Stand::Out, runs: false };
        Self { groups: Coordinator::new(delays), clients: (0..4).map(|_| client()).collect(), now: 0 }
    }

    /// A client does the next thing that it would do.
    fn step(&mut self, at: usize) {
        let client = &mut self.clients[at];
        if !client.runs {
            return;
        }
        let next = match client.stand.clone() {
            Stand::Out => join(&mut self.groups, client, at, self.now),
            Stand::Joining => joined(&mut self.groups, client, self.now),
            Stand::Sharing(generation) => shared(&self.groups, client, generation),
            Stand::In(generation, share) => {
                let lives = self.groups.group_mut(GROUP);
                match lives.and_then(|group| group.heartbeat(&client.id, generation, self.now)) {
                    Ok(()) => Ok(Stand::In(generation, share)),
                    Err(why) => Err(why),
                }
            }
        };
        client.stand = next.unwrap_or_else(|why| {
            if why != Code::RebalanceInProgress {
                client.id.clear();
            }
            Stand::Out
        });
    }

    fn wait(&mut self, time: Millis) {
        self.now += time;
        self.groups.tick(self.now);
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Start(at) => self.clients[*at].runs = true,
            Event::Step(at) => self.step(*at),
            Event::Wait(time) => self.wait(*time),
            Event::Leave(at) => {
                let (client, now) = (&mut self.clients[*at], self.now);
                let _left = self.groups.group_mut(GROUP).and_then(|group| group.leave(&client.id, now));
                *client = Client { id: String::new(), stand: Stand::Out, runs: false };
            }
            Event::Die(at) => self.clients[*at] = Client { id: String::new(), stand: Stand::Out, runs: false },
        }
    }
}

fn join(groups: &mut Coordinator, client: &mut Client, at: usize, now: Millis) -> Result<Stand, Code> {
    let asked = Join {
        member: client.id.clone(),
        client: format!("c{at}"),
        host: "/127.0.0.1".into(),
        session: SESSION,
        rebalance: 30_000,
        sort: "consumer".into(),
        protocols: vec![("range".into(), Bytes::new())],
        two_steps: at.is_multiple_of(2),
    };
    match groups.join(GROUP, asked, now) {
        Ok(id) => {
            client.id = id;
            Ok(Stand::Joining)
        }
        Err((Code::MemberIdRequired, id)) => {
            client.id = id;
            Ok(Stand::Out)
        }
        Err((why, _)) => Err(why),
    }
}

fn joined(groups: &mut Coordinator, client: &Client, now: Millis) -> Result<Stand, Code> {
    let group = groups.group_mut(GROUP)?;
    let Some(joined) = group.has_joined(&client.id) else { return Ok(Stand::Joining) };
    let joined = joined?;
    let share = |(index, (id, _)): (usize, &(String, Bytes))| {
        let own = (0..PARTITIONS).filter(|partition| usize::from(*partition) % joined.members.len() == index);
        (id.clone(), own.collect())
    };
    let shares = joined.members.iter().enumerate().map(share).collect();
    group.sync(&client.id, joined.generation, shares, now)?;
    Ok(Stand::Sharing(joined.generation))
}

fn shared(groups: &Coordinator, client: &Client, generation: i32) -> Result<Stand, Code> {
    let group = groups.group(GROUP).ok_or(Code::UnknownMemberId)?;
    match group.share(&client.id, generation) {
        None => Ok(Stand::Sharing(generation)),
        Some(share) => Ok(Stand::In(generation, share?.to_vec())),
    }
}

#[derive(Debug, Clone)]
enum Event {
    Start(usize),
    Step(usize),
    Leave(usize),
    Die(usize),
    Wait(Millis),
}

fn event() -> impl Strategy<Value = Event> {
    let who = 0..4_usize;
    prop_oneof![
        2 => who.clone().prop_map(Event::Start),
        8 => who.clone().prop_map(Event::Step),
        1 => who.clone().prop_map(Event::Leave),
        1 => who.prop_map(Event::Die),
        2 => (1..12_000_u64).prop_map(Event::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn in_the_end_each_partition_has_one_reader(
        events in proptest::collection::vec(event(), 1..80),
        delay in prop_oneof![Just(0), Just(3000)],
    ) {
        let mut world = World::new(delay);
        events.iter().for_each(|event| world.happen(event));
        world.clients[0].runs = true;
        for _ in 0..100 {
            (0..4).for_each(|at| world.step(at));
            world.wait(1000);
        }
        let group = world.groups.group(GROUP).unwrap();
        prop_assert_eq!(group.phase, Phase::Stable);
        let running = world.clients.iter().filter(|client| client.runs);
        let mut readers: BTreeMap<u8, usize> = BTreeMap::new();
        for client in running.clone() {
            let Stand::In(generation, share) = &client.stand else { panic!("{client:?} is not in") };
            prop_assert_eq!(*generation, group.generation);
            share.iter().for_each(|partition| *readers.entry(*partition).or_default() += 1);
        }
        prop_assert_eq!(group.members.len(), running.count());
        prop_assert!(readers.len() == usize::from(PARTITIONS) && readers.values().all(|count| *count == 1));
    }
}

#[test]
fn members_that_do_not_fit_are_refused() {
    let mut world = World::new(0);
    world.clients[1].runs = true;
    (0..3).for_each(|_| world.step(1));
    let odd = |sort: &str, protocol: &str| Join {
        member: String::new(),
        client: "odd".into(),
        host: String::new(),
        session: SESSION,
        rebalance: 1,
        sort: sort.into(),
        protocols: vec![(protocol.into(), Bytes::new())],
        two_steps: false,
    };
    let mut refused = |join: Join| world.groups.join(GROUP, join, 0).unwrap_err().0;
    assert_eq!(refused(odd("connect", "range")), Code::InconsistentGroupProtocol);
    assert_eq!(refused(odd("consumer", "sticky")), Code::InconsistentGroupProtocol);
    assert_eq!(refused(Join { session: 1, ..odd("consumer", "range") }), Code::InvalidSessionTimeout);
    assert_eq!(refused(Join { member: "x".into(), ..odd("consumer", "range") }), Code::UnknownMemberId);
    assert_eq!(world.groups.group(GROUP).unwrap().members.len(), 1);
}

#[test]
fn only_members_of_this_generation_commit_while_there_are_any() {
    let mut world = World::new(0);
    world.clients[1].runs = true;
    (0..3).for_each(|_| world.step(1));
    let id = world.clients[1].id.clone();
    let mut may = |member: &str, generation| world.groups.may_commit(GROUP, member, generation, 0);
    assert_eq!(may(&id, 1), Ok(()));
    assert_eq!(may(&id, 0), Err(Code::IllegalGeneration));
    assert_eq!(may("", -1), Err(Code::UnknownMemberId));
    let committed = Committed { offset: 3, epoch: -1, note: String::new() };
    world.groups.commit(GROUP, "orders", 0, committed.clone()).unwrap();
    assert_eq!(world.groups.delete(GROUP), Err(Code::NonEmptyGroup));
    let long = Committed { note: "x".repeat(5000), ..committed };
    assert_eq!(world.groups.commit(GROUP, "orders", 0, long), Err(Code::OffsetMetadataTooLarge));
    world.happen(&Event::Leave(1));
    assert_eq!(world.groups.may_commit(GROUP, "", -1, 0), Ok(()));
    assert_eq!(world.groups.delete(GROUP), Ok(()));
}
