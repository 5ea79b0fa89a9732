//! The brokers of a cluster: which run, which the controller takes for dead, and whether there is a controller.
//! Knows no topics.

use std::collections::{BTreeMap, BTreeSet};

use super::{Millis, Node};

/// What a broker's process does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Running {
    /// It answers.
    Up,
    /// It is gone: nobody can connect.
    Down,
    /// It is there and does nothing: connections are taken and never answered.
    Paused,
}

/// What the controller has to do about a broker now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Take it for dead.
    Fence(Node),
    /// Take it back.
    Unfence(Node),
    /// It has caught up with the leaders.
    Rejoin(Node),
}

#[derive(Debug)]
struct Broker {
    running: Running,
    fenced: bool,
    fence_at: Option<Millis>,
    rejoin_at: Option<Millis>,
    disk_full: bool,
}

/// How a cluster treats its brokers.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// So long a broker may be silent before it is taken for dead.
    pub session: Millis,
    /// So long a broker that is back takes to catch up.
    pub catch_up: Millis,
    /// Whether controllers run apart: they are always there, however many brokers are down.
    pub apart: bool,
}

/// All brokers.
#[derive(Debug)]
pub struct Brokers {
    all: BTreeMap<Node, Broker>,
    controller: Option<Node>,
    patience: Patience,
}

impl Brokers {
    /// Brokers that all run.
    #[must_use]
    pub fn new(nodes: &[Node], patience: Patience) -> Self {
        let up = || Broker { running: Running::Up, fenced: false, fence_at: None, rejoin_at: None, disk_full: false };
        let all = nodes.iter().map(|node| (*node, up())).collect();
        Self { all, controller: nodes.iter().min().copied(), patience }
    }

    /// All ids, those of dead brokers too.
    pub fn ids(&self) -> impl Iterator<Item = Node> {
        self.all.keys().copied()
    }

    /// What a broker's process does; none if there is no such broker.
    #[must_use]
    pub fn running(&self, node: Node) -> Option<Running> {
        self.all.get(&node).map(|broker| broker.running)
    }

    /// Whether the controller takes it for dead.
    #[must_use]
    pub fn fenced(&self, node: Node) -> bool {
        self.all.get(&node).is_none_or(|broker| broker.fenced)
    }

    /// Those that run and are not taken for dead.
    #[must_use]
    pub fn active(&self) -> BTreeSet<Node> {
        let active = self.all.iter().filter(|(_, broker)| broker.running == Running::Up && !broker.fenced);
        active.map(|(node, _)| *node).collect()
    }

    /// The broker that answers for the controller; none if no majority runs.
    #[must_use]
    pub fn controller(&self) -> Option<Node> {
        self.controller
    }

    /// Whether it cannot write.
    #[must_use]
    pub fn disk_full(&self, node: Node) -> bool {
        self.all.get(&node).is_some_and(|broker| broker.disk_full)
    }

    /// Lets it write no more, or again.
    pub fn set_disk_full(&mut self, node: Node, full: bool) {
        if let Some(broker) = self.all.get_mut(&node) {
            broker.disk_full = full;
        }
    }

    /// It stops. One that shuts down in order says so; the others are missed after a while.
    pub fn stop(&mut self, node: Node, running: Running, orderly: bool, now: Millis) {
        let session = if orderly { 0 } else { self.patience.session };
        if let Some(broker) = self.all.get_mut(&node) {
            broker.fence_at = broker.fence_at.or((!broker.fenced).then_some(now + session));
            broker.running = running;
            broker.rejoin_at = None;
        }
        self.choose();
    }

    /// It runs again.
    pub fn run(&mut self, node: Node) {
        if let Some(broker) = self.all.get_mut(&node) {
            (broker.running, broker.fence_at) = (Running::Up, None);
        }
        self.choose();
    }

    /// Lets it catch up with the leaders.
    pub fn catch_up(&mut self, node: Node, now: Millis) {
        let at = now + self.patience.catch_up;
        if let Some(broker) = self.all.get_mut(&node).filter(|broker| broker.running == Running::Up) {
            broker.rejoin_at = Some(at);
        }
    }

    /// The controller stays as long as it runs and a majority does.
    fn choose(&mut self) {
        let up: Vec<Node> =
            self.all.iter().filter(|(_, broker)| broker.running == Running::Up).map(|(node, _)| *node).collect();
        let enough = up.len() * 2 > self.all.len() || (self.patience.apart && !up.is_empty());
        self.controller = match self.controller {
            _ if !enough => None,
            Some(controller) if up.contains(&controller) => Some(controller),
            _ => up.first().copied(),
        };
    }

    fn has_controller(&self) -> bool {
        self.controller.is_some() || self.patience.apart
    }

    /// What is to be done now; without a controller nothing is.
    pub fn due(&mut self, now: Millis) -> Vec<Due> {
        if !self.has_controller() {
            return Vec::new();
        }
        let mut due = Vec::new();
        for (node, broker) in &mut self.all {
            if broker.fence_at.take_if(|at| *at <= now).is_some() {
                broker.fenced = true;
                due.push(Due::Fence(*node));
            }
            if broker.fenced && broker.running == Running::Up {
                broker.fenced = false;
                broker.rejoin_at = Some(now + self.patience.catch_up);
                due.push(Due::Unfence(*node));
            }
            if broker.rejoin_at.take_if(|at| *at <= now).is_some() {
                due.push(Due::Rejoin(*node));
            }
        }
        due
    }

    /// When there is something to be done next.
    #[must_use]
    pub fn next(&self) -> Option<Millis> {
        let times = self.all.values().flat_map(|broker| [broker.fence_at, broker.rejoin_at]);
        times.flatten().min().filter(|_| self.has_controller())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Brokers {
        Brokers::new(&[0, 1, 2], Patience { session: 10, catch_up: 5, apart: false })
    }

    #[test]
    fn a_dead_broker_is_missed_after_a_while_and_catches_up_when_it_is_back() {
        let mut brokers = three();
        brokers.stop(1, Running::Down, false, 100);
        assert_eq!((brokers.due(109), brokers.next()), (vec![], Some(110)));
        assert_eq!(brokers.due(110), [Due::Fence(1)]);
        brokers.run(1);
        assert_eq!(brokers.due(120), [Due::Unfence(1)]);
        assert_eq!((brokers.due(124), brokers.due(125)), (vec![], vec![Due::Rejoin(1)]));
        assert_eq!(brokers.next(), None);
    }

    #[test]
    fn who_shuts_down_in_order_is_fenced_at_once() {
        let mut brokers = three();
        brokers.stop(1, Running::Down, true, 100);
        assert_eq!(brokers.due(100), [Due::Fence(1)]);
    }

    #[test]
    fn without_a_majority_there_is_no_controller_and_nobody_is_missed() {
        let mut brokers = three();
        brokers.stop(0, Running::Down, false, 0);
        assert_eq!(brokers.controller(), Some(1));
        brokers.stop(1, Running::Paused, false, 0);
        assert_eq!((brokers.controller(), brokers.due(1000), brokers.next()), (None, vec![], None));
        brokers.run(1);
        assert_eq!((brokers.controller(), brokers.due(1000)), (Some(1), vec![Due::Fence(0)]));
        assert_eq!(brokers.active(), BTreeSet::from([1, 2]));
    }

    #[test]
    fn controllers_that_run_apart_are_always_there() {
        let mut brokers = Brokers::new(&[0, 1], Patience { session: 10, catch_up: 5, apart: true });
        brokers.stop(0, Running::Down, false, 0);
        assert_eq!((brokers.controller(), brokers.due(10)), (Some(1), vec![Due::Fence(0)]));
        brokers.stop(1, Running::Down, false, 10);
        assert_eq!((brokers.controller(), brokers.due(20)), (None, vec![Due::Fence(1)]));
    }
}
