//! Whom we believe: the bundled roots, and one file of certificates more.

use anyhow::{Context, Result, bail};
use rustls::client::Resumption;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// TLS as we speak it: versions 1.2 and 1.3, no client certificate, no resumption.
///
/// Tickets would be kept in a locked table by the thread that reads the socket, and a connection that is made
/// once an hour gains nothing from them.
///
/// # Errors
/// When `extra_ca` cannot be read or holds no certificate.
pub fn client_config(extra_ca: Option<&Path>) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra_ca {
        add(&mut roots, path)?;
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let mut config = builder
        .with_safe_default_protocol_versions()
        .context("TLS cannot be set up")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

fn add(roots: &mut RootCertStore, path: &Path) -> Result<()> {
    let told = || format!("`link.extra_ca` {}", path.display());
    let text = std::fs::read(path).with_context(|| format!("{}: cannot be read", told()))?;
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.with_context(|| format!("{}: is not PEM", told()))?;
        roots.add(certificate).with_context(|| format!("{}: holds a certificate that is none", told()))?;
        count += 1;
    }
    if count == 0 {
        bail!("{}: holds no certificate in PEM form", told());
    }
    Ok(())
}
