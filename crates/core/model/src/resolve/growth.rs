//! What grows: demand of clients, and numbers of the file.

use super::Resolver;
use super::directory::{find, id};
use crate::ast::Sections;
use crate::diagnostic::{Diagnostic, quoted};
use crate::scalar::{Reference, Scalar};
use crate::system::{ClientId, Grows, Growth};

/// Whether a key of `growth` is the address of a number, not the name of a client.
pub(crate) fn is_address(key: &str) -> bool {
    key.contains(['.', '#', ' ']) && Reference::parse(key).is_ok()
}

impl<'a> Resolver<'a> {
    /// All that grows. Whether an address holds a number is seen where it is multiplied.
    pub(super) fn growth(&mut self, file: &'a Sections, in_force: &[f64]) {
        let entries = file.growth.iter().flat_map(|growth| &growth.entries);
        for (position, entry) in entries.enumerate() {
            let path = format!("growth.{}", entry.name);
            let rate = self.say(&path, &entry.value).best();
            let what = match find(&self.directory.clients, &entry.name) {
                Some(client) => Grows::Demand(ClientId(id(client))),
                None if is_address(&entry.name) => Grows::Number(entry.name.to_string()),
                // What is no address at all is told by the reader.
                None if Reference::parse(&entry.name).is_err() => continue,
                None => {
                    let names = self.names(self.directory.clients.iter().map(|client| client.name));
                    let message = format!("no client is called {}", quoted(&entry.name));
                    let error = Diagnostic::error(entry.at, message).hint(
                        "a client's demand grows, or a number: `services.sql.replicas`, `sql.read#work`",
                    );
                    let near = crate::diagnostic::nearest(&entry.name, names.iter().copied());
                    self.found
                        .push(error.absent(&entry.name).did_you_mean(near));
                    continue;
                }
            };
            let place = self.place(entry.at);
            self.system.growth.push(Growth {
                what,
                share: rate.share.get(),
                per_ns: rate.per.seconds() * 1e9,
                in_force: in_force.get(position).copied().unwrap_or(1.0),
                place,
            });
        }
    }
}
