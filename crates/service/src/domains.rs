//! Domains that organisations prove to be theirs, by a TXT record that only the domain's owner can make.
//!
//! What the record must say follows from organisation and domain and the service's own key, so nothing is kept until it
//! was found.

use crate::{
    admin,
    api::limits::Buckets,
    audit::{self, About},
    branding,
    credentials::SignedIn,
    error::{Error, Result},
    service::{Service, Work},
    store::OperatorRecord,
};
use hickory_resolver::{
    TokioResolver,
    config::{NameServerConfig, ResolverConfig},
    net::{NetError, runtime::TokioRuntimeProvider},
    proto::rr::RData,
};
use protocol::{
    OrganisationId,
    operator::{AuditAction, DomainBy, DomainRecord, OrganisationSettings},
};
use std::{
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

/// The record stands under this name in the domain.
const LABEL: &str = "_ondemand-agent";
/// Several servers are asked several times; then it is enough.
const MAX_LOOKUP: Duration = Duration::from_secs(15);

/// Asks the DNS.
pub(crate) struct Domains {
    /// Instead of the system's.
    server: Option<SocketAddr>,
    turns: Buckets<OrganisationId>,
}

impl Domains {
    pub(crate) fn new(server: Option<SocketAddr>) -> Self {
        // Ten at once, then one in ten seconds: who waits for a record to spread needs no more.
        Self { server, turns: Buckets::new(0.1, 10.0) }
    }

    /// A resolver that remembers nothing: who mends a record and tries again must not read the old one.
    fn resolver(&self) -> std::result::Result<TokioResolver, NetError> {
        let mut builder = match self.server {
            None => TokioResolver::builder_tokio()?,
            Some(server) => {
                let mut name_server = NameServerConfig::udp_and_tcp(server.ip());
                for connection in &mut name_server.connections {
                    connection.port = server.port();
                }
                let config = ResolverConfig::from_parts(None, Vec::new(), vec![name_server]);
                TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
            }
        };
        builder.options_mut().cache_size = 0;
        builder.build()
    }

    /// Whether the record is there.
    async fn has(&self, record: &DomainRecord) -> bool {
        let looking = async {
            // The dot at the end keeps the system's search domains out of it.
            let found = self.resolver()?.txt_lookup(format!("{}.", record.name)).await?;
            let says = |data: &RData| match data {
                RData::TXT(text) => text.txt_data.concat() == record.value.as_bytes(),
                _ => false,
            };
            Ok::<_, NetError>(found.answers().iter().any(|answer| says(&answer.data)))
        };
        match tokio::time::timeout(MAX_LOOKUP, looking).await {
            Ok(Ok(found)) => found,
            Ok(Err(error)) => {
                tracing::info!(domain = record.domain, %error, "a domain's record was not found");
                false
            }
            Err(_) => {
                tracing::info!(domain = record.domain, "a domain's record was not found in time");
                false
            }
        }
    }
}

/// What the DNS has to say.
pub(crate) fn record(work: &mut Work<'_>, by: &OperatorRecord, domain: &str) -> Result<DomainRecord> {
    let domain = domain.trim().trim_end_matches('.').to_ascii_lowercase();
    if !admin::is_domain(&domain) || !domain.contains('.') {
        return Err(Error::Invalid(
            "domain must be an internet domain in ASCII form, like support.example".into(),
        ));
    }
    let value = work.service.secrets.domain_record(&by.organisation, &domain);
    Ok(DomainRecord { name: format!("{LABEL}.{domain}"), value: format!("ondemand-agent={value}"), domain })
}

/// Looks for the record; once it was found, users see the domain.
pub(crate) async fn prove(
    service: &Arc<Service>,
    who: SignedIn,
    domain: String,
) -> Result<OrganisationSettings> {
    service.domains.turns.take(who.operator.organisation.clone(), Instant::now())?;
    let expected =
        service.run_for(who.clone(), move |work, who| record(work, &who.operator, &domain)).await?;
    if !service.domains.has(&expected).await {
        return Err(Error::DomainNotProven);
    }
    service
        .run_for(who, move |work, who| {
            let mut organisation = branding::record(work, &who.operator.organisation)?;
            organisation.public.domain = Some(expected.domain.clone());
            organisation.domain_by = Some(DomainBy::Dns);
            work.tx.update_organisation(&organisation)?;
            let about = About::named(expected.domain, who.operator.organisation.as_str());
            audit::note(work, AuditAction::DomainProven, about)?;
            branding::settings(work, &who.operator)
        })
        .await
}
