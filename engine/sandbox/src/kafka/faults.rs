//! What can go wrong with a cluster, on the word of who owns it, and be right again.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::net::door::Door;
use super::state::Node;
use super::state::brokers::Running;
use super::state::refused::Refused;
use super::{Identity, Kafka, Trouble, opened};

impl Kafka {
    /// Shows another certificate from the next connection on: a wrong one, an expired one, the right one again.
    ///
    /// # Errors
    /// There is no such listener with TLS, or the certificate cannot be used.
    pub fn present(&self, listener: &str, server: &Identity) -> Result<(), Trouble> {
        let shown = self.listener(listener)?.tls.present(server);
        match shown.map_err(|why| Trouble::Certificate { listener: listener.to_owned(), why })? {
            true => Ok(()),
            false => Err(Trouble::Absent(format!("listener {listener} with TLS"))),
        }
    }

    fn known(&self, broker: Node) -> Result<(), Trouble> {
        match self.shared.look(|cluster| cluster.brokers.running(broker)) {
            Some(_) => Ok(()),
            None => Err(Trouble::Absent(format!("broker {broker}"))),
        }
    }

    fn doors(&self) -> MutexGuard<'_, Vec<Door>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self, broker: Node, running: Running, orderly: bool) -> Result<(), Trouble> {
        self.known(broker)?;
        if running == Running::Down {
            self.doors().iter_mut().filter(|door| door.node() == broker).for_each(Door::close);
        }
        self.shared.change(|cluster, now| cluster.stop(broker, running, orderly, now));
        Ok(())
    }

    /// Kills a broker: its sockets close, and it is missed after a while.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn broker_down(&self, broker: Node) -> Result<(), Trouble> {
        self.stop(broker, Running::Down, false)
    }

    /// Shuts a broker down in order: others lead at once.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn broker_stop(&self, broker: Node) -> Result<(), Trouble> {
        self.stop(broker, Running::Down, true)
    }

    /// Lets a broker take connections and never answer; the others miss it after a while.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn broker_pause(&self, broker: Node) -> Result<(), Trouble> {
        self.stop(broker, Running::Paused, false)
    }

    /// Starts a broker again, or lets it go on; it is in sync after a while.
    ///
    /// # Errors
    /// There is no such broker, or its sockets cannot be had again.
    pub fn broker_up(&self, broker: Node) -> Result<(), Trouble> {
        self.known(broker)?;
        let _inside = self.runtime.enter();
        self.doors().iter_mut().filter(|door| door.node() == broker).try_for_each(opened)?;
        self.shared.change(|cluster, now| cluster.run(broker, now));
        Ok(())
    }

    /// Holds all but these brokers out of sync; none lets them catch up again.
    ///
    /// # Errors
    /// There is no such partition, or it would have nobody in sync.
    pub fn pin_isr(&self, topic: &str, partition: i32, brokers: Option<Vec<Node>>) -> Result<(), Trouble> {
        let pinned = self.shared.change(|cluster, now| cluster.pin(topic, partition, brokers, now));
        Ok(pinned.map_err(|code| Refused::new(code, format!("holding brokers of {topic}/{partition} out of sync")))?)
    }

    /// From now on, records of these topics vanish when they have been acknowledged. `orders-*` are all topics that
    /// begin so; an empty list ends it.
    pub fn lose(&self, topics: &[&str]) {
        self.shared.touch(|cluster, _| cluster.losing = topics.iter().map(|topic| (*topic).to_owned()).collect());
    }

    /// Lets a broker that leads write no more (`KAFKA_STORAGE_ERROR`), or again.
    ///
    /// # Errors
    /// There is no such broker.
    pub fn disk_full(&self, broker: Node, full: bool) -> Result<(), Trouble> {
        self.known(broker)?;
        self.shared.touch(|cluster, _| cluster.brokers.set_disk_full(broker, full));
        Ok(())
    }

    /// Holds every answer back for so long, by the wall's clock; zero ends it.
    pub fn slow(&self, time: Duration) {
        self.shared.set_slow(time);
    }
}
