//! Hold model: pop the first event, push it again Exp(1) later, with N events pending.
//! usage: hold std|quad|none N OPS   ("none": draw and histogram only)
#![allow(
    clippy::all,
    clippy::semicolon_if_nothing_returned,
    clippy::needless_pass_by_value,
    clippy::uninlined_format_args,
    clippy::explicit_iter_loop,
    reason = "a published reference, kept as it was timed"
)]

use worstday_bench::reference::*;
fn run<Q: Pq>(n: u64, ops: u64) -> u64 {
    let mut r = rng(1);
    let mut q = Q::new();
    for i in 0..n {
        q.push((exp_zig(&mut r) * 1e9) as u64, i);
    }
    let mut x = 0;
    for _ in 0..ops {
        let (t, p) = q.pop().unwrap();
        x ^= t;
        q.push(t + (exp_zig(&mut r) * 1e9) as u64, p);
    }
    x
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let (n, ops) = (
        a[2].parse::<f64>().unwrap() as u64,
        a[3].parse::<f64>().unwrap() as u64,
    );
    let x = match a[1].as_str() {
        "std" => run::<StdHeap>(n, ops),
        "quad" => run::<Quad>(n, ops),
        _ => {
            let mut r = rng(1);
            (0..ops).fold(0, |x, _| x ^ (exp_zig(&mut r) * 1e9) as u64)
        }
    };
    println!("{{\"x\":{x}}}");
}
