//! One queue with Poisson arrivals, first come, first served.

use crate::math::{exp, ln, ln_1p, normal_cdf, normal_density, sqrt};

/// What comes in and what serves it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Station {
    /// Arrivals per unit of time.
    pub arrival_rate: f64,
    /// Services that one busy server completes per unit of time.
    pub service_rate: f64,
    /// How many servers there are.
    pub servers: u32,
}

impl Station {
    /// The mean number of servers that the arrivals keep busy, were there enough of them.
    #[must_use]
    pub fn offered_load(self) -> f64 {
        self.arrival_rate / self.service_rate
    }

    /// How much faster the servers could go than requests arrive; negative when overloaded.
    fn spare_rate(self) -> f64 {
        f64::from(self.servers) * self.service_rate - self.arrival_rate
    }
}

/// The long-run averages of a queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// The share of servers that are busy.
    pub utilisation: f64,
    /// The probability that nobody is there.
    pub empty: f64,
    /// The probability that an arrival that enters must wait.
    pub wait_probability: f64,
    /// How many wait.
    pub in_queue: f64,
    /// How many wait or are served.
    pub in_system: f64,
    /// How long an arrival that enters waits, those who do not wait included.
    pub wait: f64,
    /// How long an arrival that enters stays.
    pub response: f64,
    /// How many enter per unit of time.
    pub throughput: f64,
}

/// Erlang's loss formula: the share of arrivals that find all `servers` busy when nobody waits.
///
/// The recursion over servers is stable at any size and costs one division each.
#[must_use]
pub fn erlang_b(servers: u32, offered_load: f64) -> f64 {
    (1..=servers).fold(1.0, |blocked, n| {
        let carried = offered_load * blocked;
        carried / (f64::from(n) + carried)
    })
}

/// Erlang's delay formula: the share of arrivals that must wait when everybody waits; 1 under overload.
#[must_use]
pub fn erlang_c(servers: u32, offered_load: f64) -> f64 {
    let c = f64::from(servers);
    if c <= offered_load {
        return 1.0;
    }
    let blocked = erlang_b(servers, offered_load);
    blocked / (1.0 - offered_load / c * (1.0 - blocked))
}

/// M/M/c with unlimited room. `None` when the servers cannot keep up: there is no long run then.
#[must_use]
pub fn mmc(station: Station) -> Option<Queue> {
    let (load, c) = (station.offered_load(), f64::from(station.servers));
    if c <= load {
        return None;
    }
    let wait_probability = erlang_c(station.servers, load);
    let wait = wait_probability / station.spare_rate();
    let response = wait + 1.0 / station.service_rate;
    // C = (weight of c in service) / (1 - load/c) * p0, where the weight is load^c / c!.
    let log_weight = (1..=station.servers)
        .map(|n| ln(load / f64::from(n)))
        .sum::<f64>();
    let empty = if load == 0.0 {
        1.0
    } else {
        exp(ln(wait_probability) + ln_1p(-load / c) - log_weight)
    };
    Some(Queue {
        utilisation: load / c,
        empty,
        wait_probability,
        in_queue: station.arrival_rate * wait,
        in_system: station.arrival_rate * response,
        wait,
        response,
        throughput: station.arrival_rate,
    })
}

impl Station {
    /// The probability that an arrival at this M/M/c waits longer than `time`; 1 under overload.
    #[must_use]
    pub fn wait_beyond(self, time: f64) -> f64 {
        erlang_c(self.servers, self.offered_load()) * exp(-self.spare_rate().max(0.0) * time)
    }

    /// The wait at this M/M/c that a share `p` of arrivals stays at or below; infinite under overload.
    #[must_use]
    pub fn wait_quantile(self, p: f64) -> f64 {
        if self.spare_rate() <= 0.0 {
            return f64::INFINITY;
        }
        let waiting = erlang_c(self.servers, self.offered_load());
        (ln(waiting / (1.0 - p)) / self.spare_rate()).max(0.0)
    }

    /// The probability that an arrival at this M/M/c stays longer than `time`; 1 under overload.
    #[must_use]
    pub fn response_beyond(self, time: f64) -> f64 {
        if self.spare_rate() <= 0.0 {
            return 1.0;
        }
        let (mu, spare) = (self.service_rate, self.spare_rate());
        let waiting = erlang_c(self.servers, self.offered_load());
        // Those who wait stay for the sum of two exponentials, of rates `spare` and `mu`.
        let gap = spare - mu;
        let of_waiting = if gap.abs() <= 1e-6 * mu {
            (1.0 + mu * time) * exp(-mu * time)
        } else {
            (spare * exp(-mu * time) - mu * exp(-spare * time)) / gap
        };
        (1.0 - waiting) * exp(-mu * time) + waiting * of_waiting
    }

    /// The stay at this M/M/c that a share `p` of arrivals keeps to; infinite under overload or at `p` = 1.
    #[must_use]
    pub fn response_quantile(self, p: f64) -> f64 {
        if self.spare_rate() <= 0.0 || 1.0 <= p {
            return f64::INFINITY;
        }
        let (mut low, mut high) = (0.0, 1.0 / self.service_rate);
        while 1.0 - p < self.response_beyond(high) {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if 1.0 - p < self.response_beyond(middle) {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// The long-run probabilities of 0, 1, 2.. customers when one arrives at rate `birth(n)` and leaves at rate
/// `death(n)` while n are there; up to `most`, or to where what follows no longer counts.
fn birth_death(
    birth: impl Fn(u32) -> f64,
    death: impl Fn(u32) -> f64,
    most: Option<u32>,
) -> Vec<f64> {
    let mut weights = vec![1.0];
    let mut sum = 1.0;
    for n in 1..=most.unwrap_or(u32::MAX) {
        let ratio = birth(n - 1) / death(n);
        let weight = weights[weights.len() - 1] * ratio;
        weights.push(weight);
        sum += weight;
        if 1e200 < weight {
            for w in &mut weights {
                *w *= 1e-200;
            }
            sum *= 1e-200;
        }
        if most.is_none() && ratio < 1.0 && weight < 1e-18 * (1.0 - ratio) * sum {
            break;
        }
    }
    weights.iter().map(|w| w / sum).collect()
}

/// The averages that follow from the probabilities of 0, 1, 2.. customers, when arrivals that enter find n
/// customers with probability in proportion to `entering(n)` times that of n.
fn averages(probabilities: &[f64], servers: u32, entering: impl Fn(u32) -> f64) -> Queue {
    let c = f64::from(servers);
    let mean = |f: &dyn Fn(f64) -> f64| -> f64 {
        (0..)
            .zip(probabilities)
            .map(|(n, p)| f(f64::from(n)) * p)
            .sum()
    };
    let throughput = (0..)
        .zip(probabilities)
        .map(|(n, p)| entering(n) * p)
        .sum::<f64>();
    let waiting = (0..)
        .zip(probabilities)
        .skip(servers as usize)
        .map(|(n, p)| entering(n) * p)
        .sum::<f64>();
    let in_system = mean(&|n| n);
    let in_queue = mean(&|n| (n - c).max(0.0));
    Queue {
        utilisation: mean(&|n| n.min(c)) / c,
        empty: probabilities[0],
        wait_probability: waiting / throughput,
        in_queue,
        in_system,
        wait: in_queue / throughput,
        response: in_system / throughput,
        throughput,
    }
}

/// A queue with limited room.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limited {
    /// The averages over those who enter.
    pub queue: Queue,
    /// The share of arrivals that find no room.
    pub refused: f64,
}

/// M/M/c/K: room for `places` in all, those in service included; whoever finds none leaves.
///
/// # Panics
///
/// If there are fewer places than servers.
#[must_use]
pub fn mmck(station: Station, places: u32) -> Limited {
    assert!(
        station.servers <= places,
        "{places} places for {} servers",
        station.servers
    );
    let Station {
        arrival_rate,
        service_rate,
        servers,
    } = station;
    let birth = |n| if n < places { arrival_rate } else { 0.0 };
    let probabilities = birth_death(
        birth,
        |n| f64::from(n.min(servers)) * service_rate,
        Some(places),
    );
    Limited {
        queue: averages(&probabilities, servers, birth),
        refused: probabilities[places as usize],
    }
}

/// A finite population, each member of which thinks, asks and waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Source {
    /// How many there are.
    pub population: u32,
    /// How often one that is thinking asks, per unit of time: 1 over the mean think time.
    pub request_rate: f64,
    /// Services that one busy server completes per unit of time.
    pub service_rate: f64,
    /// How many servers there are.
    pub servers: u32,
}

/// M/M/c with a finite source (the repairman problem).
#[must_use]
pub fn finite_source(source: Source) -> Queue {
    let Source {
        population,
        request_rate,
        service_rate,
        servers,
    } = source;
    let birth = |n| f64::from(population - n) * request_rate;
    let probabilities = birth_death(
        birth,
        |n| f64::from(n.min(servers)) * service_rate,
        Some(population),
    );
    averages(&probabilities, servers, birth)
}

/// A queue that customers leave when they lose patience.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Impatient {
    /// The averages over all arrivals, those who leave included.
    pub queue: Queue,
    /// The share that leaves unserved.
    pub abandoned: f64,
}

/// Erlang A (M/M/c+M): whoever waits leaves at rate `patience_rate`, 1 over the mean patience.
///
/// # Panics
///
/// If `patience_rate` is not positive: without it use [`mmc`].
#[must_use]
pub fn erlang_a(station: Station, patience_rate: f64) -> Impatient {
    assert!(0.0 < patience_rate, "a patience rate of {patience_rate}");
    let Station {
        arrival_rate,
        service_rate,
        servers,
    } = station;
    let death = |n: u32| {
        f64::from(n.min(servers)) * service_rate
            + f64::from(n.saturating_sub(servers)) * patience_rate
    };
    let queue = averages(&birth_death(|_| arrival_rate, death, None), servers, |_| {
        arrival_rate
    });
    Impatient {
        queue,
        abandoned: patience_rate * queue.in_queue / arrival_rate,
    }
}

/// The mean wait in M/G/1 (Pollaczek and Khinchine); infinite under overload. `service_scv` is the squared
/// coefficient of variation of the service time.
#[must_use]
pub fn mg1_wait(arrival_rate: f64, service_mean: f64, service_scv: f64) -> f64 {
    let load = arrival_rate * service_mean;
    if 1.0 <= load {
        return f64::INFINITY;
    }
    load * service_mean * (1.0 + service_scv) / (2.0 * (1.0 - load))
}

/// Allen and Cunneen's approximation of the mean wait in G/G/c; with one server it is Kingman's. Infinite
/// under overload.
///
/// Off by 5 to 20 % where service times are far from exponential and servers many.
#[must_use]
pub fn allen_cunneen_wait(station: Station, arrival_scv: f64, service_scv: f64) -> f64 {
    mmc(station).map_or(f64::INFINITY, |queue| {
        queue.wait * 0.5 * (arrival_scv + service_scv)
    })
}

/// The limit of Erlang C for many servers when `beta` square roots of the load are spare (Halfin and Whitt).
#[must_use]
pub fn halfin_whitt(beta: f64) -> f64 {
    1.0 / (1.0 + beta * normal_cdf(beta) / normal_density(beta))
}

/// The load plus `beta` of its square roots, rounded up.
#[must_use]
pub fn square_root_staffing(offered_load: f64, beta: f64) -> u32 {
    (offered_load + beta * sqrt(offered_load)).ceil() as u32
}

/// The fewest servers with which at most a share `target` of arrivals waits.
///
/// # Panics
///
/// If `target` is not positive.
#[must_use]
pub fn servers_for_wait_probability(offered_load: f64, target: f64) -> u32 {
    assert!(0.0 < target, "a wait probability of {target}");
    fewest(offered_load, |servers| {
        erlang_c(servers, offered_load) <= target
    })
}

/// The fewest servers with which at least a share `target` of arrivals waits at most `time`. The servers of
/// `station` do not matter.
///
/// # Panics
///
/// If `target` is 1 or more: some always wait longer.
#[must_use]
pub fn servers_for_service_level(station: Station, time: f64, target: f64) -> u32 {
    assert!(target < 1.0, "a service level of {target}");
    fewest(station.offered_load(), |servers| {
        target <= 1.0 - Station { servers, ..station }.wait_beyond(time)
    })
}

/// The fewest servers, more than the load, that are `enough`; more never are too few.
fn fewest(offered_load: f64, enough: impl Fn(u32) -> bool) -> u32 {
    let least = offered_load as u32 + 1;
    let mut reach = 1;
    while !enough(least + reach) {
        reach *= 2;
    }
    let (mut low, mut high) = (least, least + reach);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}
