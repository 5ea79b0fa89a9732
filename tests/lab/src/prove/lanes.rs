//! Which faults may be in force side by side: those of one part come one after the other, and those of two parts at
//! once only where neither part needs the other. It breaks nothing itself.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{FuturesUnordered, StreamExt as _};

use crate::cluster::workloads;
use crate::part::{Fault, Part};
use crate::parts;

/// How many lanes run at once: each asks its servers several times a second, and starts a program to do so.
const AT_ONCE: usize = 6;

/// Faults of one part, proven one after the other.
#[derive(Debug)]
pub struct Lane {
    /// The part.
    pub part: String,
    /// Whether what needs the part feels its faults, too. Else they touch a workload that is there for them.
    wide: bool,
    /// The faults.
    pub faults: Vec<Fault>,
}

/// The lanes of these faults, those first that most others wait for.
pub fn of(chosen: Vec<(String, Fault)>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for (part, fault) in chosen {
        let wide = fault.at.is_none() && !workloads::has(fault.name);
        match lanes.iter_mut().find(|lane| lane.part == part && lane.wide == wide) {
            Some(lane) => lane.faults.push(fault),
            None => lanes.push(Lane { part, wide, faults: vec![fault] }),
        }
    }
    let all = needs(&parts::all());
    let waiting = |lane: &Lane| all.values().filter(|needed| lane.wide && needed.contains(lane.part.as_str())).count();
    lanes.sort_by_key(|lane| std::cmp::Reverse((waiting(lane), lane.faults.len())));
    lanes
}

/// What each part needs, directly or not.
fn needs(parts: &[Box<dyn Part>]) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let all = |part: &dyn Part| {
        let order = parts::with_needs(parts, &[part.name().to_owned()]).unwrap_or_default();
        order.into_iter().filter(|name| *name != part.name()).collect()
    };
    parts.iter().map(|part| (part.name(), all(part.as_ref()))).collect()
}

/// Does `work` for every lane, as soon as no lane is under way that could be felt in it; the sum of the answers.
pub async fn drive<F: Future<Output = usize>>(lanes: &[Lane], work: impl Fn(usize) -> F) -> usize {
    let all = needs(&parts::all());
    let felt =
        |a: &Lane, b: &Lane| a.wide && all.get(b.part.as_str()).is_some_and(|needed| needed.contains(a.part.as_str()));
    let clash = |a: &Lane, b: &Lane| a.part == b.part || felt(a, b) || felt(b, a);
    let mut waiting: Vec<usize> = (0..lanes.len()).collect();
    let mut under_way: Vec<usize> = Vec::new();
    let mut working = FuturesUnordered::new();
    let mut sum = 0;
    loop {
        waiting.retain(|&next| {
            let free = under_way.len() < AT_ONCE && under_way.iter().all(|&at| !clash(&lanes[at], &lanes[next]));
            if free {
                under_way.push(next);
                let work = work(next);
                working.push(async move { (next, work.await) });
            }
            !free
        });
        let Some((done, answer)) = working.next().await else { return sum };
        under_way.retain(|&at| at != done);
        sum += answer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn every_fault() -> Vec<(String, Fault)> {
        let parts = parts::all();
        parts.iter().flat_map(|p| p.faults().into_iter().map(|f| (p.name().to_owned(), f))).collect()
    }

    fn name(lane: &Lane) -> String {
        format!("{}{}", lane.part, if lane.wide { "" } else { " alone" })
    }

    #[test]
    fn every_fault_is_in_one_lane_and_what_others_wait_for_comes_first() {
        let all = every_fault();
        let lanes = of(all.clone());
        assert_eq!(lanes.iter().map(|lane| lane.faults.len()).sum::<usize>(), all.len());
        assert_eq!(name(&lanes[0]), "apps");
        assert!(lanes.iter().any(|lane| name(lane) == "apps alone" && lane.faults.len() >= 8));
    }

    #[tokio::test]
    async fn no_fault_is_in_force_where_a_trial_under_way_could_feel_it() {
        let lanes = of(every_fault());
        let (under_way, most) = (RefCell::new(BTreeSet::new()), RefCell::new(0));
        let work = |at: usize| {
            let (lanes, under_way, most) = (&lanes, &under_way, &most);
            async move {
                under_way.borrow_mut().insert(name(&lanes[at]));
                for _ in 0..lanes[at].faults.len() {
                    tokio::task::yield_now().await;
                    let now = under_way.borrow().clone();
                    let both = |a: &str, b: &str| now.contains(a) && now.contains(b);
                    assert!(!both("apps", "kafka") && !both("apps", "apps alone"), "{now:?}");
                    assert!(!both("kafka", "strimzi") && !both("s3", "volsync") && !both("sql", "standins"), "{now:?}");
                    assert!(!both("infra", "flux") && !both("infra", "scale"), "{now:?}");
                    let most_before = *most.borrow();
                    most.replace(now.len().max(most_before));
                }
                under_way.borrow_mut().remove(&name(&lanes[at]));
                lanes[at].faults.len()
            }
        };
        let done = drive(&lanes, work).await;
        assert_eq!(done, every_fault().len(), "every lane had its turn");
        assert_eq!(*most.borrow(), AT_ONCE, "what is independent is side by side");
    }
}
