//! Plain connections: `tls` and `tcp`.

mod address;
mod certificate;
pub(crate) mod endpoint;
mod handshake;
pub(crate) mod tcp;
pub(crate) mod tls;

use checkrun_model::{Place, Touch};

/// What a connection touches: the endpoint by name, else the address.
fn touch(family: &str, address: Option<&str>, place: &Place) -> Touch {
    let endpoint = place.endpoint.as_ref().map_or("", |endpoint| endpoint.name.as_str());
    Touch {
        system: format!("{family}:{}", address.unwrap_or(endpoint)),
        object: "connection".into(),
        verb: "get".into(),
    }
}
