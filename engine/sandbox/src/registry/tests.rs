//! The registry as its clients ask it, without sockets.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value as Json, json};

use super::site::Pages;
use super::store::Store;
use super::*;
use crate::web::Asked;

const V1: &str = r#"{ "type": "record", "name": "Order", "fields": [{ "name": "id", "type": "string" }] }"#;
const V2: &str = r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"n","type":"int","default":0}]}"#;
const V3: &str =
    r#"{"type":"record","name":"Order","fields":[{"name":"id","type":"string"},{"name":"m","type":"int"}]}"#;
const PROTO: &str = "syntax = \"proto3\"; message Order { string id = 1; }";

struct Client(Pages);

impl Client {
    fn new() -> Self {
        Self(Pages::new(Store::new(Level::Backward, 40901), "kafka-1".into()))
    }

    /// Status and body of an answer.
    fn ask(&self, method: &str, url: &str, body: &Json) -> (u16, Json) {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let fields =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(key, value)| (key.into(), value.into()));
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let headers = vec![("content-type".into(), "application/vnd.schemaregistry.v1+json".into())];
        let asked = Asked { method: method.into(), path: path.into(), fields: fields.collect(), headers, body };
        let answer = futures::executor::block_on(self.0.answer(asked));
        assert_eq!(answer.headers[0].1, "application/vnd.schemaregistry.v1+json");
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }

    fn get(&self, url: &str) -> (u16, Json) {
        self.ask("GET", url, &Json::Null)
    }

    fn delete(&self, url: &str) -> (u16, Json) {
        self.ask("DELETE", url, &Json::Null)
    }

    fn register(&self, subject: &str, schema: &str) -> (u16, Json) {
        self.ask("POST", &format!("/subjects/{subject}/versions"), &json!({ "schema": schema }))
    }

    fn code(&self, method: &str, url: &str, body: &Json) -> (u16, u64) {
        let (status, answer) = self.ask(method, url, body);
        assert!(answer["message"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
        (status, answer["error_code"].as_u64().unwrap())
    }
}

#[test]
fn a_schema_evolves_as_its_level_allows() {
    let client = Client::new();
    assert_eq!(client.register("orders", V1), (200, json!({ "id": 1 })));
    assert_eq!(client.register("orders", &V1.replace(' ', "")), (200, json!({ "id": 1 })));
    assert_eq!(client.register("orders", V2), (200, json!({ "id": 2 })));
    let (status, refused) = client.register("orders", V3);
    assert_eq!((status, &refused["error_code"]), (409, &json!(40901)), "{refused}");
    assert_eq!(client.get("/subjects/orders/versions"), (200, json!([1, 2])));
    let (_, latest) = client.get("/subjects/orders/versions/latest");
    assert_eq!((&latest["id"], &latest["version"], latest.get("schemaType")), (&json!(2), &json!(2), None));
    assert_eq!(
        serde_json::from_str::<Json>(latest["schema"].as_str().unwrap()).unwrap(),
        serde_json::from_str::<Json>(V2).unwrap()
    );
    assert_eq!(
        client.ask("PUT", "/config/orders", &json!({ "compatibility": "none" })).1,
        json!({ "compatibility": "NONE" })
    );
    assert_eq!(client.register("orders", V3), (200, json!({ "id": 3 })));
    assert_eq!(client.register("returns", V1), (200, json!({ "id": 1 })));
    let places = json!([{ "subject": "orders", "version": 1 }, { "subject": "returns", "version": 1 }]);
    assert_eq!(client.get("/schemas/ids/1/versions"), (200, places));
}

#[test]
fn every_level_compares_its_way() {
    let after = |level: &str, schemas: &[&str], last: &str| {
        let client = Client::new();
        client.ask("PUT", "/config", &json!({ "compatibility": "NONE" }));
        schemas.iter().for_each(|schema| assert_eq!(client.register("s", schema).0, 200));
        client.ask("PUT", "/config", &json!({ "compatibility": level }));
        client.register("s", last).0
    };
    assert_eq!((after("BACKWARD", &[V1], V2), after("BACKWARD", &[V1], V3)), (200, 409));
    assert_eq!((after("FORWARD", &[V1], V3), after("FORWARD", &[V3], V1)), (200, 409));
    assert_eq!((after("FULL", &[V1], V2), after("FULL", &[V1], V3)), (200, 409));
    // V1 is there already in a version of its own, so only what comes anew is compared.
    let anew = V3.replace("\"m\"", "\"k\"");
    assert_eq!(
        (after("BACKWARD", &[V1, V3], &V3.replace("\"id\"", "\"m2\"")), after("NONE", &[V1], &anew)),
        (409, 200)
    );
    let gone = r#"{"type":"record","name":"Order","fields":[{"name":"m","type":"int"}]}"#;
    assert_eq!((after("BACKWARD", &[V1, V3], gone), after("BACKWARD_TRANSITIVE", &[V1, V3], gone)), (200, 409));
    assert_eq!(after("FULL_TRANSITIVE", &[V1, V2], &V2.replace("\"n\"", "\"o\"")), 200);
}

#[test]
fn what_is_not_there_has_its_number() {
    let client = Client::new();
    client.register("orders", V1);
    let codes = [
        ("GET", "/subjects/none/versions", json!(null), (404, 40401)),
        ("GET", "/subjects/orders/versions/7", json!(null), (404, 40402)),
        ("GET", "/subjects/orders/versions/abc", json!(null), (422, 42202)),
        ("GET", "/schemas/ids/9", json!(null), (404, 40403)),
        ("GET", "/config/orders", json!(null), (404, 40408)),
        ("GET", "/mode/orders", json!(null), (404, 40409)),
        ("PUT", "/config", json!({ "compatibility": "SIDEWAYS" }), (422, 42203)),
        ("PUT", "/mode", json!({ "mode": "SOMETIMES" }), (422, 42204)),
        ("PUT", "/mode", json!({ "mode": "IMPORT" }), (501, 501)),
        ("POST", "/subjects/orders/versions", json!({ "schema": "{" }), (422, 42201)),
        ("POST", "/subjects/orders/versions", json!({}), (422, 42201)),
        ("POST", "/subjects/orders/versions", json!({ "schema": "x", "schemaType": "THRIFT" }), (422, 42201)),
        ("POST", "/subjects/orders/versions", json!({ "schema": "x", "schemaType": "PROTOBUF" }), (422, 42201)),
        (
            "POST",
            "/subjects/orders/versions",
            json!({ "schema": "{\"type\":\"nothing\"}", "schemaType": "JSON" }),
            (422, 42201),
        ),
        ("POST", "/subjects/orders/versions", json!({ "schema": V2, "metadata": {} }), (501, 501)),
        ("POST", "/subjects/orders", json!({ "schema": V2 }), (404, 40403)),
        ("POST", "/subjects/none", json!({ "schema": V2 }), (404, 40401)),
        ("PATCH", "/subjects", json!(null), (405, 405)),
        ("GET", "/nothing", json!(null), (404, 404)),
    ];
    for (method, url, body, code) in codes {
        assert_eq!(client.code(method, url, &body), code, "{method} {url}");
    }
    assert_eq!(client.get("/config/orders?defaultToGlobal=true").1, json!({ "compatibilityLevel": "BACKWARD" }));
    assert_eq!(client.get("/v1/metadata/id").1["scope"]["clusters"]["kafka-cluster"], "kafka-1");
    assert_eq!(client.get("/"), (200, json!({})));
}

#[test]
fn subjects_are_deleted_softly_and_then_for_good() {
    let client = Client::new();
    [V1, V2].iter().for_each(|schema| drop(client.register("orders", schema)));
    assert_eq!(client.code("DELETE", "/subjects/orders?permanent=true", &Json::Null), (404, 40405));
    assert_eq!(client.delete("/subjects/orders/versions/1"), (200, json!(1)));
    assert_eq!(client.code("DELETE", "/subjects/orders/versions/1", &Json::Null), (404, 40406));
    assert_eq!(client.code("DELETE", "/subjects/orders/versions/2?permanent=true", &Json::Null), (404, 40407));
    assert_eq!(client.delete("/subjects/orders"), (200, json!([2])));
    assert_eq!((client.get("/subjects").1, client.get("/subjects?deleted=true").1), (json!([]), json!(["orders"])));
    assert_eq!(client.code("DELETE", "/subjects/orders", &Json::Null), (404, 40404));
    assert_eq!(client.register("orders", V1), (200, json!({ "id": 1 })));
    assert_eq!(client.get("/subjects/orders/versions").1, json!([3]));
    client.delete("/subjects/orders");
    assert_eq!(client.delete("/subjects/orders?permanent=true"), (200, json!([1, 2, 3])));
    assert_eq!(client.code("DELETE", "/subjects/orders", &Json::Null), (404, 40401));
}

#[test]
fn schemas_that_name_others_keep_them() {
    let client = Client::new();
    client.register("order", V1);
    let parcel = r#"{"type":"record","name":"Parcel","fields":[{"name":"order","type":"Order"}]}"#;
    let named = json!([{ "name": "Order", "subject": "order", "version": 1 }]);
    let asked = json!({ "schema": parcel, "references": named });
    assert_eq!(client.ask("POST", "/subjects/parcel/versions", &asked).0, 200);
    assert_eq!(client.get("/subjects/order/versions/1/referencedby").1, json!([2]));
    assert_eq!(client.code("DELETE", "/subjects/order", &Json::Null), (422, 42206));
    assert_eq!(client.get("/schemas/ids/2").1["references"], named);
    let missing = json!({ "schema": parcel, "references": [{ "name": "Order", "subject": "order", "version": 9 }] });
    assert_eq!(client.code("POST", "/subjects/other/versions", &missing), (422, 42201));
}

#[test]
fn what_cannot_be_judged_is_not() {
    let client = Client::new();
    let proto = |text: &str| json!({ "schema": text, "schemaType": "PROTOBUF" });
    let url = "/subjects/pb/versions";
    assert_eq!(client.ask("POST", url, &proto(PROTO)).0, 200);
    assert_eq!(client.ask("POST", url, &proto(&PROTO.replace("; m", ";\nm"))), (200, json!({ "id": 1 })));
    let other = PROTO.replace("string", "bytes");
    assert_eq!(client.code("POST", url, &proto(&other)), (501, 501));
    assert_eq!(client.code("POST", "/compatibility/subjects/pb/versions/latest", &proto(&other)), (501, 501));
    client.ask("PUT", "/config/pb", &json!({ "compatibility": "NONE" }));
    assert_eq!(client.ask("POST", url, &proto(&other)).0, 200);
    assert_eq!(client.get("/schemas/ids/1").1["schemaType"], "PROTOBUF");
}

#[test]
fn compatibility_is_told_without_registering() {
    let client = Client::new();
    client.register("orders", V1);
    let url = "/compatibility/subjects/orders/versions/latest";
    assert_eq!(client.ask("POST", url, &json!({ "schema": V2 })), (200, json!({ "is_compatible": true })));
    let (_, told) = client.ask("POST", &format!("{url}?verbose=true"), &json!({ "schema": V3 }));
    assert_eq!((&told["is_compatible"], told["messages"].as_array().unwrap().len()), (&json!(false), 1));
    assert_eq!(client.get("/subjects/orders/versions").1, json!([1]));
    assert_eq!(client.code("POST", "/compatibility/subjects/no/versions/1", &json!({ "schema": V2 })), (404, 40401));
}

#[test]
fn a_mode_forbids_and_a_fault_allows_everything() {
    let client = Client::new();
    client.register("orders", V1);
    client.ask("PUT", "/mode", &json!({ "mode": "READONLY" }));
    assert_eq!(client.register("orders", V1), (200, json!({ "id": 1 })));
    assert_eq!(client.code("POST", "/subjects/orders/versions", &json!({ "schema": V2 })), (422, 42205));
    client.ask("PUT", "/mode/orders", &json!({ "mode": "READWRITE" }));
    assert_eq!(client.register("orders", V2).0, 200);
    client.ask("PUT", "/mode", &json!({ "mode": "READONLY_OVERRIDE" }));
    assert_eq!(client.code("DELETE", "/subjects/orders", &Json::Null), (422, 42205));
    client.ask("PUT", "/mode", &json!({ "mode": "READWRITE" }));
    client.0.store().accepts_everything = true;
    assert_eq!((client.register("orders", V3).0, client.register("orders", "garbage").0), (200, 200));
}

#[tokio::test]
async fn a_registry_has_a_socket_and_stops_with_it() {
    let registry = Registry::start(Config::default()).await.unwrap();
    let given = Given { sort: Sort::Avro, text: V1.into(), references: Vec::new() };
    assert_eq!((registry.register("orders", given).unwrap(), registry.versions("orders").unwrap().len()), (1, 1));
    registry.fault(Fault::Slow(Duration::from_millis(1)), true);
    let address = registry.address();
    assert!(registry.url().ends_with(&address.to_string()));
    assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    drop(registry);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_err());
}
