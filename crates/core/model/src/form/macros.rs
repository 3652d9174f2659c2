//! The two macros that define constructs. How they read: `crate::ast`.

/// Defines a map with known keys.
///
/// Each key stands behind a word: `req` (must be there), `opt` (may be left out), `turn` (may be left out, and
/// those who run the system decide it, with all that stands below it), `note` (may be
/// left out and changes nothing but what is printed), `flat` (the keys of another record in the
/// same map), `pick` (the keys of one alternative of a `choice!` in the same map).
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $name:ident = $about:literal {
            $( $(#[doc = $fdoc:literal])* $mode:ident $key:tt $field:ident : $ty:ty ),* $(,)?
        }
        $(later { $($lkey:literal = $mechanism:literal),* $(,)? })?
        $(apart [ $([ $($apart:literal),* ]),* ])?
        $(short [ $($short:expr),* $(,)? ])?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            /// Where it stands.
            pub span: $crate::source::Span,
            $( $(#[doc = $fdoc])* pub $field: $crate::form::slot!(type $mode $ty), )*
        }

        impl $crate::form::Fields for $name {
            const RECORD: &'static $crate::form::Record = &$crate::form::Record {
                name: $about,
                doc: &[$($doc),*],
                members: &[ $( $crate::form::slot!(member $mode $key $ty [$($fdoc),*]) ),* ],
                later: &[ $($( $crate::form::Later { key: $lkey, mechanism: $mechanism } ),*)? ],
                apart: &[ $($( &[$($apart),*] ),*)? ],
            };

            fn take(
                map: &mut $crate::form::MapReader<'_>,
                reader: &mut $crate::form::Reader<'_>,
            ) -> Option<Self> {
                $( let $field = $crate::form::slot!(take $mode $key $ty, map, reader); )*
                Some(Self {
                    span: map.span(),
                    $( $field: $crate::form::slot!(build $mode $field), )*
                })
            }
        }

        impl $crate::form::Form for $name {
            fn shape() -> $crate::form::Shape {
                $crate::form::Shape {
                    kind: $crate::form::Kind::Record(<Self as $crate::form::Fields>::RECORD),
                    short: const { &[ $($($short),*)? ] },
                }
            }

            fn read(node: &$crate::tree::Node, reader: &mut $crate::form::Reader<'_>) -> Option<Self> {
                reader.record::<Self>(node)
            }
        }
    };
}
pub(crate) use record;

/// What a key of a `record!` becomes in the struct, the table and the reader.
macro_rules! slot {
    (type req $ty:ty) => { $ty };
    (type opt $ty:ty) => { Option<$ty> };
    (type turn $ty:ty) => { Option<$ty> };
    (type note $ty:ty) => { Option<$ty> };
    (type flat $ty:ty) => { $ty };
    (type pick $ty:ty) => { $ty };

    (member req $key:tt $ty:ty [$($doc:literal),*]) => {
        $crate::form::slot!(field $key $ty [$($doc),*] Required Counts)
    };
    (member opt $key:tt $ty:ty [$($doc:literal),*]) => {
        $crate::form::slot!(field $key $ty [$($doc),*] Optional Counts)
    };
    (member turn $key:tt $ty:ty [$($doc:literal),*]) => {
        $crate::form::slot!(field $key $ty [$($doc),*] Optional Turns)
    };
    (member note $key:tt $ty:ty [$($doc:literal),*]) => {
        $crate::form::slot!(field $key $ty [$($doc),*] Optional Describes)
    };
    (member flat $key:tt $ty:ty [$($doc:literal),*]) => {
        $crate::form::Member::Flat(<$ty as $crate::form::Fields>::RECORD)
    };
    (member pick $key:tt $ty:ty [$($doc:literal),*]) => {
        $crate::form::Member::Pick(<$ty as $crate::form::Variants>::CHOICE)
    };
    (field $key:tt $ty:ty [$($doc:literal),*] $need:ident $role:ident) => {
        $crate::form::Member::Key($crate::form::Field {
            key: $key,
            doc: &[$($doc),*],
            shape: <$ty as $crate::form::Form>::shape,
            need: $crate::form::Need::$need,
            role: $crate::form::Role::$role,
        })
    };

    (take req $key:tt $ty:ty, $map:ident, $reader:ident) => { $map.required::<$ty>($key, $reader) };
    (take opt $key:tt $ty:ty, $map:ident, $reader:ident) => { $map.optional::<$ty>($key, $reader) };
    (take turn $key:tt $ty:ty, $map:ident, $reader:ident) => { $map.optional::<$ty>($key, $reader) };
    (take note $key:tt $ty:ty, $map:ident, $reader:ident) => { $map.optional::<$ty>($key, $reader) };
    (take flat $key:tt $ty:ty, $map:ident, $reader:ident) => {
        <$ty as $crate::form::Fields>::take($map, $reader)
    };
    (take pick $key:tt $ty:ty, $map:ident, $reader:ident) => {
        <$ty as $crate::form::Variants>::take($map, $reader)
    };

    (build req $field:ident) => { $field? };
    (build opt $field:ident) => { $field };
    (build turn $field:ident) => { $field };
    (build note $field:ident) => { $field };
    (build flat $field:ident) => { $field? };
    (build pick $field:ident) => { $field? };
}
pub(crate) use slot;

/// Defines alternatives, each a record known by one of its keys.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        pub enum $name:ident = $about:literal {
            $( $(#[doc = $vdoc:literal])* $key:literal $variant:ident($ty:ty) ),* $(,)?
        }
        $(later { $($lkey:literal = $mechanism:literal),* $(,)? })?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $name {
            $( $(#[doc = $vdoc])* $variant($ty) ),*
        }

        impl $crate::form::Variants for $name {
            const CHOICE: &'static $crate::form::Choice = &$crate::form::Choice {
                name: $about,
                variants: &[ $( ($key, <$ty as $crate::form::Fields>::RECORD) ),* ],
                later: &[ $($( $crate::form::Later { key: $lkey, mechanism: $mechanism } ),*)? ],
            };

            fn take(
                map: &mut $crate::form::MapReader<'_>,
                reader: &mut $crate::form::Reader<'_>,
            ) -> Option<Self> {
                match map.decide(Self::CHOICE, reader)? {
                    $( $key => <$ty as $crate::form::Fields>::take(map, reader).map(Self::$variant), )*
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use choice;
