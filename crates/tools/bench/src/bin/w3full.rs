//! W3 in flat Rust with the duties of a real engine: every draw is a function of (seed, request, purpose),
//! sixteen log-linear histogram records per request (wait, service and response time per pool, and the client's),
//! time-weighted levels, counters and one-second windows. Only mode `ring` is meant to be timed.
//! It shows what those duties cost (about 1.14 to 1.19 times `w3 .. ring`), not how code should look.
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
    ord: u64,
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
#[derive(Clone, Copy)]
struct K(u64);
impl rand_core::RngCore for K {
    #[inline(always)]
    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }
    #[inline(always)]
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E3779B97F4A7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D049BB133111EB);
        z ^ (z >> 31)
    }
    fn fill_bytes(&mut self, _: &mut [u8]) {}
}
/// 1 % log-linear histogram, u32 counts, 64 sub-buckets per octave, range grown: 40 octaves
struct H2 {
    b: Vec<u32>,
    n: u64,
    s: u64,
}
impl H2 {
    fn new() -> Self {
        H2 {
            b: vec![0; 64 * 40],
            n: 0,
            s: 0,
        }
    }
    #[inline(always)]
    fn add(&mut self, v: u64) {
        self.n += 1;
        self.s += v;
        let v = (v >> 10) | 64;
        let e = 63 - v.leading_zeros();
        let i = ((e - 6) << 6) as usize + ((v >> (e - 6)) & 63) as usize;
        self.b[i.min(2559)] += 1;
    }
}
struct Sim<Q> {
    key: u64,
    hs: Vec<H2>,
    cnt: [u64; 64],
    win_end: u64,
    win: u64,
    rows: Vec<[u64; 64]>,
    lvl: [u64; 8],
    last: [u64; 8],
    area: [u64; 8],
    enq: Vec<[u64; 4]>,
    sta: Vec<[u64; 4]>,
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
    fn kk(&self, ord: u64, purpose: u64) -> K {
        let mut z = (self.key ^ ord.wrapping_mul(0x9E3779B97F4A7C15))
            .wrapping_add(purpose.wrapping_mul(0xD1B54A32D192ED03));
        z = (z ^ (z >> 32)).wrapping_mul(0xBF58476D1CE4E5B9);
        K(z ^ (z >> 29))
    }
    #[inline(always)]
    fn e(&mut self, m: f64) -> u64 {
        (exp_zig(&mut self.r) * m) as u64
    }
    #[inline(always)]
    fn ek(&mut self, m: f64, ord: u64, pu: u64) -> u64 {
        use rand_distr::Distribution;
        let mut k = self.kk(ord, pu);
        let x: f64 = rand_distr::Exp1.sample(&mut k);
        (x * m) as u64
    }
    #[inline(always)]
    fn obs(&mut self, h: usize, v: u64) {
        self.hs[h].add(v);
    }
    #[inline(always)]
    fn level(&mut self, i: usize, now: u64, d: i64) {
        self.area[i] += self.lvl[i] * (now - self.last[i]);
        self.last[i] = now;
        self.lvl[i] = (self.lvl[i] as i64 + d) as u64;
    }
    #[inline(always)]
    fn tick(&mut self, now: u64) {
        if now >= self.win_end {
            self.rows.push(self.cnt);
            while self.win_end <= now {
                self.win_end += self.win;
            }
        }
    }
    #[inline(always)]
    fn draw(&mut self, i: usize, p: u64) -> u64 {
        let id = ((p >> 32) as u32 & 0x1fff_ffff) as usize;
        let ord = self.req[id].ord;
        let tr = self.req[id].tries as u64;
        if i == 1 {
            use rand_distr::Distribution;
            let mut k = self.kk(ord, 8 + i as u64);
            let z: f64 = rand_distr::StandardNormal.sample(&mut k);
            (self.mu + self.sig * z).exp() as u64
        } else {
            self.ek(self.mean[i], ord, 8 + i as u64 + 16 * tr)
        }
    }
    #[inline(always)]
    fn enter(&mut self, i: usize, now: u64, p: u64) {
        let id = ((p >> 32) as u32 & 0x1fff_ffff) as usize;
        self.cnt[i * 4] += 1;
        self.enq[id][i] = now;
        if self.pool[i].free > 0 {
            self.pool[i].free -= 1;
            self.level(i + 1, now, 1);
            self.obs(3 * i, 0);
            self.sta[id][i] = now;
            let s = self.draw(i, p);
            self.q.push(now + s, p);
        } else {
            self.level(i + 5, now, 1);
            self.pool[i].q.push_back(p);
        }
    }
    #[inline(always)]
    fn leave(&mut self, i: usize, now: u64, id0: u32) {
        self.cnt[i * 4 + 1] += 1;
        let (a, b) = (self.sta[id0 as usize][i], self.enq[id0 as usize][i]);
        self.obs(3 * i + 1, now.saturating_sub(a));
        self.obs(3 * i + 2, now.saturating_sub(b));
        self.obs(12 + i, now.saturating_sub(b));
        if let Some(p) = self.pool[i].q.pop_front() {
            let id = ((p >> 32) as u32 & 0x1fff_ffff) as usize;
            let w = now - self.enq[id][i];
            self.obs(3 * i, w);
            self.sta[id][i] = now;
            self.level(i + 5, now, -1);
            let s = self.draw(i, p);
            self.q.push(now + s, p);
        } else {
            self.level(i + 1, now, -1);
            self.pool[i].free += 1;
        }
    }
    #[inline(always)]
    fn cart<const M: u8>(&mut self, id: u32, now: u64) {
        let g = self.req[id as usize].generation;
        if M == 2 {
            let s = self.draw(2, pay(0, id, 0));
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
            self.obs(15, now - q.t0);
            self.obs(11, now - q.t0);
            self.cnt[40] += 1;
            self.cnt[41] += (q.fail == false) as u64;
        }
        self.slab.push(id);
        if let Some(n) = self.gw.q.pop_front() {
            let o = self.req[n as usize].ord;
            let s = self.ek(MS, o, 1);
            let w = now - self.req[n as usize].t0;
            self.obs(9, w);
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
                    let dt = self.ek(ia, arr, 0);
                    next = if arr < n { now + dt } else { u64::MAX };
                    self.tick(now);
                    self.cnt[42] += 1;
                    let id = self.slab.pop().unwrap_or_else(|| {
                        self.req.push(Req::default());
                        self.enq.push([0; 4]);
                        self.sta.push([0; 4]);
                        self.req.len() as u32 - 1
                    });
                    let generation = self.req[id as usize].generation.wrapping_add(1);
                    self.req[id as usize] = Req {
                        t0: now,
                        generation,
                        left: 2,
                        tries: 0,
                        fail: false,
                        ord: arr,
                    };
                    if self.gw.free > 0 {
                        self.gw.free -= 1;
                        let s = self.ek(MS, arr, 1);
                        self.obs(9, 0);
                        self.level(0, now, 1);
                        self.q.push(now + s, pay(GW, id, 0));
                    } else {
                        self.gw.q.push_back(id as u64);
                    }
                }
                GW => {
                    if M == 2 {
                        let s = self.draw(0, p);
                        let d = self.free[0].enter(now, s);
                        self.q.push(d, pay(AUTH, id, 0));
                    } else {
                        self.enter(0, now, pay(AUTH, id, 0));
                    }
                }
                AUTH => {
                    if M == 2 {
                        let s = self.draw(1, p);
                        let c = self.free[1].enter(now, s);
                        let s = self.draw(2, p);
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
                        self.leave(0, now, id);
                        self.enter(1, now, pay(CAT, id, 0));
                        self.cart::<M>(id, now);
                    }
                }
                CAT => {
                    if M != 2 {
                        self.leave(1, now, id);
                    }
                    self.part(id, now);
                }
                CART => {
                    if M != 2 {
                        self.leave(2, now, id);
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
        key: a.seed.wrapping_mul(0x2545F4914F6CDD1D) | 1,
        hs: (0..20).map(|_| H2::new()).collect(),
        cnt: [0; 64],
        win_end: 1_000_000_000,
        win: 1_000_000_000,
        rows: vec![],
        lvl: [0; 8],
        last: [0; 8],
        area: [0; 8],
        enq: vec![],
        sta: vec![],
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
    let tot: u64 =
        s.hs.iter()
            .map(|h| h.n + h.s % 7 + h.b[3] as u64)
            .sum::<u64>()
            + s.rows.len() as u64
            + s.area.iter().map(|x| x & 1).sum::<u64>();
    eprintln!("{tot}");
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
