//! How an organisation goes from one key to another: the old key signs that the new one takes its place.

use crate::{PublicKey, peek, verify};
use protocol::{
    OrganisationId, Timestamp,
    signed::{KEY_SUCCESSION_TYP, KeySuccessionTerms},
};
use std::collections::{BTreeMap, BTreeSet};

/// A key that took the place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Successor {
    /// The key.
    pub key: PublicKey,
    /// The one before.
    pub former: PublicKey,
    /// When that was signed.
    pub issued_at: Timestamp,
    /// Until then what the one before signed is good as well.
    pub former_until: Timestamp,
    /// The statement itself.
    pub statement: String,
}

/// The keys that took the place of `from`, one after the other, as far as `statements` prove it; see [`Successions`].
pub fn successors(
    organisation_id: &OrganisationId,
    from: &PublicKey,
    statements: &[String],
) -> Vec<Successor> {
    Successions::new(organisation_id, statements).after(from).into_iter().cloned().collect()
}

/// What an organisation's keys signed about the keys that took their place.
///
/// Of two statements that one key signed, the first in the list counts: a key that was stolen after it was replaced cannot
/// name another heir to who holds the first statement. A key never comes back.
#[derive(Clone, Debug, Default)]
pub struct Successions(BTreeMap<PublicKey, Successor>);

impl Successions {
    /// Takes in what is signed as it says. Each signature is checked once, so a list of any length costs what its length does.
    pub fn new<'a>(
        organisation_id: &OrganisationId,
        statements: impl IntoIterator<Item = &'a String>,
    ) -> Self {
        let mut found = BTreeMap::new();
        for statement in statements {
            if let Some(successor) = successor(organisation_id, statement) {
                found.entry(successor.former).or_insert(successor);
            }
        }
        Self(found)
    }

    /// The keys that took the place of `from`, one after the other.
    pub fn after(&self, from: &PublicKey) -> Vec<&Successor> {
        let (mut line, mut met) = (Vec::new(), BTreeSet::from([*from]));
        let mut current = from;
        while let Some(next) = self.0.get(current).filter(|next| met.insert(next.key)) {
            current = &next.key;
            line.push(next);
        }
        line
    }

    /// The keys that took the place of any.
    pub fn heirs(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.values().map(|successor| &successor.key)
    }

    /// The keys that another took the place of.
    pub fn formers(&self) -> impl Iterator<Item = &PublicKey> {
        self.0.keys()
    }
}

fn successor(organisation_id: &OrganisationId, statement: &str) -> Option<Successor> {
    let claimed: KeySuccessionTerms = peek(statement).ok()?;
    let former: PublicKey = claimed.former_key.parse().ok()?;
    let terms: KeySuccessionTerms = verify(statement, KEY_SUCCESSION_TYP, &former).ok()?;
    let fits = terms.version == 1
        && terms.organisation_id == *organisation_id
        && terms.former_key == former.to_string();
    Some(Successor {
        key: terms.key.parse().ok().filter(|_| fits)?,
        former,
        issued_at: terms.issued_at,
        former_until: terms.former_until,
        statement: statement.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{KeyPair, sign};

    fn statement(from: &KeyPair, to: &KeyPair, change: impl FnOnce(&mut KeySuccessionTerms)) -> String {
        let mut terms = KeySuccessionTerms {
            version: 1,
            organisation_id: "org1".parse().unwrap(),
            former_key: from.public().to_string(),
            key: to.public().to_string(),
            issued_at: Timestamp::UNIX_EPOCH,
            former_until: Timestamp::UNIX_EPOCH,
        };
        change(&mut terms);
        sign(from, KEY_SUCCESSION_TYP, &terms).unwrap()
    }

    fn keys(from: &KeyPair, statements: &[String]) -> Vec<PublicKey> {
        let found = successors(&"org1".parse().unwrap(), &from.public(), statements);
        found.into_iter().map(|successor| successor.key).collect()
    }

    #[test]
    fn each_key_leads_to_the_next_whatever_the_order_of_the_statements() {
        let [one, two, three] = [(); 3].map(|()| KeyPair::generate().0);
        let statements = [statement(&two, &three, |_| ()), statement(&one, &two, |_| ())];
        assert_eq!(keys(&one, &statements), [two.public(), three.public()]);
        assert_eq!(keys(&two, &statements), [three.public()]);
        assert_eq!(keys(&three, &statements), []);
    }

    /// Monthly for more than eight years, as a service that was restored from backups may list them.
    #[test]
    fn of_a_hundred_changes_none_is_left_out_whatever_stands_between() {
        let line: Vec<KeyPair> = (0..=100).map(|_| KeyPair::generate().0).collect();
        let thief = KeyPair::generate().0;
        let steps = line.windows(2).map(|step| statement(&step[0], &step[1], |_| ()));
        let noise = |_| statement(&thief, &thief, |terms| terms.former_key = line[0].public().to_string());
        let mut statements: Vec<String> = steps.chain((0..100).map(noise)).collect();
        statements.reverse();
        let expected: Vec<PublicKey> = line[1..].iter().map(KeyPair::public).collect();
        assert_eq!(keys(&line[0], &statements), expected);
    }

    #[test]
    fn only_the_key_itself_can_name_its_heir_and_only_once() {
        let [one, two, thief] = [(); 3].map(|()| KeyPair::generate().0);
        // Signed by the heir itself, though it names the old key.
        let own = statement(&thief, &thief, |terms| terms.former_key = one.public().to_string());
        let other_organisation =
            statement(&one, &thief, |terms| terms.organisation_id = "org2".parse().unwrap());
        let other_version = statement(&one, &thief, |terms| terms.version = 2);
        assert_eq!(keys(&one, &[own, other_organisation, other_version, "x.y.z".into()]), []);
        let [honest, late] = [&two, &thief].map(|to| statement(&one, to, |_| ()));
        assert_eq!(keys(&one, &[honest, late]), [two.public()]);
    }

    #[test]
    fn a_circle_of_keys_has_an_end() {
        let [one, two] = [(); 2].map(|()| KeyPair::generate().0);
        let circle = [statement(&one, &two, |_| ()), statement(&two, &one, |_| ())];
        assert_eq!(keys(&one, &circle), [two.public()]);
        assert_eq!(keys(&one, &[statement(&one, &one, |_| ())]), []);
        let three = KeyPair::generate().0;
        let later =
            [(&one, &two), (&two, &three), (&three, &two)].map(|(from, to)| statement(from, to, |_| ()));
        assert_eq!(keys(&one, &later), [two.public(), three.public()]);
    }
}
