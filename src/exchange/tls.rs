//! A certificate for the loopback, made at start.

use anyhow::Result;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use std::net::IpAddr;
use std::sync::Arc;

/// Names under which the exchange is reached.
const NAMES: [&str; 3] = ["127.0.0.1", "::1", "localhost"];

/// What a file with a certificate begins with.
pub const PEM_MARK: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// What the exchange speaks TLS with, and what a client needs in order to trust it.
pub(crate) struct Identity {
    pub config: Arc<ServerConfig>,
    pub ca_pem: String,
}

/// Makes an authority and a certificate for the loopback's names and `address`. Keys live as long as the
/// program: nothing that was trusted yesterday is trusted today.
pub(crate) fn identity(address: IpAddr) -> Result<Identity> {
    let authority_key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Fathom exchange, local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let ca_pem = params.self_signed(&authority_key)?.pem();
    let authority = Issuer::new(params, authority_key);

    let mut names = NAMES.map(str::to_owned).to_vec();
    if !address.is_unspecified() && !address.is_loopback() {
        names.push(address.to_string());
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, "Fathom exchange");
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = params.signed_by(&key, &authority)?;

    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)?;
    Ok(Identity { config: Arc::new(config), ca_pem })
}
