//! Who somebody is, by the token that they show.

use std::collections::HashMap;
use std::sync::Arc;

/// A user of the API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kube) struct User {
    pub(in crate::kube) name: Arc<str>,
    pub(in crate::kube) groups: Vec<String>,
}

impl User {
    /// Somebody who has shown who they are.
    pub(in crate::kube) fn new(name: &str, mut groups: Vec<String>) -> Self {
        groups.push("system:authenticated".to_owned());
        Self { name: name.into(), groups }
    }
}

/// All who are known.
#[derive(Debug, Default)]
pub(in crate::kube) struct People(HashMap<String, User>);

impl People {
    pub(in crate::kube) fn add(&mut self, token: &str, name: &str, groups: &[&str]) {
        let groups = groups.iter().map(|group| (*group).to_owned()).collect();
        self.0.insert(token.to_owned(), User::new(name, groups));
    }

    /// Who shows this `Authorization`. None: nobody knows the token. Without any: the anonymous.
    pub(in crate::kube) fn who(&self, authorization: Option<&str>) -> Option<User> {
        let Some(shown) = authorization else {
            let groups = vec!["system:unauthenticated".to_owned()];
            return Some(User { name: "system:anonymous".into(), groups });
        };
        let (scheme, token) = shown.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| self.0.get(token.trim()).cloned()).flatten()
    }

    /// Who has this token.
    pub(in crate::kube) fn of_token(&self, token: &str) -> Option<&User> {
        self.0.get(token)
    }
}
