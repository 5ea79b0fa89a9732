//! The metrics and log stores of a world: filled at its start, changed by deeds.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::play::Play;
use crate::file::deed::{Aged, Chosen, Sample};
use crate::file::shape::{NumberOrQuery, RowShape};
use crate::logs::Row;
use crate::metrics::{self, Metrics, Series, Value, When};

impl Play {
    pub(super) fn metrics(&self, name: &str) -> Result<&Metrics, String> {
        self.stage
            .metrics
            .get(name)
            .map(|metrics| &**metrics)
            .ok_or_else(|| format!("there is no metrics store `{name}`"))
    }

    pub(super) fn set(&self, sample: &Sample) -> Result<(), String> {
        let labels = metrics::labels(&sample.series)?;
        let when = sample.age.map_or_else(|| When::At(self.stage.clock.now()), |age| When::Ago(age.0));
        self.metrics(&sample.metrics)?.store().set(Series { labels, value: value(&sample.value)?, when });
        Ok(())
    }

    pub(super) fn drop_series(&self, chosen: &Chosen) -> Result<(), String> {
        let selector = metrics::selector(&chosen.series)?;
        self.metrics(&chosen.metrics)?.store().remove(|labels| metrics::fits(&selector, labels));
        Ok(())
    }

    pub(super) fn age(&self, aged: &Aged) -> Result<(), String> {
        let selector = metrics::selector(&aged.series)?;
        let now = self.stage.clock.now();
        let older = |series: &mut Series| {
            series.when = When::At(series.at(now).checked_sub(aged.by.0).unwrap_or(Timestamp::MIN));
        };
        self.metrics(&aged.metrics)?.store().change(|labels| metrics::fits(&selector, labels), older);
        Ok(())
    }

    /// What is there from the start beside objects: series, answers, rows, the first scrapes.
    pub(super) fn stock(&mut self) -> Result<(), String> {
        let world = std::sync::Arc::clone(&self.world);
        for (name, shape) in &world.shape.metrics {
            let metrics = self.metrics(name)?;
            for series in &shape.series {
                let age = series.age.map_or(Duration::from_secs(10), |age| age.0);
                let labels = metrics::labels(&series.series)?;
                metrics.store().set(Series { labels, value: value(&series.value)?, when: When::Ago(age) });
            }
            for answer in &shape.answers {
                let gives = answer.gives.iter().map(|given| (given.labels.clone(), given.value)).collect();
                metrics.give(metrics::neat(&answer.query)?, gives);
            }
        }
        for (name, shape) in &world.shape.logs {
            shape.rows.iter().try_for_each(|row| self.row(name, row))?;
        }
        Ok(())
    }

    pub(super) fn row(&self, logs: &str, row: &RowShape) -> Result<(), String> {
        let store = self.stage.logs.get(logs).ok_or_else(|| format!("there is no log store `{logs}`"))?;
        let age = row.age.map(|age| age.0).unwrap_or_default();
        let at = self.stage.clock.now().checked_sub(age).map_err(|why| why.to_string())?;
        store.keep(Row { at, fields: row.fields.clone(), stream: row.stream.clone() });
        Ok(())
    }
}

fn value(value: &NumberOrQuery) -> Result<Value, String> {
    match &value.0 {
        Json::Number(number) => number.as_f64().map(Value::Number).ok_or_else(|| format!("{number} is too large")),
        Json::String(query) => metrics::neat(query).map(Value::Query),
        other => Err(format!("a number or a query is wanted, not {other}")),
    }
}
