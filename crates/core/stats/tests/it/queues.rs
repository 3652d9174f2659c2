//! The printed answers of textbooks, tools and papers, to the digits printed. Row numbers group one source each.

use worstday_stats::queueing::*;

/// Equal to the digits that were printed.
#[track_caller]
fn printed(got: f64, answer: &str) {
    let value: f64 = answer.parse().unwrap();
    let (mantissa, exponent) = answer.split_once('e').unwrap_or((answer, "0"));
    let decimals = mantissa
        .split_once('.')
        .map_or(0, |(_, after)| after.len() as i32);
    let unit = 10_f64.powi(exponent.parse::<i32>().unwrap() - decimals);
    assert!(
        (got - value).abs() <= 0.5001 * unit,
        "{got}, printed {answer}"
    );
}

fn station(arrival_rate: f64, service_rate: f64, servers: u32) -> Station {
    Station {
        arrival_rate,
        service_rate,
        servers,
    }
}

fn stable(arrival_rate: f64, service_rate: f64, servers: u32) -> Queue {
    mmc(station(arrival_rate, service_rate, servers)).unwrap()
}

/// Bronson 23.3, 23.16 and 24.6; one queue as one server or two; R `queueing` 10.9.
#[test]
fn many_servers_unlimited_room() {
    let q = stable(24.0, 30.0, 1);
    printed(q.in_system, "4.000000");
    printed(q.response * 6.0, "1.000000");
    printed(q.empty, "0.2");
    let q = stable(1.0, 1.0 / 0.75, 1);
    printed(q.in_queue, "2.25");
    printed(q.wait, "2.25");
    printed(q.response, "3.000");
    printed(q.empty, "0.25");
    let q = stable(300.0, 182.5, 3);
    printed(q.empty, "0.17754");
    printed(q.in_queue, "0.352426");
    printed(q.in_system, "1.996262");
    printed(q.wait, "0.001175");
    printed(q.response, "0.006654");
    printed(q.wait_probability, "0.290751");
    let (one, two) = (stable(8.0, 12.0, 1), stable(8.0, 12.0, 2));
    printed(one.response, "0.25");
    printed(one.in_queue, "1.3333");
    printed(two.in_queue, "0.083333");
    printed(two.wait, "0.010417");
    let q = stable(5.0, 10.0, 2);
    printed(q.empty, "0.600");
    printed(q.in_queue, "0.033333");
    printed(q.response, "0.106667");
    assert_eq!(mmc(station(2.0, 1.0, 2)), None);
}

#[test]
fn erlang_b_and_c() {
    printed(erlang_b(15, 12.0), "0.085729");
    printed(erlang_b(10, 5.0), "0.018385");
    printed(erlang_b(100, 90.0), "0.026957");
    printed(erlang_c(10, 8.0), "0.409180");
    // Often quoted as .216941; with 30 digits it is .2169404809.
    printed(erlang_c(100, 90.0), "0.216940");
    assert_eq!(erlang_c(3, 3.0), 1.0);
}

/// R `queueing` 10.11 and 10.7.
#[test]
fn limited_room() {
    let Limited { queue, refused } = mmck(station(8.0, 4.0, 5), 12);
    printed(queue.empty, "0.134334");
    printed(refused, "5.8691e-5");
    printed(queue.throughput, "7.99953");
    printed(queue.in_system, "2.039346");
    printed(queue.in_queue, "0.039463");
    printed(queue.response, "0.254933");
    let Limited { queue, refused } = mmck(station(5.0, 5.714, 1), 15);
    printed(queue.empty, "0.141700");
    printed(refused, "0.019134");
    printed(queue.in_system, "4.858888");
    printed(queue.response, "0.990735");
    // No room beyond the servers is Erlang's loss system; ten times overloaded, no overflow.
    printed(mmck(station(12.0, 1.0, 15), 15).refused, "0.085729");
    let overloaded = mmck(station(1e4, 10.0, 1), 2000);
    assert!(
        (overloaded.refused - 0.999).abs() < 1e-12
            && (overloaded.queue.throughput - 10.0).abs() < 1e-9
    );
}

/// R `queueing` 10.13.
#[test]
fn finite_population() {
    let q = finite_source(Source {
        population: 2,
        request_rate: 0.25,
        service_rate: 4.0,
        servers: 1,
    });
    printed(q.empty, "0.882759");
    printed(q.in_system, "0.124138");
    printed(q.throughput, "0.468966");
    printed(q.response, "0.264706");
}

/// R `queueing` 11.11.
#[test]
fn open_jackson_network() {
    let nodes =
        [(8.0, 14.0), (0.0, 9.0), (6.0, 17.0), (0.0, 7.0)].map(|(from_outside, service_rate)| {
            Node {
                from_outside,
                service_rate,
                servers: 1,
            }
        });
    let routing = [
        vec![0.0, 0.2, 0.56, 0.24],
        vec![1.0, 0.0, 0.0, 0.0],
        vec![0.0; 4],
        vec![0.0; 4],
    ];
    let open = jackson(&nodes, &routing).unwrap();
    for (node, (arrivals, utilisation)) in open.nodes.iter().zip([
        ("10.000", "0.7143"),
        ("2.000", "0.2222"),
        ("11.600", "0.6824"),
        ("2.400", "0.3429"),
    ]) {
        printed(node.throughput, arrivals);
        printed(node.utilisation, utilisation);
    }
    printed(open.in_system, "5.455602");
    printed(open.response, "0.389686");
    // Whoever never leaves has no long run.
    assert_eq!(
        jackson(&nodes[..2], &[vec![0.0, 1.0], vec![1.0, 0.0]]),
        None
    );
}

/// R `queueing` 11.13; Jain, table 34.2; Menascé et al., chapter 12; a small one by hand.
#[test]
fn closed_networks_of_one_class() {
    let c = closed(&[0.2, 0.4], 0.0, 2);
    printed(c.throughput[0], "2.142857");
    printed(c.at_centre[0][0], "0.571429");
    printed(c.at_centre[1][0], "1.428571");
    printed(c.response[0], "0.933333");

    let jain = |n| closed(&[16.0 * 0.125, 10.0 * 0.3, 5.0 * 0.2], 4.0, n);
    for (n, response, throughput) in [
        (1, "6.000", "0.100"),
        (2, "7.400", "0.1754"),
        (5, "13.256", "0.2898"),
        (20, "56.016", "0.3332"),
    ] {
        printed(jain(n).response[0], response);
        printed(jain(n).throughput[0], throughput);
    }
    for (at, answer) in jain(20).at_centre.iter().zip(["1.991", "16.177", "0.500"]) {
        printed(at[0], answer);
    }

    let demands = [10.0, 7.5, 15.0];
    let c = closed(&demands, 0.0, 2);
    for (at, answer) in c.at_centre.iter().zip(["0.5913", "0.4174", "0.9913"]) {
        printed(at[0], answer);
    }
    printed(c.throughput[0], "0.0452174");
    printed(c.throughput[0] * 10.0, "0.4522");
    let states = [
        [2, 0, 0],
        [1, 1, 0],
        [1, 0, 1],
        [0, 2, 0],
        [0, 1, 1],
        [0, 0, 2],
    ];
    for (state, weight) in states.iter().zip([16.0, 12.0, 24.0, 9.0, 18.0, 36.0]) {
        assert!(
            (product_form(&demands, state) - weight / 115.0).abs() < 1e-15,
            "{state:?}"
        );
    }

    let c = closed(&[0.5, 1.0], 1.0, 2);
    printed(c.response[0], "2.000");
    printed(c.throughput[0], "0.6667");
}

/// Lazowska et al., pages 138 and 142.
#[test]
fn networks_of_two_classes() {
    let demands = [vec![1.0, 2.0], vec![3.0, 4.0]];
    let rates = [3.0 / 19.0, 2.0 / 19.0];
    let busy = |k: usize| demands[k][0] * rates[0] + demands[k][1] * rates[1];
    printed(busy(0), "0.36842");
    printed(busy(1), "0.89474");
    let response = open_classes(&demands, &rates).unwrap();
    printed(response[0], "30.0833");
    printed(response[1], "41.1667");
    assert_eq!(open_classes(&demands, &[1.0, 0.0]), None);

    let c = closed_classes(&demands.map(Centre::Queueing), &[1, 1]);
    printed(c.response[0], "6.3333");
    printed(c.response[1], "9.5000");
    printed(c.throughput[0], "0.157895");
    printed(c.throughput[1], "0.105263");
}

/// Two classes that are alike are one class: the recursion over mixes against the one over customers.
#[test]
fn alike_classes_are_one() {
    let one = closed(&[0.5, 1.0, 0.2], 3.0, 7);
    let centre = |d: f64| Centre::Queueing(vec![d, d]);
    let two = closed_classes(
        &[
            centre(0.5),
            centre(1.0),
            centre(0.2),
            Centre::Delay(vec![3.0, 3.0]),
        ],
        &[4, 3],
    );
    assert!((two.throughput.iter().sum::<f64>() - one.throughput[0]).abs() < 1e-12);
    assert!((two.response[0] - one.response[0]).abs() < 1e-12);
}

/// pyworkforce's call centre: 100 calls in 30 minutes, 3 minutes each, answered within 20 s.
#[test]
fn call_centre() {
    let centre = |agents| station(100.0 / 30.0, 1.0 / 3.0, agents);
    let within = |agents| 1.0 - centre(agents).wait_beyond(20.0 / 60.0);
    let q = mmc(centre(14)).unwrap();
    printed(q.wait_probability, "0.17413");
    printed(within(14), "0.88835");
    printed(q.utilisation, "0.714");
    printed(q.wait * 60.0, "7.84");
    printed(within(13), "0.7956");
    assert_eq!(servers_for_service_level(centre(1), 20.0 / 60.0, 0.8), 14);
}

/// Mandelbaum and Zeltyn: 48 calls a minute, one minute each, 50 agents; patience 2 minutes or endless.
#[test]
fn erlang_c_against_erlang_a() {
    let centre = station(48.0, 1.0, 50);
    let q = mmc(centre).unwrap();
    printed(q.wait_probability, "0.694456");
    printed(q.wait * 60.0, "20.83");
    printed(centre.wait_quantile(0.9) * 60.0, "58.14");
    printed(q.utilisation, "0.96");

    let Impatient { queue, abandoned } = erlang_a(centre, 0.5);
    printed(abandoned, "0.030912");
    printed(queue.wait * 60.0, "3.71");
    printed(queue.in_queue, "2.968");
    printed(queue.wait_probability, "0.467774");
    printed(queue.utilisation, "0.930324");

    let Impatient { queue, abandoned } = erlang_a(station(110.0, 1.0, 100), 1.0);
    printed(queue.wait_probability, "0.841721");
    printed(abandoned, "0.099192");
    printed(queue.wait, "0.099192");
}

#[test]
fn general_service_times() {
    for (scv, wait) in [
        (0.0, "2.0000"),
        (0.5, "3.0000"),
        (1.0, "4.0000"),
        (4.0, "10.0000"),
    ] {
        printed(mg1_wait(0.8, 1.0, scv), wait);
        // Kingman's bound is exact here, and Allen and Cunneen's with one server is Kingman's.
        printed(allen_cunneen_wait(station(0.8, 1.0, 1), 1.0, scv), wait);
    }
    for (servers, load, scv, wait) in [
        (4, 0.9, 0.0, "0.985"),
        (4, 0.9, 4.0, "4.92"),
        (10, 0.8, 0.0, "0.102"),
        (10, 0.8, 4.0, "0.511"),
    ] {
        printed(
            allen_cunneen_wait(station(load * f64::from(servers), 1.0, servers), 1.0, scv),
            wait,
        );
    }
    assert_eq!(mg1_wait(1.0, 1.0, 0.0), f64::INFINITY);
}

/// Halfin and Whitt's limit and how many servers it takes.
#[test]
fn square_roots() {
    let limits = [
        (0.1, "0.8803"),
        (0.25, "0.7209"),
        (0.5, "0.5045"),
        (1.0, "0.2234"),
        (1.5, "0.0847"),
        (2.0, "0.0269"),
        (3.0, "0.0015"),
    ];
    for (beta, answer) in limits {
        printed(halfin_whitt(beta), answer);
    }
    for (load, answer) in [(100.0, "0.2370"), (400.0, "0.2303"), (2500.0, "0.2262")] {
        printed(erlang_c(square_root_staffing(load, 1.0), load), answer);
    }
    for (load, servers) in [(10.0, 14), (100.0, 111), (1000.0, 1034)] {
        assert_eq!(
            servers_for_wait_probability(load, 0.2),
            servers,
            "load {load}"
        );
    }
}

/// The distribution of the stay, against its own mean, M/M/1's exponential, and the degenerate rate.
#[test]
fn response_time_distribution() {
    let one = station(0.8, 1.0, 1);
    assert!((one.response_quantile(0.99) - 100.0_f64.ln() / 0.2).abs() < 1e-9);
    // With three servers at a load of 2 the waiting and the service rate coincide.
    for (c, arrivals) in [(1, 0.8), (2, 1.5), (3, 2.0), (3, 2.000_000_5), (20, 17.0)] {
        let s = station(arrivals, 1.0, c);
        let step = 1e-3;
        let integral: f64 = (0..200_000)
            .map(|i| s.response_beyond((f64::from(i) + 0.5) * step) * step)
            .sum();
        let exact = mmc(s).unwrap().response;
        assert!(
            (integral / exact - 1.0).abs() < 1e-5,
            "{c} servers, {arrivals}: {integral} against {exact}"
        );
        assert!((s.response_beyond(s.response_quantile(0.9)) - 0.1).abs() < 1e-9);
    }
    assert_eq!(station(2.0, 1.0, 1).response_quantile(0.5), f64::INFINITY);
}

/// A chain cut off where it no longer counts is Erlang C when patience is endless.
#[test]
fn endless_patience_is_erlang_c() {
    let s = station(9.0, 1.0, 10);
    let (patient, endless) = (erlang_a(s, 1e-9).queue, mmc(s).unwrap());
    assert!((patient.wait / endless.wait - 1.0).abs() < 1e-6);
    assert!((patient.empty / endless.empty - 1.0).abs() < 1e-6);
}

/// Brooker's closed form, and the product over layers.
#[test]
fn retries_at_a_constant_failure_rate() {
    printed(retry::attempts(0.5, 3), "1.875");
    printed(retry::attempts(0.9, 3), "3.439");
    printed(retry::success(0.5, 3), "0.9375");
    assert_eq!(
        (retry::success(0.2, 0), retry::attempts(0.2, 0)),
        (0.8, 1.0)
    );
    assert_eq!(retry::attempts(1.0, 3).powi(3), 64.0);
    assert_eq!(retry::attempts(1.0, 2).powi(5), 243.0);
}
