//! The HTTP APIs of Fluent Bit, Grafana, Harbor and GitLab: of each the few paths that checks ask for, answered from what is
//! seen of the world. A path that is not known is 404, as it would be there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::platform::{GITLAB, HARBOR};
use super::world::{World, name};
use crate::answers::{self, Asked, Reply};

/// Who may ask Grafana. A lab on loopback keeps no secrets.
pub const GRAFANA_USER: &str = "admin:checkrun-lab";
/// The label of config maps that hold a dashboard each, as Grafana's own sidecar looks for.
pub const DASHBOARD: &str = "grafana_dashboard";
/// The smallest picture there is.
const PIXEL: &str = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// One API: its name and what it answers.
#[derive(Clone, Copy)]
pub struct Api {
    /// The endpoint's name.
    pub name: &'static str,
    /// The answer to a request.
    pub answer: fn(&Asked, &World) -> Reply,
}

/// All four.
pub const APIS: [Api; 4] = [
    Api { name: "fluent-bit", answer: fluent_bit },
    Api { name: "grafana", answer: grafana },
    Api { name: "harbor", answer: harbor },
    Api { name: "gitlab", answer: gitlab },
];

fn unknown() -> Reply {
    answers::json(404, &json!({ "message": "Not found" }))
}

/// As well as the DaemonSet that ships the logs; its counters are those of the pods that are ready.
fn fluent_bit(asked: &Asked, world: &World) -> Reply {
    let shippers = world.daemon_sets.iter().filter(|d| name(d) == crate::logs::manifests::SHIPPER);
    let ready: u64 = shippers.filter_map(|d| d["status"]["numberReady"].as_u64()).sum();
    let status = if ready > 0 { 200 } else { 500 };
    match asked.path.as_str() {
        "/api/v1/health" => answers::text(status, if ready > 0 { "ok\n" } else { "error\n" }),
        "/api/v2/health" => {
            let word = if ready > 0 { "ok" } else { "error" };
            answers::json(status, &json!({ "status": word, "errors": u8::from(ready == 0), "retries_failed": 0 }))
        }
        "/api/v2/metrics/prometheus" => {
            let seconds = jiff::Timestamp::now().as_second();
            // grows while the shipper is there, and stands still while it is not
            let records = if ready > 0 { seconds } else { 0 };
            let counters = [
                ("output_proc_records_total", records),
                ("output_errors_total", 0),
                ("output_retries_failed_total", 0),
                ("output_dropped_records_total", 0),
            ];
            let line = |(n, v): (&str, i64)| {
                format!("# TYPE fluentbit_{n} counter\nfluentbit_{n}{{name=\"victorialogs\"}} {v}\n")
            };
            answers::reply(200, "text/plain; version=0.0.4", counters.map(line).concat())
        }
        _ => unknown(),
    }
}

/// Dashboards are the config maps that carry them; alert rules are vmalert's, so it has none of its own.
fn grafana(asked: &Asked, world: &World) -> Reply {
    if asked.path == "/api/health" {
        return answers::json(200, &json!({ "database": "ok", "version": "13.0.0", "commit": "lab" }));
    }
    let known = format!("Basic {}", STANDARD.encode(GRAFANA_USER));
    if asked.header("authorization") != known {
        return answers::json(401, &json!({ "message": "Unauthorized", "statusCode": 401 }));
    }
    let dashboards = dashboards(world);
    match asked.path.as_str() {
        "/api/search" => answers::json(200, &Value::Array(search(asked, &dashboards))),
        "/api/v1/provisioning/alert-rules" => answers::json(200, &json!([])),
        path if path.starts_with("/render/d-solo/") => match STANDARD.decode(PIXEL) {
            Ok(picture) => answers::reply(200, "image/png", picture),
            Err(e) => answers::text(500, &e.to_string()),
        },
        path => match path.strip_prefix("/api/dashboards/uid/") {
            Some(uid) => match dashboards.into_iter().find(|d| d["uid"] == uid) {
                Some(dashboard) => answers::json(200, &json!({ "dashboard": dashboard, "meta": { "type": "db" } })),
                None => answers::json(404, &json!({ "message": "Dashboard not found" })),
            },
            None => unknown(),
        },
    }
}

fn dashboards(world: &World) -> Vec<Value> {
    let labelled = world.config_maps.iter().filter(|c| c["metadata"]["labels"][DASHBOARD] == "1");
    let texts = labelled.flat_map(|c| c["data"].as_object().into_iter().flatten());
    texts.filter_map(|(_, text)| serde_json::from_str(text.as_str()?).ok()).collect()
}

fn search(asked: &Asked, dashboards: &[Value]) -> Vec<Value> {
    let wanted = asked.parameter("query").unwrap_or_default().to_lowercase();
    let tag = asked.parameter("tag").unwrap_or_default();
    let limit = asked.parameter("limit").and_then(|n| n.parse().ok()).unwrap_or(1000);
    let title = |d: &Value| d["title"].as_str().unwrap_or_default().to_lowercase();
    let tagged = |d: &Value| tag.is_empty() || d["tags"].as_array().is_some_and(|all| all.iter().any(|t| t == tag));
    let found = dashboards.iter().filter(|d| title(d).contains(&wanted) && tagged(d)).take(limit);
    let row = |(id, d): (usize, &Value)| {
        json!({
            "id": id + 1, "uid": d["uid"], "title": d["title"], "type": "dash-db", "tags": d["tags"],
            "url": format!("/d/{}", d["uid"].as_str().unwrap_or_default()),
        })
    };
    found.enumerate().map(row).collect()
}

/// Components are as well as their pods; artifacts are the images that pods run.
fn harbor(asked: &Asked, world: &World) -> Reply {
    if asked.path == "/api/v2.0/health" {
        return harbor_health(world);
    }
    let Some(rest) = asked.path.strip_prefix("/api/v2.0/projects/") else { return unknown() };
    let parts: Vec<&str> = rest.split('/').collect();
    let [project, "repositories", repository, "artifacts"] = parts.as_slice() else { return unknown() };
    // a slash within a repository is encoded twice
    let repository = format!("{project}/{}", repository.replace("%252F", "/").replace("%252f", "/"));
    let artifacts = artifacts(world, &repository);
    match artifacts.is_empty() {
        true => {
            let words = format!("repository {repository} not found");
            answers::json(404, &json!({ "errors": [{ "code": "NOT_FOUND", "message": words }] }))
        }
        false => answers::json(200, &Value::Array(artifacts)),
    }
}

fn harbor_health(world: &World) -> Reply {
    let status = |well: bool| if well { "healthy" } else { "unhealthy" };
    let pod = |component: &str| {
        world.ready(HARBOR, "app=harbor").iter().any(|p| p["metadata"]["labels"]["component"] == component)
    };
    let seen = [
        ("core", pod("core")),
        ("registry", pod("registry")),
        ("jobservice", pod("jobservice")),
        ("database", world.database),
        ("redis", world.cache),
    ];
    let components: Vec<_> = seen
        .iter()
        .map(|(name, well)| match well {
            true => json!({ "name": name, "status": "healthy" }),
            false => json!({ "name": name, "status": "unhealthy", "error": "it does not answer" }),
        })
        .collect();
    let all = seen.iter().all(|(_, well)| *well);
    answers::json(200, &json!({ "status": status(all), "components": components }))
}

/// The images of pods whose name without its host is `repository`, each once.
fn artifacts(world: &World, repository: &str) -> Vec<Value> {
    let mut found: Vec<(String, String)> = Vec::new();
    for status in world.pods.iter().flat_map(|p| p["status"]["containerStatuses"].as_array().into_iter().flatten()) {
        let (image, id) =
            (status["image"].as_str().unwrap_or_default(), status["imageID"].as_str().unwrap_or_default());
        let Some((name, tag)) = image.rsplit_once(':') else { continue };
        let (_, digest) = id.rsplit_once('@').unwrap_or(("", id));
        let entry = (digest.to_owned(), tag.to_owned());
        if name.split_once('/').is_some_and(|(_, rest)| format!("lab/{rest}") == repository) && !found.contains(&entry)
        {
            found.push(entry);
        }
    }
    let artifact =
        |(digest, tag): &(String, String)| json!({ "type": "IMAGE", "digest": digest, "tags": [{ "name": tag }] });
    found.iter().map(artifact).collect()
}

/// Its database is the lab's PostgreSQL, its cache the lab's Redis.
fn gitlab(asked: &Asked, world: &World) -> Reply {
    let web = world.count(GITLAB, "app=webservice") > 0;
    if !web {
        return answers::text(502, "GitLab is not responding\n");
    }
    let check = |well: bool| match well {
        true => json!([{ "status": "ok" }]),
        false => json!([{ "status": "failed", "message": "it does not answer" }]),
    };
    match asked.path.as_str() {
        "/-/health" => answers::text(200, "GitLab OK"),
        "/-/liveness" => answers::json(200, &json!({ "status": "ok" })),
        "/-/readiness" => {
            let mut body = json!({ "status": "ok", "master_check": [{ "status": "ok" }] });
            if asked.parameter("all") == Some("1") {
                let gitaly = world.count(GITLAB, "app=gitaly") > 0;
                let seen = [("db_check", world.database), ("cache_check", world.cache), ("gitaly_check", gitaly)];
                for (name, well) in seen {
                    body[name] = check(well);
                }
                if seen.iter().any(|(_, well)| !well) {
                    body["status"] = json!("failed");
                    return answers::json(503, &body);
                }
            }
            answers::json(200, &body)
        }
        _ => unknown(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::world::tests::pod;
    use super::*;
    use http_body_util::BodyExt as _;

    fn asked(target: &str) -> Asked {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers = hyper::HeaderMap::new();
        let user = format!("Basic {}", STANDARD.encode(GRAFANA_USER));
        headers.insert("authorization", user.parse().unwrap());
        Asked {
            method: hyper::Method::GET,
            path: path.into(),
            query: query.into(),
            headers,
            body: hyper::body::Bytes::new(),
        }
    }

    fn body(reply: Reply) -> (u16, String) {
        let status = reply.status().as_u16();
        let bytes = futures::executor::block_on(reply.into_body().collect()).unwrap().to_bytes();
        (status, String::from_utf8_lossy(&bytes).into_owned())
    }

    #[test]
    fn fluent_bit_is_as_well_as_the_shipper() {
        let set = |ready: u64| json!({ "metadata": { "name": "vlagent" }, "status": { "numberReady": ready } });
        let world = |ready| World { daemon_sets: vec![set(ready)], ..World::default() };
        assert_eq!(body(fluent_bit(&asked("/api/v1/health"), &world(1))), (200, "ok\n".into()));
        assert_eq!(body(fluent_bit(&asked("/api/v2/health"), &world(0))).0, 500);
        let metrics = body(fluent_bit(&asked("/api/v2/metrics/prometheus"), &world(1))).1;
        assert!(metrics.contains("fluentbit_output_errors_total{name=\"victorialogs\"} 0\n"), "{metrics}");
    }

    #[test]
    fn grafana_wants_a_user_and_shows_what_config_maps_hold() {
        let map = json!({ "metadata": { "labels": { DASHBOARD: "1" } }, "data": { "x.json": r#"{"uid":"u","title":"Kafka","tags":["lab"]}"# } });
        let world = World { config_maps: vec![map], ..World::default() };
        let found = body(grafana(&asked("/api/search?type=dash-db&query=kafka&tag=lab"), &world)).1;
        assert!(found.contains(r#""uid":"u""#), "{found}");
        assert_eq!(body(grafana(&asked("/api/search?query=other"), &world)).1, "[]");
        assert_eq!(body(grafana(&asked("/api/dashboards/uid/u"), &world)).0, 200);
        assert_eq!(body(grafana(&asked("/api/dashboards/uid/v"), &world)).0, 404);
        let mut nobody = asked("/api/search");
        nobody.headers.clear();
        assert_eq!(body(grafana(&nobody, &world)).0, 401);
        assert!(grafana(&asked("/render/d-solo/u/kafka?panelId=1"), &world).headers()["content-type"] == "image/png");
    }

    #[test]
    fn harbor_tells_components_apart_and_artifacts_by_what_runs() {
        let mut core = pod(HARBOR, "c", ("app", "harbor"), true);
        core["metadata"]["labels"]["component"] = json!("core");
        core["status"]["containerStatuses"] = json!([{ "image": "lab.local/a/b:1", "imageID": "x@sha256:12" }]);
        let world = World { pods: vec![core], database: true, ..World::default() };
        let health: Value = serde_json::from_str(&body(harbor(&asked("/api/v2.0/health"), &world)).1).unwrap();
        assert_eq!((&health["status"], &health["components"][0]["status"]), (&json!("unhealthy"), &json!("healthy")));
        let found = body(harbor(&asked("/api/v2.0/projects/lab/repositories/a%252Fb/artifacts?with_tag=true"), &world));
        assert!(found.0 == 200 && found.1.contains("sha256:12"), "{found:?}");
        assert_eq!(body(harbor(&asked("/api/v2.0/projects/lab/repositories/c/artifacts"), &world)).0, 404);
    }

    #[test]
    fn gitlab_is_ready_only_with_its_database_and_cache() {
        let pods = vec![pod(GITLAB, "w", ("app", "webservice"), true), pod(GITLAB, "g", ("app", "gitaly"), true)];
        let mut world = World { pods, database: true, cache: true, ..World::default() };
        assert_eq!(body(gitlab(&asked("/-/readiness?all=1"), &world)).0, 200);
        world.database = false;
        let (status, said) = body(gitlab(&asked("/-/readiness?all=1"), &world));
        assert!(status == 503 && said.contains(r#""db_check":[{"status":"failed""#), "{said}");
        assert_eq!(
            body(gitlab(&asked("/-/health"), &world)),
            (200, "GitLab OK".into()),
            "it does not ask the database"
        );
        world.pods.clear();
        assert_eq!(body(gitlab(&asked("/-/health"), &world)).0, 502);
    }
}
