//! What an operator may do, and what an operator is doing.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeSeq};
use std::{fmt, marker::PhantomData};

/// A set of up to eight kinds of thing, on the wire a list of their names in declaration order.
///
/// Names this version does not know are dropped when reading: what is not understood can be neither shown nor granted.
pub struct Set<T>(u8, PhantomData<T>);

/// What [`Permissions`] or [`Actions`] can hold.
pub trait Member: Copy + PartialEq + 'static {
    /// Every kind, in the order in which people read them.
    const ALL: &'static [Self];
    /// The name on the wire.
    fn name(self) -> &'static str;
}

impl<T: Member> Set<T> {
    /// The empty set.
    pub const EMPTY: Self = Self(0, PhantomData);

    /// Every kind there is.
    pub fn all() -> Self {
        T::ALL.iter().copied().collect()
    }

    fn bit(member: T) -> u8 {
        T::ALL.iter().position(|&other| other == member).map_or(0, |index| 1 << index)
    }

    /// Whether `member` is in the set.
    pub fn contains(self, member: T) -> bool {
        self.0 & Self::bit(member) != 0
    }

    /// Whether every member of `self` is in `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether nothing is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many members the set has.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// The members of both sets.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0, PhantomData)
    }

    /// The members of either set.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0, PhantomData)
    }

    /// The members of `self` that are not in `other`.
    #[must_use]
    pub fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0, PhantomData)
    }

    /// The members in the order in which people read them.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::ALL.iter().copied().filter(move |&member| self.contains(member))
    }
}

impl<T> Clone for Set<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Set<T> {}
impl<T> PartialEq for Set<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<T> Eq for Set<T> {}
impl<T> Default for Set<T> {
    fn default() -> Self {
        Self(0, PhantomData)
    }
}
impl<T: Member + fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
impl<T: Member> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        Self(members.into_iter().fold(0, |bits, member| bits | Self::bit(member)), PhantomData)
    }
}
impl<T: Member, const N: usize> From<[T; N]> for Set<T> {
    fn from(members: [T; N]) -> Self {
        members.into_iter().collect()
    }
}

impl<T: Member> Serialize for Set<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.len()))?;
        for member in self.iter() {
            list.serialize_element(member.name())?;
        }
        list.end()
    }
}

impl<'de, T: Member> Deserialize<'de> for Set<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Names<T>(PhantomData<T>);
        impl<'de, T: Member> de::Visitor<'de> for Names<T> {
            type Value = Set<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of names")
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Set<T>, A::Error> {
                let mut set = Set::EMPTY;
                while let Some(name) = list.next_element::<String>()? {
                    if let Some(&member) = T::ALL.iter().find(|member| member.name() == name) {
                        set = set.union(Set::from([member]));
                    }
                }
                Ok(set)
            }
        }
        deserializer.deserialize_seq(Names(PhantomData))
    }
}

#[cfg(feature = "schema")]
impl<T: utoipa::ToSchema> utoipa::PartialSchema for Set<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        let items = utoipa::openapi::Ref::from_schema_name(T::name());
        utoipa::openapi::ArrayBuilder::new().items(items).into()
    }
}
#[cfg(feature = "schema")]
impl<T: utoipa::ToSchema> utoipa::ToSchema for Set<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("{}Set", T::name()).into()
    }
    fn schemas(schemas: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

macro_rules! members {
    // `$wire` is a `tt`: utoipa's derive does not see through the invisible group that a `literal` is wrapped in, and the
    // OpenAPI document would name the variants instead.
    ($(#[$meta:meta])* $name:ident, $set:ident: $($(#[$doc:meta])* $variant:ident = $wire:tt),* $(,)?) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        pub enum $name { $($(#[$doc])* #[serde(rename = $wire)] $variant,)* }

        impl Member for $name {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];
            fn name(self) -> &'static str {
                match self { $(Self::$variant => $wire,)* }
            }
        }

        #[doc = concat!("A set of [`", stringify!($name), "`]s.")]
        pub type $set = Set<$name>;
    };
}

members! {
    /// What an operator may do.
    Permission, Permissions:
    /// See the user's desktop.
    View = "view",
    /// Use keyboard and mouse.
    Control = "control",
    /// View and copy files.
    FilesRead = "files_read",
    /// Edit and place files.
    FilesWrite = "files_write",
    /// Exchange the clipboard's text.
    Clipboard = "clipboard",
    /// Chat with the user, both ways.
    Chat = "chat",
    /// Show the user a note.
    Messages = "messages",
}

members! {
    /// What the operator is doing now.
    Action, Actions:
    /// The desktop's picture is being sent.
    Viewing = "viewing",
    /// Keyboard or mouse input arrived just now.
    Controlling = "controlling",
    /// A file is being read or written.
    TransferringFiles = "transferring_files",
    /// Chat messages went back and forth just now.
    Chatting = "chatting",
}

impl Permission {
    /// The permissions that only the access process can serve; chat and notes need no access to the computer.
    pub fn served_by_access() -> Permissions {
        use Permission::{Clipboard, Control, FilesRead, FilesWrite, View};
        Permissions::from([View, Control, FilesRead, FilesWrite, Clipboard])
    }
}

impl Action {
    /// Whether somebody who was granted `permissions` could be doing this.
    pub fn possible_with(self, permissions: Permissions) -> bool {
        match self {
            Self::Viewing => permissions.contains(Permission::View),
            Self::Controlling => permissions.contains(Permission::Control),
            Self::TransferringFiles => {
                permissions.contains(Permission::FilesRead) || permissions.contains(Permission::FilesWrite)
            }
            Self::Chatting => permissions.contains(Permission::Chat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_reads_as_a_list_of_names_and_unknown_names_grant_nothing() {
        let set: Permissions = serde_json::from_str(r#"["chat", "teleport", "view", "chat"]"#).unwrap();
        assert_eq!(set, Permissions::from([Permission::View, Permission::Chat]));
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["view","chat"]"#);
    }

    #[test]
    fn set_operations_are_those_of_sets() {
        let a = Permissions::from([Permission::View, Permission::Chat]);
        let b = Permissions::from([Permission::Chat, Permission::Control]);
        assert_eq!(a.intersection(b), Permissions::from([Permission::Chat]));
        assert_eq!(a.difference(b), Permissions::from([Permission::View]));
        assert_eq!(a.union(b).len(), 3);
        assert!(a.intersection(b).is_subset(a) && !a.is_subset(b));
        assert_eq!(Permissions::all().len(), Permission::ALL.len());
    }
}
