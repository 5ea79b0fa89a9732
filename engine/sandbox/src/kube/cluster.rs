//! What the world does with a cluster: put objects there, change them, see what happens, make trouble. Clients come
//! through the socket that [`Cluster::serve`] is handed.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::interference::Interference;
use super::journal::Asked;
use super::object::{items, namespace, text, uid};
use super::patch::owners::{Manager, updated};
use super::reference::Ref;
use super::refusal::{About, Refusal};
use super::server::{Server, lock};
use super::store::{Act, By, Change, Face, Key};
use super::types::definition;
use super::types::resource::Resource;
use super::{admit, http, patch, selector, view};
use crate::clock::Clock;

pub use super::http::serve::Served;

/// One cluster: its API server, in memory. Cheap to clone; all clones are the same cluster.
#[derive(Debug, Clone)]
pub struct Cluster {
    server: Arc<Server>,
    hand: Arc<str>,
}

impl Cluster {
    /// A new cluster. It has the namespaces and roles that every cluster has, and no users.
    #[must_use]
    pub fn new(name: &str, clock: Clock) -> Self {
        Self { server: Arc::new(Server::new(name, clock)), hand: "world".into() }
    }

    /// The same cluster, worked on by another hand: [`Change::by`] names it, so that who plays a part of the world
    /// can tell its own changes from those of others.
    #[must_use]
    pub fn hand(&self, name: &str) -> Self {
        Self { server: Arc::clone(&self.server), hand: name.into() }
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.server.name
    }

    /// The clock of its world.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.server.clock
    }

    /// The kinds that it serves, each once: `Pod`, `Deployment.apps`.
    #[must_use]
    pub fn kinds(&self) -> Vec<String> {
        let kinds: std::collections::BTreeSet<String> = self
            .server
            .read(|store| store.catalogue.all().map(|one| super::refusal::qualified(&one.kind, &one.group)).collect());
        kinds.into_iter().collect()
    }

    fn act(&self) -> Act {
        self.server.act(By::World(Arc::clone(&self.hand)), false)
    }

    /// Puts an object there as it is, its status included: makes it, or takes the place of the one that has its
    /// name, which keeps its UID. Version, UID and times are filled in, and the UIDs of owners that are named
    /// without one.
    ///
    /// # Errors
    /// The cluster serves no such kind, its namespace is missing, or it is not a right object of its kind: a field
    /// that nobody knows is refused as `fieldValidation=Strict` refuses it.
    pub fn put(&self, object: Json) -> Result<Json, Refusal> {
        let act = self.act();
        self.server.write(|store| {
            let resource = resource_of(&store.catalogue, &object)?;
            let mut object = whole(&resource, object)?;
            store.own(&mut object);
            owned(&object)?;
            let key = Key::new(&resource, namespace(&object), super::object::name(&object));
            let done = match store.get(&key).is_some() {
                true => {
                    store.update(&resource, &key, Face::Whole, &act, |old| Ok(self.tracked(&resource, old, object)))
                }
                false => store.create(&resource, self.tracked(&resource, &serde_json::json!({}), object), &act),
            };
            done.map(|object| view::shown(&resource, &object))
        })
    }

    /// Notes in the object who owns what this hand has changed.
    fn tracked(&self, resource: &Resource, old: &Json, mut new: Json) -> Json {
        let manager = Manager { name: self.hand.to_string(), applies: false, part: String::new() };
        updated(resource, old, &mut new, &manager, self.server.clock.now());
        new
    }

    /// Puts several objects there: definitions first, then namespaces, then the rest in their order.
    ///
    /// # Errors
    /// As [`Cluster::put`], at the first that is not right.
    pub fn put_all(&self, mut objects: Vec<Json>) -> Result<(), Refusal> {
        objects.sort_by_key(|object| match object["kind"].as_str() {
            Some("CustomResourceDefinition") => 0,
            Some("Namespace") => 1,
            _ => 2,
        });
        objects.into_iter().try_for_each(|object| self.put(object).map(drop))
    }

    /// The object, if it is there.
    #[must_use]
    pub fn get(&self, of: &Ref) -> Option<Json> {
        self.server.read(|store| {
            let (resource, key) = find(&store.catalogue, of).ok()?;
            store.get(&key).map(|object| view::shown(&resource, object))
        })
    }

    /// The objects of a kind (`Pod`, `Kafka.kafka.strimzi.io`), by namespace and name: of one namespace or of all,
    /// and only those that a label selector (`app=web,tier!=db`; empty: all) fits.
    ///
    /// # Errors
    /// The cluster serves no such kind, or the selector is none.
    pub fn list(&self, kind: &str, namespace: Option<&str>, labels: &str) -> Result<Vec<Json>, Refusal> {
        let labels = selector::Labels::parse(labels)?;
        self.server.read(|store| {
            let resource = named(&store.catalogue, kind)?;
            let shelf = resource.shelf();
            let fitting = store.shelf(&shelf, namespace).filter(|(_, object)| labels.fits(object));
            Ok(fitting.map(|(_, object)| view::shown(&resource, object)).collect())
        })
    }

    /// Changes an object by a merge patch (RFC 7386), its status included.
    ///
    /// # Errors
    /// There is none, or it would not be a right object any more.
    pub fn merge(&self, of: &Ref, patch: &Json) -> Result<Json, Refusal> {
        let act = self.act();
        self.server.write(|store| {
            let (resource, key) = find(&store.catalogue, of)?;
            let changed = store.update(&resource, &key, Face::Whole, &act, |old| {
                let mut object = view::shown(&resource, old);
                patch::merge::merge(&mut object, patch);
                Ok(self.tracked(&resource, old, whole(&resource, object)?))
            });
            changed.map(|object| view::shown(&resource, &object))
        })
    }

    /// Takes an object away at once, whatever would hold it; what it owns goes as well.
    ///
    /// # Errors
    /// There is none.
    pub fn remove(&self, of: &Ref) -> Result<(), Refusal> {
        let act = self.act();
        self.server.write(|store| {
            let (resource, key) = find(&store.catalogue, of)?;
            store.tear(&resource, &key, &act).map(drop)
        })
    }

    /// Every change from now on, in the order in which it happens, whoever makes it.
    #[must_use]
    pub fn changes(&self) -> UnboundedReceiver<Change> {
        let (sender, receiver) = unbounded_channel();
        self.server.write(|store| store.listen(sender));
        receiver
    }

    /// How long a pod that runs takes to end when it is told to, in the time of the world; a pod's grace is the
    /// most. None: somebody in the world ends it, by [`Cluster::remove`]. At first one second.
    pub fn ending(&self, takes: Option<Duration>) {
        self.server.write(|store| store.ending = takes);
    }

    /// A container of a pod writes; each line of `text` is a line of its log.
    ///
    /// # Errors
    /// There is no such pod.
    pub fn log(&self, namespace: &str, pod: &str, container: &str, text: &str) -> Result<(), Refusal> {
        let uid = self.pod(namespace, pod)?;
        self.server.journal().write(&uid, container, self.server.clock.now(), text);
        self.server.written.send_modify(|count| *count += 1);
        Ok(())
    }

    /// A container is restarted: what it has written so far is what `previous` shows.
    ///
    /// # Errors
    /// There is no such pod.
    pub fn restarted(&self, namespace: &str, pod: &str, container: &str) -> Result<(), Refusal> {
        let uid = self.pod(namespace, pod)?;
        self.server.journal().restart(&uid, container);
        Ok(())
    }

    fn pod(&self, namespace: &str, pod: &str) -> Result<String, Refusal> {
        let found = self.get(&Ref::new("Pod", Some(namespace), pod));
        let about = About { group: "", resource: "pods", name: pod };
        found.map(|pod| uid(&pod).to_owned()).ok_or_else(|| Refusal::not_found(about))
    }

    /// What a pod or a service of this name answers with at this port, through its proxy or a forwarded port. A
    /// service whose pods are exposed needs none of its own.
    pub fn expose(&self, namespace: &str, name: &str, port: u16, to: SocketAddr) {
        lock(&self.server.ports).insert((namespace.to_owned(), name.to_owned(), port), to);
    }

    /// Nothing answers there any more.
    pub fn withdraw(&self, namespace: &str, name: &str, port: u16) {
        lock(&self.server.ports).remove(&(namespace.to_owned(), name.to_owned(), port));
    }

    /// Lets somebody in: who shows this token is that user. The group `system:masters` may do everything; what
    /// others may do is said by roles and bindings.
    pub fn user(&self, token: &str, name: &str, groups: &[&str]) {
        lock(&self.server.people).add(token, name, groups);
    }

    /// Makes something go wrong, until it is calmed.
    pub fn interfere(&self, with: Interference) {
        self.server.faults.send_modify(|faults| faults.add(with));
    }

    /// Puts one thing right.
    pub fn calm(&self, what: &Interference) {
        self.server.faults.send_modify(|faults| faults.remove(what));
    }

    /// Puts everything right.
    pub fn calm_all(&self) {
        self.server.faults.send_modify(super::interference::Faults::clear);
    }

    /// Ends every watch that is open now; new ones may be opened.
    pub fn cut_watches(&self) {
        self.server.cuts.send_modify(|count| *count += 1);
    }

    /// Forgets what has happened: watches that want to go on from before are told 410.
    pub fn forget(&self) {
        self.server.write(|store| store.history.forget());
    }

    /// Serves clients that come to `listener` until what is returned is dropped; over TLS if it is given.
    /// Needs a runtime of tokio.
    #[must_use]
    pub fn serve(&self, listener: TcpListener, tls: Option<Arc<rustls::ServerConfig>>) -> Served {
        http::serve::serve(Arc::clone(&self.server), listener, tls)
    }

    /// A kubeconfig with one context, called like the cluster. `url`: `https://127.0.0.1:PORT`; `ca`: PEM, for TLS.
    #[must_use]
    pub fn kubeconfig(&self, url: &str, ca: Option<&str>, token: &str) -> String {
        use base64::Engine as _;
        let name = &self.server.name;
        let mut cluster = serde_json::json!({ "server": url });
        if let Some(ca) = ca {
            cluster["certificate-authority-data"] = base64::engine::general_purpose::STANDARD.encode(ca).into();
        }
        serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": name, "preferences": {},
            "clusters": [{ "name": name, "cluster": cluster }],
            "users": [{ "name": name, "user": { "token": token } }],
            "contexts": [{ "name": name, "context": { "cluster": name, "user": name } }],
        })
        .to_string()
    }

    /// What the cluster does not look at although a real one would, a sentence each: rules of definitions in CEL.
    #[must_use]
    pub fn unchecked(&self) -> Vec<String> {
        let definitions = "customresourcedefinitions.apiextensions.k8s.io".into();
        self.server.read(|store| {
            store.shelf(&definitions, None).filter_map(|(_, object)| definition::warning(object)).collect()
        })
    }

    /// What clients have asked so far, in the order in which they were answered.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.server.journal().asked().to_vec()
    }
}

type Catalogue = super::types::catalogue::Catalogue;

fn unserved(kind: &str) -> Refusal {
    Refusal::bad_request(format!("the cluster serves no kind `{kind}`; is its CustomResourceDefinition there?"))
}

fn named(catalogue: &Catalogue, kind: &str) -> Result<Arc<Resource>, Refusal> {
    catalogue.named(kind).cloned().ok_or_else(|| unserved(kind))
}

fn resource_of(catalogue: &Catalogue, object: &Json) -> Result<Arc<Resource>, Refusal> {
    let word = |key: &str| object[key].as_str().unwrap_or_default();
    let (version, kind) = (word("apiVersion"), word("kind"));
    catalogue.kind(version, kind).cloned().ok_or_else(|| unserved(&format!("{kind} of {version}")))
}

fn find(catalogue: &Catalogue, of: &Ref) -> Result<(Arc<Resource>, Key), Refusal> {
    let resource = named(catalogue, &of.kind)?;
    let key = Key::new(&resource, of.namespace.as_deref().unwrap_or_default(), &of.name);
    Ok((resource, key))
}

/// An object as the world writes it, held against its resource.
fn whole(resource: &Resource, object: Json) -> Result<Json, Refusal> {
    let called = format!("{} {}", resource.kind, text(&object, "name"));
    let admitted = admit::decode(resource, object).map_err(|why| Refusal::bad_request(format!("{called}: {why}")))?;
    if let Some(why) = admit::strict(&admitted.unknown) {
        return Err(Refusal::bad_request(format!("{called}: {why}")));
    }
    admit::valid(resource, &admitted.object)?;
    Ok(view::stored(resource, admitted.object))
}

/// Owners that are named must be there: what is owned by nobody would be collected.
fn owned(object: &Json) -> Result<(), Refusal> {
    let nobody = items(&object["metadata"]["ownerReferences"]).find(|owner| owner["uid"].is_null());
    match nobody {
        Some(owner) => Err(Refusal::bad_request(format!(
            "{} {} names an owner that is not there: {} {}",
            text(object, "namespace"),
            text(object, "name"),
            owner["kind"],
            owner["name"]
        ))),
        None => Ok(()),
    }
}
