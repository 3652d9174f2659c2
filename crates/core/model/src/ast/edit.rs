//! Edits and the files made of them.

use super::{Text, Version};
use crate::form::{Form, Given, Kind, Names, Reader, Shape, record};
use crate::scalar::{Name, Reference};
use crate::tree::Node;

/// Addresses with what is different there, as a tree: what it means depends on the base.
#[derive(Clone, Debug, PartialEq)]
pub struct Edits(pub Node);

impl Form for Edits {
    fn shape() -> Shape {
        Shape::plain(Kind::Edits)
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        if node.entries().is_none() {
            reader.wrong_kind(node, Self::shape());
            return None;
        }
        Some(Self(node.clone()))
    }
}

record! {
    /// Steps put next to others.
    pub struct Insert = "an insertion" {
        /// The step before which they come.
        opt "above" above: Given<Reference>,
        /// The step after which they come.
        opt "below" below: Given<Reference>,
        /// `start of ENDPOINT` or `end of ENDPOINT`.
        opt "at" at: Given<super::EndOf>,
        /// The steps.
        req "steps" steps: super::Steps,
    }
    apart [["above", "below", "at"]]
}

record! {
    /// Edits to another file.
    pub struct Overlay = "an overlay" {
        /// The version of the language: 1.
        req "worstday" worstday: Given<Version>,
        /// Its name.
        req "overlay" overlay: Given<Name>,
        /// The file that is edited: a model or another overlay.
        req "base" base: Given<Text>,
        /// What reads differently.
        opt "edit" edit: Edits,
        /// What is not there any more.
        opt "remove" remove: Vec<Given<Reference>>,
        /// Steps that come in addition.
        opt "insert" insert: Vec<Insert>,
        /// Further edits, each applied alone to the edited base.
        opt "variants" variants: Names<Variant>,
    }
}

record! {
    /// One of several sets of edits.
    pub struct Variant = "a variant" {
        /// Variants that are applied first.
        opt "like" like: Vec<Given<Name>>,
        /// What reads differently.
        opt "edit" edit: Edits,
        /// What is not there any more.
        opt "remove" remove: Vec<Given<Reference>>,
        /// Steps that come in addition.
        opt "insert" insert: Vec<Insert>,
    }
}
