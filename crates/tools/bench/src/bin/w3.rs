//! W3 in flat Rust. mode:
//!   plain  every step is an event in a 4-ary heap; timeouts are heap entries, cancelled lazily
//!   ring   as plain, but constant-delay timeouts sit in a FIFO ring, not in the heap
//!   clair  leaf pools are FIFO and never cancel, so completion is known on entry: no queue,
//!          no completion event for a leaf in a join, a timeout only when it will fire
//! W3 = nominal, W3b = cart mean 11 ms and its time-out 40 ms (overload, retry storm).
#![allow(
    clippy::all,
    clippy::semicolon_if_nothing_returned,
    clippy::needless_pass_by_value,
    clippy::uninlined_format_args,
    clippy::explicit_iter_loop,
    reason = "a published reference, kept as it was timed"
)]

use std::collections::VecDeque;
use worstday_bench::reference::*;

const MS: f64 = 1e6; // ticks are ns
const BACK: u64 = 10_000_000;
const ARR: u64 = 0;
const GW: u64 = 1;
const AUTH: u64 = 2;
const CAT: u64 = 3;
const CART: u64 = 4;
const TIMER: u64 = 5;
const RETRY: u64 = 6;
const JOIN: u64 = 7;

#[derive(Clone, Copy, Default)]
struct Req {
    t0: u64,
    generation: u32, // current cart attempt (bumped on time-out, answer and reuse)
    left: u8,        // branches still open
    tries: u8,
    fail: bool,
}
struct Pool {
    free: u32,
    q: VecDeque<u64>,
}
/// c free-times, smallest found by a scan of a small binary heap.
struct Free(Vec<u64>);
impl Free {
    /// FIFO c-server entry at `now` with service `s`: completion time.
    #[inline(always)]
    fn enter(&mut self, now: u64, s: u64) -> u64 {
        let v = &mut self.0;
        let d = v[0].max(now) + s;
        let n = v.len();
        let mut i = 0;
        loop {
            let mut c = 2 * i + 1;
            if c >= n {
                break;
            }
            if c + 1 < n && v[c + 1] < v[c] {
                c += 1;
            }
            if v[c] >= d {
                break;
            }
            v[i] = v[c];
            i = c;
        }
        v[i] = d;
        d
    }
}
struct Sim<Q> {
    q: Q,
    r: Rng,
    req: Vec<Req>,
    slab: Vec<u32>,
    gw: Pool,
    pool: [Pool; 3],
    free: [Free; 3],
    ring: VecDeque<(u64, u64)>,
    mean: [f64; 3],
    mu: f64,
    sig: f64,
    tmo: u64,
    h: Hist,
    done: u64,
    warm: u64,
    fails: u64,
    retries: u64,
    zombies: u64,
}
#[inline(always)]
fn pay(k: u64, id: u32, generation: u32) -> u64 {
    (k << 61) | ((id as u64) << 32) | generation as u64
}
impl<Q: Pq> Sim<Q> {
    #[inline(always)]
    fn e(&mut self, m: f64) -> u64 {
        (exp_zig(&mut self.r) * m) as u64
    }
    #[inline(always)]
    fn draw(&mut self, i: usize) -> u64 {
        if i == 1 {
            (self.mu + self.sig * normal(&mut self.r)).exp() as u64
        } else {
            self.e(self.mean[i])
        }
    }
    #[inline(always)]
    fn enter(&mut self, i: usize, now: u64, p: u64) {
        if self.pool[i].free > 0 {
            self.pool[i].free -= 1;
            let s = self.draw(i);
            self.q.push(now + s, p);
        } else {
            self.pool[i].q.push_back(p);
        }
    }
    #[inline(always)]
    fn leave(&mut self, i: usize, now: u64) {
        if let Some(p) = self.pool[i].q.pop_front() {
            let s = self.draw(i);
            self.q.push(now + s, p);
        } else {
            self.pool[i].free += 1;
        }
    }
    #[inline(always)]
    fn cart<const M: u8>(&mut self, id: u32, now: u64) {
        let g = self.req[id as usize].generation;
        if M == 2 {
            let s = self.draw(2);
            let d = self.free[2].enter(now, s);
            if d - now > self.tmo {
                self.zombies += 1;
                self.q.push(now + self.tmo, pay(TIMER, id, g));
            } else {
                self.q.push(d, pay(CART, id, g));
            }
        } else {
            self.enter(2, now, pay(CART, id, g));
            if M == 1 {
                self.ring.push_back((now + self.tmo, pay(TIMER, id, g)));
            } else {
                self.q.push(now + self.tmo, pay(TIMER, id, g));
            }
        }
    }
    #[inline(always)]
    fn part(&mut self, id: u32, now: u64) {
        let q = &mut self.req[id as usize];
        q.left -= 1;
        if q.left > 0 {
            return;
        }
        self.finish(id, now)
    }
    #[inline(always)]
    fn finish(&mut self, id: u32, now: u64) {
        let q = self.req[id as usize];
        self.done += 1;
        self.fails += q.fail as u64;
        if self.done > self.warm {
            self.h.add(now - q.t0);
        }
        self.slab.push(id);
        if let Some(n) = self.gw.q.pop_front() {
            let s = self.e(MS);
            self.q.push(now + s, pay(GW, n as u32, 0));
        } else {
            self.gw.free += 1;
        }
    }
    fn run<const M: u8>(&mut self, n: u64) -> u64 {
        let ia = 1e9 / 1500.0;
        let (mut ev, mut arr) = (0u64, 0u64);
        let mut next = self.e(ia); // the arrival stream lives in a register, not in the heap
        loop {
            let t = self.q.peek();
            let (now, p);
            if M == 1 && self.ring.front().is_some_and(|r| r.0 < t && r.0 < next) {
                (now, p) = self.ring.pop_front().unwrap();
            } else if next < t {
                (now, p) = (next, pay(ARR, 0, 0));
            } else if let Some(h) = self.q.pop() {
                (now, p) = h;
            } else {
                break;
            }
            ev += 1;
            let id = (p >> 32) as u32 & 0x1fff_ffff;
            let g = p as u32;
            match p >> 61 {
                ARR => {
                    arr += 1;
                    next = if arr < n { now + self.e(ia) } else { u64::MAX };
                    let id = self.slab.pop().unwrap_or_else(|| {
                        self.req.push(Req::default());
                        self.req.len() as u32 - 1
                    });
                    let generation = self.req[id as usize].generation.wrapping_add(1);
                    self.req[id as usize] = Req {
                        t0: now,
                        generation,
                        left: 2,
                        tries: 0,
                        fail: false,
                    };
                    if self.gw.free > 0 {
                        self.gw.free -= 1;
                        let s = self.e(MS);
                        self.q.push(now + s, pay(GW, id, 0));
                    } else {
                        self.gw.q.push_back(id as u64);
                    }
                }
                GW => {
                    if M == 2 {
                        let s = self.draw(0);
                        let d = self.free[0].enter(now, s);
                        self.q.push(d, pay(AUTH, id, 0));
                    } else {
                        self.enter(0, now, pay(AUTH, id, 0));
                    }
                }
                AUTH => {
                    if M == 2 {
                        let s = self.draw(1);
                        let c = self.free[1].enter(now, s);
                        let s = self.draw(2);
                        let d = self.free[2].enter(now, s);
                        if d - now <= self.tmo {
                            self.q.push(c.max(d), pay(JOIN, id, 0));
                        } else {
                            self.zombies += 1;
                            let g = self.req[id as usize].generation;
                            self.q.push(c, pay(CAT, id, 0));
                            self.q.push(now + self.tmo, pay(TIMER, id, g));
                        }
                    } else {
                        self.leave(0, now);
                        self.enter(1, now, pay(CAT, id, 0));
                        self.cart::<M>(id, now);
                    }
                }
                CAT => {
                    if M != 2 {
                        self.leave(1, now);
                    }
                    self.part(id, now);
                }
                CART => {
                    if M != 2 {
                        self.leave(2, now);
                    }
                    let q = &mut self.req[id as usize];
                    if q.generation == g {
                        q.generation = g.wrapping_add(1);
                        self.part(id, now);
                    } else {
                        self.zombies += 1;
                    }
                }
                TIMER => {
                    let q = &mut self.req[id as usize];
                    if q.generation == g {
                        q.generation = g.wrapping_add(1);
                        if q.tries < 2 {
                            let b = BACK << q.tries;
                            q.tries += 1;
                            self.retries += 1;
                            self.q.push(now + b, pay(RETRY, id, g));
                        } else {
                            q.fail = true;
                            self.part(id, now);
                        }
                    }
                }
                RETRY => self.cart::<M>(id, now),
                _ => self.finish(id, now),
            }
        }
        ev
    }
}
fn main() {
    let a = args();
    let cart = if a.w == "W3b" { 11.0 } else { 3.0 };
    let sig = (1.0f64 + 1.5 * 1.5).ln().sqrt();
    let p = |c| Pool {
        free: c,
        q: VecDeque::new(),
    };
    let f = |c| Free(vec![0; c]);
    let mut s = Sim::<Quad> {
        q: Quad::new(),
        r: rng(a.seed),
        req: vec![],
        slab: vec![],
        gw: p(64),
        pool: [p(16), p(32), p(16)],
        free: [f(16), f(32), f(16)],
        ring: VecDeque::new(),
        mean: [2.0 * MS, 0.0, cart * MS],
        mu: (5.0 * MS).ln() - sig * sig / 2.0,
        sig,
        tmo: if a.w == "W3b" {
            40_000_000
        } else {
            100_000_000
        },
        h: Hist::new(),
        done: 0,
        warm: a.n / 10,
        fails: 0,
        retries: 0,
        zombies: 0,
    };
    let ev = match a.mode.as_str() {
        "ring" => s.run::<1>(a.n),
        "clair" => s.run::<2>(a.n),
        _ => s.run::<0>(a.n),
    };
    let x = format!(
        ",\"fails\":{},\"retries\":{},\"zombies\":{}",
        s.fails, s.retries, s.zombies
    );
    report(
        &format!("rust-w3-{}", a.mode),
        &a,
        s.h.mean() / 1e9,
        s.h.q(0.99) / 1e9,
        ev,
        &x,
    );
}
