//! What the hand-written references share: draws, a histogram, event lists.
//!
//! They mark the speed that a flat loop without a model file reaches, so they are written for
//! speed alone: what they do is fixed by the figures published for them, and they are not an
//! example of how code looks here.
#![allow(
    unsafe_code,
    reason = "the references are what a person who counts nanoseconds would write; two loops of the heap skip bounds checks"
)]
#![allow(missing_docs, reason = "names and one line each say it")]
#![allow(
    clippy::unwrap_used,
    clippy::new_without_default,
    clippy::semicolon_if_nothing_returned,
    reason = "as above"
)]

use rand_core::{RngCore, SeedableRng};
use rand_distr::{Distribution, Exp1, StandardNormal};
pub use rand_xoshiro::Xoshiro256PlusPlus as Rng;

pub fn rng(seed: u64) -> Rng {
    Rng::seed_from_u64(seed)
}

/// -ln(u), u in (0,1]
#[inline(always)]
pub fn exp_ln(r: &mut Rng) -> f64 {
    let u = ((r.next_u64() >> 11) + 1) as f64 * (1.0 / 9007199254740992.0);
    -u.ln()
}
/// ziggurat
#[inline(always)]
pub fn exp_zig(r: &mut Rng) -> f64 {
    Exp1.sample(r)
}
#[inline(always)]
pub fn normal(r: &mut Rng) -> f64 {
    StandardNormal.sample(r)
}

/// Log-linear histogram: 64 octaves x 64 sub-buckets (<1.6 % error), u64 values.
pub struct Hist {
    pub b: Vec<u64>,
    pub n: u64,
    pub sum: f64,
}
impl Hist {
    pub fn new() -> Self {
        Hist {
            b: vec![0; 64 * 64],
            n: 0,
            sum: 0.0,
        }
    }
    #[inline(always)]
    pub fn add(&mut self, v: u64) {
        self.n += 1;
        self.sum += v as f64;
        let v = v | 64;
        let e = 63 - v.leading_zeros();
        let i = ((e - 6) << 6) as usize + ((v >> (e - 6)) & 63) as usize;
        self.b[i] += 1;
    }
    pub fn q(&self, q: f64) -> f64 {
        let mut left = (q * self.n as f64) as u64;
        for (i, &c) in self.b.iter().enumerate() {
            if c > left {
                let e = (i >> 6) as u32;
                let lo = ((64 + (i & 63)) as u64) << e;
                return lo as f64 + (1u64 << e) as f64 * (left as f64 / c as f64);
            }
            left -= c;
        }
        f64::NAN
    }
    pub fn mean(&self) -> f64 {
        self.sum / self.n as f64
    }
}

/// An event list over (time, payload).
pub trait Pq {
    fn new() -> Self;
    fn push(&mut self, t: u64, p: u64);
    fn pop(&mut self) -> Option<(u64, u64)>;
    /// Time of the first event, u64::MAX when empty.
    fn peek(&self) -> u64;
}

pub struct StdHeap(std::collections::BinaryHeap<std::cmp::Reverse<(u64, u64)>>);
impl Pq for StdHeap {
    fn new() -> Self {
        StdHeap(Default::default())
    }
    #[inline(always)]
    fn push(&mut self, t: u64, p: u64) {
        self.0.push(std::cmp::Reverse((t, p)))
    }
    #[inline(always)]
    fn pop(&mut self) -> Option<(u64, u64)> {
        self.0.pop().map(|x| x.0)
    }
    #[inline(always)]
    fn peek(&self) -> u64 {
        self.0.peek().map_or(u64::MAX, |x| x.0.0)
    }
}

/// Implicit 4-ary heap of one u128 key (time in the high half).
pub struct Quad(Vec<u128>);
impl Pq for Quad {
    fn new() -> Self {
        Quad(Vec::with_capacity(1024))
    }
    #[inline(always)]
    fn peek(&self) -> u64 {
        self.0.first().map_or(u64::MAX, |k| (k >> 64) as u64)
    }
    #[inline(always)]
    fn push(&mut self, t: u64, p: u64) {
        let k = ((t as u128) << 64) | p as u128;
        let v = &mut self.0;
        v.push(k);
        let mut i = v.len() - 1;
        while i > 0 {
            let q = (i - 1) >> 2;
            // SAFETY: q < i < len
            unsafe {
                let pk = *v.get_unchecked(q);
                if pk <= k {
                    break;
                }
                *v.get_unchecked_mut(i) = pk;
            }
            i = q;
        }
        v[i] = k;
    }
    #[inline(always)]
    fn pop(&mut self) -> Option<(u64, u64)> {
        let v = &mut self.0;
        let last = v.pop()?;
        if v.is_empty() {
            return Some(((last >> 64) as u64, last as u64));
        }
        let top = v[0];
        let n = v.len();
        let mut i = 0usize;
        loop {
            let c = 4 * i + 1;
            if c >= n {
                break;
            }
            let end = (c + 4).min(n);
            let mut m = c;
            // SAFETY: all indices < n
            unsafe {
                let mut mk = *v.get_unchecked(c);
                for j in c + 1..end {
                    let x = *v.get_unchecked(j);
                    if x < mk {
                        mk = x;
                        m = j;
                    }
                }
                if last <= mk {
                    break;
                }
                *v.get_unchecked_mut(i) = mk;
            }
            i = m;
        }
        v[i] = last;
        Some(((top >> 64) as u64, top as u64))
    }
}

pub struct Args {
    pub w: String,
    pub n: u64,
    pub seed: u64,
    pub mode: String,
}
pub fn args() -> Args {
    let a: Vec<String> = std::env::args().collect();
    let g = |i: usize, d: &str| a.get(i).cloned().unwrap_or(d.into());
    Args {
        w: g(1, "W1"),
        n: g(2, "1e6").parse::<f64>().unwrap() as u64,
        seed: g(3, "1").parse().unwrap(),
        mode: g(4, ""),
    }
}
/// One result line; all peers print the same shape. Times in model seconds.
pub fn report(peer: &str, a: &Args, mean: f64, p99: f64, events: u64, extra: &str) {
    println!(
        "{{\"peer\":\"{}\",\"w\":\"{}\",\"n\":{},\"mean\":{:.6},\"p99\":{:.6},\"events\":{}{}}}",
        peer, a.w, a.n, mean, p99, events, extra
    );
}
