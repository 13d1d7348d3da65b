//! Whether two samples may come from one distribution: the rank test of Mann and Whitney.

/// The probability of ranks that differ as much as these, or more, if both samples come from one
/// distribution: two-sided, by the normal approximation, corrected for ties and for continuity.
pub fn rank_test(one: &[u64], other: &[u64]) -> f64 {
    let (n, m) = (one.len() as f64, other.len() as f64);
    let beaten = |value: &u64| -> f64 {
        let less = other.iter().filter(|&other| other < value).count() as f64;
        let equal = other.iter().filter(|&other| other == value).count() as f64;
        less + equal / 2.0
    };
    let u: f64 = one.iter().map(beaten).sum();
    let all = n + m;
    let variance = n * m / 12.0 * (all + 1.0 - ties(one, other) / (all * (all - 1.0)));
    let off = ((u - n * m / 2.0).abs() - 0.5).max(0.0);
    match variance > 0.0 {
        true => erfc(off / variance.sqrt() / std::f64::consts::SQRT_2),
        false => 1.0,
    }
}

/// The sum of `t^3 - t` over the groups of equal values.
fn ties(one: &[u64], other: &[u64]) -> f64 {
    let mut all = [one, other].concat();
    all.sort_unstable();
    let groups = all.chunk_by(|one, other| one == other).map(|group| group.len() as f64);
    groups.map(|size| size * size * size - size).sum()
}

/// The complementary error function for numbers from 0 on, to seven digits (a rational
/// approximation of Chebyshev's kind).
fn erfc(x: f64) -> f64 {
    const COEFFICIENTS: [f64; 10] = [
        -1.26551223,
        1.00002368,
        0.37409196,
        0.09678418,
        -0.18628806,
        0.27886807,
        -1.13520398,
        1.48851587,
        -0.82215223,
        0.17087277,
    ];
    let t = 1.0 / (1.0 + x / 2.0);
    let polynomial = COEFFICIENTS.iter().rev().fold(0.0, |sum, coefficient| sum * t + coefficient);
    t * (-x * x + polynomial).exp()
}

/// The value in the middle, or the lower one of two.
pub fn median(values: &[u64]) -> u64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    sorted[(sorted.len() - 1) / 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 1e-4, "{found} is not {wanted}");
    }

    /// The values are those of other programs for the same samples.
    #[test]
    fn known_samples_give_known_probabilities() {
        assert_near(rank_test(&[1, 2, 3, 4, 5], &[6, 7, 8, 9, 10]), 0.012186);
        assert_near(rank_test(&[1, 3, 5, 7], &[2, 4, 6, 8]), 0.665006);
        assert_near(rank_test(&[1, 1, 2, 2], &[1, 2, 3, 3]), 0.284949);
        assert_near(rank_test(&[4, 4], &[4, 4]), 1.0);
    }

    #[test]
    fn a_shift_is_found_and_chance_is_not() {
        let spread: Vec<u64> = (0..1_000).map(|i| i * 7_919 % 1_000).collect();
        let some: Vec<u64> = (0..8).map(|i| i * 125 + 60).collect();
        let shifted: Vec<u64> = some.iter().map(|value| value + 1_000).collect();
        assert!(rank_test(&some, &spread) > 0.5);
        assert!(rank_test(&shifted, &spread) < 0.001);
    }
}
