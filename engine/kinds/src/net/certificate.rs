//! A certificate as data: who, by whom, from when to when, for which names. Trusts nothing, verifies nothing.

use std::net::IpAddr;

use checkrun_model::Broken;
use jiff::Timestamp;
use serde_json::{Value as Json, json};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

/// What a certificate says of itself.
///
/// # Errors
/// The bytes are not a certificate.
pub(super) fn describe(der: &[u8]) -> Result<Json, Broken> {
    let (_, certificate) = X509Certificate::from_der(der)
        .map_err(|why| Broken::fatal(format!("the server's certificate cannot be read: {why}")))?;
    let validity = certificate.validity();
    Ok(json!({
        "subject": certificate.subject().to_string(),
        "issuer": certificate.issuer().to_string(),
        "serial": certificate.raw_serial_as_string(),
        "not_before": time(validity.not_before),
        "not_after": time(validity.not_after),
        "names": names(&certificate),
    }))
}

fn time(at: ASN1Time) -> Json {
    Timestamp::from_second(at.timestamp()).map_or(Json::Null, |at| at.to_string().into())
}

/// The subject's alternative names: DNS names and IP addresses, which are what clients look at.
fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let extension = certificate.subject_alternative_name().ok().flatten();
    extension.map_or(Vec::new(), |found| found.value.general_names.iter().filter_map(name).collect())
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            16 => <[u8; 16]>::try_from(*bytes).ok().map(|bytes| IpAddr::from(bytes).to_string()),
            _ => None,
        },
        _ => None,
    }
}
