//! Bare event loop for W1/W2: every arrival and departure is an event in the list.
//! mode: std | quad, with "-zig" for ziggurat draws.
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

const NS: f64 = 1e9; // model second = 1e9 ticks

#[inline(always)]
fn run<Q: Pq>(a: &Args, e: impl Fn(&mut Rng) -> f64) -> (Hist, u64) {
    let (c, lam) = if a.w == "W1" { (1u32, 0.8) } else { (8, 7.2) };
    let mut r = rng(a.seed);
    let mut h = Hist::new();
    let mut q: Q = Q::new();
    let mut wait: VecDeque<u64> = VecDeque::with_capacity(1024);
    let warm = a.n / 10;
    let ia = NS / lam;
    let (mut busy, mut arr, mut done, mut ev) = (0u32, 0u64, 0u64, 0u64);
    // payload 0 = arrival; else 1 + arrival time of the customer in service
    q.push((e(&mut r) * ia) as u64, 0);
    while let Some((now, p)) = q.pop() {
        ev += 1;
        if p == 0 {
            arr += 1;
            if arr < a.n {
                q.push(now + (e(&mut r) * ia) as u64, 0);
            }
            if busy < c {
                busy += 1;
                q.push(now + (e(&mut r) * NS) as u64, now + 1);
            } else {
                wait.push_back(now);
            }
        } else {
            done += 1;
            if done > warm {
                h.add((now - (p - 1)) / 1000);
            }
            if let Some(t) = wait.pop_front() {
                q.push(now + (e(&mut r) * NS) as u64, t + 1);
            } else {
                busy -= 1;
            }
        }
    }
    (h, ev)
}
fn main() {
    let a = args();
    let m = a.mode.as_str();
    let (h, ev) = match m {
        "quad-zig" => run::<Quad>(&a, exp_zig),
        "quad" => run::<Quad>(&a, exp_ln),
        "std-zig" => run::<StdHeap>(&a, exp_zig),
        _ => run::<StdHeap>(&a, exp_ln),
    };
    report(
        &format!("rust-heap-{m}"),
        &a,
        h.mean() / 1e6,
        h.q(0.99) / 1e6,
        ev,
        "",
    );
}
