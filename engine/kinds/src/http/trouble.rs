//! The first cause under an error of a client, and whether a certificate is to blame.

use std::error::Error;

/// The first cause of an error.
pub(crate) struct Root {
    /// In its own words.
    pub text: String,
    /// A certificate did not verify: waiting will not help.
    pub certificate: bool,
}

/// The first cause under `error`.
pub(crate) fn root(error: &(dyn Error + 'static)) -> Root {
    let mut last = error;
    while let Some(below) = below(last) {
        last = below;
    }
    let certificate = matches!(last.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)));
    Root { text: last.to_string(), certificate }
}

/// What caused `error`. An error of the system keeps that to itself unless it is asked in its own way.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    let held = error.downcast_ref::<std::io::Error>().and_then(|error| error.get_ref());
    held.map(|held| held as &(dyn Error + 'static)).or_else(|| error.source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_found_below_an_error_of_the_system() {
        let tls = rustls::Error::InvalidCertificate(rustls::CertificateError::Expired);
        let wrapped = std::io::Error::other(std::io::Error::other(tls));
        assert!(root(&wrapped).certificate);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert!(!root(&refused).certificate);
    }
}
