//! The systems that come with the tool live the stories that their comments tell.

use crate::tool::worstday;

/// Share of visits answered in the last ten of forty-five minutes, and whether it came back.
fn last_ten_minutes(file: &str, variant: Option<&str>, seed: &str) -> (f64, bool) {
    let mut words = vec![
        "run",
        file,
        "--for",
        "45m",
        "--day",
        "2026-11-23",
        "--seed",
        seed,
        "--format",
        "json",
    ];
    if let Some(variant) = variant {
        words.extend(["--variant", variant]);
    }
    let report = worstday(&words).json();
    let series = &report["histories"][0]["series"];
    let sum = |name: &str| -> f64 {
        let all = series["clients"][0][name].as_array().expect("a column");
        all[all.len() - all.len() * 10 / 45..]
            .iter()
            .map(|n| n.as_f64().expect("a number"))
            .sum()
    };
    (
        sum("answered") / sum("arrived"),
        report["recovery"]["recovered"] == 1,
    )
}

/// Half empty, and gone for good after ten busy minutes; what the variants' comments say of each.
#[test]
fn the_retry_storm_needs_its_loop() {
    let file = "systems/retry-storm.variants.yaml";
    let (answered, back) = last_ten_minutes("systems/retry-storm.yaml", None, "1");
    assert!(
        answered < 0.01 && !back,
        "the storm ended by itself: {answered}"
    );
    for stuck in [
        "two-retries",
        "full-jitter",
        "slow-jitter",
        "queue-100",
        "timeout-2s",
        "timeout-10s",
    ] {
        let (answered, back) = last_ten_minutes(file, Some(stuck), "1");
        assert!(answered < 0.05 && !back, "{stuck}: {answered}");
    }
    for cured in [
        "no-retries",
        "budget",
        "large-budget",
        "generous-budget",
        "queue-35",
        "queue-50",
        "drop-expired",
        "lifo",
        "lifo-drop-expired",
        "timeout-15s",
        "timeout-20s",
        "twice-as-fast",
        "three-times-as-fast",
    ] {
        let (answered, back) = last_ten_minutes(file, Some(cured), "1");
        assert!(answered > 0.95 && back, "{cured}: {answered}");
    }
}

/// Five seconds of silence in the back: what becomes of the front depends on its policy alone.
#[test]
fn two_tiers_fall_or_stand_by_the_policy_of_the_front() {
    let file = "systems/two-tier.variants.yaml";
    for (variant, stands) in [
        ("naive", false),
        ("backoff", false),
        ("budget", true),
        ("no-retries", true),
    ] {
        let (answered, back) = last_ten_minutes(file, Some(variant), "1");
        let stood = answered > 0.99 && back;
        assert_eq!(
            stood, stands,
            "{variant}: {answered} answered, back: {back}"
        );
    }
}

/// The shop's story: at one and a half times its peak the inventory is what everybody waits for.
#[test]
fn the_shop_waits_for_its_inventory() {
    let words = [
        "run",
        "systems/shop.yaml",
        "--at",
        "1.5x peak",
        "--for",
        "10m",
        "--format",
        "json",
    ];
    let report = worstday(&words).json();
    assert_eq!(report["bottleneck"]["why"], "inventory");
    let busy = &report["stations"][0];
    assert!(
        busy["utilisation"]
            .as_f64()
            .is_some_and(|busy| (0.7..1.0).contains(&busy)),
        "{busy}"
    );
    let set = ["--set", "services.inventory.replicas=4"];
    let relieved = worstday(&[&words[..], &set[..]].concat()).json();
    let wait = |report: &serde_json::Value| {
        let stations = report["stations"].as_array().expect("a list").iter();
        let inventory = stations
            .into_iter()
            .find(|station| station["name"] == "inventory");
        inventory
            .and_then(|station| station["wait"].as_f64())
            .expect("a wait")
    };
    assert!(
        wait(&relieved) < 0.5 * wait(&report),
        "{} and {}",
        wait(&relieved),
        wait(&report)
    );
}

/// Each theory row is a model that runs.
#[test]
fn theory_rows_run() {
    let folder = crate::tool::root().join("systems/theory");
    let mut rows = 0;
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("an entry").path();
        let path = path.to_str().expect("the path is UTF-8");
        worstday(&["run", path, "--for", "1m"]).exits(0);
        rows += 1;
    }
    assert!(rows >= 35, "{rows} rows");
}
