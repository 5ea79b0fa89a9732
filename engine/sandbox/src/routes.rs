//! HTTP services that answer what the world file says, route by route. Knows no product.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;

use crate::clock::Clock;
use crate::file::shape::RouteShape;
use crate::web::{Answer, Asked, Site};

/// A service.
pub struct Routes {
    clock: Clock,
    routes: Mutex<Vec<RouteShape>>,
}

impl Routes {
    /// A service with these routes; the first that fits answers.
    #[must_use]
    pub fn new(clock: Clock, routes: Vec<RouteShape>) -> Self {
        Self { clock, routes: Mutex::new(routes) }
    }

    /// From now on this answer comes before all others.
    pub fn set(&self, route: RouteShape) {
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).insert(0, route);
    }

    fn find(&self, asked: &Asked) -> Answer {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let path = |route: &&RouteShape| match route.path.strip_suffix('*') {
            Some(start) => asked.path.starts_with(start),
            None => route.path == asked.path,
        };
        let method = |route: &&RouteShape| route.method.as_deref().unwrap_or("GET").eq_ignore_ascii_case(&asked.method);
        let there: Vec<&RouteShape> = routes.iter().filter(path).collect();
        match there.iter().copied().find(|route| method(route)) {
            Some(route) => self.answer_of(route),
            None if there.is_empty() => Answer::plain(404, format!("the world has no route {}", asked.path)),
            None => Answer::plain(405, format!("the world's route {} does not take {}", asked.path, asked.method)),
        }
    }

    fn answer_of(&self, route: &RouteShape) -> Answer {
        let status = route.status.unwrap_or(200);
        let mut answer = match (&route.json, &route.text) {
            (Some(json), _) => Answer::json(status, json),
            (None, Some(text)) => Answer::plain(status, text.clone()),
            (None, None) => Answer { status, headers: Vec::new(), body: Bytes::new(), delay: Duration::ZERO },
        };
        for (name, value) in &route.headers {
            answer.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            answer.headers.push((name.clone(), value.clone()));
        }
        answer.delay = route.delay.map(|delay| self.clock.wall(delay.0)).unwrap_or_default();
        answer
    }
}

impl Site for Routes {
    fn answer(&self, asked: Asked) -> BoxFuture<'_, Answer> {
        Box::pin(std::future::ready(self.find(&asked)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn asked(routes: &Routes, method: &str, path: &str) -> (u16, String) {
        let answer = routes.find(&Asked { method: method.into(), path: path.into(), ..Asked::default() });
        (answer.status, String::from_utf8_lossy(&answer.body).into_owned())
    }

    #[test]
    fn the_first_route_that_fits_answers() {
        let routes: Vec<RouteShape> = serde_json::from_value(json!([
            { "path": "/api/health", "json": { "status": "healthy" } },
            { "path": "/api/*", "method": "POST", "status": 201, "text": "made" },
        ]))
        .expect("routes");
        let routes = Routes::new(Clock::new(1.0), routes);
        assert_eq!(asked(&routes, "GET", "/api/health"), (200, r#"{"status":"healthy"}"#.into()));
        assert_eq!(asked(&routes, "POST", "/api/x").0, 201);
        assert_eq!(asked(&routes, "GET", "/api/x").0, 405);
        assert_eq!(asked(&routes, "GET", "/other").0, 404);
        routes.set(serde_json::from_value(json!({ "path": "/api/health", "status": 503 })).expect("a route"));
        assert_eq!(asked(&routes, "GET", "/api/health").0, 503);
    }
}
