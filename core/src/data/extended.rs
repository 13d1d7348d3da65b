//! Numbers with 64 binary digits, as the processor on which Redis usually runs has them.
//!
//! The problem: INCRBYFLOAT adds in C's `long double`, and what it prints has more digits than
//! Rust's floats have. The idea: a number is a whole 64-bit number times a power of two, and what
//! has to be exact on the way (decimal digits to binary ones and back, a sum) is done in whole
//! numbers of any size.
//!
//! The rule (Redis 7.0, `util.c: string2ld, ld2string`): a number is read whole, or not at all, as
//! C's `strtold` reads it; it is printed with 17 digits after the point, of which zeros at the end,
//! and the point if nothing follows, are taken away. How we differ: hexadecimal spellings, `inf`
//! and `nan` are not read here, and neither are numbers that are too small to have all digits.

/// A number: `negative` or not, a mantissa whose highest bit is set (or 0), and an exponent of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extended {
    sign: Sign,
    mantissa: u64,
    exponent: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sign {
    Plus,
    Minus,
}

/// A whole number of any size, its lowest digit first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn of(number: u64) -> Big {
        Big(vec![number as u32, (number >> 32) as u32]).trimmed()
    }

    fn trimmed(mut self) -> Big {
        while self.0.last() == Some(&0) {
            self.0.pop();
        }
        self
    }

    fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    fn times_and(&mut self, factor: u32, more: u32) {
        let mut carry = u64::from(more);
        for digit in &mut self.0 {
            carry += u64::from(*digit) * u64::from(factor);
            *digit = carry as u32;
            carry >>= 32;
        }
        if carry > 0 {
            self.0.push(carry as u32);
        }
    }

    /// Divides; what is left over.
    fn divide(&mut self, by: u32) -> u32 {
        let mut rest = 0u64;
        for digit in self.0.iter_mut().rev() {
            rest = rest << 32 | u64::from(*digit);
            *digit = (rest / u64::from(by)) as u32;
            rest %= u64::from(by);
        }
        *self = std::mem::take(self).trimmed();
        rest as u32
    }

    fn bits(&self) -> usize {
        self.0.last().map_or(0, |top| self.0.len() * 32 - top.leading_zeros() as usize)
    }

    fn bit(&self, at: usize) -> bool {
        self.0.get(at / 32).is_some_and(|digit| digit >> (at % 32) & 1 == 1)
    }

    fn shifted_up(&self, by: usize) -> Big {
        let mut digits = vec![0; by / 32];
        let mut carry = 0u64;
        for digit in &self.0 {
            carry |= u64::from(*digit) << (by % 32);
            digits.push(carry as u32);
            carry >>= 32;
        }
        digits.push(carry as u32);
        Big(digits).trimmed()
    }

    fn shifted_down(&self, by: usize) -> Big {
        let mut digits = Vec::new();
        for at in by / 32..self.0.len() {
            let low = u64::from(self.0[at]);
            let high = self.0.get(at + 1).map_or(0, |&digit| u64::from(digit));
            digits.push(((high << 32 | low) >> (by % 32)) as u32);
        }
        Big(digits).trimmed()
    }

    fn has_bits_below(&self, at: usize) -> bool {
        (0..at.min(self.bits())).any(|place| self.bit(place))
    }

    fn plus(&self, other: &Big) -> Big {
        let mut sum = Vec::new();
        let mut carry = 0u64;
        for at in 0..self.0.len().max(other.0.len()) {
            let digit = |big: &Big| u64::from(big.0.get(at).copied().unwrap_or(0));
            carry += digit(self) + digit(other);
            sum.push(carry as u32);
            carry >>= 32;
        }
        sum.push(carry as u32);
        Big(sum).trimmed()
    }

    /// The difference; `other` is not the greater one.
    fn minus(&self, other: &Big) -> Big {
        let mut difference = Vec::new();
        let mut borrow = 0i64;
        for at in 0..self.0.len() {
            let digit = |big: &Big| i64::from(big.0.get(at).copied().unwrap_or(0));
            borrow += digit(self) - digit(other);
            difference.push(borrow as u32);
            borrow >>= 32;
        }
        Big(difference).trimmed()
    }

    fn is_less_than(&self, other: &Big) -> bool {
        let key = |big: &Big| (big.0.len(), big.0.iter().rev().copied().collect::<Vec<u32>>());
        key(self) < key(other)
    }

    /// The decimal digits.
    fn decimal(mut self) -> String {
        const NINE_DIGITS: u32 = 1_000_000_000;
        let mut parts = Vec::new();
        while !self.is_zero() {
            parts.push(self.divide(NINE_DIGITS));
        }
        let mut text = parts.pop().unwrap_or(0).to_string();
        parts.iter().rev().for_each(|part| text += &format!("{part:09}"));
        text
    }
}

/// Whether something nonzero was cut off below a number.
#[derive(Clone, Copy, PartialEq, Eq)]
enum CutOff {
    Nothing,
    Something,
}

impl Extended {
    /// Reads a decimal number; `None` if it is none, or one that is too great.
    pub(super) fn parse(text: &[u8]) -> Option<Extended> {
        /// Whatever is greater is infinite, and whatever is smaller is zero, with this many digits.
        const EXPONENT_MOST: i64 = 5_000;
        let (sign, rest) = match text {
            [b'-', rest @ ..] => (Sign::Minus, rest),
            [b'+', rest @ ..] => (Sign::Plus, rest),
            _ => (Sign::Plus, text),
        };
        let mark = rest.iter().position(|byte| matches!(byte, b'e' | b'E'));
        let (digits, exponent) = match mark {
            Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
            None => (rest, 0),
        };
        let point = digits.iter().position(|&byte| byte == b'.').unwrap_or(digits.len());
        let after = digits.len().saturating_sub(point + 1);
        let mut number = Big::default();
        let mut count = 0;
        for (at, byte) in digits.iter().enumerate() {
            match byte {
                b'0'..=b'9' => number.times_and(10, u32::from(byte - b'0')),
                b'.' if at == point => continue,
                _ => return None,
            }
            count += 1;
        }
        if count == 0 || count > EXPONENT_MOST {
            return None;
        }
        let scale = exponent - after as i64;
        if number.is_zero() {
            return Some(Extended { sign, mantissa: 0, exponent: 0 });
        }
        if scale.abs() > 2 * EXPONENT_MOST {
            return None;
        }
        Extended::scaled(sign, number, scale)
    }

    /// A whole number times a power of ten.
    fn scaled(sign: Sign, mut number: Big, scale: i64) -> Option<Extended> {
        if scale >= 0 {
            (0..scale).for_each(|_| number.times_and(10, 0));
            return Extended::rounded(sign, &number, 0, CutOff::Nothing);
        }
        // A quotient with far more binary digits than are kept; dividing by ten again and again
        // loses only what comes after them, and whether anything did.
        let up = number.bits().max(70) + 70 + 4 * scale.unsigned_abs() as usize;
        let mut quotient = number.shifted_up(up);
        let mut cut = CutOff::Nothing;
        for _ in 0..-scale {
            if quotient.divide(10) > 0 {
                cut = CutOff::Something;
            }
        }
        Extended::rounded(sign, &quotient, -(up as i64), cut)
    }

    /// Rounds to 64 binary digits, to the even one of two that are as near.
    fn rounded(sign: Sign, number: &Big, exponent: i64, cut: CutOff) -> Option<Extended> {
        const DIGITS: usize = 64;
        const EXPONENT_MAX: i64 = 16_383 - 63;
        const EXPONENT_MIN: i64 = -16_382 - 63;
        if number.is_zero() {
            return Some(Extended { sign: Sign::Plus, mantissa: 0, exponent: 0 });
        }
        let drop = number.bits().saturating_sub(DIGITS);
        let lift = DIGITS.saturating_sub(number.bits());
        let kept = number.shifted_down(drop).shifted_up(lift);
        let mut mantissa = u64::from(kept.0.first().copied().unwrap_or(0))
            | u64::from(kept.0.get(1).copied().unwrap_or(0)) << 32;
        let mut exponent = exponent + drop as i64 - lift as i64;
        let half = drop > 0 && number.bit(drop - 1);
        let more = cut == CutOff::Something || drop > 1 && number.has_bits_below(drop - 1);
        if half && (more || mantissa & 1 == 1) {
            mantissa = mantissa.wrapping_add(1);
            if mantissa == 0 {
                (mantissa, exponent) = (1 << 63, exponent + 1);
            }
        }
        if !(EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent) {
            return None;
        }
        Some(Extended { sign, mantissa, exponent: exponent as i32 })
    }

    /// The sum; `None` if it is too great.
    pub(super) fn plus(self, other: Extended) -> Option<Extended> {
        if self.mantissa == 0 || other.mantissa == 0 {
            return Some(if self.mantissa == 0 { other } else { self });
        }
        let low = self.exponent.min(other.exponent);
        let whole = |one: Extended| Big::of(one.mantissa).shifted_up((one.exponent - low) as usize);
        let (one, and) = (whole(self), whole(other));
        let (sign, sum) = match (self.sign == other.sign, one.is_less_than(&and)) {
            (true, _) => (self.sign, one.plus(&and)),
            (false, true) => (other.sign, and.minus(&one)),
            (false, false) => (self.sign, one.minus(&and)),
        };
        Extended::rounded(sign, &sum, i64::from(low), CutOff::Nothing)
    }

    /// As people read it: 17 digits after the point at most.
    pub(super) fn show(self) -> String {
        const PLACES: usize = 17;
        let mut number = Big::of(self.mantissa);
        (0..PLACES).for_each(|_| number.times_and(10, 0));
        let number = if self.exponent >= 0 {
            number.shifted_up(self.exponent as usize)
        } else {
            let drop = self.exponent.unsigned_abs() as usize;
            let down = number.shifted_down(drop);
            let half = number.bit(drop - 1);
            let above = number.has_bits_below(drop - 1) || down.bit(0);
            if half && above { down.plus(&Big::of(1)) } else { down }
        };
        let digits = format!("{:0>1$}", number.decimal(), PLACES + 1);
        let (whole, part) = digits.split_at(digits.len() - PLACES);
        let text = format!("{whole}.{part}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        let minus = if self.sign == Sign::Minus && text != "0" { "-" } else { "" };
        format!("{minus}{text}")
    }
}

fn parse_exponent(text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?;
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let most = i64::from(i32::MAX);
    let exponent = digits.parse().unwrap_or(most).min(most);
    Some(if text.starts_with('-') { -exponent } else { exponent })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(one: &str, other: &str) -> Option<String> {
        let one = Extended::parse(one.as_bytes())?;
        Some(one.plus(Extended::parse(other.as_bytes())?)?.show())
    }

    /// As the real server answers.
    #[test]
    fn sums_are_those_of_a_long_double() {
        for (one, other, expected) in [
            ("0", "0.1", "0.1"),
            ("0.1", "0.2", "0.3"),
            ("10.5", "0.1", "10.6"),
            ("3.0e3", "200", "3200"),
            ("1", "-1", "0"),
            ("-1.5", "1", "-0.5"),
            ("1e20", "1", "100000000000000000000"),
            ("10000.1", "0", "10000.09999999999999964"),
            ("1234567.891", "1.1", "1234568.99099999999998545"),
            ("0.00000000000000001", "0", "0.00000000000000001"),
            ("0.000000000000000005", "0", "0"),
            ("0", "-1e-30", "0"),
            ("-0", "-0", "0"),
            ("+1", "1.", "2"),
            ("0", "1e17", "100000000000000000"),
            ("5", "1e-18", "5"),
        ] {
            assert_eq!(sum(one, other).as_deref(), Some(expected), "{one} {other}");
        }
        assert_eq!(sum("1e4932", "1e4932"), None);
        for wrong in
            ["", "x", "1x", " 1", "1 ", ".", "1e", "e5", "1.2.3", "--1", "1e5000", "1e-5000"]
        {
            assert_eq!(Extended::parse(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
