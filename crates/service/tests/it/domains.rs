//! Domains proven through DNS, by a resolver that asks a server on this computer.

use crate::support::{Stage, code};
use hickory_resolver::proto::{
    op::{Message, ResponseCode},
    rr::{RData, Record, rdata::TXT},
};
use protocol::{
    operator::{AuditAction, AuditPage, DomainBy, DomainRecord, OrganisationSettings, ProveDomain},
    problem::ProblemCode,
};
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};
use tokio::net::UdpSocket;

/// The TXT records of a name server, by name.
#[derive(Clone, Default)]
struct Zone(Arc<Mutex<BTreeMap<String, Vec<String>>>>);

impl Zone {
    fn set(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.0.lock().unwrap().insert(format!("{name}."), texts);
    }

    /// Answers questions from this zone until the test is over.
    async fn serve(&self) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let zone = self.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await.unwrap();
                let answer = zone.answer(&Message::from_vec(&buffer[..length]).unwrap());
                socket.send_to(&answer.to_vec().unwrap(), from).await.unwrap();
            }
        });
        address
    }

    fn answer(&self, question: &Message) -> Message {
        let mut answer = Message::response(question.id, question.op_code);
        let query = question.queries[0].clone();
        let name = query.name().clone();
        answer.add_query(query);
        match self.0.lock().unwrap().get(&name.to_string().to_lowercase()) {
            None => answer.metadata.response_code = ResponseCode::NXDomain,
            Some(texts) => {
                for text in texts {
                    let data = RData::TXT(TXT::new(vec![text.clone()]));
                    answer.add_answer(Record::from_rdata(name.clone(), 60, data));
                }
            }
        }
        answer
    }
}

fn domain(name: &str) -> ProveDomain {
    ProveDomain { domain: name.into() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_shown_once_its_dns_says_whose_it_is() {
    let zone = Zone::default();
    let server = zone.serve().await;
    let stage = Stage::configured(|config| config.dns_server = Some(server)).await;
    let olivia = stage.olivia().await;
    let before: OrganisationSettings = olivia.get("organisation").await.unwrap();
    assert_eq!(before.organisation.domain.as_deref(), Some("support.example"));
    assert_eq!(before.domain_by, Some(DomainBy::Administrator));

    let record: DomainRecord =
        olivia.post("organisation/domain-record", &domain("Help.Example.")).await.unwrap();
    assert_eq!(
        (record.domain.as_str(), record.name.as_str()),
        ("help.example", "_ondemand-agent.help.example")
    );
    let prove =
        async || olivia.post::<OrganisationSettings>("organisation/domain", &domain("help.example")).await;
    assert_eq!(code(prove().await), ProblemCode::DomainNotProven, "there is no such name");
    zone.set(&record.name, &["v=spf1 -all", "ondemand-agent=somebody-else's"]);
    assert_eq!(code(prove().await), ProblemCode::DomainNotProven, "it says something else");
    let unchanged: OrganisationSettings = olivia.get("organisation").await.unwrap();
    assert_eq!(unchanged, before);

    zone.set(&record.name, &["v=spf1 -all", &record.value]);
    let after = prove().await.unwrap();
    assert_eq!(after.organisation.domain.as_deref(), Some("help.example"));
    assert_eq!(after.domain_by, Some(DomainBy::Dns));
    let log: AuditPage = olivia.get("audit?action=domain_proven").await.unwrap();
    assert_eq!(log.entries[0].action, AuditAction::DomainProven);
    assert_eq!(log.entries[0].about.as_deref(), Some("help.example"));

    for bad in ["", "help", "help example", "https://help.example", "münchen.example", "_x.example"] {
        let answer = olivia.post::<DomainRecord>("organisation/domain-record", &domain(bad)).await;
        assert_eq!(code(answer), ProblemCode::Invalid, "{bad}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisations_record_proves_nothing() {
    let zone = Zone::default();
    let server = zone.serve().await;
    let stage = Stage::configured(|config| config.dns_server = Some(server)).await;
    let olivia = stage.olivia().await;
    let record: DomainRecord =
        olivia.post("organisation/domain-record", &domain("help.example")).await.unwrap();
    zone.set(&record.name, &[&record.value]);
    let admin = stage.admin();
    let other = admin.add_organisation("Sample Care", None).unwrap();
    let password = protocol::Secret::new(crate::support::PASSWORD);
    admin.add_operator(&other.id, "otto", "Otto Example", &password).unwrap();
    let otto = crate::support::Operator::sign_in(&stage.running.url, "otto").await;
    let answer = otto.post::<OrganisationSettings>("organisation/domain", &domain("help.example")).await;
    assert_eq!(code(answer), ProblemCode::DomainNotProven);
    let settings: OrganisationSettings = otto.get("organisation").await.unwrap();
    assert_eq!((settings.organisation.domain, settings.domain_by), (None, None));

    admin.approve_domain(&other.id, "care.example").unwrap();
    let settings: OrganisationSettings = otto.get("organisation").await.unwrap();
    assert_eq!(settings.organisation.domain.as_deref(), Some("care.example"));
    assert_eq!(settings.domain_by, Some(DomainBy::Administrator));
    admin.remove_domain(&other.id).unwrap();
    let settings: OrganisationSettings = otto.get("organisation").await.unwrap();
    assert_eq!((settings.organisation.domain, settings.domain_by), (None, None));
    assert!(admin.approve_domain(&other.id, "Care Example").is_err());
}
