//! Sessions without a clock or a socket.

mod chance;
mod table;
