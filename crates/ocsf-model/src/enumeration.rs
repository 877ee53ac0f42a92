//! The macros that make the schema's enums.
//!
//! Each keeps values that the schema does not list, so that an event from a later version survives
//! being read and written.

/// An enum whose JSON form is a number.
macro_rules! integer_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $id:literal $caption:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $caption] $variant,)+
            /// An id that this version of the schema does not list.
            Unlisted(i64),
        }

        impl $name {
            /// Every id that the schema lists, with its caption, in the order of the ids.
            pub const MEMBERS: $crate::schema::Members =
                $crate::schema::Members::Numbers(&[$(($id, $caption)),+]);

            /// The id as it is written.
            pub const fn id(self) -> i64 {
                match self {
                    $(Self::$variant => $id,)+
                    Self::Unlisted(id) => id,
                }
            }

            /// The schema's caption; an unlisted id has none.
            pub const fn caption(self) -> Option<&'static str> {
                match self {
                    $(Self::$variant => Some($caption),)+
                    Self::Unlisted(_) => None,
                }
            }

            /// The member with this id.
            pub const fn from_id(id: i64) -> Self {
                match id {
                    $($id => Self::$variant,)+
                    id => Self::Unlisted(id),
                }
            }
        }

        /// The lowest id, which is `Unknown` wherever the schema has it.
        impl Default for $name {
            fn default() -> Self {
                const FIRST: i64 = [$($id),+][0];
                Self::from_id(FIRST)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_i64(self.id())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                i64::deserialize(deserializer).map(Self::from_id)
            }
        }
    };
}

/// An enum whose JSON form is a string.
macro_rules! string_enum {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $id:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $id] $variant,)+
            /// A value that this version of the schema does not list.
            Unlisted(String),
        }

        impl $name {
            /// Every value that the schema lists.
            pub const MEMBERS: $crate::schema::Members =
                $crate::schema::Members::Texts(&[$($id),+]);

            /// The value as it is written.
            pub fn id(&self) -> &str {
                match self {
                    $(Self::$variant => $id,)+
                    Self::Unlisted(id) => id,
                }
            }

            /// The member with this value.
            pub fn from_id(id: &str) -> Self {
                match id {
                    $($id => Self::$variant,)+
                    id => Self::Unlisted(id.to_owned()),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.id())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer).map(|id| Self::from_id(&id))
            }
        }
    };
}

pub(crate) use {integer_enum, string_enum};
