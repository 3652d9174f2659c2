//! The flight simulator: a simulated day that one flies through by hand, and the server that shows it to browsers.
//!
//! In reading order: [`session`] is a day that is lived, in one [`arm`] or two, and the scenario that is written meanwhile
//! ([`script`]); [`lever`] finds what can be done in a system, [`breakage`] how it can be broken; `observer` says what users feel now, `story` what
//! happened and who did it, `shelf` keeps moments to step back to (`weigh` says how heavy they are). [`tell`] puts
//! all that into words and numbers for the page, [`pace`] is the thread that lets time pass, and [`server`] is the door.
//!
//! `session` and what it rests on have no clock, socket or thread: only `pace` and `server` do. Why it is built so:
//! `docs/design/live.md`.

pub mod arm;
pub mod breakage;
pub mod lever;
pub mod observer;
pub mod pace;
pub mod script;
pub mod server;
pub mod session;
mod shelf;
pub mod story;
pub mod tell;
mod weigh;

use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc;

use tokio::sync::oneshot;

pub use crate::pace::{Keeper, Kept};
pub use crate::session::{Described, Opening, Reader, Refusal, Session};

/// A place where a session will be shown: loopback, and nothing else.
pub struct Stage {
    listener: TcpListener,
    token: String,
}

impl Stage {
    /// Takes a port of this machine, any free one if it is 0, and makes up a token.
    ///
    /// # Errors
    ///
    /// If the port is taken, or the operating system has no chance to give.
    pub fn at(port: u16) -> io::Result<Self> {
        Ok(Self {
            listener: TcpListener::bind((Ipv4Addr::LOCALHOST, port))?,
            token: server::token()?,
        })
    }

    /// What to open in a browser.
    ///
    /// # Errors
    ///
    /// If the operating system does not know its own port.
    pub fn address(&self) -> io::Result<String> {
        Ok(format!(
            "http://127.0.0.1:{}/#{}",
            self.listener.local_addr()?.port(),
            self.token
        ))
    }

    /// Shows a session until somebody stops it. Says what was kept.
    ///
    /// # Errors
    ///
    /// If the operating system refuses what a server or a thread needs.
    pub fn show(
        self,
        session: Session,
        keeper: &mut dyn Keeper,
        stop: &(dyn Fn() -> bool + Sync),
    ) -> io::Result<Kept> {
        let (orders, ordered) = mpsc::channel();
        let port = self.listener.local_addr()?.port();
        let door = Arc::new(server::Door::new(port, self.token, orders));
        let (end, over) = oneshot::channel();
        std::thread::scope(|scope| {
            let serving = std::thread::Builder::new()
                .name("server".to_owned())
                .spawn_scoped(scope, move || server::serve(self.listener, door, over))?;
            let kept = pace::drive(session, keeper, &ordered, stop);
            drop(end);
            match serving.join() {
                Ok(served) => served.map(|()| kept),
                Err(_) => Err(io::Error::other("the server ended badly")),
            }
        })
    }
}
