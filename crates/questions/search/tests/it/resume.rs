//! Hours of counting that may be interrupted.
//!
//! Work is a list of keys, each of which gives one line, whoever counts it and when. Lines are put into a file as they
//! come, named after the very program that counts, so that what another build counted is never taken for its own; who
//! starts the same test again goes on where it was.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use worstday_stats::digest::Digest;

/// The lines of all keys, by key: counted on all cores, in any order. With a `name` they are kept in a file.
pub fn lines<W>(name: Option<&str>, keys: &[String], work: W) -> BTreeMap<String, String>
where
    W: Fn(&str) -> String + Sync,
{
    let path = name.map(path);
    let known = path.iter().filter_map(|path| File::open(path).ok());
    let known = known.flat_map(|file| BufReader::new(file).lines().map_while(Result::ok));
    let mut lines: BTreeMap<String, String> = known
        .filter_map(|line| {
            // A line that was torn has no end.
            let line = line.strip_suffix(" .")?;
            let (key, value) = line.split_once(' ')?;
            Some((key.to_owned(), value.to_owned()))
        })
        .collect();
    let missing: Vec<&String> = keys
        .iter()
        .filter(|key| !lines.contains_key(*key))
        .collect();
    let file = path.map(|path| {
        println!(
            "{} of {} are known; kept in {}",
            lines.len(),
            keys.len(),
            path.display()
        );
        let file = OpenOptions::new().create(true).append(true).open(path);
        Mutex::new(file.expect("lines can be kept"))
    });
    let next = AtomicUsize::new(0);
    let found = Mutex::new(Vec::new());
    let hands = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..hands.min(missing.len()) {
            scope.spawn(|| {
                while let Some(key) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let line = work(key);
                    if let Some(file) = &file {
                        // At the start of a line, whatever was torn before.
                        let text = format!("\n{key} {line} .\n");
                        let kept = file.lock().unwrap().write_all(text.as_bytes());
                        kept.expect("a line can be kept");
                    }
                    found.lock().unwrap().push(((*key).clone(), line));
                }
            });
        }
    });
    lines.extend(found.into_inner().unwrap());
    lines.retain(|key, _| keys.contains(key));
    lines
}

fn path(name: &str) -> PathBuf {
    let program = std::env::current_exe().expect("a program has a file");
    let mut digest = Digest::new();
    for word in std::fs::read(program).expect("it can be read").chunks(8) {
        let mut bytes = [0; 8];
        bytes[..word.len()].copy_from_slice(word);
        digest.push(u64::from_le_bytes(bytes));
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(&folder).expect("there is a folder");
    folder.join(format!("{name}-{:032x}", digest.value()))
}

/// What was counted is not counted again, and a line that was torn is.
#[test]
fn it_goes_on_where_it_was() {
    let name = "goes-on";
    let _ = std::fs::remove_file(path(name));
    let keys: Vec<String> = (0..5).map(|n| format!("k{n}")).collect();
    let counted = AtomicUsize::new(0);
    let count = |key: &str| {
        counted.fetch_add(1, Ordering::Relaxed);
        format!("line of {key}")
    };
    let first = lines(Some(name), &keys[..3], count);
    let mut torn = OpenOptions::new().append(true).open(path(name)).unwrap();
    torn.write_all(b"k3 line o").unwrap();
    let all = lines(Some(name), &keys, count);
    assert_eq!(counted.load(Ordering::Relaxed), 5);
    assert_eq!(first.len(), 3);
    assert_eq!(all["k3"], "line of k3");
    assert_eq!(lines(Some(name), &keys, count), all);
    assert_eq!(counted.load(Ordering::Relaxed), 5);
    let _ = std::fs::remove_file(path(name));
}
