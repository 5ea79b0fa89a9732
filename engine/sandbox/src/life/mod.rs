//! A world that lives: what exists in it, what its behaviours do, when. Clients come through sockets; the one task
//! that plays the world is the only one that changes it.

mod agenda;
mod behaviour;
mod hear;
mod kinds;
mod perform;
mod play;
mod s3;
mod scrape;
mod ship;
mod stage;
mod stir;
mod stores;
mod view;

pub(crate) use kinds::means;
pub use play::{Msg, Play, Settled};
pub use stage::{Places, Stage};

/// Something in the world went wrong: a behaviour's script, a deed that cannot be done. A world with troubles is not
/// what its file says, and nothing that was judged in it counts.
#[derive(Debug, Clone, Default)]
pub struct Troubles(std::sync::Arc<std::sync::Mutex<Vec<String>>>);

impl Troubles {
    /// Notes a trouble, once.
    pub fn note(&self, trouble: String) {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !all.contains(&trouble) && all.len() < 50 {
            all.push(trouble);
        }
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }
}
