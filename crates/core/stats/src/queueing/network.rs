//! Networks of queues with product-form answers.

/// A station of an open network: what comes to it from outside, and how it serves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Node {
    /// Arrivals from outside per unit of time.
    pub from_outside: f64,
    /// Services that one busy server completes per unit of time.
    pub service_rate: f64,
    /// How many servers there are.
    pub servers: u32,
}

/// An open network in the long run.
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Each node's queue, as in M/M/c.
    pub nodes: Vec<super::Queue>,
    /// How many are in the network.
    pub in_system: f64,
    /// How long one stays from entering to leaving.
    pub response: f64,
}

/// An open Jackson network; `routing[i][j]` is the share of those leaving node i that go to node j. `None`
/// when a node cannot keep up or somebody never leaves.
///
/// # Panics
///
/// If `routing` is not square of the number of nodes.
#[must_use]
pub fn jackson(nodes: &[Node], routing: &[Vec<f64>]) -> Option<Open> {
    let n = nodes.len();
    assert!(
        routing.len() == n && routing.iter().all(|row| row.len() == n),
        "routing between {n} nodes"
    );
    // Arrivals at j: from outside plus the shares of all arrivals elsewhere.
    let mut equations: Vec<Vec<f64>> = (0..n)
        .map(|j| {
            let shares = (0..n).map(|i| f64::from(u8::from(i == j)) - routing[i][j]);
            shares.chain([nodes[j].from_outside]).collect()
        })
        .collect();
    let arrivals = solve(&mut equations)?;
    let queues: Vec<_> = nodes
        .iter()
        .zip(&arrivals)
        .map(|(node, &arrival_rate)| {
            let Node {
                service_rate,
                servers,
                ..
            } = *node;
            super::mmc(super::Station {
                arrival_rate,
                service_rate,
                servers,
            })
        })
        .collect::<Option<_>>()?;
    let in_system = queues.iter().map(|queue| queue.in_system).sum::<f64>();
    let entering: f64 = nodes.iter().map(|node| node.from_outside).sum();
    Some(Open {
        nodes: queues,
        in_system,
        response: in_system / entering,
    })
}

/// Gauss's elimination with row pivots; each row ends with its right side. `None` if singular.
fn solve(rows: &mut [Vec<f64>]) -> Option<Vec<f64>> {
    let n = rows.len();
    for column in 0..n {
        let pivot =
            (column..n).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()))?;
        rows.swap(column, pivot);
        if rows[column][column].abs() < 1e-12 {
            return None;
        }
        let pivot = rows[column].clone();
        for (i, row) in rows.iter_mut().enumerate() {
            if i != column {
                let factor = row[column] / pivot[column];
                for (value, of_pivot) in row.iter_mut().zip(&pivot).skip(column) {
                    *value -= factor * of_pivot;
                }
            }
        }
    }
    Some((0..n).map(|i| rows[i][n] / rows[i][i]).collect())
}

/// Several classes in an open network of single servers: `demands[k][c]` is the service that one customer of
/// class c needs at station k in all. Gives each class's response time; `None` when a station cannot keep up.
#[must_use]
pub fn open_classes(demands: &[Vec<f64>], arrival_rates: &[f64]) -> Option<Vec<f64>> {
    let mut response = vec![0.0; arrival_rates.len()];
    for of_station in demands {
        let busy: f64 = of_station
            .iter()
            .zip(arrival_rates)
            .map(|(demand, rate)| demand * rate)
            .sum();
        if 1.0 <= busy {
            return None;
        }
        for (sum, demand) in response.iter_mut().zip(of_station) {
            *sum += demand / (1.0 - busy);
        }
    }
    Some(response)
}

/// A service centre of a closed network; demands are per round trip and class.
#[derive(Clone, Debug, PartialEq)]
pub enum Centre {
    /// One server with a queue (first come, first served, or shared).
    Queueing(Vec<f64>),
    /// Nobody waits: think time, or a network delay.
    Delay(Vec<f64>),
}

/// A closed network in the long run.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// Round trips per unit of time, by class.
    pub throughput: Vec<f64>,
    /// Time per round trip at the queueing centres, by class: the response time without thinking.
    pub response: Vec<f64>,
    /// Customers at each centre, by centre and class.
    pub at_centre: Vec<Vec<f64>>,
}

/// Exact mean value analysis of one class: `demands` at queueing centres, `think` time, `population`.
#[must_use]
pub fn closed(demands: &[f64], think: f64, population: u32) -> Closed {
    let mut centres: Vec<Centre> = demands
        .iter()
        .map(|&demand| Centre::Queueing(vec![demand]))
        .collect();
    centres.push(Centre::Delay(vec![think]));
    let mut result = closed_classes(&centres, &[population]);
    result.at_centre.pop();
    result
}

/// Exact mean value analysis of several classes. The work is the product of all populations plus one each.
///
/// # Panics
///
/// If a centre's demands are not one per class.
#[must_use]
pub fn closed_classes(centres: &[Centre], population: &[u32]) -> Closed {
    let classes = population.len();
    let demands = |centre: &Centre| match centre {
        Centre::Queueing(demands) | Centre::Delay(demands) => demands.clone(),
    };
    assert!(
        centres
            .iter()
            .all(|centre| demands(centre).len() == classes),
        "demands of {classes} classes"
    );
    // Every mix of up to `population` customers is a number in mixed radix; one customer fewer of class c is
    // `stride[c]` before it.
    let mut stride = vec![1; classes];
    for c in 1..classes {
        stride[c] = stride[c - 1] * (population[c - 1] as usize + 1);
    }
    let mixes: usize = population.iter().map(|&n| n as usize + 1).product();
    // Customers of all classes at each centre, by mix.
    let mut lengths = vec![vec![0.0; centres.len()]; mixes];
    let mut result = Closed {
        throughput: vec![0.0; classes],
        response: vec![0.0; classes],
        at_centre: vec![vec![0.0; classes]; centres.len()],
    };
    for mix in 1..mixes {
        let mut length = vec![0.0; centres.len()];
        for c in 0..classes {
            let customers = (mix / stride[c]) % (population[c] as usize + 1);
            if customers == 0 {
                continue;
            }
            // An arrival sees the network as it would be without itself.
            let seen = &lengths[mix - stride[c]];
            let times: Vec<f64> = centres
                .iter()
                .zip(seen)
                .map(|(centre, seen)| match centre {
                    Centre::Queueing(demands) => demands[c] * (1.0 + seen),
                    Centre::Delay(demands) => demands[c],
                })
                .collect();
            let throughput = customers as f64 / times.iter().sum::<f64>();
            for (length, time) in length.iter_mut().zip(&times) {
                *length += throughput * time;
            }
            if mix == mixes - 1 {
                result.throughput[c] = throughput;
                for (k, (centre, time)) in centres.iter().zip(&times).enumerate() {
                    result.at_centre[k][c] = throughput * time;
                    if matches!(centre, Centre::Queueing(_)) {
                        result.response[c] += time;
                    }
                }
            }
        }
        lengths[mix] = length;
    }
    result
}

/// The probability of finding `at_centre[k]` of the customers of one class at each queueing centre k of a
/// closed network without think time (Gordon and Newell, normalised by Buzen's convolution).
#[must_use]
pub fn product_form(demands: &[f64], at_centre: &[u32]) -> f64 {
    let population = at_centre.iter().sum::<u32>() as usize;
    // Demands relative to the largest, so that no power overflows.
    let largest = demands.iter().fold(0.0_f64, |a, &b| a.max(b));
    let mut sums = vec![0.0; population + 1];
    sums[0] = 1.0;
    for demand in demands {
        for n in 1..=population {
            sums[n] += demand / largest * sums[n - 1];
        }
    }
    let weight: f64 = demands
        .iter()
        .zip(at_centre)
        .flat_map(|(demand, &count)| (0..count).map(move |_| demand / largest))
        .product();
    weight / sums[population]
}
