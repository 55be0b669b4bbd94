//! The messages, as the protobuf dialect defines them; the text dialect fills the same structures.
//!
//! Every scalar has explicit presence: `None` is unset, which is not zero. Sizes, quantities, volumes
//! and average prices of bars (`wap`) are decimal text, prices are doubles, as the TWS API has them.
//! Tags are those of `tws-wire.md`, section 8; maps keep their order by key.
//!
//! prost adds an accessor to each scalar (`order.lmt_price()`), which gives the default where nothing
//! is set: handy where that is right, dangerous for prices.

/// Structures of protobuf messages, a line a field: `tag name: kind` for what may be unset,
/// `[many tag name: kind type]` for lists, `[map tag name]` for text by text.
macro_rules! messages {
    ($(
        $(#[doc = $doc:literal])*
        $name:ident
        $([many $($many_tag:tt $many:ident: $many_kind:ident $many_type:ident),+])?
        $([map $($map_tag:tt $map:ident),+])?
        { $($(#[doc = $note:literal])* $tag:literal $field:ident: $kind:ident $($of:ident)?,)* }
    )*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, prost::Message)]
        pub struct $name {
            $(
                #[doc = concat!("Tag ", stringify!($tag), ".")]
                $(#[doc = $note])*
                #[prost($kind, optional, tag = $tag)]
                pub $field: Option<kind!($kind $($of)?)>,
            )*
            $($(
                #[doc = concat!("Tag ", stringify!($many_tag), ", any number.")]
                #[prost($many_kind, repeated, tag = $many_tag)]
                pub $many: Vec<kind!($many_kind $many_type)>,
            )+)?
            $($(
                #[doc = concat!("Tag ", stringify!($map_tag), ", by key.")]
                #[prost(btree_map = "string, string", tag = $map_tag)]
                pub $map: std::collections::BTreeMap<String, String>,
            )+)?
        }

        #[cfg(test)]
        impl crate::gateway::wire::tests::dice::Fill for $name {
            fn fill(&mut self, dice: &mut crate::gateway::wire::tests::dice::Dice) {
                $(self.$field.fill(dice);)*
                $($(self.$many.fill(dice);)+)?
                $($(self.$map.fill(dice);)+)?
            }
        }
    )*};
}

/// The type of a protobuf kind.
macro_rules! kind {
    (int32) => {
        i32
    };
    (int64) => {
        i64
    };
    (bool) => {
        bool
    };
    (double) => {
        f64
    };
    (string) => {
        String
    };
    ($kind:ident $of:ident) => {
        $of
    };
}

mod account;
mod contract;
mod market;
mod order;
mod reference;
mod requests;

pub use account::*;
pub use contract::*;
pub use market::*;
pub use order::*;
pub use reference::*;
pub use requests::*;
