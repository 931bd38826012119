//! Receipts: where each stands in its key's chain, and the organisation's countersignature.
//!
//! A receipt that contradicts another of the same key is taken in and countersigned as well, with what it contradicts: it
//! is evidence, and a computer that was put back to an earlier state must still be able to say no. Nothing here decides
//! what comes of a receipt; `outcomes` does.

use crate::{
    error::{Error, Result},
    service::Work,
    store::{ReceiptPlace, ReceiptRecord, RequestRecord},
};
use crypto::KeyPair;
use protocol::{
    OrganisationId,
    signed::{COUNTERSIGNATURE_TYP, ChainEnd, CountersignatureTerms, ReceiptTerms},
};

/// Keeps a receipt that was found to be its agent's word on `request`, and gives the countersignature.
pub(crate) fn take_in(
    work: &mut Work<'_>,
    request: &RequestRecord,
    terms: &ReceiptTerms,
    receipt: &str,
) -> Result<String> {
    let place = ReceiptPlace {
        agent_public_key: terms.agent_public_key.clone(),
        number: terms.number,
        hash: crypto::hash(receipt.as_bytes()),
    };
    let contradicts = contradicted(work, &request.organisation, terms, &place)?;
    if let Some(other) = &contradicts {
        tracing::warn!(request = %request.id, other, "an agent's key has signed two receipts for one place in its chain");
    }
    let head = work.tx.chain_head(&request.organisation, &place.agent_public_key)?;
    let head = head.filter(|head| head.number >= place.number).unwrap_or_else(|| place.clone());
    let organisation = work.tx.organisation(&request.organisation)?;
    let organisation = organisation.ok_or(Error::Broken("a request without an organisation"))?;
    let agent_key: crypto::PublicKey = place.agent_public_key.parse().map_err(broken_key)?;
    let countersigned = CountersignatureTerms {
        version: 1,
        organisation_id: organisation.public.id,
        agent_key: agent_key.fingerprint(),
        receipt: end(&place),
        received_at: work.now,
        head: end(&head),
        contradicts,
    };
    let key = KeyPair::from_pkcs8(&organisation.signing_key).map_err(broken_key)?;
    let countersignature = crypto::sign(&key, COUNTERSIGNATURE_TYP, &countersigned)
        .map_err(|_| Error::Broken("a countersignature cannot be written as JSON"))?;
    work.tx.add_receipt(&ReceiptRecord {
        request: request.id.clone(),
        receipt: receipt.to_owned(),
        received_at: work.now,
        place: Some(place),
        countersignature: Some(countersignature.clone()),
    })?;
    Ok(countersignature)
}

fn broken_key(_: crypto::InvalidKey) -> Error {
    Error::Broken("a key in the store cannot be read")
}

fn end(place: &ReceiptPlace) -> ChainEnd {
    ChainEnd { number: place.number, receipt: place.hash.clone() }
}

/// The hash of a receipt taken in earlier that cannot stand in one chain with this one.
fn contradicted(
    work: &mut Work<'_>,
    organisation: &OrganisationId,
    terms: &ReceiptTerms,
    place: &ReceiptPlace,
) -> Result<Option<String>> {
    let (before, after) = (place.number.saturating_sub(1), place.number.saturating_add(1));
    for known in work.tx.receipts_in_chain(organisation, &place.agent_public_key, before..=after)? {
        let Some(other) = known.place else { continue };
        let fits = match other.number {
            number if number == place.number => false,
            number if number == before => terms.previous.as_ref() == Some(&other.hash),
            _ => {
                let next: ReceiptTerms = crypto::peek(&known.receipt)
                    .map_err(|_| Error::Broken("a receipt in the store cannot be read"))?;
                next.previous.as_ref() == Some(&place.hash)
            }
        };
        if !fits {
            return Ok(Some(other.hash));
        }
    }
    Ok(None)
}
