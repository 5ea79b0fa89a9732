//! The stand-in's own words: log lines in Strimzi's format, and counters under Strimzi's metric names.
//! Knows no cluster.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

/// Upper bounds of the duration histogram, in seconds.
const BOUNDS: [f64; 6] = [0.05, 0.1, 0.5, 1.0, 5.0, 10.0];

/// One kind's reconciliations so far.
#[derive(Debug, Default, Clone)]
struct Counts {
    total: u64,
    successful: u64,
    failed: u64,
    periodical: u64,
    seconds: f64,
    longest: f64,
    buckets: [u64; BOUNDS.len()],
    resources: usize,
}

/// Counters by kind.
#[derive(Debug, Default)]
pub struct Telemetry {
    kinds: BTreeMap<&'static str, Counts>,
    certificate_end: Option<i64>,
}

impl Telemetry {
    /// Counts one reconciliation of `kind` that took `took`.
    pub fn reconciled(&mut self, kind: &'static str, timer: bool, ok: bool, took: Duration) {
        let c = self.kinds.entry(kind).or_default();
        c.total += 1;
        c.periodical += u64::from(timer);
        if ok {
            c.successful += 1;
        } else {
            c.failed += 1;
        }
        let s = took.as_secs_f64();
        c.seconds += s;
        c.longest = c.longest.max(s);
        for (bucket, bound) in c.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(s <= bound);
        }
    }

    /// Says how many objects of `kind` there are.
    pub fn resources(&mut self, kind: &'static str, n: usize) {
        self.kinds.entry(kind).or_default().resources = n;
    }

    /// Says when the cluster's authority ends, in milliseconds since 1970.
    pub fn certificate_ends(&mut self, at: i64) {
        self.certificate_end = Some(at);
    }

    /// All of it as Prometheus text.
    pub fn render(&self, namespace: &str, cluster: &str) -> String {
        let mut out = String::new();
        let mut family = |name: &str, kind: &str, value: fn(&Counts) -> f64| {
            let _ = writeln!(out, "# TYPE {name} {kind}");
            for (k, c) in &self.kinds {
                let v = value(c);
                let _ = writeln!(out, "{name}{{kind=\"{k}\",namespace=\"{namespace}\",selector=\"\"}} {v}");
            }
        };
        family("strimzi_reconciliations_total", "counter", |c| c.total as f64);
        family("strimzi_reconciliations_successful_total", "counter", |c| c.successful as f64);
        family("strimzi_reconciliations_failed_total", "counter", |c| c.failed as f64);
        family("strimzi_reconciliations_periodical_total", "counter", |c| c.periodical as f64);
        family("strimzi_reconciliations_locked_total", "counter", |_| 0.0);
        family("strimzi_resources", "gauge", |c| c.resources as f64);
        family("strimzi_reconciliations_duration_seconds_max", "gauge", |c| c.longest);
        self.histogram(&mut out, namespace);
        if let Some(end) = self.certificate_end {
            let labels = format!("cluster=\"{cluster}\",resource_namespace=\"{namespace}\",type=\"cluster-ca\"");
            let _ = writeln!(out, "strimzi_certificate_expiration_timestamp_ms{{{labels}}} {end}");
        }
        out
    }

    fn histogram(&self, out: &mut String, namespace: &str) {
        let name = "strimzi_reconciliations_duration_seconds";
        let _ = writeln!(out, "# TYPE {name} histogram");
        for (k, c) in &self.kinds {
            let labels = format!("kind=\"{k}\",namespace=\"{namespace}\",selector=\"\"");
            for (bucket, bound) in c.buckets.iter().zip(BOUNDS) {
                let _ = writeln!(out, "{name}_bucket{{{labels},le=\"{bound}\"}} {bucket}");
            }
            let _ = writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", c.total);
            let _ = writeln!(out, "{name}_sum{{{labels}}} {}", c.seconds);
            let _ = writeln!(out, "{name}_count{{{labels}}} {}", c.total);
        }
    }
}

/// How bad a line is.
#[derive(Debug, Clone, Copy)]
pub enum Level {
    /// All is well.
    Info,
    /// Worth a look.
    Warn,
    /// Something failed.
    Error,
}

/// One log line: `2026-11-24 00:17:11 INFO  AbstractOperator:272 - words`.
pub fn line(now: &str, level: Level, class: &str, words: &str) -> String {
    let level = match level {
        Level::Info => "INFO ",
        Level::Warn => "WARN ",
        Level::Error => "ERROR",
    };
    format!("{now} {level} {class} - {words}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_add_up_by_kind() {
        let mut t = Telemetry::default();
        t.reconciled("Kafka", true, true, Duration::from_millis(60));
        t.reconciled("Kafka", false, false, Duration::from_secs(2));
        t.resources("KafkaTopic", 4);
        t.certificate_ends(1_700_000_000_000);
        let text = t.render("kafka", "c");
        let labels = "{kind=\"Kafka\",namespace=\"kafka\",selector=\"\"}";
        for (name, value) in [("total", 2), ("successful_total", 1), ("failed_total", 1), ("periodical_total", 1)] {
            assert!(text.contains(&format!("strimzi_reconciliations_{name}{labels} {value}\n")), "{name}\n{text}");
        }
        assert!(text.contains("le=\"0.1\"} 1\n") && text.contains("le=\"+Inf\"} 2\n"), "{text}");
        assert!(text.contains("strimzi_resources{kind=\"KafkaTopic\",namespace=\"kafka\",selector=\"\"} 4"));
        assert!(text.contains("type=\"cluster-ca\"} 1700000000000"));
    }

    #[test]
    fn levels_are_padded_as_strimzi_pads_them() {
        let l = line("2026-11-24 00:17:11", Level::Info, "AbstractOperator:272", "reconciled");
        assert_eq!(l, "2026-11-24 00:17:11 INFO  AbstractOperator:272 - reconciled");
        assert!(line("t", Level::Error, "X:1", "w").starts_with("t ERROR X:1 - "));
    }
}
