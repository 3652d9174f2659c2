//! Model files that are too large to keep, written when they are measured.

use std::fmt::Write;

/// Services in two ranks: a fifth of them, each with a client of its own, call `fan_out` of the
/// others in parallel.
#[derive(Clone, Copy, Debug)]
pub struct Mesh {
    /// How many services there are in all, a multiple of five.
    pub services: usize,
    /// How many replicas each of them has.
    pub replicas: usize,
    /// How many calls one request of the first rank makes.
    pub fan_out: usize,
    /// Visits per second, over all clients.
    pub visits: f64,
}

impl Mesh {
    /// The model file.
    ///
    /// # Panics
    ///
    /// If there are too few services for the fan-out.
    #[must_use]
    pub fn file(self) -> String {
        let fronts = self.services / 5;
        let backs = self.services - fronts;
        assert!(
            0 < fronts && self.fan_out <= backs,
            "{self:?} has too few services"
        );
        #[expect(
            clippy::cast_precision_loss,
            reason = "a count of services is far below 2^53"
        )]
        let each = self.visits / fronts as f64;

        let mut text = String::from("worstday: 1\nsystem: mesh\n");
        text.push_str("links: {within-zone: {delay: 0s}, between-zones: {delay: 0s}}\nclients:\n");
        for front in 0..fronts {
            let _ = writeln!(
                text,
                "  c{front}: {{arrive: {each:.6}/s, do: f{front}.get}}"
            );
        }
        text.push_str("services:\n");
        for front in 0..fronts {
            let calls: Vec<String> = (0..self.fan_out)
                .map(|call| format!("{{call: b{}.get}}", (front * self.fan_out + call) % backs))
                .collect();
            let _ = writeln!(
                text,
                "  f{front}: {{replicas: {}, workers: 16, endpoints: {{get: [{{work: exponential 1ms}}, {{parallel: [{}]}}]}}}}",
                self.replicas,
                calls.join(", ")
            );
        }
        for back in 0..backs {
            let _ = writeln!(
                text,
                "  b{back}: {{replicas: {}, workers: 16, endpoints: {{get: exponential 2ms}}}}",
                self.replicas
            );
        }
        text
    }
}

/// A service in which every request waits `wait`, so that 1,000 visits per second keep a thousand
/// times that many seconds of timers pending.
#[must_use]
pub fn pending(wait: &str) -> String {
    format!(
        "worstday: 1\nsystem: pending\nlinks: {{within-zone: {{delay: 0s}}, between-zones: {{delay: 0s}}}}\n\
         clients: {{users: {{arrive: 1000/s, do: hall.sit}}}}\n\
         services: {{hall: {{workers: unlimited, endpoints: {{sit: [{{wait: {wait}}}]}}}}}}\n"
    )
}
