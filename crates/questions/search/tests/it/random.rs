//! Systems that nobody chose, and what is true of them.
//!
//! [`systems`] writes the text of a model as a function of its number, so that it goes through the reader as a user's file
//! does. [`made_up`] makes up how often each kind of their days breaks a promise, so that the truth is a sum.

mod made_up;
mod systems;
