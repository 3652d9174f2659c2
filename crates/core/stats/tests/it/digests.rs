use worstday_stats::Digest;

fn over(words: &[u64]) -> Digest {
    let mut digest = Digest::new();
    for &word in words {
        digest.push(word);
    }
    digest
}

/// A digest is written into results that people keep: it may never change.
#[test]
fn known_answers() {
    for (words, printed) in [
        (&[][..], "2afcfc5f84b43c97063f4d876e9d00c6"),
        (&[0][..], "07db4665a6140ef9f3c64665215a593a"),
        (&[1, 2, 3][..], "80780b1f48734af36d899fab97c90763"),
        (&[u64::MAX; 9][..], "6402b3c9b2f602008d8902e02bebefb6"),
    ] {
        assert_eq!(over(words).to_string(), printed, "{words:?}");
    }
}

/// Any single flipped bit, any swap of neighbours and any length must show.
#[test]
fn every_bit_the_order_and_the_length_count() {
    let words: Vec<u64> = (0..40).map(|i| i * i * 7).collect();
    let mut seen = std::collections::BTreeSet::from([over(&words).value()]);
    for i in 0..words.len() {
        for bit in 0..64 {
            let mut flipped = words.clone();
            flipped[i] ^= 1 << bit;
            assert!(seen.insert(over(&flipped).value()), "word {i} bit {bit}");
        }
        let mut shorter = words.clone();
        shorter.remove(i);
        assert!(seen.insert(over(&shorter).value()), "without word {i}");
        if 0 < i {
            let mut swapped = words.clone();
            swapped.swap(i - 1, i);
            assert!(seen.insert(over(&swapped).value()), "word {i} swapped");
        }
    }
}

/// A snapshot keeps the digest: what was written and read again goes on like the original.
#[test]
fn survives_a_snapshot() {
    let mut original = over(&[5, 6]);
    let mut restored: Digest =
        serde_json::from_str(&serde_json::to_string(&original).unwrap()).unwrap();
    original.push(7);
    restored.push(7);
    assert_eq!(restored, original);
    assert_eq!(restored.words(), 3);
}
