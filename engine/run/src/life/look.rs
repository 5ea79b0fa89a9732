//! One attempt: observe, the witness in the same breath, the hook, the judgement, the saves.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use checkrun_judge::{Case, Judgement, judge};
use checkrun_lang::{Subject, Value, What};
use checkrun_model::event::{Event, Evidence, Outcome};
use checkrun_model::{Broken, Cx, Effect, Observation, Ruling};
use serde_json::Value as Json;

use super::prepare::Ready;
use super::{Life, bounded};
use crate::journal::evidence::Read;
use crate::message::Msg;

/// What a look is asked to be.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'l> {
    /// When it must be over.
    pub deadline: Instant,
    /// The epoch before which nothing may have been read, in a wait.
    pub epoch: Option<u64>,
    /// The stamp of the wait.
    pub wait_id: u64,
    /// Reads again what this observation made, instead of acting.
    pub again: Option<&'l Observation>,
}

/// What came of it.
pub enum Look {
    /// Something was seen and judged.
    Seen(Box<Seen>),
    /// Nothing was seen.
    Broken(Broken),
    /// Nothing was seen, and it is still at work.
    Hangs(Broken),
}

/// What was seen, judged.
pub struct Seen {
    /// The observation; its value is in `value`.
    pub observation: Observation,
    /// The value, the hook's added.
    pub value: Arc<Json>,
    /// What the witness saw.
    pub witness: Option<Json>,
    /// The judgement.
    pub judgement: Judgement,
    /// The saves; only where everything is met.
    pub saves: Vec<(Arc<str>, Value)>,
    /// A save that could not be read.
    pub unreadable: Option<String>,
}

impl Seen {
    /// Whether nothing is left to wish for.
    pub fn passes(&self) -> bool {
        self.judgement.outcome == Outcome::Met && self.unreadable.is_none()
    }
}

/// Says that an effect has ended, also when its observation was dropped half way.
struct Effecting<'r>(&'r checkrun_model::Shared, bool);

impl Drop for Effecting<'_> {
    fn drop(&mut self) {
        if self.1 {
            self.0.effect_ended();
        }
    }
}

impl Life<'_> {
    /// Looks once.
    pub(super) async fn look(&mut self, ask: Ask<'_>) -> Look {
        let time = ask.deadline.saturating_duration_since(Instant::now());
        let seen = bounded::by(ask.deadline, self.observe(ask)).await;
        match seen {
            Some(Ok((observation, witness))) => self.judged(observation, witness),
            Some(Err(broken)) => Look::Broken(broken),
            None => {
                let hangs = self.flag.give_up().await;
                let cause = self.late(time);
                if hangs { Look::Hangs(cause) } else { Look::Broken(cause) }
            }
        }
    }

    async fn observe(&self, ask: Ask<'_>) -> Result<(Observation, Option<Json>), Broken> {
        let Some(act) = &self.act else { return Ok((Observation::from(Json::Object(serde_json::Map::new())), None)) };
        let observation = {
            let cx = self.cx(act, ask);
            match ask.again {
                Some(last) => act.kind.reread(&cx, last).await?,
                None => {
                    let _ends = Effecting(&self.room.shared, self.effect > Effect::Read);
                    act.kind.observe(&cx).await?
                }
            }
        };
        self.room.redactor.learn_all(&observation.secrets)?;
        let Some(witness) = &self.witness else { return Ok((observation, None)) };
        let cx = self.cx(witness, ask);
        let seen = witness
            .kind
            .observe(&cx)
            .await
            .map_err(|broken| Broken { cause: format!("the witness: {}", broken.cause), ..broken })?;
        self.room.redactor.learn_all(&seen.secrets)?;
        Ok((observation, Some(seen.value)))
    }

    pub(super) fn cx(&self, act: &Ready, ask: Ask<'_>) -> Cx {
        let mut cx = self.room.cx(self.ix, act.place.clone(), ask.deadline, &self.flag.get());
        cx.wait_epoch = ask.epoch;
        cx.wait_id = ask.wait_id;
        cx
    }

    /// Judges what was seen. Pure but for the clock: `now()` is this moment.
    pub(super) fn judged(&mut self, mut observation: Observation, witness: Option<Json>) -> Look {
        let doc = self.act.as_ref().map(|act| act.kind.doc());
        let fields = doc.map_or(&[][..], |doc| doc.observation);
        let mut value = Arc::new(std::mem::take(&mut observation.value));
        let mut scope = self.scope.clone();
        let now = self.room.clock().now();
        let mut it = Value::observation(Arc::clone(&value), fields);
        if let Some(hook) = self.body.hook.as_ref().filter(|hook| hook.has("observed")) {
            scope.set_observation(it.clone(), now);
            match tokio::task::block_in_place(|| hook.observed(&scope)) {
                Ok(Some(more)) => {
                    value = with_hook(&value, more.to_json());
                    it = Value::observation(Arc::clone(&value), fields);
                    scope.set("hook", more);
                }
                Ok(None) => {}
                Err(error) => return Look::Broken(hook_broken(error)),
            }
        }
        if self.first.is_none() && (self.body.within.is_some() || self.body.holds_for.is_some()) {
            self.first = Some(it.clone());
        }
        scope.set("first", self.first.as_ref().unwrap_or(&it).clone());
        scope.set_observation(it, now);
        let node = self.room.node(self.ix);
        let asked = checkrun_judge::asked(&self.body.expect, self.body.allow_empty);
        let ruling: Option<Ruling> = self.act.as_ref().map(|act| act.kind.rule(&value, asked));
        let case = Case {
            doc,
            ruling,
            kind_span: self.body.act.as_ref().map_or(node.span, |act| act.span),
            seen: Arc::clone(&value),
            witness: witness.as_ref(),
            scope: &scope,
            expectations: &self.body.expect,
            hook: self.body.hook.as_deref(),
            readiness: &self.room.plan.readiness,
            asked,
        };
        // A hook may take its time; nobody else may wait for it.
        let judgement = if case.hook.is_some() { tokio::task::block_in_place(|| judge(&case)) } else { judge(&case) };
        let mut seen = Seen { observation, value, witness, judgement, saves: Vec::new(), unreadable: None };
        if seen.judgement.outcome == Outcome::Met {
            for (name, save, _) in &node.saves {
                match save.eval(&scope) {
                    Ok(value) => seen.saves.push((Arc::clone(name), value)),
                    Err(error) => {
                        seen.unreadable = Some(format!("save `{name}` cannot be read: {}", error.message));
                        break;
                    }
                }
            }
        }
        Look::Seen(Box::new(seen))
    }

    /// The event that keeps what was seen; its evidence is written before.
    pub(super) fn observed(&self, seen: &mut Seen) -> Option<Event> {
        self.act.as_ref()?;
        let read = || self.read();
        let value = std::mem::take(&mut seen.value);
        let value = Arc::try_unwrap(value).unwrap_or_else(|shared| (*shared).clone());
        let evidence = self.kept(value, read);
        let witness = seen.witness.take().map(|value| self.kept(value, || Read::All));
        let notes = std::mem::take(&mut seen.observation.notes);
        Some(Event::Observed { node: self.ix.0, attempt: self.story.attempts, seen: evidence, witness, notes })
    }

    fn kept(&self, mut value: Json, read: impl FnOnce() -> Read) -> Evidence {
        self.room.redactor.json(&mut value);
        self.room.keeper.keep(value, read).unwrap_or_else(|why| {
            self.room.tell(Msg::Trouble(why));
            Evidence::Inline(Json::Null)
        })
    }

    /// What of the observation the check reads: that is never cut from the evidence.
    fn read(&self) -> Read {
        let mut keys = BTreeSet::new();
        let mut all = self.body.hook.is_some();
        crate::scope::each_reads(self.room.node(self.ix), &mut |reads| {
            for (name, _) in &reads.names {
                all |= name == "it" || name == "first";
                keys.insert(name.clone());
            }
        });
        for expectation in &*self.body.expect {
            match &expectation.what {
                What::Ready | What::None => all = true,
                What::Expr(_) => {}
                What::Matcher(matcher) => all |= matches!(matcher.subject, Subject::Path(_)),
            }
        }
        if all { Read::All } else { Read::Keys(keys) }
    }
}

fn with_hook(value: &Json, more: Json) -> Arc<Json> {
    let mut value = value.clone();
    if let Some(map) = value.as_object_mut() {
        map.insert("hook".into(), more);
    }
    Arc::new(value)
}

fn hook_broken(error: checkrun_lang::EvalError) -> Broken {
    let cause = format!("the hook's observed(it): {}", error.message);
    Broken { transient: error.absent, hint: error.help, ..Broken::fatal(cause) }
}
