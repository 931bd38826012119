//! WebDAV's locks, in memory: for Office programs and file managers, which keep each other from overwriting. They are no
//! protection from anybody, are bounded in number and time, and end with the session.

use crate::{LONGEST_LOCK, MAX_LOCKS, way};
use dav_server::{
    davpath::DavPath,
    ls::{DavLock, DavLockSystem, LsFuture},
};
use std::{
    fmt, future,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};
use xmltree::{Element, XMLNode};

/// All locks of a folder; copies are the same.
#[derive(Clone, Default)]
pub(crate) struct Locks(Arc<Mutex<Held>>);

#[derive(Default)]
struct Held {
    locks: Vec<(Vec<String>, DavLock)>,
    count: u64,
}

impl fmt::Debug for Locks {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Locks").finish_non_exhaustive()
    }
}

impl Locks {
    fn with<'a, T: Send + 'a>(&self, work: impl FnOnce(&mut Held) -> T) -> LsFuture<'a, T> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let now = SystemTime::now();
        held.locks.retain(|(_, lock)| lock.timeout_at.is_none_or(|at| at > now));
        Box::pin(future::ready(work(&mut held)))
    }
}

/// How many locks of one place are told: there is one operator, and none of them wants to know of more.
const MAX_SHOWN: usize = 8;
/// How long an owner's name may be, letters and markup of it together, and how many elements it may consist of.
const MAX_OWNER: usize = 1024;
const MAX_OWNER_ELEMENTS: usize = 8;

/// Whether so much can be kept with each lock, and told as often as somebody asks.
fn is_short(owner: &Element) -> bool {
    let (mut left, mut elements, mut letters) = (vec![owner], 0, 0);
    while let Some(element) = left.pop() {
        elements += 1;
        letters += element.name.len();
        letters += element.attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>();
        let spaces = element.namespaces.iter().flat_map(|spaces| &spaces.0);
        letters += spaces.map(|(prefix, name)| prefix.len() + name.len()).sum::<usize>();
        for child in &element.children {
            match child {
                XMLNode::Element(child) => left.push(child),
                XMLNode::Comment(text) | XMLNode::CData(text) | XMLNode::Text(text) => letters += text.len(),
                XMLNode::ProcessingInstruction(name, data) => {
                    letters += name.len() + data.as_ref().map_or(0, String::len);
                }
            }
        }
        if elements > MAX_OWNER_ELEMENTS || letters > MAX_OWNER {
            return false;
        }
    }
    true
}

/// The names in it, as a system takes them that knows no capitals.
fn names(path: &DavPath) -> Vec<String> {
    let path = String::from_utf8_lossy(path.as_bytes());
    let names: Vec<_> = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    way::fold(&names)
}

/// Whether a lock on `locked` holds for `names` too.
fn covers(locked: &[String], lock: &DavLock, names: &[String]) -> bool {
    locked == names || lock.deep && names.starts_with(locked)
}

fn end(asked: Option<Duration>) -> (Option<Duration>, Option<SystemTime>) {
    let time = asked.unwrap_or(LONGEST_LOCK).min(LONGEST_LOCK);
    (Some(time), Some(SystemTime::now() + time))
}

impl DavLockSystem for Locks {
    fn lock(
        &'_ self,
        path: &DavPath,
        principal: Option<&str>,
        owner: Option<&Element>,
        timeout: Option<Duration>,
        shared: bool,
        deep: bool,
    ) -> LsFuture<'_, Result<DavLock, DavLock>> {
        let names = names(path);
        let (timeout, timeout_at) = end(timeout);
        self.with(|held| {
            let lock = DavLock {
                token: String::new(),
                path: Box::new(path.clone()),
                principal: principal.map(str::to_owned),
                owner: owner.filter(|owner| is_short(owner)).cloned().map(Box::new),
                timeout,
                timeout_at,
                shared,
                deep,
            };
            let conflict = held.locks.iter().find(|(locked, other)| {
                let meet = covers(locked, other, &names) || deep && locked.starts_with(&names);
                meet && !(shared && other.shared)
            });
            if let Some((_, other)) = conflict {
                return Err(other.clone());
            }
            if held.locks.len() == MAX_LOCKS {
                return Err(lock);
            }
            held.count += 1;
            // Whoever can ask for a lock can see all of them, so the token need not be hard to guess.
            let token = format!("urn:uuid:6f6e6465-6d61-4e64-8000-{:012x}", held.count);
            let lock = DavLock { token, ..lock };
            held.locks.push((names, lock.clone()));
            Ok(lock)
        })
    }

    fn unlock(&'_ self, path: &DavPath, token: &str) -> LsFuture<'_, Result<(), ()>> {
        let names = names(path);
        self.with(|held| {
            let fits =
                |(locked, lock): &(Vec<String>, DavLock)| lock.token == token && covers(locked, lock, &names);
            let found = held.locks.iter().position(fits).ok_or(())?;
            held.locks.remove(found);
            Ok(())
        })
    }

    fn refresh(
        &'_ self,
        path: &DavPath,
        token: &str,
        timeout: Option<Duration>,
    ) -> LsFuture<'_, Result<DavLock, ()>> {
        let names = names(path);
        self.with(|held| {
            let mut locks = held.locks.iter_mut();
            let found = locks.find(|(locked, lock)| lock.token == token && covers(locked, lock, &names));
            let (_, lock) = found.ok_or(())?;
            (lock.timeout, lock.timeout_at) = end(timeout);
            Ok(lock.clone())
        })
    }

    /// There is one operator, so who holds a lock is told by its token alone.
    fn check(
        &'_ self,
        path: &DavPath,
        _principal: Option<&str>,
        _ignore_principal: bool,
        deep: bool,
        submitted_tokens: &[String],
    ) -> LsFuture<'_, Result<(), DavLock>> {
        let names = names(path);
        self.with(|held| {
            let meets = |locked: &[String], lock: &DavLock| {
                covers(locked, lock, &names) || deep && locked.starts_with(&names)
            };
            let in_the_way: Vec<_> = held.locks.iter().filter(|(locked, lock)| meets(locked, lock)).collect();
            let is_held = |lock: &DavLock| submitted_tokens.contains(&lock.token);
            // Of locks that are shared, one is enough.
            let shares = in_the_way.iter().any(|(_, lock)| lock.shared && is_held(lock));
            let passes = |lock: &DavLock| is_held(lock) || lock.shared && shares;
            let foreign = in_the_way.iter().find(|(_, lock)| !passes(lock));
            foreign.map_or(Ok(()), |(_, lock)| Err(lock.clone()))
        })
    }

    fn discover(&'_ self, path: &DavPath) -> LsFuture<'_, Vec<DavLock>> {
        let names = names(path);
        self.with(|held| {
            let found = held.locks.iter().filter(|(locked, lock)| covers(locked, lock, &names));
            found.take(MAX_SHOWN).map(|(_, lock)| lock.clone()).collect()
        })
    }

    fn delete(&'_ self, path: &DavPath) -> LsFuture<'_, Result<(), ()>> {
        let names = names(path);
        self.with(|held| {
            held.locks.retain(|(locked, _)| !locked.starts_with(&names));
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(path: &str) -> DavPath {
        DavPath::new(path).unwrap()
    }

    async fn locked(locks: &Locks, at: &str, shared: bool, deep: bool) -> Result<String, ()> {
        let lock = locks.lock(&path(at), None, None, None, shared, deep).await;
        lock.map(|lock| lock.token).map_err(drop)
    }

    #[tokio::test]
    async fn a_lock_holds_for_what_lies_below_only_if_it_is_deep() {
        let locks = Locks::default();
        let token = locked(&locks, "/a", false, true).await.unwrap();
        assert!(locks.check(&path("/A/b"), None, false, false, &[]).await.is_err(), "in capitals too");
        assert!(locks.check(&path("/a/b"), None, false, false, &[token]).await.is_ok());
        assert!(locks.check(&path("/ab"), None, false, false, &[]).await.is_ok());
        assert!(locked(&locks, "/", false, true).await.is_err());
        assert!(locked(&locks, "/", false, false).await.is_ok());
    }

    #[tokio::test]
    async fn locks_end_by_themselves() {
        let locks = Locks::default();
        let lock = locks.lock(&path("/a"), None, None, Some(Duration::ZERO), false, false).await.unwrap();
        assert!(locks.discover(&path("/a")).await.is_empty());
        assert!(locks.refresh(&path("/a"), &lock.token, None).await.is_err());
        let for_ever = locks.lock(&path("/a"), None, None, Some(Duration::MAX), false, false).await.unwrap();
        assert_eq!(for_ever.timeout, Some(LONGEST_LOCK));
    }

    #[tokio::test]
    async fn an_owner_is_kept_as_far_as_it_is_a_name_and_few_locks_of_a_place_are_told() {
        let locks = Locks::default();
        let owner = |xml: &str| Element::parse(xml.as_bytes()).unwrap();
        let names = r#"<D:owner xmlns:D="DAV:"><D:href>mailto:olivia@support.example</D:href></D:owner>"#;
        let long = format!("<owner>{}</owner>", "a".repeat(MAX_OWNER));
        let wide = format!("<owner>{}</owner>", "<a/>".repeat(MAX_OWNER_ELEMENTS));
        for (number, (owner, is_kept)) in
            [(owner(names), true), (owner(&long), false), (owner(&wide), false)].into_iter().enumerate()
        {
            let at = path(&format!("/{number}"));
            let lock = locks.lock(&at, None, Some(&owner), None, false, false).await.unwrap();
            assert_eq!(lock.owner.is_some(), is_kept, "{number}");
        }
        for _ in 0..MAX_SHOWN + 1 {
            locked(&locks, "/shared", true, false).await.unwrap();
        }
        assert_eq!(locks.discover(&path("/shared")).await.len(), MAX_SHOWN);
    }

    #[tokio::test]
    async fn there_are_only_so_many() {
        let locks = Locks::default();
        for number in 0..MAX_LOCKS {
            locked(&locks, &format!("/{number}"), false, false).await.unwrap();
        }
        assert!(locked(&locks, "/one-more", false, false).await.is_err());
    }
}
