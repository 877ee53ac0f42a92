//! The macro that makes the schema's enums.
//!
//! They keep values that the schema does not list, so that an event from a later version survives
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
            pub const MEMBERS: &[(i64, &str)] = &[$(($id, $caption)),+];

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

        impl $crate::WriteJson for $name {
            fn write_json(&self, writer: &mut $crate::JsonWriter<'_>) {
                self.id().write_json(writer);
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                i64::deserialize(deserializer).map(Self::from_id)
            }
        }
    };
}

pub(crate) use integer_enum;
